//! The fields of what a script defines for itself, and the values that it puts into them in their order: structs of Go, classes of Python
//! whose fields stand in their body.
//!
//! Sources: Go 1.23 ("Struct types", "Composite literals"), Python 3.13 (`dataclasses`, `typing.NamedTuple`).

use super::cursor::Cursor;
use super::effects::Call;
use super::lex::Token;
use super::script::Script;
use super::value::Value;
use crate::knowledge::schema::Language;

/// Most fields of one struct or class that are kept.
const FIELDS_MAX: usize = 16;

/// Most tokens of a definition that are looked at.
const TOKENS_MAX: usize = 128;

/// A value, behind the name that it is given by.
type Part = (Option<String>, Value);

fn word(token: &Token) -> Option<&str> {
    let Token::Name(word) = token else {
        return None;
    };
    Some(word)
}

/// The names in front of `ends` in each line of a body, as far as its lines are such.
fn names_of_lines(lines: &[Token], is_field: impl Fn(&[Token]) -> bool) -> Vec<String> {
    let lines = lines.split(|it| *it == Token::Line || it.mark() == ";");
    let lines = lines.filter(|line| !line.is_empty());
    let fields = lines.take_while(|line| is_field(line));
    let names = fields.filter_map(|line| word(line.first()?));
    names.take(FIELDS_MAX).map(str::to_owned).collect()
}

/// The fields of the struct of Go whose brace is at `open`, and the place of the one that closes it.
pub(super) fn of_struct(tokens: &[Token], open: usize) -> Option<(Vec<String>, usize)> {
    let behind = tokens.get(open + 1..)?;
    let end = behind
        .iter()
        .take(TOKENS_MAX)
        .position(|it| it.mark() == "}")?;
    let is_field = |line: &[Token]| line.len() > 1;
    let names = names_of_lines(behind.get(..end)?, is_field);
    Some((names, open + 1 + end))
}

/// The fields of the class of Python whose name is at `name`.
fn of_class(tokens: &[Token], name: usize) -> Option<Vec<String>> {
    let head = tokens.get(name + 1..)?;
    let end = head
        .iter()
        .take(TOKENS_MAX)
        .position(|it| it.mark() == ":")?;
    let body = head.get(end + 1..)?;
    let body = body.get(..TOKENS_MAX.min(body.len()))?;
    let is_field = |line: &[Token]| line.get(1).is_some_and(|it| it.mark() == ":");
    Some(names_of_lines(body, is_field))
}

/// What is put together of these parts: an object where their names are known, or a list.
fn made(parts: Vec<Part>, names: Option<&[String]>) -> Value {
    let mut any = Value::default();
    for (_, part) in &parts {
        any.or(part);
    }
    let are_named = names.is_some() || parts.iter().any(|(key, _)| key.is_some());
    if !are_named {
        return Value::list(parts.into_iter().map(|(_, part)| part).collect());
    }
    let by_place = |at: usize| names.and_then(|names| names.get(at)).cloned();
    let fields = parts.into_iter().enumerate();
    let fields = fields.filter_map(|(at, (key, part))| Some((key.or_else(|| by_place(at))?, part)));
    Value {
        fields: fields.collect(),
        words: any.alternatives(),
        feed: any.feed,
        ..Value::default()
    }
}

impl Script<'_> {
    /// Notes the fields of `type step struct { … }` and `class Step:`.
    pub(super) fn note_shapes(&mut self, tokens: &[Token]) {
        for (at, token) in tokens.iter().enumerate() {
            let names_at = |at: usize| tokens.get(at).and_then(word);
            let (name, fields) = match (word(token), self.language) {
                (Some("struct"), Language::Other) if at > 0 => {
                    let found = of_struct(tokens, at + 1).map(|(fields, _)| fields);
                    (names_at(at - 1), found)
                }
                (Some("class"), Language::Python) => (names_at(at + 1), of_class(tokens, at + 1)),
                _ => continue,
            };
            let (Some(name), Some(fields)) = (name, fields) else {
                continue;
            };
            if !self.budget.spend(1) {
                return;
            }
            if !fields.is_empty() {
                self.shapes.insert(name.to_owned(), fields);
            }
        }
    }

    /// What a call of such a class gives back.
    pub(super) fn shaped(&self, class: &str, call: &Call<'_>) -> Option<Value> {
        let names = self.shapes.get(class)?;
        Some(made(call.arguments.clone(), Some(names)))
    }

    /// `{"push", []string{"-f"}}` and `{name: "push"}` of Go, in a list of such.
    pub(super) fn literal(&mut self, cursor: &mut Cursor<'_>, names: Option<&[String]>) -> Value {
        cursor.at += 1;
        let mut parts: Vec<Part> = Vec::new();
        while cursor.peek().is_some() && self.budget.spend(1) {
            cursor.skip_lines();
            if cursor.accept("}") {
                break;
            }
            let start = cursor.at;
            let is_keyed = cursor.ahead(1).is_some_and(|it| it.mark() == ":");
            let key = cursor.name().filter(|_| is_keyed).map(str::to_owned);
            if key.is_some() {
                cursor.at += 2;
            }
            let value = self.expression(cursor);
            parts.push((key, value));
            cursor.accept(",");
            if cursor.at == start {
                cursor.at += 1;
            }
        }
        made(parts, names)
    }
}
