//! Who may say yes.
//!
//! A hold is approved by a person and by nobody else: not by the process that proposed, not by what it started or left behind, not
//! through a terminal that it made. [`table`] reads what the kernel says, [`examine`] judges it, [`code`] asks where it cannot be
//! told. What this keeps, and what is possible on one user id all the same: `kintsugi_core::manual::approvals`.

pub mod code;
pub mod examine;
pub mod table;

use kintsugi_core::audit::record::{Check, Peer, Process};
use uuid::Uuid;

use self::code::{Codes, Redeemed};
use self::examine::{Examination, Standing};
use self::table::{Proc, Table};
use crate::peer::PeerHandle;

/// Searches of all processes that may be made at once.
const SEARCHES_MAX: u64 = 128;

/// Time after which one more search may be made, in milliseconds: whoever asks without end delays nobody else for long.
const SEARCH_MS: u64 = 100;

/// Where an answer is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// At the prompt where it was proposed.
    Prompt,
    /// Anywhere else.
    Elsewhere,
}

/// An answer that wants to be taken.
#[derive(Debug)]
pub struct Claim<'a> {
    /// The hold.
    pub id: Uuid,
    /// Who proposed it; nobody, for what is no hold.
    pub proposer: Option<&'a Peer>,
    /// Agents that proposed anything lately.
    pub agents: &'a [Process],
    /// Where.
    pub place: Place,
    /// The code that came with it.
    pub code: Option<&'a str>,
}

/// What comes of a claim.
#[derive(Debug)]
pub enum Leave {
    /// It is a person's.
    Given(Box<Peer>),
    /// It is not, and is to be recorded.
    Refused {
        /// Which check failed.
        check: Check,
        /// Which process made it fail, when it is another.
        by: Option<Process>,
        /// Who tried.
        peer: Box<Peer>,
    },
    /// A code is shown.
    Asked {
        /// On these terminals.
        terminals: Vec<String>,
        /// Who is asked for it.
        peer: Box<Peer>,
    },
    /// Too many asked just now.
    Later,
}

/// Judges who answers.
#[derive(Debug)]
pub struct Authority {
    table: Box<dyn Table>,
    codes: Codes,
    /// Searches that may be made now, and since when that is so, on the monotonic clock.
    searches: (u64, u64),
}

impl Default for Authority {
    fn default() -> Self {
        Self::new(Box::new(Proc))
    }
}

impl Authority {
    /// Judges by what `table` says.
    #[must_use]
    pub fn new(table: Box<dyn Table>) -> Self {
        Self {
            table,
            codes: Codes::default(),
            searches: (SEARCHES_MAX, 0),
        }
    }

    /// Judges a claim at `now`, on the monotonic clock.
    pub fn weigh(&mut self, claim: &Claim<'_>, handle: &PeerHandle, now: u64) -> Leave {
        if !self.may_search(now) {
            return Leave::Later;
        }
        let peer = Box::new(handle.look_again());
        let mut standing = self.examine(claim, &peer);
        // What was read may have been another's: a number is given again when its process has ended.
        if handle.has_ended() {
            standing = Standing::Refused {
                check: Check::Gone,
                by: None,
            };
        }
        match standing {
            Standing::Person => Leave::Given(peer),
            Standing::Refused { check, by } => Leave::Refused { check, by, peer },
            Standing::Unclear(terminals) => self.by_code(claim, &terminals, peer, now),
        }
    }

    fn examine(&self, claim: &Claim<'_>, peer: &Peer) -> Standing {
        let examination = Examination::new(self.table.as_ref(), claim.proposer, claim.agents);
        match claim.place {
            Place::Prompt => examination.at_prompt(peer.process.pid, peer),
            Place::Elsewhere => examination.elsewhere(peer.process.pid),
        }
    }

    /// Takes the code that was shown, or shows one.
    fn by_code(
        &mut self,
        claim: &Claim<'_>,
        terminals: &[u32],
        peer: Box<Peer>,
        now: u64,
    ) -> Leave {
        let refused = |check, peer| Leave::Refused {
            check,
            by: None,
            peer,
        };
        if let Some(code) = claim.code {
            return match self.codes.redeem(claim.id, &peer, code, now) {
                Redeemed::Right => Leave::Given(peer),
                Redeemed::Wrong => refused(Check::Code, peer),
            };
        }
        match self.codes.show(claim.id, &peer, terminals, now) {
            Ok(terminals) if !terminals.is_empty() => Leave::Asked { terminals, peer },
            Ok(_) | Err(_) => refused(Check::Unclear, peer),
        }
    }

    fn may_search(&mut self, now: u64) -> bool {
        let (left, since) = self.searches;
        let gained = now.saturating_sub(since) / SEARCH_MS;
        let left = left.saturating_add(gained).min(SEARCHES_MAX);
        let since = if gained > 0 { now } else { since };
        self.searches = (left.saturating_sub(1), since);
        left > 0
    }
}

#[cfg(test)]
mod tests;
