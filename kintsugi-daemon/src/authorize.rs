//! Privileged operations: who claims to be the admin, whether that is proven, and what is done then.
//!
//! An attempt is durable before its proof is looked at, so that killing the daemon buys no guess. Whatever is wrong with one,
//! the answer is the same. [`Desk::carry_out`] is the only place where a privileged operation is done, and it is called for
//! nothing that is not proven (or, while there is no vault, needs no proof).

use data_encoding::HEXLOWER;
use kintsugi_core::audit::record::{Body, Peer};
use kintsugi_core::paths::Paths;
use kintsugi_core::protocol::ErrorCode;
use kintsugi_core::vault::Standing;
use kintsugi_core::vault::operation::{Operation, OperationError};
use kintsugi_core::vault::transcript::arguments_hash;
use serde_json::Value;
use uuid::Uuid;

use crate::authority::{self, Leave, Place};
use crate::carry_out::{mode_of, policy, threshold_of};
use crate::challenge::{Asked, Moment};
use crate::clip;
use crate::handle::{Answer, Desk, Outcome, Refusal};
use crate::judge::Seal;
use crate::peer::PeerHandle;
use crate::resolve::later;
use crate::state::admin::{ALTERED, PANIC};
use crate::store::{Recorded, Staged};

/// Longest name of an operation that is kept, in bytes.
const OP_BYTES_MAX: usize = 128;

/// Longest reason for a panic that is kept, in bytes.
const REASON_BYTES_MAX: usize = 1_024;

/// What somebody asks for, and with what they back it.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) op: String,
    pub(crate) args: Value,
    /// In hexadecimal.
    pub(crate) nonce: String,
    /// In hexadecimal.
    pub(crate) proof: Option<String>,
    /// What was shown on a terminal, where it could not be told whose it is.
    pub(crate) code: Option<String>,
}

/// An attempt that is recorded, and not yet looked at.
#[derive(Debug)]
pub struct Attempt {
    claim: Claim,
    /// Absent when there is no such operation.
    operation: Option<Operation>,
    asked: Asked,
    peer: Peer,
    backing: Backing,
}

/// What stands behind an attempt before its proof is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Backing {
    /// A person at a terminal, as far as the kernel can tell.
    Person,
    /// Nobody who is known.
    Nobody,
}

impl Claim {
    /// Returns what a `shutdown` message claims; it asks for no other operation, whatever it says.
    pub(crate) fn to_shut_down(op: String, nonce: String, proof: Option<String>) -> Self {
        let op = match op.as_str() {
            "shutdown" => op,
            _ => format!("shutdown as {op}"),
        };
        Self {
            op,
            args: Value::Null,
            nonce,
            proof,
            code: None,
        }
    }
}

impl Desk {
    /// Whether privileged operations need the admin; also when no proof can be given, because the vault is not usable.
    #[must_use]
    pub fn needs_admin(&self) -> bool {
        self.keeper.is_locked()
    }

    /// Records what holds from now on: which files this daemon goes by, how the vault stands, and what the policy says.
    ///
    /// # Errors
    ///
    /// When that cannot be made durable; then nothing may be served.
    pub fn begin(&mut self, paths: &Paths, settings: Option<Body>) -> anyhow::Result<()> {
        let files = serde_json::json!({
            "socket": paths.socket, "data": paths.data, "log": paths.log, "policy": paths.policy,
        });
        let mut found = vec![Body::Policy {
            what: "paths".to_owned(),
            hash: None,
            detail: files,
        }];
        found.extend(settings);
        found.extend(self.begun_anew());
        // All of it is confirmed by the last.
        drop(self.stage(found)?);
        self.keeper.follow(self.book.state().admin().vault());
        if let Some(why) = self.keeper.trouble() {
            let incident = vault_incident(why);
            drop(self.stage(vec![incident])?);
        }
        self.set_seal();
        let read = self.bench.reload();
        let staged = self.stage(vec![read])?;
        let recorded = self.book.sync(self.clock.as_ref())?.confirm(staged);
        recorded
            .map(drop)
            .map_err(|_staged| anyhow::anyhow!("the first record is not durable"))
    }

    /// Opens the log again where it could not be written. One that was altered meanwhile is told, and decided after, as at a start.
    pub(crate) fn mend(&mut self) {
        if !matches!(self.book.mend(self.clock.as_ref()), Ok(Some(_))) {
            return;
        }
        // What cannot be recorded now breaks the log again, and is found again.
        drop(self.record(self.begun_anew()));
        self.keeper.follow(self.book.state().admin().vault());
        self.reload();
    }

    /// Returns what is to be recorded about a log that was altered, and is begun anew; that there was a vault is not forgotten with it.
    fn begun_anew(&self) -> Vec<Body> {
        let found = self.book.incident().map(altered);
        let named = self.book.state().admin().vault().is_some();
        // A daemon that was there remembers it, whatever can still be read.
        let remembered = || self.keeper.named().map(str::to_owned);
        let before = self.book.vault_before_incident().or_else(remembered);
        let before = before.filter(|_| !named && found.is_some());
        let before = before.map(|name| policy("vault named before", Some(name)));
        found.into_iter().chain(before).collect()
    }

    fn stage(&mut self, bodies: Vec<Body>) -> anyhow::Result<Staged> {
        self.book.stage(self.clock.as_ref(), bodies)
    }

    /// Gives a challenge.
    pub(crate) fn challenge(
        &mut self,
        op: String,
        arguments: Option<String>,
        peer: &PeerHandle,
    ) -> Result<Outcome, Refusal> {
        let arguments = arguments.map(|hash| {
            let bytes = HEXLOWER.decode(hash.as_bytes()).ok();
            bytes
                .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
                .ok_or_else(|| {
                    Refusal::new(
                        ErrorCode::BadRequest,
                        "`args_hash` is not 64 hexadecimal digits",
                    )
                })
        });
        let arguments = arguments.transpose()?;
        // A vault that was put back, or taken away, is seen here at the latest.
        self.look_at_vault();
        let moment = Moment {
            keeper: &self.keeper,
            head: self.book.status().map(|log| log.head).unwrap_or_default(),
            now: self.clock.monotonic_ms(),
            wall: self.clock.wall_ms(),
        };
        let asked = Asked {
            arguments,
            ..asked(op, peer)
        };
        let given = self.challenges.issue(asked, &moment).map_err(|error| {
            let message = format!("no randomness for a challenge: {error}");
            Refusal::new(ErrorCode::Busy, message)
        });
        given.map(Outcome::Now)
    }

    /// Looks at the file of the vault; one that has become unusable is an incident.
    pub(crate) fn look_at_vault(&mut self) {
        let was = self.keeper.trouble().map(str::to_owned);
        self.keeper.look(self.book.state().admin().vault());
        let trouble = self.keeper.trouble().map(str::to_owned);
        if let Some(why) = trouble.filter(|_| was.is_none()) {
            // When even this cannot be recorded, everything is refused anyway.
            drop(self.record(vec![vault_incident(&why)]));
            self.reload();
        } else if was.is_some() != self.keeper.trouble().is_some() {
            self.reload();
        }
    }

    /// Tells the bench what the vault and the admin allow, and has it read the policy again.
    pub(crate) fn reload(&mut self) {
        self.set_seal();
        let policy = self.bench.reload();
        // A policy that is in force without a record would be a change that nobody can find: it is taken back then.
        if self.record(vec![policy]).is_err() {
            self.bench.restore();
        }
    }

    fn set_seal(&mut self) {
        let admin = self.book.state().admin();
        let (mode, threshold) = admin.settings();
        self.bench.set_seal(Seal {
            is_locked: self.keeper.is_locked(),
            is_degraded: self.keeper.trouble().is_some(),
            accepted: admin.accepted().map(str::to_owned),
            mode: mode.and_then(mode_of),
            threshold: threshold.and_then(threshold_of),
        });
    }

    /// Records that somebody claims to be the admin; the claim is looked at once that is durable.
    ///
    /// One that comes before the delay after wrong ones is over is refused unseen: it changes nothing, not even the delay.
    pub(crate) fn attempt(
        &mut self,
        mut claim: Claim,
        peer: &mut PeerHandle,
    ) -> Result<Outcome, Refusal> {
        clip::text(&mut claim.op, OP_BYTES_MAX);
        let operation = match Operation::read(&claim.op, &claim.args) {
            Ok(operation) => Some(operation),
            Err(OperationError::Unknown) => None,
            Err(error) => return Err(Refusal::new(ErrorCode::BadRequest, error.to_string())),
        };
        if self.wait_ms(&claim.op) > 0 {
            self.early = self.early.saturating_add(1);
            return Err(self.unproven(&claim.op));
        }
        let needs_person = operation.as_ref().is_some_and(needs_person);
        let mut backing = Backing::Nobody;
        if !self.needs_admin() {
            is_not_for_admins_alone(operation.as_ref())?;
        }
        if !self.needs_admin() && needs_person {
            let code = claim.code.as_deref();
            if let Some(refused) = self.weigh_person(Uuid::nil(), code, peer)? {
                return Ok(refused);
            }
            backing = Backing::Person;
        }
        let asked = asked(claim.op.clone(), peer);
        let peer = peer.look_up().clone();
        let attempt = Body::AuthAttempt {
            op: claim.op.clone(),
            peer: peer.clone(),
            early: self.early,
        };
        let staged = self.record(vec![attempt])?;
        self.early = 0;
        let attempt = Attempt {
            claim,
            operation,
            asked,
            peer,
            backing,
        };
        Ok(Outcome::Attempt(staged, Box::new(attempt)))
    }

    /// Judges whether a person asks, as it would for an approval of `id` (nil, for what is about none); returns the refusal, which
    /// is on record, when not.
    pub(crate) fn weigh_person(
        &mut self,
        id: Uuid,
        code: Option<&str>,
        peer: &PeerHandle,
    ) -> Result<Option<Outcome>, Refusal> {
        let agents = self.book.state().agents();
        let person = authority::Claim {
            id,
            proposer: None,
            agents: &agents,
            place: Place::Elsewhere,
            code,
        };
        let now = self.clock.monotonic_ms();
        match self.authority.weigh(&person, peer, now) {
            Leave::Given(_) => Ok(None),
            Leave::Refused { check, by, peer } => {
                self.refuse_answer(id, check, (*peer, by)).map(Some)
            }
            Leave::Asked { terminals, peer } => self.ask_code(id, &terminals, *peer).map(Some),
            Leave::Later => Err(later()),
        }
    }

    /// Looks at an attempt. Takes the proof that it is on record.
    ///
    /// # Errors
    ///
    /// When its result cannot be recorded; then nothing was done.
    pub fn conclude(&mut self, _proof: Recorded, attempt: Attempt) -> Result<Outcome, Refusal> {
        let is_proven = self.is_proven(&attempt);
        let Attempt {
            claim,
            operation,
            peer,
            ..
        } = attempt;
        let result = Body::AuthResult {
            op: claim.op.clone(),
            accepted: is_proven,
            peer: peer.clone(),
        };
        // Confirmed with what follows from it.
        drop(self.record(vec![result])?);
        let carried = match operation.filter(|_| is_proven) {
            Some(operation) => self.carry_out(operation, &peer),
            None => Err(self.unproven(&claim.op)),
        };
        let (bodies, answer) = match carried {
            Ok(carried) => (carried.bodies, carried.answer),
            Err(refusal) => (Vec::new(), Answer::Refused(refusal)),
        };
        Ok(Outcome::Durable(self.record(bodies)?, answer))
    }

    /// Whether the challenge is answered, with a proof where one is needed.
    fn is_proven(&mut self, attempt: &Attempt) -> bool {
        let Some(operation) = &attempt.operation else {
            return false;
        };
        self.look_at_vault();
        let arguments = arguments_hash(&attempt.claim.args);
        let now = self.clock.monotonic_ms();
        let (nonce, asked) = (&attempt.claim.nonce, &attempt.asked);
        let Some(waiting) = self.challenges.redeem(nonce, asked, arguments, now) else {
            return false;
        };
        match self.keeper.standing() {
            // What replaces a vault is refused later: there is none.
            Standing::Absent => attempt.backing == Backing::Person || !needs_person(operation),
            Standing::Degraded(_) => false,
            Standing::Whole(vault) => {
                let transcript = waiting.transcript(arguments);
                let key = vault.key(operation.credential());
                let proof = attempt.claim.proof.as_deref().and_then(signature);
                let (Some(transcript), Some(key), Some(proof)) = (transcript, key, proof) else {
                    return false;
                };
                let current = transcript.vault == vault.id && transcript.epoch == vault.epoch;
                current && transcript.is_proven(&key, &proof)
            }
        }
    }

    /// Holds everything from now on. Anybody may: it only tightens.
    pub(crate) fn panic(
        &mut self,
        mut reason: Option<String>,
        peer: &Peer,
    ) -> Result<Outcome, Refusal> {
        if let Some(reason) = &mut reason {
            clip::masked(reason, REASON_BYTES_MAX);
        }
        let detail = serde_json::json!({ "reason": reason, "peer": peer });
        let body = Body::Policy {
            what: PANIC.to_owned(),
            hash: None,
            detail,
        };
        Ok(Outcome::Durable(self.record(vec![body])?, Answer::Ack))
    }

    /// Returns how long it is until the next attempt at `op` is looked at, in milliseconds.
    fn wait_ms(&self, op: &str) -> u64 {
        let attempts = self.book.state().admin().attempts(op);
        attempts.wait_ms(self.clock.wall_ms())
    }

    /// The one answer to every attempt that is not accepted.
    fn unproven(&self, op: &str) -> Refusal {
        let refusal = Refusal::new(ErrorCode::AuthFailed, "the proof does not verify");
        match self.wait_ms(op) {
            0 => refusal,
            wait => refusal.retry_after(wait),
        }
    }
}

/// Refuses what makes no sense without a vault.
fn is_not_for_admins_alone(operation: Option<&Operation>) -> Result<(), Refusal> {
    let message = match operation {
        Some(Operation::Approve(_)) => "there is no admin: a person approves at a terminal",
        Some(Operation::Unhook(_) | Operation::Uninstall(_)) => {
            "there is no admin: nobody need be asked"
        }
        Some(_) | None => return Ok(()),
    };
    Err(Refusal::new(ErrorCode::Forbidden, message))
}

/// Whether an operation needs a person while there is no vault: whoever may connect may stop the daemon, as ever.
const fn needs_person(operation: &Operation) -> bool {
    !matches!(operation, Operation::Shutdown)
}

fn altered(found: &str) -> Body {
    Body::Policy {
        what: ALTERED.to_owned(),
        hash: None,
        detail: serde_json::json!({ "found": found }),
    }
}

fn vault_incident(why: &str) -> Body {
    Body::Incident {
        what: format!("the admin vault is not usable: {why}"),
        bad: None,
        durable: None,
        observation: None,
    }
}

fn asked(op: String, peer: &PeerHandle) -> Asked {
    let credentials = peer.credentials();
    Asked {
        op,
        arguments: None,
        connection: peer.connection,
        pid: credentials.pid,
        uid: credentials.uid,
    }
}

fn signature(text: &str) -> Option<[u8; 64]> {
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}
