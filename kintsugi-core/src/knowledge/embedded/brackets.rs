//! What stands between brackets: arguments, lists, and objects with their keys.

use super::cursor::Cursor;
use super::lex::{self, Token};
use super::script::Script;
use super::value::Value;
use crate::effect::Feed;
use crate::knowledge::schema::Language;

/// Most fields of an object that are kept.
const FIELDS_MAX: usize = 16;

/// Longest text of which a list of letters is made, in bytes.
const SPREAD_BYTES_MAX: usize = 512;

/// Longest key of an object that is worked out, in tokens.
const KEY_TOKENS_MAX: usize = 16;

impl Script<'_> {
    /// A list, a group or a block.
    pub(super) fn bracketed(&mut self, cursor: &mut Cursor<'_>, open: &str) -> Value {
        if open == "["
            && let Some(list) = self.slice_of_go(cursor)
        {
            return list;
        }
        let arguments = self.arguments(cursor, open);
        match (open, arguments.as_slice()) {
            // `("git",)` of Python is a list of one.
            ("(", [(None, only)]) if !self.is_tuple(cursor) => only.clone(),
            ("{", [(None, _), ..]) if self.language == Language::Lua => {
                Value::list(arguments.into_iter().map(|(_, value)| value).collect())
            }
            ("{", _) => {
                let mut object = Value::unknown(Feed::Nothing);
                let named = arguments.into_iter().take(FIELDS_MAX);
                object.fields = named
                    .filter_map(|(name, value)| Some((name?, value)))
                    .collect();
                object
            }
            _ => Value::list(arguments.into_iter().map(|(_, value)| value).collect()),
        }
    }

    /// A list here whose elements are so many arguments: `*args`, `...args`; whether it is one.
    fn spread(
        &mut self,
        cursor: &mut Cursor<'_>,
        open: &str,
        arguments: &mut Vec<(Option<String>, Value)>,
    ) -> bool {
        // `[...text]` is a list of its letters.
        let is_letters = open == "[" && self.language == Language::Javascript && cursor.is("...");
        let signs = if is_letters {
            Some(1)
        } else {
            self.spread_here(cursor, open)
        };
        let Some(signs) = signs else { return false };
        cursor.at += signs;
        let value = self.expression(cursor);
        let letters = |text: String| text.chars().map(Value::text).collect();
        let items = value.items.clone().or_else(|| {
            let text = value.known().filter(|_| is_letters);
            text.filter(|text| text.len() <= SPREAD_BYTES_MAX)
                .map(letters)
        });
        let items = items.unwrap_or_else(|| vec![value]);
        self.pay_for(&Value::list(items.clone()));
        arguments.extend(items.into_iter().map(|item| (None, item)));
        true
    }

    /// Whether the bracket that has just closed has a comma in front of it.
    fn is_tuple(&self, cursor: &Cursor<'_>) -> bool {
        let before = cursor
            .at
            .checked_sub(2)
            .and_then(|at| cursor.tokens.get(at));
        self.language == Language::Python && before.is_some_and(|it| it.mark() == ",")
    }

    /// What stands between brackets, with the keywords in front of it.
    pub(super) fn arguments(
        &mut self,
        cursor: &mut Cursor<'_>,
        open: &str,
    ) -> Vec<(Option<String>, Value)> {
        let close = match open {
            "(" => ")",
            "[" => "]",
            _ => "}",
        };
        cursor.at += 1;
        let mut arguments = Vec::new();
        while cursor.peek().is_some() && self.budget.spend(1) {
            if cursor.accept(close) {
                return arguments;
            }
            if cursor.accept(",") || matches!(cursor.peek(), Some(Token::Line)) {
                cursor.skip_lines();
                continue;
            }
            if self.spread(cursor, open, &mut arguments) {
                continue;
            }
            let start = cursor.at;
            // In a block `name = value` is a statement; in a table of Lua, a field.
            let assigns = open == "{"
                && !matches!(self.language, Language::Lua | Language::Other)
                && matches!(cursor.ahead(1), Some(Token::Mark("=")));
            let sets = self.may_set(cursor, open);
            let mut keyword = if assigns { None } else { cursor.keyword() };
            if open == "{" && keyword.is_none() {
                keyword = self.written_key(cursor);
            }
            if open == "(" && cursor.accept("**") {
                let value = self.expression(cursor);
                arguments.push((Some("**".to_owned()), value));
                continue;
            }
            if open == "{" && keyword.is_none() && self.language != Language::Lua {
                self.statement(cursor);
                continue;
            }
            if let Some("for" | "foreach" | "await" | "async" | "lambda" | "new" | "my" | "if") =
                cursor.name().filter(|_| !self.is_new_array(cursor))
            {
                self.statement(cursor);
                if cursor.at > start + 1 || !arguments.is_empty() {
                    continue;
                }
            }
            let value = self.expression(cursor);
            if cursor.at == start {
                cursor.at += 1;
            } else if self.language == Language::Other
                && value.items.is_some()
                && cursor.accept("...")
            {
                // `exec.Command("git", args...)` of Go.
                let items = value.items.into_iter().flatten();
                arguments.extend(items.map(|item| (None, item)));
            } else if cursor.name() == Some("for") && self.language == Language::Python {
                let value = self.comprehension(cursor, start);
                arguments.push((keyword, value));
            } else {
                self.set_again(keyword.as_deref().filter(|_| sets), &value);
                arguments.push((keyword, value));
            }
        }
        arguments
    }

    /// `dir := "build"`, then `dir = "/home/u/thesis"` in a block: what has the name may be either.
    fn set_again(&mut self, name: Option<&str>, value: &Value) {
        let Some(name) = name else { return };
        let mut either = value.clone();
        if let Some(before) = self.names.get(name).filter(|it| !it.words.is_empty()) {
            either.or(before);
        }
        self.bind(name, either);
    }

    /// Whether `name = value` comes next in a block of a language of which it is not known whether that is a field or a statement.
    fn may_set(&self, cursor: &Cursor<'_>, open: &str) -> bool {
        open == "{"
            && self.language == Language::Other
            && matches!(cursor.ahead(1), Some(Token::Mark("=")))
    }

    /// `"text": …`, `["d" + "rop"]: …`: the key of an object that is no plain name, consumed when it is there.
    fn written_key(&mut self, cursor: &mut Cursor<'_>) -> Option<String> {
        let separates = |token: Option<&Token>| matches!(token, Some(Token::Mark(":" | "=>")));
        if let Some(Token::Text(parts)) = cursor.peek()
            && separates(cursor.ahead(1))
        {
            cursor.at += 2;
            let key = self.text(parts);
            return Some(key.known().unwrap_or_else(|| lex::HOLE.to_string()));
        }
        if !cursor.is("[") || self.language == Language::Python {
            return None;
        }
        // Looked for first, so that nothing is read twice.
        let mut open = 0_u32;
        let mut inside = (0..KEY_TOKENS_MAX).map(|by| cursor.ahead(by).map_or("", Token::mark));
        let end = inside.position(|mark| {
            open += u32::from(mark == "[");
            open -= u32::from(mark == "]");
            open == 0
        })?;
        if !separates(cursor.ahead(end + 1)) {
            return None;
        }
        let behind = cursor.at + end + 2;
        cursor.at += 1;
        let key = self.expression(cursor);
        cursor.at = behind;
        Some(key.known().unwrap_or_else(|| lex::HOLE.to_string()))
    }
}
