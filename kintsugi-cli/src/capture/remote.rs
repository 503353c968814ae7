//! Where the branches of a remote stand before they are pushed over: the remote itself is asked, and its commits are fetched.
//!
//! Only when the push was allowed and is about to run: it would connect there as well, by the same settings. Asks nobody for a password, and
//! never takes longer than [`ASK_MAX`].

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use kintsugi_core::capture::manifest::{RemoteBranch, Repository};
use kintsugi_core::display::escape;
use uuid::Uuid;

use super::compare::Difference;
use super::git::{ASK_MAX as LOCAL_MAX, Found, HIDDEN};
use super::reachable::references;
use crate::facts::Deadline;
use crate::facts::git::Git;

/// Longest time for asking a remote and fetching what is not here.
const ASK_MAX: Duration = Duration::from_secs(10);

/// Most branches of a remote that are remembered.
const BRANCHES_MAX: usize = 1_000;

/// Most branches whose commits are fetched.
const FETCHED_MAX: usize = 8;

/// What a remote said.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Where its branches stand.
    pub(super) branches: Vec<RemoteBranch>,
    /// What is not known of it, in one line.
    pub(super) unknown: Option<String>,
}

/// Asks the remote that is about to be pushed to; without one to ask, says nothing.
pub(super) fn ask(found: &Found, id: &Uuid) -> Asked {
    let Some(named) = &found.remote else {
        return Asked::default();
    };
    let unknown = |why: &str| Asked {
        branches: Vec::new(),
        unknown: Some(format!("where `{}` stands: {why}", escape(named))),
    };
    let deadline = Deadline(Instant::now() + ASK_MAX);
    let Some(git) = Git::at(&found.root, deadline) else {
        return unknown("git does not answer");
    };
    // The name is a guess where the line has none.
    let all = git.ask(&["remote"], &[]).unwrap_or_default();
    let remotes: Vec<&str> = all.lines().collect();
    let remote = match remotes.as_slice() {
        [only] if !remotes.contains(&named.as_str()) && named == "origin" => *only,
        _ => named.as_str(),
    };
    if remote.starts_with('-') {
        return unknown("it is no name");
    }
    let git = git.reaching();
    let Some(said) = git.ask(&["ls-remote", "--heads", remote], &[]) else {
        return unknown("it does not tell within 10 s, or not without a question");
    };
    let branches: Vec<RemoteBranch> = said
        .lines()
        .filter_map(|line| line.split_once("\trefs/heads/"))
        .take(BRANCHES_MAX)
        .map(|(commit, branch)| RemoteBranch {
            remote: remote.to_owned(),
            branch: branch.to_owned(),
            commit: commit.to_owned(),
        })
        .collect();
    let known: BTreeSet<&str> = found.references.iter().map(|(_, at)| at.as_str()).collect();
    let is_here = |commit: &str| {
        let commit = format!("{commit}^{{commit}}");
        known.contains(commit.as_str()) || git.ask(&["cat-file", "-e", &commit], &[]).is_some()
    };
    let absent: Vec<&RemoteBranch> = branches
        .iter()
        .filter(|one| !known.contains(one.commit.as_str()) && !is_here(&one.commit))
        .collect();
    let mut missing = absent.len().saturating_sub(FETCHED_MAX);
    for (number, one) in absent.iter().take(FETCHED_MAX).enumerate() {
        let to = format!("+refs/heads/{}:{HIDDEN}/{id}/fetched-{number}", one.branch);
        let arguments = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--refmap=",
            remote,
            &to,
        ];
        missing += usize::from(git.ask(&arguments, &[]).is_none());
    }
    let unknown = (missing > 0).then(|| {
        format!(
            "{missing} branches of `{}` are not fetched: only their commits' names are known",
            escape(remote)
        )
    });
    Asked { branches, unknown }
}

/// Says how a branch on another machine comes back: that is not done from here.
pub(super) fn compare(repository: &Repository, found: &mut Difference) -> Option<()> {
    if !repository.pushed {
        // What is known here of a remote comes back with the repository's own files.
        return Some(());
    }
    let git = Git::at(
        &repository.root.path(),
        Deadline(Instant::now() + LOCAL_MAX),
    )?;
    let now = references(&git)?;
    let stood = repository.references.iter().filter_map(|(name, commit)| {
        let (remote, branch) = name.strip_prefix("refs/remotes/")?.split_once('/')?;
        Some((remote, branch, commit))
    });
    for (remote, branch, known) in stood {
        let at = now.iter().find_map(|(name, at)| {
            let is_it = *name == format!("refs/remotes/{remote}/{branch}");
            is_it.then_some(at)
        });
        // What the remote itself said counts, not what this repository thought.
        let mut told = repository.remotes.iter();
        let told = told.find(|one| one.remote == remote && one.branch == branch);
        let commit = told.map_or(known, |one| &one.commit);
        if at.is_some_and(|at| commit == at || (told.is_none() && known == at)) {
            continue;
        }
        let doubt = if told.is_some() {
            ""
        } else {
            " (as this repository knew it: the remote was not asked)"
        };
        // One that was deleted there is made again, unless somebody else has made it.
        let lease = at.map_or("", String::as_str);
        found.notes.push(format!(
            "`{remote}` is not changed from here: `git push --force-with-lease={branch}:{lease} {remote} {commit}:refs/heads/{branch}` puts its branch back{doubt}"
        ));
    }
    Some(())
}
