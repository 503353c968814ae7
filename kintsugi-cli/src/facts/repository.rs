//! What a repository is whose branches a command would change: only references and commits are looked at, no file.

use std::fs;
use std::path::Path;

use kintsugi_core::facts::{ReferenceFact, RepositoryFact, WantedRepository};

use super::Deadline;
use super::git::{Git, root_of};

/// Looks at the repository that `asked` names; nothing when it cannot be asked.
pub(super) fn look(asked: &WantedRepository, deadline: Deadline) -> Option<RepositoryFact> {
    let directory = fs::canonicalize(&asked.path).ok()?;
    let root = root_of(&directory)?;
    let git = Git::at(&root, deadline)?;
    let line = |arguments: &[&str]| Some(git.ask(arguments, &[])?.trim_end().to_owned());
    let branch = line(&["symbolic-ref", "-q", "--short", "HEAD"]);
    let (upstream, ahead, behind) = branch
        .as_deref()
        .and_then(|branch| tracking(&git, branch))
        .unwrap_or_default();
    let default = line(&["symbolic-ref", "-q", "--short", "refs/remotes/origin/HEAD"]);
    let remotes = line(&[
        "config",
        "--name-only",
        "--get-regexp",
        r"^remote\..*\.url$",
    ]);
    let remotes = remotes.unwrap_or_default();
    let name_of = |key: &str| {
        Some(
            key.strip_prefix("remote.")?
                .strip_suffix(".url")?
                .to_owned(),
        )
    };
    let references = asked.references.iter();
    let references: Option<Vec<_>> = references
        .map(|name| reference(&git, &directory, name))
        .collect();
    Some(RepositoryFact {
        path: asked.path.clone(),
        root: root.to_str().map(str::to_owned),
        branch,
        head: line(&["rev-parse", "-q", "--verify", "HEAD"]),
        upstream,
        ahead,
        behind,
        default_branch: default.and_then(|name| Some(name.split_once('/')?.1.to_owned())),
        remotes: remotes.lines().take(16).filter_map(name_of).collect(),
        complete: references.is_some(),
        references: references.unwrap_or_default(),
    })
}

type Tracking = (Option<String>, Option<u64>, Option<u64>);

/// Where a branch is pushed to, and how far both are apart.
fn tracking(git: &Git, branch: &str) -> Option<Tracking> {
    let asked = format!("refs/heads/{branch}");
    let format = "--format=%(upstream:short)%00%(upstream:track,nobracket)";
    let answer = git.ask(&["for-each-ref", "--count=1", format, &asked], &[])?;
    let (upstream, track) = answer.trim_end().split_once('\0')?;
    if upstream.is_empty() {
        return None;
    }
    let count = |word: &str| {
        let mut parts = track.split(", ");
        let found = parts.find_map(|part| part.strip_prefix(word)?.trim().parse().ok());
        Some(found.unwrap_or(0))
    };
    Some((Some(upstream.to_owned()), count("ahead"), count("behind")))
}

/// What `name` means: a branch, a tag, or anything that git resolves. Nothing when git does not answer.
fn reference(git: &Git, directory: &Path, name: &str) -> Option<ReferenceFact> {
    let mut fact = ReferenceFact {
        name: name.to_owned(),
        ..ReferenceFact::default()
    };
    // What is no path cannot be meant as one: whether git knows the name changes nothing then.
    if directory.join(name).symlink_metadata().is_err() {
        fact.exists = true;
    }
    let full = [
        format!("refs/heads/{name}"),
        format!("refs/tags/{name}"),
        name.to_owned(),
    ];
    let exact = |full: &&String| {
        full.starts_with("refs/")
            && git
                .ask(&["show-ref", "--verify", "--quiet", full], &[])
                .is_some()
    };
    let Some(full) = full.iter().find(exact) else {
        let commit = format!("{name}^{{commit}}");
        let asked = ["rev-parse", "-q", "--verify", "--end-of-options", &commit];
        let is_remote = |name: &str| {
            let pattern = format!("refs/remotes/*/{name}");
            let answer = git.ask(&["for-each-ref", "--count=1", &pattern], &[]);
            answer.is_some_and(|answer| !answer.is_empty())
        };
        fact.exists = fact.exists || git.ask(&asked, &[]).is_some() || is_remote(name);
        return Some(fact);
    };
    fact.exists = true;
    let contains = format!("--contains={full}");
    let namespaces = ["refs/remotes", "refs/heads", "refs/tags"];
    for namespace in namespaces {
        let asked = ["for-each-ref", "--format=%(refname)", &contains, namespace];
        let answer = git.ask(&asked, &[])?;
        let other = answer
            .lines()
            .find(|other| *other != full.as_str() && !other.ends_with("/HEAD"));
        if let Some(other) = other {
            let short = other.strip_prefix(namespace).unwrap_or(other);
            fact.kept_by = Some(short.trim_start_matches('/').to_owned());
            break;
        }
    }
    Some(fact)
}
