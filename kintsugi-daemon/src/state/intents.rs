//! What people said beyond one command: grants that still hold, and effects that were denied.

use std::collections::{BTreeMap, VecDeque};

use kintsugi_core::classify::Class;
use kintsugi_core::effect::Effect;
use kintsugi_core::grant::{Denied, Grant};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::Hold;

/// Most grants that hold at once.
pub(super) const GRANTS_MAX: usize = 64;

/// Most denials that are remembered; the oldest gives way.
const DENIED_MAX: usize = 256;

/// Most sessions whose denials are counted.
const SESSIONS_MAX: usize = 256;

/// Denials after which whatever is ambiguous in a session waits for a person.
const DENIALS_MAX: u32 = 3;

/// What people said.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Intents {
    grants: Vec<Grant>,
    denied: VecDeque<Denied>,
    /// Denials by agent and session.
    denials: BTreeMap<String, u32>,
}

/// A piece of it, as a record keeps it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Piece {
    Grant(Box<Grant>),
    Denied(Denied),
    Denials(BTreeMap<String, u32>),
}

impl Intents {
    /// Applies a record about a grant.
    pub(super) fn apply(&mut self, id: Uuid, change: &str, grant: &Value) {
        match change {
            "made" => {
                if let Ok(grant) = Grant::deserialize(grant) {
                    self.grants.push(grant);
                }
            }
            "used" => {
                for grant in self.grants.iter_mut().filter(|grant| grant.id == id) {
                    grant.uses_left = grant.uses_left.map(|left| left.saturating_sub(1));
                }
            }
            _ => self.grants.retain(|grant| grant.id != id),
        }
        self.grants.retain(|grant| grant.uses_left != Some(0));
    }

    /// Remembers what a person denied.
    pub(super) fn deny(&mut self, hold: &Hold) {
        let verdict = &hold.verdict;
        let named = (hold.command.id, hold.command.raw.as_str());
        let denied = Denied::new(named, &verdict.findings, &verdict.effects);
        if self.denied.len() >= DENIED_MAX {
            self.denied.pop_front();
        }
        self.denied.push_back(denied);
        if self.denials.len() < SESSIONS_MAX {
            let session = session(&hold.command.agent, hold.command.session.as_deref());
            *self.denials.entry(session).or_default() += 1;
        }
    }

    /// Forgets what a person denied before and allows now.
    pub(super) fn allow(&mut self, hold: &Hold) {
        let (class, effects) = (hold.verdict.class, &hold.verdict.effects);
        let again = |denied: &Denied| denied.is_asked_again(&hold.command.raw, class, effects);
        self.denied.retain(|denied| !again(denied));
        let session = session(&hold.command.agent, hold.command.session.as_deref());
        self.denials.remove(&session);
    }

    /// Forgets one denial: a person took it back.
    pub(super) fn take_back(&mut self, id: Uuid) {
        self.denied.retain(|denied| denied.id != id);
    }

    /// Returns what is denied in whatever spelling, oldest first.
    pub(super) fn denials(&self) -> impl Iterator<Item = &Denied> {
        self.denied.iter()
    }

    /// Returns the grants that hold at `now`.
    pub(super) fn grants(&self, now: u64) -> impl Iterator<Item = &Grant> {
        self.grants.iter().filter(move |grant| !grant.is_over(now))
    }

    /// Returns those that are over at `now`.
    pub(super) fn over(&self, now: u64) -> Vec<Uuid> {
        let over = self.grants.iter().filter(|grant| grant.is_over(now));
        over.map(|grant| grant.id).collect()
    }

    /// Returns the hold by which one of `effects` was denied.
    pub(super) fn denied(&self, raw: &str, class: Class, effects: &[Effect]) -> Option<Uuid> {
        let mut denied = self.denied.iter().rev();
        let again = |denied: &&Denied| denied.is_asked_again(raw, class, effects);
        denied.find(again).map(|denied| denied.id)
    }

    /// Whether so much was denied in a session that nothing ambiguous passes in it.
    pub(super) fn is_tripped(&self, agent: &str, in_session: Option<&str>) -> bool {
        let count = self.denials.get(&session(agent, in_session));
        count.is_some_and(|count| *count >= DENIALS_MAX)
    }

    /// Returns everything as pieces that each fit into a record.
    pub(super) fn pieces(&self) -> Vec<Piece> {
        let grants = self.grants.iter().cloned().map(Box::new).map(Piece::Grant);
        let denied = self.denied.iter().cloned().map(Piece::Denied);
        let mut pieces: Vec<Piece> = grants.chain(denied).collect();
        if !self.denials.is_empty() {
            pieces.push(Piece::Denials(self.denials.clone()));
        }
        pieces
    }

    /// Takes a piece over.
    pub(super) fn restore(&mut self, piece: Piece) {
        match piece {
            Piece::Grant(grant) => self.grants.push(*grant),
            Piece::Denied(denied) => self.denied.push_back(denied),
            Piece::Denials(denials) => self.denials = denials,
        }
    }
}

/// Names a session of an agent; short, so that many fit into a record.
fn session(agent: &str, session: Option<&str>) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(agent.as_bytes());
    hasher.update(&[0, u8::from(session.is_some())]);
    hasher.update(session.unwrap_or_default().as_bytes());
    hasher.finalize().to_hex().chars().take(16).collect()
}
