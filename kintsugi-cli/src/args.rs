//! What may stand behind `kintsugi` on a command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::command;
use crate::console::Console;
use crate::exit::{Exit, Failure};

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
    /// Lets a held command run, once or for longer; without an id, shows one after another
    Approve(command::approve::Approve),
    /// Refuses a held command
    Deny(command::deny::Deny),
    /// Lists, shows and ends what is allowed beyond one time
    Grants(command::grants::Grants),
    /// Puts back what a command destroyed
    Undo(command::undo::Undo),
    /// Lists and removes the copies that `undo` puts back
    Trash(command::trash::Trash),
    /// Shows what was proposed, decided and done; proves that nothing was altered
    Log(Box<command::log::Log>),
    /// Shows, checks and explains the policy
    Policy(command::policy::Policy),
    /// Judges the log's commands again, by the rules and policy of today
    Replay(command::replay::Replay),
    /// Shows and changes what scores the ambiguous beside the heuristic
    Model(command::model::Model),
    /// Says how the daemon is
    Status(command::status::Status),
    /// Starts, stops and looks after the daemon
    Daemon(command::daemon::Daemon),
    /// Finds your agents and shells, and puts the guard in front of each
    Setup(command::setup::Setup),
    /// Checks that every part is there and that every gate refuses
    Doctor(command::doctor::Doctor),
    /// Holds everything at once, also what is safe
    Panic(command::panic::Panic),
    /// Ends a panic; needs the admin when there is a vault
    Resume,
    /// Sets, changes and recovers the password that loosening and stopping need
    Admin(command::admin::Admin),
    /// Tells you when something waits for you
    Notify(command::notify::Notify),
    /// Tells what changes in your places, whoever changes it; the daemon keeps it running over those that you name
    Watch(command::watch::Watch),
    /// Prints the hook of a shell, or puts it into its start-up file
    Init(command::init::Init),
    /// Puts shells on a `PATH` that propose what they are started with, for programs that have no hook
    Shim(command::shim::Shim),
    /// Answers the hooks of shells and agents
    Hook(command::hook::Hook),
    /// Serves agents that have no hook, by the Model Context Protocol
    Mcp(command::mcp::Mcp),
    /// Prints completions for a shell
    Completions(command::completions::Completions),
    /// Prints the manual page, of a subcommand when one is named
    Man(command::completions::Man),
}

/// Prints what clap says instead of arguments: help and version as they are, errors in the words of this program.
pub(crate) fn refuse(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // Whoever closed standard output does not want the help.
        drop(error.print());
        return Exit::Allowed.into();
    }
    let said = error.render().to_string();
    let (message, hint) = in_own_words(&said);
    let mut console = Console::of_process();
    console.fail(&Failure::new(Exit::Usage, message).hint(hint));
    Exit::Usage.into()
}

/// Returns what clap says (4.5: an error, perhaps a tip, a usage, a pointer to the help) as one line and a hint.
///
/// Help that is printed for want of a subcommand is an error without clap's word for one.
fn in_own_words(said: &str) -> (String, String) {
    let Some(said) = said.strip_prefix("error: ") else {
        let usage = said.lines().find_map(|line| line.strip_prefix("Usage: "));
        let words = usage.unwrap_or("kintsugi").split(['[', '<']).next();
        let command = words.unwrap_or_default().trim_end();
        let first = match command {
            "kintsugi" => "; `kintsugi run -- CMD` is the first to try",
            _ => "",
        };
        let hint = format!("`{command} --help` lists the subcommands{first}");
        return ("a subcommand is missing".to_owned(), hint);
    };
    let mut message = String::new();
    let mut hint = None;
    for line in said.lines().map(str::trim) {
        if let Some(tip) = line.strip_prefix("tip: ") {
            hint.get_or_insert_with(|| tip.replace('\'', "`"));
        } else if let Some(usage) = line.strip_prefix("Usage: ") {
            hint.get_or_insert_with(|| format!("use it as `{usage}`; `--help` says more"));
            break;
        } else if !line.is_empty() && !line.starts_with("For more information") {
            let space = if message.is_empty() { "" } else { " " };
            message.push_str(space);
            message.push_str(&line.replace('\'', "`"));
        }
    }
    let other = message.strip_prefix("unrecognized subcommand ");
    let other = other.and_then(|word| called_otherwise(word.trim_matches('`')));
    let hint = other.map(str::to_owned).or(hint);
    let hint = hint.unwrap_or_else(|| "`--help` says what may stand here".to_owned());
    (message, hint)
}

/// Returns what to type for what people look for under a name that other programs have for it.
fn called_otherwise(word: &str) -> Option<&'static str> {
    Some(match word {
        "uninstall" | "remove" | "unsetup" => {
            "`kintsugi setup --undo` takes the hooks out and `kintsugi daemon stop` ends the daemon; then remove the programs, as you installed them"
        }
        "install" | "enable" | "hooks" => {
            "`kintsugi setup` puts the guard in front of your agents and shells"
        }
        "upgrade" | "update" => {
            "install the newer programs over these, then `kintsugi daemon restart` and `kintsugi doctor`; the log, the policy and the hooks stay"
        }
        "start" | "stop" | "restart" => {
            "`kintsugi daemon start`, `stop` and `restart` are about the daemon"
        }
        "disable" | "off" | "pause" => {
            "`kintsugi setup --undo` takes the hooks out; `kintsugi policy show` says what is held, and why"
        }
        "allow" | "yes" => {
            "`kintsugi pending` lists what waits, `kintsugi approve ID` lets it run once"
        }
        "list" | "queue" | "held" => "`kintsugi pending` lists what waits",
        "logs" | "history" | "audit" => {
            "`kintsugi log` shows what ran, `kintsugi daemon logs` what the daemon met"
        }
        "verify" => "`kintsugi log verify` verifies the log",
        "vault" | "password" | "passwd" => {
            "`kintsugi admin init` sets a password, `kintsugi admin passwd` changes it"
        }
        "config" | "rules" => "`kintsugi policy show` says what is in force, and from which file",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(arguments: &[&str]) -> (String, String) {
        let error = Args::try_parse_from([&["kintsugi"], arguments].concat()).unwrap_err();
        in_own_words(&error.render().to_string())
    }

    #[test]
    fn a_wrong_argument_is_one_line_and_a_hint() {
        let (message, hint) = said(&["frobnicate"]);
        assert_eq!(message, "unrecognized subcommand `frobnicate`");
        assert_eq!(hint, "use it as `kintsugi <COMMAND>`; `--help` says more");
        assert!(
            said(&["uninstall"])
                .1
                .starts_with("`kintsugi setup --undo`")
        );
        assert!(said(&["upgrade"]).1.contains("`kintsugi daemon restart`"));
        let (message, hint) = said(&["run"]);
        assert!(message.ends_with("<CMD>..."), "{message}");
        assert!(hint.contains("kintsugi run -- <CMD>..."), "{hint}");
        let (message, hint) = said(&["init", "tcsh"]);
        assert_eq!(
            message,
            "invalid value `tcsh` for `<SHELL>` [possible values: bash, zsh, fish, nu, powershell]"
        );
        assert!(hint.starts_with("a similar value exists"), "{hint}");
        let (message, hint) = said(&["log", "show", "x"]);
        assert!(
            message.contains("`x`") && hint.contains("--help"),
            "{message}"
        );
        assert_eq!(said(&[]).0, "a subcommand is missing");
        assert!(said(&[]).1.starts_with("`kintsugi --help`"));
        for command in ["trash", "admin", "model", "shim", "hook"] {
            let (message, hint) = said(&[command]);
            assert_eq!(message, "a subcommand is missing");
            assert_eq!(
                hint,
                format!("`kintsugi {command} --help` lists the subcommands")
            );
        }
        for arguments in [
            &["frobnicate"][..],
            &["run"],
            &["stauts"],
            &["log", "--sincee"],
            &[],
        ] {
            let (message, hint) = said(arguments);
            assert!(
                !message.contains('\n') && !hint.contains('\n'),
                "{message} {hint}"
            );
        }
    }
}
