//! The texts of files that a line writes, by what a command does with them.

use super::foreign::{is_source, language_of};
use super::schema::Language;

/// Texts of files, by what a command does with them.
#[derive(Debug, Default)]
pub(super) struct OwnTexts {
    /// Those that it may run, or take for settings.
    pub(super) plain: Vec<OwnText>,
    /// Those that only hold what stands in them.
    pub(super) held: Vec<OwnText>,
    /// Those whose functions it does not start.
    pub(super) deferred: Vec<OwnText>,
}

/// A file that the line wrote.
#[derive(Debug)]
pub(super) struct OwnText {
    pub(super) path: String,
    pub(super) kind: Kind,
    /// All of its text, or the part that counts.
    pub(super) text: String,
}

impl OwnText {
    pub(super) fn new(path: &str, text: String) -> Self {
        Self {
            path: path.to_owned(),
            kind: Kind::of(path),
            text,
        }
    }
}

/// What a text is by the name of the file that holds it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) language: Language,
    /// It is program text, and read as such whatever stands in it.
    pub(super) is_source: bool,
    /// It was run, and so has been read in its language.
    pub(super) has_run: bool,
}

impl Kind {
    pub(super) fn of(path: &str) -> Self {
        Self {
            language: language_of(path),
            is_source: is_source(path),
            has_run: false,
        }
    }
}
