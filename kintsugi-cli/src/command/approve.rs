//! `kintsugi approve`: a person lets a held command run, once.

use std::io::Write;

use clap::Args;
use kintsugi_core::display::{clip, escape};
use kintsugi_core::protocol::{PendingItem, Request};

use super::{Resolved, pending};
use crate::client::Client;
use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::{gate, surroundings};

/// Arguments of `kintsugi approve`.
#[derive(Debug, Args)]
pub struct Approve {
    /// The hold, by any unambiguous beginning of its id
    #[arg(value_name = "ID")]
    id: String,
    /// Why, for the log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Prints what was approved as one line of JSON
    #[arg(long)]
    json: bool,
}

impl Approve {
    /// Approves exactly what is held under the id now.
    ///
    /// # Errors
    /// When no hold has the id, or the daemon does not take an approval from here.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        let (mut client, item) = pending::pick(&surroundings::paths()?, &self.id)?;
        approve(&mut client, &item, self.reason.as_deref())?;
        if self.json {
            console.json(&Resolved::new("allow", &item))?;
        } else {
            let word = console.out_paint.tone(Tone::Good, "approved");
            let command = clip(&escape(&item.command.raw), console.out_columns.max(40) - 18);
            writeln!(
                console.out,
                "{word} {} {command}",
                pending::short(&item.id())
            )?;
        }
        Ok(Exit::Allowed)
    }
}

/// Approves a hold; types the code that the daemon shows, when it asks for one.
///
/// # Errors
/// When the daemon does not take an approval from here.
pub fn approve(
    client: &mut Client,
    item: &PendingItem,
    reason: Option<&str>,
) -> Result<(), Failure> {
    let request = |code| Request::Approve {
        id: item.id(),
        content_hash: item.content_hash.clone(),
        code,
        reason: reason.map(str::to_owned),
    };
    gate::with_code(|code| client.ask(&request(code)))
}
