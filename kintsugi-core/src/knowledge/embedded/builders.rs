//! Commands that are put together call by call: `Command::new("rm").arg("-rf").args(&all).status()` of Rust, and `Process` of Swift, whose
//! program and words are set one by one.
//!
//! Sources: Rust 1.82, `std::process::Command`; .NET 9, `Process.Start`; Foundation, `Process`.

use super::effects::Call;
use super::lex::Token;
use super::script::Script;
use super::value::Value;
use crate::effect::Feed;
use crate::knowledge::schema::Language;

/// The field of a value that is a command which was not started yet.
const BEGUN: &str = "a command that is put together";

/// Most words of one command.
const WORDS_MAX: usize = 64;

/// Tokens behind the program of Swift's `Process` within which its words are set.
const NEAR: usize = 40;

impl Script<'_> {
    /// What a call gives back that begins such a command, goes on with it, or starts it.
    pub(super) fn builds_command(&mut self, call: &Call<'_>) -> Option<Value> {
        if let Some(object) = self.keeps_class(call) {
            return Some(object);
        }
        if self.language != Language::Other {
            return None;
        }
        let last = call.path.rsplit('.').next().unwrap_or_default();
        if call.path.ends_with("Command.new") && call.positional().count() == 1 {
            return Some(begun(vec![call.argument(0)]));
        }
        // `git.push().setRemote("x").setForce(true)` of JGit 7: what is set before it goes.
        let is_begun = last == "push" && call.object.is_some() && call.arguments.is_empty();
        if is_begun || call.path.starts_with("push.set") && last != "setForce" {
            return Some(Value::named("push"));
        }
        // `Process.Start("git", "push --force")`: the words in one text.
        if call.path.ends_with("Process.Start") {
            let words: Vec<Value> = call.positional().cloned().collect();
            match words.as_slice() {
                [program, text] if text.items.is_none() => {
                    self.shell(&program.clone().then(" ", text));
                }
                [program, given] => {
                    let items = given.items.iter().flatten();
                    let all: Vec<Value> = std::iter::once(program).chain(items).cloned().collect();
                    self.started(&all);
                }
                _ => return None,
            }
            return Some(Value::unknown(Feed::Program));
        }
        let object = call.object.as_ref()?;
        let mut words = object
            .fields
            .iter()
            .any(|(name, _)| name == BEGUN)
            .then(|| object.items.clone())??;
        match last {
            "arg" => words.push(call.argument(0)),
            "args" => {
                let given = call.argument(0);
                words.extend(given.items.clone().unwrap_or_else(|| vec![given]));
            }
            "status" | "spawn" | "output" | "exec" => {
                self.started(&words);
                return Some(Value::unknown(Feed::Program));
            }
            _ => {}
        }
        words.truncate(WORDS_MAX);
        Some(begun(words))
    }

    /// An object of a class whose methods are told by the class: Sidekiq 7, invoke 2, ssh2 1, a `PouchDB` 9 that stands elsewhere.
    fn keeps_class(&self, call: &Call<'_>) -> Option<Value> {
        let class = match (self.language, call.path) {
            (Language::Ruby, path) if path.starts_with("Sidekiq.") => path.strip_suffix(".new")?,
            (Language::Php, path) if path.ends_with("Filesystem") => "Filesystem",
            (Language::Ruby, "TTY.Command.new") => "TTY.Command",
            (Language::Python, "invoke.Context" | "invoke.context.Context") => "invoke.Context",
            (Language::Javascript, "ssh2.Client") => "ssh2.Client",
            (Language::Javascript, "pouchdb") => {
                let name = call.argument(0).known()?;
                name.contains("://").then_some("pouchdb")?
            }
            _ => return None,
        };
        Some(Value::named(class))
    }

    /// `p.executableURL = URL(fileURLWithPath: "/bin/rm"); p.arguments = ["-rf", x]`.
    pub(super) fn set_piecewise(&mut self, tokens: &[Token]) {
        if self.language != Language::Other {
            return;
        }
        let is_named = |token: &Token, names: &[&str]| matches!(token, Token::Name(name) if names.contains(&name.as_str()));
        for (at, token) in tokens.iter().enumerate() {
            if !is_named(token, &["executableURL", "launchPath"])
                || tokens.get(at + 1).is_none_or(|it| it.mark() != "=")
            {
                continue;
            }
            let behind = tokens.get(at + 2..).unwrap_or_default();
            let behind = behind.get(..NEAR.min(behind.len())).unwrap_or_default();
            let Some(program) = behind.iter().find_map(Token::text) else {
                continue;
            };
            let sets = |three: &[Token]| matches!(three, [name, is, open] if is_named(name, &["arguments"]) && is.mark() == "=" && open.mark() == "[");
            let Some(set) = behind.windows(3).position(sets) else {
                continue;
            };
            let list = behind.get(set + 3..).unwrap_or_default();
            let list = list.iter().take_while(|it| it.mark() != "]");
            let words = list.filter_map(|it| match it {
                it if is_named(it, &["NSHomeDirectory", "homeDirectoryForCurrentUser"]) => {
                    Some(super::value::home())
                }
                it => it.text().map(Value::text),
            });
            let words: Vec<Value> = std::iter::once(Value::text(program)).chain(words).collect();
            self.started(&words);
        }
    }
}

fn begun(words: Vec<Value>) -> Value {
    let mut value = Value::list(words);
    value.fields = vec![(BEGUN.to_owned(), Value::text(""))];
    value
}
