//! Who is at the other end of a connection, as the kernel attests it.
//!
//! Nothing here comes from a frame. A process can change its name and its command line; it cannot change what is read
//! here: its user, its number with its start time, its executable, its ancestors, its session and its terminal.

use std::os::fd::{AsFd as _, OwnedFd};
use std::{fs, io};

use interprocess::local_socket::traits::StreamCommon as _;
use interprocess::os::unix::uds_local_socket::Stream;
use kintsugi_core::audit::record::{Peer, Process};
use kintsugi_core::proposal::PeerCredentials;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::sys;

/// Most ancestors that are looked at.
const ANCESTORS_MAX: usize = 16;

/// Longest path of an executable that is kept, in bytes.
const EXE_BYTES_MAX: usize = 512;

/// The peer of one connection. What takes several reads of `/proc` is looked up once, when it is first asked for.
#[derive(Debug)]
pub struct PeerHandle {
    credentials: PeerCredentials,
    /// Stands for the very process that connected; absent before Linux 6.5.
    pidfd: Option<OwnedFd>,
    looked_up: Option<Peer>,
}

impl PeerHandle {
    /// Returns the peer of a connected socket.
    ///
    /// # Errors
    ///
    /// When the kernel does not tell which user it is.
    pub fn of(socket: &Stream) -> io::Result<Self> {
        let attested = socket.peer_creds()?;
        let (Some(uid), Some(gid)) = (attested.euid(), attested.egid()) else {
            return Err(io::Error::other(
                "the kernel does not tell the user of the peer",
            ));
        };
        // 0 stands for a process outside of this PID namespace (`pid_namespaces(7)`).
        let pid = attested.pid().and_then(|pid| u32::try_from(pid).ok());
        let credentials = PeerCredentials {
            uid,
            gid,
            pid: pid.unwrap_or_default(),
        };
        let pidfd = sys::peer_pidfd(socket.as_fd()).ok();
        Ok(Self {
            credentials,
            pidfd,
            looked_up: None,
        })
    }

    /// Returns a peer that nobody attests: it knows what only this user can read, and no process stands behind it.
    #[must_use]
    pub fn unattested() -> Self {
        Self {
            credentials: PeerCredentials {
                uid: rustix::process::geteuid().as_raw(),
                gid: rustix::process::getegid().as_raw(),
                pid: 0,
            },
            pidfd: None,
            looked_up: None,
        }
    }

    /// Returns user, group and process.
    #[must_use]
    pub fn credentials(&self) -> PeerCredentials {
        self.credentials
    }

    /// Returns everything that the kernel says about it.
    pub fn look_up(&mut self) -> &Peer {
        if self.looked_up.is_none() {
            let mut peer = read_peer(self.credentials);
            // A process that has ended may have given its number to another while `/proc` was read.
            if self.pidfd.as_ref().is_some_and(|pidfd| !is_alive(pidfd)) {
                peer = Peer::from(self.credentials);
            }
            self.looked_up = Some(peer);
        }
        self.looked_up
            .get_or_insert_with(|| Peer::from(self.credentials))
    }
}

/// Whether the process that `pidfd` stands for runs (`pidfd_open(2)`: readable once it has ended).
fn is_alive(pidfd: &OwnedFd) -> bool {
    let mut polled = [PollFd::new(pidfd, PollFlags::IN)];
    matches!(poll(&mut polled, Some(&Timespec::default())), Ok(0))
}

/// Reads the process and its parents, up to the leader of its session.
fn read_peer(credentials: PeerCredentials) -> Peer {
    let mut peer = Peer::from(credentials);
    let Some(first) = read_stat(credentials.pid) else {
        return peer;
    };
    peer.session_leader = Some(first.session);
    peer.tty = Some(first.tty).filter(|tty| *tty != 0);
    peer.process = process(credentials.pid, &first);
    let (leader, mut pid, mut parent) = (first.session, credentials.pid, first.parent);
    while pid != leader && parent != 0 && peer.ancestry.len() < ANCESTORS_MAX {
        let Some(stat) = read_stat(parent) else { break };
        peer.ancestry.push(process(parent, &stat));
        (pid, parent) = (parent, stat.parent);
    }
    peer
}

fn process(pid: u32, stat: &Stat) -> Process {
    let exe = fs::read_link(format!("/proc/{pid}/exe")).ok();
    let exe = exe.map(|path| {
        let mut path = path.display().to_string();
        crate::clip::text(&mut path, EXE_BYTES_MAX);
        path
    });
    Process {
        pid,
        start: Some(stat.start),
        exe,
    }
}

/// What is used of `/proc/PID/stat`.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    session: u32,
    tty: u32,
    start: u64,
}

fn read_stat(pid: u32) -> Option<Stat> {
    parse_stat(&fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads `proc_pid_stat(5)`. The name, field 2, may hold anything; the last parenthesis ends it.
fn parse_stat(stat: &[u8]) -> Option<Stat> {
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = str::from_utf8(stat.get(end + 1..)?).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // The first of them is field 3.
    let field = |number: usize| fields.get(number - 3);
    let number = |at: usize| field(at)?.parse::<i64>().ok();
    Some(Stat {
        parent: u32::try_from(number(4)?).ok()?,
        session: u32::try_from(number(6)?).ok()?,
        tty: u32::try_from(number(7)?).unwrap_or_default(),
        start: u64::try_from(number(22)?).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_name_with_parentheses_and_spaces_shifts_no_field() {
        let stat = b"7 (a) S 1 2 (x)) S 5 6 8 34816 9 0 0 0 0 0 0 0 0 0 20 0 1 0 4242 0";
        let expected = Stat {
            parent: 5,
            session: 8,
            tty: 34816,
            start: 4242,
        };
        assert_eq!(parse_stat(stat), Some(expected));
        assert_eq!(parse_stat(b"7 (a"), None);
        assert_eq!(parse_stat(b"7 (a) S 5"), None);
    }

    #[test]
    fn the_peer_of_our_own_socket_is_this_process() {
        let (here, _there) = UnixStream::pair().unwrap();
        let mut handle = PeerHandle::of(&Stream::from(here)).unwrap();
        assert_eq!(handle.credentials().pid, std::process::id());
        assert_eq!(handle.credentials().uid, rustix::process::getuid().as_raw());
        let peer = handle.look_up();
        assert_eq!(peer.process.pid, std::process::id());
        let exe = std::env::current_exe().unwrap();
        assert_eq!(peer.process.exe.as_deref(), exe.to_str());
        assert!(
            peer.process.start.is_some() && peer.session_leader.is_some(),
            "{peer:?}"
        );
    }
}
