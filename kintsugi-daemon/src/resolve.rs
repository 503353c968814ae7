//! How holds end by an answer: at the prompt, from elsewhere, by the admin; and what is done with answers of those who may not.

use std::rc::Rc;

use kintsugi_core::audit::record::{Body, Check, Means, Peer, Process};
use kintsugi_core::grant::Scope;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::{ErrorCode, KnownItem, Resolution, Response};
use uuid::Uuid;

use crate::authority::examine::named;
use crate::authority::{Claim, Leave, Place};
use crate::clip;
use crate::handle::{Answer, Desk, Outcome, Refusal, check_claims, check_same};
use crate::peer::PeerHandle;
use crate::state::{Hold, Standing};

/// Longest reason of a person that is kept, in bytes.
const REASON_BYTES_MAX: usize = 1_024;

/// An answer to a hold.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The hold.
    pub(crate) id: Uuid,
    /// The answer.
    pub(crate) decision: Resolution,
    /// Where it was given.
    pub(crate) place: Place,
    /// It is meant for the next time too.
    pub(crate) remember: bool,
    /// Why.
    pub(crate) reason: Option<String>,
    /// The code that came with it.
    pub(crate) code: Option<String>,
    /// For how long beyond this once.
    pub(crate) scope: Option<Scope>,
}

impl Reply {
    /// An answer where it was proposed, with what came with it.
    pub(crate) fn at_prompt(
        id: Uuid,
        decision: Resolution,
        (remember, code): (bool, Option<String>),
    ) -> Self {
        Self {
            id,
            decision,
            place: Place::Prompt,
            remember,
            reason: None,
            code,
            scope: None,
        }
    }

    /// The same answer with a code, and for longer.
    pub(crate) fn with(self, code: Option<String>, scope: Option<Scope>) -> Self {
        Self {
            code,
            scope,
            ..self
        }
    }

    /// An answer that is given from elsewhere, for this time.
    pub(crate) const fn elsewhere(id: Uuid, decision: Resolution, reason: Option<String>) -> Self {
        Self {
            id,
            decision,
            place: Place::Elsewhere,
            remember: false,
            reason,
            code: None,
            scope: None,
        }
    }

    /// A denial from elsewhere.
    pub(crate) const fn denial(id: Uuid, reason: Option<String>) -> Self {
        Self::elsewhere(id, Resolution::Deny, reason)
    }
}

impl Desk {
    /// Resolves a hold where it was proposed: the shell asks at its own prompt.
    pub(crate) fn resolve_at_prompt(
        &mut self,
        command: &ProposedCommand,
        mut reply: Reply,
        peer: &mut PeerHandle,
    ) -> Result<Outcome, Refusal> {
        check_claims(command)?;
        let id = command.id;
        let Some(known) = self.book.state().known(id) else {
            let peer = peer.look_again();
            return self.refuse_answer(id, Check::NeverHeld, (peer, None));
        };
        check_same(&known, command)?;
        if let Standing::With(first) = known.standing {
            reply.id = first;
        }
        self.resolve(reply, peer)
    }

    /// Resolves a hold. Anybody who may connect may deny; only a person allows.
    pub(crate) fn resolve(
        &mut self,
        reply: Reply,
        peer: &mut PeerHandle,
    ) -> Result<Outcome, Refusal> {
        // At a prompt a yes is to the question that stands there: it takes nothing back that somebody else said meanwhile.
        let may_take_back = reply.decision == Resolution::Allow && reply.place == Place::Elsewhere;
        if may_take_back && self.is_denied(reply.id) {
            return self.take_back(reply, peer);
        }
        let hold = self.held(reply.id)?;
        let grant = self.granted(&hold, reply.scope)?;
        let answered = match reply.decision {
            Resolution::Deny => peer.look_up().clone(),
            Resolution::Allow => match self.weigh(&reply, &hold, peer) {
                Leave::Given(peer) => *peer,
                Leave::Refused { check, by, peer } => {
                    return self.refuse_answer(reply.id, check, (*peer, by));
                }
                Leave::Asked { terminals, peer } => {
                    return self.ask_code(reply.id, &terminals, *peer);
                }
                Leave::Later => return Err(later()),
            },
        };
        self.end(reply, answered, grant)
    }

    /// Whether a person denied the hold and that is remembered.
    pub(crate) fn is_denied(&self, id: Uuid) -> bool {
        self.book.state().denials().any(|denied| denied.id == id)
    }

    /// Takes a denial back; what was denied is held again when it is proposed again. A person does that, and nobody else.
    fn take_back(&mut self, reply: Reply, peer: &mut PeerHandle) -> Result<Outcome, Refusal> {
        if reply.scope.is_some() {
            let why = "was denied: take that back alone, and answer when it is held again";
            return Err(not_held(reply.id, why));
        }
        if let Some(refused) = self.weigh_person(reply.id, reply.code.as_deref(), peer)? {
            return Ok(refused);
        }
        let answered = peer.look_up().clone();
        self.end(reply, answered, None)
    }

    fn weigh(&mut self, reply: &Reply, hold: &Hold, peer: &PeerHandle) -> Leave {
        let agents = self.book.state().agents();
        let claim = Claim {
            id: reply.id,
            proposer: Some(&hold.peer),
            agents: &agents,
            place: reply.place,
            code: reply.code.as_deref(),
        };
        self.authority
            .weigh(&claim, peer, self.clock.monotonic_ms())
    }

    /// Records how a hold ended.
    fn end(&mut self, reply: Reply, peer: Peer, grant: Option<Body>) -> Result<Outcome, Refusal> {
        let mut reason = reply.reason;
        if let Some(reason) = &mut reason {
            clip::masked(reason, REASON_BYTES_MAX);
        }
        let end = Body::Resolution {
            id: reply.id,
            decision: reply.decision,
            means: match reply.place {
                Place::Prompt => Means::Prompt,
                Place::Elsewhere => Means::Person,
            },
            peer: Some(peer),
            remember: reply.remember,
            reason,
        };
        let records = std::iter::once(end).chain(grant).collect();
        Ok(Outcome::Durable(self.record(records)?, Answer::Ack))
    }

    /// Records that it cannot be told who answers, and says where the code is.
    pub(crate) fn ask_code(
        &mut self,
        id: Uuid,
        terminals: &[String],
        peer: Peer,
    ) -> Result<Outcome, Refusal> {
        let attempt = Body::ApprovalRefused {
            id,
            check: Check::Unclear,
            peer,
            by: None,
        };
        let staged = self.record(vec![attempt])?;
        let shown = terminals.join(" and ");
        let refusal = Refusal::new(
            ErrorCode::CodeNeeded,
            format!("it cannot be told whose terminal this is: a code is shown on {shown}"),
        );
        Ok(Outcome::Durable(staged, Answer::Refused(refusal)))
    }

    /// Records an answer of somebody who may not, and says no.
    pub(crate) fn refuse_answer(
        &mut self,
        id: Uuid,
        check: Check,
        (peer, by): (Peer, Option<Process>),
    ) -> Result<Outcome, Refusal> {
        let by_whom = by.as_ref().map(named);
        let by_whom = by_whom.map_or(String::new(), |who| format!(" ({who})"));
        let message = format!(
            "this is no answer of a person: {}{by_whom}; it is on record",
            check.line()
        );
        let code = if check == Check::NeverHeld {
            ErrorCode::NotHeld
        } else {
            ErrorCode::Forbidden
        };
        let attempt = Body::ApprovalRefused {
            id,
            check,
            peer,
            by,
        };
        let staged = self.record(vec![attempt])?;
        let refusal = Refusal::new(code, message);
        Ok(Outcome::Durable(staged, Answer::Refused(refusal)))
    }

    /// Returns the hold `id`; of two who answer, the second is told.
    pub(crate) fn held(&self, id: Uuid) -> Result<Rc<Hold>, Refusal> {
        match self.book.state().known(id).map(|known| known.standing) {
            Some(Standing::Held(hold)) => Ok(hold),
            Some(standing) => Err(not_held(id, &told(&standing))),
            None => Err(not_held(id, "is not known here")),
        }
    }

    /// Says what became of the proposals whose ids begin with `prefix`.
    pub(crate) fn look_up(&self, prefix: &str) -> Response {
        let digits = prefix.to_ascii_lowercase().replace('-', "");
        let state = self.book.state();
        let found = state.beginning(&digits).into_iter();
        let item = |id: Uuid| {
            let standing = state.known(id)?.standing;
            Some(KnownItem {
                id,
                with: match standing {
                    Standing::With(first) => Some(first),
                    Standing::Held(_)
                    | Standing::Approved { .. }
                    | Standing::Decided(_)
                    | Standing::Closed(_) => None,
                },
                held: matches!(standing, Standing::Held(_)),
                denied: self.is_denied(id),
                told: told(&standing),
            })
        };
        Response::Known {
            items: found.filter_map(item).collect(),
        }
    }

    /// Checks that the hold is the one that the person saw. Whoever saw it held takes no denial back that came in between.
    pub(crate) fn check_seen(&self, id: Uuid, seen: Option<&str>) -> Result<(), Refusal> {
        let hold = match self.book.state().known(id).map(|known| known.standing) {
            Some(Standing::Held(hold)) => hold,
            Some(standing) if seen.is_some() && self.is_denied(id) => {
                return Err(not_held(id, &told(&standing)));
            }
            Some(_) | None => return Ok(()),
        };
        match (seen, hold.verdict.content_hash.as_deref()) {
            (Some(seen), Some(kept)) if seen != kept => Err(Refusal::new(
                ErrorCode::ContentChanged,
                format!("what is held as `{id}` is not what you saw: look again"),
            )),
            (Some(_) | None, Some(_) | None) => Ok(()),
        }
    }
}

/// Returns how a proposal stands, in words that follow its id.
fn told(standing: &Standing) -> String {
    match standing {
        Standing::Held(_) => "is held".to_owned(),
        Standing::Approved { by, .. } => format!("was approved already {by}").trim_end().to_owned(),
        Standing::Closed(answered) => format!("is closed: {}", answered.told()),
        Standing::Decided(_) => "was decided without a hold".to_owned(),
        Standing::With(first) => format!("is held as `{first}`"),
    }
}

/// Too many want to be looked at.
pub(crate) fn later() -> Refusal {
    let message = "too many answers at once: try again in a moment";
    Refusal::new(ErrorCode::Busy, message)
}

/// There is no such hold.
pub(crate) fn not_held(id: Uuid, why: &str) -> Refusal {
    Refusal::new(ErrorCode::NotHeld, format!("`{id}` {why}"))
}
