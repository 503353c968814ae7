//! Texts with places for values: `format!("{}/{name}", home)` of Rust, `glue("{home}/x")` of R, `("rm %s"):format(home)` of Lua, and those of
//! the MLs, whose values stand behind one another.

use super::calls::{self, Decode, Does};
use super::cursor::Cursor;
use super::effects::Call;
use super::lex::{Part, Token};
use super::script::Script;
use super::value::Value;
use crate::effect::Feed;
use crate::knowledge::schema::Language;

/// Most places of one text that are filled.
const PLACES_MAX: usize = 16;

impl Script<'_> {
    /// The text that a call makes of a template: what stands in braces is a name, a number or the next argument (Rust 1.82, `std::fmt`; glue 1.8).
    pub(super) fn filled(&self, call: &Call<'_>) -> Value {
        let own = call.object.as_ref().filter(|it| it.known().is_some());
        let first = own.cloned().unwrap_or_else(|| call.argument(0));
        let Some(template) = first.known() else {
            return first;
        };
        let skipped = usize::from(own.is_none());
        if !template.contains('{') {
            let given: Vec<Value> = call.positional().skip(skipped).cloned().collect();
            return first.format(&["%s", "%d", "%c", "%S", "%v", "%q"], &given);
        }
        let mut given = call.positional().skip(skipped);
        let mut value = Value::text("");
        let mut rest = template.as_str();
        for _ in 0..PLACES_MAX {
            let Some((before, behind)) = rest.split_once('{') else {
                break;
            };
            value = value.then("", &Value::text(before));
            if let Some(behind) = behind.strip_prefix('{') {
                value = value.then("", &Value::text("{"));
                rest = behind;
                continue;
            }
            let Some((inside, behind)) = behind.split_once('}') else {
                break;
            };
            let name = inside.split(':').next().unwrap_or_default().trim();
            let part = if name.is_empty() {
                given.next().cloned()
            } else if let Ok(number) = name.parse::<usize>() {
                call.positional()
                    .nth(number.saturating_add(skipped))
                    .cloned()
            } else {
                call.keyword(name).or_else(|| self.names.get(name)).cloned()
            };
            let part = part.unwrap_or_else(|| Value::unknown(Feed::Nothing));
            value = value.then("", &part);
            rest = behind;
        }
        value.then("", &Value::text(rest))
    }
    /// `sprintf "rm -rf %s" home` of OCaml 5, F# 9 and Haskell's `Text.Printf`, and `format!"rm -rf %s"(home)` of D, whose template stands in front
    /// of the brackets; nothing is consumed when it is something else.
    pub(super) fn template_behind(
        &mut self,
        cursor: &mut Cursor<'_>,
        function: &Value,
    ) -> Option<Value> {
        let path = function.path.as_deref()?;
        let Some(Token::Text(parts)) = cursor.peek() else {
            return None;
        };
        let fills = matches!(
            calls::find(self.language, path, false),
            Some(Does::Decode(Decode::Format))
        );
        if !fills || matches!(cursor.ahead(1), Some(Token::Mark(","))) {
            return None;
        }
        cursor.at += 1;
        let mut arguments = vec![(None, self.text(parts))];
        while arguments.len() <= PLACES_MAX && (cursor.at_argument() || cursor.is("(")) {
            let given = self.operand(cursor);
            let items = given.items.clone().unwrap_or_else(|| vec![given]);
            arguments.extend(items.into_iter().map(|item| (None, item)));
        }
        Some(self.call(path, None, arguments))
    }

    /// The text of a command with the values of its names, a list as its words: `` `rm $args` `` of Julia 1.11.
    pub(super) fn command_text(&mut self, parts: &[Part]) -> Value {
        let [Part::Text(text)] = parts else {
            return self.text(parts);
        };
        if self.language != Language::Other {
            return Value::text(text);
        }
        let mut pieces = text.split('$');
        let mut value = Value::text(pieces.next().unwrap_or_default());
        for piece in pieces.take(PLACES_MAX) {
            let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
            let end = piece.find(|letter| !is_part(letter));
            let (name, rest) = piece.split_at(end.unwrap_or(piece.len()));
            value = match self.names.get(name) {
                Some(named) => {
                    let words = named.items.as_deref();
                    let words = words.unwrap_or_else(|| std::slice::from_ref(named));
                    let filled = words.iter().fold(value, |sum, word| sum.then(" ", word));
                    filled.then("", &Value::text(rest))
                }
                None => value.then("$", &Value::text(piece)),
            };
        }
        value
    }

    /// `Template("rm -rf $d").substitute(d=x)` of Python's string, `Template("rm -rf {{ d }}").render(d=x)` of Jinja 3, and
    /// `ERB.new("rm -rf <%= d %>").result_with_hash(d: x)` of Ruby 3.4.
    pub(super) fn substituted(&self, call: &Call<'_>) -> Option<Value> {
        let last = call.path.rsplit('.').next()?;
        let fills = match last {
            "substitute" | "safe_substitute" | "render" => self.language == Language::Python,
            "result_with_hash" => self.language == Language::Ruby,
            _ => false,
        };
        let mut text = call.object.as_ref().filter(|_| fills)?.known()?;
        for (name, value) in call.arguments.iter().take(PLACES_MAX) {
            let (Some(name), Some(value)) = (name, value.known()) else {
                continue;
            };
            let places = [
                ["${", name, "}"],
                ["{{ ", name, " }}"],
                ["{{", name, "}}"],
                ["<%= ", name, " %>"],
                ["$", name, ""],
            ];
            for place in places {
                text = text.replace(&place.concat(), &value);
            }
        }
        Some(Value::text(text))
    }
}
