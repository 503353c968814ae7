//! Files of configuration: believed only when nobody but this user or root can have written them.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

/// Largest file, in bytes.
const BYTES_MAX: u64 = 256 * 1024;

/// Reads a file that only its owner, who is this user or root, can have written; nothing when there is none.
///
/// # Errors
///
/// Why it is not believed, in one line with its path.
pub(crate) fn own_text(path: &Path) -> anyhow::Result<Option<String>> {
    let shown = path.display();
    // Not blocking: a pipe put in its place must not stop the daemon.
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::CLOEXEC).bits()).unwrap_or_default();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => anyhow::bail!("cannot open `{shown}`: {error}"),
    };
    let found = file.metadata()?;
    let ours = rustix::process::geteuid().as_raw();
    if !found.is_file() {
        anyhow::bail!("`{shown}` is not a file");
    }
    if (found.uid() != ours && found.uid() != 0) || found.mode() & 0o022 != 0 {
        anyhow::bail!("`{shown}` can be written by others: `chmod go-w` it");
    }
    if found.len() > BYTES_MAX {
        anyhow::bail!("`{shown}` has more than {BYTES_MAX} bytes");
    }
    let mut text = String::new();
    match file.take(BYTES_MAX).read_to_string(&mut text) {
        Ok(_) => Ok(Some(text)),
        Err(error) => anyhow::bail!("cannot read `{shown}`: {error}"),
    }
}
