//! Helper processes: kept running, started again with growing pauses, and never waited for. One that hangs is ended, where its
//! settings say how often it has to be heard of.
//!
//! The gate works without any of them. What they do is theirs; here they are started, watched, and their last words kept. A line
//! `alarm: TEXT` on a helper's standard error is more than a word: it becomes an `incident` in the log, and a problem in `status`.
//!
//! A line `says: TEXT` tells what a helper is doing, and is no complaint.
//!
//! One of them is the watcher: only what that very process says it saw is held against the decisions. Another one
//! makes rounds: it ends by itself and is started again a day later, by the wall clock, since a machine sleeps.

use std::ffi::OsString;
use std::process::{Child, Command, Stdio};

use kintsugi_core::audit::record::Body;
use kintsugi_core::protocol::{ChildState, ChildStatus};

use crate::last_words::LastWords;
use crate::poller::Poller;
use crate::settings::Helper;
use crate::sys;

/// Pause before a helper that ended is started again for the first time, in milliseconds; it doubles each time.
const PAUSE_MS_MIN: u64 = 1_000;

/// Longest pause, in milliseconds.
const PAUSE_MS_MAX: u64 = 60_000;

/// A helper that ran this long, in milliseconds, is begun with again as if it had never failed.
const STEADY_MS: u64 = 60_000;

/// Longest that a round may take, in milliseconds; then it is ended.
const ROUND_MS_MAX: u64 = 10 * 60 * 1_000;

/// Most alarms of one helper that are kept.
const ALARMS_MAX: usize = 16;

/// Shortest time from one round to another that something asked for, in milliseconds.
const ROUND_MS_MIN: u64 = 60_000;

/// By this a line shows what a helper is doing.
const SAYS: &str = "says: ";

/// What a helper says that has nothing else to say.
const ALIVE: &str = "alive";

/// The variable that tells a helper how often it has to say something, in seconds.
const HEARTBEAT_VARIABLE: &str = "KINTSUGI_HEARTBEAT_SECONDS";

/// By this a line shows that a person must look.
const ALARM: &str = "alarm: ";

/// The program that watches places, and its whole environment.
#[derive(Debug)]
pub struct Watcher {
    /// What it is called, and the program.
    pub helper: Helper,
    /// Its environment: not that of whoever happened to start the daemon.
    pub environment: Vec<(OsString, OsString)>,
}

/// A program that is started again and again, and ends by itself.
#[derive(Debug)]
pub struct Round {
    /// What it is called, and the program.
    pub helper: Helper,
    /// Its whole environment: not that of whoever happened to start the daemon.
    pub environment: Vec<(OsString, OsString)>,
    /// When it is started first, in milliseconds since 1970.
    pub next: u64,
    /// From one start to the next, in milliseconds.
    pub every: u64,
}

/// A helper and how it is.
#[derive(Debug)]
struct Kept {
    helper: Helper,
    state: State,
    /// Starts after the first.
    restarts: u64,
    /// Pause before the next start, in milliseconds.
    pause: u64,
    /// The last line that it wrote to its standard error, or why it ended.
    last_error: Option<String>,
    /// What a person must look at, by its own words.
    alarms: Vec<String>,
    /// Of these, what this run has said.
    said: Vec<String>,
    /// Its environment and when it is started, if it makes rounds.
    round: Option<Pace>,
    /// Its environment, if it is the watcher.
    watcher: Option<Vec<(OsString, OsString)>>,
    /// What it says that it is doing.
    says: Option<String>,
}

/// When a round begins.
#[derive(Debug)]
struct Pace {
    environment: Vec<(OsString, OsString)>,
    next: u64,
    /// When the last one began, in milliseconds since 1970.
    last: Option<u64>,
    every: u64,
}

#[derive(Debug)]
enum State {
    Running {
        child: Child,
        words: LastWords,
        /// On the monotonic clock.
        since: u64,
        /// When it last said something, on the same.
        heard: u64,
    },
    /// Until this moment, on the monotonic clock.
    Pausing { until: u64 },
}

/// The helpers.
#[derive(Debug, Default)]
pub struct Helpers {
    kept: Vec<Kept>,
    /// The token of the first; the others follow.
    first_token: u64,
}

impl Helpers {
    /// Helpers that are still to be started, at once, the watcher, and one that makes rounds. Their tokens begin at `first_token`.
    #[must_use]
    pub fn new(
        helpers: Vec<Helper>,
        watcher: Option<Watcher>,
        round: Option<Round>,
        first_token: u64,
    ) -> Self {
        let always = helpers.into_iter().map(|helper| Kept::new(helper, None));
        let watcher = watcher.map(|watcher| Kept {
            watcher: Some(watcher.environment),
            ..Kept::new(watcher.helper, None)
        });
        let round = round.map(|round| {
            let pace = Pace {
                environment: round.environment,
                next: round.next,
                last: None,
                every: round.every,
            };
            Kept::new(round.helper, Some(pace))
        });
        Self {
            kept: always.chain(watcher).chain(round).collect(),
            first_token,
        }
    }

    /// Returns the next moment at which one is to be started or ended, on the monotonic clock.
    #[must_use]
    pub fn due(&self, now: u64, wall: u64) -> Option<u64> {
        self.kept
            .iter()
            .filter_map(|kept| kept.due(now, wall))
            .min()
    }

    /// Starts those whose pause is over, and ends a round that takes too long and a helper that hangs. Returns what happened, for the log.
    pub fn start(&mut self, poller: &Poller, now: u64, wall: u64) -> Vec<Body> {
        let mut events = Vec::new();
        for (kept, token) in self.kept.iter_mut().zip(self.first_token..) {
            if kept.due(now, wall).is_some_and(|due| due <= now) {
                events.extend(kept.start(poller, token, (now, wall)));
            }
        }
        events
    }

    /// Makes a round as soon as one may be made again: something has changed that it looks at.
    pub fn look_soon(&mut self, wall: u64) {
        for round in self.kept.iter_mut().filter_map(|kept| kept.round.as_mut()) {
            let soonest = round
                .last
                .map_or(wall, |last| wall.max(last + ROUND_MS_MIN));
            round.next = round.next.min(soonest);
        }
    }

    /// Reads what the helper of `token` has to say. Returns what of it is for the log.
    pub fn listen(&mut self, token: u64, now: u64) -> Vec<Body> {
        let index = usize::try_from(token.saturating_sub(self.first_token)).ok();
        let kept = index.and_then(|index| self.kept.get_mut(index));
        kept.map_or(Vec::new(), |kept| kept.listen(1, now))
    }

    /// Looks for those that have ended, after `SIGCHLD`. Returns what happened, for the log.
    pub fn reap(&mut self, now: u64) -> Vec<Body> {
        self.kept
            .iter_mut()
            .flat_map(|kept| kept.reap(now))
            .collect()
    }

    /// Whether `pid` is the watcher that was started here. Its number is nobody else's while it was not waited for.
    #[must_use]
    pub fn is_watcher(&self, pid: u32) -> bool {
        self.kept.iter().any(|kept| {
            let State::Running { child, .. } = &kept.state else {
                return false;
            };
            kept.watcher.is_some() && child.id() == pid
        })
    }

    /// Returns what a person must look at, one line each.
    #[must_use]
    pub fn alarms(&self) -> Vec<String> {
        let alarms = self.kept.iter().flat_map(|kept| &kept.alarms);
        alarms.cloned().collect()
    }

    /// Returns how they are at `now`.
    #[must_use]
    pub fn status(&self, now: u64, wall: u64) -> Vec<ChildStatus> {
        self.kept
            .iter()
            .map(|kept| kept.status(now, wall))
            .collect()
    }
}

impl Kept {
    fn new(helper: Helper, round: Option<Pace>) -> Self {
        Self {
            helper,
            state: State::Pausing { until: 0 },
            restarts: 0,
            pause: PAUSE_MS_MIN,
            last_error: None,
            alarms: Vec::new(),
            said: Vec::new(),
            round,
            watcher: None,
            says: None,
        }
    }

    /// Returns when it is to be started, or a round to be ended, on the monotonic clock.
    fn due(&self, now: u64, wall: u64) -> Option<u64> {
        match (&self.state, &self.round) {
            (State::Pausing { until }, None) => Some(*until),
            (State::Pausing { .. }, Some(round)) => {
                Some(now.saturating_add(round.next.saturating_sub(wall)))
            }
            (State::Running { since, .. }, Some(_)) => Some(since.saturating_add(ROUND_MS_MAX)),
            (State::Running { heard, .. }, None) => Some(heard.saturating_add(self.silence()?)),
        }
    }

    /// Returns the longest that it may say nothing, in milliseconds, if that was set.
    fn silence(&self) -> Option<u64> {
        Some(self.helper.heartbeat_seconds?.saturating_mul(1_000))
    }

    fn start(&mut self, poller: &Poller, token: u64, (now, wall): (u64, u64)) -> Option<Body> {
        if let State::Running {
            child,
            since,
            heard,
            ..
        } = &mut self.state
        {
            // A round that does not end, or a helper that hangs. Its end is heard of by a signal.
            drop(child.kill());
            *heard = now;
            if self.round.is_some() {
                *since = now;
                return None;
            }
            let seconds = self.helper.heartbeat_seconds.unwrap_or_default();
            let hangs = format!("hangs: nothing was heard of it for {seconds} s");
            self.last_error = Some(hangs.clone());
            return Some(self.event(hangs));
        }
        let mut command = Command::new(self.helper.command.first().map_or("", String::as_str));
        command
            .args(self.helper.command.iter().skip(1))
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        if let Some(round) = &mut self.round {
            round.next = wall.saturating_add(round.every);
            round.last = Some(wall);
            command.env_clear().envs(round.environment.iter().cloned());
        }
        if let Some(environment) = &self.watcher {
            command.env_clear().envs(environment.iter().cloned());
        }
        if let Some(seconds) = self.helper.heartbeat_seconds {
            command.env(HEARTBEAT_VARIABLE, seconds.to_string());
        }
        sys::die_with_parent(&mut command);
        let event = match command.spawn() {
            Ok(mut child) => {
                let words = LastWords::of(child.stderr.take(), poller, token);
                let event = format!("started as process {}", child.id());
                self.state = State::Running {
                    child,
                    words,
                    since: now,
                    heard: now,
                };
                // A round is no news while it finds nothing.
                return self.round.is_none().then(|| self.event(event));
            }
            Err(error) => format!("cannot be started: {error}"),
        };
        self.last_error = Some(event.clone());
        self.pause(now);
        Some(self.event(event))
    }

    /// Reads at most `reads` times. Returns the alarms that are new.
    fn listen(&mut self, reads: usize, now: u64) -> Vec<Body> {
        let lines = match &mut self.state {
            State::Running { words, heard, .. } => {
                let lines = words.read(reads);
                if !lines.is_empty() {
                    *heard = now;
                }
                lines
            }
            State::Pausing { .. } => Vec::new(),
        };
        let mut alarms = Vec::new();
        for line in lines {
            match line.strip_prefix(ALARM) {
                Some(alarm) => alarms.extend(self.alarm(alarm)),
                None if line.starts_with(SAYS) => {
                    self.says = line.strip_prefix(SAYS).map(str::to_owned);
                }
                None if line == ALIVE => {}
                None => self.last_error = Some(line),
            }
        }
        alarms
    }

    /// Keeps an alarm; the same one again is no news.
    fn alarm(&mut self, what: &str) -> Option<Body> {
        if self.said.len() < ALARMS_MAX {
            self.said.push(what.to_owned());
        }
        if self.alarms.iter().any(|known| known == what) || self.alarms.len() >= ALARMS_MAX {
            return None;
        }
        self.alarms.push(what.to_owned());
        Some(Body::Incident {
            what: what.to_owned(),
            bad: None,
            durable: None,
            observation: None,
        })
    }

    fn reap(&mut self, now: u64) -> Vec<Body> {
        let State::Running { child, since, .. } = &mut self.state else {
            return Vec::new();
        };
        let Some(ended) = child.try_wait().ok().flatten() else {
            return Vec::new();
        };
        if now.saturating_sub(*since) >= STEADY_MS {
            self.pause = PAUSE_MS_MIN;
        }
        // Its last words may still be in the pipe.
        let mut events = self.listen(LastWords::READS_MAX, now);
        let said = std::mem::take(&mut self.said);
        if self.round.is_some() && ended.code().is_some_and(|code| code <= 1) {
            // It looked at everything: what it no longer says is over.
            self.alarms.retain(|alarm| said.contains(alarm));
            self.last_error = None;
            self.pause(now);
            return events;
        }
        self.says = None;
        let how = ended.to_string();
        let why = self.last_error.take();
        self.last_error = Some(why.map_or_else(|| how.clone(), |why| format!("{why} ({how})")));
        self.pause(now);
        events.push(self.event(format!("ended: {how}")));
        events
    }

    fn pause(&mut self, now: u64) {
        self.state = State::Pausing {
            until: now.saturating_add(self.pause),
        };
        if self.round.is_none() {
            self.pause = (self.pause * 2).min(PAUSE_MS_MAX);
            self.restarts += 1;
        }
    }

    fn event(&self, event: String) -> Body {
        Body::Child {
            name: self.helper.name.clone(),
            event,
        }
    }

    fn status(&self, now: u64, wall: u64) -> ChildStatus {
        let (state, pid, for_ms) = match &self.state {
            State::Running { child, since, .. } => (
                ChildState::Running,
                Some(child.id()),
                now.saturating_sub(*since),
            ),
            State::Pausing { .. } => {
                let until = self.due(now, wall).unwrap_or(now);
                (ChildState::Pausing, None, until.saturating_sub(now))
            }
        };
        ChildStatus {
            name: self.helper.name.clone(),
            state,
            pid,
            for_ms,
            restarts: self.restarts,
            last_error: self.last_error.clone(),
            says: self.says.clone(),
        }
    }
}

impl Drop for Helpers {
    fn drop(&mut self) {
        for kept in &mut self.kept {
            if let State::Running { child, .. } = &mut kept.state {
                // One that has ended needs nothing, and nobody waits for the others.
                drop(child.kill());
            }
        }
    }
}
