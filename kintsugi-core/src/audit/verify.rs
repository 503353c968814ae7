//! Proves a log, or says which record is the first that is bad and why.
//!
//! Reads through [`Source`] from the first segment to the last, keeping one line and the right edge of the tree. It believes
//! nothing that it has not computed, and says which layers it could check.

mod beginning;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader, Read};

use data_encoding::HEXLOWER;
use uuid::Uuid;

use self::beginning::Beginning;
pub use self::report::{Layer, Options, Outcome, Report};
use super::chain::{Key, Seal, continues, unhex};
use super::checkpoint::{self, Checkpoint, NoteError, Verifier};
use super::head::{HEAD_BYTES, Head, SLOT_BYTES};
use super::line::{Line, LineError};
use super::merkle::{self, Frontier, Hash};
use super::record::{Body, Opening, Record};
use super::{
    CHECKPOINTS_FILE, HEAD_FILE, Source, first_key_name, is_known, segment_first, segment_name,
};
use crate::limits::{CHECKPOINT_RECORDS, RECORD_BYTES_MAX, SEGMENT_RECORDS};

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
    seal: Seal,
    tree: Frontier,
    tree_first: u64,
    /// The key of the next record.
    key: Option<Key>,
    vouched: u64,
    /// Roots that notes claim, by size of the tree that is being built.
    claims: BTreeMap<u64, Vec<Hash>>,
    agreed: u64,
    redacted: BTreeSet<u64>,
    authorised: BTreeSet<u64>,
    pruned_before: u64,
    /// Leaves of the last signed checkpoint.
    last_note: Option<u64>,
    /// One slot of the head is not whole.
    torn_head: bool,
    /// Bytes of a last note that is not whole.
    torn_note: u64,
    /// Notes kept elsewhere that are by the key of the log.
    anchored: u64,
    /// The segment before has bytes behind its last record.
    leftover: bool,
    last_ts: Vec<u8>,
    warnings: Vec<String>,
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
            seal: Seal::genesis(""),
            tree: Frontier::default(),
            tree_first: 0,
            vouched: 0,
            claims: BTreeMap::new(),
            agreed: 0,
            redacted: BTreeSet::new(),
            authorised: BTreeSet::new(),
            pruned_before: 0,
            last_note: None,
            torn_head: false,
            torn_note: 0,
            anchored: 0,
            leftover: false,
            last_ts: Vec::new(),
            warnings: Vec::new(),
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
            self.warnings
                .push(format!("`{name}` is not a file of the log"));
        }
        self.read_head(&names, !segments.is_empty())?;
        if let Some(from) = self.options.from {
            let before = segments.partition_point(|first| *first <= from);
            segments.drain(..before.saturating_sub(1));
        }
        for (index, first) in segments.iter().enumerate() {
            let next = segments.get(index + 1).copied();
            self.segment(*first, next, index == 0)?;
        }
        self.finish()
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
        let bytes = self
            .read_whole(HEAD_FILE)
            .map_err(|error| unreadable(HEAD_FILE, &error))?;
        let slots = bytes.split_at_checked(SLOT_BYTES);
        let whole = |slot: &[u8]| Head::decode(slot).is_some();
        let both = slots.is_some_and(|(first, second)| whole(first) && whole(second));
        self.head = Head::latest(&bytes);
        if bytes.len() != HEAD_BYTES || self.head.is_none() {
            return Err(lost("the head is damaged"));
        }
        self.torn_head = !both;
        Ok(())
    }

    fn read_whole(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.source.reader(name, 0)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn segment(&mut self, first: u64, next: Option<u64>, is_first: bool) -> Result<(), Outcome> {
        let name = segment_name(first);
        let opened = self.source.reader(&name, 0);
        let reader = opened.map_err(|error| unreadable(&name, &error))?;
        let mut reader = BufReader::with_capacity(1 << 16, reader);
        let place = Place {
            first,
            is_first,
            is_last: next.is_none(),
        };
        let mut line = Vec::with_capacity(4096);
        let mut at_opening = true;
        while next != Some(self.next) || at_opening {
            let read = read_line(&mut reader, &mut line);
            if !read.map_err(|error| unreadable(&name, &error))? {
                break;
            }
            if let Err(bad) = self.line(&line, place, at_opening) {
                return Err(self.judge(bad, &line, reader, place));
            }
            at_opening = false;
        }
        if at_opening && place.is_last && self.durable_elsewhere() <= first {
            // Made and never written: the power failed there.
            return Err(Outcome::Torn {
                seq: first,
                bytes: 0,
            });
        }
        let rest = read_line(&mut reader, &mut line);
        self.leftover = rest.map_err(|error| unreadable(&name, &error))?;
        match next {
            Some(next) if next != self.next => {
                let reason = format!("records {} to {} are missing", self.next, next - 1);
                Err(tampered(self.next, reason))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Takes one line with its newline.
    fn line(&mut self, bytes: &[u8], place: Place, at_opening: bool) -> Result<(), Bad> {
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
            self.open(bare, &line, place)?;
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
        if !continues(self.seal.text().as_bytes(), &line) {
            return Err(Bad::Record("does not follow the record before it"));
        }
        if !line.commitment_holds() {
            return Err(Bad::Record(
                "has another private part than it was written with",
            ));
        }
        let seal = Seal::parse(line.seal()).ok_or(Bad::Record("has no seal"))?;
        if let Some(key) = &self.key {
            if key.mac(&seal.hash) != seal.mac {
                return Err(Bad::Record("was not written with the key of its place"));
            }
            self.key = Some(key.next());
            self.vouched += 1;
        }
        self.notice(bare, &line)?;
        self.seal = seal;
        self.tree.push(merkle::leaf(&line));
        self.pass(bytes)
    }

    /// Moves on behind a good record and compares what is known of the log at that size.
    fn pass(&mut self, bytes: &[u8]) -> Result<(), Bad> {
        self.next += 1;
        let length = u64::try_from(bytes.len()).unwrap_or_default();
        self.bytes += length;
        if self.next.is_multiple_of(4096)
            && let Some(progress) = self.options.progress.as_mut()
        {
            progress(self.bytes);
        }
        let before = self.next - 1;
        if let Some(roots) = self.claims.remove(&self.tree.size()) {
            let root = self.tree.root();
            if roots.iter().any(|claim| *claim != root) {
                let reason = format!("the records up to {before} are not those that were signed");
                return Err(Bad::Final(tampered(before, reason)));
            }
            self.agreed += u64::try_from(roots.len()).unwrap_or_default();
        }
        let head = self
            .head
            .as_ref()
            .filter(|head| head.chain.next == self.next);
        let Some(head) = head else { return Ok(()) };
        let renewed = self.key.as_ref().is_some_and(|key| *key != head.chain.key);
        if head.chain.seal != self.seal || renewed {
            let reason = "is not the one that the head names";
            return Err(Bad::Final(tampered(
                before,
                format!("record {before} {reason}"),
            )));
        }
        Ok(())
    }

    /// Remembers what a record says about other records.
    fn notice(&mut self, bare: &[u8], line: &Line<'_>) -> Result<(), Bad> {
        if line.is_redacted() {
            self.redacted.insert(line.seq());
        }
        let ts = line.ts();
        if ts < self.last_ts.as_slice() {
            let shown = String::from_utf8_lossy(ts);
            self.warnings.push(format!(
                "the clock went back to {shown} at record {}",
                line.seq()
            ));
        }
        ts.clone_into(&mut self.last_ts);
        let speaks = matches!(line.kind(), b"redact" | b"prune");
        if !speaks && !self.options.deep {
            return Ok(());
        }
        let record = Record::read(bare).map_err(|_| Bad::Record("cannot be understood"))?;
        if let Body::Redact { seqs, .. } = &record.body {
            self.authorised.extend(seqs);
        }
        if let Body::Prune { before, .. } = record.body {
            self.pruned_before = self.pruned_before.max(before);
        }
        Ok(())
    }
}

/// Which segment a line is read from.
#[derive(Clone, Copy)]
struct Place {
    first: u64,
    is_first: bool,
    is_last: bool,
}

/// Reads one line with its newline, or as much of it as a record may have. False at the end.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let most = u64::try_from(RECORD_BYTES_MAX).unwrap_or(u64::MAX);
    let read = reader.by_ref().take(most).read_until(b'\n', line)?;
    Ok(read > 0)
}

impl Run<'_> {
    /// Takes the first record of a segment: what it continues and in which tree it is.
    fn open(&mut self, bare: &[u8], line: &Line<'_>, place: Place) -> Result<(), Bad> {
        let record = Record::read(bare).map_err(|_| Bad::Record("cannot be understood"))?;
        let beginning = Beginning::read(&record.body, place.first)
            .ok_or(Bad::Record("does not open its segment"))?;
        if self.log.is_some_and(|known| known != beginning.log) {
            return Err(Bad::Record("is of another log"));
        }
        if place.is_first {
            return self.start(place.first, beginning);
        }
        let records = self.options.segment_records.unwrap_or(SEGMENT_RECORDS);
        match beginning.opening {
            Opening::New => return Err(Bad::Record("begins a log inside a log")),
            Opening::Incident => {
                let reason = "an incident was recorded: the log before it did not verify";
                return Err(Bad::Final(tampered(self.next, reason)));
            }
            Opening::Full if self.leftover || !place.first.is_multiple_of(records) => {
                return Err(Bad::Record("opens a segment where none ends"));
            }
            Opening::Full | Opening::FailedSync => {}
        }
        if beginning.seal != self.seal || line.seq() != self.next {
            return Err(Bad::Record("does not follow the segment before it"));
        }
        if beginning.tree != self.tree || beginning.tree_first != self.tree_first {
            return Err(Bad::Record("is in another tree than the segment before it"));
        }
        Ok(())
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
        self.log = Some(beginning.log);
        self.next = first;
        self.first = first;
        self.seal = beginning.seal;
        self.tree = beginning.tree;
        self.tree_first = beginning.tree_first;
        let name = first_key_name(self.tree_first);
        let kept = self.read_whole(&name).ok();
        let kept = kept.and_then(|text| unhex(text.trim_ascii()));
        let key = self.key.take().or_else(|| kept.map(Key::new));
        self.key = key.map(|key| key.after(first - self.tree_first));
        if self.verifier.is_none() {
            self.verifier = beginning.verifier;
        }
        self.load_claims().map_err(Bad::Final)
    }

    /// Reads every note: those of the log itself, and those that were kept elsewhere.
    fn load_claims(&mut self) -> Result<(), Outcome> {
        let (Some(verifier), Some(log)) = (self.verifier.clone(), self.log) else {
            return Ok(());
        };
        let origin = checkpoint::origin(log, self.tree_first);
        let refused = |what: &str, error: &NoteError| Outcome::Tampered {
            seq: None,
            reason: format!("{what} is {error}"),
        };
        for note in std::mem::take(&mut self.options.against) {
            let checked = verifier.check(&origin, &note);
            let kept = checked.map_err(|error| refused("the note kept elsewhere", &error))?;
            self.claim(kept);
            self.anchored += 1;
        }
        let text = match self.read_whole(CHECKPOINTS_FILE) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(unreadable(CHECKPOINTS_FILE, &error)),
        };
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut notes = checkpoint::split(&text).peekable();
        let mut number = 0;
        while let Some(note) = notes.next() {
            number += 1;
            match verifier.check(&origin, &note) {
                Ok(checkpoint) => {
                    self.claim(checkpoint);
                    self.last_note = self.last_note.max(Some(checkpoint.size));
                }
                // Of a tree before an incident: it says nothing about this one.
                Err(NoteError::Origin(named)) if named.starts_with(&format!("kintsugi/{log}")) => {}
                Err(_) if notes.peek().is_none() => {
                    self.torn_note = u64::try_from(note.len()).unwrap_or_default();
                }
                Err(error) => {
                    return Err(refused(&format!("note {number} of `checkpoints`"), &error));
                }
            }
        }
        Ok(())
    }

    fn claim(&mut self, checkpoint: Checkpoint) {
        if checkpoint.size < self.tree.size() {
            return;
        }
        let roots = self.claims.entry(checkpoint.size).or_default();
        roots.push(checkpoint.root);
    }

    /// Returns how many records were durable as far as anything beside the segments says.
    fn durable_elsewhere(&self) -> u64 {
        let head = self.head.as_ref().map_or(0, |head| head.chain.next);
        let signed = self.claims.keys().next_back();
        head.max(signed.map_or(0, |size| size + self.tree_first))
    }

    fn cut_off(&self) -> Outcome {
        let durable = self.durable_elsewhere();
        let last = durable.saturating_sub(1);
        tampered(
            self.next,
            format!("records {} to {last} are missing", self.next),
        )
    }

    /// Says whether a bad record is a torn tail or tampering.
    fn judge(&self, bad: Bad, line: &[u8], rest: impl BufRead, place: Place) -> Outcome {
        let seq = self.next;
        let reason = match bad {
            Bad::Final(outcome) => return outcome,
            Bad::Version(version) => {
                return Outcome::UnknownFormat {
                    version,
                    segment: place.first,
                };
            }
            Bad::Record(reason) => format!("record {seq} {reason}"),
        };
        if !place.is_last || self.durable_elsewhere() > seq {
            return tampered(seq, reason);
        }
        match look_beyond(line, rest) {
            Ok((durable, _)) if durable > seq => tampered(seq, reason),
            Ok((_, bytes)) => Outcome::Torn { seq, bytes },
            Err(error) => unreadable(&segment_name(place.first), &error),
        }
    }

    fn finish(&mut self) -> Result<(), Outcome> {
        if self.durable_elsewhere() > self.next {
            return Err(self.cut_off());
        }
        if self.first > 0 && self.options.from.is_none() && self.pruned_before < self.first {
            let reason = format!("records 0 to {} are missing", self.first - 1);
            return Err(tampered(0, reason));
        }
        let silent = self.redacted.difference(&self.authorised).next();
        if let Some(seq) = silent.filter(|_| self.options.from.is_none()) {
            let reason = format!("record {seq} was redacted and no record says so");
            return Err(tampered(*seq, reason));
        }
        let slot = if self.torn_head { SLOT_BYTES } else { 0 };
        let torn = self.torn_note + u64::try_from(slot).unwrap_or_default();
        if torn > 0 {
            return Err(Outcome::Torn {
                seq: self.next,
                bytes: torn,
            });
        }
        let missing = |missing: String| Err(Outcome::Incomplete { missing });
        let durable = self.head.as_ref().map_or(0, |head| head.chain.next);
        let signed = self.last_note.unwrap_or_default() + self.tree_first;
        if durable.saturating_sub(signed) >= CHECKPOINT_RECORDS {
            return missing(format!(
                "no signed checkpoint of more than {signed} records"
            ));
        }
        if self.key.is_none() && self.next > 0 && self.options.from.is_none() {
            return missing("the first key, which checks who wrote".into());
        }
        Ok(())
    }

    fn report(self, outcome: Outcome) -> Report {
        let records = self.next - self.first;
        let some = |count: u64| {
            if count == 0 {
                Layer::Unchecked
            } else {
                Layer::Checked(count)
            }
        };
        Report {
            outcome,
            log: self.log,
            records,
            bytes: self.bytes,
            head: HEXLOWER.encode(&self.seal.hash),
            root: self.tree.root(),
            chain: some(records),
            mac: some(self.vouched),
            merkle: some(self.agreed.saturating_sub(self.anchored)),
            anchors: some(self.anchored.min(self.agreed)),
            redacted: u64::try_from(self.redacted.len()).unwrap_or_default(),
            warnings: self.warnings,
        }
    }
}

/// Returns the greatest claim of durability in lines that continue the line before them, and the bytes from `line` on.
fn look_beyond(line: &[u8], mut rest: impl BufRead) -> io::Result<(u64, u64)> {
    let seal = |line: &[u8]| {
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        Line::split(bare).ok().map(|line| line.seal().to_vec())
    };
    let mut before = seal(line);
    let mut bytes = u64::try_from(line.len()).unwrap_or_default();
    let mut durable = 0;
    let mut buffer = Vec::new();
    while read_line(&mut rest, &mut buffer)? {
        bytes += u64::try_from(buffer.len()).unwrap_or_default();
        let bare = buffer.strip_suffix(b"\n").unwrap_or(&buffer);
        // INVARIANT: `d` is believed only from a line whose own hash verifies.
        if let (Some(before), Ok(line)) = (&before, Line::split(bare))
            && continues(before, &line)
        {
            durable = durable.max(line.durable());
        }
        before = seal(&buffer);
    }
    Ok((durable, bytes))
}
