//! What functions of a script are given: their parameters, and the one that takes all that is left, as `args` of `def git(*args)`; and
//! what loops see of lists of lists.
//!
//! A parameter stands for whatever any call gives it. Where a list is among that, the text is read once for each different call, since the
//! words of one command are not those of another.
//!
//! Sources: Python 3.13 ("Arbitrary Argument Lists"), ECMAScript 2024 (15.1), Ruby 3.4 ("Methods"), PHP 8.4 ("Function parameters and
//! arguments"), perlsub (5.38), Lua 5.4 (3.4.11), Go 1.23 ("Passing arguments to ... parameters"), Java 21 (8.4.1), C# 12 (`params`),
//! Kotlin 2.0 (`vararg`), Swift 6 ("Variadic Parameters"), Scala 3 ("Repeated parameters"), Nim 2.2 (`varargs`).

use std::collections::BTreeMap;

use super::cursor::Cursor;
use super::effects::Call;
use super::lex::Token;
use super::script::Script;
use super::value::Value;
use crate::knowledge::schema::Language;

/// What Lua calls all that is left.
pub(super) const VARARGS: &str = "...";

/// Most tokens of a list of parameters that are looked at.
const TOKENS_MAX: usize = 64;

/// Most different calls of one function, or elements of one loop, that are read.
const LISTS_MAX: usize = 24;

/// Most tokens that are read in all rounds together.
const ROUND_TOKENS_MAX: usize = 12_000;

/// Parts of names, in small letters, that start a program or delete a file: where none stands, one list is as good as all.
const STARTING: [&str; 17] = [
    "exec",
    "spawn",
    "system",
    "subprocess",
    "popen",
    "process",
    "command",
    "cmd",
    "passthru",
    "shell",
    "run",
    "call",
    "rmtree",
    "rm",
    "remove",
    "unlink",
    "delete",
];

/// Words in front of a parameter or its type.
const MODIFIERS: [&str; 19] = [
    "const",
    "covariant",
    "final",
    "implicit",
    "impl",
    "in",
    "inout",
    "mut",
    "out",
    "private",
    "protected",
    "public",
    "readonly",
    "ref",
    "required",
    "struct",
    "unsigned",
    "val",
    "var",
];

/// Words behind which a name in front of a bracket is called, and not defined.
const CALLING: [&str; 12] = [
    "return", "new", "else", "await", "throw", "case", "yield", "in", "go", "defer", "do", "not",
];

/// Words in front of a bracket that are no function.
const HEADS: [&str; 9] = [
    "if",
    "for",
    "while",
    "switch",
    "catch",
    "using",
    "foreach",
    "when",
    "synchronized",
];

/// One parameter of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameter {
    name: String,
    /// What callers name it, where that is another name.
    label: Option<String>,
    takes_rest: bool,
}

impl Parameter {
    /// One that takes one value.
    pub(super) fn one(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            label: None,
            takes_rest: false,
        }
    }

    fn rest(name: &str) -> Self {
        Self {
            takes_rest: true,
            ..Self::one(name)
        }
    }

    /// What a call gives it that stands at that place.
    fn given_by(&self, call: &Call<'_>, at: usize) -> Option<Value> {
        if self.takes_rest {
            let rest: Vec<Value> = call.positional().skip(at).cloned().collect();
            return Some(match rest.as_slice() {
                [one] if one.items.is_some() => one.clone(),
                _ => Value::list(rest),
            });
        }
        let is_meant = |keyword: &Option<String>| {
            keyword.as_ref() == Some(&self.name) || keyword.is_some() && *keyword == self.label
        };
        let keyed = call.arguments.iter().find(|(keyword, _)| is_meant(keyword));
        let value = keyed.map(|(_, value)| value);
        value.or_else(|| call.positional().nth(at)).cloned()
    }
}

/// Where a parameter has its name when no colon tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// In front of its type, as in Go.
    Before,
    /// Behind it, as in Java, or alone.
    Behind,
}

/// What names stand for in one round.
type Bound = Vec<(String, Value)>;

/// What functions were called with, and loops went through, where lists are among it.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    /// By the names that they bind, with what tells one from another.
    calls: BTreeMap<String, Vec<(String, Bound)>>,
    is_settled: bool,
    /// Most rounds that the length of the text allows.
    allowed: usize,
}

impl Rounds {
    /// Notes what names are bound to; false when there is too much.
    fn note(&mut self, bound: Bound) -> bool {
        if self.is_settled {
            return true;
        }
        let names: Vec<&str> = bound.iter().map(|(name, _)| name.as_str()).collect();
        let rounds = self.calls.entry(names.join(",")).or_default();
        let words = |value: &Value| {
            let items = value.items.iter().flatten();
            let fields = value.fields.iter();
            let kept = fields.flat_map(|(_, it)| it.items.iter().flatten().chain(Some(it)));
            let parts = items.chain(kept).map(|it| it.words.clone());
            (value.words.clone(), parts.collect::<Vec<_>>())
        };
        let told: Vec<_> = bound.iter().map(|(_, value)| words(value)).collect();
        let told = format!("{told:?}");
        if rounds.iter().any(|(other, _)| *other == told) {
            return true;
        }
        let has_room = rounds.len() < LISTS_MAX;
        if has_room {
            rounds.push((told, bound));
        }
        has_room
    }
}

fn word(token: &Token) -> Option<&str> {
    let Token::Name(word) = token else {
        return None;
    };
    Some(word)
}

impl Script<'_> {
    /// `def name(a, b):`: notes the name and its parameters; their defaults are read as what they are.
    pub(super) fn definition(&mut self, cursor: &mut Cursor<'_>) {
        let named = match cursor.name() {
            Some("func") => Named::Before,
            _ => Named::Behind,
        };
        cursor.at += 1;
        // `func (r *Runner) run(…)` of Go; what stands there is read as before.
        if named == Named::Before && cursor.is("(") {
            let end = self.parameters(cursor.tokens, cursor.at, named).1;
            if let Some(name) = cursor.tokens.get(end + 1).and_then(word) {
                let found = self.parameters(cursor.tokens, end + 2, named).0;
                self.functions.insert(name.to_owned(), found);
            }
            return;
        }
        // `def self.run(…)` of Ruby.
        if cursor.name() == Some("self") && matches!(cursor.ahead(1), Some(Token::Mark("."))) {
            cursor.at += 2;
        }
        let Some(name) = cursor.name() else { return };
        cursor.at += 1;
        name.clone_into(&mut self.current);
        let mut found = if cursor.is("(") {
            self.parameters(cursor.tokens, cursor.at, named).0
        } else {
            Vec::new()
        };
        if self.language == Language::Perl {
            found.push(Parameter::rest("@_"));
        }
        self.functions.insert(name.to_owned(), found);
    }

    /// Functions that begin with the type of what they give back: `static void git(String... args) {` of Java, C#, C++, D and Dart; and
    /// methods of JavaScript, `git(...args) {` (ECMAScript 2024, 15.4).
    pub(super) fn typed_definitions(&mut self, tokens: &[Token]) {
        let starts = |it: &Token| {
            let name = word(it).map(str::to_ascii_lowercase);
            name.is_some_and(|name| STARTING.iter().any(|part| name.contains(part)))
        };
        if tokens.iter().any(starts) {
            self.rounds.allowed = ROUND_TOKENS_MAX / tokens.len().max(1);
        }
        if !self.has_bare_heads() {
            return;
        }
        for at in 1..tokens.len() {
            if let Some((found, _)) = self.typed_definition(tokens, at)
                && let Some(name) = tokens.get(at).and_then(word)
                && !self.functions.contains_key(name)
            {
                if !self.budget.spend(1) {
                    return;
                }
                self.functions.insert(name.to_owned(), found);
            }
        }
    }

    /// Its functions may stand there without a word that says so.
    fn has_bare_heads(&self) -> bool {
        matches!(self.language, Language::Other | Language::Javascript)
    }

    /// Where the head of such a function ends whose bracket is here.
    pub(super) fn head_of_definition(&self, cursor: &Cursor<'_>) -> Option<usize> {
        if !self.has_bare_heads() {
            return None;
        }
        let name = cursor.at.checked_sub(1)?;
        Some(self.typed_definition(cursor.tokens, name)?.1)
    }

    /// The parameters of a function whose name stands at `at` behind a type, and where they end.
    fn typed_definition(&self, tokens: &[Token], at: usize) -> Option<(Vec<Parameter>, usize)> {
        let name = word(tokens.get(at)?)?;
        let before = tokens.get(at.checked_sub(1)?)?;
        let is_typed = word(before).map_or_else(
            || matches!(before.mark(), "]" | ">" | "*" | "?"),
            |word| !CALLING.contains(&word),
        );
        let is_method = || {
            *before == Token::Line
                || matches!(before.mark(), "{" | "}" | ";" | "," | "*")
                || matches!(word(before), Some("async" | "static"))
        };
        let is_headed = if self.language == Language::Javascript {
            is_method()
        } else {
            is_typed
        };
        if !is_headed || tokens.get(at + 1)?.mark() != "(" || HEADS.contains(&name) {
            return None;
        }
        let (found, end) = self.parameters(tokens, at + 1, Named::Behind);
        let mut behind = tokens.get(end + 1..).unwrap_or_default().iter();
        if self.language == Language::Javascript {
            // TypeScript says there what is given back.
            let mut behind = behind.take(TOKENS_MAX).take_while(|it| **it != Token::Line);
            let is_told = tokens.get(end + 1).is_some_and(|it| it.mark() == ":");
            let next = if is_told {
                behind.find(|it| it.mark() == "{")
            } else {
                behind.next()
            };
            return (next?.mark() == "{").then_some((found, end));
        }
        let next = behind.find(|it| **it != Token::Line)?;
        let is_body = matches!(word(next), Some("throws" | "async" | "where"))
            || matches!(next.mark(), "{" | "=>");
        is_body.then_some((found, end))
    }

    /// The parameters between the bracket at `at` and the one that closes it, and where that is.
    pub(super) fn parameters(
        &self,
        tokens: &[Token],
        at: usize,
        named: Named,
    ) -> (Vec<Parameter>, usize) {
        let mut found = Vec::new();
        let mut depth = 0_u32;
        let mut begin = at + 1;
        let end = at.saturating_add(TOKENS_MAX).min(tokens.len());
        for (place, token) in tokens.iter().enumerate().take(end).skip(at) {
            let mark = token.mark();
            let closes = depth == 1 && mark == ")";
            if closes || depth == 1 && mark == "," {
                let part = tokens.get(begin..place).unwrap_or_default();
                found.extend(self.parameter(part, named));
                begin = place + 1;
            }
            match mark {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if closes {
                return (found, place);
            }
        }
        (found, at + TOKENS_MAX)
    }

    fn parameter(&self, part: &[Token], named: Named) -> Option<Parameter> {
        let is_mark = |token: &Token, marks: &[&str]| marks.contains(&token.mark());
        let ends = |token: &Token| is_mark(token, &[":", "::", "=", ":="]);
        let head = part.split(ends).next().unwrap_or_default();
        let has_colon = part.iter().any(|it| is_mark(it, &[":", "::"]));
        let mut words = part.iter().filter_map(word);
        let says_rest = words.any(|it| matches!(it, "vararg" | "params" | "varargs"));
        let is_star = |it: Option<&Token>| it.is_some_and(|it| it.mark() == "*");
        let has_star = if self.language == Language::Other {
            has_colon && is_star(part.last())
        } else {
            matches!(self.language, Language::Python | Language::Ruby) && is_star(part.first())
        };
        let takes_rest = says_rest || has_star || part.iter().any(|it| it.mark() == VARARGS);
        let is_modifier = |it: &&str| MODIFIERS.contains(it) || matches!(*it, "vararg" | "params");
        let written: Vec<&str> = head
            .iter()
            .filter_map(word)
            .filter(|it| !is_modifier(it))
            .collect();
        let name = if named == Named::Before && !has_colon {
            written.first()
        } else {
            written.last()
        };
        let alone = (takes_rest && self.language == Language::Lua).then_some(VARARGS);
        let name = name.copied().or(alone)?;
        if matches!(name, "self" | "cls" | "this") {
            return None;
        }
        let label = written.first().filter(|it| has_colon && **it != name);
        Some(Parameter {
            name: name.to_owned(),
            label: label.map(|it| (*it).to_owned()),
            takes_rest,
        })
    }

    /// What a function of the text is called with is what its parameters may be.
    pub(super) fn given(&mut self, parameters: &[Parameter], call: &Call<'_>) {
        let bound: Bound = parameters
            .iter()
            .enumerate()
            .filter_map(|(at, it)| Some((it.name.clone(), it.given_by(call, at)?)))
            .collect();
        for (_, value) in &bound {
            self.pay_for(value);
        }
        if self.rounds.allowed > 0 && bound.iter().any(|(_, value)| value.items.is_some()) {
            if !self.rounds.note(bound) {
                self.unknown("more calls of a function than are read");
            }
            return;
        }
        for (name, value) in bound {
            self.names.entry(name).or_default().or(&value);
        }
    }

    /// What a loop or a block sees of a list in that name: of a list of lists, or of objects that keep some, each of them in a round of
    /// its own.
    pub(super) fn element_of(&mut self, name: &str, list: &Value) -> Value {
        let is_told_apart = |it: &&Value| it.items.is_some() || !it.fields.is_empty();
        let lists = list.items.iter().flatten();
        let lists = lists.filter(|it| is_told_apart(it) && self.rounds.allowed > 0);
        let lists: Vec<Value> = lists.take(LISTS_MAX).cloned().collect();
        let Some(first) = lists.first().cloned() else {
            return list.elements();
        };
        for one in lists {
            self.pay_for(&one);
            self.rounds.note(vec![(name.to_owned(), one)]);
        }
        let in_this_round = self.names.get(name).filter(|_| self.rounds.is_settled);
        in_this_round.cloned().unwrap_or(first)
    }

    /// `for bin, *args in [["git", "fetch"], …]`: each list of texts in a round of its own; whether it is one of lists of texts.
    pub(super) fn bind_apart(&mut self, names: &[String], list: &Value) -> bool {
        let is_told = |it: &Value| it.items.iter().flatten().all(|it| it.known().is_some());
        let lists = list.items.as_deref().unwrap_or_default();
        let is_listed = lists.iter().all(|it| it.items.is_some() && is_told(it));
        let is_read = self.rounds.allowed > 0 && (1..=LISTS_MAX).contains(&lists.len());
        if !is_read || !is_listed {
            return false;
        }
        for items in lists.iter().filter_map(|it| it.items.as_deref()) {
            let is_last = |at: usize| at + 1 == names.len() && items.len() > names.len();
            let value = |at: usize| match items.get(at..) {
                Some(rest) if is_last(at) => Some(Value::list(rest.to_vec())),
                _ => items.get(at).cloned(),
            };
            let bound = names.iter().enumerate();
            let bound: Bound = bound
                .filter_map(|(at, it)| Some((it.clone(), value(at)?)))
                .collect();
            if !self.rounds.is_settled {
                self.names.extend(bound.iter().cloned());
            }
            self.rounds.note(bound);
        }
        true
    }

    /// Binds names for that round; false when everything had its round.
    pub(super) fn begin_round(&mut self, round: usize) -> bool {
        if !self.rounds.is_settled {
            self.rounds.is_settled = true;
            // What a name was given otherwise is one more thing that it may be.
            for rounds in self.rounds.calls.values_mut() {
                let names = rounds
                    .first()
                    .map(|(_, bound)| bound.iter().map(|(name, _)| name));
                let names = names.into_iter().flatten();
                let before =
                    names.filter_map(|name| Some((name.clone(), self.names.get(name)?.clone())));
                let before: Bound = before
                    .filter(|(_, value)| !value.words.is_empty())
                    .collect();
                rounds.extend((!before.is_empty()).then_some((String::new(), before)));
            }
        }
        let rounds = std::mem::take(&mut self.rounds);
        let is_in_time = round < rounds.allowed.max(1);
        let bound = rounds.calls.values().flatten().nth(round);
        if bound.is_some() && !is_in_time {
            self.unknown("more calls of a function than are read");
        }
        for (name, value) in bound.into_iter().flat_map(|(_, bound)| bound) {
            self.names.insert(name.clone(), value.clone());
        }
        let is_read = bound.is_some() && is_in_time || round == 0;
        self.rounds = rounds;
        is_read
    }

    /// How many signs stand in front of a list here whose elements are so many arguments or elements: `*args`, `...args`, and `...` of Lua,
    /// which is the list itself.
    pub(super) fn spread_here(&self, cursor: &Cursor<'_>, open: &str) -> Option<usize> {
        let is_call = open == "(";
        let is_mark = cursor.is(VARARGS);
        let is_star = cursor.at_splat();
        let (is_spread, signs) = if matches!(self.language, Language::Python | Language::Ruby) {
            (is_star && open != "{", 1)
        } else if self.language == Language::Other {
            (is_star && is_call, 1)
        } else if self.language == Language::Javascript {
            (is_mark && is_call, 1)
        } else if self.language == Language::Php {
            (is_mark, 1)
        } else {
            (is_mark && self.language == Language::Lua, 0)
        };
        is_spread.then_some(signs)
    }

    /// `...` of Lua.
    pub(super) fn all_given(&mut self, cursor: &mut Cursor<'_>) -> Value {
        cursor.at += 1;
        let given = self.names.get(VARARGS).cloned();
        given.unwrap_or_else(|| Value::unknown(crate::effect::Feed::Nothing))
    }

    /// What `shift` of Perl takes: of the function's list, or of the words behind the text.
    pub(super) fn taken_first(&self) -> Option<Value> {
        let list = self.names.get("@_").filter(|it| it.items.is_some());
        let list = list.cloned().or_else(|| self.given_words("@ARGV"));
        list.map(|list| list.elements())
    }
}
