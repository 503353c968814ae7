//! What a function sees that is called with each element of a list: `list.forEach(c => run(c))`, `list.map(({ cmd, args }) => spawn(cmd, args))`.
//!
//! Source: ECMAScript 2024, 23.1.3 (methods of arrays) and 14.3.3 (patterns).

use super::cursor::Cursor;
use super::lex::Token;
use super::script::Script;
use super::value::Value;
use crate::knowledge::schema::Language;

/// Methods that call what they are given with each element.
const EACH: [&str; 10] = [
    "forEach",
    "map",
    "flatMap",
    "filter",
    "some",
    "every",
    "find",
    "findIndex",
    "mapSeries",
    "each",
];

/// Most tokens between a bracket and the arrow behind the parameters.
const REACH: usize = 24;

/// Names that are bound for the time of a call, and what they stood for before.
pub(super) type Shadowed = Vec<(String, Option<Value>)>;

impl Script<'_> {
    /// Binds the parameter of the arrow that stands in the brackets here to what `elements` has in it.
    pub(super) fn bind_each(
        &mut self,
        cursor: &Cursor<'_>,
        method: &Value,
        elements: &Value,
    ) -> Shadowed {
        let last = method.path.as_deref().and_then(|it| it.rsplit('.').next());
        let Some(items) = &elements.items else {
            return Shadowed::new();
        };
        if self.language != Language::Javascript || !last.is_some_and(|it| EACH.contains(&it)) {
            return Shadowed::new();
        }
        let named = |(name, at): (String, At)| {
            let mut value = Value::default();
            if matches!(at, At::Whole) && items.iter().any(|it| it.items.is_some()) {
                let element = self.element_of(&name, elements);
                let before = self.names.insert(name.clone(), element);
                return (name, before);
            }
            for item in items {
                value.or(&at.of(item, &name));
            }
            let before = self.names.insert(name.clone(), value);
            (name, before)
        };
        parameter(cursor).into_iter().map(named).collect()
    }

    /// Gives names back what they stood for.
    pub(super) fn unbind(&mut self, shadowed: Shadowed) {
        for (name, before) in shadowed {
            if let Some(before) = before {
                self.names.insert(name, before);
            }
        }
    }
}

/// Which part of an element a name stands for.
#[derive(Debug, Clone, Copy)]
enum At {
    /// All of it.
    Whole,
    /// The one at that place of a list.
    Place(usize),
    /// The field of that name.
    Field,
}

impl At {
    fn of(self, item: &Value, name: &str) -> Value {
        let part = match self {
            Self::Whole => Some(item.clone()),
            Self::Place(at) => item.items.as_ref().and_then(|all| all.get(at).cloned()),
            Self::Field => {
                let mut fields = item.fields.iter();
                fields
                    .find(|(key, _)| key == name)
                    .map(|(_, it)| it.clone())
            }
        };
        part.unwrap_or_else(|| Value::unknown(item.feed))
    }
}

/// The names of the first parameter of an arrow or a function behind the bracket here.
fn parameter(cursor: &Cursor<'_>) -> Vec<(String, At)> {
    let tokens = cursor.tokens.get(cursor.at + 1..).unwrap_or_default();
    let tokens = tokens.get(..REACH.min(tokens.len())).unwrap_or_default();
    let is_named = |token: &Token, name: &str| matches!(token, Token::Name(it) if it == name);
    let skipped = usize::from(tokens.first().is_some_and(|it| is_named(it, "async")));
    let tokens = tokens.get(skipped..).unwrap_or_default();
    let (is_function, tokens) = match tokens {
        [first, rest @ ..] if is_named(first, "function") => (true, rest),
        all => (false, all),
    };
    let is_arrow = is_function || tokens.iter().any(|it| it.mark() == "=>");
    if !is_arrow {
        return Vec::new();
    }
    let tokens = match tokens {
        [open, rest @ ..] if open.mark() == "(" => rest,
        all => all,
    };
    match tokens {
        [Token::Name(name), ..] => vec![(name.clone(), At::Whole)],
        [open, rest @ ..] if matches!(open.mark(), "[" | "{") => {
            let inside = rest.iter().take_while(|it| !matches!(it.mark(), "]" | "}"));
            let name = |it: &Token| {
                let Token::Name(name) = it else { return None };
                Some(name.clone())
            };
            let names = inside.filter_map(name);
            let is_list = open.mark() == "[";
            let at = |(place, name)| {
                let at = if is_list { At::Place(place) } else { At::Field };
                (name, at)
            };
            names.enumerate().map(at).collect()
        }
        _ => Vec::new(),
    }
}
