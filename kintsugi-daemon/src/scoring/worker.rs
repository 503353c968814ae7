//! The worker as a child: started, asked one thing at a time, watched, and started again. Never waited for.
//!
//! It computes with a file from elsewhere, in a library that aborts. So whatever it says is read as a stranger's, whatever it does
//! not say has a deadline, and one that takes too long is killed: its death costs the question that it had, and nothing else.

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use kintsugi_core::scorer::frame::{Reader, encode};
use kintsugi_core::scorer::settings::ModelSettings;
use kintsugi_core::scorer::{Ask, Ready, Reply, VERSION};

use crate::last_words::LastWords;
use crate::poller::{Interest, Poller, Readiness};
use crate::sys;

/// Pause before it is started again for the first time, in milliseconds; it doubles each time.
const PAUSE_MS_MIN: u64 = 100;

/// Longest pause, in milliseconds.
const PAUSE_MS_MAX: u64 = 30_000;

/// One that was ready this long, in milliseconds, is begun with again as if it had never failed.
const STEADY_MS: u64 = 60_000;

/// How long beyond its deadline it may go on with a question, in milliseconds: 750 ms in all by default.
const GRACE_MS: u64 = 450;

/// Bytes that are read from it at once; there is never more than one reply to wait for.
const READ_BYTES: usize = 8 * 1024;

/// What the loop waits for.
#[derive(Debug, Clone, Copy)]
pub struct Tokens {
    /// Its socket.
    pub socket: u64,
    /// Its standard error.
    pub words: u64,
}

/// The program, and what it is told.
#[derive(Debug)]
pub(super) struct Worker {
    program: PathBuf,
    tokens: Tokens,
    settings: ModelSettings,
    state: State,
    /// Backends that are passed over at the next start, because it died before it was ready.
    first: u8,
    /// Before the next start, in milliseconds.
    pause: u64,
    restarts: u64,
    last_error: Option<String>,
}

#[derive(Debug)]
enum State {
    /// Until this moment, on the monotonic clock.
    Pausing {
        until: u64,
    },
    Running(Box<Running>),
    /// It was killed, or has hung up; the kernel says when it is over.
    Ending {
        child: Child,
        words: LastWords,
        why: Option<String>,
        was_ready_ms: u64,
    },
}

#[derive(Debug)]
struct Running {
    child: Child,
    words: LastWords,
    socket: UnixStream,
    reader: Reader,
    /// What it has not taken yet.
    output: Vec<u8>,
    since: u64,
    ready: Option<Ready>,
    asked: Option<Asked>,
    /// The hold that it has been asked for words about. It leaves off when it is asked for a score.
    explains: Option<Asked>,
}

/// The question that it has.
#[derive(Debug, Clone, Copy)]
struct Asked {
    id: u64,
    /// Then it is killed, on the monotonic clock.
    until: u64,
}

/// What happened to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// It can be asked.
    Ready,
    /// It answered the question that it had.
    Replied(Reply),
    /// It cannot be asked any more; what it had is lost.
    Lost,
    /// It has ended, and why.
    Ended(String),
}

impl Worker {
    /// A worker that is still to be started, at once.
    pub(super) fn new(program: PathBuf, tokens: Tokens, settings: ModelSettings) -> Self {
        Self {
            program,
            tokens,
            settings,
            state: State::Pausing { until: 0 },
            first: 0,
            pause: PAUSE_MS_MIN,
            restarts: 0,
            last_error: None,
        }
    }

    /// Returns what it is told.
    pub(super) const fn settings(&self) -> &ModelSettings {
        &self.settings
    }

    /// Returns what scores, once it can be asked.
    pub(super) fn ready(&self) -> Option<&Ready> {
        match &self.state {
            State::Running(running) => running.ready.as_ref(),
            State::Pausing { .. } | State::Ending { .. } => None,
        }
    }

    /// Whether it can be asked for a score now: it is ready and has no other question about one.
    pub(super) fn is_idle(&self) -> bool {
        match &self.state {
            State::Running(running) => running.ready.is_some() && running.asked.is_none(),
            State::Pausing { .. } | State::Ending { .. } => false,
        }
    }

    /// Whether it has nothing to do at all.
    pub(super) fn is_free(&self) -> bool {
        let explains = match &self.state {
            State::Running(running) => running.explains.is_some(),
            State::Pausing { .. } | State::Ending { .. } => false,
        };
        self.is_idle() && !explains
    }

    /// Returns its process, while it runs; how long it has, or how long until it is started, in milliseconds; and how often it ended.
    pub(super) fn standing(&self, now: u64) -> (Option<u32>, u64, u64) {
        let (pid, ms) = match &self.state {
            State::Running(running) => {
                let since = now.saturating_sub(running.since);
                (Some(running.child.id()), since)
            }
            State::Pausing { until } => (None, until.saturating_sub(now)),
            State::Ending { .. } => (None, 0),
        };
        (pid, ms, self.restarts)
    }

    /// Returns why it ended last, or could not be started.
    pub(super) fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    /// Returns when it is to be started or killed, on the monotonic clock.
    pub(super) fn due(&self) -> Option<u64> {
        match &self.state {
            State::Pausing { until } => Some(*until),
            State::Running(running) => match (&running.ready, running.asked) {
                (None, _) => Some(running.since.saturating_add(self.ready_timeout_ms())),
                (Some(_), asked) => {
                    let both = asked.into_iter().chain(running.explains);
                    both.map(|asked| asked.until).min()
                }
            },
            State::Ending { .. } => None,
        }
    }

    fn ready_timeout_ms(&self) -> u64 {
        u64::from(self.settings.ready_timeout_ms)
    }

    /// Starts it when its pause is over, and kills it when it takes too long.
    pub(super) fn tend(&mut self, poller: &Poller, now: u64) -> Vec<Event> {
        if self.due().is_none_or(|due| now < due) {
            return Vec::new();
        }
        match &self.state {
            State::Pausing { .. } => self.start(poller, now),
            State::Running(running) => {
                let limit = if running.ready.is_some() {
                    let has_score = running.asked.is_some_and(|asked| asked.until <= now);
                    let deadline_ms = if has_score {
                        self.settings.deadline_ms
                    } else {
                        self.settings.explain_ms
                    };
                    let most = u64::from(deadline_ms) + GRACE_MS;
                    format!("busy with one command for more than {most} ms")
                } else {
                    format!("not ready within {} ms", self.ready_timeout_ms())
                };
                self.stop(Some(limit), now)
            }
            State::Ending { .. } => Vec::new(),
        }
    }

    fn start(&mut self, poller: &Poller, now: u64) -> Vec<Event> {
        match self.spawn(poller, now) {
            Ok(running) => {
                self.state = State::Running(Box::new(running));
                self.tell(
                    poller,
                    &Ask::Hello {
                        version: VERSION,
                        first: self.first,
                        settings: self.settings.to_json(),
                    },
                );
                Vec::new()
            }
            Err(error) => {
                let why = format!("cannot start `{}`: {error}", self.program.display());
                self.over(why, now)
            }
        }
    }

    fn spawn(&self, poller: &Poller, now: u64) -> std::io::Result<Running> {
        let (socket, theirs) = UnixStream::pair()?;
        socket.set_nonblocking(true)?;
        poller.add(&socket, self.tokens.socket, Interest::READ)?;
        let mut command = Command::new(&self.program);
        command
            .current_dir("/")
            .env_clear()
            // On an abort ggml would start a debugger.
            .env("GGML_NO_BACKTRACE", "1")
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        if let Some(name) = &self.settings.key_env
            && let Some(key) = std::env::var_os(name)
        {
            command.env(name, key);
        }
        sys::die_with_parent(&mut command);
        let mut child = command.spawn()?;
        let words = LastWords::of(child.stderr.take(), poller, self.tokens.words);
        Ok(Running::new((child, words), socket, now))
    }

    /// Asks it something under `id`; it is killed when there is no reply within `deadline_ms` and a while.
    pub(super) fn ask(
        &mut self,
        poller: &Poller,
        ask: &Ask,
        (id, deadline_ms): (u64, u64),
        now: u64,
    ) {
        if let State::Running(running) = &mut self.state {
            let until = now.saturating_add(deadline_ms).saturating_add(GRACE_MS);
            let asked = Some(Asked { id, until });
            if matches!(ask, Ask::Explain(_)) {
                running.explains = asked;
            } else {
                running.asked = asked;
            }
            self.tell(poller, ask);
        }
    }

    fn tell(&mut self, poller: &Poller, ask: &Ask) {
        if let State::Running(running) = &mut self.state {
            running.output.extend(encode(ask));
            running.flush(poller, self.tokens.socket);
        }
    }

    /// Reads and writes what is possible now.
    pub(super) fn touch(&mut self, ready: Readiness, poller: &Poller, now: u64) -> Vec<Event> {
        if ready.token == self.tokens.words {
            if let Some(said) = self.words().and_then(|words| words.read(1).pop()) {
                self.last_error = Some(said);
            }
            return Vec::new();
        }
        let State::Running(running) = &mut self.state else {
            return Vec::new();
        };
        if ready.write {
            running.flush(poller, self.tokens.socket);
        }
        let mut events = Vec::new();
        let problem = running.read(&mut events);
        if events.contains(&Event::Ready) {
            self.last_error = None;
        }
        if let Err(why) = problem {
            events.extend(self.stop(why, now));
        }
        events
    }

    fn words(&mut self) -> Option<&mut LastWords> {
        match &mut self.state {
            State::Running(running) => Some(&mut running.words),
            State::Ending { words, .. } => Some(words),
            State::Pausing { .. } => None,
        }
    }

    /// Kills it. Why is told, when it is not what it says itself.
    pub(super) fn stop(&mut self, why: Option<String>, now: u64) -> Vec<Event> {
        let pausing = State::Pausing { until: u64::MAX };
        match std::mem::replace(&mut self.state, pausing) {
            State::Running(running) => {
                let Running {
                    mut child,
                    words,
                    since,
                    ready,
                    ..
                } = *running;
                // One that has ended needs nothing.
                drop(child.kill());
                let was_ready_ms = ready.map_or(0, |_| now.saturating_sub(since).max(1));
                self.state = State::Ending {
                    child,
                    words,
                    why,
                    was_ready_ms,
                };
                let mut events = vec![Event::Lost];
                events.extend(self.reap(now));
                events
            }
            before @ (State::Pausing { .. } | State::Ending { .. }) => {
                self.state = before;
                Vec::new()
            }
        }
    }

    /// Looks whether it has ended, after `SIGCHLD`.
    pub(super) fn reap(&mut self, now: u64) -> Vec<Event> {
        let ended = match &mut self.state {
            State::Running(running) => running.child.try_wait(),
            State::Ending { child, .. } => child.try_wait(),
            State::Pausing { .. } => return Vec::new(),
        };
        let Some(ended) = ended.ok().flatten() else {
            return Vec::new();
        };
        if let State::Running(_) = &self.state {
            // What it said at last is read before it is let go.
            let mut events = Vec::new();
            if let State::Running(running) = &mut self.state {
                drop(running.read(&mut events));
            }
            events.extend(self.stop(None, now));
            return events;
        }
        self.ended(ended, now)
    }

    fn ended(&mut self, ended: ExitStatus, now: u64) -> Vec<Event> {
        let State::Ending {
            words,
            why,
            was_ready_ms,
            ..
        } = &mut self.state
        else {
            return Vec::new();
        };
        let said = words.read(LastWords::READS_MAX).pop();
        let (why, was_ready_ms) = (why.take(), *was_ready_ms);
        if was_ready_ms >= STEADY_MS {
            self.pause = PAUSE_MS_MIN;
        }
        if was_ready_ms > 0 || why.is_some() {
            self.first = 0;
        } else {
            // It died of what it was loading: the next one begins behind that.
            let rungs = u8::try_from(self.settings.ladder().count()).unwrap_or(u8::MAX);
            self.first = (self.first + 1) % rungs.max(1);
        }
        let why = why.unwrap_or_else(|| match said {
            Some(said) => format!("{said} ({ended})"),
            None => ended.to_string(),
        });
        self.over(why, now)
    }

    fn over(&mut self, why: String, now: u64) -> Vec<Event> {
        self.state = State::Pausing {
            until: now.saturating_add(self.pause),
        };
        self.pause = (self.pause * 2).min(PAUSE_MS_MAX);
        self.restarts += 1;
        self.last_error = Some(why.clone());
        vec![Event::Ended(why)]
    }
}

impl Running {
    /// Runs from `since` on, and has said nothing yet.
    fn new((child, words): (Child, LastWords), socket: UnixStream, since: u64) -> Self {
        Self {
            child,
            words,
            socket,
            reader: Reader::default(),
            output: Vec::new(),
            since,
            ready: None,
            asked: None,
            explains: None,
        }
    }

    /// Writes what it takes now. One that takes nothing more is over, which its socket says too.
    fn flush(&mut self, poller: &Poller, token: u64) {
        while !self.output.is_empty() {
            match self.socket.write(&self.output) {
                Ok(count) => {
                    self.output.drain(..count);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => {
                    self.output.clear();
                    break;
                }
            }
        }
        let interest = Interest {
            read: true,
            write: !self.output.is_empty(),
        };
        drop(poller.change(&self.socket, token, interest));
    }

    /// Takes what it has said. An error is that it is of no more use, and why, when it does not say so itself.
    fn read(&mut self, events: &mut Vec<Event>) -> Result<(), Option<String>> {
        let mut bytes = [0; READ_BYTES];
        match self.socket.read(&mut bytes) {
            Ok(0) => return Err(None),
            Ok(count) => self.reader.push(bytes.get(..count).unwrap_or_default()),
            Err(error) if is_passing(error.kind()) => return Ok(()),
            Err(_) => return Err(None),
        }
        loop {
            let reply = self
                .reader
                .take()
                .map_err(|error| Some(error.to_string()))?;
            let Some(reply) = reply else { return Ok(()) };
            events.push(self.take(reply)?);
        }
    }

    fn take(&mut self, reply: Reply) -> Result<Event, Option<String>> {
        match reply {
            Reply::Ready(ready) if self.ready.is_none() => {
                self.ready = Some(ready);
                Ok(Event::Ready)
            }
            Reply::Failed { reason } => Err(Some(reason)),
            Reply::Score { id, .. } if self.asked.is_some_and(|asked| asked.id == id) => {
                self.asked = None;
                Ok(Event::Replied(reply))
            }
            Reply::Explanation { id, .. } if self.explains.is_some_and(|asked| asked.id == id) => {
                self.explains = None;
                Ok(Event::Replied(reply))
            }
            Reply::Ready(_) | Reply::Score { .. } | Reply::Explanation { .. } => {
                Err(Some("it said what it was not asked".to_owned()))
            }
        }
    }
}

fn is_passing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

impl Worker {
    /// Lets go of it: it is killed, and whoever looks at it later finds that it has ended.
    pub(super) fn dismiss(mut self) -> Option<Child> {
        drop(self.stop(None, 0));
        match std::mem::replace(&mut self.state, State::Pausing { until: 0 }) {
            State::Ending { child, .. } => Some(child),
            State::Running(_) | State::Pausing { .. } => None,
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if let State::Running(running) = &mut self.state {
            // One that has ended needs nothing, and nobody waits for another.
            drop(running.child.kill());
        }
    }
}

#[cfg(test)]
impl Worker {
    /// Runs as a process that does nothing; a test speaks for it, at the other end of its socket.
    pub(super) fn run_as(&mut self, poller: &Poller, now: u64) -> UnixStream {
        let (socket, theirs) = UnixStream::pair().unwrap();
        socket.set_nonblocking(true).unwrap();
        poller
            .add(&socket, self.tokens.socket, Interest::READ)
            .unwrap();
        let mut sleeping = Command::new("/bin/sleep");
        let child = sleeping.arg("600").spawn().unwrap();
        let running = Running::new((child, LastWords::default()), socket, now);
        self.state = State::Running(Box::new(running));
        theirs
    }
}
