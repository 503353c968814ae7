//! What is known at a point of a text: variables, functions, directories, files written on the way.

use std::collections::BTreeMap;
use std::rc::Rc;

use brush_parser::ast;

use crate::shell::{Directory, Word};

/// Most values that a variable is followed with, when branches set it differently.
const ALTERNATIVES_MAX: usize = 4;

/// The value of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A text; more than one where branches differ.
    Scalar(Vec<Word>),
    /// The elements of an array, in order.
    Array(Vec<Word>),
    /// The elements of an associative array.
    Map(BTreeMap<String, Word>),
}

impl Value {
    pub(super) fn text(word: Word) -> Self {
        Self::Scalar(vec![word])
    }
}

/// Everything that a command may depend on.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) variables: BTreeMap<String, Value>,
    pub(super) functions: BTreeMap<String, Rc<ast::FunctionBody>>,
    pub(super) aliases: BTreeMap<String, String>,
    /// `$1`, `$2`, …; none when they are not known.
    pub(super) arguments: Option<Vec<Word>>,
    /// Where the next command runs, when the last one succeeded.
    pub(super) directories: Rc<[Directory]>,
    /// Where it runs when the last one failed.
    pub(super) failed: Rc<[Directory]>,
    /// Files written with a text that is known.
    pub(super) files: Vec<(String, Word)>,
    /// Lines that `read` would get.
    pub(super) input: Option<Vec<Word>>,
    /// `set -e`.
    pub(super) exits_on_failure: bool,
    /// The list has ended: `exit`, `return`, `break`.
    pub(super) ended: bool,
}

impl State {
    /// Takes the union with another branch.
    pub(super) fn join(&mut self, other: Self) {
        if other.ended {
            return;
        }
        if self.ended {
            *self = other;
            return;
        }
        self.directories = union(&self.directories, &other.directories);
        self.failed = union(&self.failed, &other.failed);
        for (name, theirs) in other.variables {
            match self.variables.get_mut(&name) {
                None => {
                    self.variables.insert(name, theirs);
                }
                Some(ours) => join_values(ours, theirs),
            }
        }
        self.functions.extend(other.functions);
        self.aliases.extend(other.aliases);
        for file in other.files {
            if !self.files.contains(&file) {
                self.files.push(file);
            }
        }
        if self.arguments != other.arguments {
            self.arguments = None;
        }
    }

    /// The list goes on whatever the last command did.
    pub(super) fn proceed(&mut self) {
        if !self.exits_on_failure {
            self.directories = union(&self.directories, &self.failed);
        }
        self.failed = Rc::clone(&self.directories);
    }

    pub(super) fn set(&mut self, name: &str, word: Word) {
        self.variables.insert(name.to_owned(), Value::text(word));
    }

    /// Returns the text of the file at `path`, when the line wrote it.
    pub(super) fn file(&self, path: &str) -> Option<&Word> {
        let plain = |path: &str| path.trim_start_matches("./").to_owned();
        let wanted = plain(path);
        self.files
            .iter()
            .rev()
            .find(|(name, _)| plain(name) == wanted)
            .map(|(_, text)| text)
    }
}

fn join_values(ours: &mut Value, theirs: Value) {
    match (ours, theirs) {
        (Value::Scalar(ours), Value::Scalar(theirs)) => {
            for word in theirs {
                if !ours.contains(&word) && ours.len() < ALTERNATIVES_MAX {
                    ours.push(word);
                }
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            for word in theirs {
                if !ours.contains(&word) {
                    ours.push(word);
                }
            }
        }
        (ours, theirs) => {
            if let Value::Array(_) | Value::Map(_) = theirs {
                *ours = theirs;
            }
        }
    }
}

/// Returns every directory of either.
pub(super) fn union(left: &Rc<[Directory]>, right: &Rc<[Directory]>) -> Rc<[Directory]> {
    if left == right {
        return Rc::clone(left);
    }
    let mut all: Vec<Directory> = left.to_vec();
    all.extend(
        right
            .iter()
            .filter(|directory| !left.contains(directory))
            .cloned(),
    );
    all.into()
}
