//! `kintsugi status`: how the daemon is.

use std::io::Write;

use clap::Args;
use kintsugi_core::display::escape;
use kintsugi_core::protocol::{Request, Response, Status as DaemonStatus, VaultStatus};
use serde::Serialize;

use crate::card::duration;
use crate::client::{Client, ClientError};
use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::{gate, surroundings};

/// Arguments of `kintsugi status`.
#[derive(Debug, Args)]
pub struct Status {
    /// Prints the status as one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    version: u32,
    running: bool,
    socket: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a DaemonStatus>,
}

impl Status {
    /// Tells how the daemon is; starts none. Ends with 5 when there is none.
    ///
    /// # Errors
    /// When a daemon is there and does not answer.
    pub fn run(&self, console: &mut Console) -> Result<Exit, Failure> {
        let paths = surroundings::paths()?;
        let socket = paths.socket.display().to_string();
        let status = match Client::connect(&paths.socket) {
            Ok(mut client) => Some(fetch(&mut client)?),
            Err(ClientError::NoDaemon(_)) => None,
            Err(error) => return Err(gate::refused(&error)),
        };
        let exit = if status.is_some() {
            Exit::Allowed
        } else {
            Exit::NoDaemon
        };
        if self.json {
            console.json(&Report {
                version: super::JSON_VERSION,
                running: status.is_some(),
                socket,
                status: status.as_deref(),
            })?;
            return Ok(exit);
        }
        let Some(status) = status else {
            let error = ClientError::NoDaemon(paths.socket);
            return Err(Failure::new(Exit::NoDaemon, error.to_string()).hint(
                "`kintsugi daemon start` starts one; so does the next command that is proposed",
            ));
        };
        show(&status, &socket, console)?;
        Ok(exit)
    }
}

/// Asks a daemon how it is.
///
/// # Errors
/// When it does not say.
pub fn fetch(client: &mut Client) -> Result<Box<DaemonStatus>, Failure> {
    match client.ask(&Request::Status) {
        Ok(Response::Status(status)) => Ok(status),
        Ok(other) => Err(gate::unexpected(&other)),
        Err(error) => Err(gate::refused(&error)),
    }
}

fn show(status: &DaemonStatus, socket: &str, console: &mut Console) -> Result<(), Failure> {
    let vault = match status.vault {
        VaultStatus::None => "none",
        VaultStatus::Locked => "locked",
        VaultStatus::Degraded => "degraded",
    };
    let mut rows = vec![
        (
            "daemon",
            format!(
                "running, version {}, process {}, for {}",
                status.version,
                status.pid,
                duration(status.uptime_ms)
            ),
        ),
        ("socket", socket.to_owned()),
        ("mode", status.mode.clone()),
        ("scorer", status.scorer.clone()),
        ("vault", vault.to_owned()),
    ];
    if let Some(log) = &status.log {
        let head: String = log.head.chars().take(16).collect();
        rows.push(("log", format!("{} records, head {head}…", log.size)));
    }
    rows.push(("held", status.holds.to_string()));
    for (label, value) in rows {
        let label = console.out_paint.tone(Tone::Quiet, format!("{label:<8}"));
        writeln!(console.out, "{label}{}", escape(&value))?;
    }
    Ok(())
}
