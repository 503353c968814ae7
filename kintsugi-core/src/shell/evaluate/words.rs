//! Words as written → words as a program receives them: quotes removed, expanded, split.
//!
//! Follows the order of bash(1), EXPANSION: braces, tilde, parameters, substitutions, splitting, patterns (which stay
//! patterns: nothing here looks at files), quote removal.

use std::rc::Rc;

use super::super::guard::Scan;
use super::super::tree::{Raw, Source};
use super::super::{Dialect, Directory, Hole, Input, Output, Piece, Word};
use super::fields::Fields;
use super::state::{self, Pieces};
use super::{Capture, Machine, braces};
use crate::effect::Span;

/// Longest value that is followed, in bytes.
pub(super) const VALUE_BYTES_MAX: usize = 16 * 1024;

/// Units of work that one expansion costs.
const EXPANSION_UNITS: usize = 5;

impl Machine<'_> {
    /// Expands words to what a program receives.
    pub(super) fn fields(&mut self, words: &[Raw]) -> Vec<Word> {
        let mut found = Vec::with_capacity(words.len());
        for raw in words {
            self.word(raw, &mut found);
        }
        found
    }

    fn word(&mut self, raw: &Raw, found: &mut Vec<Word>) {
        let text = raw.text();
        let span = raw.span();
        if !self.spend(1 + text.len() / 32, span) {
            return;
        }
        if !text.contains(SPECIAL) {
            found.push(Word::text(text, span));
            return;
        }
        if self.dialect != Dialect::Posix && text.contains('{') {
            match braces::expand(text) {
                braces::Expansion::None => {}
                braces::Expansion::Words(words) => {
                    for text in words {
                        if !self.spend(2 + text.len() / 32, span) {
                            return;
                        }
                        self.one(&fixed(&text, span), found);
                    }
                    return;
                }
                braces::Expansion::TooMany => {
                    let pieces = vec![Piece::Hole(Hole::Other("a long brace expansion"))];
                    found.push(Word { pieces, span });
                    return;
                }
            }
        }
        self.one(raw, found);
    }

    fn one(&mut self, raw: &Raw, found: &mut Vec<Word>) {
        let span = raw.span();
        let mut fields = Fields {
            split: true,
            separators: self.separators(),
            ..Fields::default()
        };
        self.expand(raw, &mut fields);
        fields.end_field();
        if !self.spend(fields.done.iter().map(Vec::len).sum(), span) {
            // The line is held for it, and every later look at so many pieces takes its time.
            let pieces = vec![Piece::Hole(Hole::Other("a word of many parts"))];
            found.push(Word { pieces, span });
            return;
        }
        let words = fields.done.into_iter();
        found.extend(words.map(|pieces| Word { pieces, span }));
    }

    /// Expands a word that stays one: a value, a test, a here-string.
    pub(super) fn single(&mut self, raw: &Raw) -> Word {
        let span = raw.span();
        self.spend(1 + raw.text().len() / 32, span);
        let mut fields = Fields::default();
        self.expand(raw, &mut fields);
        fields.end_field();
        let mut pieces = Vec::new();
        for (number, field) in fields.done.iter().enumerate() {
            if number > 0 {
                state::append(&mut pieces, &state::text(" "));
            }
            state::append(&mut pieces, field);
        }
        if state::size(&pieces) > VALUE_BYTES_MAX {
            pieces = vec![Piece::Hole(Hole::Other("a long value"))];
        }
        Word { pieces, span }
    }

    /// Expands the operand of an expansion, with its patterns when `split` is set.
    pub(super) fn operand(&mut self, raw: &Raw, patterns: bool) -> Pieces {
        let mut fields = Fields {
            split: patterns,
            ..Fields::default()
        };
        self.spend(1 + raw.text().len() / 32, raw.span());
        self.expand(raw, &mut fields);
        fields.end_field();
        fields.done.into_iter().flatten().collect()
    }

    /// Expands text in which quotes are characters: a here-document, an arithmetic expression.
    pub(super) fn quoted_text(&mut self, raw: &Raw) -> Pieces {
        let mut fields = Fields::default();
        self.spend(1 + raw.text().len() / 32, raw.span());
        self.inside_quotes(raw, true, &mut fields);
        fields.end_field();
        fields.done.into_iter().flatten().collect()
    }

    /// Expands text as it stands between double quotes.
    pub(super) fn double_quoted(&mut self, raw: &Raw) -> Pieces {
        let mut fields = Fields::default();
        self.spend(1 + raw.text().len() / 32, raw.span());
        self.inside_quotes(raw, false, &mut fields);
        fields.end_field();
        fields.done.into_iter().flatten().collect()
    }

    fn separators(&self) -> String {
        match self
            .state
            .variable("IFS")
            .and_then(|ifs| ifs.values.first())
        {
            Some(value) => state::known(&value.scalar()).unwrap_or_else(|| " \t\n".to_owned()),
            None => " \t\n".to_owned(),
        }
    }

    /// Walks one word as written.
    pub(super) fn expand(&mut self, raw: &Raw, fields: &mut Fields) {
        let source = Rc::clone(&raw.source);
        let scan = Scan {
            text: source.text.get(..raw.end).unwrap_or_default(),
            fish: false,
        };
        let mut at = self.tilde(raw, &scan, fields);
        // `=(…)` of zsh is a file with what the commands print (zshexpn(1) 5.9, "Process Substitution").
        if self.dialect == Dialect::Zsh && scan.starts(raw.start, "=(") {
            let close = scan.command(raw.start + 2, 0).unwrap_or(raw.end);
            let inner = part(raw, raw.start + 2, close.saturating_sub(1));
            self.process(&inner, true, fields);
            at = close;
        }
        let mut plain = at;
        while let Some(byte) = scan.byte(at) {
            if !matches!(
                byte,
                b'\\' | b'\'' | b'"' | b'`' | b'$' | b'<' | b'>' | b'=' | b':'
            ) {
                at += 1;
                continue;
            }
            if matches!(byte, b'=' | b':') {
                at += 1;
                if !fields.split && scan.byte(at) == Some(b'~') {
                    fields.literal(scan.slice(plain, at));
                    at = self.home(&scan, at, fields);
                    plain = at;
                }
                continue;
            }
            fields.literal(scan.slice(plain, at));
            at = self.special(raw, &scan, at, fields);
            plain = at;
        }
        fields.literal(scan.slice(plain, raw.end));
    }

    /// Expands what begins with the special byte at `at`; returns where the word goes on.
    fn special(&mut self, raw: &Raw, scan: &Scan<'_>, at: usize, fields: &mut Fields) -> usize {
        let end = raw.end;
        match scan.byte(at) {
            Some(b'\\') => {
                let escaped = scan.text.get(at + 1..).and_then(|rest| rest.chars().next());
                match escaped {
                    Some('\n') => {}
                    Some(character) => fields.quoted(&state::text(character)),
                    None => fields.quoted(&state::text("\\")),
                }
                at + 1 + escaped.map_or(0, char::len_utf8)
            }
            Some(b'\'') => {
                let close = scan.single_quoted(at + 1).unwrap_or(end);
                let inner = scan.slice(at + 1, close.saturating_sub(1));
                fields.quoted(&state::text(inner));
                close
            }
            Some(b'"') => {
                let close = scan.double_quoted(at + 1, 0).unwrap_or(end);
                fields.quoted(&[]);
                self.inside_quotes(&part(raw, at + 1, close.saturating_sub(1)), false, fields);
                close
            }
            Some(b'$') if scan.byte(at + 1) == Some(b'\'') => {
                let close = scan.escaped_quoted(at + 2).unwrap_or(end);
                let inner = scan.slice(at + 2, close.saturating_sub(1));
                fields.quoted(&state::text(super::escapes::unescape(inner, true)));
                close
            }
            // `$"…"`: a translated string; without a catalogue it is the string.
            Some(b'$') if scan.byte(at + 1) == Some(b'"') => at + 1,
            Some(b'<' | b'>') if scan.byte(at + 1) == Some(b'(') => {
                let close = scan.command(at + 2, 0).unwrap_or(end);
                let inner = part(raw, at + 2, close.saturating_sub(1));
                self.process(&inner, scan.byte(at) == Some(b'<'), fields);
                close
            }
            Some(b'<' | b'>') | None => {
                fields.literal(scan.slice(at, at + 1));
                at + 1
            }
            Some(_) => self.dollar_or_backquote(raw, at, false, fields),
        }
    }

    /// Expands the inside of double quotes, or (`here`) of a here-document, in which `"` is a character.
    fn inside_quotes(&mut self, raw: &Raw, here: bool, fields: &mut Fields) {
        let source = Rc::clone(&raw.source);
        let scan = Scan {
            text: source.text.get(..raw.end).unwrap_or_default(),
            fish: false,
        };
        let mut at = raw.start;
        let mut plain = at;
        while let Some(byte) = scan.byte(at) {
            match byte {
                b'\\' => {
                    let next = scan.byte(at + 1);
                    let escapes = matches!(next, Some(b'$' | b'`' | b'\\' | b'\n'))
                        || next == Some(b'"') && !here;
                    if escapes {
                        fields.quoted(&state::text(scan.slice(plain, at)));
                        plain = at + 1 + usize::from(next == Some(b'\n'));
                    }
                    at += 2;
                }
                b'$' | b'`' => {
                    fields.quoted(&state::text(scan.slice(plain, at)));
                    at = self.dollar_or_backquote(raw, at, true, fields);
                    plain = at;
                }
                _ => at += 1,
            }
        }
        let rest = state::text(scan.slice(plain, raw.end));
        if !rest.is_empty() {
            fields.quoted(&rest);
        }
    }

    /// Expands `` `…` `` or what begins with `$`.
    fn dollar_or_backquote(
        &mut self,
        raw: &Raw,
        at: usize,
        quoted: bool,
        fields: &mut Fields,
    ) -> usize {
        let source = Rc::clone(&raw.source);
        let scan = Scan {
            text: source.text.get(..raw.end).unwrap_or_default(),
            fish: false,
        };
        if !self.spend(EXPANSION_UNITS, raw.span()) {
            // What is over its budget is held: nothing more is read.
            return raw.end;
        }
        if scan.byte(at) == Some(b'`') {
            let close = scan.backquoted(at + 1).unwrap_or(raw.end);
            let inner = unescape_backquoted(scan.slice(at + 1, close.saturating_sub(1)), quoted);
            let inner = fixed(&inner, part(raw, at, close).span());
            let pieces = self.substitute(&inner);
            fields.add(&pieces, quoted);
            return close;
        }
        let Ok(close) = scan.dollar(at, 0, quoted) else {
            fields.quoted(&state::text("$"));
            return at + 1;
        };
        match scan.byte(at + 1) {
            Some(b'(') => {
                let arithmetic = scan.starts(at, "$((")
                    && scan.slice(close.saturating_sub(2), close) == "))"
                    && scan.balanced(at + 2, 0) == Ok(close - 1);
                let pieces = if arithmetic {
                    self.expression(&part(raw, at + 3, close - 2))
                } else {
                    self.substitute(&part(raw, at + 2, close.saturating_sub(1)))
                };
                fields.add(&pieces, quoted);
                close
            }
            Some(b'[') => {
                let pieces = self.expression(&part(raw, at + 2, close.saturating_sub(1)));
                fields.add(&pieces, quoted);
                close
            }
            Some(b'{') => {
                self.braced(&part(raw, at + 2, close.saturating_sub(1)), quoted, fields);
                close
            }
            Some(byte) => {
                let name = match byte {
                    b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!' => {
                        scan.slice(at + 1, at + 2)
                    }
                    _ => scan.plain_word(at + 1),
                };
                if name.is_empty() {
                    fields.quoted(&state::text("$"));
                    return at + 1;
                }
                // `$x[1]` of zsh needs no braces (zshexpn(1) 5.9, "Parameter Expansion").
                let behind = at + 1 + name.len();
                if self.has_zsh_arrays()
                    && scan.byte(behind) == Some(b'[')
                    && let Some(close) = scan.slice(behind, raw.end).find(']')
                {
                    self.braced(&part(raw, at + 1, behind + close + 1), quoted, fields);
                    return behind + close + 1;
                }
                self.parameter(name, quoted, fields);
                behind
            }
            None => {
                fields.quoted(&state::text("$"));
                at + 1
            }
        }
    }

    /// Runs the commands of a substitution; returns what they print, when it is known.
    pub(super) fn substitute(&mut self, inner: &Raw) -> Pieces {
        let first = self.next_id();
        let state = self.state.clone();
        let stream = self.stream.clone();
        let choices = self.choices.clone();
        let succeeded = self.succeeded.take();
        let outer = self.capture.replace(Capture::default());
        self.stream.output = Output::Captured;
        self.stream.background = false;
        // A substitution does not take over `set -e` (bash(1) 5.2, "COMMAND EXECUTION ENVIRONMENT").
        self.state.stops = false;
        self.source(&inner.source, (inner.start, inner.end));
        let capture = std::mem::replace(&mut self.capture, outer).unwrap_or_default();
        self.state = state;
        self.stream = stream;
        self.choices = choices;
        self.succeeded = succeeded;
        let end = self.next_id();
        self.spend(state::size(&capture.pieces) / 16, inner.span());
        if capture.unknown {
            return vec![Piece::Hole(Hole::Output { first, end })];
        }
        let mut pieces = capture.pieces;
        while let Some(Piece::Text(text)) = pieces.last_mut() {
            text.truncate(text.trim_end_matches('\n').len());
            if !text.is_empty() {
                break;
            }
            pieces.pop();
        }
        pieces
    }

    /// `<(…)` and `>(…)`.
    fn process(&mut self, inner: &Raw, readable: bool, fields: &mut Fields) {
        let first = self.next_id();
        let state = self.state.clone();
        let stream = self.stream.clone();
        let outer = self.capture.replace(Capture::default());
        if readable {
            self.stream.output = Output::Captured;
        } else {
            self.stream.output = Output::Inherited;
            self.stream.input = Input::Inherited;
        }
        self.state.stops = false;
        self.source(&inner.source, (inner.start, inner.end));
        let capture = std::mem::replace(&mut self.capture, outer).unwrap_or_default();
        self.state = state;
        self.stream = stream;
        let end = self.next_id();
        if readable && !capture.unknown && first < end {
            let word = Word {
                pieces: capture.pieces,
                span: inner.span(),
            };
            self.script.printed.push((first, word));
        }
        fields.quoted(&[Piece::Hole(Hole::Process {
            first,
            end,
            readable,
        })]);
    }

    fn tilde(&mut self, raw: &Raw, scan: &Scan<'_>, fields: &mut Fields) -> usize {
        if scan.byte(raw.start) == Some(b'~') {
            return self.home(scan, raw.start, fields);
        }
        raw.start
    }

    /// Expands the `~` at `at`.
    fn home(&mut self, scan: &Scan<'_>, at: usize, fields: &mut Fields) -> usize {
        match scan.byte(at + 1) {
            None | Some(b'/' | b':') => {
                self.parameter("HOME", true, fields);
                at + 1
            }
            Some(b'+') if matches!(scan.byte(at + 2), None | Some(b'/')) => {
                self.parameter("PWD", true, fields);
                at + 2
            }
            Some(b'-') if matches!(scan.byte(at + 2), None | Some(b'/')) => {
                self.parameter("OLDPWD", true, fields);
                at + 2
            }
            Some(_) => at,
        }
    }

    /// Returns where the shell is, when it is one place.
    pub(super) fn working_directory(&self) -> Option<String> {
        match self.state.directories.as_ref() {
            [Directory::Known(path)] => Some(path.clone()),
            _ => None,
        }
    }
}

/// The characters that make a word more than its text.
const SPECIAL: [char; 17] = [
    '\\', '\'', '"', '`', '$', '*', '?', '[', '{', '~', '<', '>', '=', ':', '(', '\n', '#',
];

/// A part of the source of `raw`, by bytes of the source.
fn part(raw: &Raw, start: usize, end: usize) -> Raw {
    Raw {
        source: Rc::clone(&raw.source),
        start,
        end: end.max(start),
    }
}

/// A text of its own that stands at `span`.
pub(super) fn fixed(text: &str, span: Span) -> Raw {
    Raw {
        source: Rc::new(Source {
            text: Rc::from(text),
            fixed: Some(span),
        }),
        start: 0,
        end: text.len(),
    }
}

/// Inside backquotes `\` escapes `$`, `` ` `` and `\`, and inside double quotes `"` too.
fn unescape_backquoted(text: &str, quoted: bool) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let escapes = |next: &char| matches!(next, '$' | '`' | '\\') || *next == '"' && quoted;
        if character == '\\'
            && let Some(next) = characters.next_if(escapes)
        {
            plain.push(next);
        } else {
            plain.push(character);
        }
    }
    plain
}
