//! The real files: one directory, opened once, everything below it by `openat`, so that a renamed parent changes nothing.
//!
//! Holds the lock of the one writer for as long as it lives. Directory 0700, files 0600; where somebody made the directory for
//! a group that may read it (set-group-ID, mode 2750), so are the files, but for those with a key in them.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use kintsugi_core::audit::{HEAD_FILE, LOCK_FILE, NEW_HEAD_FILE, SIGNING_KEY_FILE};
use rustix::fs::{self, AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::storage::{FileState, Storage, StoredFile, write_fully};

/// Why the directory of a log cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// It could not be made or opened.
    #[error("cannot use `{}` for the log", .0.display())]
    Open(PathBuf, #[source] io::Error),
    /// The lock file could not be made: the directory is read-only, full, or another's.
    #[error("cannot write in `{}`", .0.display())]
    Write(PathBuf, #[source] io::Error),
    /// Another process holds the lock.
    #[error("the log in `{}` is already being written by {}", .0.display(), .1)]
    Locked(PathBuf, Holder),
}

/// Who holds the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder(Option<u32>);

impl std::fmt::Display for Holder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(pid) => write!(formatter, "process {pid}"),
            None => formatter.write_str("another process"),
        }
    }
}

/// A directory with a log, locked.
#[derive(Debug)]
pub struct Directory {
    opened: OwnedFd,
    /// The directory's group may read it, and is meant to.
    is_shared: bool,
    // Held, never read: `flock(2)` releases when it is closed.
    _lock: OwnedFd,
}

impl Directory {
    /// Makes the directory where it is missing, opens it and takes the lock.
    ///
    /// # Errors
    /// See [`DirectoryError`]; each says what to change.
    pub fn open(path: &Path) -> Result<Self, DirectoryError> {
        let cannot_open = |error: io::Error| DirectoryError::Open(path.to_owned(), error);
        std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700)
            .recursive(true)
            .create(path)
            .map_err(cannot_open)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory =
            fs::open(path, flags, Mode::empty()).map_err(|errno| cannot_open(errno.into()))?;
        let found = fs::fstat(&directory).map_err(|errno| cannot_open(errno.into()))?;
        let found = Mode::from_raw_mode(found.st_mode);
        let group = Mode::SGID | Mode::RGRP | Mode::XGRP;
        let is_shared = found.contains(group) && !found.intersects(Mode::WGRP | Mode::RWXO);
        let cannot_write = |errno: Errno| DirectoryError::Write(path.to_owned(), errno.into());
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        let lock = fs::openat(&directory, LOCK_FILE, flags, mode).map_err(cannot_write)?;
        match fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                return Err(DirectoryError::Locked(path.to_owned(), holder(&lock)));
            }
            Err(errno) => return Err(cannot_write(errno)),
        }
        let pid = format!("{}\n", std::process::id());
        // Written before it is cut: on a full disk the room that the file has is all there is.
        rustix::io::pwrite(&lock, pid.as_bytes(), 0).map_err(cannot_write)?;
        let length = u64::try_from(pid.len()).unwrap_or_default();
        fs::ftruncate(&lock, length).map_err(cannot_write)?;
        Ok(Self {
            opened: directory,
            is_shared,
            _lock: lock,
        })
    }

    fn open_at(&self, name: &str, flags: OFlags) -> io::Result<OwnedFd> {
        let flags = flags | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = fs::openat(&self.opened, name, flags, Mode::RUSR | Mode::WUSR)?;
        Ok(file)
    }
}

/// Whether a key stands in a file: of the next record's MAC, of the first one's, or of the checkpoints.
fn holds_key(name: &str) -> bool {
    [HEAD_FILE, NEW_HEAD_FILE, SIGNING_KEY_FILE].contains(&name) || name.starts_with("first-key-")
}

/// Reads who holds the lock from the file that is locked.
fn holder(lock: &OwnedFd) -> Holder {
    let mut buffer = [0; 16];
    let read = rustix::io::pread(lock, &mut buffer, 0).unwrap_or_default();
    let text = buffer
        .get(..read)
        .and_then(|bytes| std::str::from_utf8(bytes).ok());
    Holder(text.and_then(|text| text.trim().parse().ok()))
}

impl Storage for Directory {
    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::Dir::read_from(&self.opened)? {
            let bytes = entry?.file_name().to_bytes().to_vec();
            // A name that is not UTF-8 is shown by its replacement; no file of ours has one.
            let name = OsString::from_vec(bytes).to_string_lossy().into_owned();
            if name != "." && name != ".." {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        Ok(Box::new(RealFile(self.open_at(name, OFlags::empty())?)))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        let file = self.open_at(name, OFlags::CREATE | OFlags::EXCL)?;
        if self.is_shared && !holds_key(name) {
            fs::fchmod(&file, Mode::RUSR | Mode::WUSR | Mode::RGRP)?;
        }
        Ok(Box::new(RealFile(file)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(fs::renameat(&self.opened, from, &self.opened, to)?)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        Ok(fs::unlinkat(&self.opened, name, AtFlags::empty())?)
    }

    fn sync_names(&self) -> io::Result<()> {
        Ok(fs::fsync(&self.opened)?)
    }
}

/// The kernel's type for this differs from one architecture to the next.
fn widen(count: impl Into<u64>) -> u64 {
    count.into()
}

#[derive(Debug)]
struct RealFile(OwnedFd);

impl StoredFile for RealFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::pread(&self.0, buffer, offset)?)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::pwrite(&self.0, bytes, offset)?)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(fs::fdatasync(&self.0)?)
    }

    fn allocate(&self, bytes: u64) -> io::Result<()> {
        match fs::fallocate(&self.0, fs::FallocateFlags::empty(), 0, bytes) {
            // A file system that cannot: zeros take the room as well.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
                let zeros = vec![0; usize::try_from(bytes).unwrap_or_default()];
                write_fully(self, 0, &zeros)
            }
            taken => Ok(taken?),
        }
    }

    fn cut(&self, bytes: u64) -> io::Result<()> {
        Ok(fs::ftruncate(&self.0, bytes)?)
    }

    fn state(&self) -> io::Result<FileState> {
        let stat = fs::fstat(&self.0)?;
        Ok(FileState {
            bytes: u64::try_from(stat.st_size).unwrap_or_default(),
            links: widen(stat.st_nlink),
        })
    }
}
