//! Loops that fill a disk: what each turn writes stays there, and nothing ends them before there is no room.

use super::analyst::{Ambient, Analyst};
use crate::effect::{Action, Effect, Feed, Modifier, Role, Span, Target};
use crate::shell::{Input, Invocation, InvocationId, RedirectMode, Script, Word};

/// Most commands of one pipeline that are looked at.
const PIPELINE_MAX: usize = 32;

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

/// Devices that give bytes for ever (null(4), random(4)).
const ENDLESS: [&str; 3] = ["/dev/zero", "/dev/urandom", "/dev/random"];

impl Analyst<'_> {
    /// `cat /dev/urandom | tr -dc a-z | head -c 16`: a device that never ends is read no further than the last command asks.
    pub(super) fn bounded(&mut self, script: &Script) {
        for command in &script.invocations {
            let Input::Pipe { first, end } = command.input else {
                continue;
            };
            let is_bound = match named(command).as_deref() {
                Some("head") => true,
                Some("dd") => command
                    .words
                    .iter()
                    .any(|word| word.display().starts_with("count=")),
                _ => false,
            };
            if !is_bound {
                continue;
            }
            let feeding = feeding(script, first, end);
            let is_fed_too = |other: &Invocation| {
                let Input::Pipe { first, end } = other.input else {
                    return false;
                };
                let source = script.between(first, end).iter();
                !feeding.contains(&other.span)
                    && other.span != command.span
                    && source.clone().any(|it| feeding.contains(&it.span))
            };
            // `cat /dev/zero | tee "$(… | head -1)"`: whoever else takes of it has no bound.
            if script.invocations.iter().any(is_fed_too) {
                continue;
            }
            self.analysis.effects.retain(|effect| {
                let is_device = ENDLESS.contains(&effect.target.text.as_ref());
                !(effect.action == Action::Read && is_device && feeding.contains(&effect.span))
            });
        }
    }

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

/// Where the commands of a pipeline stand that end in what takes its input from `first..end`.
fn feeding(script: &Script, first: InvocationId, end: InvocationId) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut next = Some((first, end));
    while let Some((first, end)) = next.take().filter(|_| spans.len() < PIPELINE_MAX) {
        for command in script.between(first, end) {
            spans.push(command.span);
            if let Input::Pipe { first, end } = command.input {
                next = Some((first, end));
            }
        }
    }
    spans
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
