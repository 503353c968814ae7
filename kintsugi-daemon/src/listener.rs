//! The socket: where it may be, who owns it, and that only one daemon does.
//!
//! The lock beside the socket says who owns it. Whoever holds the lock may remove a socket that it finds, because no
//! daemon that lives can own it; so a stale socket is told from a live one without a race.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::{
    DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _,
    PermissionsExt as _, chown,
};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use interprocess::local_socket::traits::Listener as _;
use interprocess::local_socket::{
    GenericFilePath, ListenerNonblockingMode, ListenerOptions, ToFsName as _,
};
use interprocess::os::unix::local_socket::ListenerOptionsExt as _;
use interprocess::os::unix::uds_local_socket::{Listener, Stream};
use kintsugi_core::limits::BACKLOG_MAX;
use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

/// Another daemon owns what this one wants.
#[derive(Debug, thiserror::Error)]
#[error("a daemon{owner} already serves `{path}`")]
pub struct Taken {
    /// ` (pid N)`, when it said so.
    owner: String,
    /// The socket.
    path: String,
}

/// A lock that lasts as long as the process; the kernel lets it go however the process ends.
#[derive(Debug)]
struct Lock {
    _file: File,
}

/// The socket on which clients connect.
#[derive(Debug)]
pub struct Gate {
    listener: Listener,
    /// What to remove at the end; nothing when the supervisor owns the socket.
    path: Option<PathBuf>,
    _lock: Lock,
}

impl Gate {
    /// Opens the socket at `path`, or takes the one that the supervisor passed.
    ///
    /// # Errors
    ///
    /// [`Taken`] when another daemon owns it; otherwise why the place cannot be used.
    pub fn open(path: &Path, lock: &Path, passed: Option<OwnedFd>) -> anyhow::Result<Self> {
        let directory = path
            .parent()
            .context("the socket path names no directory")?;
        prepare_directory(directory)?;
        let lock = take_lock(lock, path)?;
        if let Some(descriptor) = passed {
            let listener = Listener::from(descriptor);
            listener.set_nonblocking(ListenerNonblockingMode::Both)?;
            bound_backlog(&listener)?;
            return Ok(Self {
                listener,
                path: None,
                _lock: lock,
            });
        }
        remove_stale(path)?;
        let name = path
            .to_fs_name::<GenericFilePath>()
            .context("the socket path is not usable")?;
        let listener = ListenerOptions::new()
            .name(name)
            .mode(0o600)
            .nonblocking(ListenerNonblockingMode::Both)
            .reclaim_name(false)
            .create_sync_as::<Listener>()
            .with_context(|| format!("cannot listen on `{}`", path.display()))?;
        bound_backlog(&listener)?;
        Ok(Self {
            listener,
            path: Some(path.to_owned()),
            _lock: lock,
        })
    }

    /// Lets the members of a group connect too. A socket that the supervisor passed is as the supervisor made it.
    ///
    /// # Errors
    ///
    /// When this process is not in the group.
    pub fn open_to(&self, gid: u32) -> anyhow::Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let is_ours = fs::metadata(path).is_ok_and(|found| found.gid() == gid);
        let given = if is_ours {
            Ok(())
        } else {
            chown(path, None, Some(gid))
        };
        let opened = given.and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o660)));
        opened.with_context(|| format!("cannot open `{}` to group {gid}", path.display()))
    }

    /// Returns the descriptor to poll.
    #[must_use]
    pub fn listener(&self) -> &Listener {
        &self.listener
    }

    /// Returns the next connection that waits; never waits itself.
    ///
    /// # Errors
    ///
    /// `WouldBlock` when none waits; otherwise what the system lacks.
    pub fn accept(&self) -> std::io::Result<Stream> {
        self.listener.accept()
    }
}

/// Lets only so many wait to be accepted as one round accepts (`listen(2)`, which may be called again).
fn bound_backlog(listener: &Listener) -> anyhow::Result<()> {
    let most = i32::try_from(BACKLOG_MAX).unwrap_or(i32::MAX);
    rustix::net::listen(listener.as_fd(), most).context("cannot bound who waits at the socket")
}

impl Drop for Gate {
    fn drop(&mut self) {
        // The lock is still held, so the file is ours. One that stays behind is stale and harmless.
        if let Some(path) = &self.path {
            drop(fs::remove_file(path));
        }
    }
}

/// Makes the directory, or checks that nobody else can put a file there.
///
/// # Errors
///
/// When others may write there, or it is not a directory of ours.
pub fn prepare_directory(directory: &Path) -> anyhow::Result<()> {
    let shown = directory.display();
    let found = match fs::metadata(directory) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if fs::symlink_metadata(directory).is_ok() {
                bail!(
                    "`{shown}` is a link that leads nowhere: make what it leads to, or move it away"
                );
            }
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(directory)
                .with_context(|| format!("cannot make the directory `{shown}`"))?;
            fs::metadata(directory).with_context(|| format!("cannot look at `{shown}`"))?
        }
        Err(error) => {
            return Err(error).with_context(|| format!("cannot look at `{shown}`"));
        }
    };
    if !found.is_dir() {
        bail!("`{shown}` is no directory: move it away");
    }
    let ours = rustix::process::geteuid().as_raw();
    if found.uid() != ours && found.uid() != 0 {
        bail!(
            "the directory `{shown}` belongs to user {}, not to user {ours}",
            found.uid()
        );
    }
    if found.mode() & 0o022 != 0 {
        bail!(
            "the directory `{shown}` can be written by others (mode {:04o}): use one of mode 0700",
            found.mode() & 0o7777
        );
    }
    Ok(())
}

fn take_lock(lock: &Path, socket: &Path) -> anyhow::Result<Lock> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default())
        .open(lock)
        .with_context(|| format!("cannot open the lock `{}`", lock.display()))?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        let mut owner = String::new();
        file.take(16).read_to_string(&mut owner).unwrap_or_default();
        let owner = owner
            .trim()
            .parse::<u32>()
            .map_or_else(|_| String::new(), |pid| format!(" (pid {pid})"));
        return Err(Taken {
            owner,
            path: socket.display().to_string(),
        }
        .into());
    }
    let write = file
        .set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()));
    write.with_context(|| format!("cannot write the lock `{}`", lock.display()))?;
    Ok(Lock { _file: file })
}

/// Removes what a daemon that ended without a word left behind. The lock is held.
fn remove_stale(path: &Path) -> anyhow::Result<()> {
    let shown = path.display();
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("cannot look at `{shown}`")),
    };
    if !found.file_type().is_socket() {
        bail!("`{shown}` is not a socket: move it away or set `KINTSUGI_SOCKET`");
    }
    let ours = rustix::process::geteuid().as_raw();
    if found.uid() != ours {
        bail!(
            "the socket `{shown}` belongs to user {}, not to user {ours}: set `KINTSUGI_SOCKET`",
            found.uid()
        );
    }
    if somebody_listens(path)? {
        bail!("another program listens on `{shown}`: stop it or set `KINTSUGI_SOCKET`");
    }
    fs::remove_file(path).with_context(|| format!("cannot remove the stale socket `{shown}`"))
}

/// Whether a program listens on the socket at `path`; never waits for it.
fn somebody_listens(path: &Path) -> anyhow::Result<bool> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    match connect(&socket, &SocketAddrUnix::new(path)?) {
        Ok(()) | Err(Errno::AGAIN) => Ok(true),
        Err(_) => Ok(false),
    }
}
