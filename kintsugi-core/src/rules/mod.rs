//! Effects → findings: opinions about effects, from `rules/*.toml`.

pub mod schema;

use serde::{Deserialize, Serialize};

use crate::classify::Class;
use crate::effect::Span;

/// A rule that applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule.
    pub rule: String,
    /// The class it asks for.
    pub class: Class,
    /// Why.
    pub reason: String,
    /// Where in the proposed text.
    pub span: Span,
    /// For an ambiguous finding: the least risk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<u8>,
    /// A safer command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
}
