//! Directories that the line makes and takes away again: `mkdir x && … && rm -rf x`.
//!
//! Only what was certainly made counts. Behind `&&` a command runs if the one before it succeeded, and those that make a directory
//! here fail when it is there and something is in it. What is moved into it, or leads out of it, was there before.

use super::analyst::{Analyst, Call};
use super::program::Task;
use crate::effect::{Action, Modifiers};
use crate::place::Place;
use crate::shell::{Certain, Script, Word};

/// Most directories that are kept in mind.
const MADE_MAX: usize = 16;

/// What was made by the scripts that are being looked at, and where in them the look is.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// The command that is looked at now, and what is certain, outermost script first.
    levels: Vec<(usize, Vec<Certain>)>,
    paths: Vec<MadePath>,
}

/// A directory, and for which commands of which script it is new.
#[derive(Debug)]
struct MadePath {
    path: String,
    level: usize,
    end: usize,
}

impl Made {
    /// Begins with a script; [`Self::end`] takes what is returned.
    pub(super) fn begin(&mut self, script: &Script) -> usize {
        self.levels.push((0, script.certain.clone()));
        self.levels.len() - 1
    }

    /// The command of that number is next.
    pub(super) fn enter(&mut self, at: usize) {
        if let Some(level) = self.levels.last_mut() {
            level.0 = at;
        }
        let innermost = self.levels.len().saturating_sub(1);
        self.paths
            .retain(|made| made.level != innermost || at < made.end);
    }

    /// Whether the command of that number has succeeded where the one that is looked at runs.
    pub(super) fn is_certain(&self, command: usize) -> bool {
        self.levels.last().is_some_and(|(at, certain)| {
            command < *at
                && certain
                    .iter()
                    .any(|it| it.command.0 as usize == command && *at < it.end.0 as usize)
        })
    }

    /// The script that was begun at that level is done.
    pub(super) fn end(&mut self, level: usize) {
        self.levels.truncate(level);
        self.paths.retain(|made| made.level < level);
    }
}

impl Analyst<'_> {
    /// Keeps in mind the directories that a command makes, for those that run only if it succeeded.
    pub(super) fn remember_made(&mut self, task: &Task<'_, '_>) {
        let level = self.made.levels.len().saturating_sub(1);
        let Some((at, certain)) = self.made.levels.last() else {
            return;
        };
        let behind = certain.iter().find(|it| it.command.0 as usize == *at);
        let Some(end) = behind.map(|it| it.end.0 as usize) else {
            return;
        };
        for word in new_directories(task) {
            for judged in self.judge(&word, &task.call.directories, task.call.scope) {
                let is_plain = judged.modifiers == Modifiers::NONE && can_be_new(judged.place);
                if is_plain && self.made.paths.len() < MADE_MAX {
                    let path = judged.path;
                    self.made.paths.push(MadePath { path, level, end });
                }
            }
        }
    }

    /// Whether the line certainly made the directory that a path names or lies in, and nothing of before can be in it.
    pub(super) fn is_made(&self, path: &str) -> bool {
        let is_in = |made: &MadePath| {
            path.strip_prefix(made.path.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let brings = |made: &MadePath| {
            let linked = self.links.keys().any(|link| link.starts_with(&made.path));
            let moved = self.analysis.effects.iter().any(|effect| {
                effect.action == Action::Move || matches!(&*effect.program, "mount" | "rsync")
            });
            linked || moved
        };
        self.made
            .paths
            .iter()
            .any(|made| is_in(made) && !brings(made))
    }
}

/// The directories that a command makes, or else fails (mkdir(1), git-clone(1), git-worktree(1)).
fn new_directories(task: &Task<'_, '_>) -> Vec<Word> {
    let has = |options: &[&str]| {
        let mut words = task.call.words.iter().filter_map(Word::known);
        words.any(|word| options.contains(&&*word))
    };
    let values = || task.parsed.values.iter().map(|value| value.word.clone());
    match task.parsed.path.as_str() {
        "mkdir" if !task.call.words.iter().skip(1).any(is_option) => values().collect(),
        "git clone" => super::fetched::clone_directory(task).into_iter().collect(),
        "git worktree add" if has(&["add"]) && !has(&["-f", "--force"]) => {
            values().take(1).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether a directory is where a line makes one: a whole project, a home or the root is there already.
const fn can_be_new(place: Place) -> bool {
    matches!(
        place,
        Place::Temp | Place::BuildOutput | Place::Project | Place::Home | Place::Elsewhere
    )
}

fn is_option(word: &Word) -> bool {
    word.known().is_none_or(|text| text.starts_with('-'))
}

/// Whether the line itself made the repository in which a command runs, so that nobody's work is in it.
pub(super) fn is_new_repository(call: &Call<'_>) -> bool {
    let mut before = call.scope.script.invocations.iter();
    before.any(|earlier| {
        let mut words = earlier.words.iter().filter_map(Word::known);
        earlier.span.start < call.span.start
            && earlier.directories == call.directories
            && words.next().as_deref() == Some("git")
            && words.next().as_deref() == Some("init")
    })
}
