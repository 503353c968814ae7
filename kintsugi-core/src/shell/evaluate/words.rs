//! Raw words → fields: quotes, escapes, expansions, splitting.

use brush_parser::ast;

use super::{Evaluator, Printed, braces};
use crate::effect::Span;
use crate::shell::{Dialect, Hole, InvocationId, Piece, Word};

/// Fields in the making.
#[derive(Debug, Default)]
pub(super) struct Fields {
    done: Vec<Vec<Piece>>,
    current: Option<Vec<Piece>>,
}

impl Fields {
    /// Text that is not split.
    fn text(&mut self, text: &str) {
        let pieces = self.current.get_or_insert_default();
        match pieces.last_mut() {
            _ if text.is_empty() => {}
            Some(Piece::Text(last)) => last.push_str(text),
            Some(Piece::Glob(_) | Piece::Hole(_)) | None => {
                pieces.push(Piece::Text(text.to_owned()))
            }
        }
    }

    fn glob(&mut self, text: &str) {
        self.current
            .get_or_insert_default()
            .push(Piece::Glob(text.to_owned()));
    }

    fn hole(&mut self, hole: Hole) {
        self.current.get_or_insert_default().push(Piece::Hole(hole));
    }

    /// Ends a field.
    fn end(&mut self) {
        self.done.extend(self.current.take());
    }

    /// The result of an unquoted expansion: split at `separators`, its patterns alive.
    fn split(&mut self, word: &Word, separators: &str) {
        for piece in &word.pieces {
            match piece {
                Piece::Text(text) => self.split_text(text, separators),
                Piece::Glob(text) => self.glob(text),
                Piece::Hole(hole) => self.hole(hole.clone()),
            }
        }
    }

    fn split_text(&mut self, text: &str, separators: &str) {
        let mut run = String::new();
        for c in text.chars() {
            if separators.contains(c) {
                if !run.is_empty() {
                    self.text(&std::mem::take(&mut run));
                }
                if c.is_whitespace() {
                    self.end();
                } else {
                    self.current.get_or_insert_default();
                    self.end();
                }
            } else if matches!(c, '*' | '?' | '[') {
                if !run.is_empty() {
                    self.text(&std::mem::take(&mut run));
                }
                self.glob(&c.to_string());
            } else {
                run.push(c);
            }
        }
        if !run.is_empty() {
            self.text(&run);
        }
    }

    fn word(&mut self, word: &Word) {
        self.current.get_or_insert_default();
        for piece in &word.pieces {
            match piece {
                Piece::Text(text) => self.text(text),
                Piece::Glob(text) => self.text(text),
                Piece::Hole(hole) => self.hole(hole.clone()),
            }
        }
    }
}

/// How a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quoting {
    /// As a word of a command.
    None,
    /// Inside double quotes.
    Double,
    /// The body of a here-document.
    Here,
}

impl Evaluator<'_> {
    /// Returns the fields that a word of a command becomes.
    pub(super) fn fields(&mut self, word: &ast::Word) -> Vec<Word> {
        let span = self.span_of(word.loc.as_ref());
        let raw = word.value.as_str();
        if !raw.contains([
            '{', '$', '`', '\\', '\'', '"', '*', '?', '[', '~', '<', '>', '=',
        ]) {
            return vec![Word::text(raw, span)];
        }
        let Some(alternatives) = braces::expand(raw) else {
            return vec![Word {
                pieces: vec![Piece::Hole(Hole::Other("a long brace expansion"))],
                span,
            }];
        };
        let mut words = Vec::new();
        for raw in &alternatives {
            if !self.spend(1) {
                break;
            }
            let mut fields = Fields::default();
            self.expand(raw, Quoting::None, &mut fields, span);
            fields.end();
            words.extend(fields.done.into_iter().map(|pieces| Word { pieces, span }));
        }
        words
    }

    /// Returns the one word that an assignment, a redirection or a condition makes of it.
    pub(super) fn single(&mut self, word: &ast::Word) -> Word {
        let span = self.span_of(word.loc.as_ref());
        self.joined(&word.value, span)
    }

    /// Expands raw text to one word.
    pub(super) fn joined(&mut self, raw: &str, span: Span) -> Word {
        let separators = self.state.variables.remove("IFS");
        self.state.set("IFS", Word::default());
        let mut fields = Fields::default();
        self.expand(raw, Quoting::None, &mut fields, span);
        fields.end();
        match separators {
            Some(value) => self.state.variables.insert("IFS".to_owned(), value),
            None => self.state.variables.remove("IFS"),
        };
        let mut pieces: Vec<Piece> = Vec::new();
        for (at, field) in fields.done.into_iter().enumerate() {
            if at > 0 {
                pieces.push(Piece::Text(" ".to_owned()));
            }
            pieces.extend(field);
        }
        Word {
            pieces: merged(pieces),
            span,
        }
    }

    /// Expands the body of a here-document.
    pub(super) fn here_text(&mut self, raw: &str, span: Span) -> Word {
        let mut fields = Fields::default();
        fields.current = Some(Vec::new());
        self.expand(raw, Quoting::Here, &mut fields, span);
        Word {
            pieces: merged(fields.current.unwrap_or_default()),
            span,
        }
    }

    fn expand(&mut self, raw: &str, quoting: Quoting, fields: &mut Fields, span: Span) {
        let mut rest = raw;
        if quoting == Quoting::None && rest.starts_with('~') {
            rest = self.tilde(rest, fields);
        }
        while let Some(first) = rest.chars().next() {
            if !self.spend(1) {
                return;
            }
            let behind = rest.get(first.len_utf8()..).unwrap_or_default();
            rest = match (first, quoting) {
                ('\\', _) => escape(behind, quoting, fields),
                ('\'', Quoting::None) => {
                    let (text, rest) = behind.split_once('\'').unwrap_or((behind, ""));
                    fields.text(text);
                    rest
                }
                ('"', Quoting::None) => {
                    let end = end_of_double(behind);
                    let (inner, rest) = behind.split_at(end);
                    self.double(inner, fields, span);
                    rest.get(1..).unwrap_or_default()
                }
                ('$', _) => self.dollar(behind, quoting, fields, span),
                ('`', _) => {
                    let end = end_of_backquote(behind);
                    let (inner, rest) = behind.split_at(end);
                    let text = unescape_backquote(inner, quoting);
                    self.substitute(&text, quoting, fields, span);
                    rest.get(1..).unwrap_or_default()
                }
                ('<' | '>', Quoting::None) if behind.starts_with('(') => {
                    let inner_end = super::parameters::closing(behind, '(', ')');
                    let inner = behind.get(1..inner_end).unwrap_or_default();
                    let hole = self.process_text(inner, first == '<', span);
                    fields.hole(hole);
                    behind.get(inner_end + 1..).unwrap_or_default()
                }
                ('*' | '?', Quoting::None) => {
                    fields.glob(rest.get(..1).unwrap_or_default());
                    behind
                }
                ('[', Quoting::None) => bracket(rest, fields),
                ('=', Quoting::None)
                    if self.context.dialect == Dialect::Zsh
                        && rest.len() == raw.len()
                        && !behind.is_empty() =>
                {
                    // zsh: `=name` is the path of that program.
                    behind
                }
                _ => {
                    let stops = ['\\', '\'', '"', '$', '`', '*', '?', '[', '<', '>'];
                    let length = first.len_utf8() + behind.find(stops).unwrap_or(behind.len());
                    fields.text(rest.get(..length).unwrap_or_default());
                    rest.get(length..).unwrap_or_default()
                }
            };
        }
    }

    fn double(&mut self, inner: &str, fields: &mut Fields, span: Span) {
        if matches!(inner, "$@" | "${@}") || inner.ends_with("[@]}") && inner.starts_with("${") {
            // Each element is a field of its own; none at all when there are none.
            let Some(words) = self.elements(inner) else {
                fields.text("");
                self.expand(inner, Quoting::Double, fields, span);
                return;
            };
            for (at, word) in words.iter().enumerate() {
                if at > 0 {
                    fields.end();
                }
                fields.word(word);
            }
            return;
        }
        fields.text("");
        self.expand(inner, Quoting::Double, fields, span);
    }

    /// `~`, `~/x`, `~+`; what is no known home stays as it is, for who knows places.
    fn tilde<'t>(&mut self, raw: &'t str, fields: &mut Fields) -> &'t str {
        let end = raw.find('/').unwrap_or(raw.len());
        match raw.get(..end) {
            Some("~") => {
                match self.lookup("HOME") {
                    Some(home) => fields.word(&home),
                    None => fields.hole(Hole::Variable("HOME".to_owned())),
                }
                raw.get(end..).unwrap_or_default()
            }
            _ => raw,
        }
    }

    fn dollar<'t>(
        &mut self,
        behind: &'t str,
        quoting: Quoting,
        fields: &mut Fields,
        span: Span,
    ) -> &'t str {
        let next = behind.chars().next().unwrap_or_default();
        match next {
            '\'' if quoting == Quoting::None => {
                let (text, rest) = ansi(behind.get(1..).unwrap_or_default());
                fields.text(&text);
                rest
            }
            '"' if quoting == Quoting::None => behind,
            '(' if behind.starts_with("((") && super::parameters::is_arithmetic(behind) => {
                let end = super::parameters::closing(behind, '(', ')');
                let inner = behind.get(2..end.saturating_sub(1)).unwrap_or_default();
                let result = self.arithmetic(inner);
                match result {
                    Some(number) => fields.text(&number.to_string()),
                    None => fields.hole(Hole::Other("an arithmetic expression")),
                }
                behind.get(end + 1..).unwrap_or_default()
            }
            '(' => {
                let end = super::parameters::closing(behind, '(', ')');
                let inner = behind.get(1..end).unwrap_or_default();
                self.substitute(inner, quoting, fields, span);
                behind.get(end + 1..).unwrap_or_default()
            }
            '[' => {
                let end = super::parameters::closing(behind, '[', ']');
                let result = self.arithmetic(behind.get(1..end).unwrap_or_default());
                match result {
                    Some(number) => fields.text(&number.to_string()),
                    None => fields.hole(Hole::Other("an arithmetic expression")),
                }
                behind.get(end + 1..).unwrap_or_default()
            }
            '{' => {
                let end = super::parameters::closing(behind, '{', '}');
                let inner = behind.get(1..end).unwrap_or_default();
                let words = self.parameter(inner, span);
                self.place(&words, quoting, fields);
                behind.get(end + 1..).unwrap_or_default()
            }
            c if c.is_ascii_alphanumeric() || c == '_' => {
                let length = if c.is_ascii_digit() {
                    1
                } else {
                    behind
                        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                        .unwrap_or(behind.len())
                };
                let words = self.parameter(behind.get(..length).unwrap_or_default(), span);
                self.place(&words, quoting, fields);
                behind.get(length..).unwrap_or_default()
            }
            '@' | '*' | '#' | '?' | '$' | '!' | '-' => {
                let words = self.parameter(behind.get(..1).unwrap_or_default(), span);
                self.place(&words, quoting, fields);
                behind.get(1..).unwrap_or_default()
            }
            _ => {
                fields.text("$");
                behind
            }
        }
    }

    /// Puts the words of an expansion where it stands.
    fn place(&mut self, words: &[Word], quoting: Quoting, fields: &mut Fields) {
        let separators = self.separators();
        for (at, word) in words.iter().enumerate() {
            if quoting == Quoting::None {
                if at > 0 {
                    fields.end();
                }
                fields.split(word, &separators);
            } else {
                if at > 0 {
                    fields.text(" ");
                }
                fields.word(word);
            }
        }
    }

    fn separators(&self) -> String {
        if self.context.dialect == Dialect::Zsh {
            return String::new();
        }
        match self.state.variables.get("IFS") {
            Some(super::state::Value::Scalar(words)) => words
                .first()
                .and_then(Word::known)
                .unwrap_or_default()
                .into_owned(),
            _ => " \t\n".to_owned(),
        }
    }

    /// `$(…)`: what it prints, when that is known, else a hole that names its commands.
    fn substitute(&mut self, text: &str, quoting: Quoting, fields: &mut Fields, span: Span) {
        let first = self.next_id();
        let inner = text.trim();
        let from_file = inner.strip_prefix('<').filter(|_| !inner.starts_with("<("));
        let captured = std::mem::replace(&mut self.captured, true);
        let wiring = std::mem::take(&mut self.wiring);
        let printed = self.subshell(|evaluator| match from_file {
            Some(path) => {
                let printed = evaluator.inner_text(&format!("cat {path}"), span);
                printed
            }
            None => evaluator.inner_text(text, span),
        });
        self.wiring = wiring;
        self.captured = captured;
        let end = self.next_id();
        let word = match printed {
            Printed::Nothing => Word::default(),
            Printed::Text(word) => trimmed(word),
            Printed::Anything => Word {
                pieces: vec![Piece::Hole(Hole::Output { first, end })],
                span,
            },
        };
        self.place(&[word], quoting, fields);
    }

    /// `<(…)` that the parser has found.
    pub(super) fn process(
        &mut self,
        kind: &ast::ProcessSubstitutionKind,
        list: &ast::CompoundList,
        span: Span,
    ) -> Word {
        let readable = matches!(kind, ast::ProcessSubstitutionKind::Read);
        let hole = self.process_with(readable, span, |evaluator| evaluator.list(list));
        Word {
            pieces: vec![Piece::Hole(hole)],
            span,
        }
    }

    fn process_text(&mut self, text: &str, readable: bool, span: Span) -> Hole {
        self.process_with(readable, span, |evaluator| evaluator.inner_text(text, span))
    }

    fn process_with(
        &mut self,
        readable: bool,
        span: Span,
        act: impl FnOnce(&mut Self) -> Printed,
    ) -> Hole {
        let first = self.next_id();
        let captured = std::mem::replace(&mut self.captured, readable);
        let wiring = std::mem::take(&mut self.wiring);
        let printed = self.subshell(act);
        self.wiring = wiring;
        self.captured = captured;
        let end = self.next_id();
        if let (true, Printed::Text(mut text)) = (readable, printed) {
            text.span = span;
            self.script.printed.push((first, text.clone()));
            self.printed.push((first, text));
        }
        Hole::Process {
            first,
            end,
            readable,
        }
    }

    /// What the commands from `first` on print into a process substitution, when it is known.
    pub(super) fn process_output(&self, first: InvocationId) -> Option<&Word> {
        self.printed
            .iter()
            .rev()
            .find(|(id, _)| *id == first)
            .map(|(_, text)| text)
    }
}

fn escape<'t>(behind: &'t str, quoting: Quoting, fields: &mut Fields) -> &'t str {
    let Some(c) = behind.chars().next() else {
        fields.text("\\");
        return "";
    };
    let rest = behind.get(c.len_utf8()..).unwrap_or_default();
    let special = match quoting {
        Quoting::None => true,
        Quoting::Double => matches!(c, '$' | '`' | '"' | '\\' | '\n'),
        Quoting::Here => matches!(c, '$' | '`' | '\\' | '\n'),
    };
    match (special, c) {
        (true, '\n') => {}
        (true, c) => fields.text(c.encode_utf8(&mut [0; 4])),
        (false, _) => {
            fields.text("\\");
            return behind;
        }
    }
    rest
}

/// `[a-z]` as a pattern; a bracket that is not closed is text.
fn bracket<'t>(rest: &'t str, fields: &mut Fields) -> &'t str {
    let inner = rest.get(1..).unwrap_or_default();
    let skip = usize::from(inner.starts_with(['!', '^', ']']));
    let end = inner
        .get(skip..)
        .and_then(|text| text.find(']'))
        .map(|at| at + skip);
    match end {
        Some(end)
            if !inner
                .get(..end)
                .unwrap_or_default()
                .contains(['/', ' ', '$', '"', '\'']) =>
        {
            fields.glob(rest.get(..end + 2).unwrap_or_default());
            rest.get(end + 2..).unwrap_or_default()
        }
        _ => {
            fields.text("[");
            inner
        }
    }
}

/// Returns where the double quote that is open ends; substitutions in it may have quotes of their own.
pub(super) fn end_of_double(text: &str) -> usize {
    let mut at = 0;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let behind = text.get(at + c.len_utf8()..).unwrap_or_default();
        match c {
            '"' => return at,
            '\\' => at += behind.chars().next().map_or(0, char::len_utf8),
            '$' if behind.starts_with('(') => {
                at += super::parameters::closing(behind, '(', ')') + 1
            }
            '$' if behind.starts_with('{') => {
                at += super::parameters::closing(behind, '{', '}') + 1
            }
            '`' => at += end_of_backquote(behind) + 1,
            _ => {}
        }
        at += c.len_utf8();
    }
    text.len()
}

fn end_of_backquote(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if c == '`' && !escaped {
            return at;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

fn unescape_backquote(text: &str, quoting: Quoting) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let escapes = |next: &char| {
            matches!(next, '$' | '`' | '\\') || *next == '"' && quoting == Quoting::Double
        };
        match (c, characters.peek().copied()) {
            ('\\', Some(next)) if escapes(&next) => {
                plain.push(next);
                characters.next();
            }
            _ => plain.push(c),
        }
    }
    plain
}

/// Reads `$'…'` behind its quote; returns the text and what follows.
fn ansi(raw: &str) -> (String, &str) {
    let mut text = String::new();
    let mut rest = raw;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '\'' => return (text, rest),
            '\\' => rest = super::output::escape(rest, &mut text, true),
            c => text.push(c),
        }
    }
    (text, rest)
}

/// Drops the line ends at the end of what a substitution printed.
fn trimmed(mut word: Word) -> Word {
    word.pieces = merged(word.pieces);
    if let Some(Piece::Text(last)) = word.pieces.last_mut() {
        let length = last.trim_end_matches('\n').len();
        last.truncate(length);
    }
    word
}

/// Joins pieces of text that stand side by side.
pub(super) fn merged(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut result: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match (result.last_mut(), piece) {
            (Some(Piece::Text(last)), Piece::Text(text)) => last.push_str(&text),
            (_, piece) => result.push(piece),
        }
    }
    result
}
