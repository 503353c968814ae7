//! What the admin's will comes to, operation by operation. Nothing here asks whether it was proven: [`Desk::conclude`] does.

use kintsugi_core::audit::record::{Body, Means, Peer};
use kintsugi_core::policy::Mode;
use kintsugi_core::protocol::{ErrorCode, Resolution};
use kintsugi_core::redact::redact;
use kintsugi_core::vault::operation::{
    Approval, Candidate, Looked, Named, Operation, Pruning, Redaction, Setting,
};
use kintsugi_core::vault::{Standing, Vault};
use serde_json::Value;

use crate::book::RemovalError;
use crate::handle::{Answer, Desk, Refusal};
use crate::state::admin::{ACCEPTED, REANCHORED, RESUME, SET, VAULT};
use crate::store::{RemovalRequest, Staged};

/// What a privileged operation comes to.
#[derive(Debug)]
pub(crate) struct Carried {
    /// What is recorded beside the result of the attempt.
    pub(crate) bodies: Vec<Body>,
    /// What is answered then.
    pub(crate) answer: Answer,
}

impl Carried {
    fn recorded(bodies: Vec<Body>) -> Self {
        Self {
            bodies,
            answer: Answer::Ack,
        }
    }
}

impl Desk {
    /// Does what was proven to be the admin's will. Nothing else calls this.
    pub(crate) fn carry_out(
        &mut self,
        operation: Operation,
        peer: &Peer,
    ) -> Result<Carried, Refusal> {
        match operation {
            Operation::Shutdown => Ok(Carried {
                bodies: Vec::new(),
                answer: Answer::Stop,
            }),
            Operation::Enrol(candidate) => self.enrol(&candidate),
            Operation::Rotate(candidate) => self.rotate(&candidate, "vault rotated"),
            Operation::Recover(candidate) => self.rotate(&candidate, "vault recovered"),
            Operation::Resume => Ok(Carried::recorded(vec![policy(RESUME, None)])),
            Operation::Policy(files) => {
                if self.bench.hash_of_files() != files.hash {
                    let message = "the policy files are not what you saw: look again";
                    return Err(Refusal::new(ErrorCode::ContentChanged, message));
                }
                Ok(Carried {
                    bodies: vec![policy(ACCEPTED, Some(files.hash))],
                    answer: Answer::Sealed,
                })
            }
            Operation::Set(Setting { key, value }) if key == "model" => self.accept_model(&value),
            Operation::Set(setting) => set(&setting),
            Operation::Redact(Redaction { seqs, reason }) => {
                let request = RemovalRequest {
                    peer: peer.clone(),
                    reason: redact(&reason).into_owned(),
                };
                let seqs = seqs.into_iter().collect();
                removed(self.book.redact(self.clock.as_ref(), &seqs, request))
            }
            Operation::Prune(Pruning { before, reason }) => {
                let request = RemovalRequest {
                    peer: peer.clone(),
                    reason: redact(&reason).into_owned(),
                };
                removed(self.book.prune(self.clock.as_ref(), before, request))
            }
            Operation::Approve(approval) => self.approve_by_admin(approval, peer),
            Operation::Reanchor(Looked { reason }) => self.reanchor(&reason),
            Operation::Unhook(Named { what }) => Ok(told("hooks removed", &what)),
            Operation::Uninstall(Named { what }) => Ok(told("daemon uninstalled", &what)),
            _ => Err(Refusal::new(
                ErrorCode::UnknownRequest,
                "this daemon does not know the operation",
            )),
        }
    }

    /// Allows a hold on the admin's word.
    fn approve_by_admin(&mut self, approval: Approval, peer: &Peer) -> Result<Carried, Refusal> {
        let Approval {
            id,
            content_hash,
            reason,
            scope,
        } = approval;
        self.check_seen(id, content_hash.as_deref())?;
        let grant = match scope {
            // What was denied is taken back alone.
            None if self.is_denied(id) => None,
            None => {
                self.held(id)?;
                None
            }
            Some(scope) => Some(self.grant_of(&*self.held(id)?, scope)?),
        };
        let allowed = Body::Resolution {
            id,
            decision: Resolution::Allow,
            means: Means::Admin,
            peer: Some(peer.clone()),
            remember: false,
            reason: reason.map(|reason| redact(&reason).into_owned()),
        };
        let bodies = std::iter::once(allowed).chain(grant).collect();
        Ok(Carried::recorded(bodies))
    }

    /// Ends the strictness that a log which did not verify began. What stands in that log stays as it is, and is never taken
    /// for good: the evidence does not become better by being looked at.
    fn reanchor(&self, reason: &str) -> Result<Carried, Refusal> {
        if self.book.state().admin().altered().is_none() {
            let message = "the log verified when it was opened: there is nothing to reanchor";
            return Err(Refusal::new(ErrorCode::BadRequest, message));
        }
        Ok(Carried {
            answer: Answer::Sealed,
            ..told(REANCHORED, reason)
        })
    }

    /// Takes over the first vault.
    fn enrol(&mut self, candidate: &Candidate) -> Result<Carried, Refusal> {
        let refuse = |why: &str| Err(Refusal::new(ErrorCode::Forbidden, why));
        if self.book.state().admin().vault().is_some() || self.keeper.is_locked() {
            return refuse("there is a vault already");
        }
        if self.book.state().admin().altered().is_some() {
            return refuse("the log does not verify, so nobody can tell that there was no vault");
        }
        let vault = self.candidate(candidate)?;
        if vault.epoch != 1 {
            return refuse("a first vault is of epoch 1");
        }
        Ok(Self::adopted("vault enrolled", candidate))
    }

    /// Replaces the vault by its next epoch.
    fn rotate(&mut self, candidate: &Candidate, what: &str) -> Result<Carried, Refusal> {
        let next = self.candidate(candidate)?;
        let follows = |vault: &Vault| vault.id == next.id && vault.epoch + 1 == next.epoch;
        match self.keeper.standing() {
            Standing::Whole(vault) if follows(vault) => Ok(Self::adopted(what, candidate)),
            Standing::Whole(_) => Err(Refusal::new(
                ErrorCode::Forbidden,
                "the new vault does not follow the present one",
            )),
            Standing::Absent | Standing::Degraded(_) => {
                Err(Refusal::new(ErrorCode::Forbidden, "there is no vault"))
            }
        }
    }

    fn candidate(&self, candidate: &Candidate) -> Result<Vault, Refusal> {
        let found = self.keeper.candidate(&candidate.name);
        found.map_err(|error| Refusal::new(ErrorCode::BadRequest, format!("{error:#}")))
    }

    fn adopted(what: &str, candidate: &Candidate) -> Carried {
        debug_assert!(what.starts_with(VAULT), "the fold knows a vault by this");
        Carried {
            bodies: vec![policy(what, Some(candidate.name.clone()))],
            answer: Answer::Sealed,
        }
    }
}

/// Returns what a removal comes to: it is done when it returns, and everything that stays is refused in one line.
fn removed(done: Result<Staged, RemovalError>) -> Result<Carried, Refusal> {
    match done {
        Ok(staged) => {
            // What it claims is claimed again by the answer.
            drop(staged);
            Ok(Carried::recorded(Vec::new()))
        }
        Err(RemovalError::Log(error)) => Err(Refusal::unrecorded(&error)),
        Err(error) => Err(Refusal::new(ErrorCode::BadRequest, error.to_string())),
    }
}

fn set(setting: &Setting) -> Result<Carried, Refusal> {
    let Setting { key, value } = setting;
    let is_known = match key.as_str() {
        _ if value == LEFT_TO_FILES => true,
        "mode" => mode_of(value).is_some(),
        "threshold" => threshold_of(value).is_some(),
        _ => {
            let message = format!("there is no setting `{}`", key.escape_debug());
            return Err(Refusal::new(ErrorCode::BadRequest, message));
        }
    };
    if !is_known {
        let message = format!("`{}` is no {key}", value.escape_debug());
        return Err(Refusal::new(ErrorCode::BadRequest, message));
    }
    Ok(Carried {
        bodies: vec![policy(&format!("{SET}{key} {value}"), None)],
        answer: Answer::Sealed,
    })
}

/// Says of a setting that the policy files have it again.
const LEFT_TO_FILES: &str = "file";

/// Reads a mode as the admin sets it.
pub(crate) fn mode_of(value: &str) -> Option<Mode> {
    let mode = [Mode::Notify, Mode::Attended, Mode::Unattended];
    mode.into_iter().find(|mode| mode.name() == value)
}

/// Reads a threshold likewise.
pub(crate) fn threshold_of(value: &str) -> Option<u8> {
    value.parse().ok().filter(|risk| *risk <= 100)
}

/// What is recorded of an operation whose other half is the client's.
fn told(what: &str, why: &str) -> Carried {
    Carried::recorded(vec![Body::Policy {
        what: what.to_owned(),
        hash: None,
        detail: serde_json::json!({ "reason": redact(why) }),
    }])
}

/// What is recorded of the policy or the vault.
pub(crate) fn policy(what: &str, hash: Option<String>) -> Body {
    Body::Policy {
        what: what.to_owned(),
        hash,
        detail: Value::Null,
    }
}
