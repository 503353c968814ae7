//! Names that a condition narrows: `if name.endswith(".pyc"): os.remove(name)`.

use super::cursor::Cursor;
use super::lex::Token;
use super::script::Script;
use super::value::Value;
use crate::knowledge::schema::Language;
use crate::shell::{Piece, Word};

/// Most endings of one condition.
const ENDINGS_MAX: usize = 8;

impl Script<'_> {
    /// Reads `if NAME.endswith(TEXT)` and the one statement behind it, in which the name ends so; whether it stood there.
    ///
    /// Python 3.13, "str.endswith"; ECMAScript 2024, "String.prototype.endsWith". The reader knows no blocks, so what else the condition
    /// guards is taken for any name: that asks once too often, and never once too little.
    pub(super) fn narrowed(&mut self, cursor: &mut Cursor<'_>) -> bool {
        let start = cursor.at;
        let Some((name, endings)) = condition(cursor, self.language) else {
            cursor.at = start;
            return false;
        };
        let Some(value) = self.names.get(&name).cloned() else {
            cursor.at = start;
            return false;
        };
        let ends = |word: &Word| {
            let is_open = matches!(word.pieces.last(), Some(Piece::Glob(glob)) if glob == "*");
            let words = endings.iter().map(|ending| {
                let mut word = word.clone();
                if is_open {
                    word.pieces.push(Piece::Text(ending.clone()));
                }
                word
            });
            words
                .take(if is_open { ENDINGS_MAX } else { 1 })
                .collect::<Vec<_>>()
        };
        let words: Vec<Word> = value.words.iter().flat_map(ends).collect();
        let narrow = Value {
            words: words.clone(),
            ..value.clone()
        };
        self.names.insert(name.clone(), narrow);
        cursor.skip_lines();
        self.statement(cursor);
        let behind = self.names.insert(name.clone(), value);
        // The statement may have named something else.
        if let Some(behind) = behind.filter(|it| it.words != words)
            && let Some(slot) = self.names.get_mut(&name)
        {
            slot.or(&behind);
        }
        true
    }
}

/// The name and the endings of the condition that begins here, with the mark that ends it consumed.
fn condition(cursor: &mut Cursor<'_>, language: Language) -> Option<(String, Vec<String>)> {
    let is_bracketed = language == Language::Javascript;
    if !is_bracketed && language != Language::Python {
        return None;
    }
    let method = if is_bracketed { "endsWith" } else { "endswith" };
    cursor.at += 1;
    if is_bracketed && !cursor.accept("(") {
        return None;
    }
    let name = cursor.name()?.to_owned();
    cursor.at += 1;
    if !cursor.accept(".") || cursor.name() != Some(method) {
        return None;
    }
    cursor.at += 1;
    if !cursor.accept("(") {
        return None;
    }
    let is_list = cursor.accept("(");
    let mut endings = Vec::new();
    while let Some(ending) = cursor.peek().and_then(Token::text) {
        endings.push(ending.to_owned());
        cursor.at += 1;
        if endings.len() > ENDINGS_MAX {
            return None;
        }
        if !cursor.accept(",") {
            break;
        }
    }
    let is_closed = (!is_list || cursor.accept(")")) && cursor.accept(")");
    let is_ended = if is_bracketed {
        let is_ended = cursor.accept(")");
        cursor.accept("{");
        is_ended
    } else {
        cursor.accept(":")
    };
    (is_closed && is_ended && !endings.is_empty()).then_some((name, endings))
}
