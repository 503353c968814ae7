//! `kintsugi run`: proposes a command, and becomes it when it is allowed.

use std::io::{ErrorKind, IsTerminal, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use clap::Args;
use kintsugi_core::decide::Decision;
use kintsugi_core::display::escape;
use kintsugi_core::paths::Paths;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::Verdict;
use kintsugi_core::shell::Dialect;
use serde::Serialize;

use super::{pending, text_of};
use crate::ask::{self, Asked, Offer};
use crate::capture::before::{self, Kept};
use crate::capture::discard;
use crate::capture::keep::Occasion;
use crate::card::Card;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::gate::{self, Answer, Judged, Settled};
use crate::terminal::Terminal;
use crate::{proposal, surroundings};

/// Arguments of `kintsugi run`.
#[derive(Debug, Args)]
#[command(
    after_help = "Ends with the status of the command when it ran; else 3 denied, 4 held, 5 no daemon.\n\n\
                        Examples:\n  kintsugi run -- git push\n  kintsugi run -- 'make && ./deploy'"
)]
pub struct Run {
    /// The command: one argument is text for $SHELL, several are a program and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<String>,
    /// Waits this long for a person when it is held, instead of asking here
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
    /// Prints the verdict as one line of JSON when the command does not run
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report<'a> {
    version: u32,
    id: uuid::Uuid,
    #[serde(flatten)]
    verdict: &'a Verdict,
}

impl Run {
    /// Proposes, waits if it must, and runs.
    ///
    /// # Errors
    /// When there is no verdict, or the command cannot be started.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        let paths = surroundings::paths()?;
        let mut command = self.proposal()?;
        let mut answer = gate::propose(&paths, &command)?;
        let limits = before::limits();
        if answer.verdict.decision == Decision::Allow && self.is_discarded(&paths, &command)? {
            return Ok(Exit::Allowed);
        }
        if let Some(kept) = gate::keep_before(&paths, &mut command, &mut answer, &limits)? {
            return Err(self.start(&kept, console)?);
        }
        command = before::with_fact(&command, &answer.verdict);
        let settled = match answer.verdict.decision {
            Decision::Allow => Settled::Run,
            Decision::Deny => Settled::Denied(answer.verdict.reason.clone()),
            Decision::Hold => self.hold(&paths, &command, &answer, console)?,
        };
        if settled == Settled::Run {
            if self.is_discarded(&paths, &command)? {
                return Ok(Exit::Allowed);
            }
            let kept = gate::keep_approved(&paths, &command, &answer, &limits)?;
            return Err(self.start(&kept, console)?);
        }
        if self.json {
            console.json(&Report {
                version: super::JSON_VERSION,
                id: command.id,
                verdict: &answer.verdict,
            })?;
        }
        match settled {
            Settled::Run => Ok(Exit::Allowed),
            Settled::Denied(reason) => {
                let message = format!("denied: {}", escape(&reason));
                Err(Failure::new(Exit::Denied, message))
            }
            Settled::Held => Err(still_held(&command, &answer)),
        }
    }

    fn proposal(&self) -> Result<ProposedCommand, Failure> {
        let agent = surroundings::agent();
        let dialect = match self.command.as_slice() {
            [_] => surroundings::shell().1,
            _ => Dialect::Posix,
        };
        let mut command = proposal::propose(
            agent.unwrap_or("shell"),
            text_of(&self.command),
            surroundings::directory()?,
            dialect,
        );
        command.argv.clone_from(&self.command);
        command.session = proposal::terminal_session();
        command.interactive = agent.is_none() && self.wait.is_none() && at_a_terminal();
        Ok(command)
    }

    /// Lets a person answer: here, or elsewhere while this waits.
    fn hold(
        &self,
        paths: &Paths,
        command: &ProposedCommand,
        answer: &Answer,
        console: &mut Console,
    ) -> Result<Settled, Failure> {
        if command.interactive && answer.by == Judged::ByDaemon {
            let mut terminal = Terminal::open()?;
            let verdict = &answer.verdict;
            let asked = ask::ask(&mut terminal, paths, command, verdict, Offer::YesOrNo)?;
            return Ok(match asked {
                Asked::Settled(settled) => settled,
                // Not offered here; and it was denied.
                Asked::Edit => Settled::Denied("a person denied it".to_owned()),
            });
        }
        if !self.json {
            let card = Card::of_verdict(command, &answer.verdict);
            let id = pending::short(&command.id);
            let answers = [format!("kintsugi approve {id}, or kintsugi deny {id}")];
            let answers = match answer.by {
                Judged::ByDaemon => answers.as_slice(),
                Judged::Here => &[],
            };
            let title = "kintsugi holds this command";
            let text = card.render(title, answers, console.err_columns, console.err_paint);
            console.err.write_all(text.as_bytes())?;
        }
        match (self.wait, answer.by) {
            (Some(seconds), Judged::ByDaemon) => {
                gate::wait(paths, command, Duration::from_secs(seconds))
            }
            (_, _) => Ok(Settled::Held),
        }
    }

    /// Whether it was a plain `rm`, and what it would delete is moved away instead.
    fn is_discarded(&self, paths: &Paths, command: &ProposedCommand) -> Result<bool, Failure> {
        let Some(plain) = discard::plain(&self.command, Path::new(&command.cwd)) else {
            return Ok(false);
        };
        let occasion = Occasion::before(command);
        let done = discard::discard(paths, &plain, &occasion, &before::limits());
        let done = done.map_err(|error| {
            let id = pending::short(&command.id);
            Failure::new(Exit::Failed, error.to_string()).hint(format!(
                "`kintsugi undo {id}` brings back what was removed before that"
            ))
        })?;
        Ok(done.is_some())
    }

    /// Becomes the command, and leaves somebody behind who notes when it has ended, if that matters to undo.
    fn start(&self, kept: &Kept, console: &mut Console) -> Result<Failure, Failure> {
        console.out.flush()?;
        if let Kept::As(id) = kept {
            super::ended::leave_behind(id);
        }
        Ok(self.become_it())
    }

    /// Becomes the command; returns only when that fails. Its status is then this program's.
    fn become_it(&self) -> Failure {
        let mut program = match self.command.as_slice() {
            [text] => {
                let mut shell = Command::new(surroundings::shell().0);
                shell.args(["-c", text]);
                shell
            }
            [program, arguments @ ..] => {
                let mut program = Command::new(program);
                program.args(arguments);
                program
            }
            [] => return Failure::new(Exit::Usage, "there is no command"),
        };
        let error = program.exec();
        let name = escape(&program.get_program().to_string_lossy());
        // 127 and 126 as in env(1).
        let code = if error.kind() == ErrorKind::NotFound {
            127
        } else {
            126
        };
        Failure::new(Exit::Of(code), format!("cannot run `{name}`: {error}"))
            .hint("one argument is text for `$SHELL`; several are a program and its arguments")
    }
}

/// Whether a person can see a question and answer it.
fn at_a_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

fn still_held(command: &ProposedCommand, answer: &Answer) -> Failure {
    let id = pending::short(&command.id);
    match answer.by {
        Judged::ByDaemon => Failure::new(Exit::Held, format!("held as {id}; it did not run")).hint(
            format!("after `kintsugi approve {id}` from another terminal, run it again"),
        ),
        Judged::Here => Failure::new(Exit::NoDaemon, escape(&answer.verdict.reason))
            .hint(format!("{}; then run it again", answer.way_out)),
    }
}
