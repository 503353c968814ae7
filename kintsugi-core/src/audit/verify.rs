//! Proves a log, or says which record is the first that is bad and why.
//!
//! Reads through [`Source`] from the first segment to the last, keeping one line, one note and the right edge of the tree: a
//! log of any size takes the same memory. It believes nothing that it has not computed, and says which layers it checked.
//!
//! | file | one job |
//! |---|---|
//! | `beginning.rs` | what the first record of a segment says |
//! | `quick.rs` | a whole segment by the hash of its file |
//! | `records.rs` | one record |
//! | `notes.rs` | the signed checkpoints |
//! | `judge.rs` | torn, tampered, or incomplete |
//! | `report.rs` | what is asked and what is said |

mod beginning;
mod judge;
mod notes;
mod quick;
mod records;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use uuid::Uuid;

use self::notes::Notes;
pub use self::report::{Depth, Layer, Options, Outcome, Report};
use super::chain::{Key, Seal};
use super::checkpoint::Verifier;
use super::head::{HEAD_BYTES, Head, SLOT_BYTES};
use super::lines::Lines;
use super::merkle::{Frontier, Hash};
use super::{HEAD_FILE, Source, is_known, segment_first, segment_name};
use crate::limits::RECORD_BYTES_MAX;

/// Most warnings that are kept: a clock can jump back as often as there are records.
const WARNINGS_MAX: usize = 100;

/// Verifies the log that `source` holds.
#[must_use]
pub fn verify<'a>(source: &'a dyn Source, options: Options<'a>) -> Report {
    let mut run = Run::new(source, options);
    let outcome = match run.all() {
        Ok(()) => Outcome::Good,
        Err(outcome) => outcome,
    };
    run.report(outcome)
}

/// A verification in progress.
struct Run<'a> {
    source: &'a dyn Source,
    options: Options<'a>,
    head: Option<Head>,
    log: Option<Uuid>,
    verifier: Option<Verifier>,
    /// The next record.
    next: u64,
    first: u64,
    bytes: u64,
    /// The seal of the record before, as it stands in the file.
    seal: Vec<u8>,
    tree: Frontier,
    tree_first: u64,
    /// The key of the next record.
    key: Option<Key>,
    vouched: u64,
    notes: Option<Notes<'a>>,
    agreed: u64,
    /// Roots of notes that were kept elsewhere, by the size of the tree.
    anchors: BTreeMap<u64, Vec<Hash>>,
    anchored: u64,
    redacted: BTreeSet<u64>,
    authorised: BTreeSet<u64>,
    pruned_before: u64,
    /// Over the records of this segment that were read, for what the next one says of it.
    hasher: blake3::Hasher,
    /// Bytes of the segment that are still to be hashed.
    unhashed: Vec<u8>,
    /// The hash of the whole segment, when it was taken by that.
    closed: Option<blake3::Hash>,
    /// Where this segment begins, and whether a record of it was redacted: its file then has another hash.
    segment: u64,
    segment_is_redacted: bool,
    /// First records of segments that were taken by their hash, and how many records they have.
    by_hash: Vec<u64>,
    by_hash_records: u64,
    head_found: HeadFound,
    /// The segment before has bytes behind its last record.
    leftover: bool,
    last_ts: Vec<u8>,
    warnings: Vec<String>,
    unsaid_warnings: u64,
}

/// How much of the head there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HeadFound {
    Whole,
    /// One of its slots is not.
    Torn,
    /// It is not for this reader: a key stands in it.
    Hidden,
}

fn tampered(seq: u64, reason: impl Into<String>) -> Outcome {
    Outcome::Tampered {
        seq: Some(seq),
        reason: reason.into(),
    }
}

fn unreadable(name: &str, error: &io::Error) -> Outcome {
    Outcome::Unreadable {
        reason: format!("cannot read `{name}`: {error}"),
    }
}

impl<'a> Run<'a> {
    fn new(source: &'a dyn Source, options: Options<'a>) -> Self {
        Self {
            source,
            verifier: options.verifier.clone(),
            key: options.first_key.clone(),
            options,
            head: None,
            log: None,
            next: 0,
            first: 0,
            bytes: 0,
            seal: Seal::genesis("").text().into_bytes(),
            tree: Frontier::default(),
            tree_first: 0,
            vouched: 0,
            notes: None,
            agreed: 0,
            anchors: BTreeMap::new(),
            anchored: 0,
            redacted: BTreeSet::new(),
            authorised: BTreeSet::new(),
            pruned_before: 0,
            hasher: blake3::Hasher::new(),
            unhashed: Vec::new(),
            closed: None,
            segment: 0,
            segment_is_redacted: false,
            by_hash: Vec::new(),
            by_hash_records: 0,
            head_found: HeadFound::Whole,
            leftover: false,
            last_ts: Vec::new(),
            warnings: Vec::new(),
            unsaid_warnings: 0,
        }
    }
}

/// What stopped a segment, before it is known whether that was a crash or a hand.
enum Bad {
    /// The record at [`Run::next`] is bad, for this reason.
    Record(&'static str),
    /// It is of another version.
    Version(u64),
    /// This is what it comes to, whatever follows.
    Final(Outcome),
}

/// Which segment a line is read from.
#[derive(Clone, Copy)]
struct Place {
    first: u64,
    is_first: bool,
    is_last: bool,
}

impl Run<'_> {
    fn all(&mut self) -> Result<(), Outcome> {
        let names = self
            .source
            .names()
            .map_err(|error| unreadable("the directory of the log", &error))?;
        let mut segments: Vec<u64> = names
            .iter()
            .filter_map(|name| segment_first(name))
            .collect();
        segments.sort_unstable();
        for name in names.iter().filter(|name| !is_known(name)) {
            self.warn(format!("`{name}` is not a file of the log"));
        }
        self.read_head(&names, !segments.is_empty())?;
        if let Some(from) = self.options.from {
            let before = segments.partition_point(|first| *first <= from);
            segments.drain(..before.saturating_sub(1));
        }
        for (index, first) in segments.iter().enumerate() {
            let next = segments.get(index + 1).copied();
            let taken = match next.filter(|_| self.options.depth == Depth::Quick) {
                Some(next) => self.quick_segment(*first, next, index == 0)?,
                None => false,
            };
            if !taken {
                self.read_segment(*first, next, index == 0)?;
            }
        }
        self.finish()
    }

    fn warn(&mut self, warning: String) {
        if self.warnings.len() < WARNINGS_MAX {
            self.warnings.push(warning);
        } else {
            self.unsaid_warnings += 1;
        }
    }

    fn read_head(&mut self, names: &[String], has_segments: bool) -> Result<(), Outcome> {
        let has_head = names.iter().any(|name| name == HEAD_FILE);
        if !has_head && !has_segments {
            return Err(Outcome::Unreadable {
                reason: "there is no log here".into(),
            });
        }
        let lost = |reason: &str| Outcome::Tampered {
            seq: None,
            reason: reason.into(),
        };
        if !has_head {
            return Err(lost("the head is missing"));
        }
        let bytes = match self.read_whole(HEAD_FILE) {
            Ok(bytes) => bytes,
            // Whoever may read the rest learns from the rest, and is told what that leaves open.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && has_segments => {
                self.head_found = HeadFound::Hidden;
                return Ok(());
            }
            Err(error) => return Err(unreadable(HEAD_FILE, &error)),
        };
        let slots = bytes.split_at_checked(SLOT_BYTES);
        let whole = |slot: &[u8]| Head::decode(slot).is_some();
        let both = slots.is_some_and(|(first, second)| whole(first) && whole(second));
        self.head = Head::latest(&bytes);
        if bytes.len() != HEAD_BYTES || self.head.is_none() {
            return Err(lost("the head is damaged"));
        }
        if !both {
            self.head_found = HeadFound::Torn;
        }
        Ok(())
    }

    /// Reads a file that is small when it is ours.
    fn read_whole(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let most = u64::try_from(RECORD_BYTES_MAX).unwrap_or(u64::MAX);
        let reader = self.source.reader(name, 0)?;
        reader.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Verifies a segment record by record.
    fn read_segment(
        &mut self,
        first: u64,
        next: Option<u64>,
        is_first: bool,
    ) -> Result<(), Outcome> {
        let name = segment_name(first);
        let opened = self.source.reader(&name, 0);
        let reader = opened.map_err(|error| unreadable(&name, &error))?;
        let mut lines = Lines::new(reader);
        let place = Place {
            first,
            is_first,
            is_last: next.is_none(),
        };
        let mut at_opening = true;
        while next != Some(self.next) || at_opening {
            let line = lines.next().map_err(|error| unreadable(&name, &error))?;
            if line.is_empty() {
                break;
            }
            if let Err(bad) = self.line(line, place, at_opening) {
                let line = line.to_vec();
                return Err(self.judge(bad, &line, lines, place));
            }
            at_opening = false;
        }
        if at_opening && place.is_last && self.durable_elsewhere()? <= first {
            // Made and never written: the power failed there.
            return Err(Outcome::Torn {
                seq: first,
                bytes: 0,
            });
        }
        let rest = lines.next().map_err(|error| unreadable(&name, &error))?;
        self.leftover = !rest.is_empty();
        match next {
            Some(next) if next != self.next => {
                let reason = format!("records {} to {} are missing", self.next, next - 1);
                Err(tampered(self.next, reason))
            }
            Some(_) | None => Ok(()),
        }
    }
}
