//! The commands that `parallel` makes of several sources of words (`parallel(1)`, "Multiple input sources").

use super::wrapped::replace;
use crate::shell::{Piece, Word};

/// `{1}{2} x ::: r ::: m`: every command that the sources give, behind a `;` each.
pub(super) fn combined(
    command: &[Word],
    rest: &[Word],
    is_separator: &dyn Fn(&Word) -> bool,
) -> Vec<Word> {
    let sources: Vec<Vec<&Word>> = rest
        .split(is_separator)
        .filter(|source| !source.is_empty())
        .map(|source| source.iter().take(4).collect())
        .collect();
    let mut commands: Vec<Vec<Word>> = vec![command.to_vec()];
    for (number, source) in sources.iter().enumerate().take(3) {
        let mark = format!("{{{}}}", number + 1);
        let filled = commands.iter().flat_map(|words| {
            source.iter().map(|value| {
                let words = words.iter().map(|word| replace(word, &mark, value));
                words.collect::<Vec<Word>>()
            })
        });
        commands = filled.take(COMBINED_MAX).collect();
    }
    let mut all = Vec::new();
    for words in commands {
        all.extend(words.into_iter().map(joined));
        all.push(Word::text(";", crate::effect::Span::default()));
    }
    all
}

/// A word whose texts that meet are one.
fn joined(mut word: Word) -> Word {
    let mut pieces: Vec<Piece> = Vec::new();
    for piece in word.pieces.drain(..) {
        match (pieces.last_mut(), piece) {
            (Some(Piece::Text(before)), Piece::Text(next)) => before.push_str(&next),
            (_, piece) => pieces.push(piece),
        }
    }
    word.pieces = pieces;
    word
}

/// Most commands that sources of words are combined to.
const COMBINED_MAX: usize = 16;
