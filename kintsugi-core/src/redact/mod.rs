//! Secrets are masked before a text reaches any sink: log, hold, summary, echo.
//!
//! Errs on the side of masking: a masked word costs a person a question, a kept one costs them a
//! key. What stands for a value (`$TOKEN`, `$(pass show x)`) is not one and stays. Linear in the
//! text; no regular expression.

mod assignments;
#[cfg(test)]
mod corpus;
mod names;
#[cfg(test)]
mod tests;
mod tokens;
mod words;

use std::borrow::Cow;
use std::ops::Range;

/// What stands where a secret was.
pub const MASK: &str = "[redacted]";

/// Returns `text` with every secret in it replaced by [`MASK`].
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    let secrets = secrets(text);
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

/// Whether a text is a value rather than the name of one, or nothing.
fn is_value(text: &str) -> bool {
    let text = text.trim();
    let stands_for_another = text.starts_with('$')
        || text.starts_with('<')
        || text.starts_with("{{")
        || text.starts_with('`')
        || text.starts_with('%');
    let dull = [
        "", "true", "false", "null", "none", "None", "yes", "no", "*", "-", MASK,
    ];
    !stands_for_another
        && !dull.contains(&text)
        && !text
            .bytes()
            .all(|byte| matches!(byte, b'*' | b'x' | b'X' | b'.'))
}
