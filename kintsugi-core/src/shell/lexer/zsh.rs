//! What only zsh has: loops and `if` without `do` and `then`, `foreach … end`, functions without a name, `always`, and qualifiers of
//! patterns (`zshmisc(1)`, `zshexpn(1)` 5.9). All of it is written as what every shell has.

use super::super::Dialect;
use super::super::guard::Fault;
use super::{Lexer, Open, Place, Token};

impl Lexer<'_> {
    /// Whether the last token is this mark.
    pub(super) fn is_behind(&self, mark: &str) -> bool {
        matches!(self.tokens.last(), Some(Token::Mark(last, _)) if *last == mark)
            || mark == "function" && self.place == Place::Function && self.ends_with_function()
    }

    /// `function {`: no name stands between.
    fn ends_with_function(&self) -> bool {
        self.dialect == Dialect::Zsh && self.scan.slice(0, self.at).trim_end().ends_with("function")
    }

    /// Begins a body without `do` or `then`, or the second block of `always`, when one is next.
    pub(super) fn begin_short(&mut self, plain: &str) -> Result<bool, Fault> {
        let begins_body = !matches!(plain, "do" | "in" | "then" | "}");
        match self.place {
            Place::Body if begins_body => {
                self.mark("\n")?;
                self.short("do", Open::ShortLoop)?;
            }
            Place::Command if self.listing && begins_body => {
                self.listing = false;
                self.short("do", Open::ShortLoop)?;
            }
            Place::Argument if begins_body && self.ends_test() => {
                self.mark(";")?;
                if self.testing.take() == Some("then") {
                    self.open.pop();
                    self.short("then", Open::ShortIf)?;
                } else {
                    self.short("do", Open::ShortLoop)?;
                }
            }
            Place::Argument if plain == "always" && self.is_behind("}") => {
                self.at += plain.len();
                self.mark("\n")?;
                self.place = Place::Command;
                return Ok(true);
            }
            Place::Command
            | Place::Argument
            | Place::Name
            | Place::In
            | Place::Body
            | Place::Function => {}
        }
        Ok(false)
    }

    fn short(&mut self, mark: &'static str, open: Open) -> Result<(), Fault> {
        self.nest(open)?;
        self.mark(mark)?;
        self.place = Place::Command;
        Ok(())
    }

    /// Ends the bodies that end with the list they are.
    pub(super) fn end_short(&mut self) -> Result<(), Fault> {
        loop {
            let mark = match self.open.last() {
                Some(Open::ShortLoop) => "done",
                Some(Open::ShortIf) => "fi",
                Some(_) | None => return Ok(()),
            };
            // A body may begin on the next line.
            if self.is_behind("do") || self.is_behind("then") {
                return Ok(());
            }
            self.open.pop();
            self.mark("\n")?;
            self.mark(mark)?;
            self.place = Place::Argument;
        }
    }

    /// Whether a condition has just ended that no `;` needs to end: `[[ … ]]`, `((…))`, `( … )`, `{ … }`.
    pub(super) fn ends_test(&self) -> bool {
        self.dialect == Dialect::Zsh
            && self.testing.is_some()
            && matches!(
                self.tokens.last(),
                Some(Token::Test(_) | Token::Arithmetic(..) | Token::Mark("}", _))
            )
    }

    /// `{` behind a condition.
    pub(super) fn brace_of_test(&mut self) -> Result<(), Fault> {
        self.mark(";")?;
        if self.testing.take() == Some("then") {
            self.open.pop();
            self.nest(Open::BraceIf)?;
            return self.operator("then", 1);
        }
        self.nest(Open::Loop)?;
        self.operator("do", 1)
    }

    /// `}` of such a block, with the `elif` or `else` behind it.
    pub(super) fn close_test(&mut self) -> Result<(), Fault> {
        let open = self.open.pop();
        self.at += 1;
        let mut next = self.at;
        while matches!(self.scan.byte(next), Some(b' ' | b'\t' | b'\n')) {
            next += 1;
        }
        let word = self.scan.plain_word(next);
        if open == Some(Open::BraceIf) && word == "elif" {
            self.at = next;
            self.nest(Open::Block)?;
            self.reserve("elif", Place::Command)?;
            self.testing = Some("then");
            return Ok(());
        }
        if open == Some(Open::BraceIf) && word == "else" {
            self.at = next;
            self.reserve("else", Place::Command)?;
            while matches!(self.scan.byte(self.at), Some(b' ' | b'\t' | b'\n')) {
                self.at += 1;
            }
            if self.scan.byte(self.at) != Some(b'{') {
                return self.short_else();
            }
            self.at += 1;
            return self.nest(Open::BraceElse);
        }
        self.mark("fi")?;
        self.place = Place::Argument;
        Ok(())
    }

    fn short_else(&mut self) -> Result<(), Fault> {
        // `else command`: it ends with its list.
        self.nest(Open::ShortIf)
    }

    /// `foreach x (…)`: its body goes up to `end`, unless a brace opens it.
    pub(super) fn begin_each(&mut self) -> Result<(), Fault> {
        let begins = std::mem::take(&mut self.each);
        let rest = self.scan.slice(self.at, self.end);
        let rest = rest.trim_start_matches([' ', '\t', '\n', ';']);
        let has_do = rest.starts_with("do ") || rest.starts_with("do\n");
        if !begins || rest.starts_with('{') || has_do {
            return Ok(());
        }
        self.mark("\n")?;
        self.short("do", Open::Each)
    }

    /// `() { … } words`: a function that is called at once; the byte of its brace is its name.
    pub(super) fn anonymous(&mut self, from: usize) -> Result<(), Fault> {
        let mut brace = from;
        while matches!(self.scan.byte(brace), Some(b' ' | b'\t' | b'\n')) {
            brace += 1;
        }
        if self.scan.byte(brace) != Some(b'{') {
            return self.fault("a function without a body");
        }
        self.push(Token::Word {
            start: brace,
            end: brace + 1,
        })?;
        self.mark("(")?;
        self.mark(")")?;
        self.nest(Open::Anonymous(brace))?;
        self.at = brace;
        self.operator("{", 1)
    }

    /// The brace that ends it: its words follow.
    pub(super) fn close_anonymous(&mut self, name: usize) -> Result<(), Fault> {
        self.open.pop();
        self.operator("}", 1)?;
        self.mark("\n")?;
        self.push(Token::Word {
            start: name,
            end: name + 1,
        })?;
        self.place = Place::Argument;
        Ok(())
    }

    /// Whether `repeat` is next with how often, and something to repeat.
    pub(super) fn repeats(&self) -> bool {
        let rest = self.scan.slice(self.at + "repeat".len(), self.end);
        self.dialect == Dialect::Zsh && rest.split_whitespace().nth(1).is_some()
    }

    /// Reads `repeat 3` as a loop that runs once.
    pub(super) fn repeat(&mut self) -> Result<(), Fault> {
        self.mark("for")?;
        self.at += "repeat".len();
        while matches!(self.scan.byte(self.at), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        let (start, end) = (self.at, self.word_end(self.at)?);
        self.push(Token::Word { start, end })?;
        self.mark("in")?;
        self.push(Token::Word { start, end })?;
        self.at = end;
        let behind = self.scan.slice(end, self.end);
        let is_long = behind
            .trim_start_matches([' ', '\t'])
            .starts_with([';', '\n']);
        self.listing = is_long;
        self.place = if is_long {
            Place::Argument
        } else {
            Place::Body
        };
        Ok(())
    }

    /// Whether the parenthesis that is next begins a pattern, `(#i)x*` or `(a|b)`, and no function's.
    pub(super) fn begins_pattern(&self) -> bool {
        self.dialect == Dialect::Zsh && self.scan.byte(self.at + 1) != Some(b')')
    }

    /// The end of a word without the qualifiers of its pattern, where these only choose among the names that it matches.
    ///
    /// Those that run code (`e`, `+`), change the names (`:`, `P`) or add hidden ones (`D`) stay.
    pub(super) fn without_qualifiers(&self, start: usize, end: usize) -> usize {
        let text = self.scan.slice(start, end);
        if self.dialect != Dialect::Zsh || !text.ends_with(')') {
            return end;
        }
        let Some(at) = text.rfind('(').filter(|at| *at > 0) else {
            return end;
        };
        let before = text.get(..at).unwrap_or_default();
        let inside = text.get(at + 1..text.len() - 1).unwrap_or_default();
        let is_pattern_of =
            before.ends_with(['@', '!', '+', '=', '$', '<', '>', '\\', '"', '\'', '`']);
        let chooses = !inside.is_empty() && only_chooses(inside);
        if is_pattern_of || !chooses || before.contains(['$', '(', '`']) {
            return end;
        }
        start + at
    }
}

/// Whether glob qualifiers, without their parentheses, do no more than choose and order names (zshexpn(1) 5.9, Glob Qualifiers).
fn only_chooses(qualifiers: &str) -> bool {
    let mut rest = qualifiers;
    while let Some(letter) = rest.chars().next() {
        let behind = rest.get(letter.len_utf8()..).unwrap_or_default();
        let left = match letter {
            '/' | 'F' | '.' | '@' | '=' | 'p' | '*' | '%' | 'r' | 'w' | 'x' | 'A' | 'I' | 'E'
            | 'R' | 'W' | 'X' | 's' | 'S' | 't' | '^' | '-' | 'M' | 'T' | 'N' | 'n' | ',' => {
                Some(behind)
            }
            'L' => counted(behind, "kKmMgGtTpP"),
            'a' | 'm' | 'c' => counted(behind, "Mwdhms"),
            'l' | 'd' | 'f' | 'u' | 'g' | 'Y' => counted(behind, ""),
            'o' | 'O' => behind.strip_prefix(|key| "nLlamcdN".contains(key)),
            '[' => behind.split_once(']').and_then(|(range, left)| {
                range
                    .chars()
                    .all(|letter| letter.is_ascii_digit() || "-,".contains(letter))
                    .then_some(left)
            }),
            _ => None,
        };
        let Some(left) = left else {
            return false;
        };
        rest = left;
    }
    true
}

/// What stands behind a unit, a sign and a number: `k+20` of `Lk+20`.
fn counted<'a>(text: &'a str, units: &str) -> Option<&'a str> {
    let text = text
        .strip_prefix(|unit| units.contains(unit))
        .unwrap_or(text);
    let text = text.strip_prefix(['+', '-', '=']).unwrap_or(text);
    let left = text.trim_start_matches(|digit: char| digit.is_ascii_digit());
    (left.len() < text.len()).then_some(left)
}
