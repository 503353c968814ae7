//! What a person, an administrator and a repository want: mode, threshold, rules and exceptions.

use serde::{Deserialize, Serialize};

use crate::rules::Rules;

/// How a command that is not plainly safe is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// A person is there to answer: hold.
    #[default]
    Attended,
    /// Nobody is there: deny.
    Unattended,
    /// Only the catastrophic is held; the rest runs, with a warning.
    Notify,
}

/// Risk at which the ambiguous is held, when nobody says otherwise.
pub const THRESHOLD_DEFAULT: u8 = 50;

/// What is in force.
#[derive(Debug, Clone)]
pub struct Policy {
    /// How a command that is not plainly safe is treated.
    pub mode: Mode,
    /// Risk, 0 to 100, at which the ambiguous is held.
    pub threshold: u8,
    /// Rules beside those that are built in.
    pub rules: Rules,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            threshold: THRESHOLD_DEFAULT,
            rules: Rules::default(),
        }
    }
}
