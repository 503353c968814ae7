//! Shell patterns against text: `*`, `?`, `[a-z]`. Never looks at a file system.

/// Whether `text` matches `pattern` from end to end. `*` matches any characters, `/` included.
///
/// Iterative, with one point to come back to: time is at most the product of the lengths.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    could_fit(pattern, text) && fits::<false>(pattern, text)
}

/// Looks at both ends, which rules out nearly every pattern of a list at once.
#[inline]
fn could_fit(pattern: &str, text: &str) -> bool {
    let is_special = |byte: u8| matches!(byte, b'*' | b'?' | b'[' | b']' | b'\\');
    let agree = |one: Option<&u8>, other: Option<&u8>| match (one, other) {
        (Some(one), Some(other)) => is_special(*one) || one.eq_ignore_ascii_case(other),
        (Some(one), None) => is_special(*one),
        (None, other) => other.is_none(),
    };
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    agree(pattern.first(), text.first()) && agree(pattern.last(), text.last())
}

fn fits<const ANY_CASE: bool>(pattern: &str, text: &str) -> bool {
    let (mut pattern_rest, mut text_rest) = (pattern, text);
    let mut retry: Option<(&str, &str)> = None;
    loop {
        if let Some(behind_star) = pattern_rest.strip_prefix('*') {
            pattern_rest = behind_star;
            retry = Some((behind_star, text_rest));
            continue;
        }
        if pattern_rest.is_empty() && text_rest.is_empty() {
            return true;
        }
        if let Some((pattern_next, text_next)) = one::<ANY_CASE>(pattern_rest, text_rest) {
            (pattern_rest, text_rest) = (pattern_next, text_next);
            continue;
        }
        let Some((behind_star, from)) = retry else {
            return false;
        };
        let mut skipped = from.chars();
        if skipped.next().is_none() {
            return false;
        }
        retry = Some((behind_star, skipped.as_str()));
        (pattern_rest, text_rest) = (behind_star, skipped.as_str());
    }
}

/// As [`matches()`], in any case of ASCII letters.
#[must_use]
pub fn matches_any_case(pattern: &str, text: &str) -> bool {
    could_fit(pattern, text) && fits::<true>(pattern, text)
}

/// Matches one element of the pattern against one character; returns what is left of both.
fn one<'p, 't, const ANY_CASE: bool>(
    pattern: &'p str,
    text: &'t str,
) -> Option<(&'p str, &'t str)> {
    let mut characters = text.chars();
    let character = characters.next()?;
    let mut elements = pattern.chars();
    let fits = match elements.next()? {
        '?' => true,
        '[' => match class::<ANY_CASE>(elements.as_str(), character) {
            Some((fits, behind)) => return fits.then_some((behind, characters.as_str())),
            None => character == '[',
        },
        '\\' => {
            let escaped = elements.next();
            escaped.map_or(character == '\\', |escaped| {
                same::<ANY_CASE>(escaped, character)
            })
        }
        literal => same::<ANY_CASE>(literal, character),
    };
    fits.then_some((elements.as_str(), characters.as_str()))
}

fn same<const ANY_CASE: bool>(one: char, other: char) -> bool {
    one == other || (ANY_CASE && one.eq_ignore_ascii_case(&other))
}

/// Reads a bracket expression behind its `[`: whether `character` is in it, and what follows it. None when it is not closed.
fn class<const ANY_CASE: bool>(pattern: &str, character: char) -> Option<(bool, &str)> {
    let (negated, body) = match pattern.strip_prefix(['!', '^']) {
        Some(body) => (true, body),
        None => (false, pattern),
    };
    let mut found = false;
    let mut first = true;
    let mut elements = body.chars();
    loop {
        let low = elements.next()?;
        if low == ']' && !first {
            return Some((found != negated, elements.as_str()));
        }
        first = false;
        let mut ahead = elements.clone();
        if ahead.next() == Some('-')
            && let Some(high) = ahead.next()
            && high != ']'
        {
            let range = low..=high;
            found |= range.contains(&character)
                || (ANY_CASE
                    && (range.contains(&character.to_ascii_lowercase())
                        || range.contains(&character.to_ascii_uppercase())));
            elements = ahead;
        } else if low == '[' && elements.as_str().starts_with(':') {
            // `[:alpha:]`: which class does not matter to a judgement that takes the worst.
            let (_, behind) = elements.as_str().split_once(":]")?;
            elements = behind.chars();
            found = true;
        } else {
            found |= same::<ANY_CASE>(low, character);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_as_a_shell_would() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a*c", "abbc", true),
            ("a*c", "abbd", false),
            ("*.p?m", "key.pem", true),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]]", "]", true),
            ("[a", "[a", true),
            ("[[:alpha:]]d", "id", true),
            (r"\*", "*", true),
            (r"\*", "a", false),
            ("a*b*c*d", "aXbXcXd", true),
            ("a*b*c*d", "aXbXcX", false),
            ("ä?", "äö", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} ~ {text}");
        }
    }

    #[test]
    fn many_stars_do_not_take_exponential_time() {
        let pattern = "*a".repeat(50);
        let text = "a".repeat(49) + &"b".repeat(5_000);
        assert!(!matches(&pattern, &text));
    }
}
