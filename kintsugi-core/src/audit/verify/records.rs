//! One record: that it follows the one before it, carries the right code, and what it says about others.

use data_encoding::HEXLOWER;

use super::beginning::Beginning;
use super::notes::Notes;
use super::report::{Depth, Outcome};
use super::{Bad, Place, Run, tampered};
use crate::audit::chain::{Key, is_hex, unhex};
use crate::audit::checkpoint;
use crate::audit::first_key_name;
use crate::audit::line::{Line, LineError, Parts};
use crate::audit::lines::READ_BYTES;
use crate::audit::merkle;
use crate::audit::record::{Body, Opening, Record};

/// Records between two calls of [`super::Options::progress`].
const PROGRESS_RECORDS: u64 = 4096;

impl Run<'_> {
    /// Takes one line with its newline.
    pub(super) fn line(&mut self, bytes: &[u8], place: Place, at_opening: bool) -> Result<(), Bad> {
        let bare = bytes
            .strip_suffix(b"\n")
            .ok_or(Bad::Record("is not whole"))?;
        let line = Line::split(bare).map_err(|error| match error {
            LineError::Version(version) if at_opening => Bad::Version(version),
            LineError::Version(_) => Bad::Record("changes the format in the middle of a segment"),
            LineError::TooLong => Bad::Record("is longer than a record can be"),
            LineError::Beginning | LineError::Ending => Bad::Record("is not a record"),
        })?;
        if at_opening {
            self.open(&line, place)?;
        }
        if line.seq() != self.next {
            return Err(Bad::Record(
                "is not there: another record stands in its place",
            ));
        }
        if line.durable() > self.next {
            return Err(Bad::Record(
                "claims that later records were durable before it",
            ));
        }
        let hash = self.link(&line);
        if !is_hex(line.hash(), &hash) {
            return Err(Bad::Record("does not follow the record before it"));
        }
        if !line.commitment_holds() {
            return Err(Bad::Record(
                "has another private part than it was written with",
            ));
        }
        self.check_code(&line, &hash)?;
        self.notice(&line)?;
        self.seal.clear();
        self.seal.extend_from_slice(line.seal());
        if self.options.depth != Depth::Chain {
            self.tree.push(merkle::leaf(&line));
        }
        self.pass(bytes)
    }

    /// Returns the hash of a line that continues the one before it: [`crate::audit::chain::link`], in one piece, which is faster.
    fn link(&mut self, line: &Line<'_>) -> [u8; 32] {
        let (before, after) = line.public();
        let sealed = self.seal.len();
        self.seal.extend_from_slice(before);
        self.seal.extend_from_slice(after);
        let hash = blake3::hash(&self.seal);
        self.seal.truncate(sealed);
        *hash.as_bytes()
    }

    fn check_code(&mut self, line: &Line<'_>, hash: &[u8; 32]) -> Result<(), Bad> {
        if let Some(key) = &self.key {
            if !is_hex(line.mac(), &key.mac(hash)) {
                return Err(Bad::Record("was not written with the key of its place"));
            }
            self.key = Some(key.next());
            self.vouched += 1;
        }
        Ok(())
    }

    /// Moves on behind a good record and compares what is known of the log at that size.
    fn pass(&mut self, bytes: &[u8]) -> Result<(), Bad> {
        self.next += 1;
        self.hash_later(bytes);
        self.bytes += u64::try_from(bytes.len()).unwrap_or_default();
        if self.next.is_multiple_of(PROGRESS_RECORDS) {
            self.tell_progress();
        }
        self.compare().map_err(Bad::Final)
    }

    /// Hashes bytes of the file when there are many of them: that is several times as fast.
    ///
    /// Where nothing but the chain is asked for, every byte that the hash of the file covers was covered by that.
    fn hash_later(&mut self, bytes: &[u8]) {
        if self.options.depth == Depth::Chain {
            return;
        }
        self.unhashed.extend_from_slice(bytes);
        if self.unhashed.len() >= READ_BYTES {
            self.hasher.update(&self.unhashed);
            self.unhashed.clear();
        }
    }

    pub(super) fn tell_progress(&mut self) {
        if let Some(progress) = self.options.progress.as_mut() {
            progress(self.bytes);
        }
    }

    /// Compares the tree with what notes say of its size, and the last record with what the head says.
    pub(super) fn compare(&mut self) -> Result<(), Outcome> {
        let before = self.next - 1;
        let size = self.tree.size();
        let differs = || {
            let reason = format!("the records up to {before} are not those that were signed");
            Err(tampered(before, reason))
        };
        while let Some(notes) = &mut self.notes
            && let Some(note) = notes.about(size)
        {
            if note.root != self.tree.root() {
                return differs();
            }
            self.agreed += 1;
            notes.advance(size)?;
        }
        if let Some(roots) = self.anchors.remove(&size) {
            let root = self.tree.root();
            if roots.iter().any(|kept| *kept != root) {
                return differs();
            }
            self.anchored += u64::try_from(roots.len()).unwrap_or_default();
        }
        let head = self
            .head
            .as_ref()
            .filter(|head| head.chain.next == self.next);
        let Some(head) = head else { return Ok(()) };
        let renewed = self.key.as_ref().is_some_and(|key| *key != head.chain.key);
        if head.chain.seal.text().as_bytes() != self.seal || renewed {
            let reason = format!("record {before} is not the one that the head names");
            return Err(tampered(before, reason));
        }
        Ok(())
    }

    /// Remembers what a record says about other records.
    fn notice(&mut self, line: &Line<'_>) -> Result<(), Bad> {
        if line.is_redacted() {
            self.redacted.insert(line.seq());
            self.segment_is_redacted = true;
        }
        let parts = line.parts();
        let ts = line.ts();
        if ts < self.last_ts.as_slice() {
            let shown = String::from_utf8_lossy(ts);
            self.warn(format!(
                "the clock went back to {shown} at record {}",
                line.seq()
            ));
        }
        self.last_ts.clear();
        self.last_ts.extend_from_slice(ts);
        let speaks = parts.is_some_and(|parts| matches!(parts.kind, b"redact" | b"prune"));
        if !speaks && self.options.depth != Depth::Everything {
            return Ok(());
        }
        let body = parts.filter(Parts::is_text);
        let body = body.and_then(|parts| Body::of(&parts).ok());
        self.take_removal(&body.ok_or(Bad::Record("cannot be understood"))?);
        Ok(())
    }

    /// Remembers which records were taken away, as a genuine record says.
    pub(super) fn take_removal(&mut self, body: &Body) {
        if let Body::Redact { seqs, .. } = body {
            self.authorised.extend(seqs);
        }
        if let Body::Prune { before, .. } = body {
            self.pruned_before = self.pruned_before.max(*before);
        }
    }

    /// Takes the first record of a segment: what it continues and in which tree it is.
    fn open(&mut self, line: &Line<'_>, place: Place) -> Result<(), Bad> {
        let record = Record::of(line).map_err(|_| Bad::Record("cannot be understood"))?;
        let beginning = Beginning::read(&record.body, place.first)
            .ok_or(Bad::Record("does not open its segment"))?;
        if self.log.is_some_and(|known| known != beginning.log) {
            return Err(Bad::Record("is of another log"));
        }
        if place.is_first {
            return self.start(place.first, beginning);
        }
        match beginning.opening {
            Opening::New => return Err(Bad::Record("begins a log inside a log")),
            Opening::Incident => {
                let reason = "an incident was recorded: the log before it did not verify";
                return Err(Bad::Final(tampered(self.next, reason)));
            }
            Opening::Full if self.leftover => {
                return Err(Bad::Record("opens a segment where none ends"));
            }
            Opening::Full | Opening::FailedSync => {}
        }
        if beginning.seal.text().as_bytes() != self.seal || line.seq() != self.next {
            return Err(Bad::Record("does not follow the segment before it"));
        }
        self.compare_file(&beginning)?;
        let other_tree = beginning.tree != self.tree && self.options.depth != Depth::Chain;
        if other_tree || beginning.tree_first != self.tree_first {
            return Err(Bad::Record("is in another tree than the segment before it"));
        }
        self.begin_segment(place.first);
        Ok(())
    }

    /// Compares what a segment says about the file before it with what was read of that.
    ///
    /// Redaction leaves the chain whole and changes the file, so a redacted one cannot be compared.
    fn compare_file(&mut self, beginning: &Beginning) -> Result<(), Bad> {
        let Some(previous) = &beginning.previous else {
            return Err(Bad::Record("does not name the segment before it"));
        };
        let stated = previous.file.as_deref().map(str::as_bytes);
        self.hasher.update(&self.unhashed);
        let hash = self.closed.unwrap_or_else(|| self.hasher.finalize());
        let same = self.options.depth == Depth::Chain
            || stated.is_none_or(|stated| HEXLOWER.encode(hash.as_bytes()).as_bytes() == stated);
        if previous.segment != self.segment || (!same && !self.segment_is_redacted) {
            return Err(Bad::Record("names another file than the one before it"));
        }
        Ok(())
    }

    pub(super) fn begin_segment(&mut self, first: u64) {
        self.segment = first;
        self.segment_is_redacted = false;
        self.hasher.reset();
        self.unhashed.clear();
        self.closed = None;
        self.leftover = false;
    }

    /// Begins with the first segment that is read.
    fn start(&mut self, first: u64, beginning: Beginning) -> Result<(), Bad> {
        let head = self.head.as_ref();
        if head.is_some_and(|head| head.log_id != *beginning.log.as_bytes()) {
            return Err(Bad::Record("is of another log than the head"));
        }
        if head.is_some_and(|head| head.chain.next == first && head.chain.seal != beginning.seal) {
            return Err(Bad::Record("does not continue what the head names"));
        }
        self.begin_segment(first);
        self.log = Some(beginning.log);
        self.next = first;
        self.first = first;
        self.seal = beginning.seal.text().into_bytes();
        self.tree = beginning.tree;
        self.tree_first = beginning.tree_first;
        if self.options.depth == Depth::Chain {
            self.key = None;
            return Ok(());
        }
        let name = first_key_name(self.tree_first);
        let kept = self.read_whole(&name).ok();
        let kept = kept.and_then(|text| unhex(text.trim_ascii()));
        let key = self.key.take().or_else(|| kept.map(Key::new));
        self.key = key.map(|key| key.after(first - self.tree_first));
        if self.verifier.is_none() {
            self.verifier = beginning.verifier;
        }
        self.load_notes().map_err(Bad::Final)
    }

    /// Opens the notes of the log itself, and reads those that were kept elsewhere.
    fn load_notes(&mut self) -> Result<(), Outcome> {
        let (Some(verifier), Some(log)) = (self.verifier.clone(), self.log) else {
            return Ok(());
        };
        let origin = checkpoint::origin(log, self.tree_first);
        for note in std::mem::take(&mut self.options.against) {
            let kept = verifier
                .check(&origin, &note)
                .map_err(|error| Outcome::Tampered {
                    seq: None,
                    reason: format!("the note kept elsewhere is {error}"),
                })?;
            self.anchors.entry(kept.size).or_default().push(kept.root);
        }
        let mut notes = Notes::open(self.source, verifier, log, self.tree_first)?;
        notes.skip_to(self.tree.size())?;
        self.notes = Some(notes);
        Ok(())
    }
}
