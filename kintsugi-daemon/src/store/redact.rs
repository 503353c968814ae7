//! Takes private parts out of records, and whole segments out of the log, after saying so in it.
//!
//! The record that says so is durable first. Interrupted after that, the same call again finishes the work; until then the
//! log verifies, since a redaction that is named and not done is no harm to it.

use std::collections::BTreeSet;
use std::io;

use kintsugi_core::audit::line::Line;
use kintsugi_core::audit::record::{Body, Peer};
use kintsugi_core::audit::{NEW_SEGMENT_FILE, segment_first, segment_name};

use super::log::{LiveState, Log, LogError, Now, Recorded};
use super::open::replace;
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
    /// When it could not be recorded, or not be done; then the same call again does it.
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
        for (first, end) in self.ranges().map_err(LogError::Write)? {
            if seqs.range(first..end).next().is_some() {
                self.rewrite(first, seqs)
                    .map_err(|error| self.fail(error))?;
            }
        }
        if self.durable.segment == self.staged.segment {
            self.write_head()?;
        }
        Ok(recorded)
    }

    /// Takes every segment out that holds only records before `before`.
    ///
    /// # Errors
    /// When it could not be recorded, or not be done; then the same call again does it.
    pub fn prune(
        &mut self,
        now: Now,
        before: u64,
        request: RemovalRequest,
        live: &dyn LiveState,
    ) -> Result<Recorded, LogError> {
        let ranges = self.ranges().map_err(LogError::Write)?;
        let gone = |end: &u64| *end <= before && *end != u64::MAX;
        let kept = ranges.iter().map(|(_, end)| *end).filter(gone).max();
        let body = Body::Prune {
            before: kept.unwrap_or_default(),
            peer: request.peer,
            reason: request.reason,
        };
        let recorded = self.record(now, body, live)?;
        for (first, end) in ranges {
            if gone(&end) {
                let removed = self.storage.remove(&segment_name(first));
                removed.map_err(LogError::Write)?;
            }
        }
        self.storage.sync_names().map_err(LogError::Write)?;
        Ok(recorded)
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
        for bytes in before.split_inclusive(|byte| *byte == b'\n') {
            let bare = bytes.strip_suffix(b"\n").unwrap_or(bytes);
            match Line::split(bare) {
                Ok(line) if seqs.contains(&line.seq()) => {
                    after.extend_from_slice(&line.redacted_view());
                    after.push(b'\n');
                }
                Ok(_) | Err(_) => after.extend_from_slice(bytes),
            }
        }
        let file = replace(self.storage.as_ref(), NEW_SEGMENT_FILE, &after)?;
        self.storage.rename(NEW_SEGMENT_FILE, &name)?;
        self.storage.sync_names()?;
        if first == self.staged.segment && matches!(self.at, At::Segment(_)) {
            self.at = At::Segment(Segment { file });
            self.staged.bytes = u64::try_from(after.len()).unwrap_or_default();
            self.staged.hasher = blake3::Hasher::new();
            self.staged.hasher.update(&after);
            self.durable = self.staged.clone();
        }
        Ok(())
    }
}
