//! The last signed checkpoint that this person's programs saw, kept apart from the log.
//!
//! Nothing inside the log can show that all of it was replaced by an older copy of itself; this can. Whoever can write here
//! as well can forget it: the journal, or a note on another machine, is safer still.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use directories::BaseDirs;
use kintsugi_core::audit::{CHECKPOINTS_FILE, Source as _, checkpoint};
use kintsugi_core::protocol::LogStatus;

use crate::private_file;
use crate::records::Directory;

/// Bytes at the end of the checkpoints in which the last one is looked for.
const TAIL_BYTES: u64 = 16 * 1024;

/// Where the last checkpoint is remembered.
#[derive(Debug, Clone)]
pub struct Remembered(PathBuf);

impl Remembered {
    /// The place of this person; nothing where there is none.
    #[must_use]
    pub fn of_person() -> Option<Self> {
        let directories = BaseDirs::new()?;
        let state = directories
            .state_dir()
            .unwrap_or_else(|| directories.data_local_dir());
        Some(Self(state.join("kintsugi/seen-checkpoint")))
    }

    /// Returns the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Returns what is remembered.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let text = fs::read_to_string(&self.0).ok()?;
        checkpoint::notes_in(&text).pop()
    }

    /// Remembers a checkpoint instead. It is durable before the one before it is forgotten.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, note: &str) -> io::Result<()> {
        private_file::write(&self.0, note)
    }

    /// Says what is wrong when a daemon's log is not the one that is remembered, or is shorter.
    #[must_use]
    pub fn contradiction(&self, log: &LogStatus) -> Option<String> {
        let note = self.note()?;
        let (origin, seen) = checkpoint::read(&note).ok()?;
        let (id, first) = checkpoint::parts(&origin)?;
        if id != log.id {
            return Some(format!(
                "the log is another one than before: `{}`, not `{id}`",
                log.id
            ));
        }
        let seen = first + seen.size;
        (log.size < seen).then(|| {
            let size = log.size;
            format!("the log has {size} records, and {seen} were seen before: some were taken away")
        })
    }
}

/// Returns how many records a note is about, those before its tree included.
#[must_use]
pub fn covered(note: &str) -> Option<u64> {
    let (origin, found) = checkpoint::read(note).ok()?;
    checkpoint::parts(&origin).map(|(_, first)| first + found.size)
}

/// Returns the last note that a log has written, whole but not checked.
#[must_use]
pub fn last_note(directory: &Directory) -> Option<String> {
    let path = directory.path().join(CHECKPOINTS_FILE);
    let length = fs::metadata(path).ok()?.len();
    let start = length.saturating_sub(TAIL_BYTES);
    let mut bytes = Vec::new();
    let reader = directory.reader(CHECKPOINTS_FILE, start).ok()?;
    reader.take(TAIL_BYTES).read_to_end(&mut bytes).ok()?;
    checkpoint::notes_in(&String::from_utf8_lossy(&bytes)).pop()
}

#[cfg(test)]
mod tests {
    use kintsugi_core::audit::checkpoint::{Checkpoint, Signer};

    use super::*;

    fn status(id: &str, size: u64) -> LogStatus {
        LogStatus {
            id: id.into(),
            size,
            head: String::new(),
            checkpoint: 0,
            altered: None,
        }
    }

    #[test]
    fn a_shorter_log_and_another_one_are_told_from_one_that_grew() {
        let directory = tempfile::tempdir().unwrap();
        let remembered = Remembered(directory.path().join("state/kintsugi/seen"));
        assert_eq!(remembered.contradiction(&status("x", 0)), None);
        let signer = Signer::new(&[3; 32]);
        for (origin, first) in [("kintsugi/x", 0), ("kintsugi/x/100", 100)] {
            let seen = Checkpoint {
                size: 20,
                root: [7; 32],
            };
            let note = signer.sign(origin, seen);
            remembered.keep(&note).unwrap();
            assert_eq!(remembered.note(), Some(note.clone()));
            assert_eq!(covered(&note), Some(first + 20));
            assert_eq!(remembered.contradiction(&status("x", first + 20)), None);
            let shorter = remembered.contradiction(&status("x", first + 19)).unwrap();
            assert!(shorter.contains("were taken away"), "{shorter}");
            let other = remembered.contradiction(&status("y", 500)).unwrap();
            assert!(other.contains("another one"), "{other}");
        }
    }
}
