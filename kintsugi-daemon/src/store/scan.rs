//! Reads one segment from its first byte and says how far it can be believed.
//!
//! Believing is for the caller: this only finds the first record that is bad and what later lines claim.

use kintsugi_core::audit::chain::{Chain, Key, Seal, continues};
use kintsugi_core::audit::line::{Line, LineError};
use kintsugi_core::audit::merkle::Frontier;
use kintsugi_core::audit::record::{Body, Record};
use uuid::Uuid;

use super::segment::Position;

/// What a segment holds.
#[derive(Debug)]
pub(super) struct Scan {
    /// The records that are good, from the first.
    pub(super) records: Vec<Record>,
    /// The place behind them. Its key is not known here.
    pub(super) end: Position,
    /// The log its first record names; nothing when that record is bad.
    pub(super) log: Option<Uuid>,
    /// How many records of live state follow that one.
    states: u64,
    /// The seal of the last good record, as it stands in the file.
    seal_text: Vec<u8>,
    /// The place behind each record is remembered for the one that the head names.
    pub(super) seals: Vec<Seal>,
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
    /// Whether the segment was begun: its first record and all of the live state are there.
    pub(super) fn is_begun(&self) -> bool {
        u64::try_from(self.records.len()).is_ok_and(|count| count > self.states)
    }

    /// Returns the seal behind the records before `next`, when this segment holds the last of them.
    pub(super) fn seal_before(&self, next: u64) -> Option<Seal> {
        let index = next.checked_sub(self.end.segment)?.checked_sub(1)?;
        self.seals.get(usize::try_from(index).ok()?).copied()
    }
}

/// Scans `bytes`, the segment whose first record is `first`. MACs are checked from where `known` knows the key.
pub(super) fn scan(first: u64, bytes: &[u8], known: Option<&Chain>) -> Scan {
    let mut scan = Scan {
        records: Vec::new(),
        end: Position {
            chain: Chain {
                next: first,
                seal: Seal::genesis(""),
                key: Key::new([0; 32]),
            },
            segment: first,
            bytes: 0,
            opened_bytes: 0,
            hasher: blake3::Hasher::new(),
            tree: Frontier::default(),
            tree_first: first,
        },
        log: None,
        states: 0,
        seal_text: Vec::new(),
        seals: Vec::new(),
        later_durable: 0,
        claimed_end: first,
        newer: None,
        unknown: None,
    };
    let mut keys = known.cloned();
    let mut rest = bytes;
    while let Some((line, after)) = first_line(rest) {
        if !accept(&mut scan, line, keys.as_mut()) {
            break;
        }
        rest = after;
    }
    let good = bytes.len() - rest.len();
    scan.end
        .hasher
        .update(bytes.get(..good).unwrap_or_default());
    look_beyond(&mut scan, rest);
    scan
}

/// Splits off the first line with its newline.
fn first_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    bytes.split_at_checked(end + 1)
}

/// Takes `bytes`, a line with its newline, when it is the next record.
fn accept(scan: &mut Scan, bytes: &[u8], keys: Option<&mut Chain>) -> bool {
    let bare = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let line = match Line::split(bare) {
        Ok(line) => line,
        Err(LineError::Version(version)) => {
            scan.newer = Some(version);
            return false;
        }
        Err(_) => return false,
    };
    let place = scan.end.chain.next;
    if line.seq() != place || line.durable() > place || !line.commitment_holds() {
        return false;
    }
    let read = Record::of(&line);
    if scan.records.is_empty() && !read.as_ref().is_ok_and(|record| begin(scan, &record.body)) {
        return false;
    }
    let Some(seal) = Seal::parse(line.seal()) else {
        return false;
    };
    if !follows(scan, &line, &seal) || !vouched(keys, place, &seal) {
        return false;
    }
    match read {
        Ok(record) => scan.records.push(record),
        Err(error) => {
            scan.unknown = Some((place, error.to_string()));
            return false;
        }
    }
    scan.end.chain.next += 1;
    scan.end.chain.seal = seal;
    scan.seal_text.clear();
    scan.seal_text.extend_from_slice(line.seal());
    scan.end.pass_unhashed(bytes, &line);
    if scan.end.chain.next - scan.end.segment <= scan.states + 1 {
        scan.end.opened_bytes = scan.end.bytes;
    }
    scan.seals.push(seal);
    true
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
fn look_beyond(scan: &mut Scan, rest: &[u8]) {
    scan.claimed_end = scan.end.chain.next;
    let mut before: Option<Vec<u8>> = None;
    for bytes in rest.split(|byte| *byte == b'\n') {
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
}
