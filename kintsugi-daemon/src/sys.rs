//! Calls to the system for which no safe function exists here: the only home of `unsafe`.
//!
//! Linux only, for now; another system gets its own version of each function in this file and nowhere else.

#![expect(
    unsafe_code,
    reason = "the only home of unsafe; every block says why it is sound"
)]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// A signal that the loop acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// `SIGTERM` or `SIGINT`: stop cleanly.
    Stop(Sender),
    /// `SIGHUP`: read the policy again.
    Reload,
    /// `SIGCHLD`: a helper has ended.
    Child,
}

/// Who sent a signal, as the kernel says; 0 for the kernel itself, or a process outside of this PID namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// The process.
    pub pid: u32,
    /// Its user.
    pub uid: u32,
}

impl std::fmt::Display for Sender {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "process {} of user {}", self.pid, self.uid)
    }
}

/// Signals as a descriptor that can be polled (`signalfd(2)`).
#[derive(Debug)]
pub struct Signals {
    descriptor: OwnedFd,
}

impl Signals {
    /// Blocks `SIGTERM`, `SIGINT`, `SIGHUP` and `SIGCHLD` for this thread and takes them from a descriptor instead.
    ///
    /// Call before anything starts another thread, since the mask is inherited.
    ///
    /// # Errors
    ///
    /// When the system has no descriptor left.
    pub fn take() -> io::Result<Self> {
        let mut set = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: `set` is writable and large enough.
        unsafe { libc::sigemptyset(set.as_mut_ptr()) };
        // SAFETY: sigemptyset has initialised all of it.
        let mut set = unsafe { set.assume_init() };
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGCHLD] {
            // SAFETY: `set` is initialised and `signal` is a valid signal number.
            unsafe { libc::sigaddset(&raw mut set, signal) };
        }
        // SAFETY: `set` is initialised; a null old set is allowed.
        let failed =
            unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) };
        if failed != 0 {
            return Err(io::Error::from_raw_os_error(failed));
        }
        // SAFETY: `set` is initialised; -1 asks for a new descriptor.
        let descriptor =
            unsafe { libc::signalfd(-1, &raw const set, libc::SFD_NONBLOCK | libc::SFD_CLOEXEC) };
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call above made it, nobody else has it.
        let descriptor = unsafe { OwnedFd::from_raw_fd(descriptor) };
        Ok(Self { descriptor })
    }

    /// Returns the descriptor that is readable when a signal has come.
    #[must_use]
    pub fn descriptor(&self) -> &OwnedFd {
        &self.descriptor
    }

    /// Returns the next signal that has come; never waits.
    #[must_use]
    pub fn next(&self) -> Option<Signal> {
        // `struct signalfd_siginfo` has 128 bytes: the signal's number, two words, the sender's process and user, signalfd(2).
        let mut record = [0_u8; 128];
        let read = rustix::io::read(&self.descriptor, &mut record).ok()?;
        let (words, _) = record.as_chunks::<4>();
        let [number, _errno, _code, pid, uid, ..] = words else {
            return None;
        };
        (read == record.len()).then_some(())?;
        let sender = Sender {
            pid: u32::from_ne_bytes(*pid),
            uid: u32::from_ne_bytes(*uid),
        };
        match i32::from_ne_bytes(*number) {
            libc::SIGHUP => Some(Signal::Reload),
            libc::SIGCHLD => Some(Signal::Child),
            _ => Some(Signal::Stop(sender)),
        }
    }
}

/// Returns a descriptor that stands for the process at the other end, and for no other that gets its number later.
///
/// # Errors
///
/// Where the kernel has no `SO_PEERPIDFD` (Linux before 6.5).
pub fn peer_pidfd(socket: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    /// asm-generic/socket.h, Linux 6.5.
    const SO_PEERPIDFD: libc::c_int = 77;
    let mut descriptor: libc::c_int = -1;
    let mut length = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or_default();
    // SAFETY: the socket is open; the value is writable and `length` is its size.
    let failed = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            SO_PEERPIDFD,
            (&raw mut descriptor).cast(),
            &raw mut length,
        )
    };
    if failed != 0 || descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call above made it for us, nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Sees to it that the kernel kills the program of `command` when this process ends, however it ends (`PR_SET_PDEATHSIG`,
/// `prctl(2)`).
pub fn die_with_parent(command: &mut Command) {
    let parent = std::process::id();
    let before_exec = move || {
        // SAFETY: prctl with PR_SET_PDEATHSIG reads no memory.
        if unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // The parent may have ended before that; then its number is another's, and nobody would ever send the signal.
        if std::os::unix::process::parent_id() != parent {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(())
    };
    // SAFETY: between fork and exec this makes two calls to the system and takes no lock and no memory.
    unsafe { command.pre_exec(before_exec) };
}

/// Takes over a descriptor that whoever started this process left open for it, and keeps it from children.
///
/// Call at most once for a number, before anything else opens descriptors.
///
/// # Errors
///
/// When no such descriptor is open.
pub fn adopt(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: fcntl with F_SETFD reads no memory; a number that is not open gives an error.
    let failed = unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
    if failed != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it is open, and by contract nobody else in this process has it.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
