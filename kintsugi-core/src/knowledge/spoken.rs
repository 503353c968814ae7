//! Text that a program hands to another reader: requests for a server, the file of a builder, and programs that another one
//! starts by a part of their name.
//!
//! Sources: RFC 9112 (HTTP/1.1), the protocols of Redis 7.4 and memcached 1.6, Dockerfile reference (Docker 28), terraform 1.11,
//! kubectl 1.31 "plugins", git(1) 2.47.

use super::analyst::{Analyst, Call};
use super::embedded;
use super::feeds::Feeds;
use super::program::Task;
use super::schema::Language;
use crate::effect::{Action, Feed, Modifier, Modifiers, Role, Target};
use crate::shell::{Input, Word};

/// Most lines of a request that are looked at.
const LINES_MAX: usize = 64;

/// Commands of Redis that are worth reading where any text could stand.
const REDIS: [&str; 12] = [
    "flushall",
    "flushdb",
    "shutdown",
    "config",
    "slaveof",
    "replicaof",
    "debug",
    "eval",
    "del",
    "unlink",
    "script",
    "module",
];

impl Analyst<'_> {
    /// What the program hands on.
    pub(super) fn run_spoken(&mut self, task: &Task<'_, '_>) -> Feeds {
        let call = &task.call;
        let mut path = task.parsed.path.split(' ');
        let program = path.next().unwrap_or_default();
        match program {
            "nc" | "ncat" | "telnet" | "socat" | "openssl" => {
                if let Some(text) = fed(call) {
                    let mut values = task.parsed.values.iter();
                    let remote = values.find(|value| value.role == "remote");
                    let remote = remote.map_or_else(String::new, |value| value.word.display());
                    self.speak(call, &text, &remote);
                }
                Feeds::NONE
            }
            "ftp" | "tnftp" | "pftp" | "ncftp" | "ftps" => {
                if let Some(text) = fed(call) {
                    self.told_by_ftp(call, &text);
                }
                Feeds::NONE
            }
            "docker" | "podman" | "nerdctl" | "buildah" => {
                let is_build = path.any(|word| matches!(word, "build" | "bud"));
                let is_fed = call.words.iter().any(|word| {
                    matches!(
                        word.known().as_deref(),
                        Some("-" | "-f-" | "/dev/stdin" | "--file=-")
                    )
                });
                match fed(call).filter(|_| is_build && is_fed) {
                    Some(text) => self.text(call, Language::Docker, &text, &[]),
                    None => Feeds::NONE,
                }
            }
            "terraform" | "tofu"
                if path.any(|word| {
                    matches!(
                        word,
                        "plan" | "apply" | "destroy" | "refresh" | "console" | "test"
                    )
                }) =>
            {
                let mut feeds = Feeds::NONE;
                for text in self.written_here(".tf") {
                    feeds = feeds.union(self.text(call, Language::Terraform, &text, &[]));
                }
                feeds
            }
            // Of what is computed only a `!` matters (dc(1), 1.07).
            "dc" => match fed(call) {
                Some(text) => self.text(call, Language::Gdb, &text, &[]),
                None => Feeds::NONE,
            },
            "kubectl" | "git" | "cargo" | "gh" | "helm" => self.run_plugin(task, program),
            _ => Feeds::NONE,
        }
    }

    /// Lines for a server of files: what they take away there (ftp(1), tnftp 20230507).
    fn told_by_ftp(&mut self, call: &Call<'_>, text: &Word) {
        let plain = embedded::flat(text).replace("\\n", "\n");
        for line in plain.lines().take(LINES_MAX) {
            let mut words = line.split_whitespace();
            let deletes = matches!(
                words.next(),
                Some("delete" | "mdelete" | "mdel" | "dele" | "rmdir" | "rm" | "rename" | "reset")
            );
            if let Some(what) = words.next().filter(|_| deletes) {
                let target = Target::named(what.to_owned());
                self.push(call, Action::Delete, Role::Remote, target);
            }
        }
    }

    /// The texts of the files with that end that the line writes.
    fn written_here(&self, end: &str) -> Vec<Word> {
        let files = self.files.iter();
        let files = files.filter(|(path, written)| path.ends_with(end) && !written.before);
        files
            .filter_map(|(_, written)| written.text.as_ref())
            .map(|text| Word::text(&**text, crate::effect::Span::default()))
            .collect()
    }

    /// `kubectl x` starts `kubectl-x`, where the line put one.
    fn run_plugin(&mut self, task: &Task<'_, '_>, program: &str) -> Feeds {
        let call = &task.call;
        let Some(name) = call.words.get(1).and_then(Word::known) else {
            return Feeds::NONE;
        };
        let Some(path) = self.put_on_path(call, &format!("{program}-{name}")) else {
            return Feeds::NONE;
        };
        let mut words = vec![Word::text(path, call.span)];
        words.extend(call.words.iter().skip(2).cloned());
        self.inside(call, &words)
    }

    /// Text that goes to a server as it is: what it asks for.
    pub(super) fn speak(&mut self, call: &Call<'_>, text: &Word, remote: &str) {
        let plain = embedded::flat(text)
            .replace("\\r\\n", "\n")
            .replace("\\n", "\n");
        let lines: Vec<&str> = plain.lines().map(str::trim).take(LINES_MAX).collect();
        for line in &lines {
            let words: Vec<&str> = line.split_whitespace().take(4).collect();
            let lower = line.to_ascii_lowercase();
            let deletes = match words.as_slice() {
                ["DELETE", target, ..] => Some(*target),
                [header, value, ..]
                    if lower.contains("method-override")
                        && value.eq_ignore_ascii_case("delete") =>
                {
                    Some(*header)
                }
                _ => None,
            };
            if let Some(target) = deletes {
                let text = format!("{remote}{target}");
                let target = Target::named(text);
                self.push(call, Action::Delete, Role::Remote, target);
            }
            // RFC 2812, "Sending messages"; RFC 5321, "RECIPIENT".
            if matches!(words.as_slice(), ["PRIVMSG" | "NOTICE", _, ..])
                || lower.starts_with("rcpt to:")
            {
                let target = Target::named(format!("a message to somebody at {remote}"));
                self.push(call, Action::Publish, Role::Resource, target);
            }
            if lower.starts_with("flush_all") {
                let target = Target::named(format!("the cache of {remote}"));
                self.push(call, Action::Delete, Role::Database, target)
                    .with(Modifiers::NONE.with(Modifier::All))
                    .feed(Feed::Text);
            }
        }
        // `*1\r\n$8\r\nFLUSHALL\r\n`: the same command, word by word.
        let is_list = lines.first().is_some_and(|line| line.starts_with('*'));
        let is_length = |line: &&&str| !line.starts_with(['*', '$']);
        let commands: String = if is_list {
            lines
                .iter()
                .filter(is_length)
                .copied()
                .collect::<Vec<_>>()
                .join(" ")
        } else {
            lines
                .iter()
                .filter(|line| {
                    let first = line.split_whitespace().next().unwrap_or_default();
                    REDIS.iter().any(|name| first.eq_ignore_ascii_case(name))
                })
                .copied()
                .collect::<Vec<_>>()
                .join("\n")
        };
        if !commands.is_empty() {
            let text = Word::text(commands, call.span);
            self.text(call, Language::Redis, &text, &[]);
        }
    }
}

/// The text that a command is fed, when the line shows it.
pub(super) fn fed(call: &Call<'_>) -> Option<Word> {
    match (&call.fed.text, call.input) {
        (Some(text), _) => Some(Word::text(&**text, call.span)),
        (None, Input::Text(word)) => Some((**word).clone()),
        (None, _) => None,
    }
}
