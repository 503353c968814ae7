//! Texts, patterns and lists of words, with the code that is in them.

use super::operand::Place;
use super::perl::named;
use super::{Language, Lexer, Part, Token, end_of};
use crate::knowledge::embedded::escapes::{octal, unescape};

/// How a literal is written.
#[derive(Clone, Copy)]
pub(super) struct Quote<'q> {
    /// What ends it; the empty text when only the end of the text does.
    pub(super) close: &'q str,
    /// What nests in it.
    pub(super) open: Option<char>,
    /// What begins an expression in it.
    pub(super) code: &'q [&'q str],
    /// A backslash is a letter like others, save that it hides the end.
    pub(super) raw: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn quoted(&mut self, first: char) -> bool {
        match (first, self.language) {
            ('"' | '\'', Language::Python) => {
                if self.is_open_line(first) {
                    return false;
                }
                let parts = self.python(first, false, false);
                self.tokens.push(Token::Text(parts));
            }
            ('`', Language::Perl) => {
                self.advance(1);
                let body = self.delimited('`');
                let parts = self.interpolated(body, '`', false);
                self.tokens.push(Token::Shell(parts));
            }
            ('`', Language::Other) if self.dialect.has_raw => {
                self.advance(1);
                let body = self.up_to("`").to_owned();
                self.tokens.push(Token::Text(vec![Part::Text(body)]));
            }
            ('`', Language::Ruby | Language::Php | Language::Other) => {
                let parts = self.literal('`');
                self.tokens.push(Token::Shell(parts));
            }
            ('`', Language::Javascript | Language::Mongo) => {
                let parts = self.literal('`');
                self.tokens.push(Token::Text(parts));
            }
            ('"', Language::Perl) => {
                self.advance(1);
                let body = self.delimited('"');
                let parts = self.interpolated(body, '"', false);
                self.tokens.push(Token::Text(parts));
            }
            ('"', Language::Ruby | Language::Php) => {
                let parts = self.literal('"');
                self.tokens.push(Token::Text(parts));
            }
            ('"' | '\'', Language::Other) => return self.other(first),
            ('"' | '\'', _) => return self.simple(first),
            ('[', Language::Lua) => {
                let Some(body) = self.long_bracket() else {
                    return false;
                };
                self.tokens.push(Token::Text(vec![Part::Text(body)]));
            }
            ('<', Language::Perl | Language::Ruby | Language::Php) => return self.here_document(),
            ('%', Language::Ruby) => return self.percent(),
            (':', Language::Ruby) => return self.symbol(),
            ('?', Language::Ruby) => return self.letter(),
            (
                '/',
                Language::Javascript
                | Language::Mongo
                | Language::Perl
                | Language::Ruby
                | Language::Awk
                | Language::Other,
            ) => return self.slashed(),
            _ => return false,
        }
        true
    }

    /// Whether no literal goes on behind the end of a line.
    pub(super) fn has_lines(&self) -> bool {
        matches!(
            self.language,
            Language::Javascript | Language::Mongo | Language::Python
        )
    }

    /// Whether a quote opens a literal that this line does not close, which these languages do not have.
    fn is_open_line(&self, quote: char) -> bool {
        let body = self.rest.get(1..).unwrap_or_default();
        let is_triple = body.starts_with([quote]) && body.chars().nth(1) == Some(quote);
        if is_triple && self.language == Language::Python {
            return false;
        }
        let mut is_escaped = false;
        for c in body.chars() {
            match c {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '\n' => return true,
                _ if c == quote => return false,
                _ => {}
            }
        }
        false
    }

    /// A text in which nothing is computed.
    fn simple(&mut self, quote: char) -> bool {
        if self.has_lines() && self.is_open_line(quote) {
            return false;
        }
        self.advance(1);
        let body = self.delimited(quote);
        let is_raw = quote == '\'' && matches!(self.language, Language::Perl | Language::Ruby);
        let text = if is_raw {
            body.to_owned()
        } else if self.language == Language::Lua {
            unescape(&octal(body))
        } else {
            unescape(body)
        };
        self.tokens.push(Token::Text(vec![Part::Text(text)]));
        true
    }

    /// Takes a literal that `quote` opens and closes, with what is computed in it.
    fn literal(&mut self, quote: char) -> Vec<Part> {
        let mut close = [0; 4];
        let close = quote.encode_utf8(&mut close);
        self.advance(quote.len_utf8());
        self.parts(Quote {
            close,
            open: None,
            code: openers(self.language),
            raw: false,
        })
    }

    /// Takes what stands before the end of a literal, and its end.
    pub(super) fn parts(&mut self, quote: Quote<'_>) -> Vec<Part> {
        let mut parts = Vec::new();
        let (mut at, mut depth) = (0, 0_u32);
        loop {
            let here = self.rest.get(at..).unwrap_or_default();
            let Some(c) = here.chars().next() else {
                self.missed.is_open |= !quote.close.is_empty();
                self.flush(at, quote.raw, &mut parts);
                return parts;
            };
            let opener = quote.code.iter().find(|opener| here.starts_with(**opener));
            if depth == 0 && !quote.close.is_empty() && here.starts_with(quote.close) {
                self.flush(at, quote.raw, &mut parts);
                self.advance(quote.close.len());
                return parts;
            }
            match opener {
                // Doubled braces of Python are one that is text.
                Some(&"{") if here.starts_with("{{") => {
                    self.flush(at + 1, quote.raw, &mut parts);
                    self.advance(1);
                    at = 0;
                }
                Some(opener) => {
                    self.flush(at, quote.raw, &mut parts);
                    // `"{$a}"` of PHP: the sigil is of the expression.
                    self.advance(opener.len() - usize::from(*opener == "{$"));
                    let code = self.code();
                    let is_name =
                        *opener == "${" && self.language == Language::Php && !is_computed(code);
                    let sigil = if is_name { "$" } else { "" };
                    parts.push(Part::Code([sigil, code].concat()));
                    at = 0;
                }
                None if c == '\\' => {
                    let next = here.get(1..).and_then(|it| it.chars().next());
                    at += 1 + next.map_or(0, char::len_utf8);
                }
                None => {
                    if Some(c) == quote.open {
                        depth = depth.saturating_add(1);
                    } else if here.starts_with(quote.close) {
                        depth = depth.saturating_sub(1);
                    }
                    at += c.len_utf8();
                }
            }
        }
    }

    /// Takes `length` bytes as text.
    fn flush(&mut self, length: usize, raw: bool, parts: &mut Vec<Part>) {
        let text = self.rest.get(..length).unwrap_or_default();
        if self.language == Language::Php {
            named(text, parts);
        } else if raw {
            push_text(parts, text);
        } else {
            push_text(parts, &unescape(text));
        }
        self.advance(length);
    }

    /// Takes what stands before the delimiter that closes `open`, brackets nesting, and the delimiter.
    pub(super) fn delimited(&mut self, open: char) -> &'a str {
        let close = closing(open);
        let (mut depth, mut escaped) = (1_u32, false);
        for (at, c) in self.rest.char_indices() {
            if escaped {
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c == close {
                depth -= 1;
                if depth == 0 {
                    let body = self.rest.get(..at).unwrap_or_default();
                    self.advance(at + c.len_utf8());
                    return body;
                }
            } else if c == open {
                depth = depth.saturating_add(1);
            }
        }
        std::mem::take(&mut self.rest)
    }

    /// Python's `rb"…"` and `f'…'`; R's `r"(…)"`.
    pub(super) fn prefixed_quote(&mut self, name: &str) -> bool {
        let behind = self.rest.get(name.len()..).unwrap_or_default();
        if self.language == Language::Other && matches!(name, "r" | "br") && behind.starts_with('#')
        {
            return self.raw_of_rust(name, behind);
        }
        let Some(quote @ ('"' | '\'')) = behind.chars().next() else {
            return false;
        };
        if self.language == Language::Other && matches!(name, "r" | "R") {
            return self.raw_of_r(behind);
        }
        if self.language != Language::Python
            || name.len() > 2
            || !name
                .chars()
                .all(|c| matches!(c.to_ascii_lowercase(), 'r' | 'b' | 'f' | 'u' | 't'))
        {
            return false;
        }
        let lower = name.to_ascii_lowercase();
        let (is_raw, is_formatted) = (lower.contains('r'), lower.contains(['f', 't']));
        let start = self.rest;
        self.advance(name.len());
        // Between the braces of a formatted one lines may end (Python 3.12).
        if !is_formatted && self.is_open_line(quote) {
            self.rest = start;
            return false;
        }
        let parts = self.python(quote, is_raw, is_formatted);
        self.tokens.push(Token::Text(parts));
        true
    }

    /// Python's strings, three quotes too.
    fn python(&mut self, quote: char, raw: bool, is_formatted: bool) -> Vec<Part> {
        let triple: String = std::iter::repeat_n(quote, 3).collect();
        let is_triple = self.rest.starts_with(&triple);
        self.advance(if is_triple { 3 } else { 1 });
        if is_formatted {
            let single = quote.to_string();
            return self.parts(Quote {
                close: if is_triple { &triple } else { &single },
                open: None,
                code: &["{"],
                raw,
            });
        }
        let body = if is_triple {
            self.up_to(&triple)
        } else {
            self.delimited(quote)
        };
        if raw {
            vec![Part::Text(body.to_owned())]
        } else {
            vec![Part::Text(unescape(body))]
        }
    }

    /// Lua's `[[…]]` and `[==[…]==]`.
    pub(super) fn long_bracket(&mut self) -> Option<String> {
        let inner = self.rest.strip_prefix('[')?;
        let equals = end_of(inner, |c| c == '=');
        let body = inner.get(equals..)?.strip_prefix('[')?;
        let close = ["]", inner.get(..equals).unwrap_or_default(), "]"].concat();
        self.rest = body;
        Some(self.up_to(&close).to_owned())
    }

    /// Ruby's `:name` and `:"name"`: a text for whoever calls by name.
    fn symbol(&mut self) -> bool {
        let behind = self.rest.get(1..).unwrap_or_default();
        if self.rest.starts_with("::") {
            return false;
        }
        if behind.starts_with('"') {
            self.advance(1);
            let parts = self.literal('"');
            self.tokens.push(Token::Text(parts));
            return true;
        }
        let length = end_of(behind, |c| c.is_alphanumeric() || c == '_');
        let is_keyword = matches!(self.tokens.last(), Some(Token::Name(_) | Token::Text(_)));
        if length == 0 || is_keyword || behind.starts_with(|c: char| c.is_ascii_digit()) {
            return false;
        }
        let name = behind.get(..length).unwrap_or_default().to_owned();
        self.advance(1 + length);
        self.tokens.push(Token::Text(vec![Part::Text(name)]));
        true
    }

    /// Ruby's `?"`: a letter (Ruby 3.3, "Character Literal").
    fn letter(&mut self) -> bool {
        let mut behind = self.rest.chars().skip(1);
        let (letter, next) = (behind.next(), behind.next());
        let is_one = next.is_none_or(|c| !(c.is_alphanumeric() || c == '_'));
        let Some(letter) = letter.filter(|c| is_one && !c.is_whitespace() && *c != '\\') else {
            return false;
        };
        if self.place() == Place::Operator {
            return false;
        }
        self.advance(1 + letter.len_utf8());
        self.tokens
            .push(Token::Text(vec![Part::Text(letter.to_string())]));
        true
    }

    /// Ruby's `%w[…]`, `%q(…)`, `%x(…)`, `%r{…}`, `%(…)`.
    fn percent(&mut self) -> bool {
        let mut behind = self.rest.chars().skip(1);
        let (Some(kind), next) = (behind.next(), behind.next()) else {
            return false;
        };
        let (kind, open) = match (kind, next) {
            ('(' | '[' | '{' | '<' | '|' | '!' | '/', _) => match self.place() {
                Place::Operand => ('Q', kind),
                Place::Either if !self.is_other => {
                    self.otherwise.push(self.rest.get(1..).unwrap_or_default());
                    ('Q', kind)
                }
                Place::Either | Place::Operator => return false,
            },
            ('w' | 'W' | 'i' | 'I' | 'q' | 'Q' | 'x' | 'r' | 's', Some(open))
                if !open.is_alphanumeric() && open != ' ' =>
            {
                self.advance(1);
                (kind, open)
            }
            _ => return false,
        };
        self.advance(1 + open.len_utf8());
        if matches!(kind, 'w' | 'i' | 'q' | 's') {
            let body = self.delimited(open);
            self.tokens.push(match kind {
                'w' | 'i' => Token::Words(body.split_whitespace().map(str::to_owned).collect()),
                _ => Token::Text(vec![Part::Text(body.to_owned())]),
            });
            return true;
        }
        let close = closing(open);
        let parts = self.parts(Quote {
            close: &close.to_string(),
            open: (close != open).then_some(open),
            code: openers(self.language),
            raw: kind == 'r',
        });
        if kind == 'r' {
            let flags = end_of(self.rest, |c| c.is_ascii_alphabetic());
            self.advance(flags);
        }
        self.tokens.push(match (kind, parts.as_slice()) {
            ('W' | 'I', [Part::Text(body)]) => {
                Token::Words(body.split_whitespace().map(str::to_owned).collect())
            }
            ('x', _) => Token::Shell(parts),
            ('r', _) => Token::Pattern(parts),
            _ => Token::Text(parts),
        });
        true
    }

    /// A pattern between slashes, unless the slash divides.
    fn slashed(&mut self) -> bool {
        let place = self.place();
        if place == Place::Operator || place == Place::Either && self.is_other {
            return false;
        }
        let behind = self.rest.get(1..).unwrap_or_default();
        let Some(length) = self.pattern_end(behind) else {
            return false;
        };
        let body = behind.get(..length).unwrap_or_default();
        let mut parts = vec![Part::Text(body.to_owned())];
        if place == Place::Either {
            let hides = |c: char| matches!(c, '"' | '\'' | '`' | '#' | '/' | '*');
            if body.contains(hides) || self.language == Language::Perl {
                self.otherwise.push(behind);
            } else {
                parts.push(Part::Code(body.to_owned()));
            }
        }
        self.advance(1);
        if self.language == Language::Ruby {
            // A slash in its code ends no pattern.
            let found = self.parts(Quote {
                close: "/",
                open: None,
                code: openers(self.language),
                raw: true,
            });
            parts.extend(found);
        } else {
            self.advance(length + 1);
            if self.language == Language::Perl {
                parts.extend(self.interpolated(body, '/', true));
            } else if self.language == Language::Other {
                // Groovy's texts, CoffeeScript's patterns.
                let mut inner = self.within(body);
                let found = inner.parts(Quote {
                    close: "",
                    open: None,
                    code: &["${", "#{"],
                    raw: true,
                });
                let is_code = |part: &Part| matches!(part, Part::Code(code) if is_computed(code));
                parts.extend(found.into_iter().filter(is_code));
            }
        }
        let flags = end_of(self.rest, |c| c.is_ascii_alphabetic());
        self.advance(flags);
        self.tokens.push(Token::Pattern(parts));
        true
    }

    /// Where the pattern ends that begins with `body`; nowhere if it is none.
    fn pattern_end(&mut self, body: &str) -> Option<usize> {
        if !self.may_look() {
            return None;
        }
        let has_classes = matches!(
            self.language,
            Language::Javascript | Language::Mongo | Language::Awk
        );
        let is_line = has_classes || self.language == Language::Other;
        let (mut is_escaped, mut is_class) = (false, false);
        for (at, c) in body.char_indices() {
            match c {
                '\n' if is_line => break,
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '[' => is_class = has_classes,
                ']' => is_class = false,
                '/' if !is_class => return Some(at),
                _ => {}
            }
        }
        // Where lines end it, only a class of letters hides what closes it from more than one look.
        self.missed.ends += usize::from(is_class || !is_line);
        None
    }
}

/// What begins an expression in a text of a language.
pub(super) fn openers(language: Language) -> &'static [&'static str] {
    if language == Language::Ruby {
        &["#{"]
    } else if language == Language::Php {
        &["{$", "${"]
    } else if matches!(language, Language::Javascript | Language::Mongo) {
        &["${"]
    } else {
        &[]
    }
}

/// Whether code is more than a name, so that something is done where it is evaluated.
pub(super) fn is_computed(code: &str) -> bool {
    code.contains(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | ' ' | '$' | '@')))
}

pub(super) fn closing(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        '{' => '}',
        '<' => '>',
        other => other,
    }
}

pub(super) fn push_text(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(Part::Text(last)) => last.push_str(text),
        Some(Part::Code(_) | Part::Aside(_)) | None => parts.push(Part::Text(text.to_owned())),
    }
}
