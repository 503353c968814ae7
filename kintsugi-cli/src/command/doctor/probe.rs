//! A command that must be refused, sent through the very line that a host or a shell is configured with.
//!
//! The command is `kintsugi approve` of a hold that does not exist: it is always held, and where a gate is dark it does nothing.
//! The hold that it becomes is denied here, so that nobody has to answer it.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kintsugi_core::paths::Paths;
use kintsugi_core::protocol::{Request, Response};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use uuid::Uuid;

use crate::agent::Host;
use crate::client::Client;

/// Longest that a refusal may take to come back.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long nothing is asked between two looks at what is held.
const PAUSE: Duration = Duration::from_millis(20);

/// How long a shell that has shown something is silent before it is typed to. What comes before its prompt, its start-up may
/// swallow, or the editor take for pasted text: the greeting of fish stands there before fish reads keys.
const SILENCE: Duration = Duration::from_millis(300);

/// When a line that led to nothing is typed again: a start-up may be silent for longer than [`SILENCE`].
const AGAIN: Duration = Duration::from_secs(4);

/// What a probe saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// It was refused, in this time.
    Refused(Duration),
    /// It would have run.
    CameThrough,
    /// No answer came in this time, which is within every host's limit.
    Late(Duration),
    /// Nothing was to be found out, for this reason.
    Unknown(String),
}

/// The command of one probe.
fn command() -> String {
    format!("kintsugi approve {}", Uuid::new_v4())
}

/// Sends a probe through `line`, as a shell runs it, for `host`.
pub(super) fn host(paths: &Paths, host: &Host, line: &str, cwd: &str) -> Seen {
    let command = command();
    let payload = (host.example)(cwd, &command).to_string();
    let started = Instant::now();
    let spawned = Command::new("sh")
        .args(["-c", line])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut hook = match spawned {
        Ok(hook) => hook,
        Err(error) => return Seen::Unknown(format!("cannot start `sh`: {error}")),
    };
    // A hook that has read enough to refuse closes its input.
    drop(
        hook.stdin
            .take()
            .map(|mut input| input.write_all(payload.as_bytes())),
    );
    loop {
        deny(paths, &command);
        match hook.try_wait() {
            Ok(Some(status)) => {
                let mut output = Vec::new();
                let read = hook
                    .stdout
                    .take()
                    .map(|mut from| from.read_to_end(&mut output));
                drop(read);
                return if host.is_refused(status.code(), &output) {
                    Seen::Refused(started.elapsed())
                } else {
                    Seen::CameThrough
                };
            }
            Ok(None) if started.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
            Ok(None) => {
                end(&mut hook);
                return Seen::Late(PATIENCE);
            }
            Err(error) => return Seen::Unknown(error.to_string()),
        }
    }
}

/// Types a probe into `shell`, started as a terminal window starts it, with the person's own start-up file.
pub(super) fn shell(paths: &Paths, shell: &str) -> Seen {
    let command = command();
    match Window::open(shell) {
        Ok(mut window) => {
            let seen = window.type_in(paths, &command);
            end(&mut window.child);
            seen
        }
        Err(error) => Seen::Unknown(format!("cannot open a terminal for `{shell}`: {error}")),
    }
}

/// A shell in a pseudo-terminal.
struct Window {
    master: File,
    child: Child,
}

impl Window {
    fn open(shell: &str) -> std::io::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let name = ptsname(&master, Vec::new())?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = rustix::fs::open(name, flags, Mode::empty())?;
        // setsid(1) of util-linux: a session of its own, whose terminal this is.
        let child = Command::new("setsid")
            .args(["--ctty", shell, "-i"])
            .stdin(Stdio::from(slave.try_clone()?))
            .stdout(Stdio::from(slave.try_clone()?))
            .stderr(Stdio::from(slave))
            .spawn()?;
        Ok(Self {
            master: File::from(master),
            child,
        })
    }

    fn type_in(&mut self, paths: &Paths, command: &str) -> Seen {
        let started = Instant::now();
        // The quotes tell what the command prints from its echo, in every shell; Ctrl-U takes away what was typed before.
        let line = format!("\u{15}{command} || echo probe-''is-over\r");
        let mut typed: Option<Instant> = None;
        let mut shown_at: Option<Instant> = None;
        let mut screen = Vec::new();
        while started.elapsed() < PATIENCE {
            let took = typed.unwrap_or(started).elapsed();
            if deny(paths, command) {
                return Seen::Refused(took);
            }
            let before = screen.len();
            self.read(&mut screen);
            if screen.len() > before {
                shown_at = Some(Instant::now());
            }
            let shown = String::from_utf8_lossy(&screen);
            if shown.contains("probe-is-over") {
                return Seen::CameThrough;
            }
            if typed.is_some() && shown.contains("denied:") {
                return Seen::Refused(took);
            }
            let is_silent = shown_at.is_some_and(|at| at.elapsed() >= SILENCE);
            if is_silent && typed.is_none_or(|at| at.elapsed() >= AGAIN) {
                typed = Some(Instant::now());
                if let Err(error) = self.master.write_all(line.as_bytes()) {
                    return Seen::Unknown(error.to_string());
                }
            }
        }
        Seen::Unknown(format!("no prompt within {} s", PATIENCE.as_secs()))
    }

    /// Reads what is there, or waits a moment for it.
    fn read(&mut self, screen: &mut Vec<u8>) {
        let pause = Timespec {
            tv_sec: 0,
            tv_nsec: 20_000_000,
        };
        let mut watched = [PollFd::new(&self.master, PollFlags::IN)];
        if !matches!(poll(&mut watched, Some(&pause)), Ok(1)) {
            return;
        }
        let mut bytes = [0; 4096];
        if let Ok(count) = self.master.read(&mut bytes) {
            screen.extend(bytes.iter().take(count));
        }
    }
}

/// Denies the hold of a probe; false when there is none.
fn deny(paths: &Paths, command: &str) -> bool {
    let Ok(mut daemon) = Client::connect(&paths.socket) else {
        return false;
    };
    let Ok(Response::PendingList { items }) = daemon.ask(&Request::ListPending) else {
        return false;
    };
    let Some(item) = items.iter().find(|item| item.command.raw.contains(command)) else {
        return false;
    };
    let request = Request::Deny {
        id: item.id(),
        reason: Some("a probe of `kintsugi doctor`".to_owned()),
    };
    matches!(daemon.ask(&request), Ok(Response::Ack))
}

fn end(child: &mut Child) {
    // Either it has ended by itself, or it must now.
    drop(child.kill());
    drop(child.wait());
}
