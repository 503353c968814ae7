//! Program text that stands in a command line: what `python -c`, `psql -c`, `perl -e` and their like would do.
//!
//! Not interpreters: enough of each language is read to see destructive calls, process launches, network use, and the
//! string constants they act on. What is not understood and could matter is [`Embedded::Unknown`].

use super::schema::Language;
use crate::effect::{Action, Feed, Modifiers, Role};
use crate::shell::{Budget, Word};

/// Something that embedded text does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Embedded {
    /// Runs a shell text: `os.system("rm -rf /")`, awk's `system`, `! cmd` of an editor.
    Shell(Word),
    /// Starts a program with these words: `subprocess.run(["rm", "-rf", x])`.
    Command(Vec<Word>),
    /// Has an effect itself: `shutil.rmtree("/")`, `DROP TABLE users`.
    Effect {
        /// What happens.
        action: Action,
        /// To what kind of thing.
        role: Role,
        /// To which one, as far as it is known. For paths, relative to the directory of the command.
        target: Word,
        /// Circumstances.
        modifiers: Modifiers,
        /// Where the bytes come from that it executes, writes or sends, as far as the text tells.
        feed: Feed,
    },
    /// Does something that could matter and was not understood, named for people.
    Unknown(String),
}

/// Reads `text` as `language`. Total: what is not understood is in the answer.
///
/// [`Language::Shell`] is not read here but by `crate::shell::read`.
#[must_use]
pub fn read(_language: Language, _text: &Word, _budget: &mut Budget) -> Vec<Embedded> {
    Vec::new()
}
