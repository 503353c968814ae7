//! Programs that no entry describes, names that are written so that nobody reads them, and what stands around a command that is
//! described.

use super::UnknownKind;
use super::analyst::{Analyst, Call, Printed};
use super::feeds::Feeds;
use super::grammar;
use super::program::Task;
use crate::effect::{Action, Feed, Modifier, Role, Target};
use crate::shell::{Dialect, Hole, Piece, Word};

impl Analyst<'_> {
    /// What a command does by what stands around it: what it opens, answers, ends and puts before everybody.
    pub(super) fn around(&mut self, task: &mut Task<'_, '_>) {
        self.git_around(task);
        self.codex_patch(task);
        self.requirements(task);
        self.alias_in_place(task);
        self.manifests(task);
        self.opened(task);
        self.appliances(task);
        self.composed(task);
        self.restored(task);
        self.answered(task);
        self.ends_piped(task);
        self.released(&task.call, &task.parsed.path);
    }

    /// What of a command its entry does not describe.
    pub(super) fn unknown_parts(&mut self, task: &Task<'_, '_>) {
        let (parsed, span) = (&task.parsed, task.call.span);
        for option in &parsed.unknown_options {
            let text = format!("{} {}", parsed.path, option.display());
            self.unknown(UnknownKind::Option, text, option.span);
        }
        if let Some(name) = &parsed.unknown_subcommand {
            let text = format!("{} {}", parsed.path, name.display());
            if Self::is_given(task, name) {
                let target = Target::named(text.clone());
                self.push(&task.call, Action::Execute, Role::Code, target)
                    .feed(Feed::Program);
            }
            self.unknown(UnknownKind::Subcommand, text, name.span);
        } else if let Some(surplus) = parsed.surplus.first()
            && !task.has_wrapped()
        {
            let text = format!("{} {}", parsed.path, surplus.display());
            self.unknown(UnknownKind::Option, text, span);
        }
    }

    /// Whether what a command does stands in what it is given and nobody sees: `xargs git < FILE`, `git "${1/status/reset}" --hard`.
    fn is_given(task: &Task<'_, '_>, name: &Word) -> bool {
        let destroys = matches!(
            task.parsed.path.as_str(),
            "git"
                | "kubectl"
                | "docker"
                | "podman"
                | "terraform"
                | "tofu"
                | "helm"
                | "aws"
                | "gcloud"
                | "az"
                | "gh"
                | "systemctl"
                | "apt"
                | "apt-get"
                | "brew"
        );
        if !destroys {
            return false;
        }
        let is_forced = task.call.words.iter().any(|word| {
            let text = word.known();
            matches!(
                text.as_deref(),
                Some("--hard" | "--force" | "--force=true" | "--mirror" | "--purge")
            )
        });
        match name.pieces.as_slice() {
            [Piece::Hole(Hole::Other(_))] => {
                is_forced || task.call.ambient.modifiers.contains(Modifier::Indirect)
            }
            // `terraform $(jq -r .action job.json)`: what another program picks.
            [Piece::Hole(Hole::Output { .. })] => true,
            [Piece::Hole(_)] => is_forced,
            _ => false,
        }
    }

    /// `alias -s txt='rm -f'`: in zsh a file that is called so is given to that command (`zshbuiltins(1)` 5.9).
    pub(super) fn suffix_alias(
        &mut self,
        call: &Call<'_>,
        first: &Word,
        name: &str,
        words: &[Word],
    ) {
        if name == "alias"
            && words
                .iter()
                .any(|word| word.known().as_deref() == Some("-s"))
        {
            for (end, command) in words.iter().filter_map(|word| grammar::split(word, "=")) {
                self.aliases
                    .insert(format!("*.{}", end.display()), command.display());
            }
            return;
        }
        let Some((_, end)) = name.rsplit_once('.').filter(|_| !self.aliases.is_empty()) else {
            return;
        };
        let Some(command) = self.aliases.remove(&format!("*.{end}")) else {
            return;
        };
        let mut again: Vec<Word> = command
            .split_whitespace()
            .map(|part| Word::text(part, call.span))
            .collect();
        again.push(first.clone());
        self.inside(call, &again);
    }

    /// A program that is not described.
    pub(super) fn unknown_program(
        &mut self,
        call: &Call<'_>,
        first: &Word,
        name: &str,
        words: &[Word],
    ) -> Printed {
        // A name that is put together and of which nothing is known: `^(["r" "m"] | str join) -rf x` of nushell.
        if name.is_empty() && !words.is_empty() {
            self.unknown(
                UnknownKind::Command,
                "a computed name".to_owned(),
                first.span,
            );
        }
        // `^` hides letters from whoever reads, and not from cmd (`cmd /?`, Windows 11).
        if name.contains('^') && name.len() > 1 && !name.starts_with('^') {
            let plain = Word::text(name.replace('^', ""), first.span);
            let mut again = vec![plain];
            again.extend(words.iter().map(without_carets));
            self.inside(call, &again);
        }
        if name == "r" && call.dialect == Dialect::Zsh {
            // `r` runs a line of the history again (`zshbuiltins(1)` 5.9).
            let again = ["fc", "-s"].map(|word| Word::text(word, first.span));
            return self.call(&Call {
                words: &again,
                ..call.clone()
            });
        }
        self.analysis.programs.push((name.to_owned(), call.span));
        self.unknown(UnknownKind::Program, name.to_owned(), first.span);
        // No program is called like an option: such a line was torn in two, and what is below it is lost.
        if name.starts_with('-') && name.len() <= 4 && call.ambient.depth > 0 {
            // In a text the name may be what was computed in front of it.
            self.unknown(UnknownKind::Command, name.to_owned(), first.span);
        }
        if !name.starts_with('-') {
            self.opened_by_words(call, name);
            self.unknown_words(call, name, words);
            self.assume_name(call, name, words);
            self.assume_cmdlet(call, name);
            self.assume(call, name, words);
            self.assume_reach(call, name, words);
            self.assume_sentences(call, name, words);
            if !self.only_reads_text(call.words) {
                self.carried_to(call, true, true);
            }
        }
        let feeds = call.fed.feeds.union(Feeds::of(Feed::Program));
        Printed::of(feeds)
    }
}

/// Directories into which tools build the programs of a project (cargo 1.83, `CMake` 3.31, Zig 0.13, Swift 6, dune 3.17).
const BUILT: [&str; 8] = [
    "target/debug/",
    "target/release/",
    "build/",
    "zig-out/bin/",
    "_build/default/",
    ".build/debug/",
    ".build/release/",
    "dist/",
];

/// Parts of the name of a program that reads a language and runs nothing of it.
const READING: [&str; 15] = [
    "parse",
    "lex",
    "lint",
    "classif",
    "tokeni",
    "check",
    "analy",
    "inspect",
    "audit",
    "scan",
    "format",
    "highlight",
    "explain",
    "guard",
    "diff",
];

/// Options and words by which such a program, or an interpreter, only shows what it has read.
const SHOWN: &str = " --ast --tokens --tree --dump-ast --dump-tokens --print-ast --parse-only --parse --lex --tokenize --classify --explain \
    --lint --sexp --cst ";

/// Words by which it does more.
const DOES_MORE: [&str; 9] = [
    "exec", "run", "shell", "eval", "apply", "fix", "repl", "daemon", "spawn",
];

impl Analyst<'_> {
    /// Whether what is fed to a program is only read: one that the project builds, by its directory, whose name or option says that it reads a
    /// language: `echo 'rm -rf /' | ./target/debug/parser --ast`.
    pub(super) fn reads_source(&self, call: &Call<'_>, first: &Word) -> bool {
        let known: Option<Vec<_>> = call.words.iter().skip(1).map(Word::known).collect();
        let (Some(path), Some(known)) = (first.known(), known) else {
            return false;
        };
        let place = path.strip_prefix("./").unwrap_or(&path);
        let name = place.rsplit('/').next().unwrap_or_default();
        let is_built = BUILT.iter().any(|it| place.starts_with(it)) && !name.contains('.');
        let is_reader = READING.iter().any(|it| name.contains(it))
            || known.iter().any(|word| super::telling::listed(SHOWN, word));
        let does_more = |text: &str| {
            let mut parts = text.split(|letter: char| !letter.is_ascii_alphanumeric());
            parts.any(|part| DOES_MORE.iter().any(|it| part.starts_with(it)))
        };
        // What the line put there itself is something else.
        let judged = self.judge(first, &call.directories, call.scope);
        let is_written = judged.iter().any(|it| {
            let written = self.written(&it.path);
            written.is_some_and(|written| !written.before)
        });
        is_built
            && is_reader
            && !is_written
            && !does_more(name)
            && !known
                .iter()
                .any(|word| does_more(word) || &**word == "-c" || &**word == "-x")
    }
}

/// A word without the carets that cmd takes away.
fn without_carets(word: &Word) -> Word {
    match word.known() {
        Some(text) if text.contains('^') => Word::text(text.replace('^', ""), word.span),
        Some(_) | None => word.clone(),
    }
}

/// The words of `sed -i ''` without the empty one: what stands behind `-i` is how the copy is called that is kept (sed(1), macOS 14).
pub(super) fn without_suffix(name: &str, words: &[Word]) -> Option<Vec<Word>> {
    if name != "sed" {
        return None;
    }
    let is_empty = |word: &Word| word.known().is_some_and(|text| text.is_empty());
    let kept = words.iter().position(is_empty)?;
    let before = kept.checked_sub(1).and_then(|at| words.get(at))?;
    if before.known().as_deref() != Some("-i") {
        return None;
    }
    let all = words.iter().enumerate().filter(|(at, _)| *at != kept);
    Some(all.map(|(_, word)| word.clone()).collect())
}

/// Whether a path is that of a log, by its name.
pub(super) fn is_log(path: &str) -> bool {
    path.rsplit('.').next().is_some_and(|end| end == "log")
}
