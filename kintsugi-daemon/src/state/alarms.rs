//! Mass changes that nobody explained: shown for a day, also after a restart.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::clock::rfc3339;

/// Most that are remembered; the oldest gives way.
const ALARMS_MAX: usize = 16;

/// How long one is shown, in milliseconds.
const ALARM_MS_MAX: u64 = 24 * 60 * 60 * 1_000;

/// What a person should look at, oldest first, each with its time in milliseconds since 1970 and its observation.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Alarms(VecDeque<(u64, u64, String)>);

impl Alarms {
    pub(super) fn note(&mut self, at: u64, observation: u64, what: &str) {
        if self.0.len() >= ALARMS_MAX {
            self.0.pop_front();
        }
        self.0.push_back((at, observation, what.to_owned()));
    }

    /// Returns those of the last day, newest first, one line each.
    pub(super) fn lines(&self, now: u64) -> Vec<String> {
        let lines = self
            .0
            .iter()
            .rev()
            .filter(|(at, ..)| now < at.saturating_add(ALARM_MS_MAX));
        let lines = lines.map(|(at, observation, what)| {
            let at: String = rfc3339(*at).chars().take(19).collect();
            format!("{at}: {what}: `kintsugi log show {observation}` says more")
        });
        lines.collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
