//! What a shell knows at one point of a text: variables, parameters, functions, aliases, directories.
//!
//! Cloning is cheap (shared until changed), because every branch has a state of its own and branches are joined again:
//! what differs becomes alternatives, and what has too many alternatives becomes unknown, never one of them.

use std::rc::Rc;

use super::super::tree::Node;
use super::super::{Directory, Hole, Input, Map, Piece, Variables, Word};
use crate::effect::Span;

/// Most values that a variable is followed through.
const ALTERNATIVES_MAX: usize = 6;
/// Longest path that a directory has, in bytes: `PATH_MAX` of Linux.
const PATH_BYTES_MAX: usize = 4_096;
/// Most directories that a command is judged in.
const DIRECTORIES_MAX: usize = 12;

/// Most parameters that are compared one by one when branches meet.
const PARAMETERS_COMPARED_MAX: usize = 64;
/// Most directories that `pushd` leaves behind; what lies deeper is not known.
const STACK_MAX: usize = 64;

/// The pieces of a value.
pub(super) type Pieces = Vec<Piece>;

/// What a variable holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// One text.
    Scalar(Pieces),
    /// An array, its keys as written: numbers, or the names of an associative one.
    List(Vec<(String, Pieces)>),
}

impl Value {
    /// Returns the value that stands for the whole: of an array, its first.
    pub(super) fn scalar(&self) -> Pieces {
        match self {
            Self::Scalar(pieces) => pieces.clone(),
            Self::List(elements) => elements
                .first()
                .map(|(_, pieces)| pieces.clone())
                .unwrap_or_default(),
        }
    }
}

/// A variable: its possible values and whether a child sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variable {
    /// At least one; more when branches differ.
    pub(super) values: Vec<Value>,
    /// Whether it is exported.
    pub(super) exported: bool,
}

/// A shell at one point.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// Variables that the text or the context sets.
    pub(super) variables: Map<Variable>,
    /// What `$1`, `$2`, … are; nothing when they are not known.
    pub(super) positional: Option<Rc<Vec<Pieces>>>,
    /// Whether the text or the context says what they are.
    pub(super) given: bool,
    /// Functions: every body that the name may have.
    pub(super) functions: Map<Vec<Rc<Node>>>,
    /// Aliases.
    pub(super) aliases: Map<String>,
    /// Those that are expanded wherever they stand (zshmisc(1) 5.9, ALIASING).
    pub(super) global_aliases: Map<String>,
    /// Where it may be. Never empty.
    pub(super) directories: Rc<[Directory]>,
    /// Where it may have been before.
    pub(super) previous: Rc<[Directory]>,
    /// What `pushd` left behind.
    pub(super) stack: Vec<Rc<[Directory]>>,
    /// What is read from the descriptors that `exec` opened, by their number.
    pub(super) descriptors: Map<Input>,
    /// What a child would see; kept beside the variables.
    pub(super) exported: Rc<Variables>,
    /// `set -e`: the shell ends where a command fails.
    pub(super) stops: bool,
}

/// The value of a variable that nothing tells.
pub(super) fn unknown(name: &str) -> Pieces {
    vec![Piece::Hole(Hole::Variable(name.to_owned()))]
}

/// Returns the text of pieces that are all known.
pub(super) fn known(pieces: &[Piece]) -> Option<String> {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(part) | Piece::Glob(part) => text.push_str(part),
            Piece::Hole(_) => return None,
        }
    }
    Some(text)
}

/// Returns about how much memory pieces take, in bytes.
pub(super) fn size(pieces: &[Piece]) -> usize {
    let bytes = |piece: &Piece| match piece {
        Piece::Text(text) | Piece::Glob(text) => text.len(),
        Piece::Hole(_) => 64,
    };
    pieces.iter().map(bytes).sum()
}

/// Returns known text as pieces; nothing for the empty text.
pub(super) fn text(text: impl Into<String>) -> Pieces {
    let text = text.into();
    if text.is_empty() {
        return Vec::new();
    }
    vec![Piece::Text(text)]
}

/// Appends `more`, joining texts that meet.
pub(super) fn append(pieces: &mut Pieces, more: &[Piece]) {
    for piece in more {
        if let (Some(Piece::Text(before)), Piece::Text(next)) = (pieces.last_mut(), piece) {
            before.push_str(next);
        } else {
            pieces.push(piece.clone());
        }
    }
}

/// Variables that a shell has from whoever started it, and so hands on without being told to (environ(7)).
const INHERITED: [&str; 4] = ["PATH", "EDITOR", "VISUAL", "PAGER"];

impl State {
    /// Returns the variable, when the text sets it.
    pub(super) fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.get(name)
    }

    /// Sets a variable; it stays exported when it was.
    pub(super) fn set(&mut self, name: &str, value: Value, export: bool) {
        let was = self.variables.get(name).is_some_and(|old| old.exported);
        let exported = was || export || INHERITED.contains(&name);
        if exported {
            let word = Word {
                pieces: value.scalar(),
                span: Span::default(),
            };
            let seen = Rc::make_mut(&mut self.exported);
            seen.values.insert(name, word);
        }
        let values = vec![value];
        let variable = Variable { values, exported };
        self.variables.insert(name, variable);
    }

    /// Sets one element of an array.
    pub(super) fn set_element(&mut self, name: &str, key: &str, pieces: Pieces) {
        let mut elements = match self.variables.get(name).and_then(|old| old.values.first()) {
            Some(Value::List(elements)) => elements.clone(),
            Some(Value::Scalar(first)) => vec![("0".to_owned(), first.clone())],
            None => Vec::new(),
        };
        if let Some(element) = elements.iter_mut().find(|element| element.0 == key) {
            element.1 = pieces;
        } else {
            // In the order of their numbers, whatever the order in which they are set.
            let number = key.parse::<u32>().unwrap_or(u32::MAX);
            let at = elements.partition_point(|(known, _)| {
                known.parse::<u32>().is_ok_and(|known| known < number) || number == u32::MAX
            });
            elements.insert(at, (key.to_owned(), pieces));
        }
        self.set(name, Value::List(elements), false);
    }

    /// Exports a variable that may be set.
    pub(super) fn export(&mut self, name: &str) {
        if let Some(variable) = self.variables.get(name)
            && let Some(value) = variable.values.first().cloned()
        {
            let values = variable.values.clone();
            self.set(name, value, true);
            self.variables.insert(
                name,
                Variable {
                    values,
                    exported: true,
                },
            );
        }
    }

    /// Removes a variable; from then on it is empty, not unknown.
    pub(super) fn unset(&mut self, name: &str) {
        let values = vec![Value::Scalar(Vec::new())];
        let exported = false;
        self.variables.insert(name, Variable { values, exported });
        Rc::make_mut(&mut self.exported).values.remove(name);
    }

    /// Puts where the shell is on the stack of `pushd`.
    pub(super) fn push_directory(&mut self) {
        if self.stack.len() >= STACK_MAX {
            self.stack.remove(0);
        }
        self.stack.push(Rc::clone(&self.directories));
    }

    /// Joins what another branch may have left. Returns how much work it was.
    pub(super) fn join(&mut self, other: &Self) -> usize {
        let directories = self.directories.iter().chain(other.directories.iter());
        let mut work = if Rc::ptr_eq(&self.directories, &other.directories) {
            0
        } else {
            directories.map(|one| path_bytes(one) / 16 + 1).sum()
        };
        self.directories = union(&self.directories, &other.directories);
        self.previous = union(&self.previous, &other.previous);
        self.stops &= other.stops;
        if other.stack.len() > self.stack.len() {
            self.stack.clone_from(&other.stack);
        }
        if !alike(self.positional.as_ref(), other.positional.as_ref()) {
            self.positional = None;
        }
        work += self.functions.join(&other.functions, |_, mine, theirs| {
            let mut bodies = mine.cloned().unwrap_or_default();
            for body in theirs.into_iter().flatten() {
                if !bodies.iter().any(|known| Rc::ptr_eq(known, body)) {
                    bodies.push(Rc::clone(body));
                }
            }
            Some(bodies)
        });
        for (mine, theirs) in [
            (&mut self.aliases, &other.aliases),
            (&mut self.global_aliases, &other.global_aliases),
        ] {
            work += mine.join(theirs, |_, mine, theirs| mine.or(theirs).cloned());
        }
        work += self
            .descriptors
            .join(&other.descriptors, |_, mine, theirs| {
                mine.or(theirs).cloned()
            });
        work + self.join_variables(other)
    }

    fn join_variables(&mut self, other: &Self) -> usize {
        let work = self.variables.join(&other.variables, |name, mine, theirs| {
            let open = || vec![Value::Scalar(unknown(name))];
            let (mut joined, more) = match (mine, theirs) {
                (Some(mine), Some(theirs)) if mine == theirs => return None,
                (Some(mine), Some(theirs)) => (mine.clone(), theirs.values.clone()),
                (Some(one), None) | (None, Some(one)) => (one.clone(), open()),
                (None, None) => return None,
            };
            merge(name, &mut joined.values, &more);
            Some(joined)
        });
        if self.exported.values.is_same(&other.exported.values) {
            return work;
        }
        let exported = Rc::make_mut(&mut self.exported);
        work + exported
            .values
            .join(&other.exported.values, |name, mine, theirs| {
                match (mine, theirs) {
                    (Some(mine), Some(theirs)) if mine != theirs => Some(Word {
                        pieces: unknown(name),
                        span: mine.span,
                    }),
                    (Some(_), _) => None,
                    (None, theirs) => theirs.cloned(),
                }
            })
    }
}

/// Whether parameters are the same; long ones are only when they are shared.
fn alike(one: Option<&Rc<Vec<Pieces>>>, other: Option<&Rc<Vec<Pieces>>>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => {
            Rc::ptr_eq(one, other) || one.len() <= PARAMETERS_COMPARED_MAX && one == other
        }
        (None, Some(_)) | (Some(_), None) => false,
    }
}

/// Adds the values of another branch; too many become one that is not known.
fn merge(name: &str, values: &mut Vec<Value>, more: &[Value]) {
    for value in more {
        if !values.contains(value) {
            values.push(value.clone());
        }
    }
    if values.len() > ALTERNATIVES_MAX {
        *values = vec![Value::Scalar(unknown(name))];
    }
}

/// Returns every directory of both; too many become one that is not known.
pub(super) fn union(one: &Rc<[Directory]>, other: &Rc<[Directory]>) -> Rc<[Directory]> {
    if Rc::ptr_eq(one, other) || one == other {
        return Rc::clone(one);
    }
    let mut all = one.to_vec();
    for directory in other.iter() {
        if !all.contains(directory) {
            all.push(directory.clone());
        }
    }
    if all.len() > DIRECTORIES_MAX {
        all.truncate(DIRECTORIES_MAX);
        if !all.contains(&Directory::Unknown) {
            all.push(Directory::Unknown);
        }
    }
    all.into()
}

/// Returns how long the path of a directory is, in bytes.
pub(super) fn path_bytes(directory: &Directory) -> usize {
    match directory {
        Directory::Known(path) => path.len(),
        Directory::Unknown => 0,
    }
}

/// Returns `path` from `directory`, folded: without `.`, `..` and double slashes.
pub(super) fn resolve(directory: &Directory, path: &str) -> Directory {
    let base = match (directory, path.starts_with('/')) {
        (_, true) => "",
        (Directory::Known(base), false) => base.as_str(),
        (Directory::Unknown, false) => return Directory::Unknown,
    };
    if base.len() + path.len() > PATH_BYTES_MAX {
        return Directory::Unknown;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Directory::Known(format!("/{}", parts.join("/")))
}
