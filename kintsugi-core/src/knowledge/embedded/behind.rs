//! What stands behind an operand: members, calls with and without parentheses, indices, blocks.

use super::calling;
use super::calls;
use super::cursor::Cursor;
use super::lex::Token;
use super::script::Script;
use super::value::Value;
use crate::knowledge::holes::TEMPORARY;
use crate::knowledge::schema::Language;
use crate::shell::{Hole, Piece};

impl Script<'_> {
    /// `system "ls", "-l"` without parentheses.
    pub(super) fn bare_call(&mut self, cursor: &mut Cursor<'_>, function: &Value) -> Value {
        if self.language == Language::Other
            && let Some(filled) = self.template_behind(cursor, function)
        {
            return self.behind(cursor, filled);
        }
        let path = function.path.clone().unwrap_or_default();
        let is_text = matches!(cursor.peek(), Some(Token::Text(_)));
        let needs_text = matches!(self.language, Language::Other | Language::Lua);
        let is_own = self.language == Language::Ruby && self.functions.contains_key(&path);
        let is_known = is_own || calls::find(self.language, &path, false).is_some();
        if !is_known || needs_text && !is_text {
            return self.behind(cursor, function.clone());
        }
        let mut arguments = Vec::new();
        while cursor.at_argument() && self.budget.spend(1) {
            let keyword = cursor.keyword();
            arguments.push((keyword, self.expression(cursor)));
            if !cursor.accept(",") {
                break;
            }
            cursor.skip_lines();
        }
        self.call(&path, None, arguments)
    }

    /// A name: with its arguments where it is called without brackets, or with what stands behind it.
    pub(super) fn called_or_not(&mut self, cursor: &mut Cursor<'_>, value: Value) -> Value {
        // `system +q(x)`: the sign says that a list begins (perlop(1) 5.38); `system *words` of Ruby gives one as so many arguments.
        let is_sign = self.language == Language::Perl && cursor.is("+")
            || self.language == Language::Ruby && cursor.at_splat();
        if is_sign
            && value
                .path
                .as_deref()
                .is_some_and(|it| calls::find(self.language, it, false).is_some())
        {
            cursor.at += 1;
        }
        if value.path.is_some() && calls::bare_calls(self.language) && cursor.at_argument() {
            return self.bare_call(cursor, &value);
        }
        self.behind(cursor, value)
    }

    /// `Seq("rm", "-rf", s"$home/x").!` of Scala (`scala.sys.process`, 2.13); whether it stands here.
    fn runs_list(&mut self, cursor: &mut Cursor<'_>, value: &mut Value) -> bool {
        let is_run = self.language == Language::Other
            && value.items.is_some()
            && cursor.ahead(1).is_some_and(|it| it.mark() == "!");
        if is_run {
            cursor.at += 2;
            let words = value.items.take().unwrap_or_default();
            self.started(&words);
            *value = Value::unknown(crate::effect::Feed::Program);
        }
        is_run
    }

    /// Members, calls and indices behind an operand.
    pub(super) fn behind(&mut self, cursor: &mut Cursor<'_>, first: Value) -> Value {
        let mut value = first;
        // A value of Haskell, which no bracket calls (System.Directory 1.3).
        if matches!(
            value.path.as_deref(),
            Some("getHomeDirectory" | "System.Directory.getHomeDirectory")
        ) {
            value = super::value::home();
        }
        let mut object: Option<Value> = None;
        while self.budget.spend(1) {
            match cursor.peek() {
                Some(Token::Mark(".")) if self.runs_list(cursor, &mut value) => {}
                Some(Token::Mark("." | "->" | "?." | "::"))
                    if matches!(cursor.ahead(1), Some(Token::Name(_))) && !self.is_join(cursor) =>
                {
                    self.member_behind(cursor, &mut value, &mut object);
                }
                Some(Token::Mark(":"))
                    if matches!(self.language, Language::Other | Language::Lua)
                        && matches!(cursor.ahead(1), Some(Token::Name(_)))
                        && matches!(cursor.ahead(2), Some(Token::Mark("("))) =>
                {
                    cursor.at += 1;
                    let member = named_member(cursor, &value);
                    object = Some(std::mem::replace(&mut value, member));
                }
                // `vec!["rm", "-rf"]`.
                Some(Token::Mark("["))
                    if self.language == Language::Other && value.path.as_deref() == Some("vec") =>
                {
                    value = self.bracketed(cursor, "[");
                }
                // `f->(x)`, `f?.(x)`, and `rm.(all)` of Julia.
                Some(Token::Mark(mark @ ("->" | "?." | ".")))
                    if matches!(cursor.ahead(1), Some(Token::Mark("(")))
                        && (*mark != "." || self.language == Language::Other) =>
                {
                    cursor.at += 1;
                }
                // `` Bun.$`rm x` ``
                Some(Token::Text(parts))
                    if self.language == Language::Javascript
                        && value.path.as_deref().is_some_and(|it| it.ends_with(".$")) =>
                {
                    cursor.at += 1;
                    value = self.tagged(parts);
                }
                Some(Token::Mark("(")) => {
                    value = self.called(cursor, &value, object.take());
                }
                Some(Token::Mark("["))
                    if cursor.tokens.get(cursor.at.wrapping_sub(1)) != Some(&Token::Line) =>
                {
                    value = self.index(cursor, &value).part_of(&value);
                }
                Some(Token::Mark("{"))
                    if self.language == Language::Perl && value.path.as_deref() == Some("$ENV") =>
                {
                    value = self.of_environment(cursor);
                }
                Some(Token::Mark("{")) if self.language == Language::Ruby && object.is_some() => {
                    break;
                }
                _ => break,
            }
        }
        if self.language == Language::Ruby {
            self.block(cursor, object.as_ref().unwrap_or(&value));
        }
        if let Some(object) = object {
            self.bound_method(&mut value, object);
        }
        value
    }

    /// `(…)` behind a function.
    fn called(
        &mut self,
        cursor: &mut Cursor<'_>,
        function: &Value,
        object: Option<Value>,
    ) -> Value {
        if object.is_none()
            && let Some(end) = self.head_of_definition(cursor)
        {
            cursor.at = end + 1;
            return Value::unknown(crate::effect::Feed::Nothing);
        }
        let shadowed = match &object {
            Some(elements) => self.bind_each(cursor, function, elements),
            None => Vec::new(),
        };
        let arguments = self.arguments(cursor, "(");
        self.unbind(shadowed);
        self.call_any(function, object, arguments)
    }

    /// `.name` behind a value, which is the object then.
    fn member_behind(
        &mut self,
        cursor: &mut Cursor<'_>,
        value: &mut Value,
        object: &mut Option<Value>,
    ) {
        cursor.at += 1;
        let member = named_member(cursor, value);
        let given = member.path.as_deref();
        // Node.js 22, Deno 2 and Bun 1: members of the environment.
        if matches!(given, Some("process.env.HOME" | "Bun.env.HOME" | "os.home")) {
            *value = super::value::home();
            return;
        }
        // `Directory.CreateTempSubdirectory().FullName` of .NET.
        if is_temporary(value) && given.is_some_and(|it| it.ends_with(".FullName")) {
            return;
        }
        let member = given
            .filter(|path| path.ends_with("argv") || *path == "Deno.args")
            .and_then(|path| self.given_words(path))
            .unwrap_or(member);
        let held = std::mem::replace(value, member);
        if calls::bare_calls(self.language) && !cursor.is("(") {
            let member = std::mem::take(value);
            *value = self.member_without_parentheses(cursor, member, Some(held));
            *object = None;
        } else {
            *object = Some(held);
        }
    }

    /// `remove = path.unlink` of Python: a method that is not called yet keeps what it is a method of.
    fn bound_method(&self, value: &mut Value, object: Value) {
        let is_loss = |path: &String| {
            calls::find(self.language, path, true).is_some_and(calls::Does::matters)
        };
        if self.language == Language::Python
            && object.path.is_none()
            && value.path.as_ref().is_some_and(is_loss)
        {
            value.fields.push((calling::MEMBER_OF.to_owned(), object));
        }
    }

    fn is_join(&self, cursor: &Cursor<'_>) -> bool {
        self.joins_by_dot() && cursor.is(".")
    }

    fn member_without_parentheses(
        &mut self,
        cursor: &mut Cursor<'_>,
        value: Value,
        object: Option<Value>,
    ) -> Value {
        let path = value.path.clone().unwrap_or_default();
        let is_text = matches!(cursor.peek(), Some(Token::Text(_)));
        if matches!(self.language, Language::Other | Language::Lua) && !is_text {
            return value;
        }
        if calls::find(self.language, &path, true).is_none() {
            // `TTY::Command.new` of Ruby needs no brackets.
            if self.language == Language::Ruby
                && path.rsplit('.').next() == Some("new")
                && !cursor.at_argument()
            {
                return self.call(&path, object, Vec::new());
            }
            if matches!(path.rsplit('.').next(), Some("each" | "map")) {
                return object.unwrap_or(value);
            }
            // `ldap.delete dn: "ou=people"`
            let has_keyword = matches!(
                (cursor.peek(), cursor.ahead(1)),
                (Some(Token::Name(_)), Some(Token::Mark(":")))
            );
            if self.language == Language::Ruby && (!cursor.at_argument() || has_keyword) {
                let last = path.rsplit('.').next().unwrap_or_default();
                let is_queue = path.starts_with("Sidekiq.") && last == "clear";
                self.ends_elsewhere(if is_queue { "purge" } else { last });
            }
            return value;
        }
        if cursor.at_argument() {
            return self.bare_call(cursor, &value);
        }
        self.call(&path, object, Vec::new())
    }

    /// Ruby's `{ |f| … }` and `do |f|`: binds `f` to the elements of what it is called on.
    fn block(&mut self, cursor: &mut Cursor<'_>, list: &Value) {
        let opens = cursor.is("{") || cursor.name() == Some("do");
        if !opens || !matches!(cursor.ahead(1), Some(Token::Mark("|"))) {
            return;
        }
        let mut names: Vec<String> = Vec::new();
        let mut by = 2;
        while names.len() < PARAMETERS_MAX {
            match cursor.ahead(by) {
                Some(Token::Name(name)) => names.push(name.clone()),
                Some(Token::Mark("," | "(" | ")")) => {}
                _ => break,
            }
            by += 1;
        }
        if names.is_empty() {
            return;
        }
        let count = names.len();
        for (at, name) in names.into_iter().enumerate() {
            let value = if count == 1 && list.items.is_some() {
                self.element_of(&name, list)
            } else {
                parameter_of(list, at, count)
            };
            self.names.insert(name, value);
        }
        cursor.at += by + 1;
    }
}

/// Most parameters of a block that are bound.
const PARAMETERS_MAX: usize = 4;

/// What the parameter at a place of `count` stands for, when a block is called with each of `list`.
fn parameter_of(list: &Value, at: usize, count: usize) -> Value {
    // `Dir.mktmpdir { |d| … }`.
    if is_temporary(list) {
        return list.clone();
    }
    if list.items.is_none() && list.path.is_none() && !list.fields.is_empty() {
        return match (at, count) {
            (0, 2..) => Value::unknown(list.feed),
            _ => list.any_field(),
        };
    }
    let pairs = list.items.iter().flatten();
    let mut parts = pairs.filter_map(|item| item.items.as_ref()?.get(at));
    match (count, parts.next()) {
        (2.., Some(first)) => {
            let mut any = first.clone();
            parts.for_each(|part| any.or(part));
            any
        }
        _ if at == 0 => list.elements(),
        _ => Value::unknown(list.feed),
    }
}

/// Longest name in full that is followed, in bytes: what it is called on is then left out, as for any value that is not known.
const PATH_BYTES_MAX: usize = 256;

/// The member of `value` whose name is next.
fn named_member(cursor: &mut Cursor<'_>, value: &Value) -> Value {
    let name = cursor.name().unwrap_or_default();
    cursor.at += 1;
    let mut fields = value.fields.iter();
    if let Some((_, field)) = fields.find(|(it, _)| it == name)
        && (field.known().is_some() || field.items.is_some() || !field.fields.is_empty())
    {
        return field.clone();
    }
    Value {
        feed: value.feed,
        ..Value::named(member_of(value, name))
    }
    .part_of(value)
}

/// The name in full of a member.
fn member_of(object: &Value, member: &str) -> String {
    let path = object.path.as_deref().unwrap_or_default();
    if path.len() > PATH_BYTES_MAX {
        return [".", member].concat();
    }
    [path, ".", member].concat()
}

/// The text of Perl with `<~/x/*>` as what it stands for, `glob("~/x/*")` (perlop(1) 5.38, "I/O Operators").
pub(super) fn globs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('<') {
        out.push_str(before);
        // Looked for no further than to where another may begin.
        let end = behind
            .find(['>', '<', ' ', ';', '"', '\'', '\n'])
            .unwrap_or(0);
        let inside = behind.get(..=end).and_then(|it| it.strip_suffix('>'));
        let inside = inside.map(|inside| (inside, behind.get(end + 1..).unwrap_or_default()));
        let inside = inside.filter(|(inside, _)| {
            let is_path =
                |letter: char| letter.is_ascii_alphanumeric() || "_./*?{},~-".contains(letter);
            let begins = inside.starts_with(['~', '/', '$']) || inside.chars().all(is_path);
            begins && inside.contains('*')
        });
        if let Some((inside, after)) = inside {
            out.extend(["glob(\"", inside, "\")"]);
            rest = after;
        } else {
            out.push('<');
            rest = behind;
        }
    }
    out.push_str(rest);
    out
}

/// Whether a value is a path that was made for the moment, or begins with one.
fn is_temporary(value: &Value) -> bool {
    value.words.iter().any(|word| {
        let first = word.pieces.first();
        matches!(first, Some(Piece::Hole(Hole::Other(TEMPORARY))))
    })
}
