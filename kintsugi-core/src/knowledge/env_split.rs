//! `env -S 'rm -rf' x`: a text that `env` takes apart into options and words of its own, in front of those that follow.
//!
//! Source: env(1), coreutils 9.4, "-S/--split-string usage in scripts"; env(1) of FreeBSD 14 and macOS 14 reads the same.

use super::analyst::Call;
use crate::shell::{Hole, Piece, Word};

/// Most texts within one another, and most words of one.
const SPLITS_MAX: usize = 8;
const WORDS_MAX: usize = 1_024;

/// The words of `env` as it reads them, when it is told to take one apart.
pub(super) fn split(call: &Call<'_>, name: &str, words: &[Word]) -> Option<Vec<Word>> {
    if !matches!(name.rsplit('/').next(), Some("env" | "genv")) {
        return None;
    }
    let mut split = None;
    for _ in 0..SPLITS_MAX {
        let Some(once) = split_once(call, split.as_deref().unwrap_or(words)) else {
            break;
        };
        split = Some(once);
    }
    split
}

/// The words with the first text taken apart.
fn split_once(call: &Call<'_>, words: &[Word]) -> Option<Vec<Word>> {
    let mut at = 0;
    loop {
        let word = words.get(at)?;
        let text = word.known()?;
        let (kept, value, next) = match option(&text)? {
            Given::Here(kept, value) => (kept, value, at + 1),
            Given::Next(kept) => (kept, words.get(at + 1)?.known()?.into_owned(), at + 2),
            Given::Elsewhere(width) => {
                at += width;
                continue;
            }
        };
        let mut split: Vec<Word> = words.get(..at)?.to_vec();
        split.extend((!kept.is_empty()).then(|| Word::text(format!("-{kept}"), word.span)));
        let parts = parts(&value)?;
        split.extend(
            parts
                .iter()
                .take(WORDS_MAX)
                .map(|it| filled(call, it, word)),
        );
        split.extend(words.get(next..)?.iter().cloned());
        return Some(split);
    }
}

/// Where the text of `-S` is.
enum Given {
    /// In the same word, behind these letters.
    Here(String, String),
    /// The next word; behind these letters.
    Next(String),
    /// Not in this option, which takes so many words.
    Elsewhere(usize),
}

/// What an option of `env` says; nothing for what is none.
fn option(text: &str) -> Option<Given> {
    if let Some(long) = text.strip_prefix("--") {
        let (name, value) = long
            .split_once('=')
            .map_or((long, None), |(name, value)| (name, Some(value)));
        // Long options may be shortened.
        if name.is_empty() {
            return None;
        }
        return Some(if "split-string".starts_with(name) {
            match value {
                Some(value) => Given::Here(String::new(), value.to_owned()),
                None => Given::Next(String::new()),
            }
        } else {
            let takes = ["unset", "chdir", "argv0"]
                .iter()
                .any(|it| it.starts_with(name));
            Given::Elsewhere(if takes && value.is_none() { 2 } else { 1 })
        });
    }
    let letters = text.strip_prefix('-')?;
    for (at, letter) in letters.char_indices() {
        let (before, behind) = (letters.get(..at)?, letters.get(at + letter.len_utf8()..)?);
        match letter {
            'S' if behind.is_empty() => return Some(Given::Next(before.to_owned())),
            'S' => return Some(Given::Here(before.to_owned(), behind.to_owned())),
            'u' | 'C' | 'P' | 'a' => {
                return Some(Given::Elsewhere(if behind.is_empty() { 2 } else { 1 }));
            }
            _ => {}
        }
    }
    Some(Given::Elsewhere(1))
}

/// The parts of a text: `\_` is a space, and nothing counts behind `\c`.
fn parts(text: &str) -> Option<Vec<String>> {
    let text = text.split("\\c").next().unwrap_or_default();
    shlex::split(&text.replace("\\_", " "))
}

/// A part with the variables that it names.
fn filled(call: &Call<'_>, part: &str, word: &Word) -> Word {
    let mut pieces = Vec::new();
    let mut rest = part;
    while let Some((before, behind)) = rest.split_once("${")
        && let Some((name, after)) = behind.split_once('}')
    {
        pieces.push(Piece::Text(before.to_owned()));
        match call.variable(name) {
            Some(value) => pieces.extend(value.pieces.iter().cloned()),
            None => pieces.push(Piece::Hole(Hole::Variable(name.to_owned()))),
        }
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
    Word {
        pieces,
        span: word.span,
    }
}

#[cfg(test)]
mod tests {
    use crate::knowledge::testing::all_effects;

    #[test]
    fn what_follows_the_text_belongs_to_its_command() {
        for text in [
            "env -S 'rm -rf' ~/work",
            "env -S rm -rf ~/work",
            "env -S'rm -rf' ~/work",
            "env -ivS 'rm -rf' ~/work",
            "env -u X -C / -S 'rm -rf' ~/work",
            "env --split-string='rm -rf' ~/work",
            "env --sp 'A=1 rm\\_-rf' ~/work",
            "env -S '-S \"rm -rf\"' ~/work",
            "env -S '-i A=1' rm -rf ~/work",
            "export X=rm; env -S '${X} -rf' ~/work",
        ] {
            let found = all_effects(text).join("; ");
            assert!(found.contains("delete"), "{text}: {found}");
        }
        let found = all_effects("env A=1 echo -S 'rm -rf' x").join("; ");
        assert!(!found.contains("delete"), "{found}");
    }
}
