//! The requests beside `propose`: holds resolved, commands reported, the daemon asked and stopped.

use kintsugi_core::audit::record::{Body, Means, Peer};
use kintsugi_core::limits::FRAME_BYTES_MAX;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::{
    self, Change, ErrorCode, LogStatus, Resolution, Response, Status, VaultStatus,
};
use serde_json::Value;
use uuid::Uuid;

use crate::clip;
use crate::handle::{Answer, Desk, Outcome, Proposal, Refusal, check_claims, check_same};
use crate::state::Standing;

/// Longest path of an observation that is kept, in bytes (`PATH_MAX`).
const PATH_BYTES_MAX: usize = 4_096;

/// Longest name of an operation that is kept, in bytes.
const OP_BYTES_MAX: usize = 128;

/// The operation that stops the daemon.
const SHUTDOWN: &str = "shutdown";

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
    /// Resolves a hold where it was proposed: the shell asks at its own prompt.
    pub(crate) fn resolve_at_prompt(
        &mut self,
        command: &ProposedCommand,
        decision: Resolution,
        remember: bool,
        peer: &Peer,
    ) -> Result<Outcome, Refusal> {
        check_claims(command)?;
        let id = command.id;
        let Some(known) = self.book.state().known(id) else {
            return Err(not_held(id, "was never held"));
        };
        check_same(known, command)?;
        let id = if let Standing::With(first) = known.standing {
            first
        } else {
            id
        };
        self.check_held(id)?;
        let peer = Some(peer.clone());
        let means = Means::Prompt;
        let end = Body::Resolution {
            id,
            decision,
            means,
            peer,
            remember,
            reason: None,
        };
        Ok(Outcome::Durable(self.record(vec![end])?, Answer::Ack))
    }

    /// Resolves a hold from elsewhere.
    pub(crate) fn resolve(
        &mut self,
        id: Uuid,
        decision: Resolution,
        mut reason: Option<String>,
        peer: &Peer,
    ) -> Result<Outcome, Refusal> {
        self.check_held(id)?;
        if let Some(reason) = &mut reason {
            clip::text(reason, REASON_BYTES_MAX);
        }
        let peer = Some(peer.clone());
        let means = Means::Person;
        let end = Body::Resolution {
            id,
            decision,
            means,
            peer,
            remember: false,
            reason,
        };
        Ok(Outcome::Durable(self.record(vec![end])?, Answer::Ack))
    }

    pub(crate) fn observe(&mut self, change: Change, mut path: String) -> Result<Outcome, Refusal> {
        clip::text(&mut path, PATH_BYTES_MAX);
        let staged = self.record(vec![Body::Observation { change, path }])?;
        Ok(Outcome::Unwaited(staged))
    }

    /// Checks that `id` waits for a person; of two who answer, the second is told.
    fn check_held(&self, id: Uuid) -> Result<(), Refusal> {
        match self.book.state().known(id).map(|known| &known.standing) {
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
    pub(crate) fn check_seen(&self, id: Uuid, seen: Option<&str>) -> Result<(), Refusal> {
        let Some(Standing::Held(hold)) = self.book.state().known(id).map(|known| &known.standing)
        else {
            return Ok(());
        };
        match (seen, hold.verdict.content_hash.as_deref()) {
            (Some(seen), Some(kept)) if seen != kept => Err(Refusal::new(
                ErrorCode::ContentChanged,
                format!("what is held as `{id}` is not what you saw: look again"),
            )),
            (Some(_) | None, Some(_) | None) => Ok(()),
        }
    }

    /// Records a command that has run. If a person had approved it, the fold takes the approval as used.
    pub(crate) fn report(
        &mut self,
        command: ProposedCommand,
        exit_code: Option<i32>,
        duration_ms: Option<u64>,
        peer: &Peer,
    ) -> Result<Outcome, Refusal> {
        check_claims(&command)?;
        let proposal = Proposal::new(command, peer, self.clock.wall_ms());
        let ran = Body::Recorded {
            command: proposal.kept(),
            peer: peer.clone(),
            exit_code,
            duration_ms,
            spooled: false,
        };
        Ok(Outcome::Durable(self.record(vec![ran])?, Answer::Ack))
    }

    /// Ends what nobody answered in time.
    ///
    /// # Errors
    ///
    /// When the ends cannot be recorded; the holds stay.
    pub fn expire(&mut self) -> Result<Expiry, Refusal> {
        let (over, next) = self.book.state().expired(self.clock.wall_ms());
        let ends: Vec<Body> = over
            .into_iter()
            .map(|id| Body::Resolution {
                id,
                decision: Resolution::Deny,
                means: Means::Expired,
                peer: None,
                remember: false,
                reason: None,
            })
            .collect();
        let ended = !ends.is_empty();
        if ended {
            drop(self.record(ends)?);
        }
        Ok(Expiry { ended, next })
    }

    /// Lists what is held, oldest first, as far as it fits into a frame.
    pub(crate) fn list_pending(&self) -> Response {
        let now = self.clock.wall_ms();
        // Room for the object around the items.
        let mut left = FRAME_BYTES_MAX - 1_024;
        let mut items = Vec::new();
        for hold in self.book.state().holds() {
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
            log: self.book.status().map(|log| LogStatus {
                id: log.id.to_string(),
                size: log.size,
                head: log.head,
                checkpoint: log.checkpoint,
            }),
            holds: u64::try_from(self.book.state().holds_len()).unwrap_or(u64::MAX),
            mode: self.bench.mode().to_owned(),
            vault: VaultStatus::None,
            children: self.helpers.status(self.clock.monotonic_ms()),
            agents: self.book.state().seen(self.clock.wall_ms()),
            uid: rustix::process::geteuid().as_raw(),
            problems: self.problems(),
        }))
    }

    /// Returns what a person should look at, one line each.
    fn problems(&self) -> Vec<String> {
        let altered = self
            .book
            .incident()
            .map(|what| format!("the log does not verify ({what}): run `kintsugi log verify`"));
        let policy = self.bench.problems().iter().cloned();
        altered
            .into_iter()
            .chain(self.book.trouble())
            .chain(policy)
            .chain(self.notices.iter().cloned())
            .collect()
    }

    pub(crate) fn challenge(&mut self, op: String) -> Result<Response, Refusal> {
        let now = self.clock.monotonic_ms();
        self.challenges.issue(op, now).map_err(|error| {
            Refusal::new(
                ErrorCode::Busy,
                format!("no randomness for a challenge: {error}"),
            )
        })
    }

    /// Keeps what a client says that it copied before a command runs.
    pub(crate) fn keep_manifest(&mut self, id: Uuid, manifest: Value) -> Result<Outcome, Refusal> {
        if self.book.state().known(id).is_none() {
            return Err(not_held(id, "was never proposed"));
        }
        Ok(Outcome::Durable(
            self.record(vec![Body::Capture { id, manifest }])?,
            Answer::Ack,
        ))
    }

    /// Refuses a privileged operation, and records who asked.
    pub(crate) fn refuse_proof(&mut self, op: &str, peer: &Peer) -> Result<Outcome, Refusal> {
        let mut op = op.to_owned();
        clip::text(&mut op, OP_BYTES_MAX);
        let attempt = Body::AuthAttempt {
            op: op.clone(),
            peer: peer.clone(),
        };
        let result = Body::AuthResult {
            op,
            accepted: false,
            peer: peer.clone(),
        };
        let staged = self.record(vec![attempt, result])?;
        let refusal = Refusal::new(ErrorCode::AuthFailed, "the proof does not verify");
        Ok(Outcome::Durable(staged, Answer::Refused(refusal)))
    }

    /// Stops the daemon: without a vault whoever may connect may stop it, and the log says who did.
    pub(crate) fn shut_down(
        &mut self,
        op: &str,
        nonce: &str,
        peer: &Peer,
    ) -> Result<Outcome, Refusal> {
        let now = self.clock.monotonic_ms();
        if op != SHUTDOWN || !self.challenges.redeem(op, nonce, now) {
            return self.refuse_proof(op, peer);
        }
        let op = SHUTDOWN.to_owned();
        let attempt = Body::AuthAttempt {
            op: op.clone(),
            peer: peer.clone(),
        };
        let result = Body::AuthResult {
            op,
            accepted: true,
            peer: peer.clone(),
        };
        Ok(Outcome::Durable(
            self.record(vec![attempt, result])?,
            Answer::Stop,
        ))
    }
}

fn not_held(id: Uuid, why: &str) -> Refusal {
    Refusal::new(ErrorCode::NotHeld, format!("`{id}` {why}"))
}
