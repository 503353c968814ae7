//! What the daemon remembers: a fold over the events of the log.
//!
//! The same function applies an event when it happens and when the log is replayed, so a restart remembers what the run
//! before did. Nothing here reads a clock or writes a record. Every collection has a bound.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use kintsugi_core::classify::Class;
use kintsugi_core::decide::Decision;
use kintsugi_core::limits::{HOLDS_MAX, IDS_MAX};
use kintsugi_core::protocol::{PendingItem, PendingStatus, Verdict};
use uuid::Uuid;

use crate::event::{Decided, Event, Held, Proposed, Resolved, Resolver};

/// A proposal's fingerprint, in hexadecimal.
pub type Fingerprint = Rc<str>;

/// A proposal that the log knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// What was proposed.
    pub fingerprint: Fingerprint,
    /// The last record about it.
    pub seq: u64,
    /// How it stands.
    pub standing: Standing,
}

/// How a proposal stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// Decided at once.
    Decided(Box<Answered>),
    /// Waits for a person.
    Held(Rc<Hold>),
    /// A person allowed it; it has not run yet.
    Approved {
        /// What was held.
        hold: Rc<Hold>,
        /// When the approval ends unused, in milliseconds since 1970.
        until: u64,
        /// Whether the same command under another id may use it.
        shared: bool,
    },
    /// Resolved for good: denied, expired, or approved and used.
    Closed(Box<Answered>),
    /// The same command is held under another id, and goes the way of that.
    With(Uuid),
}

/// A verdict, as far as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    class: Class,
    decision: Decision,
    tier: u8,
    risk: Option<u8>,
    rule: Option<Box<str>>,
    reason: Box<str>,
}

impl Answered {
    fn of(verdict: &Verdict) -> Self {
        Self {
            class: verdict.class,
            decision: verdict.decision,
            tier: verdict.tier,
            risk: verdict.risk,
            rule: verdict.rule.as_deref().map(Box::from),
            reason: Box::from(verdict.reason.as_str()),
        }
    }

    fn closed(hold: &Hold, reason: String) -> Self {
        Self {
            decision: Decision::Deny,
            reason: reason.into_boxed_str(),
            ..Self::of(&hold.held.verdict)
        }
    }

    /// Returns the decision.
    #[must_use]
    pub fn decision(&self) -> Decision {
        self.decision
    }

    /// Returns the reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Returns the verdict, without the details that only its record keeps.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        Verdict {
            class: self.class,
            decision: self.decision,
            tier: self.tier,
            reason: self.reason.to_string(),
            summary: None,
            risk: self.risk,
            rule: self.rule.as_deref().map(str::to_owned),
            effects: Vec::new(),
            findings: Vec::new(),
            instead: None,
            capture: Vec::new(),
            content_hash: None,
            expires_ms: None,
        }
    }
}

/// A command that waits for a person, or has been approved by one.
#[derive(Debug, Clone, PartialEq)]
pub struct Hold {
    /// What was proposed, and by whom.
    pub proposed: Proposed,
    /// What was answered.
    pub held: Held,
    /// The record that holds it.
    pub seq: u64,
}

impl Hold {
    /// Returns the hold as it is listed at `now`, in milliseconds since 1970.
    #[must_use]
    pub fn item(&self, now: u64) -> PendingItem {
        let verdict = &self.held.verdict;
        PendingItem {
            command: self.proposed.command.clone(),
            class: verdict.class,
            reason: verdict.reason.clone(),
            summary: verdict.summary.clone(),
            ts: self.held.since.clone(),
            effects: verdict.effects.clone(),
            findings: verdict.findings.clone(),
            instead: verdict.instead.clone(),
            content_hash: verdict.content_hash.clone(),
            expires_ms: Some(self.held.until.saturating_sub(now)),
            seq: Some(self.seq),
        }
    }

    /// Returns the hold as it is answered at `now`.
    #[must_use]
    pub fn verdict(&self, now: u64) -> Verdict {
        let left = self.held.until.saturating_sub(now);
        Verdict {
            expires_ms: Some(left),
            ..self.held.verdict.clone()
        }
    }
}

/// What the daemon remembers.
#[derive(Debug, Default)]
pub struct State {
    known: BTreeMap<Uuid, Known>,
    /// Ids in the order in which they came, oldest first.
    order: VecDeque<Uuid>,
    /// Holds and shared approvals by what they would run.
    waiting: BTreeMap<Fingerprint, Uuid>,
    /// Holds and approvals: whatever can still expire.
    live: BTreeSet<Uuid>,
    held: usize,
    /// The proposal whose answer is the next event.
    proposed: Option<Box<Proposed>>,
    /// What `rollback` restores: ids and how they stood, newest last.
    journal: Vec<(Uuid, Option<Known>)>,
    /// Whether the last event of the log is a clean end.
    pub ended_cleanly: bool,
}

impl State {
    /// Applies an event that is in the log at `seq`.
    pub fn apply(&mut self, seq: u64, event: &Event) {
        self.ended_cleanly = matches!(event, Event::Shutdown { .. });
        match event {
            Event::Proposal(proposed) => self.proposed = Some(proposed.clone()),
            Event::Verdict(decided) => self.apply_decided(seq, decided),
            Event::Hold(held) => self.apply_held(seq, held),
            Event::Resolution(resolved) => self.apply_resolved(seq, resolved),
            Event::UncleanStart {}
            | Event::Recorded(_)
            | Event::Observation { .. }
            | Event::Capture { .. }
            | Event::AuthAttempt { .. }
            | Event::AuthResult { .. }
            | Event::Policy { .. }
            | Event::Shutdown { .. } => {}
        }
    }

    fn apply_decided(&mut self, seq: u64, decided: &Decided) {
        if let Some(used) = decided.uses {
            self.close(
                seq,
                used,
                "the approval of this command was used".to_owned(),
            );
        }
        let Some(proposed) = self.proposed_as(decided.id) else {
            return;
        };
        // The use of an approval under the id that was approved: closed above, and so it stays.
        if decided.uses == Some(decided.id) {
            return;
        }
        let standing = Standing::Decided(Box::new(Answered::of(&decided.verdict)));
        let fingerprint = Fingerprint::from(proposed.fingerprint);
        self.set(
            decided.id,
            Some(Known {
                fingerprint,
                seq,
                standing,
            }),
        );
    }

    fn apply_held(&mut self, seq: u64, held: &Held) {
        let Some(proposed) = self.proposed_as(held.id) else {
            return;
        };
        let fingerprint = Fingerprint::from(proposed.fingerprint.as_str());
        let standing = match held.with {
            Some(first) => Standing::With(first),
            None => Standing::Held(Rc::new(Hold {
                proposed,
                held: held.clone(),
                seq,
            })),
        };
        self.set(
            held.id,
            Some(Known {
                fingerprint,
                seq,
                standing,
            }),
        );
    }

    fn apply_resolved(&mut self, seq: u64, resolved: &Resolved) {
        let Some(known) = self.known.get(&resolved.id) else {
            return;
        };
        let why = || {
            resolved
                .reason
                .as_deref()
                .map(|why| format!(": {why}"))
                .unwrap_or_default()
        };
        match (&known.standing, resolved.decision, resolved.until) {
            (Standing::Held(hold), Decision::Allow, Some(until)) => {
                let shared = resolved.by == Resolver::Person;
                let standing = Standing::Approved {
                    hold: Rc::clone(hold),
                    until,
                    shared,
                };
                let fingerprint = Rc::clone(&known.fingerprint);
                self.set(
                    resolved.id,
                    Some(Known {
                        fingerprint,
                        seq,
                        standing,
                    }),
                );
            }
            (Standing::Held(_) | Standing::Approved { .. }, _, _) => {
                let reason = match resolved.by {
                    Resolver::Person | Resolver::Prompt => format!("a person denied it{}", why()),
                    Resolver::Expiry => "nobody answered in time".to_owned(),
                    Resolver::Use => "the approval of this command was used".to_owned(),
                };
                self.close(seq, resolved.id, reason);
            }
            (Standing::Decided(_) | Standing::Closed(_) | Standing::With(_), _, _) => {}
        }
    }

    fn proposed_as(&mut self, id: Uuid) -> Option<Proposed> {
        self.proposed
            .take_if(|proposed| proposed.command.id == id)
            .map(|proposed| *proposed)
    }

    fn close(&mut self, seq: u64, id: Uuid, reason: String) {
        let Some(known) = self.known.get(&id) else {
            return;
        };
        let (Standing::Held(hold) | Standing::Approved { hold, .. }) = &known.standing else {
            return;
        };
        let standing = Standing::Closed(Box::new(Answered::closed(hold, reason)));
        let fingerprint = Rc::clone(&known.fingerprint);
        self.set(
            id,
            Some(Known {
                fingerprint,
                seq,
                standing,
            }),
        );
    }

    /// Sets how an id stands and keeps the indexes with it. The only place that changes `known`.
    fn set(&mut self, id: Uuid, new: Option<Known>) {
        let old = match new.clone() {
            Some(known) => self.known.insert(id, known),
            None => self.known.remove(&id),
        };
        if let Some(known) = &old {
            if self.waiting.get(&known.fingerprint) == Some(&id) {
                self.waiting.remove(&known.fingerprint);
            }
            self.live.remove(&id);
            self.held -= usize::from(matches!(known.standing, Standing::Held(_)));
        } else {
            self.order.push_back(id);
        }
        if let Some(known) = new {
            let (live, shared) = match known.standing {
                Standing::Held(_) => (true, true),
                Standing::Approved { shared, .. } => (true, shared),
                Standing::Decided(_) | Standing::Closed(_) | Standing::With(_) => (false, false),
            };
            if live {
                self.live.insert(id);
            }
            if shared {
                self.waiting.insert(Rc::clone(&known.fingerprint), id);
            }
            self.held += usize::from(matches!(known.standing, Standing::Held(_)));
        }
        self.journal.push((id, old));
    }

    /// Makes what was applied since the last call final: it is durable.
    pub fn commit(&mut self) {
        self.journal.clear();
        while self.known.len() > IDS_MAX {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            match self.known.get(&oldest).map(|known| &known.standing) {
                // Their number is bounded by HOLDS_MAX, so this ends.
                Some(Standing::Held(_) | Standing::Approved { .. }) => self.order.push_back(oldest),
                Some(Standing::Decided(_) | Standing::Closed(_) | Standing::With(_)) => {
                    self.known.remove(&oldest);
                }
                None => {}
            }
        }
    }

    /// Takes back everything that was applied since the last `commit`: it is not in the log.
    pub fn rollback(&mut self) {
        self.proposed = None;
        for (id, old) in std::mem::take(&mut self.journal).into_iter().rev() {
            self.set(id, old);
        }
        self.journal.clear();
    }

    /// Returns what is known about `id`.
    #[must_use]
    pub fn known(&self, id: Uuid) -> Option<&Known> {
        self.known.get(&id)
    }

    /// Returns the id under which the same command waits or has been approved.
    #[must_use]
    pub fn waiting(&self, fingerprint: &str) -> Option<(Uuid, &Known)> {
        let id = self.waiting.get(fingerprint)?;
        Some((*id, self.known.get(id)?))
    }

    /// Returns how a hold stands, as a client sees it.
    #[must_use]
    pub fn pending(&self, id: Uuid) -> PendingStatus {
        match self.known.get(&id).map(|known| &known.standing) {
            Some(Standing::Held(_)) => PendingStatus::Pending,
            Some(Standing::Approved { .. }) => PendingStatus::Approved,
            Some(Standing::Closed(_)) => PendingStatus::Denied,
            Some(Standing::Decided(answered)) => match answered.decision {
                Decision::Allow => PendingStatus::Approved,
                Decision::Hold | Decision::Deny => PendingStatus::Denied,
            },
            // An alias names a hold and never another alias, so this goes one step.
            Some(Standing::With(first)) if *first != id => self.pending(*first),
            Some(Standing::With(_)) | None => PendingStatus::Gone,
        }
    }

    /// Returns the holds, oldest first.
    #[must_use]
    pub fn holds(&self) -> Vec<&Rc<Hold>> {
        let mut holds: Vec<_> = self.held().collect();
        holds.sort_by_key(|hold| hold.seq);
        holds
    }

    fn held(&self) -> impl Iterator<Item = &Rc<Hold>> {
        self.live
            .iter()
            .filter_map(|id| match &self.known.get(id)?.standing {
                Standing::Held(hold) => Some(hold),
                Standing::Approved { .. }
                | Standing::Decided(_)
                | Standing::Closed(_)
                | Standing::With(_) => None,
            })
    }

    /// Returns how many holds there are.
    #[must_use]
    pub fn holds_len(&self) -> usize {
        self.held
    }

    /// Whether there is no room for another hold.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.held >= HOLDS_MAX
    }

    /// Returns the ids whose time is over at `now`, and the next moment at which that will be so for another.
    #[must_use]
    pub fn expired(&self, now: u64) -> (Vec<Uuid>, Option<u64>) {
        let mut over = Vec::new();
        let mut next: Option<u64> = None;
        for id in &self.live {
            let until = match self.known.get(id).map(|known| &known.standing) {
                Some(Standing::Held(hold)) => hold.held.until,
                Some(Standing::Approved { until, .. }) => *until,
                Some(Standing::Decided(_) | Standing::Closed(_) | Standing::With(_)) | None => {
                    continue;
                }
            };
            if until <= now {
                over.push(*id);
            } else {
                next = Some(next.map_or(until, |sooner| sooner.min(until)));
            }
        }
        (over, next)
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
