//! What a watcher saw, as it stands in an `observation`: with who said so, and what explains it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::record::Process;
use crate::protocol::Burst;

/// A burst of changes, and what the daemon made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// What changed.
    pub burst: Burst,
    /// Who said so, as the kernel attests it.
    pub by: Process,
    /// It is the watcher that the daemon itself keeps running: only what that one says is held against the decisions.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own: bool,
    /// The decision behind it, where a mass change was held against them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Uuid>,
    /// The same in words, or why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// No daemon could be told; the watcher kept it until one could.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub spooled: bool,
}
