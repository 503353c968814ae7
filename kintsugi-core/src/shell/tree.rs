//! The commands of one text as a tree, its words still as written.
//!
//! Holds no expansion: a word is a range of its source, read anew whenever it is evaluated, because what it means depends on
//! the variables at that point.

use std::rc::Rc;

use crate::effect::Span;

/// A text that words are ranges of.
#[derive(Debug)]
pub(super) struct Source {
    /// The text.
    pub(super) text: Rc<str>,
    /// The span that all of it has, when it is not the proposed text itself.
    pub(super) fixed: Option<Span>,
}

/// A range of a source, as written.
#[derive(Debug, Clone)]
pub(super) struct Raw {
    /// What it is a range of.
    pub(super) source: Rc<Source>,
    /// First byte.
    pub(super) start: usize,
    /// One past its last byte.
    pub(super) end: usize,
}

impl Raw {
    /// Returns the text as written.
    pub(super) fn text(&self) -> &str {
        self.source
            .text
            .get(self.start..self.end)
            .unwrap_or_default()
    }

    /// Returns where it stands in the proposed text.
    pub(super) fn span(&self) -> Span {
        span(&self.source, self.start, self.end)
    }

    /// Returns a part of it, by bytes from its start.
    pub(super) fn part(&self, start: usize, end: usize) -> Self {
        Self {
            source: Rc::clone(&self.source),
            start: self.start + start,
            end: self.start + end,
        }
    }
}

/// Returns the span of a range of `source`.
pub(super) fn span(source: &Source, start: usize, end: usize) -> Span {
    source.fixed.unwrap_or_else(|| Span {
        start: u32::try_from(start).unwrap_or(u32::MAX),
        end: u32::try_from(end).unwrap_or(u32::MAX),
    })
}

/// What a redirection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// `<`
    Read,
    /// `>` and `>|`
    Write,
    /// `>>`
    Append,
    /// `<>`
    Both,
    /// `&>`
    WriteAll,
    /// `&>>`
    AppendAll,
    /// `<&` and `>&`: a descriptor, or for `>&` a file
    Duplicate,
    /// `<<<`
    HereString,
    /// `<<`; the range is the body
    HereDocument {
        /// Whether the body is expanded.
        expands: bool,
        /// Whether tabs in front of lines are removed.
        tabs: bool,
    },
}

/// A redirection.
#[derive(Debug, Clone)]
pub(super) struct Redirection {
    /// Its descriptor, when written.
    pub(super) descriptor: Option<u16>,
    /// What it is.
    pub(super) operator: Operator,
    /// Its file, descriptor, text or body.
    pub(super) target: Raw,
}

/// A command.
#[derive(Debug)]
pub(super) enum Node {
    /// Words and redirections.
    Simple(Simple),
    /// `[[ … ]]`: evaluated for its substitutions.
    Test(Vec<Raw>),
    /// `((…))`: the expression.
    Arithmetic(Raw),
    /// Commands, one after the other, each with whether it is left in the background.
    List(Vec<(Rc<Node>, bool)>),
    /// `a && b || c`: true for `&&`.
    Chain(Rc<Node>, Vec<(bool, Rc<Node>)>),
    /// `a | b`
    Pipeline(Vec<Rc<Node>>),
    /// `! a`.
    Not(Rc<Node>),
    /// `{ … }`, `( … )`, or a compound command with redirections.
    Group {
        /// What is in it.
        body: Rc<Node>,
        /// Redirections of all of it.
        redirections: Vec<Redirection>,
        /// Whether it has a shell of its own.
        subshell: bool,
    },
    /// `if … elif … else`: conditions and bodies; no condition is `else`.
    If(Vec<(Option<Rc<Node>>, Rc<Node>)>),
    /// `for name in words`, `select`; no words: the positional parameters.
    For {
        /// The variable.
        name: Raw,
        /// What it takes.
        words: Option<Vec<Raw>>,
        /// The loop.
        body: Rc<Node>,
    },
    /// `while`, `until`, and `for ((…))` with its expressions as condition.
    While {
        /// The condition.
        condition: Rc<Node>,
        /// The loop.
        body: Rc<Node>,
    },
    /// `case word in …`
    Case {
        /// What is matched.
        word: Raw,
        /// Patterns and bodies.
        arms: Vec<(Vec<Raw>, Option<Rc<Node>>)>,
    },
    /// `name() { … }`
    Function {
        /// Its name.
        name: Raw,
        /// Its body.
        body: Rc<Node>,
    },
}

/// A simple command.
#[derive(Debug, Default)]
pub(super) struct Simple {
    /// Assignments, the program and its arguments.
    pub(super) words: Vec<Raw>,
    /// Redirections.
    pub(super) redirections: Vec<Redirection>,
}
