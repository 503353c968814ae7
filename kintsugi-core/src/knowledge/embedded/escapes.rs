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
