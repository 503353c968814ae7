//! Secrets are masked before a text reaches any sink: log, hold, summary, echo.
//!
//! Errs on the side of masking: a masked word costs a person a question, a kept one costs them a
//! key. What stands for a value (`$TOKEN`, `$(pass show x)`) is not one and stays. Linear in the
//! text; no regular expression.

mod assignments;
#[cfg(test)]
mod corpus;
mod names;
mod runs;
#[cfg(test)]
mod tests;
mod tokens;
mod words;

use std::borrow::Cow;
use std::ops::Range;

use crate::effect::Span;

/// What stands where a secret was.
pub const MASK: &str = "[redacted]";

/// Returns `text` with every secret in it replaced by [`MASK`].
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    masked(text, secrets(text))
}

/// Masks `text` in its place.
pub fn mask(text: &mut String) {
    if let Cow::Owned(masked) = redact(text) {
        *text = masked;
    }
}

/// Where the parts of a text lie once its secrets are masked.
#[derive(Debug, Clone)]
pub struct Shift(Vec<Range<usize>>);

impl Shift {
    /// Looks for the secrets of `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(secrets(text))
    }

    /// Returns where `span` lies in the masked text; what begins or ends inside of a secret takes in all of its mask.
    #[must_use]
    pub fn span(&self, span: Span) -> Span {
        Span {
            start: self.place(span.start, false),
            end: self.place(span.end, true),
        }
    }

    fn place(&self, at: u32, is_end: bool) -> u32 {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let mut moved = at;
        for secret in self.0.iter().take_while(|secret| secret.start < at) {
            let inside = secret.end.min(at) - secret.start;
            let whole = secret.end <= at || is_end;
            moved = moved - inside + if whole { MASK.len() } else { 0 };
        }
        u32::try_from(moved).unwrap_or(u32::MAX)
    }
}

fn masked(text: &str, secrets: Vec<Range<usize>>) -> Cow<'_, str> {
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut redacted = String::with_capacity(text.len());
    let mut kept_to = 0;
    for secret in secrets {
        redacted.push_str(text.get(kept_to..secret.start).unwrap_or_default());
        redacted.push_str(MASK);
        kept_to = secret.end;
    }
    redacted.push_str(text.get(kept_to..).unwrap_or_default());
    Cow::Owned(redacted)
}

/// Returns where secrets stand in `text`, in bytes: in order, apart from each other, on character
/// boundaries.
#[must_use]
pub fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    tokens::find(text, &mut found);
    assignments::find(text, &mut found);
    words::find(text, &mut found);
    found.retain(|range| range.start < range.end && text.get(range.clone()).is_some_and(is_value));
    found.sort_by_key(|range| (range.start, range.end));
    found
        .into_iter()
        .fold(Vec::new(), |mut merged: Vec<Range<usize>>, range| {
            match merged.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                Some(_) | None => merged.push(range),
            }
            merged
        })
}

/// Whether a text is a value rather than the name of one, or nothing. Looks at its beginning alone, unless that is dull: many
/// may have the same end.
fn is_value(text: &str) -> bool {
    let text = text.trim_start();
    let stands_for_another = text.starts_with('$')
        || text.starts_with('<')
        || text.starts_with("{{")
        || text.starts_with('`')
        || text.starts_with('%');
    let dull = [
        "true", "false", "null", "none", "None", "yes", "no", "-", MASK,
    ];
    let is_all = |rest: &str| rest.trim_start().is_empty();
    !stands_for_another
        && !dull
            .iter()
            .any(|dull| text.strip_prefix(dull).is_some_and(is_all))
        && !is_all(text.trim_start_matches(['*', 'x', 'X', '.']))
}
