//! The loop: one thread, one place where it blocks.
//!
//! Each round takes what is ready, answers at most one frame of each connection, makes all their records durable with
//! one sync, answers, and looks at deadlines. No client can make a round wait.

use std::collections::BTreeMap;
use std::io::ErrorKind;

use kintsugi_core::audit::record::Body;
use kintsugi_core::limits::{
    AWAIT_MS_MAX, LARGE_PASSED_OVER_MAX, ROUND_ACCEPTS_MAX, ROUND_FRAMES_MAX, ROUND_MS_MAX,
    SUBSCRIBERS_MAX,
};
use kintsugi_core::protocol::{ErrorCode, PendingStatus, Response};

use crate::authorize::Attempt;
use crate::connection::{Connection, Phase};
use crate::crowd::{Crowd, FIRST_TOKEN, Token};
use crate::handle::{Answer, Desk, Outcome, Refusal, respond};
use crate::listener::Gate;
use crate::peer::PeerHandle;
use crate::poller::{Interest, Poller};
use crate::port::Port;
use crate::scoring::{Number, Parked, Tokens};
use crate::settings::HELPERS_MAX;
use crate::store::Staged;
use crate::stream::Stream;
use crate::sys::{self, Sender, Signal, Signals};

/// How long nothing is tried again after the log refused, in milliseconds.
const RETRY_MS: u64 = 1_000;

/// What the loop itself waits for, beside its connections.
const SIGNALS: u64 = 0;
/// The socket on which clients connect.
const GATE: u64 = 1;
/// The port on loopback.
const PORT: u64 = 2;
/// The socket of the worker that scores.
const SCORER: u64 = 3;
/// Its standard error.
const SCORER_WORDS: u64 = 4;
/// What the loop waits for of the worker that scores.
pub const SCORER_TOKENS: Tokens = Tokens {
    socket: SCORER,
    words: SCORER_WORDS,
};
/// The first helper; the others follow, the watcher, and the one that makes rounds.
pub const HELPERS: u64 = 16;
/// The first that is nobody's.
const HELPERS_END: u64 = HELPERS + HELPERS_MAX as u64 + 2;

/// Bytes of records that are told in one round; another round tells more.
const FEED_BYTES: usize = 128 * 1024;

/// Who looks after this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Supervision {
    /// Nobody: a signal stops it.
    Alone,
    /// A supervisor, which starts it again: with a vault, a signal does not stop it.
    Supervised,
}

/// How long nothing happens before memory is given back, in milliseconds.
const REST_MS: u64 = 5_000;

/// Why the loop ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// A signal, and who sent it.
    Signal(Sender),
    /// A client asked for it.
    Request,
}

/// The daemon.
#[derive(Debug)]
pub struct Daemon {
    desk: Desk,
    gate: Gate,
    /// Off, unless the settings name one.
    port: Option<Port>,
    signals: Signals,
    crowd: Crowd,
    /// Answers that wait for the sync of this round.
    recording: Vec<(Token, Staged, Answer)>,
    /// Attempts that are looked at after that sync.
    attempts: Vec<(Token, Staged, Box<Attempt>)>,
    /// What waits for its score, by the number of the question.
    parked: BTreeMap<Number, (Token, Box<Parked>)>,
    /// Connections that were accepted.
    accepted: u64,
    supervision: Supervision,
    /// When the next hold ends, on the wall clock.
    expiry: Option<u64>,
    stop: Option<Stop>,
    /// How many holds had ended when those who wait for one were last looked at.
    ended: u64,
    /// Who was told of records last.
    fed: Token,
    /// Whether somebody can be told of more records at once.
    is_feeding: bool,
    /// When memory is given back, if nothing happens until then, on the monotonic clock.
    rest_at: Option<u64>,
    /// Rounds in a row in which somebody with a long frame waited, and others were served.
    passed_over: u32,
}

impl Daemon {
    /// Puts the parts together.
    ///
    /// # Errors
    ///
    /// When the system cannot wait for them.
    pub fn new(
        desk: Desk,
        (gate, port): (Gate, Option<Port>),
        signals: Signals,
        supervision: Supervision,
    ) -> anyhow::Result<Self> {
        let poller = Poller::new()?;
        poller.add(signals.descriptor(), SIGNALS, Interest::READ)?;
        poller.add(gate.listener(), GATE, Interest::READ)?;
        if let Some(port) = &port {
            poller.add(port.listener(), PORT, Interest::READ)?;
        }
        Ok(Self {
            desk,
            gate,
            port,
            signals,
            crowd: Crowd::new(poller),
            recording: Vec::new(),
            attempts: Vec::new(),
            parked: BTreeMap::new(),
            accepted: 0,
            supervision,
            expiry: Some(0),
            stop: None,
            ended: 0,
            fed: FIRST_TOKEN,
            is_feeding: false,
            rest_at: Some(REST_MS),
            passed_over: 0,
        })
    }

    /// Serves until a signal or a client ends it.
    ///
    /// # Errors
    ///
    /// When there is nobody to judge, the system cannot poll, or the last record cannot be written.
    pub fn run(mut self) -> anyhow::Result<Stop> {
        // Whoever connects meanwhile waits no longer than before a socket that does not accept yet.
        self.desk.bench.judge()?;
        loop {
            self.expire();
            let timeout = self.timeout();
            let ready = self.crowd.poller().wait(timeout)?;
            let now = self.desk.clock.monotonic_ms();
            self.rest(ready.is_empty(), now);
            // Between rounds nobody waits for a record. While this fails, every request is told so.
            self.desk.mend();
            for one in ready {
                match one.token {
                    SIGNALS => self.take_signals(now),
                    GATE | PORT => self.accept(one.token, now),
                    HELPERS..HELPERS_END => {
                        let alarms = self.desk.helpers.listen(one.token, now);
                        self.note(alarms);
                    }
                    SCORER | SCORER_WORDS => {
                        let events = self.desk.scoring.touch(one, self.crowd.poller(), now);
                        self.note(events);
                    }
                    _ => self.crowd.touch(one, now),
                }
            }
            let wall = self.desk.clock.wall_ms();
            let started = self.desk.helpers.start(self.crowd.poller(), now, wall);
            self.note(started);
            self.serve(now);
            self.score();
            self.settle(now);
            self.desk.explain(self.crowd.poller());
            self.resolve_waits(now);
            self.feed(now);
            self.crowd.review(now);
            self.abandon(now);
            if let Some(stop) = self.stop {
                self.finish(stop)?;
                return Ok(stop);
            }
        }
    }

    /// Returns how long nothing need be done, in milliseconds; nothing when there is no deadline at all.
    fn timeout(&self) -> Option<u64> {
        if self.crowd.is_busy() || self.is_feeding {
            return Some(0);
        }
        let now = self.desk.clock.monotonic_ms();
        let wall = self.desk.clock.wall_ms();
        let deadlines = [
            self.crowd.deadline(),
            self.desk.book.due(),
            self.desk.helpers.due(now, wall),
            self.desk.scoring.due(),
            self.rest_at,
        ];
        let left = deadlines.into_iter().flatten();
        left.map(|deadline| deadline.saturating_sub(now))
            .chain(self.expiry.map(|expiry| expiry.saturating_sub(wall)))
            .min()
    }

    /// Gives memory back once after something happened, so that an idle daemon is small and sleeps for ever.
    fn rest(&mut self, nothing_happened: bool, now: u64) {
        if !nothing_happened {
            self.rest_at = Some(now.saturating_add(REST_MS));
        } else if self.rest_at.is_some_and(|rest_at| now >= rest_at) {
            self.rest_at = None;
            self.crowd.give_memory_back();
            sys::give_memory_back();
        }
    }

    fn take_signals(&mut self, now: u64) {
        while let Some(signal) = self.signals.next() {
            match signal {
                Signal::Stop(sender) => self.asked_to_stop(sender),
                Signal::Reload => {
                    self.desk.standing_settings.look_again();
                    self.desk.reload();
                    self.desk.reload_model();
                }
                Signal::Child => {
                    let mut ended = self.desk.helpers.reap(now);
                    ended.extend(self.desk.scoring.reap(now));
                    self.note(ended);
                }
            }
        }
    }

    /// Stops on a signal, unless that would be a way around the admin: a supervisor only wants to restart what it looks after,
    /// and who does not need `SIGKILL` for it, which the next start finds.
    fn asked_to_stop(&mut self, sender: Sender) {
        if self.supervision == Supervision::Alone || !self.desk.needs_admin() {
            self.stop = Some(Stop::Signal(sender));
            return;
        }
        let refused = Body::Incident {
            what: format!("a signal to stop, from {sender}, was refused: it needs the admin"),
            bad: None,
            durable: None,
            observation: None,
        };
        // When even this cannot be recorded, everything is refused anyway.
        drop(self.desk.record(vec![refused]));
    }

    /// Records what nobody waits for; while the log refuses, it is not kept.
    fn note(&mut self, events: Vec<Body>) {
        if !events.is_empty() {
            drop(self.desk.record(events));
        }
    }

    fn accept(&mut self, door: u64, now: u64) {
        for _ in 0..ROUND_ACCEPTS_MAX {
            let accepted = match &self.port {
                Some(port) if door == PORT => port.accept().map(Stream::Port),
                Some(_) | None => self.gate.accept().map(Stream::Local),
            };
            match accepted {
                Ok(stream) => {
                    let peer = match &stream {
                        Stream::Local(socket) => PeerHandle::of(socket),
                        Stream::Port(_) => Ok(PeerHandle::unattested()),
                    };
                    if let Ok(mut peer) = peer {
                        self.accepted += 1;
                        peer.connection = self.accepted;
                        self.admit(Connection::new(stream, peer, now), now);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => {
                    // No descriptor is left, or the client is gone again: make room and look again in the next round.
                    self.crowd.evict();
                    return;
                }
            }
        }
    }

    fn admit(&mut self, mut connection: Connection, now: u64) {
        let uid = connection.peer.credentials().uid;
        let is_ours = uid == rustix::process::geteuid().as_raw();
        if !is_ours && self.desk.settings.gid().is_none() {
            let message = format!("user {uid} may not use this daemon");
            connection.close_with(&Response::error(ErrorCode::Forbidden, message), now);
            return;
        }
        // One that cannot be waited for is closed again; whoever it is finds that out at once.
        drop(self.crowd.admit(connection));
    }

    /// Answers at most one frame of each connection, beginning where the last round ended; not many, and not for long.
    ///
    /// What is long may take long, and whoever is answered in the same round waits for it: so a long frame has a round of its own,
    /// when nobody with a short one waits, or when it was passed over often enough.
    fn serve(&mut self, now: u64) {
        let until = self.desk.clock.monotonic_ms().saturating_add(ROUND_MS_MAX);
        let has_turn = self.passed_over >= LARGE_PASSED_OVER_MAX;
        let mut served = 0;
        while served < ROUND_FRAMES_MAX && !has_turn {
            let Some(token) = self.crowd.next_in_turn() else {
                break;
            };
            served += 1;
            self.serve_one(token, now);
            if self.desk.clock.monotonic_ms() >= until {
                // Who else waits is served in the next round, after whoever has come meanwhile and was not served lately.
                break;
            }
        }
        if served > 0 {
            self.passed_over += u32::from(self.crowd.has_large());
            return;
        }
        self.passed_over = 0;
        if let Some(token) = self.crowd.next_large_in_turn() {
            self.serve_one(token, now);
        }
    }

    fn serve_one(&mut self, token: Token, now: u64) {
        let Some(connection) = self.crowd.get(token) else {
            return;
        };
        if !connection.is_proven() {
            crate::port::prove(connection, self.port.as_ref(), now);
            return;
        }
        let outcome = match connection.next_frame() {
            Ok(Some((frame, peer))) => self.desk.handle(frame, peer),
            Ok(None) => return,
            Err(error) => {
                connection.close_with(&error.response(), now);
                return;
            }
        };
        self.follow(token, outcome, now);
    }

    /// Answers, or waits for what the answer needs. Whoever asked may have gone; what was staged is synced all the same.
    fn follow(&mut self, token: Token, outcome: Outcome, now: u64) {
        let phase = match outcome {
            Outcome::Now(response) => return self.tell(token, &response, now),
            Outcome::Unwaited(staged) => {
                drop(staged);
                return self.tell(token, &Response::Ack, now);
            }
            Outcome::Durable(staged, answer) => {
                self.recording.push((token, staged, answer));
                Phase::Recording
            }
            Outcome::Attempt(staged, attempt) => {
                self.attempts.push((token, staged, attempt));
                Phase::Recording
            }
            Outcome::Scoring(number, parked) => {
                self.parked.insert(number, (token, parked));
                Phase::Scoring
            }
            Outcome::Await { id, timeout_ms } => {
                let until = now.saturating_add(timeout_ms.min(AWAIT_MS_MAX));
                Phase::Awaiting { id, until }
            }
            Outcome::Follow(follower) if self.crowd.following_len() < SUBSCRIBERS_MAX => {
                self.crowd.follow(token, follower);
                return;
            }
            Outcome::Follow(_) => {
                let message = format!("{SUBSCRIBERS_MAX} clients follow the log already");
                let busy = Response::error(ErrorCode::Busy, message);
                return self.tell(token, &busy, now);
            }
        };
        if let Some(connection) = self.crowd.get(token) {
            connection.phase = phase;
        }
    }

    /// Goes on with the proposals whose score is there, or will not be. One whose client has gone is decided by nobody.
    fn score(&mut self) {
        // Whatever was judged in this round took its time.
        let now = self.desk.clock.monotonic_ms();
        let events = self.desk.scoring.tend(self.crowd.poller(), now);
        self.note(events);
        for answered in self.desk.scoring.take_answered() {
            let Some((token, parked)) = self.parked.remove(&answered.number) else {
                continue;
            };
            if self.crowd.get(token).is_some() {
                let outcome = self.desk.complete(*parked, answered);
                self.follow(token, outcome, now);
            }
        }
    }

    /// Gives a client an answer, if it is still there.
    fn tell(&mut self, token: Token, response: &Response, now: u64) {
        if let Some(connection) = self.crowd.get(token) {
            if matches!(connection.phase, Phase::Recording | Phase::Scoring) {
                connection.phase = Phase::Ready;
            }
            connection.say(response, now);
        }
    }

    /// Makes everything durable that this round wrote, and only then answers.
    fn settle(&mut self, now: u64) {
        let mut due = self.desk.book.due().is_some_and(|due| now >= due);
        if due {
            // Signing a checkpoint needs memory, too.
            self.rest_at = Some(now.saturating_add(REST_MS));
        }
        // What is looked at because it is on record comes to a record of its own.
        while due || !self.recording.is_empty() || !self.attempts.is_empty() {
            self.sync(now);
            due = false;
        }
    }

    fn sync(&mut self, now: u64) {
        let durable = self.desk.book.sync(self.desk.clock.as_ref());
        self.expiry = Some(0);
        let confirm = |staged| match &durable {
            Ok(durable) => durable
                .confirm(staged)
                .map_err(|_staged| Refusal::unrecorded(&anyhow::anyhow!("it is not in the log"))),
            Err(error) => Err(Refusal::unrecorded(error)),
        };
        for (token, staged, answer) in std::mem::take(&mut self.recording) {
            let response = match confirm(staged) {
                Ok(recorded) => {
                    if matches!(answer, Answer::Stop) {
                        self.stop = Some(Stop::Request);
                    }
                    // Before whoever changed it is told so, everything goes by it.
                    if matches!(answer, Answer::Sealed) {
                        self.desk.look_at_vault();
                        self.desk.reload();
                        self.desk.follow_model();
                    }
                    respond(recorded, answer)
                }
                Err(refusal) => refusal.into(),
            };
            self.tell(token, &response, now);
        }
        for (token, staged, attempt) in std::mem::take(&mut self.attempts) {
            let concluded =
                confirm(staged).and_then(|recorded| self.desk.conclude(recorded, *attempt));
            let outcome = concluded.unwrap_or_else(|refusal| Outcome::Now(refusal.into()));
            self.follow(token, outcome, now);
        }
    }

    /// Denies what was asked at prompts that went away, and tells who waits for it.
    fn abandon(&mut self, now: u64) {
        let gone = self.crowd.take_abandoned();
        // While the log refuses, the holds stay: nothing runs by that.
        if !gone.is_empty() && self.desk.abandon(&gone).is_ok_and(|any| any) {
            self.sync(now);
            self.resolve_waits(now);
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
        let ended = self.desk.book.state().ended();
        let is_due = self.crowd.deadline().is_some_and(|due| now >= due);
        if self.ended == ended && !is_due {
            return;
        }
        self.ended = ended;
        for token in self.crowd.awaiting() {
            let Some(connection) = self.crowd.get(token) else {
                continue;
            };
            let Phase::Awaiting { id, until } = connection.phase else {
                continue;
            };
            let status = self.desk.book.state().pending(id);
            // What the log may have lost resolves nothing.
            let is_resolved = self.desk.book.is_sound() && status != PendingStatus::Pending;
            if !is_resolved && now < until {
                continue;
            }
            connection.phase = Phase::Ready;
            let response = if self.desk.book.is_sound() {
                Response::Pending { status }
            } else {
                Refusal::unrecorded(&anyhow::anyhow!("the log is opened again")).into()
            };
            connection.say(&response, now);
        }
    }

    /// Tells followers of new records, [`FEED_BYTES`] or a little more in one round, so that none who catches up delays
    /// anybody.
    fn feed(&mut self, now: u64) {
        self.is_feeding = false;
        let mut left = FEED_BYTES;
        for token in self.crowd.following(self.fed) {
            let Some(follower) = self.crowd.hungry(token) else {
                continue;
            };
            if !follower.is_behind(&self.desk.book) {
                continue;
            }
            if left == 0 {
                self.is_feeding = true;
                return;
            }
            let told = follower.read_on(&self.desk.book);
            self.is_feeding |= follower.is_behind(&self.desk.book);
            let (frames, read) = told.map_or((None, 0), |(frames, read)| (Some(frames), read));
            left = left.saturating_sub(read);
            self.fed = token;
            self.crowd.tell(token, frames.as_deref(), now);
        }
    }

    /// Writes the last record.
    fn finish(&mut self, stop: Stop) -> anyhow::Result<()> {
        let by = match stop {
            Stop::Signal(sender) => format!("signal from {sender}"),
            Stop::Request => "request".to_owned(),
        };
        let last = vec![Body::Shutdown { reason: by }];
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
