//! What a statement looks like that is no plain call: definitions, several names at once, comprehensions, and forms of single languages.

use super::Embedded;
use super::cursor::Cursor;
use super::lex::{Part, Token};
use super::parameters::{Named, Parameter};
use super::script::Script;
use super::shapes;
use super::value::Value;
use crate::effect::Feed;
use crate::knowledge::schema::Language;

/// Most names that one statement binds.
const NAMES_MAX: usize = 64;

/// Longest type of what a function gives back, in tokens.
const TYPE_MAX: usize = 16;

/// Most dimensions of a list of Go behind the first.
const DIMENSIONS_MAX: usize = 4;

/// Most elements of a list that an expression is worked out for, one by one.
const ELEMENTS_MAX: usize = 256;

impl Script<'_> {
    /// `a <> b` of Elixir and Haskell, `a ++ b` of Haskell, Scala and Erlang.
    pub(super) fn joins_by_pair(&self, cursor: &Cursor<'_>) -> bool {
        let pair = (cursor.ahead(0), cursor.ahead(1));
        self.language == Language::Other
            && matches!(
                pair,
                (Some(Token::Mark("<")), Some(Token::Mark(">")))
                    | (Some(Token::Mark("+")), Some(Token::Mark("+")))
            )
    }

    pub(super) fn joins_by_dot(&self) -> bool {
        matches!(self.language, Language::Perl | Language::Php)
    }

    /// A text that a shell is given by the tag in front of it.
    pub(super) fn tagged(&mut self, parts: &[Part]) -> Value {
        let text = self.text(parts);
        let found = text.alternatives().into_iter().map(Embedded::Shell);
        self.found.extend(found);
        Value::unknown(Feed::Program)
    }

    /// `x |> f(y)` of Elixir and R, `x |> f y` of F# and OCaml, `x |> f` of Julia: a call that is given `x` too.
    pub(super) fn with_pipes(&mut self, cursor: &mut Cursor<'_>, first: Value) -> Value {
        let mut value = first;
        while self.language == Language::Other {
            let lines = cursor.tokens.get(cursor.at..).unwrap_or_default().iter();
            let at = lines.take_while(|it| **it == Token::Line).count();
            let mark = |by: usize| cursor.ahead(at + by).map_or("", Token::mark);
            // `home >>= removePathForcibly` of Haskell hands on what it gives.
            let is_pipe = matches!([mark(0), mark(1)], ["|", ">"] | [">>", "="] | [">", ">="]);
            if !is_pipe || !self.budget.spend(1) {
                break;
            }
            cursor.at += at + 2;
            cursor.skip_lines();
            let path = cursor.dotted();
            let mut arguments = vec![(None, value)];
            if cursor.is("(") {
                arguments.extend(self.arguments(cursor, "("));
            } else if cursor.name().is_some() {
                arguments.push((None, Value::named(cursor.dotted())));
            }
            value = self.call(&path, None, arguments);
        }
        value
    }

    /// `name = d => …` and `name = async (d: string): void => …`: a function of JavaScript; whether it is one. Nothing is consumed.
    pub(super) fn arrow(&mut self, cursor: &Cursor<'_>, name: &str) -> bool {
        if self.language != Language::Javascript {
            return false;
        }
        let is_async = cursor.name() == Some("async");
        let at = cursor.at + usize::from(is_async);
        let (found, end) = match cursor.tokens.get(at) {
            Some(Token::Name(parameter)) => (vec![Parameter::one(parameter)], at + 1),
            Some(Token::Mark("(")) => {
                let (found, end) = self.parameters(cursor.tokens, at, Named::Behind);
                (found, end + 1)
            }
            _ => return false,
        };
        // A type may stand between: `): Promise<void> =>`.
        let mut behind = cursor.tokens.get(end..).unwrap_or_default().iter();
        let is_typed = matches!(behind.clone().next(), Some(Token::Mark(":")));
        let reach = if is_typed { TYPE_MAX } else { 1 };
        let is_arrow = behind
            .by_ref()
            .take(reach)
            .any(|token| token.mark() == "=>");
        if is_arrow {
            self.functions.insert(name.to_owned(), found);
        }
        is_arrow
    }

    /// `a, b = "rm", "-rf"`; nothing is consumed when it is something else.
    pub(super) fn unpacked(&mut self, cursor: &mut Cursor<'_>) -> bool {
        let start = cursor.at;
        let mut names = Vec::new();
        while let Some(name) = cursor.name()
            && names.len() < NAMES_MAX
        {
            names.push(name.to_owned());
            cursor.at += 1;
            if !cursor.accept(",") {
                break;
            }
        }
        if names.len() < 2 || !(cursor.accept("=") || cursor.accept(":=")) {
            cursor.at = start;
            return false;
        }
        let mut values = vec![self.expression(cursor)];
        while cursor.accept(",") {
            values.push(self.expression(cursor));
        }
        if let [one] = values.as_slice()
            && let Some(items) = one.items.clone()
        {
            values = items;
        }
        for (at, name) in names.into_iter().enumerate() {
            let value = values.get(at).cloned();
            let value = value.unwrap_or_else(|| Value::unknown(Feed::Nothing));
            self.names.insert(name, value);
        }
        true
    }

    /// `new String[]{"rm", "-rf"}` and `new[] { "rm" }` behind their first word, consumed when it is there.
    pub(super) fn array_behind_new(
        &mut self,
        cursor: &mut Cursor<'_>,
        name: &str,
    ) -> Option<Value> {
        if self.language != Language::Other || name != "new" {
            return None;
        }
        let is_typed = matches!(cursor.peek(), Some(Token::Name(_)));
        self.array(cursor, usize::from(is_typed), 0)
    }

    /// Whether `new String[]{…}` or `new[] {…}` comes next.
    pub(super) fn is_new_array(&self, cursor: &Cursor<'_>) -> bool {
        self.language == Language::Other
            && cursor.name() == Some("new")
            && (1..3).any(|at| cursor.ahead(at).map_or("", Token::mark) == "[")
    }

    /// `[]string{"rm", "-rf"}` and `[...]string{"rm"}` of Go, consumed when it is there.
    pub(super) fn slice_of_go(&mut self, cursor: &mut Cursor<'_>) -> Option<Value> {
        if self.language != Language::Other {
            return None;
        }
        self.array(cursor, 0, 1)
    }

    /// Brackets with a list in braces, `before` names in front of them and `behind` between.
    fn array(&mut self, cursor: &mut Cursor<'_>, before: usize, behind: usize) -> Option<Value> {
        let mark = |at: usize| cursor.ahead(at).map_or("", Token::mark);
        if mark(before) != "[" {
            return None;
        }
        let mut at = before + 1;
        at += usize::from(mark(at) == "...");
        if mark(at) != "]" {
            return None;
        }
        at += 1;
        let mut shape = None;
        if behind == 1 {
            for _ in 0..DIMENSIONS_MAX {
                let is_list = mark(at) == "[" && mark(at + 1) == "]";
                at += if is_list { 2 } else { 0 };
            }
            at += usize::from(mark(at) == "*");
            let Some(Token::Name(name)) = cursor.ahead(at) else {
                return None;
            };
            at += 1;
            if name == "struct"
                && let Some((fields, end)) = shapes::of_struct(cursor.tokens, cursor.at + at)
            {
                at = end + 1 - cursor.at;
                shape = Some(fields);
            } else {
                shape = self.shapes.get(name).cloned();
            }
        }
        if mark(at) != "{" {
            return None;
        }
        cursor.at += at + 1;
        let mut items = Vec::new();
        while cursor.peek().is_some() && !cursor.accept("}") && self.budget.spend(1) {
            let start = cursor.at;
            cursor.skip_lines();
            if cursor.accept("}") {
                break;
            }
            items.push(if behind == 1 && cursor.is("{") {
                self.literal(cursor, shape.as_deref())
            } else {
                self.expression(cursor)
            });
            cursor.accept(",");
            cursor.skip_lines();
            if cursor.at == start {
                cursor.at += 1;
            }
        }
        Some(Value::list(items))
    }

    /// `do shell script "…"`, `run script "…"`.
    pub(super) fn apple_shell(&mut self, cursor: &mut Cursor<'_>) -> bool {
        let named = |at: usize, name: &str| matches!(cursor.ahead(at), Some(Token::Name(found)) if found == name);
        if cursor.name() == Some("run") && named(1, "script") {
            cursor.at += 2;
            match self.expression(cursor).known() {
                Some(text) => self.nested(&text),
                None => self.hidden("a script that is computed"),
            }
            return true;
        }
        if !(named(1, "shell") && named(2, "script")) {
            return false;
        }
        cursor.at += 3;
        let mut text = self.expression(cursor);
        while cursor.accept("&") && self.budget.spend(1) {
            let more = self.operand(cursor);
            text = text.then("", &more);
        }
        let found = text.alternatives().into_iter().map(Embedded::Shell);
        self.found.extend(found);
        true
    }

    /// `exec {"rm"} "ls", "-rf", $x`: the program stands in the block, and what follows begins with the name that it is told
    /// (`perldoc -f exec`, perl 5.38).
    pub(super) fn indirect_call(&mut self, cursor: &mut Cursor<'_>, name: &str) -> Value {
        cursor.at += 1;
        let program = self.expression(cursor);
        cursor.accept("}");
        let mut arguments = vec![(None, program)];
        let mut is_name = true;
        while cursor.at_argument() && self.budget.spend(1) {
            let value = self.expression(cursor);
            // A list is as long as it is: its first element is the name.
            let rest = value.items.clone().unwrap_or_else(|| vec![value]);
            let rest = rest.into_iter().skip(usize::from(is_name));
            arguments.extend(rest.map(|value| (None, value)));
            is_name = false;
            if !cursor.accept(",") {
                break;
            }
            cursor.skip_lines();
        }
        self.call(name, None, arguments)
    }

    /// A substitution was applied: the name holds something else now.
    pub(super) fn changed(&mut self, value: &Value) -> Value {
        self.hides = true;
        let units = u32::try_from(self.names.len() / 4 + 1).unwrap_or(u32::MAX);
        if !self.budget.spend(units) {
            self.unknown("more code than is read");
            return Value::unknown(Feed::Decoded);
        }
        let names: Vec<String> = self
            .names
            .iter()
            .filter(|(_, known)| known.words == value.words)
            .map(|(name, _)| name.clone())
            .collect();
        for name in names {
            self.names.insert(name, Value::unknown(Feed::Decoded));
        }
        Value::unknown(Feed::Decoded)
    }

    /// `E for x in L`: the expression for each element, when the list stands in the text.
    pub(super) fn comprehension(&mut self, cursor: &mut Cursor<'_>, start: usize) -> Value {
        let body = cursor.tokens.get(start..cursor.at).unwrap_or_default();
        let name = match cursor.ahead(1) {
            Some(Token::Name(name)) => name.clone(),
            _ => String::new(),
        };
        let plain = matches!(cursor.ahead(2), Some(Token::Name(word)) if word == "in");
        // `for d, _, names in os.walk(x)`
        let mut names = Vec::new();
        let mut end = 1;
        while let Some(Token::Name(name)) = cursor.ahead(end)
            && cursor.ahead(end + 1).is_some_and(|next| next.mark() == ",")
        {
            names.push(name.clone());
            end += 2;
        }
        if let (Some(Token::Name(last)), Some(Token::Name(word))) =
            (cursor.ahead(end), cursor.ahead(end + 1))
            && word == "in"
            && !names.is_empty()
        {
            names.push(last.clone());
            cursor.at += end + 1;
        } else {
            names.clear();
        }
        cursor.at += if plain { 3 } else { 1 };
        let list = self.expression(cursor);
        let items: Vec<Value> = match (&list.items, list.known()) {
            (Some(items), _) => items.clone(),
            (None, Some(text)) => text.chars().map(Value::text).collect(),
            (None, None) => Vec::new(),
        };
        if items.is_empty() || items.len() > ELEMENTS_MAX || !plain {
            if names.is_empty() {
                names.push(name);
            }
            self.bind_elements(names, &list);
            let value = self.expression(&mut Cursor {
                tokens: body,
                at: 0,
            });
            return Value::unknown(value.feed.max(list.feed));
        }
        let mut all = Vec::new();
        for item in items {
            self.pay_for(&item);
            self.names.insert(name.clone(), item);
            all.push(self.expression(&mut Cursor {
                tokens: body,
                at: 0,
            }));
        }
        Value::list(all)
    }
}
