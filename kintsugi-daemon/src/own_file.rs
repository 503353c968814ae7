//! Opens files of configuration; which of them are believed is said by the core.

use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use kintsugi_core::own_file::{OWN_FILE_BYTES_MAX, OpenFile};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// Reads a file that only its owner, who is this user or root, can have written; nothing when there is none.
///
/// # Errors
///
/// Why it is not believed, in one line with its path.
pub(crate) fn own_text(path: &Path) -> anyhow::Result<Option<String>> {
    let shown = path.display();
    // Not blocking: a pipe put in its place must not stop the daemon.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => std::fs::File::from(file),
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => anyhow::bail!("cannot open `{shown}`: {error}"),
    };
    let found = file.metadata()?;
    let found = OpenFile {
        is_regular: found.is_file(),
        owner: found.uid(),
        mode: found.mode(),
        bytes: found.len(),
    };
    if let Err(error) = found.check(rustix::process::geteuid().as_raw()) {
        anyhow::bail!("`{shown}` {error}");
    }
    let mut text = String::new();
    match file.take(OWN_FILE_BYTES_MAX).read_to_string(&mut text) {
        Ok(_) => Ok(Some(text)),
        Err(error) => anyhow::bail!("cannot read `{shown}`: {error}"),
    }
}
