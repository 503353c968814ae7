//! What is ready: descriptors are registered once, so that a wait costs what happens and not what is connected.
//!
//! Linux's `epoll(7)`, level-triggered; another system gets its own version of this file and of nothing else. It knows
//! numbers and descriptors, and nothing of what they stand for.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

/// Most events that one wait returns; what else is ready comes with the next.
const EVENTS_MAX: usize = 256;

/// Longest single wait, in milliseconds (`epoll_wait(2)` counts in an `int`); a longer one is made of several.
const WAIT_MS_MAX: u64 = 24 * 60 * 60 * 1_000;

/// What to wait for. A descriptor that has failed or was hung up is always told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Interest {
    /// Something can be read.
    pub read: bool,
    /// Something can be written.
    pub write: bool,
}

impl Interest {
    /// Something can be read.
    pub const READ: Self = Self {
        read: true,
        write: false,
    };

    fn flags(self) -> EventFlags {
        let mut flags = EventFlags::empty();
        flags.set(EventFlags::IN, self.read);
        flags.set(EventFlags::OUT, self.write);
        flags
    }
}

/// What is ready about one descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readiness {
    /// Whose it is, as it was registered.
    pub token: u64,
    /// It can be read.
    pub read: bool,
    /// It can be written.
    pub write: bool,
    /// It failed, or the other end is gone.
    pub over: bool,
}

impl From<Event> for Readiness {
    fn from(event: Event) -> Self {
        // Copied out first: the kernel's structure is packed.
        let (flags, data) = (event.flags, event.data);
        Self {
            token: data.u64(),
            read: flags.contains(EventFlags::IN),
            write: flags.contains(EventFlags::OUT),
            over: flags.intersects(EventFlags::HUP | EventFlags::ERR),
        }
    }
}

/// The one thing that the daemon waits for.
#[derive(Debug)]
pub struct Poller {
    epoll: OwnedFd,
}

impl Poller {
    /// A poller that waits for nothing yet.
    ///
    /// # Errors
    ///
    /// When the system has no descriptor left.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
        })
    }

    /// Waits for `source` too, from now on. It is forgotten when it is closed.
    ///
    /// # Errors
    ///
    /// When the system has no room for it.
    pub fn add(&self, source: impl AsFd, token: u64, interest: Interest) -> io::Result<()> {
        Ok(epoll::add(
            &self.epoll,
            source,
            EventData::new_u64(token),
            interest.flags(),
        )?)
    }

    /// Waits for something else of a `source` that was added.
    ///
    /// # Errors
    ///
    /// When it was not.
    pub fn change(&self, source: impl AsFd, token: u64, interest: Interest) -> io::Result<()> {
        Ok(epoll::modify(
            &self.epoll,
            source,
            EventData::new_u64(token),
            interest.flags(),
        )?)
    }

    /// Waits until something is ready, `ms` at most, and for ever without a bound. An interrupted wait finds nothing.
    ///
    /// # Errors
    ///
    /// When the system cannot wait.
    pub fn wait(&self, ms: Option<u64>) -> io::Result<Vec<Readiness>> {
        let timeout = ms.map(|ms| ms.min(WAIT_MS_MAX)).map(|ms| Timespec {
            tv_sec: i64::try_from(ms / 1_000).unwrap_or_default(),
            tv_nsec: i64::try_from(ms % 1_000 * 1_000_000).unwrap_or_default(),
        });
        let mut room = [MaybeUninit::<Event>::uninit(); EVENTS_MAX];
        match epoll::wait(&self.epoll, &mut room, timeout.as_ref()) {
            Ok((events, _)) => Ok(events.iter().copied().map(Readiness::from).collect()),
            Err(Errno::INTR) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn only_what_is_asked_for_is_told_and_the_end_always() {
        let (mut here, there) = UnixStream::pair().unwrap();
        let poller = Poller::new().unwrap();
        poller.add(&there, 7, Interest::READ).unwrap();
        assert_eq!(poller.wait(Some(0)).unwrap(), []);
        here.write_all(b"x").unwrap();
        let ready = poller.wait(None).unwrap();
        assert!(matches!(
            ready[..],
            [Readiness {
                token: 7,
                read: true,
                over: false,
                ..
            }]
        ));
        poller.change(&there, 7, Interest::default()).unwrap();
        assert_eq!(poller.wait(Some(0)).unwrap(), []);
        drop(here);
        let ready = poller.wait(None).unwrap();
        assert!(matches!(
            ready[..],
            [Readiness {
                token: 7,
                read: false,
                over: true,
                ..
            }]
        ));
        drop(there);
        assert_eq!(
            poller.wait(Some(0)).unwrap(),
            [],
            "what is closed is forgotten"
        );
    }
}
