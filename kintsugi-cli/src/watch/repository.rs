//! What git itself says about a burst: which files a checkout, merge or stash took away, and which are still in it.
//!
//! An editor, or a person's own git in a shell without a hook, moves a working copy from one commit to another; that is a mass
//! change which git can take back. It is believed where git's own history has an entry of that moment, for the files in which the two
//! commits differ, and for no other. Nothing that the repository names is run (`crate::facts::git`).

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kintsugi_core::protocol::{Burst, Moved};
use kintsugi_core::redact::redact;

use crate::facts::Deadline;
use crate::facts::git::Git;

/// Longest time for asking about one burst.
const ASK_MAX: Duration = Duration::from_secs(5);

/// Working copies that are asked about.
const REPOSITORIES_MAX: usize = 4;

/// Entries of a history that are asked about.
const ENTRIES_MAX: usize = 16;

/// Bytes at the end of a history that are read.
const HISTORY_BYTES: u64 = 64 * 1024;

/// Longest line of a history that is told, in bytes.
const SAID_BYTES_MAX: usize = 160;

/// Asks git about the working copies in which files were removed or written over, and adds what it says.
pub(crate) fn ask(burst: &mut Burst, top: &Path) {
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
        let Some(git) = Git::at(&root, deadline) else {
            continue;
        };
        if let Some(moved) = moved(&git, &root, &project, burst.from) {
            burst.git.push(moved);
        }
        // What is in the index and not in the working copy can be taken out of it again.
        let missing = git.ask(&["ls-files", "-z", "--deleted"], &[]);
        burst.in_git += count(missing.as_deref().unwrap_or_default());
    }
}

/// Returns what git did in a working copy since `from`, in milliseconds since 1970.
fn moved(git: &Git, root: &Path, project: &str, from: u64) -> Option<Moved> {
    let directory = git_directory(root)?;
    // A history counts whole seconds.
    let since = (from / 1_000).saturating_sub(1);
    let mut head = entries(&directory.join("logs/HEAD"), since);
    // A commit keeps what is there, and changes no file of the working copy.
    head.retain(|entry| entry.old != entry.new && !entry.said.starts_with("commit"));
    head.extend(stashed(git, &directory, since));
    let last = head.last()?;
    let differ = |filter: &str| {
        let filter = format!("--diff-filter={filter}");
        let mut names = BTreeSet::new();
        for entry in head.iter().rev().take(ENTRIES_MAX) {
            let arguments = [
                "diff",
                "--name-only",
                "-z",
                "--no-renames",
                "--no-ext-diff",
                &filter,
            ];
            let said = git.ask(&[&arguments[..], &[&*entry.old, &*entry.new]].concat(), &[]);
            let said = said.unwrap_or_default();
            names.extend(
                said.split('\0')
                    .filter(|name| !name.is_empty())
                    .map(str::to_owned),
            );
        }
        u64::try_from(names.len()).unwrap_or(u64::MAX)
    };
    Some(Moved {
        project: project.to_owned(),
        said: last.said.clone(),
        removed: differ("D"),
        modified: differ("MT"),
    })
}

/// Returns what was put aside since a moment, as moves from what is in a stash to what it was made of (git-stash(1): its first parent is
/// that commit, the third one has what git did not know). The history of the stashes is shared by working trees.
fn stashed(git: &Git, directory: &Path, since: u64) -> Vec<Entry> {
    let common = git.ask(
        &["rev-parse", "--path-format=absolute", "--git-common-dir"],
        &[],
    );
    let common = common.map_or_else(
        || directory.to_owned(),
        |said| PathBuf::from(said.trim_end_matches('\n')),
    );
    let mut moves = Vec::new();
    for entry in entries(&common.join("logs/refs/stash"), since) {
        let parents = git.ask(&["rev-parse", &format!("{}^@", entry.new)], &[]);
        let parents = parents.unwrap_or_default();
        let mut parents = parents.lines().map(str::to_owned);
        let (base, _, unknown) = (parents.next(), parents.next(), parents.next());
        let said = format!("stash: {}", entry.said);
        // The tree of nothing at all: what stood only in the stash is gone from the working copy.
        let nothing = unknown.and_then(|unknown| {
            let empty = git.ask(&["hash-object", "-t", "tree", "/dev/null"], &[])?;
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

fn count(list: &str) -> u64 {
    let names = list.split('\0').filter(|name| !name.is_empty());
    u64::try_from(names.count()).unwrap_or(u64::MAX)
}

/// Returns where the history of a working copy is (gitrepository-layout(5): `.git` is a file in other working trees).
fn git_directory(root: &Path) -> Option<PathBuf> {
    let own = root.join(".git");
    if own.symlink_metadata().ok()?.is_dir() {
        return Some(own);
    }
    let mut text = String::new();
    File::open(own)
        .ok()?
        .take(4_096)
        .read_to_string(&mut text)
        .ok()?;
    let named = text.strip_prefix("gitdir: ")?.trim_end();
    Some(root.join(named))
}

/// One entry of a history: `OLD NEW NAME <MAIL> SECONDS ZONE<TAB>SAID`.
struct Entry {
    old: String,
    new: String,
    said: String,
}

/// Returns the entries since a moment, in seconds since 1970, oldest first.
fn entries(path: &Path, since: u64) -> Vec<Entry> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|mut file| {
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(HISTORY_BYTES)))?;
        file.take(HISTORY_BYTES).read_to_end(&mut bytes)
    });
    if read.is_err() {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&bytes);
    let entries = text.lines().filter_map(|line| {
        let (who, said) = line.split_once('\t')?;
        let mut ids = who.splitn(3, ' ');
        let (old, new, who) = (ids.next()?, ids.next()?, ids.next()?);
        let mut from_end = who.rsplit(' ');
        let seconds: u64 = from_end.nth(1)?.parse().ok()?;
        let is_id = |id: &str| id.len() >= 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        (seconds >= since && is_id(old) && is_id(new)).then(|| {
            let mut said = redact(said).into_owned();
            let mut cut = SAID_BYTES_MAX.min(said.len());
            while !said.is_char_boundary(cut) {
                cut -= 1;
            }
            said.truncate(cut);
            Entry {
                old: old.to_owned(),
                new: new.to_owned(),
                said,
            }
        })
    });
    entries.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_is_read_from_a_moment_on() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("HEAD");
        let (one, two, three) = ("1".repeat(40), "2".repeat(40), "3".repeat(40));
        let text = format!(
            "{one} {two} Ada L <a@b> 100 +0200\tcommit: x\n{two} {three} Ada L <a@b> 105 +0200\tcheckout: moving from a to b\nbroken\n"
        );
        std::fs::write(&path, text).unwrap();
        let all = entries(&path, 0);
        assert_eq!(all.len(), 2);
        let last = entries(&path, 101);
        assert_eq!(last.len(), 1);
        assert_eq!((&last[0].old, &last[0].new), (&two, &three));
        assert_eq!(last[0].said, "checkout: moving from a to b");
        assert!(entries(&path, 106).is_empty());
    }
}
