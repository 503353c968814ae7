//! Calls of a script: which function it is, whoever names it and however, and what its own functions are given.

use super::Embedded;
use super::calls::{self, Does, SELF};
use super::effects::Call;
use super::harmless;
use super::script::Script;
use super::value::Value;
use crate::effect::Feed;
use crate::knowledge::schema::Language;
use crate::shell::{Hole, Piece, Word};

/// Arguments of a call, with the keywords in front of them.
pub(super) type Arguments = Vec<(Option<String>, Value)>;

/// Most functions of one call that are looked at as handed on.
const HANDED_MAX: usize = 4;

/// The field of a member that was found by its name: what it is a member of.
pub(super) const MEMBER_OF: &str = "a member of";

/// Modules in which a member that is found by a computed name may run a program or delete a file.
const REFLECTED: [&str; 26] = [
    "",
    "os",
    "posix",
    "subprocess",
    "shutil",
    "pty",
    "builtins",
    "__builtins__",
    "importlib",
    "ctypes",
    "child_process",
    "fs",
    "process",
    "global",
    "globalThis",
    "window",
    "this",
    "Kernel",
    "Object",
    "FileUtils",
    "File",
    "IO",
    "Process",
    "_G",
    "io",
    "globals",
];

impl Script<'_> {
    /// Calls what stands in brackets, whichever it is: `(rmtree if is_dir(d) else remove)(d)`.
    pub(super) fn call_any(
        &mut self,
        value: &Value,
        object: Option<Value>,
        arguments: Arguments,
    ) -> Value {
        let functions = value.items.iter().flatten();
        let functions: Vec<&Value> = functions
            .filter(|item| item.path.is_some())
            .take(HANDED_MAX)
            .collect();
        for function in functions {
            self.call_value(function, None, arguments.clone());
        }
        self.call_value(value, object, arguments)
    }

    /// Calls whatever a value is: a function by its name, a text that names one, or what a function gave back.
    pub(super) fn call_value(
        &mut self,
        value: &Value,
        object: Option<Value>,
        arguments: Arguments,
    ) -> Value {
        let held = || {
            let mut fields = value.fields.iter();
            fields
                .find(|(name, _)| name == MEMBER_OF)
                .map(|(_, it)| it.clone())
        };
        let object = object
            .or_else(held)
            .or_else(|| super::stand_ins::itself(value));
        if value.feed == Feed::Decoded && object.is_none() {
            self.hidden("a function whose name is decoded");
        }
        let by_text = matches!(
            self.language,
            Language::Php | Language::Perl | Language::Other
        );
        let path = match (&value.path, value.known()) {
            (Some(path), _) => path.clone(),
            (None, Some(text)) if by_text => text.replace("::", "."),
            (None, Some(_)) => return value.clone(),
            (None, None) => {
                if self.language == Language::Php && object.is_none() {
                    self.hidden("a function whose name is computed");
                }
                String::new()
            }
        };
        if path.starts_with('.') && object.is_none() && self.language == Language::Python {
            let mut given = arguments.into_iter();
            let on = given.next().map(|(_, value)| value);
            return self.call(&path, on, given.collect());
        }
        if path.starts_with('$') {
            self.computes = true;
            self.unknown("a call whose name is computed");
        }
        self.call(&path, object, arguments)
    }

    /// Notes what a call does and returns what it gives back.
    pub(super) fn call(
        &mut self,
        path: &str,
        object: Option<Value>,
        arguments: Arguments,
    ) -> Value {
        let before = (self.found.len(), self.elsewhere.len());
        let all = object
            .iter()
            .chain(arguments.iter().map(|(_, value)| value));
        let feed = all.map(|value| value.feed).max();
        let is_perl = self.language == Language::Perl;
        let call = Call {
            path,
            object,
            // A list is as many arguments: `system qw(ls -l), $file` (perldata, perl 5.38).
            arguments: if is_perl && matches!(path, "system" | "exec") {
                flattened(arguments.iter())
            } else {
                arguments
            },
        };
        let value = self.answer(&call, feed.unwrap_or_default());
        self.with_server(&call, before, value)
    }

    /// What a call does and gives back, by the tables.
    fn answer(&mut self, call: &Call<'_>, feed: Feed) -> Value {
        let path = call.path;
        let known = calls::find(self.language, path, call.object.is_some());
        self.callbacks(call);
        // A function of the text may have the name of one that the table knows.
        if call.object.is_none()
            && known.is_some()
            && let Some(parameters) = self.functions.get(path).cloned()
        {
            self.given(&parameters, call);
        }
        self.connects(call);
        self.replaces_table(call);
        if Self::is_library_of_commands(path) {
            let name = path.rsplit('.').next().unwrap_or_default();
            let words = std::iter::once(Value::text(name)).chain(call.positional().cloned());
            self.started(&words.collect::<Vec<_>>());
            return Value::unknown(Feed::Program);
        }
        let made = self.appended(call);
        let made = made.or_else(|| self.substituted(call));
        let made = made.or_else(|| self.renamed(call));
        let made = made.or_else(|| self.path_below(call));
        if let Some(made) = made.or_else(|| super::notations::parsed(call)) {
            return made;
        }
        if let Some(value) = self.builds_command(call) {
            return value;
        }
        // A part of a list is as good as the list.
        let listed = call.object.iter().chain(call.positional()).next();
        if let Some(list) = listed.filter(|it| it.items.is_some())
            && matches!(
                call.path.rsplit('.').next(),
                Some("slice" | "array_slice" | "drop")
            )
        {
            return self.rest_of(list);
        }
        let is_kept = matches!(known, Some(Does::Same(_)));
        let takes_text = call.object.is_some() || call.path.ends_with("Command");
        let known = if takes_text && !is_kept && Self::hands_statement(call) {
            Some(Does::Query)
        } else {
            known
        };
        if self.takes_key(call) {
            return call.argument(0);
        }
        if let Some(home) = super::places::home_of(call) {
            return home;
        }
        if let Some(saved) = self.saves(call) {
            return saved;
        }
        if self.said_to_redis(call) {
            return Value::unknown(Feed::Nothing);
        }
        match known {
            Some(Does::Module) => {
                let module = call.argument(0).known().unwrap_or_else(|| "?".to_owned());
                Value::named(module.strip_prefix("node:").unwrap_or(&module))
            }
            Some(Does::Member) => Self::member(&call.argument(0), &call.argument(1)),
            Some(does) => self.perform(does, call),
            None => self.other(call, feed),
        }
    }

    /// `delete(m, "a")` of Go takes a key out of a map (Go 1.23, "Deletion of map elements"); what `delete` of vim is given is a file.
    fn takes_key(&self, call: &Call<'_>) -> bool {
        let of_text = |word: &Word| {
            matches!(
                word.pieces.as_slice(),
                [Piece::Hole(Hole::Other("a value of the script"))]
            )
        };
        let flag = call.argument(1).known();
        self.has_maps
            && call.path == "delete"
            && call.object.is_none()
            && call.positional().count() == 2
            && !matches!(flag.as_deref(), Some("rf" | "d" | ""))
            && call.argument(0).feed == Feed::Nothing
            && call.argument(0).words.iter().all(of_text)
    }

    /// Whether a function is a program by its name: `sh.rm("-rf", x)` of sh 2, `plumbum.cmd.rm` and `local["rm"]` of plumbum 1.9.
    pub(super) fn is_library_of_commands(path: &str) -> bool {
        ["sh.", "plumbum.local.", "plumbum.cmd."]
            .iter()
            .any(|library| {
                path.strip_prefix(library)
                    .is_some_and(|name| !name.is_empty() && !name.contains('.'))
            })
    }

    /// `frame.to_sql("t", engine, if_exists="replace")` of pandas 2: the table is dropped first. Files of SQLite are the script's own.
    fn replaces_table(&mut self, call: &Call<'_>) {
        let replaces = call.arguments.iter().any(|(keyword, value)| {
            keyword.as_deref() == Some("if_exists") && value.known().as_deref() == Some("replace")
        });
        // `dbWriteTable(con, "t", d, overwrite = TRUE)` of DBI 1.2.
        let overwrites = |(keyword, value): &(Option<String>, Value)| {
            keyword.as_deref() == Some("overwrite")
                && value
                    .path
                    .as_deref()
                    .is_some_and(|path| path.starts_with('T'))
        };
        if call.path.ends_with("dbWriteTable") && call.arguments.iter().any(overwrites) {
            let table = call.argument(1).known().unwrap_or_default();
            self.found.push(super::effect(
                crate::effect::Action::Overwrite,
                crate::effect::Role::Table,
                &table,
                crate::effect::Modifiers::NONE,
            ));
        }
        if replaces && call.path.ends_with(".to_sql") && self.databases.iter().any(|it| it == "?") {
            let table = call.argument(0).known().unwrap_or_default();
            self.found.push(super::effect(
                crate::effect::Action::Overwrite,
                crate::effect::Role::Table,
                &table,
                crate::effect::Modifiers::NONE,
            ));
        }
    }

    /// A call of something that is not in the tables: of the script itself, by another way to call, or not described.
    fn other(&mut self, call: &Call<'_>, feed: Feed) -> Value {
        let (before, last) = call.path.rsplit_once('.').unwrap_or(("", call.path));
        if matches!(
            last,
            "call" | "apply" | "bind" | "bind_call" | "__call__" | "invoke" | "Call"
        ) && let Some(does) = calls::find(self.language, before, false)
        {
            let skipped = usize::from(self.language == Language::Javascript || last == "bind_call");
            let arguments = flattened(call.arguments.iter().skip(skipped));
            return self.perform(
                does,
                &Call {
                    path: before,
                    object: None,
                    arguments,
                },
            );
        }
        if last == "?" || call.path.starts_with("?.") {
            let module = before.rsplit('.').next().unwrap_or_default();
            let module = module.trim_start_matches('?');
            if last == "?" && (REFLECTED.contains(&module) || REFLECTED.contains(&before)) {
                self.hidden("a function whose name is computed");
            }
            self.computes = true;
            self.unknown("a call whose name is computed");
            return Value::unknown(feed);
        }
        if let Some(parameters) = self.functions.get(last).cloned() {
            self.given(&parameters, call);
            let returned = self.returns.get(last).cloned();
            let returned = returned.or_else(|| self.shaped(last, call));
            return returned.unwrap_or_else(|| Value::unknown(feed));
        }
        if self.remote_method(call, last) {
            return Value::unknown(feed);
        }
        if self.language == Language::Mongo {
            // What is given narrows it, unless it is nothing or `{}`.
            let first = call.argument(0);
            let narrows = !first.fields.is_empty() || first.items.is_some() || first.path.is_some();
            let given = if narrows { "…" } else { "" };
            self.found
                .extend(super::sql::read_mongo(&format!("db.{last}({given})")));
        }
        self.assume_call(call);
        if !harmless::is_known(self.language, call.path, call.object.is_some()) {
            let name = if call.path.is_empty() {
                "what another call gives back"
            } else {
                call.path
            };
            self.undescribed(name);
        }
        Value::unknown(feed)
    }

    /// Notes a call that is not described; one of them is enough.
    pub(super) fn undescribed(&mut self, name: &str) {
        if self.is_new("undescribed") {
            self.found.push(Embedded::Undescribed(name.to_owned()));
        }
    }

    /// `preg_replace_callback("/x/", "shell_exec", $t)` of PHP, which takes a name for a function (PHP 8.4, "Callables").
    fn handed_by_name(&mut self, call: &Call<'_>) {
        const TAKE: [&str; 9] = [
            "preg_replace_callback",
            "preg_replace_callback_array",
            "ob_start",
            "iterator_apply",
            "array_reduce",
            "forward_static_call",
            "set_error_handler",
            "set_exception_handler",
            "header_register_callback",
        ];
        if self.language != Language::Php || !TAKE.contains(&call.path) {
            return;
        }
        let matters = |value: &Value| {
            let name = value.known();
            let does = name.and_then(|name| calls::find(Language::Php, &name, false));
            does.is_some_and(Does::matters)
        };
        if call.positional().any(matters) {
            self.hidden("a function that is handed on by its name");
        }
    }

    /// A function that matters, handed to another one: `map(os.system, […])`, `Thread(target=os.system, args=(…))`.
    fn callbacks(&mut self, call: &Call<'_>) {
        let mut handed = 0;
        self.handed_by_name(call);
        for (at, (_, value)) in call.arguments.iter().enumerate() {
            if handed == HANDED_MAX {
                return;
            }
            let Some(path) = &value.path else { continue };
            let does = calls::find(self.language, path, false);
            // `map(chr, [114, 109])`.
            self.hides |= matches!(does, Some(Does::Decode(decode)) if decode.hides());
            let Some(does) = does.filter(|does| does.matters()) else {
                continue;
            };
            handed += 1;
            if call.path.is_empty() && !matches!(does, Does::Interpret) {
                self.hidden("a function that is handed to one without a name");
            }
            let others = call.arguments.iter().enumerate();
            let others = others.filter(|(other, _)| *other != at).map(|(_, it)| it);
            let object = call.object.iter().filter(|object| object.path.is_none());
            let object: Arguments = object.map(|object| (None, object.clone())).collect();
            let all: Arguments = others.cloned().chain(object).collect();
            let is_list = all
                .iter()
                .any(|(keyword, _)| keyword.as_deref() == Some("args"));
            let arguments = if is_list {
                flattened(all.iter())
            } else {
                all.iter().map(|(_, value)| (None, each(value))).collect()
            };
            let is_told = arguments.iter().any(|(_, value)| {
                value
                    .alternatives()
                    .iter()
                    .any(|word| word.known().is_some())
            });
            // `fetch(x).then(eval)`: what comes from there is run, whatever it is.
            let from_network = call
                .object
                .as_ref()
                .is_some_and(|object| object.feed == Feed::Network);
            if from_network && matches!(does, Does::Interpret) {
                self.hidden("what the network says, handed to an interpreter");
            }
            if is_told || !matches!(does, Does::Interpret) && !arguments.is_empty() {
                self.perform(
                    does,
                    &Call {
                        path,
                        object: None,
                        arguments,
                    },
                );
            }
        }
    }

    /// `getattr(os, "sys" + "tem")`.
    fn member(object: &Value, name: &Value) -> Value {
        let path = object.path.clone().unwrap_or_default();
        let name = name.known().unwrap_or_else(|| "?".to_owned());
        let mut member = Value::named(format!("{path}.{name}"));
        // Of what it is a member counts where it is no module.
        if object.path.is_none() {
            member.fields.push((MEMBER_OF.to_owned(), object.clone()));
        }
        member
    }

    /// Functions that are found by name: `send`, `const_get`, `call_user_func`.
    pub(super) fn reflect(&mut self, does: Does, call: &Call<'_>) -> Value {
        let first = call.argument(0);
        let arguments: Arguments = call.arguments.iter().skip(1).cloned().collect();
        if does == Does::MemberOfSelf {
            return Self::member(&call.argument(SELF), &first);
        }
        if does == Does::Named {
            return Value::named(first.known().unwrap_or_else(|| "?".to_owned()));
        }
        if does == Does::CallLast {
            let Some(last) = call.positional().last().cloned() else {
                return Value::unknown(Feed::Nothing);
            };
            return self.call_by(&last, None, vec![(None, each(&first))]);
        }
        let is_each = call.path.starts_with("array_");
        let is_list = call.path == "do.call" || call.path.ends_with("_array");
        let arguments = if is_list {
            flattened(arguments.iter())
        } else if is_each {
            let values = arguments.iter().map(|(_, value)| (None, each(value)));
            values.collect()
        } else {
            arguments
        };
        // `methodcaller("unlink")(path)` calls it on what it is given (Python 3.13, operator).
        if call.path.ends_with("methodcaller") {
            let name = first.known().unwrap_or_else(|| "?".to_owned());
            return Value::named(format!(".{name}"));
        }
        // `do.call` of R is one name.
        let object = call.object.clone().filter(|_| call.path != "do.call");
        self.call_by(&first, object, arguments)
    }

    /// Calls the function that a value names.
    fn call_by(&mut self, name: &Value, object: Option<Value>, arguments: Arguments) -> Value {
        if name.feed == Feed::Decoded {
            self.hidden("a function whose name is decoded");
        }
        let module = object.as_ref().and_then(|object| object.path.clone());
        let Some(known) = name.known().or_else(|| name.path.clone()) else {
            if REFLECTED.contains(&module.as_deref().unwrap_or("?")) {
                self.hidden("a function whose name is computed");
            }
            self.computes = true;
            self.unknown("a call whose name is computed");
            return Value::unknown(Feed::Nothing);
        };
        let path = match &module {
            Some(module) => format!("{module}.{known}"),
            None if object.is_some() => format!(".{known}"),
            None => known,
        };
        self.call(&path, object, arguments)
    }
}

/// What a function sees that is called with each element of a list.
fn each(value: &Value) -> Value {
    if value.items.is_some() {
        value.elements()
    } else {
        value.clone()
    }
}

/// Arguments with the elements of lists among them.
fn flattened<'a>(arguments: impl Iterator<Item = &'a (Option<String>, Value)>) -> Arguments {
    let mut all = Arguments::new();
    for (_, value) in arguments {
        match &value.items {
            Some(items) => all.extend(items.iter().map(|item| (None, item.clone()))),
            None => all.push((None, value.clone())),
        }
    }
    all
}
