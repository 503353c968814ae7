//! Escapes of `$'…'`, `printf` and `echo -e`: bytes by name, octal, hexadecimal or code point.

use std::iter::Peekable;
use std::str::Chars;

/// Replaces the escapes of `text`. `octal`: as `$'…'` and `printf` read them, `\101`; otherwise as `echo -e` does, `\0101`.
pub(super) fn unescape(text: &str, octal: bool) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut bytes: Vec<u8> = Vec::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\\' {
            push(&mut bytes, character);
            continue;
        }
        let Some(escape) = characters.next() else {
            bytes.push(b'\\');
            break;
        };
        if escape == 'c' && !octal {
            break;
        }
        if let Some(byte) = named(escape) {
            bytes.push(byte);
        } else {
            numbered(escape, octal, &mut characters, &mut bytes);
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|error| {
        let bytes = error.into_bytes();
        bytes.iter().map(|byte| char::from(*byte)).collect()
    })
}

/// Returns the byte that a letter stands for.
const fn named(escape: char) -> Option<u8> {
    Some(match escape {
        'n' => b'\n',
        't' => b'\t',
        'r' => b'\r',
        'a' => 7,
        'b' => 8,
        'v' => 11,
        'f' => 12,
        'e' | 'E' => 27,
        _ => return None,
    })
}

/// Reads at most `most` digits.
fn digits(characters: &mut Peekable<Chars<'_>>, radix: u32, most: usize) -> Option<u32> {
    let mut value = None;
    for _ in 0..most {
        let Some(digit) = characters.peek().and_then(|next| next.to_digit(radix)) else {
            break;
        };
        value = Some(value.unwrap_or(0) * radix + digit);
        characters.next();
    }
    value
}

/// Reads an escape by number; one that is none stays as it is written.
fn numbered(escape: char, octal: bool, rest: &mut Peekable<Chars<'_>>, bytes: &mut Vec<u8>) {
    let low = |value: u32| u8::try_from(value & 0xff).unwrap_or_default();
    match escape {
        'x' => match digits(rest, 16, 2) {
            Some(value) => bytes.push(low(value)),
            None => bytes.extend(b"\\x"),
        },
        'u' | 'U' => {
            let value = digits(rest, 16, if escape == 'u' { 4 } else { 8 });
            match value.and_then(char::from_u32) {
                Some(value) => push(bytes, value),
                None => bytes.extend([b'\\', if escape == 'u' { b'u' } else { b'U' }]),
            }
        }
        'c' => {
            let control = rest.next().map_or(0, |next| u32::from(next) & 0x1f);
            bytes.push(low(control));
        }
        '0' => {
            let value = digits(rest, 8, if octal { 2 } else { 3 });
            bytes.push(low(value.unwrap_or(0)));
        }
        '1'..='7' => {
            let mut value = escape.to_digit(8).unwrap_or(0);
            for _ in 0..2 {
                let Some(digit) = digits(rest, 8, 1) else {
                    break;
                };
                value = value * 8 + digit;
            }
            bytes.push(low(value));
        }
        '\\' | '\'' | '"' | '?' => push(bytes, escape),
        other => {
            bytes.push(b'\\');
            push(bytes, other);
        }
    }
}

fn push(bytes: &mut Vec<u8>, character: char) {
    let mut buffer = [0; 4];
    bytes.extend(character.encode_utf8(&mut buffer).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::unescape;

    #[test]
    fn escapes_are_bytes() {
        let table = [
            (r"\x72\155", true, "rm"),
            (r"\u0072\U0000006d", true, "rm"),
            (r"\0162m", false, "rm"),
            (r"\162m", false, "rm"),
            (r"a\cb", false, "a"),
            (r"\q\\", true, r"\q\"),
            (r"\xe2\x80\x94", true, "—"),
        ];
        for (text, octal, expected) in table {
            assert_eq!(unescape(text, octal), expected, "{text}");
        }
    }
}
