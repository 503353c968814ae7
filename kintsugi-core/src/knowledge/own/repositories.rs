//! Repositories in a directory that `mktemp` named, and work trees that a line adds and removes again.
//!
//! A work tree shares its repository, objects may be shared too, and a clone pushes to where it came from: only what the line itself put
//! into such a directory, and whose remotes lie there as well, is nobody's work (git-clone(1), git-push(1), git-worktree(1), git 2.45).

use super::passing::{earlier, is_passing};
use crate::effect::Role;
use crate::knowledge::analyst::{Analyst, Call};
use crate::knowledge::program::Task;
use crate::knowledge::telling::listed;
use crate::place::{NEW_TEMPORARY, Place};
use crate::shell::{Directory, Invocation, Word};

/// Parts of words by which a repository is not the directory that it is in, or an address not what it says.
const LEAVING: [&str; 11] = [
    "worktree",
    "insteadOf",
    "pushurl",
    "remote.",
    "--git-dir",
    "--work-tree",
    "--reference",
    "--shared",
    "alternates",
    "separate-git-dir",
    "include",
];

impl Analyst<'_> {
    /// Lets go what git takes away in a repository that the line put into a directory that `mktemp` named, and from one that it pushes
    /// to there.
    pub(super) fn calm_passing_repository(&mut self, task: &Task<'_, '_>, before: usize) {
        let call = &task.call;
        let new = call.directories.iter().find_map(|it| match it {
            Directory::Known(path) if path.starts_with(NEW_TEMPORARY) => Some(path),
            Directory::Known(_) | Directory::Unknown => None,
        });
        let Some(directory) = new else { return };
        let is_only = call.directories.len() == 1;
        let is_led = !is_only && self.surely_led(call, directory);
        if !is_only && !is_led {
            return;
        }
        if !directory.starts_with(NEW_TEMPORARY) || directory.contains("..") || leaves(call) {
            return;
        }
        let roots = self.roots(call, directory, is_led);
        if roots.is_empty() {
            return;
        }
        let is_push = task.parsed.path == "git push";
        let to_new = is_push && self.pushes_to_new(call, &roots, is_led);
        self.calm(before, |effect| {
            if effect.role == Role::Remote {
                return to_new;
            }
            matches!(effect.role, Role::Branch | Role::History) && (!is_push || to_new)
                || effect.role == Role::Path
                    && effect.target.place.is_none_or(|it| it == Place::Temp)
        });
    }

    /// What the line made around `directory`, or in it: for each that was cloned, whether from a repository in such a directory.
    /// Where the line cannot but be there (`is_led`), a path counts from there.
    fn roots(&self, call: &Call<'_>, directory: &str, is_led: bool) -> Vec<Option<bool>> {
        let is_around = |path: &str| {
            directory
                .strip_prefix(path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let is_there = |word: &Word, it: &Invocation| {
            let judged = self.judge(word, &it.directories, call.scope);
            judged
                .iter()
                .take(most(is_led))
                .all(|it| is_around(&it.path))
        };
        let is_new_source = |word: &Word, it: &Invocation| {
            let judged = self.judge(word, &it.directories, call.scope);
            !word.display().contains(':')
                && !judged.is_empty()
                && judged
                    .iter()
                    .take(most(is_led))
                    .all(|it| it.path.starts_with(NEW_TEMPORARY) && !it.path.contains(".."))
        };
        let made = earlier(call).filter(|it| is_git(it)).filter_map(|it| {
            let operands = git_operands(&it.words);
            let (verb, rest) = operands.split_first()?;
            match (verb.display().as_str(), rest) {
                ("init", []) => it
                    .directories
                    .iter()
                    .all(|it| matches!(it, Directory::Known(path) if is_around(path)))
                    .then_some(None),
                ("init", [path, ..]) => is_there(path, it).then_some(None),
                ("clone", [source, path]) => {
                    is_there(path, it).then(|| Some(is_new_source(source, it)))
                }
                _ => None,
            }
        });
        made.collect()
    }

    /// Whether the line cannot but be in `directory`: it made a repository there, or cloned into it what it made itself a moment before, and
    /// nothing else ran there.
    fn surely_led(&self, call: &Call<'_>, directory: &str) -> bool {
        let all = &call.scope.script.invocations;
        let clones = |it: &Invocation| {
            let operands = git_operands(&it.words);
            matches!(operands.as_slice(), [verb, source, path] if verb.display() == "clone"
            && self.lies_at(call, path, it, |path| path == directory)
            && self.lies_at(call, source, it, |source| {
                all.iter().any(|made| is_git(made) && made.span.start < it.span.start && self.inits(call, made, source))
            }))
        };
        let is_made = |it: &Invocation| clones(it) || self.inits(call, it, directory);
        let Some(first) = earlier(call).find(|it| is_git(it) && is_made(it)) else {
            return false;
        };
        let is_quiet = |it: &Invocation| {
            let name = it.words.first().and_then(Word::known).unwrap_or_default();
            let makes = || {
                git_operands(&it.words)
                    .first()
                    .is_some_and(|verb| matches!(verb.display().as_str(), "init" | "clone"))
            };
            it.redirects
                .iter()
                .all(|it| it.target.display() == "/dev/null")
                && (listed(" mktemp cd set trap echo true : export ", &name)
                    || it.words.is_empty()
                    || name == "git" && makes())
        };
        // Nor does it go anywhere else.
        let goes_there = |it: &Invocation| {
            let name = it.words.first().and_then(Word::known).unwrap_or_default();
            let to = |word: &Word| self.lies_at(call, word, it, |_| true);
            !listed(" cd pushd popd ", &name)
                || matches!(it.words.as_slice(), [_, word] if name != "popd" && to(word))
        };
        earlier(call).all(goes_there)
            && earlier(call)
                .filter(|it| it.span.start <= first.span.start)
                .all(is_quiet)
    }

    /// Whether a command of git makes the empty repository at `path`.
    fn inits(&self, call: &Call<'_>, it: &Invocation, path: &str) -> bool {
        match git_operands(&it.words).as_slice() {
            [verb, place] if verb.display() == "init" => {
                self.lies_at(call, place, it, |it| it == path)
            }
            _ => false,
        }
    }

    /// Whether a word of a command means one path, and that path is so.
    fn lies_at(
        &self,
        call: &Call<'_>,
        word: &Word,
        it: &Invocation,
        is_so: impl Fn(&str) -> bool,
    ) -> bool {
        let judged = self.judge(word, &it.directories, call.scope);
        let path = judged.first().map(|it| it.path.trim_end_matches('/'));
        path.is_some_and(|path| path.starts_with(NEW_TEMPORARY) && is_so(path))
    }

    /// Whether a push goes to a repository that lies in such a directory as well.
    fn pushes_to_new(&self, call: &Call<'_>, roots: &[Option<bool>], is_led: bool) -> bool {
        let is_new = |word: &Word, directories: &[Directory]| {
            let text = word.display();
            let is_path = text.contains('/') && !text.contains(':');
            let judged = self.judge(word, directories, call.scope);
            is_path
                && !judged.is_empty()
                && judged
                    .iter()
                    .take(most(is_led))
                    .all(|it| it.path.starts_with(NEW_TEMPORARY) && !it.path.contains(".."))
        };
        let operands = git_operands(call.words);
        if let Some(remote) = operands.get(1).filter(|it| it.display().contains('/')) {
            return is_new(remote, &call.directories);
        }
        // A name: every remote that the line gives one, and where the clones came from.
        let added: Vec<bool> = earlier(call)
            .filter(|it| is_git(it))
            .filter_map(|it| {
                let operands = git_operands(&it.words);
                let (verb, rest) = operands.split_first()?;
                let named = verb.display() == "remote" && !rest.is_empty();
                named.then(|| match rest {
                    [change, _, path] => {
                        matches!(change.display().as_str(), "add" | "set-url")
                            && is_new(path, &it.directories)
                    }
                    [change, ..] => matches!(change.display().as_str(), "remove" | "rm" | "show"),
                    [] => true,
                })
            })
            .collect();
        let sources: Vec<bool> = roots.iter().copied().flatten().collect();
        (!sources.is_empty() || !added.is_empty())
            && added.iter().all(|it| *it)
            && sources.iter().all(|it| *it)
    }
}

/// How many of the paths count that a word may mean: those in the directory that the line goes to come first.
fn most(is_led: bool) -> usize {
    if is_led { 1 } else { usize::MAX }
}

fn is_git(invocation: &Invocation) -> bool {
    invocation.words.first().and_then(Word::known).as_deref() == Some("git")
}

/// Whether anything in the line makes a repository another one than its directory says.
fn leaves(call: &Call<'_>) -> bool {
    let mut words = call
        .scope
        .script
        .invocations
        .iter()
        .filter(|it| is_git(it))
        .flat_map(|it| &it.words);
    let is_set = |name: &str| {
        name.starts_with("GIT_DIR")
            || name.starts_with("GIT_WORK")
            || name.starts_with("GIT_CONFIG")
    };
    words.any(|word| {
        let text = word.display();
        // A setting begins with its section; `$T/remote.git` is a path.
        let is_path = text.contains("/remote.") || text.starts_with("remote.git");
        LEAVING
            .iter()
            .any(|it| text.contains(it) && !(is_path && *it == "remote."))
    }) || call
        .assignments
        .iter()
        .any(|it| it.name.starts_with("GIT_"))
        || call.variables.values.iter().any(|(name, _)| is_set(name))
}

/// Whether a work tree that is taken away is one that the line added, for a comparison or a trial by its name.
pub(super) fn is_own_worktree(call: &Call<'_>) -> bool {
    const COMPARED: &str = " base baseline bench before compare old ";
    let operand =
        |words: &[Word]| -> Option<Word> { git_operands(words).get(2).map(|it| (*it).clone()) };
    let Some(path) = operand(call.words).filter(|it| it.known().is_some()) else {
        return false;
    };
    let text = path.display();
    let last = text
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    let is_named = is_passing(last)
        || last
            .split(|it: char| !it.is_ascii_alphanumeric())
            .any(|part| listed(COMPARED, part));
    is_named
        && earlier(call).any(|it| {
            let words: Vec<String> = it.words.iter().map(Word::display).collect();
            matches!(words.as_slice(), [git, worktree, add, ..] if git == "git" && worktree == "worktree" && add == "add")
                && !words.iter().any(|word| matches!(word.as_str(), "-f" | "--force"))
                && it.directories == call.directories
                && operand(&it.words).is_some_and(|its| its.pieces == path.pieces)
        })
}

/// The words of a command of git that are no options: the values of `-C` and `-c` in front are left out.
fn git_operands(words: &[Word]) -> Vec<&Word> {
    let mut found = Vec::new();
    let mut rest = words.iter().skip(1);
    while let Some(word) = rest.next() {
        let text = word.display();
        if matches!(
            text.as_str(),
            "-C" | "-c"
                | "-b"
                | "-m"
                | "--branch"
                | "--initial-branch"
                | "--depth"
                | "-o"
                | "--origin"
        ) {
            rest.next();
        } else if !text.starts_with('-') || text.len() == 1 {
            found.push(word);
        }
    }
    found
}
