//! Escapes in the string literals of scripting languages.

use super::lex::end_of;

/// Lua's decimal escapes as octal ones (Lua 5.4, 3.1).
pub(super) fn octal(body: &str) -> String {
    let mut parts = body.split('\\');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = end_of(part, |c| c.is_ascii_digit()).min(3);
        let (number, rest) = part.split_at(digits);
        text.push('\\');
        match number.parse::<u8>() {
            Ok(value) => {
                for shift in [6, 3, 0] {
                    text.push(char::from(b'0' + (value >> shift & 7)));
                }
            }
            Err(_) => text.push_str(number),
        }
        text.push_str(rest);
    }
    text
}

/// Resolves the escapes that these languages share.
pub(super) fn unescape(body: &str) -> String {
    let mut text = String::with_capacity(body.len());
    let mut rest = body;
    while let Some((before, behind)) = rest.split_once('\\') {
        text.push_str(before);
        let Some(kind) = behind.chars().next() else {
            text.push('\\');
            return text;
        };
        let after = behind.get(kind.len_utf8()..).unwrap_or_default();
        let (resolved, used) = match kind {
            'n' => (Some('\n'), 0),
            't' => (Some('\t'), 0),
            'r' => (Some('\r'), 0),
            '0'..='7' => numbered(behind, 8, 3).map_or((None, 0), |(c, used)| (c, used - 1)),
            'x' => numbered(after, 16, 2).unwrap_or((None, 0)),
            'u' if after.starts_with('{') => {
                let inner = after.get(1..).unwrap_or_default();
                numbered(inner, 16, 6).map_or((None, 0), |(c, used)| (c, used + 2))
            }
            'u' => numbered(after, 16, 4).unwrap_or((None, 0)),
            '\n' => (None, 0),
            other => (Some(other), 0),
        };
        text.extend(resolved);
        rest = after.get(used..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

/// Reads up to `most` digits; returns the character that they number and how many there are.
fn numbered(text: &str, radix: u32, most: usize) -> Option<(Option<char>, usize)> {
    let digits = end_of(text, |c| c.is_digit(radix)).min(most);
    let value = u32::from_str_radix(text.get(..digits)?, radix).ok()?;
    Some((char::from_u32(value), digits))
}

/// The plain letter that Python takes another for in a name (NFKC; The Python Language Reference 3.13, "Identifiers and keywords"): full
/// width, mathematical, small and raised letters. Others stay as they are.
pub(super) fn compatible(letter: char) -> char {
    let code = u32::from(letter);
    let of = |first: u8, at: u32| char::from(first.saturating_add(u8::try_from(at).unwrap_or(0)));
    match code {
        0xff01..=0xff5e => of(0x21, code - 0xff01),
        // Thirteen alphabets of capitals and small letters, one behind the other.
        0x1d400..=0x1d6a3 => match (code - 0x1d400) % 52 {
            at @ 0..=25 => of(b'A', at),
            at => of(b'a', at - 26),
        },
        0x1d7ce..=0x1d7ff => of(b'0', (code - 0x1d7ce) % 10),
        0x24b6..=0x24cf => of(b'A', code - 0x24b6),
        0x24d0..=0x24e9 => of(b'a', code - 0x24d0),
        _ => SMALL
            .iter()
            .find(|(_, letters)| letters.contains(letter))
            .map_or(letter, |(plain, _)| *plain),
    }
}

/// Letters that are written small, raised, low or long.
const SMALL: [(char, &str); 22] = [
    ('a', "\u{aa}\u{1d43}\u{2090}"),
    ('b', "\u{1d47}"),
    ('c', "\u{1d9c}"),
    ('d', "\u{1d48}"),
    ('e', "\u{1d49}\u{2091}"),
    ('f', "\u{1da0}"),
    ('g', "\u{1d4d}"),
    ('h', "\u{2b0}\u{2095}"),
    ('i', "\u{2071}\u{1d62}"),
    ('j', "\u{2b2}\u{2c7c}"),
    ('k', "\u{1d4f}\u{2096}"),
    ('l', "\u{2e1}\u{2097}"),
    ('m', "\u{1d50}\u{2098}"),
    ('n', "\u{207f}\u{2099}"),
    ('o', "\u{ba}\u{1d52}\u{2092}"),
    ('p', "\u{1d56}\u{209a}"),
    ('r', "\u{2b3}\u{1d63}"),
    ('s', "\u{17f}\u{2e2}\u{209b}"),
    ('t', "\u{1d57}\u{209c}"),
    ('u', "\u{1d58}\u{1d64}"),
    ('v', "\u{1d5b}\u{1d65}"),
    ('x', "\u{2e3}\u{2093}"),
];
