//! The loop: one thread, one place where it blocks.
//!
//! Each round takes what is ready, answers at most one frame of each connection, makes all their records durable with
//! one sync, answers, and looks at deadlines. No client can make a round wait.

use std::collections::BTreeMap;
use std::io::ErrorKind;

use kintsugi_core::audit::record::Body;
use kintsugi_core::limits::{AWAIT_MS_MAX, CONNECTIONS_MAX, ROUND_ACCEPTS_MAX, ROUND_FRAMES_MAX};
use kintsugi_core::protocol::{ErrorCode, PendingStatus, Response};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::connection::{Connection, Phase};
use crate::handle::{Answer, Desk, Outcome, Refusal, respond};
use crate::listener::Gate;
use crate::peer::PeerHandle;
use crate::store::Staged;
use crate::sys::{Signal, Signals};

/// How long nothing is tried again after the log refused, in milliseconds.
const RETRY_MS: u64 = 1_000;

/// Names a connection; never used twice.
type Token = u64;

/// Why the loop ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// A signal.
    Signal,
    /// A client asked for it.
    Request,
}

/// What is ready after a wait.
#[derive(Debug, Default)]
struct Ready {
    gate: bool,
    signal: bool,
    connections: Vec<(Token, PollFlags)>,
}

/// The daemon.
#[derive(Debug)]
pub struct Daemon {
    desk: Desk,
    gate: Gate,
    signals: Signals,
    connections: BTreeMap<Token, Connection>,
    next_token: Token,
    /// Whose turn it is: the first that is served in this round.
    turn: Token,
    /// Answers that wait for the sync of this round.
    recording: Vec<(Token, Staged, Answer)>,
    /// When the next hold ends, on the wall clock.
    expiry: Option<u64>,
    stop: Option<Stop>,
    scratch: Vec<u8>,
}

impl Daemon {
    /// Puts the parts together.
    #[must_use]
    pub fn new(desk: Desk, gate: Gate, signals: Signals) -> Self {
        Self {
            desk,
            gate,
            signals,
            connections: BTreeMap::new(),
            next_token: 0,
            turn: 0,
            recording: Vec::new(),
            expiry: Some(0),
            stop: None,
            scratch: Vec::new(),
        }
    }

    /// Serves until a signal or a client ends it.
    ///
    /// # Errors
    ///
    /// When the system cannot poll, or the last record cannot be written.
    pub fn run(mut self) -> anyhow::Result<Stop> {
        loop {
            self.expire();
            let ready = self.wait()?;
            let now = self.desk.clock.monotonic_ms();
            // Between rounds nobody waits for a record. While this fails, every request is told so.
            drop(self.desk.book.mend(self.desk.clock.as_ref()));
            if ready.signal {
                self.take_signals();
            }
            for (token, events) in ready.connections {
                self.touch(token, events, now);
            }
            if ready.gate {
                self.accept(now);
            }
            self.serve(now);
            self.settle(now);
            self.resolve_waits(now);
            self.review(now);
            if let Some(stop) = self.stop {
                self.finish(stop)?;
                return Ok(stop);
            }
        }
    }

    /// Waits until something is ready or a deadline has come: the one place where the daemon blocks.
    fn wait(&mut self) -> anyhow::Result<Ready> {
        let timeout = self.timeout();
        let mut polled = Vec::with_capacity(self.connections.len() + 2);
        polled.push(PollFd::new(self.signals.descriptor(), PollFlags::IN));
        polled.push(PollFd::new(self.gate.listener(), PollFlags::IN));
        let interests = self.connections.values();
        polled.extend(interests.map(|one| PollFd::new(one.stream(), one.interest())));
        match poll(&mut polled, timeout.as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(Ready::default()),
            Err(error) => return Err(error.into()),
        }
        let mut events = polled.iter().map(PollFd::revents);
        Ok(Ready {
            signal: events.next().is_some_and(|events| !events.is_empty()),
            gate: events.next().is_some_and(|events| !events.is_empty()),
            connections: self
                .connections
                .keys()
                .copied()
                .zip(events)
                .filter(|(_, events)| !events.is_empty())
                .collect(),
        })
    }

    /// Returns how long nothing need be done; nothing when there is no deadline at all.
    fn timeout(&mut self) -> Option<Timespec> {
        let now = self.desk.clock.monotonic_ms();
        let wall = self.desk.clock.wall_ms();
        if self.connections.values_mut().any(Connection::is_servable) {
            return Some(Timespec::default());
        }
        let connections = self.connections.values().filter_map(Connection::deadline);
        let left = connections
            .chain(self.desk.book.due())
            .map(|deadline| deadline.saturating_sub(now))
            .chain(self.expiry.map(|expiry| expiry.saturating_sub(wall)))
            .min()?;
        Some(Timespec {
            tv_sec: i64::try_from(left / 1_000).unwrap_or(i64::MAX),
            tv_nsec: i64::try_from(left % 1_000 * 1_000_000).unwrap_or_default(),
        })
    }

    fn take_signals(&mut self) {
        while let Some(signal) = self.signals.next() {
            match signal {
                Signal::Stop => self.stop = Some(Stop::Signal),
                Signal::Reload => self.reload(),
            }
        }
    }

    fn reload(&mut self) {
        let policy = self.desk.bench.reload();
        // A policy that is in force without a record would be a change that nobody can find: it is taken back then.
        if self.desk.record(vec![policy]).is_err() {
            self.desk.bench.restore();
        }
    }

    fn touch(&mut self, token: Token, events: PollFlags, now: u64) {
        let Some(connection) = self.connections.get_mut(&token) else {
            return;
        };
        if events.intersects(PollFlags::OUT) {
            connection.flush(now);
        }
        if events.intersects(PollFlags::IN) {
            connection.fill(&mut self.scratch, now);
        } else if events.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)
            && !connection.is_servable()
        {
            connection.phase = Phase::Dead;
        }
    }

    fn accept(&mut self, now: u64) {
        for _ in 0..ROUND_ACCEPTS_MAX {
            match self.gate.accept() {
                Ok(stream) => {
                    let Ok(peer) = PeerHandle::of(&stream) else {
                        continue;
                    };
                    self.admit(Connection::new(stream, peer, now), now);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => {
                    // No descriptor is left, or the client is gone again: make room and look again in the next round.
                    self.evict();
                    return;
                }
            }
        }
    }

    fn admit(&mut self, mut connection: Connection, now: u64) {
        let uid = connection.peer.credentials().uid;
        if uid != rustix::process::geteuid().as_raw() {
            let message = format!("user {uid} may not use this daemon");
            connection.close_with(&Response::error(ErrorCode::Forbidden, message), now);
            return;
        }
        if self.connections.len() >= CONNECTIONS_MAX {
            self.evict();
        }
        self.connections.insert(self.next_token, connection);
        self.next_token += 1;
    }

    /// Closes one connection to make room: of the process that has the most, the one that was idle longest.
    fn evict(&mut self) {
        let mut per_process: BTreeMap<u32, usize> = BTreeMap::new();
        for connection in self.connections.values() {
            *per_process
                .entry(connection.peer.credentials().pid)
                .or_default() += 1;
        }
        let victim = self.connections.iter().max_by_key(|(_, connection)| {
            let count = per_process.get(&connection.peer.credentials().pid).copied();
            (count, std::cmp::Reverse(connection.active))
        });
        if let Some(token) = victim.map(|(token, _)| *token) {
            self.connections.remove(&token);
        }
    }

    /// Answers at most one frame of each connection, beginning where the last round ended.
    fn serve(&mut self, now: u64) {
        let turn = self.turn;
        let (later, first): (Vec<_>, Vec<_>) = self
            .connections
            .iter_mut()
            .filter_map(|(token, connection)| connection.is_servable().then_some(*token))
            .partition(|token| *token < turn);
        for (served, token) in first.into_iter().chain(later).enumerate() {
            if served == ROUND_FRAMES_MAX {
                self.turn = token;
                return;
            }
            self.serve_one(token, now);
        }
    }

    fn serve_one(&mut self, token: Token, now: u64) {
        let Some(connection) = self.connections.get_mut(&token) else {
            return;
        };
        let outcome = match connection.next_frame() {
            Ok(Some((frame, peer))) => self.desk.handle(frame, peer),
            Ok(None) => return,
            Err(error) => {
                connection.close_with(&error.response(), now);
                return;
            }
        };
        match outcome {
            Outcome::Now(response) => connection.say(&response, now),
            Outcome::Durable(staged, answer) => {
                connection.phase = Phase::Recording;
                self.recording.push((token, staged, answer));
            }
            Outcome::Unwaited(staged) => {
                drop(staged);
                connection.say(&Response::Ack, now);
            }
            Outcome::Await { id, timeout_ms } => {
                let until = now.saturating_add(timeout_ms.min(AWAIT_MS_MAX));
                connection.phase = Phase::Awaiting { id, until };
            }
        }
    }

    /// Makes everything durable that this round wrote, and only then answers.
    fn settle(&mut self, now: u64) {
        let due = self.desk.book.due().is_some_and(|due| now >= due);
        if due || !self.recording.is_empty() {
            self.sync(now);
        }
    }

    fn sync(&mut self, now: u64) {
        let durable = self.desk.book.sync(self.desk.clock.as_ref());
        self.expiry = Some(0);
        for (token, staged, answer) in std::mem::take(&mut self.recording) {
            if matches!(answer, Answer::Stop) && durable.is_ok() {
                self.stop = Some(Stop::Request);
            }
            let response = match &durable {
                Ok(durable) => match durable.confirm(staged) {
                    Ok(recorded) => respond(recorded, answer),
                    Err(_staged) => {
                        Refusal::unrecorded(&anyhow::anyhow!("it is not in the log")).into()
                    }
                },
                Err(error) => Refusal::unrecorded(error).into(),
            };
            if let Some(connection) = self.connections.get_mut(&token) {
                if connection.phase == Phase::Recording {
                    connection.phase = Phase::Ready;
                }
                connection.say(&response, now);
            }
        }
    }

    /// Ends holds whose time is over, when that time has come.
    fn expire(&mut self) {
        if self
            .expiry
            .is_none_or(|expiry| self.desk.clock.wall_ms() < expiry)
        {
            return;
        }
        let now = self.desk.clock.monotonic_ms();
        let next = match self.desk.expire() {
            Ok(expiry) => {
                if expiry.ended {
                    self.sync(now);
                }
                expiry.next
            }
            // The log refuses: the holds stay, and a while later it is tried again.
            Err(_) => Some(self.desk.clock.wall_ms() + RETRY_MS),
        };
        self.expiry = next;
    }

    /// Answers those who wait for a hold that is resolved, or whose time is over.
    fn resolve_waits(&mut self, now: u64) {
        // What the log may have lost resolves nothing.
        if !self.desk.book.is_sound() {
            return;
        }
        for connection in self.connections.values_mut() {
            let Phase::Awaiting { id, until } = connection.phase else {
                continue;
            };
            let status = self.desk.book.state().pending(id);
            if status != PendingStatus::Pending || now >= until {
                connection.phase = Phase::Ready;
                connection.say(&Response::Pending { status }, now);
            }
        }
    }

    /// Looks at every connection's deadlines and lets go of those that are done.
    fn review(&mut self, now: u64) {
        for connection in self.connections.values_mut() {
            connection.review(now);
        }
        self.connections
            .retain(|_, connection| connection.phase != Phase::Dead);
    }

    /// Writes the last record.
    fn finish(&mut self, stop: Stop) -> anyhow::Result<()> {
        let by = match stop {
            Stop::Signal => "signal",
            Stop::Request => "request",
        };
        let last = vec![Body::Shutdown {
            reason: by.to_owned(),
        }];
        let staged = self.desk.book.stage(self.desk.clock.as_ref(), last)?;
        let recorded = self
            .desk
            .book
            .sync(self.desk.clock.as_ref())?
            .confirm(staged);
        recorded
            .map(drop)
            .map_err(|_staged| anyhow::anyhow!("the last record is not durable"))
    }
}
