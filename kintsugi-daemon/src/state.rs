//! What the daemon remembers: a fold over the records of the log.
//!
//! The same function applies a record when it is written and when the log is read, so a restart remembers what the run
//! before did. Nothing here reads a clock or writes a record. Every collection has a bound.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::Timestamp;
use kintsugi_core::audit::record::{self, Body, Command, Means, Peer, Record};
use kintsugi_core::decide::Decision;
use kintsugi_core::limits::APPROVAL_MS_MAX;
use kintsugi_core::protocol::Resolution;
use uuid::Uuid;

use crate::authority::examine::{named, path_of};

pub mod admin;
mod alarms;
pub mod deeds;
mod ending;
mod fingerprint;
mod hold;
mod ids;
mod intents;
mod kept;
mod kept_rows;
mod past;
mod questions;
mod seen;
mod suspects;

use ending::{USED, words};
pub use fingerprint::Fingerprint;
pub use hold::{Answered, Decided, Hold};
use seen::Seen;

use crate::store::Spot;

/// A proposal that the log knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// What was proposed.
    pub fingerprint: Fingerprint,
    /// When it last changed, in milliseconds since 1970.
    pub at: u64,
    /// How it stands.
    pub standing: Standing,
}

/// How a proposal stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// Decided at once.
    Decided(Decided),
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
        /// Who did, as it is told to the next who answers.
        by: Box<str>,
    },
    /// Resolved for good: denied, expired, or approved and used.
    Closed(Box<Answered>),
    /// The same command is held under another id, and goes the way of that.
    With(Uuid),
}

impl Standing {
    /// When it ends by itself, in milliseconds since 1970, if it does.
    fn ends(&self) -> Option<u64> {
        match self {
            Self::Held(hold) => Some(hold.until),
            Self::Approved { until, .. } => Some(*until),
            Self::Decided(_) | Self::Closed(_) | Self::With(_) => None,
        }
    }

    /// How many bytes of a command wait for a person, if one does.
    fn held_bytes(&self) -> Option<usize> {
        let Self::Held(hold) = self else { return None };
        Some(hold.bytes())
    }
}

/// Gives the private part of the piece at a spot to whoever takes it, if it is there.
pub type Read<'a> = &'a mut dyn FnMut(&Spot, &mut dyn FnMut(&[u8]));

/// A proposal whose answer is the next record.
#[derive(Debug)]
struct Asked {
    command: Command,
    peer: Peer,
    fingerprint: Fingerprint,
    verdict: Option<record::Verdict>,
}

/// What the daemon remembers.
#[derive(Debug, Default)]
pub struct State {
    ids: ids::Ids,
    /// Holds and shared approvals by what they would run.
    waiting: BTreeMap<Fingerprint, Uuid>,
    /// Holds and approvals: whatever can still expire.
    live: BTreeSet<Uuid>,
    /// The same, by when their time is over.
    ends: BTreeSet<(u64, Uuid)>,
    held: usize,
    /// Bytes of what is held.
    held_bytes: usize,
    /// How often an id that was known came to stand otherwise.
    ended: u64,
    seen: Seen,
    asked: Option<Asked>,
    suspects: suspects::Suspects,
    intents: intents::Intents,
    admin: admin::Admin,
    deeds: deeds::Deeds,
    alarms: alarms::Alarms,
}

impl State {
    /// Applies a record that was read from the log: as [`State::apply`], and takes from it what is kept.
    ///
    /// A piece of the live state stands at `spot`, and `read` finds those that it names elsewhere.
    pub fn replay(&mut self, record: Record, spot: Option<Spot>, read: Read<'_>) {
        if let Body::Proposal { command, peer } = record.body {
            self.suspects.boot(&record.boot);
            self.ask(wall_ms(&record.ts), command, peer);
        } else if let Body::State { what, value } = record.body {
            self.suspects.boot(&record.boot);
            self.restore_from((&what, &value), spot, read);
        } else {
            self.apply(&record);
        }
    }

    /// Remembers what the next record answers.
    fn ask(&mut self, at: u64, command: Command, peer: Peer) {
        self.seen.note(&command.agent, at);
        self.suspects.propose(&peer);
        self.deeds.propose(&command, &peer);
        self.asked = Some(Asked {
            fingerprint: Fingerprint::of_kept(&command),
            command,
            peer,
            verdict: None,
        });
    }

    /// Applies a record of the log.
    pub fn apply(&mut self, record: &Record) {
        let at = wall_ms(&record.ts);
        self.suspects.boot(&record.boot);
        self.admin.apply(at, &record.body);
        self.apply_deed(at, &record.body);
        match &record.body {
            Body::Proposal { command, peer } => self.ask(at, command.clone(), peer.clone()),
            Body::Verdict(verdict) => self.apply_verdict((record.seq, at), verdict),
            Body::Hold { id, until, with } => {
                self.apply_hold((record.seq, at), *id, wall_ms(until), *with);
            }
            Body::Resolution {
                id,
                decision,
                means,
                reason,
                peer,
                ..
            } => {
                let said = Said {
                    means: *means,
                    why: reason.as_deref(),
                    by: peer.as_ref().map(who).unwrap_or_default(),
                };
                self.apply_resolution((record.seq, at), *id, *decision, said);
            }
            Body::Recorded { command, .. } => self.apply_recorded((record.seq, at), command),
            Body::Grant { id, change, grant } => self.intents.apply(*id, change, grant),
            Body::ApprovalRefused {
                id, check, peer, ..
            } => self.suspects.attempt(at, *id, (*check, peer)),
            // These change nothing that is remembered here.
            Body::Open { .. }
            | Body::State { .. }
            | Body::Observation { .. }
            | Body::Capture { .. }
            | Body::Undo { .. }
            | Body::AuthAttempt { .. }
            | Body::AuthResult { .. }
            | Body::Policy { .. }
            | Body::Child { .. }
            | Body::Checkpoint { .. }
            | Body::Redact { .. }
            | Body::Prune { .. }
            | Body::Recovery { .. }
            | Body::Incident { .. }
            | Body::Shutdown { .. }
            | Body::UncleanStart { .. }
            | _ => {}
        }
    }

    /// Remembers what explains a mass change, and which ones nothing explained.
    fn apply_deed(&mut self, at: u64, body: &Body) {
        if let Body::Verdict(verdict) = body {
            self.deeds.decide(at, verdict);
        } else if let Body::Recorded {
            command,
            exit_code: Some(_),
            ..
        } = body
        {
            self.deeds.end(at, command.id);
        } else if let Body::Incident {
            what,
            observation: Some(observation),
            ..
        } = body
        {
            self.alarms.note(at, *observation, what);
        }
    }

    fn apply_verdict(&mut self, (seq, at): (u64, u64), verdict: &record::Verdict) {
        if let Some(used) = verdict.uses {
            self.close((seq, at), used, (USED.to_owned(), ""));
        }
        let Some(asked) = self
            .asked
            .as_mut()
            .filter(|asked| asked.command.id == verdict.id)
        else {
            return;
        };
        if verdict.decision == Decision::Hold {
            asked.verdict = Some(verdict.clone());
            return;
        }
        let fingerprint = asked.fingerprint;
        self.asked = None;
        // The use of an approval under the id that was approved: closed above, and so it stays.
        if verdict.uses != Some(verdict.id) {
            let standing = Standing::Decided(Decided {
                class: verdict.class,
                decision: verdict.decision,
                tier: verdict.tier,
                seq,
            });
            self.set(
                verdict.id,
                Known {
                    fingerprint,
                    at,
                    standing,
                },
            );
        }
    }

    fn apply_hold(&mut self, (seq, at): (u64, u64), id: Uuid, until: u64, with: Option<Uuid>) {
        let Some(asked) = self.asked.take().filter(|asked| asked.command.id == id) else {
            return;
        };
        let Asked {
            command,
            peer,
            fingerprint,
            verdict: Some(verdict),
        } = asked
        else {
            return;
        };
        let standing = match with {
            Some(first) => Standing::With(first),
            None => Standing::Held(Rc::new(Hold {
                command,
                peer,
                verdict,
                until,
                since: at,
                seq,
            })),
        };
        self.set(
            id,
            Known {
                fingerprint,
                at,
                standing,
            },
        );
    }

    fn apply_resolution(
        &mut self,
        (seq, at): (u64, u64),
        id: Uuid,
        decision: Resolution,
        said: Said<'_>,
    ) {
        let Some(known) = self.ids.get(id) else {
            return;
        };
        let Said { means, why, by } = said;
        match (&known.standing, decision) {
            (Standing::Held(hold), Resolution::Allow) => {
                self.suspects.approved(id);
                self.intents.allow(hold);
                let standing = Standing::Approved {
                    hold: Rc::clone(hold),
                    until: at.saturating_add(APPROVAL_MS_MAX),
                    shared: matches!(means, Means::Person | Means::Admin),
                    by: by.into_boxed_str(),
                };
                let fingerprint = known.fingerprint;
                self.set(
                    id,
                    Known {
                        fingerprint,
                        at,
                        standing,
                    },
                );
            }
            (Standing::Held(hold), Resolution::Deny) => {
                if matches!(means, Means::Person | Means::Prompt | Means::Admin) {
                    self.intents.deny(hold);
                }
                self.close((seq, at), id, (words(means, why, false), &by));
            }
            // A person takes back what was denied.
            (Standing::Closed(_), Resolution::Allow) => self.intents.take_back(id),
            (Standing::Approved { .. }, Resolution::Deny) => {
                self.close((seq, at), id, (words(means, why, true), &by));
            }
            (
                Standing::Approved { .. }
                | Standing::Decided(_)
                | Standing::Closed(_)
                | Standing::With(_),
                _,
            ) => {}
        }
    }

    /// A client that runs what was approved without asking again says so afterwards.
    fn apply_recorded(&mut self, (seq, at): (u64, u64), command: &Command) {
        let Some(known) = self.ids.other(command.id) else {
            return;
        };
        let approved = matches!(known.standing, Standing::Approved { .. });
        // A client that had no daemon has masked it: then the text must do. It only ends an approval.
        let same = known.fingerprint == Fingerprint::of_kept(command)
            || matches!(&known.standing, Standing::Approved { hold, .. }
                if hold.command.raw == command.raw && hold.command.cwd == command.cwd);
        if approved && same {
            self.close((seq, at), command.id, (USED.to_owned(), ""));
        }
    }

    fn close(&mut self, (seq, at): (u64, u64), id: Uuid, (reason, by): (String, &str)) {
        let Some(known) = self.ids.other(id) else {
            return;
        };
        let (Standing::Held(hold) | Standing::Approved { hold, .. }) = &known.standing else {
            return;
        };
        let by = match &known.standing {
            // Used or left unused: who approved it is who is asked about it.
            Standing::Approved { by: before, .. } if by.is_empty() => before,
            Standing::Approved { .. }
            | Standing::Held(_)
            | Standing::Decided(_)
            | Standing::Closed(_)
            | Standing::With(_) => by,
        };
        let standing = Standing::Closed(Box::new(Answered::closed(hold, seq, (reason, by))));
        let fingerprint = known.fingerprint;
        self.set(
            id,
            Known {
                fingerprint,
                at,
                standing,
            },
        );
    }

    /// Sets how an id stands and keeps the indexes with it. The only place that adds to `ids`.
    fn set(&mut self, id: Uuid, new: Known) {
        let shared = match new.standing {
            Standing::Held(_) => true,
            Standing::Approved { shared, .. } => shared,
            Standing::Decided(_) | Standing::Closed(_) | Standing::With(_) => false,
        };
        let (at, fingerprint) = (new.at, new.fingerprint);
        let (ends, bytes) = (new.standing.ends(), new.standing.held_bytes());
        if let Some(old) = self.ids.put(id, new) {
            self.ended += 1;
            if self.waiting.get(&old.fingerprint) == Some(&id) {
                self.waiting.remove(&old.fingerprint);
            }
            self.live.remove(&id);
            if let Some(ends) = old.standing.ends() {
                self.ends.remove(&(ends, id));
            }
            if let Some(bytes) = old.standing.held_bytes() {
                self.held -= 1;
                self.held_bytes -= bytes;
            }
        }
        if shared {
            self.waiting.insert(fingerprint, id);
        }
        if let Some(ends) = ends {
            self.live.insert(id);
            self.ends.insert((ends, id));
        }
        if let Some(bytes) = bytes {
            self.held += 1;
            self.held_bytes += bytes;
        }
        self.forget(at);
    }

    /// Forgets the oldest ids at `now`, beyond their number and their time.
    fn forget(&mut self, now: u64) {
        let live = &self.live;
        self.ids.forget(now, live.len(), |id| live.contains(&id));
    }
}

/// What a resolution says beside its decision.
struct Said<'a> {
    means: Means,
    why: Option<&'a str>,
    by: String,
}

/// Returns who answered, as it is told to the next who answers.
fn who(peer: &Peer) -> String {
    let terminal = peer.tty.and_then(path_of);
    let terminal = terminal.map_or(String::new(), |path| format!(" on {}", path.display()));
    format!("by user {}{terminal}, {}", peer.uid, named(&peer.process))
}

/// Returns a time of a record, in milliseconds since 1970; 0 for one that is none, so that what it bounds is over.
pub(crate) fn wall_ms(ts: &str) -> u64 {
    let ms = ts.parse::<Timestamp>().map_or(0, Timestamp::as_millisecond);
    u64::try_from(ms).unwrap_or_default()
}

#[cfg(test)]
mod tests;
