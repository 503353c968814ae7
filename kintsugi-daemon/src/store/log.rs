//! The log as its one writer sees it: stage records, make them durable, and only then be able to say so.
//!
//! Nobody else makes a [`Recorded`], and a verdict is answered only from one. After a failed sync nobody knows what the
//! file holds, so every call is refused until [`Log::reopen`] has begun a new segment.

use std::io;
use std::time::Duration;

use jiff::Timestamp;
use kintsugi_core::audit::chain::hex;
use kintsugi_core::audit::head::{Head, slot_offset};
use kintsugi_core::audit::line::{Envelope, Line, unsealed};
use kintsugi_core::audit::record::{Body, Durability, Record};
use kintsugi_core::limits::RECORD_BYTES_MAX;
use uuid::Uuid;

use super::notes::Notes;
use super::open::{OpenError, Replay};
use super::reserve::{Reserve, is_full};
use super::scan::Fold;
use super::segment::{At, Position};
use super::spot::Spot;
use super::storage::{Files, Storage, StoredFile, write_fully};

/// Longest that a record which nobody waits for stays without a sync, in milliseconds.
pub const BATCH_MS_MAX: u64 = 50;

/// Most records that stay without a sync because nobody waits for them.
pub const BATCH_RECORDS_MAX: u64 = 32;

/// The moment something is written: the wall clock for people, the other for deadlines.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// What the records say.
    pub wall: Timestamp,
    /// Time since any fixed moment; never goes back.
    pub monotonic: Duration,
}

/// What a log is opened with.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which start of the machine this is; letters, digits and dashes.
    pub boot: String,
    /// Fresh entropy, for salts and for a first key.
    pub seed: [u8; 32],
    /// The program that writes, with its version.
    pub program: String,
    /// The machine that writes, where the system names it.
    pub host: Option<String>,
    /// Records of a segment, a power of two: [`kintsugi_core::limits::SEGMENT_RECORDS`], but in tests of what happens between two.
    pub segment_records: u64,
}

/// Gives the live state when a segment begins.
pub trait LiveState {
    /// Returns the `state` records that a fold over everything staged so far comes down to.
    fn live_state(&self) -> Vec<Body>;
}

/// No live state: for logs that nothing is folded from.
impl LiveState for () {
    fn live_state(&self) -> Vec<Body> {
        Vec::new()
    }
}

/// Why something was not recorded. Nothing may be answered then but a refusal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// A record is longer than a line may be. The log is as before.
    #[error("a record of {0} bytes is longer than the log keeps ({RECORD_BYTES_MAX})")]
    TooLong(usize),
    /// A record cannot be written as JSON. The log is as before.
    #[error("a record cannot be encoded")]
    Encode(#[source] serde_json::Error),
    /// Somebody else changed the file while it was being written.
    #[error("segment {segment} has {found} bytes and {links} names, not {expected} and 1")]
    Changed {
        /// Its first record.
        segment: u64,
        /// Its size.
        found: u64,
        /// The size it ought to have.
        expected: u64,
        /// How many names it has.
        links: u64,
    },
    /// Nothing was written; the log is as before, and the next call may succeed.
    #[error("cannot write to the log")]
    Write(#[source] io::Error),
    /// Nobody knows what was written.
    #[error("cannot make the log durable")]
    Sync(#[source] io::Error),
    /// The live state does not fit into one segment.
    #[error("the live state of {0} records does not fit into a segment of the log")]
    TooMuchState(usize),
    /// An earlier call failed in such a way that the log must be opened again.
    #[error("the log must be opened again after it could not be written")]
    Refused,
}

/// How the log stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Random name of the log.
    pub id: Uuid,
    /// Durable records.
    pub size: u64,
    /// Hash of the last staged record, in hexadecimal.
    pub head: String,
    /// Records that the last signed checkpoint covers.
    pub checkpoint: u64,
}

/// Records that are written and perhaps not durable. Not an answer to anybody.
#[derive(Debug)]
#[must_use = "what is staged must be confirmed before anybody is answered"]
pub struct Staged {
    records: Vec<Record>,
    end: u64,
    opened: Vec<Spot>,
}

impl Staged {
    /// Returns the records, to be folded into the live state.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Returns where the live state stands, when a segment was begun for these records: each piece, in the order it was given in.
    #[must_use]
    pub fn opened(&self) -> &[Spot] {
        &self.opened
    }
}

/// How much is durable. Only the log makes one.
#[derive(Debug, Clone, Copy)]
#[must_use = "a sync is for confirming what was staged"]
pub struct Durable {
    end: u64,
    log: Uuid,
}

impl Durable {
    /// Turns what is staged into what is recorded.
    ///
    /// # Errors
    /// Gives it back when it is not durable yet.
    pub fn confirm(&self, staged: Staged) -> Result<Recorded, Staged> {
        if staged.end > self.end {
            return Err(staged);
        }
        Ok(Recorded {
            records: staged.records,
            log: self.log,
        })
    }
}

/// Records that are durable: what an answer is made from.
#[derive(Debug)]
#[must_use = "what is recorded is answered"]
pub struct Recorded {
    records: Vec<Record>,
    log: Uuid,
}

impl Recorded {
    /// Returns the records, in order.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Gives the records away.
    #[must_use]
    pub fn into_records(self) -> Vec<Record> {
        self.records
    }

    /// Returns the log they are in.
    #[must_use]
    pub const fn log(&self) -> Uuid {
        self.log
    }
}

/// The log, open for its one writer.
#[derive(Debug)]
pub struct Log {
    pub(super) storage: Box<dyn Storage>,
    pub(super) options: Options,
    pub(super) id: Uuid,
    pub(super) at: At,
    /// Where the next record goes.
    pub(super) staged: Position,
    /// Up to where everything is durable.
    pub(super) durable: Position,
    pub(super) head: HeadFile,
    pub(super) checkpoints: Notes,
    /// When the oldest record that nobody waits for was staged.
    pub(super) unsynced_since: Option<Duration>,
    /// To be written in front of the next records: what the start found.
    pub(super) notes: Vec<Body>,
    pub(super) reserve: Reserve,
    /// Where the live state of the segment stands, until it is told.
    pub(super) opened: Vec<Spot>,
    pub(super) failed: bool,
}

/// The file with both slots, and how often it was written.
#[derive(Debug)]
pub(super) struct HeadFile {
    pub(super) file: Box<dyn StoredFile>,
    pub(super) writes: u64,
    /// Both slots could be read when the log was opened.
    pub(super) is_whole: bool,
}

impl Log {
    /// Opens the log that `storage` holds, or makes a new one where there is none. The records of its last segment are given to
    /// `fold`, from which the live state comes.
    ///
    /// Nothing is written to the segments yet: what the start found is recorded in front of the first records staged.
    ///
    /// # Errors
    /// When the storage fails. A log that does not verify is not an error: see [`super::Start::Incident`].
    pub fn open(
        storage: Box<dyn Storage>,
        options: Options,
        fold: &mut dyn Fold,
    ) -> Result<(Self, Replay), OpenError> {
        super::open::open(storage, options, fold)
    }

    /// Writes the records of one request in one write. They are not durable yet.
    ///
    /// When the segment is full, this first begins the next one, which opens with `live`: so fold what is staged at
    /// once, not when it is confirmed.
    ///
    /// # Errors
    /// When nothing of it can be relied on; what was staged before is as it was.
    pub fn stage(
        &mut self,
        now: Now,
        bodies: Vec<Body>,
        live: &dyn LiveState,
    ) -> Result<Staged, LogError> {
        if self.failed {
            return Err(LogError::Refused);
        }
        let skip = self.notes.len();
        let all: Vec<Body> = self.notes.iter().cloned().chain(bodies).collect();
        self.make_room(now, all.len(), live)?;
        let waits = |body: &Body| body.durability() == Durability::Sync;
        // Nothing that was staged is nothing to be synced either: its moment would never be over.
        let patient = !all.is_empty() && !all.iter().any(waits);
        let mut records = self.write(now, all)?;
        self.notes.clear();
        if patient {
            self.unsynced_since.get_or_insert(now.monotonic);
        }
        Ok(Staged {
            records: records.split_off(skip),
            end: self.staged.chain.next,
            opened: std::mem::take(&mut self.opened),
        })
    }

    /// Makes everything staged durable.
    ///
    /// # Errors
    /// When nobody knows what is durable; then every call is refused until [`Log::reopen`].
    pub fn sync(&mut self) -> Result<Durable, LogError> {
        if self.failed {
            return Err(LogError::Refused);
        }
        if let At::Segment(segment) = &self.at
            && self.durable.chain.next < self.staged.chain.next
        {
            let synced = segment.file.sync();
            synced.map_err(|error| self.fail(error))?;
            self.durable = self.staged.clone();
            self.unsynced_since = None;
            self.write_head()?;
            if self.checkpoints.is_due(self.durable.chain.next) {
                self.sign()?;
            }
        }
        Ok(Durable {
            end: self.durable.chain.next,
            log: self.id,
        })
    }

    /// Signs a checkpoint over everything that is durable.
    fn sign(&mut self) -> Result<(), LogError> {
        let storage = self.storage.as_ref();
        let (id, durable) = (self.id, &self.durable);
        let signed = self
            .checkpoints
            .write(storage, id, durable, &mut self.reserve);
        signed.map_err(|error| self.fail(error))
    }

    /// Returns the moment, on the clock of [`Now::monotonic`], by which [`Log::tend`] must be called although nothing else
    /// happens.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        [self.sync_due(), self.checkpoints.due()]
            .into_iter()
            .flatten()
            .min()
            .filter(|_| !self.failed)
    }

    /// Does what is due: makes records durable that nobody waits for, and signs a checkpoint over what has none.
    ///
    /// # Errors
    /// As [`Log::sync`].
    pub fn tend(&mut self, now: Now) -> Result<Durable, LogError> {
        let durable = self.sync()?;
        if self
            .checkpoints
            .due()
            .is_some_and(|due| due <= now.monotonic)
        {
            self.sign()?;
            self.keep_room()?;
        }
        Ok(durable)
    }

    /// Whether the disk was full and has had no room since for the reserve: few more records fit.
    #[must_use]
    pub const fn is_nearly_full(&self) -> bool {
        !self.reserve.is_held()
    }

    /// Returns the key that checks the checkpoints, for people to keep elsewhere.
    #[must_use]
    pub fn verifier(&self) -> Option<String> {
        self.checkpoints.verifier(self.id, self.durable.tree_first)
    }

    /// Returns the moment, on the clock of [`Now::monotonic`], by which [`Log::sync`] must be called although nobody waits.
    #[must_use]
    pub fn sync_due(&self) -> Option<Duration> {
        let since = self.unsynced_since?;
        let unsynced = self.staged.chain.next - self.durable.chain.next;
        if unsynced >= BATCH_RECORDS_MAX {
            return Some(since);
        }
        Some(since + Duration::from_millis(BATCH_MS_MAX))
    }

    /// Returns the files of the log, to be read.
    #[must_use]
    pub fn source(&self) -> Files<'_> {
        Files(self.storage.as_ref())
    }

    /// Returns how the log stands.
    #[must_use]
    pub fn status(&self) -> Status {
        Status {
            id: self.id,
            size: self.durable.chain.next,
            head: hex(&self.durable.chain.seal.hash),
            checkpoint: self.checkpoints.covered(),
        }
    }

    /// Takes the last checkpoint that was signed since the last call, to be told elsewhere.
    pub fn take_note(&mut self) -> Option<String> {
        self.checkpoints.take_written()
    }

    /// Returns the first record of the segment that is being written.
    #[must_use]
    pub const fn segment(&self) -> u64 {
        self.durable.segment
    }

    /// Opens the log again after an error that refuses every call, keeping the lock: what was durable is kept, nothing
    /// else is, and the next records begin a new segment. The live state is folded anew.
    ///
    /// # Errors
    /// When the storage fails again; the log is then lost to this process until it is opened anew.
    pub fn reopen(self, fold: &mut dyn Fold) -> Result<(Self, Replay), OpenError> {
        super::recover::reopen(self, fold)
    }

    /// Writes `bodies` behind what is there.
    pub(super) fn write(&mut self, now: Now, bodies: Vec<Body>) -> Result<Vec<Record>, LogError> {
        let mut position = self.staged.clone();
        let mut bytes = Vec::new();
        let mut records = Vec::new();
        let mut spots = Vec::new();
        let ts = format!("{:.6}", now.wall);
        let at_once = bodies.iter().any(Body::is_signed_at_once);
        for body in bodies {
            let seq = position.chain.next;
            let salt = salt(&self.options.seed, seq);
            let (public, private) = body.members(&salt).map_err(LogError::Encode)?;
            let envelope = Envelope {
                seq,
                durable: self.durable.chain.next,
                ts: &ts,
                boot: &self.options.boot,
            };
            let line = unsealed(envelope, body.kind(), &public, &private);
            let line = position.chain.seal(&line);
            if line.len() > RECORD_BYTES_MAX {
                return Err(LogError::TooLong(line.len()));
            }
            let bare = line.strip_suffix('\n').unwrap_or(&line);
            match Line::split(bare.as_bytes()) {
                Ok(split) => {
                    if matches!(body, Body::State { .. }) {
                        spots.push(Spot::of(&position, &split));
                    }
                    position.pass(line.as_bytes(), &split);
                }
                Err(_) => return Err(LogError::TooLong(line.len())),
            }
            bytes.extend_from_slice(line.as_bytes());
            records.push(Record {
                seq,
                ts: ts.clone(),
                boot: self.options.boot.clone(),
                body,
                redacted: false,
            });
        }
        self.append(&bytes)?;
        self.staged = position;
        if !spots.is_empty() {
            self.opened = spots;
        }
        if !records.is_empty() {
            self.checkpoints.staged(now.monotonic, at_once);
        }
        Ok(records)
    }

    /// Appends bytes to the segment, all or none.
    fn append(&mut self, bytes: &[u8]) -> Result<(), LogError> {
        let At::Segment(segment) = &self.at else {
            return Err(LogError::Refused);
        };
        if let Some(changed) = self.changed().map_err(LogError::Write)? {
            self.failed = true;
            return Err(changed);
        }
        let expected = self.staged.bytes;
        let file = segment.file.as_ref();
        loop {
            let Err(error) = write_fully(file, expected, bytes) else {
                return Ok(());
            };
            // Part of it may be there. What was staged before is not touched.
            self.failed = file.cut(expected).is_err();
            if self.failed || !is_full(&error) || !self.reserve.give() {
                return Err(LogError::Write(error));
            }
        }
    }

    /// Returns how the segment differs from what was written to it, as far as its size and its names tell.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn changed(&self) -> io::Result<Option<LogError>> {
        let At::Segment(segment) = &self.at else {
            return Ok(None);
        };
        let expected = self.staged.bytes;
        let state = segment.file.state()?;
        let is_changed = state.bytes != expected || state.links != 1;
        Ok(is_changed.then_some(LogError::Changed {
            segment: self.staged.segment,
            found: state.bytes,
            expected,
            links: state.links,
        }))
    }

    /// Takes the reserve where there is room for it.
    ///
    /// # Errors
    /// When it cannot be taken for another reason than that.
    pub fn keep_room(&mut self) -> Result<(), LogError> {
        let taken = self.reserve.take(self.storage.as_ref());
        taken.map_err(LogError::Write)
    }

    /// Says in the head how far the log is.
    pub(super) fn write_head(&mut self) -> Result<(), LogError> {
        let head = Head {
            log_id: *self.id.as_bytes(),
            chain: self.durable.chain.clone(),
            segment: self.durable.segment,
            offset: self.durable.bytes,
        };
        let offset = slot_offset(self.head.writes);
        let slot = head.encode();
        let mut written = write_fully(self.head.file.as_ref(), offset, &slot);
        if written.as_ref().is_err_and(is_full) && self.reserve.give() {
            written = write_fully(self.head.file.as_ref(), offset, &slot);
        }
        written.map_err(|error| self.fail(error))?;
        self.head.writes += 1;
        Ok(())
    }

    pub(super) fn fail(&mut self, error: io::Error) -> LogError {
        self.failed = true;
        LogError::Sync(error)
    }
}

/// Returns the salt of one record's private part.
fn salt(seed: &[u8; 32], seq: u64) -> [u8; 16] {
    let mut salt = [0; 16];
    let hash = blake3::keyed_hash(seed, &seq.to_le_bytes());
    for (to, from) in salt.iter_mut().zip(hash.as_bytes()) {
        *to = *from;
    }
    salt
}
