//! What is to be done.

use serde::{Deserialize, Serialize};

/// What is to be done. The maximum wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It may run.
    Allow,
    /// It waits for a person.
    Hold,
    /// It must not run.
    Deny,
}
