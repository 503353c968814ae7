//! Where signed checkpoints are told beside the log: the journal of the system, or its syslog, where there is one.
//!
//! What another user keeps cannot be rolled back together with the log. Telling never waits, and one who does not listen is
//! no reason to refuse anything.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use kintsugi_core::audit::checkpoint;

/// Where systemd's journal takes messages (<https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>).
const JOURNAL: &str = "/run/systemd/journal/socket";

/// Where a syslog daemon takes them (`syslog(3)`).
const SYSLOG: &str = "/dev/log";

/// What messages are kept under.
const NAME: &str = "kintsugi";

/// Facility `authpriv`, severity `info` (RFC 5424, section 6.2.1).
const PRIORITY: u8 = 10 * 8 + 6;

/// The form in which a message is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Fields.
    Journal,
    /// A line with its priority.
    Syslog,
}

/// A place outside the log that keeps checkpoints.
#[derive(Debug)]
pub struct Anchor {
    place: Option<(PathBuf, Form)>,
    socket: Option<UnixDatagram>,
}

impl Anchor {
    /// The journal where there is one, else the syslog, else nothing.
    #[must_use]
    pub fn of_system() -> Self {
        let known = [(JOURNAL, Form::Journal), (SYSLOG, Form::Syslog)];
        let there = known.into_iter().find(|(path, _)| Path::new(path).exists());
        Self {
            place: there.map(|(path, form)| (PathBuf::from(path), form)),
            socket: None,
        }
    }

    /// The socket at `path`.
    #[must_use]
    pub fn at(path: &Path, form: Form) -> Self {
        Self {
            place: Some((path.to_owned(), form)),
            socket: None,
        }
    }

    /// Tells a signed checkpoint.
    pub fn tell(&mut self, note: &str) {
        if let Some(line) = checkpoint::one_line(note) {
            self.say(&line);
        }
    }

    /// Tells the key that checks the checkpoints of a log which begins.
    pub fn tell_key(&mut self, key: &str) {
        self.say(&format!("key of a new log {key}"));
    }

    fn say(&mut self, line: &str) {
        let Some((path, form)) = &self.place else {
            return;
        };
        let message = match form {
            Form::Journal => format!("SYSLOG_IDENTIFIER={NAME}\nPRIORITY=6\nMESSAGE={line}\n"),
            Form::Syslog => format!("<{PRIORITY}>{NAME}: {line}"),
        };
        if self.socket.is_none() {
            self.socket = connect(path).ok();
        }
        let sent = self
            .socket
            .as_ref()
            .map(|socket| socket.send(message.as_bytes()));
        // Whoever listened may have been started again; the next checkpoint finds the new one.
        if !matches!(sent, Some(Ok(_))) {
            self.socket = None;
        }
    }
}

fn connect(path: &Path) -> std::io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.connect(path)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use kintsugi_core::audit::checkpoint::{Checkpoint, Signer};

    use super::*;

    fn note(size: u64) -> String {
        let root = [7; 32];
        Signer::new(&[3; 32]).sign("kintsugi/x", Checkpoint { size, root })
    }

    fn heard(socket: &UnixDatagram) -> Option<String> {
        let mut bytes = [0; 4096];
        let length = socket.recv(&mut bytes).ok()?;
        Some(String::from_utf8(bytes[..length].to_vec()).unwrap())
    }

    #[test]
    fn a_checkpoint_is_told_whole_in_either_form() {
        for form in [Form::Journal, Form::Syslog] {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("socket");
            let listening = UnixDatagram::bind(&path).unwrap();
            let mut anchor = Anchor::at(&path, form);
            anchor.tell_key("kintsugi/x+0+y");
            let message = heard(&listening).unwrap();
            assert!(
                message.contains("key of a new log kintsugi/x+0+y"),
                "{message}"
            );
            anchor.tell(&note(7));
            let message = heard(&listening).unwrap();
            let begins = match form {
                Form::Journal => "SYSLOG_IDENTIFIER=kintsugi\nPRIORITY=6\nMESSAGE=checkpoint ",
                Form::Syslog => "<86>kintsugi: checkpoint ",
            };
            assert!(message.starts_with(begins), "{message}");
            assert_eq!(checkpoint::notes_in(&message).last(), Some(&note(7)));
        }
    }

    #[test]
    fn whoever_does_not_listen_holds_nobody_up_and_is_found_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let mut anchor = Anchor::at(&path, Form::Syslog);
        anchor.tell(&note(1));
        let listening = UnixDatagram::bind(&path).unwrap();
        listening.set_nonblocking(true).unwrap();
        // More than a queue holds: the rest is not waited for.
        for size in 1..2_000 {
            anchor.tell(&note(size));
        }
        while heard(&listening).is_some() {}
        anchor.tell(&note(2_000));
        assert!(
            heard(&listening)
                .unwrap()
                .contains("checkpoint kintsugi/x 2000 ")
        );
    }
}
