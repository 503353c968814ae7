//! Which objects of a repository only a name in its own files leads to, so that `git gc` would take them once that name is gone.
//!
//! Commits of references and stashes, those that nothing but a reflog names, those of a merge or rebase that stands half-way, and
//! what is staged and in no commit.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use super::git::{HIDDEN, REFERENCES_MAX};
use crate::facts::Deadline;
use crate::facts::git::Git;

/// Files of a repository's directory that hold the name of a commit, each at its beginning.
const HOLDERS: [&str; 11] = [
    "ORIG_HEAD",
    "FETCH_HEAD",
    "MERGE_HEAD",
    "MERGE_AUTOSTASH",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "REBASE_HEAD",
    "rebase-merge/autostash",
    "rebase-merge/orig-head",
    "rebase-apply/autostash",
    "rebase-apply/orig-head",
];

/// Where each reference stands, and every object to keep reachable.
pub(super) struct Reachable {
    pub(super) references: Vec<(String, String)>,
    pub(super) objects: BTreeSet<String>,
    /// Whether there are more than may be kept.
    pub(super) is_cut: bool,
}

impl Reachable {
    /// What is not kept of it, in a few words.
    pub(super) fn doubt(&self) -> Option<String> {
        self.is_cut
            .then(|| format!("over {REFERENCES_MAX} staged files are not held against `git gc`"))
    }
}

/// Where each reference stands; with too many, only branches and the stash.
pub(super) fn references(git: &Git) -> Option<Vec<(String, String)>> {
    let format = "--format=%(objectname) %(refname)";
    let all = git.ask(&["for-each-ref", format], &[])?;
    let read = |said: &str| -> Vec<(String, String)> {
        let pairs = said.lines().filter_map(|line| line.split_once(' '));
        let is_own = |name: &str| name.starts_with(HIDDEN);
        pairs
            .filter(|(_, name)| !is_own(name))
            .map(|(commit, name)| (name.to_owned(), commit.to_owned()))
            .collect()
    };
    let references = read(&all);
    if references.len() <= REFERENCES_MAX {
        return Some(references);
    }
    Some(read(&git.ask(
        &["for-each-ref", format, "refs/heads", "refs/stash"],
        &[],
    )?))
}

/// The stashes, the newest first.
pub(super) fn stashes(git: &Git) -> Vec<String> {
    // Most repositories have none.
    let said = git.ask(&["reflog", "show", "--format=%H", "refs/stash"], &[]);
    said.unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect()
}

/// Finds all of it in the repository that `git` asks, whose own directory is `own`.
pub(super) fn find(git: &Git, own: &Path, deadline: Deadline) -> Option<Reachable> {
    let references = references(git)?;
    let mut objects: BTreeSet<String> = references.iter().map(|(_, at)| at.clone()).collect();
    // A new repository has no commit.
    let head = git.ask(&["rev-parse", "-q", "--verify", "HEAD"], &[]);
    objects.extend(head.unwrap_or_default().lines().map(str::to_owned));
    objects.extend(stashes(git));
    objects.extend(only_logged(git));
    let named = HOLDERS.iter().filter_map(|name| held_by(&own.join(name)));
    objects.extend(there(git, &["--no-walk"], &named.collect::<Vec<_>>()));
    let staged = staged(git);
    let is_cut = staged.len() > REFERENCES_MAX || objects.len() > 2 * REFERENCES_MAX;
    if !is_cut {
        objects.extend(there(git, &["--no-walk", "--objects"], &staged));
    }
    // What git had no time to answer is not known not to be there.
    deadline.left()?;
    Some(Reachable {
        references,
        objects,
        is_cut,
    })
}

/// The last of the commits that only a reflog leads to: what an amended or reset branch was, and what a detached HEAD has left.
fn only_logged(git: &Git) -> BTreeSet<String> {
    let most = format!("--max-count={}", 10 * REFERENCES_MAX);
    let hidden = format!("--exclude={HIDDEN}/*");
    let asked = [
        "rev-list",
        "--reflog",
        "--parents",
        &most,
        "--not",
        &hidden,
        "--all",
    ];
    let said = git.ask(&asked, &[]).unwrap_or_default();
    let (mut found, mut parents) = (BTreeSet::new(), BTreeSet::new());
    for line in said.lines() {
        let mut names = line.split(' ').map(str::to_owned);
        found.extend(names.next());
        parents.extend(names);
    }
    found.difference(&parents).cloned().collect()
}

/// What is staged and differs from the last commit, or stands in a conflict: it need be in no commit and no file.
fn staged(git: &Git) -> Vec<String> {
    let of_head = ["diff-index", "--cached", "--no-abbrev", "-z", "HEAD"];
    let said = git.ask(&of_head, &[]);
    // ":100644 100644 OLD NEW M", and the name apart.
    let new = |entry: &str| {
        let mut fields = entry.strip_prefix(':')?.split(' ');
        let mode = fields.nth(1)?;
        let name = fields.nth(1)?;
        is_object(mode, name).then(|| name.to_owned())
    };
    // "100644 NAME STAGE\tPATH"
    let listed = |entry: &str| {
        let mut fields = entry.split(' ');
        let (mode, name) = (fields.next()?, fields.next()?);
        is_object(mode, name).then(|| name.to_owned())
    };
    let mut found: Vec<String> = if let Some(said) = &said {
        said.split('\0').filter_map(new).collect()
    } else {
        // Nothing is committed yet.
        let said = git.ask(&["ls-files", "-z", "-s"], &[]).unwrap_or_default();
        said.split('\0').filter_map(listed).collect()
    };
    let unmerged = git.ask(&["ls-files", "-z", "-u"], &[]).unwrap_or_default();
    found.extend(unmerged.split('\0').filter_map(listed));
    found
}

/// Whether this repository has an object of that name: the commit of a submodule is another's, and git knows the empty file by itself.
fn is_object(mode: &str, name: &str) -> bool {
    const EMPTY: [&str; 2] = [
        "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
        "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
    ];
    mode != "160000" && !EMPTY.contains(&name) && name.bytes().any(|byte| byte != b'0')
}

/// The commit that a file of git's names.
fn held_by(path: &Path) -> Option<String> {
    /// A name has 40 or 64 digits.
    const BYTES_MAX: u64 = 100;
    let is_file = path.symlink_metadata().is_ok_and(|found| found.is_file());
    let mut text = Vec::new();
    let file = is_file.then(|| fs::File::open(path).ok()).flatten()?;
    file.take(BYTES_MAX).read_to_end(&mut text).ok()?;
    let is_digit = |byte: &u8| byte.is_ascii_hexdigit();
    let count = text.iter().take_while(|byte| is_digit(byte)).count();
    let name = String::from_utf8(text.get(..count)?.to_vec()).ok()?;
    matches!(count, 40 | 64).then_some(name)
}

/// Those of `names` that are there: a reference to what is gone would be a fault of the repository.
fn there(git: &Git, how: &[&str], names: &[String]) -> BTreeSet<String> {
    /// Names that one command line of git gets.
    const AT_ONCE: usize = 500;
    let mut found = BTreeSet::new();
    for some in names.chunks(AT_ONCE) {
        let mut asked = vec!["rev-list", "--ignore-missing"];
        asked.extend(how);
        asked.extend(some.iter().map(String::as_str));
        let said = git.ask(&asked, &[]).unwrap_or_default();
        let known = said.lines().filter_map(|line| line.split(' ').next());
        found.extend(known.map(str::to_owned));
    }
    found
}
