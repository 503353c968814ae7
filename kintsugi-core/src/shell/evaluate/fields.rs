//! The fields of one word: what splitting and patterns make of it.

use super::state::{self, Pieces};
use crate::shell::Piece;

/// Fields that a word becomes.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) done: Vec<Pieces>,
    pub(super) open: Option<Pieces>,
    /// Whether unquoted expansions are split and patterns are patterns.
    pub(super) split: bool,
    pub(super) separators: String,
    /// Inside the operand of an unquoted expansion: blanks of the text itself split, too.
    pub(super) operand: bool,
}

impl Fields {
    /// Adds quoted pieces: no splitting, no patterns.
    pub(super) fn quoted(&mut self, pieces: &[Piece]) {
        state::append(self.open.get_or_insert_default(), pieces);
    }

    /// Adds what an expansion gives.
    pub(super) fn add(&mut self, pieces: &[Piece], quoted: bool) {
        if quoted {
            self.quoted(pieces);
        } else {
            self.expanded(pieces);
        }
    }

    /// Adds text that stands in the word itself, outside quotes.
    pub(super) fn literal(&mut self, text: &str) {
        if self.operand && self.split {
            self.splitted(text);
        } else {
            self.unsplit(text);
        }
    }

    fn unsplit(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let pattern = self.split;
        let open = self.open.get_or_insert_default();
        if pattern {
            state::append(open, &patterned(text));
        } else {
            state::append(open, &state::text(text));
        }
    }

    /// Adds the value of an unquoted expansion.
    pub(super) fn expanded(&mut self, pieces: &[Piece]) {
        if !self.split {
            if !pieces.is_empty() {
                self.quoted(pieces);
            }
            return;
        }
        for piece in pieces {
            match piece {
                Piece::Text(text) => self.splitted(text),
                Piece::Glob(_) | Piece::Hole(_) => self.quoted(std::slice::from_ref(piece)),
            }
        }
    }

    fn splitted(&mut self, text: &str) {
        let separators = std::mem::take(&mut self.separators);
        let mut start = 0;
        let is_blank = |character: char| matches!(character, ' ' | '\t' | '\n');
        for (at, character) in text.char_indices() {
            if !separators.contains(character) {
                continue;
            }
            let part = text.get(start..at).unwrap_or_default();
            self.unsplit(part);
            // A separator that is no blank ends a field even when it is empty.
            if !is_blank(character) {
                self.open.get_or_insert_default();
            }
            self.end_field();
            start = at + character.len_utf8();
        }
        self.unsplit(text.get(start..).unwrap_or_default());
        self.separators = separators;
    }

    /// Ends the field that is open.
    pub(super) fn end_field(&mut self) {
        self.done.extend(self.open.take());
    }

    /// Adds several values, as `"$@"` does.
    pub(super) fn several(&mut self, values: &[Pieces], quoted: bool) {
        for (number, value) in values.iter().enumerate() {
            if number > 0 {
                self.end_field();
            }
            if quoted {
                self.quoted(value);
            } else {
                self.expanded(value);
            }
        }
    }
}

/// Returns text with its patterns apart.
fn patterned(text: &str) -> Pieces {
    if !text.contains(['*', '?', '[']) {
        return state::text(text);
    }
    let mut pieces: Pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['*', '?', '[']) {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        state::append(&mut pieces, &state::text(before));
        // Only a bracket is looked for to its end: a long pattern of stars is read once.
        let closed = || from.find(']').map(|close| close + 1).filter(|end| *end > 2);
        let length = if from.starts_with('[') {
            let Some(end) = closed() else {
                state::append(&mut pieces, &state::text(from));
                return pieces;
            };
            end
        } else {
            1
        };
        let (pattern, after) = from.split_at_checked(length).unwrap_or((from, ""));
        pieces.push(Piece::Glob(pattern.to_owned()));
        rest = after;
    }
    state::append(&mut pieces, &state::text(rest));
    pieces
}
