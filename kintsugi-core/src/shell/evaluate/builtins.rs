//! Builtins that change what the rest of a text means.

use std::rc::Rc;

use super::{Evaluator, Printed};
use crate::effect::Span;
use crate::shell::{Assignment, Directory, Hole, Piece, Word};

impl Evaluator<'_> {
    /// Runs a builtin that is modelled here; none when the words are an invocation like any other.
    pub(super) fn builtin(
        &mut self,
        name: &str,
        words: &[Word],
        assignments: &[Assignment],
        span: Span,
    ) -> Option<Printed> {
        let arguments = words.get(1..).unwrap_or_default();
        match name {
            "cd" | "pushd" | "popd" | "chdir" => self.change_directory(name, arguments),
            "export" | "declare" | "typeset" | "local" | "readonly" => self.declare(arguments),
            "unset" => {
                for word in arguments {
                    if let Some(name) = word.known() {
                        self.state.variables.remove(name.as_ref());
                        self.state.functions.remove(name.as_ref());
                    }
                }
                return None;
            }
            "set" => self.set_options(arguments),
            "shift" => {
                if let Some(words) = self.state.arguments.as_mut() {
                    let count = arguments.first().and_then(Word::known);
                    let count = count
                        .and_then(|text| text.parse().ok())
                        .unwrap_or(1)
                        .min(words.len());
                    words.drain(..count);
                }
            }
            "read" => self.read(arguments),
            "mapfile" | "readarray" => {
                let lines = self.state.input.take();
                let lines =
                    lines.unwrap_or_else(|| vec![super::compound::unknown("a line that is read")]);
                if let Some(name) = arguments.last().and_then(Word::known) {
                    self.set_array(&name, lines);
                }
            }
            "printf" if arguments.first().and_then(Word::known).as_deref() == Some("-v") => {
                let name = arguments.get(1)?.known()?.into_owned();
                let rest: Vec<Word> = std::iter::once(Word::text("printf", span))
                    .chain(arguments.iter().skip(2).cloned())
                    .collect();
                let word = match self.prints(&rest) {
                    Printed::Text(word) => word,
                    Printed::Nothing | Printed::Anything => {
                        super::compound::unknown("a text that is formatted")
                    }
                };
                self.state.set(&name, word);
            }
            "eval" => return self.eval(arguments, assignments, span),
            "source" | "." => return self.source(arguments, span),
            "alias" => {
                for word in arguments {
                    if let Some((name, text)) = word
                        .known()
                        .as_deref()
                        .and_then(|text| text.split_once('='))
                    {
                        self.state.aliases.insert(name.to_owned(), text.to_owned());
                    }
                }
                return None;
            }
            "unalias" => self.state.aliases.clear(),
            "trap" => {
                if let Some(text) = arguments
                    .iter()
                    .filter_map(Word::known)
                    .find(|text| !text.starts_with('-'))
                {
                    let text = text.into_owned();
                    if arguments.len() > 1 && !text.is_empty() {
                        self.subshell(|evaluator| evaluator.inner_text(&text, span));
                    }
                }
                return arguments
                    .iter()
                    .any(|word| word.known().is_none())
                    .then_some(Printed::Nothing)
                    .filter(|_| false);
            }
            "exit" | "return" | "break" | "continue" => self.state.ended = true,
            "exec" if arguments.is_empty() => {}
            "command" | "builtin" => {
                let inner = arguments.first().and_then(Word::known)?;
                let inner = inner.into_owned();
                let modelled = matches!(
                    inner.as_str(),
                    "cd" | "eval"
                        | "export"
                        | "source"
                        | "."
                        | "command"
                        | "builtin"
                        | "printf"
                        | "read"
                );
                return if modelled {
                    self.builtin(&inner, arguments, assignments, span)
                } else {
                    None
                };
            }
            ":" | "true" | "false" => {
                return if name == "false" {
                    self.failing()
                } else {
                    None
                };
            }
            _ => return None,
        }
        Some(Printed::Nothing)
    }

    fn failing(&mut self) -> Option<Printed> {
        None
    }

    fn change_directory(&mut self, name: &str, arguments: &[Word]) {
        let mut operands = arguments.iter().filter(|word| {
            !word
                .known()
                .is_some_and(|text| text.len() > 1 && text.starts_with('-'))
        });
        let before = self.directories();
        let after: Vec<Directory> = match operands.next() {
            None if name == "cd" => vec![self.home()],
            None => vec![Directory::Unknown],
            Some(word) => before
                .iter()
                .map(|directory| self.target(directory, word))
                .collect(),
        };
        self.state.failed = before;
        self.state.directories = deduplicated(after).into();
    }

    fn home(&mut self) -> Directory {
        let home = self
            .lookup("HOME")
            .and_then(|word| word.known().map(std::borrow::Cow::into_owned));
        home.map_or(Directory::Unknown, Directory::Known)
    }

    fn target(&mut self, from: &Directory, word: &Word) -> Directory {
        if let [Piece::Hole(Hole::Variable(name)), rest @ ..] = word.pieces.as_slice()
            && name == "HOME"
            && let Directory::Known(home) = self.home()
        {
            let rest = Word {
                pieces: rest.to_vec(),
                span: word.span,
            };
            return rest.known().map_or(Directory::Unknown, |rest| {
                Directory::Known(fold(&format!("{home}/{rest}")))
            });
        }
        match (word.known(), from) {
            (None, _) => Directory::Unknown,
            (Some(path), _) if path == "-" || path.starts_with(['+', '~']) => Directory::Unknown,
            (Some(path), _) if path.starts_with('/') => Directory::Known(fold(&path)),
            (Some(path), Directory::Known(base)) => {
                Directory::Known(fold(&format!("{base}/{path}")))
            }
            (Some(_), Directory::Unknown) => Directory::Unknown,
        }
    }

    fn declare(&mut self, arguments: &[Word]) {
        for word in arguments {
            let Some(Piece::Text(first)) = word.pieces.first() else {
                continue;
            };
            let Some((name, start)) = first.split_once('=') else {
                continue;
            };
            if name.is_empty() || name.starts_with('-') {
                continue;
            }
            let mut pieces = vec![Piece::Text(start.to_owned())];
            pieces.extend(word.pieces.iter().skip(1).cloned());
            let value = Word {
                pieces,
                span: word.span,
            };
            let name = name.trim_end_matches('+').to_owned();
            self.state.set(&name, value);
        }
    }

    fn set_options(&mut self, arguments: &[Word]) {
        let mut rest = arguments;
        while let Some((first, behind)) = rest.split_first() {
            match first.known().as_deref() {
                Some("--") => {
                    self.state.arguments = Some(behind.to_vec());
                    return;
                }
                Some(text) if text.starts_with('-') && text.len() > 1 => {
                    self.state.exits_on_failure |= text.contains('e') && !text.starts_with("--");
                    let skip = usize::from(text.ends_with('o'));
                    rest = behind.get(skip..).unwrap_or_default();
                }
                Some(text) if text.starts_with('+') => rest = behind,
                _ => {
                    self.state.arguments = Some(rest.to_vec());
                    return;
                }
            }
        }
    }

    fn read(&mut self, arguments: &[Word]) {
        let mut names: Vec<String> = Vec::new();
        let mut array = None;
        let mut words = arguments.iter().map(Word::known);
        while let Some(word) = words.next() {
            match word.as_deref() {
                Some("-a") => array = words.next().flatten().map(std::borrow::Cow::into_owned),
                Some("-d" | "-n" | "-N" | "-p" | "-t" | "-u" | "-i") => {
                    words.next();
                }
                Some(text) if text.starts_with('-') => {}
                Some(name) => names.push(name.to_owned()),
                None => {}
            }
        }
        if let Some(array) = array {
            self.set_from_input(std::slice::from_ref(&array));
            let line = self.lookup(&array).unwrap_or_default();
            let words = match line.known() {
                Some(text) => text
                    .split_whitespace()
                    .map(|field| Word::text(field, line.span))
                    .collect(),
                None => vec![line.clone()],
            };
            self.set_array(&array, words);
            return;
        }
        if names.is_empty() {
            names.push("REPLY".to_owned());
        }
        self.set_from_input(&names);
    }

    /// Text that is known is read in the present state; the rest is an invocation.
    fn eval(
        &mut self,
        arguments: &[Word],
        assignments: &[Assignment],
        span: Span,
    ) -> Option<Printed> {
        for assignment in assignments {
            self.state.set(&assignment.name, assignment.value.clone());
        }
        let parts: Option<Vec<String>> = arguments
            .iter()
            .map(|word| {
                word.pieces
                    .iter()
                    .map(|piece| match piece {
                        Piece::Text(text) | Piece::Glob(text) => Some(text.clone()),
                        Piece::Hole(Hole::Variable(name)) => Some(format!("${{{name}}}")),
                        Piece::Hole(_) => None,
                    })
                    .collect()
            })
            .collect();
        let parts = parts?;
        Some(self.inner_text(&parts.join(" "), span))
    }

    fn source(&mut self, arguments: &[Word], span: Span) -> Option<Printed> {
        let file = arguments.first()?;
        let text = match file.pieces.as_slice() {
            [Piece::Hole(Hole::Process { first, .. })] => self.process_output(*first).cloned(),
            _ => match file.known()?.as_ref() {
                "/dev/stdin" | "/dev/fd/0" => match &self.wiring.input {
                    crate::shell::Input::Text(text) => Some(text.clone()),
                    _ => None,
                },
                path => self.state.file(path).cloned(),
            },
        };
        let text = text?.known()?.into_owned();
        Some(self.inner_text(&text, span))
    }
}

/// Folds `.` and `..` of an absolute path, as `realpath -m` does without links.
fn fold(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

fn deduplicated(mut directories: Vec<Directory>) -> Rc<[Directory]> {
    let mut seen: Vec<Directory> = Vec::with_capacity(directories.len());
    directories.retain(|directory| {
        let new = !seen.contains(directory);
        if new {
            seen.push(directory.clone());
        }
        new
    });
    directories.into()
}
