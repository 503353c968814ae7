//! Literals of the languages that share a reader ([`Language::Other`]), and how those differ.

use super::literals::{Quote, closing, is_computed};
use super::{Language, Lexer, NESTED_MAX, Part, Token, end_of};
use crate::knowledge::embedded::escapes::unescape;

/// What is known of the language of a text that is read as [`Language::Other`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Dialect {
    /// `//` begins a comment wherever it stands: Go, Rust, Java and their like. In Julia it makes a fraction.
    pub(super) has_slashes: bool,
    /// Between backquotes stands a text, and no command: Go.
    pub(super) has_raw: bool,
    single: Single,
}

/// What stands between `'`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Single {
    /// A text, or what only marks a letter.
    #[default]
    Unknown,
    /// One letter, and never a text: Go, Rust, C, Java, Haskell.
    Letter,
    /// A text in which something may be computed, other texts between `'` in that too: Dart (3.5, "Strings").
    Computed,
}

/// Declarations of languages with `//` for a comment.
const SLASHES: &[&str] = &[
    "fn ",
    "func ",
    "fun ",
    "void ",
    "class ",
    "package ",
    "import java",
    "#include",
    "var ",
    "val ",
    "int ",
    "public ",
    "const ",
    "final ",
];

/// Declarations of languages in which a text stands between `"` only.
const LETTERS: &[&str] = &[
    "package main",
    "fn main",
    "fun main",
    "func main",
    "int main",
    "void main",
    "#include",
    "public class",
    "static void",
    "using System",
    "import Foundation",
    "module Main",
    "main ::",
    "extends App",
];

impl Dialect {
    pub(super) fn of(text: &str, language: Language) -> Self {
        if language != Language::Other {
            return Self::default();
        }
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        // Dart has `void main` too.
        let single = match (has(&["import 'dart:", "import 'package:"]), has(LETTERS)) {
            (true, _) => Single::Computed,
            (false, true) => Single::Letter,
            (false, false) => Single::Unknown,
        };
        Self {
            has_slashes: text.contains('{') && has(SLASHES),
            has_raw: text.contains("package main"),
            single,
        }
    }
}

impl Lexer<'_> {
    /// A text of a language that is not told from others. It is read as one in which nothing is computed; if it would end elsewhere where
    /// something is, it is read in that way too.
    pub(super) fn other(&mut self, quote: char) -> bool {
        if quote == '\'' && !self.is_text_of_other() {
            return false;
        }
        let start = self.rest;
        let triple = [[quote; 3].iter().collect::<String>(), quote.to_string()];
        let close = triple
            .iter()
            .find(|close| start.starts_with(close.as_str()))
            .map_or("\"", String::as_str);
        let is_computed_always = self.dialect.single == Single::Computed;
        let code: &[&str] = if quote == '"' || close.len() > 1 || is_computed_always {
            &["#{", "${", "$(", "\\("]
        } else {
            &[]
        };
        self.advance(close.len());
        let body = if close.len() > 1 {
            self.up_to(close)
        } else {
            self.delimited(quote)
        };
        let mut parts = vec![Part::Text(unescape(body))];
        let is_marked = code.iter().any(|opener| body.contains(opener));
        // A second one that does not end is as good as many.
        let is_followed = self.depth < NESTED_MAX && self.missed.ends == 0;
        self.missed.is_unclear |=
            is_marked && !is_followed && self.dialect.single != Single::Letter;
        if is_marked && is_followed {
            let mut computed = self.within(start);
            computed.is_other = true;
            computed.advance(close.len());
            let found = computed.parts(Quote {
                close,
                open: None,
                code,
                raw: false,
            });
            // A program with a text that does not end would not run.
            self.has_read(&computed);
            self.missed.ends += usize::from(computed.missed.is_open);
            if !computed.missed.is_open && is_computed_always {
                self.rest = computed.rest;
                parts = found;
            } else if !computed.missed.is_open {
                parts.extend(found.into_iter().filter_map(|part| {
                    let Part::Code(code) = part else { return None };
                    let is_call = is_computed(&code) && code.contains(['(', '`', ' ']);
                    is_call.then_some(Part::Aside(code))
                }));
                if self.is_other {
                    self.rest = computed.rest;
                } else if computed.rest.len() != self.rest.len() {
                    self.computed.get_or_insert(start);
                }
            }
        }
        self.tokens.push(Token::Text(parts));
        true
    }

    /// Whether `'` opens a text here: not where it marks a letter, a lifetime of Rust, or the end of a name (`foldl'`).
    fn is_text_of_other(&self) -> bool {
        let body = self.rest.get(1..).unwrap_or_default();
        if self.dialect.single != Single::Letter {
            let line = body.split('\n').next().unwrap_or_default();
            return body.starts_with("''") || line.contains('\'');
        }
        let mut letters = body.chars();
        match letters.next() {
            Some('\\') => body.chars().take(12).skip(1).any(|c| c == '\''),
            Some('\'') | None => false,
            Some(_) => letters.next() == Some('\''),
        }
    }

    /// `r"---(…)---"` (R 4.4, "Quotes"; C++ has the same with a name for dashes).
    pub(super) fn raw_of_r(&mut self, behind: &str) -> bool {
        let inner = behind.get(1..).unwrap_or_default();
        let dashes = end_of(inner, |c| c == '-');
        let Some(open @ ('(' | '[' | '{')) = inner.get(dashes..).and_then(|it| it.chars().next())
        else {
            return false;
        };
        let quote = behind.get(..1).unwrap_or_default();
        let close = [
            &closing(open).to_string(),
            inner.get(..dashes).unwrap_or_default(),
            quote,
        ]
        .concat();
        self.advance(dashes + 3);
        let body = self.up_to(&close).to_owned();
        self.tokens.push(Token::Text(vec![Part::Text(body)]));
        true
    }

    /// `r#"…"#`.
    pub(super) fn raw_of_rust(&mut self, name: &str, behind: &str) -> bool {
        let hashes = end_of(behind, |c| c == '#');
        if !behind.get(hashes..).is_some_and(|it| it.starts_with('"')) {
            return false;
        }
        let close = ["\"", behind.get(..hashes).unwrap_or_default()].concat();
        self.advance(name.len() + hashes + 1);
        let body = self.up_to(&close).to_owned();
        self.tokens.push(Token::Text(vec![Part::Text(body)]));
        true
    }
}
