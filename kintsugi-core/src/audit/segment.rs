//! How a segment of the log begins: why, what it continues, and the tree before it.
//!
//! The members of the record `open`; whether they are true is [`super::verify`]'s to say.

use serde::{Deserialize, Serialize};

use super::chain::unhex;
use super::merkle::Frontier;

/// Why a segment begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opening {
    /// The log is new.
    New,
    /// The segment before is full.
    Full,
    /// A sync of the segment before failed, so nobody knows what is in it after this record's predecessor.
    FailedSync,
    /// The log before does not verify; this segment continues nothing.
    Incident,
}

/// What a segment continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predecessor {
    /// First record of the segment before.
    pub segment: u64,
    /// BLAKE3 of that segment's file as it was when it was closed, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Bytes of that file which `file` covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Hash of its last record.
    pub h: String,
    /// MAC of its last record.
    pub m: String,
}

/// The Merkle tree before a segment, enough to go on with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    /// The record that is leaf 0; not 0 after an incident.
    pub first: u64,
    /// Roots of the perfect subtrees before this segment, largest first, in hexadecimal.
    pub frontier: Vec<String>,
}

impl Tree {
    /// Returns the edge of the tree before the record `first`; nothing when it has another size.
    #[must_use]
    pub fn frontier(&self, first: u64) -> Option<Frontier> {
        let mut roots = Vec::new();
        for root in &self.frontier {
            roots.push(unhex(root.as_bytes())?);
        }
        Frontier::new(first.checked_sub(self.first)?, roots)
    }
}
