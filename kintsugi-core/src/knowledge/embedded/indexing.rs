//! Indices: an element, a member by its name, a part of a text, a variable of the environment.

use super::cursor::Cursor;
use super::lex::Token;
use super::script::Script;
use super::value::{Value, hole, pattern};
use crate::effect::Feed;
use crate::knowledge::schema::Language;
use crate::shell::Word;

impl Script<'_> {
    /// `$ENV{HOME}` of Perl, from the brace on.
    pub(super) fn of_environment(&mut self, cursor: &mut Cursor<'_>) -> Value {
        cursor.at += 1;
        let name = match cursor.peek() {
            Some(Token::Name(name)) => {
                let name = name.clone();
                cursor.at += 1;
                Some(name)
            }
            Some(_) => self.expression(cursor).known(),
            None => None,
        };
        cursor.accept("}");
        Self::variable_named(name.as_deref())
    }

    /// The value of a variable of the environment.
    pub(super) fn variable_named(name: Option<&str>) -> Value {
        match name {
            Some("HOME" | "user.home") => super::value::home(),
            Some(_) | None => Value::unknown(Feed::Program),
        }
    }

    /// `x[…]`: an element, a member by its name, or a part of a text.
    pub(super) fn index(&mut self, cursor: &mut Cursor<'_>, value: &Value) -> Value {
        if value.items.is_some() && Self::slice(cursor, &Value::default()).is_some() {
            return self.rest_of(value);
        }
        if let Some(part) = Self::slice(cursor, value) {
            return part;
        }
        let index = self.arguments(cursor, "[");
        // `Dir["src/*"]` (Dir, Ruby 3.3).
        if self.language == Language::Ruby && value.path.as_deref() == Some("Dir") {
            let words = index
                .iter()
                .flat_map(|(_, it)| it.alternatives())
                .map(|word| {
                    word.known()
                        .map_or_else(|| word.clone(), |text| pattern(&text))
                })
                .collect();
            return Value {
                words,
                feed: Feed::File,
                ..Value::default()
            };
        }
        // `local["rm"]["-rf", x]` of plumbum 1.9: words are bound to a program, which a call then runs.
        if value
            .path
            .as_deref()
            .is_some_and(Self::is_library_of_commands)
        {
            self.call(value.path.as_deref().unwrap_or_default(), None, index);
            return value.clone();
        }
        let key = match index.as_slice() {
            [(None, only)] => only.known(),
            _ => None,
        };
        if let Some(field) = value.field_at(key.as_deref()) {
            return field;
        }
        let position = key.as_deref().and_then(|text| text.parse::<usize>().ok());
        if let Some(at) = position {
            let item = value
                .items
                .as_ref()
                .and_then(|items| items.get(at).cloned());
            let letter = value.known().and_then(|text| text.chars().nth(at));
            if let Some(found) = item.or_else(|| letter.map(Value::text)) {
                return found;
            }
        } else if let Some(name) = key
            && value.known().is_none()
        {
            let path = value.path.as_deref().unwrap_or_default();
            if is_environment(path) {
                return match name.as_str() {
                    "HOME" => super::value::home(),
                    _ => Value::unknown(value.feed),
                };
            }
            return Value {
                feed: value.feed,
                ..Value::named(format!("{path}.{name}"))
            };
        } else if let Some(path) = &value.path
            && position.is_none()
        {
            return Value {
                feed: value.feed,
                ..Value::named(format!("{path}.?"))
            };
        }
        Self::one_of(value)
    }

    /// One of the values that a pattern stands for, below the root or the home: `glob("~/x/*")[0]`.
    fn one_of(value: &Value) -> Value {
        let is_told =
            |word: &Word| word.is_pattern() && word.known_prefix().starts_with(['/', '~']);
        let words = if !value.words.is_empty() && value.words.iter().all(is_told) {
            value.words.clone()
        } else {
            vec![hole()]
        };
        Value {
            words,
            feed: value.feed,
            ..Value::default()
        }
    }

    /// `x[::-1]`, `x[1:3]`: of a text that is known.
    fn slice(cursor: &mut Cursor<'_>, value: &Value) -> Option<Value> {
        let mut at = cursor.at + 1;
        let mut numbers: [Option<i64>; 3] = [None; 3];
        let mut part = 0;
        let mut sign = 1;
        let mut colons = false;
        loop {
            let token = cursor.tokens.get(at)?;
            match (token, token.mark()) {
                (_, "]") => break,
                (_, ":") => part += 1,
                (_, "::") => part += 2,
                (_, "-") => sign = -1,
                (Token::Number(number), _) => {
                    let number: i64 = number.parse().ok()?;
                    *numbers.get_mut(part)? = Some(sign * number);
                    sign = 1;
                }
                _ => return None,
            }
            colons |= part > 0;
            at += 1;
        }
        if !colons {
            return None;
        }
        cursor.at = at + 1;
        let [start, end, step] = numbers;
        Some(value.map(|text| {
            let letters: Vec<char> = text.chars().collect();
            let length = i64::try_from(letters.len()).ok()?;
            let fold = |at: i64| if at < 0 { at + length } else { at }.clamp(0, length);
            let step = step.unwrap_or(1);
            let by = usize::try_from(step.unsigned_abs()).ok()?.max(1);
            let letter = |at: &i64| letters.get(usize::try_from(*at).ok()?).copied();
            if step < 0 {
                let from = start.map_or(length - 1, fold);
                let to = end.map_or(-1, fold);
                let all: Vec<i64> = (to + 1..=from).rev().collect();
                return Some(all.iter().step_by(by).filter_map(letter).collect());
            }
            let all: Vec<i64> = (start.map_or(0, fold)..end.map_or(length, fold)).collect();
            Some(all.iter().step_by(by).filter_map(letter).collect())
        }))
    }
}

/// Whether a name stands for all variables of the environment.
fn is_environment(path: &str) -> bool {
    super::calls::is_environment(path)
        || matches!(path, "$_SERVER" | "Platform.environment" | "environment")
}
