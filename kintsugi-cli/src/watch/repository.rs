//! What git itself says about a burst: which files a checkout, merge or stash took away or wrote over, and which are still in it.
//!
//! An editor, or a person's own git in a shell without a hook, moves a working copy from one commit to another; that is a mass
//! change which git can take back. It is believed where git has a trace of that moment, for the files in which the two sides differ,
//! and for no other. Nothing that the repository names is run (`crate::facts::git`).

mod history;
mod known;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kintsugi_core::protocol::{Burst, Moved};

use self::history::{Entry, entries};
pub(crate) use self::known::Known;
use self::known::{Linked, Operation, Stash, Waiting, common_directory, git_directory};
use super::collector::shown;
use crate::facts::Deadline;
use crate::facts::git::Git;

/// Longest time for asking about one burst.
const ASK_MAX: Duration = Duration::from_secs(5);

/// Working copies that are asked about.
const REPOSITORIES_MAX: usize = 4;

/// Moves that are asked about, half of them the first and half the last: a rebase begins with a large one.
const MOVES_MAX: usize = 32;

/// What the clocks of a file system and of git may lag behind, in milliseconds. A history counts whole seconds.
const LAG_MS: u64 = 1_000;

/// Asks git about the working copies in which files were removed or written over, and adds what it says.
pub(crate) fn ask(burst: &mut Burst, top: &Path, known: &Known) {
    name_removed_trees(burst, top, known);
    let mut projects: Vec<String> = burst
        .directories
        .iter()
        .filter_map(|one| one.project.clone())
        .collect();
    projects.sort();
    projects.dedup();
    let deadline = Deadline(Instant::now() + ASK_MAX);
    for project in projects.into_iter().take(REPOSITORIES_MAX) {
        let root = top.join(&project);
        if let Some((root, linked)) = known.removed_tree_of(&root) {
            burst
                .git
                .extend(removed_tree(linked, root, &project, deadline));
            continue;
        }
        let Some(git) = Git::at(&root, deadline) else {
            continue;
        };
        let copy = Copy {
            git: &git,
            root: &root,
            project: &project,
            from: burst.from,
        };
        burst.git.extend(copy.moved(known));
        burst.git.extend(copy.brought_back(known));
        burst.git.extend(copy.left_out());
        // What is in the index and not in the working copy can be taken out of it again.
        let missing = git.ask(&["ls-files", "-z", "--deleted"], &[]);
        let missing = missing.unwrap_or_default();
        burst.in_git += count(names(&missing).count());
    }
}

/// A directory that lay in a working tree which git has removed belongs to that one, and not to what lies around it.
fn name_removed_trees(burst: &mut Burst, top: &Path, known: &Known) {
    for directory in &mut burst.directories {
        let path = top.join(&directory.path);
        if let Some((root, _)) = known.removed_tree_of(&path) {
            directory.project = Some(shown(root.strip_prefix(top).unwrap_or(root)));
        }
    }
}

/// `git worktree remove`: every file of the commit that the tree was at is still in the repository, and no other.
fn removed_tree(linked: &Linked, root: &Path, project: &str, deadline: Deadline) -> Option<Moved> {
    let git = Git::at(&linked.common, deadline)?;
    let of = |head: &String| {
        let arguments = [
            "ls-tree",
            "-r",
            "-z",
            "--name-only",
            "--end-of-options",
            head,
        ];
        git.ask(&arguments, &[])
    };
    let files = linked.heads.iter().find_map(of)?;
    Some(Moved {
        project: project.to_owned(),
        said: format!("worktree remove: {}", linked.heads.first()?),
        removed: gone(root, names(&files)),
        modified: 0,
    })
}

/// A working copy in which something was removed or written over.
struct Copy<'a> {
    git: &'a Git,
    root: &'a Path,
    /// Its path below the place.
    project: &'a str,
    /// When the burst began, in milliseconds since 1970.
    from: u64,
}

impl Copy<'_> {
    /// Returns from which commits to which it was moved: what git wrote down about HEAD, what it put aside, and a merge that waits
    /// or was given up.
    fn moved(&self, known: &Known) -> Option<Moved> {
        let own = git_directory(self.root)?;
        let since = (self.from / 1_000).saturating_sub(LAG_MS / 1_000);
        let mut moves = entries(&own.join("logs/HEAD"), since);
        // `--abort` is a reset that stays where it is.
        let stays = |entry: &Entry| entry.old == entry.new && entry.said.starts_with("reset");
        let given_up = moves.last().is_some_and(stays);
        // A commit keeps what is there, and changes no file of the working copy.
        moves.retain(|entry| entry.old != entry.new && !entry.said.starts_with("commit"));
        moves.extend(self.put_aside(&common_directory(&own), since));
        moves.extend(self.waiting(&own, known, given_up));
        let last = moves.last()?.said.clone();
        if moves.len() > MOVES_MAX {
            moves.drain(MOVES_MAX / 2..moves.len() - MOVES_MAX / 2);
        }
        let differ = |filter: &str| {
            let each = moves
                .iter()
                .map(|entry| self.differ(filter, &[&entry.old, &entry.new]));
            each.flatten().collect::<BTreeSet<String>>()
        };
        let removed = differ("D");
        Some(Moved {
            project: self.project.to_owned(),
            said: last,
            removed: gone(self.root, removed.iter().map(String::as_str)),
            modified: count(differ("MT").len()),
        })
    }

    /// What was put aside, as moves from what is in a stash to what it was made of (git-stash(1): its first parent is that commit, the
    /// third one has what git did not know). The history of the stashes is shared by working trees.
    fn put_aside(&self, common: &Path, since: u64) -> Vec<Entry> {
        let mut moves = Vec::new();
        for entry in entries(&common.join("logs/refs/stash"), since) {
            let parents = self
                .git
                .ask(&["rev-parse", &format!("{}^@", entry.new)], &[]);
            let parents = parents.unwrap_or_default();
            let mut parents = parents.lines().map(str::to_owned);
            let (base, _, unknown) = (parents.next(), parents.next(), parents.next());
            let said = format!("stash: {}", entry.said);
            // The tree of nothing at all: what stood only in the stash is gone from the working copy.
            let nothing = unknown.and_then(|unknown| {
                let empty = self
                    .git
                    .ask(&["hash-object", "-t", "tree", "/dev/null"], &[])?;
                Some((unknown, empty.trim_end().to_owned()))
            });
            let aside = base.map(|base| (entry.new.clone(), base));
            moves.extend(aside.into_iter().chain(nothing).map(|(old, new)| Entry {
                old,
                new,
                said: said.clone(),
            }));
        }
        moves
    }

    /// Returns what a merge, pick or revert that was not ended has changed, or, where it was given up, changed back.
    fn waiting(&self, own: &Path, known: &Known, given_up: bool) -> Option<Entry> {
        let now = Waiting::read(own).filter(|now| self.is_since(&own.join(now.kind.file())));
        let before = known.waiting_in(self.root).filter(|_| given_up);
        let waiting = now.as_ref().or(before)?;
        let side = &waiting.side;
        let base = match waiting.kind {
            Operation::Merge => self.git.ask(&["merge-base", "HEAD", side], &[])?,
            Operation::CherryPick | Operation::Revert => {
                self.git.ask(&["rev-parse", &format!("{side}^")], &[])?
            }
        };
        let base = base.trim_end().to_owned();
        let goes_back = (waiting.kind == Operation::Revert) != now.is_none();
        let (old, new) = if goes_back {
            (side.clone(), base)
        } else {
            (base, side.clone())
        };
        let how = if now.is_some() {
            "not ended"
        } else {
            "given up"
        };
        Some(Entry {
            old,
            new,
            said: format!("{}, {how}", waiting.kind.name()),
        })
    }

    /// `git stash pop` and `apply`, which are in no history: the files that are now as a stash has them, and were written in this
    /// burst. Git refuses to write over changes, so what was there is in the commit.
    fn brought_back(&self, known: &Known) -> Option<Moved> {
        let (there, dropped) = known.stashes_of(self.root);
        let mut said = None;
        let (mut removed, mut written) = (BTreeSet::new(), BTreeSet::new());
        let is_dropped = |stash: &Stash| dropped.contains(stash);
        for stash in dropped.iter().chain(&there) {
            let base = format!("{}^1", stash.id);
            let mut of_stash = self.differ("MT", &[&base, &stash.id]);
            of_stash.retain(|name| self.is_since(&self.root.join(name)));
            if !of_stash.is_empty() {
                let others = self.differ("MTDAUX", &[&stash.id]);
                let others: BTreeSet<String> = others.into_iter().collect();
                of_stash.retain(|name| !others.contains(name));
            }
            // That a name is gone has no time: only a stash that went with it explains that.
            let mut of_names = Vec::new();
            if is_dropped(stash) {
                of_names = self.differ("D", &[&base, &stash.id]);
                of_names.retain(|name| self.root.join(name).symlink_metadata().is_err());
            }
            if !of_stash.is_empty() || !of_names.is_empty() {
                let how = if is_dropped(stash) { "pop" } else { "apply" };
                said.get_or_insert_with(|| format!("stash {how}: {}", stash.said));
            }
            written.extend(of_stash);
            removed.extend(of_names);
        }
        Some(Moved {
            project: self.project.to_owned(),
            said: said?,
            removed: gone(self.root, removed.iter().map(String::as_str)),
            modified: count(written.len()),
        })
    }

    /// `git sparse-checkout`: files that git was told to leave out, and has.
    fn left_out(&self) -> Option<Moved> {
        let own = git_directory(self.root)?;
        if !self.is_since(&own.join("info/sparse-checkout")) {
            return None;
        }
        let all = self.git.ask(&["ls-files", "-t", "-z"], &[])?;
        let left_out = names(&all).filter_map(|line| line.strip_prefix("S "));
        Some(Moved {
            project: self.project.to_owned(),
            said: "sparse-checkout".to_owned(),
            removed: gone(self.root, left_out),
            modified: 0,
        })
    }

    /// Returns the names that differ between two commits, or between one and the working copy.
    fn differ(&self, filter: &str, of: &[&str]) -> Vec<String> {
        let filter = format!("--diff-filter={filter}");
        let arguments = [
            "diff",
            "--name-only",
            "-z",
            "--no-renames",
            "--no-ext-diff",
            "--ignore-submodules",
            &filter,
        ];
        let said = self.git.ask(&[&arguments[..], of].concat(), &[]);
        let said = said.unwrap_or_default();
        names(&said).map(str::to_owned).collect()
    }

    /// Whether a file was written since the burst began.
    fn is_since(&self, path: &Path) -> bool {
        let written = path.symlink_metadata().and_then(|about| about.modified());
        written.is_ok_and(|at| milliseconds(at) + LAG_MS >= self.from)
    }
}

fn milliseconds(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split('\0').filter(|name| !name.is_empty())
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Counts files that git took out of a working copy, and the directories that went with the last file in them.
fn gone<'n>(root: &Path, files: impl Iterator<Item = &'n str>) -> u64 {
    let mut directories = BTreeSet::new();
    let mut number = 0;
    for file in files {
        number += 1;
        for above in Path::new(file).ancestors().skip(1) {
            let is_root = above.as_os_str().is_empty();
            let is_there = || root.join(above).symlink_metadata().is_ok();
            if is_root || directories.contains(above) || is_there() {
                break;
            }
            directories.insert(PathBuf::from(above));
        }
    }
    count(number + directories.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_that_went_with_their_files_count_and_those_that_stayed_do_not() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("stayed")).unwrap();
        let files = ["stayed/a", "gone/deep/b", "gone/deep/c", "gone/d", "top"];
        assert_eq!(gone(root.path(), files.into_iter()), 5 + 2);
    }
}
