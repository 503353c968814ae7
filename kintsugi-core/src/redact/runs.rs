//! How far a stretch of a text reaches, each walked through once however often it is asked about.
//!
//! A secret is masked to its end, and a text may be made of nothing but beginnings of secrets that have the same end: looked for
//! from each of them, a mebibyte of those took a minute, and whoever asks the daemon waited.

use std::ops::Range;

/// Stretches that are remembered. Those that are asked about at one place of a text are fewer.
const REMEMBERED: usize = 8;

/// Stretches of one kind: whatever lies in one reaches as far as it does.
#[derive(Debug, Default)]
pub(super) struct Runs {
    known: [Range<usize>; REMEMBERED],
    /// Which is forgotten next.
    oldest: usize,
}

impl Runs {
    /// Returns where the stretch ends that `start` lies in, as `walk` finds it.
    pub(super) fn end(&mut self, start: usize, walk: impl FnOnce() -> usize) -> usize {
        if let Some(known) = self.known.iter().find(|known| known.contains(&start)) {
            return known.end;
        }
        let end = walk();
        // What is empty would only take the place of what is long.
        if end > start
            && let Some(oldest) = self.known.get_mut(self.oldest)
        {
            *oldest = start..end;
            self.oldest = (self.oldest + 1) % REMEMBERED;
        }
        end
    }

    /// Returns where `pattern` stands next in `text` from `start` on; the end of the text when it does not.
    pub(super) fn until(&mut self, text: &str, start: usize, pattern: &str) -> usize {
        self.end(start, || {
            let rest = text.get(start..).unwrap_or_default();
            rest.find(pattern).map_or(text.len(), |at| start + at)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_walked_through_once() {
        let text = "aaaa-bbbb";
        let mut walked = 0;
        let mut runs = Runs::default();
        for start in 0..4 {
            let end = runs.end(start, || {
                walked += 1;
                4
            });
            assert_eq!(end, 4);
        }
        assert_eq!(walked, 1);
        let mut dashes = Runs::default();
        let found: Vec<usize> = (0..9).map(|at| dashes.until(text, at, "-")).collect();
        assert_eq!(found, [4, 4, 4, 4, 4, 9, 9, 9, 9]);
    }
}
