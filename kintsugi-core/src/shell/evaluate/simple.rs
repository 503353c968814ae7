//! Simple commands: assignments, words, redirections.

use brush_parser::ast::{
    self, AssignmentName, AssignmentValue, CommandPrefixOrSuffixItem, IoFileRedirectKind,
    IoFileRedirectTarget, IoRedirect,
};

use super::state::Value;
use super::{Evaluator, Printed};
use crate::effect::Span;
use crate::shell::{
    Assignment, Hole, Input, Invocation, Output, Piece, Redirect, RedirectMode, Word,
};

/// What redirections opened.
#[derive(Debug, Default)]
pub(super) struct Opened {
    pub(super) redirects: Vec<Redirect>,
    pub(super) input: Option<Input>,
    /// Standard output goes to the file at that word, or elsewhere than where it would.
    pub(super) output: Option<Word>,
    appends: bool,
}

impl Evaluator<'_> {
    /// A simple command, once for each combination of alternatives that its variables have.
    pub(super) fn simple(&mut self, command: &ast::SimpleCommand) -> Printed {
        let (choice, choices) = (self.choice, self.choices);
        (self.choice, self.choices) = (0, 1);
        let before = self.state.clone();
        let mut printed = self.one(command);
        while self.choice + 1 < self.choices && self.spend(1) {
            self.choice += 1;
            let result = std::mem::replace(&mut self.state, before.clone());
            let other = self.one(command);
            if other != printed {
                printed = Printed::Anything;
            }
            self.state.join(result);
        }
        (self.choice, self.choices) = (choice, choices);
        printed
    }

    fn one(&mut self, command: &ast::SimpleCommand) -> Printed {
        let mut assignments = Vec::new();
        let mut redirects = Vec::new();
        let mut words = Vec::new();
        let mut span = Span {
            start: u32::MAX,
            end: 0,
        };
        for item in command.prefix.iter().flat_map(|prefix| &prefix.0) {
            match item {
                CommandPrefixOrSuffixItem::IoRedirect(redirect) => redirects.push(redirect),
                CommandPrefixOrSuffixItem::AssignmentWord(assignment, word) => {
                    widen(&mut span, self.span_of(word.loc.as_ref()));
                    assignments.push(assignment);
                }
                CommandPrefixOrSuffixItem::Word(_)
                | CommandPrefixOrSuffixItem::ProcessSubstitution(..) => {}
            }
        }
        if let Some(name) = &command.word_or_name {
            widen(&mut span, self.span_of(name.loc.as_ref()));
            if let Some(printed) = self.alias(name, command) {
                return printed;
            }
            words.extend(self.fields(name));
        }
        for item in command.suffix.iter().flat_map(|suffix| &suffix.0) {
            match item {
                CommandPrefixOrSuffixItem::IoRedirect(redirect) => redirects.push(redirect),
                CommandPrefixOrSuffixItem::Word(word) => {
                    widen(&mut span, self.span_of(word.loc.as_ref()));
                    words.extend(self.fields(word));
                }
                CommandPrefixOrSuffixItem::AssignmentWord(assignment, word) => {
                    widen(&mut span, self.span_of(word.loc.as_ref()));
                    words.push(self.assignment_word(assignment, word));
                }
                CommandPrefixOrSuffixItem::ProcessSubstitution(kind, subshell) => {
                    words.push(self.process(kind, &subshell.list, span));
                }
            }
        }
        if span.start == u32::MAX {
            span = self.inside.unwrap_or_default();
        }
        let assignments: Vec<Assignment> = assignments
            .into_iter()
            .map(|assignment| self.assignment(assignment))
            .collect();
        let opened = self.open_all(&redirects);
        self.run(words, assignments, opened, span)
    }

    /// Replaces an alias that the text defines.
    fn alias(&mut self, name: &ast::Word, command: &ast::SimpleCommand) -> Option<Printed> {
        let text = self.state.aliases.get(&name.value)?.clone();
        let mut whole = text;
        for item in command.suffix.iter().flat_map(|suffix| &suffix.0) {
            whole.push(' ');
            whole.push_str(&item.to_string());
        }
        let aliases = std::mem::take(&mut self.state.aliases);
        let span = self.span_of(name.loc.as_ref());
        let printed = self.inner_text(&whole, span);
        self.state.aliases = aliases;
        Some(printed)
    }

    /// Runs words that are expanded.
    fn run(
        &mut self,
        words: Vec<Word>,
        assignments: Vec<Assignment>,
        opened: Opened,
        span: Span,
    ) -> Printed {
        if words.is_empty() {
            for assignment in &assignments {
                self.state.set(&assignment.name, assignment.value.clone());
            }
            if !assignments.is_empty() || !opened.redirects.is_empty() {
                self.add(words, assignments, &opened, span);
            }
            return self.written(&opened, Printed::Nothing);
        }
        let outer = self.wiring.clone();
        if let Some(input) = opened.input.clone() {
            self.state.input = super::lines_of(&input);
            self.wiring.input = input;
        }
        let printed = self.dispatch(words, assignments, &opened, span);
        self.wiring = outer;
        self.written(&opened, printed)
    }

    fn dispatch(
        &mut self,
        words: Vec<Word>,
        assignments: Vec<Assignment>,
        opened: &Opened,
        span: Span,
    ) -> Printed {
        let name = words
            .first()
            .and_then(Word::known)
            .map(std::borrow::Cow::into_owned);
        let name = name.unwrap_or_default();
        if let Some(body) = self.state.functions.get(&name).cloned() {
            self.script.called.insert(name.clone());
            let outer = self
                .state
                .arguments
                .replace(words.get(1..).unwrap_or_default().to_vec());
            for assignment in &assignments {
                self.state.set(&assignment.name, assignment.value.clone());
            }
            if !opened.redirects.is_empty() {
                self.add(Vec::new(), Vec::new(), opened, span);
            }
            let printed = self.function(&name, &body);
            self.state.arguments = outer;
            return printed;
        }
        if let Some(printed) = self.builtin(&name, &words, &assignments, span) {
            if !opened.redirects.is_empty() || !assignments.is_empty() {
                self.add(Vec::new(), assignments, opened, span);
            }
            return printed;
        }
        let printed = self.prints(&words);
        self.add(words, assignments, opened, span);
        printed
    }

    fn add(&mut self, words: Vec<Word>, assignments: Vec<Assignment>, opened: &Opened, span: Span) {
        let output = match (&opened.output, self.wiring.output) {
            (Some(_), _) => Output::File,
            (None, Output::Inherited) if self.captured => Output::Captured,
            (None, output) => output,
        };
        let invocation = Invocation {
            words,
            assignments,
            redirects: opened.redirects.clone(),
            input: opened
                .input
                .clone()
                .unwrap_or_else(|| self.wiring.input.clone()),
            output,
            directories: self.directories(),
            variables: self.variables(),
            background: self.wiring.background,
            span,
        };
        self.emit(invocation);
    }

    /// Keeps a text that was written to a file, and says what is left for the output.
    fn written(&mut self, opened: &Opened, printed: Printed) -> Printed {
        let Some(target) = &opened.output else {
            return printed;
        };
        if let (Some(path), Printed::Text(text)) = (target.known(), printed) {
            let path = path.into_owned();
            let mut whole = text;
            if opened.appends
                && let Some(before) = self.state.file(&path)
            {
                let mut joined = before.clone();
                joined.pieces.extend(whole.pieces);
                whole = joined;
            }
            self.state.files.push((path, whole));
        }
        Printed::Nothing
    }

    /// Ends redirections around a compound command.
    pub(super) fn finish_redirects(
        &mut self,
        opened: Opened,
        printed: Printed,
        span: Span,
    ) -> Printed {
        if !opened.redirects.is_empty() {
            let span = opened
                .redirects
                .first()
                .map_or(span, |redirect| redirect.target.span);
            self.add(Vec::new(), Vec::new(), &opened, span);
        }
        self.written(&opened, printed)
    }

    pub(super) fn open(&mut self, redirects: &[IoRedirect]) -> Opened {
        self.open_all(&redirects.iter().collect::<Vec<_>>())
    }

    fn open_all(&mut self, redirects: &[&IoRedirect]) -> Opened {
        let mut opened = Opened::default();
        for redirect in redirects {
            match redirect {
                IoRedirect::File(fd, kind, target) => self.file(*fd, kind, target, &mut opened),
                IoRedirect::HereDocument(_, document) => {
                    let text = self.here_document(document);
                    opened.input = Some(Input::Text(text));
                }
                IoRedirect::HereString(_, word) => {
                    let mut text = self.single(word);
                    text.pieces.push(Piece::Text("\n".to_owned()));
                    opened.input = Some(Input::Text(text));
                }
                IoRedirect::OutputAndError(word, append) => {
                    let target = self.single(word);
                    let mode = if *append {
                        RedirectMode::Append
                    } else {
                        RedirectMode::Overwrite
                    };
                    opened.output = Some(target.clone());
                    opened.appends = *append;
                    opened.redirects.push(Redirect { mode, target });
                }
            }
        }
        opened
    }

    fn file(
        &mut self,
        fd: Option<i32>,
        kind: &IoFileRedirectKind,
        target: &IoFileRedirectTarget,
        opened: &mut Opened,
    ) {
        let word = match target {
            IoFileRedirectTarget::Filename(word) => self.single(word),
            IoFileRedirectTarget::Fd(_) => {
                return;
            }
            IoFileRedirectTarget::Duplicate(word) => {
                let word = self.single(word);
                let text = word.known().unwrap_or_default();
                if text
                    .trim_end_matches('-')
                    .chars()
                    .all(|c| c.is_ascii_digit())
                {
                    return;
                }
                word
            }
            IoFileRedirectTarget::ProcessSubstitution(kind, subshell) => {
                self.process(kind, &subshell.list, self.inside.unwrap_or_default())
            }
        };
        let mode = match kind {
            IoFileRedirectKind::Read | IoFileRedirectKind::DuplicateInput => RedirectMode::Read,
            IoFileRedirectKind::Append => RedirectMode::Append,
            IoFileRedirectKind::ReadAndWrite => RedirectMode::ReadWrite,
            IoFileRedirectKind::Write
            | IoFileRedirectKind::Clobber
            | IoFileRedirectKind::DuplicateOutput => RedirectMode::Overwrite,
        };
        if mode == RedirectMode::Read && fd.unwrap_or(0) == 0 {
            opened.input = Some(self.input_from(&word));
        } else if mode != RedirectMode::Read && fd.unwrap_or(1) == 1 {
            opened.output = Some(word.clone());
            opened.appends = mode == RedirectMode::Append;
        }
        opened.redirects.push(Redirect { mode, target: word });
    }

    /// What a file gives as standard input: its text, when the line wrote it.
    fn input_from(&self, word: &Word) -> Input {
        if let [Piece::Hole(Hole::Process { first, end, .. })] = word.pieces.as_slice() {
            let printed = self.printed.iter().find(|(id, _)| id == first);
            return printed.map_or(
                Input::Pipe {
                    first: *first,
                    end: *end,
                },
                |(_, text)| Input::Text(text.clone()),
            );
        }
        let text = word
            .known()
            .and_then(|path| self.state.file(&path).cloned());
        text.map_or_else(|| Input::File(word.clone()), Input::Text)
    }

    fn here_document(&mut self, document: &ast::IoHereDocument) -> Word {
        let span = self.span_of(document.doc.loc.as_ref());
        let raw = if document.remove_tabs {
            document
                .doc
                .value
                .lines()
                .map(|line| line.trim_start_matches('\t'))
                .collect::<Vec<_>>()
                .join("\n")
                + "\n"
        } else {
            document.doc.value.clone()
        };
        if document.requires_expansion {
            self.here_text(&raw, span)
        } else {
            Word::text(raw, span)
        }
    }

    fn assignment(&mut self, assignment: &ast::Assignment) -> Assignment {
        let (name, index) = match &assignment.name {
            AssignmentName::VariableName(name) => (name.clone(), None),
            AssignmentName::ArrayElementName(name, index) => (name.clone(), Some(index.clone())),
        };
        let value = match &assignment.value {
            AssignmentValue::Scalar(word) => self.single(word),
            AssignmentValue::Array(elements) => {
                return self.array(name, elements, assignment.append);
            }
        };
        if let Some(index) = index {
            self.element(&name, &index, value.clone());
        } else if assignment.append {
            return Assignment {
                value: self.appended(&name, value),
                name,
                exported: true,
            };
        }
        Assignment {
            name,
            value,
            exported: true,
        }
    }

    fn appended(&mut self, name: &str, value: Word) -> Word {
        let mut before = match self.state.variables.get(name) {
            Some(Value::Scalar(words)) => words.first().cloned().unwrap_or_default(),
            Some(Value::Array(_) | Value::Map(_)) => Word::default(),
            None => super::compound::unknown("a variable that is added to"),
        };
        before.pieces.extend(value.pieces);
        before
    }

    fn array(
        &mut self,
        name: String,
        elements: &[(Option<ast::Word>, ast::Word)],
        append: bool,
    ) -> Assignment {
        let mut words = match self.state.variables.get(&name) {
            Some(Value::Array(words)) if append => words.clone(),
            _ => Vec::new(),
        };
        let mut map = std::collections::BTreeMap::new();
        for (key, value) in elements {
            let value_words = self.fields(value);
            if let Some(key) = key {
                let word = value_words.first().cloned().unwrap_or_default();
                map.insert(self.single(key).display(), word);
            }
            words.extend(value_words);
        }
        let span = words.first().map(|word| word.span).unwrap_or_default();
        let text = words
            .iter()
            .map(Word::display)
            .collect::<Vec<_>>()
            .join(" ");
        if map.is_empty() {
            self.set_array(&name, words);
        } else {
            self.state.variables.insert(name.clone(), Value::Map(map));
        }
        Assignment {
            name: String::new(),
            value: Word::text(format!("{name}=({text})"), span),
            exported: false,
        }
    }

    fn element(&mut self, name: &str, index: &str, value: Word) {
        let position = index.parse::<usize>().ok();
        match (self.state.variables.get_mut(name), position) {
            (Some(Value::Array(words)), Some(at)) if at < words.len() => {
                if let Some(word) = words.get_mut(at) {
                    *word = value;
                }
            }
            (Some(Value::Array(words)), Some(_)) => words.push(value),
            (Some(Value::Map(map)), _) => {
                map.insert(index.to_owned(), value);
            }
            (_, Some(_)) => self.set_array(name, vec![value]),
            (_, None) => {
                let map = [(index.to_owned(), value)].into();
                self.state
                    .variables
                    .insert(name.to_owned(), Value::Map(map));
            }
        }
    }

    /// `export X=y`, `local x=y`: the word as it is handed over.
    fn assignment_word(&mut self, assignment: &ast::Assignment, word: &ast::Word) -> Word {
        let span = self.span_of(word.loc.as_ref());
        if let AssignmentValue::Array(_) = assignment.value {
            self.assignment(assignment);
            return Word::text(word.value.clone(), span);
        }
        self.single(word)
    }
}

fn widen(span: &mut Span, by: Span) {
    span.start = span.start.min(by.start);
    span.end = span.end.max(by.end);
}
