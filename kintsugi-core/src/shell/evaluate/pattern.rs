//! Shell patterns on known text: for `${x#…}`, `${x/…}` and what `case` could match.

use super::super::Piece;

/// Most steps of all matches of one expansion.
pub(super) const STEPS_MAX: usize = 60_000;

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(char),
    One,
    Any,
    Set {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

/// A pattern that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    parts: Vec<Part>,
}

impl Pattern {
    /// Reads pieces as a pattern; nothing when a part is not known.
    pub(super) fn new(pieces: &[Piece]) -> Option<Self> {
        let mut parts = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => parts.extend(text.chars().map(Part::Literal)),
                Piece::Glob(glob) => parts.push(match glob.as_str() {
                    "*" => Part::Any,
                    "?" => Part::One,
                    set => set_of(set),
                }),
                Piece::Hole(_) => return None,
            }
        }
        Some(Self { parts })
    }

    /// Whether all of `text` matches, counting its `steps`; nothing when there are too many.
    pub(super) fn matches(&self, text: &[char], steps: &mut usize) -> Option<bool> {
        let (mut part, mut at) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while *steps < STEPS_MAX {
            *steps += 1;
            match (self.parts.get(part), text.get(at)) {
                (None, None) => return Some(true),
                (Some(Part::Any), _) => {
                    star = Some((part, at));
                    part += 1;
                }
                (Some(one), Some(character)) if one.takes(*character) => {
                    part += 1;
                    at += 1;
                }
                (_, _) => match star {
                    Some((starred, from)) if from < text.len() => {
                        star = Some((starred, from + 1));
                        part = starred + 1;
                        at = from + 1;
                    }
                    Some(_) | None => return Some(false),
                },
            }
        }
        None
    }
}

impl Part {
    fn takes(&self, character: char) -> bool {
        match self {
            Self::Literal(literal) => *literal == character,
            Self::One => true,
            Self::Any => false,
            Self::Set { negated, ranges } => {
                ranges
                    .iter()
                    .any(|(low, high)| (*low..=*high).contains(&character))
                    != *negated
            }
        }
    }
}

/// Reads `[a-z]`, `[!a-z]`, `[[:digit:]]`.
fn set_of(text: &str) -> Part {
    let inner = text.strip_prefix('[').unwrap_or(text);
    let inner = inner.strip_suffix(']').unwrap_or(inner);
    let rest = inner.strip_prefix(['!', '^']);
    let negated = rest.is_some();
    Part::Set {
        negated,
        ranges: ranges(rest.unwrap_or(inner)),
    }
}

/// Reads the members of a set: characters, ranges, and classes such as `[:alpha:]`.
pub(super) fn ranges(text: &str) -> Vec<(char, char)> {
    let classes: [(&str, &[(char, char)]); 8] = [
        ("[:lower:]", &[('a', 'z')]),
        ("[:upper:]", &[('A', 'Z')]),
        ("[:alpha:]", &[('A', 'Z'), ('a', 'z')]),
        ("[:digit:]", &[('0', '9')]),
        ("[:alnum:]", &[('0', '9'), ('A', 'Z'), ('a', 'z')]),
        ("[:space:]", &[('\t', '\r'), (' ', ' ')]),
        ("[:blank:]", &[('\t', '\t'), (' ', ' ')]),
        (
            "[:punct:]",
            &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        ),
    ];
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((name, members)) = classes.iter().find(|(name, _)| rest.starts_with(name)) {
            found.extend_from_slice(members);
            rest = rest.get(name.len()..).unwrap_or_default();
            continue;
        }
        let mut characters = rest.chars();
        characters.next();
        let after = characters.as_str();
        let last = after.strip_prefix('-').and_then(|last| last.chars().next());
        if let Some(last) = last {
            found.push((first, last));
            rest = after.get(1 + last.len_utf8()..).unwrap_or_default();
        } else {
            found.push((first, first));
            rest = after;
        }
    }
    found
}
