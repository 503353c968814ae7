//! What an interrupted undo leaves: one undo at a time says where it builds, and whoever comes next clears that away.
//!
//! Only what was built from copies lies there under another name; the one thing that exists once, what `rm` was spared, never does.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use kintsugi_core::capture::manifest::Name;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::CaptureError;
use super::apply::BESIDE;
use super::compare::Step;
use super::store::{Store, remove};

/// The file that says where an undo builds; there is none when none is at work.
const APPLYING: &str = "applying";

/// What it says.
#[derive(Debug, Serialize, Deserialize)]
struct Applying {
    /// Part of every name that is built.
    mark: String,
    /// The directories in which they stand.
    directories: Vec<Name>,
}

/// The right to put something back: one process of this person has it.
#[derive(Debug)]
pub struct Alone {
    store: Store,
    _lock: File,
}

impl Alone {
    /// Waits for it, and clears away what was interrupted before.
    ///
    /// # Errors
    /// When the store cannot be locked.
    pub fn in_store(store: &Store) -> Result<Self, CaptureError> {
        Self::locked(store, FlockOperation::LockExclusive)
    }

    fn locked(store: &Store, how: FlockOperation) -> Result<Self, CaptureError> {
        let path = store.root().join("undoing");
        let lock = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| CaptureError::io(&path, error))?;
        flock(&lock, how).map_err(|error| CaptureError::io(&path, error.into()))?;
        let alone = Self {
            store: store.clone(),
            _lock: lock,
        };
        alone.clear();
        Ok(alone)
    }

    /// Says where names with `mark` are built, before the first is.
    ///
    /// # Errors
    /// When that is not durable: then nothing may be built.
    pub fn begin(&self, mark: &str, steps: &[Step]) -> Result<(), CaptureError> {
        let mut directories: Vec<Name> = steps
            .iter()
            .filter_map(|step| step.path.parent().map(Name::of))
            .collect();
        directories.sort();
        directories.dedup();
        let applying = Applying {
            mark: mark.to_owned(),
            directories,
        };
        let path = self.store.root().join(APPLYING);
        let failed = |error| CaptureError::io(&path, error);
        let text = serde_json::to_vec(&applying).map_err(|error| failed(error.into()))?;
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        file.write_all(&text).map_err(failed)?;
        file.sync_all().map_err(failed)
    }

    /// Takes away what stands under the names of an undo that has ended, or was interrupted.
    pub fn clear(&self) {
        let path = self.store.root().join(APPLYING);
        let Ok(text) = fs::read(&path) else {
            return;
        };
        // Half written: nothing was built yet.
        if let Ok(applying) = serde_json::from_slice::<Applying>(&text) {
            let mark = format!("{BESIDE}{}-", applying.mark);
            for directory in applying.directories {
                clear_in(&directory.path(), &mark);
            }
        }
        drop(fs::remove_file(path));
    }
}

fn clear_in(directory: &Path, mark: &str) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(mark) {
            drop(remove(&entry.path()));
        }
    }
}

/// Clears away what was interrupted, unless somebody is putting something back now.
pub fn tidy(store: &Store) {
    if store.root().join(APPLYING).exists() {
        drop(Alone::locked(
            store,
            FlockOperation::NonBlockingLockExclusive,
        ));
    }
}
