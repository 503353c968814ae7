//! `trap`: text that runs later, so it is read in the states in which it could run, not in the one in which it is written.
//!
//! Expands nothing by itself: a trap is read when every variable it names has a value, again when one of them has got another, and at
//! the end of the text when that never was the case.

use super::super::{Input, Map, Output, Word};
use super::state::{self, Pieces, Variable};
use super::{Machine, Stream};
use crate::effect::Span;

/// Most states in which one trap is read.
const READINGS_MAX: usize = 8;

/// Traps that are looked at for one unit of work.
const TRAPS_A_UNIT: usize = 8;

/// Arrays of the functions that a shell calls by itself.
const HOOKS: [&str; 6] = [
    "chpwd_functions",
    "precmd_functions",
    "preexec_functions",
    "periodic_functions",
    "zshaddhistory_functions",
    "zshexit_functions",
];

/// Builtins and functions that take the names of functions for the shell to call by itself: at a key, a completion, a change of
/// directory, in arithmetic (bash(1) 5.2; zshzle(1), zshcontrib(1) and zshbuiltins(1) 5.9, "functions -M"; bind(1) and complete(1) of
/// fish 3.6).
const REGISTERING: [&str; 7] = [
    "add-zsh-hook",
    "bind",
    "bindkey",
    "complete",
    "compdef",
    "functions",
    "zle",
];

/// Most names that are kept until the end of a text.
const REGISTERED_MAX: usize = 256;

/// A text that waits for a signal or the end.
#[derive(Debug, Clone)]
pub(super) struct Trap {
    text: String,
    span: Span,
    /// The variables that stand in it.
    names: Vec<String>,
    /// Their values when it was read last.
    read_with: Vec<Variable>,
    readings: usize,
}

impl Machine<'_> {
    /// Keeps the text of a `trap` for when it could run.
    pub(super) fn trap(&mut self, arguments: &[Word]) {
        let action = arguments
            .iter()
            .find(|word| word.known().is_none_or(|word| word != "--"));
        let Some(action) = action.filter(|_| arguments.len() > 1) else {
            return;
        };
        let Some(text) = action.known().filter(|text| text != "-") else {
            return;
        };
        if !text.is_empty() {
            self.later(text.into_owned(), action.span);
        }
    }

    /// Keeps a text that runs later.
    fn later(&mut self, text: String, span: Span) {
        self.traps.push(Trap {
            names: names(&text),
            text,
            span,
            read_with: Vec::new(),
            readings: 0,
        });
        self.traps_seen = None;
    }

    /// Functions that an array names for the shell to call: `chpwd_functions+=(f)` (zshmisc(1) 5.9, "Hook Functions"; bash-preexec 0.5).
    pub(super) fn hook_functions(&mut self, name: &str, elements: &[(String, Pieces)], span: Span) {
        if !HOOKS.contains(&name) {
            return;
        }
        for (_, pieces) in elements {
            if let Some(function) = state::known(pieces) {
                self.later(function, span);
            }
        }
    }

    /// Keeps the names that a command registers: the function may be written, or written anew, behind it.
    pub(super) fn register(&mut self, name: &str, words: &[Word]) {
        let is_asked = || words.iter().any(|word| word.display() == "-M");
        if !REGISTERING.contains(&name) || name == "functions" && !is_asked() {
            return;
        }
        let of_function = |letter: char| letter.is_alphanumeric() || "_-.:".contains(letter);
        for word in words.iter().skip(1) {
            let text = word.display();
            for part in text.split(|letter| !of_function(letter)) {
                if !part.is_empty() && self.registered.len() < REGISTERED_MAX {
                    self.registered.insert(part.to_owned());
                } else if self.registered.len() == REGISTERED_MAX {
                    self.problem(
                        "more names for the shell to call than are looked at",
                        word.span,
                    );
                    return;
                }
            }
        }
    }

    /// Reads the traps whose variables have all got values, and other ones than before.
    pub(super) fn read_traps(&mut self) {
        let is_same = |seen: &Map<Variable>| seen.is_same(&self.state.variables);
        if self.traps.is_empty() || self.traps_seen.as_ref().is_some_and(is_same) {
            return;
        }
        self.traps_seen = Some(self.state.variables.clone());
        let units = self.traps.len() / TRAPS_A_UNIT;
        if !self.spend(units, Span::default()) {
            return;
        }
        // While one is read, what it changes reads none.
        let mut traps = std::mem::take(&mut self.traps);
        for trap in &mut traps {
            let values: Option<Vec<Variable>> = trap
                .names
                .iter()
                .map(|name| self.state.variable(name).cloned())
                .collect();
            let Some(values) = values.filter(|values| !values.is_empty()) else {
                continue;
            };
            if trap.readings > 0 && values == trap.read_with {
                continue;
            }
            if trap.readings == READINGS_MAX {
                self.problem("a trap whose variables change too often", trap.span);
                continue;
            }
            trap.read_with = values;
            self.read_trap(trap);
        }
        traps.append(&mut self.traps);
        self.traps = traps;
    }

    /// Reads every trap in the present state: here the shell may end.
    pub(super) fn read_traps_now(&mut self) {
        let mut traps = std::mem::take(&mut self.traps);
        for trap in &mut traps {
            if trap.readings < READINGS_MAX {
                self.read_trap(trap);
            }
        }
        traps.append(&mut self.traps);
        self.traps = traps;
    }

    /// Reads the traps that have not been read, in the state at the end of the text.
    pub(super) fn read_traps_at_end(&mut self) {
        // A trap may set another one, once.
        for _ in 0..2 {
            for mut trap in std::mem::take(&mut self.traps) {
                if trap.readings == 0 {
                    self.read_trap(&mut trap);
                }
            }
        }
        for name in std::mem::take(&mut self.registered) {
            self.walk_unasked(&name);
        }
    }

    fn read_trap(&mut self, trap: &mut Trap) {
        trap.readings += 1;
        let alone = Stream {
            input: Input::Inherited,
            output: Output::Inherited,
            background: false,
        };
        let state = self.state.clone();
        let stream = std::mem::replace(&mut self.stream, alone);
        let capture = self.capture.take();
        let text = std::mem::take(&mut trap.text);
        self.text(&text, trap.span);
        trap.text = text;
        self.capture = capture;
        self.stream = stream;
        self.state = state;
    }
}

/// Returns the names of the variables that stand in `text`; positional and special parameters are none.
fn names(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (_, behind) in text
        .match_indices('$')
        .filter_map(|(at, _)| text.split_at_checked(at + 1))
    {
        let behind = behind.strip_prefix('{').unwrap_or(behind);
        let name: String = behind
            .chars()
            .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
            .collect();
        let is_variable = name.starts_with(|first: char| !first.is_ascii_digit());
        if is_variable && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn the_variables_of_a_text_are_found_in_quotes_and_braces() {
        assert_eq!(
            names(r#"rm -rf "$tmp" ${dir%/} $tmp $? $1 $$"#),
            ["tmp", "dir"]
        );
        assert_eq!(names("cleanup $"), Vec::<String>::new());
    }
}
