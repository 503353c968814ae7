//! Starting the daemon on demand: once, however many clients find that it is not there.

use std::env;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kintsugi_core::paths::{Paths, SYSTEM_SOCKET};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FlockOperation, flock};

use crate::client::{Client, ClientError};
use crate::loader;

/// Longest wait for a daemon to be ready, by whoever starts it or waits for another to start it.
///
/// A start reads one segment of the log, tens of milliseconds; the rest is for a machine under load.
pub const START_MAX: Duration = Duration::from_secs(5);

/// Longest wait for a daemon that has its lock and does not listen yet.
const LISTEN_MAX: Duration = Duration::from_secs(1);

/// Longest time that a daemon takes to end once nobody can reach it.
const ENDS_MAX: Duration = Duration::from_secs(2);

/// Pause between two looks at a lock that another client holds.
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// Why no daemon could be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The program is not installed beside this one.
    #[error("`{}` is not there", .0.display())]
    NoProgram(PathBuf),
    /// This program cannot tell where it is installed.
    #[error("cannot tell where this program is installed")]
    NoPlace(#[source] io::Error),
    /// The lock that keeps two clients from starting two daemons.
    #[error("cannot take the lock `{}`: {source}", path.display())]
    Lock {
        /// The lock.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Only root starts the daemon of the system.
    #[error(
        "the daemon of this system does not run: an administrator starts it with `systemctl start kintsugi`"
    )]
    OfTheSystem,
    /// The program did not start at all.
    #[error("cannot start the daemon: {0}")]
    Spawn(#[source] io::Error),
    /// It started and gave up.
    #[error("the daemon gave up: {0}")]
    GaveUp(String),
    /// It started and was not ready in time.
    #[error("the daemon was not ready within {} s", START_MAX.as_secs())]
    TimedOut,
    /// One lives, and its socket is gone from its place.
    #[error("a daemon runs as process {pid}, and `{}` is not its socket any more: it was removed, renamed or replaced", socket.display())]
    NotAtSocket {
        /// The daemon.
        pid: i32,
        /// Where its socket was.
        socket: PathBuf,
    },
    /// It was ready and cannot be reached.
    #[error(transparent)]
    Connect(#[from] ClientError),
}

/// Returns a connection, starting a daemon when none listens.
///
/// # Errors
/// When none could be started; the gate then works without one, more strictly.
pub fn connect_or_start(paths: &Paths) -> Result<Client, StartError> {
    match Client::connect(&paths.socket) {
        Err(ClientError::NoDaemon(_)) => start(paths),
        connected => Ok(connected?),
    }
}

/// Starts a daemon unless one is there by now, and connects to it.
fn start(paths: &Paths) -> Result<Client, StartError> {
    if paths.socket == Path::new(SYSTEM_SOCKET) {
        return Err(StartError::OfTheSystem);
    }
    let deadline = Instant::now() + START_MAX;
    let _lock = lock(&paths.start_lock, deadline)?;
    // Another client may have started it while this one waited for the lock.
    match Client::connect(&paths.socket) {
        Err(ClientError::NoDaemon(_)) => {}
        connected => return Ok(connected?),
    }
    let program = program()?;
    loop {
        let mut child = loader::unloaded(&mut Command::new(&program))
            .args(["--ready-fd", "1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(StartError::Spawn)?;
        wait_until_ready(&mut child, deadline)?;
        let patience = Instant::now() + LISTEN_MAX;
        // Where none listens now, another has the lock: one that is about to listen, that is about to end, or whose socket is gone.
        while Instant::now() < patience {
            match Client::connect(&paths.socket) {
                Err(ClientError::NoDaemon(_)) => std::thread::sleep(LOCK_PAUSE),
                connected => return Ok(connected?),
            }
            if owner(paths).is_none() {
                break;
            }
        }
        if let Some(error) = not_at_socket(paths) {
            return Err(error);
        }
        if Instant::now() >= deadline {
            return Err(StartError::TimedOut);
        }
    }
}

/// Returns what is wrong when a daemon lives and nobody listens at its socket; nothing of one that is about to end.
#[must_use]
pub fn not_at_socket(paths: &Paths) -> Option<StartError> {
    let patience = Instant::now() + ENDS_MAX;
    loop {
        let pid = owner(paths)?;
        if Instant::now() >= patience {
            let socket = paths.socket.clone();
            return Some(StartError::NotAtSocket { pid, socket });
        }
        std::thread::sleep(LOCK_PAUSE);
    }
}

/// Returns the daemon's program: the one beside this, never one from `PATH`.
///
/// # Errors
/// When it is not there.
pub fn program() -> Result<PathBuf, StartError> {
    let own = env::current_exe()
        .and_then(|own| own.canonicalize())
        .map_err(StartError::NoPlace)?;
    let program = own.with_file_name("kintsugi-daemon");
    if program.is_file() {
        Ok(program)
    } else {
        Err(StartError::NoProgram(program))
    }
}

/// Returns the daemon that says it owns the socket and lives, where the system tells.
#[must_use]
pub fn owner(paths: &Paths) -> Option<i32> {
    let mut said = String::new();
    let lock = File::open(&paths.socket_lock).ok()?;
    lock.take(16).read_to_string(&mut said).ok()?;
    let pid: i32 = said.trim().parse().ok()?;
    // Its name is cut to 15 letters there; one that has ended stays as `Z` until somebody asks how (`proc_pid_stat(5)`).
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (name, rest) = stat.rsplit_once(") ")?;
    let lives = !rest.starts_with(['Z', 'X']);
    (lives && name.ends_with("(kintsugi-daemon")).then_some(pid)
}

/// Takes the lock that only one starting client holds. It is given back when the file is closed, by a crash as well.
fn lock(path: &Path, deadline: Instant) -> Result<File, StartError> {
    let failed = |source: io::Error| StartError::Lock {
        path: path.to_owned(),
        source,
    };
    if let Some(directory) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(failed)?;
    }
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file),
            Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => {
                if Instant::now() >= deadline {
                    return Err(failed(io::ErrorKind::TimedOut.into()));
                }
                std::thread::sleep(LOCK_PAUSE);
            }
            Err(error) => return Err(failed(error.into())),
        }
    }
}

/// Waits until the daemon says `ready` on its standard output, or ends well, since another one serves.
fn wait_until_ready(child: &mut Child, deadline: Instant) -> Result<(), StartError> {
    let Some(mut output) = child.stdout.take() else {
        return Err(StartError::TimedOut);
    };
    let mut said = Vec::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(StartError::TimedOut);
        }
        let timeout = Timespec::try_from(left).map_err(|_| StartError::TimedOut)?;
        let mut readable = [PollFd::new(&output, PollFlags::IN)];
        match poll(&mut readable, Some(&timeout)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            Ok(_) => {}
            Err(error) => return Err(StartError::Spawn(error.into())),
        }
        let mut bytes = [0; 64];
        let count = output.read(&mut bytes).map_err(StartError::Spawn)?;
        said.extend_from_slice(bytes.get(..count).unwrap_or_default());
        if said
            .split(|byte| *byte == b'\n')
            .any(|line| line == b"ready")
        {
            return Ok(());
        }
        if count == 0 {
            return last_words(child).map_or(Ok(()), |words| Err(StartError::GaveUp(words)));
        }
    }
}

/// Returns what a daemon that has ended said on its standard error; nothing when it ended well.
fn last_words(child: &mut Child) -> Option<String> {
    /// More than a line is not expected.
    const BYTES_MAX: u64 = 4096;

    let mut words = String::new();
    if let Some(errors) = child.stderr.take() {
        // Whatever could be read is better than nothing.
        let _count = errors.take(BYTES_MAX).read_to_string(&mut words);
    }
    let status = child.wait();
    let line = words.lines().rfind(|line| !line.trim().is_empty());
    match (line, status) {
        (_, Ok(status)) if status.success() => None,
        (Some(line), _) => {
            let line = line.strip_prefix("kintsugi: error: ").unwrap_or(line);
            Some(kintsugi_core::display::escape(line))
        }
        (None, Ok(status)) => Some(status.to_string()),
        (None, Err(error)) => Some(error.to_string()),
    }
}
