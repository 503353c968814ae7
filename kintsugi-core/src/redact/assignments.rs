//! Secrets that a name in front of them gives away: `TOKEN=x`, `"password": "x"`, `Authorization:
//! Bearer x`, `?key=x`, and `https://user:x@host`.

use std::ops::Range;

use super::names;
use super::runs::{Runs, standing};

/// Adds what is found in `text`.
pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    let mut reading = Reading::of(text);
    for (at, byte) in text.bytes().enumerate() {
        if matches!(byte, b'=' | b':') {
            found.extend(reading.assigned(at, byte));
        }
    }
    for at in standing(text, "://", 0) {
        found.extend(user_info(text, at + 3));
    }
    let mut netrc = Netrc::default();
    let name = " password ";
    for at in standing(text, name, 5) {
        found.extend(netrc.entry(text, at, at + name.len()));
    }
}

/// A text that is read from its beginning to its end, and how far what was looked at in it reaches.
struct Reading<'a> {
    text: &'a str,
    /// Up to where it was read for the quote that is open there.
    read: usize,
    open: Option<char>,
    bare: Runs,
    lines: Runs,
    /// What has neither `(` nor `[`.
    plain: Runs,
    /// By the quote, and whether white space ends it, too.
    quoted: [(char, bool, Runs); 4],
}

impl<'a> Reading<'a> {
    fn of(text: &'a str) -> Self {
        let runs = Runs::default;
        Self {
            text,
            read: 0,
            open: None,
            bare: runs(),
            lines: runs(),
            plain: runs(),
            quoted: [
                ('"', false, runs()),
                ('"', true, runs()),
                ('\'', false, runs()),
                ('\'', true, runs()),
            ],
        }
    }

    /// The value behind the sign at `at`, when the name in front of it is that of a secret.
    fn assigned(&mut self, at: usize, sign: u8) -> Option<Range<usize>> {
        let text = self.text;
        let name = name_before(text.get(..at)?)?;
        let behind = text.get(at + 1..)?;
        if behind.starts_with('=') || sign == b':' && behind.starts_with("//") {
            return None;
        }
        let header = name.eq_ignore_ascii_case("authorization")
            || name.eq_ignore_ascii_case("proxy-authorization");
        let whole_line = header
            || name.eq_ignore_ascii_case("cookie")
            || name.eq_ignore_ascii_case("set-cookie");
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
        let end = match quote.or_else(|| self.open_quote(at)) {
            Some(quote) => {
                let ends_at_space = !whole_line && Some(quote) != text_quote(text, start);
                self.end_quoted(start, quote, ends_at_space)
            }
            None if whole_line => self.lines.until(text, start, "\n"),
            None => self
                .bare
                .end(start, || start + length_bare(tail(text, start))),
        };
        let value = text.get(start..end)?;
        if quote.is_none() && self.is_code(start, value) {
            return None;
        }
        let scheme = if header { scheme_of(value) } else { 0 };
        Some(start + scheme..end)
    }

    /// The quote that is open in front of `at`, judged by the line alone. Each call is about a later place.
    fn open_quote(&mut self, at: usize) -> Option<char> {
        for letter in self.text.get(self.read..at).unwrap_or_default().chars() {
            self.open = match (self.open, letter) {
                (_, '\n') => None,
                (None, '"' | '\'') => Some(letter),
                (Some(quote), _) if quote == letter => None,
                (open, _) => open,
            };
        }
        self.read = at;
        self.open
    }

    fn end_quoted(&mut self, start: usize, quote: char, ends_at_space: bool) -> usize {
        let text = self.text;
        // Whatever stands in front of `start` is no backslash, so that a stretch that `start` lies in ends as one from it.
        let walk = || start + length_quoted(tail(text, start), quote, ends_at_space);
        let mut kinds = self.quoted.iter_mut();
        match kinds.find(|kind| (kind.0, kind.1) == (quote, ends_at_space)) {
            Some((_, _, runs)) => runs.end(start, walk),
            None => walk(),
        }
    }

    /// Whether an unquoted value at `start` is an expression of a program rather than a value: a call, an index, the name of
    /// another secret.
    fn is_code(&mut self, start: usize, value: &str) -> bool {
        let text = self.text;
        let bracket = self.plain.end(start, || {
            let bracket = tail(text, start).find(['(', '[']);
            bracket.map_or(text.len(), |at| start + at)
        });
        let identifier = |value: &str| {
            value
                .bytes()
                .all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.'))
        };
        bracket < start + value.len()
            || identifier(value) && (names::is_secret(value) || value.contains('.'))
    }
}

/// Returns `text` from `start` on.
fn tail(text: &str, start: usize) -> &str {
    text.get(start..).unwrap_or_default()
}

/// Lines of `netrc(5)`: `machine M login L password P`.
#[derive(Default)]
struct Netrc {
    /// Where the line begins that was looked at last.
    line: usize,
    /// Up to where it was looked at.
    read: usize,
    machines: Runs,
    logins: Runs,
}

impl Netrc {
    /// The value at `start`, behind the name at `at`. Each call is about a later place.
    fn entry(&mut self, text: &str, at: usize, start: usize) -> Option<Range<usize>> {
        let unread = text.get(self.read..at)?;
        if let Some(newline) = unread.rfind('\n') {
            self.line = self.read + newline + 1;
        }
        self.read = at;
        let mut has = |runs: fn(&mut Self) -> &mut Runs, word: &str| {
            let line = self.line;
            runs(self).until(text, line, word) + word.len() <= at
        };
        let is_entry = has(|of| &mut of.machines, "machine ") && has(|of| &mut of.logins, "login ");
        let rest = text.get(start..)?;
        let ends = |letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | '\\');
        let length = rest.find(ends).unwrap_or(rest.len());
        is_entry.then_some(start..start + length)
    }
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
