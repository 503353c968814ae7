//! The segment that is being written, and how the next one begins.
//!
//! A segment ends when it has so many records, or so many bytes, that a start would take long to read more.

use std::io;

use data_encoding::BASE64;
use kintsugi_core::audit::chain::{Chain, hex};
use kintsugi_core::audit::line::Line;
use kintsugi_core::audit::merkle::{self, Frontier};
use kintsugi_core::audit::record::{Body, Opening, Predecessor, Tree};
use kintsugi_core::audit::segment_name;
use kintsugi_core::limits::SEGMENT_BYTES;

use super::log::{LiveState, Log, LogError, Now};
use super::reserve::is_full;
use super::storage::StoredFile;

/// What the next record is written to.
#[derive(Debug)]
pub(super) enum At {
    /// This segment.
    Segment(Segment),
    /// One that must be begun first, for this reason.
    Between(Opening),
}

/// The file that is being written.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) file: Box<dyn StoredFile>,
}

/// A place in the log with everything that depends on what is before it.
#[derive(Debug, Clone)]
pub(super) struct Position {
    pub(super) chain: Chain,
    /// First record of the segment.
    pub(super) segment: u64,
    /// Bytes of the segment.
    pub(super) bytes: u64,
    /// How many of them are its first record and the live state behind it.
    pub(super) opened_bytes: u64,
    /// Over those bytes.
    pub(super) hasher: blake3::Hasher,
    /// Over every record since `tree_first`.
    pub(super) tree: Frontier,
    pub(super) tree_first: u64,
}

impl Position {
    /// Moves behind `line`, which is `bytes` with a newline; the chain has moved already.
    pub(super) fn pass(&mut self, bytes: &[u8], line: &Line<'_>) {
        self.pass_unhashed(bytes, line);
        self.hasher.update(bytes);
    }

    /// The same for a reader that hashes the whole file at once, which is several times as fast.
    pub(super) fn pass_unhashed(&mut self, bytes: &[u8], line: &Line<'_>) {
        self.bytes += u64::try_from(bytes.len()).unwrap_or_default();
        self.tree.push(merkle::leaf(line));
    }

    /// Returns the first record that does not belong to a segment of `records` any more.
    pub(super) const fn limit(&self, records: u64) -> u64 {
        self.segment.saturating_add(records)
    }

    /// Whether a start that reads the segment has enough to read, however few records that are.
    fn is_long(&self) -> bool {
        self.bytes.saturating_sub(self.opened_bytes) >= SEGMENT_BYTES.max(self.opened_bytes)
    }
}

impl Log {
    /// Sees to it that `count` records and a closing one fit.
    pub(super) fn make_room(
        &mut self,
        now: Now,
        count: usize,
        live: &dyn LiveState,
    ) -> Result<(), LogError> {
        let opening = match &self.at {
            At::Between(opening) => *opening,
            At::Segment(_) => {
                let limit = self.staged.limit(self.options.segment_records);
                let room = limit.saturating_sub(self.staged.chain.next);
                let is_long = self.staged.is_long();
                if u64::try_from(count).unwrap_or(u64::MAX) < room && !is_long {
                    return Ok(());
                }
                self.close(now, if is_long { 1 } else { room })?;
                Opening::Full
            }
        };
        self.begin(now, opening, live)
    }

    /// Closes the segment with `count` checkpoints: as many as are missing, so that a full one has always the same number of
    /// records. Makes all of it durable.
    fn close(&mut self, now: Now, count: u64) -> Result<(), LogError> {
        let bodies = (0..count).map(|_| self.checkpoint()).collect();
        self.write(now, bodies)?;
        self.sync().map(|_| ())
    }

    /// Returns a record that states the tree as it is.
    fn checkpoint(&self) -> Body {
        Body::Checkpoint {
            size: self.staged.tree.size(),
            root: BASE64.encode(&self.staged.tree.root()),
        }
    }

    /// Begins the next segment: `open`, then the live state, durable before anything else is written.
    fn begin(&mut self, now: Now, opening: Opening, live: &dyn LiveState) -> Result<(), LogError> {
        let states = live.live_state();
        let most = self.options.segment_records / 2;
        let fits = u64::try_from(states.len()).is_ok_and(|count| count < most);
        if !fits {
            return Err(LogError::TooMuchState(states.len()));
        }
        let first = self.staged.chain.next;
        let open = self.opening(opening, states.len());
        let mut made = self.create_segment(first);
        if made.as_ref().is_err_and(is_full) && self.reserve.give() {
            made = self.create_segment(first);
        }
        let file = made.map_err(LogError::Write)?;
        let before = self.staged.clone();
        self.at = At::Segment(Segment { file });
        self.staged.segment = first;
        self.staged.bytes = 0;
        self.staged.opened_bytes = 0;
        self.staged.hasher = blake3::Hasher::new();
        let bodies = std::iter::once(open).chain(states).collect();
        let names = |log: &Self| log.storage.sync_names();
        let begun = self.write(now, bodies).and_then(|_| {
            self.staged.opened_bytes = self.staged.bytes;
            names(self).map_err(|error| self.fail(error))?;
            self.sync().map(|_| ())
        });
        if begun.is_err() {
            self.opened.clear();
            self.staged = before;
            self.at = At::Between(opening);
        }
        begun
    }

    fn opening(&self, opening: Opening, states: usize) -> Body {
        let continues = match opening {
            Opening::Full | Opening::FailedSync => true,
            Opening::New | Opening::Incident => false,
        };
        let seal = self.staged.chain.seal;
        let previous = continues.then(|| Predecessor {
            segment: self.staged.segment,
            file: Some(self.staged.hasher.finalize().to_hex().to_string()),
            bytes: Some(self.staged.bytes),
            h: hex(&seal.hash),
            m: hex(&seal.mac),
        });
        Body::Open {
            log: self.id,
            opening,
            previous,
            tree: Tree {
                first: self.staged.tree_first,
                frontier: self
                    .staged
                    .tree
                    .roots()
                    .iter()
                    .map(|root| hex(root))
                    .collect(),
            },
            verifier: self.verifier(),
            states: u64::try_from(states).unwrap_or_default(),
            program: self.options.program.clone(),
            host: self.options.host.clone(),
        }
    }

    /// Makes the file of a segment. One that is there already was never acknowledged: an earlier attempt failed.
    fn create_segment(&self, first: u64) -> io::Result<Box<dyn StoredFile>> {
        let name = segment_name(first);
        match self.storage.create(&name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.storage.remove(&name)?;
                self.storage.create(&name)
            }
            made => made,
        }
    }
}
