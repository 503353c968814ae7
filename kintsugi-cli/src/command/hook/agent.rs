//! The hooks of agents: a payload on standard input, the host's words for yes or no on standard output and as exit code.
//!
//! Whatever fails is answered with a no. Nothing here judges.

use std::io::{Read, Write};
use std::time::Duration;

use clap::{Args, ValueEnum};
use kintsugi_core::decide::Decision;
use kintsugi_core::display::escape;
use kintsugi_core::protocol::{Request, Response, Verdict};
use uuid::Uuid;

use crate::agent::tool::Allowed;
use crate::agent::{Answer, Call, Host, PAYLOAD_BYTES_MAX, Permission, Proposed};
use crate::capture::{Limits, before};
use crate::client::Client;
use crate::command::doctor::look_at_project;
use crate::command::pending;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::gate::{self, Judged, Settled};
use crate::{elsewhere, fail_closed, proposal, spool, surroundings};

/// From this many commands of one session that wait for a person, the agent is told to stop rather than to go on.
const HELD_IS_MANY: usize = 3;

/// Longest time for copies before an agent is answered; hosts wait for a minute or more.
const KEEP_MAX: Duration = Duration::from_secs(20);

/// Arguments of an agent's hook.
#[derive(Debug, Args)]
pub(super) struct Agent {
    /// Waits this long for a person when a command is held; by default as long as the host's own limit leaves
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
    /// What to answer when nobody has answered by then; a host that cannot ask is told to deny
    #[arg(long, value_enum, default_value_t = Then::Deny)]
    then: Then,
    /// The proposal's id, when it was proposed before
    #[arg(long, hide = true)]
    id: Option<Uuid>,
}

/// What an agent is told when nobody has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Then {
    /// Not now: approve it, then run the same command again
    Deny,
    /// The host asks the person itself
    Ask,
}

/// What came of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Nothing speaks against it.
    Allowed,
    /// A person has seen it, and said yes.
    Approved,
    /// It does not run, by this answer.
    No(Permission),
}

impl Agent {
    /// Answers the hook of `named`, or of the host whose payload it is.
    pub(super) fn run(&self, named: &'static Host, console: &mut Console) -> Exit {
        let mut payload = Vec::new();
        let read = std::io::stdin()
            .lock()
            .take(PAYLOAD_BYTES_MAX + 1)
            .read_to_end(&mut payload);
        let answer = match read {
            Err(error) => named.refuse(&format!("the payload cannot be read: {error}")),
            Ok(_) => match named.hear(&payload) {
                Err((host, error)) => host.refuse(&escape(&error.to_string())),
                Ok((host, call)) => self.answer(host, call),
            },
        };
        let said = console
            .err
            .write_all(answer.error.as_bytes())
            .and_then(|()| console.out.write_all(answer.output.as_bytes()))
            .and_then(|()| console.out.flush());
        // Whatever cannot even be said is said by the exit code.
        Exit::Of(said.map_or(fail_closed::BLOCK, |()| answer.exit))
    }

    fn answer(&self, host: &'static Host, call: Call) -> Answer {
        let proposed = match call {
            Call::Pass => return Answer::default(),
            Call::Ran {
                proposed,
                exit_code,
                duration_ms,
            } => {
                record(host, proposed, exit_code, duration_ms);
                return Answer::default();
            }
            Call::Propose(proposed) => proposed,
        };
        let if_allowed = proposed.if_allowed;
        let (permission, reason) = match self.propose(host, proposed) {
            Ok(said) => said,
            Err(failure) => {
                let hint = failure
                    .hint
                    .map_or(String::new(), |hint| format!("; {hint}"));
                (
                    Told::No(Permission::Deny),
                    format!("{}{hint}", failure.message),
                )
            }
        };
        match (permission, if_allowed) {
            (Told::No(permission), _) => host.say(permission, &escape(&reason)),
            (Told::Approved, _) | (Told::Allowed, Allowed::Said) => {
                host.say(Permission::Allow, &escape(&reason))
            }
            (Told::Allowed, Allowed::Silent) => Answer::default(),
            (Told::Allowed, Allowed::Asked) => host.say(
                Permission::Ask,
                "this tool is not known, so how it runs the command is not either; the person can run it themselves",
            ),
        }
    }

    fn propose(&self, host: &'static Host, proposed: Proposed) -> Result<(Told, String), Failure> {
        let paths = surroundings::paths()?;
        let mut command = proposal::of_agent(host.name, proposed, self.id);
        let mut answer = gate::propose(&paths, &command)?;
        let usual = before::limits();
        let limits = Limits {
            time_max: usual.time_max.min(KEEP_MAX),
            ..usual
        };
        let kept = gate::keep_before(&paths, &mut command, &mut answer, &limits)?;
        let verdict = &answer.verdict;
        let allowed = if verdict.approved {
            Told::Approved
        } else {
            Told::Allowed
        };
        if kept.is_some() {
            return Ok((allowed, verdict.reason.clone()));
        }
        let elsewhere = match verdict.decision {
            Decision::Hold => elsewhere::differs(&paths),
            Decision::Allow | Decision::Deny => None,
        };
        let is_unseen = elsewhere.as_ref().is_some_and(|it| it.is_log);
        let settled = match (verdict.decision, answer.by) {
            (Decision::Allow, _) => return Ok((allowed, verdict.reason.clone())),
            (Decision::Deny, _) => Settled::Denied(verdict.reason.clone()),
            (Decision::Hold, Judged::ByDaemon) => {
                let wait = self.wait.unwrap_or(host.wait_seconds);
                // Where nobody sees it nobody answers, however long this waits.
                let most = if is_unseen { 0 } else { host.wait_seconds_max };
                let wait = Duration::from_secs(wait.min(most));
                gate::wait(&paths, &command, wait)?
            }
            (Decision::Hold, Judged::Here) => {
                let way_out = elsewhere.map_or_else(
                    || "`kintsugi status` says what helps".to_owned(),
                    |elsewhere| elsewhere.words,
                );
                let reason = format!(
                    "held: {}; stop here and tell the person: {way_out}",
                    verdict.reason
                );
                return Ok((Told::No(Permission::Deny), reason));
            }
        };
        Ok(match settled {
            Settled::Run => {
                gate::keep_approved(&paths, &command, &answer, &limits)?;
                (Told::Approved, "a person approved it".to_owned())
            }
            Settled::Denied(reason) => (
                Told::No(Permission::Deny),
                format!("denied: {reason}; do not look for another way to do it, ask the person"),
            ),
            Settled::Held => {
                let permission = match self.then {
                    Then::Deny => Permission::Deny,
                    Then::Ask => Permission::Ask,
                };
                let held = held_in(&paths.socket, command.session.as_deref());
                let words = held_words(&command.id, verdict, held);
                let beside = elsewhere.map(|it| format!("; {}", it.words));
                (Told::No(permission), words + &beside.unwrap_or_default())
            }
        })
    }
}

/// Leaves what has run in the log. It has run: what cannot be recorded changes nothing any more.
fn record(host: &Host, proposed: Proposed, exit_code: Option<i32>, duration_ms: Option<u64>) {
    let Ok(paths) = surroundings::paths() else {
        return;
    };
    let command = proposal::of_agent(host.name, proposed, None);
    before::ended_last(&paths, &command);
    let request = Request::Record {
        command: Box::new(command),
        exit_code,
        duration_ms,
    };
    let told = Client::connect(&paths.socket).and_then(|mut daemon| daemon.ask(&request));
    if told.is_err() {
        drop(spool::append(&paths.spool, &request));
    }
    if let Request::Record { command, .. } = &request {
        let ran = duration_ms.map(Duration::from_millis);
        look_at_project(&paths, &command.cwd, ran);
    }
}

/// Counts what a session has proposed and nobody has answered.
fn held_in(socket: &std::path::Path, session: Option<&str>) -> usize {
    let asked = Client::connect(socket).and_then(|mut daemon| daemon.ask(&Request::ListPending));
    match asked {
        Ok(Response::PendingList { items }) => items
            .iter()
            .filter(|item| item.command.session.as_deref() == session)
            .count(),
        Ok(_) | Err(_) => 0,
    }
}

/// What an agent is told that waited in vain: to stop, and how its person can let it go on.
fn held_words(id: &Uuid, verdict: &Verdict, held: usize) -> String {
    let id = pending::short(id);
    let instead = verdict
        .instead
        .as_deref()
        .map_or(String::new(), |instead| format!("; safer: `{instead}`"));
    let stop = if held < HELD_IS_MANY {
        "stop here and tell the person".to_owned()
    } else {
        format!(
            "{held} commands of this session wait for the person: propose nothing more, end your turn and ask"
        )
    };
    format!(
        "held as {id}: {}{instead}; {stop}; once they have said `kintsugi approve {id}`, run exactly the same command again",
        verdict.reason
    )
}
