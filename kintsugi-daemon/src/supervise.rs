//! Helper processes: kept running, started again with growing pauses, and never waited for.
//!
//! The gate works without any of them. What they do is theirs; here they are started, watched, and their last words kept.

use std::io::{ErrorKind, Read as _};
use std::process::{Child, ChildStderr, Command, Stdio};

use kintsugi_core::audit::record::Body;
use kintsugi_core::protocol::{ChildState, ChildStatus};

use crate::poller::{Interest, Poller};
use crate::settings::Helper;
use crate::{clip, sys};

/// Pause before a helper that ended is started again for the first time, in milliseconds; it doubles each time.
const PAUSE_MS_MIN: u64 = 1_000;

/// Longest pause, in milliseconds.
const PAUSE_MS_MAX: u64 = 60_000;

/// A helper that ran this long, in milliseconds, is begun with again as if it had never failed.
const STEADY_MS: u64 = 60_000;

/// Most bytes of its last words that are kept.
const WORDS_BYTES_MAX: usize = 512;

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
}

#[derive(Debug)]
enum State {
    Running {
        child: Child,
        errors: Option<ChildStderr>,
        /// What of its standard error is not a line yet.
        words: Vec<u8>,
        /// On the monotonic clock.
        since: u64,
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
    /// Helpers that are still to be started, at once. Their tokens begin at `first_token`.
    #[must_use]
    pub fn new(helpers: Vec<Helper>, first_token: u64) -> Self {
        let kept = helpers.into_iter().map(|helper| Kept {
            helper,
            state: State::Pausing { until: 0 },
            restarts: 0,
            pause: PAUSE_MS_MIN,
            last_error: None,
        });
        Self {
            kept: kept.collect(),
            first_token,
        }
    }

    /// Returns the next moment at which one is to be started, on the monotonic clock.
    #[must_use]
    pub fn due(&self) -> Option<u64> {
        let pausing = self.kept.iter().filter_map(|kept| match kept.state {
            State::Pausing { until } => Some(until),
            State::Running { .. } => None,
        });
        pausing.min()
    }

    /// Starts those whose pause is over. Returns what happened, for the log.
    pub fn start(&mut self, poller: &Poller, now: u64) -> Vec<Body> {
        let mut events = Vec::new();
        for (kept, token) in self.kept.iter_mut().zip(self.first_token..) {
            if matches!(kept.state, State::Pausing { until } if until <= now) {
                events.push(kept.start(poller, token, now));
            }
        }
        events
    }

    /// Reads what the helper of `token` has to say.
    pub fn listen(&mut self, token: u64) {
        let index = usize::try_from(token.saturating_sub(self.first_token)).ok();
        if let Some(kept) = index.and_then(|index| self.kept.get_mut(index)) {
            kept.listen();
        }
    }

    /// Looks for those that have ended, after `SIGCHLD`. Returns what happened, for the log.
    pub fn reap(&mut self, now: u64) -> Vec<Body> {
        self.kept
            .iter_mut()
            .filter_map(|kept| kept.reap(now))
            .collect()
    }

    /// Returns how they are at `now`.
    #[must_use]
    pub fn status(&self, now: u64) -> Vec<ChildStatus> {
        self.kept.iter().map(|kept| kept.status(now)).collect()
    }
}

impl Kept {
    fn start(&mut self, poller: &Poller, token: u64, now: u64) -> Body {
        let mut command = Command::new(self.helper.command.first().map_or("", String::as_str));
        command
            .args(self.helper.command.iter().skip(1))
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        sys::die_with_parent(&mut command);
        match command.spawn() {
            Ok(mut child) => {
                let errors = child.stderr.take().filter(|errors| {
                    rustix::io::ioctl_fionbio(errors, true).is_ok()
                        && poller.add(errors, token, Interest::READ).is_ok()
                });
                let event = format!("started as process {}", child.id());
                self.state = State::Running {
                    child,
                    errors,
                    words: Vec::new(),
                    since: now,
                };
                self.event(event)
            }
            Err(error) => {
                self.last_error = Some(format!("cannot be started: {error}"));
                self.pause(now);
                self.event(format!("cannot be started: {error}"))
            }
        }
    }

    fn listen(&mut self) {
        let State::Running { errors, words, .. } = &mut self.state else {
            return;
        };
        let Some(stream) = errors else { return };
        let mut bytes = [0; 4_096];
        match stream.read(&mut bytes) {
            Ok(0) => *errors = None,
            Ok(read) => {
                words.extend_from_slice(bytes.get(..read).unwrap_or_default());
                self.last_error = last_line(words).or(self.last_error.take());
                let kept = words.iter().rposition(|byte| *byte == b'\n');
                words.drain(..kept.map_or(0, |newline| newline + 1));
                words.truncate(WORDS_BYTES_MAX);
            }
            Err(error) if is_passing(error.kind()) => {}
            Err(_) => *errors = None,
        }
    }

    fn reap(&mut self, now: u64) -> Option<Body> {
        let State::Running { child, since, .. } = &mut self.state else {
            return None;
        };
        let ended = child.try_wait().ok().flatten()?;
        if now.saturating_sub(*since) >= STEADY_MS {
            self.pause = PAUSE_MS_MIN;
        }
        // Its last words may still be in the pipe.
        self.listen();
        let how = ended.to_string();
        let why = self.last_error.take();
        self.last_error = Some(why.map_or_else(|| how.clone(), |why| format!("{why} ({how})")));
        self.pause(now);
        Some(self.event(format!("ended: {how}")))
    }

    fn pause(&mut self, now: u64) {
        self.state = State::Pausing {
            until: now.saturating_add(self.pause),
        };
        self.pause = (self.pause * 2).min(PAUSE_MS_MAX);
        self.restarts += 1;
    }

    fn event(&self, event: String) -> Body {
        Body::Child {
            name: self.helper.name.clone(),
            event,
        }
    }

    fn status(&self, now: u64) -> ChildStatus {
        let (state, pid, for_ms) = match &self.state {
            State::Running { child, since, .. } => (
                ChildState::Running,
                Some(child.id()),
                now.saturating_sub(*since),
            ),
            State::Pausing { until } => (ChildState::Pausing, None, until.saturating_sub(now)),
        };
        ChildStatus {
            name: self.helper.name.clone(),
            state,
            pid,
            for_ms,
            restarts: self.restarts,
            last_error: self.last_error.clone(),
        }
    }
}

/// Returns the last whole line that says something, shortened.
fn last_line(words: &[u8]) -> Option<String> {
    let whole = words.rsplitn(2, |byte| *byte == b'\n').nth(1)?;
    let line = whole
        .rsplit(|byte| *byte == b'\n')
        .find(|line| !line.trim_ascii().is_empty())?;
    let mut line = String::from_utf8_lossy(line).into_owned();
    clip::text(&mut line, WORDS_BYTES_MAX);
    Some(line)
}

fn is_passing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::Interrupted)
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
