//! The live state as records, so that a segment of the log can open with it.

use std::rc::Rc;

use kintsugi_core::audit::record::Body;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::admin::ADMIN;
use super::alarms::Alarms;
use super::intents::Piece;
use super::kept_rows::KeptRows;
use super::past::Chunk;
use super::suspects::Suspects;
use super::{Answered, Fingerprint, Hold, Known, Read, Standing, State};
use crate::store::{LiveState, Spot};

/// Names a piece with one hold or approval.
const HOLD: &str = "hold";

/// Names a piece with ids that are remembered with why they are closed.
const IDS: &str = "ids";

/// Names a piece with what people said beyond one command.
const INTENT: &str = "intent";

/// Names the piece with agents and refused answers; its bounds keep it within a record.
const SUSPECTS: &str = "suspects";

/// Names the piece with mass changes that nobody explained.
const ALARMS: &str = "alarms";

/// Names a piece with commands that may explain a mass change.
const DEEDS: &str = "deeds";

/// Names a piece with the ids of one chunk, all kinds of them.
const PAST: &str = "past";

/// Names a piece that names such pieces in other segments.
const ELSEWHERE: &str = "elsewhere";

/// Pieces that are named in one.
const SPOTS_PER_PIECE: usize = 256;

/// Ids in one piece; with reasons of half a KiB they fit into a record.
const IDS_PER_PIECE: usize = 60;

/// The private part of the record of such a piece.
#[derive(Deserialize)]
struct Private<'a> {
    #[serde(borrow)]
    value: KeptRows<'a>,
}

/// How what is remembered of most ids stands in the live state.
enum Part<'a> {
    /// Pieces that stand in the log already.
    Elsewhere(Vec<&'a Spot>),
    /// One that does not, and its place among all.
    Here(usize, &'a Chunk),
}

/// One closed id, with the reason.
#[derive(Serialize, Deserialize)]
struct KeptId {
    id: Uuid,
    fingerprint: String,
    at: u64,
    closed: Box<Answered>,
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
                    closed: answered.clone(),
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
            Part::Here(_, chunk) => piece(PAST, &KeptRows::of(chunk)),
        }));
        pieces
    }
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
                if let Ok(kept) = KeptRows::deserialize(value) {
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

    fn restore_past(&mut self, kept: &KeptRows<'_>, spot: Option<Spot>) {
        let last = kept.read(|rows| self.ids.restore_chunk(rows.map_while(|row| row), spot));
        if let Some(last) = last {
            self.forget(last);
        }
    }

    /// Takes over a piece of the live state. What cannot be read is as if forgotten: nothing is allowed by it.
    fn restore(&mut self, what: &str, value: &Value) {
        match what {
            ADMIN => self.admin.restore(value),
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
                    let known = Known {
                        fingerprint: Fingerprint::read(&kept.fingerprint),
                        at: kept.at,
                        standing: Standing::Closed(kept.closed),
                    };
                    self.set(kept.id, known);
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
