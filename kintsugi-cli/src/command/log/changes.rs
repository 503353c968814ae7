//! Waits until something in the directory of the log has changed, without looking at it again and again.

#[cfg(target_os = "linux")]
mod system {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::path::Path;

    use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

    /// Room for some events and their names.
    const EVENT_BYTES: usize = 4096;

    /// What tells of changes: `inotify(7)`.
    #[derive(Debug)]
    pub(in super::super) struct Changes(OwnedFd);

    impl Changes {
        pub(in super::super) fn of(directory: &Path) -> io::Result<Self> {
            let changes = inotify::init(CreateFlags::CLOEXEC)?;
            let flags = WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::MOVED_TO;
            inotify::add_watch(&changes, directory, flags | WatchFlags::ONLYDIR)?;
            Ok(Self(changes))
        }

        /// Waits for the next change; several at once are one.
        pub(in super::super) fn wait(&mut self) -> io::Result<()> {
            let mut events = [0; EVENT_BYTES];
            match rustix::io::read(&self.0, &mut events) {
                Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
                Err(error) => Err(error.into()),
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::io;
    use std::path::Path;
    use std::time::Duration;

    /// Pause between two looks, where nothing tells of changes in a way that every Unix has.
    const PAUSE: Duration = Duration::from_millis(500);

    /// A clock.
    #[derive(Debug)]
    pub(in super::super) struct Changes;

    impl Changes {
        #[expect(clippy::unnecessary_wraps, reason = "it can fail on Linux")]
        pub(in super::super) fn of(_directory: &Path) -> io::Result<Self> {
            Ok(Self)
        }

        #[expect(clippy::unnecessary_wraps, reason = "it can fail on Linux")]
        pub(in super::super) fn wait(&mut self) -> io::Result<()> {
            std::thread::sleep(PAUSE);
            Ok(())
        }
    }
}

pub(super) use system::Changes;
