//! Programs that a variable of the environment names, where nothing of the line sets it: `$PYTHON -m pytest`, `$CC x.c`, `$VENV/bin/pip`.
//!
//! By convention such a variable names one program, and what is said to it is read as that program reads it. Where the variable is not
//! set, the next word is the program (bash(1) 5.2, "Simple Command Expansion"): that is read as well when it is one that is known.
//! A name that the line itself gives a value, of whatever origin, tells nothing by itself.

use super::Resolved;
use super::analyst::{Analyst, Call, Printed};
use super::plain_outputs::prints_directory;
use crate::effect::Modifier;
use crate::shell::{Hole, Invocation, Piece, Word};

/// Variables, and the program that each names (make(1) "Implicit Variables"; environ(7); the manuals of tox, node-gyp and rustup).
const USUAL: &[(&str, &str)] = &[
    ("AR", "ar"),
    ("CARGO", "cargo"),
    ("CC", "cc"),
    ("CMAKE", "cmake"),
    ("CXX", "c++"),
    ("EDITOR", "vi"),
    ("GO", "go"),
    ("JAVA", "java"),
    ("MAKE", "make"),
    ("NODE", "node"),
    ("NPM", "npm"),
    ("PAGER", "less"),
    ("PIP", "pip"),
    ("PY", "python3"),
    ("PYTHON", "python3"),
    ("PYTHON3", "python3"),
    ("RUBY", "ruby"),
    ("RUSTC", "rustc"),
    ("SHELL", "bash"),
    ("SUDO", "sudo"),
    ("VISUAL", "vi"),
];

/// Most commands of a line among which one is looked for that gives the variable a value.
const COMMANDS_MAX: usize = 256;

/// The program that a word names by convention.
pub(super) fn usual(call: &Call<'_>, first: &Word) -> Option<&'static str> {
    let [Piece::Hole(Hole::Variable(name))] = first.pieces.as_slice() else {
        return None;
    };
    let (_, program) = USUAL.iter().find(|(variable, _)| variable == name)?;
    is_of_environment(&call.scope.script.invocations, name).then_some(*program)
}

/// The path of a program below a directory that a variable names, of which only the name of the program is known: `$VENV/bin/pip`.
pub(super) fn below(call: &Call<'_>, first: &Word) -> Option<String> {
    let [Piece::Hole(Hole::Variable(name)), Piece::Text(tail)] = first.pieces.as_slice() else {
        return None;
    };
    is_of_environment(&call.scope.script.invocations, name).then(|| ["./", name, tail].concat())
}

/// Whether no command of the line gives a variable a value that is not known: `read PYTHON`.
pub(super) fn is_of_environment(invocations: &[Invocation], name: &str) -> bool {
    let is_name = name.starts_with(|it: char| it.is_ascii_alphabetic());
    let mut words = invocations.iter().flat_map(|it| it.words.iter().skip(1));
    is_name
        && invocations.len() <= COMMANDS_MAX
        && !words.any(|word| matches!(word.pieces.as_slice(), [Piece::Text(text)] if text == name))
}

impl Analyst<'_> {
    /// The path of a program in a directory that is known by what names it: `"$VIRTUAL_ENV/bin/python"`,
    /// `"$(git rev-parse --show-toplevel)/x.sh"`.
    pub(super) fn program_of_place(&self, call: &Call<'_>, first: &Word) -> Option<String> {
        let [hole @ Piece::Hole(_), Piece::Text(tail)] = first.pieces.as_slice() else {
            return None;
        };
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./+".contains(&byte);
        if !tail.starts_with('/') || tail.ends_with('/') || !tail.bytes().all(is_name) {
            return None;
        }
        if call
            .printing(&Word {
                pieces: vec![hole.clone()],
                span: first.span,
            })
            .iter()
            .any(|it| prints_directory(&it.words))
        {
            return Some(["/usr/local", tail].concat());
        }
        match self.judge(first, &call.directories, call.scope).as_slice() {
            [judged] if !judged.modifiers.contains(Modifier::Unresolved) => {
                Some(judged.path.clone())
            }
            _ => below(call, first),
        }
    }

    /// A command whose program a variable names.
    pub(super) fn by_variable(
        &mut self,
        call: &Call<'_>,
        first: &Word,
        usual: &str,
        words: &[Word],
    ) -> Printed {
        let next = words.first().and_then(Word::known);
        // Neither a compiler nor an editor is called so, and whoever set the variable may have meant another program.
        if matches!(
            next.as_deref(),
            Some("-rf" | "-fr" | "-Rf" | "-r" | "-R" | "-f")
        ) {
            self.call(&Call {
                words: &[&[Word::text("rm", first.span)], words].concat(),
                ..call.clone()
            });
        }
        let is_known = next.is_some_and(|name| {
            let name = name.rsplit('/').next().unwrap_or_default();
            matches!(self.knowledge.resolve(name), Resolved::Known { .. })
        });
        if is_known {
            let unset = Call {
                words,
                ..call.clone()
            };
            self.call(&unset);
        }
        self.program(call, &Word::text(usual, first.span), usual, words)
    }
}
