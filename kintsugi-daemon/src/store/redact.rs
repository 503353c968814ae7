//! Takes private parts out of records, and whole segments out of the log, after saying so in it.
//!
//! The record that says so is durable first. Interrupted after that, the next start finishes the work: the record is then the
//! last of the log. Until it is finished everything else is refused, and the log verifies, since a redaction that is named and
//! not done is no harm to it.

use std::collections::BTreeSet;
use std::io;

use kintsugi_core::audit::line::Line;
use kintsugi_core::audit::record::{Body, Peer, Record};
use kintsugi_core::audit::{NEW_SEGMENT_FILE, segment_first, segment_name};

use super::log::{LiveState, Log, LogError, Now, Recorded};
use super::open::{OpenError, replace};
use super::segment::{At, Segment};
use super::storage::read_fully;

/// Who asked for something to be taken out, and why.
#[derive(Debug, Clone)]
pub struct RemovalRequest {
    /// Who, as the kernel attests it.
    pub peer: Peer,
    /// Why, for the log.
    pub reason: String,
}

impl Log {
    /// Takes the private parts out of the records `seqs`.
    ///
    /// A copy of them that a later segment opens with, among its live state, is a record of its own.
    ///
    /// # Errors
    /// When it could not be recorded; or not be done, then [`Log::reopen`] and every start do it.
    pub fn redact(
        &mut self,
        now: Now,
        seqs: &BTreeSet<u64>,
        request: RemovalRequest,
        live: &dyn LiveState,
    ) -> Result<Recorded, LogError> {
        let body = Body::Redact {
            seqs: seqs.iter().copied().collect(),
            peer: request.peer,
            reason: request.reason,
        };
        let recorded = self.record(now, body, live)?;
        self.remove_private(seqs)
            .map_err(|error| self.fail(error))?;
        Ok(recorded)
    }

    /// Takes every segment out that holds only records before `before`.
    ///
    /// # Errors
    /// When it could not be recorded; or not be done, then [`Log::reopen`] and every start do it.
    pub fn prune(
        &mut self,
        now: Now,
        before: u64,
        request: RemovalRequest,
        live: &dyn LiveState,
    ) -> Result<Recorded, LogError> {
        let before = self.prunable(before).map_err(LogError::Write)?;
        let body = Body::Prune {
            before,
            peer: request.peer,
            reason: request.reason,
        };
        let recorded = self.record(now, body, live)?;
        self.remove_segments(before)
            .map_err(|error| self.fail(error))?;
        Ok(recorded)
    }

    /// Returns the first record that is kept when whole segments before `before` are taken out.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn prunable(&self, before: u64) -> io::Result<u64> {
        let ranges = self.ranges()?;
        let first = ranges.first().map_or(0, |(first, _)| *first);
        let ends = ranges.iter().map(|(_, end)| *end);
        let gone = ends.filter(|end| *end <= before && *end != u64::MAX);
        Ok(gone.max().unwrap_or(first))
    }

    /// Finishes what the last record says and a crash or a failure has interrupted.
    pub(super) fn resume_removal(&mut self, last: Option<&Record>) -> Result<(), OpenError> {
        let done = match last.map(|record| &record.body) {
            Some(Body::Redact { seqs, .. }) => self.remove_private(&seqs.iter().copied().collect()),
            Some(Body::Prune { before, .. }) => self.remove_segments(*before),
            Some(_) | None => Ok(()),
        };
        done.map_err(OpenError::Write)
    }

    /// Reads the records `seqs`, as many of them as there are.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub fn read(&self, seqs: &BTreeSet<u64>) -> io::Result<Vec<Record>> {
        let mut records = Vec::new();
        for (first, end) in self.ranges()? {
            if seqs.range(first..end).next().is_none() {
                continue;
            }
            let bytes = read_fully(self.storage.open(&segment_name(first))?.as_ref(), 0)?;
            for bare in bytes.split(|byte| *byte == b'\n') {
                if let Ok(line) = Line::split(bare)
                    && seqs.contains(&line.seq())
                    && let Ok(record) = Record::of(&line)
                {
                    records.push(record);
                }
            }
        }
        Ok(records)
    }

    fn remove_private(&mut self, seqs: &BTreeSet<u64>) -> io::Result<()> {
        for (first, end) in self.ranges()? {
            if seqs.range(first..end).next().is_some() {
                self.rewrite(first, seqs)?;
            }
        }
        Ok(())
    }

    fn remove_segments(&self, before: u64) -> io::Result<()> {
        for (first, end) in self.ranges()? {
            if end <= before {
                self.storage.remove(&segment_name(first))?;
            }
        }
        self.storage.sync_names()
    }

    /// Stages one record and makes it durable.
    fn record(&mut self, now: Now, body: Body, live: &dyn LiveState) -> Result<Recorded, LogError> {
        let staged = self.stage(now, vec![body], live)?;
        self.sync()?.confirm(staged).map_err(|_| LogError::Refused)
    }

    /// Returns the first record of each segment and the first that is not in it any more.
    fn ranges(&self) -> io::Result<Vec<(u64, u64)>> {
        let names = self.storage.names()?;
        let mut firsts: Vec<u64> = names
            .iter()
            .filter_map(|name| segment_first(name))
            .collect();
        firsts.sort_unstable();
        let ends = firsts.iter().skip(1).copied().chain([u64::MAX]);
        Ok(firsts.iter().copied().zip(ends).collect())
    }

    /// Writes a segment again without the private parts of `seqs`, beside it, and puts it in its place.
    fn rewrite(&mut self, first: u64, seqs: &BTreeSet<u64>) -> io::Result<()> {
        let name = segment_name(first);
        let before = read_fully(self.storage.open(&name)?.as_ref(), 0)?;
        let mut after = Vec::with_capacity(before.len());
        let mut is_done = true;
        // Behind the last acknowledged record there may be lines that count for nothing, after a failed sync.
        let mut counted = 0;
        for bytes in before.split_inclusive(|byte| *byte == b'\n') {
            let bare = bytes.strip_suffix(b"\n").unwrap_or(bytes);
            match Line::split(bare) {
                Ok(line) if seqs.contains(&line.seq()) && !line.is_redacted() => {
                    after.extend_from_slice(&line.redacted_view());
                    after.push(b'\n');
                    is_done = false;
                }
                Ok(_) | Err(_) => after.extend_from_slice(bytes),
            }
            if Line::split(bare).is_ok_and(|line| line.seq() < self.staged.chain.next) {
                counted = after.len();
            }
        }
        if is_done {
            return Ok(());
        }
        let file = replace(self.storage.as_ref(), NEW_SEGMENT_FILE, &after)?;
        self.storage.rename(NEW_SEGMENT_FILE, &name)?;
        self.storage.sync_names()?;
        if first == self.staged.segment {
            self.staged.bytes = u64::try_from(counted).unwrap_or_default();
            self.staged.hasher = blake3::Hasher::new();
            let hashed = after.get(..counted).unwrap_or_default();
            self.staged.hasher.update(hashed);
            self.durable = self.staged.clone();
            if matches!(self.at, At::Segment(_)) {
                self.at = At::Segment(Segment { file });
            }
            self.write_head().map_err(io::Error::other)?;
        }
        Ok(())
    }
}
