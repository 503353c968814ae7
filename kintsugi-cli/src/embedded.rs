//! The judgement without a daemon: the plainly safe pass and are spooled for the log, the rest is held.
//!
//! Losing the daemon neither opens the gate nor bricks the host. Nothing here can approve.

use kintsugi_core::classify::{Bar, Class};
use kintsugi_core::decide::Decision;
use kintsugi_core::judge::Judge;
use kintsugi_core::limits::WANTED_ROUNDS_MAX;
use kintsugi_core::paths::Paths;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::{Request, Verdict};

use crate::exit::{Exit, Failure};
use crate::{facts, policies, proposal, spool};

/// Returns the judge that is built in.
///
/// # Errors
/// Never, in a released build.
pub fn judge() -> Result<Judge, Failure> {
    Judge::builtin().map_err(|error| {
        Failure::new(Exit::Failed, format!("{:#}", anyhow::Error::from(error)))
            .hint("this build is broken: install another, and report this line")
    })
}

/// Judges `command` here, since there is no daemon: `why` says for what reason.
///
/// # Errors
/// Only when this build cannot judge at all.
pub fn verdict(paths: &Paths, command: &ProposedCommand, why: &str) -> Result<Verdict, Failure> {
    Ok(verdict_by(judge()?, paths, command, why))
}

/// Judges `command` by `judge`, which has no policy yet.
#[must_use]
pub fn verdict_by(judge: Judge, paths: &Paths, command: &ProposedCommand, why: &str) -> Verdict {
    let (judge, _problems) = policies::with_policy(judge, &command.cwd);
    let mut command = command.clone();
    let mut verdict = verdict_with_facts(&judge, &mut command, Bar::Safe);
    let plainly_safe = verdict.class == Class::Safe && verdict.decision == Decision::Allow;
    if !plainly_safe {
        verdict.decision = verdict.decision.max(Decision::Hold);
        verdict.reason = format!("{}; and there is no daemon to ask: {why}", verdict.reason);
    } else if let Err(error) = spool::append(&paths.spool, &ran(&command)) {
        verdict.decision = Decision::Hold;
        verdict.reason = format!("there is no daemon ({why}), and it cannot be recorded: {error}");
    }
    verdict
}

/// Makes the verdict about `command`, after finding out what would change it.
#[must_use]
pub fn verdict_with_facts(judge: &Judge, command: &mut ProposedCommand, bar: Bar) -> Verdict {
    let around = proposal::judged_in(&command.cwd);
    for _ in 0..WANTED_ROUNDS_MAX {
        let wanted = judge.wanted(command, &around, bar);
        if wanted.is_empty() {
            break;
        }
        facts::add(command, &wanted);
    }
    judge.verdict(command, &around, None)
}

/// The record of a command that is about to run. How it ends is told by a later one of the same id.
fn ran(command: &ProposedCommand) -> Request {
    Request::Record {
        command: Box::new(command.clone()),
        exit_code: None,
        duration_ms: None,
    }
}
