//! A tree of files as it is, to be compared with what it was: content, modes, owners, times, attributes, links and holes.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// What stands at one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thing {
    /// Its type, and what is in it.
    pub is: String,
    /// Permission bits, owner and group.
    pub rights: (u32, u32, u32),
    /// Last change of its content.
    pub modified: (i64, i64),
    /// Names of the same file.
    pub names: u64,
    /// Whether it has holes.
    pub sparse: bool,
    /// Extended attributes.
    pub attributes: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Everything below a directory.
pub type Tree = BTreeMap<PathBuf, Thing>;

/// Returns a new directory to work in, below the one for temporary files, and what removes it. It is no part of a repository, and
/// not below the guard's own.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn work() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::Builder::new().prefix("work-").tempdir();
    let directory = directory.expect("room");
    let work = directory.path().canonicalize().expect("its path");
    let work = work.join("work");
    std::fs::create_dir(&work).expect("room");
    (directory, work)
}

/// Looks at everything below `top`.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn all(top: &Path) -> Tree {
    tree(top, &|_| false)
}

/// Looks at everything below `top`, but not at what `skip` names.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn tree(top: &Path, skip: &dyn Fn(&Path) -> bool) -> Tree {
    let mut found = Tree::new();
    let mut waiting = vec![top.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(&directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            let relative = path.strip_prefix(top).expect("below").to_owned();
            if skip(&relative) {
                continue;
            }
            let thing = thing(&path);
            if thing.is == "directory" {
                waiting.push(path);
            }
            found.insert(relative, thing);
        }
    }
    found
}

fn thing(path: &Path) -> Thing {
    let found = path.symlink_metadata().expect("it is there");
    let kind = found.file_type();
    let is = if kind.is_dir() {
        "directory".to_owned()
    } else if kind.is_symlink() {
        let target = std::fs::read_link(path).expect("a link");
        format!("link to `{}`", target.display())
    } else if kind.is_fifo() {
        "fifo".to_owned()
    } else if kind.is_socket() {
        "socket".to_owned()
    } else {
        let bytes = std::fs::read(path).expect("a file");
        format!("{} bytes {}", bytes.len(), blake3::hash(&bytes))
    };
    let is_plain = kind.is_file() || kind.is_dir();
    Thing {
        rights: (found.mode() & 0o7777, found.uid(), found.gid()),
        modified: (found.mtime(), found.mtime_nsec()),
        names: if kind.is_file() { found.nlink() } else { 1 },
        sparse: kind.is_file() && found.blocks() * 512 + 4096 < found.len(),
        attributes: if is_plain {
            attributes(path)
        } else {
            Vec::new()
        },
        is,
    }
}

fn attributes(path: &Path) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut list = vec![0; 4096];
    let length = rustix::fs::listxattr(path, &mut list).unwrap_or(0);
    let names = list[..length].split(|byte| *byte == 0);
    let value = |name: &[u8]| {
        let mut value = vec![0; 4096];
        let name = std::ffi::OsStr::from_bytes(name);
        let length = rustix::fs::getxattr(path, name, &mut value).ok()?;
        value.truncate(length);
        Some(value)
    };
    names
        .filter(|name| !name.is_empty())
        .filter_map(|name| Some((name.to_vec(), value(name)?)))
        .collect()
}

/// Says how `now` differs from `before`, one line each; nothing when it does not.
#[must_use]
pub fn differences(before: &Tree, now: &Tree) -> Vec<String> {
    let mut lines = Vec::new();
    for (path, thing) in before {
        match now.get(path) {
            None => lines.push(format!("{} is gone", path.display())),
            Some(other) if other != thing => {
                lines.push(format!("{}: {thing:?} became {other:?}", path.display()));
            }
            Some(_) => {}
        }
    }
    for path in now.keys().filter(|path| !before.contains_key(*path)) {
        lines.push(format!("{} is new", path.display()));
    }
    lines
}

/// Waits for the next tick of the clock that file systems take times from: what changes after it is later.
pub fn next_tick() {
    use rustix::time::{ClockId, clock_gettime};
    // A tick that comes late ends before now: the clock of the files has to have passed what everybody else's says.
    let now = clock_gettime(ClockId::Realtime);
    let is_past = |coarse: rustix::time::Timespec| {
        (coarse.tv_sec, coarse.tv_nsec) > (now.tv_sec, now.tv_nsec)
    };
    while !is_past(clock_gettime(ClockId::RealtimeCoarse)) {
        std::thread::yield_now();
    }
}
