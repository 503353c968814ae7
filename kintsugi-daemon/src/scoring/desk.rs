//! The desk's side of a score: whether one is needed, what becomes of it, and which model is in force.
//!
//! A proposal that waits for its score is parked as it came. When its answer is there, it is proposed anew with it, so that
//! whatever happened meanwhile (a panic, an approval, another policy) counts as for any other.

use kintsugi_core::audit::record::Peer;
use kintsugi_core::classify::{Class, Classification};
use kintsugi_core::decide::Decision;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::{ErrorCode, HEURISTIC, Opinion, Response, Scored, Verdict};
use kintsugi_core::redact::redact;
use kintsugi_core::scorer::settings::ModelSettings;
use kintsugi_core::scorer::{Outcome as Score, command_line, effects_line};
use uuid::Uuid;

use super::settings::{self, Sources, Weighed, weigh};
use super::{Answered, Consulted, Number};
use crate::carry_out::{Carried, policy};
use crate::handle::{Answer, Desk, Outcome, Refusal};
use crate::judge::Seat;
use crate::poller::Poller;
use crate::proposal::{Proposal, check_claims};
use crate::state::Standing;
use crate::state::admin::SET;

/// What the model said, or why it said nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    /// The model's name.
    pub(crate) by: String,
    pub(crate) outcome: Score,
    pub(crate) cached: bool,
}

impl From<Answered> for Given {
    fn from(answered: Answered) -> Self {
        Self {
            by: answered.by,
            outcome: answered.outcome,
            cached: false,
        }
    }
}

/// What waits for a score.
#[derive(Debug)]
pub struct Parked {
    command: ProposedCommand,
    peer: Peer,
    wish: Wish,
}

/// What whoever waits wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// A decision.
    Verdict,
    /// Only to know; asked at this moment, on the monotonic clock.
    Opinion { since: u64 },
}

impl Parked {
    pub(crate) fn proposal(proposal: Proposal) -> Self {
        Self {
            command: proposal.command,
            peer: proposal.peer,
            wish: Wish::Verdict,
        }
    }
}

impl Desk {
    /// Goes on with what waited for a score.
    pub fn complete(&mut self, parked: Parked, answered: Answered) -> Outcome {
        let Parked {
            command,
            peer,
            wish,
        } = parked;
        let given = Some(Given::from(answered));
        let done = match wish {
            Wish::Verdict => self.propose(command, &peer, given),
            Wish::Opinion { since } => self.opine(command, &peer, given.map(|one| (one, since))),
        };
        done.unwrap_or_else(|refusal| Outcome::Now(refusal.into()))
    }

    /// Returns what scores a proposal, where a model is in force, or the number under which there will be a score.
    ///
    /// Only the ambiguous is scored, and only where a score could change the answer.
    pub(crate) fn score(
        &mut self,
        proposal: &Proposal,
        seat: &Seat,
        classification: &Classification,
        given: Option<Given>,
    ) -> Result<Option<Scored>, Number> {
        if !self.scoring.is_on() || classification.class != Class::Ambiguous {
            return Ok(None);
        }
        if !self.score_counts(seat, classification) {
            return Ok(Some(unscored(classification)));
        }
        self.ask_model(&proposal.command, &proposal.peer, classification, given)
    }

    /// Whether the worst score would change what is decided.
    fn score_counts(&self, seat: &Seat, classification: &Classification) -> bool {
        let strict = self.is_strict();
        let with = |score| seat.decide(classification, strict, score).decision;
        !self.book.state().admin().is_panic() && with(None) < with(Some(100))
    }

    fn ask_model(
        &mut self,
        command: &ProposedCommand,
        peer: &Peer,
        classification: &Classification,
        given: Option<Given>,
    ) -> Result<Option<Scored>, Number> {
        let consulted = given.map_or_else(
            || {
                let who = (peer.process.pid, self.clock.monotonic_ms());
                let effects = &classification.effects;
                self.scoring.consult(&command.raw, effects, who)
            },
            Consulted::Known,
        );
        let given = match consulted {
            Consulted::Nobody => return Ok(None),
            Consulted::Known(given) => given,
            Consulted::Waits(number) => return Err(number),
        };
        let none = unscored(classification);
        Ok(Some(match given.outcome {
            Score::Risk(risk) => Scored {
                by: given.by,
                model: Some(risk),
                cached: given.cached,
                ..none
            },
            Score::Unavailable(why) => Scored {
                why: Some(why),
                ..none
            },
        }))
    }

    /// Says what would be decided, with the model and without; decides and records nothing. `given` is what the model said, once
    /// it was asked, and when that was.
    pub(crate) fn opine(
        &mut self,
        command: ProposedCommand,
        peer: &Peer,
        given: Option<(Given, u64)>,
    ) -> Result<Outcome, Refusal> {
        check_claims(&command)?;
        let now = self.clock.monotonic_ms();
        let since = given.as_ref().map_or(now, |(_, since)| *since);
        let given = given.map(|(given, _)| given);
        let seat = self.bench.seat(&command, peer.uid);
        let seat = seat.map_err(|error| Refusal::unjudged(&error))?;
        let classification = seat.classify(&command);
        let scored = match self.ask_model(&command, peer, &classification, given) {
            Ok(scored) => scored,
            Err(number) => {
                let parked = Parked {
                    command,
                    peer: peer.clone(),
                    wish: Wish::Opinion { since },
                };
                return Ok(Outcome::Scoring(number, Box::new(parked)));
            }
        };
        let strict = self.is_strict();
        let judged = |score: Option<u8>| {
            let ruling = seat.decide(&classification, strict, score);
            seat.verdict(&command, classification.clone(), ruling)
        };
        let without = judged(None);
        let score = scored.as_ref().and_then(|scored| scored.model);
        let opinion = Opinion {
            verdict: judged(score),
            without,
            counts: self.score_counts(&seat, &classification),
            took_ms: now.saturating_sub(since),
            scored,
        };
        Ok(Outcome::Now(Response::Scored(Box::new(opinion))))
    }

    /// Puts a model in force at the start: what is asked for, unless that loosens what was and only the admin may.
    ///
    /// # Errors
    ///
    /// When that cannot be made durable; then nothing may be served.
    pub fn begin_model(&mut self, sources: Sources) -> anyhow::Result<()> {
        self.scoring.sources = sources;
        let before = self.book.state().admin().model();
        let weighed = self.weigh_model(before.clone());
        let is_new = before.unwrap_or_default() != weighed.in_force;
        let record = settings::record(&weighed.in_force);
        self.take_model(weighed);
        // What was held before the start gets its words anew.
        let held: Vec<Uuid> = self
            .book
            .state()
            .holds()
            .iter()
            .map(|hold| hold.command.id)
            .collect();
        for hold in held {
            self.scoring.want_words(hold);
        }
        if !is_new {
            return Ok(());
        }
        let staged = self.book.stage(self.clock.as_ref(), vec![record])?;
        let recorded = self.book.sync(self.clock.as_ref())?.confirm(staged);
        recorded
            .map(drop)
            .map_err(|_staged| anyhow::anyhow!("the settings of the model are not on record"))
    }

    /// Reads again which model is asked for. What has not changed goes on scoring; what cannot be recorded does not come into force.
    pub(crate) fn reload_model(&mut self) {
        let before = self.book.state().admin().model().unwrap_or_default();
        let weighed = self.weigh_model(Some(before.clone()));
        if weighed.in_force == before {
            self.scoring.refused = weighed.refused;
            return;
        }
        if self
            .record(vec![settings::record(&weighed.in_force)])
            .is_ok()
        {
            self.take_model(weighed);
        }
    }

    fn weigh_model(&mut self, before: Option<ModelSettings>) -> Weighed {
        let asked = self.scoring.sources.read();
        let wrong = asked.as_ref().err().map(|error| format!("{error:#}"));
        self.scoring.unreadable = wrong;
        weigh(asked.ok(), before, self.needs_admin())
    }

    fn take_model(&mut self, weighed: Weighed) {
        self.scoring.put_in_force(weighed.in_force);
        if let Some(refused) = weighed.refused {
            self.scoring.refuse(refused);
        }
    }

    /// Asks for words about what is held, once whoever proposed it has been answered.
    pub(crate) fn explain(&mut self, poller: &Poller) {
        let now = self.clock.monotonic_ms();
        let state = self.book.state();
        let held = |id: Uuid| match &state.known(id)?.standing {
            // A record has no secrets; what the hold does may name some.
            Standing::Held(hold) => {
                let command = command_line(&redact(&hold.command.raw))?;
                let effects = effects_line(&hold.verdict.effects);
                Some((command, redact(&effects).into_owned()))
            }
            Standing::Decided(_)
            | Standing::Approved { .. }
            | Standing::Closed(_)
            | Standing::With(_) => None,
        };
        self.scoring.explain((poller, now), held);
    }

    /// Returns what a person should know about a model that is asked for and not in force.
    pub(crate) fn model_problem(&self) -> Option<String> {
        let refused = self.scoring.refused().map(|_| {
            "the settings of the model are not those in force, which only the admin changes: see `kintsugi model accept`"
                .to_owned()
        });
        let unreadable = self.scoring.unreadable.as_ref();
        let unreadable =
            unreadable.map(|why| format!("the settings of the model are not in force: {why}"));
        unreadable.or(refused).or_else(|| self.scoring.problem())
    }

    /// Puts in force what is asked for, on the admin's word; `hash` names what they saw.
    pub(crate) fn accept_model(&self, hash: &str) -> Result<Carried, Refusal> {
        let Some(asked) = self.scoring.refused() else {
            let why = "the model that is asked for is in force: there is nothing to accept";
            return Err(Refusal::new(ErrorCode::BadRequest, why));
        };
        if settings::hash(asked) != hash {
            let why = "the settings of the model are not what you saw: look again";
            return Err(Refusal::new(ErrorCode::ContentChanged, why));
        }
        let said = policy(&format!("{SET}model {hash}"), None);
        Ok(Carried {
            bodies: vec![said, settings::record(asked)],
            answer: Answer::Sealed,
        })
    }

    /// Puts in force what the log says that the admin accepted.
    pub(crate) fn follow_model(&mut self) {
        let accepted = self.book.state().admin().model();
        if let Some(settings) = accepted.filter(|one| self.scoring.refused() == Some(one)) {
            self.scoring.put_in_force(settings);
        }
    }
}

/// What stands in a verdict that no model has a say in.
fn unscored(classification: &Classification) -> Scored {
    let otherwise = match classification.class {
        Class::Safe => 0,
        Class::Ambiguous | Class::Catastrophic => 100,
    };
    Scored {
        by: HEURISTIC.to_owned(),
        heuristic: classification.risk.unwrap_or(otherwise),
        model: None,
        cached: false,
        why: None,
    }
}

/// Adds to a verdict what scored it; where the model raised the risk, the reason says so.
pub(crate) fn with_score(verdict: Verdict, scored: Option<Scored>) -> Verdict {
    let mut verdict = Verdict { scored, ..verdict };
    if let Some(scored) = verdict.scored.as_ref().filter(|scored| scored.is_raised())
        && verdict.decision > Decision::Allow
    {
        let model = scored.model.unwrap_or_default();
        verdict.reason = format!(
            "{}; {} sees a risk of {model} where the heuristic sees {}",
            verdict.reason, scored.by, scored.heuristic
        );
    }
    verdict
}

/// What the log keeps is JSON that was settings once.
pub(crate) fn settings_of(detail: &serde_json::Value) -> Option<ModelSettings> {
    ModelSettings::from_json(&detail.to_string()).ok()
}
