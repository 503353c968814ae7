//! `kintsugi hook`: what shell and agent hooks end up in when a question cannot be answered at once.
//!
//! `kintsugi-hook` speaks the same arguments and answers the common case itself.

mod agent;

use std::ffi::OsString;
use std::io::{Read as _, Write};
use std::os::unix::ffi::OsStringExt as _;
use std::time::Duration;

use clap::{Args, Subcommand};
use kintsugi_core::decide::Decision;
use kintsugi_core::display::escape;
use kintsugi_core::paths::Paths;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::{Request, Response};
use kintsugi_core::shell::Dialect;
use uuid::Uuid;

use self::agent::Agent;
use super::ended::Ended;
use super::in_full::InFull;
use super::stand_in::StandIn;
use super::{dialect, pending};
use crate::agent::Host;
use crate::ask::{self, Asked, Offer};
use crate::capture::before;
use crate::client::Client;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::gate::{self, Judged, Settled};
use crate::terminal::Terminal;
use crate::{fail_closed, proposal, spool, surroundings};

/// Longest wait of a prompt for a daemon that is told how the line before it ended; then the record is spooled.
const END_TOLD_MAX: Duration = Duration::from_secs(2);

/// How `kintsugi hook shell --ask` ends when the line was denied and is to be edited.
const EDIT: Exit = Exit::Of(8);

/// Arguments of `kintsugi hook`.
#[derive(Debug, Args)]
pub struct Hook {
    #[command(subcommand)]
    of: Of,
}

#[derive(Debug, Subcommand)]
enum Of {
    /// Answers a shell's hook: 0 run it, 3 denied, 4 held (its id on standard output), 5 held without a daemon
    Shell(Shell),
    /// Judges for a shell's relay while there is no daemon: frames in, frames out
    #[command(hide = true)]
    StandIn(StandIn),
    /// Proposes for a shell's relay what takes more than a question: frames in, frames out
    #[command(hide = true)]
    InFull(InFull),
    /// Waits until a process has ended, and notes when
    #[command(hide = true)]
    Ended(Ended),
    #[command(flatten)]
    Agent(OfAgent),
}

/// The hosts, each as a subcommand of its own, so that help and completions name them.
#[derive(Debug, Subcommand)]
enum OfAgent {
    /// Answers Claude Code's `PreToolUse` and `PostToolUse`
    ///
    /// Its payload on standard input, its answer on standard output.
    ClaudeCode(Agent),
    /// Answers Codex CLI's `PreToolUse` and `PostToolUse`
    ///
    /// Its payload on standard input, its answer on standard output.
    Codex(Agent),
    /// Answers Gemini CLI's `BeforeTool` and `AfterTool`
    ///
    /// Its payload on standard input, its answer on standard output.
    Gemini(Agent),
    /// Answers Cursor's `beforeShellExecution` and its kin
    ///
    /// Its payload on standard input, its answer on standard output.
    Cursor(Agent),
    /// Answers GitHub Copilot CLI's `preToolUse` and `postToolUse`
    ///
    /// Its payload on standard input, its answer on standard output.
    Copilot(Agent),
    /// Answers VS Code's `PreToolUse`
    ///
    /// Its payload on standard input, its answer on standard output.
    Vscode(Agent),
    /// Answers Qwen Code's `PreToolUse` and `PostToolUse`
    ///
    /// Its payload on standard input, its answer on standard output.
    Qwen(Agent),
    /// Answers OpenCode's plugin
    ///
    /// Its payload on standard input, its answer on standard output.
    Opencode(Agent),
    /// Answers Windsurf's Cascade hooks
    ///
    /// Its payload on standard input, its answer on standard output.
    Windsurf(Agent),
    /// Answers Cline's `PreToolUse` and `PostToolUse`
    ///
    /// Its payload on standard input, its answer on standard output.
    Cline(Agent),
    /// Answers Amp's plugin
    ///
    /// Its payload on standard input, its answer on standard output.
    Amp(Agent),
    /// Answers Goose's `PreToolUse`
    ///
    /// Its payload on standard input, its answer on standard output.
    Goose(Agent),
    /// Answers Factory Droid's `PreToolUse` and `PostToolUse`
    ///
    /// Its payload on standard input, its answer on standard output.
    Droid(Agent),
    /// Answers Kiro's `preToolUse` and `postToolUse`
    ///
    /// Its payload on standard input, its answer on standard output.
    Kiro(Agent),
    /// Answers Antigravity's `PreToolUse`
    ///
    /// Its payload on standard input, its answer on standard output.
    Antigravity(Agent),
    /// Answers Kimi Code's `PreToolUse`
    ///
    /// Its payload on standard input, its answer on standard output.
    Kimi(Agent),
}

impl OfAgent {
    /// Returns the host's name and the arguments.
    fn split(&self) -> (&'static str, &Agent) {
        match self {
            Self::ClaudeCode(agent) => ("claude-code", agent),
            Self::Codex(agent) => ("codex", agent),
            Self::Gemini(agent) => ("gemini", agent),
            Self::Cursor(agent) => ("cursor", agent),
            Self::Copilot(agent) => ("copilot", agent),
            Self::Vscode(agent) => ("vscode", agent),
            Self::Qwen(agent) => ("qwen", agent),
            Self::Opencode(agent) => ("opencode", agent),
            Self::Windsurf(agent) => ("windsurf", agent),
            Self::Cline(agent) => ("cline", agent),
            Self::Amp(agent) => ("amp", agent),
            Self::Goose(agent) => ("goose", agent),
            Self::Droid(agent) => ("droid", agent),
            Self::Kiro(agent) => ("kiro", agent),
            Self::Antigravity(agent) => ("antigravity", agent),
            Self::Kimi(agent) => ("kimi", agent),
        }
    }
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
    /// Offers to give the line back to be edited: then the exit status is 8
    #[arg(long, requires = "ask")]
    edit: bool,
    /// Reads the command from standard input
    #[arg(long, conflicts_with = "text")]
    stdin: bool,
    /// Tells that the command has ended, with this status
    #[arg(long, value_name = "STATUS", conflicts_with = "ask")]
    ended: Option<i32>,
    /// How long it ran, in milliseconds
    #[arg(long, value_name = "MS", requires = "ended")]
    lasted: Option<u32>,
    /// The command
    #[arg(last = true, required_unless_present = "stdin", value_name = "TEXT")]
    text: Option<OsString>,
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
            Of::StandIn(stand_in) => stand_in.run(console),
            Of::InFull(in_full) => in_full.run(console),
            Of::Ended(ended) => ended.run(console),
            Of::Agent(of) => {
                let (name, agent) = of.split();
                Ok(match Host::named(name) {
                    Some(host) => agent.run(host, console),
                    None => Exit::Of(fail_closed::BLOCK),
                })
            }
        }
    }
}

/// Reads a line that is too long for an argument.
fn read_line() -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    std::io::stdin().lock().read_to_end(&mut text)?;
    Ok(text)
}

/// Records how a line of a shell without a relay ended. Nobody waits for it, so nothing is said when that fails.
fn tell_end(paths: &Paths, mut command: ProposedCommand, status: i32, lasted: Option<u32>) -> Exit {
    before::ended_last(paths, &command);
    let duration = Duration::from_millis(lasted.unwrap_or_default().into());
    if let Ok(since) = jiff::Timestamp::now().checked_sub(duration) {
        command.ts = since.to_string();
    }
    let record = Request::Record {
        command: Box::new(command),
        exit_code: Some(status),
        duration_ms: lasted.map(u64::from),
    };
    let told = Client::connect_within(&paths.socket, END_TOLD_MAX)
        .and_then(|mut client| client.ask_within(&record, END_TOLD_MAX));
    if !matches!(told, Ok(Response::Ack)) {
        drop(spool::append(&paths.spool, &record));
    }
    Exit::Allowed
}

impl Shell {
    fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        let paths = surroundings::paths()?;
        let text = self
            .text
            .map_or_else(read_line, |text| Ok(text.into_vec()))?;
        let text = String::from_utf8(text).map_err(|_| {
            let message = "denied: the line is not UTF-8, so it cannot be judged";
            Failure::new(Exit::Denied, message).hint("put the bytes into a file, and name that")
        })?;
        let mut command =
            proposal::of_shell(self.language, text, surroundings::directory()?, self.id);
        if let Some(status) = self.ended {
            return Ok(tell_end(&paths, command, status, self.lasted));
        }
        let mut answer = gate::propose(&paths, &command)?;
        let limits = before::limits();
        let kept = gate::keep_before(&paths, &mut command, &mut answer, &limits)?;
        if kept.is_some() {
            return Ok(Exit::Allowed);
        }
        let command = before::with_fact(&command, &answer.verdict);
        let verdict = &answer.verdict;
        let settled = match (verdict.decision, answer.by) {
            (Decision::Allow, _) => Settled::Run,
            (Decision::Deny, _) => Settled::Denied(verdict.reason.clone()),
            (Decision::Hold, Judged::Here) => {
                return Err(Failure::new(
                    Exit::NoDaemon,
                    format!("held: {}", escape(&verdict.reason)),
                )
                .hint(format!("{}; then run it again", answer.way_out)));
            }
            (Decision::Hold, Judged::ByDaemon) if self.ask => {
                let offer = match (command.interactive, self.edit) {
                    (true, true) => Offer::YesNoOrEdit,
                    (true, false) => Offer::YesOrNo,
                    (false, _) => Offer::NoOnly,
                };
                let mut terminal = Terminal::open().map_err(|error| {
                    let id = pending::short(&command.id);
                    let message =
                        format!("held as {id}, and there is no terminal to ask on: {error}");
                    Failure::new(Exit::Held, message).hint(format!(
                        "after `kintsugi approve {id}` elsewhere, run it again"
                    ))
                })?;
                match ask::ask(&mut terminal, &paths, &command, verdict, offer)? {
                    Asked::Settled(settled) => settled,
                    Asked::Edit => return Ok(EDIT),
                }
            }
            (Decision::Hold, Judged::ByDaemon) => Settled::Held,
        };
        match settled {
            Settled::Run => {
                gate::keep_approved(&paths, &command, &answer, &limits)?;
                Ok(Exit::Allowed)
            }
            Settled::Denied(_) if self.ask && verdict.decision == Decision::Hold => {
                Ok(Exit::Denied)
            }
            Settled::Denied(reason) => {
                let message = format!("denied: {}", escape(&reason));
                Err(Failure::new(Exit::Denied, message))
            }
            Settled::Held if self.ask => Ok(Exit::Held),
            Settled::Held => {
                writeln!(console.out, "{}", command.id)?;
                Ok(Exit::Held)
            }
        }
    }
}
