//! What a pattern stands for, name by name, as a shell would find it; `**` stands for any number of directories.
//!
//! Bounded; a name that starts with a dot counts as well, so that the answer is never smaller than a shell's.

use std::fs;
use std::path::{Path, PathBuf};

use kintsugi_core::place::pattern;

use super::Deadline;

/// Most names that a pattern may stand for, and most directories that are read for it.
const NAMES_MAX: usize = 2_000;

/// Returns what `pattern` stands for; nothing when that is too much, or takes too long.
pub(crate) fn expand(pattern: &str, deadline: Deadline) -> Option<Vec<PathBuf>> {
    let mut found = vec![PathBuf::from("/")];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let mut next = Vec::new();
        for directory in &found {
            deadline.left()?;
            if part == "**" {
                below(directory, &mut next, deadline)?;
            } else if part.contains(['*', '?', '[']) {
                names(directory, part, &mut next)?;
            } else {
                let path = directory.join(part);
                if path.symlink_metadata().is_ok() {
                    next.push(path);
                }
            }
            if next.len() > NAMES_MAX {
                return None;
            }
        }
        found = next;
    }
    Some(found)
}

/// Adds what in `directory` matches. A directory that cannot be read may hold anything.
fn names(directory: &Path, part: &str, found: &mut Vec<PathBuf>) -> Option<()> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => return Some(()),
        Err(_) => return None,
    };
    for entry in entries {
        let entry = entry.ok()?;
        let name = entry.file_name();
        // What is no text is matched byte by byte, by rules of the shell's locale: it is taken to be meant.
        if name
            .to_str()
            .is_none_or(|name| pattern::matches(part, name))
        {
            found.push(entry.path());
        }
        if found.len() > NAMES_MAX {
            return None;
        }
    }
    Some(())
}

/// Adds `directory` and every directory below it, links not followed.
fn below(directory: &Path, found: &mut Vec<PathBuf>, deadline: Deadline) -> Option<()> {
    let first = found.len();
    found.push(directory.to_owned());
    let mut at = first;
    while let Some(directory) = found.get(at).cloned() {
        deadline.left()?;
        for entry in fs::read_dir(&directory).ok()? {
            let entry = entry.ok()?;
            if entry.file_type().ok()?.is_dir() {
                found.push(entry.path());
            }
        }
        if found.len() > NAMES_MAX {
            return None;
        }
        at += 1;
    }
    Some(())
}
