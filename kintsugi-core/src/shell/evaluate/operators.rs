//! The parts of `${…}`, and its operators on plain text.

use super::assigning::{name_bytes, subscript};
use super::pattern::Pattern;

/// Longest value that patterns are tried on, in characters.
pub(super) const PATTERN_TEXT_MAX: usize = 2_048;

/// What stands between the braces of `${…}`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parsed<'a> {
    /// `#` or `!`.
    pub(super) prefix: Option<char>,
    pub(super) name: &'a str,
    pub(super) subscript: Option<&'a str>,
    pub(super) operator: &'a str,
    /// Where the operand begins, in bytes.
    pub(super) operand: usize,
}

impl<'a> Parsed<'a> {
    pub(super) fn new(text: &'a str) -> Option<Self> {
        let mut rest = text;
        let mut prefix = None;
        for sign in ['#', '!'] {
            if let Some(behind) = rest.strip_prefix(sign)
                && prefix.is_none()
                && behind
                    .starts_with(|next: char| next.is_alphanumeric() || "_@*#?$!-".contains(next))
            {
                prefix = Some(sign);
                rest = behind;
            }
        }
        let bytes = match rest.chars().next()? {
            '@' | '*' | '#' | '?' | '-' | '$' | '!' => 1,
            first if first.is_ascii_digit() => rest.bytes().take_while(u8::is_ascii_digit).count(),
            _ => name_bytes(rest),
        };
        let (name, rest) = rest.split_at_checked(bytes)?;
        // `${:-x}`, a text without a name (zshexpn(1) 5.9, "Parameter Expansion").
        if name.is_empty() && !rest.starts_with(":-") {
            return None;
        }
        let (subscript, rest) = subscript(rest)?;
        let operators = [
            ":-", ":=", ":+", ":?", "##", "%%", "//", "/#", "/%", "^^", ",,", "-", "=", "+", "?",
            "#", "%", "/", "^", ",", ":", "@",
        ];
        let operator = operators
            .into_iter()
            .find(|operator| rest.starts_with(operator));
        let operator = match operator {
            Some(operator) => operator,
            None if rest.is_empty() => "",
            None => return None,
        };
        Some(Self {
            prefix,
            name,
            subscript,
            operator,
            operand: text.len() - rest.len() + operator.len(),
        })
    }
}

/// Replaces the longest match from each position on, counting the steps.
pub(super) fn replaced(
    pattern: &Pattern,
    characters: &[char],
    (with, operator): (&str, &str),
    steps: &mut usize,
) -> Option<String> {
    let mut result = String::new();
    let mut at = 0;
    let mut done = false;
    while at <= characters.len() {
        let anchored = match operator {
            "/#" => at == 0,
            _ => true,
        };
        let mut matched = None;
        if !done && anchored {
            for end in (at..=characters.len()).rev() {
                if operator == "/%" && end != characters.len() {
                    break;
                }
                if end > at && pattern.matches(characters.get(at..end)?, steps)? {
                    matched = Some(end);
                    break;
                }
            }
        }
        if let Some(end) = matched {
            result.push_str(with);
            at = end;
            done = operator != "//";
        } else {
            result.extend(characters.get(at));
            at += 1;
        }
    }
    Some(result)
}

/// Removes the shortest or longest match at the start (`#`) or the end (`%`).
pub(super) fn trim(
    pattern: &Pattern,
    characters: &[char],
    operator: &str,
    steps: &mut usize,
) -> Option<String> {
    let count = characters.len();
    if count > PATTERN_TEXT_MAX / 4 {
        return None;
    }
    let mut cuts: Vec<usize> = (0..=count).collect();
    if matches!(operator, "##" | "%") {
        cuts.reverse();
    }
    for cut in cuts {
        let (head, tail) = characters.split_at_checked(cut)?;
        let (tried, left) = if operator.starts_with('#') {
            (head, tail)
        } else {
            (tail, head)
        };
        if pattern.matches(tried, steps)? {
            return Some(left.iter().collect());
        }
    }
    Some(characters.iter().collect())
}

pub(super) fn capital(text: &str, upper: bool) -> String {
    let mut characters = text.chars();
    let Some(first) = characters.next() else {
        return String::new();
    };
    let first: String = if upper {
        first.to_uppercase().collect()
    } else {
        first.to_lowercase().collect()
    };
    first + characters.as_str()
}

/// Finds the slash that ends a pattern.
pub(super) fn unescaped_slash(text: &str) -> Option<usize> {
    let scan = super::super::guard::Scan { text, fish: false };
    let mut at = 0;
    while let Some(byte) = scan.byte(at) {
        at = match byte {
            b'/' => return Some(at),
            b'\\' => at + 2,
            b'\'' => scan.single_quoted(at + 1).unwrap_or(text.len()),
            b'"' => scan.double_quoted(at + 1, 0).unwrap_or(text.len()),
            b'$' => scan.dollar(at, 0, false).unwrap_or(at + 1),
            _ => at + 1,
        };
    }
    None
}
