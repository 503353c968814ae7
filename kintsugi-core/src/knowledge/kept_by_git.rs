//! What git changes in a repository or working copy that no effect names: nothing that a rule minds, and yet something to keep.

use super::analyst::Analyst;
use super::program::Task;
use crate::capture::{Hint, Keep, TRACKED, What};
use crate::shell::Word;

impl Analyst<'_> {
    /// Adds what a command of git changes beside its effects.
    pub(super) fn hint_repository(&mut self, task: &Task<'_, '_>) {
        let Some((beside, what, of)) = kept(task) else {
            return;
        };
        let Some((directory, place)) = self.directory_of(task) else {
            return;
        };
        let keep = Keep {
            path: directory.to_owned(),
            what,
            of,
        };
        self.analysis.hints.push((Hint { place, beside }, keep));
    }
}

/// What it changes, and whether that is worth a copy only beside what else the line does to a repository.
///
/// Work that was put aside or committed in a line comes back with the rest of it only if it was kept before.
fn kept(task: &Task<'_, '_>) -> Option<(bool, What, Vec<String>)> {
    let beside = |what| Some((true, what, Vec::new()));
    let tracked = Some((true, What::References, vec![TRACKED.to_owned()]));
    let references = Some((false, What::References, Vec::new()));
    let path = task.parsed.path.strip_prefix("git ")?;
    match path {
        "stash" | "stash push" | "stash save" | "stash create" => {
            if has(task, 'a', "--all") {
                beside(What::Ignored)
            } else if has(task, 'u', "--include-untracked") {
                beside(What::Changes)
            } else {
                tracked
            }
        }
        "fetch" | "pull" | "remote update" if has(task, 'p', "--prune") => references,
        "stash pop" | "stash apply" | "stash branch" | "checkout" | "switch" | "merge" | "pull"
        | "cherry-pick" | "revert" | "bisect reset" => tracked,
        "commit" if has(task, 'a', "--all") => tracked,
        // What git does not know yet, and then no working copy has any more.
        "add" => beside(What::Changes),
        "reset" if !task.parsed.is_set("hard") && !task.parsed.is_set("merge") => references,
        "restore" if task.parsed.is_set("index") && !task.parsed.is_set("worktree") => references,
        "update-index" if has(task, '\0', "--force-remove") => references,
        "read-tree" if !task.parsed.is_set("dry-run") => references,
        "remote remove" | "remote rm" | "remote rename" | "remote prune" | "remote set-url" => {
            references
        }
        "config" if task.parsed.is_set("unset") => references,
        _ => None,
    }
}

/// Whether an option is among the words, by its letter or its name.
fn has(task: &Task<'_, '_>, letter: char, name: &str) -> bool {
    let mut words = task.call.words.iter().skip(1).filter_map(Word::known);
    words.any(|word| {
        let letters = word.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
        word == name || letters.is_some_and(|letters| letters.contains(letter))
    })
}
