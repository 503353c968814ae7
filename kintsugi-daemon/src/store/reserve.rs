//! Room that is kept, so that the last records fit on a full disk.
//!
//! Given back at the first write for which nothing is left, and taken again when there is room. It never holds anything.

use std::io::{self, ErrorKind};

use kintsugi_core::audit::RESERVE_FILE;

use super::storage::{Storage, StoredFile};

/// Bytes that are kept: some hundred verdicts, and the last record of an orderly stop.
pub const RESERVE_BYTES: u64 = 1 << 20;

/// The file that keeps the room.
#[derive(Debug, Default)]
pub(super) struct Reserve(Option<Box<dyn StoredFile>>);

impl Reserve {
    /// Takes the room where it is not held. A disk that has none to give is no error: writing goes on while it can.
    pub(super) fn take(&mut self, storage: &dyn Storage) -> io::Result<()> {
        if self.0.is_some() {
            return Ok(());
        }
        let taken = match storage.create(RESERVE_FILE) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => storage.open(RESERVE_FILE),
            made => made,
        }
        .and_then(|file| {
            if file.state()?.bytes < RESERVE_BYTES
                && let Err(error) = file.allocate(RESERVE_BYTES)
            {
                // What it took in part would be missing elsewhere.
                file.cut(0)?;
                return Err(error);
            }
            Ok(file)
        });
        match taken {
            Ok(file) => self.0 = Some(file),
            Err(error) if is_full(&error) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Gives the room back; false when none was held.
    pub(super) fn give(&mut self) -> bool {
        self.0.take().is_some_and(|file| file.cut(0).is_ok())
    }

    /// Whether the last records have room.
    pub(super) const fn is_held(&self) -> bool {
        self.0.is_some()
    }
}

/// Whether the disk, or what its user may have of it, is full.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
    )
}
