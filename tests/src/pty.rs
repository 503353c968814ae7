//! A pseudo-terminal with a program in it, driven as a person would: type, read, wait for words.
//!
//! Waiting ends with the words or with a deadline that only a broken program meets; nothing here sleeps.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

/// Longest wait for words. A program that works needs milliseconds; one that derives a key from a password needs a second, and
/// many of them on a machine under load that was told to build without optimisation.
const PATIENCE: Duration = Duration::from_secs(120);

/// A program in a terminal of its own. Dropped, it is hung up on.
#[derive(Debug)]
pub struct Pty {
    master: File,
    child: Child,
    /// Everything it has printed.
    seen: Vec<u8>,
    /// Up to where it was read by an expectation.
    read: usize,
    /// Whether it is told where the cursor is, each time that it asks.
    tells_where: bool,
}

impl Pty {
    /// Starts `program` in a new session whose controlling terminal is the new one (`setsid(1)` of util-linux, `env(1)` of coreutils 8.31).
    ///
    /// # Panics
    /// When the system gives no terminal, or the program does not start.
    #[must_use]
    pub fn spawn(program: &Command, columns: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .expect("a pseudo-terminal");
        grantpt(&master).expect("a pseudo-terminal of ours");
        unlockpt(&master).expect("an open pseudo-terminal");
        let size = Winsize {
            ws_row: 50,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&master, size).expect("a size");
        // Never waits in a call: what is typed and what is printed take turns ([`Pty::send_bytes`]).
        let flags = fcntl_getfl(&master).expect("its flags");
        fcntl_setfl(&master, flags | OFlags::NONBLOCK).expect("its flags");
        let name = ptsname(&master, Vec::new()).expect("its name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = rustix::fs::open(name, flags, Mode::empty()).expect("its other end");
        let end = || Stdio::from(slave.try_clone().expect("a descriptor"));

        // Whoever runs the tests in the background of a shell ignores interrupts, and that is inherited.
        let mut leader = Command::new("env");
        leader.args(["--default-signal=INT,QUIT", "setsid", "--ctty"]);
        leader.arg(program.get_program());
        leader.args(program.get_args());
        leader.env_clear();
        for (name, value) in program.get_envs() {
            if let Some(value) = value {
                leader.env(name, value);
            }
        }
        if let Some(directory) = program.get_current_dir() {
            leader.current_dir(directory);
        }
        leader.stdin(end()).stdout(end()).stderr(end());
        let child = leader
            .spawn()
            .unwrap_or_else(|error| panic!("{program:?}: {error}"));
        Self {
            master: File::from(master),
            child,
            seen: Vec::new(),
            read: 0,
            tells_where: false,
        }
    }

    /// From now on, tells the program where its cursor is when it asks (`CSI 6 n`): always in the first column. Only nushell does not
    /// go on without an answer.
    pub fn tell_where(&mut self) {
        self.tells_where = true;
    }

    /// Types `keys`.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn send(&mut self, keys: &str) {
        self.send_bytes(keys.as_bytes());
    }

    /// Types bytes that need not be text.
    ///
    /// What is printed meanwhile is read: a program that draws what it is given waits for a reader before it reads on, and the
    /// terminal takes 4 KiB at once (`pty(7)`).
    ///
    /// # Panics
    /// When the terminal is gone, or takes nothing.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        let deadline = Instant::now() + PATIENCE;
        let mut rest = bytes;
        while !rest.is_empty() {
            let timeout = Timespec::try_from(deadline.saturating_duration_since(Instant::now()))
                .expect("a short time");
            let mut watched = [PollFd::new(&self.master, PollFlags::IN | PollFlags::OUT)];
            let ready = poll(&mut watched, Some(&timeout)).expect("an open terminal");
            assert_ne!(ready, 0, "it reads nothing:\n{}", self.screen());
            let events = watched[0].revents();
            if events.contains(PollFlags::IN) {
                self.read_once();
            }
            if events.contains(PollFlags::OUT) {
                match self.master.write(rest) {
                    Ok(count) => rest = &rest[count..],
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(error) => panic!("the terminal is gone: {error}"),
                }
            } else {
                assert!(!events.contains(PollFlags::HUP), "the terminal is gone");
            }
        }
    }

    /// Waits until `words` are printed, and returns what came before them since the last expectation.
    ///
    /// # Panics
    /// When they do not come; shows the screen.
    pub fn expect(&mut self, words: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut searched = self.read;
        loop {
            if let Some(at) = find(&self.seen[searched..], words.as_bytes()) {
                let end = searched + at;
                let before = String::from_utf8_lossy(&self.seen[self.read..end]).into_owned();
                self.read = end + words.len();
                return before;
            }
            // Words may begin in what was searched and end in what comes.
            searched = searched.max((self.seen.len() + 1).saturating_sub(words.len()));
            assert!(
                self.fill(deadline),
                "`{words}` was not printed; the screen:\n{}",
                self.screen()
            );
        }
    }

    /// Waits until the terminal gives whole lines, as it does for a command and not for an editor of lines.
    ///
    /// # Panics
    /// When it does not.
    pub fn lines(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let modes = tcgetattr(&self.master).expect("its modes").local_modes;
            if modes.contains(LocalModes::ICANON) {
                return;
            }
            assert!(Instant::now() < deadline, "no lines:\n{}", self.screen());
            // Nothing tells of a change of modes, so it is looked for between what is printed.
            self.fill(Instant::now() + Duration::from_millis(5));
        }
    }

    /// Waits until no process has the terminal any more.
    ///
    /// # Panics
    /// When one stays.
    pub fn close(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while self.fill(deadline) {}
        assert!(
            Instant::now() < deadline,
            "it did not end:\n{}",
            self.screen()
        );
    }

    /// Waits until one of two is printed; whether it was the first.
    ///
    /// # Panics
    /// When neither comes; shows the screen.
    pub fn expect_either(&mut self, first: &str, second: &str) -> bool {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let unread = self.seen.get(self.read..).unwrap_or_default();
            for (words, is_first) in [(first, true), (second, false)] {
                if let Some(at) = find(unread, words.as_bytes()) {
                    self.read += at + words.len();
                    return is_first;
                }
            }
            assert!(self.fill(deadline), "neither came:\n{}", self.screen());
        }
    }

    /// Returns everything that was printed so far.
    #[must_use]
    pub fn screen(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }

    /// Waits for the program to end, and returns how it did and what it printed since the last expectation.
    ///
    /// # Panics
    /// When it does not end.
    #[must_use]
    pub fn end(mut self) -> (ExitStatus, String) {
        let deadline = Instant::now() + PATIENCE;
        while self.fill(deadline) {}
        assert!(
            Instant::now() < deadline,
            "it did not end:\n{}",
            self.screen()
        );
        let status = self.child.wait().expect("its status");
        let rest = self.seen.get(self.read..).unwrap_or_default();
        (status, String::from_utf8_lossy(rest).into_owned())
    }

    /// Reads once; false when the other end is closed or the time is over.
    fn fill(&mut self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).expect("a short time");
        let mut readable = [PollFd::new(&self.master, PollFlags::IN)];
        match poll(&mut readable, Some(&timeout)) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return true,
            Err(error) => panic!("poll: {error}"),
        }
        self.read_once()
    }

    /// Reads what is there; false when the other end is closed.
    fn read_once(&mut self) -> bool {
        let mut bytes = [0; 16 * 1024];
        match self.master.read(&mut bytes) {
            Ok(count) if count > 0 => {
                self.seen.extend_from_slice(&bytes[..count]);
                // It waits for the answer, so the question is the last that it wrote.
                if self.tells_where && find(&bytes[..count], b"\x1b[6n").is_some() {
                    self.master
                        .write_all(b"\x1b[1;1R")
                        .expect("an open terminal");
                }
                true
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => true,
            // EIO: the last process on the other end has gone (pty(7)).
            Ok(_) | Err(_) => false,
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len().max(1))
        .position(|window| window == needle)
}
