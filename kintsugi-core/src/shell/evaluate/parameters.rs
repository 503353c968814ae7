//! Parameter expansion: `$x`, `${x:-y}`, `${x%.*}`, `${!x}`, `$@`.

use super::state::Value;
use super::{Evaluator, pattern};
use crate::effect::Span;
use crate::shell::{Hole, Piece, Word};

/// Returns where the bracket that opens `text` is closed; the end of the text when it is not.
pub(super) fn closing(text: &str, open: char, close: char) -> usize {
    let mut depth = 0_u32;
    let mut at = 0;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let behind = text.get(at + c.len_utf8()..).unwrap_or_default();
        match c {
            '\\' => at += behind.chars().next().map_or(0, char::len_utf8),
            '\'' => at += behind.find('\'').map_or(behind.len(), |end| end + 1),
            '"' => at += (super::words::end_of_double(behind) + 1).min(behind.len()),
            c if c == open => depth += 1,
            c if c == close => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
        at += c.len_utf8();
    }
    text.len()
}

/// Whether what begins with `((` is arithmetic and not a subshell in a substitution.
pub(super) fn is_arithmetic(text: &str) -> bool {
    let end = closing(text, '(', ')');
    text.get(..end).is_some_and(|inner| inner.ends_with(')'))
}

impl Evaluator<'_> {
    /// Returns the value of a variable as one word; none when it is not known.
    pub(super) fn lookup(&mut self, name: &str) -> Option<Word> {
        match self.state.variables.get(name)? {
            Value::Scalar(words) => {
                self.choices = self.choices.max(words.len());
                let at = self.choice.min(words.len().saturating_sub(1));
                words.get(at).cloned()
            }
            Value::Array(words) => words.first().cloned(),
            Value::Map(map) => map.get("0").cloned(),
        }
    }

    /// Returns the elements of `$@`, `${@}` or `${x[@]}`; none when they are not known.
    pub(super) fn elements(&mut self, expansion: &str) -> Option<Vec<Word>> {
        let inner = expansion
            .trim_start_matches('$')
            .trim_start_matches('{')
            .trim_end_matches('}');
        if inner == "@" || inner == "*" {
            return self.state.arguments.clone();
        }
        let name = inner
            .strip_suffix("[@]")
            .or_else(|| inner.strip_suffix("[*]"))?;
        match self.state.variables.get(name)? {
            Value::Array(words) => Some(words.clone()),
            Value::Map(map) => Some(map.values().cloned().collect()),
            Value::Scalar(words) => words.first().map(|word| vec![word.clone()]),
        }
    }

    /// Expands what stands between `${` and `}`, or the name behind `$`.
    pub(super) fn parameter(&mut self, inner: &str, span: Span) -> Vec<Word> {
        if !self.enter() {
            self.leave();
            return vec![hole(inner, span)];
        }
        let words = self.parameter_inside(inner, span);
        self.leave();
        words
    }

    fn parameter_inside(&mut self, inner: &str, span: Span) -> Vec<Word> {
        if let Some(name) = inner.strip_prefix('#').filter(|name| !name.is_empty()) {
            return vec![self.length(name, span)];
        }
        if let Some(rest) = inner.strip_prefix('!').filter(|rest| !rest.is_empty()) {
            let target = self
                .lookup(rest)
                .and_then(|word| word.known().map(std::borrow::Cow::into_owned));
            return match target {
                Some(name) => self.parameter(&name, span),
                None => vec![hole(rest, span)],
            };
        }
        let name_end = name_length(inner);
        let (name, operation) = inner.split_at(name_end);
        let values = self.values(name, span);
        if operation.is_empty() {
            return values.unwrap_or_else(|| vec![hole(name, span)]);
        }
        self.operate(name, values, operation, span)
    }

    fn length(&mut self, name: &str, span: Span) -> Word {
        let text = if matches!(name, "@" | "*") || name.ends_with("[@]") || name.ends_with("[*]") {
            self.elements(name).map(|words| words.len())
        } else {
            self.lookup(name)
                .and_then(|word| word.known().map(|text| text.chars().count()))
        };
        text.map_or_else(|| hole(name, span), |n| Word::text(n.to_string(), span))
    }

    /// The words that a name stands for; none when it is not set as far as the text tells.
    fn values(&mut self, name: &str, span: Span) -> Option<Vec<Word>> {
        match name {
            "@" | "*" => self.state.arguments.clone(),
            "#" => self
                .state
                .arguments
                .as_ref()
                .map(|words| vec![Word::text(words.len().to_string(), span)]),
            "0" => Some(vec![
                self.lookup("0").unwrap_or_else(|| Word::text("bash", span)),
            ]),
            "?" | "$" | "!" | "-" | "_" => None,
            name if name.starts_with(|c: char| c.is_ascii_digit()) => {
                let at: usize = name.parse().ok()?;
                let arguments = self.state.arguments.as_ref()?;
                Some(vec![
                    arguments
                        .get(at.checked_sub(1)?)
                        .cloned()
                        .unwrap_or_default(),
                ])
            }
            "PWD" => match self.state.directories.as_ref() {
                [crate::shell::Directory::Known(path)] => Some(vec![Word::text(path, span)]),
                _ => None,
            },
            name if name.ends_with("[@]") || name.ends_with("[*]") => self.elements(name),
            name => match name.strip_suffix(']').and_then(|text| text.split_once('[')) {
                Some((array, index)) => self.element_of(array, index, span).map(|word| vec![word]),
                None => self.lookup(name).map(|word| vec![word]),
            },
        }
    }

    fn element_of(&mut self, array: &str, index: &str, span: Span) -> Option<Word> {
        let key = self.joined(index, span).known()?.into_owned();
        if let Some(Value::Map(map)) = self.state.variables.get(array) {
            return map.get(&key).cloned();
        }
        let at = self.arithmetic(&key)?;
        match self.state.variables.get(array)? {
            Value::Array(words) => {
                let length = i64::try_from(words.len()).ok()?;
                let at = if at < 0 { at + length } else { at };
                words.get(usize::try_from(at).ok()?).cloned()
            }
            Value::Scalar(words) => words.first().cloned(),
            Value::Map(_) => None,
        }
    }

    fn operate(
        &mut self,
        name: &str,
        values: Option<Vec<Word>>,
        operation: &str,
        span: Span,
    ) -> Vec<Word> {
        let (colon, plain) = match operation.strip_prefix(':') {
            Some(rest) if rest.starts_with(['-', '=', '?', '+']) => (true, rest),
            _ => (false, operation),
        };
        let kind = plain.chars().next().unwrap_or_default();
        if matches!(kind, '-' | '=' | '?' | '+') {
            let argument = plain.get(1..).unwrap_or_default();
            return self.with_default(name, values, (colon, kind), argument, span);
        }
        let Some(values) = values else {
            return vec![hole(name, span)];
        };
        if let Some(range) = operation.strip_prefix(':') {
            return self.slice(name, values, range, span);
        }
        values
            .into_iter()
            .map(|value| self.transform(value, operation, span))
            .collect()
    }

    /// `${x:-y}`, `${x:=y}`, `${x:?y}`, `${x:+y}`.
    fn with_default(
        &mut self,
        name: &str,
        values: Option<Vec<Word>>,
        (colon, kind): (bool, char),
        argument: &str,
        span: Span,
    ) -> Vec<Word> {
        let is_set = values.as_ref().map(|words| {
            !colon
                || words
                    .iter()
                    .any(|word| !word.pieces.is_empty() && word.known().as_deref() != Some(""))
        });
        match (kind, is_set, values) {
            ('+', Some(true), _) => vec![self.joined(argument, span)],
            ('+', Some(false), _) => Vec::new(),
            // Not set here; what the environment holds is not known, so both readings stay possible.
            ('+', None, _) => vec![self.joined(argument, span)],
            ('?', _, values) => values.unwrap_or_else(|| vec![hole(name, span)]),
            (_, Some(true), Some(words)) => words,
            _ => {
                let word = self.joined(argument, span);
                if kind == '=' {
                    self.state.set(name, word.clone());
                }
                vec![word]
            }
        }
    }

    fn slice(&mut self, name: &str, values: Vec<Word>, range: &str, span: Span) -> Vec<Word> {
        let (offset, length) = match range.split_once(':') {
            Some((offset, length)) => (offset, Some(length)),
            None => (range, None),
        };
        let bound = |text: &str, evaluator: &mut Self| evaluator.arithmetic(text);
        let Some(offset) = bound(offset, self) else {
            return vec![hole(name, span)];
        };
        let length = match length {
            Some(text) => match bound(text, self) {
                Some(length) => Some(length),
                None => return vec![hole(name, span)],
            },
            None => None,
        };
        let range = |count: usize| {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            let start = if offset < 0 {
                (count + offset).max(0)
            } else {
                offset.min(count)
            };
            let end = match length {
                None => count,
                Some(length) if length < 0 => (count + length).max(start),
                Some(length) => start.saturating_add(length).min(count),
            };
            usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0)
        };
        if matches!(name, "@" | "*") || name.ends_with("[@]") {
            // `${@:1}` counts from the name of the script.
            let shift = usize::from(matches!(name, "@" | "*"));
            let range = range(values.len() + shift);
            let start = range.start.saturating_sub(shift);
            return values
                .get(start..range.end.saturating_sub(shift).max(start))
                .unwrap_or_default()
                .to_vec();
        }
        let cut = |word: Word| {
            let text = word.known().map(std::borrow::Cow::into_owned);
            text.map_or_else(
                || hole(name, span),
                |text| {
                    let range = range(text.chars().count());
                    let part: String = text.chars().skip(range.start).take(range.len()).collect();
                    Word::text(part, span)
                },
            )
        };
        values.into_iter().map(cut).collect()
    }

    /// Operators on a text that is known.
    fn transform(&mut self, value: Word, operation: &str, span: Span) -> Word {
        let Some(text) = value.known().map(std::borrow::Cow::into_owned) else {
            return value;
        };
        let mut argument = |skip: usize| -> String {
            let raw = operation.get(skip..).unwrap_or_default();
            raw_pattern(&self.joined(raw, span))
        };
        let result = if operation.starts_with("##") {
            pattern::strip(&text, &argument(2), false, true)
        } else if operation.starts_with('#') {
            pattern::strip(&text, &argument(1), false, false)
        } else if operation.starts_with("%%") {
            pattern::strip(&text, &argument(2), true, true)
        } else if operation.starts_with('%') {
            pattern::strip(&text, &argument(1), true, false)
        } else if let Some(rest) = operation.strip_prefix('/') {
            let (all, rest) = rest
                .strip_prefix('/')
                .map_or((false, rest), |rest| (true, rest));
            let (from, to) = rest.split_once('/').unwrap_or((rest, ""));
            let from = raw_pattern(&self.joined(from, span));
            let to = self.joined(to, span).display();
            pattern::replace(&text, &from, &to, all)
        } else if operation.starts_with("^^") || operation == "@U" {
            text.to_uppercase()
        } else if operation.starts_with(",,") || operation == "@L" {
            text.to_lowercase()
        } else if operation.starts_with('^') || operation == "@u" {
            first_changed(&text, |c| c.to_uppercase().collect())
        } else if operation.starts_with(',') {
            first_changed(&text, |c| c.to_lowercase().collect())
        } else if operation == "@E" || operation == "@P" {
            let mut plain = String::new();
            let mut rest = text.as_str();
            while let Some((before, behind)) = rest.split_once('\\') {
                plain.push_str(before);
                rest = super::output::escape(behind, &mut plain, true);
            }
            plain + rest
        } else {
            text
        };
        Word::text(result, span)
    }
}

fn raw_pattern(word: &Word) -> String {
    word.pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) | Piece::Glob(text) => text.as_str(),
            Piece::Hole(_) => "*",
        })
        .collect()
}

fn first_changed(text: &str, change: impl Fn(char) -> String) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or_else(String::new, |first| change(first) + characters.as_str())
}

/// Returns how long the name at the start is, its index included.
fn name_length(inner: &str) -> usize {
    let plain = match inner.chars().next() {
        Some(c) if c.is_ascii_alphabetic() || c == '_' => inner
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(inner.len()),
        Some(c) if c.is_ascii_digit() => inner
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(inner.len()),
        Some(c) => c.len_utf8(),
        None => 0,
    };
    let rest = inner.get(plain..).unwrap_or_default();
    if rest.starts_with('[') {
        plain + (closing(rest, '[', ']') + 1).min(rest.len())
    } else {
        plain
    }
}

fn hole(name: &str, span: Span) -> Word {
    let name = name
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .next()
        .filter(|n| !n.is_empty())
        .unwrap_or(name);
    Word {
        pieces: vec![Piece::Hole(Hole::Variable(name.to_owned()))],
        span,
    }
}
