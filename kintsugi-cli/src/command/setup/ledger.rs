//! What `kintsugi setup` wrote and what was there before, kept until it is undone.
//!
//! Both copies of each file are kept whole, in the data directory: only a file that is still as we left it is put back, byte for
//! byte; in one that was changed since, only our lines are taken out.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::managed_block::replace_with_mode;

/// Everything that was written and not undone.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Ledger {
    version: u32,
    pub(super) files: Vec<Entry>,
    #[serde(skip)]
    directory: PathBuf,
}

/// A file that was written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Where it is; links in its path were followed.
    pub(super) path: PathBuf,
    /// The name of the copies.
    number: u32,
    /// Its permissions; none: it was not there.
    mode: Option<u32>,
    /// Directories that were made for it, the outermost first.
    directories: Vec<PathBuf>,
}

/// How a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    /// As it was left.
    Same,
    /// Changed, or gone.
    Changed,
}

impl Ledger {
    /// Reads the ledger below `data`; an empty one when there is none.
    pub(super) fn read(data: &Path) -> io::Result<Self> {
        let directory = data.join("setup");
        let read = match fs::read(directory.join("ledger.json")) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::other)?,
            Err(error) if error.kind() == ErrorKind::NotFound => Self::default(),
            Err(error) => return Err(error),
        };
        Ok(Self {
            version: 1,
            directory,
            ..read
        })
    }

    /// Replaces the file at `path` with `text`, after what is there was kept. A crash leaves the old file or the new one.
    pub(super) fn write(&mut self, path: &Path, text: &str, executable: bool) -> io::Result<()> {
        let target = resolved(path)?;
        let old = match fs::read(&target) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        // Replacing it would take no more than a directory that can be written; whoever made it read-only did not want that.
        if old.is_some() && rustix::fs::access(&target, rustix::fs::Access::WRITE_OK).is_err() {
            let message = "it is read-only: `chmod u+w`, or have whoever manages it add the hook";
            return Err(io::Error::new(ErrorKind::PermissionDenied, message));
        }
        let mode = match &old {
            Some(_) => Some(fs::metadata(&target)?.permissions().mode() & 0o7777),
            None => None,
        };
        let known = self.files.iter().find(|entry| entry.path == target);
        let entry = match known {
            // What was there before the first of our changes is what is put back.
            Some(entry) => entry.clone(),
            None => Entry {
                number: self
                    .files
                    .iter()
                    .map(|entry| entry.number + 1)
                    .max()
                    .unwrap_or(0),
                mode,
                directories: missing_above(&target),
                path: target.clone(),
            },
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.directory)?;
        let is_new = known.is_none();
        if is_new {
            replace_with_mode(
                &self.copy(&entry, "before"),
                &old.unwrap_or_default(),
                0o600,
            )?;
            self.files.push(entry.clone());
        }
        replace_with_mode(&self.copy(&entry, "after"), text.as_bytes(), 0o600)?;
        self.save()?;
        let new_mode = if executable { 0o755 } else { 0o644 };
        let above = target.parent().map_or(Ok(()), fs::create_dir_all);
        let written = above
            .and_then(|()| replace_with_mode(&target, text.as_bytes(), mode.unwrap_or(new_mode)));
        if written.is_err() && is_new {
            // Nothing of it is ours, so there is nothing to put back. That it could not be written is what is told.
            drop(self.forget(&entry));
        }
        written
    }

    /// Returns whether `entry`'s file is as it was left.
    pub(super) fn since(&self, entry: &Entry) -> io::Result<Since> {
        let left = fs::read(self.copy(entry, "after"))?;
        Ok(match fs::read(&entry.path) {
            Ok(now) if now == left => Since::Same,
            Ok(_) => Since::Changed,
            Err(error) if error.kind() == ErrorKind::NotFound => Since::Changed,
            Err(error) => return Err(error),
        })
    }

    /// Puts `entry`'s file back as it was, and the directories.
    pub(super) fn put_back(&self, entry: &Entry) -> io::Result<()> {
        if let Some(mode) = entry.mode {
            let before = fs::read(self.copy(entry, "before"))?;
            return replace_with_mode(&entry.path, &before, mode);
        }
        fs::remove_file(&entry.path)?;
        for directory in entry.directories.iter().rev() {
            // One that somebody else uses by now stays.
            if fs::remove_dir(directory).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Forgets `entry`.
    pub(super) fn forget(&mut self, entry: &Entry) -> io::Result<()> {
        self.files.retain(|other| other.path != entry.path);
        self.save()?;
        for copy in ["before", "after"] {
            fs::remove_file(self.copy(entry, copy))?;
        }
        if self.files.is_empty() {
            fs::remove_file(self.directory.join("ledger.json"))?;
            fs::remove_dir(&self.directory)?;
        }
        Ok(())
    }

    fn save(&self) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        replace_with_mode(&self.directory.join("ledger.json"), &text, 0o600)
    }

    fn copy(&self, entry: &Entry, which: &str) -> PathBuf {
        self.directory.join(format!("{}.{which}", entry.number))
    }
}

/// A link stays a link: what it points to is replaced.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(path.to_owned()),
        resolved => resolved,
    }
}

fn missing_above(path: &Path) -> Vec<PathBuf> {
    let above = path.ancestors().skip(1);
    let mut missing: Vec<_> = above
        .take_while(|directory| !directory.exists())
        .map(Path::to_owned)
        .collect();
    missing.reverse();
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_comes_back_byte_for_byte_and_what_was_not_goes() {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join("data");
        let settings = home.path().join("settings.json");
        fs::write(&settings, b"{ \xff }\r\n").unwrap();
        fs::set_permissions(&settings, fs::Permissions::from_mode(0o600)).unwrap();
        let made = home.path().join("a/b/plugin.js");

        let mut ledger = Ledger::read(&data).unwrap();
        ledger.write(&settings, "one", false).unwrap();
        ledger.write(&settings, "two", false).unwrap();
        ledger.write(&made, "three", true).unwrap();
        assert_eq!(
            fs::metadata(&made).unwrap().permissions().mode() & 0o777,
            0o755
        );

        let mut ledger = Ledger::read(&data).unwrap();
        for entry in ledger.files.clone() {
            assert_eq!(ledger.since(&entry).unwrap(), Since::Same);
            ledger.put_back(&entry).unwrap();
            assert_eq!(ledger.since(&entry).unwrap(), Since::Changed);
            ledger.forget(&entry).unwrap();
        }
        assert_eq!(fs::read(&settings).unwrap(), b"{ \xff }\r\n");
        assert_eq!(
            fs::metadata(&settings).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert!(!home.path().join("a").exists());
        assert!(!data.join("setup").exists());
    }

    #[test]
    fn a_link_stays_a_link() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("dotfiles.json");
        let link = home.path().join("settings.json");
        fs::write(&target, "{}").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let mut ledger = Ledger::read(&home.path().join("data")).unwrap();
        ledger.write(&link, "new", false).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");
    }
}
