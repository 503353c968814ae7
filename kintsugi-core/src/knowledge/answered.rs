//! Questions that a program would ask a person, and which the line answers itself: `yes | x`, `x <<< y`, `echo y | x`.

use super::analyst::{Analyst, Call};
use super::program::Task;
use crate::effect::{Action, Modifier, Modifiers, Role, Target};
use crate::shell::{Input, Word};

impl Analyst<'_> {
    /// Adds what happens only because the question was answered.
    pub(super) fn answered(&mut self, task: &Task<'_, '_>) {
        let program = task.parsed.path.split(' ').next().unwrap_or_default();
        if !matches!(program, "ssh-keygen" | "kintsugi") || !is_answered(&task.call) {
            return;
        }
        let forced = Modifiers::NONE.with(Modifier::Forced);
        if program == "kintsugi" {
            let target = Target::named("an answer to kintsugi");
            self.push(&task.call, Action::Grant, Role::Config, target)
                .with(forced)
                .by("kintsugi");
            return;
        }
        // "Overwrite (y/n)?" (ssh-keygen(1), OpenSSH 9.2).
        let words = task.call.words;
        let file = words.windows(2).find_map(|pair| match pair {
            [flag, file] if flag.known().as_deref() == Some("-f") => Some(file.clone()),
            _ => None,
        });
        let file = file.unwrap_or_else(|| Word::text("~/.ssh/id_ed25519", task.call.span));
        for judged in self.judge(&file, &task.call.directories, task.call.scope) {
            self.push_path(&task.call, Action::Overwrite, &judged, "ssh-keygen")
                .with(forced);
        }
    }
}

/// Whether the standard input says yes.
fn is_answered(call: &Call<'_>) -> bool {
    let says_yes = |text: &str| {
        let lower = text.trim_start().to_ascii_lowercase();
        lower.starts_with('y') || lower.starts_with("approve") || lower.starts_with('1')
    };
    if let Some(text) = &call.fed.text {
        return says_yes(text);
    }
    match call.input {
        Input::Text(word) => says_yes(&word.display()),
        Input::Pipe { first, end } => {
            let feeding = call.scope.script.between(*first, *end).last();
            let name = feeding.map(|it| super::redirect::behind_wrappers(&it.words));
            name.is_some_and(|name| matches!(name.as_str(), "yes" | "expect"))
        }
        Input::Inherited | Input::File(_) => false,
    }
}
