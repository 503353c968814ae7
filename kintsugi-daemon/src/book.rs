//! The log and what is folded from it, as one: nothing is remembered that is not written, and the other way round.
//!
//! After a failed write or sync everything is refused until the log has been opened again and folded anew.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use kintsugi_core::audit::record::Body;

use crate::clock::Clock;
use crate::state::State;
use crate::store::{self, Directory, Durable, Log, LogError, Now, Options, Replay, Staged, Start};

/// How long nothing is tried again after the log could not be opened, in milliseconds.
const RETRY_MS: u64 = 1_000;

/// The log and its fold.
#[derive(Debug)]
pub struct Book {
    /// Absent while it cannot be opened.
    log: Option<Log>,
    directory: PathBuf,
    state: State,
    /// What a start found that a person must look at.
    incident: Option<String>,
    /// Something was staged whose fate is not known, or the log refuses: open it again first.
    broken: bool,
    /// Before this moment it is not tried, on the monotonic clock.
    retry_at: u64,
}

impl Book {
    /// Opens the log in `directory` and folds it.
    ///
    /// # Errors
    ///
    /// When the directory cannot be used, another daemon uses it, or a newer program wrote it.
    pub fn open(directory: PathBuf) -> anyhow::Result<Self> {
        let (log, replay) = open(&directory)?;
        let mut book = Self {
            log: Some(log),
            directory,
            state: State::default(),
            incident: None,
            broken: false,
            retry_at: 0,
        };
        book.fold(&replay);
        Ok(book)
    }

    fn fold(&mut self, replay: &Replay) {
        self.state = State::default();
        for record in &replay.records {
            self.state.apply(record);
        }
        if let Start::Incident { what } = &replay.start {
            self.incident = Some(what.clone());
        }
    }

    /// Returns what is remembered.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Returns what is wrong with the log that was found, if anything is.
    #[must_use]
    pub fn incident(&self) -> Option<&str> {
        self.incident.as_deref()
    }

    /// Writes the records of one request and remembers them. They are not durable yet.
    ///
    /// Without any it returns the claim that everything written so far is durable.
    ///
    /// # Errors
    ///
    /// When they cannot be written: then nothing is remembered either.
    pub fn stage(&mut self, clock: &dyn Clock, bodies: Vec<Body>) -> anyhow::Result<Staged> {
        if self.broken {
            return Err(LogError::Refused.into());
        }
        let log = self.log.as_mut().context("the log is not open")?;
        let now = now(clock);
        match log.stage(now, bodies, &self.state) {
            Ok(staged) => {
                for record in staged.records() {
                    self.state.apply(record);
                }
                Ok(staged)
            }
            Err(error) => {
                self.broken |= !is_as_before(&error);
                Err(error.into())
            }
        }
    }

    /// Makes everything durable that was written.
    ///
    /// # Errors
    ///
    /// When nobody knows what is durable: nothing of it may be answered.
    pub fn sync(&mut self) -> anyhow::Result<Durable> {
        let log = self.log.as_mut().context("the log is not open")?;
        if self.broken {
            return Err(LogError::Refused.into());
        }
        log.sync().map_err(|error| {
            self.broken = true;
            error.into()
        })
    }

    /// Opens the log again after a failure, at most once in a while.
    ///
    /// INVARIANT: nobody holds a claim to what was staged before, since the numbers of records that were lost are given
    /// again. The loop calls this only between rounds.
    ///
    /// # Errors
    ///
    /// When it cannot be opened yet; everything is refused until it can.
    pub fn mend(&mut self, clock: &dyn Clock) -> anyhow::Result<()> {
        if !self.broken || clock.monotonic_ms() < self.retry_at {
            return Ok(());
        }
        self.retry_at = clock.monotonic_ms().saturating_add(RETRY_MS);
        let (log, replay) = match self.log.take() {
            Some(log) => log.reopen()?,
            None => open(&self.directory)?,
        };
        self.fold(&replay);
        self.log = Some(log);
        self.broken = false;
        Ok(())
    }

    /// Whether what is remembered is what the log holds.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        !self.broken
    }

    /// Returns when records that nobody waits for must be durable, on the monotonic clock in milliseconds.
    #[must_use]
    pub fn sync_due(&self) -> Option<u64> {
        let due = self.log.as_ref().filter(|_| !self.broken)?.sync_due()?;
        u64::try_from(due.as_millis()).ok()
    }

    /// Returns how the log stands; nothing while it cannot be written.
    #[must_use]
    pub fn status(&self) -> Option<store::Status> {
        self.log.as_ref().filter(|_| !self.broken).map(Log::status)
    }
}

fn open(directory: &std::path::Path) -> anyhow::Result<(Log, Replay)> {
    let storage = Directory::open(directory)?;
    let options = Options {
        boot: store::boot_id(),
        seed: store::seed().context("the system gives no randomness")?,
        program: concat!("kintsugi-daemon ", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    Ok(Log::open(Box::new(storage), options)?)
}

fn now(clock: &dyn Clock) -> Now {
    let wall = i64::try_from(clock.wall_ms()).unwrap_or(i64::MAX);
    Now {
        wall: Timestamp::from_millisecond(wall).unwrap_or(Timestamp::MAX),
        monotonic: Duration::from_millis(clock.monotonic_ms()),
    }
}

/// Whether the log says that nothing changed.
fn is_as_before(error: &LogError) -> bool {
    match error {
        LogError::TooLong(_)
        | LogError::Encode(_)
        | LogError::TooMuchState(_)
        | LogError::Write(_) => true,
        LogError::Changed { .. } | LogError::Sync(_) | LogError::Refused => false,
    }
}
