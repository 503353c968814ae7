//! Text → invocations: reads a command line as the named shell would, without running any of it.
//!
//! The only module that names the parser. It knows the shell's own language and builtins that change what a word means (`cd`,
//! `export`, `read`, `printf -v`, `alias`, `eval`, functions, `for`); it knows nothing about programs.

mod cmd;
mod evaluate;
mod fish;
mod fish_words;
mod grammar;
mod guard;
mod invocation;
mod lexer;
mod map;
mod nu;
mod powershell;
#[cfg(test)]
mod tests;
mod translated;
mod tree;

pub use map::{Iter, Map};

pub use invocation::{
    Assignment, Certain, Directory, Hole, Input, Invocation, InvocationId, LINES_OF_FILE, Output,
    Piece, Problem, Redirect, RedirectMode, Script, Variables, Word, is_trusted,
};

use serde::{Deserialize, Serialize};

use crate::effect::Span;
use crate::limits::SHELL_BYTES_MAX;

/// The hole of a text that the line wrote and then let a program change.
pub(crate) const EDITED: &str = "an edited text";

/// The language a text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// GNU bash, and whatever is not named.
    #[default]
    Bash,
    /// zsh.
    Zsh,
    /// POSIX `sh`: dash, ash, ksh.
    #[serde(alias = "sh", alias = "dash", alias = "ash", alias = "ksh")]
    Posix,
    /// fish.
    Fish,
    /// nushell: pipelines, blocks, records and closures are read, what is more is unreadable.
    Nu,
    /// PowerShell: commands, expressions and control flow are read, calls that do more than compute are unreadable.
    #[serde(alias = "pwsh")]
    PowerShell,
    /// The command interpreter of Windows.
    Cmd,
}

/// What is known where a text is about to be read.
#[derive(Debug, Clone)]
pub struct Context {
    /// The language.
    pub dialect: Dialect,
    /// The directories it could run in. Never empty.
    pub directories: std::rc::Rc<[Directory]>,
    /// Values known from outside: exported variables of the line around it, `HOME`, positional parameters.
    pub variables: std::rc::Rc<Variables>,
    /// For embedded text: the span of the word that holds it, which every part of it then has. Otherwise spans are its own bytes.
    pub embedded_in: Option<Span>,
    /// How many texts this one is embedded in.
    pub depth: u32,
}

/// A budget of work units, shared by everything that one classification does.
#[derive(Debug)]
pub struct Budget {
    left: u32,
}

impl Budget {
    /// A budget of `units`.
    #[must_use]
    pub const fn new(units: u32) -> Self {
        Self { left: units }
    }

    /// Takes `units`; false when they are no longer there, and from then on always.
    #[must_use]
    pub const fn spend(&mut self, units: u32) -> bool {
        if self.left < units {
            self.left = 0;
            return false;
        }
        self.left -= units;
        true
    }

    /// Takes a part of at most `units` out, to be spent apart and given back; nothing when little is left.
    #[must_use]
    pub(crate) fn part(&mut self, units: u32) -> Option<Self> {
        const LEAST: u32 = 1_000;
        let left = units.min(self.left);
        (left >= LEAST).then(|| {
            self.left -= left;
            Self { left }
        })
    }

    /// Takes back what is left of a part.
    pub(crate) const fn rejoin(&mut self, part: &Self) {
        self.left = self.left.saturating_add(part.left);
    }
}

/// Reads `text`. Total: what cannot be understood is a [`Problem`], never an error and never silence.
#[must_use]
pub fn read(text: &str, context: &Context, budget: &mut Budget) -> Script {
    if text.len() > SHELL_BYTES_MAX {
        return unreadable("more than 256 KiB of text", text, context);
    }
    match context.dialect {
        Dialect::Bash | Dialect::Zsh | Dialect::Posix => unix(text, context, budget),
        Dialect::Cmd => written(cmd::to_bash, text, context, budget),
        Dialect::Fish => written(fish::to_bash, text, context, budget),
        Dialect::Nu => written(nu::to_bash, text, context, budget),
        Dialect::PowerShell => written(powershell::to_bash, text, context, budget),
    }
}

/// Reads a text for a shell of Unix, unless it is one of cmd.
fn unix(text: &str, context: &Context, budget: &mut Budget) -> Script {
    match cmd::likeness(text) {
        cmd::Likeness::None => evaluate::run(text, context, budget),
        cmd::Likeness::Only => written(cmd::to_bash, text, context, budget),
        // Both readings, one behind the other; neither makes the other less.
        cmd::Likeness::Either => written(
            |text| cmd::to_bash(text).map(|more| [text, "\n", &more].concat()),
            text,
            context,
            budget,
        ),
    }
}

/// Bytes of another shell's text that are written as bash for one unit of work.
const WRITTEN_BYTES: usize = 4;

/// Reads what another language was written as; every part of it has the span of the whole.
fn written(
    to_bash: impl Fn(&str) -> Result<String, &'static str>,
    text: &str,
    context: &Context,
    budget: &mut Budget,
) -> Script {
    let units = u32::try_from(text.len() / WRITTEN_BYTES).unwrap_or(u32::MAX);
    if !budget.spend(units) {
        return unreadable("more work than one command may take", text, context);
    }
    match to_bash(text) {
        Ok(bash) => {
            let whole = Span {
                start: 0,
                end: u32::try_from(text.len()).unwrap_or(u32::MAX),
            };
            let context = Context {
                dialect: Dialect::Bash,
                embedded_in: context.embedded_in.or(Some(whole)),
                ..context.clone()
            };
            evaluate::run(&bash, &context, budget)
        }
        Err(what) => unreadable(what, text, context),
    }
}

fn unreadable(what: &str, text: &str, context: &Context) -> Script {
    let span = context.embedded_in.unwrap_or_else(|| Span {
        start: 0,
        end: u32::try_from(text.len()).unwrap_or(u32::MAX),
    });
    Script {
        problems: vec![Problem {
            what: what.to_owned(),
            span,
        }],
        ..Script::default()
    }
}
