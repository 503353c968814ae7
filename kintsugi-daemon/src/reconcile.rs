//! A mass change is held against what was allowed: who ran what, when, on which paths.
//!
//! Done here and not by the watcher, since the decisions are in this process's memory, and since what is an incident must not be
//! for a client to say. What it takes is counts and a few directories; no file is looked at.

use std::path::PathBuf;

use kintsugi_core::protocol::{Burst, Directory};
use uuid::Uuid;

use crate::clip;
use crate::settings::Watch;
use crate::state::State;
use crate::state::deeds::Changed;

/// Longest line about an incident, in bytes.
const LINE_BYTES_MAX: usize = 480;

/// What a burst comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finding {
    /// It is no mass change: nobody has to explain it.
    Small,
    /// Something that is on record explains it.
    Explained {
        /// The decision, unless it was git by itself.
        by: Option<Uuid>,
        /// In one line.
        why: String,
    },
    /// Nothing does.
    Unexplained {
        /// In one line.
        what: String,
    },
}

/// Holds a burst against the decisions. `runs` says whether a process, by its number and start, is still there.
pub(crate) fn judge(
    burst: &Burst,
    limits: &Watch,
    state: &State,
    runs: &dyn Fn(u32, u64) -> bool,
) -> Finding {
    let is_many = |removed: u64, modified: u64| {
        (limits.removed > 0 && removed >= limits.removed)
            || (limits.overwritten > 0 && modified >= limits.overwritten)
    };
    let takes_repositories = limits.removed > 0 && burst.repositories > 0;
    if !is_many(burst.removed, burst.modified) && !takes_repositories {
        return Finding::Small;
    }
    let mut left: Vec<&Directory> = Vec::new();
    let mut by = None;
    for directory in &burst.directories {
        let changed = changed(burst, directory);
        match state.explain(&changed, (burst.from, burst.to), runs) {
            Some(deed) => {
                by.get_or_insert(deed);
            }
            None => left.push(directory),
        }
    }
    // What git moved by itself, it can move back.
    let of_git = |count: fn(&kintsugi_core::protocol::Moved) -> u64| {
        let moved = burst.git.iter().filter(|moved| {
            left.iter()
                .any(|one| one.project.as_ref() == Some(&moved.project))
        });
        moved.map(count).sum::<u64>()
    };
    // What no directory counts, none explains.
    let beside = |all: u64, count: fn(&Directory) -> u64| {
        let counted: u64 = burst.directories.iter().map(count).sum();
        let left: u64 = left.iter().map(|one| count(one)).sum();
        left + all.saturating_sub(counted)
    };
    let removed = beside(burst.removed, |one| one.removed);
    let modified = beside(burst.modified, |one| one.modified);
    let removed = removed.saturating_sub(of_git(|moved| moved.removed));
    let modified = modified.saturating_sub(of_git(|moved| moved.modified));
    let has_lost_repositories = takes_repositories && by.is_none();
    if is_many(removed, modified) || has_lost_repositories {
        return Finding::Unexplained {
            what: line(burst, &left, (removed, modified)),
        };
    }
    match (by, burst.git.first()) {
        (Some(deed), _) => {
            let before = burst.from.saturating_sub(deed.at) / 1_000;
            let why = format!(
                "`{}` ({}), allowed {before} s before",
                deed.text, deed.agent
            );
            Finding::Explained {
                by: Some(deed.id),
                why,
            }
        }
        (None, Some(moved)) => Finding::Explained {
            by: None,
            why: format!("git by itself: {}", moved.said),
        },
        (None, None) => Finding::Small,
    }
}

/// Returns the paths of a directory, under the name of its place and with links followed.
fn changed(burst: &Burst, directory: &Directory) -> Changed {
    let tops = [Some(&burst.place), burst.real.as_ref()];
    let tops: Vec<PathBuf> = tops.into_iter().flatten().map(PathBuf::from).collect();
    let project = directory.project.as_ref();
    Changed {
        paths: tops.iter().map(|top| join(top, &directory.path)).collect(),
        projects: tops
            .iter()
            .filter_map(|top| project.map(|project| join(top, project)))
            .collect(),
    }
}

/// An empty path is the place itself, without a slash behind it.
fn join(top: &std::path::Path, below: &str) -> PathBuf {
    if below.is_empty() {
        top.to_owned()
    } else {
        top.join(below)
    }
}

/// Says what happened, in one line.
fn line(burst: &Burst, left: &[&Directory], (removed, modified): (u64, u64)) -> String {
    let most = left.iter().max_by_key(|one| one.removed + one.modified);
    let place = join(
        &PathBuf::from(&burst.place),
        most.map_or("", |one| &one.path),
    );
    let mut what = match (removed, modified) {
        (_, 0) => format!("{removed} files were removed"),
        (0, _) => format!("{modified} files were written over"),
        _ => format!("{removed} files were removed and {modified} written over"),
    };
    if burst.repositories > 0 {
        what.push_str(", a repository's history with them,");
    }
    let seconds = burst.to.saturating_sub(burst.from) / 1_000;
    what = format!(
        "{what} in `{}` within {} s, and no decision explains it",
        place.display(),
        seconds + 1
    );
    let likely: Vec<String> = burst
        .processes
        .iter()
        .take(3)
        .map(|one| format!("{} ({})", one.name, one.pid))
        .collect();
    if likely.is_empty() {
        what.push_str("; who did it is gone");
    } else {
        what.push_str("; in there: ");
        what.push_str(&likely.join(", "));
    }
    if burst.in_git > 0 {
        what = format!("{what}; git still has {} (`git restore .`)", burst.in_git);
    }
    if burst.still_open > 0 {
        let id = burst.id;
        what = format!(
            "{what}; {} are still open and kept in `rescued/{id}`",
            burst.still_open
        );
    }
    clip::text(&mut what, LINE_BYTES_MAX);
    what
}
