//! Finds out what a command would really touch, when whoever judges it asks: with the person's rights, in bounded time.
//!
//! Runs on a thread of its own, so that a mount that hangs holds up nobody for longer than [`GATHER_MAX`]; what was not found
//! out by then is said to be incomplete. Changes nothing, runs no program that a repository names, connects to nothing.

pub(crate) mod asked;
mod brought;
pub(crate) mod git;
pub(crate) mod glob;
mod repository;
mod script;
mod target;

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use kintsugi_core::capture::LISTS_ARCHIVES;
use kintsugi_core::facts::{Facts, RepositoryFact, ScriptFact, TargetFact, Wanted};
use kintsugi_core::limits::WANTED_ROUNDS_MAX;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::{Request, Response};

use crate::capture::before;
use crate::client::{Client, ClientError};

/// Longest time for finding out what is asked for in one round.
///
/// Only commands that would interrupt a person, or that run a script, are asked about; git answers for a large repository in
/// some tens of milliseconds, and a person who is not asked has saved more than that.
pub const GATHER_MAX: Duration = Duration::from_millis(250);

/// Most files that are counted for all targets of one round.
pub const ENTRIES_MAX: u64 = 10_000;

/// When looking must end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(pub(crate) Instant);

impl Deadline {
    pub(crate) fn left(self) -> Option<Duration> {
        let left = self.0.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }
}

/// Something that was found out.
enum Found {
    Target(TargetFact),
    Repository(RepositoryFact),
    Script(ScriptFact),
}

/// Proposes `command`; finds out what the daemon asks for, and proposes again under the same id.
///
/// # Errors
/// As [`Client::ask`].
pub fn propose(
    client: &mut Client,
    command: &ProposedCommand,
    patience: Duration,
) -> Result<Response, ClientError> {
    let mut command = Box::new(command.clone());
    for _ in 0..WANTED_ROUNDS_MAX {
        let answer = client.ask_within(&Request::Propose(command.clone()), patience)?;
        let Response::Wanted { facts } = answer else {
            return Ok(answer);
        };
        add(&mut command, &facts);
    }
    // What it knows how to keep is no offer to find anything out.
    command.can.retain(|offer| offer == LISTS_ARCHIVES);
    client.ask_within(&Request::Propose(command), patience)
}

/// Finds out what is `wanted` and adds it to the facts of `command`.
pub fn add(command: &mut ProposedCommand, wanted: &Wanted) {
    let facts = command.facts.get_or_insert_default();
    gather(wanted, facts, GATHER_MAX);
    if !wanted.capture.is_empty() {
        facts.capture = Some(before::look(&wanted.capture, before::LOOK_MAX));
    }
}

/// Finds out what is `wanted` within `patience`. What was not found out is there all the same, and says so: it is not asked again.
fn gather(wanted: &Wanted, facts: &mut Facts, patience: Duration) {
    let (sender, receiver) = mpsc::channel();
    let end = Instant::now() + patience;
    let asked = wanted.clone();
    let started = thread::Builder::new()
        .name("facts".to_owned())
        .spawn(move || look(&asked, &sender, Deadline(end)));
    let mut found = Facts::default();
    while started.is_ok() {
        // A little longer than the thread gives itself: only what hangs in the kernel is left behind.
        let left = (end + patience / 10).saturating_duration_since(Instant::now());
        match receiver.recv_timeout(left) {
            Ok(Found::Target(fact)) => found.targets.push(fact),
            Ok(Found::Repository(fact)) => found.repositories.push(fact),
            Ok(Found::Script(fact)) => found.script.push(fact),
            Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => break,
        }
    }
    for target in &wanted.targets {
        let known = found
            .targets
            .iter()
            .position(|fact| fact.arg == target.arg && fact.scope == target.scope);
        let nothing = || TargetFact {
            arg: target.arg.clone(),
            scope: target.scope,
            ..TargetFact::default()
        };
        facts
            .targets
            .push(known.map_or_else(nothing, |at| found.targets.swap_remove(at)));
    }
    for repository in &wanted.repositories {
        let known = found
            .repositories
            .iter()
            .position(|fact| fact.path == repository.path);
        let nothing = || RepositoryFact {
            path: repository.path.clone(),
            ..RepositoryFact::default()
        };
        facts
            .repositories
            .push(known.map_or_else(nothing, |at| found.repositories.swap_remove(at)));
    }
    for path in &wanted.scripts {
        let known = found.script.iter().position(|fact| fact.path == *path);
        let nothing = || ScriptFact {
            path: path.clone(),
            ..ScriptFact::default()
        };
        facts
            .script
            .push(known.map_or_else(nothing, |at| found.script.swap_remove(at)));
    }
}

/// Looks, the cheap first. Whoever waits may have gone: then this ends with the process.
fn look(wanted: &Wanted, sender: &Sender<Found>, deadline: Deadline) {
    for path in &wanted.scripts {
        if sender.send(Found::Script(script::read(path))).is_err() {
            return;
        }
    }
    for fact in target::look(&wanted.targets, deadline) {
        if sender.send(Found::Target(fact)).is_err() {
            return;
        }
    }
    for asked in &wanted.repositories {
        if let Some(fact) = repository::look(asked, deadline)
            && sender.send(Found::Repository(fact)).is_err()
        {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
