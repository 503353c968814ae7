//! What is asked of what is remembered. Nothing here changes it.

use std::ops::Bound;
use std::rc::Rc;

use kintsugi_core::audit::record;
use kintsugi_core::classify::Class;
use kintsugi_core::decide::Decision;
use kintsugi_core::effect::Effect;
use kintsugi_core::grant::{Denied, Grant};
use kintsugi_core::limits::{HOLDS_BYTES_MAX, HOLDS_MAX};
use kintsugi_core::protocol::{AgentStatus, PendingItem, PendingStatus};
use uuid::Uuid;

use super::{Fingerprint, Hold, Known, Standing, State, admin, deeds, intents};

impl State {
    /// Returns what is known about `id`.
    #[must_use]
    pub fn known(&self, id: Uuid) -> Option<Known> {
        self.ids.get(id)
    }

    /// Returns the ids that begin with `prefix`, hexadecimal without dashes; two at most, since one more is one too many.
    #[must_use]
    pub fn beginning(&self, prefix: &str) -> Vec<Uuid> {
        // There may be a day's worth, and whoever asks again and again delays others by each.
        let mut digits = Uuid::encode_buffer();
        let mut begins = |id: &Uuid| id.simple().encode_lower(&mut digits).starts_with(prefix);
        self.ids.all().filter(|id| begins(id)).take(2).collect()
    }

    /// Returns the id under which the same command waits or has been approved.
    #[must_use]
    pub fn waiting(&self, fingerprint: Fingerprint) -> Option<(Uuid, &Known)> {
        let id = self.waiting.get(&fingerprint)?;
        Some((*id, self.ids.other(*id)?))
    }

    /// Returns how a hold stands, as a client sees it.
    #[must_use]
    pub fn pending(&self, id: Uuid) -> PendingStatus {
        match self.ids.get(id).map(|known| known.standing) {
            Some(Standing::Held(_)) => PendingStatus::Pending,
            Some(Standing::Approved { .. }) => PendingStatus::Approved,
            Some(Standing::Closed(_)) => PendingStatus::Denied,
            Some(Standing::Decided(decided)) => match decided.decision {
                Decision::Allow => PendingStatus::Approved,
                Decision::Hold | Decision::Deny => PendingStatus::Denied,
            },
            // An alias names a hold and never another alias, so this goes one step.
            Some(Standing::With(first)) if first != id => self.pending(first),
            Some(Standing::With(_)) | None => PendingStatus::Gone,
        }
    }

    /// Returns what the log says about the admin.
    #[must_use]
    pub const fn admin(&self) -> &admin::Admin {
        &self.admin
    }

    /// Returns the holds, oldest first.
    #[must_use]
    pub fn holds(&self) -> Vec<&Rc<Hold>> {
        let held = self
            .live
            .iter()
            .filter_map(|id| match &self.ids.other(*id)?.standing {
                Standing::Held(hold) => Some(hold),
                Standing::Approved { .. }
                | Standing::Decided(_)
                | Standing::Closed(_)
                | Standing::With(_) => None,
            });
        let mut holds: Vec<_> = held.collect();
        holds.sort_by_key(|hold| hold.seq);
        holds
    }

    /// Returns the agents that proposed lately: the oldest process of each.
    #[must_use]
    pub fn agents(&self) -> Vec<record::Process> {
        self.suspects.agents()
    }

    /// Returns the grants that hold at `now`.
    pub fn grants(&self, now: u64) -> impl Iterator<Item = &Grant> {
        self.intents.grants(now)
    }

    /// Whether no more grants can be made.
    #[must_use]
    pub fn has_all_grants(&self) -> bool {
        self.intents.grants(0).count() >= intents::GRANTS_MAX
    }

    /// Returns the grants that are over at `now`, and are not on record as such.
    #[must_use]
    pub fn grants_over(&self, now: u64) -> Vec<Uuid> {
        self.intents.over(now)
    }

    /// Returns the hold by which a person denied one of `effects`, or this very text.
    #[must_use]
    pub fn denied(&self, raw: &str, class: Class, effects: &[Effect]) -> Option<Uuid> {
        self.intents.denied(raw, class, effects)
    }

    /// Returns what people denied, in whatever spelling, oldest first.
    pub fn denials(&self) -> impl Iterator<Item = &Denied> {
        self.intents.denials()
    }

    /// Whether so much was denied in a session that nothing ambiguous passes in it.
    #[must_use]
    pub fn is_tripped(&self, agent: &str, session: Option<&str>) -> bool {
        self.intents.is_tripped(agent, session)
    }

    /// Returns the answers that were refused within a day, newest first, one line each.
    #[must_use]
    pub fn attempts(&self, now: u64) -> Vec<String> {
        self.suspects.lines(now, None)
    }

    /// Returns the holds as they are listed at `now`, in milliseconds since 1970, oldest first.
    pub fn items(&self, now: u64) -> impl Iterator<Item = PendingItem> {
        self.holds().into_iter().map(move |hold| PendingItem {
            attempts: self.suspects.lines(now, Some(hold.command.id)),
            ..hold.item(now)
        })
    }

    /// Returns the mass changes of the last day that nobody explained, newest first, one line each.
    #[must_use]
    pub fn unexplained(&self, now: u64) -> Vec<String> {
        self.alarms.lines(now)
    }

    /// Returns the last command that explains a change in a directory between two moments, in milliseconds since 1970. `runs`
    /// says whether a process, by its number and start, is still there.
    pub fn explain(
        &self,
        changed: &deeds::Changed,
        time: (u64, u64),
        runs: &dyn Fn(u32, u64) -> bool,
    ) -> Option<&deeds::Deed> {
        self.deeds.explain(changed, time, runs)
    }

    /// Returns how many holds there are.
    #[must_use]
    pub fn holds_len(&self) -> usize {
        self.held
    }

    /// Returns a number that changes whenever a hold ends or an approval is used.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.ended
    }

    /// Returns who asked lately, the last first, and how long before `now`.
    #[must_use]
    pub fn seen(&self, now: u64) -> Vec<AgentStatus> {
        self.seen.at(now)
    }

    /// Whether there is no room for another hold.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.live.len() >= HOLDS_MAX || self.held_bytes >= HOLDS_BYTES_MAX
    }

    /// Returns the ids whose time is over at `now`, and the next moment at which that will be so for another.
    #[must_use]
    pub fn expired(&self, now: u64) -> (Vec<Uuid>, Option<u64>) {
        let over = self.ends.range(..=(now, Uuid::max()));
        let over: Vec<Uuid> = over.map(|(_, id)| *id).collect();
        let later = self
            .ends
            .range((Bound::Excluded((now, Uuid::max())), Bound::Unbounded));
        let mut next = later.map(|(until, _)| *until).next();
        for grant in self.intents.grants(now) {
            let until = grant.until;
            next = match (next, until) {
                (Some(sooner), Some(until)) => Some(sooner.min(until)),
                (sooner, until) => sooner.or(until),
            };
        }
        (over, next)
    }
}
