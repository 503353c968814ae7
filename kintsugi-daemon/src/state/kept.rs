//! The live state as records, so that a segment of the log can open with it.

use std::rc::Rc;

use kintsugi_core::audit::record::Body;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::admin::ADMIN;
use super::intents::Piece;
use super::suspects::Suspects;
use super::{Answered, Fingerprint, Hold, Known, Standing, State};
use crate::store::LiveState;

/// Names a piece with one hold or approval.
const HOLD: &str = "hold";

/// Names a piece with ids that are remembered.
const IDS: &str = "ids";

/// Names a piece with what people said beyond one command.
const INTENT: &str = "intent";

/// Names the piece with agents and refused answers; its bounds keep it within a record.
const SUSPECTS: &str = "suspects";

/// Ids in one piece; with reasons of half a KiB they fit into a record.
const IDS_PER_PIECE: usize = 60;

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
        for (id, known) in self
            .order
            .iter()
            .filter_map(|id| Some((id, self.known.get(id)?)))
        {
            let standing = match &known.standing {
                Standing::Held(hold) => {
                    pieces.extend(piece(HOLD, &kept_hold(known.at, hold, None)));
                    continue;
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
                    continue;
                }
                Standing::Decided(answered) => KeptStanding::Decided(answered.clone()),
                Standing::Closed(answered) => KeptStanding::Closed(answered.clone()),
                Standing::With(first) => KeptStanding::With(*first),
            };
            let fingerprint = known.fingerprint.to_string();
            ids.push(KeptId {
                id: *id,
                fingerprint,
                at: known.at,
                standing,
            });
        }
        if !self.suspects.is_empty() {
            pieces.extend(piece(SUSPECTS, &self.suspects));
        }
        if !self.admin.is_empty() {
            pieces.extend(piece(ADMIN, &self.admin));
        }
        let intents = self.intents.pieces();
        pieces.extend(intents.iter().filter_map(|intent| piece(INTENT, intent)));
        pieces.extend(ids.chunks(IDS_PER_PIECE).filter_map(|ids| piece(IDS, &ids)));
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
    /// Takes over a piece of the live state. What cannot be read is as if forgotten: nothing is allowed by it.
    pub(super) fn restore(&mut self, what: &str, value: &Value) {
        match what {
            ADMIN => self.admin.restore(value),
            HOLD => {
                if let Ok(kept) = KeptHold::deserialize(value) {
                    self.restore_hold(kept);
                }
            }
            IDS => {
                for kept in Vec::<KeptId>::deserialize(value).unwrap_or_default() {
                    let fingerprint = Fingerprint::from(kept.fingerprint);
                    let standing = match kept.standing {
                        KeptStanding::Decided(answered) => Standing::Decided(answered),
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

    fn restore_hold(&mut self, kept: KeptHold) {
        let (id, fingerprint) = (kept.hold.command.id, super::fingerprint(&kept.hold.command));
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
