//! Invocations → effects: what programs take and do, from `knowledge/*.toml`, looking through wrappers and embedded code.

pub mod embedded;
pub mod schema;

use crate::effect::{Effect, Span};
use crate::place::Surroundings;
use crate::shell::{Budget, Context, Script};

/// The facts about programs, ready to be asked.
#[derive(Debug, Default)]
pub struct Knowledge {}

/// Why a knowledge file was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KnowledgeError {
    /// The file is not TOML, or has a key or value that the schema does not know.
    #[error("{file}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// Line, column and offending text, on one line.
        message: String,
    },
}

/// What a script would do, and what is not known about it.
#[derive(Debug, Clone, Default)]
pub struct Analysis {
    /// Every effect, in the order of the script.
    pub effects: Vec<Effect>,
    /// What stays unknown: each makes the script at least ambiguous.
    pub unknowns: Vec<Unknown>,
    /// Each command that was looked at, wrappers and what they wrap: its path (`git push`) and span. For people and policies.
    pub programs: Vec<(String, Span)>,
    /// What could not be read at all: each makes the script catastrophic.
    pub problems: Vec<crate::shell::Problem>,
}

/// Something that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// What kind.
    pub kind: UnknownKind,
    /// The program, option or word, for people.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// Kinds of things that are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnknownKind {
    /// The program is not described, and is found by its name on `PATH`.
    Program,
    /// The program is a file given by its path: a script of the project, a build result.
    LocalProgram,
    /// The program's name is a hole: whatever a variable or a substitution says.
    Command,
    /// The subcommand is not described.
    Subcommand,
    /// The option is not described.
    Option,
    /// A target is a hole.
    Target,
    /// Embedded code does something that was not understood.
    Code,
}

impl Knowledge {
    /// The knowledge that is built in.
    ///
    /// # Errors
    /// Never, in a released build: a test loads it.
    pub fn builtin() -> Result<Self, KnowledgeError> {
        Ok(Self {})
    }

    /// Tells what `script` does. Total: what is not known is in the answer.
    #[must_use]
    pub fn analyse(
        &self,
        _script: &Script,
        _context: &Context,
        _surroundings: &Surroundings,
        _budget: &mut Budget,
    ) -> Analysis {
        Analysis::default()
    }
}
