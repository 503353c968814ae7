//! The log and what is folded from it, as one: nothing is remembered that is not written, and the other way round.
//!
//! After a failed write or sync everything is refused until the log has been opened again and folded anew.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use kintsugi_core::audit::read::Records;
use kintsugi_core::audit::record::{Body, Record};
use kintsugi_core::limits::SEGMENT_RECORDS;

use crate::clock::Clock;
use crate::state::State;
use crate::state::admin::Admin;
use crate::store::{
    self, Anchor, Directory, Durable, Fold, Log, LogError, Now, Options, Pieces, Place, Replay,
    Spot, Staged, Start,
};

mod removal;

pub use removal::RemovalError;

/// How long nothing is tried again after the log could not be opened, in milliseconds.
const RETRY_MS: u64 = 1_000;

/// A sync that took longer, in milliseconds, is told of: while it lasts, nobody is answered.
const SYNC_MS_MAX: u64 = 2_000;

/// How long it is told of, in milliseconds.
const SLOW_MS: u64 = 10 * 60 * 1_000;

/// Most foreign files, and most gaps, that are told of.
const ODDITIES_MAX: usize = 8;

/// What the record says by which a log goes on on another machine.
const HOST_ACCEPTED: &str = "host accepted";

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
    /// Why it cannot be written, while it cannot.
    trouble: String,
    /// Before this moment it is not tried, on the monotonic clock.
    retry_at: u64,
    /// Why the last record could not be written; nothing since one was.
    refusal: Option<String>,
    /// The machine that the log says it is of.
    host: Option<String>,
    /// What the directory holds or misses that the start did not stop at, one line each.
    oddities: Vec<String>,
    /// Where checkpoints are told beside the log.
    anchor: Anchor,
    /// The last sync that took long: when it ended, on the monotonic clock, and how long it took, in milliseconds.
    slow: Option<(u64, u64)>,
}

/// What the records of the last segment come to.
#[derive(Debug, Default)]
struct Folded {
    state: State,
    /// The machine that they name last.
    host: Option<String>,
    /// What they name in other segments.
    pieces: Pieces,
}

impl Folded {
    fn of(directory: &Path) -> Self {
        Self {
            pieces: Pieces::of(directory.to_owned()),
            ..Self::default()
        }
    }
}

impl Fold for Folded {
    fn begin(&mut self) {
        (self.state, self.host) = Default::default();
    }

    fn take(&mut self, record: Record, spot: Option<Spot>) {
        if let Some(host) = host_of(&record.body) {
            self.host = Some(host);
        }
        let pieces = &mut self.pieces;
        self.state.replay(record, spot, &mut |spot, take| {
            if let Some(private) = pieces.read(spot) {
                take(private);
            }
        });
    }
}

impl Book {
    /// Opens the log in `directory` and folds it.
    ///
    /// # Errors
    ///
    /// When the directory cannot be used, another daemon uses it, or a newer program wrote it.
    pub fn open(directory: PathBuf) -> anyhow::Result<Self> {
        let mut folded = Folded::of(&directory);
        let (log, replay) = open(&directory, &mut folded)?;
        let mut book = Self {
            log: Some(log),
            directory,
            state: State::default(),
            incident: None,
            broken: false,
            trouble: String::new(),
            retry_at: 0,
            refusal: None,
            host: None,
            oddities: Vec::new(),
            anchor: Anchor::of_system(),
            slow: None,
        };
        let is_new = matches!(replay.start, Start::New | Start::Incident { .. });
        book.found(folded, replay);
        let key = book.log.as_ref().filter(|_| is_new).and_then(Log::verifier);
        if let Some(key) = key {
            book.anchor.tell_key(&key);
        }
        Ok(book)
    }

    fn found(&mut self, folded: Folded, replay: Replay) {
        let Folded { state, host, .. } = folded;
        (self.state, self.host) = (state, host);
        let foreign = replay.foreign.iter().take(ODDITIES_MAX).map(|name| {
            format!("`{name}` in the directory of the log is none of its files: move it away")
        });
        let missing = replay.gaps.iter().take(ODDITIES_MAX).map(|gap| {
            let last = gap.end.saturating_sub(1);
            format!(
                "records of the log between {} and {last} are missing: run `kintsugi log verify`",
                gap.start
            )
        });
        self.oddities = missing.chain(foreign).collect();
        if let Start::Incident { what } = replay.start {
            self.incident = Some(what);
        }
    }

    /// Whether the log is of this machine, or of none that it names.
    ///
    /// # Errors
    ///
    /// When it was written on another: copied, restored from a backup, or moved with its disk.
    pub fn check_host(&self) -> anyhow::Result<()> {
        match (&self.host, store::host()) {
            (Some(written), Some(here)) if *written != here => anyhow::bail!(
                "the log in `{}` was written on another machine: if you moved it here, run `kintsugi daemon \
                 accept-host`, else move it away",
                self.directory.display()
            ),
            (Some(_) | None, Some(_) | None) => Ok(()),
        }
    }

    /// Says in the log that a person wants it to go on here; nothing when it is of this machine already.
    ///
    /// # Errors
    ///
    /// When that cannot be recorded.
    pub fn accept_host(&mut self, clock: &dyn Clock) -> anyhow::Result<bool> {
        let Some(here) = store::host().filter(|here| self.host.as_ref() != Some(here)) else {
            return Ok(false);
        };
        let accepted = Body::Policy {
            what: HOST_ACCEPTED.to_owned(),
            hash: Some(here),
            detail: serde_json::json!({ "before": self.host }),
        };
        let staged = self.stage(clock, vec![accepted])?;
        let recorded = self.sync(clock)?.confirm(staged);
        recorded
            .map(|_recorded| true)
            .map_err(|_staged| anyhow::anyhow!("it is not in the log"))
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

    /// Returns what is wrong with the log that no start has found yet: somebody has just changed what is being written.
    #[must_use]
    pub fn changed(&self) -> Option<String> {
        let log = self.log.as_ref().filter(|_| !self.broken)?;
        let changed = log.changed().ok().flatten();
        changed.map(|error| error.to_string())
    }

    /// Returns what is odd about the directory of the log, one line each.
    #[must_use]
    pub fn oddities(&self) -> &[String] {
        &self.oddities
    }

    /// Returns the vault that anything still readable in the directory named last, when the log was altered.
    #[must_use]
    pub fn vault_before_incident(&self) -> Option<String> {
        self.incident.as_ref()?;
        let source = self.log.as_ref()?.source();
        // Of the records that name one, each holds this word.
        let records = Records::since(&source, 0).ok()?.containing("vault");
        Admin::last_named(records.filter_map(Result::ok))
    }

    /// Writes the records of one request and remembers them. They are not durable yet.
    ///
    /// Without any it returns the claim that everything written so far is durable.
    ///
    /// # Errors
    ///
    /// When they cannot be written: then nothing is remembered either.
    pub fn stage(&mut self, clock: &dyn Clock, bodies: Vec<Body>) -> anyhow::Result<Staged> {
        let log = sound(&mut self.log, self.broken, &self.trouble)?;
        let now = now(clock);
        match log.stage(now, bodies, &self.state) {
            Ok(staged) => {
                self.refusal.take_if(|_| !staged.records().is_empty());
                self.state.opened(staged.opened());
                for record in staged.records() {
                    self.state.apply(record);
                }
                Ok(staged)
            }
            Err(error) => Err(self.refused(error)),
        }
    }

    /// Remembers what a refusal of the log means for the next call; returns it for people.
    fn refused(&mut self, error: LogError) -> anyhow::Error {
        let breaks = !is_as_before(&error);
        let is_refused = matches!(error, LogError::Write(_));
        let error = explain(&self.directory, error.into());
        if breaks {
            self.break_off(&error);
        } else if is_refused {
            self.refusal = Some(format!("{error:#}"));
        }
        error
    }

    fn break_off(&mut self, error: &anyhow::Error) {
        self.broken = true;
        self.trouble = format!("{error:#}");
    }

    /// Makes everything durable that was written, and signs a checkpoint where one is due.
    ///
    /// # Errors
    ///
    /// When nobody knows what is durable: nothing of it may be answered.
    pub fn sync(&mut self, clock: &dyn Clock) -> anyhow::Result<Durable> {
        let log = sound(&mut self.log, self.broken, &self.trouble)?;
        let began = clock.monotonic_ms();
        let synced = log.tend(now(clock));
        let ended = clock.monotonic_ms();
        if ended.saturating_sub(began) > SYNC_MS_MAX {
            self.slow = Some((ended, ended - began));
        }
        if let Some(note) = log.take_note() {
            self.anchor.tell(&note);
        }
        synced.map_err(|error| {
            let error = explain(&self.directory, error.into());
            self.break_off(&error);
            error
        })
    }

    /// Opens the log again after a failure, at most once in a while.
    ///
    /// INVARIANT: nobody holds a claim to what was staged before, since the numbers of records that were lost are given
    /// again. The loop calls this only between rounds.
    ///
    /// Returns what is wrong with the log, where it had to be begun anew: that is for the log as well.
    ///
    /// # Errors
    ///
    /// When it cannot be opened yet; everything is refused until it can.
    pub fn mend(&mut self, clock: &dyn Clock) -> anyhow::Result<Option<String>> {
        if !self.broken || clock.monotonic_ms() < self.retry_at {
            return Ok(None);
        }
        self.retry_at = clock.monotonic_ms().saturating_add(RETRY_MS);
        let mut folded = Folded::of(&self.directory);
        let opened = match self.log.take() {
            Some(log) => log
                .reopen(&mut folded)
                .map_err(|error| explain(&self.directory, error.into())),
            None => open(&self.directory, &mut folded),
        };
        let (mut log, replay) = opened.inspect_err(|error| self.trouble = format!("{error:#}"))?;
        // Else it would say that the disk is nearly full until the next checkpoint.
        drop(log.keep_room());
        let found = match &replay.start {
            Start::Incident { what } => Some(what.clone()),
            Start::New | Start::Clean | Start::Unclean | Start::Torn { .. } => None,
        };
        self.found(folded, replay);
        // What was read back of a segment whose sync failed may be in memory alone: the next one names nothing of it.
        self.state.write_whole();
        self.log = Some(log);
        self.broken = false;
        Ok(found)
    }

    /// Whether what is remembered is what the log holds.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        !self.broken
    }

    /// Returns when [`Self::sync`] must be called although nobody waits for a record, on the monotonic clock in
    /// milliseconds: for records that are not durable, or that no checkpoint covers.
    #[must_use]
    pub fn due(&self) -> Option<u64> {
        let due = self.log.as_ref().filter(|_| !self.broken)?.due()?;
        u64::try_from(due.as_millis()).ok()
    }

    /// Returns what keeps the log from being written, or soon will.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        match &self.log {
            Some(_) if !self.broken && self.refusal.is_some() => {
                let why = self.refusal.as_deref().unwrap_or_default();
                Some(format!("everything is refused: {why}"))
            }
            Some(log) if !self.broken => log.is_nearly_full().then(|| {
                let shown = self.directory.display();
                format!("the disk of `{shown}` is nearly full: few more records fit, then everything is refused")
            }),
            _ => Some(format!("everything is refused: {}", self.trouble)),
        }
    }

    /// Returns that the disk was slow, while that is news at `now`, on the monotonic clock.
    #[must_use]
    pub fn slowness(&self, now: u64) -> Option<String> {
        let (_, took) = self
            .slow
            .filter(|(at, _)| now < at.saturating_add(SLOW_MS))?;
        let seconds = took / 1_000;
        Some(format!(
            "the disk of the log took {seconds} s to keep a record; nobody was answered meanwhile"
        ))
    }

    /// Returns the place behind everything that is durable; nothing while the log cannot be written.
    #[must_use]
    pub fn end(&self) -> Option<Place> {
        self.log.as_ref().filter(|_| !self.broken).map(Log::end)
    }

    /// Returns the place of record `seq`.
    ///
    /// # Errors
    ///
    /// When the log cannot be read.
    pub fn place_of(&self, seq: u64) -> anyhow::Result<Place> {
        let log = self.log.as_ref().filter(|_| !self.broken);
        let log = log.ok_or_else(|| anyhow::anyhow!("{}", self.trouble))?;
        Ok(log.place_of(seq)?)
    }

    /// Returns durable records from `place` on, as they stand in the log, and moves it behind them.
    ///
    /// # Errors
    ///
    /// When the log cannot be read.
    pub fn read_on(&self, place: &mut Place) -> io::Result<Vec<u8>> {
        let log = self.log.as_ref().filter(|_| !self.broken);
        log.map_or_else(|| Ok(Vec::new()), |log| log.read_on(place))
    }

    /// Returns record `seq`; nothing when it is not there, not durable, or cannot be read now.
    #[must_use]
    pub fn find(&self, seq: u64) -> Option<Record> {
        self.log.as_ref()?.find(seq).ok().flatten()
    }

    /// Returns how the log stands; nothing while it cannot be written.
    #[must_use]
    pub fn status(&self) -> Option<store::Status> {
        self.log.as_ref().filter(|_| !self.broken).map(Log::status)
    }
}

/// Returns the machine that a record names.
fn host_of(body: &Body) -> Option<String> {
    if let Body::Open { host, .. } = body {
        return host.clone();
    }
    let Body::Policy { what, hash, .. } = body else {
        return None;
    };
    hash.clone().filter(|_| what == HOST_ACCEPTED)
}

/// Returns the log when it can be written, else why it cannot.
fn sound<'a>(log: &'a mut Option<Log>, broken: bool, trouble: &str) -> anyhow::Result<&'a mut Log> {
    log.as_mut()
        .filter(|_| !broken)
        .ok_or_else(|| anyhow::anyhow!("{trouble}"))
}

fn open(directory: &Path, folded: &mut Folded) -> anyhow::Result<(Log, Replay)> {
    let storage = Directory::open(directory).map_err(|error| explain(directory, error.into()))?;
    let options = Options {
        boot: store::boot_id(),
        seed: store::seed().context("the system gives no randomness")?,
        host: store::host(),
        program: concat!("kintsugi-daemon ", env!("CARGO_PKG_VERSION")).to_owned(),
        segment_records: SEGMENT_RECORDS,
    };
    Log::open(Box::new(storage), options, folded).map_err(|error| explain(directory, error.into()))
}

/// Says what a person can do about it, where that is known.
fn explain(directory: &Path, error: anyhow::Error) -> anyhow::Error {
    use std::io::ErrorKind;
    let kind = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<std::io::Error>())
        .map(std::io::Error::kind);
    let shown = directory.display();
    match kind {
        Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
            anyhow::anyhow!("no space is left for the log in `{shown}`: free some")
        }
        Some(ErrorKind::ReadOnlyFilesystem) => {
            anyhow::anyhow!("the log in `{shown}` is on a read-only file system: make it writable")
        }
        Some(ErrorKind::PermissionDenied) => {
            anyhow::anyhow!("the log in `{shown}` may not be written: look at its owner and mode")
        }
        _ => error,
    }
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
