//! Which settings of agents come along with a directory, the names of a pattern, or an archive.
//!
//! Names alone: no file is opened but an archive, by the program that lists its members.

use std::fs;
use std::path::{Path, PathBuf};

use kintsugi_core::facts::{BROUGHT_MAX, TargetFact, TargetKind};
use kintsugi_core::place::is_agents;

use super::{Deadline, glob};
use crate::capture::archive;

/// Most names that are looked at below one directory of an agent's.
const NAMES_MAX: usize = 200;

/// How deep that is looked.
const DEPTH_MAX: usize = 4;

/// Notes what stands directly in a directory, or is one of the names of a pattern.
pub(super) fn names(fact: &mut TargetFact, is_glob: bool, deadline: Deadline) -> Option<()> {
    let path = PathBuf::from(&fact.arg);
    let found: Vec<PathBuf> = if is_glob {
        glob::expand(&fact.arg, deadline)?
    } else if path.is_dir() {
        let entries = fs::read_dir(&path).ok()?;
        entries.flatten().map(|entry| entry.path()).collect()
    } else {
        Vec::new()
    };
    fact.kind = if found.is_empty() {
        TargetKind::Unknown
    } else {
        TargetKind::Directory
    };
    for path in found {
        let above = path.parent()?.to_owned();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(is_agents) {
            below(fact, &above, path, deadline)?;
        }
    }
    Some(())
}

/// Notes every file at and below `top`, by its name below `above`. Nothing when there are too many.
fn below(fact: &mut TargetFact, above: &Path, top: PathBuf, deadline: Deadline) -> Option<()> {
    let mut waiting = vec![top];
    let mut looked = 0;
    while let Some(path) = waiting.pop() {
        deadline.left()?;
        looked += 1;
        let inner = path.strip_prefix(above).ok()?;
        let is_deep = inner.components().count() > DEPTH_MAX;
        if fact.brings.len() == BROUGHT_MAX || looked > NAMES_MAX {
            return None;
        }
        match fs::read_dir(&path) {
            Ok(entries) if !is_deep && !path.is_symlink() => {
                waiting.extend(entries.flatten().map(|entry| entry.path()));
            }
            Ok(_) | Err(_) => fact.brings.push(inner.to_str()?.to_owned()),
        }
    }
    Some(())
}

/// Notes which of its members may be settings of agents: at any depth, since an option may take the directories in front away.
pub(super) fn members(fact: &mut TargetFact, deadline: Deadline) -> Option<()> {
    let path = PathBuf::from(&fact.arg);
    let found = path.metadata().ok()?;
    if !found.is_file() {
        return Some(());
    }
    fact.kind = TargetKind::File;
    for name in archive::members(&path, deadline)? {
        let name = String::from_utf8_lossy(&name);
        if !name.split('/').any(is_agents) || name.ends_with('/') {
            continue;
        }
        if fact.brings.len() == BROUGHT_MAX {
            return None;
        }
        fact.brings.push(name.into_owned());
    }
    Some(())
}
