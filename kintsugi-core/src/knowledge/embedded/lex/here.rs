//! Here-documents of Perl, Ruby and PHP: what stands on the lines behind `<<END`.

use super::literals::{Quote, openers};
use super::operand::Place;
use super::{Language, Lexer, Part, Token, end_of};

/// Most tokens that are searched for the name that ends a document.
const NAMED_MAX: usize = 4096;

/// A document that begins with the next line.
#[derive(Debug, Clone)]
pub(super) struct Here {
    /// Which token its text becomes.
    token: usize,
    /// The line that ends it.
    end: String,
    /// That line may be indented.
    is_indented: bool,
    /// How the end was quoted; a blank when it was not.
    quote: char,
}

impl<'a> Lexer<'a> {
    /// `<<END`, `<<~"END"`, `<<'END'`, `<<-END`; PHP's `<<<END`.
    pub(super) fn here_document(&mut self) -> bool {
        let sign = if self.language == Language::Php {
            "<<<"
        } else {
            "<<"
        };
        let Some(behind) = self.rest.strip_prefix(sign) else {
            return false;
        };
        // PHP has no other meaning for three; a name elsewhere may be a value that is shifted.
        let place = if self.language == Language::Php {
            Place::Operand
        } else {
            self.place()
        };
        if place == Place::Operator || place == Place::Either && self.is_other {
            return false;
        }
        let marked = behind.strip_prefix('~').or_else(|| {
            behind
                .strip_prefix('-')
                .filter(|_| self.language == Language::Ruby)
        });
        let name = marked.unwrap_or(behind);
        // `list << "x"` of Ruby puts in an element; Perl lets a quoted end stand behind blanks.
        let trimmed = if self.language == Language::Ruby {
            name
        } else {
            name.trim_start_matches([' ', '\t'])
        };
        let quote = trimmed
            .chars()
            .next()
            .filter(|c| matches!(c, '"' | '\'' | '`'));
        let (end, rest) = match quote {
            Some(quote) => {
                let Some(both) = trimmed.get(1..).and_then(|it| it.split_once(quote)) else {
                    return false;
                };
                both
            }
            None => name.split_at(end_of(name, |c| c.is_alphanumeric() || c == '_')),
        };
        let is_word = !end.is_empty() && !end.starts_with(|c: char| c.is_ascii_digit());
        if !is_word && quote.is_none() || end.contains('\n') {
            return false;
        }
        if place == Place::Either && !self.is_tag(end, marked.is_some()) {
            self.otherwise.push(behind);
        }
        self.here.push(Here {
            token: self.tokens.len(),
            end: end.to_owned(),
            is_indented: marked.is_some() || self.language == Language::Php,
            quote: quote.unwrap_or(' '),
        });
        self.rest = rest;
        self.tokens.push(Token::Text(Vec::new()));
        true
    }

    /// Whether a word behind `x <<` of Ruby can be no value that `x` is shifted by, and so ends a document: a number of the program would
    /// be named before, and Ruby's own begin with `RUBY_`.
    fn is_tag(&self, end: &str, is_marked: bool) -> bool {
        let is_usual = matches!(end, "EOF" | "EOS" | "END" | "TEXT" | "DOC" | "HEREDOC");
        let is_named = |token: &Token| matches!(token, Token::Name(name) if name == end);
        self.language == Language::Ruby
            && (is_marked || is_usual)
            && !end.starts_with("RUBY_")
            && self.tokens.len() < NAMED_MAX
            && !self.tokens.iter().any(is_named)
    }

    /// Takes the documents that begin here, behind the end of a line.
    pub(super) fn documents(&mut self) {
        for here in std::mem::take(&mut self.here) {
            let Some((body, rest)) = self.document(&here) else {
                // Its lines are read as code: without its end the program would not run at all.
                self.missed.ends += 1;
                continue;
            };
            self.rest = rest;
            let parts = match (self.language, here.quote) {
                (_, '\'') => vec![Part::Text(body.to_owned())],
                (Language::Perl, _) => self.interpolated(body, '\n', false),
                _ => {
                    let mut inner = self.within(body);
                    let parts = inner.parts(Quote {
                        close: "",
                        open: None,
                        code: openers(self.language),
                        raw: false,
                    });
                    self.has_read(&inner);
                    parts
                }
            };
            let token = if here.quote == '`' && self.language != Language::Php {
                Token::Shell(parts)
            } else {
                Token::Text(parts)
            };
            if let Some(slot) = self.tokens.get_mut(here.token) {
                *slot = token;
            }
        }
    }

    /// The lines of a document, and what stands behind the line that ends it.
    fn document(&mut self, here: &Here) -> Option<(&'a str, &'a str)> {
        if !self.may_look() {
            return None;
        }
        let mut at = 0;
        for line in self.rest.split_inclusive('\n') {
            let bare = line.trim_end_matches(['\n', '\r']);
            let bare = if here.is_indented {
                bare.trim_start()
            } else {
                bare
            };
            let behind = bare.strip_prefix(here.end.as_str());
            // PHP: what stands behind it on the line goes on (PHP 8.3, "Heredoc").
            let is_end = if self.language == Language::Php {
                behind.is_some_and(|it| !it.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
            } else {
                behind == Some("")
            };
            if is_end {
                let body = self.rest.get(..at)?;
                let ends_at = if self.language == Language::Php {
                    at + line.find(here.end.as_str())? + here.end.len()
                } else {
                    at + line.trim_end_matches(['\n', '\r']).len()
                };
                return Some((body, self.rest.get(ends_at..)?));
            }
            at += line.len();
        }
        None
    }
}
