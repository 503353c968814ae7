//! What the line makes and takes away again: `mkdir x && … && rm -rf x`. Here directories; what has another name is in
//! [`super::own`].
//!
//! Only what was certainly made counts. Behind `&&` a command runs if the one before it succeeded, and those that make a directory
//! here fail when it is there and something is in it. What is moved into it, or leads out of it, was there before.

use super::analyst::{Analyst, Call};
use super::own::MadeThing;
use super::program::Task;
use crate::effect::{Action, Modifiers};
use crate::place::{NEW_TEMPORARY, Place};
use crate::shell::{Certain, Script, Word};

/// Most directories that are kept in mind.
const MADE_MAX: usize = 16;

/// What was made by the scripts that are being looked at, and where in them the look is.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// The command that is looked at now, and what is certain, outermost script first.
    levels: Vec<(usize, Vec<Certain>)>,
    /// The same of those that have failed.
    failed: Vec<Vec<Certain>>,
    paths: Vec<MadePath>,
    /// Things that are no paths.
    pub(super) things: Vec<MadeThing>,
}

/// For which commands of which script something is new.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    level: usize,
    /// The command that makes it.
    pub(super) maker: usize,
    from: usize,
    end: usize,
}

/// A directory, and for which commands of which script it is new.
#[derive(Debug)]
struct MadePath {
    path: String,
    reach: Reach,
}

impl Made {
    /// Begins with a script; [`Self::end`] takes what is returned.
    pub(super) fn begin(&mut self, script: &Script) -> usize {
        self.levels.push((0, script.certain.clone()));
        self.failed.push(script.failed.clone());
        self.levels.len() - 1
    }

    /// The command of that number is next.
    pub(super) fn enter(&mut self, at: usize) {
        if let Some(level) = self.levels.last_mut() {
            level.0 = at;
        }
        let innermost = self.levels.len().saturating_sub(1);
        let lasts = |reach: &Reach| reach.level != innermost || at < reach.end;
        self.paths.retain(|made| lasts(&made.reach));
        self.things.retain(|made| lasts(&made.reach));
    }

    /// For which commands that is certain to be new which the present command makes.
    pub(super) fn reaches(&self) -> Vec<Reach> {
        let Some((at, certain)) = self.levels.last() else {
            return Vec::new();
        };
        let own = certain.iter().filter(|it| it.command.0 as usize == *at);
        own.map(|it| Reach {
            level: self.levels.len() - 1,
            maker: *at,
            from: it.from.0 as usize,
            end: it.end.0 as usize,
        })
        .collect()
    }

    /// Whether the present command is one of those, in whatever script.
    fn is_reached(&self, reach: &Reach) -> bool {
        let level = self.levels.get(reach.level);
        level.is_some_and(|(at, _)| (reach.from..reach.end).contains(at))
    }

    /// Whether it is, in the script of the maker itself; the commands between them.
    pub(super) fn since(&self, reach: &Reach) -> Option<std::ops::Range<usize>> {
        let (at, _) = self.levels.last()?;
        let is_here = reach.level + 1 == self.levels.len() && self.is_reached(reach);
        is_here.then_some(reach.maker + 1..*at)
    }

    /// The number of the command that is looked at.
    pub(super) fn at(&self) -> Option<usize> {
        self.levels.last().map(|(at, _)| *at)
    }

    /// Whether the command that is looked at stands in the line itself, and not in a text that one of its commands runs.
    pub(super) fn is_outermost(&self) -> bool {
        self.levels.len() == 1
    }

    /// Whether the command of that number has succeeded where the one that is looked at runs.
    pub(super) fn is_certain(&self, command: usize) -> bool {
        self.levels.last().is_some_and(|(at, certain)| {
            command < *at
                && certain.iter().any(|it| {
                    it.command.0 as usize == command
                        && (it.from.0 as usize..it.end.0 as usize).contains(at)
                })
        })
    }

    /// The commands of the present script of which it is certain that they succeeded (true) or failed.
    fn outcomes(&self) -> Vec<(usize, bool)> {
        let Some((at, certain)) = self.levels.last() else {
            return Vec::new();
        };
        let reaches = |it: &&Certain| (it.from.0 as usize..it.end.0 as usize).contains(at);
        let failed = self.failed.last().map_or(&[][..], Vec::as_slice);
        let succeeded = certain.iter().filter(reaches);
        let succeeded = succeeded.map(|it| (it.command.0 as usize, true));
        let failed = failed.iter().filter(reaches);
        succeeded
            .chain(failed.map(|it| (it.command.0 as usize, false)))
            .collect()
    }

    /// The script that was begun at that level is done.
    pub(super) fn end(&mut self, level: usize) {
        self.levels.truncate(level);
        self.failed.truncate(level);
        self.paths.retain(|made| made.reach.level < level);
        self.things.retain(|made| made.reach.level < level);
    }
}

impl Analyst<'_> {
    /// Keeps in mind the directories that a command makes, for those that run only if it succeeded.
    pub(super) fn remember_made(&mut self, task: &Task<'_, '_>) {
        let reaches = self.made.reaches();
        if reaches.is_empty() {
            return;
        }
        self.remember_things(task, &reaches);
        for word in new_directories(task) {
            for judged in self.judge(&word, &task.call.directories, task.call.scope) {
                let is_plain = judged.modifiers == Modifiers::NONE && can_be_new(judged.place);
                let room = MADE_MAX.saturating_sub(self.made.paths.len());
                for reach in reaches.iter().filter(|_| is_plain).take(room) {
                    let (path, reach) = (judged.path.clone(), *reach);
                    self.made.paths.push(MadePath { path, reach });
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
            .any(|made| is_in(made) && self.made.is_reached(&made.reach) && !brings(made))
    }
}

impl Analyst<'_> {
    /// Whether the line made sure that there is no such file: `test -f x || cp y x`, `if [ ! -e x ]; then …`.
    pub(super) fn is_absent(&self, call: &Call<'_>, path: &str) -> bool {
        let outcomes = self.made.outcomes();
        let tests = outcomes.iter().filter_map(|(at, has_succeeded)| {
            let tested = call.scope.script.invocations.get(*at)?;
            let words: Vec<String> = tested.words.iter().map(Word::display).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let is_missing = match words.as_slice() {
                ["test", "-f" | "-e", _] | ["[", "-f" | "-e", _, "]"] => !has_succeeded,
                ["test", "!", "-f" | "-e", _] | ["[", "!", "-f" | "-e", _, "]"] => *has_succeeded,
                _ => return None,
            };
            let name = tested
                .words
                .iter()
                .rev()
                .find(|word| word.display() != "]")?;
            is_missing.then_some((name, tested))
        });
        let mut judged =
            tests.flat_map(|(name, tested)| self.judge(name, &tested.directories, call.scope));
        !path.contains(NEW_TEMPORARY)
            && judged.any(|it| it.path == path && it.modifiers == Modifiers::NONE)
    }
}

impl Analyst<'_> {
    /// Whether an earlier command of the line is `mkdir -p` of that directory: what is put into it is collected there.
    pub(super) fn is_prepared(&self, call: &Call<'_>, path: &str) -> bool {
        let mut earlier = call.scope.script.invocations.iter();
        earlier.any(|it| {
            let names = it.words.first().and_then(Word::known).as_deref() == Some("mkdir");
            names
                && it.span.start < call.span.start
                && it
                    .words
                    .iter()
                    .skip(1)
                    .filter(|word| !is_option(word))
                    .any(|word| {
                        let judged = self.judge(word, &it.directories, call.scope);
                        judged
                            .iter()
                            .any(|it| it.path.trim_end_matches('/') == path.trim_end_matches('/'))
                    })
        })
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
        "btrfs subvolume create" if task.call.words.len() == 4 => values().collect(),
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

/// Whether a work tree of git that is taken away lies in a temporary directory, and the line put it there itself, as far as it tells.
pub(super) fn is_added_in_temporary(task: &Task<'_, '_>, judged: &crate::place::Judgement) -> bool {
    if task.parsed.path != "git worktree remove" || judged.place != Place::Temp {
        return false;
    }
    let target = task.call.words.iter().rev().find(|word| !is_option(word));
    let mut earlier = task.call.scope.script.invocations.iter();
    earlier.any(|it| {
        let words: Vec<String> = it.words.iter().map(Word::display).collect();
        it.span.start < task.call.span.start
            && matches!(words.as_slice(), [git, worktree, add, ..] if git == "git" && worktree == "worktree" && add == "add")
            && it.words.iter().any(|word| Some(&word.pieces) == target.map(|it| &it.pieces))
    })
}
