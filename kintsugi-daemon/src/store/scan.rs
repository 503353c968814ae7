//! Reads one segment from its first byte and says how far it can be believed.
//!
//! Believing is for the caller: this only finds the first record that is bad and what later lines claim. A start must be
//! quick, and memory that is new to a process costs more than anything that is done with it here: so the file goes through
//! one small buffer, and each record to whoever folds it as soon as the next one is good, too.

use std::io;

use kintsugi_core::audit::chain::{Chain, Key, Seal, continues};
use kintsugi_core::audit::line::{Line, LineError};
use kintsugi_core::audit::record::{Body, Record};
use kintsugi_core::limits::RECORD_BYTES_MAX;
use uuid::Uuid;

use super::open::beginning;
use super::segment::Position;
use super::spot::Spot;
use super::storage::{StoredFile, read_fully};

/// Bytes that are read at once: any record fits with whatever stands before it.
const CHUNK_BYTES: usize = 2 * RECORD_BYTES_MAX;

/// Takes the records of a segment, in order, while it is read.
pub trait Fold {
    /// Forgets what was taken: it is not to be believed, or another segment is read instead.
    fn begin(&mut self);

    /// Takes the next record; of a piece of the live state, also where it stands.
    fn take(&mut self, record: Record, spot: Option<Spot>);
}

/// For logs that nothing is folded from.
impl Fold for () {
    fn begin(&mut self) {}

    fn take(&mut self, _: Record, _: Option<Spot>) {}
}

impl Fold for Vec<Record> {
    fn begin(&mut self) {
        self.clear();
    }

    fn take(&mut self, record: Record, _: Option<Spot>) {
        self.push(record);
    }
}

/// What is known of a segment before it is read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known<'a> {
    /// From where the keys are known: MACs are checked from there on.
    pub(super) keys: Option<&'a Chain>,
    /// Records behind this many are not looked at.
    pub(super) limit: Option<u64>,
}

/// What a segment holds.
#[derive(Debug)]
pub(super) struct Scan {
    /// The last of the records that are good.
    pub(super) last: Option<Record>,
    /// Where that stands, if it is a piece of the live state.
    last_spot: Option<Spot>,
    /// The files that records of the kind `recovery` name.
    pub(super) recovered: Vec<String>,
    /// The place behind the good records. Its key is not known here.
    pub(super) end: Position,
    /// The log its first record names; nothing when that record is bad.
    pub(super) log: Option<Uuid>,
    /// How many records of live state follow that one.
    states: u64,
    /// The seal of the last good record, as it stands in the file.
    seal_text: Vec<u8>,
    /// The seal of the last record before the one whose key is known, when it is in this segment.
    pub(super) sealed: Option<Seal>,
    /// The greatest claim of durability among later lines that continue the line before them.
    pub(super) later_durable: u64,
    /// One past the greatest place that any whole line claims, good or not.
    pub(super) claimed_end: u64,
    /// A line of a version that this program does not know.
    pub(super) newer: Option<u64>,
    /// A record continues the chain and cannot be understood.
    pub(super) unknown: Option<(u64, String)>,
}

impl Scan {
    /// Returns the scan of nothing.
    pub(super) fn of(first: u64) -> Self {
        Self {
            last: None,
            last_spot: None,
            recovered: Vec::new(),
            end: beginning(Chain {
                next: first,
                seal: Seal::genesis(""),
                key: Key::new([0; 32]),
            }),
            log: None,
            states: 0,
            seal_text: Vec::new(),
            sealed: None,
            later_durable: 0,
            claimed_end: first,
            newer: None,
            unknown: None,
        }
    }

    /// Returns how many records are good.
    pub(super) const fn records(&self) -> u64 {
        self.end.chain.next - self.end.segment
    }

    /// Whether the segment was begun: its first record and all of the live state are there.
    pub(super) const fn is_begun(&self) -> bool {
        self.records() > self.states
    }

    /// Gives the last record away, as the next one is good, too.
    fn pass_on(&mut self, (record, spot): (Record, Option<Spot>), fold: &mut dyn Fold) {
        if let Body::Recovery { file, .. } = &record.body {
            self.recovered.push(file.clone());
        }
        let spot = std::mem::replace(&mut self.last_spot, spot);
        if let Some(before) = self.last.replace(record) {
            fold.take(before, spot);
        }
    }
}

/// Scans `file`, the segment whose first record is `first`, and gives its good records to `fold`.
///
/// # Errors
/// When the file cannot be read; then `fold` has taken what nobody vouches for.
pub(super) fn scan(
    first: u64,
    file: &dyn StoredFile,
    known: Known<'_>,
    fold: &mut dyn Fold,
) -> io::Result<Scan> {
    fold.begin();
    let mut scan = Scan::of(first);
    let mut keys = known.keys.cloned();
    let head = known.keys.map(|keys| keys.next);
    let mut lines = Lines::of(file);
    while known.limit.is_none_or(|limit| scan.records() < limit) {
        let Some(line) = lines.next()? else { break };
        let Some(accepted) = accept(&mut scan, line, keys.as_mut()) else {
            lines.step_back();
            break;
        };
        if head == Some(scan.end.chain.next) {
            scan.sealed = Some(scan.end.chain.seal);
        }
        scan.pass_on(accepted, fold);
    }
    if let Some(last) = &scan.last {
        fold.take(last.clone(), scan.last_spot.take());
    }
    lines.finish(&mut scan.end.hasher);
    if known.limit.is_none() {
        look_beyond(&mut scan, file)?;
    }
    Ok(scan)
}

/// The lines of a file, one after the other, through a buffer. What is behind the last of them counts as not read.
struct Lines<'a> {
    file: &'a dyn StoredFile,
    hasher: blake3::Hasher,
    buffer: Vec<u8>,
    /// How much of the buffer is of the file.
    filled: usize,
    /// Byte of the file behind that.
    at: u64,
    /// Where the next line begins in the buffer.
    begin: usize,
    /// Where the last one began.
    last: usize,
}

impl<'a> Lines<'a> {
    fn of(file: &'a dyn StoredFile) -> Self {
        Self {
            file,
            hasher: blake3::Hasher::new(),
            buffer: vec![0; CHUNK_BYTES],
            filled: 0,
            at: 0,
            begin: 0,
            last: 0,
        }
    }

    /// Returns the next line with its newline; nothing when none that a record could be is there whole.
    fn next(&mut self) -> io::Result<Option<&[u8]>> {
        self.last = self.begin;
        let unread = self.buffer.get(self.begin..self.filled).unwrap_or_default();
        let mut newline = memchr::memchr(b'\n', unread);
        if newline.is_none() {
            self.refill()?;
            let unread = self.buffer.get(self.begin..self.filled).unwrap_or_default();
            newline = memchr::memchr(b'\n', unread);
        }
        let Some(length) = newline.map(|at| at + 1) else {
            return Ok(None);
        };
        self.begin += length;
        Ok(self.buffer.get(self.last..self.begin))
    }

    /// The last line is none of what is read.
    const fn step_back(&mut self) {
        self.begin = self.last;
    }

    /// Reads on behind what no line was found in, and forgets the lines before.
    fn refill(&mut self) -> io::Result<()> {
        let done = self.buffer.get(..self.begin).unwrap_or_default();
        self.hasher.update(done);
        self.buffer.copy_within(self.begin..self.filled, 0);
        self.filled -= self.begin;
        (self.begin, self.last) = (0, 0);
        while let Some(rest) = self
            .buffer
            .get_mut(self.filled..)
            .filter(|rest| !rest.is_empty())
        {
            match self.file.read_at(self.at, rest) {
                Ok(0) => break,
                Ok(read) => {
                    self.filled += read;
                    self.at += u64::try_from(read).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Gives the hash of all lines.
    fn finish(mut self, hasher: &mut blake3::Hasher) {
        let done = self.buffer.get(..self.begin).unwrap_or_default();
        self.hasher.update(done);
        *hasher = self.hasher;
    }
}

/// Takes `bytes`, a line with its newline, when it is the next record.
fn accept(
    scan: &mut Scan,
    bytes: &[u8],
    keys: Option<&mut Chain>,
) -> Option<(Record, Option<Spot>)> {
    let bare = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let line = match Line::split(bare) {
        Ok(line) => line,
        Err(LineError::Version(version)) => {
            scan.newer = Some(version);
            return None;
        }
        Err(_) => return None,
    };
    let place = scan.end.chain.next;
    if line.seq() != place || line.durable() > place || !line.commitment_holds() {
        return None;
    }
    let read = Record::of(&line);
    let is_first = scan.records() == 0;
    if is_first && !read.as_ref().is_ok_and(|record| begin(scan, &record.body)) {
        return None;
    }
    let seal = Seal::parse(line.seal())?;
    if !follows(scan, &line, &seal) || !vouched(keys, place, &seal) {
        return None;
    }
    if let Err(error) = &read {
        scan.unknown = Some((place, error.to_string()));
    }
    let record = read.ok()?;
    let is_piece = matches!(record.body, Body::State { .. });
    let spot = is_piece.then(|| Spot::of(&scan.end, &line));
    scan.end.chain.next += 1;
    scan.end.chain.seal = seal;
    scan.seal_text.clear();
    scan.seal_text.extend_from_slice(line.seal());
    scan.end.pass_unhashed(bytes, &line);
    if scan.records() <= scan.states + 1 {
        scan.end.opened_bytes = scan.end.bytes;
    }
    Some((record, spot))
}

/// Whether a line continues the one before it: [`kintsugi_core::audit::chain::link`], in one piece, which is faster.
fn follows(scan: &mut Scan, line: &Line<'_>, seal: &Seal) -> bool {
    let (before, after) = line.public();
    let sealed = scan.seal_text.len();
    scan.seal_text.extend_from_slice(before);
    scan.seal_text.extend_from_slice(after);
    let hash = blake3::hash(&scan.seal_text);
    scan.seal_text.truncate(sealed);
    *hash.as_bytes() == seal.hash
}

/// Whether the MAC is right, as far as the key is known.
fn vouched(keys: Option<&mut Chain>, place: u64, seal: &Seal) -> bool {
    let Some(keys) = keys else { return true };
    if place < keys.next {
        return true;
    }
    keys.key = keys.key.after(place - keys.next);
    let vouched = keys.key.mac(&seal.hash) == seal.mac;
    keys.key = keys.key.next();
    keys.next = place + 1;
    vouched
}

/// Takes what the first record of a segment says about what is before it.
fn begin(scan: &mut Scan, body: &Body) -> bool {
    let Body::Open {
        log, tree, states, ..
    } = body
    else {
        return false;
    };
    scan.states = *states;
    let first = scan.end.segment;
    let Some((seal, frontier)) = body.continued_seal(first).zip(tree.frontier(first)) else {
        return false;
    };
    scan.end.chain.seal = seal;
    scan.seal_text = seal.text().into_bytes();
    scan.end.tree = frontier;
    scan.end.tree_first = tree.first;
    scan.log = Some(*log);
    true
}

/// Looks at what stands behind the last good record.
fn look_beyond(scan: &mut Scan, file: &dyn StoredFile) -> io::Result<()> {
    scan.claimed_end = scan.end.chain.next;
    let mut before: Option<Vec<u8>> = None;
    for bytes in read_fully(file, scan.end.bytes)?.split(|byte| *byte == b'\n') {
        let Ok(line) = Line::split(bytes) else {
            before = None;
            continue;
        };
        if before.is_some_and(|seal| continues(&seal, &line)) {
            // INVARIANT: `d` is believed only from a line whose own hash verifies.
            scan.later_durable = scan.later_durable.max(line.durable());
        }
        scan.claimed_end = scan.claimed_end.max(line.seq().saturating_add(1));
        before = Some(line.seal().to_vec());
    }
    Ok(())
}
