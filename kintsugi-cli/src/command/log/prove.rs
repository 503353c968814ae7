//! `kintsugi log prove` and `kintsugi log check-proof`: one record shown to others, without the rest of the log.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use kintsugi_core::audit::checkpoint::{self, Verifier};
use kintsugi_core::audit::proof::{self, ProofError};
use kintsugi_core::audit::record::Body;
use kintsugi_core::display::escape;

use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::progress::Progress;
use crate::records::{Directory, Records};

/// Arguments of `kintsugi log prove`.
#[derive(Debug, Args)]
#[command(
    after_help = "Give it away with the record (`kintsugi log show SEQ --json`) and the key (`kintsugi log stats`)."
)]
pub(super) struct Prove {
    /// The record's number
    #[arg(value_name = "SEQ", required_unless_present = "since")]
    seq: Option<u64>,
    /// Proves instead that the log has only grown since the checkpoint in this file
    #[arg(long, value_name = "NOTE", conflicts_with = "seq")]
    since: Option<PathBuf>,
}

/// Arguments of `kintsugi log check-proof`.
#[derive(Debug, Args)]
#[command(
    after_help = "Ends with 0 when the record is in the log, 1 when the proof does not show it, 5 when it cannot be read."
)]
pub(super) struct CheckProof {
    /// The file with the proof
    #[arg(value_name = "PROOF")]
    proof: PathBuf,
    /// The file with the record, as `kintsugi log show SEQ --json` prints it
    #[arg(value_name = "RECORD", required_unless_present = "since")]
    record: Option<PathBuf>,
    /// The file with the older checkpoint, for a proof that the log has only grown since
    #[arg(long, value_name = "NOTE", conflicts_with = "record")]
    since: Option<PathBuf>,
    /// The key of the log, as it was noted when the log was new; else the one that the log here names
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

impl Prove {
    pub(super) fn run(
        &self,
        directory: &Directory,
        console: &mut Console,
    ) -> Result<Exit, Failure> {
        let mut progress = Progress::of_hashes("proving");
        let mut tell = |done, all| progress.tell_of(done, all);
        let proved = if let Some(since) = &self.since {
            proof::prove_growth_telling(directory, &note(since)?, &mut tell)
        } else {
            let seq = self.seq.unwrap_or_default();
            proof::prove_telling(directory, seq, &mut tell).map(|(_, text)| text)
        };
        drop(progress);
        let text = proved.map_err(|error| {
            let hint = match &error {
                ProofError::Uncovered(_) => {
                    "a checkpoint is signed a minute after the record at the latest: try again then"
                }
                ProofError::Read(..) => "it belongs to the user who runs the daemon",
                ProofError::Gone(_) => {
                    "records that were pruned are proved by what was kept of them elsewhere"
                }
                ProofError::Log
                | ProofError::Shape
                | ProofError::Note(_)
                | ProofError::Elsewhere
                | ProofError::Rewritten
                | _ => "`kintsugi log verify` says what is wrong",
            };
            Failure::new(Exit::Failed, error.to_string()).hint(hint)
        })?;
        console.out.write_all(text.as_bytes())?;
        Ok(Exit::Allowed)
    }
}

impl CheckProof {
    pub(super) fn run(
        &self,
        directory: &Directory,
        console: &mut Console,
    ) -> Result<Exit, Failure> {
        let text = String::from_utf8(read(&self.proof)?).unwrap_or_default();
        let key = match &self.key {
            Some(key) => key.clone(),
            None => key_of(directory, named(&text).as_deref())?.ok_or_else(|| {
                let message = "there is no log here that names a key";
                Failure::new(Exit::Of(5), message).hint("give the key of its log with `--key`")
            })?,
        };
        let (origin, verifier) = Verifier::parse(key.trim()).ok_or_else(|| {
            let message = format!("`{}` is not the key of a log", escape(key.trim()));
            Failure::new(Exit::Usage, message)
                .hint("it reads `kintsugi/ID+HASH+KEY`; `kintsugi log stats` prints it")
        })?;
        let shown = escape(&origin);
        let said = match (&self.since, &self.record) {
            (Some(since), _) => proof::check_growth(&text, &note(since)?, &origin, &verifier).map(
                |(before, after)| {
                    format!("the log `{shown}` has only grown, from {before} to {after} records")
                },
            ),
            (None, record) => {
                let line = read(record.as_deref().unwrap_or(Path::new("-")))?;
                let line = line.strip_suffix(b"\n").unwrap_or(&line);
                proof::check(&text, line, &origin, &verifier)
                    .map(|seq| format!("record {seq} is in the log `{shown}`"))
            }
        };
        let said = said.map_err(|error| {
            let message = format!("the proof does not hold: {error}");
            Failure::new(Exit::Failed, message)
                .hint("proof, record and key must be of one log, and unchanged to the last byte")
        })?;
        let good = console.out_paint.tone(Tone::Good, "good");
        writeln!(console.out, "{good}: {said}")?;
        Ok(Exit::Allowed)
    }
}

/// Reads the one checkpoint in a file.
fn note(path: &Path) -> Result<String, Failure> {
    let text = String::from_utf8(read(path)?).unwrap_or_default();
    checkpoint::notes_in(&text).pop().ok_or_else(|| {
        let shown = escape(&path.to_string_lossy());
        Failure::new(
            Exit::Of(5),
            format!("there is no signed checkpoint in `{shown}`"),
        )
        .hint("a checkpoint is what `kintsugi log anchor` prints")
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| {
        let message = format!("cannot read `{}`: {error}", escape(&path.to_string_lossy()));
        Failure::new(Exit::Of(5), message).hint("see `kintsugi log check-proof --help`")
    })
}

/// Returns the origin that the checkpoint in a proof names.
fn named(proof: &str) -> Option<String> {
    let (_, note) = proof.split_once("\n\n")?;
    let (origin, _) = checkpoint::read(note).ok()?;
    Some(origin)
}

/// Returns the key that the log in `directory` names for the tree that goes by `origin`, or for its last: what it says of
/// itself.
pub(in crate::command) fn key_of(
    directory: &Directory,
    origin: Option<&str>,
) -> Result<Option<String>, Failure> {
    let segments = directory.segments();
    let segments = segments.map_err(|error| directory.unreadable(&error))?;
    for first in segments.iter().rev() {
        let opened = Records::of_segment(directory.clone(), *first).next_record()?;
        if let Some(Body::Open { verifier, .. }) = opened.map(|stored| stored.record.body)
            && let Some(key) = verifier
            && origin.is_none_or(|origin| key.split('+').next() == Some(origin))
        {
            return Ok(Some(key));
        }
    }
    Ok(None)
}
