//! Patches in the form of Codex: `*** Delete File: src/old.ts`, each file under a line that names it (Codex CLI 0.46, `apply_patch`).

use super::analyst::Analyst;
use super::feeds::Feeds;
use super::program::Task;
use crate::effect::{Action, Feed};
use crate::shell::{Input, Word};

/// Most files of a patch that are looked at; a longer patch is not known.
const FILES_MAX: usize = 64;

/// How a line begins that names a file, and what is done to it.
const HEADS: [(&str, Action); 4] = [
    ("*** Add File: ", Action::Create),
    ("*** Update File: ", Action::Write),
    ("*** Move to: ", Action::Write),
    ("*** Delete File: ", Action::Delete),
];

impl Analyst<'_> {
    /// What a patch does to files, and what stands in them afterwards.
    pub(super) fn codex_patch(&mut self, task: &Task<'_, '_>) {
        if task.parsed.path != "apply_patch" {
            return;
        }
        let call = &task.call;
        let operand = call.words.get(1).and_then(Word::known);
        let text = match (&call.fed.text, call.input) {
            _ if operand.is_some() => operand.map(std::borrow::Cow::into_owned),
            (Some(text), _) => Some(text.to_string()),
            (None, Input::Text(word)) => word.known().map(std::borrow::Cow::into_owned),
            (None, Input::Inherited | Input::File(_) | Input::Pipe { .. }) => None,
        };
        let files: Option<Vec<_>> = text.as_deref().map(files_of);
        let Some(files) = files.filter(|files| !files.is_empty() && files.len() <= FILES_MAX)
        else {
            let what = "whatever a patch says".to_owned();
            self.unknown(super::UnknownKind::Command, what, call.span);
            return;
        };
        for (action, path, added) in files {
            let word = Word::text(path, call.span);
            if !self.afford_path(call, &word) {
                return;
            }
            for judged in self.judge(&word, &call.directories, call.scope) {
                self.push_path(call, action, &judged, "apply_patch");
                if action != Action::Delete {
                    let text = Some(added.as_str().into());
                    self.remember(&judged.path, Feeds::of(Feed::Text), text);
                }
            }
        }
    }
}

/// The files that a patch names, what is done to each, and the lines that it adds there.
fn files_of(text: &str) -> Vec<(Action, &str, String)> {
    let mut files: Vec<(Action, &str, String)> = Vec::new();
    for line in text.lines() {
        let head = HEADS
            .iter()
            .find_map(|(head, action)| Some((*action, line.strip_prefix(head)?.trim())));
        match (head, files.last_mut()) {
            (Some((action, path)), _) => files.push((action, path, String::new())),
            (None, Some((_, _, added))) => {
                if let Some(line) = line.strip_prefix('+') {
                    added.push_str(line);
                    added.push('\n');
                }
            }
            (None, None) => {}
        }
    }
    files
}
