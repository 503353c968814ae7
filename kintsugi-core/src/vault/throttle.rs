//! How long after wrong guesses the next one is looked at.
//!
//! Counts attempts, not failures: an attempt is recorded before it is checked, so one whose result was lost with the process
//! counts as wrong. A delay has an end that nobody can push away: attempts that come before it change nothing.

use serde::{Deserialize, Serialize};

/// Attempts that are looked at without any delay.
pub const FREE_ATTEMPTS: u32 = 5;

/// Longest delay, in milliseconds: bounded, so that a guesser cannot lock the person out.
pub const DELAY_MS_MAX: u64 = 60_000;

/// Attempts with one credential since the last that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Attempts {
    count: u32,
    /// When the last was made, in milliseconds since 1970.
    last: u64,
}

impl Attempts {
    /// Counts an attempt that is about to be checked.
    pub fn begin(&mut self, at: u64) {
        self.count = self.count.saturating_add(1);
        self.last = at;
    }

    /// Forgets every attempt: one was accepted.
    pub fn accept(&mut self) {
        *self = Self::default();
    }

    /// Returns how many were made since the last that was accepted.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Returns how long it is until the next is looked at, in milliseconds; 0 when it is at once.
    #[must_use]
    pub fn wait_ms(&self, now: u64) -> u64 {
        let delay = self.delay_ms();
        let over = self.last.saturating_add(delay);
        // A clock that was set back never makes anybody wait longer than the delay itself.
        over.saturating_sub(now).min(delay)
    }

    /// Returns 2ⁿ seconds, n being the attempts beyond the free ones.
    const fn delay_ms(&self) -> u64 {
        let beyond = self.count.saturating_sub(FREE_ATTEMPTS - 1);
        match beyond {
            0 => 0,
            1..=5 => (1 << beyond) * 1_000,
            _ => DELAY_MS_MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_are_free_and_then_the_delay_doubles_up_to_a_minute() {
        let mut attempts = Attempts::default();
        let mut delays = Vec::new();
        for at in 0..12 {
            delays.push(attempts.wait_ms(at) / 1_000);
            attempts.begin(at);
        }
        // The sixth comes two seconds after the fifth.
        assert_eq!(delays, [0, 0, 0, 0, 0, 1, 3, 7, 15, 31, 59, 59]);
        attempts.accept();
        assert_eq!(attempts.wait_ms(0), 0);
    }

    #[test]
    fn asking_early_does_not_push_the_end_away_and_a_clock_set_back_does_not_either() {
        let mut attempts = Attempts::default();
        for _ in 0..100 {
            attempts.begin(1_000_000);
        }
        assert_eq!(attempts.wait_ms(1_000_000), DELAY_MS_MAX);
        assert_eq!(attempts.wait_ms(1_059_999), 1);
        assert_eq!(attempts.wait_ms(1_060_000), 0);
        assert_eq!(attempts.wait_ms(0), DELAY_MS_MAX);
        assert_eq!(attempts.wait_ms(u64::MAX), 0);
    }

    #[test]
    fn a_guesser_has_a_budget_however_long_it_goes_on() {
        let mut attempts = Attempts::default();
        let (mut granted, hour) = (0, 60 * 60 * 1_000);
        for now in (0..hour).step_by(250) {
            if attempts.wait_ms(now) == 0 {
                attempts.begin(now);
                granted += 1;
            }
        }
        assert!(granted <= 5 + 6 + 60, "{granted}");
    }
}
