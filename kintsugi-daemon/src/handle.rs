//! One request, from its frame to its answer.
//!
//! The one path: frame → request → proposal → classify → decide → record → recorded → response. A request that needs a
//! record is staged here and answered by [`respond`], which takes the proof that the record is durable; there is no other
//! way to a verdict. Nothing here waits.

use kintsugi_core::audit::record::{self, Body, Cut, Peer};
use kintsugi_core::binding::{self, Bound};
use kintsugi_core::capture;
use kintsugi_core::decide::Decision;
use kintsugi_core::limits::HOLD_MS_MAX;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::frame::parse_request;
use kintsugi_core::protocol::{
    self, ErrorCode, PendingStatus, Request, Resolution, Response, Verdict,
};
use uuid::Uuid;

use crate::authority::Authority;
use crate::authorize::{Attempt, Claim};
use crate::book::Book;
use crate::challenge::Challenges;
use crate::clip;
use crate::clock::{Clock, rfc3339};
use crate::follow::Follower;
use crate::judge::Bench;
use crate::keeper::Keeper;
use crate::peer::PeerHandle;
use crate::proposal::conflict;
pub(crate) use crate::proposal::{Proposal, check_claims, check_same};
use crate::resolve::Reply;
use crate::scoring::{self, Given, Parked, Scoring, with_score};
use crate::settings::Settings;
use crate::standing_settings::StandingSettings;
use crate::state::{Answered, Hold, Standing};
use crate::store::{Recorded, Staged};
use crate::supervise::Helpers;

/// What a request comes to.
#[derive(Debug)]
pub enum Outcome {
    /// An answer that needs no record.
    Now(Response),
    /// An answer for when its records are durable.
    Durable(Staged, Answer),
    /// A claim to be the admin, looked at once it is durable that it was made.
    Attempt(Staged, Box<Attempt>),
    /// An `ack` for a record that nobody's decision rests on; it is durable a little later.
    Unwaited(Staged),
    /// An answer for when the hold is resolved, or at the deadline.
    Await {
        /// The proposal.
        id: Uuid,
        /// Longest wait, in milliseconds.
        timeout_ms: u64,
    },
    /// A stream of records instead of an answer.
    Follow(Box<Follower>),
    /// An answer for when there is a score, or none in time.
    Scoring(scoring::Number, Box<Parked>),
}

/// What to answer once it is recorded.
#[derive(Debug)]
pub enum Answer {
    /// A decision.
    Verdict(Box<Verdict>),
    /// How a hold stands.
    Stands(PendingStatus),
    /// It is done.
    Ack,
    /// It is done, and the daemon stops.
    Stop,
    /// It is done, and what the admin allows is another than before.
    Sealed,
    /// A burst is on record, and nobody explains it.
    Alarm,
    /// It is refused, and who asked is on record.
    Refused(Refusal),
}

/// Returns the answer that a record allows. Takes the proof, so that no answer precedes its record.
#[must_use]
pub fn respond(_proof: Recorded, answer: Answer) -> Response {
    match answer {
        Answer::Verdict(verdict) => Response::Verdict(verdict),
        Answer::Stands(status) => Response::Pending { status },
        Answer::Ack | Answer::Stop | Answer::Sealed => Response::Ack,
        Answer::Alarm => Response::Observed { alarm: true },
        Answer::Refused(refusal) => refusal.into(),
    }
}

/// Why a request is refused; becomes an `error`.
#[derive(Debug)]
pub struct Refusal {
    code: ErrorCode,
    message: String,
    retry_after_ms: Option<u64>,
}

impl Refusal {
    /// A refusal with its stable code and its reason in one line.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            retry_after_ms: None,
        }
    }

    /// Adds when it is worth another try, in milliseconds.
    #[must_use]
    pub fn retry_after(mut self, wait_ms: u64) -> Self {
        self.retry_after_ms = Some(wait_ms);
        self
    }

    /// There is nobody to judge; nothing was decided.
    #[must_use]
    pub fn unjudged(error: &anyhow::Error) -> Self {
        let message = format!("nothing can be judged, so nothing was decided: {error:#}");
        Self::new(ErrorCode::Busy, message)
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
        Self::Error {
            message: refusal.message,
            code: Some(refusal.code),
            retry_after_ms: refusal.retry_after_ms,
        }
    }
}

/// Everything that an answer depends on.
#[derive(Debug)]
pub struct Desk {
    /// Judges commands.
    pub bench: Bench,
    /// Keeps records and remembers them.
    pub book: Book,
    /// What time it is.
    pub clock: Box<dyn Clock>,
    /// Challenges that wait for a proof.
    pub challenges: Challenges,
    /// What the daemon itself is told to do.
    pub settings: Settings,
    /// Whether the file still says that.
    pub standing_settings: StandingSettings,
    /// Helper processes.
    pub helpers: Helpers,
    /// What the start found that a person should look at, one line each.
    pub notices: Vec<String>,
    /// Scores what is ambiguous.
    pub scoring: Scoring,
    /// Judges who may say yes.
    pub authority: Authority,
    /// The admin vault.
    pub keeper: Keeper,
    /// Attempts that came too early to be looked at, and are on no record yet.
    pub early: u64,
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

    /// Decides one proposal. Every stage of a decision is a line here. `given` is what the model said, once it was asked.
    pub(crate) fn propose(
        &mut self,
        command: ProposedCommand,
        peer: &Peer,
        given: Option<Given>,
    ) -> Result<Outcome, Refusal> {
        check_claims(&command)?;
        let proposal = Proposal::new(command, peer, self.clock.wall_ms());
        if let Some(earlier) = self.earlier(&proposal)? {
            return self.answer_again(proposal, earlier);
        }
        let seat = self.bench.seat(&proposal.command, proposal.peer.uid);
        let seat = seat.map_err(|error| Refusal::unjudged(&error))?;
        let classification = seat.classify(&proposal.command);
        if proposal.command.gathers_facts() && !classification.wanted.is_empty() {
            let facts = Box::new(classification.wanted);
            return Ok(Outcome::Now(Response::Wanted { facts }));
        }
        let scored = match self.score(&proposal, &seat, &classification, given) {
            Ok(scored) => scored,
            Err(number) => {
                let parked = Box::new(Parked::proposal(proposal));
                return Ok(Outcome::Scoring(number, parked));
            }
        };
        let score = scored.as_ref().and_then(|scored| scored.model);
        let ruling = seat.decide(&classification, self.is_strict(), score);
        let verdict = seat.verdict(&proposal.command, classification, ruling);
        let verdict = with_score(verdict, scored);
        let mut verdict = self.in_panic(capture::insist(verdict, &proposal.command));
        clip::verdict(&mut verdict);
        let used = self.remembered(&proposal, &mut verdict);
        if verdict.decision == Decision::Hold
            && let Some(wanted) = proposal.unbound(&verdict)
        {
            return Ok(wanted);
        }
        self.enter(proposal, verdict, used)
    }

    /// Records a proposal with its verdict; what cannot be held as it ought to be is denied.
    fn enter(
        &mut self,
        proposal: Proposal,
        mut verdict: Verdict,
        used: Option<Body>,
    ) -> Result<Outcome, Refusal> {
        let (id, now) = (proposal.command.id, proposal.now);
        let bound = self.bound(&proposal.command, &verdict);
        let kept = proposal.kept();
        if verdict.decision == Decision::Hold
            && let Some(problem) = self.cannot_hold(&proposal.peer, kept.cut.as_ref())
        {
            verdict.decision = Decision::Deny;
            verdict.reason = format!("{}; {problem}", verdict.reason);
        }
        let hold = (verdict.decision == Decision::Hold).then(|| Body::Hold {
            id,
            until: rfc3339(now + HOLD_MS_MAX),
            with: None,
        });
        verdict.expires_ms = hold.as_ref().map(|_| HOLD_MS_MAX);
        let asked = Body::Proposal {
            command: kept,
            peer: proposal.peer,
        };
        if hold.is_some() {
            let content = verdict.content_hash.take().unwrap_or_default();
            verdict.content_hash = Some(binding::hash(&content, &bound));
        }
        let answer = Body::Verdict(record::Verdict {
            bound: hold.as_ref().map(|_| bound).unwrap_or_default(),
            ..record::Verdict::new(id, verdict.clone())
        });
        let records = [asked, answer].into_iter().chain(hold).chain(used);
        let staged = self.record(records.collect())?;
        if verdict.decision == Decision::Hold {
            self.scoring.want_words(id);
        }
        Ok(Outcome::Durable(staged, Answer::Verdict(Box::new(verdict))))
    }

    /// Whether something was altered that a person must look at first: then only the safe passes unseen.
    pub(crate) fn is_strict(&self) -> bool {
        self.book.state().admin().altered().is_some() || self.keeper.trouble().is_some()
    }

    /// Holds whatever it is, after `kintsugi panic`.
    fn in_panic(&self, verdict: Verdict) -> Verdict {
        if !self.book.state().admin().is_panic() {
            return verdict;
        }
        Verdict {
            decision: verdict.decision.max(Decision::Hold),
            reason: format!("{IN_PANIC}; {}", verdict.reason),
            ..verdict
        }
    }

    /// Returns what an approval of a command is bound to.
    fn bound(&self, command: &ProposedCommand, verdict: &Verdict) -> Vec<Bound> {
        if verdict.decision != Decision::Hold {
            return Vec::new();
        }
        let mut bound = binding::bound(command, &self.bench.version_for(command));
        clip::list(&mut bound);
        bound
    }

    /// Uses an approval up, if what it was given for is still what would run; else it is void.
    fn spend(&mut self, proposal: Proposal, first: Uuid, hold: &Hold) -> Result<Outcome, Refusal> {
        if let Some(wanted) = proposal.unbound(&hold.answer(proposal.now)) {
            return Ok(wanted);
        }
        let version = self.bench.version_for(&proposal.command);
        let now = binding::bound(&proposal.command, &version);
        let changed = binding::changed(&hold.verdict.bound, &now);
        let (bodies, verdict) = match changed {
            None => proposal.spend(first, hold),
            Some(what) => proposal.void(first, hold, &what),
        };
        let staged = self.record(bodies)?;
        Ok(Outcome::Durable(staged, Answer::Verdict(Box::new(verdict))))
    }

    /// Says why a command cannot wait for a person, if it cannot.
    fn cannot_hold(&self, peer: &Peer, cut: Option<&Cut>) -> Option<String> {
        if peer.process.pid != 0 && peer.process.start.is_none() {
            // Nobody could tell an approval by its own kin from a person's; and nobody waits for one.
            return Some("the process that proposed has ended".to_owned());
        }
        if let Some(Cut { bytes, .. }) = cut {
            let advice = "put it into a file and propose to run that";
            return Some(format!(
                "{bytes} bytes are too many to be shown whole: {advice}"
            ));
        }
        let held = self.book.state().holds_len();
        let full = self.book.state().is_full();
        full.then(|| format!("{held} commands are held already: answer some of them first"))
    }

    /// Finds what was answered to the same proposal (the table of idempotence), or to the same command while it is held.
    fn earlier(&self, proposal: &Proposal) -> Result<Option<Earlier>, Refusal> {
        let state = self.book.state();
        let Some(known) = state.known(proposal.command.id) else {
            let waiting = state.waiting(proposal.fingerprint);
            return Ok(waiting.map(|(id, known)| Earlier {
                id,
                standing: known.standing.clone(),
            }));
        };
        if known.fingerprint != proposal.fingerprint {
            return Err(conflict(&known.standing));
        }
        if let Standing::With(first) = known.standing {
            let Some(known) = state.known(first) else {
                return Err(Refusal::new(
                    ErrorCode::NotHeld,
                    format!("`{first}` was forgotten"),
                ));
            };
            return Ok(Some(Earlier {
                id: first,
                standing: known.standing,
            }));
        }
        Ok(Some(Earlier {
            id: proposal.command.id,
            standing: known.standing,
        }))
    }

    /// Answers what was proposed before. Nothing is decided anew.
    fn answer_again(&mut self, proposal: Proposal, earlier: Earlier) -> Result<Outcome, Refusal> {
        let is_new = self.book.state().known(proposal.command.id).is_none();
        let is_panic = self.book.state().admin().is_panic();
        let (bodies, verdict) = match earlier.standing {
            Standing::Decided(decided) => {
                let recorded = self.recorded_verdict(Some(decided.seq()));
                let verdict = recorded.unwrap_or_else(|| decided.verdict());
                let verdict = if is_panic {
                    not_in_panic(verdict)
                } else {
                    verdict
                };
                (Vec::new(), verdict)
            }
            Standing::Closed(answered) => (Vec::new(), self.verdict_again(earlier.id, &answered)),
            Standing::Held(hold) if is_new => proposal.join(earlier.id, &hold),
            Standing::Held(hold) => (Vec::new(), hold.answer(proposal.now)),
            Standing::Approved { hold, .. } if is_panic => {
                (Vec::new(), not_in_panic(hold.answer(proposal.now)))
            }
            Standing::Approved { hold, .. } => return self.spend(proposal, earlier.id, &hold),
            standing @ Standing::With(_) => return Err(conflict(&standing)),
        };
        let staged = self.record(bodies)?;
        Ok(Outcome::Durable(staged, Answer::Verdict(Box::new(verdict))))
    }

    /// Returns a verdict as it was answered, its details from the record that has them.
    fn verdict_again(&self, id: Uuid, answered: &Answered) -> Verdict {
        let mut verdict = answered.verdict();
        if let Some(ending) = answered.ending()
            && let Some(record) = self.book.find(ending.seq())
            && let Some(words) = ending.words(id, &record)
        {
            verdict.reason = words;
        }
        match self.recorded_verdict(answered.seq()) {
            Some(recorded) => Verdict {
                decision: verdict.decision,
                reason: verdict.reason,
                expires_ms: None,
                ..recorded
            },
            None => verdict,
        }
    }

    /// Returns the verdict of record `seq`, while all of it is there.
    fn recorded_verdict(&self, seq: Option<u64>) -> Option<Verdict> {
        match self.book.find(seq?)? {
            record::Record {
                body: Body::Verdict(recorded),
                redacted: false,
                ..
            } => Some(recorded.into()),
            _ => None,
        }
    }

    /// Writes the records of one request and remembers them. They are not durable yet.
    ///
    /// # Errors
    ///
    /// When they cannot be written: then nothing is remembered either.
    pub fn record(&mut self, bodies: Vec<Body>) -> Result<Staged, Refusal> {
        let staged = self.book.stage(self.clock.as_ref(), bodies);
        staged.map_err(|error| Refusal::unrecorded(&error))
    }

    fn answer(&mut self, request: Request, peer: &mut PeerHandle) -> Result<Outcome, Refusal> {
        match request {
            Request::Propose(command) => self.propose(*command, peer.look_up(), None),
            Request::Score(command) => self.opine(*command, peer.look_up(), None),
            Request::Resolve {
                command,
                decision,
                remember,
                code,
            } => {
                let reply = Reply::at_prompt(command.id, decision, (remember, code));
                self.resolve_at_prompt(&command, reply, peer)
            }
            Request::Observe { .. } => self.observe(request, peer),
            Request::Record {
                command,
                exit_code,
                duration_ms,
            } => self.report(*command, exit_code, duration_ms, peer.look_up()),
            Request::ListPending => Ok(Outcome::Now(self.list_pending())),
            Request::PendingStatus { id } => self.stands(id),
            Request::Asking { id } => Ok(asking(id, peer)),
            Request::Await { id, timeout_ms } => self.wait_for(id, timeout_ms),
            Request::Subscribe { from_seq, kinds } => self.follow(from_seq, kinds),
            Request::Approve {
                id,
                content_hash,
                code,
                scope,
                reason,
            } => {
                self.check_seen(id, content_hash.as_deref())?;
                let reply = Reply::elsewhere(id, Resolution::Allow, reason).with(code, scope);
                self.resolve(reply, peer)
            }
            Request::Lookup { prefix } => Ok(Outcome::Now(self.look_up(&prefix))),
            Request::ListGrants => Ok(Outcome::Now(self.list_grants())),
            Request::RevokeGrant { id } => self.revoke_grant(id),
            Request::Deny { id, reason } => self.resolve(Reply::denial(id, reason), peer),
            Request::Status => Ok(Outcome::Now(self.status())),
            // Whoever the kernel attests needs no key, and may show one all the same.
            Request::Auth { .. } => Ok(Outcome::Now(Response::Ack)),
            Request::Hello { .. } => Ok(Outcome::Now(hello())),
            Request::Captured { id, manifest } => self.keep_manifest(id, manifest),
            Request::Undone { id, manifest } => self.keep_undo(id, manifest),
            Request::Panic { reason } => self.panic(reason, peer.look_up()),
            Request::AuthBegin { op, args_hash } => self.challenge(op, args_hash, peer),
            Request::Shutdown { op, nonce, proof } => {
                self.attempt(Claim::to_shut_down(op, nonce, proof), peer)
            }
            Request::Authorize {
                op,
                args,
                nonce,
                proof,
                code,
            } => {
                let claim = Claim {
                    op,
                    args,
                    nonce,
                    proof,
                    code,
                };
                self.attempt(claim, peer)
            }
            _ => Err(Refusal::new(
                ErrorCode::UnknownRequest,
                "this daemon does not know it",
            )),
        }
    }

    /// Says how a hold stands, once what made it so is durable.
    fn stands(&mut self, id: Uuid) -> Result<Outcome, Refusal> {
        let status = self.book.state().pending(id);
        let staged = self.record(Vec::new())?;
        Ok(Outcome::Durable(staged, Answer::Stands(status)))
    }

    /// Begins to tell of records.
    fn follow(&self, from_seq: Option<u64>, kinds: Vec<String>) -> Result<Outcome, Refusal> {
        let place = self.book.place_of(from_seq.unwrap_or(u64::MAX));
        let place = place.map_err(|error| {
            let message = format!("the log cannot be read: {error:#}");
            Refusal::new(ErrorCode::LogUnavailable, message)
        })?;
        Ok(Outcome::Follow(Box::new(Follower::new(place, kinds))))
    }

    fn wait_for(&mut self, id: Uuid, timeout_ms: u64) -> Result<Outcome, Refusal> {
        match self.book.state().pending(id) {
            PendingStatus::Pending => Ok(Outcome::Await { id, timeout_ms }),
            PendingStatus::Approved | PendingStatus::Denied | PendingStatus::Gone => {
                self.stands(id)
            }
        }
    }
}

/// From now on a hold hangs on this connection, or none does.
fn asking(id: Option<Uuid>, peer: &mut PeerHandle) -> Outcome {
    peer.asking = id;
    Outcome::Now(Response::Ack)
}

/// Says who is there.
fn hello() -> Response {
    Response::Hello {
        version: protocol::VERSION,
        daemon: concat!("kintsugi-daemon ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

/// What is said of everything that is held because of a panic.
const IN_PANIC: &str = "everything is held until somebody says `kintsugi resume`";

/// What was allowed before a panic does not run during it; it still may afterwards.
fn not_in_panic(verdict: Verdict) -> Verdict {
    Verdict {
        decision: Decision::Deny,
        reason: format!("{IN_PANIC}, also what was allowed before"),
        ..verdict
    }
}

/// What was answered before.
#[derive(Debug)]
struct Earlier {
    id: Uuid,
    standing: Standing,
}
