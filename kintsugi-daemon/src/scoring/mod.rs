//! Scores of what is ambiguous: from the cache, from the worker, or none in time. Nothing here waits.
//!
//! A question gets a number and a deadline; the loop serves everybody else meanwhile, and completes that one proposal when its
//! answer is there. There is always one: the risk, or why there is none, and then the heuristic stands alone. The worker has one
//! question at a time, so that one which it does not get to by its deadline costs it nothing.

mod cache;
mod desk;
pub mod settings;
mod words;
mod worker;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::process::Child;

use data_encoding::HEXLOWER;
use kintsugi_core::audit::record::Body;
use kintsugi_core::effect::Effect;
use kintsugi_core::limits::HOLDS_MAX;
use kintsugi_core::protocol::{HEURISTIC, ModelState, ModelStatus};
use kintsugi_core::scorer::settings::ModelSettings;
use kintsugi_core::scorer::{
    Ask, Calibration, Outcome, Question, Ready, Reply, Unavailable, cache_key, command_line,
    effects_line,
};

use uuid::Uuid;

use crate::clip;
use crate::poller::{Poller, Readiness};
use cache::{Cache, Key};
pub use desk::Parked;
pub(crate) use desk::{Given, settings_of, with_score};
pub use settings::Sources;
use words::Explanations;
pub use words::Words;
pub use worker::Tokens;
use worker::{Event, Worker};

/// Questions that wait for the worker at once; one more is answered by the heuristic.
///
/// What a small model answers within the deadline, many times over.
pub const WAITING_MAX: usize = 32;

/// Questions of one process that wait at once, so that one that floods leaves room for others.
pub const WAITING_OF_ONE_MAX: usize = 8;

/// Longest name of a model that is kept in a record, in bytes.
const NAME_BYTES_MAX: usize = 128;

/// A number of a question.
pub type Number = u64;

/// What scores.
#[derive(Debug)]
pub struct Scoring {
    program: PathBuf,
    tokens: Tokens,
    /// Nothing without a model.
    worker: Option<Worker>,
    cache: Cache,
    waiting: VecDeque<Waiting>,
    /// What the worker has, until there is an answer or its deadline has come.
    asked: Option<Waiting>,
    answered: Vec<Answered>,
    number: Number,
    counts: Counts,
    explanations: Explanations,
    /// What is asked for: read at the start, and again on a signal.
    sources: Sources,
    /// Why what is asked for is not in force, when it cannot be read.
    unreadable: Option<String>,
    /// What was last said in the log about how it is, so that the same is not said again and again.
    said: Option<String>,
    /// The settings that were asked for and are not in force.
    refused: Option<ModelSettings>,
    /// Workers of settings that are no longer in force, until they have ended.
    dismissed: Vec<Child>,
}

/// A question that has no answer yet.
#[derive(Debug)]
struct Waiting {
    number: Number,
    /// The process that proposed.
    process: u32,
    /// On the monotonic clock.
    until: u64,
    command: String,
    effects: String,
}

/// What became of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The question.
    pub number: Number,
    /// The name of what was asked.
    pub by: String,
    /// The risk, or why there is none.
    pub outcome: Outcome,
}

/// What a question comes to at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Consulted {
    /// There is no model.
    Nobody,
    /// It is known, or known that it will not be.
    Known(Given),
    /// There will be an answer by its number.
    Waits(Number),
}

/// How often something happened, since the start.
#[derive(Debug, Default)]
struct Counts {
    scored: u64,
    cached: u64,
    unscored: BTreeMap<&'static str, u64>,
}

impl Scoring {
    /// What scores by these settings; its worker is still to be started, and there is none without a model.
    #[must_use]
    pub fn new(program: PathBuf, tokens: Tokens, settings: ModelSettings) -> Self {
        let mut scoring = Self {
            program,
            tokens,
            worker: None,
            cache: Cache::default(),
            waiting: VecDeque::new(),
            asked: None,
            answered: Vec::new(),
            number: 0,
            counts: Counts::default(),
            explanations: Explanations::default(),
            sources: Sources::default(),
            unreadable: None,
            said: None,
            refused: None,
            dismissed: Vec::new(),
        };
        scoring.put_in_force(settings);
        scoring
    }

    /// Changes what scores. What waits is answered by the heuristic.
    pub fn put_in_force(&mut self, settings: ModelSettings) {
        self.explanations.lose();
        self.lose(Unavailable::NotReady);
        self.refused = None;
        let before = self.worker.take();
        self.dismissed.extend(before.and_then(Worker::dismiss));
        self.worker = (settings.ladder().count() > 0)
            .then(|| Worker::new(self.program.clone(), self.tokens, settings));
    }

    /// Keeps settings that loosen, until the admin says that they may.
    pub fn refuse(&mut self, settings: ModelSettings) {
        self.refused = Some(settings);
    }

    /// Returns the settings that are not in force although they are asked for.
    #[must_use]
    pub const fn refused(&self) -> Option<&ModelSettings> {
        self.refused.as_ref()
    }

    /// Whether a model is in force.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.worker.is_some()
    }

    /// Returns the name of what scores now.
    #[must_use]
    pub fn name(&self) -> String {
        let ready = self.worker.as_ref().and_then(Worker::ready);
        let mut name = ready.map_or_else(|| HEURISTIC.to_owned(), Ready::name);
        clip::text(&mut name, NAME_BYTES_MAX);
        name
    }

    /// Asks for the score of a command of `process`.
    pub(crate) fn consult(
        &mut self,
        command: &str,
        effects: &[Effect],
        (process, now): (u32, u64),
    ) -> Consulted {
        let by = self.name();
        let Some(worker) = &self.worker else {
            return Consulted::Nobody;
        };
        let Some(ready) = worker.ready() else {
            return self.unavailable(by, Unavailable::NotReady);
        };
        let Some(command) = command_line(command) else {
            return self.unavailable(by, Unavailable::TooLong);
        };
        let effects = effects_line(effects);
        if let Some(risk) = self.cache.find(&cache_key(ready, &command, &effects)) {
            self.counts.cached += 1;
            return Consulted::Known(Given {
                by,
                outcome: Outcome::Risk(risk),
                cached: true,
            });
        }
        let of_one = self.waiting.iter().filter(|one| one.process == process);
        if self.waiting.len() >= WAITING_MAX || of_one.count() >= WAITING_OF_ONE_MAX {
            return self.unavailable(by, Unavailable::QueueFull);
        }
        let until = now.saturating_add(u64::from(worker.settings().deadline_ms));
        self.number += 1;
        self.waiting.push_back(Waiting {
            number: self.number,
            process,
            until,
            command,
            effects,
        });
        Consulted::Waits(self.number)
    }

    fn unavailable(&mut self, by: String, why: Unavailable) -> Consulted {
        self.count(Outcome::Unavailable(why));
        Consulted::Known(Given {
            by,
            outcome: Outcome::Unavailable(why),
            cached: false,
        })
    }

    fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Risk(_) => self.counts.scored += 1,
            Outcome::Unavailable(why) => {
                *self.counts.unscored.entry(why.as_str()).or_default() += 1;
            }
        }
    }

    /// Returns when there is something to do although nothing happens, on the monotonic clock.
    #[must_use]
    pub fn due(&self) -> Option<u64> {
        if !self.answered.is_empty() {
            return Some(0);
        }
        let deadlines = self.waiting.iter().chain(&self.asked).map(|one| one.until);
        let worker = self.worker.as_ref().and_then(Worker::due);
        deadlines.chain(worker).min()
    }

    /// Takes what the worker says.
    pub fn touch(&mut self, ready: Readiness, poller: &Poller, now: u64) -> Vec<Body> {
        let events = self.worker.as_mut();
        let events = events.map_or_else(Vec::new, |worker| worker.touch(ready, poller, now));
        self.follow(events)
    }

    /// Looks whether the worker has ended, after `SIGCHLD`.
    pub fn reap(&mut self, now: u64) -> Vec<Body> {
        self.dismissed
            .retain_mut(|child| child.try_wait().is_ok_and(|ended| ended.is_none()));
        let events = self.worker.as_mut();
        let events = events.map_or_else(Vec::new, |worker| worker.reap(now));
        self.follow(events)
    }

    /// Starts, asks and kills the worker as is due, and gives up what took too long. Returns what happened, for the log.
    pub fn tend(&mut self, poller: &Poller, now: u64) -> Vec<Body> {
        let Some(worker) = &mut self.worker else {
            return Vec::new();
        };
        let events = worker.tend(poller, now);
        let events = self.follow(events);
        let all = std::mem::take(&mut self.waiting);
        let (late, waiting): (Vec<_>, _) = all.into_iter().partition(|one| one.until <= now);
        self.waiting = waiting.into();
        let asked = self.asked.take_if(|one| one.until <= now);
        for one in late.into_iter().chain(asked) {
            self.answer(one.number, Outcome::Unavailable(Unavailable::Deadline));
        }
        self.ask_next(poller, now);
        events
    }

    /// Wants words about a hold, from the next model that has time.
    pub(crate) fn want_words(&mut self, hold: Uuid) {
        let settings = self.worker.as_ref().map(Worker::settings);
        if settings.is_some_and(|settings| settings.explain_ms > 0) {
            self.explanations.want(hold);
        }
    }

    /// Returns what a model said about a hold.
    #[must_use]
    pub fn words(&self, hold: &Uuid) -> Option<&Words> {
        self.explanations.of(hold)
    }

    /// Asks for words about what is held, when the worker has nothing else to do. `held` says what a hold is about, while it is one.
    pub(crate) fn explain(
        &mut self,
        (poller, now): (&Poller, u64),
        held: impl Fn(Uuid) -> Option<(String, String)>,
    ) {
        if self.explanations.len() >= HOLDS_MAX {
            self.explanations.retain(|hold| held(hold).is_some());
        }
        while self.waiting.is_empty()
            && let Some(worker) = self.worker.as_mut().filter(|worker| worker.is_free())
            && let Some(next) = self.explanations.next()
        {
            let Some((command, effects)) = held(next.0) else {
                continue;
            };
            self.number += 1;
            let deadline_ms = worker.settings().explain_ms;
            let question = Question {
                id: self.number,
                deadline_ms,
                command,
                effects,
            };
            let within = (self.number, u64::from(deadline_ms));
            worker.ask(poller, &Ask::Explain(question), within, now);
            self.explanations.ask(self.number, next);
        }
    }

    fn ask_next(&mut self, poller: &Poller, now: u64) {
        let Some(worker) = self.worker.as_mut().filter(|worker| worker.is_idle()) else {
            return;
        };
        let Some(one) = self.waiting.pop_front() else {
            return;
        };
        self.explanations.interrupt();
        let left = one.until.saturating_sub(now);
        let question = Question {
            id: one.number,
            deadline_ms: u32::try_from(left).unwrap_or(u32::MAX),
            command: one.command.clone(),
            effects: one.effects.clone(),
        };
        worker.ask(poller, &Ask::Score(question), (one.number, left), now);
        self.asked = Some(one);
    }

    /// Returns what has an answer since this was asked last.
    pub fn take_answered(&mut self) -> Vec<Answered> {
        std::mem::take(&mut self.answered)
    }

    fn answer(&mut self, number: Number, outcome: Outcome) {
        self.count(outcome);
        let by = self.name();
        self.answered.push(Answered {
            number,
            by,
            outcome,
        });
    }

    /// Whatever waits gets no score.
    fn lose(&mut self, why: Unavailable) {
        let asked = self.asked.take();
        for one in asked.into_iter().chain(std::mem::take(&mut self.waiting)) {
            self.answer(one.number, Outcome::Unavailable(why));
        }
    }

    fn follow(&mut self, events: Vec<Event>) -> Vec<Body> {
        let mut told = Vec::new();
        for event in events {
            match event {
                Event::Ready => {
                    let over = self.worker.as_ref().and_then(Worker::ready);
                    let over = over.map(|ready| ready.passed_over.as_str());
                    let over = match over.unwrap_or_default() {
                        "" => String::new(),
                        over => format!(" (not used: {over})"),
                    };
                    let by = self.name();
                    let how = self.calibration();
                    told.extend(self.say(format!("{by} scores{over}{how}")));
                }
                Event::Replied(Reply::Score { id, outcome, .. }) => self.take_score(id, outcome),
                Event::Replied(Reply::Explanation { id, text, .. }) => {
                    let by = self.name();
                    self.explanations.take(id, text.as_deref(), by);
                }
                Event::Replied(Reply::Ready(_) | Reply::Failed { .. }) => {}
                Event::Lost => {
                    self.explanations.lose();
                    self.lose(Unavailable::NotReady);
                }
                Event::Ended(why) => told.extend(self.say(format!("ended: {why}"))),
            }
        }
        told
    }

    /// Returns what scores are corrected by, for the log: with the hashes, all that makes a score what it is.
    fn calibration(&self) -> String {
        let ready = self.worker.as_ref().and_then(Worker::ready);
        let Some((ready, [safe, caution, danger, temperature])) =
            ready.and_then(|ready| Some((ready, numbers(ready.calibration)?)))
        else {
            return String::new();
        };
        let short = |hash: &[u8]| HEXLOWER.encode(hash).chars().take(16).collect::<String>();
        let (model, prompt) = (short(&ready.model_hash), short(&ready.prompt_hash));
        format!(
            " (model {model}, prompt {prompt}, without a command {safe}/{caution}/{danger} of 1,000, temperature {temperature})"
        )
    }

    /// An answer that comes after its deadline answers nothing.
    fn take_score(&mut self, id: Number, outcome: Outcome) {
        let Some(one) = self.asked.take_if(|one| one.number == id) else {
            return;
        };
        let ready = self.worker.as_ref().and_then(Worker::ready);
        if let (Some(ready), Outcome::Risk(risk)) = (ready, outcome) {
            let key: Key = cache_key(ready, &one.command, &one.effects);
            self.cache.keep(key, risk);
        }
        self.answer(id, outcome);
    }

    /// Returns a record, unless it says what the last one said.
    fn say(&mut self, event: String) -> Option<Body> {
        if self.said.as_ref() == Some(&event) {
            return None;
        }
        self.said = Some(event.clone());
        Some(Body::Child {
            name: "scorer".to_owned(),
            event,
        })
    }

    /// Returns what a person should look at, in one line.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let worker = self.worker.as_ref()?;
        let why = worker.last_error()?;
        worker
            .ready()
            .is_none()
            .then(|| format!("the model does not score ({why}): the heuristic stands alone"))
    }

    /// Returns how the model is; nothing without one.
    #[must_use]
    pub fn status(&self, now: u64) -> Option<Box<ModelStatus>> {
        let worker = self.worker.as_ref()?;
        let refused = self.refused.as_ref().map(settings::hash);
        let ready = worker.ready();
        let (pid, for_ms, restarts) = worker.standing(now);
        let state = match (ready, pid) {
            (Some(_), _) => ModelState::Ready,
            (None, Some(_)) => ModelState::Starting,
            (None, None) => ModelState::Pausing,
        };
        let hex = |hash: &[u8]| HEXLOWER.encode(hash);
        let counts = self.counts.unscored.iter();
        Some(Box::new(ModelStatus {
            backends: worker
                .settings()
                .ladder()
                .map(|one| one.name().to_owned())
                .collect(),
            state,
            name: ready.map(|_| self.name()),
            model_hash: ready.map(|ready| hex(&ready.model_hash)),
            prompt_hash: ready.map(|ready| hex(&ready.prompt_hash)),
            calibration: ready.and_then(|ready| numbers(ready.calibration)),
            passed_over: ready
                .map(|ready| ready.passed_over.clone())
                .unwrap_or_default(),
            pid,
            for_ms,
            restarts,
            last_error: worker.last_error().map(str::to_owned),
            deadline_ms: u64::from(worker.settings().deadline_ms),
            waiting: u64::try_from(self.waiting.iter().chain(&self.asked).count())
                .unwrap_or(u64::MAX),
            scored: self.counts.scored,
            cached: self.counts.cached,
            explained: self.explanations.count,
            unscored: counts
                .map(|(why, count)| ((*why).to_owned(), *count))
                .collect(),
            refused,
        }))
    }
}

/// Returns a calibration as numbers: of the labels, in thousandths, and the temperature.
const fn numbers(calibration: Calibration) -> Option<[u16; 4]> {
    match calibration {
        Calibration::None => None,
        Calibration::Prior {
            thousandths: [safe, caution, danger],
            temperature,
        } => Some([safe, caution, danger, temperature]),
    }
}

#[cfg(test)]
mod tests;
