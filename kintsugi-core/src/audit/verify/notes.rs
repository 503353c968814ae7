//! The signed checkpoints of a log, one at a time, so that their number costs no memory.
//!
//! They are compared while the tree grows, so they must stand in the order in which they were signed.

use std::io::{self, BufRead, BufReader, Read};

use uuid::Uuid;

use super::report::Outcome;
use crate::audit::checkpoint::{self, Checkpoint, NoteError, Verifier};
use crate::audit::{CHECKPOINTS_FILE, Source};

/// Longest note that is read as one, in bytes; ours have some three hundred.
const NOTE_BYTES_MAX: usize = 4096;

/// What begins a line with a signature.
const SIGNATURE: &[u8] = "— ".as_bytes();

/// The file of checkpoints, being read.
pub(super) struct Notes<'a> {
    reader: Option<BufReader<Box<dyn Read + 'a>>>,
    verifier: Verifier,
    log: Uuid,
    origin: String,
    /// The line behind the last note that was read.
    pending: Vec<u8>,
    number: u64,
    /// The next one that is signed and of this tree.
    next: Option<Checkpoint>,
    /// Leaves of the last one that is.
    last: Option<u64>,
    /// Bytes of a last note that is not whole.
    torn: u64,
}

impl<'a> Notes<'a> {
    /// Opens the file; a log without one has no notes.
    pub(super) fn open(
        source: &'a dyn Source,
        verifier: Verifier,
        log: Uuid,
        tree_first: u64,
    ) -> Result<Self, Outcome> {
        let reader = match source.reader(CHECKPOINTS_FILE, 0) {
            Ok(reader) => Some(BufReader::new(reader)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(super::unreadable(CHECKPOINTS_FILE, &error)),
        };
        let mut notes = Self {
            reader,
            verifier,
            log,
            origin: checkpoint::origin(log, tree_first),
            pending: Vec::new(),
            number: 0,
            next: None,
            last: None,
            torn: 0,
        };
        notes.advance(0)?;
        Ok(notes)
    }

    /// Returns the next note, when it is about a tree of `size` leaves.
    pub(super) fn about(&self, size: u64) -> Option<Checkpoint> {
        self.next.filter(|next| next.size == size)
    }

    /// Goes on to the next note of `least` leaves or more. Smaller ones are passed over without a look at their signature.
    pub(super) fn advance(&mut self, least: u64) -> Result<(), Outcome> {
        self.next = None;
        while let Some(note) = self.read_note()? {
            self.number += 1;
            let is_last = self.pending.is_empty();
            let passed = checkpoint::read(&note)
                .ok()
                .filter(|(name, found)| *name == self.origin && found.size < least && !is_last);
            if passed.is_some() {
                continue;
            }
            match self.verifier.check(&self.origin, &note) {
                Ok(found) if self.last.is_some_and(|last| found.size < last) => {
                    return Err(self.refused("is out of order"));
                }
                Ok(found) => {
                    self.last = Some(found.size);
                    if found.size >= least {
                        self.next = Some(found);
                        return Ok(());
                    }
                }
                // Of a tree before an incident: it says nothing about this one.
                Err(NoteError::Origin(named)) if self.is_ours(&named) => {}
                Err(_) if is_last => {
                    self.torn = u64::try_from(note.len()).unwrap_or_default();
                }
                Err(error) => return Err(self.refused(&format!("is {error}"))),
            }
        }
        Ok(())
    }

    /// Goes on to the next note of `least` leaves or more, unless it is there already.
    pub(super) fn skip_to(&mut self, least: u64) -> Result<(), Outcome> {
        if self.next.is_some_and(|next| next.size < least) {
            self.advance(least)?;
        }
        Ok(())
    }

    fn is_ours(&self, named: &str) -> bool {
        named.starts_with(&checkpoint::origin(self.log, 0))
    }

    /// Reads to the end; returns the leaves of the last note that is signed.
    pub(super) fn finish(&mut self) -> Result<Option<u64>, Outcome> {
        while self.next.is_some() {
            self.advance(0)?;
        }
        Ok(self.last)
    }

    /// Returns the bytes of a last note that is not whole, once everything was read.
    pub(super) const fn torn(&self) -> u64 {
        self.torn
    }

    fn refused(&self, what: &str) -> Outcome {
        Outcome::Tampered {
            seq: None,
            reason: format!("note {} of `{CHECKPOINTS_FILE}` {what}", self.number),
        }
    }

    /// Reads one note: up to the last of its lines with a signature.
    fn read_note(&mut self) -> Result<Option<String>, Outcome> {
        let Some(reader) = &mut self.reader else {
            return Ok(None);
        };
        let mut note = std::mem::take(&mut self.pending);
        let mut ends = false;
        loop {
            let start = note.len();
            let room = u64::try_from(NOTE_BYTES_MAX.saturating_sub(start)).unwrap_or(1);
            let read = reader
                .by_ref()
                .take(room.max(1))
                .read_until(b'\n', &mut note);
            let read = read.map_err(|error| super::unreadable(CHECKPOINTS_FILE, &error))?;
            let signature = note
                .get(start..)
                .is_some_and(|line| line.starts_with(SIGNATURE));
            if read == 0 || (ends && !signature) {
                self.pending = note.split_off(start);
                break;
            }
            ends = signature;
            if note.len() >= NOTE_BYTES_MAX {
                return Err(self.refused("is longer than a note"));
            }
        }
        Ok((!note.is_empty()).then(|| String::from_utf8_lossy(&note).into_owned()))
    }
}
