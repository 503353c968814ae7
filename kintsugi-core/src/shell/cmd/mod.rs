//! cmd → bash: writes lines of the Windows command interpreter as the text of bash that would start the same programs (Windows commands
//! reference, Windows Server 2022; "Phases of parsing" of `cmd.exe` 10).
//!
//! Commands, `&`, `&&`, `||`, `|`, parentheses, redirections, `if`, `for`, `set`, `call`, `start`, carets, variables with substrings and
//! replacements, and delayed expansion are read. A path loses its drive, and `\` becomes `/`. Variables that the text sets are known from
//! there on, whenever cmd would expand them.

mod commands;
mod flow;
mod likeness;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeSet;
use std::rc::Rc;

pub(super) use likeness::{Likeness, likeness};

use super::translated::Fault;

const UNREAD: Fault = "a text of cmd that is more than commands, `if` and `for`";

#[derive(Clone)]
struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: u32,
    /// Open parentheses, in which `)` ends a command.
    open: u32,
    /// Names of variables that the text sets, in capitals.
    set: Rc<BTreeSet<String>>,
    /// Letters of the loops around.
    loops: BTreeSet<char>,
    /// Whether the text switches on that `!NAME!` is expanded.
    is_delayed: bool,
    /// The word that is read holds a part of a variable that the text does not set.
    obscure: bool,
}

/// One word of a command.
#[derive(Clone, Default)]
struct Word {
    /// As bash would write it.
    bash: String,
    /// Its known text, without carets and quotes.
    plain: String,
    /// Whether quotes were in it.
    quoted: bool,
    /// A part of a variable that the text does not set is in it.
    obscure: bool,
}

/// Returns what bash would be told.
pub(super) fn to_bash(text: &str) -> Result<String, Fault> {
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
        open: 0,
        set: Rc::default(),
        is_delayed: text.to_ascii_lowercase().contains("delayed"),
        loops: BTreeSet::new(),
        obscure: false,
    };
    let mut out = String::new();
    reader.statements(&mut out)?;
    match reader.next() {
        None => Ok(out),
        Some(_) => Err(UNREAD),
    }
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            if rest.starts_with("^\n") {
                self.at += 2;
            } else if rest.starts_with("^\r\n") {
                self.at += 3;
            } else if rest.starts_with([' ', '\t', '\r', ',', ';', '=']) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    fn deeper(&mut self) -> Result<(), Fault> {
        super::translated::deeper(&mut self.depth)
    }

    /// Whether the `)` that is next ends something.
    fn closes(&self) -> bool {
        self.open > 0 && self.next() == Some(')')
    }

    /// Lines up to the end, or the parenthesis that closes them.
    fn statements(&mut self, out: &mut String) -> Result<(), Fault> {
        self.deeper()?;
        loop {
            self.skip_blanks();
            match self.next() {
                None => break,
                Some('\n' | '&') => self.at += 1,
                Some(')') if self.open > 0 => break,
                // Alone it is passed over, with what stands behind it.
                Some(')') => self.skip_line(),
                Some(_) => {
                    self.line(out)?;
                    out.push('\n');
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn skip_line(&mut self) {
        let rest = self.rest();
        self.at += rest.find('\n').unwrap_or(rest.len());
    }

    /// Commands of one line, with `&`, `&&`, `||` and `|` between them.
    fn line(&mut self, out: &mut String) -> Result<(), Fault> {
        self.deeper()?;
        loop {
            self.command(out)?;
            self.skip_blanks();
            let rest = self.rest();
            let mark = ["&&", "||", "|", "&"]
                .into_iter()
                .find(|mark| rest.starts_with(mark));
            let Some(mark) = mark else { break };
            self.at += mark.len();
            self.skip_blanks();
            let is_end = self.closes() || matches!(self.next(), None | Some('\n'));
            if mark == "&" {
                out.push('\n');
                if is_end {
                    break;
                }
            } else if is_end {
                return Err(UNREAD);
            } else {
                out.push_str(&[" ", mark, " "].concat());
            }
        }
        self.depth -= 1;
        match self.next() {
            None | Some('\n' | ')') => Ok(()),
            Some(_) => Err(UNREAD),
        }
    }

    /// One command: a block, `if`, `for`, a label, or words.
    fn command(&mut self, out: &mut String) -> Result<(), Fault> {
        self.skip_blanks();
        while self.next() == Some('@') {
            self.at += 1;
            self.skip_blanks();
        }
        match self.next() {
            Some('(') => {
                self.block(out)?;
                return self.redirections(out);
            }
            Some(':') => {
                self.skip_line();
                out.push(':');
                return Ok(());
            }
            _ => {}
        }
        if self.keyword("if") {
            return self.branches(out);
        }
        if self.keyword("for") {
            return self.loop_of(out);
        }
        if self.keyword("set") {
            return self.setting(out);
        }
        self.simple(out)
    }

    /// `( … )`.
    fn block(&mut self, out: &mut String) -> Result<(), Fault> {
        self.at += 1;
        self.open += 1;
        out.push_str("{ :\n");
        self.statements(out)?;
        self.open -= 1;
        if self.next() != Some(')') {
            return Err("a parenthesis of cmd that is never closed");
        }
        self.at += 1;
        out.push_str("\n}");
        Ok(())
    }

    /// Passes over a word that stands alone, in letters of any case.
    fn keyword(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let is_it = rest
            .get(..word.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(word))
            && rest
                .get(word.len()..)
                .is_some_and(|behind| behind.starts_with([' ', '\t', '\n', '(', '"', '/']));
        self.at += if is_it { word.len() } else { 0 };
        is_it
    }

    /// Words and redirections up to what ends a command.
    fn simple(&mut self, out: &mut String) -> Result<(), Fault> {
        let mut words = Vec::new();
        let mut redirections = String::new();
        loop {
            self.skip_blanks();
            if self.redirection(&mut redirections)? {
                continue;
            }
            match self.next() {
                None | Some('\n' | '&' | '|') => break,
                Some(')') if self.open > 0 => break,
                Some(_) => {
                    let word = self.word(false)?;
                    words.push(word);
                }
            }
        }
        let command = if words.is_empty() {
            ":".to_owned()
        } else {
            commands::written(words)?
        };
        out.push_str(&[command, redirections].concat());
        Ok(())
    }

    fn redirections(&mut self, out: &mut String) -> Result<(), Fault> {
        loop {
            self.skip_blanks();
            if !self.redirection(out)? {
                return Ok(());
            }
        }
    }

    /// `> file`, `2>> file`, `2>&1`, `< file`.
    fn redirection(&mut self, out: &mut String) -> Result<bool, Fault> {
        let rest = self.rest();
        let digits = usize::from(rest.starts_with(|it: char| it.is_ascii_digit()));
        let mark = rest.get(digits..).unwrap_or_default();
        let operator = [">>", ">", "<"].into_iter().find(|it| mark.starts_with(it));
        let Some(operator) = operator else {
            return Ok(false);
        };
        out.push(' ');
        out.push_str(rest.get(..digits).unwrap_or_default());
        let behind = digits + operator.len();
        if let Some(number) = rest.get(behind..).and_then(|it| it.strip_prefix('&')) {
            let number = number.get(..1).unwrap_or_default().to_owned();
            self.at += behind + 2;
            out.push_str(&[operator, "&", &number].concat());
            return Ok(true);
        }
        self.at += behind;
        self.skip_blanks();
        let target = self.word(false)?;
        let is_null = target.plain.eq_ignore_ascii_case("nul");
        let target = if is_null { "/dev/null" } else { &target.bash };
        if target.is_empty() {
            return Err(UNREAD);
        }
        out.push_str(&[operator, " ", target].concat());
        Ok(true)
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
