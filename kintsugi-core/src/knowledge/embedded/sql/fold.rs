//! What an expression of SQL says, as far as constants tell: joined texts, character numbers, encodings.
//!
//! What is not known is a hole in the text, so that what is run of it can be judged by the rest.

use std::collections::BTreeMap;

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};

use super::super::lex::HOLE;
use super::tokens::{Kind, Token};

/// Longest text that is put together.
const TEXT_BYTES_MAX: usize = 16 * 1024;

/// Deepest nesting of calls and brackets.
const DEPTH_MAX: u32 = 24;

/// Values that a variable was given, the last one last.
pub(super) type Variables = BTreeMap<String, Vec<String>>;

/// Reads expressions out of a statement.
pub(super) struct Folder<'a> {
    pub(super) tokens: &'a [Token],
    pub(super) at: usize,
    pub(super) variables: &'a Variables,
    depth: u32,
}

impl<'a> Folder<'a> {
    /// Begins at the token `at`.
    pub(super) const fn new(tokens: &'a [Token], at: usize, variables: &'a Variables) -> Self {
        Self {
            tokens,
            at,
            variables,
            depth: 0,
        }
    }

    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn is(&self, ahead: usize, mark: &str) -> bool {
        self.tokens
            .get(self.at + ahead)
            .is_some_and(|token| token.is_mark(mark))
    }

    /// The text of an expression: operands joined by `||` or `+`, or one behind the other.
    pub(super) fn expression(&mut self) -> String {
        self.depth += 1;
        let mut text = self.operand();
        loop {
            if self.is(0, "|") && self.is(1, "|") {
                self.at += 2;
            } else if self.is(0, "+") {
                self.at += 1;
            } else if self.is(0, ":") && self.is(1, ":") {
                self.at += 3;
                if self.is(0, "(") {
                    self.arguments();
                }
                continue;
            } else if !self.peek().is_some_and(Token::is_text) {
                break;
            }
            let more = self.operand();
            if text.len() + more.len() > TEXT_BYTES_MAX {
                text = HOLE.to_string();
            } else {
                text.push_str(&more);
            }
        }
        self.depth -= 1;
        text
    }

    fn operand(&mut self) -> String {
        let unknown = HOLE.to_string();
        let Some(token) = self.peek() else {
            return unknown;
        };
        if self.depth > DEPTH_MAX {
            self.at = self.tokens.len();
            return unknown;
        }
        self.at += 1;
        match token.kind {
            Kind::Text | Kind::Body => token.written.clone(),
            Kind::Mark if token.is_mark("(") => {
                if self.peek().is_some_and(|next| next.upper == "SELECT") {
                    self.at += 1;
                }
                let text = self.expression();
                self.skip_to_close();
                text
            }
            Kind::Mark => unknown,
            Kind::Word | Kind::Quoted if self.is(0, "(") => {
                let arguments = self.arguments();
                function(token.name(), &arguments)
            }
            Kind::Word if token.upper.starts_with("0X") => {
                unhexed(token.written.get(2..).unwrap_or_default()).unwrap_or(unknown)
            }
            Kind::Word if token.written.bytes().all(|byte| byte.is_ascii_digit()) => {
                token.written.clone()
            }
            Kind::Word | Kind::Quoted => match self.variables.get(token.name()) {
                Some(values) => values.last().cloned().unwrap_or(unknown),
                // `MySQL` writes texts so as well; a name is no statement, and a statement no name.
                None if token.kind == Kind::Quoted && token.written.contains(' ') => {
                    token.written.clone()
                }
                None => unknown,
            },
        }
    }

    /// The arguments of a call, from its bracket on.
    pub(super) fn arguments(&mut self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        let mut total = 0;
        self.at += 1;
        while self.peek().is_some() {
            if self.is(0, ")") {
                self.at += 1;
                return all;
            }
            if self.peek().is_some_and(|next| next.upper == "DISTINCT") {
                self.at += 1;
            }
            // `@stmt = N'…'`, `path => '…'`.
            if self.is(1, "=") {
                self.at += if self.is(2, ">") { 3 } else { 2 };
            }
            let text = self.expression();
            total += text.len();
            all.push(if total > TEXT_BYTES_MAX {
                HOLE.to_string()
            } else {
                text
            });
            self.skip_to_comma();
            if self.is(0, ",") {
                self.at += 1;
            }
        }
        all
    }

    fn skip_to_comma(&mut self) {
        let mut open = 0_u32;
        while let Some(token) = self.peek() {
            match token.written.as_str() {
                "(" if token.kind == Kind::Mark => open += 1,
                ")" | "," if token.kind == Kind::Mark && open == 0 => return,
                ")" if token.kind == Kind::Mark => open -= 1,
                _ => {}
            }
            self.at += 1;
        }
    }

    fn skip_to_close(&mut self) {
        loop {
            self.skip_to_comma();
            self.at += 1;
            if self.at >= self.tokens.len()
                || self
                    .tokens
                    .get(self.at - 1)
                    .is_some_and(|token| token.is_mark(")"))
            {
                return;
            }
        }
    }
}

/// What a function gives back.
fn function(name: &str, arguments: &[String]) -> String {
    let unknown = || HOLE.to_string();
    let first = arguments.first().map_or("", String::as_str);
    let known = |text: &str| !text.contains(HOLE);
    let second = arguments.get(1).map_or("", String::as_str);
    let result = match name {
        "CONCAT" => Some(arguments.concat()),
        "CONCAT_WS" if first.len() * arguments.len() > TEXT_BYTES_MAX => None,
        "CONCAT_WS" => Some(arguments.get(1..).unwrap_or_default().join(first)),
        "CHR" | "CHAR" | "NCHAR" => {
            let letter = |number: &String| char::from_u32(number.parse().ok()?);
            arguments.iter().map(letter).collect()
        }
        "UNHEX" => unhexed(first),
        "FROM_BASE64" => based(first),
        "DECODE" if second.eq_ignore_ascii_case("hex") => unhexed(first),
        "DECODE" if second.eq_ignore_ascii_case("base64") => based(first),
        "DECODE" | "CONVERT_FROM" | "CONVERT" | "CAST" | "TRY_CAST" | "ENCODE" | "COALESCE"
        | "ISNULL" | "NVL" | "IFNULL" | "QUOTE_IDENT" | "QUOTE_LITERAL" | "QUOTENAME" | "TRIM"
        | "LTRIM" | "RTRIM" | "BTRIM" | "STRING_AGG" | "GROUP_CONCAT" | "LISTAGG" | "MAX"
        | "MIN" | "TO_CHAR" | "TEXT" => {
            let takes_second = name == "CONVERT" && !known(first) && arguments.len() > 1;
            Some(if takes_second { second } else { first }.to_owned())
        }
        "REVERSE" if known(first) => Some(first.chars().rev().collect()),
        "LOWER" => Some(first.to_lowercase()),
        "UPPER" => Some(first.to_uppercase()),
        "REPLACE" if arguments.iter().all(|text| known(text)) && !second.is_empty() => {
            let with = arguments.get(2).map_or("", String::as_str);
            let most = first.len() / second.len() * with.len();
            (most <= TEXT_BYTES_MAX).then(|| first.replace(second, with))
        }
        "FORMAT" | "PRINTF" | "FORMATMESSAGE" => Some(formatted(arguments)),
        _ => None,
    };
    result
        .filter(|text| text.len() <= TEXT_BYTES_MAX)
        .unwrap_or_else(unknown)
}

/// `format('drop %s %I', 'table', name)`.
fn formatted(arguments: &[String]) -> String {
    let mut rest = arguments.iter();
    let template = rest.next().map_or("", String::as_str);
    let mut text = String::new();
    let mut characters = template.chars().peekable();
    while let Some(c) = characters.next() {
        if text.len() > TEXT_BYTES_MAX {
            return HOLE.to_string();
        }
        if c != '%' {
            text.push(c);
            continue;
        }
        let mut number = String::new();
        while let Some(digit) = characters.next_if(|c| c.is_ascii_digit() || *c == '$') {
            number.push(digit);
        }
        match characters.next() {
            Some('%') => text.push('%'),
            Some(_) => {
                let at = number
                    .strip_suffix('$')
                    .and_then(|it| it.parse::<usize>().ok());
                let value = match at {
                    Some(at) => arguments.get(at),
                    None => rest.next(),
                };
                match value {
                    Some(value) => text.push_str(value),
                    None => text.push(HOLE),
                }
            }
            None => {}
        }
    }
    text
}

/// The text behind two digits a byte; a `\x` in front is `PostgreSQL`'s.
pub(super) fn unhexed(digits: &str) -> Option<String> {
    let digits = digits.trim_start_matches("\\x").trim_start_matches("0x");
    String::from_utf8(HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()?).ok()
}

fn based(text: &str) -> Option<String> {
    String::from_utf8(BASE64.decode(text.as_bytes()).ok()?).ok()
}

/// Undoes `\n`, `\x41`, `\101`, `\u0041` of `E'…'`, or `\0041` and `\+000041` of `U&'…'`.
pub(super) fn unescaped(text: &str, unicode: bool) -> String {
    let mut plain = String::new();
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        let (radix, most) = match characters.peek() {
            Some('+') if unicode => (16, 6),
            _ if unicode => (16, 4),
            Some('x' | 'X') => (16, 2),
            Some('u') => (16, 4),
            Some('U') => (16, 8),
            Some('0'..='7') => (8, 3),
            Some(_) | None => {
                plain.extend(characters.next().map(|c| match c {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    c => c,
                }));
                continue;
            }
        };
        characters.next_if(|c| matches!(c, '+' | 'x' | 'X' | 'u' | 'U'));
        let mut number = 0;
        for _ in 0..most {
            match characters.next_if(|c| c.is_digit(radix)) {
                Some(digit) => number = number * radix + digit.to_digit(radix).unwrap_or(0),
                None => break,
            }
        }
        plain.push(char::from_u32(number).unwrap_or(HOLE));
    }
    plain
}
