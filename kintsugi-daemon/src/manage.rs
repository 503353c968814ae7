//! The requests beside `propose`: holds resolved, commands reported, the daemon asked and stopped.

use kintsugi_core::decide::Decision;
use kintsugi_core::limits::{APPROVAL_MS_MAX, FRAME_BYTES_MAX};
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::{
    self, ErrorCode, LogStatus, Request, Resolution, Response, Status, VaultStatus,
};
use uuid::Uuid;

use crate::event::{self, Event, Ran, Resolved, Resolver};
use crate::handle::{Answer, Desk, Outcome, Refusal, check_claims, is_same, reported};
use crate::peer::{Peer, PeerHandle};
use crate::state::Standing;

/// Longest reason of a person that is kept, in bytes.
const REASON_BYTES_MAX: usize = 1_024;

/// What expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// Whether records were written, which are to be made durable.
    pub ended: bool,
    /// The next moment at which there is more to end, in milliseconds since 1970.
    pub next: Option<u64>,
}

impl Desk {
    /// Answers what changes something and is no proposal.
    pub(crate) fn manage(
        &mut self,
        request: Request,
        peer: &mut PeerHandle,
    ) -> Result<Outcome, Refusal> {
        match request {
            Request::Resolve {
                command,
                decision,
                remember,
            } => self.resolve_at_prompt(&command, decision, remember, peer.look_up()),
            Request::Approve {
                id,
                content_hash,
                reason,
            } => {
                self.check_seen(id, content_hash.as_deref())?;
                self.resolve(id, Resolution::Allow, reason, peer.look_up())
            }
            Request::Deny { id, reason } => {
                self.resolve(id, Resolution::Deny, reason, peer.look_up())
            }
            Request::Observe { change, mut path } => {
                event::clip(&mut path, event::COMMAND_BYTES_MAX / 12);
                let staged = self.record(&[Event::Observation { change, path }])?;
                Ok(Outcome::Unwaited(staged))
            }
            Request::Record {
                command,
                exit_code,
                duration_ms,
            } => self.report(*command, exit_code, duration_ms, peer.look_up()),
            Request::AuthBegin { op } => Ok(Outcome::Now(self.challenge(op)?)),
            Request::Shutdown {
                op,
                nonce,
                proof: _,
            } => self.shut_down(&op, &nonce, peer.look_up()),
            _ => Err(Refusal::new(
                ErrorCode::UnknownRequest,
                "this daemon does not know it",
            )),
        }
    }

    /// Resolves a hold where it was proposed: the shell asks at its own prompt.
    fn resolve_at_prompt(
        &mut self,
        command: &ProposedCommand,
        decision: Resolution,
        remember: bool,
        peer: &Peer,
    ) -> Result<Outcome, Refusal> {
        check_claims(command)?;
        let id = command.id;
        let Some(known) = self.state.known(id) else {
            return Err(not_held(id, "was never held"));
        };
        is_same(known, command)?;
        let id = match &known.standing {
            Standing::With(first) => *first,
            Standing::Held(_)
            | Standing::Approved { .. }
            | Standing::Decided(_)
            | Standing::Closed(_) => id,
        };
        self.check_held(id)?;
        let event = self.resolution(id, decision, Resolver::Prompt, peer);
        let event = Event::Resolution(Box::new(Resolved { remember, ..event }));
        Ok(Outcome::Durable(self.record(&[event])?, Answer::Ack))
    }

    /// Resolves a hold from elsewhere.
    fn resolve(
        &mut self,
        id: Uuid,
        resolution: Resolution,
        reason: Option<String>,
        peer: &Peer,
    ) -> Result<Outcome, Refusal> {
        self.check_held(id)?;
        let mut event = self.resolution(id, resolution, Resolver::Person, peer);
        event.reason = reason;
        if let Some(reason) = &mut event.reason {
            event::clip(reason, REASON_BYTES_MAX);
        }
        let staged = self.record(&[Event::Resolution(Box::new(event))])?;
        Ok(Outcome::Durable(staged, Answer::Ack))
    }

    fn resolution(&self, id: Uuid, resolution: Resolution, by: Resolver, peer: &Peer) -> Resolved {
        let (decision, until) = match resolution {
            Resolution::Allow => (
                Decision::Allow,
                Some(self.clock.wall_ms() + APPROVAL_MS_MAX),
            ),
            Resolution::Deny => (Decision::Deny, None),
        };
        let peer = Some(peer.clone());
        Resolved {
            id,
            decision,
            by,
            reason: None,
            peer,
            until,
            remember: false,
        }
    }

    /// Checks that `id` waits for a person; of two who answer, the second is told.
    fn check_held(&self, id: Uuid) -> Result<(), Refusal> {
        match self.state.known(id).map(|known| &known.standing) {
            Some(Standing::Held(_)) => Ok(()),
            Some(Standing::Approved { .. }) => Err(not_held(id, "was approved already")),
            Some(Standing::Closed(answered)) => {
                Err(not_held(id, &format!("is closed: {}", answered.reason())))
            }
            Some(Standing::Decided(_)) => Err(not_held(id, "was decided without a hold")),
            Some(Standing::With(first)) => Err(not_held(id, &format!("is held as `{first}`"))),
            None => Err(not_held(id, "is not held")),
        }
    }

    /// Checks that the hold is the one that the person saw.
    fn check_seen(&self, id: Uuid, seen: Option<&str>) -> Result<(), Refusal> {
        let Some(Standing::Held(hold)) = self.state.known(id).map(|known| &known.standing) else {
            return Ok(());
        };
        match (seen, hold.held.verdict.content_hash.as_deref()) {
            (Some(seen), Some(held)) if seen != held => Err(Refusal::new(
                ErrorCode::ContentChanged,
                format!("what is held as `{id}` is not what you saw: look again"),
            )),
            (Some(_) | None, Some(_) | None) => Ok(()),
        }
    }

    /// Records a command that has run; if a person had approved it, the approval is used up.
    fn report(
        &mut self,
        command: ProposedCommand,
        exit_code: Option<i32>,
        duration_ms: Option<u64>,
        peer: &Peer,
    ) -> Result<Outcome, Refusal> {
        check_claims(&command)?;
        let used = self.state.known(command.id).is_some_and(|known| {
            matches!(known.standing, Standing::Approved { .. }) && is_same(known, &command).is_ok()
        });
        let id = command.id;
        let proposed = reported(command, peer);
        let ran = Ran {
            proposed,
            exit_code,
            duration_ms,
            spooled: false,
        };
        let mut events = vec![Event::Recorded(Box::new(ran))];
        if used {
            events.push(Event::Resolution(Box::new(Resolved {
                id,
                decision: Decision::Deny,
                by: Resolver::Use,
                reason: None,
                peer: None,
                until: None,
                remember: false,
            })));
        }
        Ok(Outcome::Durable(self.record(&events)?, Answer::Ack))
    }

    /// Ends what nobody answered in time.
    ///
    /// # Errors
    ///
    /// When the ends cannot be recorded; the holds stay.
    pub fn expire(&mut self) -> Result<Expiry, Refusal> {
        let (over, next) = self.state.expired(self.clock.wall_ms());
        let events: Vec<Event> = over
            .into_iter()
            .map(|id| {
                Event::Resolution(Box::new(Resolved {
                    id,
                    decision: Decision::Deny,
                    by: Resolver::Expiry,
                    reason: None,
                    peer: None,
                    until: None,
                    remember: false,
                }))
            })
            .collect();
        let ended = !events.is_empty();
        if ended {
            drop(self.record(&events)?);
        }
        Ok(Expiry { ended, next })
    }

    /// Lists what is held, oldest first, as far as it fits into a frame.
    pub(crate) fn list_pending(&self) -> Response {
        let now = self.clock.wall_ms();
        // Room for the object around the items.
        let mut left = FRAME_BYTES_MAX - 1_024;
        let mut items = Vec::new();
        for hold in self.state.holds() {
            let item = hold.item(now);
            let bytes = serde_json::to_vec(&item).map_or(usize::MAX, |json| json.len());
            let Some(rest) = left.checked_sub(bytes.saturating_add(1)) else {
                break;
            };
            left = rest;
            items.push(item);
        }
        Response::PendingList { items }
    }

    /// Says how the daemon is.
    pub(crate) fn status(&self) -> Response {
        Response::Status(Box::new(Status {
            scorer: "heuristic".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: protocol::VERSION,
            pid: std::process::id(),
            uptime_ms: self.clock.monotonic_ms(),
            log: Some(LogStatus {
                id: String::new(),
                size: self.log.size(),
                head: String::new(),
            }),
            holds: u64::try_from(self.state.holds_len()).unwrap_or(u64::MAX),
            mode: self.bench.mode().to_owned(),
            vault: VaultStatus::None,
        }))
    }

    fn challenge(&mut self, op: String) -> Result<Response, Refusal> {
        let now = self.clock.monotonic_ms();
        self.challenges.issue(op, now).map_err(|error| {
            Refusal::new(
                ErrorCode::Busy,
                format!("no randomness for a challenge: {error}"),
            )
        })
    }

    /// Stops the daemon: without a vault whoever may connect may stop it, and the log says who did.
    fn shut_down(&mut self, op: &str, nonce: &str, peer: &Peer) -> Result<Outcome, Refusal> {
        let now = self.clock.monotonic_ms();
        let granted = op == "shutdown" && self.challenges.redeem(op, nonce, now);
        let op = "shutdown".to_owned();
        let attempt = Event::AuthAttempt {
            op: op.clone(),
            peer: Box::new(peer.clone()),
        };
        let staged = self.record(&[attempt, Event::AuthResult { op, granted }])?;
        if granted {
            return Ok(Outcome::Durable(staged, Answer::Stop));
        }
        drop(staged);
        Err(Refusal::new(
            ErrorCode::AuthFailed,
            "the proof does not verify",
        ))
    }
}

fn not_held(id: Uuid, why: &str) -> Refusal {
    Refusal::new(ErrorCode::NotHeld, format!("`{id}` {why}"))
}
