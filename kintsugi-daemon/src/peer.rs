//! Who is at the other end of a connection, as the kernel attests it.
//!
//! Nothing here comes from a frame. A process can change its name and its command line; it cannot change what is read
//! here: its user, its number with its start time, its executable, its ancestors, its session and its terminal.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use interprocess::local_socket::traits::StreamCommon as _;
use interprocess::os::unix::uds_local_socket::Stream;
use kintsugi_core::audit::record::{Peer, Process};
use kintsugi_core::proposal::PeerCredentials;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::authority::examine::is_shell;
use crate::authority::table::{Proc, Stat, Table, process};
use crate::sys;

/// Most ancestors that are looked at.
const ANCESTORS_MAX: usize = 16;

/// The peer of one connection. What takes several reads of `/proc` is looked up once, when it is first asked for.
#[derive(Debug)]
pub struct PeerHandle {
    credentials: PeerCredentials,
    /// Which connection this is; given by whoever accepted it, never twice.
    pub connection: u64,
    /// The hold about which it asks a person, which ends with the connection.
    pub asking: Option<uuid::Uuid>,
    /// Stands for the very process that connected.
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
        // Before Linux 6.5 the process is looked up by its number, a moment after it connected.
        let pidfd = sys::peer_pidfd(socket.as_fd()).ok();
        let pidfd = pidfd.or_else(|| {
            let pid = Pid::from_raw(i32::try_from(credentials.pid).ok()?)?;
            pidfd_open(pid, PidfdFlags::empty()).ok()
        });
        Ok(Self {
            credentials,
            connection: 0,
            asking: None,
            pidfd,
            looked_up: None,
        })
    }

    /// Returns a peer that nobody attests: it knows what only this user can read, and no process stands behind it.
    #[must_use]
    pub fn unattested() -> Self {
        Self {
            connection: 0,
            asking: None,
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
            self.looked_up = Some(self.look_again());
        }
        self.looked_up
            .get_or_insert_with(|| Peer::from(self.credentials))
    }

    /// Returns what the kernel says about it now: a process may have left its session since it was last looked at.
    #[must_use]
    pub fn look_again(&self) -> Peer {
        let peer = read_peer(&Proc, self.credentials);
        // A process that has ended may have given its number to another while `/proc` was read.
        if self.has_ended() {
            return Peer::from(self.credentials);
        }
        peer
    }

    /// Whether the process that connected is no more, or cannot be told from another.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.pidfd.as_ref().is_none_or(|pidfd| !is_alive(pidfd))
    }
}

/// Whether the process that `pidfd` stands for runs (`pidfd_open(2)`: readable once it has ended).
fn is_alive(pidfd: &OwnedFd) -> bool {
    let mut polled = [PollFd::new(pidfd, PollFlags::IN)];
    matches!(poll(&mut polled, Some(&Timespec::default())), Ok(0))
}

/// Reads the process and its parents, up to the leader of its session and through sessions that only wrap it.
fn read_peer(table: &dyn Table, credentials: PeerCredentials) -> Peer {
    let mut peer = Peer::from(credentials);
    let Some(first) = table.stat(credentials.pid) else {
        return peer;
    };
    peer.session_leader = Some(first.session);
    let leader = table.stat(first.session);
    peer.session_start = leader.map(|leader| leader.start);
    peer.tty = Some(first.tty).filter(|tty| *tty != 0);
    peer.process = process(table, &first);
    (peer.no_new_privs, peer.seccomp) = table.confined(first.pid);
    let above = ancestors(table, &first, leader, peer.process.exe.as_deref());
    peer.direct = is_direct(table, &first, &above);
    peer.ancestry = above.into_iter().map(|(_, process)| process).collect();
    peer
}

/// Returns the parents of `first`, nearest first, up to where somebody else begins. `leader` leads its session.
fn ancestors(
    table: &dyn Table,
    first: &Stat,
    leader: Option<Stat>,
    exe: Option<&str>,
) -> Vec<(Stat, Process)> {
    let mut above: Vec<(Stat, Process)> = Vec::new();
    let (mut last, mut wraps) = (*first, is_wrapper(exe));
    while last.parent > 1 && above.len() < ANCESTORS_MAX {
        let known = leader.filter(|leader| leader.pid == last.parent);
        let Some(next) = known.or_else(|| table.stat(last.parent)) else {
            break;
        };
        // The leader of a session with a terminal is where a person's own shell stands; one without may be a detached
        // start of a hook, and then whoever detached it is meant.
        let leads = last.pid == last.session;
        let is_end = leads && (last.tty != 0 || (next.tty == 0 && !wraps));
        // A parent of another session did not start it, but took it over when its own had ended.
        if is_end || (!leads && next.session != last.session) {
            break;
        }
        let next_process = process(table, &next);
        wraps = is_wrapper(next_process.exe.as_deref());
        above.push((next, next_process));
        last = next;
    }
    above
}

/// Whether a program only starts others: a shell, or a client of ours.
fn is_wrapper(exe: Option<&str>) -> bool {
    let base = exe.and_then(|exe| exe.rsplit('/').next());
    is_shell(exe) || base.is_some_and(|base| base.starts_with("kintsugi"))
}

/// Whether a person typed it: a client of ours, below the shell that leads the session of a terminal, with nothing between.
fn is_direct(table: &dyn Table, first: &Stat, above: &[(Stat, Process)]) -> bool {
    if first.tty == 0 || !table.is_client(first.pid) {
        return false;
    }
    let Some((leader, leader_process)) = above.last() else {
        // It leads the session itself: it was started as the only program of a terminal.
        return first.pid == first.session;
    };
    leader.pid == first.session
        && is_shell(leader_process.exe.as_deref())
        && above.iter().all(|(stat, _)| stat.is_fork_of(leader))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

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
