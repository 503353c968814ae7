//! The words of a command → options, operands and subcommand, as its entry says.
//!
//! Knows how options are written, and nothing about any program.

mod options;
mod reader;

use super::Knowledge;
use super::schema::{Command, Effect, Keyed, Language, Wraps};
use super::store::Node;
use super::targets::is_harmless;
use crate::effect::{Modifier, Modifiers};
use crate::place::pattern;
use crate::shell::{Piece, Word};

/// A value and the role it plays.
#[derive(Debug)]
pub(super) struct Value<'k> {
    /// The name that effects use.
    pub(super) role: &'k str,
    /// What it is.
    pub(super) word: Word,
}

/// A command inside the command.
#[derive(Debug)]
pub(super) struct Wrapped {
    /// How its words run.
    pub(super) how: Wraps,
    /// Its words.
    pub(super) words: Vec<Word>,
}

/// What the words of a command say.
#[derive(Debug, Default)]
pub(super) struct Parsed<'k> {
    /// The entries that hold, the most particular first.
    pub(super) chain: Vec<&'k Command>,
    /// The command path, for people.
    pub(super) path: String,
    /// Modifiers set by options and operands.
    pub(super) modifiers: Modifiers,
    /// Marks set by them.
    pub(super) marks: Vec<&'k str>,
    /// Operands, and options that play the role of one.
    pub(super) values: Vec<Value<'k>>,
    /// Program texts.
    pub(super) code: Vec<(Language, Word)>,
    /// Files of program text.
    pub(super) runs: Vec<(Language, Word)>,
    /// Effects of options, each with the role and value of its option.
    pub(super) option_effects: Vec<(&'k [Effect], Option<&'k str>, Option<Word>)>,
    /// Files that options read (true) or overwrite.
    pub(super) option_files: Vec<(bool, Word)>,
    /// Keys and values of settings that matter.
    pub(super) keyed: Vec<(&'k Keyed, Word)>,
    /// Commands inside.
    pub(super) wrapped: Vec<Wrapped>,
    /// A word was read as an option's value that could be a subcommand.
    pub(super) is_twofold: bool,
    /// Patterns that narrow what paths mean.
    pub(super) narrows: Vec<Word>,
    /// What stands for a name in the wrapped command.
    pub(super) replaces: Option<Word>,
    /// Directories that relative paths start from.
    pub(super) directories: Vec<Word>,
    /// Options that are not described.
    pub(super) unknown_options: Vec<Word>,
    /// The subcommand that is not described.
    pub(super) unknown_subcommand: Option<Word>,
    /// Operands beyond those that are described.
    pub(super) surplus: Vec<Word>,
    /// `--help` or `--version` was asked for.
    pub(super) is_help: bool,
}

impl Parsed<'_> {
    /// Whether a mark or modifier is set.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.marks.contains(&name)
            || modifier(name).is_some_and(|modifier| self.modifiers.contains(modifier))
    }
}

/// The modifier of that name.
pub(super) fn modifier(name: &str) -> Option<Modifier> {
    Some(match name {
        "recursive" => Modifier::Recursive,
        "forced" => Modifier::Forced,
        "dry-run" => Modifier::DryRun,
        "remote" => Modifier::Remote,
        "unresolved" => Modifier::Unresolved,
        "glob" => Modifier::Glob,
        "elevated" => Modifier::Elevated,
        "all" => Modifier::All,
        "privileged" => Modifier::Privileged,
        "permanent" => Modifier::Permanent,
        "uncommitted" => Modifier::Uncommitted,
        "shared" => Modifier::Shared,
        "unverified" => Modifier::Unverified,
        "background" => Modifier::Background,
        "contained" => Modifier::Contained,
        "indirect" => Modifier::Indirect,
        "assumed" => Modifier::Assumed,
        _ => return None,
    })
}

/// Reads the words behind the program's name.
pub(super) fn read<'k>(
    knowledge: &'k Knowledge,
    name: &str,
    node: &'k Node,
    words: &[Word],
) -> Parsed<'k> {
    reader::Reader::new(knowledge, name, node, words).read()
}

/// As [`read`], where a word behind an option that is not described is a subcommand and not the option's value.
///
/// Both are possible, since knowledge does not say whether that option takes a value ([`Parsed::is_twofold`]).
pub(super) fn read_verbs<'k>(
    knowledge: &'k Knowledge,
    name: &str,
    node: &'k Node,
    words: &[Word],
) -> Parsed<'k> {
    let mut reader = reader::Reader::new(knowledge, name, node, words);
    reader.prefers_verbs = true;
    reader.read()
}

/// The text in front of the first hole or pattern of a word, when it starts with text.
fn leading_text(word: &Word) -> &str {
    match word.pieces.first() {
        Some(Piece::Text(text)) => text,
        Some(Piece::Glob(_) | Piece::Hole(_)) | None => "",
    }
}

/// A word without the first `bytes` of its leading text.
pub(super) fn behind(word: &Word, bytes: usize) -> Word {
    let mut pieces = word.pieces.clone();
    if let Some(Piece::Text(text)) = pieces.first_mut() {
        *text = text.get(bytes..).unwrap_or_default().to_owned();
        // `of=$f` is as much a hole alone as `$f` is.
        if text.is_empty() && pieces.len() > 1 {
            pieces.remove(0);
        }
    }
    Word {
        pieces,
        span: word.span,
    }
}

/// The part of a word in front of and behind the first `separator` in its text.
pub(super) fn split(word: &Word, separator: &str) -> Option<(Word, Word)> {
    let (at, text) = word
        .pieces
        .iter()
        .enumerate()
        .find_map(|(at, piece)| match piece {
            Piece::Text(text) if text.contains(separator) => Some((at, text)),
            Piece::Text(_) | Piece::Glob(_) | Piece::Hole(_) => None,
        })?;
    let (before, after) = text.split_once(separator)?;
    let mut first = word.pieces.get(..at)?.to_vec();
    first.push(Piece::Text(before.to_owned()));
    let mut second = vec![Piece::Text(after.to_owned())];
    second.extend_from_slice(word.pieces.get(at + 1..).unwrap_or_default());
    Some((
        Word {
            pieces: first,
            span: word.span,
        },
        Word {
            pieces: second,
            span: word.span,
        },
    ))
}

/// The part of a value that counts. None when it does not.
fn part(word: Word, before: Option<&str>, after: Option<&str>) -> Option<Word> {
    let word = match after {
        Some(after) => split(&word, after)?.1,
        None => word,
    };
    Some(match before.and_then(|before| split(&word, before)) {
        Some((first, _)) => first,
        None => word,
    })
}

/// The entries of `keyed` for which `key` and `value` matter.
pub(super) fn keyed_matching<'k>(
    keyed: &'k [Keyed],
    key: &str,
    value: &Word,
) -> impl Iterator<Item = &'k Keyed> {
    let text = value.display();
    keyed.iter().filter(move |entry| {
        let like = |list: &[String]| list.iter().any(|known| pattern::matches(known, &text));
        entry
            .key
            .iter()
            .any(|known| pattern::matches_any_case(known, key))
            && !is_harmless(&entry.not_for, &text, entry.code.is_some())
            && (entry.only_for.is_empty() || like(&entry.only_for))
    })
}
