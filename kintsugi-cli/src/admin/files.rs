//! The files that the admin's side reads and writes: the vault, one that lies ready, the first keys of the log, and the host
//! key of the daemon as this account knows it.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use kintsugi_core::paths::Paths;
use kintsugi_core::vault::{self, Vault};
use zeroize::Zeroizing;

use super::making::FirstKey;

use crate::exit::{Exit, Failure};

/// Returns where the vault is.
#[must_use]
pub fn vault_path(paths: &Paths) -> PathBuf {
    paths.data.join("vault")
}

/// Returns where the daemon's host key is kept, as this account knows it.
#[must_use]
pub fn pin_path(paths: &Paths) -> PathBuf {
    let directory = paths.policy.parent().unwrap_or(Path::new("/"));
    directory.join("daemon-key")
}

/// Reads the vault.
///
/// # Errors
/// When there is none, or this account may not read it.
pub fn read_vault(paths: &Paths) -> Result<Vault, Failure> {
    let path = vault_path(paths);
    let shown = path.display();
    let bytes = fs::read(&path).map_err(|error| {
        Failure::new(
            Exit::Failed,
            format!("cannot read the vault `{shown}`: {error}"),
        )
        .hint("its owner is the user who runs the daemon")
    })?;
    Vault::read(&bytes).map_err(|error| {
        Failure::new(
            Exit::VaultRefused,
            format!("`{shown}` is not usable: {error}"),
        )
        .hint("put it back from a backup")
    })
}

/// Lays a vault ready beside its place, durably, and returns its name.
///
/// # Errors
/// When it cannot be written.
pub fn lay_ready(paths: &Paths, vault: &Vault) -> Result<String, Failure> {
    let bytes = vault.write()?;
    write_private(&paths.data.join("vault.new"), &bytes)?;
    Ok(vault::name(&bytes))
}

/// Takes away a vault that lay ready and was not taken.
pub fn clear_ready(paths: &Paths) {
    // It may have been taken, or never been there.
    drop(fs::remove_file(paths.data.join("vault.new")));
}

/// Writes a file that only this user reads, durably, in place of what was there.
fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(
            Exit::Failed,
            format!("cannot write `{}`: {error}", path.display()),
        )
        .hint("it is written by the user who runs the daemon")
    };
    let written = || {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
    };
    written().map_err(failed)
}

/// Returns the first keys of the log that lie in its directory, each with the record whose key it is.
///
/// # Errors
/// When the directory cannot be read.
pub fn first_keys(paths: &Paths) -> Result<Vec<FirstKey>, Failure> {
    let mut keys = Vec::new();
    for entry in fs::read_dir(&paths.log)? {
        let name = entry?.file_name();
        let digits = name
            .to_str()
            .and_then(|name| name.strip_prefix("first-key-"));
        let Some(first) = digits.and_then(|digits| digits.parse().ok()) else {
            continue;
        };
        let text = Zeroizing::new(fs::read(paths.log.join(&name))?);
        let bytes = Zeroizing::new(HEXLOWER.decode(text.trim_ascii()).unwrap_or_default());
        if let Ok(key) = <[u8; 32]>::try_from(bytes.as_slice()) {
            keys.push((first, Zeroizing::new(key)));
        }
    }
    keys.sort_unstable_by_key(|(first, _)| *first);
    Ok(keys)
}

/// Takes the first keys away from the log: they are in the vault now.
///
/// # Errors
/// When one cannot be taken away.
pub fn remove_first_keys(paths: &Paths, firsts: &[u64]) -> Result<(), Failure> {
    for first in firsts {
        let path = paths.log.join(kintsugi_core::audit::first_key_name(*first));
        fs::remove_file(path)?;
    }
    Ok(())
}

/// Returns the host key of the daemon that this account knows; nothing before it has met one.
///
/// # Errors
/// When the file is there and says nothing usable: somebody may have wanted it forgotten.
pub fn pinned(paths: &Paths) -> Result<Option<[u8; 32]>, Failure> {
    let path = pin_path(paths);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let key = HEXLOWER.decode(text.trim_ascii()).unwrap_or_default();
    key.try_into().map(Some).map_err(|_| {
        let message = format!("`{}` holds no host key", path.display());
        Failure::new(Exit::VaultRefused, message)
            .hint("remove it only if you know that the daemon is the right one")
    })
}

/// Keeps the host key of the daemon that this account has met.
///
/// # Errors
/// When it cannot be written.
pub fn pin(paths: &Paths, key: &[u8; 32]) -> Result<(), Failure> {
    let path = pin_path(paths);
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    write_private(&path, format!("{}\n", HEXLOWER.encode(key)).as_bytes())
}
