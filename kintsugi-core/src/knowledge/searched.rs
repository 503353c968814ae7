//! What a search hands on to the command that it starts, and how it is narrowed.

use super::Resolved;
use super::analyst::{Analyst, Call};
use super::filters::{Filtered, is_plain_listing};
use super::grammar;
use super::program::Task;
use crate::shell::{Input, Invocation, Piece, Word};

/// Most roots of a search that are judged one by one for what is done with what it finds; their own effects all are.
const ROOTS_MAX: usize = 256;

/// Most names that narrow a search; with more it counts as not narrowed.
const NAMES_MAX: usize = 32;

/// Endings of files that a build or an editor makes again.
const DERIVED: &str = " pyc pyo o obj class orig rej swp gcda gcno ";

/// Options of `fd` that take no value and stand in front of a pattern (fd(1), 9.0).
const FLAGS: [&str; 12] = [
    "-H",
    "-I",
    "-HI",
    "-IH",
    "-u",
    "-uu",
    "-a",
    "-i",
    "-s",
    "-L",
    "--hidden",
    "--no-ignore",
];

impl Analyst<'_> {
    /// The words that a wrapper appends and the line does not show: what it looked up, or what is fed to it.
    pub(super) fn unseen(&self, task: &Task<'_, '_>) -> Vec<Vec<Word>> {
        let span = task.call.span;
        let roots = task.roots();
        if task.lists || !roots.is_empty() {
            return Self::found_below(task, &roots);
        }
        // `xargs -a FILE`, where the line wrote that file.
        let given = task.text.as_ref().filter(|_| task.parsed.path == "xargs");
        let fed = task
            .call
            .fed
            .text
            .as_ref()
            .filter(|_| !matches!(task.call.input, Input::Inherited));
        if let Some(text) = given.or(fed) {
            return super::arguments::handed_on(task, text, span);
        }
        if let Input::Pipe { first, end } = task.call.input {
            let source = Filtered::of(task.call.scope.script, *first, *end);
            if let Some(found) = self.listed_by(&task.call, source.first, source.end) {
                return found;
            }
            if let Some(found) = Self::listed_here(&task.call, &source) {
                return found;
            }
        }
        if let Some(name) = super::looked_up::looked_up_by_pipe(&task.call) {
            let number = super::holes::hole_for(task.call.fed.feeds, span);
            return vec![vec![name], vec![number]];
        }
        vec![vec![super::holes::hole_for(task.call.fed.feeds, span)]]
    }

    /// What `find` finds: its roots, or what matches the narrowing names below them.
    fn found_below(task: &Task<'_, '_>, roots: &[&Word]) -> Vec<Vec<Word>> {
        let here = Word::text(".", task.call.span);
        let roots = if roots.is_empty() {
            vec![&here]
        } else {
            roots.to_vec()
        };
        let mut names = task.narrowing();
        let mut widens = false;
        if names.is_empty() && task.parsed.path == "fd" {
            names = task.endings(|_| true);
            widens = true;
        }
        let mut all = Vec::new();
        for root in roots.into_iter().take(ROOTS_MAX) {
            if names.is_empty() || widens {
                all.push(vec![root.clone()]);
            }
            for name in &names {
                let mut word = root.clone();
                let text = name.display();
                word.pieces
                    .push(Piece::Glob(format!("/**/{}", text.trim_start_matches('/'))));
                all.push(vec![word]);
            }
        }
        all
    }

    /// The names that `ls` prints to filters and `xargs`: of patterns for files, or of one ending where it runs.
    fn listed_here(call: &Call<'_>, source: &Filtered<'_>) -> Option<Vec<Vec<Word>>> {
        let [source_of_names] = call.scope.script.between(source.first, source.end) else {
            return None;
        };
        let (name, words) = source_of_names.words.split_first()?;
        if name.known().as_deref() != Some("ls") || !source_of_names.assignments.is_empty() {
            return None;
        }
        listed_names(words).or_else(|| Some(vec![vec![source.names_here(words)?]]))
    }

    /// What the command in front of a pipe lists, when it is one that looks below roots: `find … | xargs`.
    pub(super) fn listed_by(
        &self,
        call: &Call<'_>,
        first: crate::shell::InvocationId,
        end: crate::shell::InvocationId,
    ) -> Option<Vec<Vec<Word>>> {
        let script = call.scope.script;
        // What a second command prints are no names that the search found.
        let mut printing = script.between(first, end).iter().filter(|it| prints(it));
        let source = printing.next()?;
        if printing.next().is_some() {
            return None;
        }
        let wrapping = |word: &&Word| {
            matches!(
                word.known().as_deref(),
                Some("env" | "command" | "sudo" | "nice" | "builtin" | "doas" | "time")
            )
        };
        let skipped = source.words.iter().take_while(wrapping).count();
        let words = source.words.get(skipped..).unwrap_or_default();
        let (name, words) = words.split_first()?;
        let name = name.known()?;
        // What a shell makes of the names is no code that somebody else wrote.
        let starts_shell = |pair: &[Word]| matches!(pair, [shell, flag] if matches!(&*shell.display(), "sh" | "bash" | "zsh") && flag.display() == "-c");
        if &*name == "ls" && end.0 - first.0 == 1 && call.words.windows(2).any(starts_shell) {
            return listed_names(words);
        }
        let Resolved::Known { name, node } = self.knowledge.resolve(&name) else {
            return None;
        };
        let parsed = grammar::read(self.knowledge, name, node, words);
        let is_search = parsed
            .chain
            .first()?
            .operands
            .iter()
            .any(|it| it.role == "root");
        // `git ls-files -o` lists what is in no commit: what becomes of that is another question.
        if !is_search || parsed.is_set("some") {
            return None;
        }
        // `git ls-files -d` lists what is in the index, and not there any more.
        if parsed.is_set("gone") {
            return Some(vec![vec![Word::text("a-file-that-is-gone", call.span)]]);
        }
        let call = Call {
            words: &source.words,
            ..call.clone()
        };
        let mut source = Task::new(call, parsed);
        source.lists = true;
        let mut found = Self::found_below(&source, &source.roots());
        if source.parsed.path == "git ls-files" && source.narrowing().is_empty() {
            // Only what is in the index, and nothing of `.git`.
            let all = found.iter_mut().flatten();
            all.for_each(|word| match word.pieces.last_mut() {
                // A pathspec is a pattern already (gitglossary(7)).
                Some(Piece::Text(text)) if text.contains(['*', '?']) => {
                    let pattern = std::mem::take(text);
                    word.pieces.pop();
                    word.pieces.push(Piece::Glob(pattern));
                }
                _ => word.pieces.push(Piece::Glob("/*".to_owned())),
            });
        }
        Some(found)
    }
}

/// Whether a command may print anything: not `true`, and not a `cd` to where `CDPATH` is not asked (bash(1) 5.2, "cd"), as in
/// `(cd ./src && find . -name '*.pyc') | xargs rm`.
fn prints(invocation: &Invocation) -> bool {
    let words: Option<Vec<_>> = invocation.words.iter().map(Word::known).collect();
    let words = words.unwrap_or_default();
    let words: Vec<&str> = words.iter().map(|word| &**word).collect();
    match words.as_slice() {
        ["true" | ":"] => false,
        ["cd", to] => !["/", "./", "../"].iter().any(|start| to.starts_with(start)) && *to != "..",
        _ => !invocation.words.is_empty(),
    }
}

/// What `ls` prints of patterns for files: their names, as the pattern has them. Of a directory it prints what is in it (ls(1),
/// coreutils 9.4), so the last part has to look like the name of a file.
fn listed_names(words: &[Word]) -> Option<Vec<Vec<Word>>> {
    let (options, names): (Vec<&Word>, Vec<&Word>) = words
        .iter()
        .partition(|word| word.display().starts_with('-'));
    let is_plain = |word: &&Word| is_plain_listing(word);
    let is_of_files = |word: &&Word| {
        let text = word.display();
        let last = text.rsplit('/').next().unwrap_or_default();
        let ending = last.rsplit_once('.').map(|(_, ending)| ending);
        word.is_pattern()
            && word.holes().next().is_none()
            && ending.is_some_and(|it| {
                !it.is_empty() && it.chars().all(|letter| letter.is_ascii_alphanumeric())
            })
    };
    let is_read =
        !names.is_empty() && options.iter().all(is_plain) && names.iter().all(is_of_files);
    is_read.then(|| names.into_iter().map(|name| vec![name.clone()]).collect())
}

impl Task<'_, '_> {
    /// Where a search begins.
    fn roots(&self) -> Vec<&Word> {
        let values = self.parsed.values.iter();
        values
            .filter(|value| value.role == "root")
            .map(|value| &value.word)
            .collect()
    }

    /// Whether `fd` hands what it finds to an editor of text, which writes that and nothing else. What others do to a whole tree is asked
    /// about as such.
    fn edits_text(&self) -> bool {
        let words = self.call.words.iter().map(Word::display);
        let behind =
            words.skip_while(|it| !matches!(it.as_str(), "-x" | "--exec" | "-X" | "--exec-batch"));
        let behind: Vec<String> = behind.skip(1).take(2).collect();
        match behind.as_slice() {
            [program, how] => {
                matches!(program.as_str(), "sed" | "gsed" | "sd")
                    || program == "perl" && how.starts_with("-pi")
            }
            _ => false,
        }
    }

    /// The endings of meant names that `fd` is narrowed to: `-e pyc`, `'\.pyc$'` (fd(1), 9.0).
    fn endings(&self, is_meant: impl Fn(&str) -> bool) -> Vec<Word> {
        let words = self.call.words.iter().skip(1);
        let known: Option<Vec<_>> = words.map(Word::known).collect();
        let Some(known) = known else {
            return Vec::new();
        };
        let words: Vec<&str> = known.iter().map(|word| &**word).collect();
        let is_ending = |text: &&str| {
            let is_name = !text.is_empty() && text.chars().all(|it| it.is_ascii_alphanumeric());
            is_name && is_meant(text)
        };
        let mut found = Vec::new();
        let mut rest = words.iter().copied();
        let mut is_pattern = true;
        // What stands behind another option may be its value: `-E '\.pyc$'` leaves names out.
        let mut is_value = false;
        while let Some(word) = rest.next() {
            let value = match word {
                "-x" | "--exec" | "-X" | "--exec-batch" => break,
                "-e" | "--extension" => rest.next(),
                _ => word
                    .strip_prefix("--extension=")
                    .or_else(|| word.strip_prefix("-e").filter(|_| !word.starts_with("-ex"))),
            };
            let value = match value {
                None if !word.starts_with('-') => {
                    // Only the first word is a pattern; the others are roots.
                    let end = word.strip_prefix("\\.").and_then(|it| it.strip_suffix('$'));
                    let first = std::mem::take(&mut is_pattern);
                    end.filter(|_| first && !is_value)
                }
                value => value,
            };
            is_value = word.starts_with('-') && !FLAGS.contains(&word);
            match value.map(|it| it.trim_start_matches('.')).filter(is_ending) {
                Some(ending) => found.push(Word::text(format!("*.{ending}"), self.call.span)),
                None if value.is_some() => return Vec::new(),
                None => {}
            }
        }
        found.truncate(NAMES_MAX);
        found
    }

    /// The names that a search is narrowed to. None when they may be what it leaves out: behind `!`, or when what
    /// stands behind `-o` names nothing (`find(1)`, OPERATORS).
    pub(super) fn narrowing(&self) -> Vec<Word> {
        if self.parsed.path == "fd" {
            let edits = self.edits_text();
            return self.endings(|ending| edits || super::telling::listed(DERIVED, ending));
        }
        let narrows = &self.parsed.narrows;
        if narrows.is_empty() || narrows.len() > NAMES_MAX {
            return Vec::new();
        }
        let words = self.call.words;
        let known = |at: usize| words.get(at).and_then(Word::known);
        let (mut negated, mut alternatives, mut pruned) = (Vec::new(), false, 0);
        // `( -name a -o -name b ) -not -path x`: what is left out stands beside a group of alternatives, and not among them.
        let (mut depth, mut are_apart) = (0_usize, true);
        for at in 0..words.len() {
            let next = known(at + 1);
            match known(at).as_deref() {
                Some("(") => depth += 1,
                Some(")") => depth = depth.saturating_sub(1),
                // What is left out narrows nothing, and what is meant as well still does: `-name '*.py' -not -path './x/*'`.
                Some("!" | "-not") => {
                    are_apart &= depth == 0;
                    negated.extend(words.get(at + 2).map(|word| word.span));
                }
                Some(",") => return Vec::new(),
                // `-path ./x -prune -o -name '*.y'`: what stands in front names what is left out; behind it must be another name.
                Some("-prune") if matches!(next.as_deref(), Some("-o" | "-or")) => {
                    let is_named = |at: usize| {
                        matches!(known(at).as_deref(), Some("-name" | "-iname"))
                            && !matches!(known(at - 1).as_deref(), Some("!" | "-not"))
                    };
                    if !(at + 2..words.len()).any(is_named) {
                        return Vec::new();
                    }
                    pruned = words.get(at).map_or(pruned, |word| word.span.start);
                }
                Some("-o" | "-or") => {
                    alternatives = true;
                    are_apart &= depth == 1;
                    let alternative = (at + 1..words.len()).map_while(|at| {
                        known(at).filter(|word| !matches!(&**word, "-o" | "-or" | ")"))
                    });
                    let before = (0..at).rev().map_while(|at| {
                        known(at).filter(|word| !matches!(&**word, "-o" | "-or" | "("))
                    });
                    let is_named_before =
                        depth == 0 || before.into_iter().any(|it| names_files(&it));
                    // `-name '*.log' -o -type f -delete` deletes what is no log, and so does `( -type f -o -name '*.log' ) -delete`.
                    if !is_named_before || !alternative.into_iter().any(|it| names_files(&it)) {
                        return Vec::new();
                    }
                }
                Some(_) | None => {}
            }
        }
        let is_meant = |word: &&Word| word.span.start >= pruned && !negated.contains(&word.span);
        let is_grouped = negated.iter().any(|span| {
            let mut after = words.iter().filter(|word| word.span.start < span.start);
            after.next_back().and_then(Word::known).as_deref() == Some("(")
        });
        if !negated.is_empty() && (alternatives && !are_apart || is_grouped) {
            return Vec::new();
        }
        narrows.iter().filter(is_meant).cloned().collect()
    }
}

/// Whether a word of `find` begins a name, ends a group that has its own, or is an action that only shows what is left.
fn names_files(word: &str) -> bool {
    matches!(
        word,
        "(" | ")" | "-name" | "-iname" | "-path" | "-ipath" | "-wholename" | "-print" | "-print0"
    )
}
