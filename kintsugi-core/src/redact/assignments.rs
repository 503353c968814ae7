//! Secrets that a name in front of them gives away: `TOKEN=x`, `"password": "x"`, `Authorization:
//! Bearer x`, `?key=x`, and `https://user:x@host`.

use std::ops::Range;

use super::names;

/// Adds what is found in `text`.
pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    for (at, byte) in text.bytes().enumerate() {
        if matches!(byte, b'=' | b':') {
            found.extend(assigned(text, at, byte));
        }
    }
    for (at, _) in text.match_indices("://") {
        found.extend(user_info(text, at + 3));
    }
    for (at, name) in text.match_indices(" password ") {
        found.extend(of_netrc(text, at, at + name.len()));
    }
}

/// The value behind the sign at `at`, when the name in front of it is that of a secret.
fn assigned(text: &str, at: usize, sign: u8) -> Option<Range<usize>> {
    let name = name_before(text.get(..at)?)?;
    let behind = text.get(at + 1..)?;
    if behind.starts_with('=') || sign == b':' && behind.starts_with("//") {
        return None;
    }
    let header = name.eq_ignore_ascii_case("authorization")
        || name.eq_ignore_ascii_case("proxy-authorization");
    let whole_line =
        header || name.eq_ignore_ascii_case("cookie") || name.eq_ignore_ascii_case("set-cookie");
    // `name: value` and `name = value` may have spaces; `name= value` of a shell has none.
    let spaces = behind.len() - behind.trim_start_matches([' ', '\t']).len();
    if sign == b'=' && spaces > 0 && !text.get(..at)?.ends_with(' ')
        || !(whole_line
            || names::is_secret(name)
            || is_of_address(text, at, name)
            || is_random_key(name, behind))
    {
        return None;
    }
    let mut start = at + 1 + spaces;
    let quote = text
        .get(start..)?
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''));
    start += usize::from(quote.is_some());
    let around = quote.or_else(|| open_quote(text.get(..at)?));
    let length = match around {
        Some(quote) => length_quoted(
            text.get(start..)?,
            quote,
            !whole_line && Some(quote) != text_quote(text, start),
        ),
        None if whole_line => text.get(start..)?.find('\n').unwrap_or(text.len() - start),
        None => length_bare(text.get(start..)?),
    };
    let value = text.get(start..start + length)?;
    if quote.is_none() && is_code(value) {
        return None;
    }
    let scheme = if header { scheme_of(value) } else { 0 };
    Some(start + scheme..start + length)
}

/// The value at `start` in a line of `netrc(5)`: `machine M login L password P`.
fn of_netrc(text: &str, at: usize, start: usize) -> Option<Range<usize>> {
    let line = text.get(..at)?.rsplit('\n').next()?;
    let rest = text.get(start..)?;
    let ends = |letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | '\\');
    let length = rest.find(ends).unwrap_or(rest.len());
    let is_entry = line.contains("machine ") && line.contains("login ");
    is_entry.then_some(start..start + length)
}

/// Whether it is a parameter of an address that is a secret there alone: `&sig=x` of Azure, `?auth=x`.
fn is_of_address(text: &str, at: usize, name: &str) -> bool {
    let before = text.get(..at).and_then(|before| before.strip_suffix(name));
    matches!(name, "sig" | "auth" | "pass" | "pwd")
        && before.is_some_and(|before| before.ends_with(['?', '&']))
}

/// Whether something is called a key and its value looks drawn at random: `SENDGRID_KEY=…`. A path, a name and a hash do not.
fn is_random_key(name: &str, behind: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let of_keys = lower.ends_with("_key") || lower.ends_with("-key");
    let public = [
        "public",
        "primary",
        "foreign",
        "sort",
        "partition",
        "cache",
        "host",
        "gpg",
    ];
    let value = behind.trim_start_matches(['"', '\'', ' ']);
    let value: &str = value
        .find(|letter: char| !letter.is_ascii_alphanumeric() && !matches!(letter, '_' | '-' | '+'))
        .map_or(value, |end| value.get(..end).unwrap_or_default());
    let has = |is: fn(&u8) -> bool| value.bytes().filter(is).count() >= 3;
    of_keys
        && !public.iter().any(|word| lower.contains(word))
        && value.len() >= 20
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
}

/// The quote in front of `start`, when there is one.
fn text_quote(text: &str, start: usize) -> Option<char> {
    text.get(..start)?
        .chars()
        .next_back()
        .filter(|last| matches!(last, '"' | '\''))
}

/// The name at the end of `before`: `X-Api-Key` of `-H "X-Api-Key`; a closing quote and one space
/// may stand behind it.
fn name_before(before: &str) -> Option<&str> {
    let before = before.strip_suffix(' ').unwrap_or(before);
    let before = before.strip_suffix(['"', '\'']).unwrap_or(before);
    let start = before
        .char_indices()
        .rev()
        .take(64)
        .take_while(|(_, letter)| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.'))
        .last()
        .map(|(start, _)| start)?;
    Some(before.get(start..)?.trim_start_matches('-'))
}

/// The quote that is open at the end of `before`, judged by the line alone.
fn open_quote(before: &str) -> Option<char> {
    let line = before.rsplit('\n').next().unwrap_or(before);
    line.chars()
        .fold(None, |open, letter| match (open, letter) {
            (None, '"' | '\'') => Some(letter),
            (Some(quote), _) if quote == letter => None,
            (open, _) => open,
        })
}

fn length_quoted(rest: &str, quote: char, ends_at_space: bool) -> usize {
    let ends = |letter: char| {
        letter == quote
            || ends_at_space
                && (letter.is_whitespace() || matches!(letter, '&' | ';' | ',' | '"' | '\'' | '}'))
    };
    let mut escaped = false;
    rest.char_indices()
        .find(|(_, letter)| {
            let found = !escaped && ends(*letter);
            escaped = *letter == '\\' && !escaped;
            found
        })
        .map_or(rest.len(), |(end, _)| end)
}

fn length_bare(rest: &str) -> usize {
    rest.find(|letter: char| {
        letter.is_whitespace()
            || matches!(letter, '&' | ';' | '|' | '"' | '\'' | ',' | '}' | '>' | '#')
    })
    .unwrap_or(rest.len())
}

/// Whether an unquoted value is an expression of a program rather than a value: a call, an index,
/// the name of another secret.
fn is_code(value: &str) -> bool {
    let identifier = |value: &str| {
        value
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.'))
    };
    value.contains(['(', '['])
        || identifier(value) && (names::is_secret(value) || value.contains('.'))
}

/// Length of the scheme and space in front of a credential: `Bearer `.
fn scheme_of(value: &str) -> usize {
    let schemes = [
        "bearer ",
        "basic ",
        "token ",
        "digest ",
        "negotiate ",
        "apikey ",
        "aws4-hmac-sha256 ",
    ];
    let lower = value
        .get(..value.len().min(20))
        .unwrap_or(value)
        .to_ascii_lowercase();
    schemes
        .iter()
        .find(|scheme| lower.starts_with(*scheme))
        .map_or(0, |scheme| scheme.len())
}

/// The password of `user:password@host` at `start`, or a user name that is a token.
fn user_info(text: &str, start: usize) -> Option<Range<usize>> {
    let rest = text.get(start..)?;
    let end = rest.find(|letter: char| {
        letter.is_whitespace()
            || matches!(
                letter,
                '/' | '?' | '#' | '"' | '\'' | '`' | '<' | '>' | '|' | ';' | ')'
            )
    });
    let authority = rest.get(..end.unwrap_or(rest.len()))?;
    let info = authority.get(..authority.rfind('@')?)?;
    match info.find(':') {
        Some(colon) => Some(start + colon + 1..start + info.len()),
        None => (info.len() >= 16 && info.bytes().any(|byte| byte.is_ascii_digit()))
            .then_some(start..start + info.len()),
    }
}
