//! What is said of scores: in a verdict, in `status`, and to whoever asks what the model would say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Verdict;
use crate::scorer::Unavailable;

/// What scored a command that is ambiguous, where a model is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scored {
    /// What the risk comes from: `heuristic`, or the model's name.
    pub by: String,
    /// The heuristic's risk, 0 to 100.
    pub heuristic: u8,
    /// The model's, where it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<u8>,
    /// It was given to the same command before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cached: bool,
    /// Why there is none although it was asked; with neither, none could have changed the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Unavailable>,
}

/// The name of what scores when no model does.
pub const HEURISTIC: &str = "heuristic";

impl Scored {
    /// Whether the model raised the risk.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.model.is_some_and(|model| model > self.heuristic)
    }
}

/// What would be decided about a command, with and without the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opinion {
    /// With it.
    pub verdict: Verdict,
    /// Without it.
    pub without: Verdict,
    /// What the model says, whether it would be asked or not; nothing where none is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scored: Option<Scored>,
    /// Whether its score could change the answer; else it is not asked when the command is proposed.
    pub counts: bool,
    /// From the question to the answer, in milliseconds.
    pub took_ms: u64,
}

/// How the model is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelStatus {
    /// The backends that are asked for, in their order.
    pub backends: Vec<String>,
    /// Whether it scores.
    pub state: ModelState,
    /// What scores, once it does: `llama:tiny.gguf`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The hash of the model, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_hash: Option<String>,
    /// The hash of what stands around a command, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_hash: Option<String>,
    /// What was measured at its start to correct its scores: the probabilities of the labels without any command, in thousandths,
    /// and the temperature in hundredths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<[u16; 4]>,
    /// Backends that were tried before it, and why they are not used.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub passed_over: String,
    /// The worker's process, while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// How long it has run, or how long until it is started again, in milliseconds.
    pub for_ms: u64,
    /// How often it ended, since the daemon's start.
    pub restarts: u64,
    /// Why it ended last, or its last words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// Longest wait for one score, in milliseconds.
    pub deadline_ms: u64,
    /// Commands that wait for a score now.
    pub waiting: u64,
    /// Scores that the model gave, since the daemon's start.
    pub scored: u64,
    /// Answers from what it had given before.
    pub cached: u64,
    /// Holds that it said something about, since the daemon's start.
    #[serde(default)]
    pub explained: u64,
    /// How often the heuristic stood alone, by the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unscored: BTreeMap<String, u64>,
    /// The hash of other settings, which the admin has not accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// Whether a model scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelState {
    /// It is being loaded.
    Starting,
    /// It does.
    Ready,
    /// Its worker ended, and is started again after a pause.
    Pausing,
}
