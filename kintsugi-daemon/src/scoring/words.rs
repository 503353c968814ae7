//! What a model says about what is held: asked for after the answer, when nobody waits for a score, and never waited for.
//!
//! The words are shown to the person who decides, marked as a model's, and stand in no record: nothing was decided by them, and
//! after a restart they are asked for anew. Who wants a score comes first: then the model is interrupted, and asked again later.

use std::collections::{BTreeMap, VecDeque};

use kintsugi_core::scorer::explanation_line;
use uuid::Uuid;

use super::Number;

/// Holds that wait for words at once; of more, those held first go without.
pub(super) const WANTED_MAX: usize = 32;

/// How often one hold is asked about when somebody's score came between.
const TRIES_MAX: u8 = 3;

/// What a model said about a hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// One line of plain characters.
    pub text: String,
    /// The model's name.
    pub by: String,
}

/// A hold that a model has been asked about.
#[derive(Debug)]
struct Asked {
    number: Number,
    hold: Uuid,
    tries: u8,
    is_interrupted: bool,
}

/// What was said, and what is still to be asked.
#[derive(Debug, Default)]
pub(super) struct Explanations {
    wanted: VecDeque<(Uuid, u8)>,
    asked: Option<Asked>,
    /// Of holds alone, of which there are no more than are held.
    said: BTreeMap<Uuid, Words>,
    /// How often anything was said.
    pub(super) count: u64,
}

impl Explanations {
    /// Wants words about a hold.
    pub(super) fn want(&mut self, hold: Uuid) {
        let is_known = self.said.contains_key(&hold)
            || self.asked.as_ref().is_some_and(|asked| asked.hold == hold)
            || self.wanted.iter().any(|(wanted, _)| *wanted == hold);
        if is_known {
            return;
        }
        if self.wanted.len() >= WANTED_MAX {
            self.wanted.pop_front();
        }
        self.wanted.push_back((hold, 0));
    }

    /// Returns the next hold to ask about, and how often it was asked about.
    pub(super) fn next(&mut self) -> Option<(Uuid, u8)> {
        self.wanted.pop_front()
    }

    /// Remembers that it was asked about.
    pub(super) fn ask(&mut self, number: Number, (hold, tries): (Uuid, u8)) {
        self.asked = Some(Asked {
            number,
            hold,
            tries,
            is_interrupted: false,
        });
    }

    /// Somebody's score comes first.
    pub(super) fn interrupt(&mut self) {
        if let Some(asked) = &mut self.asked {
            asked.is_interrupted = true;
        }
    }

    /// Takes what was said; what was interrupted is asked for again, a few times.
    pub(super) fn take(&mut self, number: Number, text: Option<&str>, by: String) {
        let Some(asked) = self.asked.take_if(|asked| asked.number == number) else {
            return;
        };
        if let Some(text) = text.and_then(explanation_line) {
            self.count += 1;
            self.said.insert(asked.hold, Words { text, by });
        } else if asked.is_interrupted && asked.tries + 1 < TRIES_MAX {
            self.wanted.push_back((asked.hold, asked.tries + 1));
        }
    }

    /// The worker is gone. What it was asked about may be why, and is not asked about again.
    pub(super) fn lose(&mut self) {
        self.asked = None;
    }

    /// Returns what was said about a hold.
    pub(super) fn of(&self, hold: &Uuid) -> Option<&Words> {
        self.said.get(hold)
    }

    /// Forgets what was said about what is not held any more.
    pub(super) fn retain(&mut self, is_held: impl Fn(Uuid) -> bool) {
        self.said.retain(|hold, _| is_held(*hold));
    }

    /// How many are remembered.
    pub(super) fn len(&self) -> usize {
        self.said.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hold(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn by() -> String {
        "mock:m".to_owned()
    }

    #[test]
    fn what_was_interrupted_is_asked_again_and_not_for_ever() {
        let mut words = Explanations::default();
        words.want(hold(1));
        words.want(hold(1));
        let mut times = 0;
        while let Some(next) = words.next() {
            times += 1;
            words.ask(times, next);
            words.want(hold(1));
            words.interrupt();
            words.take(times, None, by());
        }
        assert_eq!(times, u64::from(TRIES_MAX));
        assert_eq!(words.of(&hold(1)), None);
    }

    #[test]
    fn one_that_has_no_words_or_took_the_worker_with_it_is_not_asked_again() {
        let mut words = Explanations::default();
        words.want(hold(1));
        let next = words.next().unwrap();
        words.ask(1, next);
        words.take(1, Some("\u{1b}[2..."), by());
        assert!(words.next().is_none());
        words.want(hold(2));
        let next = words.next().unwrap();
        words.ask(2, next);
        words.lose();
        words.take(2, Some("late"), by());
        assert!(words.next().is_none() && words.len() == 0);
    }

    #[test]
    fn words_are_kept_for_what_is_held_alone() {
        let mut words = Explanations::default();
        for number in 0..3 {
            words.want(hold(number));
            let next = words.next().unwrap();
            words.ask(1, next);
            words.take(1, Some("it deletes the project"), by());
        }
        assert_eq!((words.len(), words.count), (3, 3));
        words.retain(|one| one == hold(2));
        assert_eq!(words.len(), 1);
        assert_eq!(words.of(&hold(2)).unwrap().text, "it deletes the project");
    }

    #[test]
    fn beyond_a_number_the_first_go_without() {
        let mut words = Explanations::default();
        for number in 0..=WANTED_MAX as u128 {
            words.want(hold(number));
        }
        assert_eq!(words.next(), Some((hold(1), 0)));
    }
}
