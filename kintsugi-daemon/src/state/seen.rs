//! Who asked lately: what tells a person whether anything is asked at all.

use std::collections::BTreeMap;

use kintsugi_core::protocol::AgentStatus;

/// Most names that are kept; whoever asked longest ago is forgotten first.
const NAMES_MAX: usize = 16;

/// Names of agents, and when each last asked, in milliseconds since 1970.
#[derive(Debug, Default)]
pub(super) struct Seen {
    last: BTreeMap<Box<str>, u64>,
}

impl Seen {
    pub(super) fn note(&mut self, agent: &str, at: u64) {
        if let Some(last) = self.last.get_mut(agent) {
            *last = at;
            return;
        }
        if self.last.len() >= NAMES_MAX {
            let oldest = self.last.iter().min_by_key(|(_, at)| **at);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                self.last.remove(&oldest);
            }
        }
        self.last.insert(agent.into(), at);
    }

    pub(super) fn at(&self, now: u64) -> Vec<AgentStatus> {
        let mut seen: Vec<AgentStatus> = self
            .last
            .iter()
            .map(|(agent, at)| AgentStatus {
                agent: agent.to_string(),
                ago_ms: now.saturating_sub(*at),
            })
            .collect();
        seen.sort_by_key(|agent| agent.ago_ms);
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_who_asked_comes_first_and_few_are_kept() {
        let mut seen = Seen::default();
        for number in 0..100 {
            seen.note(&format!("agent {number}"), number);
            seen.note("shell", 2 * number);
        }
        let seen = seen.at(200);
        assert_eq!(seen.len(), NAMES_MAX);
        let first: Vec<_> = seen
            .iter()
            .take(2)
            .map(|one| (&*one.agent, one.ago_ms))
            .collect();
        assert_eq!(first, [("shell", 2), ("agent 99", 101)]);
    }
}
