//! Durable records read back, for whoever follows the log or asks again: a place in it, and what stands from there on.
//!
//! Reads what is on disk and keeps nothing, so that a reader costs no memory however far behind it is. Nothing that is
//! not durable is ever shown, and nothing here is verified: that is what `kintsugi log verify` is for.

use std::io;

use kintsugi_core::audit::line::Line;
use kintsugi_core::audit::record::Record;
use kintsugi_core::audit::{segment_first, segment_name};
use kintsugi_core::limits::RECORD_BYTES_MAX;

use super::log::Log;
use super::storage::StoredFile;

/// Bytes that are read at once: any record fits with whatever stands before it.
const CHUNK_BYTES: usize = 2 * RECORD_BYTES_MAX;

/// Where a reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// First record of the segment.
    segment: u64,
    /// Byte of the segment.
    offset: u64,
    /// The next record to read; later ones may stand there, when segments were taken away.
    next: u64,
}

impl Place {
    /// Returns the next record that is read from here.
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.next
    }
}

impl Log {
    /// Returns the place behind everything that is durable.
    #[must_use]
    pub const fn end(&self) -> Place {
        Place {
            segment: self.durable.segment,
            offset: self.durable.bytes,
            next: self.durable.chain.next,
        }
    }

    /// Returns the place of record `seq`, or of the first that is there after it.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn place_of(&self, seq: u64) -> io::Result<Place> {
        let end = self.end();
        if seq >= end.next {
            return Ok(end);
        }
        let segments = self.segments()?;
        let before = segments.iter().rev().find(|first| **first <= seq);
        let Some(segment) = before.or(segments.first()).copied() else {
            return Ok(end);
        };
        let file = self.storage.open(&segment_name(segment))?;
        let limit = self.limit(segment, file.as_ref())?;
        Ok(Place {
            segment,
            offset: seek(file.as_ref(), limit, seq)?,
            next: seq,
        })
    }

    /// Returns whole lines from `place` on and moves it behind them; nothing at the end of what is durable.
    ///
    /// # Errors
    /// When the log cannot be read; the place is as before.
    pub fn read_on(&self, place: &mut Place) -> io::Result<Vec<u8>> {
        let end = self.end();
        while place.next < end.next && place.segment <= end.segment {
            let after = self.after(place.segment)?;
            let until = after.unwrap_or(end.next);
            let file = self.storage.open(&segment_name(place.segment))?;
            let limit = self.limit(place.segment, file.as_ref())?;
            let mut lines = whole_lines(file.as_ref(), place.offset, limit)?;
            // Whoever takes private parts away writes a segment anew, and then nothing is where it was.
            if !lines.is_empty() && first_seq(&lines) != Some(place.next) {
                place.offset = seek(file.as_ref(), limit, place.next)?;
                lines = whole_lines(file.as_ref(), place.offset, limit)?;
            }
            cut_before(&mut lines, until);
            if let Some(last) = last_seq(&lines) {
                place.offset += u64::try_from(lines.len()).unwrap_or_default();
                place.next = last + 1;
                return Ok(lines);
            }
            let Some(next) = after else { break };
            (place.segment, place.offset) = (next, 0);
            place.next = place.next.max(next);
        }
        Ok(Vec::new())
    }

    /// Returns the first record of the segment behind `segment`.
    fn after(&self, segment: u64) -> io::Result<Option<u64>> {
        if segment == self.durable.segment {
            return Ok(None);
        }
        let segments = self.segments()?;
        Ok(segments.into_iter().find(|first| *first > segment))
    }

    /// Returns record `seq`; nothing when it is not there, or not one that can be read.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn find(&self, seq: u64) -> io::Result<Option<Record>> {
        if seq >= self.durable.chain.next {
            return Ok(None);
        }
        let mut place = self.place_of(seq)?;
        let lines = self.read_on(&mut place)?;
        let line = lines.split(|byte| *byte == b'\n').next();
        let record = line.and_then(|line| Record::read(line).ok());
        Ok(record.filter(|record| record.seq == seq))
    }

    /// Returns the first records of the segments, in order.
    fn segments(&self) -> io::Result<Vec<u64>> {
        let names = self.storage.names()?;
        let mut segments: Vec<u64> = names
            .iter()
            .filter_map(|name| segment_first(name))
            .collect();
        segments.sort_unstable();
        Ok(segments)
    }

    /// Returns up to which byte a segment is durable.
    fn limit(&self, segment: u64, file: &dyn StoredFile) -> io::Result<u64> {
        if segment == self.durable.segment {
            return Ok(self.durable.bytes);
        }
        Ok(file.state()?.bytes)
    }
}

/// Reads from `offset` to the end of the last line that is there whole; nothing when there is none.
fn whole_lines(file: &dyn StoredFile, offset: u64, limit: u64) -> io::Result<Vec<u8>> {
    let room = usize::try_from(limit.saturating_sub(offset)).unwrap_or(usize::MAX);
    let mut bytes = vec![0; room.min(CHUNK_BYTES)];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        let at = offset + u64::try_from(filled).unwrap_or_default();
        match file.read_at(at, rest) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    let end = bytes.iter().rposition(|byte| *byte == b'\n');
    bytes.truncate(end.map_or(0, |newline| newline + 1));
    Ok(bytes)
}

/// Returns the byte at which the first record from `seq` on begins, of those up to `limit`.
///
/// Records stand in order, so half of what is left is ruled out with each look.
fn seek(file: &dyn StoredFile, limit: u64, seq: u64) -> io::Result<u64> {
    let chunk = u64::try_from(CHUNK_BYTES).unwrap_or(u64::MAX);
    // INVARIANT: a line begins at `low`, and the one that is sought does not begin before it.
    let (mut low, mut high) = (0, limit);
    while high - low > chunk {
        let middle = low + (high - low) / 2;
        let lines = whole_lines(file, middle, limit)?;
        // The first line is cut; the second is the first that is seen whole.
        let cut = lines
            .iter()
            .position(|byte| *byte == b'\n')
            .map(|at| at + 1);
        let second = cut.and_then(|cut| lines.get(cut..)).unwrap_or_default();
        match first_seq(second) {
            Some(found) if found <= seq => {
                low = middle + u64::try_from(cut.unwrap_or_default()).unwrap_or_default();
            }
            Some(_) | None => high = middle,
        }
    }
    let mut offset = low;
    loop {
        let lines = whole_lines(file, offset, limit)?;
        if lines.is_empty() {
            return Ok(offset);
        }
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            if first_seq(line).is_some_and(|found| found >= seq) {
                return Ok(offset);
            }
            offset += u64::try_from(line.len()).unwrap_or_default();
        }
    }
}

/// Cuts off the records from `until` on: a segment that was given up may hold some that never became durable.
fn cut_before(lines: &mut Vec<u8>, until: u64) {
    if last_seq(lines).is_some_and(|last| last < until) {
        return;
    }
    let kept = lines
        .split_inclusive(|byte| *byte == b'\n')
        .take_while(|line| first_seq(line).is_some_and(|seq| seq < until));
    let kept = kept.map(<[u8]>::len).sum();
    lines.truncate(kept);
}

fn first_seq(lines: &[u8]) -> Option<u64> {
    let line = lines.split(|byte| *byte == b'\n').next()?;
    Line::split(line).ok().map(|line| line.seq())
}

fn last_seq(lines: &[u8]) -> Option<u64> {
    let lines = lines.strip_suffix(b"\n")?;
    let line = lines.rsplit(|byte| *byte == b'\n').next()?;
    Line::split(line).ok().map(|line| line.seq())
}
