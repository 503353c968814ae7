//! What may stand behind `kintsugi` on a command line.

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::command;
use crate::exit::Exit;

/// Holds dangerous commands until a person has seen them.
#[derive(Debug, Parser)]
#[command(
    name = "kintsugi",
    version,
    propagate_version = true,
    max_term_width = 100
)]
#[command(
    after_help = "Exit: 0 allowed, 1 failed, 2 usage, 3 denied, 4 held, 5 no daemon, \
                        6 log does not verify, 7 vault refused."
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands, the most used first.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Proposes a command, and runs it when it is allowed
    Run(command::run::Run),
    /// Says what would be decided about a command, and why; runs nothing, needs no daemon
    Check(command::check::Check),
    /// Shows what waits for a person
    Pending(command::pending::Pending),
    /// Lets a held command run, once
    Approve(command::approve::Approve),
    /// Refuses a held command
    Deny(command::deny::Deny),
    /// Shows what was proposed, decided and done; proves that nothing was altered
    Log(command::log::Log),
    /// Shows, checks and explains the policy
    Policy(command::policy::Policy),
    /// Judges the log's commands again, by the rules and policy of today
    Replay(command::replay::Replay),
    /// Says how the daemon is
    Status(command::status::Status),
    /// Starts, stops and looks after the daemon
    Daemon(command::daemon::Daemon),
    /// Prints the hook of a shell, or puts it into its start-up file
    Init(command::init::Init),
    /// Answers the hooks of shells and agents
    Hook(command::hook::Hook),
    /// Prints completions for a shell
    Completions(command::completions::Completions),
    /// Prints the manual page, of a subcommand when one is named
    Man {
        /// The subcommand
        #[arg(value_name = "SUBCOMMAND")]
        subcommands: Vec<String>,
    },
}

/// Prints what clap says instead of arguments: help and version as they are, errors in the words of this program.
pub(crate) fn refuse(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // Whoever closed standard output does not want the help.
        drop(error.print());
        return Exit::Allowed.into();
    }
    let said = error.render().to_string();
    let said = said.strip_prefix("error: ").unwrap_or(&said);
    drop(writeln!(
        std::io::stderr(),
        "kintsugi: error: {}",
        said.trim_end()
    ));
    Exit::Usage.into()
}
