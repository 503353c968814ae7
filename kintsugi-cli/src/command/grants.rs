//! `kintsugi grants`: what is allowed beyond one time, what else of the past each would have allowed, and its end.

use std::collections::BTreeMap;
use std::io::Write;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use kintsugi_core::audit::record::{Body, Command};
use kintsugi_core::decide::Decision;
use kintsugi_core::display::{clip, escape};
use kintsugi_core::grant::{Denied, Grant};
use kintsugi_core::limits::IDS_MAX;
use kintsugi_core::paths::Paths;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::{Request, Response};
use serde::Serialize;
use uuid::Uuid;

use super::pending::short;
use crate::card::duration;
use crate::client::Client;
use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::records::{Directory, Records};
use crate::{gate, surroundings};

/// Most commands of the past that are listed; how many more there are is said.
const LISTED_MAX: usize = 20;

/// Arguments of `kintsugi grants`.
#[derive(Debug, Args)]
pub struct Grants {
    #[command(subcommand)]
    action: Option<Action>,
    /// Prints the grants as one line of JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists the grants that hold
    List,
    /// Shows a grant, and every command of the log that it would have allowed
    Show {
        /// The grant, by any unambiguous beginning of its id
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Ends a grant
    Revoke {
        /// The grant, by any unambiguous beginning of its id
        #[arg(value_name = "ID")]
        id: String,
    },
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    version: u32,
    items: &'a [Grant],
    /// What people denied, in whatever words.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    denied: &'a [Denied],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    would_have_allowed: Vec<String>,
}

impl Grants {
    /// Lists, shows or revokes.
    ///
    /// # Errors
    /// When there is no daemon, or no such grant.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        let paths = surroundings::paths()?;
        let mut client = gate::reconnect(&paths)?;
        let said = fetch(&mut client)?;
        match self.action {
            None | Some(Action::List) => list(&paths, &said, self.json, console)?,
            Some(Action::Show { id }) => {
                let grant = find(said.holding, &id)?;
                let past = past(&paths, &grant)?;
                if self.json {
                    console.json(&Report {
                        version: super::JSON_VERSION,
                        items: std::slice::from_ref(&grant),
                        denied: &[],
                        would_have_allowed: past,
                    })?;
                } else {
                    writeln!(console.out, "{}", line(&grant))?;
                    tell_past(&past, console)?;
                }
            }
            Some(Action::Revoke { id }) => {
                let id = find(said.holding, &id)?.id;
                match client.ask(&Request::RevokeGrant { id }) {
                    Ok(Response::Ack) => writeln!(console.out, "revoked {}", short(&id))?,
                    Ok(other) => return Err(gate::unexpected(&other)),
                    Err(error) => return Err(gate::refused(&error)),
                }
            }
        }
        Ok(Exit::Allowed)
    }
}

fn list(paths: &Paths, said: &Said, json: bool, console: &mut Console) -> Result<(), Failure> {
    if json {
        return console.json(&Report {
            version: super::JSON_VERSION,
            items: &said.holding,
            denied: &said.denied,
            would_have_allowed: Vec::new(),
        });
    }
    if said.holding.is_empty() {
        let quiet = console.err_paint.tone(Tone::Quiet, "nothing is granted");
        writeln!(console.err, "{quiet}")?;
    }
    // A log that only another user reads says nothing about the past; the grants are listed all the same.
    let pasts = pasts(paths, &said.holding).unwrap_or_default();
    for (position, grant) in said.holding.iter().enumerate() {
        writeln!(console.out, "{}", line(grant))?;
        let count = pasts.get(position).map_or(0, Vec::len);
        if count > 0 {
            let id = short(&grant.id);
            let told = format!(
                "          would also have allowed {count} of the log so far: `kintsugi grants show {id}`"
            );
            writeln!(console.out, "{told}")?;
        }
    }
    for denied in &said.denied {
        let (id, raw) = (short(&denied.id), clip(&escape(&denied.raw), 60));
        writeln!(
            console.out,
            "{id}  {raw}  denied, in whatever words; `kintsugi approve {id}` takes that back"
        )?;
    }
    Ok(())
}

/// Returns a grant as one line.
fn line(grant: &Grant) -> String {
    let reach = match (grant.scope.effect, grant.scope.project) {
        (false, false) => "these bytes, in",
        (false, true) => "these bytes, in the project of",
        (true, false) => "the same effects, in",
        (true, true) => "the same effects, in the project of",
    };
    let now = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default();
    let mut ends = Vec::new();
    if let Some(until) = grant.until {
        ends.push(format!("for {} more", duration(until.saturating_sub(now))));
    }
    if let Some(left) = grant.uses_left {
        ends.push(match left {
            1 => "once more".to_owned(),
            left => format!("{left} times more"),
        });
    }
    if grant.scope.session {
        ends.push("in its session".to_owned());
    }
    if ends.is_empty() {
        ends.push("until revoked".to_owned());
    }
    format!(
        "{}  {}  {reach} {}, {}, {}",
        short(&grant.id),
        clip(&escape(&grant.raw), 60),
        escape(&grant.cwd),
        escape(&grant.agent),
        ends.join(", ")
    )
}

/// What people said beyond one command.
#[derive(Debug)]
pub struct Said {
    /// Grants that hold, oldest first.
    pub holding: Vec<Grant>,
    /// Denials that are remembered, oldest first.
    pub denied: Vec<Denied>,
}

/// Returns what people said beyond one command.
///
/// # Errors
/// When the daemon does not say.
pub fn fetch(client: &mut Client) -> Result<Said, Failure> {
    match client.ask(&Request::ListGrants) {
        Ok(Response::GrantList { items, denied }) => Ok(Said {
            holding: items,
            denied,
        }),
        Ok(other) => Err(gate::unexpected(&other)),
        Err(error) => Err(gate::refused(&error)),
    }
}

fn find(grants: Vec<Grant>, prefix: &str) -> Result<Grant, Failure> {
    let wanted = prefix.to_ascii_lowercase().replace('-', "");
    let mut found = grants
        .into_iter()
        .filter(|grant| grant.id.simple().to_string().starts_with(&wanted));
    match (found.next().filter(|_| !wanted.is_empty()), found.next()) {
        (Some(grant), None) => Ok(grant),
        (Some(_), Some(_)) => {
            let message = format!("`{}` is the beginning of several grants", escape(prefix));
            Err(Failure::new(Exit::Usage, message).hint("give more of it"))
        }
        (None, _) => {
            let message = format!("no grant is called `{}`, or it is over", escape(prefix));
            Err(Failure::new(Exit::Failed, message).hint("`kintsugi grants` lists those that hold"))
        }
    }
}

/// Returns the commands of the log that were held or denied and that `grant` would have allowed, the last first, each once.
///
/// # Errors
/// When the log cannot be read.
pub fn past(paths: &Paths, grant: &Grant) -> Result<Vec<String>, Failure> {
    let pasts = pasts(paths, std::slice::from_ref(grant))?;
    Ok(pasts.into_iter().next().unwrap_or_default())
}

/// Returns the same for each of `grants`, in one reading of the log.
fn pasts(paths: &Paths, grants: &[Grant]) -> Result<Vec<Vec<String>>, Failure> {
    let mut found = vec![Vec::new(); grants.len()];
    if grants.is_empty() {
        return Ok(found);
    }
    let mut records = Records::new(Directory::new(&paths.log), 0);
    let mut open: BTreeMap<Uuid, Command> = BTreeMap::new();
    while let Some(stored) = records.next_record()? {
        if let Body::Proposal { command, .. } = stored.record.body {
            if open.len() >= IDS_MAX {
                open.pop_first();
            }
            open.insert(command.id, command);
        } else if let Body::Verdict(verdict) = stored.record.body
            && let Some(command) = open.remove(&verdict.id)
            && verdict.decision != Decision::Allow
        {
            let command = ProposedCommand::from(command);
            for (grant, found) in grants.iter().zip(&mut found) {
                let is_other = command.id != grant.from;
                if is_other && grant.covers(&command, verdict.class, &verdict.effects) {
                    found.retain(|other| *other != command.raw);
                    found.push(command.raw.clone());
                }
            }
        }
    }
    for found in &mut found {
        found.reverse();
    }
    Ok(found)
}

/// Says what else a grant would have allowed.
///
/// # Errors
/// When nothing can be written.
pub fn tell_past(past: &[String], console: &mut Console) -> Result<(), Failure> {
    if past.is_empty() {
        let text = "of the log so far it would have allowed nothing else";
        return Ok(writeln!(console.out, "{text}")?);
    }
    let count = past.len();
    writeln!(
        console.out,
        "of the log so far it would also have allowed these {count}, and nothing else:"
    )?;
    for raw in past.iter().take(LISTED_MAX) {
        writeln!(console.out, "  {}", clip(&escape(raw), 76))?;
    }
    if count > LISTED_MAX {
        writeln!(console.out, "  … and {} more", count - LISTED_MAX)?;
    }
    Ok(())
}
