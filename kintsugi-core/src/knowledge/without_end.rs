//! Loops that fill a disk: what each turn writes stays there, and nothing ends them before there is no room.

use super::analyst::{Ambient, Analyst};
use crate::effect::{Action, Effect, Feed, Modifier, Role, Target};
use crate::shell::{Invocation, RedirectMode, Script, Word};

/// Commands that make a loop wait, for a time or for somebody.
const WAITING: [&str; 7] = [
    "sleep",
    "read",
    "inotifywait",
    "wait",
    "usleep",
    "nc",
    "timeout",
];

impl Analyst<'_> {
    /// `while :; do fallocate -l 10G /data/x.$i || break; i=$((i+1)); done`.
    pub(super) fn without_end(&mut self, script: &Script, ambient: Ambient) {
        for (first, end) in &script.endless {
            let commands = script.between(*first, *end);
            let waits = commands
                .iter()
                .any(|command| named(command).is_some_and(|name| WAITING.contains(&&*name)));
            let Some(filling) = commands.iter().find(|command| fills(command)) else {
                continue;
            };
            if waits {
                continue;
            }
            self.analysis.effects.push(Effect {
                action: Action::Write,
                role: Role::Path,
                target: Target::named("whatever room is left on a disk"),
                modifiers: ambient.modifiers.with(Modifier::All),
                feed: Feed::Text,
                program: "a loop without end".to_owned(),
                span: filling.span,
                script: None,
            });
        }
    }
}

fn named(command: &Invocation) -> Option<String> {
    let name = command.words.first()?.known()?;
    Some(name.rsplit('/').next().unwrap_or_default().to_owned())
}

/// Whether a command takes room on a disk each time that it runs.
fn fills(command: &Invocation) -> bool {
    let has = |text: &str| {
        let mut words = command.words.iter().map(Word::display);
        words.any(|word| word.contains(text))
    };
    let appends = {
        let mut redirects = command.redirects.iter();
        redirects.any(|redirect| redirect.mode == RedirectMode::Append)
    };
    match named(command).as_deref() {
        Some("fallocate" | "mkfile") => true,
        Some("dd") => has("if=/dev/zero") || has("if=/dev/urandom") || has("oflag=append"),
        Some("head") => has("/dev/zero") || has("/dev/urandom"),
        Some("cat" | "cp") => appends,
        _ => false,
    }
}
