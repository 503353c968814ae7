//! nushell → bash: writes pipelines of nushell as the text of bash that would start the same programs (nushell 0.115, "Nushell language
//! reference").
//!
//! Commands, `|`, `;`, strings, variables, subexpressions, lists, closures, `let`, `alias`, `def` and redirections are read. A closure,
//! a block and the body of a definition are judged as if they ran once. Records, string interpolation, `match`, modules and sourced
//! files are an error, so that the line is held.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::limits::SHELL_DEPTH_MAX;

/// Why a text is not read.
type Fault = &'static str;

const UNREAD: Fault = "a text of nushell that is more than pipelines of commands";

/// Commands of nushell that change nothing outside of it; what runs is in their closures.
const HARMLESS: &str = "all ansi any append ast banner bits break bytes cal catch char chunks clear collect columns compact complete \
    continue date debug decode def default describe detect do drop each else encode enumerate every explain fill \
    filter find first flatten for format from generate get group-by hash headers help if ignore input insert \
    inspect interleave into is-empty is-not-empty is-terminal items join last length let lines loop math merge \
    metadata move mut nu-check nu-highlight par-each parse path prepend random range reduce reject rename return \
    reverse roll rotate scope select seq shuffle skip slice sort sort-by split str sys table take tee term \
    timeit to transpose try uniq uniq-by update upsert url values version view where while window wrap zip";

/// Commands that run text from elsewhere, or change what other words mean.
const UNREADABLE: &str = "attr config const export export-env extern hide hide-env load-env match module overlay plugin query register \
    source source-env stor use with-env";

static HARMLESS_NAMES: LazyLock<BTreeSet<&str>> = LazyLock::new(|| HARMLESS.split(' ').collect());
static UNREADABLE_NAMES: LazyLock<BTreeSet<&str>> =
    LazyLock::new(|| UNREADABLE.split(' ').collect());

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: u32,
}

/// One word of a command.
struct Word {
    /// As bash would write it; empty for a closure.
    bash: String,
    /// As it stands there.
    typed: String,
}

/// Returns what bash would be told.
pub(super) fn to_bash(text: &str) -> Result<String, Fault> {
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
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
        self.depth += 1;
        if self.depth > SHELL_DEPTH_MAX {
            return Err("more than 48 nested constructs");
        }
        Ok(())
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
        loop {
            let words = self.words(blocks)?;
            if let [name, target, equals, ..] = words.as_slice()
                && ["let", "mut"].contains(&name.typed.as_str())
                && equals.typed == "="
            {
                let value = of_command(words.get(3..).unwrap_or_default())?;
                assign(out, &target.typed, &value)?;
            } else if let [target, equals, value] = words.as_slice()
                && target.typed.starts_with('$')
                && equals.typed == "="
            {
                assign(out, &target.typed, &["printf %s ", &value.bash].concat())?;
            } else {
                out.push_str(&of_command(&words)?);
            }
            self.skip(&[' ', '\t', '\r']);
            if !self.rest().starts_with('|') {
                break;
            }
            self.at += 1;
            out.push_str(" | ");
            self.skip(&[' ', '\t', '\r', '\n']);
        }
        match self.next() {
            None | Some(';' | '\n' | '}' | ')') => Ok(()),
            Some(_) => Err(UNREAD),
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
                        words.extend(self.words(blocks)?);
                        match self.next() {
                            Some('\n' | ';') => self.at += 1,
                            Some(']') => break,
                            _ => return Err(UNREAD),
                        }
                    }
                    self.depth -= 1;
                    self.at += 1;
                }
                Some('{') => {
                    self.at += 1;
                    self.parameters();
                    self.refuse_record()?;
                    self.statements(blocks)?;
                    self.close('}')?;
                }
                Some(_) => words.push(self.word()?),
            }
        }
    }

    /// Passes over `|x, y|` of a closure.
    fn parameters(&mut self) {
        self.skip(&[' ', '\t', '\r', '\n']);
        let rest = self.rest();
        if let Some(end) = rest.strip_prefix('|').and_then(|rest| rest.find('|')) {
            self.at += end + 2;
        }
    }

    /// `{name: value}` is no block.
    fn refuse_record(&mut self) -> Result<(), Fault> {
        self.skip(&[' ', '\t', '\r', '\n']);
        let rest = self.rest();
        let end = rest.find([' ', '\t', '\n', ';', '|', '}', '(']);
        let first = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        if first.contains(':') && !first.contains("://") {
            return Err(UNREAD);
        }
        Ok(())
    }

    fn close(&mut self, mark: char) -> Result<(), Fault> {
        if self.next() != Some(mark) {
            return Err("a bracket of nushell that is never closed");
        }
        self.at += mark.len_utf8();
        Ok(())
    }

    /// One word that is no list and no closure.
    fn word(&mut self) -> Result<Word, Fault> {
        let start = self.at;
        let mut bash = String::new();
        if self.rest().starts_with('^') {
            self.at += 1;
        }
        match self.next() {
            Some('\'' | '"' | '`') => self.quoted(&mut bash)?,
            Some('$') => self.variable(&mut bash)?,
            Some('(') => {
                self.at += 1;
                let mut inner = String::new();
                self.statements(&mut inner)?;
                self.close(')')?;
                self.members();
                bash.push_str(&["\"$(", inner.as_str(), ")\""].concat());
            }
            _ => self.bare(&mut bash)?,
        }
        match self.next() {
            None | Some(' ' | '\t' | '\r' | '\n' | ';' | '|' | '}' | ')' | ']') => {}
            Some(_) => return Err(UNREAD),
        }
        let typed = self.text.get(start..self.at).unwrap_or_default();
        Ok(Word {
            bash,
            typed: typed.to_owned(),
        })
    }

    /// A bare word, or an option with a quoted value behind its `=`.
    fn bare(&mut self, bash: &mut String) -> Result<(), Fault> {
        let rest = self.rest();
        let ends = [
            ' ', '\t', '\r', '\n', ';', '|', '}', ')', ']', '\'', '"', '`', '$', '(', '[', '{',
        ];
        let end = rest.find(ends).unwrap_or(rest.len());
        let text = rest.get(..end).unwrap_or_default().to_owned();
        let is_redirection = redirection(&text).is_some();
        let is_plain =
            |letter: char| letter.is_alphanumeric() || "_-./:@%+=,~*?\\!^#".contains(letter);
        let is_url = text.contains("://");
        let is_glob = text.contains(['*', '?', '~']) && !is_url;
        // `&&` is no word of nushell.
        let is_odd = text.contains('\\') || (text.contains('&') && !is_url);
        if text.is_empty() || is_odd || (is_glob && !text.chars().all(is_plain)) {
            return Err(UNREAD);
        }
        self.at += end;
        if is_redirection || is_glob {
            bash.push_str(&text);
        } else {
            push_quoted(bash, text.strip_suffix(',').unwrap_or(&text));
        }
        if text.ends_with('=') && text.starts_with("--") && self.rest().starts_with(['\'', '"']) {
            self.quoted(bash)?;
        }
        Ok(())
    }

    fn quoted(&mut self, bash: &mut String) -> Result<(), Fault> {
        let mark = self.next().unwrap_or_default();
        self.at += 1;
        let mut text = String::new();
        while let Some(letter) = self.next() {
            self.at += letter.len_utf8();
            if letter == mark {
                push_quoted(bash, &text);
                return Ok(());
            }
            if letter != '\\' || mark != '"' {
                text.push(letter);
                continue;
            }
            let escaped = self.next().unwrap_or_default();
            self.at += escaped.len_utf8();
            text.push(match escaped {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                '"' | '\'' | '\\' | '/' | '(' | ')' | '{' | '}' | '$' | '^' | '#' | '|' | '~' => {
                    escaped
                }
                _ => return Err(UNREAD),
            });
        }
        Err("a quote that is never closed")
    }

    /// `$name`, `$env.NAME`; what is read from a value is not known.
    fn variable(&mut self, bash: &mut String) -> Result<(), Fault> {
        self.at += 1;
        let rest = self.rest();
        let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
        let end = rest.find(|letter| !is_name(letter)).unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default();
        let member = rest
            .get(end..)
            .unwrap_or_default()
            .strip_prefix('.')
            .unwrap_or_default();
        let member = member
            .split(|letter| !is_name(letter))
            .next()
            .unwrap_or_default();
        // A number is no variable, and an empty name is an interpolation.
        if name.is_empty()
            || !name.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
        {
            return Err(UNREAD);
        }
        let name = if name == "env" && !member.is_empty() {
            member
        } else {
            name
        };
        bash.push_str(&["\"${", name, "}\""].concat());
        self.at += end;
        self.members();
        Ok(())
    }

    /// `.name`, `.0`, `?`: of a value that is not known anyway.
    fn members(&mut self) {
        let rest = self.rest();
        let end = rest.find(|letter: char| !(letter.is_alphanumeric() || "._-?".contains(letter)));
        self.at += end.unwrap_or(rest.len());
    }
}

/// Writes one command.
fn of_command(words: &[Word]) -> Result<String, Fault> {
    let Some((first, rest)) = words.split_first() else {
        // A closure alone, or nothing in front of a pipe: what runs is among the blocks.
        return Ok(":".to_owned());
    };
    let joined = |name: &str, words: &[Word]| -> Result<String, Fault> {
        let mut text = name.to_owned();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            text.push(' ');
            match redirection(&word.typed) {
                Some(mark) => {
                    let target = words.next().ok_or(UNREAD)?;
                    text.push_str(&[mark, " ", &target.bash].concat());
                }
                None => text.push_str(&word.bash),
            }
        }
        Ok(text)
    };
    let name = first.typed.as_str();
    if name.starts_with('^') {
        return joined(&first.bash, rest);
    }
    if name.starts_with(|letter: char| letter.is_ascii_digit() || "$('\"`-".contains(letter)) {
        return joined("printf '%s\\n'", words);
    }
    if UNREADABLE_NAMES.contains(name) {
        return Err(UNREAD);
    }
    match name {
        "alias" => of_command(rest.get(2..).unwrap_or_default()),
        "run-external" => joined("", rest),
        "print" => joined("echo", rest),
        "start" => joined("xdg-open", rest),
        "open" => joined("cat", &without_options(rest)),
        "save" => joined(saving(rest), &without_options(rest)).map(|text| text + " >/dev/null"),
        "rm" => joined(removing(rest), &without_options(rest)),
        "http" => {
            let rest = without_options(rest);
            let method = rest.first().map_or("get", |word| word.typed.as_str());
            let curl = match method {
                "get" | "head" | "options" => "curl".to_owned(),
                method => format!("curl -d @- -X {}", method.to_ascii_uppercase()),
            };
            joined(&curl, rest.get(1..).unwrap_or_default())
        }
        name if HARMLESS_NAMES.contains(name) => joined(":", rest),
        _ => joined(&first.bash, rest),
    }
}

/// `rm` of nushell as that of others: `-t` and `-p` say where to, and are dropped.
fn removing(words: &[Word]) -> &'static str {
    let has = |short: char, long: &str| {
        words.iter().any(|word| {
            let typed = word.typed.as_str();
            typed == long
                || (typed.starts_with('-') && !typed.starts_with("--") && typed.contains(short))
        })
    };
    match (has('r', "--recursive"), has('f', "--force")) {
        (true, true) => "rm -rf --",
        (true, false) => "rm -r --",
        (false, true) => "rm -f --",
        (false, false) => "rm --",
    }
}

/// Without `--force`, `save` writes over nothing.
fn saving(words: &[Word]) -> &'static str {
    let forces = words
        .iter()
        .any(|word| word.typed == "-f" || word.typed == "--force");
    if forces { "tee --" } else { "tee -a --" }
}

fn without_options(words: &[Word]) -> Vec<Word> {
    let kept = words.iter().filter(|word| !word.typed.starts_with('-'));
    kept.map(|word| Word {
        bash: word.bash.clone(),
        typed: word.typed.clone(),
    })
    .collect()
}

/// Sets a variable to what a command prints.
fn assign(out: &mut String, target: &str, command: &str) -> Result<(), Fault> {
    let exports = target.strip_prefix("$env.");
    let name = exports.unwrap_or_else(|| target.trim_start_matches('$'));
    let name = name.trim_end_matches(':');
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if !is_name {
        return Err(UNREAD);
    }
    let export = if exports.is_some() { "export " } else { "" };
    out.push_str(&[export, name, "=\"$(", command, ")\""].concat());
    Ok(())
}

/// Returns what bash writes for a redirection of nushell.
fn redirection(word: &str) -> Option<&'static str> {
    Some(match word {
        "o>" | "out>" => ">",
        "o>>" | "out>>" => ">>",
        "e>" | "err>" => "2>",
        "e>>" | "err>>" => "2>>",
        "o+e>" | "out+err>" | "e+o>" | "err+out>" => "&>",
        "o+e>>" | "out+err>>" | "e+o>>" | "err+out>>" => "&>>",
        _ => return None,
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_is_written_as_bash_would_have_it() {
        for (nu, bash) in [
            ("ls -la src", "ls -la src\n"),
            ("^find . -delete", "find . -delete\n"),
            ("find word", ": word\n"),
            ("rm -rft 'a b'; ls", "rm -rf -- 'a b'\nls\n"),
            ("rm --recursive --permanent *.log", "rm -r -- *.log\n"),
            (
                "ls | where size > 10mb | first 3",
                "ls | : size '>' 10mb | : 3\n",
            ),
            (
                "open a.json | get name | save -f b",
                "cat a.json | : name | tee -- b >/dev/null\n",
            ),
            ("ls | each {|f| rm $f.name }", "ls | :\nrm -- \"${f}\"\n"),
            ("cargo build o+e> log # why", "cargo build &> log\n"),
            (
                "let x = (pwd); $env.A = 'b'",
                "x=\"$(printf '%s\\n' \"$(pwd\n)\")\"\nexport A=\"$(printf %s b)\"\n",
            ),
            (
                "git commit -m \"it's \\\"so\\\"\"",
                "git commit -m 'it'\\''s \"so\"'\n",
            ),
            ("alias gone = ^rm -rf /tmp/x", "rm -rf /tmp/x\n"),
            (
                "def f [x: string] { ^touch $x }",
                ": f x: string\ntouch \"${x}\"\n",
            ),
            (
                "if $x == 1 { ^a } else { ^b }",
                ": \"${x}\" == 1 else\na\nb\n",
            ),
            ("'rm -rf /'", "printf '%s\\n' 'rm -rf /'\n"),
            (
                "http get https://example.org/a?b=1",
                "curl 'https://example.org/a?b=1'\n",
            ),
        ] {
            assert_eq!(to_bash(nu).as_deref(), Ok(bash), "{nu}");
        }
    }

    #[test]
    fn what_is_more_than_that_is_not_read() {
        for nu in [
            "source x.nu",
            "use std",
            "match $x { 1 => {ls} }",
            "{a: 1}",
            "$\"(ls)\"",
            "overlay use x",
            "with-env {A: b} { ls }",
            "ls && rm x",
            "echo 'open",
            "ls {",
            "rm a\\b",
            "ls )",
            "...$x",
            "rm *>",
            "cargo build o>",
            "^a\"b\"",
        ] {
            assert!(to_bash(nu).is_err(), "{nu}: {:?}", to_bash(nu));
        }
        assert!(to_bash(&"(".repeat(60)).is_err());
    }
}
