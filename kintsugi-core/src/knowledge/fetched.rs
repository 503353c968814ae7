//! What a line brings from the network as a whole tree: a clone, an archive that is unpacked from a pipe.
//!
//! Building what was fetched is everyday, and nobody wants to be asked about `make`. An installer that stands in it is run for
//! what it does to the machine, and nobody has read it.

use super::analyst::Analyst;
use super::program::Task;
use crate::effect::Feed;
use crate::shell::Word;

/// Most directories that are kept in mind.
const FETCHED_MAX: usize = 16;

impl Analyst<'_> {
    /// Keeps in mind the directory that a command fills from the network.
    pub(super) fn remember_fetched(&mut self, task: &Task<'_, '_>) {
        if self.fetched.len() >= FETCHED_MAX {
            return;
        }
        let directory = match task.parsed.path.as_str() {
            "git clone" => clone_directory(task),
            "tar"
                if task.parsed.is_set("extract") && task.call.fed.feeds.contains(Feed::Network) =>
            {
                let given = task
                    .parsed
                    .values
                    .iter()
                    .find(|value| value.role == "directory");
                Some(given.map_or_else(
                    || Word::text(".", task.call.span),
                    |value| value.word.clone(),
                ))
            }
            _ => None,
        };
        let Some(directory) = directory else { return };
        for judged in self.judge(&directory, &task.call.directories, task.call.scope) {
            self.fetched.push(judged.path);
        }
    }

    /// Whether a path is that of an installer in a tree that the line fetched, or of a program that a browser did.
    pub(super) fn is_fetched_installer(&self, path: &str) -> bool {
        let name = path
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let stem = name.split('.').next().unwrap_or_default();
        let installs = [
            "install",
            "setup",
            "bootstrap",
            "deploy",
            "run-me",
            "get",
            "init",
        ]
        .iter()
        .any(|word| {
            stem == *word
                || stem.starts_with(&format!("{word}-"))
                || stem.ends_with(&format!("-{word}"))
        });
        is_downloaded(path)
            || installs
                && self.fetched.iter().any(|directory| {
                    path.strip_prefix(directory.as_str())
                        .is_some_and(|rest| rest.starts_with('/'))
                })
    }
}

/// Whether a path lies where a browser puts what it fetched: nobody has read that either.
fn is_downloaded(path: &str) -> bool {
    let mut parts = path.split('/').skip(1);
    let is_home = match parts.next() {
        Some("home" | "Users") => parts.next().is_some(),
        Some("root") => true,
        _ => false,
    };
    // A checkout that somebody works in is there for longer.
    is_home && parts.next() == Some("Downloads") && parts.count() == 1
}

/// The directory that `git clone URL [DIRECTORY]` makes (git-clone(1), git 2.47).
pub(super) fn clone_directory(task: &Task<'_, '_>) -> Option<Word> {
    let mut operands = task
        .parsed
        .values
        .iter()
        .map(|value| &value.word)
        .filter(|word| !word.display().starts_with('-'));
    let address = operands.next()?;
    if let Some(directory) = operands.next() {
        return Some(directory.clone());
    }
    let text = address.known()?;
    let name = text.trim_end_matches('/').trim_end_matches(".git");
    let name = name.rsplit(['/', ':']).next()?;
    Some(Word::text(name, address.span))
}
