//! Where one capture goes while it is made: a directory under a temporary name, which gets its own when everything is on the disk.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use kintsugi_core::capture::manifest::{Manifest, Name};
use rustix::fd::OwnedFd;
use rustix::fs::syncfs;
use uuid::Uuid;

use super::store::{HIDES, Store, forget};
use super::{CaptureError, account};

/// Up to so many files each is waited for on its own: what others have written meanwhile need not reach the disk as well.
const SYNC_EACH_MAX: u64 = 8;

/// Where the copies of one capture go on one file system, while it is made.
#[derive(Debug)]
pub struct Target {
    /// The store.
    pub store: Store,
    pub(super) objects: OwnedFd,
    pub(super) data: OwnedFd,
    /// The number of the next file of the capture's own.
    pub(super) next: u64,
    /// Whether blocks can be shared with what lies on the same file system.
    pub(super) shares: bool,
    /// Bytes that were written.
    pub(super) stored: u64,
    /// Files that were written.
    pub(super) written: u64,
    /// Held until the capture is whole.
    _lock: File,
    making: PathBuf,
}

impl Target {
    /// Takes the directories of a capture that was begun in `store`, and its lock.
    pub(super) fn new(
        store: Store,
        making: PathBuf,
        (objects, data): (OwnedFd, OwnedFd),
        lock: File,
    ) -> Self {
        Self {
            shares: store.may_share(),
            objects,
            data,
            next: 0,
            stored: 0,
            written: 0,
            store,
            _lock: lock,
            making,
        }
    }

    /// Returns the directory of the capture while it is made.
    #[must_use]
    pub fn making(&self) -> &Path {
        &self.making
    }

    /// Gives the copies on another file system than the manifest's their name.
    ///
    /// # Errors
    /// When they are not durable.
    pub fn settle(&self, id: &Uuid) -> Result<(), CaptureError> {
        self.sync()?;
        let to = self.store.capture(id);
        fs::rename(&self.making, &to).map_err(|error| CaptureError::io(&to, error))
    }

    /// Whether one call waits for all; else each file was waited for. Where blocks are shared, a file's own sync says nothing of the
    /// name that it was given.
    fn is_synced_whole(&self) -> bool {
        self.written > SYNC_EACH_MAX || (self.written > 0 && self.store.may_share())
    }

    /// Counts a file that was written, and waits for it when there are few.
    pub(super) fn wrote(&mut self, file: &File) -> std::io::Result<()> {
        self.written += 1;
        if self.written <= SYNC_EACH_MAX && !self.is_synced_whole() {
            file.sync_data()?;
        }
        Ok(())
    }

    /// Waits until everything that was written is on the disk: one call for all of it where it is much (`syncfs(2)`).
    fn sync(&self) -> Result<(), CaptureError> {
        if !self.is_synced_whole() {
            return Ok(());
        }
        syncfs(&self.data).map_err(|error| CaptureError::io(&self.making, error.into()))
    }

    /// Says before which directory for hidden references is made, so that it goes when this is interrupted.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn hides(&self, directories: &[PathBuf]) -> Result<(), CaptureError> {
        let names: Vec<Name> = directories.iter().map(|path| Name::of(path)).collect();
        if names.is_empty() {
            return Ok(());
        }
        let path = self.making.join(HIDES);
        let text = serde_json::to_vec(&names).unwrap_or_default();
        fs::write(&path, text).map_err(|error| CaptureError::io(path, error))
    }

    /// Writes the manifest, last of all, and gives the capture its name.
    ///
    /// # Errors
    /// When any of it is not durable: then there is no capture.
    pub fn commit(&self, manifest: &Manifest) -> Result<(), CaptureError> {
        let written = self.write(manifest)?;
        if self.is_synced_whole() {
            self.sync()?;
        } else {
            let path = self.making.join(account::FILE);
            written
                .sync_all()
                .map_err(|error| CaptureError::io(path, error))?;
        }
        self.name(manifest)?;
        self.wait_for_name()
    }

    /// The same before something is moved into the store, when all of that lies on `self`'s file system.
    ///
    /// Where names and attributes reach the device in the order in which they were given, nothing is waited for: a move that is there has
    /// its manifest there, attached to the directory that it moved into.
    ///
    /// # Errors
    /// As [`Target::commit`].
    pub fn commit_before_moves(&self, manifest: &Manifest) -> Result<(), CaptureError> {
        if !self.store.keeps_order() || !account::attach(&self.making, manifest) {
            return self.commit(manifest);
        }
        drop(self.write(manifest)?);
        self.name(manifest)
    }

    fn write(&self, manifest: &Manifest) -> Result<File, CaptureError> {
        drop(write_json(
            &self.making.join("summary.json"),
            &manifest.summary,
        )?);
        account::write(&self.making, manifest)
    }

    fn name(&self, manifest: &Manifest) -> Result<(), CaptureError> {
        drop(fs::remove_file(self.making.join(HIDES)));
        let to = self.store.capture(&manifest.summary.id);
        fs::rename(&self.making, &to).map_err(|error| CaptureError::io(&to, error))
    }

    fn wait_for_name(&self) -> Result<(), CaptureError> {
        let captures = self.store.root().join("captures");
        File::open(&captures)
            .and_then(|directory| directory.sync_all())
            .map_err(|error| CaptureError::io(captures, error))
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // After the commit it has another name, and there is nothing here.
        drop(forget(&self.making));
    }
}

/// Writes a new file that nobody else may read.
///
/// # Errors
/// When it is there, or there is no room for it.
pub(super) fn write_json(path: &Path, value: &impl serde::Serialize) -> Result<File, CaptureError> {
    let failed = |error| CaptureError::io(path, error);
    let file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    let mut buffered = std::io::BufWriter::new(&file);
    serde_json::to_writer(&mut buffered, value).map_err(|error| failed(error.into()))?;
    buffered.flush().map_err(failed)?;
    drop(buffered);
    Ok(file)
}
