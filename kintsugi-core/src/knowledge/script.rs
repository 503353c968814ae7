//! A script file that is about to run: its text, as facts have it, is looked at as if it were typed.
//!
//! What a script hides is no worse than a script that nobody read: what cannot be read in it, or takes more work than one script
//! may, is unknown and not catastrophic. What it is seen to do counts whole, and says in which line.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::analyst::{Ambient, Analyst, Call};
use super::feeds::Feeds;
use super::languages::{dialect_of, language_of};
use super::program::Task;
use super::recipe;
use super::schema::Language;
use super::{Unknown, UnknownKind};
use crate::effect::{Feed, Modifiers, ScriptLine, Span};
use crate::limits::{SCRIPT_BYTES_MAX, SCRIPT_WORK_MAX};
use crate::place::{Judgement, Place};
use crate::shell::{self, Context, Piece, Variables, Word};

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
    /// The part of it that runs: the target of a makefile; nothing for the whole file.
    pub(super) part: &'f str,
    /// The line with which `text` begins, from 1.
    pub(super) first_line: u32,
}

impl<'f> ScriptFile<'f> {
    /// All of the file at `path`, which holds `text`.
    pub(super) const fn whole(path: &'f str, language: Language, text: &'f str) -> Self {
        Self {
            path,
            language: Some(language),
            text,
            part: "",
            first_line: 1,
        }
    }
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
        self.scripts(call, &[file], operands)
    }

    /// A makefile with the files that it includes, each once, where the line wrote them (GNU make 4.4, "Including Other Makefiles").
    fn with_included(&self, path: &str, text: &str) -> String {
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        let mut whole = text.to_owned();
        let included = text.lines().filter_map(|line| {
            let line = line.trim_start_matches(['-', 's']);
            line.strip_prefix("include ")
        });
        let names: BTreeSet<&str> = included.flat_map(str::split_whitespace).collect();
        for name in names {
            let written = self.written(&format!("{directory}/{name}"));
            if let Some(more) = written.and_then(|it| it.text) {
                whole.push('\n');
                whole.push_str(&more);
            }
        }
        whole
    }

    /// Looks at what a command runs of a file of the project: a makefile, the scripts of a package.
    pub(super) fn project_file(&mut self, task: &Task<'_, '_>, judged: &Judgement) {
        let (above, name) = judged.path.rsplit_once('/').unwrap_or(("", &judged.path));
        if !recipe::is_read(name) {
            self.run_own(&task.call, &judged.path);
            return;
        }
        let default = recipe::MAKEFILES
            .iter()
            .map(|name| format!("{above}/{name}"));
        let paths: Vec<String> = if name == "Makefile" {
            default.collect()
        } else {
            vec![judged.path.clone()]
        };
        let words = names(task);
        let part = words.join(" ");
        for path in paths {
            let Some(text) = self.written(&path).and_then(|it| it.text) else {
                self.want_script(&Judgement {
                    path,
                    ..judged.clone()
                });
                continue;
            };
            let text = self.with_included(&path, &text);
            let name = path.rsplit('/').next().unwrap_or_default();
            let lines = recipe::read(name, &text, &words).unwrap_or_default();
            let pieces: Vec<ScriptFile<'_>> = lines
                .iter()
                .map(|line| ScriptFile {
                    path: &path,
                    language: Some(Language::Shell),
                    text: &line.text,
                    part: &part,
                    first_line: line.number,
                })
                .collect();
            self.scripts(&task.call, &pieces, &[]);
        }
    }

    /// Reads the pieces of one script, each in the state in which it begins.
    fn scripts(&mut self, call: &Call<'_>, pieces: &[ScriptFile<'_>], operands: &[Word]) -> Feeds {
        let mut feeds = Feeds::of(Feed::Program);
        let Some(file) = pieces.first() else {
            return feeds;
        };
        let key = format!("{}\n{}", file.path, file.part);
        if self.reading.contains(&key) {
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
        self.reading.push(key);
        for piece in pieces {
            let before = self.before();
            let placed = placed(piece);
            let text = placed.as_deref().unwrap_or(piece.text);
            let piece = ScriptFile { text, ..*piece };
            feeds = feeds.union(self.script_text(call, piece, operands));
            self.attribute(call, piece, &before);
        }
        self.reading.pop();
        let left = std::mem::replace(self.budget, rest);
        self.budget.rejoin(&left);
        feeds
    }

    fn script_text(&mut self, call: &Call<'_>, file: ScriptFile<'_>, operands: &[Word]) -> Feeds {
        let language = file.language.unwrap_or_else(|| language_of(file.text));
        if language != Language::Shell {
            let whole = Span { start: 0, end: 0 };
            let feeds = self.text(call, language, &Word::text(file.text, whole), operands);
            self.modules_there(call, language, file);
            return feeds;
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
        // Not by `unknown`, which takes of a budget that the script may have used up.
        self.analysis
            .unknowns
            .extend(problems.into_iter().take(1).map(|problem| Unknown {
                kind: UnknownKind::Code,
                text: problem.what,
                span: problem.span,
                script: None,
            }));
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

/// The words behind a command that name what of a project's file runs: targets, settings of make, the script of a package.
fn names(task: &Task<'_, '_>) -> Vec<String> {
    let parsed = &task.parsed;
    let verb = parsed.path.rsplit(' ').next().unwrap_or_default();
    let is_package = ["npm", "pnpm", "yarn", "bun"]
        .iter()
        .any(|manager| parsed.path.strip_prefix(manager).is_some());
    if is_package && parsed.path.contains(' ') && verb != "run" {
        return vec![verb.to_owned()];
    }
    let is_name = |role: &str| matches!(role, "target" | "script");
    let values = parsed.values.iter().filter(|value| is_name(value.role));
    values
        .filter_map(|value| value.word.known())
        .map(std::borrow::Cow::into_owned)
        // For pnpm and yarn the verb is a word like any other.
        .skip_while(|word| is_package && matches!(word.as_str(), "run" | "run-script"))
        .collect()
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
                u32::try_from(line)
                    .unwrap_or(u32::MAX)
                    .saturating_add(self.file.first_line.saturating_sub(1))
            } else {
                0
            },
        }
    }
}

/// The text of a script with where it lies in it, when it says something of that; a recipe has no place of its own.
fn placed(file: &ScriptFile<'_>) -> Option<String> {
    let language = file.language.unwrap_or_else(|| language_of(file.text));
    file.part
        .is_empty()
        .then(|| super::own_place::at_its_place(language, file.path, file.text))?
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
/// The variables of a text that is called with operands: `$0`, `$1`, …
pub(super) fn positional(variables: &Rc<Variables>, operands: &[Word]) -> Rc<Variables> {
    if operands.is_empty() {
        return Rc::clone(variables);
    }
    let mut all = (**variables).clone();
    for (number, word) in operands.iter().enumerate() {
        all.values.insert(number.to_string(), word.clone());
    }
    let mut joined = Word::default();
    for word in operands.iter().skip(1) {
        if !joined.pieces.is_empty() {
            joined.pieces.push(Piece::Text(" ".to_owned()));
        }
        joined.pieces.extend(word.pieces.iter().cloned());
    }
    all.values.insert("@", joined.clone());
    all.values.insert("*", joined);
    Rc::new(all)
}
