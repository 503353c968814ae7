//! Parts of a program text that are not known, carried through its reading: named by where they come from, marked in the text,
//! and put back into everything that was read.

use std::rc::Rc;

use super::analyst::{Analyst, Scope};
use super::feeds::Feeds;
use crate::effect::{Feed, Span};
use crate::place::OutputPlace;
use crate::shell::{Directory, Hole, Input, LINES_OF_FILE, Piece, Script, Word};

/// Stands in a text for the hole of that number while the text is read; private use, so no shell gives it a meaning.
const MARK: char = '\u{10_FFF0}';

const NETWORK: &str = "what the network says";
const SECRET: &str = "a secret";
const DECODED: &str = "what a decoder prints";
const PROGRAM: &str = "what a program prints";
const FILE: &str = LINES_OF_FILE;
pub(super) const TEMPORARY: &str = "a temporary name";
const HERE: &str = "the directory";

/// Where a hole comes from that this module named.
pub(super) fn feed_of_hole(name: &str) -> Feeds {
    Feeds::of(match name {
        NETWORK => Feed::Network,
        SECRET => Feed::Secret,
        DECODED => Feed::Decoded,
        FILE => Feed::File,
        TEMPORARY | HERE => Feed::Nothing,
        _ => Feed::Program,
    })
}

/// The place of a hole that this module named.
pub(super) fn place_of_hole(hole: &Hole) -> Option<OutputPlace> {
    match hole {
        Hole::Other(TEMPORARY) => Some(OutputPlace::Temp),
        Hole::Other(HERE) => Some(OutputPlace::Directory),
        Hole::Other(_) | Hole::Variable(_) | Hole::Output { .. } | Hole::Process { .. } => None,
    }
}

/// A word for something that is fed and not shown.
pub(super) fn hole_for(feeds: Feeds, span: Span) -> Word {
    Word {
        pieces: vec![Piece::Hole(Hole::Other(name_for(feeds)))],
        span,
    }
}

fn name_for(feeds: Feeds) -> &'static str {
    match feeds.worst() {
        Feed::Network => NETWORK,
        Feed::Secret => SECRET,
        Feed::Decoded => DECODED,
        Feed::File => FILE,
        Feed::Program | Feed::Text | Feed::Nothing => PROGRAM,
    }
}

impl Analyst<'_> {
    /// A text as its reader is given it, each hole of it marked, and what those holes are in another script.
    pub(super) fn marked(word: &Word, scope: &Scope<'_>) -> (String, Vec<Hole>) {
        let mut holes: Vec<Hole> = Vec::new();
        let mut text = String::new();
        for piece in &word.pieces {
            match piece {
                Piece::Text(known) | Piece::Glob(known) => text.push_str(known),
                Piece::Hole(hole) => {
                    text.push(MARK);
                    text.push_str(&holes.len().to_string());
                    text.push(MARK);
                    holes.push(Self::carried(hole, scope));
                }
            }
        }
        (text, holes)
    }

    /// A hole that means the same in another script: its commands are named there by what flows out of them.
    fn carried(hole: &Hole, scope: &Scope<'_>) -> Hole {
        match hole {
            Hole::Variable(_) | Hole::Other(_) => hole.clone(),
            Hole::Output { .. } => match scope.output_place(hole) {
                Some(OutputPlace::Temp) => Hole::Other(TEMPORARY),
                Some(OutputPlace::Directory | OutputPlace::ProjectRoot) => Hole::Other(HERE),
                None => Hole::Other(name_for(Self::hole_feeds(hole, scope))),
            },
            Hole::Process { .. } => Hole::Other(name_for(Self::hole_feeds(hole, scope))),
        }
    }

    fn hole_feeds(hole: &Hole, scope: &Scope<'_>) -> Feeds {
        let word = Word {
            pieces: vec![Piece::Hole(hole.clone())],
            span: Span::default(),
        };
        Self::word_feeds(&word, scope)
    }
}

/// Puts the holes back into everything that was read.
pub(super) fn restore(script: &mut Script, holes: &[Hole]) {
    for invocation in &mut script.invocations {
        let assigned = invocation.assignments.iter_mut().map(|it| &mut it.value);
        let redirected = invocation.redirects.iter_mut().map(|it| &mut it.target);
        for word in invocation
            .words
            .iter_mut()
            .chain(assigned)
            .chain(redirected)
        {
            restore_word(word, holes);
        }
        match &mut invocation.input {
            // Shared by whoever reads it: copied only when there is something to put back.
            Input::Text(word) if is_marked_word(word) => restore_word(Rc::make_mut(word), holes),
            Input::File(word) => restore_word(word, holes),
            Input::Text(_) | Input::Inherited | Input::Pipe { .. } => {}
        }
        let is_marked = |directory: &Directory| matches!(directory, Directory::Known(path) if path.contains(MARK));
        if invocation.directories.iter().any(is_marked) {
            invocation.directories = invocation
                .directories
                .iter()
                .map(|it| {
                    if is_marked(it) {
                        Directory::Unknown
                    } else {
                        it.clone()
                    }
                })
                .collect();
        }
    }
}

fn is_marked_word(word: &Word) -> bool {
    let is_marked = |piece: &Piece| matches!(piece, Piece::Text(text) | Piece::Glob(text) if text.contains(MARK));
    word.pieces.iter().any(is_marked)
}

fn restore_word(word: &mut Word, holes: &[Hole]) {
    if !is_marked_word(word) {
        return;
    }
    let mut pieces = Vec::with_capacity(word.pieces.len() + 2);
    for piece in std::mem::take(&mut word.pieces) {
        match piece {
            Piece::Text(ref text) | Piece::Glob(ref text) if text.contains(MARK) => {
                for (at, part) in text.split(MARK).enumerate() {
                    let hole = part.parse::<usize>().ok().filter(|_| at % 2 == 1);
                    match hole.and_then(|number| holes.get(number)) {
                        Some(hole) => pieces.push(Piece::Hole(hole.clone())),
                        None if part.is_empty() => {}
                        None => pieces.push(Piece::Text(part.to_owned())),
                    }
                }
            }
            Piece::Text(_) | Piece::Glob(_) | Piece::Hole(_) => pieces.push(piece),
        }
    }
    word.pieces = pieces;
}
