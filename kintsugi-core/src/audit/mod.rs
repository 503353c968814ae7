//! The audit log as bytes: records, their chain, their tree, and the proof that nothing was altered.
//!
//! Pure: what is written here was handed in, what is read comes through [`Source`]. The stored bytes are the truth; nothing
//! is serialised again to be checked. Files, syncs and recovery are `kintsugi-daemon/src/store`. The format for
//! others is described in [`crate::manual::audit_log`].

pub mod chain;
pub mod checkpoint;
pub mod head;
pub mod line;
mod lines;
pub mod merkle;
pub mod proof;
pub mod proposed;
pub mod read;
pub mod record;
pub mod refused;
pub mod seen;
pub mod segment;
pub mod verify;

use std::io::{self, Read};

/// The files of a log, to be read.
pub trait Source {
    /// Returns the names of everything in the directory of the log, in any order.
    ///
    /// # Errors
    /// When the directory cannot be read.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Opens the file `name` for reading from byte `offset` on.
    ///
    /// # Errors
    /// When the file does not exist or cannot be read.
    fn reader(&self, name: &str, offset: u64) -> io::Result<Box<dyn Read + '_>>;
}

/// The file with the two slots of the [`head::Head`].
pub const HEAD_FILE: &str = "head";

/// The file with the signed checkpoints.
pub const CHECKPOINTS_FILE: &str = "checkpoints";

/// The file that one writer holds locked.
pub const LOCK_FILE: &str = "lock";

/// The file with the key that signs checkpoints, in hexadecimal.
pub const SIGNING_KEY_FILE: &str = "signing-key";

/// The file that keeps room for the last records on a full disk. What is in it means nothing.
pub const RESERVE_FILE: &str = "reserve";

/// What a new head is called until it is whole.
pub const NEW_HEAD_FILE: &str = "head.new";

/// What a segment is called while private parts are taken out of it.
pub const NEW_SEGMENT_FILE: &str = "segment.new";

/// What a torn tail is called until it is whole.
pub const NEW_TORN_FILE: &str = "torn.new";

/// Returns the name of the file that holds the first key of a ratchet that began at record `first`, in hexadecimal, until
/// somebody takes it away.
#[must_use]
pub fn first_key_name(first: u64) -> String {
    format!("first-key-{first:012}")
}

/// Returns the name of the segment whose first record is `first`.
#[must_use]
pub fn segment_name(first: u64) -> String {
    format!("seg-{first:012}.ndjson")
}

/// Returns what a log calls the machine whose `machine-id(5)` is `machine`, in hexadecimal.
///
/// A hash of its own, since that page asks not to show the id itself: two programs that see each its own hash cannot tell
/// that they see the same machine.
#[must_use]
pub fn host_fingerprint(machine: &str) -> String {
    let hash = blake3::derive_key("kintsugi audit host v1", machine.trim().as_bytes());
    chain::hex(hash.first_chunk::<16>().unwrap_or(&[0; 16]))
}

/// Returns the first record that the segment `name` holds, when `name` is that of a segment.
#[must_use]
pub fn segment_first(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("seg-")?.strip_suffix(".ndjson")?;
    let first = digits.parse().ok()?;
    // INVARIANT: one name a segment; `seg-1.ndjson` and `seg-+1.ndjson` are foreign files.
    (segment_name(first) == name).then_some(first)
}

/// Whether `name` is one that a log may have in its directory.
#[must_use]
pub fn is_known(name: &str) -> bool {
    const NAMES: [&str; 8] = [
        HEAD_FILE,
        CHECKPOINTS_FILE,
        LOCK_FILE,
        SIGNING_KEY_FILE,
        RESERVE_FILE,
        NEW_HEAD_FILE,
        NEW_SEGMENT_FILE,
        NEW_TORN_FILE,
    ];
    const BEGINNINGS: [&str; 3] = ["first-key-", "incident-", "torn-"];
    NAMES.contains(&name)
        || BEGINNINGS
            .iter()
            .any(|beginning| name.starts_with(beginning))
        || segment_first(name).is_some()
}
