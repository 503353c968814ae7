//! What a call of a script does, and what it gives back.

use data_encoding::{BASE64_NOPAD, HEXLOWER_PERMISSIVE};

use super::Embedded;
use super::calls::{self, Decode, Does, SELF};
use super::script::Script;
use super::value::{Value, pattern};
use crate::effect::{Action, Feed, Modifier, Modifiers, Role};
use crate::shell::Word;

/// A call: the function in full, the object before the dot, and the arguments with their keywords.
pub(super) struct Call<'a> {
    pub(super) path: &'a str,
    pub(super) object: Option<Value>,
    pub(super) arguments: Vec<(Option<String>, Value)>,
}

impl Call<'_> {
    /// Returns the argument at `at`; unknown when there is none.
    pub(super) fn argument(&self, at: usize) -> Value {
        let found = if at == SELF {
            self.object.clone()
        } else {
            self.positional().nth(at).cloned()
        };
        found.unwrap_or_else(|| Value::unknown(Feed::Nothing))
    }

    fn positional(&self) -> impl Iterator<Item = &Value> {
        self.arguments
            .iter()
            .filter(|(keyword, _)| keyword.is_none())
            .map(|(_, value)| value)
    }
}

impl Script<'_> {
    /// Notes the effects of a call whose meaning is known.
    pub(super) fn perform(&mut self, does: Does, call: &Call<'_>) -> Value {
        match does {
            Does::Launch => self.launch(call),
            Does::Exec => self.exec(call),
            Does::Path(action, at, modifier) => self.path(action, &call.argument(at), modifier),
            Does::Move => {
                self.path(Action::Move, &call.argument(0), None);
                self.path(Action::Overwrite, &call.argument(1), None)
            }
            Does::Open => self.open(call),
            Does::Fetch => self.remote(Action::Fetch, call),
            Does::Send => self.remote(Action::Send, call),
            Does::Connect => self.remote(Action::Connect, call),
            Does::Rewire => self.rewire(),
            Does::Kill => {
                let target = call.argument(0);
                self.note(Action::Kill, Role::Process, &target, Modifiers::NONE);
                Value::unknown(Feed::Nothing)
            }
            Does::Interpret => self.interpret(&call.argument(0)),
            Does::Print => self.print(call),
            Does::Same(at) => call.argument(at),
            Does::Join => Self::join(call),
            Does::Glob => Self::glob(call),
            Does::ListDirectory => {
                let at = if call.path.ends_with(".iterdir") {
                    SELF
                } else {
                    0
                };
                let directory = call.argument(at);
                Value {
                    words: vec![pattern("*")],
                    ..directory.then("/", &star())
                }
            }
            Does::Decode(decode) => decoded(decode, call),
            Does::Module | Does::Member => Value::unknown(Feed::Nothing),
        }
    }

    fn note(&mut self, action: Action, role: Role, target: &Value, modifiers: Modifiers) {
        for target_word in target.alternatives() {
            self.found.push(Embedded::Effect {
                action,
                role,
                target: target_word,
                modifiers,
                feed: target.feed,
            });
        }
    }

    fn launch(&mut self, call: &Call<'_>) -> Value {
        let arguments: Vec<Value> = call.positional().cloned().collect();
        match arguments.as_slice() {
            [list, ..] if list.items.is_some() => {
                self.command(list.items.as_deref().unwrap_or_default());
            }
            [program, list] if list.items.is_some() => {
                let words = list.items.iter().flatten();
                let words: Vec<Value> = std::iter::once(program).chain(words).cloned().collect();
                self.command(&words);
            }
            [text] => self.shell(text),
            [text, options] if options.words.iter().all(|word| word.known().is_none()) => {
                self.shell(text);
            }
            [] => self.unknown("a command that is computed"),
            words => self.command(words),
        }
        Value::unknown(Feed::Program)
    }

    fn shell(&mut self, text: &Value) {
        self.found
            .extend(text.alternatives().into_iter().map(Embedded::Shell));
    }

    fn command(&mut self, words: &[Value]) {
        let words: Vec<Word> = words
            .iter()
            .map(|value| match value.alternatives().as_slice() {
                [only] => only.clone(),
                _ => super::value::hole(),
            })
            .collect();
        if !words.is_empty() {
            self.found.push(Embedded::Command(words));
        }
    }

    /// `execvp("rm", ["rm", "-rf", "/"])`, `execl("/bin/sh", "sh", "-c", "ls")`.
    fn exec(&mut self, call: &Call<'_>) -> Value {
        let mut arguments: Vec<Value> = call.positional().cloned().collect();
        if arguments.is_empty() {
            self.unknown("a command that is computed");
            return Value::unknown(Feed::Nothing);
        }
        let program = arguments.remove(0);
        let words = match arguments.first().and_then(|first| first.items.clone()) {
            Some(list) => list,
            None => arguments,
        };
        let words: Vec<Value> = std::iter::once(program)
            .chain(words.into_iter().skip(1))
            .collect();
        self.command(&words);
        Value::unknown(Feed::Nothing)
    }

    fn path(&mut self, action: Action, target: &Value, modifier: Option<Modifier>) -> Value {
        let modifiers = modifier.into_iter().collect();
        self.note(action, Role::Path, target, modifiers);
        Value::unknown(if action == Action::Read {
            Feed::File
        } else {
            Feed::Nothing
        })
    }

    fn open(&mut self, call: &Call<'_>) -> Value {
        let keyword = |name: &str| {
            call.arguments
                .iter()
                .find(|(key, _)| key.as_deref() == Some(name))
                .map(|(_, v)| v)
        };
        let second = call.argument(1);
        let mode = keyword("mode")
            .unwrap_or(&second)
            .known()
            .unwrap_or_default();
        let perl = self.language == crate::knowledge::schema::Language::Perl;
        if perl {
            return self.perl_open(call, &mode);
        }
        self.path(calls::opened(&mode), &call.argument(0), None)
    }

    /// `open(F, "rm -rf / |")`, `open(F, ">", "x")`, `open F, ">x"`.
    fn perl_open(&mut self, call: &Call<'_>, mode: &str) -> Value {
        let text = mode.trim();
        if let Some(command) = text.strip_prefix('|').or_else(|| text.strip_suffix('|')) {
            let third = call.argument(2);
            let words: Vec<Value> = call.positional().skip(2).cloned().collect();
            match words.as_slice() {
                [] => self.shell(&Value::text(command)),
                [_] => self.shell(&third),
                words => self.command(words),
            }
            return Value::unknown(Feed::Program);
        }
        let name = text.trim_start_matches(['<', '>', '+', ' ']);
        let target = if name.is_empty() || name.starts_with(':') {
            call.argument(2)
        } else {
            Value::text(name)
        };
        self.path(calls::opened(text), &target, None)
    }

    fn remote(&mut self, action: Action, call: &Call<'_>) -> Value {
        let mut target = call.argument(0);
        if let (Some(items), true) = (&target.items, action == Action::Connect) {
            target = items.first().cloned().unwrap_or_default();
        }
        let payload = call
            .arguments
            .iter()
            .skip(1)
            .map(|(_, value)| value.feed)
            .max();
        target.feed = payload.unwrap_or_default();
        self.note(action, Role::Remote, &target, Modifiers::NONE);
        Value::unknown(Feed::Network)
    }

    /// Streams of a connection given to a process: whoever is at the other end types its commands.
    pub(super) fn rewire(&mut self) -> Value {
        let connects = |found: &Embedded| {
            matches!(
                found,
                Embedded::Effect {
                    action: Action::Connect | Action::Listen,
                    ..
                }
            )
        };
        if self.found.iter().any(connects) {
            let mut commands = Value::text("the streams of a connection");
            commands.feed = Feed::Network;
            self.note(Action::Interpret, Role::Code, &commands, Modifiers::NONE);
        }
        Value::unknown(Feed::Nothing)
    }

    /// Code that is read as well when it is known, and noted with its origin when it is not.
    fn interpret(&mut self, code: &Value) -> Value {
        match code.known() {
            Some(text) => self.nested(&text),
            None => self.note(Action::Interpret, Role::Code, code, Modifiers::NONE),
        }
        Value::unknown(Feed::Nothing)
    }

    fn print(&mut self, call: &Call<'_>) -> Value {
        for value in call.positional() {
            if value.path.as_deref().is_some_and(calls::is_environment) {
                let target = Value::text("the environment");
                self.note(
                    Action::Read,
                    Role::Secret,
                    &target,
                    Modifiers::NONE.with(Modifier::All),
                );
            }
        }
        Value::unknown(Feed::Nothing)
    }

    fn join(call: &Call<'_>) -> Value {
        let mut parts = call
            .object
            .iter()
            .filter(|object| object.path.is_none())
            .chain(call.positional());
        let Some(first) = parts.next() else {
            return Value::unknown(Feed::Nothing);
        };
        parts.fold(first.clone(), |path, part| match part.known() {
            Some(text) if text.starts_with('/') => part.clone(),
            _ => path.then("/", part),
        })
    }

    fn glob(call: &Call<'_>) -> Value {
        let text = call.argument(0);
        let patterns = text.map(|text| Some(text.to_owned())).alternatives();
        let words = patterns
            .iter()
            .map(|word| {
                word.known()
                    .map_or_else(|| word.clone(), |text| pattern(&text))
            })
            .collect();
        let value = Value {
            words,
            feed: Feed::File,
            ..Value::default()
        };
        match &call.object {
            Some(object) if object.path.is_none() => object.then("/", &value),
            _ => value,
        }
    }
}

fn star() -> Value {
    Value {
        words: vec![pattern("*")],
        ..Value::default()
    }
}

/// What a decoder gives back.
fn decoded(decode: Decode, call: &Call<'_>) -> Value {
    let first = call.argument(0);
    let unknown = Value::unknown(first.feed.max(Feed::Decoded));
    let text = match decode {
        Decode::Base64 => {
            // `Buffer.from(x)` is base64 only when it says so; without that the text stays what it is.
            if call.path == "Buffer.from" && call.argument(1).known().as_deref() != Some("base64") {
                return first;
            }
            first.known().and_then(|text| base64(&text))
        }
        Decode::Hexadecimal => first.known().and_then(|text| hexadecimal(&text)),
        Decode::Rot13 => match call.argument(1).known().as_deref() {
            None | Some("rot13" | "rot_13") => first.known().map(|text| rot13(&text)),
            Some("hex") => first.known().and_then(|text| hexadecimal(&text)),
            Some("base64") => first.known().and_then(|text| base64(&text)),
            Some(_) => None,
        },
        Decode::Characters => characters(&first, call),
        Decode::Reverse => {
            let object = call.object.clone().filter(|object| object.path.is_none());
            let value = object.unwrap_or(first);
            if let Some(mut items) = value.items {
                items.reverse();
                return Value::list(items);
            }
            return value.map(|text| Some(text.chars().rev().collect()));
        }
        Decode::JoinList => return join_list(call),
        Decode::Split => return split(call),
        Decode::Format => {
            let template = call.object.clone().unwrap_or_default();
            let arguments: Vec<Value> = call.positional().cloned().collect();
            return template.format(&["{}", "{0}", "{1}"], &arguments);
        }
    };
    text.map_or(unknown, Value::text)
}

fn join_list(call: &Call<'_>) -> Value {
    // Python: `sep.join(list)`; JavaScript and Ruby: `list.join(sep)`; Perl and PHP: `join(sep, list)`.
    let first = call.argument(0);
    let (separator, list) = match &call.object {
        Some(object) if object.items.is_some() => (first, object.clone()),
        Some(object) => (object.clone(), first),
        None => (first, call.argument(1)),
    };
    let separator = separator.known().unwrap_or_default();
    let Some(items) = list.items else {
        return Value::unknown(list.feed);
    };
    let mut items = items.into_iter();
    let head = items.next().unwrap_or_else(|| Value::text(""));
    items.fold(head, |joined, item| joined.then(&separator, &item))
}

fn split(call: &Call<'_>) -> Value {
    let (text, separator) = match &call.object {
        Some(object) if object.path.is_none() => (object.clone(), call.argument(0)),
        _ => (call.argument(0), Value::unknown(Feed::Nothing)),
    };
    let Some(text) = text.known() else {
        return Value::unknown(text.feed);
    };
    let parts: Vec<Value> = match separator.known().as_deref() {
        None => text.split_whitespace().map(Value::text).collect(),
        Some("") => text.chars().map(Value::text).collect(),
        Some(separator) => text.split(separator).map(Value::text).collect(),
    };
    Value::list(parts)
}

fn characters(first: &Value, call: &Call<'_>) -> Option<String> {
    let numbers: Vec<Value> = match &first.items {
        Some(items) => items.clone(),
        None => call.positional().cloned().collect(),
    };
    numbers
        .iter()
        .map(|number| {
            let text = number.known()?;
            let value = match text.strip_prefix("0x") {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => text.parse().ok()?,
            };
            char::from_u32(value)
        })
        .collect()
}

fn base64(text: &str) -> Option<String> {
    let plain: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '=')
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            c => c,
        })
        .collect();
    String::from_utf8(BASE64_NOPAD.decode(plain.as_bytes()).ok()?).ok()
}

fn hexadecimal(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    String::from_utf8(HEXLOWER_PERMISSIVE.decode(plain.as_bytes()).ok()?).ok()
}

fn rot13(text: &str) -> String {
    let turned = |c: char, base: u8| char::from((c as u8 - base + 13) % 26 + base);
    text.chars()
        .map(|c| match c {
            'a'..='z' => turned(c, b'a'),
            'A'..='Z' => turned(c, b'A'),
            _ => c,
        })
        .collect()
}
