//! The live state as records, so that a segment of the log can open with it.

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
use super::past::{Fate, Row};
use super::suspects::Suspects;
use super::{Answered, Decided, Fingerprint, Hold, Known, Standing, State};
use crate::store::LiveState;

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

/// Ids in one piece; with reasons of half a KiB they fit into a record.
const IDS_PER_PIECE: usize = 60;

/// One decided id: itself, its fingerprint, when, its record (both little-endian), and class, decision and tier in two bits each.
const DECIDED_BYTES: usize = 16 + 32 + 8 + 8 + 1;

/// One id that is held as another one: itself, its fingerprint, when (little-endian), and that one.
const JOINED_BYTES: usize = 16 + 32 + 8 + 16;

// In base64 a piece of either fits into a record.
const _: () = assert!(PIECE_ROWS * JOINED_BYTES / 3 * 4 < RECORD_BYTES_MAX - 1_024);
const _: () = assert!(DECIDED_BYTES < JOINED_BYTES);

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
        let (mut decided, mut joined) = (Vec::new(), Vec::new());
        for row in self.ids.past() {
            match row.fate {
                Fate::Decided(answer) => decided.push(encode(row, answer)),
                Fate::With(first) => joined.push(encode_joined(row, first)),
                Fate::Moved => {}
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
        pieces.extend(packed(DECIDED, &decided));
        pieces.extend(packed(JOINED, &joined));
        pieces
    }
}

/// Returns the pieces that keep ids in a fixed number of bytes each.
fn packed<const BYTES: usize>(what: &str, ids: &[[u8; BYTES]]) -> impl Iterator<Item = Body> {
    ids.chunks(PIECE_ROWS).map(move |ids| Body::State {
        what: what.to_owned(),
        value: Value::String(BASE64.encode(ids.as_flattened())),
    })
}

/// Returns the bytes of such a piece; none when it is not one.
fn unpacked(value: &Value) -> Vec<u8> {
    let bytes = value.as_str().map(|text| BASE64.decode(text.as_bytes()));
    bytes.and_then(Result::ok).unwrap_or_default()
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
        fate: Fate::Decided(decided),
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
    /// Takes over a piece of the live state. What cannot be read is as if forgotten: nothing is allowed by it.
    pub(super) fn restore(&mut self, what: &str, value: &Value) {
        match what {
            ADMIN => self.admin.restore(value),
            DECIDED => {
                self.restore_rows(unpacked(value).chunks_exact(DECIDED_BYTES).map(decode));
            }
            JOINED => {
                self.restore_rows(
                    unpacked(value)
                        .chunks_exact(JOINED_BYTES)
                        .map(decode_joined),
                );
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
