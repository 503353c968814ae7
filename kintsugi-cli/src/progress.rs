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

/// A line that says how far something is. Dropped, it is taken away again.
#[derive(Debug)]
pub struct Progress {
    what: &'static str,
    total: u64,
    started: Instant,
    drawn: Option<Instant>,
    is_shown: bool,
}

impl Progress {
    /// Begins something of `total` bytes.
    #[must_use]
    pub fn new(what: &'static str, total: u64) -> Self {
        Self {
            what,
            total,
            started: Instant::now(),
            drawn: None,
            is_shown: io::stderr().is_terminal() && total > 0,
        }
    }

    /// Says that `done` bytes are done.
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
        let line = line(self.what, done, self.total, columns_of(&io::stderr()));
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
fn line(what: &str, done: u64, total: u64, columns: usize) -> String {
    let done = done.min(total);
    let share = |whole: u64| done.saturating_mul(whole) / total.max(1);
    let percent = share(100);
    let mib = |bytes: u64| bytes / (1 << 20);
    let filled = usize::try_from(share(CELLS)).unwrap_or_default();
    let cells = usize::try_from(CELLS).unwrap_or_default();
    let bar = format!(
        "{}{}",
        "#".repeat(filled),
        ".".repeat(cells - filled.min(cells))
    );
    let long = format!(
        "{what} [{bar}] {percent:>3} %, {} of {} MiB",
        mib(done),
        mib(total)
    );
    if long.len() < columns {
        long
    } else {
        format!("{what} {percent} %")
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn the_line_fits_and_never_says_more_than_everything() {
        assert_eq!(
            line("verifying", 256 << 20, 1 << 30, 80),
            "verifying [######..................]  25 %, 256 of 1024 MiB"
        );
        assert_eq!(line("verifying", 1, 3, 30), "verifying 33 %");
        assert!(line("reading", 9, 3, 80).contains("100 %"));
        assert!(line("reading", 0, 0, 80).contains("0 %"));
        assert!(line("reading", u64::MAX, u64::MAX, 80).len() < 80);
    }
}
