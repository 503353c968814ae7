//! How far a stretch of a text reaches, each walked through once however often it is asked about.
//!
//! A secret is masked to its end, and a text may be made of nothing but beginnings of secrets that have the same end: looked for
//! from each of them, a mebibyte of those took a minute, and whoever asks the daemon waited.

use std::ops::Range;

/// Returns where `pattern` stands in `text`, by its byte at `rare`, which few texts have.
///
/// Every text that is recorded is looked through for a dozen patterns, most texts are one line, and to build a searcher for each took
/// longer than all the rest of the search.
pub(super) fn standing<'t>(
    text: &'t str,
    pattern: &'t str,
    rare: usize,
) -> impl Iterator<Item = usize> + 't {
    let byte = pattern.as_bytes().get(rare).copied().unwrap_or_default();
    memchr::memchr_iter(byte, text.as_bytes()).filter_map(move |at| {
        let start = at.checked_sub(rare)?;
        let rest = text.as_bytes().get(start..)?;
        rest.starts_with(pattern.as_bytes()).then_some(start)
    })
}

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
    fn a_pattern_stands_where_a_search_finds_it() {
        for text in ["", "a", "://", "a://b:://", ":/:///", "é://é", "x:", ":"] {
            for rare in 0..3 {
                let found: Vec<usize> = standing(text, "://", rare).collect();
                let expected: Vec<usize> = text.match_indices("://").map(|(at, _)| at).collect();
                assert_eq!(found, expected, "{text} by {rare}");
            }
        }
    }

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
