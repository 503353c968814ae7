//! What git does not say afterwards: the stashes that a working copy had, since nothing is left of one that is popped, the merge that
//! was given up, and the branch of a linked working tree, whose history goes with it.
//!
//! Remembered at the start and after each burst, by reading small files. Nothing is run, and what cannot be read is not known.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::history::{self, is_id};

/// Working copies that are remembered.
const COPIES_MAX: usize = 4_096;

/// Stashes of one that are remembered, the newest.
const STASHES_MAX: usize = 16;

/// Longest of the small files, in bytes.
const FILE_BYTES_MAX: u64 = 4_096;

/// The working copies that are known, by their root.
#[derive(Debug, Default)]
pub(crate) struct Known(BTreeMap<PathBuf, Copy>);

/// What is known of one.
#[derive(Debug, Clone, Default)]
struct Copy {
    stashes: Vec<Stash>,
    linked: Option<Linked>,
    waiting: Option<Waiting>,
}

/// Something put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stash {
    /// Its commit.
    pub(super) id: String,
    /// What git wrote down about it.
    pub(super) said: String,
}

/// What stops half-way when it meets a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Merge,
    CherryPick,
    Revert,
}

impl Operation {
    const ALL: [Self; 3] = [Self::Merge, Self::CherryPick, Self::Revert];

    /// Returns the file that names its other side (gitrevisions(7)).
    pub(super) const fn file(self) -> &'static str {
        match self {
            Self::Merge => "MERGE_HEAD",
            Self::CherryPick => "CHERRY_PICK_HEAD",
            Self::Revert => "REVERT_HEAD",
        }
    }

    /// Returns its name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::CherryPick => "cherry-pick",
            Self::Revert => "revert",
        }
    }
}

/// A merge, pick or revert that waits for a person, and is in no history yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) kind: Operation,
    /// The commit of its other side.
    pub(super) side: String,
}

impl Waiting {
    /// Reads which one waits.
    pub(super) fn read(own: &Path) -> Option<Self> {
        Operation::ALL.into_iter().find_map(|kind| {
            let text = small(&own.join(kind.file()))?;
            let side = text.lines().next().filter(|id| is_id(id))?.to_owned();
            Some(Self { kind, side })
        })
    }
}

/// A working tree beside the first one of its repository (git-worktree(1)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Linked {
    /// Its own directory in the repository.
    own: PathBuf,
    /// The repository.
    pub(super) common: PathBuf,
    /// The branch it was on, and the commit at which that was: the second stays when the branch is deleted.
    pub(super) heads: Vec<String>,
}

impl Known {
    /// Looks at the working copy at `root` again.
    pub(crate) fn look(&mut self, root: &Path) {
        let Some(own) = git_directory(root) else {
            return;
        };
        if self.0.len() >= COPIES_MAX && !self.0.contains_key(root) {
            return;
        }
        let common = common_directory(&own);
        let linked = (common != own).then(|| Linked {
            heads: heads(&own, &common),
            common: common.clone(),
            own: own.clone(),
        });
        let copy = Copy {
            stashes: stashes(&common),
            waiting: Waiting::read(&own),
            linked,
        };
        self.0.insert(root.to_owned(), copy);
    }

    /// Forgets the working copies that are not there any more.
    pub(crate) fn forget_what_is_gone(&mut self) {
        self.0
            .retain(|root, _| root.join(".git").symlink_metadata().is_ok());
    }

    /// Returns the root of the linked working tree that a path lies in, when git itself has removed that: its directory in the
    /// repository is gone as well, which whoever only deletes files leaves there.
    pub(super) fn removed_tree_of(&self, path: &Path) -> Option<(&Path, &Linked)> {
        let (root, linked) = path.ancestors().find_map(|above| {
            let (root, copy) = self.0.get_key_value(above)?;
            Some((root, copy.linked.as_ref()?))
        })?;
        let is_gone = |path: &Path| path.symlink_metadata().is_err();
        let by_git = is_gone(root) && is_gone(&linked.own) && linked.common.is_dir();
        by_git.then_some((root, linked))
    }

    /// Returns what waited in a working copy when it was last looked at.
    pub(super) fn waiting_in(&self, root: &Path) -> Option<&Waiting> {
        self.0.get(root)?.waiting.as_ref()
    }

    /// Returns the stashes of a working copy: those that it still has, and those that it had when it was last looked at.
    pub(super) fn stashes_of(&self, root: &Path) -> (Vec<Stash>, Vec<Stash>) {
        let now = git_directory(root).map_or_else(Vec::new, |own| stashes(&common_directory(&own)));
        let before = self.0.get(root).map_or(&[][..], |copy| &copy.stashes);
        let dropped = before.iter().filter(|stash| !now.contains(stash));
        let dropped = dropped.cloned().collect();
        (now, dropped)
    }
}

/// Returns where git keeps what is of this working copy alone (gitrepository-layout(5): `.git` is a file in other working trees).
pub(super) fn git_directory(root: &Path) -> Option<PathBuf> {
    let own = root.join(".git");
    if own.symlink_metadata().ok()?.is_dir() {
        return Some(own);
    }
    let text = small(&own)?;
    Some(root.join(text.strip_prefix("gitdir: ")?))
}

/// Returns where it keeps what all working trees of a repository share.
pub(super) fn common_directory(own: &Path) -> PathBuf {
    let Some(named) = small(&own.join("commondir")) else {
        return own.to_owned();
    };
    let common = own.join(named);
    common.canonicalize().unwrap_or(common)
}

fn stashes(common: &Path) -> Vec<Stash> {
    let all = history::entries(&common.join("logs/refs/stash"), 0);
    let newest = all.into_iter().rev().take(STASHES_MAX);
    let stash = |entry: history::Entry| Stash {
        id: entry.new,
        said: entry.said,
    };
    newest.map(stash).collect()
}

fn heads(own: &Path, common: &Path) -> Vec<String> {
    let Some(head) = small(&own.join("HEAD")) else {
        return Vec::new();
    };
    let Some(branch) = head.strip_prefix("ref: ") else {
        return Vec::from_iter(is_id(&head).then_some(head));
    };
    let commit = small(&common.join(branch)).filter(|id| is_id(id));
    [Some(branch.to_owned()), commit]
        .into_iter()
        .flatten()
        .collect()
}

/// Returns the one line of a small file.
fn small(path: &Path) -> Option<String> {
    if !fs::symlink_metadata(path).ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    let file = File::open(path).ok()?;
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).ok()?;
    Some(text.trim_end_matches('\n').to_owned())
}
