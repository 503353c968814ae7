//! A client that knows nothing but JSON: what it sends and expects is written out in each test.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::pty::Pty;

/// Longest that a test waits for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// A connection.
#[derive(Debug)]
pub struct Wire {
    /// A TCP connection goes by this type too: only reads, writes and time limits are used.
    reader: BufReader<UnixStream>,
    /// The terminal of the process that holds the connection, when it is not this one.
    terminal: Option<Pty>,
}

/// Waits until the process behind `handle` (`pidfd_open(2)`) has ended.
///
/// # Panics
///
/// When it does not.
pub fn wait_until_ended(handle: &OwnedFd) {
    let mut polled = [PollFd::new(handle, PollFlags::IN)];
    let patience = Timespec::try_from(ANSWER_MAX).expect("a time limit");
    let ready = poll(&mut polled, Some(&patience)).expect("it can be waited for");
    assert_eq!(ready, 1, "the process still runs");
}

impl Wire {
    /// Connects.
    ///
    /// # Panics
    ///
    /// When nobody listens.
    #[must_use]
    pub fn connect(socket: &Path) -> Self {
        Self::over(UnixStream::connect(socket).expect("the daemon listens"))
    }

    /// Connects to the port on loopback.
    ///
    /// # Panics
    ///
    /// When nobody listens.
    #[must_use]
    pub fn connect_to_port(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("the daemon listens");
        Self::over(UnixStream::from(OwnedFd::from(stream)))
    }

    fn over(stream: UnixStream) -> Self {
        stream
            .set_read_timeout(Some(ANSWER_MAX))
            .expect("a time limit");
        Self {
            reader: BufReader::new(stream),
            terminal: None,
        }
    }

    /// Connects through a process in a terminal of its own: what the daemon sees is that process, and not this one.
    ///
    /// `near` is a path for a socket between the two.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use]
    pub fn from_terminal(socket: &Path, near: &Path) -> Self {
        let mut relay = Command::new("socat");
        relay
            .args(["-d", "-d"])
            .arg(format!("UNIX-LISTEN:{}", near.display()))
            .arg(format!("UNIX-CONNECT:{}", socket.display()))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let mut terminal = Pty::spawn(&relay, 200);
        terminal.expect("listening on");
        Self {
            terminal: Some(terminal),
            ..Self::connect(near)
        }
    }

    /// Returns what was printed on the terminal of its process, as a person there would read it.
    ///
    /// # Panics
    ///
    /// When it has none, or `words` are not printed.
    pub fn read_terminal(&mut self, words: &str) -> String {
        let terminal = self.terminal.as_mut().expect("a terminal");
        terminal.expect(words)
    }

    /// Sends bytes as they are. Whether the other end still takes them is not asked.
    pub fn send(&mut self, bytes: &[u8]) {
        drop(self.reader.get_mut().write_all(bytes));
    }

    /// Sends a message.
    pub fn say(&mut self, message: &Value) {
        self.send(format!("{message}\n").as_bytes());
    }

    /// Returns the next answer; nothing when the connection was closed.
    ///
    /// # Panics
    ///
    /// When no answer comes in time, or one that is not JSON.
    pub fn hear(&mut self) -> Option<Value> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(serde_json::from_str(&line).expect("an answer is JSON")),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("no answer: {error}"),
        }
    }

    /// Whether something has come that was not heard yet; does not wait for it.
    ///
    /// # Panics
    ///
    /// When the system does not tell.
    #[must_use]
    pub fn has_answer(&self) -> bool {
        let mut polled = [PollFd::new(self.reader.get_ref(), PollFlags::IN)];
        let ready = poll(&mut polled, Some(&Timespec::default())).expect("it can be asked");
        ready == 1 || !self.reader.buffer().is_empty()
    }

    /// Waits until the other end has closed the connection, without reading what it sent before.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub fn wait_until_dropped(&self) {
        let mut polled = [PollFd::new(self.reader.get_ref(), PollFlags::empty())];
        let patience = Timespec::try_from(ANSWER_MAX).expect("a time limit");
        let ready = poll(&mut polled, Some(&patience)).expect("it can be waited for");
        assert_eq!(ready, 1, "the connection is still open");
    }

    /// Sends a message and returns the answer.
    ///
    /// # Panics
    ///
    /// When the connection is closed instead.
    pub fn ask(&mut self, message: &Value) -> Value {
        self.say(message);
        self.hear().expect("an answer, and not the end")
    }
}

/// Returns a proposal of `raw` under a new id, with the members that every client sends.
#[must_use]
pub fn propose(raw: &str) -> Value {
    json!({
        "kind": "propose",
        "id": Uuid::new_v4(),
        "ts": "2026-01-01T00:00:00Z",
        "agent": "codex",
        "cwd": "/home/ada/project",
        "argv": [],
        "raw": raw,
        "session": null,
    })
}

/// Returns the names of a message's members, in order.
#[must_use]
pub fn members(message: &Value) -> Vec<&str> {
    let members = message.as_object().into_iter().flatten();
    members.map(|(name, _)| name.as_str()).collect()
}
