//! `kintsugi trash`: lists the copies that `kintsugi undo` puts back, and removes them.

use std::io::Write as _;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use kintsugi_core::capture::manifest::Summary;
use kintsugi_core::display::{clip, escape};
use serde::Serialize;

use super::pending::short;
use crate::capture::store::{Store, is_old};
use crate::capture::{Limits, UNDONE, settings, size};
use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::surroundings;

/// Arguments of `kintsugi trash`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kintsugi trash list\n  kintsugi trash prune --all\n  kintsugi trash prune --to 1048576"
)]
pub struct Trash {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists the captures, the newest first
    List {
        /// Prints them as one line of JSON
        #[arg(long)]
        json: bool,
    },
    /// Removes captures that are older than captures are kept, the oldest beyond the quota, and copies that no capture names
    Prune {
        /// Removes the oldest until the rest takes no more than this many bytes
        #[arg(long, value_name = "BYTES")]
        to: Option<u64>,
        /// Removes all
        #[arg(long, conflicts_with = "to")]
        all: bool,
    },
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    version: u32,
    bytes: u64,
    quota_bytes: u64,
    captures: &'a [Summary],
}

impl Trash {
    /// Lists or removes.
    ///
    /// # Errors
    /// When the copies cannot be read or removed.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        let store = store()?;
        let limits = limits()?;
        match self.action {
            Action::List { json } => list(&store, &limits, json, console)?,
            Action::Prune { to, all } => {
                let now = Timestamp::now();
                let mut left = store.used();
                let mut ends = Vec::new();
                for summary in store.list().iter().rev() {
                    let over = left > to.unwrap_or(limits.quota_bytes);
                    if all || over || is_old(summary, &limits, now) {
                        left = left.saturating_sub(summary.stored);
                        ends.push(summary.id);
                    }
                }
                let (captures, bytes) = store
                    .prune(|summary| ends.contains(&summary.id))
                    .map_err(|error| failed(&error))?;
                let size = size(bytes);
                writeln!(console.out, "removed {captures} captures, {size}")?;
            }
        }
        Ok(Exit::Allowed)
    }
}

/// Opens the store of this person.
///
/// # Errors
/// When it is not theirs alone.
pub fn store() -> Result<Store, Failure> {
    Store::own(&surroundings::paths()?).map_err(|error| failed(&error))
}

/// Reads how much may be kept.
///
/// # Errors
/// When the settings are not understood.
pub fn limits() -> Result<Limits, Failure> {
    settings::read(&surroundings::paths()?).map_err(|error| {
        Failure::new(Exit::Failed, error.to_string())
            .hint("until it is mended, nothing is kept and what would need it is held")
    })
}

/// What the store said, as a failure.
#[must_use]
pub fn failed(error: &crate::capture::CaptureError) -> Failure {
    Failure::new(Exit::Failed, error.to_string())
        .hint("`kintsugi trash list` says what is kept; nothing was changed")
}

/// Prints the captures.
///
/// # Errors
/// When the output cannot be written to.
pub fn list(
    store: &Store,
    limits: &Limits,
    json: bool,
    console: &mut Console,
) -> Result<(), Failure> {
    let captures = store.list();
    let bytes = captures.iter().map(|summary| summary.stored).sum();
    if json {
        return console.json(&Report {
            version: super::JSON_VERSION,
            bytes,
            quota_bytes: limits.quota_bytes,
            captures: &captures,
        });
    }
    if captures.is_empty() {
        let quiet = console.err_paint.tone(Tone::Quiet, "nothing is kept");
        return Ok(writeln!(console.err, "{quiet}")?);
    }
    for summary in &captures {
        let state = match (summary.undoes, store.marked(&summary.id, UNDONE)) {
            (_, Some(_)) => " (undone)",
            (Some(_), None) => " (an undo)",
            (None, None) => "",
        };
        let at = summary
            .at
            .get(..16)
            .unwrap_or(&summary.at)
            .replace('T', " ");
        let command = clip(&escape(&summary.command), console.out_columns.max(60) - 44);
        writeln!(
            console.out,
            "{} {at} {:>6} files {:>7} {command}{state}",
            short(&summary.id),
            summary.files,
            size(summary.bytes),
        )?;
    }
    Ok(())
}
