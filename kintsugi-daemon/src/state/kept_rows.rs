//! Ids as bytes: how the most of them stand in the live state.

use std::borrow::Cow;

use data_encoding::BASE64;
use kintsugi_core::classify::Class;
use kintsugi_core::decide::Decision;
use kintsugi_core::limits::RECORD_BYTES_MAX;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ending::{Closed, Why};
use super::ids::PIECE_ROWS;
use super::past::{Chunk, Fate, Row};
use super::{Decided, Fingerprint};

/// One id that was decided at once: itself, its fingerprint, when, its record (both little-endian), and class, decision and tier in two
/// bits each.
const DECIDED_BYTES: usize = 16 + 32 + 8 + 8 + 1;

/// One closed id: the same, how many records later it was closed (little-endian), and why.
const CLOSED_BYTES: usize = DECIDED_BYTES + 4 + 1;

/// One id that is held as another one: itself, its fingerprint, when (little-endian), and that one.
const JOINED_BYTES: usize = 16 + 32 + 8 + 16;

// In base64 a piece of either fits into a record.
const _: () = assert!(PIECE_ROWS * JOINED_BYTES / 3 * 4 < RECORD_BYTES_MAX - 1_024);
const _: () = assert!(DECIDED_BYTES < JOINED_BYTES && CLOSED_BYTES < JOINED_BYTES);

/// The ids of one chunk, each in a fixed number of bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptRows<'a> {
    #[serde(borrow)]
    decided: Cow<'a, str>,
    #[serde(borrow)]
    joined: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    closed: Cow<'a, str>,
}

impl KeptRows<'_> {
    /// Keeps the ids of a chunk.
    pub(super) fn of(chunk: &Chunk) -> Self {
        let (mut decided, mut joined, mut closed) = (Vec::new(), Vec::new(), Vec::new());
        for row in chunk.rows() {
            match row.fate {
                Fate::Decided(answer) => decided.push(encode(row, answer)),
                Fate::Closed(answer) => closed.push(encode_closed(row, answer)),
                Fate::With(first) => joined.push(encode_joined(row, first)),
                Fate::Moved => {}
            }
        }
        Self {
            decided: BASE64.encode(decided.as_flattened()).into(),
            joined: BASE64.encode(joined.as_flattened()).into(),
            closed: BASE64.encode(closed.as_flattened()).into(),
        }
    }

    /// Hands on what was kept; nothing in place of an id that cannot be read.
    pub(super) fn read<T>(
        &self,
        take: impl FnOnce(&mut dyn Iterator<Item = Option<Row>>) -> T,
    ) -> T {
        let parts = [&self.closed, &self.decided, &self.joined].map(|part| unpacked(part));
        let [first, second, third] = &parts;
        take(
            &mut closed(first)
                .chain(decided(second))
                .chain(held_as_another(third)),
        )
    }
}

/// Returns the bytes of such ids; none when it is not that.
fn unpacked(text: &str) -> Vec<u8> {
    BASE64.decode(text.as_bytes()).unwrap_or_default()
}

/// Reads ids that were decided at once.
fn decided(bytes: &[u8]) -> impl Iterator<Item = Option<Row>> {
    bytes.chunks_exact(DECIDED_BYTES).map(decode)
}

fn closed(bytes: &[u8]) -> impl Iterator<Item = Option<Row>> {
    bytes.chunks_exact(CLOSED_BYTES).map(decode_closed)
}

/// Reads ids that are held as other ones.
fn held_as_another(bytes: &[u8]) -> impl Iterator<Item = Option<Row>> {
    bytes.chunks_exact(JOINED_BYTES).map(decode_joined)
}

/// Keeps an id that was decided at once.
fn encode(row: &Row, answer: Decided) -> [u8; DECIDED_BYTES] {
    let class = match answer.class {
        Class::Safe => 0,
        Class::Ambiguous => 1,
        Class::Catastrophic => 2,
    };
    let decision = match answer.decision {
        Decision::Allow => 0,
        Decision::Hold => 1,
        Decision::Deny => 2,
    };
    let numbers = [row.at.to_le_bytes(), answer.seq.to_le_bytes()].concat();
    let bits = class | decision << 2 | (answer.tier & 3) << 4;
    joined([
        row.id.as_bytes(),
        row.fingerprint.bytes(),
        &numbers,
        &[bits],
    ])
}

/// Keeps an id that is closed.
fn encode_closed(row: &Row, closed: Closed) -> [u8; CLOSED_BYTES] {
    let why = match closed.why {
        Why::Denied => 1,
        Why::Over => 2,
        Why::Used => 3,
        Why::TakenBack => 4,
        Why::Unused => 5,
    };
    joined([
        &encode(row, closed.verdict),
        &closed.behind.to_le_bytes(),
        &[why],
        &[],
    ])
}

/// Keeps an id that is held as another one.
fn encode_joined(row: &Row, first: Uuid) -> [u8; JOINED_BYTES] {
    let at = row.at.to_le_bytes();
    joined([
        row.id.as_bytes(),
        row.fingerprint.bytes(),
        &at,
        first.as_bytes(),
    ])
}

/// Puts parts together that are `BYTES` long.
fn joined<const BYTES: usize>(parts: [&[u8]; 4]) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    for (to, from) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
        *to = *from;
    }
    bytes
}

/// Reads what [`encode_joined`] wrote; nothing when the bytes are not that.
fn decode_joined(bytes: &[u8]) -> Option<Row> {
    let (id, rest) = bytes.split_first_chunk::<16>()?;
    let (fingerprint, rest) = rest.split_first_chunk::<32>()?;
    let (at, first) = rest.split_first_chunk::<8>()?;
    Some(Row {
        id: Uuid::from_bytes(*id),
        fingerprint: Fingerprint::new(*fingerprint),
        at: u64::from_le_bytes(*at),
        fate: Fate::With(Uuid::from_bytes(first.try_into().ok()?)),
    })
}

/// Reads what [`encode_closed`] wrote; nothing when the bytes are not that.
fn decode_closed(bytes: &[u8]) -> Option<Row> {
    let (decided, rest) = bytes.split_first_chunk::<DECIDED_BYTES>()?;
    let (behind, why) = rest.split_first_chunk::<4>()?;
    let row = decode(decided)?;
    let (Fate::Decided(verdict), [why]) = (row.fate, why) else {
        return None;
    };
    let why = match why {
        1 => Why::Denied,
        3 => Why::Used,
        4 => Why::TakenBack,
        5 => Why::Unused,
        _ => Why::Over,
    };
    let fate = Fate::Closed(Closed {
        verdict,
        why,
        behind: u32::from_le_bytes(*behind),
    });
    Some(Row { fate, ..row })
}

/// Reads what [`encode`] wrote; nothing when the bytes are not that.
fn decode(bytes: &[u8]) -> Option<Row> {
    let (id, rest) = bytes.split_first_chunk::<16>()?;
    let (fingerprint, rest) = rest.split_first_chunk::<32>()?;
    let (at, rest) = rest.split_first_chunk::<8>()?;
    let (seq, bits) = rest.split_first_chunk::<8>()?;
    let [bits] = bits else { return None };
    let decided = Decided {
        class: match bits & 3 {
            0 => Class::Safe,
            1 => Class::Ambiguous,
            _ => Class::Catastrophic,
        },
        decision: match bits >> 2 & 3 {
            0 => Decision::Allow,
            1 => Decision::Hold,
            _ => Decision::Deny,
        },
        tier: bits >> 4 & 3,
        seq: u64::from_le_bytes(*seq),
    };
    Some(Row {
        id: Uuid::from_bytes(*id),
        fingerprint: Fingerprint::new(*fingerprint),
        at: u64::from_le_bytes(*at),
        fate: Fate::Decided(decided),
    })
}
