//! Assignments: of a text, of an element, of a whole array; for one command or from here on.

use std::rc::Rc;

use super::super::tree::{Raw, Simple};
use super::super::{Assignment, Input, Variables, Word};
use super::Machine;
use super::state::{self, Pieces, Value, Variable};
use crate::effect::Span;

/// An assignment as written.
pub(super) struct Written<'a> {
    /// The variable.
    pub(super) name: &'a str,
    /// The element.
    pub(super) subscript: Option<&'a str>,
    /// `+=`
    pub(super) appends: bool,
    /// Where the value begins, in bytes.
    pub(super) value: usize,
}

/// Units of work that one assignment costs.
const ASSIGNMENT_UNITS: usize = 12;

/// Units of work that copying one element of an array costs.
const ELEMENT_UNITS: usize = 3;

/// Reads `name=`, `name+=`, `name[key]=` at the start of a word as written.
pub(super) fn assignment(text: &str) -> Option<Written<'_>> {
    let (name, rest) = text.split_at_checked(name_bytes(text))?;
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let (subscript, rest) = subscript(rest)?;
    let appends = rest.starts_with("+=");
    let value = if appends {
        rest.get(2..)?
    } else {
        rest.strip_prefix('=')?
    };
    Some(Written {
        name,
        subscript,
        appends,
        value: text.len() - value.len(),
    })
}

/// How many bytes at the start of a text may be the name of a variable.
pub(super) fn name_bytes(text: &str) -> usize {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    text.bytes().take_while(is_part).count()
}

/// The subscript behind a name, if there is one, and what stands behind it; nothing where its bracket is not closed.
pub(super) fn subscript(behind_name: &str) -> Option<(Option<&str>, &str)> {
    match behind_name.strip_prefix('[') {
        Some(inner) => {
            let (inside, behind) = inner.split_once(']')?;
            Some((Some(inside), behind))
        }
        None => Some((None, behind_name)),
    }
}

impl Machine<'_> {
    /// Assigns and returns the value, as one text.
    pub(super) fn value_of(
        &mut self,
        raw: &Raw,
        at: usize,
        to: &(String, Option<String>, bool),
    ) -> Pieces {
        let (name, subscript, appends) = to;
        self.spend(ASSIGNMENT_UNITS, raw.span());
        let text = raw.text();
        let value = raw.part(at, text.len());
        if text.get(at..).is_some_and(|value| value.starts_with('(')) && subscript.is_none() {
            return self.assign_list(name, &value, *appends);
        }
        let mut pieces = self.single(&value).pieces;
        if let Some(subscript) = subscript {
            let elements = match self
                .state
                .variable(name)
                .and_then(|known| known.values.first())
            {
                Some(Value::List(elements)) => elements.clone(),
                Some(Value::Scalar(_)) | None => Vec::new(),
            };
            self.spend(elements.len() * ELEMENT_UNITS, raw.span());
            self.expanded_again(subscript, raw.span());
            let mut key = self.key(subscript, &elements);
            if self.has_zsh_arrays()
                && let Ok(number) = key.parse::<u32>()
            {
                key = number.saturating_sub(1).to_string();
            }
            // What these hold is what a name stands for (`bash(1)` 5.2; `zshmodules(1)` 5.9, zsh/parameter).
            let names = [
                "BASH_ALIASES",
                "BASH_CMDS",
                "aliases",
                "galiases",
                "commands",
                "functions",
            ];
            if names.contains(&name.as_str())
                && let Some(text) = state::known(&pieces)
            {
                let aliases = if name == "galiases" {
                    &mut self.state.global_aliases
                } else {
                    &mut self.state.aliases
                };
                aliases.insert(&key, text);
            }
            if name == "mapfile" && self.has_mapfile {
                self.text(&format!(": > \"{subscript}\""), raw.span());
            }
            self.state.set_element(name, &key, pieces.clone());
            self.tie_path(name);
            return pieces;
        }
        if *appends
            && self.has_zsh_arrays()
            && let Some(Value::List(elements)) = self.value(name)
        {
            self.state
                .set_element(name, &elements.len().to_string(), pieces.clone());
            self.tie_path(name);
            return pieces;
        }
        if *appends {
            let raw = super::words::fixed(&format!("\"${{{name}}}\""), value.span());
            let mut before = self.single(&raw).pieces;
            state::append(&mut before, &pieces);
            pieces = before;
            if state::size(&pieces) > super::words::VALUE_BYTES_MAX {
                pieces = state::unknown(name);
            }
        }
        self.state.set(name, Value::Scalar(pieces.clone()), false);
        pieces
    }

    /// `name=(…)`
    fn assign_list(&mut self, name: &str, value: &Raw, appends: bool) -> Pieces {
        let inner = value.part(1, value.text().len().saturating_sub(1));
        let tokens =
            super::super::lexer::list(&inner.source.text, (inner.start, inner.end), self.dialect);
        let mut elements = match self
            .state
            .variable(name)
            .and_then(|known| known.values.first())
        {
            Some(Value::List(elements)) if appends => elements.clone(),
            Some(Value::Scalar(pieces)) if appends => vec![("0".to_owned(), pieces.clone())],
            Some(Value::List(_) | Value::Scalar(_)) | None => Vec::new(),
        };
        self.spend(
            (elements.len() + tokens.len()) * ELEMENT_UNITS,
            value.span(),
        );
        let mut all = Vec::new();
        let mut is_keyed = false;
        for (start, end) in tokens {
            let raw = Raw {
                source: Rc::clone(&inner.source),
                start,
                end,
            };
            let text = raw.text();
            let keyed = text
                .strip_prefix('[')
                .and_then(|rest| rest.split_once("]="));
            if let Some((key, _)) = keyed {
                let at = key.len() + 3;
                let key = key.trim_matches(['"', '\'']).to_owned();
                // The key of an indexed array is an expression: `x='a[$(rm f)]'; y=([x]=1)`.
                if name_bytes(&key) == key.len() {
                    self.arithmetic(&key, raw.span());
                }
                let pieces = self.single(&raw.part(at, text.len())).pieces;
                state::append(&mut all, &pieces);
                elements.push((key, pieces));
                is_keyed = true;
                continue;
            }
            for word in self.fields(std::slice::from_ref(&raw)) {
                if !all.is_empty() {
                    state::append(&mut all, &state::text(" "));
                }
                state::append(&mut all, &word.pieces);
                elements.push((elements.len().to_string(), word.pieces));
            }
        }
        if is_keyed {
            elements.sort_by_key(|(key, _)| key.parse::<u32>().unwrap_or(0));
        }
        self.hook_functions(name, &elements, value.span());
        self.state.set(name, Value::List(elements), false);
        self.tie_path(name);
        all
    }

    /// Assignments or redirections without a program.
    pub(super) fn bare(&mut self, simple: &Simple, prefix: &[Raw], span: Span) {
        let mut assignments = Vec::new();
        self.assign(prefix, false, &mut assignments);
        let connections = self.connect(&simple.redirections);
        // `$(<file)` prints the file.
        let reads = prefix.is_empty() && !simple.redirections.is_empty() && self.capture.is_some();
        if reads {
            match &connections.input {
                Input::Text(word) => self.print(&word.pieces.clone()),
                Input::Inherited | Input::File(_) | Input::Pipe { .. } => self.doubt(usize::MAX),
            }
        }
        if let Some(file) = &connections.file {
            self.keep_file(file, Some(&Vec::new()));
        }
        let variables = Rc::clone(&self.state.exported);
        let mut span = span;
        if prefix.is_empty() {
            // With the operator, so that a redirection alone is told from the one of a group, whose span is the target's.
            span.start = span.start.saturating_sub(1);
        }
        let invocation = self.invocation(Vec::new(), assignments, &connections, (variables, span));
        self.emit(invocation);
        self.succeeded = None;
    }

    /// Assigns in order.
    pub(super) fn assign(
        &mut self,
        raws: &[Raw],
        exported: bool,
        assignments: &mut Vec<Assignment>,
    ) {
        for raw in raws {
            if self.exhausted {
                return;
            }
            let Some(written) = assignment(raw.text()) else {
                continue;
            };
            let name = written.name.to_owned();
            let at = written.value;
            let element = (
                name.clone(),
                written.subscript.map(str::to_owned),
                written.appends,
            );
            let pieces = self.value_of(raw, at, &element);
            if self.integers.contains(&name)
                && let Some(text) = state::known(&pieces)
            {
                self.arithmetic(&text, raw.span());
            }
            if exported {
                self.state.export(&name);
            }
            let value = Word {
                pieces,
                span: raw.span(),
            };
            assignments.push(Assignment {
                name,
                value,
                exported,
            });
        }
    }

    /// Assigns what stands in front of a program; returns what the variables were.
    pub(super) fn prefix(
        &mut self,
        prefix: &[Raw],
        assignments: &mut Vec<Assignment>,
    ) -> Vec<(String, Option<Variable>, Rc<Variables>)> {
        // Set, and set back.
        if let Some(first) = prefix.first()
            && !self.spend(prefix.len() * ASSIGNMENT_UNITS, first.span())
        {
            return Vec::new();
        }
        let names = prefix.iter().filter_map(|raw| assignment(raw.text()));
        let before = names
            .map(|written| {
                let variable = self.state.variable(written.name).cloned();
                (
                    written.name.to_owned(),
                    variable,
                    Rc::clone(&self.state.exported),
                )
            })
            .collect();
        self.assign(prefix, true, assignments);
        before
    }

    pub(super) fn restore(&mut self, before: Vec<(String, Option<Variable>, Rc<Variables>)>) {
        for (name, variable, exported) in before {
            match variable {
                Some(variable) => self.state.variables.insert(&name, variable),
                None => self.state.variables.remove(&name),
            }
            let now = Rc::make_mut(&mut self.state.exported);
            match exported.values.get(&name) {
                Some(word) => now.values.insert(&name, word.clone()),
                None => now.values.remove(&name),
            }
        }
    }
}
