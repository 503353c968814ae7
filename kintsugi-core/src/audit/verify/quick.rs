//! A whole closed segment by the hash of its file, which the next one states.
//!
//! The statement is believed because the record it stands in is checked like every other: it follows the one before it and
//! carries the code of its place. A file with another hash is read record by record, so that the bad one is named; so is
//! one that a note from elsewhere is about.

use std::io::{self, Read as _};

use data_encoding::HEXLOWER;

use super::beginning::Beginning;
use super::report::Outcome;
use super::{Place, Run, unreadable};
use crate::audit::checkpoint;
use crate::audit::line::{Line, SEAL_BYTES};
use crate::audit::lines::{Lines, READ_BYTES, first_line};
use crate::audit::record::{Opening, Record};
use crate::audit::segment_name;

/// A file as it was read.
struct FileRead {
    hash: blake3::Hash,
    bytes: u64,
    /// Its last bytes, as many as a seal and a newline have.
    tail: Vec<u8>,
}

impl Run<'_> {
    /// Takes the segment `first` by its hash; false when it must be read record by record.
    pub(super) fn quick_segment(
        &mut self,
        first: u64,
        next: u64,
        is_first: bool,
    ) -> Result<bool, Outcome> {
        let Some(stated) = self.stated_by(next)? else {
            return Ok(false);
        };
        let Some(previous) = &stated.previous else {
            return Ok(false);
        };
        let leaves =
            first.saturating_sub(stated.tree_first) + 1..next.saturating_sub(stated.tree_first);
        let notes = self.options.against.iter();
        let mut unread = notes.filter_map(|note| checkpoint::read(note).ok());
        let is_asked_about = self.anchors.range(leaves.clone()).next().is_some()
            || unread.any(|(_, kept)| leaves.contains(&kept.size));
        if stated.opening != Opening::Full || previous.segment != first || is_asked_about {
            return Ok(false);
        }
        let file = self.hash_file(first)?;
        let hash = HEXLOWER.encode(file.hash.as_bytes());
        let same = previous.file.as_deref() == Some(hash.as_str())
            && previous.bytes == Some(file.bytes)
            && file.tail == format!("{}\n", stated.seal.text()).as_bytes();
        if !same {
            return Ok(false);
        }
        let before = self.bytes;
        self.take_first_line(Place {
            first,
            is_first,
            is_last: false,
        })?;
        self.bytes = before + file.bytes;
        self.skip_to(next, stated, file.hash)?;
        Ok(true)
    }

    /// Returns what the first record of the segment `first` says, when it can be read.
    fn stated_by(&self, first: u64) -> Result<Option<Beginning>, Outcome> {
        let line = self.first_line_of(first)?;
        let record = Record::read(line.strip_suffix(b"\n").unwrap_or(&line));
        Ok(record
            .ok()
            .and_then(|record| Beginning::read(&record.body, first)))
    }

    fn first_line_of(&self, first: u64) -> Result<Vec<u8>, Outcome> {
        let line = first_line(self.source, first);
        line.map_err(|error| unreadable(&segment_name(first), &error))
    }

    fn hash_file(&self, first: u64) -> Result<FileRead, Outcome> {
        let name = segment_name(first);
        let failed = |error| unreadable(&name, &error);
        let mut reader = self.source.reader(&name, 0).map_err(failed)?;
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; READ_BYTES];
        let (mut bytes, mut tail) = (0, Vec::new());
        loop {
            let read = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(failed(error)),
            };
            let part = buffer.get(..read).unwrap_or_default();
            hasher.update(part);
            bytes += u64::try_from(read).unwrap_or_default();
            let last = part.get(read.saturating_sub(SEAL_BYTES + 1)..);
            tail.extend_from_slice(last.unwrap_or_default());
            tail.drain(..tail.len().saturating_sub(SEAL_BYTES + 1));
        }
        Ok(FileRead {
            hash: hasher.finalize(),
            bytes,
            tail,
        })
    }

    /// Verifies the first record of a segment.
    fn take_first_line(&mut self, place: Place) -> Result<(), Outcome> {
        let line = self.first_line_of(place.first)?;
        let taken = self.line(&line, place, true);
        taken.map_err(|bad| self.judge(bad, &line, Lines::new(io::empty()), place))
    }

    /// Moves behind a segment that is as the next one says.
    fn skip_to(&mut self, next: u64, stated: Beginning, hash: blake3::Hash) -> Result<(), Outcome> {
        let steps = next - self.next;
        self.by_hash.push(self.segment);
        self.by_hash_records += steps;
        self.closed = Some(hash);
        self.key = self.key.take().map(|key| key.after(steps));
        self.next = next;
        self.seal = stated.seal.text().into_bytes();
        self.tree = stated.tree;
        if let Some(notes) = &mut self.notes {
            notes.skip_to(self.tree.size())?;
        }
        self.tell_progress();
        self.compare()
    }

    /// Looks in the segments that were taken by their hash for who took something away, when that is in question.
    pub(super) fn look_up_removals(&mut self) -> Result<(), Outcome> {
        let is_in_question =
            |run: &Self| run.pruned_before < run.first || !run.redacted.is_subset(&run.authorised);
        for first in std::mem::take(&mut self.by_hash) {
            if !is_in_question(self) {
                break;
            }
            let name = segment_name(first);
            let opened = self.source.reader(&name, 0);
            let reader = opened.map_err(|error| unreadable(&name, &error))?;
            let mut lines = Lines::new(reader);
            loop {
                let line = lines.next().map_err(|error| unreadable(&name, &error))?;
                if line.is_empty() {
                    break;
                }
                let bare = line.strip_suffix(b"\n").unwrap_or(line);
                let speaks =
                    Line::split(bare).is_ok_and(|line| matches!(line.kind(), b"redact" | b"prune"));
                if speaks && let Ok(record) = Record::read(bare) {
                    self.take_removal(&record.body);
                }
            }
        }
        Ok(())
    }
}
