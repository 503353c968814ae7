//! `kintsugi hook`: what shell and agent hooks end up in when a question cannot be answered at once.
//!
//! `kintsugi-hook` speaks the same arguments and answers the common case itself.

use std::io::{Read, Write};
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use kintsugi_core::decide::Decision;
use kintsugi_core::display::escape;
use kintsugi_core::protocol::Verdict;
use kintsugi_core::shell::Dialect;
use uuid::Uuid;

use super::{dialect, pending};
use crate::agent::claude_code::{self, Call, Permission, Proposed};
use crate::ask::{self, Offer};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::gate::{self, Judged, Settled};
use crate::terminal::Terminal;
use crate::{fail_closed, proposal, surroundings};

/// Longest that an agent's hook waits for a person, in seconds: the host's own limit is 600 (Claude Code), and an answer must
/// come before it, since a hook that is late counts as silent.
const WAIT_SECONDS_MAX: u64 = 570;

/// Arguments of `kintsugi hook`.
#[derive(Debug, Args)]
pub struct Hook {
    #[command(subcommand)]
    of: Of,
}

#[derive(Debug, Subcommand)]
enum Of {
    /// Answers Claude Code's `PreToolUse` hook: its payload on standard input, its answer on standard output
    ClaudeCode(ClaudeCode),
    /// Answers a shell's hook: 0 run it, 3 denied, 4 held (its id on standard output), 5 held without a daemon
    Shell(Shell),
}

#[derive(Debug, Args)]
struct ClaudeCode {
    /// Waits this long for a person when a command is held
    #[arg(long, value_name = "SECONDS", default_value_t = 110, value_parser = clap::value_parser!(u64).range(..=WAIT_SECONDS_MAX))]
    wait: u64,
    /// What to answer when nobody has answered by then
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

#[derive(Debug, Args)]
struct Shell {
    /// The shell: bash, zsh, …
    #[arg(value_parser = dialect, value_name = "SHELL")]
    language: Dialect,
    /// The proposal's id, when it was proposed before
    #[arg(long)]
    id: Option<Uuid>,
    /// Shows the card and asks on the terminal when the command is held
    #[arg(long)]
    ask: bool,
    /// Reads the command from standard input
    #[arg(long, conflicts_with = "text")]
    stdin: bool,
    /// The command
    #[arg(last = true, required_unless_present = "stdin", value_name = "TEXT")]
    text: Option<String>,
}

impl Hook {
    /// Answers the hook.
    ///
    /// # Errors
    /// A shell's hook must not run the command then. An agent's hook answers by itself, with a deny.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        fail_closed::install();
        match self.of {
            Of::Shell(shell) => shell.run(console),
            // Whatever cannot even be said is said by the exit code.
            Of::ClaudeCode(hook) => Ok(hook.run(console).unwrap_or(Exit::Of(fail_closed::BLOCK))),
        }
    }
}

impl ClaudeCode {
    /// Whatever fails is answered with a deny, in the host's words.
    fn run(&self, console: &mut Console) -> Result<Exit, Failure> {
        let (permission, reason, exit) = match self.decide() {
            Ok(None) => return Ok(Exit::Allowed),
            Ok(Some((permission, reason))) => (permission, reason, Exit::Allowed),
            // The payload may be another host's: both ways of saying no are used.
            Err(Refusal::Payload(reason)) => {
                writeln!(console.err, "kintsugi: error: {reason}")?;
                (Permission::Deny, reason, Exit::Of(fail_closed::BLOCK))
            }
            Err(Refusal::Gate(failure)) => {
                let hint = failure
                    .hint
                    .map_or(String::new(), |hint| format!("; {hint}"));
                let reason = format!("{}{hint}", failure.message);
                (Permission::Deny, reason, Exit::Allowed)
            }
        };
        let answer = claude_code::answer(permission, &escape(&reason));
        if console
            .out
            .write_all(answer.as_bytes())
            .and_then(|()| console.out.flush())
            .is_err()
        {
            return Ok(Exit::Of(fail_closed::BLOCK));
        }
        Ok(exit)
    }

    fn decide(&self) -> Result<Option<(Permission, String)>, Refusal> {
        let mut payload = Vec::new();
        std::io::stdin()
            .lock()
            .take(claude_code::PAYLOAD_BYTES_MAX + 1)
            .read_to_end(&mut payload)
            .map_err(|error| Refusal::Payload(format!("the payload cannot be read: {error}")))?;
        let call =
            claude_code::read(&payload).map_err(|error| Refusal::Payload(error.to_string()))?;
        let Call::Propose(proposed) = call else {
            return Ok(None);
        };
        let known_tool = proposed.known_tool;
        let (permission, reason) = self.propose(proposed)?;
        Ok(Some(match permission {
            Permission::Allow if !known_tool => (
                Permission::Ask,
                "this tool is not known, so how it runs the command is not either".to_owned(),
            ),
            Permission::Allow | Permission::Deny | Permission::Ask => (permission, reason),
        }))
    }

    fn propose(&self, proposed: Proposed) -> Result<(Permission, String), Failure> {
        let paths = surroundings::paths()?;
        let command = proposal::of_agent(claude_code::AGENT, proposed, self.id);
        let answer = gate::propose(&paths, &command)?;
        let verdict = &answer.verdict;
        let settled = match (verdict.decision, answer.by) {
            (Decision::Allow, _) => return Ok((Permission::Allow, verdict.reason.clone())),
            (Decision::Deny, _) => Settled::Denied(verdict.reason.clone()),
            (Decision::Hold, Judged::ByDaemon) => {
                gate::wait(&paths, &command, Duration::from_secs(self.wait))?
            }
            (Decision::Hold, Judged::Here) => {
                return Ok((
                    Permission::Deny,
                    format!(
                        "held: {}; a person starts it with `kintsugi daemon start`",
                        verdict.reason
                    ),
                ));
            }
        };
        Ok(match settled {
            Settled::Run => (Permission::Allow, "a person approved it".to_owned()),
            Settled::Denied(reason) => (
                Permission::Deny,
                format!("denied: {reason}; do not look for another way to do it, ask the person"),
            ),
            Settled::Held => {
                let permission = match self.then {
                    Then::Deny => Permission::Deny,
                    Then::Ask => Permission::Ask,
                };
                (permission, held_words(&command.id, verdict))
            }
        })
    }
}

/// Why there is no decision.
enum Refusal {
    /// The payload is not understood.
    Payload(String),
    /// The daemon did not answer.
    Gate(Failure),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Gate(failure)
    }
}

fn held_words(id: &Uuid, verdict: &Verdict) -> String {
    let id = pending::short(id);
    let instead = verdict
        .instead
        .as_deref()
        .map_or(String::new(), |instead| format!("; safer: `{instead}`"));
    format!(
        "held as {id}: {}{instead}; once a person has said `kintsugi approve {id}`, run exactly the same command again",
        verdict.reason
    )
}

impl Shell {
    fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        let paths = surroundings::paths()?;
        let text = match self.text {
            Some(text) => text,
            None => std::io::read_to_string(std::io::stdin().lock())?,
        };
        let command = proposal::of_shell(self.language, text, surroundings::directory()?, self.id);
        let answer = gate::propose(&paths, &command)?;
        let verdict = &answer.verdict;
        let settled = match (verdict.decision, answer.by) {
            (Decision::Allow, _) => Settled::Run,
            (Decision::Deny, _) => Settled::Denied(verdict.reason.clone()),
            (Decision::Hold, Judged::Here) => {
                return Err(Failure::new(
                    Exit::NoDaemon,
                    format!("held: {}", escape(&verdict.reason)),
                )
                .hint("`kintsugi daemon start`, then run it again"));
            }
            (Decision::Hold, Judged::ByDaemon) if self.ask => {
                let offer = if command.interactive {
                    Offer::YesOrNo
                } else {
                    Offer::NoOnly
                };
                let mut terminal = Terminal::open().map_err(|error| {
                    let id = pending::short(&command.id);
                    let message =
                        format!("held as {id}, and there is no terminal to ask on: {error}");
                    Failure::new(Exit::Held, message).hint(format!(
                        "after `kintsugi approve {id}` elsewhere, run it again"
                    ))
                })?;
                ask::ask(&mut terminal, &paths, &command, verdict, offer)?
            }
            (Decision::Hold, Judged::ByDaemon) => Settled::Held,
        };
        match settled {
            Settled::Run => Ok(Exit::Allowed),
            Settled::Denied(_) if self.ask && verdict.decision == Decision::Hold => {
                Ok(Exit::Denied)
            }
            Settled::Denied(reason) => {
                let message = format!("denied: {}", escape(&reason));
                Err(Failure::new(Exit::Denied, message))
            }
            Settled::Held => {
                writeln!(console.out, "{}", command.id)?;
                Ok(Exit::Held)
            }
        }
    }
}
