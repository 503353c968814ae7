//! Copies of what a command is about to destroy, made by the client that is about to run it, and put back by `kintsugi undo`.
//!
//! With the person's own rights, under a budget of size, number and time. Nothing here decides whether a command may run, follows a
//! link out of a tree, opens what is no file or directory, or makes a hard link to what may be written in place.

mod account;
pub mod apply;
pub(crate) mod archive;
pub mod before;
pub mod compare;
pub mod copy;
pub mod discard;
pub mod git;
pub mod keep;
mod narrow;
mod reachable;
pub mod recover;
mod remote;
pub mod settings;
mod stands_for;
mod stays;
pub mod store;
pub mod target;
pub mod tree;
pub mod whereabouts;

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use kintsugi_core::display::escape;

/// How much may be kept before one command, and in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes that are copied before one command. What shares its blocks or is moved does not count.
    pub bytes_max: u64,
    /// Most files, directories and links before one command.
    pub files_max: u64,
    /// Longest time for the copies before one command.
    pub time_max: Duration,
    /// Most bytes of all copies together.
    pub quota_bytes: u64,
    /// How long a capture is kept.
    pub keep: Duration,
    /// Whether the person's settings are not understood: then nothing is kept.
    pub unknown: bool,
}

impl Default for Limits {
    /// What a person has typed `rm` before and can wait for: an upper bound for a project, not for a disk.
    fn default() -> Self {
        const GIB: u64 = 1024 * 1024 * 1024;
        Self {
            bytes_max: 2 * GIB,
            files_max: 100_000,
            time_max: Duration::from_secs(30),
            quota_bytes: 10 * GIB,
            keep: Duration::from_secs(30 * 24 * 60 * 60),
            unknown: false,
        }
    }
}

impl Limits {
    /// The same for a place where somebody waits at a prompt: what takes longer is left to whoever can take its time.
    #[must_use]
    pub fn quick(self) -> Self {
        Self {
            bytes_max: self.bytes_max.min(16 * 1024 * 1024),
            files_max: self.files_max.min(256),
            time_max: self.time_max.min(Duration::from_millis(200)),
            ..self
        }
    }
}

/// The mark of a capture whose command has ended, with the time.
pub const ENDED: &str = "ended";

/// The mark of a capture that was put back, with the id of what stood there.
pub const UNDONE: &str = "undone";

/// A file that is only changed in place is kept up to this size, in bytes: a log that grows is not copied at each line.
pub const EDITED_BYTES_MAX: u64 = 1024 * 1024;

/// Why something cannot be kept. Said as `cannot be undone: …`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// More bytes than one capture may copy.
    #[error("over {}", size(*.0))]
    OverBytes(u64),
    /// More files.
    #[error("over {0} files")]
    OverFiles(u64),
    /// It takes too long.
    #[error("copying takes longer than {} s", .0.as_secs())]
    TooLate(Duration),
    /// Another file system is mounted in the middle.
    #[error("another file system is mounted at `{}`", shown(.0))]
    Mount(PathBuf),
    /// The person may not read it.
    #[error("`{}` cannot be read", shown(.0))]
    Denied(PathBuf),
    /// It changed or went away while it was copied.
    #[error("`{}` changed while it was copied", shown(.0))]
    Changed(PathBuf),
    /// Directories in directories without an end.
    #[error("`{}` is too deep", shown(.0))]
    TooDeep(PathBuf),
    /// A pattern that stands for too much.
    #[error("`{}` stands for too many names", shown(.0))]
    Pattern(PathBuf),
    /// There is no room for the copies.
    #[error("the disk is full")]
    Full,
    /// The copies together would be too many.
    #[error("the trash is full ({}): `kintsugi trash prune` makes room", size(*.0))]
    Quota(u64),
    /// A directory for copies is not one.
    #[error("`{}` is not a private directory", shown(.0))]
    Store(PathBuf),
    /// How much may be kept is not known.
    #[error("`capture.toml` is not understood, `kintsugi trash list` says why")]
    Settings,
    /// Git did not say what is needed.
    #[error("git does not tell {0}")]
    Git(&'static str),
    /// What would be written over is not known.
    #[error("what an archive holds is not known: {0}")]
    Archive(&'static str),
    /// Anything else.
    #[error("`{}`: {error}", shown(path))]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

fn shown(path: &std::path::Path) -> String {
    escape(&path.to_string_lossy())
}

impl CaptureError {
    /// What the system said about `path`.
    #[must_use]
    pub fn io(path: impl Into<PathBuf>, error: io::Error) -> Self {
        let path = path.into();
        let kind = error.kind();
        if kind == io::ErrorKind::PermissionDenied {
            return Self::Denied(path);
        }
        if [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded].contains(&kind) {
            return Self::Full;
        }
        if kind == io::ErrorKind::NotFound {
            return Self::Changed(path);
        }
        Self::Io { path, error }
    }
}

/// Returns a size in words, rounded down: `2 GB`, `512 B`. Units of 1024, as `ls -h` has them.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    let mut value = bytes;
    let mut rest = 0;
    for unit in UNITS {
        if value < 1024 {
            let tenth = rest * 10 / 1024;
            return if tenth > 0 && value < 10 {
                format!("{value}.{tenth} {unit}")
            } else {
                format!("{value} {unit}")
            };
        }
        rest = value % 1024;
        value /= 1024;
    }
    format!("{} TB", value.saturating_mul(1024))
}

/// What may still be spent of a budget.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    limits: Limits,
    files: u64,
    bytes: u64,
    end: Instant,
}

impl Budget {
    /// All of it, from now on.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            files: 0,
            bytes: 0,
            end: Instant::now() + limits.time_max,
        }
    }

    /// Spends one file.
    ///
    /// # Errors
    /// When none is left, or no time.
    pub fn file(&mut self) -> Result<(), CaptureError> {
        if self.limits.unknown {
            return Err(CaptureError::Settings);
        }
        self.files += 1;
        if self.files > self.limits.files_max {
            return Err(CaptureError::OverFiles(self.limits.files_max));
        }
        self.time()
    }

    /// Spends bytes that are copied.
    ///
    /// # Errors
    /// When there are not as many left.
    pub fn bytes(&mut self, bytes: u64) -> Result<(), CaptureError> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.limits.bytes_max {
            return Err(CaptureError::OverBytes(self.limits.bytes_max));
        }
        Ok(())
    }

    /// Looks at the clock.
    ///
    /// # Errors
    /// When the time is over.
    pub fn time(&self) -> Result<(), CaptureError> {
        if Instant::now() > self.end {
            return Err(CaptureError::TooLate(self.limits.time_max));
        }
        Ok(())
    }

    /// Files that were spent.
    #[must_use]
    pub const fn files_spent(&self) -> u64 {
        self.files
    }

    /// Bytes that were spent.
    #[must_use]
    pub const fn bytes_spent(&self) -> u64 {
        self.bytes
    }

    /// How it is limited.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_in_words() {
        let said = [
            (0, "0 B"),
            (1023, "1023 B"),
            (1536, "1.5 KB"),
            (2 << 30, "2 GB"),
            (20 << 20, "20 MB"),
        ];
        for (bytes, words) in said {
            assert_eq!(size(bytes), words);
        }
    }

    #[test]
    fn what_is_spent_is_not_there_any_more() {
        let mut budget = Budget::new(Limits {
            bytes_max: 10,
            files_max: 1,
            ..Limits::default()
        });
        assert!(budget.file().is_ok() && budget.bytes(10).is_ok());
        assert_eq!(budget.file().unwrap_err().to_string(), "over 1 files");
        assert_eq!(budget.bytes(1).unwrap_err().to_string(), "over 10 B");
    }
}
