//! Builtins that change what later words mean: directories, variables, parameters, aliases, and text that is read again.

use std::rc::Rc;

use super::super::{Hole, Input, LINES_OF_FILE, Piece, Word};
use super::Machine;
use super::redirections::Connections;
use super::state::{self, Pieces, Value};

/// Builtins whose arguments are assignments.
pub(super) const DECLARING: [&str; 6] = [
    "export", "declare", "typeset", "local", "readonly", "integer",
];

impl Machine<'_> {
    /// Lets a builtin change the state; true when what it prints has been dealt with.
    pub(super) fn builtin(
        &mut self,
        name: &str,
        words: &[Word],
        connections: &Connections,
    ) -> bool {
        let arguments = words.get(1..).unwrap_or_default();
        match name {
            "cd" | "chdir" => self.change_directory(arguments),
            "pushd" => {
                self.state.push_directory();
                self.change_directory(arguments);
            }
            "popd" => self.pop_directory(),
            "export" | "declare" | "typeset" | "local" | "readonly" => {
                self.declare(name, arguments);
            }
            "unset" => self.unset(arguments),
            "set" => self.set_parameters(arguments),
            "shift" => self.shift(arguments),
            "read" => self.read_line(arguments, connections),
            "mapfile" | "readarray" => self.read_lines(arguments, connections),
            "let" => {
                for word in arguments {
                    if let Some(expression) = word.known() {
                        self.arithmetic(&expression, word.span);
                    }
                }
            }
            "getopts" => {
                for name in arguments
                    .get(1)
                    .and_then(Word::known)
                    .iter()
                    .chain(&["OPTARG".into()])
                {
                    self.state
                        .set(name, Value::Scalar(state::unknown(name)), false);
                }
            }
            "alias" => self.alias_names(arguments),
            "unalias" => {
                for name in arguments.iter().filter_map(Word::known) {
                    self.state.aliases.remove(name.as_ref());
                    self.state.global_aliases.remove(name.as_ref());
                }
            }
            "printf" => return self.printf_to_variable(arguments),
            "eval" => {
                self.evaluate(arguments, connections);
                return true;
            }
            "trap" => self.trap(arguments),
            "exit" => self.read_traps_now(),
            "source" | "." => return self.source_file(arguments, connections),
            "command" | "builtin" => {
                let rest = arguments
                    .iter()
                    .position(|word| word.known().is_none_or(|word| !word.starts_with('-')));
                let options = arguments
                    .iter()
                    .filter_map(Word::known)
                    .any(|word| matches!(word.as_ref(), "-v" | "-V"));
                if let (Some(rest), false) = (rest, options)
                    && let Some(words) = arguments.get(rest..)
                    && let Some(name) = words.first().and_then(Word::known)
                {
                    return self.builtin(&name, words, connections);
                }
            }
            _ => {}
        }
        false
    }

    fn unset(&mut self, arguments: &[Word]) {
        for word in arguments.iter().filter_map(Word::known) {
            self.state.functions.remove(word.as_ref());
            if !word.starts_with('-') {
                self.state.unset(&word);
            }
        }
    }

    /// `export`, `declare` and their like; the assignments have been done when the words were expanded.
    fn declare(&mut self, builtin: &str, arguments: &[Word]) {
        let flags: String = arguments
            .iter()
            .filter_map(Word::known)
            .filter(|word| word.starts_with('-'))
            .collect();
        let exports = builtin == "export" && !flags.contains('n') || flags.contains('x');
        for word in arguments {
            let prefix = word.known_prefix();
            if prefix.starts_with(['-', '+']) {
                continue;
            }
            let end = prefix
                .find(|character: char| !(character.is_ascii_alphanumeric() || character == '_'));
            let name = prefix
                .get(..end.unwrap_or(prefix.len()))
                .unwrap_or_default();
            if name.is_empty() {
                continue;
            }
            let is_local =
                matches!(builtin, "local" | "declare" | "typeset") && !flags.contains('g');
            if is_local && let Some(locals) = self.locals.last_mut() {
                locals.insert(name.to_owned());
            }
            if exports && flags.contains('f') {
                // Any shell that is started from here on may call it.
                self.walk_unasked(name);
            }
            if exports {
                self.state.export(name);
            }
            if flags.contains('i') || builtin == "integer" {
                self.integers.insert(name.to_owned());
            }
            if flags.contains(['u', 'l', 'i']) {
                self.convert(name, &flags);
            }
            if flags.contains('n') && builtin != "export" {
                self.state
                    .set(name, Value::Scalar(state::unknown(name)), false);
            }
        }
    }

    /// `declare -u`, `-l`, `-i` change what is assigned.
    fn convert(&mut self, name: &str, flags: &str) {
        let value = self
            .state
            .variable(name)
            .and_then(|known| known.values.first());
        let Some(text) = value.and_then(|value| state::known(&value.scalar())) else {
            return;
        };
        let text = if flags.contains('u') {
            text.to_uppercase()
        } else if flags.contains('l') {
            text.to_lowercase()
        } else {
            let number = self.arithmetic(&text, crate::effect::Span::default());
            number.map_or(text, |number| number.to_string())
        };
        self.state
            .set(name, Value::Scalar(state::text(text)), false);
    }

    fn set_parameters(&mut self, arguments: &[Word]) {
        let mut rest = arguments;
        while let Some((first, behind)) = rest.split_first() {
            let Some(word) = first.known() else { break };
            if word == "--" {
                rest = behind;
                self.positional(rest);
                return;
            }
            if !word.starts_with(['-', '+']) {
                break;
            }
            let takes = word.ends_with('o');
            let named = behind.first().filter(|_| takes).and_then(Word::known);
            let letters = word.get(1..).unwrap_or_default();
            let is_short = !word.starts_with("--") && letters.contains('e');
            if is_short || named.as_deref() == Some("errexit") {
                self.state.stops = word.starts_with('-');
            }
            rest = if takes {
                behind.get(1..).unwrap_or_default()
            } else {
                behind
            };
        }
        if !rest.is_empty() {
            self.positional(rest);
        }
    }

    fn positional(&mut self, words: &[Word]) {
        let values = words.iter().map(|word| word.pieces.clone()).collect();
        self.state.positional = Some(Rc::new(values));
        self.state.given = true;
    }

    fn shift(&mut self, arguments: &[Word]) {
        let count = match arguments.first() {
            None => Some(1),
            Some(word) => word.known().and_then(|count| count.parse::<usize>().ok()),
        };
        let mut work = 0;
        self.state.positional = match (count, self.state.positional.as_deref()) {
            (Some(count), Some(values)) => {
                work = values.len();
                Some(Rc::new(values.iter().skip(count).cloned().collect()))
            }
            (_, _) => None,
        };
        self.spend(work, crate::effect::Span::default());
    }

    /// Takes the next line of an input that is known.
    fn next_line(&mut self, connections: &Connections) -> Option<String> {
        let Input::Text(word) = &connections.input else {
            return None;
        };
        let text = word.known()?.into_owned();
        let (line, rest) = text.split_once('\n').unwrap_or((&text, ""));
        if connections.input == self.stream.input {
            self.stream.input = Input::Text(Rc::new(Word {
                pieces: state::text(rest),
                span: word.span,
            }));
        }
        Some(line.to_owned())
    }

    fn read_line(&mut self, arguments: &[Word], connections: &Connections) {
        let mut names: Vec<String> = Vec::new();
        let mut list = None;
        let mut rest = arguments.iter();
        while let Some(word) = rest.next() {
            let Some(text) = word.known() else { continue };
            if text.starts_with('-') {
                if text.ends_with(['d', 'n', 'N', 'p', 't', 'u', 'i', 'a', 'A']) {
                    let value = rest.next().and_then(Word::known);
                    if text.ends_with(['a', 'A']) {
                        list = value.map(std::borrow::Cow::into_owned);
                    }
                }
            } else {
                // zsh: `name?prompt`
                names.push(text.split('?').next().unwrap_or_default().to_owned());
            }
        }
        let line = self.next_line(connections);
        if let Some(list) = list {
            let value = line.map_or_else(
                || Value::Scalar(state::unknown(&list)),
                |line| Value::List(numbered(self.separated(&line, usize::MAX))),
            );
            self.state.set(&list, value, false);
            return;
        }
        if names.is_empty() {
            names.push("REPLY".to_owned());
        }
        let parts = line.map(|line| self.separated(&line, names.len()));
        // What a program lists into the pipe, or a file says, is what the name holds, line by line.
        if let (None, [name], Some(hole)) = (&parts, names.as_slice(), listed(&connections.input)) {
            let value = Value::Scalar(vec![Piece::Hole(hole)]);
            self.state.set(name, value, false);
            return;
        }
        for (number, name) in names.iter().enumerate() {
            let value = match &parts {
                Some(parts) => parts.get(number).map(state::text).unwrap_or_default(),
                None => state::unknown(name),
            };
            self.state.set(name, Value::Scalar(value), false);
        }
    }

    /// Splits a line by IFS into at most `count` parts, the last with the rest.
    fn separated(&self, line: &str, count: usize) -> Vec<String> {
        let ifs = self
            .state
            .variable("IFS")
            .and_then(|ifs| ifs.values.first());
        let ifs = ifs.and_then(|ifs| state::known(&ifs.scalar()));
        let ifs = ifs.unwrap_or_else(|| " \t\n".to_owned());
        let blank = |character: char| ifs.contains(character) && character.is_whitespace();
        let mut parts = Vec::new();
        let mut rest = line.trim_matches(blank);
        while !rest.is_empty() {
            if parts.len() + 1 >= count {
                parts.push(rest.to_owned());
                break;
            }
            let Some(at) = rest.find(|character: char| ifs.contains(character)) else {
                parts.push(rest.to_owned());
                break;
            };
            let (part, behind) = rest.split_at_checked(at).unwrap_or((rest, ""));
            parts.push(part.to_owned());
            let behind = behind.trim_start_matches(blank);
            let separator = behind.chars().next().filter(|next| ifs.contains(*next));
            let behind = separator.map_or(behind, |next| {
                behind.get(next.len_utf8()..).unwrap_or_default()
            });
            rest = behind.trim_start_matches(blank);
        }
        parts
    }

    fn read_lines(&mut self, arguments: &[Word], connections: &Connections) {
        let name = arguments
            .iter()
            .filter_map(Word::known)
            .rfind(|word| !word.starts_with('-'))
            .map_or_else(|| "MAPFILE".to_owned(), std::borrow::Cow::into_owned);
        let value = match &connections.input {
            Input::Text(word) => word
                .known()
                .map(|text| Value::List(numbered(text.lines().map(str::to_owned).collect()))),
            Input::Inherited | Input::File(_) | Input::Pipe { .. } => None,
        };
        let value = value.unwrap_or_else(|| {
            let hole = listed(&connections.input);
            let piece = hole.map(|hole| vec![Piece::Hole(hole)]);
            Value::Scalar(piece.unwrap_or_else(|| state::unknown(&name)))
        });
        self.state.set(&name, value, false);
    }

    fn alias_names(&mut self, arguments: &[Word]) {
        let mut is_global = false;
        for word in arguments {
            let Some(text) = word.known() else { continue };
            is_global |= text == "-g";
            let Some((name, value)) = text.split_once('=') else {
                continue;
            };
            let aliases = if is_global {
                &mut self.state.global_aliases
            } else {
                &mut self.state.aliases
            };
            aliases.insert(name, value.to_owned());
        }
    }

    fn printf_to_variable(&mut self, arguments: &[Word]) -> bool {
        let Some([flag, name, rest @ ..]) = arguments.get(..) else {
            return false;
        };
        let (Some("-v"), Some(name)) = (flag.known().as_deref(), name.known()) else {
            return false;
        };
        let value = super::output::printf(rest).unwrap_or_else(|| state::unknown(&name));
        self.state.set(&name, Value::Scalar(value), false);
        true
    }

    /// `eval`: what is known is read again, in the same state.
    fn evaluate(&mut self, arguments: &[Word], connections: &Connections) {
        let mut pieces: Pieces = Vec::new();
        for (number, word) in arguments.iter().enumerate() {
            if number > 0 {
                state::append(&mut pieces, &state::text(" "));
            }
            state::append(&mut pieces, &word.pieces);
        }
        let span = arguments.first().map(|word| word.span).unwrap_or_default();
        let text = readable(&pieces);
        match text {
            Some(text) => self.connected(connections, |machine| machine.text(&text, span)),
            None => self.route(None, connections),
        }
    }

    /// `source` of a file that this text has written, or of its own standard input.
    fn source_file(&mut self, arguments: &[Word], connections: &Connections) -> bool {
        let Some(file) = arguments.first() else {
            return false;
        };
        // What is in it may take `set -e` back.
        self.state.stops = false;
        let stdin = file
            .known()
            .is_some_and(|path| path == "/dev/stdin" || path == "-");
        let text = match (&connections.input, stdin) {
            (Input::Text(word), true) => word.known().map(std::borrow::Cow::into_owned),
            (_, _) => self.written(file).and_then(|pieces| state::known(&pieces)),
        };
        let text = text.or_else(|| match file.pieces.as_slice() {
            [Piece::Hole(Hole::Process { first, .. })] => {
                let printed = self.script.printed.iter().find(|(id, _)| id == first);
                printed.and_then(|(_, word)| state::known(&word.pieces))
            }
            _ => None,
        });
        let Some(text) = text else {
            return false;
        };
        let span = file.span;
        self.connected(connections, |machine| machine.text(&text, span));
        true
    }
}

/// What a name holds that is read line by line from an input: what commands print, or what a file says.
fn listed(input: &Input) -> Option<Hole> {
    match input {
        Input::Pipe { first, end } => {
            let (first, end) = (*first, *end);
            Some(Hole::Output { first, end })
        }
        Input::File(word) => match word.pieces.as_slice() {
            [
                Piece::Hole(Hole::Process {
                    first,
                    end,
                    readable: true,
                }),
            ] => {
                let (first, end) = (*first, *end);
                Some(Hole::Output { first, end })
            }
            _ => Some(Hole::Other(LINES_OF_FILE)),
        },
        Input::Inherited | Input::Text(_) => None,
    }
}

/// Returns text to read again: what is not known in it is left as the variable it is.
fn readable(pieces: &[Piece]) -> Option<String> {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(part) | Piece::Glob(part) => text.push_str(part),
            Piece::Hole(Hole::Variable(name)) => {
                let plain = name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                if !plain || text.trim().is_empty() {
                    return None;
                }
                text.extend(["${", name, "}"]);
            }
            Piece::Hole(Hole::Output { .. } | Hole::Process { .. } | Hole::Other(_)) => {
                return None;
            }
        }
    }
    Some(text)
}

fn numbered(parts: Vec<String>) -> Vec<(String, Pieces)> {
    parts
        .into_iter()
        .enumerate()
        .map(|(number, part)| (number.to_string(), state::text(part)))
        .collect()
}
