//! Program text inside a command: read by its language's reader, what it starts is looked at like a command of the line.

use std::rc::Rc;

use super::UnknownKind;
use super::analyst::{Analyst, Call, Written};
use super::assumed::is_of_statements;
use super::databases::reaches_others;
use super::embedded::{self, Embedded};
use super::feeds::Feeds;
use super::holes::restore;
use super::languages::dialect_of;
use super::program::Task;
use super::schema::Language;
use super::script::{ScriptFile, positional};
use crate::effect::{Action, Feed, Modifier, Modifiers, Role, Target};
use crate::limits::UNWRAP_DEPTH_MAX;
use crate::place::Judgement;
use crate::shell::{self, Context, Dialect, Hole, Input, Piece, Word};

impl Analyst<'_> {
    /// Everything in a command that is program text: options, operands, files, the standard input.
    pub(super) fn run_code(&mut self, task: &Task<'_, '_>) -> Feeds {
        let outer = self.is_scratch;
        self.is_scratch = self.is_scratch_database(task);
        let feeds = self.run_texts(task);
        self.is_scratch = outer;
        feeds
    }

    fn run_texts(&mut self, task: &Task<'_, '_>) -> Feeds {
        // `bash -n` only reads (bash(1) 5.2, "noexec"); `+n` takes that back.
        let is_on = |word: &Word| word.known().is_some_and(|text| text.starts_with('+'));
        if task.parsed.is_set("noexec") && !task.call.words.iter().any(is_on) {
            return Feeds::NONE;
        }
        // What fish completes with is in part what commands print: `complete -a '(…)'` (complete(1), fish 3.6).
        if task.parsed.path == "complete" && task.call.dialect == Dialect::Fish {
            for command in task.call.words.iter().flat_map(substituted) {
                self.shell_words(&task.call, &[command]);
            }
        }
        let mut feeds = Feeds::NONE;
        for (language, word) in &task.parsed.code {
            // The reader of the shell reads what a trap says, in the states in which it could run.
            if task.parsed.path == "trap" && word.known().is_some() {
                continue;
            }
            // `\\_` of `env -S` parts words where a blank would be quoted (env(1), coreutils 9.4).
            let parted = word
                .known()
                .filter(|text| task.parsed.path == "env" && text.contains("\\_"));
            let parted = parted.map(|text| Word::text(text.replace("\\_", " "), word.span));
            let word = parted.as_ref().unwrap_or(word);
            feeds = feeds.union(self.code(task, *language, word));
        }
        let typed = super::foreign::typed_file(task).map(|word| (Language::Ex, word));
        let runs = task.parsed.runs.iter().map(|(it, word)| (*it, word));
        for (language, word) in runs.chain(typed) {
            feeds = feeds.union(self.run_file(task, language, word));
        }
        let input = task.parsed.chain.first().and_then(|entry| entry.input);
        // `pwsh -Command -` reads the standard input (about_Pwsh, PowerShell 7.4).
        let from_input = task.parsed.path == "pwsh"
            && task.parsed.runs.is_empty()
            && task
                .parsed
                .code
                .iter()
                .all(|(_, word)| word.known().as_deref() == Some("-"));
        let has_own = !task.parsed.code.is_empty() || !task.parsed.runs.is_empty();
        let has_program = !from_input && has_own;
        // An editor takes commands from its standard input only when it is told to.
        let waits = input == Some(Language::Ex) && task.parsed.path == "vim";
        let is_fed = !waits || task.call.words.iter().any(is_silent);
        if let Some(language) = input
            && is_fed
            && !has_program
            && (task.parsed.wrapped.is_empty() || task.parsed.path == "iex")
        {
            feeds = feeds.union(self.run_input(task, language));
        }
        feeds
    }

    /// The standard input as program text.
    fn run_input(&mut self, task: &Task<'_, '_>, language: Language) -> Feeds {
        let call = &task.call;
        if call.fed.feeds == Feeds::NONE && matches!(call.input, Input::Inherited) {
            self.open_shell(task, language);
            return Feeds::NONE;
        }
        if let Input::File(file) = call.input
            && is_standard_input(file)
        {
            // The input that was there before, which is not kept: whatever a pipe in front says.
            self.interpret(task, &file.display(), Feeds::of(Feed::Program));
            self.unknown(UnknownKind::Command, file.display(), file.span);
            return Feeds::of(Feed::Program);
        }
        if let Some(file) = piped_file(call).filter(|file| !is_standard_input(file))
            && !call.fed.feeds.contains(Feed::Network)
            && (matches!(call.input, Input::File(_)) || self.is_read_before(call, file))
        {
            return self.run_file(task, language, file);
        }
        if let Some(text) = call.fed.text.clone() {
            return self.code(task, language, &Word::text(&*text, call.span));
        }
        if let Input::Text(word) = call.input {
            return self.code(task, language, word);
        }
        if super::setup::is_sourced(task) {
            return Feeds::NONE;
        }
        let mut feeds = call.fed.feeds;
        if language == Language::Shell && !matches!(call.input, Input::File(_)) {
            // What flows through a pipe into a shell was picked or made by the program in front.
            feeds = feeds.union(Feeds::of(Feed::Program));
        }
        self.interpret(task, "the standard input", feeds);
        if let Input::File(file) = call.input {
            let data = is_of_statements(language);
            self.assume_file(call, &task.parsed.path, &file.display(), data);
        }
        if is_of_statements(language)
            && let Some(file) = unpacked_file(call)
        {
            self.assume_file(call, &task.parsed.path, &file, true);
        }
        if !matches!(call.input, Input::File(_)) {
            let text = format!("{} reads its program from a pipe", task.parsed.path);
            self.unknown(UnknownKind::Code, text, call.span);
        }
        Feeds::of(Feed::Program).union(call.fed.feeds)
    }

    /// Whether facts have the text of `file`; if not, it is wanted.
    fn is_read_before(&mut self, call: &Call<'_>, file: &Word) -> bool {
        let readings = self.judge(file, &call.directories, call.scope);
        for judged in &readings {
            if self.written(&judged.path).is_none() {
                self.want_script(judged);
            }
        }
        let mut known = readings.iter().filter_map(|it| self.written(&it.path));
        known.any(|it| it.before && it.text.is_some())
    }

    /// A shell without a script, with more rights: whoever types there does what he likes.
    fn open_shell(&mut self, task: &Task<'_, '_>, language: Language) {
        let modifiers = task.call.ambient.modifiers;
        let is_bare = language == Language::Shell && task.parsed.values.is_empty();
        if !is_bare
            || !modifiers.contains(Modifier::Elevated)
            || modifiers.contains(Modifier::Contained)
            || task.parsed.is_set("look")
        {
            return;
        }
        let target = Target::named("root");
        self.push(&task.call, Action::Elevate, Role::Account, target)
            .with(Modifiers::NONE.with(Modifier::All))
            .by(&task.parsed.path);
    }

    fn interpret(&mut self, task: &Task<'_, '_>, text: &str, feeds: Feeds) {
        let target = Target::named(text);
        self.push(&task.call, Action::Interpret, Role::Code, target)
            .with(task.parsed.modifiers)
            .feed(feeds.worst_for(Action::Interpret))
            .by(&task.parsed.path);
    }

    /// Program text in a word.
    pub(super) fn code(&mut self, task: &Task<'_, '_>, language: Language, word: &Word) -> Feeds {
        // `rails runner -` reads it (rails 7.2, "bin/rails runner").
        if task.parsed.path.ends_with("runner") && is_standard_input(word) {
            return self.run_input(task, language);
        }
        let holes = Self::code_feeds(word, task.call.scope, language);
        self.interpret(task, &word.display(), Feeds::of(Feed::Text).union(holes));
        if let [Piece::Hole(_)] = word.pieces.as_slice() {
            self.unknown(UnknownKind::Code, word.display(), word.span);
            return holes.union(Feeds::of(Feed::Program));
        }
        // `bq query --dry_run`: the statements are looked at by the server, and not run.
        if is_of_statements(language) && task.parsed.modifiers.contains(Modifier::DryRun) {
            return holes;
        }
        let operands = task.arguments();
        let text = Self::with_settings(task, language, word);
        let before = (self.analysis.effects.len(), self.analysis.unknowns.len());
        let feeds = self.text(&task.call, language, &text, &operands);
        self.remember_written(task, (language, word), before);
        feeds
    }

    /// A file of program text.
    fn run_file(&mut self, task: &Task<'_, '_>, language: Language, word: &Word) -> Feeds {
        let call = &task.call;
        if is_standard_input(word) {
            return self.run_input(task, language);
        }
        let process = word.holes().find_map(|hole| match hole {
            Hole::Process { first, .. } => Some(*first),
            Hole::Variable(_) | Hole::Output { .. } | Hole::Other(_) => None,
        });
        if let [Piece::Hole(hole)] = word.pieces.as_slice()
            && is_settings(call, hole)
        {
            return Feeds::NONE;
        }
        if let Some(first) = process {
            let mut known = call
                .scope
                .script
                .printed
                .iter()
                .filter(|(id, _)| *id == first);
            if let Some((_, text)) = known.next() {
                return self.code(task, language, text);
            }
            let feeds = Self::word_feeds(word, call.scope);
            self.interpret(task, &word.display(), feeds);
            self.unknown(UnknownKind::Code, word.display(), word.span);
            return feeds.union(Feeds::of(Feed::Program));
        }
        let mut feeds = Feeds::of(Feed::Program);
        for judged in self.judge(word, &call.directories, call.scope) {
            let written = self.written(&judged.path);
            let feed = written
                .as_ref()
                .map_or(Feeds::of(Feed::File), |it| it.feeds);
            self.push_path(call, Action::Interpret, &judged, &task.parsed.path)
                .with(task.parsed.modifiers)
                .feed(feed.worst());
            feeds = feeds.union(self.run_known(task, (language, word), &judged, written));
        }
        feeds
    }

    /// The text of one file: what the line wrote there, or what facts say stands there.
    fn run_known(
        &mut self,
        task: &Task<'_, '_>,
        (language, word): (Language, &Word),
        judged: &Judgement,
        written: Option<Written>,
    ) -> Feeds {
        let call = &task.call;
        let made = written.as_ref().map_or(Feeds::NONE, |it| it.feeds);
        let Some((text, before)) = written.and_then(|it| Some((it.text?, it.before))) else {
            if made.contains(Feed::Program) {
                // The line itself had a program write it: as much as what flows from there through a pipe.
                self.interpret(task, &judged.path, made);
            }
            if self.is_fetched_installer(&judged.path) {
                let doubts = Modifiers::NONE.with(Modifier::Unverified);
                self.push_path(call, Action::Execute, judged, &task.parsed.path)
                    .with(doubts.with(Modifier::Assumed));
            }
            self.want_script(judged);
            self.unknown(UnknownKind::LocalProgram, judged.path.clone(), word.span);
            self.assume_name(call, &judged.path, &task.arguments());
            let data = is_of_statements(language);
            self.assume_file(call, &task.parsed.path, &judged.path, data);
            self.assume(call, &judged.path, &task.arguments());
            return Feeds::NONE;
        };
        let operands = task.arguments();
        if !before {
            if let Some(written) = self.files.get_mut(&judged.path) {
                written.ran = Some(language);
            }
            let text = super::own_place::placed(language, &judged.path, &text, call.span);
            let text = Self::with_settings(task, language, &text);
            return self.text(call, language, &text, &operands);
        }
        let file = ScriptFile {
            path: &judged.path,
            language: Some(language),
            text: &text,
            part: "",
            first_line: 1,
        };
        self.script_file(call, file, &operands)
    }

    /// Words joined by spaces and read by a shell.
    pub(super) fn shell_words(&mut self, call: &Call<'_>, words: &[Word]) -> Feeds {
        let mut pieces: Vec<Piece> = Vec::new();
        for word in words {
            if !pieces.is_empty() {
                pieces.push(Piece::Text(" ".to_owned()));
            }
            pieces.extend(word.pieces.iter().cloned());
        }
        if pieces.is_empty() {
            return Feeds::NONE;
        }
        if let [Piece::Hole(hole)] = pieces.as_slice()
            && is_settings(call, hole)
        {
            return Feeds::NONE;
        }
        let span = words.first().map_or(call.span, |word| word.span);
        self.text(call, Language::Shell, &Word { pieces, span }, &[])
    }

    /// Reads program text and looks at what it does.
    pub(super) fn text(
        &mut self,
        call: &Call<'_>,
        language: Language,
        word: &Word,
        operands: &[Word],
    ) -> Feeds {
        if call.ambient.depth >= UNWRAP_DEPTH_MAX {
            self.problem("too many program texts inside one another", call.span);
            return Feeds::NONE;
        }
        let joined = self.with_imports(language, word);
        let word = &super::own_place::from_here(language, joined.as_ref().unwrap_or(word));
        if language == Language::Shell {
            return self.shell_text(call, word, operands);
        }
        let mut parts = embedded::read_with(language, word, operands, self.budget);
        if self.is_scratch && language == Language::Sql && !reaches_others(word) {
            parts.iter_mut().for_each(embedded::soften);
        }
        if Self::code_feeds(word, call.scope, language) == Feeds::NONE {
            // What stands outside of its strings can be no code.
            parts.retain(|part| !super::plain_outputs::is_text_itself(part, word));
        }
        self.remember_downloads(call, &parts);
        let mut feeds = Feeds::of(Feed::Program);
        let runs_unseen = parts.iter().any(embedded::runs_unseen);
        let unsaid = parts.iter().find_map(embedded::given_unseen);
        for part in parts {
            if !self.budget.spend(1) {
                self.problem("more work than one command line may take", call.span);
                break;
            }
            feeds = feeds.union(self.embedded(call, part));
        }
        // What it runs it was given somewhere in the text: `"rm -rf x".then { |a| system(a) }`.
        if runs_unseen && language != Language::Sql {
            self.search(call, "", &embedded::flat(word));
        } else if let Some(program) = unsaid {
            let lists = super::telling::given_lists(&program, &embedded::flat(word));
            self.search(call, "", &lists);
        }
        feeds
    }

    fn embedded(&mut self, call: &Call<'_>, part: Embedded) -> Feeds {
        let mut inner = call.clone();
        inner.ambient.depth += 1;
        match part {
            Embedded::Shell(word) => {
                if let [Piece::Hole(_)] = word.pieces.as_slice() {
                    self.unknown(UnknownKind::Code, word.display(), call.span);
                    return Feeds::of(Feed::Program);
                }
                // What awk puts into a command comes from the lines that it reads, one by one.
                if word.holes().next().is_some() && is_awk(call) {
                    inner.ambient.modifiers.insert(Modifier::Indirect);
                }
                self.shell_text(&inner, &word, &[])
            }
            Embedded::Command(words) => {
                self.call(&Call {
                    words: &words,
                    ..inner
                })
                .feeds
            }
            Embedded::Effect {
                action,
                role,
                target,
                modifiers,
                feed,
            } => {
                let name = program_name(call);
                let feeds = Feeds::of(feed).union(Self::word_feeds(&target, call.scope));
                if role == Role::Path {
                    if !self.afford_path(call, &target) {
                        return feeds;
                    }
                    for judged in self.judge(&target, &call.directories, call.scope) {
                        self.push_path(call, action, &judged, &name)
                            .with(modifiers)
                            .feed(feeds.worst());
                    }
                } else {
                    let target = Target::named(target.display());
                    self.push(call, action, role, target)
                        .with(modifiers)
                        .feed(feeds.worst())
                        .by(&name);
                }
                if matches!(action, Action::Fetch) {
                    Feeds::of(Feed::Network)
                } else {
                    feeds
                }
            }
            Embedded::Unknown(what) => {
                self.unknown(UnknownKind::Code, what, call.span);
                Feeds::of(Feed::Program)
            }
            Embedded::Hidden(what) => {
                self.unknown(UnknownKind::Command, what, call.span);
                Feeds::of(Feed::Program)
            }
            Embedded::Undescribed(what) => {
                self.unknown(UnknownKind::Call, what, call.span);
                Feeds::of(Feed::Program)
            }
        }
    }

    /// Reads shell text. Its holes survive the reading, whatever quotes stand around them.
    fn shell_text(&mut self, call: &Call<'_>, word: &Word, operands: &[Word]) -> Feeds {
        let (text, holes) = Self::marked(word, call.scope);
        let context = Context {
            dialect: dialect_of(&program_name(call), call.dialect),
            directories: Rc::clone(&call.directories),
            variables: positional(&call.variables, operands),
            embedded_in: Some(word.span),
            depth: call.ambient.depth + 1,
        };
        let mut script = shell::read(&text, &context, self.budget);
        if !holes.is_empty() {
            restore(&mut script, &holes);
        }
        let mut ambient = call.ambient;
        ambient.depth += 1;
        let outer = std::mem::replace(&mut self.inherited, call.fed.clone());
        let feeds = self.script(&script, &context, ambient);
        self.inherited = outer;
        feeds
    }
}

impl Task<'_, '_> {
    /// The operands of a script: what stands behind it in the command.
    fn arguments(&self) -> Vec<Word> {
        self.parsed
            .values
            .iter()
            .filter(|value| {
                // What perl and ruby read line by line is `@ARGV` too (perlvar(1) 5.38).
                value.role == "argument"
                    || value.role == "file" && matches!(self.parsed.path.as_str(), "perl" | "ruby")
            })
            .map(|value| value.word.clone())
            .collect()
    }
}

/// The commands in parentheses of a word, the outermost ones.
fn substituted(word: &Word) -> Vec<Word> {
    let text = word.display();
    let mut found = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => {
                depth += 1;
                if depth == 1 {
                    start = at + 1;
                }
            }
            ')' if depth > 0 => {
                depth -= 1;
                let inner = text.get(start..at).filter(|_| depth == 0);
                found.extend(inner.map(|inner| Word::text(inner, word.span)));
            }
            _ => {}
        }
    }
    found
}

/// `-e`, `-es`, `-E`: an editor reads commands (vim(1), "-s").
fn is_silent(word: &Word) -> bool {
    word.known().is_some_and(|text| {
        let flags = text.strip_prefix('-').unwrap_or_default();
        !flags.is_empty() && flags.bytes().all(|flag| matches!(flag, b'e' | b'E' | b's'))
    })
}

/// The one file that is the standard input: `sh < x`, `cat x | sh`.
fn piped_file<'c>(call: &Call<'c>) -> Option<&'c Word> {
    if let Input::File(word) = call.input {
        return Some(word);
    }
    let [only] = call.feeding() else {
        return None;
    };
    let [program, file] = only.words.as_slice() else {
        return None;
    };
    let is_plain =
        name_of(&program.known()?) == "cat" && file.known().is_some_and(|it| !it.starts_with('-'));
    is_plain.then_some(file)
}

/// The name of the file that is unpacked into a pipe: `zcat x.sql.gz | psql`.
pub(super) fn unpacked_file(call: &Call<'_>) -> Option<String> {
    let mut feeding = call.feeding().iter();
    // What a substitution in its words runs stands in front of it.
    let source = feeding.find(|source| source.words.first().is_some_and(unpacks))?;
    let file = source.words.last().and_then(Word::known)?;
    let name = file.trim_end_matches(".gz");
    let name = name
        .trim_end_matches(".xz")
        .trim_end_matches(".bz2")
        .trim_end_matches(".zst");
    Some(name.to_owned())
}

/// The name of a program, wherever it is.
fn name_of(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// Whether a program prints what a file holds, packed or not.
fn unpacks(program: &Word) -> bool {
    let program = program.known();
    matches!(
        program.as_deref().map(name_of),
        Some(
            "cat"
                | "zcat"
                | "gzcat"
                | "gunzip"
                | "gzip"
                | "xzcat"
                | "xz"
                | "bzcat"
                | "bunzip2"
                | "bzip2"
                | "zstdcat"
                | "zstd"
                | "unzstd"
                | "pv"
                | "unzip"
        )
    )
}

/// Whether a file is the standard input itself. Reading it is no detour to a file: `sh < /dev/stdin` comes back here.
pub(super) fn is_standard_input(file: &Word) -> bool {
    file.known()
        .is_some_and(|name| matches!(&*name, "-" | "/dev/stdin" | "/proc/self/fd/0" | "/dev/fd/0"))
}

/// Whether a hole is the output of one program that prints settings for the shell.
fn is_settings(call: &Call<'_>, hole: &Hole) -> bool {
    let (Hole::Output { first, end }
    | Hole::Process {
        first,
        end,
        readable: true,
    }) = hole
    else {
        return false;
    };
    let (first, end) = (first.0, end.0);
    let script = call.scope.script;
    matches!(
        script.invocations.get(first as usize..end as usize),
        Some([only]) if super::setup::prints_settings(script, &only.words)
    )
}

fn is_awk(call: &Call<'_>) -> bool {
    matches!(
        program_name(call).as_str(),
        "awk" | "gawk" | "mawk" | "nawk"
    )
}

pub(super) fn program_name(call: &Call<'_>) -> String {
    let name = call.words.first().and_then(Word::known).unwrap_or_default();
    name.rsplit('/').next().unwrap_or_default().to_owned()
}
