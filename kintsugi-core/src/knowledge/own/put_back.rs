//! Files that a line takes back from the last commit, where nothing of anybody is lost: manifests that its own package manager changed a moment
//! before (`npm version … ; git checkout package.json`), and files of which it has put the changes aside (`git diff > p && git checkout .`).
//!
//! Sources: git-checkout(1), git-restore(1), git-diff(1), git 2.47; npm-version(1), npm-install(1), npm 10.

use super::passing::earlier;
use crate::effect::{Action, Modifier};
use crate::knowledge::analyst::{Analyst, Call};
use crate::knowledge::program::Task;
use crate::knowledge::telling::listed;
use crate::shell::{Invocation, Word};

/// Files that package managers write.
const MANIFESTS: &str = " package.json package-lock.json npm-shrinkwrap.json pnpm-lock.yaml yarn.lock bun.lock bun.lockb lerna.json \
    composer.json composer.lock pyproject.toml poetry.lock uv.lock Cargo.toml Cargo.lock pubspec.yaml pubspec.lock go.mod go.sum ";

/// What package managers are asked by which these files change.
const CHANGES: &str = " version install i add remove uninstall update upgrade pkg bump set-version require get tidy rm dedupe up ";

/// Package managers.
const MANAGERS: &str =
    " npm pnpm yarn bun lerna composer poetry uv cargo pub flutter dart go pdm hatch ";

impl Analyst<'_> {
    /// Makes a plain change of what a command takes back without a loss.
    pub(super) fn calm_taken_back(&mut self, task: &Task<'_, '_>, before: usize) {
        let is_back = matches!(task.parsed.path.as_str(), "git checkout" | "git restore");
        if !is_back || !(is_own_manifest(&task.call) || self.is_put_aside(&task.call)) {
            return;
        }
        for effect in self.analysis.effects.iter_mut().skip(before) {
            if effect.action == Action::Overwrite
                && effect.modifiers.contains(Modifier::Uncommitted)
            {
                effect.action = Action::Write;
                effect.modifiers = effect.modifiers.without(Modifier::Uncommitted);
            }
        }
    }

    /// Whether the line certainly wrote what is not committed of these files to another one, in the same directory.
    fn is_put_aside(&self, call: &Call<'_>) -> bool {
        let Some(files) = files(call.words) else {
            return false;
        };
        let invocations = &call.scope.script.invocations;
        let at = self.made.at().unwrap_or_default();
        let diffs = invocations.iter().enumerate().take(at).filter(|(at, it)| {
            self.made.is_certain(*at)
                && it.directories == call.directories
                && writes_diff(it, &files)
        });
        let diffs: Vec<usize> = diffs.map(|(at, _)| at).collect();
        let Some(last) = diffs.last() else {
            return false;
        };
        // Nothing in between writes to any file: what it did would not be in there.
        let between = invocations.get(last + 1..at).unwrap_or_default();
        between.iter().all(|it| {
            let name = it.words.first().and_then(Word::known).unwrap_or_default();
            it.redirects.is_empty() && listed(" echo test [ wc ls head true ", &name)
        })
    }
}

/// Whether only manifests are taken back, and a package manager of the line changed such before.
fn is_own_manifest(call: &Call<'_>) -> bool {
    let Some(files) = files(call.words) else {
        return false;
    };
    let changes = |it: &Invocation| {
        let name = it.words.first().and_then(Word::known).unwrap_or_default();
        let mut rest = it.words.iter().skip(1).filter_map(Word::known);
        it.directories == call.directories
            && listed(MANAGERS, &name)
            && rest
                .find(|word| !word.starts_with('-'))
                .is_some_and(|word| listed(CHANGES, &word))
    };
    !files.is_empty()
        && files.iter().all(|file| listed(MANIFESTS, file))
        && earlier(call).any(changes)
}

/// The files that a command takes back from the last commit; none where it says more than that.
fn files(words: &[Word]) -> Option<Vec<String>> {
    let known: Option<Vec<_>> = words.iter().skip(2).map(Word::known).collect();
    let mut files = Vec::new();
    for word in known? {
        match &*word {
            "--" | "-q" | "--quiet" | "HEAD" => {}
            option if option.starts_with(['-', ':']) => return None,
            file => files.push(file.trim_start_matches("./").to_owned()),
        }
    }
    Some(files)
}

/// Whether a command writes all changes of these files, as a patch that can be put back, to a file.
fn writes_diff(it: &Invocation, wanted: &[String]) -> bool {
    let known: Option<Vec<_>> = it.words.iter().map(Word::known).collect();
    let Some(known) = known else { return false };
    let words: Vec<&str> = known.iter().map(|word| &**word).collect();
    let ["git", "diff", rest @ ..] = words.as_slice() else {
        return false;
    };
    let Some(against) = rest.first().filter(|word| **word == "HEAD") else {
        // What is staged stays so, and `checkout` takes the files from there.
        return only_binary(rest) && all_of(rest, wanted) && to_file(it);
    };
    let rest = rest.strip_prefix(&[*against]).unwrap_or_default();
    only_binary(rest) && all_of(rest, wanted) && to_file(it)
}

fn only_binary(words: &[&str]) -> bool {
    let mut options = words.iter().filter(|word| word.starts_with('-'));
    options.all(|word| matches!(*word, "--" | "--binary" | "--no-color" | "--no-ext-diff"))
}

fn all_of(words: &[&str], wanted: &[String]) -> bool {
    let named: Vec<&str> = words
        .iter()
        .filter(|word| !word.starts_with('-'))
        .map(|word| word.trim_start_matches("./"))
        .collect();
    named.is_empty() || wanted.iter().all(|it| named.contains(&it.as_str())) && !wanted.is_empty()
}

fn to_file(it: &Invocation) -> bool {
    matches!(it.redirects.as_slice(), [redirect] if redirect.target.known().is_some_and(|file| !file.starts_with("/dev/")))
}
