//! The live state as records, so that a segment of the log can open with it.

use std::borrow::Cow;
use std::rc::Rc;

use data_encoding::BASE64;
use kintsugi_core::audit::record::Body;
use kintsugi_core::classify::Class;
use kintsugi_core::decide::Decision;
use kintsugi_core::limits::RECORD_BYTES_MAX;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::admin::ADMIN;
use super::alarms::Alarms;
use super::ids::PIECE_ROWS;
use super::intents::Piece;
use super::past::{Chunk, Fate, Row, Why};
use super::suspects::Suspects;
use super::{Answered, Decided, Fingerprint, Hold, Known, Read, Standing, State};
use crate::store::{LiveState, Spot};

/// Names a piece with one hold or approval.
const HOLD: &str = "hold";

/// Names a piece with ids that are remembered with why they are closed.
const IDS: &str = "ids";

/// Names a piece with ids that were decided at once, each in [`DECIDED_BYTES`] bytes.
const DECIDED: &str = "decided";

/// Names a piece with ids that are held as other ones, each in [`JOINED_BYTES`] bytes.
const JOINED: &str = "joined";

/// Names a piece with what people said beyond one command.
const INTENT: &str = "intent";

/// Names the piece with agents and refused answers; its bounds keep it within a record.
const SUSPECTS: &str = "suspects";

/// Names the piece with mass changes that nobody explained.
const ALARMS: &str = "alarms";

/// Names a piece with commands that may explain a mass change.
const DEEDS: &str = "deeds";

/// Names a piece with the ids of one chunk, both kinds of them: [`DECIDED`] and [`JOINED`] stood alone before.
const PAST: &str = "past";

/// Names a piece that names such pieces in other segments.
const ELSEWHERE: &str = "elsewhere";

/// Pieces that are named in one.
const SPOTS_PER_PIECE: usize = 256;

/// Ids in one piece; with reasons of half a KiB they fit into a record.
const IDS_PER_PIECE: usize = 60;

/// One decided or closed id: itself, its fingerprint, when, its record (both little-endian), and class, decision, tier and why it is
/// closed in two bits each.
const DECIDED_BYTES: usize = 16 + 32 + 8 + 8 + 1;

/// One id that is held as another one: itself, its fingerprint, when (little-endian), and that one.
const JOINED_BYTES: usize = 16 + 32 + 8 + 16;

// In base64 a piece of either fits into a record.
const _: () = assert!(PIECE_ROWS * JOINED_BYTES / 3 * 4 < RECORD_BYTES_MAX - 1_024);
const _: () = assert!(DECIDED_BYTES < JOINED_BYTES);

/// The ids of one chunk.
#[derive(Serialize, Deserialize)]
struct KeptPast<'a> {
    #[serde(borrow)]
    decided: Cow<'a, str>,
    #[serde(borrow)]
    joined: Cow<'a, str>,
}

/// The private part of the record of such a piece.
#[derive(Deserialize)]
struct Private<'a> {
    #[serde(borrow)]
    value: KeptPast<'a>,
}

/// How what is remembered of most ids stands in the live state.
enum Part<'a> {
    /// Pieces that stand in the log already.
    Elsewhere(Vec<&'a Spot>),
    /// One that does not, and its place among all.
    Here(usize, &'a Chunk),
}

/// One id, without a hold.
#[derive(Serialize, Deserialize)]
struct KeptId {
    id: Uuid,
    fingerprint: String,
    at: u64,
    #[serde(flatten)]
    standing: KeptStanding,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeptStanding {
    Decided(Box<Answered>),
    Closed(Box<Answered>),
    With(Uuid),
}

/// One hold or approval.
#[derive(Serialize, Deserialize)]
struct KeptHold {
    at: u64,
    hold: Hold,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    approved: Option<KeptApproval>,
}

#[derive(Serialize, Deserialize)]
struct KeptApproval {
    until: u64,
    shared: bool,
    #[serde(default)]
    by: Box<str>,
}

impl LiveState for State {
    fn live_state(&self) -> Vec<Body> {
        let mut pieces = Vec::new();
        let mut ids = Vec::new();
        for (id, known) in self.ids.others() {
            match &known.standing {
                Standing::Held(hold) => {
                    pieces.extend(piece(HOLD, &kept_hold(known.at, hold, None)));
                }
                Standing::Approved {
                    hold,
                    until,
                    shared,
                    by,
                } => {
                    let approval = KeptApproval {
                        until: *until,
                        shared: *shared,
                        by: by.clone(),
                    };
                    pieces.extend(piece(HOLD, &kept_hold(known.at, hold, Some(approval))));
                }
                Standing::Closed(answered) => ids.push(KeptId {
                    id,
                    fingerprint: known.fingerprint.text(),
                    at: known.at,
                    standing: KeptStanding::Closed(answered.clone()),
                }),
                Standing::Decided(_) | Standing::With(_) => {}
            }
        }
        if !self.suspects.is_empty() {
            pieces.extend(piece(SUSPECTS, &self.suspects));
        }
        if !self.alarms.is_empty() {
            pieces.extend(piece(ALARMS, &self.alarms));
        }
        if !self.admin.is_empty() {
            pieces.extend(piece(ADMIN, &self.admin));
        }
        let deeds = self.deeds.pieces();
        pieces.extend(deeds.iter().filter_map(|deeds| piece(DEEDS, deeds)));
        let intents = self.intents.pieces();
        pieces.extend(intents.iter().filter_map(|intent| piece(INTENT, intent)));
        pieces.extend(ids.chunks(IDS_PER_PIECE).filter_map(|ids| piece(IDS, &ids)));
        // At the end, see `opened`.
        pieces.extend(self.parts().into_iter().filter_map(|part| match part {
            Part::Elsewhere(spots) => piece(ELSEWHERE, &spots),
            Part::Here(_, chunk) => piece(PAST, &kept_past(chunk)),
        }));
        pieces
    }
}

/// Returns the piece that keeps the ids of a chunk, in a fixed number of bytes each.
fn kept_past(chunk: &Chunk) -> KeptPast<'static> {
    let (mut decided, mut joined) = (Vec::new(), Vec::new());
    for row in chunk.rows() {
        match row.fate {
            Fate::Decided(answer) => decided.push(encode(row, answer, None)),
            Fate::Closed(answer, why) => decided.push(encode(row, answer, Some(why))),
            Fate::With(first) => joined.push(encode_joined(row, first)),
            Fate::Moved => {}
        }
    }
    KeptPast {
        decided: BASE64.encode(decided.as_flattened()).into(),
        joined: BASE64.encode(joined.as_flattened()).into(),
    }
}

/// Returns the bytes of such ids; none when it is not that.
fn unpacked(text: &str) -> Vec<u8> {
    BASE64.decode(text.as_bytes()).unwrap_or_default()
}

fn decided(bytes: &[u8]) -> impl Iterator<Item = Option<Row>> {
    bytes.chunks_exact(DECIDED_BYTES).map(decode)
}

fn held_as_another(bytes: &[u8]) -> impl Iterator<Item = Option<Row>> {
    bytes.chunks_exact(JOINED_BYTES).map(decode_joined)
}

/// Keeps an id that was decided at once, or is closed.
fn encode(row: &Row, answer: Decided, closed: Option<Why>) -> [u8; DECIDED_BYTES] {
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
    let closed = match closed {
        None => 0,
        Some(Why::Denied) => 1,
        Some(Why::Over) => 2,
        Some(Why::Used) => 3,
    };
    let bits = class | decision << 2 | (answer.tier & 3) << 4 | closed << 6;
    joined([
        row.id.as_bytes(),
        row.fingerprint.bytes(),
        &numbers,
        &[bits],
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
        fate: match bits >> 6 {
            0 => Fate::Decided(decided),
            1 => Fate::Closed(decided, Why::Denied),
            2 => Fate::Closed(decided, Why::Over),
            _ => Fate::Closed(decided, Why::Used),
        },
    })
}

fn kept_hold(at: u64, hold: &Hold, approved: Option<KeptApproval>) -> KeptHold {
    let mut hold = hold.clone();
    // Judged already; without them a hold fits into one record, see `clip`.
    hold.command.facts = None;
    KeptHold { at, hold, approved }
}

fn piece<T: Serialize>(what: &str, value: &T) -> Option<Body> {
    let value = serde_json::to_value(value).ok()?;
    Some(Body::State {
        what: what.to_owned(),
        value,
    })
}

impl State {
    /// Returns how what is remembered of most ids stands in the live state, oldest first.
    fn parts(&self) -> Vec<Part<'_>> {
        let mut parts = Vec::new();
        for (index, chunk) in self.ids.chunks().enumerate() {
            match (chunk.kept(), parts.last_mut()) {
                (Some(spot), Some(Part::Elsewhere(spots))) if spots.len() < SPOTS_PER_PIECE => {
                    spots.push(spot);
                }
                (Some(spot), _) => parts.push(Part::Elsewhere(vec![spot])),
                (None, _) if chunk.rows().next().is_none() => {}
                (None, _) => parts.push(Part::Here(index, chunk)),
            }
        }
        parts
    }

    /// Takes note of where the live state stands with which a segment was just begun, each piece in its order: what does not change
    /// is not written again. Of a day's worth of ids that is nearly all, and everybody waits while it is written.
    pub fn opened(&mut self, spots: &[Spot]) {
        let indexes: Vec<Option<usize>> = self
            .parts()
            .iter()
            .map(|part| match part {
                Part::Elsewhere(_) => None,
                Part::Here(index, _) => Some(*index),
            })
            .collect();
        for (index, spot) in indexes.into_iter().rev().zip(spots.iter().rev()) {
            if let Some(index) = index {
                self.ids.keep(index, spot.clone());
            }
        }
    }

    /// Has all of the live state be written when the next segment begins.
    pub fn write_whole(&mut self) {
        self.ids.keep_none();
    }

    /// Takes over a piece that stands at `spot`, with what it names elsewhere, which `read` finds.
    pub(super) fn restore_from(
        &mut self,
        (what, value): (&str, &Value),
        spot: Option<Spot>,
        read: Read<'_>,
    ) {
        match what {
            PAST => {
                if let Ok(kept) = KeptPast::deserialize(value) {
                    self.restore_past(&kept, spot);
                }
            }
            ELSEWHERE => {
                for spot in Vec::<Spot>::deserialize(value).unwrap_or_default() {
                    // What was taken out of the log is forgotten with it.
                    read(&spot, &mut |private| {
                        if let Ok(Private { value }) = serde_json::from_slice(private) {
                            self.restore_past(&value, Some(spot.clone()));
                        }
                    });
                }
            }
            _ => self.restore(what, value),
        }
    }

    fn restore_past(&mut self, kept: &KeptPast<'_>, spot: Option<Spot>) {
        let (first, second) = (unpacked(&kept.decided), unpacked(&kept.joined));
        let rows = decided(&first).chain(held_as_another(&second));
        if let Some(last) = self.ids.restore_chunk(rows.map_while(|row| row), spot) {
            self.forget(last);
        }
    }

    /// Takes over a piece of the live state. What cannot be read is as if forgotten: nothing is allowed by it.
    fn restore(&mut self, what: &str, value: &Value) {
        match what {
            ADMIN => self.admin.restore(value),
            DECIDED => {
                self.restore_rows(decided(&unpacked(value.as_str().unwrap_or_default())));
            }
            JOINED => {
                let bytes = unpacked(value.as_str().unwrap_or_default());
                self.restore_rows(held_as_another(&bytes));
            }
            DEEDS => self
                .deeds
                .restore(Vec::deserialize(value).unwrap_or_default()),
            ALARMS => self.alarms = Alarms::deserialize(value).unwrap_or_default(),
            HOLD => {
                if let Ok(kept) = KeptHold::deserialize(value) {
                    self.restore_hold(kept);
                }
            }
            IDS => {
                for kept in Vec::<KeptId>::deserialize(value).unwrap_or_default() {
                    let fingerprint = Fingerprint::read(&kept.fingerprint);
                    let standing = match kept.standing {
                        // These two were written by versions that kept all of it here.
                        KeptStanding::Decided(answered) => Standing::Decided(Decided {
                            class: answered.class,
                            decision: answered.decision,
                            tier: answered.tier,
                            seq: answered.seq.unwrap_or(u64::MAX),
                        }),
                        KeptStanding::Closed(answered) => Standing::Closed(answered),
                        KeptStanding::With(first) => Standing::With(first),
                    };
                    self.set(
                        kept.id,
                        Known {
                            fingerprint,
                            at: kept.at,
                            standing,
                        },
                    );
                }
            }
            INTENT => {
                if let Ok(intent) = Piece::deserialize(value) {
                    self.intents.restore(intent);
                }
            }
            SUSPECTS => self.suspects = Suspects::deserialize(value).unwrap_or_default(),
            _ => {}
        }
    }

    /// Takes over ids to which nothing of their own will happen: all of them, or those before one that cannot be read.
    fn restore_rows(&mut self, rows: impl Iterator<Item = Option<Row>>) {
        if let Some(last) = self.ids.restore(rows.map_while(|row| row)) {
            self.forget(last);
        }
    }

    fn restore_hold(&mut self, kept: KeptHold) {
        let id = kept.hold.command.id;
        let fingerprint = Fingerprint::of_kept(&kept.hold.command);
        let hold = Rc::new(kept.hold);
        let standing = match kept.approved {
            Some(KeptApproval { until, shared, by }) => Standing::Approved {
                hold,
                until,
                shared,
                by,
            },
            None => Standing::Held(hold),
        };
        self.set(
            id,
            Known {
                fingerprint,
                at: kept.at,
                standing,
            },
        );
    }
}
