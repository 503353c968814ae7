//! Simple commands: assignments, functions, aliases, and what is handed on as an invocation.

use std::rc::Rc;

use super::super::tree::{Node, Raw, Simple};
use super::super::{Assignment, Invocation, Piece, Variables, Word};
use super::assigning::assignment;
use super::redirections::Connections;
use super::state::{self, Pieces, State};
use super::{CALLS_MAX, Machine};
use crate::effect::Span;

/// Most combinations of alternatives that one command is walked with.
const COMBINATIONS_MAX: usize = 16;

/// Longest text of aliases that are expanded one behind the other, in bytes.
const ALIAS_BYTES_MAX: usize = 1_024;

impl Machine<'_> {
    /// Walks a simple command, once for each combination of the alternatives that it uses.
    pub(super) fn simple(&mut self, simple: &Simple) {
        self.alias(simple);
        self.each_choice(|machine| machine.simple_once(simple));
        self.read_traps();
    }

    /// Does `walk` once for each combination of alternatives, each time from here, and joins what they leave.
    pub(super) fn each_choice(&mut self, mut walk: impl FnMut(&mut Self)) {
        let outer = std::mem::take(&mut self.choices);
        let start = self.state.clone();
        let printed = self.printed();
        let input = self.stream.input.clone();
        let mut after: Option<State> = None;
        for round in 0.. {
            walk(self);
            let more = self.next_choice();
            if more {
                self.doubt(printed);
            }
            match &mut after {
                None if !more => break,
                None => after = Some(self.state.clone()),
                Some(after) => {
                    let left = self.state.clone();
                    self.join_into(after, &left);
                }
            }
            if !more {
                break;
            }
            if round >= COMBINATIONS_MAX {
                self.problem(
                    "more combinations of values than are followed",
                    Span::default(),
                );
                break;
            }
            self.state = start.clone();
            self.stream.input = input.clone();
        }
        if let Some(after) = after {
            self.state = after;
            self.succeeded = None;
        }
        self.choices = outer;
    }

    /// Goes on to the next combination; false when there is none.
    fn next_choice(&mut self) -> bool {
        for (chosen, count) in self.choices.values_mut() {
            *chosen += 1;
            if *chosen < *count {
                return true;
            }
            *chosen = 0;
        }
        false
    }

    /// An alias is expanded in an interactive shell and in zsh: read so, and as written.
    fn alias(&mut self, simple: &Simple) {
        self.global_alias(simple);
        if self.state.aliases.is_empty() {
            return;
        }
        let Some(first) = simple.words.first() else {
            return;
        };
        let Some(text) = self.state.aliases.get(first.text()).cloned() else {
            return;
        };
        let name = first.text().to_owned();
        self.script.called.insert(name.clone());
        let mut rest = simple.words.iter().skip(1).map(Raw::text).peekable();
        let mut text = text;
        // Behind a blank the next word is looked up as well (bash(1) 5.2, ALIASES).
        while text.ends_with([' ', '\t'])
            && let Some(next) = rest.peek().and_then(|word| self.state.aliases.get(word))
            && text.len() < ALIAS_BYTES_MAX
        {
            text.push_str(next);
            rest.next();
        }
        let rest: Vec<&str> = rest.collect();
        let text = format!("{text} {}", rest.join(" "));
        let aliases = self.state.aliases.clone();
        self.state.aliases.remove(&name);
        self.read_also(&text, first.span());
        self.state.aliases = aliases;
    }

    /// `alias -g GO='--force'; git push GO`: read with every name expanded, once.
    fn global_alias(&mut self, simple: &Simple) {
        let aliases = &self.state.global_aliases;
        let is_one = |word: &Raw| aliases.get(word.text()).is_some();
        if aliases.is_empty() || !simple.words.iter().any(is_one) {
            return;
        }
        let mut text = String::new();
        for word in simple.words.iter().map(Raw::text) {
            text.push_str(aliases.get(word).map_or(word, String::as_str));
            text.push(' ');
            if text.len() > ALIAS_BYTES_MAX {
                return;
            }
        }
        let aliases = std::mem::take(&mut self.state.global_aliases);
        self.read_also(&text, span_of(simple));
        self.state.global_aliases = aliases;
    }

    /// Reads a text that the command may stand for.
    fn read_also(&mut self, text: &str, span: Span) {
        let before = self.state.clone();
        self.text(text, span);
        self.join(&before);
    }

    fn simple_once(&mut self, simple: &Simple) {
        if !simple.redirections.is_empty()
            && simple.words.iter().any(|word| word.text().starts_with('{'))
            && let Some(numbered) = self.named_descriptors(simple)
        {
            self.simple_once(&numbered);
            return;
        }
        let span = span_of(simple);
        let prefixes = simple
            .words
            .iter()
            .take_while(|word| assignment(word.text()).is_some())
            .count();
        let (prefix, raws) = simple.words.split_at_checked(prefixes).unwrap_or_default();
        let mut assignments = Vec::new();
        let null_command = if raws.is_empty() && !simple.redirections.is_empty() {
            self.null_command(span)
        } else {
            None
        };
        if raws.is_empty() && null_command.is_none() {
            self.bare(simple, prefix, span);
            return;
        }
        let mut words = self.command_words(raws);
        words.extend(null_command);
        // zsh: `=rm` is the path of `rm` (`zshexpn(1)`, "=name").
        if self.dialect == super::super::Dialect::Zsh
            && let Some(Piece::Text(first)) = words.first_mut().and_then(|it| it.pieces.first_mut())
            && first.len() > 1
            && first.starts_with('=')
        {
            first.remove(0);
        }
        let before = self.prefix(prefix, &mut assignments);
        let connections = self.connect(&simple.redirections);
        if words.is_empty() {
            words.push(Word::default());
        }
        self.dispatch(&words, assignments, &connections, span);
        self.restore(before);
    }

    /// Expands the words of a command; assignments behind `export` and its like are not split.
    fn command_words(&mut self, raws: &[Raw]) -> Vec<Word> {
        let declares = raws.first().is_some_and(|first| {
            let builtin = first.text();
            super::builtins::DECLARING.contains(&builtin)
        });
        if !declares {
            return self.fields(raws);
        }
        let mut words = Vec::new();
        for raw in raws {
            match assignment(raw.text()) {
                Some(written) => {
                    let name = raw
                        .text()
                        .get(..written.value)
                        .unwrap_or_default()
                        .to_owned();
                    let value = written.value;
                    let element = (
                        written.name.to_owned(),
                        written.subscript.map(str::to_owned),
                        written.appends,
                    );
                    let pieces = self.value_of(raw, value, &element);
                    let mut word = Word::text(name, raw.span());
                    state::append(&mut word.pieces, &pieces);
                    words.push(word);
                }
                None => words.extend(self.fields(std::slice::from_ref(raw))),
            }
        }
        words
    }

    /// Calls a function, lets a builtin change the state, and hands on what a program would receive.
    fn dispatch(
        &mut self,
        words: &[Word],
        assignments: Vec<Assignment>,
        connections: &Connections,
        span: Span,
    ) {
        self.succeeded = None;
        let name = words
            .first()
            .and_then(Word::known)
            .map(std::borrow::Cow::into_owned);
        if let Some(name) = &name
            && let Some(bodies) = self.state.functions.get(name).cloned()
        {
            self.call(name, &bodies, words, connections);
            return;
        }
        if !connections.opened.is_empty() {
            self.show_descriptors(connections);
        }
        let variables = Rc::clone(&self.state.exported);
        let invocation =
            self.invocation(words.to_vec(), assignments, connections, (variables, span));
        self.emit(invocation);
        let Some(name) = name else {
            self.route(None, connections);
            return;
        };
        if name == "exec" && words.len() == 1 {
            self.keep_open(connections);
            self.stream.input = connections.input.clone();
        }
        self.builtins_of_zsh(&name, words.get(1..).unwrap_or_default());
        self.subscripts(&name, words);
        self.handed_on(&name, words);
        self.register(&name, words);
        self.qualifier_functions(words);
        if self.builtin(&name, words, connections) {
            return;
        }
        self.edit_in_place(&name, words, connections);
        let printed = self.produce(words, &connections.input);
        let printed = printed.or_else(|| super::output::is_silent(words).then(Vec::new));
        self.route(printed, connections);
    }

    /// Sends what a command prints where its output goes.
    pub(super) fn route(&mut self, printed: Option<Pieces>, connections: &Connections) {
        if let Some(file) = &connections.file {
            self.keep_file(file, printed.as_ref());
            return;
        }
        if connections.elsewhere {
            return;
        }
        match printed {
            Some(pieces) => self.print(&pieces),
            None => self.doubt(usize::MAX),
        }
    }

    pub(super) fn print(&mut self, pieces: &[Piece]) {
        if self.capture.is_some() {
            self.spend(state::size(pieces) / 32, Span::default());
        }
        if let Some(capture) = &mut self.capture {
            state::append(&mut capture.pieces, pieces);
            if state::size(&capture.pieces) > super::output::BYTES_MAX {
                capture.unknown = true;
                capture.pieces.clear();
            }
        }
    }

    pub(super) fn invocation(
        &self,
        words: Vec<Word>,
        assignments: Vec<Assignment>,
        connections: &Connections,
        place: (Rc<Variables>, Span),
    ) -> Invocation {
        Invocation {
            words,
            assignments,
            redirects: connections.redirects.clone(),
            input: connections.input.clone(),
            output: connections.output,
            directories: Rc::clone(&self.state.directories),
            variables: place.0,
            background: self.stream.background,
            span: place.1,
        }
    }

    /// Hands on an invocation; one that does nothing at all is dropped.
    pub(super) fn emit(&mut self, invocation: Invocation) {
        let nothing = invocation.words.is_empty()
            && invocation.assignments.is_empty()
            && invocation.redirects.is_empty();
        if !nothing && self.spend(4, invocation.span) {
            self.script.invocations.push(invocation);
        }
    }

    fn call(&mut self, name: &str, bodies: &[Rc<Node>], words: &[Word], connections: &Connections) {
        let repeated = self.calls.iter().filter(|call| *call == name).count();
        if repeated >= CALLS_MAX || self.calls.len() >= CALLS_MAX * 4 {
            self.route(None, connections);
            return;
        }
        if !connections.redirects.is_empty() {
            let variables = Rc::clone(&self.state.exported);
            let span = words.first().map_or_else(Span::default, |word| word.span);
            let redirected =
                self.invocation(Vec::new(), Vec::new(), connections, (variables, span));
            self.emit(redirected);
        }
        let arguments = words
            .iter()
            .skip(1)
            .map(|word| word.pieces.clone())
            .collect();
        // The deepest call that is followed stands for all that come after it.
        let arguments = (repeated + 1 < CALLS_MAX).then(|| Rc::new(arguments));
        if !self.spend(
            16,
            words.first().map_or_else(Span::default, |word| word.span),
        ) {
            return;
        }
        self.script.called.insert(name.to_owned());
        self.calls.push(name.to_owned());
        self.locals.push(std::collections::BTreeSet::new());
        let caller = std::mem::replace(&mut self.state.positional, arguments.clone());
        let given = std::mem::replace(&mut self.state.given, true);
        let start = self.state.clone();
        for (number, body) in bodies.iter().enumerate() {
            let before = std::mem::replace(&mut self.state, start.clone());
            self.connected(connections, |machine| machine.walk(body));
            if number > 0 {
                self.join(&before);
            }
        }
        // What was local is again what the caller had.
        let locals = self.locals.pop().unwrap_or_default().into_iter();
        let before = locals.map(|name| {
            let variable = start.variable(&name).cloned();
            (name, variable, Rc::clone(&start.exported))
        });
        self.restore(before.collect());
        self.state.positional = caller;
        self.state.given = given;
        self.calls.pop();
        self.succeeded = None;
    }
}

fn span_of(simple: &Simple) -> Span {
    let words = simple.words.iter();
    let spans = words
        .map(Raw::span)
        .chain(simple.redirections.iter().map(|one| one.target.span()));
    spans
        .reduce(|one, other| Span {
            start: one.start.min(other.start),
            end: one.end.max(other.end),
        })
        .unwrap_or_default()
}
