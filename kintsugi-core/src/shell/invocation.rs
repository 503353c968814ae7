//! What the shell would start: commands with their words resolved as far as the text alone allows.

use std::rc::Rc;

use crate::effect::Span;

/// Everything that one shell text would run, in the order in which it stands.
///
/// Commands of substitutions, functions that are called, branches and loop bodies are all here: whatever *could* run, runs.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// The commands. Other parts of the script name them by their index.
    pub invocations: Vec<Invocation>,
    /// What could not be understood, or ran over a bound. Any entry makes the text unreadable, so catastrophic.
    pub problems: Vec<Problem>,
    /// Files that the text writes with text that is known: absolute when the directory is known, else as written.
    pub files: Vec<(String, Word)>,
    /// What process substitutions print, when it is known, by their first command.
    pub printed: Vec<(InvocationId, Word)>,
    /// Functions and aliases of the text that it calls: as programs, these names need not be known.
    pub called: std::collections::BTreeSet<String>,
    /// Whether a function starts itself in a pipe or in the background: a fork bomb.
    pub multiplies: bool,
    /// The commands of loops whose condition is always the same: `while true; do …; done`.
    pub endless: Vec<(InvocationId, InvocationId)>,
    /// Functions of the text in the place of programs to which people type passwords ([`is_trusted`]), with the commands of their
    /// bodies.
    pub in_place: Vec<(String, Vec<Invocation>)>,
    /// Commands of which it is certain, where later ones run, that they succeeded: `a` for what stands behind `a &&`, behind
    /// `a || exit`, in `if a; then …` and, under `set -e`, behind `a`.
    pub certain: Vec<Certain>,
    /// Commands of which it is certain, where later ones run, that they failed: `a` for `b` in `a || b`.
    pub failed: Vec<Certain>,
}

impl Script {
    /// Returns the commands from `first` up to `end`, as pipes and substitutions name theirs; none where there are no such.
    #[must_use]
    pub fn between(&self, first: InvocationId, end: InvocationId) -> &[Invocation] {
        let range = first.0 as usize..end.0 as usize;
        self.invocations.get(range).unwrap_or_default()
    }
}

/// Whether people type passwords to a program of that name, or keys are in its reach.
#[must_use]
pub fn is_trusted(name: &str) -> bool {
    matches!(
        name,
        "sudo"
            | "su"
            | "doas"
            | "pkexec"
            | "ssh"
            | "scp"
            | "sftp"
            | "passwd"
            | "login"
            | "gpg"
            | "ssh-add"
            | "kinit"
            | "pass"
            | "op"
    )
}

/// A command that has succeeded wherever some others run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Certain {
    /// The command.
    pub command: InvocationId,
    /// The first of the later ones.
    pub from: InvocationId,
    /// The first of the later ones of which that is not said.
    pub end: InvocationId,
}

/// An index into [`Script::invocations`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvocationId(pub u32);

/// Why a text could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What happened, as a noun phrase: "a quote that is never closed", "more than 48 nested constructs".
    pub what: String,
    /// Where.
    pub span: Span,
}

/// A simple command, ready to be looked up.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The program and its arguments, after expansion and splitting. Empty for bare assignments and bare redirections.
    pub words: Vec<Word>,
    /// Assignments in front of the program, or alone.
    pub assignments: Vec<Assignment>,
    /// Redirections, in order, here-documents excluded.
    pub redirects: Vec<Redirect>,
    /// What standard input is connected to.
    pub input: Input,
    /// Where standard output goes.
    pub output: Output,
    /// Every directory the command could run in. Never empty.
    pub directories: Rc<[Directory]>,
    /// Variables that are known here and that a child shell would see or that matter to an embedded one.
    pub variables: Rc<Variables>,
    /// Whether the line goes on without waiting for it.
    pub background: bool,
    /// The command in the proposed text. For embedded text: the span of the word that holds it.
    pub span: Span,
}

/// `NAME=word`, `NAME+=word` or `NAME=(words)` (joined by spaces).
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// Its value.
    pub value: Word,
    /// Whether it is exported to what runs next (a prefix assignment, `export`).
    pub exported: bool,
}

/// A word after expansion: known text and holes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Word {
    /// The pieces, in order. No piece: the empty word.
    pub pieces: Vec<Piece>,
    /// Where it stands in the proposed text.
    pub span: Span,
}

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text that is known.
    Text(String),
    /// An unquoted pattern (`*`, `?`, `[a-z]`), as written.
    Glob(String),
    /// A value that is known only when the command runs.
    Hole(Hole),
}

/// Why a part of a word is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hole {
    /// A variable that the text does not set, by its name (positional and special parameters too: `1`, `@`, `?`).
    Variable(String),
    /// The output of the commands of a substitution: a range of [`InvocationId`]s, and whether anything in it decodes or fetches
    /// is answered by whoever knows programs.
    Output {
        /// First command of the substitution.
        first: InvocationId,
        /// One past its last.
        end: InvocationId,
    },
    /// A process substitution: the word is a path such as `/dev/fd/63`.
    Process {
        /// First command of the substitution.
        first: InvocationId,
        /// One past its last.
        end: InvocationId,
        /// `<(…)`: the command reads what they print. Otherwise `>(…)`.
        readable: bool,
    },
    /// Something the evaluator does not model, named for people: "an arithmetic expression".
    Other(&'static str),
}

/// The [`Hole::Other`] of a name that holds what a file says, line by line.
pub const LINES_OF_FILE: &str = "what a file says";

impl Word {
    /// A word of known text.
    #[must_use]
    pub fn text(text: impl Into<String>, span: Span) -> Self {
        Self {
            pieces: vec![Piece::Text(text.into())],
            span,
        }
    }

    /// Returns the text when all of it is known; a pattern is not.
    #[must_use]
    pub fn known(&self) -> Option<std::borrow::Cow<'_, str>> {
        match self.pieces.as_slice() {
            [] => Some("".into()),
            [Piece::Text(text)] => Some(text.into()),
            pieces => pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) => Some(text.as_str()),
                    Piece::Glob(_) | Piece::Hole(_) => None,
                })
                .collect::<Option<String>>()
                .map(Into::into),
        }
    }

    /// Returns the known text in front of the first pattern or hole.
    #[must_use]
    pub fn known_prefix(&self) -> String {
        self.pieces
            .iter()
            .map_while(|piece| match piece {
                Piece::Text(text) => Some(text.as_str()),
                Piece::Glob(_) | Piece::Hole(_) => None,
            })
            .collect()
    }

    /// Returns the holes, in order.
    pub fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Hole(hole) => Some(hole),
            Piece::Text(_) | Piece::Glob(_) => None,
        })
    }

    /// Whether a pattern is in it.
    #[must_use]
    pub fn is_pattern(&self) -> bool {
        self.pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Glob(_)))
    }

    /// Returns the word for people: known text and patterns as they are, `$NAME`, `$(…)` and `<(…)` for the holes.
    #[must_use]
    pub fn display(&self) -> String {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) | Piece::Glob(text) => text.clone(),
                Piece::Hole(Hole::Variable(name)) => format!("${name}"),
                Piece::Hole(Hole::Output { .. }) => "$(…)".to_owned(),
                Piece::Hole(Hole::Process { readable: true, .. }) => "<(…)".to_owned(),
                Piece::Hole(Hole::Process {
                    readable: false, ..
                }) => ">(…)".to_owned(),
                Piece::Hole(Hole::Other(_)) => "$…".to_owned(),
            })
            .collect()
    }
}

/// A redirection to or from a file.
#[derive(Debug, Clone)]
pub struct Redirect {
    /// What is done with the file.
    pub mode: RedirectMode,
    /// The file.
    pub target: Word,
}

/// What a redirection does with its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectMode {
    /// `<`
    Read,
    /// `>`, `>|`, `&>`
    Overwrite,
    /// `>>`, `&>>`
    Append,
    /// `<>`
    ReadWrite,
}

/// What standard input is connected to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Input {
    /// Whatever the shell has: the terminal, or nothing.
    #[default]
    Inherited,
    /// A here-document or here-string, or the output of commands that could be computed from the text (`echo rm | sh`).
    Text(Rc<Word>),
    /// A file.
    File(Word),
    /// The commands in front of it in a pipeline.
    Pipe {
        /// First of them.
        first: InvocationId,
        /// One past the last.
        end: InvocationId,
    },
}

/// Where standard output goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Output {
    /// Wherever the shell's goes.
    #[default]
    Inherited,
    /// Into the next command of a pipeline.
    Pipe,
    /// Into a substitution.
    Captured,
    /// Into a file, see the redirections.
    File,
}

/// A directory that a command could run in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Directory {
    /// An absolute path, folded.
    Known(String),
    /// Somewhere that the text does not tell.
    Unknown,
}

/// Variables and functions whose values are known at some point of a text.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    /// The values, by name.
    pub values: super::Map<Word>,
}
