//! Brace expansion: `{a,b}`, `{1..5}`, `{a..e..2}`, before everything else and without knowing what is in the braces.

/// Most words that one word becomes.
const WORDS_MAX: usize = 256;
/// Longest text of all of them, in bytes.
const BYTES_MAX: usize = 32 * 1024;
/// Deepest braces inside braces.
const DEPTH_MAX: u32 = 24;

/// What the braces of a word expand to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expansion {
    /// There is nothing to expand.
    None,
    /// These words, as written but for the braces.
    Words(Vec<String>),
    /// More than is followed.
    TooMany,
}

/// Expands the braces of a word as written.
pub(super) fn expand(word: &str) -> Expansion {
    match braces(word, 0) {
        Ok(None) => Expansion::None,
        Ok(Some(words)) => Expansion::Words(words),
        Err(TooMany) => Expansion::TooMany,
    }
}

struct TooMany;

fn braces(word: &str, depth: u32) -> Result<Option<Vec<String>>, TooMany> {
    let Some((open, close, commas)) = first_group(word) else {
        return Ok(None);
    };
    if depth >= DEPTH_MAX {
        return Err(TooMany);
    }
    let before = word.get(..open).unwrap_or_default();
    let inner = word.get(open + 1..close).unwrap_or_default();
    let after = word.get(close + 1..).unwrap_or_default();
    let parts: Vec<String> = if commas.is_empty() {
        sequence(inner)?
    } else {
        let mut parts = Vec::new();
        let mut start = open + 1;
        for end in commas.into_iter().chain([close]) {
            let part = word.get(start..end).unwrap_or_default();
            parts.extend(braces(part, depth + 1)?.unwrap_or_else(|| vec![part.to_owned()]));
            start = end + 1;
        }
        parts
    };
    let tails = braces(after, depth + 1)?.unwrap_or_else(|| vec![after.to_owned()]);
    let count = parts.len().saturating_mul(tails.len());
    if count > WORDS_MAX || count.saturating_mul(word.len()) > BYTES_MAX.max(word.len() * 8) {
        return Err(TooMany);
    }
    let mut words = Vec::with_capacity(count);
    for part in &parts {
        for tail in &tails {
            words.push(format!("{before}{part}{tail}"));
        }
    }
    Ok(Some(words))
}

/// Finds the first braces that expand: where they open and close, and their commas.
fn first_group(word: &str) -> Option<(usize, usize, Vec<usize>)> {
    let bytes = word.as_bytes();
    let mut open: Vec<(usize, Vec<usize>)> = Vec::new();
    let mut found: Option<(usize, usize, Vec<usize>)> = None;
    let mut at = 0;
    let scan = super::super::guard::Scan {
        text: word,
        fish: false,
    };
    while let Some(byte) = bytes.get(at) {
        at = match byte {
            b'\\' => at + 2,
            b'\'' => scan.single_quoted(at + 1).unwrap_or(bytes.len()),
            b'"' => scan.double_quoted(at + 1, 0).unwrap_or(bytes.len()),
            b'`' => scan.backquoted(at + 1).unwrap_or(bytes.len()),
            b'$' if bytes.get(at + 1) == Some(&b'\'') => {
                scan.escaped_quoted(at + 2).unwrap_or(bytes.len())
            }
            b'$' => scan.dollar(at, 0, false).unwrap_or(bytes.len()),
            b'{' => {
                if open.len() > 64 {
                    return None;
                }
                open.push((at, Vec::new()));
                at + 1
            }
            b',' => {
                if let Some((_, commas)) = open.last_mut() {
                    commas.push(at);
                }
                at + 1
            }
            b'}' => {
                if let Some((start, commas)) = open.pop() {
                    let inner = word.get(start + 1..at).unwrap_or_default();
                    let expands = !commas.is_empty() || is_sequence(inner);
                    // The outermost of those that expand, and of these the first.
                    if expands && found.as_ref().is_none_or(|(first, ..)| start < *first) {
                        found = Some((start, at, commas));
                    }
                }
                if open.is_empty() && found.is_some() {
                    return found;
                }
                at + 1
            }
            _ => at + 1,
        };
    }
    found
}

fn bounds(inner: &str) -> Option<(&str, &str, i64)> {
    let mut parts = inner.splitn(3, "..");
    let (first, last) = (parts.next()?, parts.next()?);
    let step = parts.next().map_or(Some(1), |step| step.parse().ok())?;
    let number = |text: &str| text.parse::<i32>().is_ok();
    let letter =
        |text: &str| text.len() == 1 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let both = number(first) && number(last) || letter(first) && letter(last);
    both.then_some((first, last, step))
}

fn is_sequence(inner: &str) -> bool {
    bounds(inner).is_some()
}

fn sequence(inner: &str) -> Result<Vec<String>, TooMany> {
    let Some((first, last, step)) = bounds(inner) else {
        return Ok(vec![inner.to_owned()]);
    };
    let letters = first.parse::<i64>().is_err();
    let value = |text: &str| {
        text.parse::<i64>()
            .unwrap_or_else(|_| text.bytes().next().map_or(0, i64::from))
    };
    let padded = |text: &str| text.trim_start_matches('-').starts_with('0') && text.len() > 1;
    let width = if !letters && (padded(first) || padded(last)) {
        first.len().max(last.len())
    } else {
        0
    };
    let (from, to) = (value(first), value(last));
    let step = step.saturating_abs().max(1);
    if (from - to).abs() / step >= i64::try_from(WORDS_MAX).unwrap_or(i64::MAX) {
        return Err(TooMany);
    }
    let mut words = Vec::new();
    let mut at = from;
    loop {
        let past = if from <= to { at > to } else { at < to };
        if past {
            return Ok(words);
        }
        words.push(if letters {
            u8::try_from(at).map_or_else(|_| String::new(), |byte| char::from(byte).to_string())
        } else {
            format!("{at:0width$}")
        });
        at = if from <= to { at + step } else { at - step };
    }
}
