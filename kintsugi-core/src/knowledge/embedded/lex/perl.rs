//! Perl's quote operators, and what is computed in its texts and in PHP's (perlop(1), perldata(1) 5.38).

use super::literals::{closing, is_computed, push_text};
use super::operand::Bracket;
use super::{Language, Lexer, Part, Token, end_of};
use crate::knowledge::embedded::escapes::unescape;

impl Lexer<'_> {
    /// `q{}`, `qq{}`, `qx{}`, `qw{}`, `m//`, `s///`, `tr///`.
    pub(super) fn quote_operator(&mut self, name: &str) -> bool {
        if self.language != Language::Perl {
            return false;
        }
        let halves = match name {
            "q" | "qq" | "qx" | "qw" | "qr" | "m" => 1,
            "s" | "tr" | "y" => 2,
            _ => return false,
        };
        let behind = self.rest.get(name.len()..).unwrap_or_default();
        let rest = behind.trim_start();
        let Some(open) = rest.chars().next() else {
            return false;
        };
        let is_spaced = rest.len() < behind.len();
        // Behind a blank a letter delimits too, and `#` begins a comment.
        if is_spaced && open == '#' || !is_spaced && (open.is_alphanumeric() || open == '_') {
            return false;
        }
        if self.is_name(rest, open) {
            return false;
        }
        self.rest = rest.get(open.len_utf8()..).unwrap_or_default();
        let body = self.delimited(open);
        let is_plain = open == '\'';
        let token = match name {
            "q" => Token::Text(vec![Part::Text(body.to_owned())]),
            "qw" => Token::Words(body.split_whitespace().map(str::to_owned).collect()),
            "qq" => Token::Text(self.interpolated(body, open, false)),
            "qx" if is_plain => Token::Shell(vec![Part::Text(body.to_owned())]),
            "qx" => Token::Shell(self.interpolated(body, open, false)),
            _ => {
                let mut parts = vec![Part::Text(body.to_owned())];
                if !is_plain && !matches!(name, "tr" | "y") {
                    parts.extend(self.codes(body, open, true));
                }
                if halves == 2 {
                    self.replacement(name, open, &mut parts);
                    Token::Change(parts)
                } else {
                    Token::Pattern(parts)
                }
            }
        };
        if matches!(name, "m" | "qr") {
            let flags = end_of(self.rest, |c| c.is_ascii_alphabetic());
            self.advance(flags);
        }
        self.tokens.push(token);
        true
    }

    /// Whether the letters of a quote operator are a name here: a key, a function, a method, a test of a file.
    fn is_name(&self, rest: &str, open: char) -> bool {
        let last = self.tokens.last();
        let is_filetest = matches!(last, Some(Token::Mark("-"))) && !self.spaced;
        let is_sigil = matches!(last, Some(Token::Mark("&" | "%" | "*"))) && !self.spaced;
        let is_key = matches!(self.brackets.last(), Some(Bracket::Key))
            && matches!(last, Some(Token::Mark("{")))
            && open == '}';
        rest.starts_with("=>")
            || is_key
            || is_filetest
            || is_sigil
            || matches!(last, Some(Token::Mark("->")))
            || matches!(last, Some(Token::Name(name)) if name == "sub")
            // `print $y, s;`: nobody delimits so, and what follows is read.
            || matches!(open, ')' | '}' | ']')
    }

    /// The second half of `s///` or `tr///`, and the flags.
    fn replacement(&mut self, name: &str, open: char, parts: &mut Vec<Part>) {
        let open = if closing(open) == open {
            open
        } else {
            self.next_opening().unwrap_or(open)
        };
        let close = closing(open);
        let body = self.delimited(open);
        let flags = end_of(self.rest, |c| c.is_ascii_alphabetic());
        let is_code = self
            .rest
            .get(..flags)
            .is_some_and(|flags| flags.contains('e'));
        self.advance(flags);
        if name != "s" {
            return;
        }
        if is_code {
            // `s/x/unlink "a\/b"/e`: the delimiter is written with a backslash.
            let escaped: String = ['\\', close].iter().collect();
            parts.retain(|part| !matches!(part, Part::Text(_)));
            parts.push(Part::Code(body.replace(&escaped, &close.to_string())));
        } else if open != '\'' {
            parts.extend(self.codes(body, open, false));
        }
    }

    fn next_opening(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        while self.rest.starts_with('#') {
            self.up_to("\n");
            self.rest = self.rest.trim_start();
        }
        let open = self.rest.chars().next()?;
        self.advance(open.len_utf8());
        Some(open)
    }

    /// What is computed in a pattern or replacement.
    fn codes(&mut self, body: &str, open: char, is_pattern: bool) -> Vec<Part> {
        let mut parts = self.interpolated(body, open, is_pattern);
        parts.retain(|part| matches!(part, Part::Code(code) if is_computed(code)));
        parts
    }

    /// Splits a text at its variables and expressions.
    pub(super) fn interpolated(&mut self, body: &str, open: char, is_pattern: bool) -> Vec<Part> {
        let mut parts = Vec::new();
        // The delimiter is written with a backslash.
        let close = closing(open);
        let body = body.replace(
            &['\\', close].iter().collect::<String>(),
            &close.to_string(),
        );
        let (mut rest, mut at) = (body.as_str(), 0);
        while let Some(c) = rest.get(at..).and_then(|it| it.chars().next()) {
            let here = rest.get(at..).unwrap_or_default();
            let next = match c {
                '\\' => {
                    let letter = here.get(1..).and_then(|it| it.chars().next());
                    at += 1 + letter.map_or(0, char::len_utf8);
                    continue;
                }
                // An address: `me@example.org`.
                '@' if rest
                    .get(..at)
                    .is_some_and(|it| it.ends_with(char::is_alphanumeric)) =>
                {
                    None
                }
                '$' | '@' => self.variable(here),
                '(' if is_pattern => self.evaluated(here),
                _ => None,
            };
            let Some((length, codes)) = next else {
                at += c.len_utf8();
                continue;
            };
            push_text(&mut parts, &unescape(rest.get(..at).unwrap_or_default()));
            parts.extend(codes.into_iter().map(Part::Code));
            rest = here.get(length..).unwrap_or_default();
            at = 0;
        }
        push_text(&mut parts, &unescape(rest));
        parts
    }

    /// `(?{ code })` and `(??{ code })` of a pattern (perlre(1) 5.38).
    fn evaluated(&mut self, here: &str) -> Option<(usize, Vec<String>)> {
        let opener = ["(?{", "(??{", "(*{"]
            .iter()
            .find(|it| here.starts_with(**it))?;
        let code = self.inner(here.get(opener.len()..)?);
        Some((opener.len() + code.len() + 1, vec![code.to_owned()]))
    }

    /// A variable with its keys, or an expression behind a sigil: how long it is, and what is evaluated.
    fn variable(&mut self, here: &str) -> Option<(usize, Vec<String>)> {
        let is_list = here.starts_with('@');
        let sigils = end_of(here, |c| matches!(c, '$' | '@'));
        let mut at = sigils;
        if here.get(at..)?.starts_with('#') && !is_list {
            at += 1;
        }
        let behind = here.get(at..)?;
        let mut codes = Vec::new();
        let name = if let Some(inner) = behind.strip_prefix('{') {
            let code = self.inner(inner);
            at += code.len() + 2;
            let name = code.trim();
            if is_computed(name) || is_list {
                // `@{[ … ]}` puts a list together of one expression.
                let list = name.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
                codes.push(list.filter(|_| is_list).unwrap_or(code).to_owned());
                String::new()
            } else {
                [here.get(..sigils)?, name].concat()
            }
        } else {
            let length = name_end(behind);
            if length == 0 {
                return None;
            }
            at += length;
            here.get(..at)?.to_owned()
        };
        let start = at;
        loop {
            let behind = here.get(at..)?;
            let arrow = if behind.starts_with("->[") || behind.starts_with("->{") {
                2
            } else {
                0
            };
            let key = behind.get(arrow..)?;
            if !key.starts_with(['[', '{']) || is_list && arrow > 0 {
                break;
            }
            if !self.may_look() {
                break;
            }
            let code = self.inner(key.get(1..)?);
            if key.len() < code.len() + 2 {
                self.missed.ends += 1;
                break;
            }
            if is_computed(code) && code.contains(['(', '`', ' ']) {
                codes.push(code.to_owned());
            }
            at += arrow + code.len() + 2;
        }
        if !name.is_empty() {
            codes.insert(0, [name.as_str(), here.get(start..at)?].concat());
        }
        Some((at, codes))
    }

    /// The code up to the bracket that closes it.
    fn inner<'b>(&mut self, text: &'b str) -> &'b str {
        let mut inner = self.within(text);
        let code = inner.code();
        self.has_read(&inner);
        code
    }
}

/// Where a name ends, with the packages that it is in.
fn name_end(text: &str) -> usize {
    let mut end = 0;
    loop {
        let rest = text.get(end..).unwrap_or_default();
        let rest = if end > 0 {
            rest.strip_prefix("::").unwrap_or("")
        } else {
            rest
        };
        let length = end_of(rest, |c| c.is_alphanumeric() || c == '_');
        if length == 0 {
            return end;
        }
        end += length + if end > 0 { 2 } else { 0 };
    }
}

/// Splits a text of PHP at its variables: `"$dir/x"`.
pub(super) fn named(body: &str, parts: &mut Vec<Part>) {
    let mut rest = body;
    while let Some((before, behind)) = rest.split_once('$') {
        let length = end_of(behind, |c| c.is_alphanumeric() || c == '_');
        if before.ends_with('\\') || length == 0 {
            let before = before.strip_suffix('\\').unwrap_or(before);
            push_text(parts, &[&unescape(before), "$"].concat());
            rest = behind;
            continue;
        }
        push_text(parts, &unescape(before));
        let (name, after) = behind.split_at(length);
        parts.push(Part::Code(["$", name].concat()));
        rest = after;
    }
    push_text(parts, &unescape(rest));
}
