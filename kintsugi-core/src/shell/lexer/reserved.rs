//! Reserved words: where a word is one, what it opens and closes, and what may stand behind it.

use super::super::Dialect;
use super::super::guard::Fault;
use super::{Lexer, Open, Place};

/// Most `case` in one another. Where the text is wrong, the parser reads the innermost twice as often for each
/// (`brush-parser` 0.4: twelve took 14 ms, twenty-four 33 seconds).
const CASES_MAX: usize = 8;

impl Lexer<'_> {
    /// Reads `word` as a reserved word, when it is one here.
    pub(super) fn reserved(&mut self, word: &str) -> Result<bool, Fault> {
        match self.place {
            Place::In | Place::Body => return self.behind_name(word),
            Place::Argument | Place::Name | Place::Function => return Ok(false),
            Place::Command => {}
        }
        if self.open.last() == Some(&Open::Pattern) {
            if word == "esac" {
                self.open.pop();
                self.reserve("esac", Place::Argument)?;
                return Ok(true);
            }
            return Ok(false);
        }
        match word {
            "if" => {
                self.begin("if", Open::Block)?;
                self.testing = Some("then");
            }
            "fi" => self.finish("fi", Open::Block)?,
            "then" => {
                self.testing = None;
                self.reserve("then", Place::Command)?;
            }
            "else" => self.reserve("else", Place::Command)?,
            "elif" => {
                self.reserve("elif", Place::Command)?;
                self.testing = Some("then");
            }
            "while" | "until" => {
                self.reserve("while", Place::Command)?;
                self.testing = Some("do");
            }
            "end" if self.open.last() == Some(&Open::Each) => {
                self.open.pop();
                self.reserve("done", Place::Argument)?;
            }
            "repeat" if self.repeats() => self.repeat()?,
            "do" => {
                self.testing = None;
                self.listing = false;
                self.begin("do", Open::Block)?;
            }
            "done" => self.finish("done", Open::Block)?,
            "}" => return self.close_brace(),
            "!" => {
                self.mark("!")?;
                self.at += 1;
            }
            "and" | "or" | "not" | "begin" if self.dialect == Dialect::Fish => {
                self.at += word.len();
                // `begin;`: the separator belongs to the word.
                self.at += usize::from(word == "begin" && self.scan.byte(self.at) == Some(b';'));
            }
            _ => return self.reserved_more(word),
        }
        Ok(true)
    }

    /// Words that begin something with a name, and what has a grammar of its own.
    fn reserved_more(&mut self, word: &str) -> Result<bool, Fault> {
        let posix = self.dialect == Dialect::Posix;
        match word {
            "for" | "foreach" | "select" if word == "for" || !posix => {
                self.mark("for")?;
                self.at += word.len();
                self.place = Place::Name;
                self.looping = true;
                self.each = word == "foreach" && self.dialect == Dialect::Zsh;
            }
            "case" => {
                if self.open.iter().filter(|open| open.is_case()).count() >= CASES_MAX {
                    return self.fault("more than 8 cases in one another");
                }
                self.nest(Open::Pattern)?;
                self.mark("case")?;
                self.at += 4;
                self.place = Place::Name;
                self.looping = false;
            }
            "esac" if self.open.last() == Some(&Open::Arm) => {
                self.open.pop();
                // The last arm need not end. The parser tries the ones that do first, and all that is inside again when it fails.
                self.mark(";;")?;
                self.reserve("esac", Place::Argument)?;
            }
            "function" if !posix => {
                self.at += word.len();
                self.place = Place::Function;
            }
            "time" if !posix => return Ok(self.time()),
            "coproc" if !posix => self.coprocess(),
            "[[" if !posix => self.test()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(super) fn reserve(&mut self, word: &'static str, place: Place) -> Result<(), Fault> {
        let bytes = self.scan.plain_word(self.at).len();
        self.mark(word)?;
        self.at += bytes;
        self.place = place;
        Ok(())
    }

    pub(super) fn begin(&mut self, word: &'static str, open: Open) -> Result<(), Fault> {
        self.nest(open)?;
        self.reserve(word, Place::Command)
    }

    pub(super) fn finish(&mut self, word: &'static str, open: Open) -> Result<(), Fault> {
        if self.open.last() == Some(&open) {
            self.open.pop();
        }
        self.reserve(word, Place::Argument)
    }

    pub(super) fn close_brace(&mut self) -> Result<bool, Fault> {
        let mark = match self.open.last() {
            Some(Open::Brace) => "}",
            Some(Open::Loop) => "done",
            Some(Open::BraceIf | Open::BraceElse) => return self.close_test().map(|()| true),
            Some(Open::Anonymous(name)) => return self.close_anonymous(*name).map(|()| true),
            Some(_) | None => return self.fault("a brace that nothing opens"),
        };
        self.open.pop();
        self.operator(mark, 1)?;
        self.place = Place::Argument;
        Ok(true)
    }

    /// Reads `in` or `do` behind the name of a loop or the word of `case`.
    fn behind_name(&mut self, word: &str) -> Result<bool, Fault> {
        match word {
            "in" if self.place == Place::In => {
                self.listing = self.looping;
                let place = if self.looping {
                    Place::Argument
                } else {
                    Place::Command
                };
                self.reserve("in", place)?;
            }
            "do" => {
                if self.place == Place::Body {
                    self.mark("\n")?;
                }
                self.begin("do", Open::Block)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}
