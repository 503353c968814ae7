//! How far something is that takes longer than a second: one line on a terminal, and nothing anywhere else.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::console::columns_of;

/// What is done sooner says nothing about itself.
const PATIENCE: Duration = Duration::from_secs(1);

/// Pause between two drawings.
const PAUSE: Duration = Duration::from_millis(100);

/// Cells of the bar.
const CELLS: u64 = 24;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Bytes,
    Hashes,
}

/// A line that says how far something is. Dropped, it is taken away again.
#[derive(Debug)]
pub struct Progress {
    what: &'static str,
    total: u64,
    unit: Unit,
    started: Instant,
    drawn: Option<Instant>,
    is_shown: bool,
}

impl Progress {
    /// Begins something of `total` bytes.
    #[must_use]
    pub fn new(what: &'static str, total: u64) -> Self {
        Self::of(what, total, Unit::Bytes)
    }

    /// Begins a proof, of as many hashes as [`Self::tell_of`] says.
    #[must_use]
    pub fn of_hashes(what: &'static str) -> Self {
        Self::of(what, 1, Unit::Hashes)
    }

    fn of(what: &'static str, total: u64, unit: Unit) -> Self {
        Self {
            what,
            total,
            unit,
            started: Instant::now(),
            drawn: None,
            is_shown: io::stderr().is_terminal() && total > 0,
        }
    }

    /// Says that `done` of `total` are done.
    pub fn tell_of(&mut self, done: u64, total: u64) {
        self.total = total;
        self.tell(done);
    }

    /// Says that so much is done.
    pub fn tell(&mut self, done: u64) {
        let now = Instant::now();
        let soon = now.duration_since(self.started) < PATIENCE;
        let again = self
            .drawn
            .is_some_and(|drawn| now.duration_since(drawn) < PAUSE);
        if !self.is_shown || soon || again {
            return;
        }
        self.drawn = Some(now);
        let done = (done, self.total, self.unit);
        let line = line(self.what, done, columns_of(&io::stderr()));
        // A terminal that is gone needs no progress.
        self.is_shown = write!(io::stderr(), "\r{line}\x1b[K").is_ok();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.drawn.is_some() && self.is_shown {
            drop(write!(io::stderr(), "\r\x1b[K"));
        }
    }
}

/// Returns the line: what, how much of it, and a bar where there is room.
fn line(what: &str, (done, total, unit): (u64, u64, Unit), columns: usize) -> String {
    let done = done.min(total);
    let share = |whole: u64| done.saturating_mul(whole) / total.max(1);
    let percent = share(100);
    let (scale, named) = match unit {
        Unit::Bytes => (1 << 20, "MiB"),
        Unit::Hashes => (1, "hashes"),
    };
    let filled = usize::try_from(share(CELLS)).unwrap_or_default();
    let cells = usize::try_from(CELLS).unwrap_or_default();
    let bar = format!(
        "{}{}",
        "#".repeat(filled),
        ".".repeat(cells - filled.min(cells))
    );
    let long = format!(
        "{what} [{bar}] {percent:>3} %, {} of {} {named}",
        done / scale,
        total / scale
    );
    if long.len() < columns {
        long
    } else {
        format!("{what} {percent} %")
    }
}

#[cfg(test)]
mod tests {
    use super::{Unit, line};

    #[test]
    fn the_line_fits_and_never_says_more_than_everything() {
        assert_eq!(
            line("verifying", (256 << 20, 1 << 30, Unit::Bytes), 80),
            "verifying [######..................]  25 %, 256 of 1024 MiB"
        );
        assert_eq!(line("verifying", (1, 3, Unit::Bytes), 30), "verifying 33 %");
        assert_eq!(
            line("proving", (6, 24, Unit::Hashes), 80),
            "proving [######..................]  25 %, 6 of 24 hashes"
        );
        assert!(line("reading", (9, 3, Unit::Bytes), 80).contains("100 %"));
        assert!(line("reading", (0, 0, Unit::Bytes), 80).contains("0 %"));
        assert!(line("reading", (u64::MAX, u64::MAX, Unit::Bytes), 80).len() < 80);
    }
}
