//! Splits the text of a scripting language into names, strings, numbers and punctuation.
//!
//! One reader for Python, JavaScript, Perl, Ruby, PHP and their like: what differs between them, and matters here, is how
//! strings, comments and embedded expressions are written. It never fails; a string that does not end goes to the end.

use super::escapes::{octal, unescape};
use crate::knowledge::schema::Language;

/// A piece of program text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// An identifier, with its sigil: `os`, `$path`, `@ARGV`.
    Name(String),
    /// A string literal.
    Text(Vec<Part>),
    /// Text that the language hands to a shell: backquotes, `qx{…}`, `%x(…)`.
    Shell(Vec<Part>),
    /// A list of words: `qw(a b)`, `%w[a b]`.
    Words(Vec<String>),
    /// A regular expression or substitution; code that it evaluates is a part.
    Pattern(Vec<Part>),
    /// A substitution or a table of letters: what it is applied to is something else afterwards.
    Change(Vec<Part>),
    /// A number.
    Number(String),
    /// An operator or bracket.
    Mark(&'static str),
    /// The end of a line.
    Line,
}

impl Token {
    /// Returns the operator or bracket that it is; the empty text when it is none.
    pub(super) fn mark(&self) -> &'static str {
        if let Self::Mark(mark) = self {
            mark
        } else {
            ""
        }
    }

    /// Returns the text of a string literal of which no part is computed.
    pub(super) fn text(&self) -> Option<&str> {
        let Self::Text(parts) = self else { return None };
        match parts.as_slice() {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }
}

/// A part of a string literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Text, escapes resolved.
    Text(String),
    /// An expression of the language, as written.
    Code(String),
}

/// Stands in a text for a part that only the shell knows when it runs (U+FFFC OBJECT REPLACEMENT CHARACTER).
pub(super) const HOLE: char = '\u{FFFC}';

/// Operators of which the first that fits is taken, so longer ones come first.
const MARKS: &[&str] = &[
    "...", "===", "!==", "**=", "->", "::", "=>", "==", "!=", "<=", ">=", "+=", "-=", ".=", "&&",
    "||", "**", "?.", "..", "<<", ">>", "=~", "!~", ":=", "(", ")", "[", "]", "{", "}", ",", ";",
    ":", ".", "=", "+", "-", "*", "/", "%", "<", ">", "!", "&", "|", "^", "~", "?", "@", "$", "\\",
    "#", "'", "\"", "`",
];

/// Reads tokens off a text.
struct Lexer<'a> {
    rest: &'a str,
    language: Language,
    tokens: Vec<Token>,
}

/// Splits `text` into tokens, of which there are never more than bytes.
pub(super) fn tokens(text: &str, language: Language) -> Vec<Token> {
    if language == Language::Python && !text.is_ascii() {
        let plain: String = text.chars().map(super::escapes::compatible).collect();
        return split(&plain, language);
    }
    split(text, language)
}

fn split(text: &str, language: Language) -> Vec<Token> {
    let mut lexer = Lexer {
        rest: text,
        language,
        tokens: Vec::new(),
    };
    while lexer.step() {}
    lexer.tokens
}

impl<'a> Lexer<'a> {
    /// Reads one token or skips what is none; false at the end.
    fn step(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else {
            return false;
        };
        if first == '\n' {
            self.advance(1);
            self.tokens.push(Token::Line);
        } else if first.is_whitespace() {
            self.advance(first.len_utf8());
        } else if !(self.comment() || self.word(first) || self.quoted(first)) {
            self.mark(first);
        }
        true
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// Takes the text up to `end` and what comes behind it, or everything.
    fn up_to(&mut self, end: &str) -> &'a str {
        let (taken, rest) = self.rest.split_once(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn comment(&mut self) -> bool {
        let slashes = matches!(
            self.language,
            Language::Javascript | Language::Php | Language::Mongo
        );
        let hash = !matches!(
            self.language,
            Language::Javascript | Language::Mongo | Language::Lua
        );
        if self.language == Language::Lua && self.rest.starts_with("--") {
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            self.advance(end);
            return true;
        }
        if hash && self.rest.starts_with('#') || slashes && self.rest.starts_with("//") {
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            self.advance(end);
            return true;
        }
        if slashes && self.rest.starts_with("/*") {
            self.advance(2);
            self.up_to("*/");
            return true;
        }
        false
    }

    fn word(&mut self, first: char) -> bool {
        if first.is_ascii_digit() {
            let end = end_of(self.rest, |c| c.is_ascii_alphanumeric() || c == '_');
            self.tokens.push(Token::Number(
                self.rest.get(..end).unwrap_or_default().to_owned(),
            ));
            self.advance(end);
            return true;
        }
        let sigils = matches!(
            self.language,
            Language::Perl | Language::Php | Language::Ruby
        );
        let skip = usize::from(sigils && matches!(first, '$' | '@'));
        let rest = self.rest.get(skip..).unwrap_or_default();
        let length = end_of(rest, |c| {
            c.is_alphanumeric() || c == '_' || (c == '$' && skip == 0)
        });
        if length == 0 || rest.starts_with(|c: char| c.is_ascii_digit()) && skip == 0 {
            return false;
        }
        let mut end = skip + length;
        let name = self.rest.get(..end).unwrap_or_default();
        if self.prefixed_quote(name) || self.quote_operator(name) {
            return true;
        }
        // Ruby's `rm_rf!` and `exist?` are names; `x ? y : z` is not.
        let mut bang = 0;
        if matches!(self.language, Language::Ruby | Language::Other) {
            let behind = self.rest.get(end..).unwrap_or_default();
            bang = usize::from(behind.starts_with('!') && !behind.starts_with("!="));
        }
        // Elixir's `rm_rf!` is `rm_rf`. Julia's `delete!` takes a key out of a collection, and no file (Julia 1.11, "Collections").
        let is_of_collection = self.language == Language::Other
            && self.rest.get(..end) == Some("delete")
            && !matches!(self.tokens.last(), Some(Token::Mark(".")));
        if is_of_collection {
            end += bang;
        }
        let name = self.rest.get(..end).unwrap_or_default().to_owned();
        if !is_of_collection {
            end += bang;
        }
        self.tokens.push(Token::Name(name));
        self.advance(end);
        true
    }

    /// Python's `rb"…"` and `f'…'`.
    fn prefixed_quote(&mut self, name: &str) -> bool {
        if self.language != Language::Python
            || name.len() > 2
            || !name
                .chars()
                .all(|c| matches!(c.to_ascii_lowercase(), 'r' | 'b' | 'f' | 'u'))
        {
            return false;
        }
        let behind = self.rest.get(name.len()..).unwrap_or_default();
        let Some(quote @ ('"' | '\'')) = behind.chars().next() else {
            return false;
        };
        let lower = name.to_ascii_lowercase();
        self.advance(name.len());
        let parts = self.string(
            quote,
            lower.contains('r'),
            lower.contains('f').then_some("{"),
        );
        self.tokens.push(Token::Text(parts));
        true
    }

    /// Perl's `q{}`, `qq{}`, `qx{}`, `qw{}`, `m//`, `s///`, `tr///`.
    fn quote_operator(&mut self, name: &str) -> bool {
        if self.language != Language::Perl {
            return false;
        }
        let halves = match name {
            "q" | "qq" | "qx" | "qw" | "qr" | "m" => 1,
            "s" | "tr" | "y" => 2,
            _ => return false,
        };
        let behind = self.rest.get(name.len()..).unwrap_or_default();
        let Some(open) = behind.chars().next() else {
            return false;
        };
        if open.is_alphanumeric()
            || open.is_whitespace()
            || matches!(open, ',' | ';' | '=' | ')' | '-')
        {
            return false;
        }
        self.advance(name.len() + open.len_utf8());
        let body = self.delimited(open);
        let mut parts = vec![Part::Text(body.to_owned())];
        if halves == 2 {
            let bracketed = closing(open) != open;
            let open = if bracketed {
                self.next_opening().unwrap_or(open)
            } else {
                open
            };
            let close = closing(open);
            // `s/x/unlink "a\/b"/e`: the delimiter is written with a backslash (perlop(1) 5.38, "Quote-Like Operators").
            let escaped: String = ['\\', close].iter().collect();
            let replacement = self.delimited(open).replace(&escaped, &close.to_string());
            let flags = end_of(self.rest, |c| c.is_ascii_alphabetic());
            if name == "s"
                && self
                    .rest
                    .get(..flags)
                    .is_some_and(|flags| flags.contains('e'))
            {
                parts = vec![Part::Code(replacement)];
            }
            self.advance(flags);
        }
        self.tokens.push(match name {
            "q" => Token::Text(parts),
            "qq" => Token::Text(interpolate(body, self.language)),
            "qx" => Token::Shell(interpolate(body, self.language)),
            "qw" => Token::Words(body.split_whitespace().map(str::to_owned).collect()),
            "s" | "tr" | "y" => Token::Change(parts),
            _ => Token::Pattern(parts),
        });
        true
    }

    fn next_opening(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        let open = self.rest.chars().next()?;
        self.advance(open.len_utf8());
        Some(open)
    }

    /// Takes what stands before the delimiter that closes `open`, brackets nesting, and the delimiter.
    fn delimited(&mut self, open: char) -> &'a str {
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

    fn quoted(&mut self, first: char) -> bool {
        match (first, self.language) {
            ('"' | '\'', Language::Python) => {
                let parts = self.string(first, false, None);
                self.tokens.push(Token::Text(parts));
            }
            ('`', Language::Perl | Language::Ruby | Language::Php | Language::Other) => {
                self.advance(1);
                let body = self.delimited('`');
                self.tokens
                    .push(Token::Shell(interpolate(body, self.language)));
            }
            ('`', Language::Javascript | Language::Mongo) => {
                self.advance(1);
                let body = self.delimited('`');
                self.tokens.push(Token::Text(braced(body, "${")));
            }
            ('"', Language::Perl | Language::Ruby | Language::Php) => {
                self.advance(1);
                let body = self.delimited('"');
                self.tokens
                    .push(Token::Text(interpolate(body, self.language)));
            }
            ('"' | '\'', _) => {
                self.advance(1);
                let body = self.delimited(first);
                let raw = first == '\'' && matches!(self.language, Language::Perl | Language::Ruby);
                let text = if raw {
                    body.to_owned()
                } else if self.language == Language::Lua {
                    unescape(&octal(body))
                } else {
                    unescape(body)
                };
                self.tokens.push(Token::Text(vec![Part::Text(text)]));
            }
            ('%', Language::Ruby) => return self.percent(),
            (':', Language::Ruby) => return self.symbol(),
            ('/', _) if self.at_operand() && self.language != Language::Python => {
                self.advance(1);
                let body = self.delimited('/').to_owned();
                let flags = end_of(self.rest, |c| c.is_ascii_alphabetic());
                self.advance(flags);
                self.tokens.push(Token::Pattern(vec![Part::Text(body)]));
            }
            _ => return false,
        }
        true
    }

    /// Ruby's `:name` and `:"name"`: a text for whoever calls by name.
    fn symbol(&mut self) -> bool {
        let behind = self.rest.get(1..).unwrap_or_default();
        if self.rest.starts_with("::") {
            return false;
        }
        if behind.starts_with('"') {
            self.advance(2);
            let body = self.delimited('"');
            self.tokens
                .push(Token::Text(interpolate(body, self.language)));
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

    /// Ruby's `%w[…]`, `%q(…)`, `%x(…)`.
    fn percent(&mut self) -> bool {
        let mut behind = self.rest.chars().skip(1);
        let (Some(kind), Some(open)) = (behind.next(), behind.next()) else {
            return false;
        };
        if !matches!(kind, 'w' | 'W' | 'i' | 'q' | 'Q' | 'x')
            || open.is_alphanumeric()
            || open == ' '
        {
            return false;
        }
        self.advance(2 + open.len_utf8());
        let body = self.delimited(open);
        self.tokens.push(match kind {
            'w' | 'W' | 'i' => Token::Words(body.split_whitespace().map(str::to_owned).collect()),
            'x' => Token::Shell(interpolate(body, self.language)),
            _ => Token::Text(interpolate(body, self.language)),
        });
        true
    }

    /// Python's strings, three quotes too. `braces` opens an expression in them.
    fn string(&mut self, quote: char, raw: bool, braces: Option<&str>) -> Vec<Part> {
        let triple: String = std::iter::repeat_n(quote, 3).collect();
        let body = if self.rest.starts_with(&triple) {
            self.advance(3);
            self.up_to(&triple)
        } else {
            self.advance(1);
            self.delimited(quote)
        };
        match braces {
            Some(open) => braced(body, open),
            None if raw => vec![Part::Text(body.to_owned())],
            None => vec![Part::Text(unescape(body))],
        }
    }

    /// Whether an operand may stand here, so that `/` opens a pattern and is not a division.
    fn at_operand(&self) -> bool {
        match self.tokens.last() {
            None | Some(Token::Line) => true,
            Some(Token::Mark(mark)) => !matches!(*mark, ")" | "]" | "}"),
            Some(Token::Name(name)) => {
                matches!(
                    name.as_str(),
                    "return" | "split" | "grep" | "if" | "unless" | "and" | "or"
                )
            }
            Some(
                Token::Text(_)
                | Token::Shell(_)
                | Token::Words(_)
                | Token::Pattern(_)
                | Token::Change(_)
                | Token::Number(_),
            ) => false,
        }
    }

    fn mark(&mut self, first: char) {
        let rest = self.rest.as_bytes();
        // Most differ in their first byte, and to compare that is cheaper than to compare texts.
        let fits = |mark: &&&str| {
            mark.as_bytes().first() == rest.first() && rest.starts_with(mark.as_bytes())
        };
        let mark = MARKS.iter().find(fits);
        self.advance(mark.map_or(first.len_utf8(), |mark| mark.len()));
        match mark {
            Some(mark) => self.tokens.push(Token::Mark(mark)),
            None if first == HOLE => self.tokens.push(Token::Name(HOLE.to_string())),
            None => {}
        }
    }
}

pub(super) fn end_of(text: &str, member: impl Fn(char) -> bool) -> usize {
    text.find(|c: char| !member(c)).unwrap_or(text.len())
}

fn closing(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        '{' => '}',
        '<' => '>',
        other => other,
    }
}

/// Splits a literal at expressions that `open` (ending in a brace) begins; doubled braces of Python are text.
fn braced(body: &str, open: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = body;
    while let Some((before, behind)) = rest.split_once(open) {
        push_text(&mut parts, &unescape(before));
        if open == "{" && behind.starts_with('{') {
            push_text(&mut parts, "{");
            rest = behind.get(1..).unwrap_or_default();
            continue;
        }
        let (code, after) = behind.split_once('}').unwrap_or((behind, ""));
        parts.push(Part::Code(code.to_owned()));
        rest = after;
    }
    push_text(&mut parts, &unescape(rest));
    parts
}

/// Splits a literal of Perl, PHP or Ruby at its variables and expressions.
fn interpolate(body: &str, language: Language) -> Vec<Part> {
    if language == Language::Ruby {
        return braced(body, "#{");
    }
    let mut parts = Vec::new();
    let mut rest = body;
    while let Some(at) = rest.find('$') {
        let (before, behind) = rest.split_at(at);
        let escaped = before.ends_with('\\');
        push_text(
            &mut parts,
            &unescape(before.strip_suffix(['\\', '{']).unwrap_or(before)),
        );
        let name = behind.get(1..).unwrap_or_default();
        let braces = name.starts_with('{');
        let inner = if braces {
            name.get(1..).unwrap_or_default()
        } else {
            name
        };
        let length = end_of(inner, |c| c.is_alphanumeric() || c == '_');
        if escaped || length == 0 {
            push_text(&mut parts, "$");
            rest = name;
            continue;
        }
        let name = inner.get(..length).unwrap_or_default();
        rest = inner.get(length..).unwrap_or_default();
        // `"$ENV{HOME}/x"`
        let key = rest.strip_prefix('{').and_then(|it| it.split_once('}'));
        if let Some((key, behind)) = key.filter(|_| name == "ENV" && language == Language::Perl) {
            parts.push(Part::Code(["$ENV{", key, "}"].concat()));
            rest = behind;
            continue;
        }
        parts.push(Part::Code(format!("${name}")));
        rest = rest.strip_prefix('}').unwrap_or(rest);
    }
    push_text(&mut parts, &unescape(rest));
    parts
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(Part::Text(last)) => last.push_str(text),
        Some(Part::Code(_)) | None => parts.push(Part::Text(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Token {
        Token::Text(vec![Part::Text(value.to_owned())])
    }

    #[test]
    fn python_strings_with_every_prefix() {
        let code = r#"a = rb'\n' + "\x41\101" + '''x'y''' # "no"
f"{b}/c{{""#;
        let texts: Vec<Token> = tokens(code, Language::Python)
            .into_iter()
            .filter(|token| matches!(token, Token::Text(_)))
            .collect();
        let formatted = Token::Text(vec![
            Part::Code("b".to_owned()),
            Part::Text("/c{".to_owned()),
        ]);
        assert_eq!(texts, [text(r"\n"), text("AA"), text("x'y"), formatted]);
    }

    #[test]
    fn a_quote_in_a_pattern_opens_no_string() {
        let perl = tokens(r#"s/"/'/g; system "ls""#, Language::Perl);
        assert_eq!(perl.last(), Some(&text("ls")));
        let javascript = tokens(r#"x = /["']/.test(y); f("z")"#, Language::Javascript);
        assert!(javascript.contains(&text("z")), "{javascript:?}");
    }

    #[test]
    fn shells_of_perl_and_ruby() {
        let shell = Token::Shell(vec![Part::Text("ls -l".to_owned())]);
        assert_eq!(
            tokens("`ls -l`", Language::Perl),
            std::slice::from_ref(&shell)
        );
        assert_eq!(
            tokens("qx{ls -l}", Language::Perl),
            std::slice::from_ref(&shell)
        );
        assert_eq!(tokens("%x(ls -l)", Language::Ruby), [shell]);
    }

    #[test]
    fn an_evaluated_substitution_is_code() {
        let tokens = tokens("s/x/system('ls')/e", Language::Perl);
        assert_eq!(
            tokens,
            [Token::Change(vec![Part::Code("system('ls')".to_owned())])]
        );
    }
}
