//! What a verification is asked, and what it says.

use uuid::Uuid;

use crate::audit::chain::Key;
use crate::audit::checkpoint::Verifier;
use crate::audit::merkle::Hash;

/// How closely the records are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// As [`Depth::Records`], but whole closed segments by the hash of their file: at the speed of memory.
    Quick,
    /// Nothing but the chain, the private parts and the head: what needs no key.
    Chain,
    /// Chain, codes and tree of every record.
    #[default]
    Records,
    /// The same, and every record is parsed.
    Everything,
}

/// What to check.
#[derive(Default)]
pub struct Options<'a> {
    /// Begin with the segment that holds this record, and take what it says about everything before.
    pub from: Option<u64>,
    /// How closely to look.
    pub depth: Depth,
    /// The first key of the ratchet, when it was taken away from the log.
    pub first_key: Option<Key>,
    /// Notes that were kept elsewhere.
    pub against: Vec<String>,
    /// The key that checks notes, as it was printed when the log was made; else the one that the log itself names.
    pub verifier: Option<Verifier>,
    /// Called now and then with the number of bytes read so far.
    pub progress: Option<&'a mut dyn FnMut(u64)>,
}

impl std::fmt::Debug for Options<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Options")
            .field("from", &self.from)
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}

/// What a verification comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Everything that is there is as it was written.
    Good,
    /// Something is not.
    Tampered {
        /// The first record that is bad or missing; nothing when no record is to blame.
        seq: Option<u64>,
        /// What is wrong.
        reason: String,
    },
    /// The last write was cut short; nothing that was acknowledged is lost.
    Torn {
        /// The first record that is not whole.
        seq: u64,
        /// Bytes from there on.
        bytes: u64,
    },
    /// Written by a newer program.
    UnknownFormat {
        /// Which version.
        version: u64,
        /// First record of the segment.
        segment: u64,
    },
    /// What is there is good, but a key or an anchor that ought to be there is not.
    Incomplete {
        /// What is missing.
        missing: String,
    },
    /// The log could not be read.
    Unreadable {
        /// Why.
        reason: String,
    },
}

impl Outcome {
    /// Returns the exit code of a program that verifies.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Tampered { .. } => 1,
            Self::Torn { .. } => 2,
            Self::UnknownFormat { .. } => 3,
            Self::Incomplete { .. } => 4,
            Self::Unreadable { .. } => 5,
        }
    }
}

/// How far one layer was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layer {
    /// Not at all: there was nothing to check it with.
    #[default]
    Unchecked,
    /// So many records, checkpoints or notes.
    Checked(u64),
}

/// What was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What it comes to.
    pub outcome: Outcome,
    /// The log, when its first record is good.
    pub log: Option<Uuid>,
    /// Records that are good, up to the first bad one.
    pub records: u64,
    /// How many of them were taken by the hash of their file, not one by one.
    pub by_file: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Hash of the last good one, in hexadecimal.
    pub head: String,
    /// Root of the tree over them; without meaning for [`Depth::Chain`], which builds none.
    pub root: Hash,
    /// Records whose hash continues the one before.
    pub chain: Layer,
    /// Records whose MAC was recomputed from the first key.
    pub mac: Layer,
    /// Signed checkpoints whose root was recomputed.
    pub merkle: Layer,
    /// Notes kept elsewhere that the log extends.
    pub anchors: Layer,
    /// Records whose private part was taken away.
    pub redacted: u64,
    /// Things to know that are no failure: foreign files, clocks that jumped back.
    pub warnings: Vec<String>,
}
