//! Searches for what was changed lately: `find src -mtime -1 -delete`, `fd --changed-within 1d -X rm`.
//!
//! What somebody changed in the last hours is what he works on, and rarely in a commit. Sources: find(1), findutils 4.9; fd(1) 10.

use super::analyst::Analyst;
use super::program::Task;
use crate::effect::{Action, Modifier};
use crate::place::Place;
use crate::shell::Word;

impl Analyst<'_> {
    /// What is known of a command when everything that it starts has been looked at.
    pub(super) fn behind_wrapped(&mut self, task: &Task<'_, '_>, before: usize) {
        self.build_steps(task);
        self.mark_lately(task, before);
        self.leaves_backups(task, before);
    }

    /// Marks what was destroyed since `before` by a search for what is new, or by what that search feeds.
    fn mark_lately(&mut self, task: &Task<'_, '_>, before: usize) {
        let is_search = match task.parsed.path.as_str() {
            "find" | "fd" => is_for_new(task.call.words),
            "xargs" | "parallel" => is_fed_new(task),
            _ => false,
        };
        if !is_search {
            return;
        }
        for effect in self.analysis.effects.iter_mut().skip(before) {
            let is_lost = matches!(effect.action, Action::Delete | Action::Truncate);
            let is_work = matches!(
                effect.target.place,
                Some(Place::Project | Place::Home | Place::Elsewhere)
            );
            if is_lost && is_work && !is_output(&effect.target.text) {
                effect.modifiers.insert(Modifier::Uncommitted);
            }
        }
    }
}

/// Whether a pipe brings what such a search found.
fn is_fed_new(task: &Task<'_, '_>) -> bool {
    task.call.feeding().iter().any(|source| {
        let name = super::redirect::behind_wrappers(&source.words);
        matches!(name.as_str(), "find" | "gfind" | "fd" | "fdfind") && is_for_new(&source.words)
    })
}

/// Whether a search is for files that are younger than something.
fn is_for_new(words: &[Word]) -> bool {
    let texts: Vec<String> = words.iter().map(Word::display).collect();
    let mut negated = false;
    for (at, text) in texts.iter().enumerate() {
        let value = texts.get(at + 1).map_or("", String::as_str);
        let is_new = match text.as_str() {
            "-mtime" | "-ctime" | "-mmin" | "-cmin" => value.starts_with('-') || value == "0",
            "-newer" | "-cnewer" | "--changed-within" | "--newer" | "--changed-after" => true,
            text => {
                text.starts_with("-newerm")
                    || text.starts_with("-newerc")
                    || text.starts_with("--changed-within=")
                    || text.starts_with("--newer=")
            }
        };
        if is_new && !negated {
            return true;
        }
        negated = matches!(text.as_str(), "!" | "-not");
    }
    false
}

/// What programs write and make again.
fn is_output(path: &str) -> bool {
    const ENDS: [&str; 12] = [
        ".log", ".out", ".tmp", ".pyc", ".o", ".cache", ".pid", ".bak", ".orig", ".rej", ".swp",
        "~",
    ];
    ENDS.iter().any(|end| path.ends_with(end))
        || ["/log/", "/logs/", "/tmp/", "/cache/", "/.cache/"]
            .iter()
            .any(|part| path.contains(part))
}

#[cfg(test)]
mod tests {
    use crate::knowledge::testing::tells_apart;

    #[test]
    fn what_was_changed_lately_is_in_no_commit() {
        tells_apart(
            "uncommitted",
            &[
                "find src -mtime -1 -delete",
                "find src -type f -mmin -90 -exec rm {} +",
                "find src -newermt yesterday -print0 | xargs -0 rm -f",
            ],
            &[
                "find src -mtime +30 -delete",
                "find src ! -newer stamp -delete",
                "find src -mtime -1",
                "find logs -name '*.log' -mmin -5 -delete",
            ],
        );
    }
}
