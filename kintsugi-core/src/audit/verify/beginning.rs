//! What the first record of a segment says about the segment before.

use uuid::Uuid;

use crate::audit::chain::Seal;
use crate::audit::checkpoint::Verifier;
use crate::audit::merkle::Frontier;
use crate::audit::record::{Body, Opening, Predecessor};

/// What the first record of a segment says.
pub(super) struct Beginning {
    pub(super) log: Uuid,
    pub(super) opening: Opening,
    pub(super) previous: Option<Predecessor>,
    pub(super) seal: Seal,
    pub(super) tree: Frontier,
    pub(super) tree_first: u64,
    pub(super) verifier: Option<Verifier>,
}

impl Beginning {
    pub(super) fn read(body: &Body, first: u64) -> Option<Self> {
        let Body::Open {
            log,
            opening,
            previous,
            tree,
            verifier,
            ..
        } = body
        else {
            return None;
        };
        let verifier = verifier.as_deref().and_then(Verifier::parse);
        Some(Self {
            log: *log,
            opening: *opening,
            previous: previous.clone(),
            seal: body.continued_seal(first)?,
            tree: tree.frontier(first)?,
            tree_first: tree.first,
            verifier: verifier.map(|(_, verifier)| verifier),
        })
    }
}
