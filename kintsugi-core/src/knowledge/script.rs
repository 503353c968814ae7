//! A script file that is about to run: its text, as facts have it, is looked at as if it were typed.
//!
//! What a script hides is no worse than a script that nobody read: what cannot be read in it, or takes more work than one script
//! may, is unknown and not catastrophic. What it is seen to do counts whole, and says in which line.

use std::rc::Rc;

use super::UnknownKind;
use super::analyst::{Ambient, Analyst, Call};
use super::code::{dialect_of, language_of, positional};
use super::feeds::Feeds;
use super::schema::Language;
use crate::effect::{Feed, Modifiers, ScriptLine, Span};
use crate::limits::{SCRIPT_BYTES_MAX, SCRIPT_WORK_MAX};
use crate::place::{Judgement, Place};
use crate::shell::{self, Context, Word};

/// Most scripts that are read inside one another.
const SCRIPT_DEPTH_MAX: usize = 6;

/// A file of program text.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScriptFile<'f> {
    /// Absolute path.
    pub(super) path: &'f str,
    /// Its language; that of its first line, when the command does not say.
    pub(super) language: Option<Language>,
    /// What stands in it.
    pub(super) text: &'f str,
}

/// How much was found before a script was read.
struct Before {
    effects: usize,
    unknowns: usize,
    problems: usize,
    programs: usize,
}

impl Analyst<'_> {
    /// Notes that the text of a file would change the answer, when a client can look there.
    pub(super) fn want_script(&mut self, judged: &Judgement) {
        let path = &judged.path;
        let is_open = judged.modifiers != Modifiers::NONE || judged.place == Place::Secret;
        if is_open || !path.starts_with('/') || self.analysis.scripts.contains(path) {
            return;
        }
        self.analysis.scripts.push(path.clone());
    }

    /// Looks at what a script does that is about to run with `operands`, its own name first.
    pub(super) fn script_file(
        &mut self,
        call: &Call<'_>,
        file: ScriptFile<'_>,
        operands: &[Word],
    ) -> Feeds {
        let feeds = Feeds::of(Feed::Program);
        let is_read = self.reading.iter().any(|path| path == file.path);
        if is_read {
            // A script that starts itself does nothing that it was not seen to do.
            return feeds;
        }
        let too_much = file.text.len() > SCRIPT_BYTES_MAX || self.reading.len() == SCRIPT_DEPTH_MAX;
        let part = self.budget.part(SCRIPT_WORK_MAX).filter(|_| !too_much);
        let Some(part) = part else {
            let text = format!("{} is too long to be read", file.path);
            self.unknown(UnknownKind::LocalProgram, text, call.span);
            return feeds;
        };
        let rest = std::mem::replace(self.budget, part);
        self.reading.push(file.path.to_owned());
        let before = self.before();
        let more = self.script_text(call, file, operands);
        self.attribute(call, file, &before);
        self.reading.pop();
        let left = std::mem::replace(self.budget, rest);
        self.budget.rejoin(&left);
        feeds.union(more)
    }

    fn script_text(&mut self, call: &Call<'_>, file: ScriptFile<'_>, operands: &[Word]) -> Feeds {
        let language = file.language.unwrap_or_else(|| language_of(file.text));
        if language != Language::Shell {
            let whole = Span { start: 0, end: 0 };
            return self.text(call, language, &Word::text(file.text, whole), operands);
        }
        let context = Context {
            dialect: dialect_of(&shell_name(call, file), call.dialect),
            directories: Rc::clone(&call.directories),
            variables: positional(&call.variables, operands),
            embedded_in: None,
            depth: call.ambient.depth + 1,
        };
        let script = shell::read(file.text, &context, self.budget);
        let ambient = Ambient {
            depth: call.ambient.depth + 1,
            ..call.ambient
        };
        self.script(&script, &context, ambient)
    }

    fn before(&self) -> Before {
        Before {
            effects: self.analysis.effects.len(),
            unknowns: self.analysis.unknowns.len(),
            problems: self.analysis.problems.len(),
            programs: self.analysis.programs.len(),
        }
    }

    /// Says of everything that was found since `before` in which line of the script it stands, and that the command does it.
    fn attribute(&mut self, call: &Call<'_>, file: ScriptFile<'_>, before: &Before) {
        let lines = Lines::of(file);
        let problems = self.analysis.problems.split_off(before.problems);
        for problem in problems {
            self.unknown(UnknownKind::Code, problem.what, problem.span);
        }
        let effects = self.analysis.effects.iter_mut().skip(before.effects);
        for effect in effects.filter(|effect| effect.script.is_none()) {
            effect.script = Some(Box::new(lines.at(effect.span)));
            effect.span = call.span;
        }
        let unknowns = self.analysis.unknowns.iter_mut().skip(before.unknowns);
        for unknown in unknowns.filter(|unknown| unknown.script.is_none()) {
            unknown.script = Some(Box::new(lines.at(unknown.span)));
            unknown.span = call.span;
        }
        for (_, span) in self.analysis.programs.iter_mut().skip(before.programs) {
            *span = call.span;
        }
    }
}

/// Where the lines of a script begin.
struct Lines<'f> {
    file: ScriptFile<'f>,
    starts: Vec<usize>,
}

impl<'f> Lines<'f> {
    fn of(file: ScriptFile<'f>) -> Self {
        let breaks = file.text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            file,
            starts: std::iter::once(0).chain(breaks).collect(),
        }
    }

    /// Of a language other than the shell's, spans are not kept.
    fn at(&self, span: Span) -> ScriptLine {
        let start = usize::try_from(span.start).unwrap_or(usize::MAX);
        let line = self.starts.partition_point(|first| *first <= start);
        let is_known = span.end > span.start;
        ScriptLine {
            path: self.file.path.to_owned(),
            line: if is_known {
                u32::try_from(line).unwrap_or(u32::MAX)
            } else {
                0
            },
        }
    }
}

/// The shell that reads it: the one that is named, else that of its first line.
fn shell_name(call: &Call<'_>, file: ScriptFile<'_>) -> String {
    if file.language.is_some() {
        return super::code::program_name(call);
    }
    let first = file.text.lines().next().unwrap_or_default();
    let words = first.strip_prefix("#!").unwrap_or_default();
    let mut names = words
        .split_whitespace()
        .filter_map(|word| word.rsplit('/').next());
    let name = names.find(|name| *name != "env" && !name.starts_with('-'));
    name.unwrap_or("sh").to_owned()
}
