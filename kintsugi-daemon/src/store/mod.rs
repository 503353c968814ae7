//! The log on disk: one writer, durable before anybody is answered, and honest about what it finds at a start.
//!
//! | file | one job |
//! |---|---|
//! | `storage.rs` | the calls that can fail |
//! | `directory.rs` | those calls on real files, and the lock |
//! | `memory.rs` | the same in memory, with power that can fail |
//! | `faulty.rs` | the same, failing where a test says |
//! | `log.rs` | stage, sync, confirm |
//! | `notes.rs` | signed checkpoints |
//! | `anchor.rs` | where they are told beside the log |
//! | `redact.rs` | what is taken out, and said to be |
//! | `reserve.rs` | room for the last records |
//! | `reading.rs` | durable records read back |
//! | `segment.rs` | the segment that is being written, and the next one |
//! | `open.rs`, `recover.rs`, `scan.rs` | what to believe of what is there |

mod anchor;
mod directory;
pub mod faulty;
mod log;
pub mod memory;
mod notes;
mod open;
mod reading;
mod recover;
mod redact;
mod reserve;
mod scan;
mod segment;
mod spot;
mod storage;

pub use anchor::{Anchor, Form};
pub use directory::{Directory, DirectoryError, Holder};
pub use log::{
    BATCH_MS_MAX, BATCH_RECORDS_MAX, Durable, LiveState, Log, LogError, Now, Options, Recorded,
    Staged, Status,
};
pub use notes::CHECKPOINT_MS_MAX;
pub use open::{OpenError, Replay, Start};
pub use reading::Place;
pub use redact::RemovalRequest;
pub use reserve::RESERVE_BYTES;
pub use scan::Fold;
pub use spot::{Pieces, Spot};
pub use storage::{FileState, Files, Storage, StoredFile};

use std::io;

/// Returns 32 bytes of the kernel's entropy, for [`Options::seed`].
///
/// # Errors
/// When the kernel has none to give.
pub fn seed() -> io::Result<[u8; 32]> {
    let mut seed = [0; 32];
    let mut filled = 0;
    while let Some(rest) = seed.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match rustix::rand::getrandom(rest, rustix::rand::GetRandomFlags::empty()) {
            Ok(read) => filled += read,
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(seed)
}

/// Returns what names this start of the machine (`random(4)`, Linux), or `unknown`.
#[must_use]
pub fn boot_id() -> String {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let id = text.trim();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if id.is_empty() || !id.bytes().all(plain) {
        return "unknown".to_owned();
    }
    id.to_owned()
}

/// Returns what names this machine in the log (`machine-id(5)`); nothing where the system does not name it.
#[must_use]
pub fn host() -> Option<String> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let machine = read("/etc/machine-id").or_else(|| read("/var/lib/dbus/machine-id"))?;
    let is_one =
        machine.trim().len() == 32 && machine.trim().bytes().all(|b| b.is_ascii_hexdigit());
    is_one.then(|| kintsugi_core::audit::host_fingerprint(&machine))
}

#[cfg(test)]
mod tests;
