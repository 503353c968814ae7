//! Which settings of agents, and what else is taken up by itself, come along with a directory, the names of a pattern, or an archive.
//!
//! Names alone: no file is opened but an archive, by the program that lists its members, and a patch, whose lines name files.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use kintsugi_core::facts::{BROUGHT_MAX, TargetFact, TargetKind};
use kintsugi_core::place::is_taken_up;

use super::{Deadline, glob};
use crate::capture::archive;

/// Most names that are looked at below one directory of an agent's.
const NAMES_MAX: usize = 200;

/// Longest patch that is read.
const PATCH_BYTES_MAX: u64 = 4 * 1024 * 1024;

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
        match path.file_name().and_then(|name| name.to_str()) {
            // Of a repository only what it runs: the rest is many names.
            Some(".git") => below(fact, &above, path.join("hooks"), deadline)?,
            Some(name) if is_taken_up(name) => below(fact, &above, path, deadline)?,
            Some(_) | None => {}
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
            Ok(_) | Err(_) => {
                let inner = inner.to_str()?;
                if is_taken_up(inner) {
                    fact.brings.push(inner.to_owned());
                }
            }
        }
    }
    Some(())
}

/// Returns the names in a patch, and whether all of it was read; nothing when the file is none.
fn patched(path: &Path) -> Option<(Vec<Vec<u8>>, bool)> {
    let mut text = Vec::new();
    let file = fs::File::open(path).ok()?;
    file.take(PATCH_BYTES_MAX + 1).read_to_end(&mut text).ok()?;
    let is_text = !text.iter().take(512).any(|byte| *byte == 0);
    let marks: [&[u8]; 3] = [b"+++ ", b"rename to ", b"copy to "];
    let name = |line: &[u8]| {
        let name = marks.iter().find_map(|mark| line.strip_prefix(*mark))?;
        // A time may stand behind it, and a name with odd letters stands in quotes.
        let name = name.split(|byte| *byte == b'\t').next()?;
        Some(name.trim_ascii().to_vec())
    };
    let names: Vec<Vec<u8>> = text
        .split(|byte| *byte == b'\n')
        .filter_map(name)
        .map(|name| name.into_iter().filter(|byte| *byte != b'"').collect())
        .collect();
    let is_whole = u64::try_from(text.len()).is_ok_and(|len| len <= PATCH_BYTES_MAX);
    (is_text && !names.is_empty()).then_some((names, is_whole))
}

/// Notes which of its members may be settings of agents: at any depth, since an option may take the directories in front away.
pub(super) fn members(fact: &mut TargetFact, deadline: Deadline) -> Option<()> {
    let path = PathBuf::from(&fact.arg);
    let found = path.metadata().ok()?;
    if !found.is_file() {
        return None;
    }
    fact.kind = TargetKind::File;
    let (names, is_whole) = match patched(&path) {
        Some(found) => found,
        None => (archive::members(&path, deadline)?, true),
    };
    for name in names {
        let name = String::from_utf8_lossy(&name);
        let mut from = name.match_indices('/').map(|(at, _)| at + 1);
        let is_some = is_taken_up(&name) || from.any(|at| name.get(at..).is_some_and(is_taken_up));
        if !is_some || name.ends_with('/') {
            continue;
        }
        if fact.brings.len() == BROUGHT_MAX {
            return None;
        }
        fact.brings.push(name.into_owned());
    }
    is_whole.then_some(())
}
