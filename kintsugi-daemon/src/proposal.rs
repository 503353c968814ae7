//! A proposal while it is answered: the command, who asked, and the records that each answer consists of.
//!
//! Builds records, and writes none.

use kintsugi_core::audit::record::{self, Body, Command, Means, Peer};
use kintsugi_core::binding;
use kintsugi_core::decide::Decision;
use kintsugi_core::facts::Wanted;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::{ErrorCode, Resolution, Response, Verdict};
use uuid::Uuid;

use crate::clip;
use crate::clock::rfc3339;
use crate::handle::{Outcome, Refusal};
use crate::state::{Fingerprint, Hold, Known, Standing};

/// A command that was proposed, by whom, and when.
#[derive(Debug)]
pub(crate) struct Proposal {
    pub(crate) command: ProposedCommand,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) peer: Peer,
    /// In milliseconds since 1970.
    pub(crate) now: u64,
}

impl Proposal {
    pub(crate) fn new(command: ProposedCommand, peer: &Peer, now: u64) -> Self {
        let fingerprint = Fingerprint::of_proposed(&command);
        Self {
            command,
            fingerprint,
            peer: peer.clone(),
            now,
        }
    }

    /// Returns the command as a record keeps it.
    pub(crate) fn kept(&self) -> Command {
        clip::command(self.command.clone(), self.fingerprint)
    }

    /// A new id for a command that is held as `first`: the same hold.
    pub(crate) fn join(self, first: Uuid, hold: &Hold) -> (Vec<Body>, Verdict) {
        let id = self.command.id;
        let verdict = hold.answer(self.now);
        let until = rfc3339(hold.until);
        let bodies = vec![
            Body::Proposal {
                command: self.kept(),
                peer: self.peer,
            },
            Body::Verdict(record::Verdict::new(id, verdict.clone())),
            Body::Hold {
                id,
                until,
                with: Some(first),
            },
        ];
        (bodies, verdict)
    }

    /// Asks for what an approval would be bound to, and whether it could be undone, of a client that can find it out.
    pub(crate) fn unbound(&self, verdict: &Verdict) -> Option<Outcome> {
        let mut wanted = Wanted::default();
        if self.command.gathers_facts() {
            wanted = binding::unknown(&verdict.effects, &self.command);
        }
        let facts = self.command.facts.as_ref();
        let is_known = facts.is_some_and(|facts| facts.capture.is_some());
        if self.command.keeps_copies() && !is_known && verdict.decision == Decision::Hold {
            wanted.capture.clone_from(&verdict.capture);
        }
        let is_asked = !wanted.is_empty();
        let facts = Box::new(wanted);
        is_asked.then_some(Outcome::Now(Response::Wanted { facts }))
    }

    /// The command was approved as `first`, and is not what was approved any more: denied, and the approval is void.
    pub(crate) fn void(self, first: Uuid, hold: &Hold, what: &str) -> (Vec<Body>, Verdict) {
        let answered = hold.answer(self.now);
        let reason = format!("{what}: the approval is void, propose it again");
        let mut verdict = Verdict {
            decision: Decision::Deny,
            reason,
            expires_ms: None,
            ..answered
        };
        clip::verdict(&mut verdict);
        let end = Body::Resolution {
            id: first,
            decision: Resolution::Deny,
            means: Means::Changed,
            peer: Some(self.peer.clone()),
            remember: false,
            reason: Some(what.to_owned()),
        };
        if self.command.id == first {
            return (vec![end], verdict);
        }
        let answer = record::Verdict::new(self.command.id, verdict.clone());
        let asked = Body::Proposal {
            command: self.kept(),
            peer: self.peer,
        };
        (vec![end, asked, Body::Verdict(answer)], verdict)
    }

    /// The command was approved as `first`: it may run now, and not once more.
    pub(crate) fn spend(self, first: Uuid, hold: &Hold) -> (Vec<Body>, Verdict) {
        let answered = hold.answer(self.now);
        let mut verdict = Verdict {
            decision: Decision::Allow,
            reason: format!("a person approved it ({})", answered.reason),
            instead: None,
            expires_ms: None,
            approved: true,
            ..answered
        };
        clip::verdict(&mut verdict);
        let answer = record::Verdict {
            uses: Some(first),
            ..record::Verdict::new(self.command.id, verdict.clone())
        };
        let asked = Body::Proposal {
            command: self.kept(),
            peer: self.peer,
        };
        (vec![asked, Body::Verdict(answer)], verdict)
    }
}

/// Checks that `known` is the very command that is named now.
pub(crate) fn check_same(known: &Known, command: &ProposedCommand) -> Result<(), Refusal> {
    if known.fingerprint == Fingerprint::of_proposed(command) {
        Ok(())
    } else {
        Err(conflict(&known.standing))
    }
}

/// The id is that of another command.
pub(crate) fn conflict(standing: &Standing) -> Refusal {
    let (code, word) = match standing {
        Standing::Decided(_) => (ErrorCode::IdConflictDecided, "decided"),
        Standing::Held(_) | Standing::With(_) => (ErrorCode::IdConflictHeld, "held"),
        Standing::Approved { .. } => (ErrorCode::IdConflictApproved, "approved"),
        Standing::Closed(_) => (ErrorCode::IdConflictClosed, "closed"),
    };
    Refusal::new(
        code,
        format!("the id was {word} for another command: propose under a new id"),
    )
}

/// Checks the length of what a client claims about itself, since all of it is recorded whole.
pub(crate) fn check_claims(command: &ProposedCommand) -> Result<(), Refusal> {
    /// Longest claim, in bytes.
    const CLAIM_BYTES_MAX: usize = 128;
    let session = command.session.as_deref().unwrap_or_default();
    let tool = command.tool.as_deref().unwrap_or_default();
    for (name, claim) in [
        ("ts", command.ts.as_str()),
        ("agent", &command.agent),
        ("session", session),
        ("tool", tool),
    ] {
        if claim.len() > CLAIM_BYTES_MAX {
            let message = format!("`{name}` is longer than {CLAIM_BYTES_MAX} bytes");
            return Err(Refusal::new(ErrorCode::BadRequest, message));
        }
    }
    if !command.cwd.starts_with('/') {
        return Err(Refusal::new(
            ErrorCode::BadRequest,
            "`cwd` is not an absolute path",
        ));
    }
    Ok(())
}
