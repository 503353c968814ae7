//! Redirections: where the input of a command comes from and where its output goes.
//!
//! Files that the text itself fills with known text are kept, because a later command may run them.

use std::rc::Rc;

use super::super::guard::Scan;
use super::super::tree::{Node, Operator, Raw, Redirection, Simple};
use super::super::{Directory, Input, Invocation, Output, Piece, Redirect, RedirectMode, Word};
use super::state::{self, Pieces, Value};
use super::{Capture, Machine};
use crate::effect::Span;

/// Most files written by a text that are kept.
const FILES_MAX: usize = 64;

/// Most steps that matching one pattern with the names of these takes.
const STEPS_OF_FILES: usize = 4_096;

/// The first descriptor that a shell picks by itself.
const PICKED_FIRST: u16 = 10;

/// Units of work that a redirection costs.
const REDIRECTION_UNITS: usize = 4;

/// What the redirections of one command say together.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    /// To and from files.
    pub(super) redirects: Vec<Redirect>,
    /// Standard input.
    pub(super) input: Input,
    /// Standard output.
    pub(super) output: Output,
    /// The file that standard output fills, and whether it is appended to.
    pub(super) file: Option<(Word, bool)>,
    /// Standard output goes to another descriptor: it is not captured.
    pub(super) elsewhere: bool,
    /// Descriptors above 2 that are opened for reading, and what is read there.
    pub(super) opened: Vec<(u16, Input)>,
}

impl Machine<'_> {
    /// Evaluates redirections, in order.
    pub(super) fn connect(&mut self, redirections: &[Redirection]) -> Connections {
        let mut connections = Connections {
            redirects: Vec::new(),
            input: self.stream.input.clone(),
            output: self.stream.output,
            file: None,
            elsewhere: false,
            opened: Vec::new(),
        };
        if let Input::File(word) = &connections.input {
            self.spend(state::size(&word.pieces) / 16, word.span);
        }
        for redirection in redirections {
            self.spend(REDIRECTION_UNITS, redirection.target.span());
            self.redirect(redirection, &mut connections);
        }
        connections
    }

    fn redirect(&mut self, redirection: &Redirection, connections: &mut Connections) {
        let target = &redirection.target;
        match redirection.operator {
            Operator::HereDocument { expands, tabs } => {
                let word = self.here_document(target, expands, tabs);
                connections.take_input(redirection, Input::Text(Rc::new(word)));
            }
            Operator::HereString => {
                let mut word = self.single(target);
                state::append(&mut word.pieces, &state::text("\n"));
                connections.take_input(redirection, Input::Text(Rc::new(word)));
            }
            Operator::Read => {
                let word = self.file_name(target);
                let input = self.read_from(&word);
                connections.take_input(redirection, input);
                connections.file(RedirectMode::Read, word);
            }
            Operator::Both => {
                let word = self.file_name(target);
                connections.take_input(redirection, Input::File(word.clone()));
                connections.file(RedirectMode::ReadWrite, word);
            }
            Operator::Write | Operator::Append | Operator::WriteAll | Operator::AppendAll => {
                self.write(redirection, connections);
            }
            Operator::Duplicate => self.duplicate(redirection, connections),
        }
    }

    /// What is read from a file: what this text wrote there, or what a substitution prints.
    fn read_from(&self, word: &Word) -> Input {
        let process = match word.pieces.as_slice() {
            [
                super::super::Piece::Hole(super::super::Hole::Process {
                    first,
                    end,
                    readable: true,
                }),
            ] => Some((*first, *end)),
            _ => None,
        };
        let printed = process.and_then(|(first, _)| {
            let mut known = self.script.printed.iter().filter(|(id, _)| *id == first);
            known.next().map(|(_, printed)| printed.pieces.clone())
        });
        match (printed.or_else(|| self.written(word)), process) {
            (Some(pieces), _) => Input::Text(Rc::new(Word {
                pieces,
                span: word.span,
            })),
            (None, Some((first, end))) => Input::Pipe { first, end },
            (None, None) => Input::File(word.clone()),
        }
    }

    fn write(&mut self, redirection: &Redirection, connections: &mut Connections) {
        let word = self.file_name(&redirection.target);
        let append = matches!(redirection.operator, Operator::Append | Operator::AppendAll);
        let all = matches!(
            redirection.operator,
            Operator::WriteAll | Operator::AppendAll
        );
        if all
            || redirection
                .descriptor
                .is_none_or(|descriptor| descriptor == 1)
        {
            connections.output = Output::File;
            connections.file = Some((word.clone(), append));
            connections.elsewhere = false;
        }
        if is_connection(&word)
            && let Some(number) = redirection.descriptor.filter(|number| *number > 2)
        {
            connections.opened.push((number, Input::File(word.clone())));
        }
        let mode = if append {
            RedirectMode::Append
        } else {
            RedirectMode::Overwrite
        };
        connections.file(mode, word);
    }

    fn duplicate(&mut self, redirection: &Redirection, connections: &mut Connections) {
        let word = self.single(&redirection.target);
        let known = word.known().unwrap_or_default();
        let descriptor = known.trim_end_matches('-');
        let is_descriptor = descriptor.bytes().all(|byte| byte.is_ascii_digit());
        let writes = redirection
            .target
            .source
            .text
            .get(..redirection.target.start)
            .is_some_and(|before| before.trim_end().ends_with(">&"));
        if is_descriptor && word.known().is_some() {
            if !writes && let Some(input) = self.descriptor(descriptor, connections) {
                connections.take_input(redirection, input);
            }
            if writes
                && let Some(Input::File(word)) = self.descriptor(descriptor, connections)
                && is_connection(&word)
            {
                // `exec 5<>/dev/tcp/host/port; echo … >&5`
                connections.file(RedirectMode::Overwrite, word);
            }
            if writes && redirection.descriptor.is_none_or(|from| from == 1) && descriptor != "1" {
                connections.elsewhere = true;
                connections.output = Output::Inherited;
            }
            return;
        }
        if !writes && word.known().is_none() {
            // `sh <&$fd`: whatever was opened there.
            connections.take_input(redirection, Input::File(word));
            return;
        }
        if writes && redirection.descriptor.is_none() {
            let word = self.coprocess(&word).unwrap_or(word);
            connections.output = Output::File;
            connections.file = Some((word.clone(), false));
            connections.file(RedirectMode::Overwrite, word);
        }
    }

    /// `exec {fd}<> FILE`: the shell picks a number of ten or more and keeps it in the variable (bash(1) 5.2, REDIRECTION).
    pub(super) fn named_descriptors(&mut self, simple: &Simple) -> Option<Simple> {
        let mut redirections = simple.redirections.clone();
        let mut words = Vec::with_capacity(simple.words.len());
        for word in &simple.words {
            let name = word
                .text()
                .strip_prefix('{')
                .and_then(|it| it.strip_suffix('}'));
            let name = name.filter(|name| !name.is_empty() && !name.contains([',', '.']));
            let behind = word.source.text.get(word.end..).unwrap_or_default();
            let mut of_word = redirections
                .iter_mut()
                .filter(|it| it.target.start > word.end);
            match (name, of_word.next()) {
                (Some(name), Some(redirection)) if behind.starts_with(['<', '>']) => {
                    let opened = u16::try_from(self.state.descriptors.len()).unwrap_or_default();
                    let number = PICKED_FIRST.saturating_add(opened);
                    redirection.descriptor = Some(number);
                    let value = Value::Scalar(state::text(number.to_string()));
                    self.state.set(name, value, false);
                }
                _ => words.push(word.clone()),
            }
        }
        let is_changed = words.len() < simple.words.len();
        is_changed.then_some(Simple {
            words,
            redirections,
        })
    }

    /// What is read from a descriptor that this command or an earlier `exec` opened.
    fn descriptor(&self, number: &str, connections: &Connections) -> Option<Input> {
        let mut opened = connections.opened.iter().rev();
        let here = opened.find(|(known, _)| known.to_string() == number);
        here.map(|(_, input)| input)
            .or_else(|| self.state.descriptors.get(number))
            .cloned()
    }

    /// `exec` without a program, and a compound command with redirections: what they open stays open.
    pub(super) fn keep_open(&mut self, connections: &Connections) {
        self.show_descriptors(connections);
        for (number, input) in &connections.opened {
            self.state
                .descriptors
                .insert(number.to_string(), input.clone());
        }
    }

    /// What is read from an open descriptor is read from its file as well.
    pub(super) fn show_descriptors(&mut self, connections: &Connections) {
        for (number, input) in &connections.opened {
            if let Input::Text(word) = input
                && self.script.files.len() + 2 <= FILES_MAX
            {
                for above in ["/dev/fd", "/proc/self/fd"] {
                    let path = format!("{above}/{number}");
                    self.script.files.push((path, word.as_ref().clone()));
                }
            }
        }
    }

    /// Evaluates the name of a file: one word, whatever is in it.
    fn file_name(&mut self, target: &Raw) -> Word {
        let mut words = self.fields(std::slice::from_ref(target));
        if words.len() == 1
            && let Some(word) = words.pop()
        {
            return word;
        }
        self.single(target)
    }

    /// Evaluates the body of a here-document.
    fn here_document(&mut self, body: &Raw, expands: bool, tabs: bool) -> Word {
        let text = body.text();
        let stripped: String;
        let text = if tabs {
            stripped = text
                .split_inclusive('\n')
                .map(|line| line.trim_start_matches('\t'))
                .collect();
            stripped.as_str()
        } else {
            text
        };
        if !expands || !text.contains(['$', '`', '\\']) {
            self.spend(text.len() / 64, body.span());
            return Word {
                pieces: state::text(text),
                span: body.span(),
            };
        }
        // Inside, quotes are characters; `"` is not an escape either.
        let scan = Scan { text, fish: false };
        let pieces = if tabs {
            let text = text.to_owned();
            self.quoted_text(&Raw {
                source: Rc::new(super::super::tree::Source {
                    text: Rc::from(text.as_str()),
                    fixed: Some(body.span()),
                }),
                start: 0,
                end: text.len(),
            })
        } else {
            debug_assert_eq!(
                scan.text.len(),
                body.end - body.start,
                "the body as written"
            );
            self.quoted_text(body)
        };
        Word {
            pieces,
            span: body.span(),
        }
    }

    /// Keeps the text of a file that is written here.
    pub(super) fn keep_file(&mut self, file: &(Word, bool), pieces: Option<&Pieces>) {
        let (name, append) = file;
        let Some(path) = name.known() else {
            return;
        };
        if path.starts_with("/dev/") {
            return;
        }
        let paths = self.paths(&path);
        for path in paths {
            let old = self
                .script
                .files
                .iter()
                .position(|(known, _)| *known == path);
            let before = old.map(|number| self.script.files.remove(number).1);
            let text = match (pieces, before, *append) {
                (Some(pieces), Some(before), true) => {
                    let mut joined = before.pieces;
                    state::append(&mut joined, pieces);
                    joined
                }
                // What is appended to a file that is not known is at least run.
                (Some(pieces), _, _) => pieces.clone(),
                (None, _, _) => continue,
            };
            if self.script.files.len() < FILES_MAX {
                let word = Word {
                    pieces: text,
                    span: name.span,
                };
                self.script.files.push((path, word));
            }
        }
    }

    /// Returns the absolute spellings of `path` from where the shell may be.
    fn paths(&self, path: &str) -> Vec<String> {
        let mut paths: Vec<String> = Vec::new();
        for directory in self.state.directories.iter() {
            let found = match state::resolve(directory, path) {
                Directory::Known(found) => found,
                Directory::Unknown => path.to_owned(),
            };
            if !paths.contains(&found) {
                paths.push(found);
            }
        }
        paths
    }

    /// Returns what this text has written to the file of that name.
    pub(super) fn written(&self, name: &Word) -> Option<Pieces> {
        if self.script.files.is_empty() {
            return None;
        }
        let paths = self.paths(&name.known()?);
        self.script
            .files
            .iter()
            .rev()
            .find(|(path, _)| paths.contains(path))
            .map(|(_, word)| word.pieces.clone())
    }

    /// Returns what this text has written to the files that match, in the order in which a shell lists them: `cat part.*`.
    ///
    /// Others may match as well: what is known of them is at least run.
    pub(super) fn written_all(&mut self, name: &Word) -> Option<Pieces> {
        let (first, rest) = name.pieces.split_first()?;
        let (Piece::Text(text) | Piece::Glob(text)) = first else {
            return None;
        };
        let is_text = matches!(first, Piece::Text(_));
        let begins = if is_text { text.as_str() } else { "" };
        let parent = begins.rsplit_once('/').map_or(".", |(parent, _)| parent);
        let last = begins.rsplit_once('/').map_or(begins, |(_, last)| last);
        let mut pieces = vec![Piece::Text(last.to_owned())];
        if !is_text {
            pieces.push(first.clone());
        }
        pieces.extend(rest.iter().cloned());
        let pattern = super::pattern::Pattern::new(&pieces)?;
        let directories = self.paths(if parent.is_empty() { "/" } else { parent });
        let from = super::pattern::STEPS_MAX - STEPS_OF_FILES;
        let mut steps = from;
        let mut found: Vec<(&str, &Word)> = Vec::new();
        for (path, word) in &self.script.files {
            let Some((directory, base)) = path.rsplit_once('/') else {
                continue;
            };
            let base: Vec<char> = base.chars().collect();
            if directories.iter().any(|it| it == directory) && pattern.matches(&base, &mut steps)? {
                found.push((path, word));
            }
        }
        found.sort_unstable_by_key(|(path, _)| *path);
        let mut all = Pieces::new();
        for (_, word) in &found {
            state::append(&mut all, &word.pieces);
        }
        let is_found = !found.is_empty();
        let looked_at = self.script.files.len();
        let units = (steps - from) / 16 + all.len() + looked_at;
        (self.spend(units, name.span) && is_found).then_some(all)
    }

    /// Walks a compound command with redirections of its own.
    pub(super) fn group(&mut self, body: &Rc<Node>, redirections: &[Redirection], subshell: bool) {
        let state = subshell.then(|| self.state.clone());
        if redirections.is_empty() {
            self.walk(body);
        } else {
            self.redirected(body, redirections);
        }
        if let Some(state) = state {
            self.state = state;
            self.succeeded = None;
        }
    }

    fn redirected(&mut self, body: &Rc<Node>, redirections: &[Redirection]) {
        let connections = self.connect(redirections);
        let span = redirections
            .first()
            .map_or_else(Span::default, |first| first.target.span());
        if !connections.redirects.is_empty() {
            self.emit(Invocation {
                words: Vec::new(),
                assignments: Vec::new(),
                redirects: connections.redirects.clone(),
                input: Input::Inherited,
                output: connections.output,
                directories: Rc::clone(&self.state.directories),
                variables: Rc::clone(&self.state.exported),
                background: self.stream.background,
                span,
            });
        }
        let (mut connections, body) = (connections, Rc::clone(body));
        connections.redirects = Vec::new();
        self.keep_open(&connections);
        self.connected(&connections, |machine| machine.walk(&body));
    }

    /// Walks something whose input and output are `connections`.
    pub(super) fn connected(&mut self, connections: &Connections, walk: impl FnOnce(&mut Self)) {
        let outer = self.stream.clone();
        self.stream.input = connections.input.clone();
        self.stream.output = connections.output;
        let redirected = connections.file.is_some() || connections.elsewhere;
        let capture = if redirected {
            self.capture.replace(Capture::default())
        } else {
            None
        };
        let inherits = connections.input == outer.input;
        walk(self);
        let left = std::mem::replace(&mut self.stream, outer);
        if inherits {
            // What was read is no longer there for the next command.
            self.stream.input = left.input;
        }
        if redirected {
            let printed = std::mem::replace(&mut self.capture, capture);
            if let (Some(file), Some(printed)) = (&connections.file, printed) {
                self.keep_file(file, (!printed.unknown).then_some(&printed.pieces));
            }
        }
    }
}

/// Whether a name is a connection that bash opens (`bash(1)`, REDIRECTION).
fn is_connection(name: &Word) -> bool {
    let known = name.known_prefix();
    known.starts_with("/dev/tcp/") || known.starts_with("/dev/udp/")
}

impl Connections {
    fn take_input(&mut self, redirection: &Redirection, input: Input) {
        if redirection
            .descriptor
            .is_none_or(|descriptor| descriptor == 0)
        {
            self.input = input;
        } else if let Some(number) = redirection.descriptor.filter(|number| *number > 2) {
            self.opened.push((number, input));
        }
    }

    fn file(&mut self, mode: RedirectMode, target: Word) {
        self.redirects.push(Redirect { mode, target });
    }
}
