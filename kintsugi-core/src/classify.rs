//! What the rules say about a proposal.
//!
//! Total: every text has a class. What cannot be read is catastrophic, what is not known is ambiguous.

use serde::{Deserialize, Serialize};

use crate::effect::Effect;
use crate::rules::Finding;

/// What rules say. The maximum wins, so a rule can only tighten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Everything it does is known and harmless.
    Safe,
    /// Something is not known, or may be regretted; its risk is estimated.
    Ambiguous,
    /// A person should see it before it runs.
    Catastrophic,
}

/// The class of a proposal and what led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classification {
    /// The maximum over the findings.
    pub class: Class,
    /// Every rule that applied, the most severe first.
    pub findings: Vec<Finding>,
    /// Everything it would do.
    pub effects: Vec<Effect>,
    /// The heuristic's risk when ambiguous, 0 to 100.
    pub risk: Option<u8>,
    /// Paths to keep a copy of before it runs.
    pub capture: Vec<String>,
}
