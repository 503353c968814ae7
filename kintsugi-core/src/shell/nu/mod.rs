//! nushell → bash: writes pipelines of nushell as the text of bash that would start the same programs (nushell 0.115, "Nushell language
//! reference").
//!
//! Commands, `|`, `;`, strings, variables, subexpressions, lists, closures, `let`, `alias`, `def` and redirections are read. A closure,
//! a block and the body of a definition are judged as if they ran once; what a closure of `each` is given is followed when files or
//! constants were listed. Modules other than `std`, sourced files and computed names of programs are an error, so that the line is held.

mod commands;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use commands::{assign, of_command};

use super::translated::Fault;

const UNREAD: Fault = "a text of nushell that is more than pipelines of commands";

/// Commands of nushell that change nothing outside of it; what runs is in their closures.
const HARMLESS: &str = "all ansi any append ast banner bits break bytes cal catch char chunks clear collect columns compact complete \
    continue date debug decode def default describe detect do drop each else encode enumerate every explain fill \
    filter find first flatten for format from generate get group-by hash headers help if ignore input insert \
    inspect interleave into is-empty is-not-empty is-terminal items join last length let lines loop math merge \
    metadata move mut nu-check nu-highlight par-each parse path prepend random range reduce reject rename return \
    reverse roll rotate scope select seq shuffle skip slice sort sort-by split str sys table take tee term \
    timeit to transpose try uniq uniq-by update upsert url values version view where while window wrap zip \
    const match with-env";

/// Commands that run text from elsewhere, or change what other words mean.
const UNREADABLE: &str = "attr config export export-env extern hide hide-env load-env module overlay plugin query register \
    source source-env stor use";

static HARMLESS_NAMES: LazyLock<BTreeSet<&str>> = LazyLock::new(|| HARMLESS.split(' ').collect());
static UNREADABLE_NAMES: LazyLock<BTreeSet<&str>> =
    LazyLock::new(|| UNREADABLE.split(' ').collect());

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: u32,
    /// The names of the parameters of the closure that was read last.
    parameters: Vec<String>,
    /// What the last command that lists names, as words and patterns of bash.
    listed: Option<String>,
}

/// What goes through a pipe.
enum Piped {
    /// Something that is not followed.
    Unknown,
    /// Files or constants, as words and patterns of bash.
    Items(String),
    /// Every process.
    Processes,
}

/// Longest list of items that is followed, in bytes.
const ITEMS_BYTES_MAX: usize = 256;

/// Commands that hand on what they are given, or part of it.
const HANDS_ON: &str = "compact drop each filter find first flatten get last par-each reverse select skip sort sort-by take uniq uniq-by where";

/// One word of a command.
struct Word {
    /// As bash would write it; empty for a closure.
    bash: String,
    /// As it stands there.
    typed: String,
    /// No bare word: a string, a variable, a number, or an element of a list.
    is_value: bool,
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Whether a list of items is short, and no command is in it.
fn is_followed(items: &str) -> bool {
    items.len() <= ITEMS_BYTES_MAX && !items.contains("$(")
}

/// The words that a loop goes through, `for x in [a b]`.
fn of_loop(words: &[Word]) -> Option<String> {
    let values: Vec<&str> = words
        .get(3..)?
        .iter()
        .map(|word| word.bash.as_str())
        .collect();
    let items = values.join(" ");
    (!items.is_empty() && is_followed(&items)).then_some(items)
}

/// Returns what bash would be told.
pub(super) fn to_bash(text: &str) -> Result<String, Fault> {
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
        parameters: Vec::new(),
        listed: None,
    };
    let mut out = String::new();
    reader.statements(&mut out)?;
    match reader.next() {
        None => Ok(out),
        Some(_) => Err(UNREAD),
    }
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip(&mut self, blanks: &[char]) {
        loop {
            let rest = self.rest();
            if rest.starts_with(blanks) {
                self.at += 1;
            } else if rest.starts_with('#') {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else {
                return;
            }
        }
    }

    fn deeper(&mut self) -> Result<(), Fault> {
        super::translated::deeper(&mut self.depth)
    }

    /// Statements up to the end, or to what closes a block.
    fn statements(&mut self, out: &mut String) -> Result<(), Fault> {
        self.deeper()?;
        loop {
            self.skip(&[' ', '\t', '\r', '\n', ';']);
            match self.next() {
                None | Some('}' | ')') => break,
                Some(_) => {
                    let mut blocks = String::new();
                    self.pipeline(out, &mut blocks)?;
                    out.push('\n');
                    out.push_str(&blocks);
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Commands with `|` between them; the text of their closures goes to `blocks`.
    fn pipeline(&mut self, out: &mut String, blocks: &mut String) -> Result<(), Fault> {
        let mut piped = Piped::Unknown;
        let mut is_piped = false;
        loop {
            let mut inside = String::new();
            self.parameters.clear();
            let words = self.words(&mut inside)?;
            let name = words.first().map_or("", |word| word.typed.as_str());
            let of_items = match &piped {
                Piped::Items(items) if !inside.is_empty() => Some(items.clone()),
                Piped::Items(_) | Piped::Unknown | Piped::Processes if name == "for" => {
                    self.listed.take().or_else(|| of_loop(&words))
                }
                Piped::Items(_) | Piped::Unknown | Piped::Processes => None,
            };
            if matches!(piped, Piped::Processes) && inside.contains("kill") {
                inside.push_str("\nkill -9 -1\n");
            }
            self.follow(of_items, &words, &inside, blocks);
            piped = self.piped(piped, &words);
            if !Self::assignment(&words, out)? {
                out.push_str(&of_command(&words, is_piped)?);
            }
            self.skip(&[' ', '\t', '\r']);
            if !self.rest().starts_with('|') {
                break;
            }
            self.at += 1;
            is_piped = true;
            out.push_str(" | ");
            self.skip(&[' ', '\t', '\r', '\n']);
        }
        match self.next() {
            None | Some(';' | '\n' | '}' | ')') => Ok(()),
            Some(_) => Err(UNREAD),
        }
    }

    /// `let x = …`, `$x = …`, `$x += …`.
    fn assignment(words: &[Word], out: &mut String) -> Result<bool, Fault> {
        if let [name, target, equals, ..] = words
            && ["let", "mut", "const"].contains(&name.typed.as_str())
            && equals.typed == "="
        {
            let value = of_command(words.get(3..).unwrap_or_default(), false)?;
            assign(out, &target.typed, &value)?;
            return Ok(true);
        }
        let [target, equals, values @ ..] = words else {
            return Ok(false);
        };
        let is_assigned = matches!(
            equals.typed.as_str(),
            "=" | "+=" | "-=" | "*=" | "/=" | "++="
        );
        if !target.typed.starts_with('$') || !is_assigned {
            return Ok(false);
        }
        let value: Vec<&str> = values.iter().map(|word| word.bash.as_str()).collect();
        let name = target.typed.trim_start_matches("$env.");
        if name.trim_start_matches('$').contains('.') {
            // A part of a value; what is in it now is not followed.
            out.push_str(&[": ", &value.join(" ")].concat());
            let whole = name
                .trim_start_matches('$')
                .split('.')
                .next()
                .unwrap_or_default();
            out.push('\n');
            assign(out, whole, "printf %s \"${changed_value}\"")?;
        } else if equals.typed == "=" {
            assign(
                out,
                &target.typed,
                &["printf %s ", &value.join(" ")].concat(),
            )?;
        } else {
            let value = ["printf %s ", &target.bash, &value.join(" ")].concat();
            assign(out, &target.typed, &value)?;
        }
        Ok(true)
    }

    /// Writes the closure of a command: once for each item, where they are known.
    fn follow(&self, items: Option<String>, words: &[Word], inside: &str, blocks: &mut String) {
        let Some(items) = items else {
            blocks.push_str(inside);
            return;
        };
        blocks.push_str(&["for piped_item in ", &items, "; do :\n"].concat());
        let of_loop = words
            .get(1)
            .filter(|_| words.first().is_some_and(|it| it.typed == "for"));
        let names = self.parameters.iter().map(String::as_str);
        for name in names.chain(of_loop.map(|word| word.typed.as_str())) {
            let name: String = name.chars().take_while(|it| is_of_name(*it)).collect();
            if !name.is_empty() {
                blocks.push_str(&[&name, "=\"${piped_item}\"\n"].concat());
            }
        }
        blocks.push_str(&[inside, "\ndone\n"].concat());
    }

    /// What comes out of a command.
    fn piped(&mut self, before: Piped, words: &[Word]) -> Piped {
        let Some((first, rest)) = words.split_first() else {
            return Piped::Unknown;
        };
        let name = first.typed.as_str();
        let plain: Vec<&str> = rest
            .iter()
            .filter(|word| !word.typed.starts_with('-'))
            .map(|word| word.bash.as_str())
            .collect();
        let items = match name {
            "ps" if rest.is_empty() => return Piped::Processes,
            "ls" | "glob" => {
                let of_directory = |path: &str| {
                    let is_open = name == "ls" && !path.contains('*');
                    [path.trim_end_matches('/'), if is_open { "/*" } else { "" }].concat()
                };
                let items: Vec<String> = plain.iter().map(|path| of_directory(path)).collect();
                let items = if items.is_empty() {
                    "*".to_owned()
                } else {
                    items.join(" ")
                };
                self.listed = Some(items.clone()).filter(|it| is_followed(it));
                items
            }
            "each" | "par-each" if matches!(before, Piped::Processes) => return before,
            name if HANDS_ON.split(' ').any(|it| it == name) => {
                return match before {
                    Piped::Items(items) => Piped::Items(items),
                    Piped::Unknown | Piped::Processes => Piped::Unknown,
                };
            }
            _ if first.is_value => {
                let all: Vec<&str> = words.iter().map(|word| word.bash.as_str()).collect();
                all.join(" ")
            }
            _ => return Piped::Unknown,
        };
        if is_followed(&items) {
            Piped::Items(items)
        } else {
            Piped::Unknown
        }
    }

    /// The words of one command.
    fn words(&mut self, blocks: &mut String) -> Result<Vec<Word>, Fault> {
        let mut words = Vec::new();
        loop {
            self.skip(&[' ', '\t', '\r']);
            match self.next() {
                None | Some(';' | '\n' | '|' | '}' | ')' | ']') => return Ok(words),
                Some('[') => {
                    self.at += 1;
                    self.deeper()?;
                    loop {
                        let elements = self.words(blocks)?.into_iter();
                        words.extend(elements.map(|word| Word {
                            is_value: true,
                            ..word
                        }));
                        match self.next() {
                            Some('\n' | ';' | '|') => self.at += 1,
                            Some(']') => break,
                            _ => return Err(UNREAD),
                        }
                    }
                    self.depth -= 1;
                    self.at += 1;
                }
                Some('{') => self.braced(&mut words, blocks)?,
                Some(_) => words.push(self.word()?),
            }
        }
    }

    /// A closure, a block, a record, or the arms of `match`.
    fn braced(&mut self, words: &mut Vec<Word>, blocks: &mut String) -> Result<(), Fault> {
        self.at += 1;
        let command = words
            .first()
            .map_or("", |word| word.typed.as_str())
            .to_owned();
        if command == "match" {
            self.deeper()?;
            self.arms(words, blocks)?;
            self.depth -= 1;
            return Ok(());
        }
        self.closure_parameters();
        if !self.is_record() {
            let parameters = std::mem::take(&mut self.parameters);
            self.statements(blocks)?;
            self.parameters = parameters;
            return self.close('}');
        }
        self.deeper()?;
        let mut values = String::new();
        loop {
            self.skip(&[' ', '\t', '\r', '\n', ',']);
            if self.next() == Some('}') {
                break;
            }
            let key = self.key()?;
            let mut value = Vec::new();
            self.one(&mut value, blocks)?;
            let value: Vec<String> = value.into_iter().map(|word| word.bash).collect();
            let value = value.join(" ");
            if command == "with-env" {
                // The block stands behind its record.
                blocks.push_str(&["export ", &key, "=", &value.replace(' ', ":"), "\n"].concat());
            }
            values.push_str(&[" ", &value].concat());
        }
        self.depth -= 1;
        self.at += 1;
        words.push(Word {
            bash: ["\"$(printf '%s\\n'", &values, " \"${record}\")\""].concat(),
            typed: "{}".to_owned(),
            is_value: true,
        });
        Ok(())
    }

    /// One value: a word, a list, a closure or a record.
    fn one(&mut self, words: &mut Vec<Word>, blocks: &mut String) -> Result<(), Fault> {
        self.skip(&[' ', '\t', '\r']);
        match self.next() {
            Some('[') => {
                self.at += 1;
                self.deeper()?;
                loop {
                    self.skip(&[' ', '\t', '\r', '\n', ',']);
                    match self.next() {
                        Some(']') => break,
                        None => return Err(UNREAD),
                        Some(_) => self.one(words, blocks)?,
                    }
                }
                self.depth -= 1;
                self.at += 1;
            }
            Some('{') => self.braced(words, blocks)?,
            Some(_) => words.push(self.word()?),
            None => return Err(UNREAD),
        }
        Ok(())
    }

    /// `pattern => value, …`.
    fn arms(&mut self, words: &mut Vec<Word>, blocks: &mut String) -> Result<(), Fault> {
        loop {
            self.skip(&[' ', '\t', '\r', '\n', ',']);
            if self.next() == Some('}') {
                self.at += 1;
                return Ok(());
            }
            // A pattern runs nothing, except behind its `if`.
            let pattern = self.rest().find("=>").ok_or(UNREAD)?;
            let text = self.rest().get(..pattern).unwrap_or_default();
            if text.contains(['(', '\n', '}', ';']) {
                return Err(UNREAD);
            }
            self.at += pattern + "=>".len();
            self.skip(&[' ', '\t', '\r', '\n']);
            let mut values = Vec::new();
            self.one(&mut values, blocks)?;
            words.append(&mut values);
        }
    }

    /// Passes over `|x, y|` of a closure.
    fn closure_parameters(&mut self) {
        self.skip(&[' ', '\t', '\r', '\n']);
        let rest = self.rest();
        if let Some(end) = rest.strip_prefix('|').and_then(|rest| rest.find('|')) {
            let names = rest.get(1..=end).unwrap_or_default();
            let names = names.split([',', ' ']).filter(|name| !name.is_empty());
            self.parameters = names.take(4).map(str::to_owned).collect();
            self.at += end + 2;
        }
    }

    /// `{name: value}` is no block.
    fn is_record(&mut self) -> bool {
        self.skip(&[' ', '\t', '\r', '\n']);
        let rest = self.rest();
        let end = rest.find([' ', '\t', '\n', ';', '|', '}', '(']);
        let first = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let key = first.split(':').next().unwrap_or_default();
        let is_name = |letter: char| letter.is_alphanumeric() || "_-\"'".contains(letter);
        first.contains(':') && !first.contains("://") && key.chars().all(is_name)
    }

    /// The name in front of the `:` of a record.
    fn key(&mut self) -> Result<String, Fault> {
        let rest = self.rest();
        let end = rest.find([':', '\n', '}', '(']).unwrap_or(rest.len());
        let key = rest
            .get(..end)
            .unwrap_or_default()
            .trim_matches(['"', '\'', ' ']);
        let key: String = key.chars().filter(|it| is_of_name(*it)).collect();
        self.at += end;
        self.close(':')?;
        if key.is_empty() { Err(UNREAD) } else { Ok(key) }
    }

    fn close(&mut self, mark: char) -> Result<(), Fault> {
        if self.next() != Some(mark) {
            return Err("a bracket of nushell that is never closed");
        }
        self.at += mark.len_utf8();
        Ok(())
    }
}

fn push_quoted(out: &mut String, text: &str) {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./:@%+=,".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) {
        out.push_str(text);
        return;
    }
    out.push('\'');
    out.push_str(&text.replace('\'', r"'\''"));
    out.push('\'');
}
