//! What a text for `osascript` says: its language reads like English, and names what it does to which program.
//!
//! `AppleScript` Language Guide, 2016; the dictionaries of Mail, Messages, Finder and System Events, macOS 14.

use super::analyst::{Analyst, Call};
use super::program::Task;
use crate::effect::{Action, Modifier, Modifiers, Role, Target};
use crate::shell::{Input, Word};

/// Longest text that is looked at, in bytes.
const TEXT_BYTES_MAX: usize = 16 * 1024;

/// Beginnings of lines, or parts of them, and what they come to.
const SAYINGS: &[(&str, Action, Role, &str)] = &[
    (
        "send ",
        Action::Publish,
        Role::Resource,
        "a message to others",
    ),
    (
        "make new outgoing message",
        Action::Publish,
        Role::Resource,
        "a message to others",
    ),
    (
        "make login item",
        Action::Persist,
        Role::Config,
        "a program at every login",
    ),
    (
        "make new login item",
        Action::Persist,
        Role::Config,
        "a program at every login",
    ),
    (
        "delete ",
        Action::Delete,
        Role::Volume,
        "what AppleScript names",
    ),
    ("empty trash", Action::Delete, Role::Volume, "the trash"),
    ("empty the trash", Action::Delete, Role::Volume, "the trash"),
    (
        "erase ",
        Action::Delete,
        Role::Volume,
        "what AppleScript names",
    ),
    (
        "keystroke ",
        Action::Interpret,
        Role::Config,
        "what AppleScript types",
    ),
    (
        "key code ",
        Action::Interpret,
        Role::Config,
        "what AppleScript types",
    ),
    (
        "click ",
        Action::Interpret,
        Role::Config,
        "what AppleScript clicks",
    ),
    ("shut down", Action::Reboot, Role::Device, "this machine"),
    ("restart", Action::Reboot, Role::Device, "this machine"),
    ("log out", Action::Reboot, Role::Device, "this session"),
];

impl Analyst<'_> {
    /// Reads what `osascript` is told, in its options and on its standard input.
    pub(super) fn apple_script(&mut self, task: &Task<'_, '_>) {
        if task.parsed.path != "osascript" {
            return;
        }
        let call = &task.call;
        let mut texts: Vec<String> = call.words.iter().skip(1).map(Word::display).collect();
        match (&call.fed.text, call.input) {
            (Some(text), _) => texts.push(text.to_string()),
            (None, Input::Text(word)) => texts.push(word.display()),
            (None, Input::Inherited | Input::File(_) | Input::Pipe { .. }) => {}
        }
        let mut said: Vec<(Action, Role, &str)> = Vec::new();
        for text in texts.iter().filter(|text| text.len() <= TEXT_BYTES_MAX) {
            let lower = text.to_ascii_lowercase();
            for line in lower.lines() {
                // `tell application "Mail" to send x`
                let told = line.rsplit(" to ").next().unwrap_or(line).trim();
                let spoken = [line.trim(), told, behind_tell(line)];
                for (words, action, role, what) in SAYINGS {
                    let is_said = spoken.iter().any(|text| text.starts_with(words));
                    if is_said && !said.contains(&(*action, *role, *what)) {
                        said.push((*action, *role, *what));
                    }
                }
            }
        }
        for (action, role, what) in said {
            self.apple_effect(call, (action, role), what);
        }
    }

    fn apple_effect(&mut self, call: &Call<'_>, (action, role): (Action, Role), what: &str) {
        let target = Target::named(what);
        self.push(call, action, role, target)
            .with(Modifiers::NONE.with(Modifier::Indirect))
            .by("osascript");
    }
}

/// What stands behind `tell … to` of a line.
fn behind_tell(line: &str) -> &str {
    let line = line.trim();
    if !line.starts_with("tell ") {
        return line;
    }
    line.split_once(" to ")
        .map_or("", |(_, behind)| behind.trim())
}

#[cfg(test)]
mod tests {
    use crate::knowledge::testing::all_effects;

    #[test]
    fn what_a_script_tells_a_program_to_do_is_found_in_options_and_input() {
        for (text, effect) in [
            (
                "osascript -e 'tell application \"Mail\" to send m'",
                "publish resource",
            ),
            (
                "osascript <<< $'tell application \"Mail\"\nsend m\nend tell'",
                "publish resource",
            ),
            (
                "osascript -e 'tell application \"System Events\" to make login item at end'",
                "persist config",
            ),
        ] {
            let found = all_effects(text).join("; ");
            assert!(found.contains(effect), "{text}: {found}");
        }
        let found =
            all_effects("osascript -e 'tell application \"Finder\" to get name of every disk'")
                .join("; ");
        assert!(!found.contains("publish"), "{found}");
    }
}
