//! References that a command made and that an undo leaves, since they lead to what is nowhere else.
//!
//! Where the working copy was kept as well, what a new stash or branch holds is put back as files. Where only references were, it would be
//! gone from sight: so a stash stays, a new branch whose commits nothing leads to that is put back, and one that another working tree has
//! checked out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use kintsugi_core::capture::manifest::{Manifest, Repository};
use kintsugi_core::display::escape;

use super::compare::{Difference, Does, Step};
use super::git::{ASK_MAX, HIDDEN, hidden};
use super::reachable::{references, stashes};
use crate::facts::Deadline;
use crate::facts::git::Git;

const STASH: &str = "refs/stash";

/// References that are not looked at: they change how history looks, and hold no work.
const VIEWS: &str = "refs/replace/";

/// Leaves such references of `repository` out of what `found` would change, and says so.
pub(super) fn leave(manifest: &Manifest, repository: &Repository, found: &mut Difference) {
    if manifest.summary.undoes.is_some() {
        // What an undo takes away it keeps, all of it, and what came after it is newer.
        return;
    }
    let common = repository.directory.path();
    let deadline = Deadline(Instant::now() + ASK_MAX);
    let Some(git) = Git::at(&repository.root.path(), deadline) else {
        return;
    };
    let Some(now) = references(&git) else {
        return;
    };
    let asked = Asked {
        then: then(repository),
        checked_out: checked_out(&git, &common),
        manifest,
        repository,
        git,
    };
    let root = escape(&repository.root.path().to_string_lossy());
    let mut note = |words: String| found.notes.push(format!("`{root}`: {words}"));
    let mut paths = BTreeSet::new();
    for (name, at) in &now {
        let stays = if name == STASH {
            asked.stash(&mut note)
        } else {
            asked.stays(name, at, &mut note)
        };
        if !stays {
            continue;
        }
        let path = common.join(name);
        if path.symlink_metadata().is_err() {
            // It stands in `packed-refs`, which becomes what it was.
            found.names.push((path.clone(), at.clone()));
        }
        paths.insert(path);
        paths.insert(common.join("logs").join(name));
    }
    keep_out(&mut found.steps, &paths);
}

/// Where each reference stood.
fn then(repository: &Repository) -> BTreeMap<&str, &str> {
    let references = repository.references.iter();
    references
        .map(|(name, at)| (name.as_str(), at.as_str()))
        .collect()
}

struct Asked<'m> {
    manifest: &'m Manifest,
    repository: &'m Repository,
    git: Git,
    then: BTreeMap<&'m str, &'m str>,
    checked_out: BTreeSet<String>,
}

impl Asked<'_> {
    /// Whether the stash stays as it is.
    fn stash(&self, note: &mut impl FnMut(String)) -> bool {
        let stashes = stashes(&self.git);
        if !self.is_only_stashed(&stashes) {
            return false;
        }
        note("the stash stays as it is, since what it holds was not kept: `git reset` and `git stash pop --index` take it out".to_owned());
        if let Some(former) = self.then.get(STASH)
            && !stashes.iter().any(|stash| stash == former)
        {
            note(format!(
                "`git stash store {former}` has the stash again that was the last before"
            ));
        }
        true
    }

    /// Whether a reference stays that was not there.
    fn stays(&self, name: &str, at: &str, note: &mut impl FnMut(String)) -> bool {
        if self.then.contains_key(name) || name.starts_with(VIEWS) {
            return false;
        }
        let why = if self.checked_out.contains(name) {
            "another working tree has it checked out"
        } else if !self.repository.files && !self.is_led_to(at) {
            "nothing that is put back leads to its commits"
        } else {
            return false;
        };
        let shown = escape(name);
        let is_below = |one: &str, other: &str| {
            let rest = one.strip_prefix(other);
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        let mut others = self.then.keys();
        let has_room = !others.any(|other| is_below(name, other) || is_below(other, name));
        note(if has_room {
            format!("`{shown}` was made since and stays: {why}")
        } else {
            // git has no room for both.
            format!("`{shown}` goes, whose name is in the way: `git branch NAME {at}` has it again")
        });
        has_room
    }

    /// Whether a stash that was not there holds what was not kept as files.
    fn is_only_stashed(&self, stashes: &[String]) -> bool {
        let directory = hidden(&self.repository.directory.path(), &self.manifest.summary.id);
        let read = |entry: fs::DirEntry| fs::read_to_string(entry.path()).ok();
        let known: BTreeSet<String> = fs::read_dir(directory)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(read)
            .map(|text| text.trim_end().to_owned())
            .collect();
        let mut new = stashes.iter().filter(|stash| !known.contains(*stash));
        new.any(|stash| !self.is_kept(stash))
    }

    /// Whether everything that a stash took from the working copy was kept as files: with `-u` and `-a` it has a third parent.
    fn is_kept(&self, stash: &str) -> bool {
        let root = self.repository.root.path();
        let tops = &self.manifest.tops;
        let is_top = |name: &Path| {
            let path = root.join(name);
            tops.iter().any(|top| path.starts_with(top.path.path()))
        };
        let mut changed = self.repository.dirty.iter();
        if !self.repository.files && !changed.all(|name| is_top(&name.path())) {
            return false;
        }
        let untracked = format!("{stash}^3");
        let asked = ["ls-tree", "-r", "-z", "--name-only", &untracked];
        let said = self.git.ask(&asked, &[]).unwrap_or_default();
        let mut names = said.split('\0').filter(|name| !name.is_empty());
        names.all(|name| is_top(Path::new(name)))
    }

    /// Whether a reference that is put back leads to this commit. What git does not tell is taken for no.
    fn is_led_to(&self, commit: &str) -> bool {
        let hidden = format!("--glob={HIDDEN}/{}/*", self.manifest.summary.id);
        let asked = ["rev-list", "--max-count=1", commit, "--not", &hidden];
        self.git
            .ask(&asked, &[])
            .is_some_and(|said| said.is_empty())
    }
}

/// The branches that the other working trees of a repository have checked out than the one that `git` asks.
fn checked_out(git: &Git, common: &Path) -> BTreeSet<String> {
    let own = git.ask(&["rev-parse", "--absolute-git-dir"], &[]);
    let own = PathBuf::from(own.unwrap_or_default().trim_end_matches('\n'));
    let trees = fs::read_dir(common.join("worktrees"));
    let trees = trees.into_iter().flatten().flatten();
    let trees = trees.map(|tree| tree.path());
    trees
        .chain([common.to_owned()])
        .filter(|tree| *tree != own)
        .filter_map(|tree| fs::read_to_string(tree.join("HEAD")).ok())
        .filter_map(|head| Some(head.strip_prefix("ref: ")?.trim_end().to_owned()))
        .collect()
}

/// Takes what would change `paths` out of `steps`; of a directory that holds one, everything else still goes.
fn keep_out(steps: &mut Vec<Step>, paths: &BTreeSet<PathBuf>) {
    let all = std::mem::take(steps);
    steps.extend(all.into_iter().flat_map(|step| without(step, paths)));
}

fn without(step: Step, paths: &BTreeSet<PathBuf>) -> Vec<Step> {
    if paths.contains(&step.path) {
        return Vec::new();
    }
    let is_above = paths.iter().any(|path| path.starts_with(&step.path));
    if step.does != Does::Remove || !is_above {
        return vec![step];
    }
    let inner = fs::read_dir(&step.path).into_iter().flatten().flatten();
    let inner = inner.map(|entry| Step {
        path: entry.path(),
        ..step.clone()
    });
    inner.flat_map(|step| without(step, paths)).collect()
}
