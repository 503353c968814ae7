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
use crate::handle::{Answer, Desk, Outcome, Proposal, Refusal, check_claims};
use crate::resolve::not_held;

/// Longest path of an observation that is kept, in bytes (`PATH_MAX`).
const PATH_BYTES_MAX: usize = 4_096;

/// Longest name of an operation that is kept, in bytes.
const OP_BYTES_MAX: usize = 128;

/// The operation that stops the daemon.
const SHUTDOWN: &str = "shutdown";

/// What expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// Whether records were written, which are to be made durable.
    pub ended: bool,
    /// The next moment at which there is more to end, in milliseconds since 1970.
    pub next: Option<u64>,
}

impl Desk {
    pub(crate) fn observe(&mut self, change: Change, mut path: String) -> Result<Outcome, Refusal> {
        clip::text(&mut path, PATH_BYTES_MAX);
        let staged = self.record(vec![Body::Observation { change, path }])?;
        Ok(Outcome::Unwaited(staged))
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
        for item in self.book.state().items(now) {
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
        let attempts = self.book.state().attempts(self.clock.wall_ms());
        altered
            .into_iter()
            .chain(self.book.trouble())
            .chain(policy)
            .chain(self.notices.iter().cloned())
            .chain(attempts)
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
