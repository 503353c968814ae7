//! `kintsugi-hook`: what shells and agents start for every command, so it does one thing: ask, and say yes.
//!
//! It links neither the judgement nor the command line parser, reads no settings, looks at no file that a command names and copies
//! none. Whatever is not a plain allow or deny (a hold, a question back, something to keep, no daemon, odd arguments) it hands over to
//! `kintsugi hook` with the same arguments; when even that is not there, the answer is no. At most 1 MiB: the bench `hooks` says so.

#![forbid(unsafe_code)]

use std::env;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use kintsugi_cli::agent::tool::Allowed;
use kintsugi_cli::agent::{Call, Host, PAYLOAD_BYTES_MAX, Permission};
use kintsugi_cli::client::{Client, ClientError, LATE_VARIABLE, REPLY_MAX};
use kintsugi_cli::exit::Exit;
use kintsugi_cli::relay::full_client;
use kintsugi_cli::{fail_closed, loader, proposal, shim, surroundings};
use kintsugi_core::decide::Decision;
use kintsugi_core::display::escape;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::frame::write_frame;
use kintsugi_core::protocol::{InBrief, Request};
use kintsugi_core::shell::Dialect;
use uuid::Uuid;

/// Whether a daemon is there and did not answer in time.
static IS_LATE: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    fail_closed::install();
    let mut arguments: Vec<OsString> = env::args_os().collect();
    if let Some(shell) = arguments.first().and_then(|own| shim::stands_for(own)) {
        return shim_for(shell, &arguments);
    }
    arguments.drain(..arguments.len().min(1));
    // What is not UTF-8 cannot be proposed as it is; the full client says so.
    let words: Option<Vec<&str>> = arguments.iter().map(|word| word.to_str()).collect();
    match words.as_deref() {
        Some(["shell", "bash", "--", text]) => shell(&arguments, Dialect::Bash, text, None),
        Some(["shell", "zsh", "--", text]) => shell(&arguments, Dialect::Zsh, text, None),
        Some(["shell", "fish", "--", text]) => shell(&arguments, Dialect::Fish, text, None),
        Some(["shell", "nu", id, "--", text]) => match id.strip_prefix("--id=").map(str::parse) {
            Some(Ok(id)) => shell(&arguments, Dialect::Nu, text, Some(id)),
            Some(Err(_)) | None => hand_over(&arguments, None),
        },
        Some(["shell", "powershell", "--", text]) => {
            shell(&arguments, Dialect::PowerShell, text, None)
        }
        Some(["relay", shell, directory, pid]) => relay(shell, directory, pid),
        Some([name, ..]) => match Host::named(name) {
            Some(host) => agent(&arguments, host),
            None => hand_over(&arguments, None),
        },
        Some([]) | None => hand_over(&arguments, None),
    }
}

/// Stands for a shell: proposes, and becomes it.
fn shim_for(shell: &str, arguments: &[OsString]) -> ExitCode {
    match shim::run(shell, arguments) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            let hint = failure.hint.as_deref();
            let hint = hint.map_or(String::new(), |hint| format!("\nkintsugi: hint: {hint}"));
            let said = writeln!(
                std::io::stderr(),
                "kintsugi: error: {}{hint}",
                failure.message
            );
            drop(said);
            failure.exit.into()
        }
    }
}

/// Serves one shell until it ends.
fn relay(shell: &str, directory: &str, pid: &str) -> ExitCode {
    let dialect = match shell {
        "bash" => Dialect::Bash,
        "zsh" => Dialect::Zsh,
        "fish" => Dialect::Fish,
        _ => return Exit::Usage.into(),
    };
    // Without a relay the shell starts a client for each line; nobody reads what is said here.
    kintsugi_cli::relay::run(dialect, Path::new(directory), pid)
        .unwrap_or(Exit::Failed)
        .into()
}

/// Answers a shell: 0 run it, 3 denied, 4 held and its id on standard output. `id` is the one that the arguments already name.
fn shell(arguments: &[OsString], dialect: Dialect, text: &str, id: Option<Uuid>) -> ExitCode {
    let Ok(cwd) = surroundings::directory() else {
        return hand_over(arguments, None);
    };
    let command = proposal::of_shell(dialect, text.to_owned(), cwd, id);
    let said = match propose(&command) {
        Some(Told::Allow(_)) => return Exit::Allowed.into(),
        Some(Told::Deny(reason)) => writeln!(
            std::io::stderr(),
            "kintsugi: error: denied: {}",
            escape(&reason)
        )
        .map(|()| Exit::Denied),
        Some(Told::Hold) => writeln!(std::io::stdout(), "{}", command.id).map(|()| Exit::Held),
        Some(Told::TakesLonger) => {
            // The same id, so that it is the same proposal.
            let mut arguments = arguments.to_vec();
            if id.is_none() {
                arguments.insert(2, format!("--id={}", command.id).into());
            }
            return hand_over(&arguments, None);
        }
        None => return hand_over(arguments, None),
    };
    said.unwrap_or(Exit::Denied).into()
}

/// Answers an agent's hook when the tool may run; anything else takes longer, and is handed over.
fn agent(arguments: &[OsString], named: &'static Host) -> ExitCode {
    let mut payload = Vec::new();
    let read = std::io::stdin()
        .lock()
        .take(PAYLOAD_BYTES_MAX + 1)
        .read_to_end(&mut payload);
    let (Ok(_), Ok((host, call))) = (read, named.hear(&payload)) else {
        return hand_over(arguments, Some(&payload));
    };
    let proposed = match call {
        Call::Pass => return Exit::Allowed.into(),
        Call::Propose(proposed) if proposed.if_allowed != Allowed::Asked => proposed,
        Call::Propose(_) | Call::Ran { .. } => return hand_over(arguments, Some(&payload)),
    };
    let is_silent = proposed.if_allowed == Allowed::Silent;
    let command = proposal::of_agent(host.name, proposed, None);
    match propose(&command) {
        Some(Told::Allow(_)) if is_silent => Exit::Allowed.into(),
        Some(Told::Allow(reason)) => {
            let answer = host.say(Permission::Allow, &escape(&reason));
            match std::io::stdout().write_all(answer.output.as_bytes()) {
                Ok(()) => answer.exit.into(),
                Err(_) => fail_closed::BLOCK.into(),
            }
        }
        Some(Told::Deny(_) | Told::Hold | Told::TakesLonger) => {
            // The same id: what is waited for is the hold that was just made, not a second one.
            let mut arguments = arguments.to_vec();
            arguments.push(format!("--id={}", command.id).into());
            hand_over(&arguments, Some(&payload))
        }
        None => hand_over(arguments, Some(&payload)),
    }
}

/// What the daemon tells about a proposal, as far as it can be said here.
enum Told {
    /// It may run, and nothing is to be kept before. Why, in one line.
    Allow(String),
    /// It must not run. Why.
    Deny(String),
    /// It waits for a person.
    Hold,
    /// Something is to be looked at or kept before: the full client takes the time for it.
    TakesLonger,
}

/// Proposes; nothing when the daemon tells nothing at once.
fn propose(command: &ProposedCommand) -> Option<Told> {
    let paths = surroundings::paths().ok()?;
    let frame = write_frame(&Request::Propose(Box::new(command.clone()))).ok()?;
    let told =
        Client::connect(&paths.socket).and_then(|mut client| client.tell_within(&frame, REPLY_MAX));
    match told.map(|told| told.brief) {
        Ok(InBrief::Verdict {
            decision,
            reason,
            keeps,
        }) => Some(match decision {
            Decision::Allow if keeps => Told::TakesLonger,
            Decision::Allow => Told::Allow(reason),
            Decision::Deny => Told::Deny(reason),
            Decision::Hold => Told::Hold,
        }),
        Ok(InBrief::Wanted) => Some(Told::TakesLonger),
        Ok(InBrief::Ack | InBrief::Error { .. }) => None,
        Err(error) => {
            if let ClientError::TimedOut(_) = error {
                IS_LATE.store(true, Ordering::Relaxed);
            }
            None
        }
    }
}

/// Lets `kintsugi hook` answer, with what was read of standard input put before it again.
fn hand_over(arguments: &[OsString], payload: Option<&[u8]>) -> ExitCode {
    let Some(program) = full_client() else {
        return refuse("`kintsugi` is not installed beside `kintsugi-hook`");
    };
    let mut full = Command::new(program);
    loader::unloaded(&mut full).arg("hook").args(arguments);
    if IS_LATE.load(Ordering::Relaxed) {
        full.env(LATE_VARIABLE, "1");
    }
    let Some(payload) = payload else {
        return refuse(&format!("cannot start `kintsugi`: {}", full.exec()));
    };
    let mut child = match full.stdin(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => return refuse(&format!("cannot start `kintsugi`: {error}")),
    };
    // A client that does not read to the end has seen enough to answer.
    drop(child.stdin.take().map(|mut input| input.write_all(payload)));
    match child.wait() {
        Ok(status) if status.success() => Exit::Allowed.into(),
        Ok(_) => fail_closed::BLOCK.into(),
        Err(error) => refuse(&format!("lost `kintsugi`: {error}")),
    }
}

/// Says no in a way that shells and agents understand.
fn refuse(why: &str) -> ExitCode {
    let said = writeln!(
        std::io::stderr(),
        "kintsugi: error: {why}\nkintsugi: hint: install Kintsugi again, or remove its hook"
    );
    drop(said);
    fail_closed::BLOCK.into()
}
