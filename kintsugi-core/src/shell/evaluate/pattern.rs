//! Matching of texts against shell patterns, for `${x#…}` and its kin.

/// Whether `text` matches `pattern` as a whole.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        let step = match pattern.get(p) {
            Some('*') => {
                retry = Some((p, t));
                p += 1;
                continue;
            }
            Some('[') => class(&pattern, p, text.get(t).copied()),
            Some('?') => Some(p + 1),
            Some('\\') => (pattern.get(p + 1) == text.get(t)).then_some(p + 2),
            Some(c) => (Some(c) == text.get(t)).then_some(p + 1),
            None => None,
        };
        match (step, retry) {
            (Some(next), _) => (p, t) = (next, t + 1),
            (None, Some((star, from))) => {
                retry = Some((star, from + 1));
                (p, t) = (star + 1, from + 1);
            }
            (None, None) => return false,
        }
    }
    pattern
        .get(p..)
        .is_some_and(|rest| rest.iter().all(|c| *c == '*'))
}

/// Matches `[…]` at `start`; returns what stands behind it.
fn class(pattern: &[char], start: usize, c: Option<char>) -> Option<usize> {
    let c = c?;
    let negated = matches!(pattern.get(start + 1), Some('!' | '^'));
    let first = start + 1 + usize::from(negated);
    let length = pattern.get(first + 1..)?.iter().position(|c| *c == ']')? + 1;
    let set = pattern.get(first..first + length)?;
    let mut found = false;
    let mut at = 0;
    while let Some(low) = set.get(at) {
        if let (Some('-'), Some(high)) = (set.get(at + 1), set.get(at + 2)) {
            found |= (*low..=*high).contains(&c);
            at += 3;
        } else {
            found |= *low == c;
            at += 1;
        }
    }
    (found != negated).then_some(first + length + 1)
}

/// Removes what matches `pattern` from the start or end; the longest or shortest piece.
pub(super) fn strip(text: &str, pattern: &str, from_end: bool, longest: bool) -> String {
    let mut cuts: Vec<usize> = text
        .char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .collect();
    // The first hit must be the one that is wanted.
    if from_end != longest {
        cuts.reverse();
    }
    for cut in cuts {
        let (head, tail) = text.split_at(cut);
        let (piece, rest) = if from_end { (tail, head) } else { (head, tail) };
        if matches(pattern, piece) {
            return rest.to_owned();
        }
    }
    text.to_owned()
}

/// Replaces the first, or every, longest piece that matches `pattern`.
pub(super) fn replace(text: &str, pattern: &str, by: &str, all: bool) -> String {
    let mut result = String::new();
    let mut rest = text;
    'outer: while !rest.is_empty() {
        let mut ends: Vec<usize> = rest
            .char_indices()
            .map(|(at, c)| at + c.len_utf8())
            .collect();
        ends.reverse();
        for end in ends {
            let (piece, after) = rest.split_at(end);
            if matches(pattern, piece) {
                result.push_str(by);
                rest = after;
                if all {
                    continue 'outer;
                }
                break 'outer;
            }
        }
        let Some(c) = rest.chars().next() else { break };
        result.push(c);
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    result + rest
}
