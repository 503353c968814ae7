//! The form of a policy file.

use serde::Deserialize;
use toml::Spanned;

use super::Mode;
use crate::classify::Class;
use crate::rules::schema::{Conditions, Rule};

/// One file. An unknown key is an error.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// How a command that is not plainly safe is treated.
    #[serde(default)]
    pub mode: Option<Spanned<Mode>>,
    /// Risk, 0 to 100, at which the ambiguous is held.
    #[serde(default)]
    pub threshold: Option<Spanned<u8>>,
    /// Files with more rules, absolute or relative to this file. Read by whoever reads files.
    #[serde(default)]
    pub packs: Vec<Spanned<String>>,
    /// Rules, as in a pack.
    #[serde(default)]
    pub rule: Vec<Rule>,
    /// Findings that weigh more here.
    #[serde(default)]
    pub raise: Vec<Raise>,
    /// Findings that do not count here. Never in a repository.
    #[serde(default)]
    pub exception: Vec<Exception>,
    /// How far the user may loosen. Only in the administrator's file.
    #[serde(default)]
    pub ceiling: Option<Spanned<Ceiling>>,
}

/// Makes findings weigh more.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raise {
    /// Ids of rules; a `*` at the end stands for any rest: `git.*`.
    pub rule: Vec<Spanned<String>>,
    /// The least class.
    #[serde(default)]
    pub class: Option<Class>,
    /// The least risk.
    #[serde(default)]
    pub risk: Option<u8>,
    /// Only for effects like these.
    #[serde(default)]
    pub when: Option<Conditions>,
}

/// Makes findings not count.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Ids of rules; a `*` at the end stands for any rest: `unknown.*`.
    pub rule: Vec<Spanned<String>>,
    /// Only for effects like these. What is unknown has no effect: of it only `program` and `value`
    /// are compared.
    pub when: Conditions,
    /// Why it is fine here; shown and recorded whenever it is used.
    pub reason: String,
}

/// How far a user may loosen what the administrator says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ceiling {
    /// The loosest mode.
    #[serde(default)]
    pub mode: Option<Mode>,
    /// The highest threshold.
    #[serde(default)]
    pub threshold: Option<u8>,
    /// Ids of rules of which a user may make exceptions; a `*` at the end stands for any rest.
    /// Default: none but `unknown.*`.
    #[serde(default)]
    pub exception: Option<Vec<String>>,
}
