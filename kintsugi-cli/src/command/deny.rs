//! `kintsugi deny`: a person refuses a held command.

use std::io::Write;

use clap::Args;
use kintsugi_core::display::{clip, escape};
use kintsugi_core::protocol::{PendingItem, Request, Response};

use super::{Resolved, pending};
use crate::client::Client;
use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::{gate, surroundings};

/// Arguments of `kintsugi deny`.
#[derive(Debug, Args)]
pub struct Deny {
    /// The hold, by any unambiguous beginning of its id
    #[arg(value_name = "ID")]
    id: String,
    /// Why, for the log and for whoever proposed it
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Prints what was denied as one line of JSON
    #[arg(long)]
    json: bool,
}

impl Deny {
    /// Denies exactly what is held under the id now.
    ///
    /// # Errors
    /// When no hold has the id, or the daemon does not take the answer.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        let (mut client, item) = pending::pick(&surroundings::paths()?, &self.id)?;
        deny(&mut client, &item, self.reason)?;
        if self.json {
            console.json(&Resolved::new("deny", &item))?;
        } else {
            let word = console.out_paint.tone(Tone::Bad, "denied");
            let command = clip(&escape(&item.command.raw), console.out_columns.max(40) - 16);
            writeln!(
                console.out,
                "{word} {} {command}",
                pending::short(&item.id())
            )?;
        }
        Ok(Exit::Allowed)
    }
}

/// Denies a hold.
///
/// # Errors
/// When the daemon does not take the answer.
pub fn deny(
    client: &mut Client,
    item: &PendingItem,
    reason: Option<String>,
) -> Result<(), Failure> {
    let id = item.id();
    match client.ask(&Request::Deny { id, reason }) {
        Ok(Response::Ack) => Ok(()),
        Ok(other) => Err(gate::unexpected(&other)),
        Err(error) => Err(gate::refused(&error)),
    }
}
