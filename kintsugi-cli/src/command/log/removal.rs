//! `kintsugi log redact` and `kintsugi log prune`: what the daemon is asked to take out of the log, which says so first.

use std::collections::BTreeSet;
use std::io::Write;

use clap::Args;
use jiff::Timestamp;
use kintsugi_core::audit::record::{Body, Record};
use kintsugi_core::vault::operation::{Looked, Operation, Pruning, Redaction};
use serde::Serialize;

use super::moment;
use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::records::{Directory, Records, Wanted};
use crate::{admin, surroundings};

/// Arguments of `kintsugi log redact`.
#[derive(Debug, Args)]
#[command(
    after_help = "Takes out commands, paths and reasons; when, who and what was decided stays, and the log still proves itself.\nNeeds the admin's password once there is one. A backup of the log, and the free room of the disk, still have what was there."
)]
pub(super) struct Redact {
    /// The records' numbers
    #[arg(value_name = "SEQ", required = true)]
    seqs: Vec<u64>,
    /// Why, for the log
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Every other record about the same commands, too
    #[arg(long)]
    whole: bool,
    /// Prints what was taken out as one line of JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `kintsugi log prune`.
#[derive(Debug, Args)]
#[command(
    after_help = "Takes out whole segments of some 4,096 records, so a little more may stay than was asked for.\nNeeds the admin's password once there is one."
)]
pub(super) struct Prune {
    /// Records before this one: a number, 2026-01-31, an RFC 3339 time, or a time ago such as 90d
    #[arg(long, value_name = "WHEN", value_parser = before)]
    before: Before,
    /// Why, for the log
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Prints what was taken out as one line of JSON
    #[arg(long)]
    json: bool,
}

/// Up to where is pruned.
#[derive(Debug, Clone, Copy)]
enum Before {
    Record(u64),
    Time(Timestamp),
}

fn before(text: &str) -> Result<Before, String> {
    match text.parse() {
        Ok(seq) => Ok(Before::Record(seq)),
        Err(_) => moment(text).map(Before::Time),
    }
}

/// Arguments of `kintsugi log reanchor`.
#[derive(Debug, Args)]
pub(super) struct Reanchor {
    /// What you found, for the log
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl Reanchor {
    /// Ends the strictness that an altered log began. The log that was altered stays, and goes on saying so.
    pub(super) fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        let operation = Operation::Reanchor(Looked {
            reason: self.reason,
        });
        admin::authorize(&surroundings::paths()?, &operation)?;
        writeln!(
            console.out,
            "commands are decided again as the policy says; what was altered stays in the log as it is"
        )?;
        Ok(Exit::Allowed)
    }
}

#[derive(Debug, Serialize)]
struct Redacted<'a> {
    version: u32,
    redacted: &'a [u64],
}

#[derive(Debug, Serialize)]
struct Pruned {
    version: u32,
    first: Option<u64>,
}

impl Redact {
    pub(super) fn run(self, directory: &Directory, console: &mut Console) -> Result<Exit, Failure> {
        let mut seqs: BTreeSet<u64> = self.seqs.into_iter().collect();
        if self.whole {
            extend(&mut seqs, directory)?;
        }
        let seqs: Vec<u64> = seqs.into_iter().collect();
        let operation = Operation::Redact(Redaction {
            seqs: seqs.clone(),
            reason: self.reason,
        });
        admin::authorize(&surroundings::paths()?, &operation)?;
        if self.json {
            console.json(&Redacted {
                version: super::super::JSON_VERSION,
                redacted: &seqs,
            })?;
            return Ok(Exit::Allowed);
        }
        let word = console.out_paint.tone(Tone::Good, "redacted");
        let shown: Vec<String> = seqs.iter().map(u64::to_string).collect();
        writeln!(console.out, "{word} {}", shown.join(", "))?;
        Ok(Exit::Allowed)
    }
}

/// Adds every record about the same commands, copies in the live state of later segments included.
fn extend(seqs: &mut BTreeSet<u64>, directory: &Directory) -> Result<(), Failure> {
    let mut ids = BTreeSet::new();
    for seq in seqs.iter() {
        let found = Records::new(directory.clone(), *seq).next_record()?;
        let found = found.filter(|stored| stored.record.seq == *seq);
        ids.extend(found.and_then(|stored| stored.record.body.proposal()));
    }
    for id in ids {
        let wanted = Wanted {
            texts: vec![id.to_string()],
            ..Wanted::default()
        };
        let mut records = Records::wanted(directory.clone(), wanted);
        while let Some(stored) = records.next_record()? {
            let Record { seq, body, .. } = stored.record;
            let copy = if let Body::State { value, .. } = &body {
                let held = value.pointer("/hold/command/id");
                held.and_then(|held| held.as_str()) == Some(id.to_string().as_str())
            } else {
                body.proposal() == Some(id)
            };
            if copy {
                seqs.insert(seq);
            }
        }
    }
    Ok(())
}

impl Prune {
    pub(super) fn run(self, directory: &Directory, console: &mut Console) -> Result<Exit, Failure> {
        let before = match self.before {
            Before::Record(seq) => seq,
            Before::Time(at) => first_since(at, directory)?,
        };
        let operation = Operation::Prune(Pruning {
            before,
            reason: self.reason,
        });
        admin::authorize(&surroundings::paths()?, &operation)?;
        let segments = directory.segments();
        let segments = segments.map_err(|error| directory.unreadable(&error))?;
        let first = segments.first().copied();
        if self.json {
            console.json(&Pruned {
                version: super::super::JSON_VERSION,
                first,
            })?;
            return Ok(Exit::Allowed);
        }
        let word = console.out_paint.tone(Tone::Good, "pruned");
        let first = first.unwrap_or_default();
        writeln!(
            console.out,
            "{word}: the log now begins with record {first}"
        )?;
        Ok(Exit::Allowed)
    }
}

/// Returns the first record that was written at `at` or later.
fn first_since(at: Timestamp, directory: &Directory) -> Result<u64, Failure> {
    let since = format!("{at:.6}");
    let wanted = Wanted {
        since: Some(since.clone()),
        ..Wanted::default()
    };
    let mut records = Records::wanted(directory.clone(), wanted);
    let mut end = 0;
    while let Some(stored) = records.next_record()? {
        if stored.record.ts >= since {
            return Ok(stored.record.seq);
        }
        end = stored.record.seq + 1;
    }
    Ok(end)
}
