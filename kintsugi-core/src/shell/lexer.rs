//! Text → tokens: words whole, redirections with their target, here-documents with their body, operators and reserved words.
//!
//! Leaves the grammar to the parser: what it hands on are words by number, so that nothing in a word can confuse or exhaust it.

mod reserved;
mod words;
mod zsh;

pub(super) use words::list;

use super::Dialect;
use super::guard::{Body, Fault, Pending, Scan};
use super::tree::Operator;
use crate::limits::SHELL_DEPTH_MAX;

/// Most tokens of one text: what the parser reads in about five milliseconds.
const TOKENS_MAX: usize = 8_192;
const TOO_MANY: &str = "more than 8,192 words";

/// A piece of the grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A word.
    Word {
        /// First byte.
        start: usize,
        /// One past its last byte.
        end: usize,
    },
    /// `[[ … ]]`: its words.
    Test(Vec<(usize, usize)>),
    /// `((…))`: the expression.
    Arithmetic(usize, usize),
    /// A redirection and where its target is.
    Redirection {
        /// Its descriptor.
        descriptor: Option<u16>,
        /// What it is.
        operator: Operator,
        /// First byte of the target.
        start: usize,
        /// One past the last byte of the target.
        end: usize,
    },
    /// An operator or a reserved word, as the parser spells it.
    Mark(&'static str, usize),
    /// A parenthesis that opens a subshell.
    Subshell(usize),
}

/// What is open, and how it is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Parenthesis,
    Brace,
    /// `if … fi`, `do … done`.
    Block,
    /// `case` before a `)`.
    Pattern,
    /// `case` behind a `)`.
    Arm,
    /// `for ((…)) {`, `for x (…) {`: braces that stand for `do … done`.
    Loop,
    /// zsh: a loop whose body is the rest of the list, without `do`.
    ShortLoop,
    /// zsh: an `if` whose body is the rest of the list, without `then`.
    ShortIf,
    /// zsh: `foreach … end`.
    Each,
    /// zsh: `if … {`, closed by `}` with or without `else` behind it.
    BraceIf,
    /// zsh: `else {` of such an `if`.
    BraceElse,
    /// zsh: a function without a name, by the byte of its brace.
    Anonymous(usize),
}

impl Open {
    /// Whether it is a `case`.
    const fn is_case(self) -> bool {
        matches!(self, Self::Pattern | Self::Arm)
    }
}

/// What the next word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The first word of a command.
    Command,
    /// Behind the first word.
    Argument,
    /// The name of `for`, `select`, `case`.
    Name,
    /// Behind that name: `in` or `do`.
    In,
    /// Behind `for x (…)` or `for ((…))`: `do`, `{`, or a command.
    Body,
    /// Behind `function`.
    Function,
}

/// Reads one text into tokens.
pub(super) struct Lexer<'a> {
    scan: Scan<'a>,
    end: usize,
    dialect: Dialect,
    at: usize,
    tokens: Vec<Token>,
    open: Vec<Open>,
    place: Place,
    /// Here-documents of this line: the index of their token.
    pending: Vec<(usize, Pending)>,
    here_documents: usize,
    /// `for` behind which the name stands, not `case`.
    looping: bool,
    /// The words of a loop have begun and its body has not.
    listing: bool,
    /// zsh: `foreach` has begun and its body has not.
    each: bool,
    /// zsh: a condition has begun: what stands in front of its body.
    testing: Option<&'static str>,
}

/// Returns the tokens of `text` from `at` on.
///
/// # Errors
///
/// What is never closed, and what is over a bound.
pub(super) fn tokens(text: &str, at: usize, dialect: Dialect) -> Result<Vec<Token>, Fault> {
    let scan = Scan { text, fish: false };
    let mut lexer = Lexer {
        scan,
        end: text.len(),
        dialect,
        at,
        tokens: Vec::new(),
        open: Vec::new(),
        place: Place::Command,
        pending: Vec::new(),
        here_documents: 0,
        looping: false,
        listing: false,
        each: false,
        testing: None,
    };
    while lexer.at < lexer.end {
        lexer.step()?;
    }
    lexer.end_short()?;
    lexer.here_bodies(lexer.end);
    if lexer.open.iter().any(|open| open.is_case()) {
        return lexer.fault("a case that is never closed");
    }
    Ok(lexer.tokens)
}

impl Lexer<'_> {
    fn fault<T>(&self, what: &'static str) -> Result<T, Fault> {
        Err(Fault { what, at: self.at })
    }

    fn push(&mut self, token: Token) -> Result<(), Fault> {
        if self.tokens.len() >= TOKENS_MAX {
            return self.fault(TOO_MANY);
        }
        self.tokens.push(token);
        Ok(())
    }

    fn mark(&mut self, mark: &'static str) -> Result<(), Fault> {
        self.push(Token::Mark(mark, self.at))
    }

    fn nest(&mut self, open: Open) -> Result<(), Fault> {
        if self.open.len() >= SHELL_DEPTH_MAX as usize {
            return self.fault("more than 48 nested constructs");
        }
        self.open.push(open);
        Ok(())
    }

    /// Reads one token, blank or comment.
    fn step(&mut self) -> Result<(), Fault> {
        let Some(byte) = self.scan.byte(self.at) else {
            return Ok(());
        };
        match byte {
            b' ' | b'\t' => self.at += 1,
            b'\r' if matches!(self.scan.byte(self.at + 1), None | Some(b'\n')) => self.at += 1,
            b'\\' if self.scan.starts(self.at, "\\\n") => self.at += 2,
            b'\\' if self.scan.starts(self.at, "\\\r\n") => self.at += 3,
            b'#' => self.at = self.scan.line_end(self.at),
            b'\n' => self.newline()?,
            b';' => self.semicolon()?,
            b'&' => self.ampersand()?,
            b'|' => self.bar()?,
            b'(' => self.parenthesis()?,
            b')' => self.close()?,
            b'<' | b'>' if self.scan.byte(self.at + 1) == Some(b'(') => self.word()?,
            b'<' | b'>' => self.redirection(None, self.at)?,
            b'0'..=b'9' => self.digits()?,
            b'{' => self.brace()?,
            _ => self.word()?,
        }
        Ok(())
    }

    fn newline(&mut self) -> Result<(), Fault> {
        self.end_short()?;
        match self.place {
            // `function name` and its body, `for x` and its `in` may stand on different lines.
            Place::Function | Place::Name => {}
            Place::In | Place::Body => self.mark("\n")?,
            Place::Command | Place::Argument => {
                self.mark("\n")?;
                self.place = Place::Command;
            }
        }
        self.at += 1;
        self.here_bodies(self.at);
        Ok(())
    }

    /// Takes the bodies of this line's here-documents, which begin at `at`.
    fn here_bodies(&mut self, at: usize) {
        if self.pending.is_empty() {
            return;
        }
        let (tokens, pending): (Vec<usize>, Vec<Pending>) =
            std::mem::take(&mut self.pending).into_iter().unzip();
        let (bodies, next) = self.scan.bodies(at, &pending);
        for (token, body) in tokens.into_iter().zip(bodies) {
            let Body {
                start: first,
                end: last,
                ..
            } = body;
            if let Some(Token::Redirection { start, end, .. }) = self.tokens.get_mut(token) {
                (*start, *end) = (first, last);
            }
        }
        self.at = next;
    }

    fn operator(&mut self, mark: &'static str, bytes: usize) -> Result<(), Fault> {
        self.mark(mark)?;
        self.at += bytes;
        self.place = Place::Command;
        Ok(())
    }

    fn semicolon(&mut self) -> Result<(), Fault> {
        let mark = match (self.scan.byte(self.at + 1), self.scan.byte(self.at + 2)) {
            (Some(b';'), Some(b'&')) => ";;&",
            (Some(b';'), _) => ";;",
            (Some(b'&' | b'|'), _) => ";&",
            (_, _) => ";",
        };
        if mark == ";" {
            self.end_short()?;
            // An empty command is an error in every shell, except behind a word that ends one.
            let is_each = self.open.last() == Some(&Open::Each) && self.is_behind("do");
            if matches!(self.place, Place::Body) || is_each {
                self.at += 1;
                return Ok(());
            }
            return self.operator(";", 1);
        }
        if let Some(open @ Open::Arm) = self.open.last_mut() {
            *open = Open::Pattern;
        }
        self.operator(mark, mark.len())
    }

    fn ampersand(&mut self) -> Result<(), Fault> {
        match (self.scan.byte(self.at + 1), self.scan.byte(self.at + 2)) {
            (Some(b'&'), _) => self.operator("&&", 2),
            (Some(b'>'), _) if self.dialect != Dialect::Posix => self.redirection(None, self.at),
            // zsh: left in the background and disowned.
            (Some(b'|' | b'!'), _) if self.dialect == Dialect::Zsh => self.operator("&", 2),
            (_, _) => {
                self.end_short()?;
                self.operator("&", 1)
            }
        }
    }

    fn bar(&mut self) -> Result<(), Fault> {
        match self.scan.byte(self.at + 1) {
            Some(b'|') => self.operator("||", 2),
            Some(b'&') => self.operator("|", 2),
            _ if self.open.last() == Some(&Open::Pattern) => {
                self.mark("|")?;
                self.at += 1;
                Ok(())
            }
            _ => self.operator("|", 1),
        }
    }

    fn parenthesis(&mut self) -> Result<(), Fault> {
        let start = self.at;
        if self.open.last() == Some(&Open::Pattern) {
            self.at += 1;
            return Ok(());
        }
        match self.place {
            Place::Argument if self.begins_pattern() => self.word(),
            Place::Argument | Place::Function => self.function_parentheses(),
            Place::Name if self.scan.starts(start, "((") => {
                let end = self.scan.balanced(start, 0)?;
                self.at = end;
                let inner = end.saturating_sub(2).max(start + 2);
                self.push(Token::Arithmetic(start + 2, inner))?;
                self.mark("in")?;
                self.place = Place::Body;
                Ok(())
            }
            // zsh: `for x (a b) …`
            Place::Name | Place::In => {
                self.mark("in")?;
                self.at += 1;
                while let Some(byte) = self.scan.byte(self.at) {
                    match byte {
                        b')' => break,
                        b' ' | b'\t' | b'\n' => self.at += 1,
                        _ => {
                            self.place = Place::Argument;
                            self.word()?;
                        }
                    }
                }
                self.at += 1;
                self.place = Place::Body;
                self.begin_each()
            }
            Place::Command if self.dialect == Dialect::Zsh && self.scan.starts(start, "()") => {
                self.anonymous(start + 2)
            }
            Place::Command | Place::Body => {
                if self.scan.starts(start, "((") {
                    let end = self.scan.balanced(start, 0)?;
                    let closed = self.scan.slice(end.saturating_sub(2), end) == "))";
                    if closed && self.balanced_inside(start + 1, end - 1) {
                        if self.dialect == Dialect::Zsh {
                            self.begin_short("((")?;
                        }
                        self.push(Token::Arithmetic(start + 2, end - 2))?;
                        self.at = end;
                        self.place = Place::Argument;
                        return Ok(());
                    }
                }
                self.nest(Open::Parenthesis)?;
                self.push(Token::Subshell(start))?;
                self.at += 1;
                self.place = Place::Command;
                Ok(())
            }
        }
    }

    /// Whether the `(` at `start` is closed by the byte in front of `end`.
    fn balanced_inside(&self, start: usize, end: usize) -> bool {
        self.scan.balanced(start, 0) == Ok(end)
    }

    /// Reads `()` behind the name of a function.
    fn function_parentheses(&mut self) -> Result<(), Fault> {
        let mut end = self.at + 1;
        while matches!(self.scan.byte(end), Some(b' ' | b'\t')) {
            end += 1;
        }
        if self.scan.byte(end) != Some(b')') {
            return self.fault("an unexpected parenthesis");
        }
        self.mark("(")?;
        self.mark(")")?;
        self.at = end + 1;
        self.place = Place::Command;
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        self.end_short()?;
        match self.open.last_mut() {
            Some(open @ Open::Pattern) => {
                *open = Open::Arm;
                self.operator(")", 1)
            }
            Some(Open::Parenthesis) => {
                self.open.pop();
                self.mark("\n")?;
                self.operator("}", 1)?;
                self.place = Place::Argument;
                Ok(())
            }
            Some(_) | None => self.fault("a parenthesis that nothing opens"),
        }
    }

    /// Whether a blank or an operator follows `at`.
    fn delimited(&self, at: usize) -> bool {
        matches!(
            self.scan.byte(at),
            None | Some(
                b' ' | b'\t' | b'\n' | b'\r' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>'
            )
        )
    }

    fn brace(&mut self) -> Result<(), Fault> {
        let reserved = self.delimited(self.at + 1);
        match self.place {
            Place::Body | Place::Command if reserved && self.loops() => {
                self.listing = false;
                self.nest(Open::Loop)?;
                self.operator("\n", 0)?;
                self.operator("do", 1)
            }
            Place::Argument if reserved && self.ends_test() => self.brace_of_test(),
            Place::Function if reserved && self.is_behind("function") => self.anonymous(self.at),
            Place::Command | Place::Function if reserved => {
                self.function_marks()?;
                self.nest(Open::Brace)?;
                self.operator("{", 1)
            }
            Place::Command
            | Place::Argument
            | Place::Name
            | Place::In
            | Place::Body
            | Place::Function => self.word(),
        }
    }

    /// Whether a brace stands for `do`: behind `for ((…))`, and in zsh behind the words of a loop.
    fn loops(&self) -> bool {
        self.place == Place::Body || self.listing && self.dialect == Dialect::Zsh
    }

    /// `function name {`: adds the parentheses that the other spelling has.
    fn function_marks(&mut self) -> Result<(), Fault> {
        if self.place == Place::Function {
            self.mark("(")?;
            self.mark(")")?;
        }
        Ok(())
    }

    /// Reads a word, which may be reserved where it stands.
    fn word(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let plain = self.scan.plain_word(start);
        let plain = if self.delimited(start + plain.len()) {
            plain
        } else {
            match self.scan.byte(start) {
                Some(b'!') if self.delimited(start + 1) => "!",
                Some(b'}') if self.delimited(start + 1) => "}",
                Some(b'[') if self.scan.starts(start, "[[") && self.delimited(start + 2) => "[[",
                _ => "",
            }
        };
        let zsh_brace = plain == "}" && self.dialect == Dialect::Zsh;
        if zsh_brace {
            self.end_short()?;
        }
        let closes = matches!(
            self.open.last(),
            Some(Open::Brace | Open::Loop | Open::BraceIf | Open::BraceElse | Open::Anonymous(_))
        );
        if zsh_brace && closes {
            // zsh: a brace closes wherever a word could stand.
            self.mark("\n")?;
            self.place = Place::Command;
        }
        if self.dialect == Dialect::Zsh && self.begin_short(plain)? {
            return Ok(());
        }
        if !plain.is_empty() && self.reserved(plain)? {
            return Ok(());
        }
        if self.place == Place::Body {
            // A body without `do`: only zsh has it; the loop is closed where the list ends.
            return self.fault("a loop without `do`");
        }
        let end = self.word_end(start)?;
        if end <= start {
            return self.fault("a character that no word has");
        }
        self.at = end;
        if self.dialect == Dialect::Zsh && self.place == Place::In && self.looping {
            // `for key value (…)`: what the second name stands for is not known.
            return Ok(());
        }
        let end = self.without_qualifiers(start, end);
        self.push(Token::Word { start, end })?;
        self.place = match self.place {
            Place::Name => Place::In,
            Place::Function => Place::Function,
            Place::Command | Place::Argument | Place::In | Place::Body => {
                if self.open.last() == Some(&Open::Pattern) {
                    Place::Command
                } else {
                    Place::Argument
                }
            }
        };
        Ok(())
    }
}
