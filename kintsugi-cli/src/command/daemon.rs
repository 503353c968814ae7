//! `kintsugi daemon`: the daemon's life, as far as a person steers it.

use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Read, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use kintsugi_core::display::escape;
use kintsugi_core::paths::Paths;
use kintsugi_core::vault::operation::Operation;

use super::log::key_of;
use super::{service, status};
use crate::client::{Client, ClientError};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::records::Directory;
use crate::start::{self, START_MAX};
use crate::{admin, gate, loader, surroundings};

/// Pause between two looks whether a daemon that was told to stop is gone.
const STOP_PAUSE: Duration = Duration::from_millis(10);

/// Most bytes of the diagnostics that `logs` shows.
const LOGS_BYTES_MAX: u64 = 64 * 1024;

/// Arguments of `kintsugi daemon`.
#[derive(Debug, Args)]
pub struct Daemon {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Starts the daemon in the background, unless one is running
    Start,
    /// Stops the daemon; holds stay and outlive it
    Stop,
    /// Stops the daemon and starts it again
    Restart,
    /// Says how the daemon is
    Status(status::Status),
    /// Runs the daemon in the foreground, until it is interrupted
    Run,
    /// Shows what the daemon said in the background: errors, not decisions (see `kintsugi log`)
    Logs,
    /// Lets a log that was written on another machine go on on this one
    AcceptHost,
    /// Makes the daemon a service of systemd or launchd, yours or the system's
    Install(service::Service),
    /// Takes that service out again
    Uninstall(service::Service),
}

impl Daemon {
    /// Does what was asked of the daemon.
    ///
    /// # Errors
    /// When it could not be done.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        let paths = surroundings::paths()?;
        match self.action {
            Action::Start => start(&paths, console),
            Action::Stop => stop(&paths, console),
            Action::Restart => {
                stop(&paths, console)?;
                start(&paths, console)
            }
            Action::Status(status) => status.run(console),
            Action::Run => Err(become_it()),
            Action::AcceptHost => accept_host(&paths),
            Action::Logs => logs(&paths, console),
            Action::Install(service) => service.install(console),
            Action::Uninstall(service) => service.uninstall(console),
        }
    }
}

fn start(paths: &Paths, console: &mut Console) -> Result<Exit, Failure> {
    let was_there = Client::connect(&paths.socket).is_ok();
    let log = Directory::new(&paths.log);
    let had_log = log.segments().is_ok_and(|segments| !segments.is_empty());
    let mut client = start::connect_or_start(paths).map_err(|error| gate::no_daemon(&error))?;
    let pid = status::fetch(&mut client)?.pid;
    let word = if was_there { "already runs" } else { "started" };
    writeln!(console.out, "the daemon {word} (process {pid})")?;
    // Whoever can rewrite the log can rewrite the key in it: this one is for another place.
    if let Some(key) = key_of(&log, None).unwrap_or_default().filter(|_| !had_log) {
        writeln!(console.out, "the log is new; note its key elsewhere: {key}")?;
    }
    Ok(Exit::Allowed)
}

fn stop(paths: &Paths, console: &mut Console) -> Result<Exit, Failure> {
    let mut client = match Client::connect(&paths.socket) {
        Ok(client) => client,
        Err(ClientError::NoDaemon(_)) => {
            if let Some(error) = start::not_at_socket(paths) {
                return Err(gate::no_daemon(&error));
            }
            writeln!(console.out, "no daemon is running")?;
            return Ok(Exit::Allowed);
        }
        Err(error) => return Err(gate::refused(&error)),
    };
    admin::authorize_on(&mut client, paths, &Operation::Shutdown)?;
    drop(client);
    let deadline = Instant::now() + START_MAX;
    // It may have something to write yet; until then nobody can begin in its place.
    while Client::connect(&paths.socket).is_ok() || start::owner(paths).is_some() {
        if Instant::now() >= deadline {
            return Err(Failure::new(Exit::Failed, "the daemon does not stop")
                .hint("see `kintsugi daemon logs`"));
        }
        std::thread::sleep(STOP_PAUSE);
    }
    writeln!(console.out, "the daemon has stopped")?;
    Ok(Exit::Allowed)
}

/// Says in the log that it goes on on this machine: for a person who moved it, so only on a terminal.
fn accept_host(paths: &Paths) -> Result<Exit, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(
            Failure::new(Exit::Denied, "a person must accept another machine's log")
                .hint("run it on a terminal"),
        );
    }
    if Client::connect(&paths.socket).is_ok() {
        return Err(
            Failure::new(Exit::Failed, "a daemon is running on this log")
                .hint("there is nothing to accept"),
        );
    }
    let program = start::program().map_err(|error| gate::no_daemon(&error))?;
    let done = loader::unloaded(&mut Command::new(&program))
        .arg("--accept-host")
        .status();
    match done {
        Ok(status) if status.success() => Ok(Exit::Allowed),
        Ok(_) => Err(Failure::new(Exit::Failed, "the log was not accepted")
            .hint("`kintsugi log verify` says how it is")),
        Err(error) => {
            let message = format!("cannot run `{}`: {error}", program.display());
            Err(Failure::new(Exit::NoDaemon, message))
        }
    }
}

/// Becomes the daemon; returns only when that fails.
fn become_it() -> Failure {
    match start::program() {
        Ok(program) => {
            let error = loader::unloaded(&mut Command::new(&program)).exec();
            Failure::new(
                Exit::NoDaemon,
                format!("cannot run `{}`: {error}", program.display()),
            )
        }
        Err(error) => gate::no_daemon(&error),
    }
}

fn logs(paths: &Paths, console: &mut Console) -> Result<Exit, Failure> {
    let path = &paths.diagnostics;
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Exit::Allowed),
        Err(error) => {
            let message = format!("cannot read `{}`: {error}", path.display());
            return Err(Failure::new(Exit::Failed, message)
                .hint("it belongs to the user who runs the daemon"));
        }
    };
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOGS_BYTES_MAX)))?;
    let mut lines = BufReader::new(file.take(LOGS_BYTES_MAX));
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        writeln!(console.out, "{}", escape(text.trim_end_matches('\n')))?;
        line.clear();
    }
    Ok(Exit::Allowed)
}
