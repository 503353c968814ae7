//! The moment before a command runs: what its verdict names is kept and the log knows it, or it does not run.

use std::time::{Duration, Instant};

use kintsugi_core::capture::manifest::{Manifest, Summary};
use kintsugi_core::capture::{CaptureFact, Keep};
use kintsugi_core::classify::Class;
use kintsugi_core::display::escape;
use kintsugi_core::paths::Paths;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::{Request, Response, Verdict};
use rustix::time::{ClockId, clock_gettime};
use uuid::Uuid;

use super::keep::{Occasion, Plan, account, keep, masked};
use super::store::Store;
use super::{Limits, settings};
use crate::client::{Client, ClientError, REPLY_MAX};
use crate::exit::{Exit, Failure};
use crate::surroundings;

/// Longest time for looking at what would be kept, when a person is going to be asked.
pub const LOOK_MAX: Duration = Duration::from_secs(2);

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// There was nothing to keep.
    Nothing,
    /// It is kept under this id, and the log says so.
    As(Uuid),
    /// It is not kept, and whoever answered was told so before.
    Told,
}

/// Why it is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotKept {
    /// In a few words each.
    pub reasons: Vec<String>,
}

impl NotKept {
    fn one(reason: impl Into<String>) -> Self {
        Self {
            reasons: vec![reason.into()],
        }
    }

    /// Returns the same command as another proposal, which says that it cannot be undone: a person is asked.
    #[must_use]
    pub fn proposed_again(&self, command: &ProposedCommand) -> ProposedCommand {
        let mut command = command.clone();
        command.id = Uuid::new_v4();
        command.facts.get_or_insert_default().capture = Some(CaptureFact {
            cannot: masked(&self.reasons),
            ..CaptureFact::default()
        });
        command
    }

    /// Returns the failure of a client that does not run the command for that.
    #[must_use]
    pub fn failure(&self) -> Failure {
        let reasons = escape(&self.reasons.join(", "));
        Failure::new(Exit::Held, format!("held: cannot be undone: {reasons}"))
            .hint("it did not run and nothing was changed; mend that, or run a smaller part of it")
    }
}

/// Who let the command run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// The rules.
    ByRules,
    /// A person, whose card said what cannot be kept.
    ByPerson,
}

impl Allowed {
    /// Who stands behind an allow.
    #[must_use]
    pub const fn by(verdict: &Verdict) -> Self {
        if verdict.approved {
            Self::ByPerson
        } else {
            Self::ByRules
        }
    }
}

/// Looks at what would be kept, and how much it is.
#[must_use]
pub fn look(keeps: &[Keep], patience: Duration) -> CaptureFact {
    let mut plan = Plan::of(keeps, patience);
    let store = surroundings::paths()
        .map_err(|failure| failure.message)
        .and_then(|paths| Store::own(&paths).map_err(|error| error.to_string()));
    match store {
        Ok(store) => plan.measure(&store, &limits(), patience),
        Err(error) => plan.cannot.push(error),
    }
    plan.fact()
}

/// How much may be kept, as the person's settings have it.
#[must_use]
pub fn limits() -> Limits {
    let read = surroundings::paths()
        .map_err(|failure| anyhow::anyhow!(failure.message))
        .and_then(|paths| settings::read(&paths));
    read.unwrap_or_else(|_| Limits {
        unknown: true,
        ..Limits::default()
    })
}

/// Adds to `command` what its card says about undoing it, when it is held.
#[must_use]
pub fn with_fact(command: &ProposedCommand, verdict: &Verdict) -> ProposedCommand {
    let mut command = command.clone();
    let is_known = command
        .facts
        .as_ref()
        .is_some_and(|facts| facts.capture.is_some());
    if !verdict.capture.is_empty() && !is_known {
        let fact = look(&verdict.capture, LOOK_MAX);
        command.facts.get_or_insert_default().capture = Some(fact);
    }
    command
}

/// Keeps what `verdict` names before `command` runs, within `limits`. Returns at once when it names nothing.
///
/// # Errors
/// When something cannot be kept: unless a person was told so, the command must not run. What is plainly safe needs no copy.
pub fn before(
    paths: &Paths,
    command: &ProposedCommand,
    verdict: &Verdict,
    (allowed, limits): (Allowed, &Limits),
) -> Result<Kept, NotKept> {
    if verdict.capture.is_empty() {
        return Ok(Kept::Nothing);
    }
    let is_safe = verdict.class == Class::Safe;
    let mut plan = Plan::of(&verdict.capture, limits.time_max);
    if plan.is_empty() {
        return Ok(Kept::Nothing);
    }
    if !plan.cannot.is_empty() && allowed == Allowed::ByRules && !is_safe {
        return Err(NotKept {
            reasons: plan.cannot,
        });
    }
    if allowed == Allowed::ByPerson {
        plan.cannot.extend(command.cannot_keep().map(str::to_owned));
    }
    if allowed == Allowed::ByPerson && plan.cannot.is_empty() {
        // What was told on the card is what is found now, unless it changed since.
        if let Ok(store) = Store::own(paths) {
            plan.measure(&store, limits, LOOK_MAX);
        }
    }
    let told = allowed == Allowed::ByPerson && !plan.cannot.is_empty();
    let done = keep(paths, &plan, &Occasion::before(command), limits)
        .map_err(|error| NotKept::one(error.to_string()))
        .and_then(|manifest| record(paths, &manifest).map(|()| Kept::As(manifest.summary.id)));
    match done {
        Ok(kept) => Ok(kept),
        Err(_) if told => Ok(Kept::Told),
        // A harmless line is not stopped for want of room for a copy.
        Err(_) if is_safe && allowed == Allowed::ByRules => Ok(Kept::Nothing),
        Err(not_kept) => Err(not_kept),
    }
}

/// The same for who must answer at once: whether all of it is kept, or there was nothing. Else whoever has more time is to answer.
#[must_use]
pub fn at_once(paths: &Paths, command: &ProposedCommand, verdict: &Verdict) -> bool {
    let allowed = (Allowed::by(verdict), &limits().quick());
    before(paths, command, verdict, allowed).is_ok()
}

/// Tells the log; without a daemon there is none to tell, and only what is plainly safe runs.
pub(super) fn record(paths: &Paths, manifest: &Manifest) -> Result<(), NotKept> {
    let request = Request::Captured {
        id: manifest.summary.id,
        manifest: account(manifest),
    };
    let told = Client::connect(&paths.socket)
        .and_then(|mut daemon| daemon.ask_within(&request, REPLY_MAX));
    match told {
        Ok(Response::Ack) | Err(ClientError::NoDaemon(_)) => Ok(()),
        Ok(_) => Err(NotKept::one("the log does not take that it was kept")),
        Err(error) => Err(NotKept::one(error.to_string())),
    }
}

/// Notes that the last command with the text of `command` in its session has ended, when something was kept before it.
pub fn ended_last(paths: &Paths, command: &ProposedCommand) {
    /// Captures among which it is looked for: those of lines that ran beside this one.
    const LAST: usize = 8;
    let root = paths.data.join("trash");
    let Some(store) = root.is_dir().then(|| Store::own(paths).ok()).flatten() else {
        return;
    };
    let text = Occasion::before(command).command;
    let is_it = |summary: &Summary| {
        summary.command == text
            && summary.session == command.session
            && store.marked(&summary.id, super::ENDED).is_none()
    };
    if let Some(summary) = store.list().into_iter().take(LAST).find(is_it) {
        ended(paths, &summary.id);
    }
}

/// Notes that the command has ended: what changes from now on is newer work.
pub fn ended(paths: &Paths, id: &Uuid) {
    if let Ok(store) = Store::own(paths) {
        // Without the mark, undo takes every change for newer work, and asks.
        drop(store.mark(id, super::ENDED, &clock_of_files().to_string()));
    }
}

/// The clock that file systems take times from: it goes in steps, behind the precise one.
fn clock_of_files() -> jiff::Timestamp {
    let now = clock_gettime(ClockId::RealtimeCoarse);
    let nanoseconds = i32::try_from(now.tv_nsec).unwrap_or_default();
    jiff::Timestamp::new(now.tv_sec, nanoseconds).unwrap_or_else(|_| jiff::Timestamp::now())
}

/// Waits until that clock has gone on: what is changed from then on has a later time than what was changed before.
pub fn next_step_of_clock() {
    /// A step is a hundredth of a second at most, and may come late where much else is done.
    const PATIENCE: Duration = Duration::from_millis(500);
    // A file that was looked at meanwhile may have its time from the precise clock (Linux 6.13), and a step that comes late ends before that.
    let (now, began) = (jiff::Timestamp::now(), Instant::now());
    while clock_of_files() <= now && began.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_micros(500));
    }
}
