//! Lists that grow behind where they were made: `cmd.append(x)`, `cmd += [x]`, `base + [x]`, `append(args, x)` of Go, `push @cmd, x` of Perl.
//!
//! Sources: Python 3.13 ("More on Lists"), ECMAScript 2024 (23.1), Ruby 3.4 (Array), PHP 8.4 ("Arrays"), Perl 5.38 (perlfunc), Go 1.23
//! ("Appending to and copying slices").

use super::calling::Arguments;
use super::cursor::Cursor;
use super::effects::Call;
use super::lex::Token;
use super::script::Script;
use super::value::Value;
use crate::effect::Feed;
use crate::knowledge::schema::Language;

/// Most elements of a list that grows; one that is longer has elements that are not known.
const ITEMS_MAX: usize = 64;

/// Methods that put elements into a list.
const GROW: [&str; 8] = [
    "append", "push", "add", "extend", "addAll", "unshift", "prepend", "insert",
];

impl Script<'_> {
    /// Reads what makes the list `name` longer, behind that name; nothing is consumed when it is something else.
    pub(super) fn grown(&mut self, cursor: &mut Cursor<'_>, name: &str) -> Option<Value> {
        if self.language == Language::Perl && name == "push" {
            return self.pushed(cursor);
        }
        if self.names.get(name).is_none_or(|it| it.items.is_none()) {
            return self.text_grown(cursor, name);
        }
        let marks = [0, 1, 2].map(|by| cursor.ahead(by).map_or("", Token::mark));
        let method = match cursor.ahead(1) {
            Some(Token::Name(method)) => method.as_str(),
            _ => "",
        };
        let added = match marks {
            ["." | "->", _, "("] if GROW.contains(&method) => {
                cursor.at += 2;
                let given = self.arguments(cursor, "(");
                taken(method, given)
            }
            // `add = cmd.append`: whoever calls that puts in what it likes.
            ["." | "->", ..]
                if GROW[..4].contains(&method) && self.language == Language::Python =>
            {
                cursor.at += 2;
                vec![Value::unknown(Feed::Nothing)]
            }
            ["+=", ..] => {
                cursor.at += 1;
                taken("extend", vec![(None, self.expression(cursor))])
            }
            ["<<", ..] if self.language == Language::Ruby => {
                let mut added = Vec::new();
                while cursor.accept("<<") && self.budget.spend(1) {
                    added.push(self.operand(cursor));
                }
                added
            }
            // `$cmd[] = "x"` of PHP.
            ["[", "]", "="] => {
                cursor.at += 3;
                vec![self.expression(cursor)]
            }
            _ => return None,
        };
        Some(self.lengthen(name, added, matches!(method, "unshift" | "prepend")))
    }

    /// `cmd += " --force"`, `$cmd .= " -rf"`: a text that grows, or what nobody knows.
    fn text_grown(&mut self, cursor: &mut Cursor<'_>, name: &str) -> Option<Value> {
        if !cursor.is("+=") && !cursor.is(".=") {
            return None;
        }
        cursor.at += 1;
        let more = self.expression(cursor);
        let before = self.names.get(name).cloned();
        let before = before.unwrap_or_else(|| Value::text(""));
        self.names.insert(name.to_owned(), before.then("", &more));
        Some(more)
    }

    /// `push @cmd, "-rf", $d` of Perl, from behind its name; nothing is consumed when it is something else.
    fn pushed(&mut self, cursor: &mut Cursor<'_>) -> Option<Value> {
        let open = usize::from(cursor.is("("));
        let Some(Token::Name(name)) = cursor.ahead(open) else {
            return None;
        };
        let is_list = self.names.get(name).is_some_and(|it| it.items.is_some());
        if !is_list || !matches!(cursor.ahead(open + 1), Some(Token::Mark(","))) {
            return None;
        }
        cursor.at += open + 2;
        let mut added = Vec::new();
        while added.len() < ITEMS_MAX && self.budget.spend(1) {
            let given = self.expression(cursor);
            added.extend(given.items.clone().unwrap_or_else(|| vec![given]));
            if !cursor.accept(",") {
                break;
            }
        }
        Some(self.lengthen(name, added, false))
    }

    /// Puts elements into the list that has the name. Ruby gives it back; elsewhere what stands for the statement is no value that anybody
    /// uses.
    fn lengthen(&mut self, name: &str, mut added: Vec<Value>, is_first: bool) -> Value {
        if let Some(list) = self.names.get_mut(name)
            && let Some(items) = &mut list.items
        {
            if is_first {
                std::mem::swap(items, &mut added);
            }
            list.feed = added.iter().map(|it| it.feed).fold(list.feed, Feed::max);
            items.append(&mut added);
            bound(items);
            if self.language == Language::Ruby {
                return list.clone();
            }
        }
        Value::unknown(Feed::Nothing)
    }

    /// What `append(list, x)` of Go, `list.concat([x])`, and `%w[rm -rf].push(x)` of Ruby give back.
    pub(super) fn appended(&self, call: &Call<'_>) -> Option<Value> {
        let last = call.path.rsplit('.').next().unwrap_or_default();
        let (grown, skipped) = match (&call.object, last) {
            (Some(object), "push" | "append") if self.language == Language::Ruby => {
                (object.clone(), 0)
            }
            (Some(object), "concat") => (object.clone(), 0),
            (None, "append") if self.language == Language::Other => (call.argument(0), 1),
            _ => return None,
        };
        grown.items.as_ref()?;
        let given = call.positional().skip(skipped);
        let added = given.flat_map(|it| it.items.clone().unwrap_or_else(|| vec![it.clone()]));
        Some(lengthened(&grown, added.collect()))
    }
}

/// The elements that a method puts into a list.
fn taken(method: &str, given: Arguments) -> Vec<Value> {
    let skipped = usize::from(method == "insert");
    let given = given.into_iter().skip(skipped).map(|(_, value)| value);
    if !matches!(method, "extend" | "addAll") {
        return given.collect();
    }
    given
        .flat_map(|value| match value.items {
            Some(items) => items,
            None => vec![value.elements()],
        })
        .collect()
}

/// `base + more`: two lists as one, or what stands behind a list that is not known; texts as one text with `between` in the middle.
pub(super) fn joined_to(left: &Value, between: &str, right: &Value) -> Value {
    match (&left.items, &right.items) {
        (Some(_), Some(items)) => lengthened(left, items.clone()),
        (Some(_), None) if right.known().is_none() => lengthened(left, vec![right.elements()]),
        // Only paths are put together with a slash.
        _ if between == "/" => left.below(right),
        _ => left.then(between, right),
    }
}

/// A list with more elements.
fn lengthened(list: &Value, added: Vec<Value>) -> Value {
    let mut items = list.items.clone().unwrap_or_default();
    items.extend(added);
    bound(&mut items);
    let longer = Value::list(items);
    Value {
        feed: list.feed.max(longer.feed),
        fields: list.fields.clone(),
        others: list.others.clone(),
        ..longer
    }
}

/// Keeps so many elements, and one that is not known for the others.
fn bound(items: &mut Vec<Value>) {
    if items.len() > ITEMS_MAX {
        items.truncate(ITEMS_MAX);
        items.push(Value::unknown(Feed::Nothing));
    }
}
