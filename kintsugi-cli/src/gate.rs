//! The way of a proposal through this client: to the daemon, or without one to the embedded core, and through a hold to its end.

use std::time::{Duration, Instant};

use kintsugi_core::decide::Decision;
use kintsugi_core::display::escape;
use kintsugi_core::paths::Paths;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::{ErrorCode, PendingStatus, Request, Resolution, Response, Verdict};

use crate::capture::Limits;
use crate::capture::before::{self, Allowed, Kept};
use crate::client::{Client, ClientError, REPLY_MAX, patience, waited_before};
use crate::embedded;
use crate::exit::{Exit, Failure};
use crate::start::{self, StartError, connect_or_start};

/// Longest single wait that is asked of the daemon; a longer one is made of several.
///
/// Short enough that a connection which died unnoticed is noticed.
pub const AWAIT_TURN: Duration = Duration::from_secs(10);

/// A verdict, and who gave it.
#[derive(Debug)]
pub struct Answer {
    /// The verdict.
    pub verdict: Verdict,
    /// Whether it is the daemon's. What the embedded core holds, nobody can approve.
    pub by: Judged,
    /// Where it is not: what helps, for a person.
    pub way_out: String,
}

/// Who judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// The daemon; its verdict is in the log.
    ByDaemon,
    /// The core that is built into this client, since no daemon could be reached.
    Here,
}

/// How a proposal ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It may run, once, now.
    Run,
    /// It must not run, for this reason.
    Denied(String),
    /// It still waits for a person.
    Held,
}

/// Proposes `command`, starting a daemon when there is none.
///
/// # Errors
/// When there is no verdict at all: the command must not run.
pub fn propose(paths: &Paths, command: &ProposedCommand) -> Result<Answer, Failure> {
    let (why, way_out) = match connect_or_start(paths) {
        Ok(client) => {
            let pid = client.daemon_pid();
            match ask_twice(client, paths, command)? {
                // One that hangs is as good as none.
                Err(ClientError::TimedOut(waited)) => silent(waited, pid),
                answered => {
                    return Ok(Answer {
                        verdict: verdict_of(answered)?,
                        by: Judged::ByDaemon,
                        way_out: String::new(),
                    });
                }
            }
        }
        Err(StartError::Connect(ClientError::TimedOut(waited))) => {
            silent(waited, start::owner(paths))
        }
        Err(absent) => (absent.to_string(), start_hint(&absent)),
    };
    Ok(Answer {
        verdict: embedded::verdict(paths, command, &why)?,
        by: Judged::Here,
        way_out,
    })
}

/// Says why a daemon that is there gave no answer, after all the time that was waited for one, and what helps.
fn silent(waited: Duration, pid: Option<i32>) -> (String, String) {
    let error = ClientError::TimedOut(waited + waited_before());
    let (why, way_out) = held_up(pid);
    (format!("{error}{why}"), way_out)
}

/// Keeps what an allowed command would destroy, before it runs; what cannot be kept is proposed again, for a person to see.
///
/// Returns what was kept when the command may run now; else `command` and `answer` are those of the other proposal.
///
/// # Errors
/// When a person had allowed it and it cannot be kept all the same, or there is no verdict: the command must not run.
pub fn keep_before(
    paths: &Paths,
    command: &mut ProposedCommand,
    answer: &mut Answer,
    limits: &Limits,
) -> Result<Option<Kept>, Failure> {
    if answer.verdict.decision != Decision::Allow {
        return Ok(None);
    }
    let allowed = Allowed::by(&answer.verdict);
    match before::before(paths, command, &answer.verdict, (allowed, limits)) {
        Ok(kept) => Ok(Some(kept)),
        Err(not_kept) if allowed == Allowed::ByPerson => Err(not_kept.failure()),
        Err(not_kept) => {
            *command = not_kept.proposed_again(command);
            *answer = propose(paths, command)?;
            // Allowed although it says so: by what a person granted.
            Ok((answer.verdict.decision == Decision::Allow).then_some(Kept::Told))
        }
    }
}

/// Keeps what a command would destroy that a person has just allowed, who saw on the card what cannot be kept.
///
/// # Errors
/// When something cannot be kept that the card did not name: the command must not run.
pub fn keep_approved(
    paths: &Paths,
    command: &ProposedCommand,
    answer: &Answer,
    limits: &Limits,
) -> Result<Kept, Failure> {
    let allowed = (Allowed::ByPerson, limits);
    before::before(paths, command, &answer.verdict, allowed).map_err(|error| error.failure())
}

/// Asks for the verdict, once more when the daemon went away in between: an id makes both the same proposal.
fn ask_twice(
    mut client: Client,
    paths: &Paths,
    command: &ProposedCommand,
) -> Result<Result<Verdict, ClientError>, Failure> {
    match client.propose(command, patience()) {
        Err(ClientError::Closed | ClientError::Socket(_)) => {
            Ok(reconnect(paths)?.propose(command, patience()))
        }
        answered => Ok(answered),
    }
}

fn ask_verdict(
    client: Client,
    paths: &Paths,
    command: &ProposedCommand,
) -> Result<Verdict, Failure> {
    verdict_of(ask_twice(client, paths, command)?)
}

fn verdict_of(answered: Result<Verdict, ClientError>) -> Result<Verdict, Failure> {
    answered.map_err(|error| refused(&error))
}

/// Waits for a person to resolve the hold of `command`, `patience` at most.
///
/// # Errors
/// When the daemon cannot be asked any more: the command must not run.
pub fn wait(
    paths: &Paths,
    command: &ProposedCommand,
    patience: Duration,
) -> Result<Settled, Failure> {
    let deadline = Instant::now() + patience;
    let mut client = reconnect(paths)?;
    loop {
        let turn = AWAIT_TURN.min(deadline.saturating_duration_since(Instant::now()));
        let asked = client.ask_within(&await_request(command, turn), turn + REPLY_MAX);
        let status = match asked {
            Ok(Response::Pending { status }) => status,
            Ok(other) => return Err(unexpected(&other)),
            Err(error) => return Err(refused(&error)),
        };
        if status != PendingStatus::Pending {
            return settle(paths, command, status);
        }
        if Instant::now() >= deadline {
            return Ok(Settled::Held);
        }
    }
}

/// Returns the request that is answered when the hold of `command` is resolved, or after `turn`.
#[must_use]
pub fn await_request(command: &ProposedCommand, turn: Duration) -> Request {
    Request::Await {
        id: command.id,
        timeout_ms: u64::try_from(turn.as_millis()).unwrap_or(u64::MAX),
    }
}

/// Carries the answer of a person at this prompt to the daemon, and returns what follows from it.
///
/// # Errors
/// When the daemon does not take the answer: the command must not run.
pub fn resolve(
    paths: &Paths,
    command: &ProposedCommand,
    decision: Resolution,
) -> Result<Settled, Failure> {
    let request = |code| Request::Resolve {
        command: Box::new(command.clone()),
        decision,
        remember: false,
        code,
    };
    let mut client = reconnect(paths)?;
    with_code(|code| client.ask(&request(code)))?;
    match decision {
        Resolution::Allow => settle(paths, command, PendingStatus::Approved),
        Resolution::Deny => settle(paths, command, PendingStatus::Denied),
    }
}

/// Gives an answer to the daemon; where it cannot tell whose terminal this is, again with the code that a person reads on theirs.
///
/// # Errors
/// When the daemon does not take the answer, or there is no terminal to type the code on.
pub fn with_code(
    ask: impl FnMut(Option<String>) -> Result<Response, ClientError>,
) -> Result<(), Failure> {
    match ask_with_code(ask)? {
        Ok(Response::Ack) => Ok(()),
        Ok(other) => Err(unexpected(&other)),
        Err(error) => Err(refused(&error)),
    }
}

/// The same, with the daemon's last word as it is.
///
/// # Errors
/// When there is no terminal to type the code on.
pub fn ask_with_code(
    mut ask: impl FnMut(Option<String>) -> Result<Response, ClientError>,
) -> Result<Result<Response, ClientError>, Failure> {
    let mut answered = ask(None);
    if let Err(ClientError::Refused {
        message,
        code: Some(ErrorCode::CodeNeeded),
        ..
    }) = &answered
    {
        let code = crate::terminal::ask_line(&format!("{}\r\ncode: ", escape(message)))?;
        answered = ask(Some(code));
    }
    Ok(answered)
}

/// Returns what a resolution means. An approval is used up here: the same proposal again, and only an allow may run.
///
/// # Errors
/// When the daemon does not confirm an approval.
pub fn settle(
    paths: &Paths,
    command: &ProposedCommand,
    status: PendingStatus,
) -> Result<Settled, Failure> {
    match status {
        PendingStatus::Pending => Ok(Settled::Held),
        PendingStatus::Gone => Ok(Settled::Denied(
            "the daemon no longer knows the hold".to_owned(),
        )),
        PendingStatus::Denied => Ok(Settled::Denied("a person denied it".to_owned())),
        PendingStatus::Approved => {
            let verdict = ask_verdict(reconnect(paths)?, paths, command)?;
            match verdict.decision {
                Decision::Allow => Ok(Settled::Run),
                Decision::Hold => Ok(Settled::Held),
                Decision::Deny => Ok(Settled::Denied(verdict.reason)),
            }
        }
    }
}

/// Connects to a daemon that was there before; it may have been restarted, and holds outlive that.
///
/// # Errors
/// When it is gone and cannot be started again.
pub fn reconnect(paths: &Paths) -> Result<Client, Failure> {
    connect_or_start(paths).map_err(|error| no_daemon(&error))
}

/// The failure of whatever needs a daemon and has none.
#[must_use]
pub fn no_daemon(error: &StartError) -> Failure {
    Failure::new(Exit::NoDaemon, format!("no daemon: {error}")).hint(start_hint(error))
}

/// What a person can do who has no daemon and gets none.
fn start_hint(error: &StartError) -> String {
    match error {
        StartError::Connect(error) => unreachable_hint(error).to_owned(),
        StartError::NotAtSocket { pid, .. } => format!(
            "`kill {pid}` ends it, and the next command starts another; what is held stays held"
        ),
        StartError::OfTheSystem => "until then, only what is plainly safe passes".to_owned(),
        StartError::NoProgram(_) => {
            "install `kintsugi`, `kintsugi-hook` and `kintsugi-daemon` into one directory"
                .to_owned()
        }
        StartError::NoPlace(_) => "call this program by its absolute path".to_owned(),
        StartError::Lock { .. } => {
            "see that you own that directory, or set `KINTSUGI_SOCKET` to a place of your own"
                .to_owned()
        }
        StartError::Spawn(_) | StartError::GaveUp(_) => {
            "mend that; the next command starts it, as `kintsugi daemon start` does".to_owned()
        }
        StartError::TimedOut => {
            "start it with `kintsugi daemon start`; `kintsugi daemon logs` says what it met"
                .to_owned()
        }
    }
}

/// What a person can do who does not reach the daemon.
fn unreachable_hint(error: &ClientError) -> &'static str {
    let is_shut = matches!(
        error,
        ClientError::Socket(error) if error.kind() == std::io::ErrorKind::PermissionDenied
    );
    if is_shut {
        "`usermod -aG kintsugi NAME` lets a person use the daemon of the system, from the next login on"
    } else if matches!(error, ClientError::BadReply(_)) {
        "client and daemon may be of different versions (`kintsugi daemon restart`), or another program listens there: `kintsugi doctor` names the socket"
    } else if matches!(error, ClientError::ForeignDaemon { .. }) {
        "nothing is sent there; have its owner end it, or set `KINTSUGI_SOCKET` to a place of your own"
    } else {
        "`kintsugi doctor` says what is wrong, and `kintsugi daemon logs` what the daemon met"
    }
}

/// The failure of a request that the daemon did not answer as it should.
#[must_use]
pub fn refused(error: &ClientError) -> Failure {
    let code = match error {
        ClientError::Refused { code, .. } => *code,
        ClientError::TooLong => {
            return Failure::new(Exit::Denied, error.to_string())
                .hint("put the command into a script file, and run that");
        }
        ClientError::NoDaemon(_)
        | ClientError::ForeignDaemon { .. }
        | ClientError::Socket(_)
        | ClientError::Closed
        | ClientError::TimedOut(_)
        | ClientError::BadReply(_) => {
            return Failure::new(Exit::NoDaemon, error.to_string()).hint(unreachable_hint(error));
        }
    };
    let failure = Failure::new(Exit::Failed, error.to_string());
    match code {
        Some(ErrorCode::LogUnavailable) => Failure {
            exit: Exit::Denied,
            ..failure
        }
        .hint("nothing runs until the log can be written again: see `kintsugi daemon logs`"),
        Some(ErrorCode::Forbidden) => Failure {
            exit: Exit::Denied,
            ..failure
        }
        .hint("answer from a terminal of your own that is older than the agent, not from where it was proposed"),
        Some(ErrorCode::Busy) => failure.hint("try again in a moment"),
        Some(ErrorCode::NotHeld) => failure.hint("`kintsugi pending` lists what is held"),
        Some(_) | None => failure,
    }
}

/// Says what keeps a daemon from answering, what holds meanwhile, and what helps.
#[must_use]
pub fn late(error: &ClientError, pid: Option<i32>) -> Failure {
    let (why, way_out) = held_up(pid);
    let named = pid.map_or(String::new(), |pid| format!("; it is process {pid}"));
    let message = format!("not protected as usual: {error}{why}{named}");
    Failure::new(Exit::NoDaemon, message).hint(format!(
        "until it answers, clients judge by themselves: the plainly safe passes, the rest is held; {way_out}"
    ))
}

/// Returns what keeps a daemon from answering, as far as the kernel tells (`proc_pid_stat(5)`), and what helps: whatever asks it to end
/// waits for the same answer.
fn held_up(pid: Option<i32>) -> (&'static str, String) {
    let stat = pid.and_then(|pid| std::fs::read_to_string(format!("/proc/{pid}/stat")).ok());
    let state = stat.as_deref().and_then(|stat| stat.rsplit(')').next());
    match (state.and_then(|rest| rest.trim_start().chars().next()), pid) {
        (Some('D'), _) => (
            ": it waits for its disk, which does not answer",
            "it goes on when its disk does".to_owned(),
        ),
        (Some('T' | 't'), Some(pid)) => (
            ": somebody has stopped it",
            format!("`kill -CONT {pid}` lets it go on"),
        ),
        (_, Some(pid)) => (
            "",
            format!(
                "unless its disk is slow, `kill -9 {pid}` ends it, and the next command starts another"
            ),
        ),
        (_, None) => ("", "see `kintsugi daemon logs`".to_owned()),
    }
}

/// The failure of a request that got a reply of another kind.
#[must_use]
pub fn unexpected(_response: &Response) -> Failure {
    Failure::new(Exit::Failed, "the daemon's reply does not fit the request")
        .hint("client and daemon may be of different versions: `kintsugi daemon restart`")
}
