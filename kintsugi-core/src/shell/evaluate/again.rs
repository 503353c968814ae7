//! Text that the shell expands where nobody would look for commands: subscripts, numbers, prompts, names of variables.
//!
//! bash expands the subscript of a name wherever a builtin or an expression takes a name, from inside single quotes too
//! (`bash(1)` 5.2, ARRAYS and ARITHMETIC EVALUATION). What is found is read as code in the present state.

use std::rc::Rc;

use super::super::tree::Node;
use super::super::{Dialect, Hole, InvocationId, Piece, Word};
use super::Machine;
use super::redirections::Connections;
use super::state::{self, Pieces, Value};
use crate::effect::Span;

/// Builtins that take names of variables, and so their subscripts.
const NAMING: [&str; 14] = [
    "test", "[", "printf", "read", "unset", "declare", "typeset", "local", "export", "readonly",
    "let", "mapfile", "wait", "getopts",
];

/// Commands that only look at the names of functions, or forget them.
const ONLY_NAMES: [&str; 32] = [
    "type",
    "command",
    "unset",
    "declare",
    "typeset",
    "which",
    "whence",
    "echo",
    "printf",
    "functions",
    "hash",
    "local",
    "export",
    "test",
    "[",
    "print",
    "rm",
    "cp",
    "mv",
    "ln",
    "cat",
    "ls",
    "cd",
    "touch",
    "mkdir",
    "rmdir",
    "grep",
    "sed",
    "awk",
    "chmod",
    "chown",
    "git",
];

/// Deepest calls in which functions that are handed on are followed.
const HANDED_DEPTH_MAX: usize = 6;

/// Functions that a shell calls by itself (`bash(1)` 5.2, COMMAND EXECUTION; `zshmisc(1)` 5.9, SPECIAL FUNCTIONS).
const UNASKED: [&str; 9] = [
    "command_not_found_handle",
    "command_not_found_handler",
    "precmd",
    "preexec",
    "chpwd",
    "periodic",
    "zshexit",
    "zshaddhistory",
    "zsh_directory_name",
];

/// Whether the shell calls a function of this name by itself.
pub(super) fn is_called_unasked(name: &str) -> bool {
    UNASKED.contains(&name) || name.starts_with("TRAP")
}

impl Machine<'_> {
    /// Reads the substitutions in a text that is expanded a second time; returns what becomes of it.
    pub(super) fn expanded_again(&mut self, text: &str, span: Span) -> Pieces {
        if text.contains("$(") || text.contains('`') {
            self.quoted_text(&super::words::fixed(text, span))
        } else {
            state::text(text)
        }
    }

    /// Reads a body with arguments that nobody knows, and goes on as if it had not run.
    pub(super) fn walk_apart(&mut self, body: &Rc<Node>) {
        let state = self.state.clone();
        self.state.positional = None;
        self.walk(body);
        self.state = state;
    }

    /// Reads the body of a function in the place of a trusted program, and sets its commands apart: they run when somebody calls it.
    pub(super) fn walk_in_place(&mut self, name: String, body: &Rc<Node>) {
        let first = self.script.invocations.len();
        self.walk_apart(body);
        let commands = self.script.invocations.split_off(first);
        let is_kept = |id: InvocationId| (id.0 as usize) < first;
        self.script.printed.retain(|(id, _)| is_kept(*id));
        self.script.certain.retain(|it| is_kept(it.command));
        self.script.failed.retain(|it| is_kept(it.command));
        self.script.in_place.push((name, commands));
    }

    /// Reads every body that a function may have.
    pub(super) fn walk_unasked(&mut self, name: &str) {
        let bodies = self.state.functions.get(name).cloned();
        for body in bodies.iter().flatten() {
            self.walk_apart(body);
        }
    }

    /// Functions whose names are handed to another command, which may call them: `add-zsh-hook precmd f`, `zle -N f`.
    pub(super) fn handed_on(&mut self, name: &str, words: &[Word]) {
        if ONLY_NAMES.contains(&name) || self.calls.len() >= HANDED_DEPTH_MAX {
            return;
        }
        for word in words.iter().skip(1) {
            let Some(function) = word.known() else {
                continue;
            };
            if !self.calls.iter().any(|it| *it == *function)
                && self.state.functions.get(&function).is_some()
            {
                self.calls.push(function.clone().into_owned());
                self.walk_unasked(&function);
                self.calls.pop();
            }
        }
    }

    /// Functions that the qualifiers of a pattern of zsh name, which run for every name that it matches: `*(+f)`, `*(o+f)`
    /// (`zshexpn(1)` 5.9, Glob Qualifiers). The name is in `REPLY`.
    pub(super) fn qualifier_functions(&mut self, words: &[Word]) {
        if self.dialect != Dialect::Zsh || self.calls.len() >= HANDED_DEPTH_MAX {
            return;
        }
        for word in words {
            let text = word.display();
            let Some((pattern, inside)) = text.rsplit_once('(') else {
                continue;
            };
            let Some((_, function)) = inside
                .strip_suffix(')')
                .and_then(|inside| inside.rsplit_once('+'))
            else {
                continue;
            };
            if self.calls.iter().any(|it| it == function)
                || self.state.functions.get(function).is_none()
            {
                continue;
            }
            let names = vec![Piece::Glob(pattern.to_owned())];
            self.state.set("REPLY", Value::Scalar(names), false);
            self.calls.push(function.to_owned());
            self.walk_unasked(function);
            self.calls.pop();
        }
    }

    /// The subscripts in the words of a builtin that takes names, and the words that `compgen -W` expands (bash(1) 5.2, "compgen").
    pub(super) fn subscripts(&mut self, name: &str, words: &[Word]) {
        if matches!(name, "compgen" | "complete") {
            for word in words {
                if let Some(text) = word.known() {
                    self.expanded_again(&text, word.span);
                }
            }
        }
        if !NAMING.contains(&name) {
            return;
        }
        for word in words {
            if let Some(text) = word.known()
                && text.contains('[')
            {
                self.expanded_again(&text, word.span);
            }
        }
    }

    /// The value of a name in an expression.
    pub(super) fn value_again(&mut self, name: &str, span: Span) {
        let values = self.state.variable(name).map(|it| it.values.clone());
        for value in values.unwrap_or_default() {
            if let Some(text) = state::known(&value.scalar()) {
                self.expanded_again(&text, span);
            }
        }
    }

    /// `sed -i` and its like on a file that this text wrote: what stands there now.
    pub(super) fn edit_in_place(&mut self, name: &str, words: &[Word], _: &Connections) {
        let program = name.rsplit('/').next().unwrap_or_default();
        let edits = matches!(
            program,
            "sed" | "perl" | "ed" | "ex" | "vi" | "vim" | "patch"
        ) || matches!(
            program,
            "gsed" | "ruby" | "truncate" | "dd" | "awk" | "gawk" | "sponge"
        );
        let Some((file, rest)) = words.split_last().filter(|_| edits) else {
            return;
        };
        let Some(before) = self.written(file) else {
            return;
        };
        let flag = |word: &Word| {
            let known = word.known();
            known.is_some_and(|it| it.starts_with("-i") || it.starts_with("--in-place"))
        };
        // `sed -Ei`, `sed -ni`
        let joined = |word: &Word| {
            let known = word.known();
            known.is_none_or(|it| {
                it.starts_with('-') && !it.starts_with("--") && it.contains(['i', 'I'])
            })
        };
        if matches!(program, "sed" | "gsed") && !rest.iter().any(|it| flag(it) || joined(it)) {
            return;
        }
        if matches!(program, "perl" | "ruby") && rest.iter().skip(1).all(only_runs) {
            return;
        }
        if !self.spend(state::size(&before) / 16 + 1, file.span) {
            return;
        }
        let arguments: Option<Vec<String>> = rest
            .iter()
            .skip(1)
            .filter(|word| !flag(word))
            .map(|word| state::known(&word.pieces))
            .collect();
        let text = match (state::known(&before), arguments) {
            (Some(text), Some(arguments)) => {
                let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                super::output::filter(program, &arguments, &text)
            }
            (_, _) => None,
        };
        let edited = Hole::Other(super::super::EDITED);
        let pieces = text.map_or_else(|| vec![Piece::Hole(edited)], state::text);
        self.keep_file(&(file.clone(), false), Some(&pieces));
    }
}

/// Whether an option of perl or ruby gives it no text of its own and changes no file: what stands behind it is the script (perlrun(1) 5.38;
/// ruby(1) 3.3).
fn only_runs(word: &Word) -> bool {
    word.known().is_some_and(|it| {
        let letters = it.strip_prefix('-').unwrap_or_default();
        letters.starts_with(['I', 'W'])
            || !letters.is_empty() && letters.chars().all(|it| "wctTuUv".contains(it))
    })
}
