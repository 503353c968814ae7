//! Brace expansion, on the raw text of a word.

/// Most words that one word may become.
const WORDS_MAX: usize = 256;

/// Returns the words that `raw` becomes; none when they are too many.
pub(super) fn expand(raw: &str) -> Option<Vec<String>> {
    if !raw.contains('{') {
        return Some(vec![raw.to_owned()]);
    }
    let mut words = vec![raw.to_owned()];
    let mut at = 0;
    while let Some(word) = words.get(at).cloned() {
        match first_group(&word) {
            Some((start, end, parts)) => {
                let (before, rest) = word.split_at(start);
                let after = rest.get(end - start..).unwrap_or_default();
                let replaced: Vec<String> = parts
                    .iter()
                    .map(|part| format!("{before}{part}{after}"))
                    .collect();
                words.splice(at..=at, replaced);
                if words.len() > WORDS_MAX {
                    return None;
                }
            }
            None => at += 1,
        }
    }
    Some(words)
}

/// Finds the first `{a,b}` or `{1..3}` outside quotes: where it begins and ends, and what it stands for.
fn first_group(word: &str) -> Option<(usize, usize, Vec<String>)> {
    let mut quote = None;
    let mut escaped = false;
    let mut previous = ' ';
    for (at, c) in word.char_indices() {
        let opens = c == '{' && quote.is_none() && !escaped && previous != '$';
        if opens && let Some((end, parts)) = group(word.get(at..).unwrap_or_default()) {
            return Some((at, at + end, parts));
        }
        match (c, quote) {
            ('\\', None | Some('"')) if !escaped => {
                escaped = true;
                previous = c;
                continue;
            }
            ('\'' | '"' | '`', None) if !escaped => quote = Some(c),
            (c, Some(open)) if c == open && !escaped => quote = None,
            _ => {}
        }
        escaped = false;
        previous = c;
    }
    None
}

/// Reads the group at the start of `text`.
fn group(text: &str) -> Option<(usize, Vec<String>)> {
    let (mut depth, mut quote, mut escaped) = (0_u32, None, false);
    let mut cuts = Vec::new();
    let mut end = None;
    for (at, c) in text.char_indices() {
        match (c, quote) {
            _ if escaped => escaped = false,
            ('\\', None | Some('"')) => escaped = true,
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(open)) => {
                if c == open {
                    quote = None;
                }
            }
            ('{', None) => depth += 1,
            ('}', None) => {
                depth -= 1;
                if depth == 0 {
                    end = Some(at);
                    break;
                }
            }
            (',', None) if depth == 1 => cuts.push(at),
            (c, None) if c.is_whitespace() => return None,
            _ => {}
        }
    }
    let end = end?;
    let inner = text.get(1..end)?;
    if cuts.is_empty() {
        return range(inner).map(|parts| (end + 1, parts));
    }
    let mut parts = Vec::with_capacity(cuts.len() + 1);
    let mut start = 1;
    for cut in cuts.into_iter().chain([end]) {
        parts.push(text.get(start..cut)?.to_owned());
        start = cut + 1;
    }
    Some((end + 1, parts))
}

/// `1..5`, `a..e`, `1..9..2`.
fn range(inner: &str) -> Option<Vec<String>> {
    let mut parts = inner.split("..");
    let (from, to, step) = (parts.next()?, parts.next()?, parts.next());
    let step: i64 = step.map_or(Some(1), |step| step.parse().ok())?;
    let step = step.unsigned_abs().max(1);
    if let (Ok(from), Ok(to)) = (from.parse::<i64>(), to.parse::<i64>()) {
        let count = from.abs_diff(to) / step;
        let numbers = (0..=count.min(WORDS_MAX as u64 + 1)).map(|n| {
            let offset = i64::try_from(n * step).unwrap_or(i64::MAX);
            if from <= to {
                from.saturating_add(offset)
            } else {
                from.saturating_sub(offset)
            }
        });
        return Some(numbers.map(|n| n.to_string()).collect());
    }
    let (mut left, mut right) = (from.chars(), to.chars());
    match (left.next(), left.next(), right.next(), right.next()) {
        (Some(a), None, Some(b), None) if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
            let (low, high) = (a.min(b), a.max(b));
            let mut letters: Vec<String> = (low..=high).map(String::from).collect();
            if a > b {
                letters.reverse();
            }
            Some(letters)
        }
        _ => None,
    }
}
