//! Grants while the daemon runs: made with an approval, looked up for each hold, listed and revoked.

use kintsugi_core::audit::record::Body;
use kintsugi_core::classify::Class;
use kintsugi_core::decide::Decision;
use kintsugi_core::grant::{Denied, Grant, Scope};
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::{ErrorCode, Response, Verdict};
use serde_json::json;
use uuid::Uuid;

use crate::handle::{Answer, Desk, Outcome, Refusal};
use crate::proposal::Proposal;
use crate::state::Hold;

impl Desk {
    /// Applies what people said before: a grant lets pass, a denial denies. Returns the record of a grant that was used.
    pub(crate) fn remembered(&self, proposal: &Proposal, verdict: &mut Verdict) -> Option<Body> {
        let command = &proposal.command;
        let state = self.book.state();
        if let Some(id) = state.denied(&command.raw, verdict.class, &verdict.effects) {
            deny_again(id, proposal.peer.direct, verdict);
            return None;
        }
        if verdict.class == Class::Ambiguous
            && verdict.decision == Decision::Allow
            && state.is_tripped(&command.agent, command.session.as_deref())
        {
            verdict.decision = Decision::Hold;
            let reason = "so much was denied in this session that a person looks at the rest";
            verdict.reason = format!("{reason}; {}", verdict.reason);
            return None;
        }
        let is_open = verdict.decision == Decision::Hold
            && !self.book.state().admin().is_panic()
            && !self.is_strict();
        let grant = state
            .grants(proposal.now)
            .find(|grant| is_open && grant.covers(command, verdict.class, &verdict.effects))?;
        verdict.decision = Decision::Allow;
        verdict.reason = format!(
            "a person granted it as {} ({})",
            short(grant.id),
            verdict.reason
        );
        Some(Body::Grant {
            id: grant.id,
            change: "used".to_owned(),
            grant: json!({ "by": command.id }),
        })
    }

    /// Makes the grant that a person asks for with an approval.
    pub(crate) fn granted(
        &self,
        hold: &Hold,
        scope: Option<Scope>,
    ) -> Result<Option<Body>, Refusal> {
        let Some(scope) = scope else {
            return Ok(None);
        };
        if self.needs_admin() {
            let why = "only the admin allows more than once: add `--admin`";
            return Err(Refusal::new(ErrorCode::AuthFailed, why));
        }
        self.grant_of(hold, scope).map(Some)
    }

    /// Makes a grant of what is held; whoever asks may.
    pub(crate) fn grant_of(&self, hold: &Hold, scope: Scope) -> Result<Body, Refusal> {
        let bad = |why: String| Refusal::new(ErrorCode::BadRequest, why);
        if self.book.state().has_all_grants() {
            return Err(bad("too many grants hold: revoke some first".to_owned()));
        }
        let command = ProposedCommand::from(hold.command.clone());
        let judged = (hold.verdict.class, hold.verdict.effects.as_slice());
        let id = Uuid::new_v4();
        let grant = Grant::new(id, &command, judged, (scope, self.clock.wall_ms()));
        let mut grant = grant.map_err(|error| bad(error.to_string()))?;
        let exact = hold.command.exact.as_deref();
        grant.exact = exact.map(|exact| exact.text.clone());
        let grant = serde_json::to_value(&grant).map_err(|error| bad(error.to_string()))?;
        Ok(Body::Grant {
            id,
            change: "made".to_owned(),
            grant,
        })
    }

    /// Lists the grants that hold.
    pub(crate) fn list_grants(&self) -> Response {
        let now = self.clock.wall_ms();
        Response::GrantList {
            items: self.book.state().grants(now).cloned().collect(),
            denied: self.book.state().denials().map(named).collect(),
        }
    }

    /// Ends a grant: whoever may connect may do that, since it only adds caution.
    pub(crate) fn revoke_grant(&mut self, id: Uuid) -> Result<Outcome, Refusal> {
        let now = self.clock.wall_ms();
        if !self.book.state().grants(now).any(|grant| grant.id == id) {
            let why = format!("no grant is called `{id}`, or it is over");
            return Err(Refusal::new(ErrorCode::NotHeld, why));
        }
        let end = Body::Grant {
            id,
            change: "revoked".to_owned(),
            grant: json!({}),
        };
        Ok(Outcome::Durable(self.record(vec![end])?, Answer::Ack))
    }
}

/// Returns a denial as it is listed: by its text, so that the list fits into a frame.
fn named(denied: &Denied) -> Denied {
    Denied {
        id: denied.id,
        raw: denied.raw.clone(),
        effects: Vec::new(),
    }
}

/// Denies what a person denied before. Somebody who types it at a prompt of their own may think otherwise today, and is asked.
///
/// Neither the reason nor anything else of the verdict names another way to the same end.
fn deny_again(id: Uuid, is_person: bool, verdict: &mut Verdict) {
    let reason = format!("a person denied that as {}", short(id));
    verdict.reason = if is_person {
        verdict.decision = verdict.decision.max(Decision::Hold);
        format!("{reason}; {}", verdict.reason)
    } else {
        verdict.decision = Decision::Deny;
        format!("{reason}, in whatever words: stop, and ask them")
    };
    verdict.instead = None;
    for finding in &mut verdict.findings {
        finding.instead = None;
    }
}

/// Returns the beginning of an id, as it is shown.
fn short(id: Uuid) -> String {
    id.simple().to_string().chars().take(8).collect()
}
