//! `kintsugi log verify`: the proof, or the first record that breaks it.

use std::io::Write;

use clap::Args;
use kintsugi_core::audit::verify::{Depth, Layer, Options, Outcome, Report, verify};
use kintsugi_core::display::escape;
use serde::Serialize;

use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::records::Directory;

/// Arguments of `kintsugi log verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Ends with 0 good, 1 tampered, 2 torn tail, 3 unknown format, 4 incomplete, 5 unreadable."
)]
pub(super) struct Verify {
    /// Reads closed segments record by record, too, instead of by the hash of their file, and parses every record
    #[arg(long)]
    deep: bool,
    /// Checks the log against a note that was kept elsewhere
    #[arg(long, value_name = "NOTE")]
    against: Vec<std::path::PathBuf>,
    /// Begins with the segment that holds this record
    #[arg(long, value_name = "SEQ")]
    from: Option<u64>,
    /// Prints the report as one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Printed<'a> {
    version: u32,
    good: bool,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    records: u64,
    by_file: u64,
    bytes: u64,
    head: &'a str,
    chain: Option<u64>,
    mac: Option<u64>,
    merkle: Option<u64>,
    anchors: Option<u64>,
    warnings: &'a [String],
}

impl Verify {
    pub(super) fn run(
        &self,
        directory: &Directory,
        console: &mut Console,
    ) -> Result<Exit, Failure> {
        let against = self.against.iter().map(|path| {
            std::fs::read_to_string(path).map_err(|error| {
                let message = format!("cannot read the note `{}`: {error}", path.display());
                Failure::new(Exit::Of(5), message)
                    .hint("a note is what `kintsugi log anchor` prints")
            })
        });
        let options = Options {
            from: self.from,
            depth: if self.deep {
                Depth::Everything
            } else {
                Depth::Quick
            },
            against: against.collect::<Result<_, _>>()?,
            ..Options::default()
        };
        let report = verify(directory, options);
        let (word, seq, reason) = told(&report.outcome);
        if self.json {
            console.json(&Printed {
                version: super::super::JSON_VERSION,
                good: report.outcome == Outcome::Good,
                outcome: word,
                seq,
                reason: reason.clone(),
                records: report.records,
                by_file: report.by_file,
                bytes: report.bytes,
                head: &report.head,
                chain: count(report.chain),
                mac: count(report.mac),
                merkle: count(report.merkle),
                anchors: count(report.anchors),
                warnings: &report.warnings,
            })?;
        } else {
            show(&report, console)?;
        }
        let exit = Exit::Of(report.outcome.exit_code());
        match reason {
            None => Ok(Exit::Allowed),
            Some(_) if self.json => Ok(exit),
            Some(reason) => {
                let at = seq.map_or(String::new(), |seq| format!(" at record {seq}"));
                let message = format!("the log is {word}{at}: {}", escape(&reason));
                Err(Failure::new(exit, message).hint(advice(&report.outcome)))
            }
        }
    }
}

const fn count(layer: Layer) -> Option<u64> {
    match layer {
        Layer::Unchecked => None,
        Layer::Checked(count) => Some(count),
    }
}

/// Returns the word for an outcome, the record it is about, and what is wrong, when something is.
pub(in crate::command) fn told(outcome: &Outcome) -> (&'static str, Option<u64>, Option<String>) {
    match outcome {
        Outcome::Good => ("good", None, None),
        Outcome::Tampered { seq, reason } => ("altered", *seq, Some(reason.clone())),
        Outcome::Torn { seq, bytes } => (
            "torn",
            Some(*seq),
            Some(format!(
                "the last write was cut short, {bytes} bytes are left of it"
            )),
        ),
        Outcome::UnknownFormat { version, segment } => (
            "unknown",
            Some(*segment),
            Some(format!(
                "it is of format {version}, which this version does not know"
            )),
        ),
        Outcome::Incomplete { missing } => ("incomplete", None, Some(missing.clone())),
        Outcome::Unreadable { reason } => ("unreadable", None, Some(reason.clone())),
        _ => (
            "unknown",
            None,
            Some("this version does not know the outcome".to_owned()),
        ),
    }
}

const fn advice(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Tampered { .. } => {
            "keep a copy of the directory as evidence; everything before that record is as it was written"
        }
        Outcome::Torn { .. } => {
            "nothing that was answered is lost; the next start of the daemon mends it"
        }
        Outcome::Incomplete { .. } => {
            "what is there is good; bring back what is missing, and verify again"
        }
        Outcome::Good | Outcome::UnknownFormat { .. } | Outcome::Unreadable { .. } | _ => {
            "verify with the version that wrote it, as the user who runs the daemon"
        }
    }
}

fn show(report: &Report, console: &mut Console) -> Result<(), Failure> {
    if report.outcome == Outcome::Good {
        let word = console.out_paint.tone(Tone::Good, "good");
        writeln!(
            console.out,
            "{word}: {} records, nothing was altered",
            report.records
        )?;
    }
    let layers = [
        (
            "chain",
            report.chain,
            ["record follows", "records follow each other"],
        ),
        (
            "mac",
            report.mac,
            [
                "record carries the right code",
                "records carry the right code",
            ],
        ),
        (
            "merkle",
            report.merkle,
            ["signed checkpoint agrees", "signed checkpoints agree"],
        ),
        (
            "anchors",
            report.anchors,
            ["note from elsewhere agrees", "notes from elsewhere agree"],
        ),
    ];
    for (name, layer, [one, many]) in layers {
        let said = match layer {
            Layer::Checked(1) => format!("1 {one}"),
            Layer::Checked(count) if name == "chain" && report.by_file > 0 => format!(
                "{count} {many}, {} of them by the hash of their file (`--deep` reads each)",
                report.by_file
            ),
            Layer::Checked(count) => format!("{count} {many}"),
            Layer::Unchecked => "not checked: there is nothing to check it with".to_owned(),
        };
        let name = console.out_paint.tone(Tone::Quiet, format!("{name:<8}"));
        writeln!(console.out, "  {name}{said}")?;
    }
    for warning in &report.warnings {
        let warning = console.err_paint.tone(Tone::Warn, escape(warning));
        writeln!(console.err, "kintsugi: note: {warning}")?;
    }
    Ok(())
}
