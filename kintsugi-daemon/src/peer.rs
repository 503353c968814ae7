//! Who is at the other end of a connection, as the kernel attests it.
//!
//! Nothing here comes from a frame. A process can change its name and its command line; it cannot change what is read
//! here: its user, its number with its start time, its executable, its ancestors, its session and its terminal.

use std::fs;
use std::os::fd::{AsFd, OwnedFd};

use kintsugi_core::proposal::PeerCredentials;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::{Deserialize, Serialize};

use crate::sys;

/// Most ancestors that are looked at.
const ANCESTORS_MAX: usize = 16;

/// A process, told from every other that has or will have its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// When it started, in clock ticks since the machine did (`proc_pid_stat(5)`, field 22).
    pub start: u64,
    /// Its executable; absent when it may not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exe: Option<String>,
}

/// What the kernel says about a peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// User, group and process at the moment it connected.
    #[serde(flatten)]
    pub credentials: PeerCredentials,
    /// The process and its ancestors, nearest first; empty when it had ended before it was looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ancestry: Vec<Process>,
    /// The leader of its session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<u32>,
    /// The device number of its controlling terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<u32>,
}

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
    /// When the kernel does not tell who it is.
    pub fn of(socket: &impl AsFd) -> rustix::io::Result<Self> {
        let attested = rustix::net::sockopt::socket_peercred(socket)?;
        let credentials = PeerCredentials {
            uid: attested.uid.as_raw(),
            gid: attested.gid.as_raw(),
            pid: u32::try_from(attested.pid.as_raw_pid()).unwrap_or_default(),
        };
        let pidfd = sys::peer_pidfd(socket.as_fd()).ok();
        Ok(Self {
            credentials,
            pidfd,
            looked_up: None,
        })
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
                peer = only(self.credentials);
            }
            self.looked_up = Some(peer);
        }
        self.looked_up.get_or_insert_with(|| only(self.credentials))
    }
}

/// Whether the process that `pidfd` stands for runs (`pidfd_open(2)`: readable once it has ended).
fn is_alive(pidfd: &OwnedFd) -> bool {
    let mut polled = [PollFd::new(pidfd, PollFlags::IN)];
    matches!(poll(&mut polled, Some(&Timespec::default())), Ok(0))
}

fn only(credentials: PeerCredentials) -> Peer {
    Peer {
        credentials,
        ancestry: Vec::new(),
        session: None,
        tty: None,
    }
}

fn read_peer(credentials: PeerCredentials) -> Peer {
    let mut peer = only(credentials);
    let mut pid = credentials.pid;
    while pid != 0 && peer.ancestry.len() < ANCESTORS_MAX {
        let Some(stat) = read_stat(pid) else { break };
        if peer.ancestry.is_empty() {
            peer.session = Some(stat.session);
            peer.tty = Some(stat.tty).filter(|tty| *tty != 0);
        }
        let exe = fs::read_link(format!("/proc/{pid}/exe")).ok();
        peer.ancestry.push(Process {
            pid,
            start: stat.start,
            exe: exe.map(|path| path.display().to_string()),
        });
        pid = stat.parent;
    }
    peer
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
        let mut handle = PeerHandle::of(&here).unwrap();
        assert_eq!(handle.credentials().pid, std::process::id());
        assert_eq!(handle.credentials().uid, rustix::process::getuid().as_raw());
        let peer = handle.look_up();
        assert_eq!(peer.ancestry[0].pid, std::process::id());
        let exe = std::env::current_exe().unwrap();
        assert_eq!(peer.ancestry[0].exe.as_deref(), exe.to_str());
        assert!(peer.ancestry.len() > 1, "{peer:?}");
    }
}
