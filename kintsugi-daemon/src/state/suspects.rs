//! Who proposed lately without being a person at a prompt, and who tried to answer and may not.

use std::collections::VecDeque;

use kintsugi_core::audit::record::{Check, Peer, Process};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::authority::examine::{agent_of, named};
use crate::clock::rfc3339;

/// Most agents that are remembered; the one that proposed longest ago gives way.
const AGENTS_MAX: usize = 64;

/// Longest name of a program that is remembered, in bytes.
const NAME_BYTES_MAX: usize = 48;

/// Most refused answers that are remembered.
const ATTEMPTS_MAX: usize = 32;

/// How long a refused answer is shown, in milliseconds.
const ATTEMPT_MS_MAX: u64 = 24 * 60 * 60 * 1_000;

/// An answer that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attempt {
    /// In milliseconds since 1970.
    at: u64,
    id: Uuid,
    check: Check,
    who: Process,
}

impl Attempt {
    /// Returns it as one line for a person.
    fn line(&self) -> String {
        let short: String = self.id.simple().to_string().chars().take(8).collect();
        let (at, who, why) = (rfc3339(self.at), named(&self.who), self.check.line());
        let at: String = at.chars().take(19).collect();
        format!("{at}: {who} tried to approve {short}: {why}")
    }
}

/// Who is to be looked at closely.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Suspects {
    /// The start of the machine that the processes belong to.
    boot: String,
    agents: VecDeque<Process>,
    attempts: VecDeque<Attempt>,
}

impl Suspects {
    /// Forgets the agents of another start of the machine: no process of it runs.
    pub(super) fn boot(&mut self, boot: &str) {
        if self.boot != boot {
            boot.clone_into(&mut self.boot);
            self.agents.clear();
        }
    }

    /// Remembers who proposed, unless it was a person at a prompt.
    pub(super) fn propose(&mut self, peer: &Peer) {
        let Some(agent) = agent_of(peer).filter(|agent| !peer.direct && agent.start.is_some())
        else {
            return;
        };
        let is_same = |known: &Process| known.pid == agent.pid && known.start == agent.start;
        if self.agents.back().is_some_and(is_same) {
            return;
        }
        self.agents.retain(|known| !is_same(known));
        if self.agents.len() >= AGENTS_MAX {
            self.agents.pop_front();
        }
        self.agents.push_back(by_name(agent));
    }

    /// Remembers a refused answer.
    pub(super) fn attempt(&mut self, at: u64, id: Uuid, (check, peer): (Check, &Peer)) {
        if self.attempts.len() >= ATTEMPTS_MAX {
            self.attempts.pop_front();
        }
        self.attempts.push_back(Attempt {
            at,
            id,
            check,
            who: by_name(&peer.process),
        });
    }

    /// Forgets who was asked for a code to the hold `id`: a person knew it.
    pub(super) fn approved(&mut self, id: Uuid) {
        self.attempts
            .retain(|attempt| attempt.id != id || attempt.check != Check::Unclear);
    }

    /// Returns the agents that proposed lately.
    pub(super) fn agents(&self) -> Vec<Process> {
        self.agents.iter().cloned().collect()
    }

    /// Returns the refused answers of the last day, newest first, one line each; those to `id` alone, when one is named.
    pub(super) fn lines(&self, now: u64, id: Option<Uuid>) -> Vec<String> {
        self.attempts
            .iter()
            .rev()
            .filter(|attempt| now < attempt.at.saturating_add(ATTEMPT_MS_MAX))
            .filter(|attempt| id.is_none_or(|id| attempt.id == id))
            .map(Attempt::line)
            .collect()
    }

    /// Whether there is nothing to keep.
    pub(super) fn is_empty(&self) -> bool {
        self.agents.is_empty() && self.attempts.is_empty()
    }
}

/// Returns a process with the name of its program instead of the path, so that many fit into a record.
fn by_name(process: &Process) -> Process {
    let name = process
        .exe
        .as_deref()
        .and_then(|exe| exe.rsplit('/').next());
    let exe = name.map(|name| {
        let mut name = name.to_owned();
        crate::clip::text(&mut name, NAME_BYTES_MAX);
        name
    });
    Process {
        exe,
        ..process.clone()
    }
}
