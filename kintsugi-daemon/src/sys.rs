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
        // What bounds the memory of a policy daemon does not bound that of a model.
        own_memory()?;
        // The parent may have ended before that; then its number is another's, and nobody would ever send the signal.
        if std::os::unix::process::parent_id() != parent {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(())
    };
    // SAFETY: between fork and exec this makes a few calls to the system and takes no lock and no memory.
    unsafe { command.pre_exec(before_exec) };
}

/// Takes back the bound that this process has set for its own memory.
fn own_memory() -> io::Result<()> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` is writable.
    if unsafe { libc::getrlimit(libc::RLIMIT_DATA, &raw mut limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: `limit` is initialised.
    if unsafe { libc::setrlimit(libc::RLIMIT_DATA, &raw const limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Gives back what this process does not need while nothing happens: free memory of the allocator, and pages of the programs'
/// own files that are only read. The next request reads those again from the page cache, which takes some ten microseconds.
pub fn give_memory_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: malloc_trim only touches what the allocator holds, and this process has one thread.
    unsafe {
        libc::malloc_trim(0)
    };
    // SAFETY: the callback keeps to what dl_iterate_phdr(3) hands it, and takes no lock.
    unsafe { libc::dl_iterate_phdr(Some(forget_pages), std::ptr::null_mut()) };
}

/// Drops the resident pages of one loaded object that nobody can write.
///
/// # Safety
///
/// Only for `dl_iterate_phdr(3)`, which passes a valid `info`.
unsafe extern "C" fn forget_pages(
    info: *mut libc::dl_phdr_info,
    _size: libc::size_t,
    _data: *mut libc::c_void,
) -> libc::c_int {
    let page = rustix::param::page_size();
    // SAFETY: by contract it is valid during this call.
    let info = unsafe { &*info };
    let count = usize::from(info.dlpi_phnum);
    // SAFETY: the program headers of a loaded object stay in memory as long as it is loaded.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, count) };
    for header in headers {
        if header.p_type != libc::PT_LOAD || header.p_flags & libc::PF_W != 0 {
            continue;
        }
        let (address, from) = (
            usize::try_from(info.dlpi_addr),
            usize::try_from(header.p_vaddr),
        );
        let (Ok(address), Ok(from), Ok(bytes)) = (address, from, usize::try_from(header.p_memsz))
        else {
            continue;
        };
        let start = address.wrapping_add(from).next_multiple_of(page);
        let end = address.wrapping_add(from).wrapping_add(bytes) / page * page;
        if start < end {
            let start = std::ptr::with_exposed_provenance_mut(start);
            // SAFETY: a private mapping of a file whose segment is never written, so that every page is as in the file
            // and comes back from it (`madvise(2)`); what is relocated at the start lies in segments that are writable.
            unsafe { libc::madvise(start, end - start.addr(), libc::MADV_DONTNEED) };
        }
    }
    0
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns how many KiB of this process are resident.
    fn resident() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
        number.unwrap().parse().unwrap()
    }

    #[test]
    fn what_is_given_back_is_less_and_comes_back_when_it_is_needed() {
        let before = resident();
        give_memory_back();
        let after = resident();
        assert!(after < before, "{after} KiB, not less than {before}");
        // Code and constants of the program are still what they were.
        assert_eq!(format!("{:?}", Signal::Reload), "Reload");
        assert!(resident() >= after);
    }
}
