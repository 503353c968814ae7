//! `kintsugi log verify`: the proof, or the first record that breaks it.

use std::io::{Read as _, Write};
use std::path::Path;

use clap::Args;
use kintsugi_core::audit::chain::Key;
use kintsugi_core::audit::checkpoint;
use kintsugi_core::audit::verify::{Depth, Layer, Options, Outcome, Report, verify};
use kintsugi_core::display::escape;
use kintsugi_core::vault::parameters::Bounded;
use serde::Serialize;

use crate::admin::{derive, files, making, prompt, wrap};
use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::progress::Progress;
use crate::records::Directory;
use crate::remembered::{Remembered, covered, last_note};
use crate::surroundings;

/// Arguments of `kintsugi log verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Ends with 0 good, 1 tampered, 2 torn tail, 3 unknown format, 4 incomplete, 5 unreadable."
)]
pub(super) struct Verify {
    /// Reads closed segments record by record, too, instead of by the hash of their file, and parses every record
    #[arg(long)]
    deep: bool,
    /// Checks the log against the notes in this file, which were kept elsewhere (- for standard input); lines of a journal will do
    #[arg(long, value_name = "NOTE")]
    against: Vec<std::path::PathBuf>,
    /// Begins with the segment that holds this record
    #[arg(long, value_name = "SEQ")]
    from: Option<u64>,
    /// Opens the log's first key, which is in the admin vault, with the admin's password
    #[arg(long)]
    admin: bool,
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
        let mut against = Vec::new();
        for path in &self.against {
            against.append(&mut notes(path)?);
        }
        let seen = self.seen(directory, console)?;
        against.extend(seen.iter().filter_map(Remembered::note));
        let mut progress = Progress::new("verifying", directory.bytes());
        let mut tell = |done| progress.tell(done);
        let options = Options {
            from: self.from,
            depth: if self.deep {
                Depth::Everything
            } else {
                Depth::Quick
            },
            against,
            progress: Some(&mut tell),
            first_key: self.admin.then(first_key).transpose()?,
            ..Options::default()
        };
        let report = verify(directory, options);
        drop(progress);
        if report.outcome == Outcome::Good
            && let Some((place, note)) = Remembered::of_person().zip(last_note(directory))
        {
            // A home that cannot be written forgets; what was verified is good all the same.
            drop(place.keep(&note));
        }
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
                let mut advice = advice(&report.outcome).to_owned();
                if let (Outcome::Tampered { .. }, Some(seen)) = (&report.outcome, seen) {
                    let path = escape(&seen.path().display().to_string());
                    advice = format!(
                        "{advice}; if you began a new log yourself, remove what was seen of the old one: `{path}`"
                    );
                }
                Err(Failure::new(exit, message).hint(advice))
            }
        }
    }
}

impl Verify {
    /// Returns the checkpoint that was seen last, when all of the log is verified and its records are still there.
    fn seen(
        &self,
        directory: &Directory,
        console: &mut Console,
    ) -> Result<Option<Remembered>, Failure> {
        let Some(seen) = Remembered::of_person().filter(|_| self.from.is_none()) else {
            return Ok(None);
        };
        let Some(size) = seen.note().as_deref().and_then(covered) else {
            return Ok(None);
        };
        let segments = directory.segments().unwrap_or_default();
        if segments.first().is_some_and(|first| *first > size) {
            let what = "the checkpoint that was seen last is of records that were pruned";
            let what = console.err_paint.tone(Tone::Warn, what);
            writeln!(console.err, "kintsugi: note: {what}")?;
            return Ok(None);
        }
        Ok(Some(seen))
    }
}

/// Reads the notes of a file, or of standard input for `-`.
fn notes(path: &Path) -> Result<Vec<String>, Failure> {
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    let shown = escape(&path.to_string_lossy());
    let text = text.map_err(|error| {
        let message = format!("cannot read the note `{shown}`: {error}");
        Failure::new(Exit::Of(5), message).hint("a note is what `kintsugi log anchor` prints")
    })?;
    let notes = checkpoint::notes_in(&text);
    if notes.is_empty() {
        let message = format!("there is no signed checkpoint in `{shown}`");
        return Err(
            Failure::new(Exit::Of(5), message).hint("a note is what `kintsugi log anchor` prints")
        );
    }
    Ok(notes)
}

/// Returns the key that checks who wrote, out of the vault: that of the last chain that it knows.
fn first_key() -> Result<Key, Failure> {
    let vault = files::read_vault(&surroundings::paths()?)?;
    let last = vault.wrapped.iter().max_by_key(|wrapped| wrapped.first);
    let last = last.ok_or_else(|| {
        Failure::new(Exit::VaultRefused, "the vault holds no key of the log")
            .hint("the key lies in the directory of the log")
    })?;
    let mut terminal = prompt::open()?;
    let password = prompt::secret(&mut terminal, "admin password: ")?;
    let salt = vault.salt_bytes();
    let params = Bounded::check(vault.params, &salt).map_err(|_| making::damaged())?;
    let root = derive::root(&password, &salt, params)?;
    let key = wrap::open(&last.by_password, last.first, vault.id, &root);
    key.map(|key| Key::new(*key)).ok_or_else(|| {
        Failure::new(Exit::VaultRefused, "that is not the admin's password").hint("try again")
    })
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
            "what is there is good; bring back what is missing, and verify again: a key that is in the admin vault with `--admin`"
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
