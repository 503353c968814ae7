//! What a call of a script brings from elsewhere and sends there.

use std::path::Path;

use super::Embedded;
use super::calls;
use super::effects::Call;
use super::script::Script;
use super::value::Value;
use crate::effect::{Action, Feed, Modifiers, Role};
use crate::shell::Word;

impl Script<'_> {
    pub(super) fn remote(&mut self, action: Action, call: &Call<'_>) -> Value {
        let mut target = call.argument(0);
        let method = call
            .arguments
            .iter()
            .find(|(key, _)| key.as_deref() == Some("method"));
        let method = method.map_or_else(|| target.clone(), |(_, value)| value.clone());
        if method
            .known()
            .is_some_and(|it| it.eq_ignore_ascii_case("delete"))
        {
            let address = if call.path.ends_with(".request") && method.words == target.words {
                call.argument(1)
            } else {
                target.clone()
            };
            self.note(Action::Delete, Role::Remote, &address, Modifiers::NONE);
        }
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
        let sends_environment = call
            .arguments
            .iter()
            .any(|(_, value)| value.path.as_deref().is_some_and(calls::is_environment));
        if sends_environment {
            target.feed = Feed::Secret;
        }
        self.note(action, Role::Remote, &target, Modifiers::NONE);
        Value::unknown(Feed::Network)
    }

    /// A call that waits for connections, or opens one, at a path that is among its arguments; at a port it says nothing here.
    pub(super) fn listen_at(&mut self, call: &Call<'_>) -> Value {
        let is_path = |value: &&Value| {
            let is_socket = |name: String| {
                let ending = Path::new(&name).extension();
                ending.is_some_and(|ending| ending.eq_ignore_ascii_case("sock"))
            };
            value.words.iter().any(|word| is_socket(word.display()))
        };
        let values = call.arguments.iter().map(|(_, value)| value);
        for target in values.filter(is_path).cloned().collect::<Vec<_>>() {
            self.note(Action::Listen, Role::Remote, &target, Modifiers::NONE);
        }
        Value::unknown(Feed::Network)
    }

    /// The file that a call fetches into: `urlretrieve(url, "x.sh")`, `download.file(url, destfile = "x.R")`.
    pub(super) fn downloaded(&mut self, call: &Call<'_>) {
        let last = call.path.rsplit('.').next().unwrap_or_default();
        let to_file = matches!(last, "urlretrieve" | "download" | "file" | "retrieve");
        let named = |keyword: &Option<String>| {
            matches!(
                keyword.as_deref(),
                Some("filename" | "out" | "destfile" | "dest" | "path")
            )
        };
        let keyed = call.arguments.iter().find(|(keyword, _)| named(keyword));
        let file = keyed.map_or_else(|| call.argument(1), |(_, value)| value.clone());
        if to_file && (keyed.is_some() || file.known().is_some()) {
            self.path(Action::Overwrite, &file, None);
        }
    }

    /// A program in a file, which stands elsewhere than where a program keeps its parts: `include "/tmp/x.php"`.
    pub(super) fn included(&mut self, program: &str, call: &Call<'_>) -> Value {
        // A module has a name in front of its file, and is the program's own where it stands beside it.
        let is_named = call.positional().count() > 1 && program == "python3";
        let file = call.argument(usize::from(is_named && call.path != "runpy.run_path"));
        if file.known().is_some_and(|path| path.starts_with('/')) {
            self.started(&[Value::text(program), file]);
        }
        Value::unknown(Feed::Program)
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

    /// Whether a path is an address, which PHP opens like a file (PHP 8.4, "Supported Protocols and Wrappers").
    pub(super) fn is_address(target: &Value) -> bool {
        let is_one = |word: &Word| {
            let begins = word.known_prefix();
            ["http://", "https://", "ftp://"]
                .iter()
                .any(|scheme| begins.starts_with(scheme))
        };
        target.alternatives().iter().any(is_one)
    }
}
