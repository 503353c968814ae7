//! sed scripts: the commands that write files or run programs (`sed(1)`, GNU sed 4.9).

use super::{Embedded, effect, shell};
use crate::effect::{Action, Modifiers, Role};

/// Reads a sed script.
pub(super) fn read(text: &str) -> Vec<Embedded> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let behind = rest.get(first.len_utf8()..).unwrap_or_default();
        rest = match first {
            's' | 'y' => substitution(behind, first == 's', &mut found),
            '/' => after_delimiter(behind, '/'),
            '\\' => behind.chars().next().map_or("", |delimiter| {
                after_delimiter(
                    behind.get(delimiter.len_utf8()..).unwrap_or_default(),
                    delimiter,
                )
            }),
            'a' | 'i' | 'c' => text_lines(behind),
            '#' | ':' | 'b' | 't' | 'T' => line(behind).1,
            'w' | 'W' | 'r' | 'R' => {
                let (name, rest) = line(behind);
                file(first, name, &mut found);
                rest
            }
            'e' => {
                let (command, rest) = line(behind);
                found.push(match command.trim() {
                    "" => Embedded::Hidden("sed runs what it reads as a command".to_owned()),
                    command => shell(command),
                });
                rest
            }
            _ => behind,
        };
    }
    found
}

fn file(command: char, name: &str, found: &mut Vec<Embedded>) {
    let name = name.trim();
    let action = if matches!(command, 'w' | 'W') {
        Action::Overwrite
    } else {
        Action::Read
    };
    if !name.is_empty() {
        found.push(effect(action, Role::Path, name, Modifiers::NONE));
    }
}

/// `/a/b/flags`, of `s` and `y`.
fn substitution<'t>(text: &'t str, flags: bool, found: &mut Vec<Embedded>) -> &'t str {
    let Some(delimiter) = text.chars().next() else {
        return "";
    };
    let pattern = text.get(delimiter.len_utf8()..).unwrap_or_default();
    let replacement = after_delimiter(pattern, delimiter);
    let behind = after_delimiter(replacement, delimiter);
    if !flags {
        return behind;
    }
    let end = behind
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(behind.len());
    let set = behind.get(..end).unwrap_or_default();
    if let Some(at) = set.find('w') {
        let (name, rest) = line(behind.get(at + 1..).unwrap_or_default());
        file('w', name, found);
        return rest;
    }
    if set.contains('e') {
        let body = replacement.get(
            ..replacement
                .len()
                .saturating_sub(behind.len() + delimiter.len_utf8()),
        );
        found.push(shell(body.unwrap_or_default()));
        let pattern = pattern.get(
            ..pattern
                .len()
                .saturating_sub(replacement.len() + delimiter.len_utf8()),
        );
        let is_whole = matches!(pattern, Some(".*" | "^.*$" | "^.*" | ".*$"));
        let keeps = |text: &str| text.contains(['&', '\\']);
        if !is_whole || body.is_some_and(keeps) {
            // What runs is the line with the replacement in it (`sed(1)`, the flag `e`).
            found.push(Embedded::Hidden(
                "sed runs the lines that it reads".to_owned(),
            ));
        }
    }
    behind.get(end..).unwrap_or_default()
}

/// Returns what stands behind the next `delimiter` that is neither escaped nor in brackets.
fn after_delimiter(text: &str, delimiter: char) -> &str {
    let (mut escaped, mut bracket) = (false, false);
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == '[' && delimiter != '[' {
            bracket = true;
        } else if c == ']' {
            bracket = false;
        } else if c == delimiter && !bracket {
            return text.get(at + c.len_utf8()..).unwrap_or_default();
        }
    }
    ""
}

/// Returns what stands behind the text of `a`, `i` and `c`, which goes on while its lines end in a backslash.
fn text_lines(text: &str) -> &str {
    let mut rest = text;
    loop {
        let (first, behind) = line(rest);
        if !first.ends_with('\\') {
            return behind;
        }
        rest = behind;
    }
}

fn line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}
