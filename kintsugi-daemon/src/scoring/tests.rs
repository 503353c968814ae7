use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use kintsugi_core::scorer::frame::{Reader, encode};
use kintsugi_core::scorer::settings::Backend;
use kintsugi_core::scorer::{Calibration, Ready};

use super::*;

const TOKENS: Tokens = Tokens {
    socket: 1,
    words: 2,
};

/// A process that asks.
const US: u32 = 7;

fn settings() -> ModelSettings {
    ModelSettings {
        backend: vec![Backend::Mock],
        ..ModelSettings::default()
    }
}

fn ready() -> Ready {
    Ready {
        backend: "mock".into(),
        model: "m".into(),
        model_hash: [1; 32],
        prompt_hash: [2; 32],
        calibration: Calibration::None,
        passed_over: String::new(),
    }
}

/// Scoring whose worker is this test, at the other end of a socket.
struct Rig {
    scoring: Scoring,
    poller: Poller,
    theirs: UnixStream,
    reader: Reader,
}

impl Rig {
    fn new() -> Self {
        let poller = Poller::new().unwrap();
        let mut scoring = Scoring::new("/nowhere/at/all".into(), TOKENS, settings());
        let worker = scoring.worker.as_mut().unwrap();
        let theirs = worker.run_as(&poller, 0);
        let patience = Some(Duration::from_secs(30));
        theirs.set_read_timeout(patience).unwrap();
        let reader = Reader::default();
        Self {
            scoring,
            poller,
            theirs,
            reader,
        }
    }

    fn ready() -> Self {
        let mut rig = Self::new();
        rig.say(&Reply::Ready(ready()));
        let said = rig.turn(0);
        assert!(matches!(&said[..], [Body::Child { event, .. }] if event == "mock:m scores"));
        rig
    }

    fn say(&mut self, reply: &Reply) {
        self.theirs.write_all(&encode(reply)).unwrap();
    }

    /// One round of the loop.
    fn turn(&mut self, now: u64) -> Vec<Body> {
        let mut told = Vec::new();
        for one in self.poller.wait(Some(0)).unwrap() {
            told.extend(self.scoring.touch(one, &self.poller, now));
        }
        told.extend(self.scoring.tend(&self.poller, now));
        told
    }

    /// Returns what the worker is asked next.
    fn asked(&mut self) -> Question {
        loop {
            match self.reader.take().unwrap() {
                Some(Ask::Score(question)) => return question,
                Some(_) => {}
                None => {
                    let mut bytes = [0; 4_096];
                    let count = self.theirs.read(&mut bytes).unwrap();
                    self.reader.push(&bytes[..count]);
                }
            }
        }
    }

    fn consult(&mut self, command: &str, now: u64) -> Consulted {
        self.scoring.consult(command, &[], (US, now))
    }

    fn number(&mut self, command: &str, now: u64) -> Number {
        match self.consult(command, now) {
            Consulted::Waits(number) => number,
            other @ (Consulted::Nobody | Consulted::Known(_)) => panic!("{command}: {other:?}"),
        }
    }

    fn outcomes(&mut self) -> Vec<(Number, Outcome)> {
        let answered = self.scoring.take_answered().into_iter();
        answered.map(|one| (one.number, one.outcome)).collect()
    }
}

fn score(id: Number, risk: u8) -> Reply {
    Reply::Score {
        id,
        outcome: Outcome::Risk(risk),
        took_us: 1,
    }
}

const fn without(why: Unavailable) -> Outcome {
    Outcome::Unavailable(why)
}

fn at_once(consulted: Consulted) -> Outcome {
    match consulted {
        Consulted::Known(given) => given.outcome,
        other @ (Consulted::Nobody | Consulted::Waits(_)) => panic!("{other:?}"),
    }
}

#[test]
fn a_command_is_asked_about_once_and_then_known() {
    let mut rig = Rig::ready();
    let number = rig.number("make x", 10);
    rig.turn(10);
    let question = rig.asked();
    assert_eq!((question.id, question.deadline_ms), (number, 300));
    assert_eq!(question.command, "make x");
    rig.say(&score(number, 70));
    rig.turn(20);
    assert_eq!(rig.outcomes(), [(number, Outcome::Risk(70))]);
    let Consulted::Known(given) = rig.consult(" make x\n", 30) else {
        panic!("it was answered before");
    };
    assert_eq!((given.outcome, given.cached), (Outcome::Risk(70), true));
    assert_eq!(given.by, "mock:m");
}

#[test]
fn until_it_is_ready_and_beyond_a_length_nobody_waits() {
    let mut rig = Rig::new();
    let outcome = at_once(rig.consult("make x", 0));
    assert_eq!(outcome, without(Unavailable::NotReady));
    let mut rig = Rig::ready();
    let outcome = at_once(rig.consult(&"x".repeat(10_000), 0));
    assert_eq!(outcome, without(Unavailable::TooLong));
}

#[test]
fn one_question_at_a_time_and_what_it_does_not_get_to_costs_it_nothing() {
    let mut rig = Rig::ready();
    let first = rig.number("make a", 0);
    let second = rig.number("make b", 100);
    rig.turn(100);
    assert_eq!(rig.asked().id, first);
    assert_eq!(rig.scoring.due(), Some(300));
    rig.turn(300);
    let late = without(Unavailable::Deadline);
    assert_eq!(rig.outcomes(), [(first, late)]);
    rig.turn(400);
    assert_eq!(rig.outcomes(), [(second, late)]);
    // Its answer comes after all: it answers nothing, and the next question is a new one.
    let third = rig.number("make c", 410);
    rig.say(&score(first, 99));
    rig.turn(420);
    assert_eq!(rig.outcomes(), []);
    assert_eq!(rig.asked().id, third);
    let again = rig.consult("make a", 430);
    assert!(matches!(again, Consulted::Waits(_)), "{again:?}");
}

#[test]
fn beyond_its_bounds_the_queue_is_full() {
    let mut rig = Rig::ready();
    for at in 0..WAITING_OF_ONE_MAX {
        rig.number(&format!("make {at}"), 0);
    }
    let full = without(Unavailable::QueueFull);
    assert_eq!(at_once(rig.consult("make more", 0)), full);
    for at in WAITING_OF_ONE_MAX..WAITING_MAX {
        let process = 100 + u32::try_from(at).unwrap();
        let command = format!("make {at}");
        let asked = rig.scoring.consult(&command, &[], (process, 0));
        assert!(matches!(asked, Consulted::Waits(_)), "{asked:?}");
    }
    let other = rig.scoring.consult("make another", &[], (9, 0));
    assert_eq!(at_once(other), full);
    let status = rig.scoring.status(0).unwrap();
    assert_eq!(status.unscored["queue_full"], 2);
    assert_eq!(status.waiting, 32);
}

#[test]
fn one_that_is_busy_for_too_long_is_killed_and_what_waits_is_answered() {
    let mut rig = Rig::ready();
    let first = rig.number("make a", 0);
    rig.turn(0);
    rig.turn(300);
    assert_eq!(rig.outcomes(), [(first, without(Unavailable::Deadline))]);
    let second = rig.number("make b", 700);
    rig.turn(749);
    assert_eq!(rig.scoring.name(), "mock:m");
    rig.turn(750);
    assert_eq!(rig.outcomes(), [(second, without(Unavailable::NotReady))]);
    assert_eq!(rig.scoring.name(), "heuristic");
    // The kernel says a moment later that it is over.
    let mut told = Vec::new();
    while told.is_empty() {
        told = rig.scoring.reap(800);
    }
    let problem = rig.scoring.problem().unwrap();
    assert!(problem.contains("more than 750 ms"), "{problem}");
    assert!(matches!(&told[..], [Body::Child { event, .. }] if event.contains("750 ms")));
    assert_eq!(rig.scoring.due(), Some(900), "and is started again");
}

#[test]
fn what_speaks_another_language_is_not_listened_to() {
    for bytes in [
        b"segmentation fault\n".to_vec(),
        encode(&score(1, 7)),
        encode(&Reply::Ready(ready())),
        vec![67, 0, 0, 0, 255, 255, 255, 255],
    ] {
        let mut rig = Rig::ready();
        let number = rig.number("make a", 0);
        // It has not been asked yet.
        rig.theirs.write_all(&bytes).unwrap();
        rig.turn(1);
        assert_eq!(rig.outcomes(), [(number, without(Unavailable::NotReady))]);
        assert_eq!(rig.scoring.name(), "heuristic");
    }
}

#[test]
fn a_failure_is_said_once_and_begun_again_ever_later() {
    let poller = Poller::new().unwrap();
    let mut scoring = Scoring::new("/nowhere/at/all".into(), TOKENS, settings());
    let mut now = 0;
    let mut pauses = Vec::new();
    let mut told = Vec::new();
    for _ in 0..12 {
        told.extend(scoring.tend(&poller, now));
        let due = scoring.due().unwrap();
        pauses.push(due - now);
        now = due;
    }
    assert_eq!(pauses[..4], [100, 200, 400, 800]);
    assert_eq!(pauses[11], 30_000);
    assert_eq!(told.len(), 1, "{told:?}");
    let problem = scoring.problem().unwrap();
    assert!(problem.contains("/nowhere/at/all"), "{problem}");
    let status = scoring.status(now).unwrap();
    assert_eq!((status.restarts, status.state), (12, ModelState::Pausing));
}

#[test]
fn without_a_model_there_is_nothing_to_do() {
    let mut scoring = Scoring::new("/x".into(), TOKENS, ModelSettings::default());
    assert_eq!(scoring.consult("make x", &[], (US, 0)), Consulted::Nobody);
    assert_eq!(scoring.due(), None);
    assert_eq!(scoring.status(0), None);
    assert_eq!(scoring.name(), "heuristic");
    assert_eq!(scoring.tend(&Poller::new().unwrap(), 0), []);
}

#[test]
fn another_model_gives_up_what_the_one_before_was_asked() {
    let mut rig = Rig::ready();
    let number = rig.number("make a", 0);
    rig.scoring.put_in_force(ModelSettings::default());
    assert_eq!(rig.scoring.due(), Some(0), "somebody waits for that");
    assert_eq!(rig.outcomes(), [(number, without(Unavailable::NotReady))]);
    assert_eq!(rig.consult("make a", 0), Consulted::Nobody);
}
