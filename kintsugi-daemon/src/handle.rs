//! One request, from its frame to its answer.
//!
//! The one path: frame → request → proposal → classify → decide → record → recorded → response. A request that needs a
//! record is staged here and answered by [`respond`], which takes the proof that the record is durable; there is no other
//! way to a verdict. Nothing here waits.

use kintsugi_core::decide::Decision;
use kintsugi_core::limits::HOLD_MS_MAX;
use kintsugi_core::place::Surroundings;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::frame::parse_request;
use kintsugi_core::protocol::{ErrorCode, PendingStatus, Request, Response, Verdict};
use uuid::Uuid;

use crate::challenge::Challenges;
use crate::clock::{Clock, rfc3339};
use crate::event::{self, Decided, Event, Held, Proposed};
use crate::judge::Bench;
use crate::log_stub::{Log, Recorded, Staged};
use crate::peer::{Peer, PeerHandle};
use crate::state::{Known, Standing, State};

/// What a request comes to.
#[derive(Debug)]
pub enum Outcome {
    /// An answer that needs no record.
    Now(Response),
    /// An answer for when its records are durable.
    Durable(Staged, Answer),
    /// An `ack` for a record that nobody's decision rests on; it is durable a little later.
    Unwaited(Staged),
    /// An answer for when the hold is resolved, or at the deadline.
    Await {
        /// The proposal.
        id: Uuid,
        /// Longest wait, in milliseconds.
        timeout_ms: u64,
    },
}

/// What to answer once it is recorded.
#[derive(Debug)]
pub enum Answer {
    /// A decision.
    Verdict(Box<Verdict>),
    /// It is done.
    Ack,
    /// It is done, and the daemon stops.
    Stop,
}

/// Returns the answer that a record allows. Takes the proof, so that no answer precedes its record.
#[must_use]
pub fn respond(_proof: Recorded, answer: Answer) -> Response {
    match answer {
        Answer::Verdict(verdict) => Response::Verdict(verdict),
        Answer::Ack | Answer::Stop => Response::Ack,
    }
}

/// Why a request is refused; becomes an `error`.
#[derive(Debug)]
pub struct Refusal {
    code: ErrorCode,
    message: String,
}

impl Refusal {
    /// A refusal with its stable code and its reason in one line.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// The log cannot be written; nothing was decided.
    #[must_use]
    pub fn unrecorded(error: &anyhow::Error) -> Self {
        let message = format!("the record cannot be written, so nothing was decided: {error:#}");
        Self::new(ErrorCode::LogUnavailable, message)
    }
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        Self::error(refusal.code, refusal.message)
    }
}

/// Everything that an answer depends on.
#[derive(Debug)]
pub struct Desk {
    /// Judges commands.
    pub bench: Bench,
    /// What is remembered.
    pub state: State,
    /// Keeps records.
    pub log: Log,
    /// What time it is.
    pub clock: Box<dyn Clock>,
    /// Challenges that wait for a proof.
    pub challenges: Challenges,
}

impl Desk {
    /// Answers one frame.
    pub fn handle(&mut self, frame: &[u8], peer: &mut PeerHandle) -> Outcome {
        let request = match parse_request(frame) {
            Ok(request) => request,
            Err(error) => return Outcome::Now(error.response()),
        };
        match self.answer(request, peer) {
            Ok(outcome) => outcome,
            Err(refusal) => Outcome::Now(refusal.into()),
        }
    }

    /// Decides one proposal. Every stage of a decision is a line here.
    fn propose(&mut self, command: ProposedCommand, peer: &Peer) -> Result<Outcome, Refusal> {
        check_claims(&command)?;
        let fingerprint = fingerprint(&command);
        if let Some(known) = self.state.known(command.id) {
            return self.repeat(command.id, &fingerprint, known.clone(), &command, peer);
        }
        if let Some((first, known)) = self.state.waiting(&fingerprint) {
            let known = known.clone();
            return self.join(first, &known, &command, fingerprint, peer);
        }
        let surroundings = Surroundings {
            home: self.bench.home(),
            ..Surroundings::default()
        };
        let classification = self.bench.classify(&command, &surroundings);
        let ruling = self.bench.decide(&classification);
        let verdict = self.bench.verdict(&command, classification, ruling);
        let proposed = proposed(command, fingerprint, peer);
        let (verdict, event) = self.enter(&proposed, verdict);
        let staged = self.record(&[Event::Proposal(Box::new(proposed)), event])?;
        Ok(Outcome::Durable(staged, Answer::Verdict(Box::new(verdict))))
    }

    /// Makes the event of a verdict; what cannot be held as it ought to be is denied.
    fn enter(&self, proposed: &Proposed, mut verdict: Verdict) -> (Verdict, Event) {
        let now = self.clock.wall_ms();
        event::clip_judgement(&mut verdict.effects, &mut verdict.findings);
        if verdict.decision == Decision::Hold && !proposed.is_whole() {
            verdict.decision = Decision::Deny;
            verdict.reason = format!(
                "{}; its text of {} bytes is too long to be held and shown whole: put it into a file",
                verdict.reason,
                proposed.raw_bytes.unwrap_or_default()
            );
        } else if verdict.decision == Decision::Hold && self.state.is_full() {
            verdict.decision = Decision::Deny;
            verdict.reason = format!(
                "{}; {} commands are held already: answer some of them first",
                verdict.reason,
                self.state.holds_len()
            );
        }
        let id = proposed.command.id;
        let event = if verdict.decision == Decision::Hold {
            verdict.expires_ms = Some(HOLD_MS_MAX);
            Event::Hold(Box::new(Held {
                id,
                verdict: verdict.clone(),
                until: now + HOLD_MS_MAX,
                since: rfc3339(now),
                with: None,
            }))
        } else {
            Event::Verdict(Box::new(Decided {
                id,
                verdict: verdict.clone(),
                uses: None,
            }))
        };
        (verdict, event)
    }

    /// Answers a proposal whose id is known (the table of idempotence).
    fn repeat(
        &mut self,
        id: Uuid,
        fingerprint: &str,
        known: Known,
        command: &ProposedCommand,
        peer: &Peer,
    ) -> Result<Outcome, Refusal> {
        if *known.fingerprint != *fingerprint {
            return Err(conflict(&known.standing));
        }
        let now = self.clock.wall_ms();
        let verdict = match known.standing {
            Standing::Decided(answered) | Standing::Closed(answered) => answered.verdict(),
            Standing::Held(hold) => hold.verdict(now),
            Standing::Approved { hold, .. } => {
                let proposed = proposed(command.clone(), fingerprint.to_owned(), peer);
                return self.spend(id, hold.verdict(now), proposed);
            }
            Standing::With(first) => {
                let Some(known) = self.state.known(first).cloned() else {
                    return Err(Refusal::new(
                        ErrorCode::NotHeld,
                        format!("`{id}` was forgotten"),
                    ));
                };
                return match &known.standing {
                    Standing::With(_) => Err(conflict(&known.standing)),
                    Standing::Decided(_)
                    | Standing::Held(_)
                    | Standing::Approved { .. }
                    | Standing::Closed(_) => self.repeat(first, fingerprint, known, command, peer),
                };
            }
        };
        let staged = self.log.again(known.seq);
        Ok(Outcome::Durable(staged, Answer::Verdict(Box::new(verdict))))
    }

    /// Answers a new id for a command that waits or was approved under another: the same hold, the one approval.
    fn join(
        &mut self,
        first: Uuid,
        known: &Known,
        command: &ProposedCommand,
        fingerprint: String,
        peer: &Peer,
    ) -> Result<Outcome, Refusal> {
        let proposed = proposed(command.clone(), fingerprint, peer);
        let now = self.clock.wall_ms();
        let hold = match &known.standing {
            Standing::Approved { hold, .. } => {
                return self.spend(first, hold.verdict(now), proposed);
            }
            Standing::Held(hold) => hold,
            Standing::Decided(_) | Standing::Closed(_) | Standing::With(_) => {
                return Err(conflict(&known.standing));
            }
        };
        let verdict = hold.verdict(now);
        let held = Held {
            id: command.id,
            verdict: verdict.clone(),
            with: Some(first),
            ..hold.held.clone()
        };
        let events = [
            Event::Proposal(Box::new(proposed)),
            Event::Hold(Box::new(held)),
        ];
        let staged = self.record(&events)?;
        Ok(Outcome::Durable(staged, Answer::Verdict(Box::new(verdict))))
    }

    /// Uses up the approval of `first`: the command may run now, and not once more.
    fn spend(
        &mut self,
        first: Uuid,
        held: Verdict,
        proposed: Proposed,
    ) -> Result<Outcome, Refusal> {
        let verdict = Verdict {
            decision: Decision::Allow,
            reason: format!("a person approved it ({})", held.reason),
            instead: None,
            expires_ms: None,
            ..held
        };
        let decided = Decided {
            id: proposed.command.id,
            verdict: verdict.clone(),
            uses: Some(first),
        };
        let events = [
            Event::Proposal(Box::new(proposed)),
            Event::Verdict(Box::new(decided)),
        ];
        let staged = self.record(&events)?;
        Ok(Outcome::Durable(staged, Answer::Verdict(Box::new(verdict))))
    }

    /// Writes the events of one request and remembers them. They are not durable yet.
    ///
    /// # Errors
    ///
    /// When they cannot be written: then nothing is remembered either.
    pub fn record(&mut self, events: &[Event]) -> Result<Staged, Refusal> {
        let ts = rfc3339(self.clock.wall_ms());
        let (first, staged) = self
            .log
            .stage(&ts, events)
            .map_err(|error| Refusal::unrecorded(&error))?;
        for (seq, event) in (first..).zip(events) {
            self.state.apply(seq, event);
        }
        Ok(staged)
    }

    fn answer(&mut self, request: Request, peer: &mut PeerHandle) -> Result<Outcome, Refusal> {
        match request {
            Request::Propose(command) => self.propose(*command, peer.look_up()),
            Request::PendingStatus { id } => Ok(Outcome::Now(Response::Pending {
                status: self.state.pending(id),
            })),
            Request::Await { id, timeout_ms } => Ok(match self.state.pending(id) {
                PendingStatus::Pending => Outcome::Await { id, timeout_ms },
                status
                @ (PendingStatus::Approved | PendingStatus::Denied | PendingStatus::Gone) => {
                    Outcome::Now(Response::Pending { status })
                }
            }),
            Request::ListPending => Ok(Outcome::Now(self.list_pending())),
            Request::Status => Ok(Outcome::Now(self.status())),
            other => self.manage(other, peer),
        }
    }
}

/// Returns what a proposal is told apart by, in hexadecimal.
fn fingerprint(command: &ProposedCommand) -> String {
    blake3::Hash::from(command.fingerprint())
        .to_hex()
        .to_string()
}

/// Makes what is recorded of a proposal.
pub(crate) fn proposed(mut command: ProposedCommand, fingerprint: String, peer: &Peer) -> Proposed {
    let raw_bytes = event::clip_command(&mut command);
    Proposed {
        command,
        fingerprint,
        raw_bytes,
        peer: peer.clone(),
    }
}

/// Makes what is recorded of a command outside a proposal.
pub(crate) fn reported(command: ProposedCommand, peer: &Peer) -> Proposed {
    let fingerprint = fingerprint(&command);
    proposed(command, fingerprint, peer)
}

/// Whether `known` is the very command that is named now.
pub(crate) fn is_same(known: &Known, command: &ProposedCommand) -> Result<(), Refusal> {
    if *known.fingerprint == *fingerprint(command) {
        Ok(())
    } else {
        Err(conflict(&known.standing))
    }
}

/// The id is that of another command.
fn conflict(standing: &Standing) -> Refusal {
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
    const CLAIM_BYTES_MAX: usize = 256;
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
