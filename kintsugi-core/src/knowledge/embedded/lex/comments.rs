//! What stands between the tokens and is none: comments, pages of a manual, the text around PHP.

use super::{Language, Lexer, Token};

impl Lexer<'_> {
    /// Skips what stands in front of a program.
    pub(super) fn begin(&mut self) {
        if self.rest.starts_with("#!") {
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            self.advance(end);
        }
        if self.language == Language::Php && self.rest.trim_start().starts_with('<') {
            self.around();
        }
        self.pages();
    }

    /// What stands outside of the tags of PHP is written out as it is.
    fn around(&mut self) {
        self.up_to("<?");
        for tag in ["php", "="] {
            self.rest = self.rest.strip_prefix(tag).unwrap_or(self.rest);
        }
    }

    /// Pages of a manual between the lines of a program: `=pod … =cut` of Perl, `=begin … =end` of Ruby.
    pub(super) fn pages(&mut self) {
        let Some(word) = self.rest.strip_prefix('=') else {
            return;
        };
        let is_letter = |c: char| c.is_ascii_alphabetic();
        let end = if self.language == Language::Perl
            && word.starts_with(is_letter)
            && self.is_at_statement()
        {
            "\n=cut"
        } else if self.language == Language::Ruby && word.starts_with("begin") {
            "\n=end"
        } else {
            return;
        };
        self.up_to(end);
        let rest = self.rest.find('\n').unwrap_or(self.rest.len());
        self.advance(rest);
    }

    fn is_at_statement(&self) -> bool {
        let last = self.tokens.iter().rev().find(|it| **it != Token::Line);
        matches!(last, None | Some(Token::Mark(";" | "}")))
    }

    pub(super) fn comment(&mut self) -> bool {
        let Some(first @ ('-' | '/' | '#' | '?')) = self.rest.chars().next() else {
            return false;
        };
        let rest = self.rest;
        match (first, self.language) {
            ('-', Language::Lua) if rest.starts_with("--") => {
                self.advance(2);
                if self.long_bracket().is_none() {
                    self.line();
                }
            }
            ('/', Language::Javascript | Language::Mongo | Language::Php)
                if rest.starts_with("//") =>
            {
                self.line();
            }
            ('/', Language::Other) if rest.starts_with("//") && self.is_slash_comment() => {
                self.line();
            }
            ('/', Language::Javascript | Language::Mongo | Language::Php | Language::Other)
                if rest.starts_with("/*") =>
            {
                self.advance(2);
                self.up_to("*/");
            }
            ('?', Language::Php) if rest.starts_with("?>") => {
                self.around();
                self.tokens.push(Token::Mark(";"));
            }
            ('#', Language::Other) => return self.hash(),
            ('#', Language::Php) if rest.starts_with("#[") => return false,
            ('#', Language::Javascript | Language::Mongo | Language::Lua) => return false,
            ('#', _) => self.line(),
            _ => return false,
        }
        true
    }

    /// What `#` begins where the language is not known: mostly a comment.
    fn hash(&mut self) -> bool {
        let rest = self.rest;
        let line = rest.lines().next().unwrap_or_default();
        // An attribute of Rust; a pattern of Clojure, a text of Swift.
        let is_attribute = rest.starts_with("#[") || rest.starts_with("#![");
        if is_attribute || line.strip_prefix("#\"").is_some_and(|it| it.contains('"')) {
            return false;
        }
        if rest.starts_with("#define") {
            self.advance("#define".len());
        } else if rest.starts_with("#=") {
            // Julia.
            self.advance(2);
            self.up_to("=#");
        } else {
            self.line();
        }
        true
    }

    /// Skips the rest of the line; a tag of PHP ends a comment too (PHP 8.3, "Comments").
    fn line(&mut self) {
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        let tag = self.rest.get(..end).and_then(|line| line.find("?>"));
        self.advance(
            tag.filter(|_| self.language == Language::Php)
                .unwrap_or(end),
        );
    }

    /// In Julia two slashes make a fraction.
    fn is_slash_comment(&self) -> bool {
        let is_operand = match self.tokens.last() {
            Some(Token::Name(_) | Token::Number(_) | Token::Text(_)) => true,
            Some(Token::Mark(mark)) => matches!(*mark, ")" | "]"),
            _ => false,
        };
        !is_operand || self.dialect.has_slashes
    }
}
