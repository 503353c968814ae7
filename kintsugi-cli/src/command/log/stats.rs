//! `kintsugi log stats`: how much is in the log, and of what.

use std::collections::BTreeMap;
use std::io::Write;

use clap::Args;
use kintsugi_core::audit::record::Body;
use kintsugi_core::decide::Decision;
use kintsugi_core::display::escape;
use serde::Serialize;

use super::prove::key_of;
use crate::card::class_word;
use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::progress::Progress;
use crate::records::{Directory, Records};

/// Names that are shown of a list that has no end.
const SHOWN_MAX: usize = 10;

/// Names that are counted one by one; the rest is counted together. Agents name themselves, so this needs a bound.
const NAMES_MAX: usize = 1_000;

/// What the rest is called.
const REST: &str = "(others)";

/// Arguments of `kintsugi log stats`.
#[derive(Debug, Args)]
pub(super) struct Stats {
    /// Prints one line of JSON
    #[arg(long)]
    json: bool,
}

type Counts = BTreeMap<String, u64>;

#[derive(Debug, Default, Serialize)]
struct Counted {
    version: u32,
    records: u64,
    bytes: u64,
    first: Option<String>,
    last: Option<String>,
    redacted: u64,
    /// The key that checks checkpoints and proofs.
    key: Option<String>,
    kinds: Counts,
    decisions: Counts,
    classes: Counts,
    rules: Counts,
    agents: Counts,
}

impl Stats {
    pub(super) fn run(&self, directory: Directory, console: &mut Console) -> Result<Exit, Failure> {
        let mut counted = Counted {
            version: super::super::JSON_VERSION,
            key: key_of(&directory, None)?,
            ..Counted::default()
        };
        let mut progress = Progress::new("counting", directory.bytes());
        let mut records = Records::new(directory, 0);
        while let Some(stored) = records.next_record()? {
            counted.bytes += u64::try_from(stored.line.len()).unwrap_or_default() + 1;
            counted.count(stored.record);
            progress.tell(records.bytes());
        }
        drop(progress);
        if self.json {
            console.json(&counted)?;
        } else {
            counted.show(console)?;
        }
        Ok(Exit::Allowed)
    }
}

fn add(counts: &mut Counts, name: &str) {
    let known = counts.contains_key(name) || counts.len() < NAMES_MAX;
    let name = if known { name } else { REST };
    *counts.entry(name.to_owned()).or_default() += 1;
}

impl Counted {
    fn count(&mut self, record: kintsugi_core::audit::record::Record) {
        self.records += 1;
        self.redacted += u64::from(record.redacted);
        add(&mut self.kinds, record.body.kind());
        if let Body::Proposal { command, .. } | Body::Recorded { command, .. } = &record.body {
            add(&mut self.agents, &command.agent);
        }
        if let Body::Verdict(verdict) = &record.body {
            let decision = match verdict.decision {
                Decision::Allow => "allow",
                Decision::Hold => "hold",
                Decision::Deny => "deny",
            };
            add(&mut self.decisions, decision);
            add(&mut self.classes, class_word(verdict.class));
            if let Some(rule) = &verdict.rule {
                add(&mut self.rules, rule);
            }
        }
        if self.first.is_none() {
            self.first = Some(record.ts.clone());
        }
        self.last = Some(record.ts);
    }

    fn show(&self, console: &mut Console) -> Result<(), Failure> {
        let told = |text: &Option<String>| escape(text.as_deref().unwrap_or("-"));
        let lines = [
            ("records", self.records.to_string()),
            ("bytes", self.bytes.to_string()),
            ("first", told(&self.first)),
            ("last", told(&self.last)),
            ("redacted", self.redacted.to_string()),
            ("key", told(&self.key)),
        ];
        for (name, value) in lines {
            let name = console.out_paint.tone(Tone::Quiet, format!("{name:<10}"));
            writeln!(console.out, "{name}{value}")?;
        }
        let lists = [
            ("kinds", &self.kinds),
            ("decisions", &self.decisions),
            ("classes", &self.classes),
            ("rules", &self.rules),
            ("agents", &self.agents),
        ];
        for (title, counts) in lists {
            if counts.is_empty() {
                continue;
            }
            let title = console.out_paint.tone(Tone::Strong, title);
            writeln!(console.out, "\n{title}")?;
            for (name, count) in most(counts) {
                writeln!(console.out, "{count:>9}  {}", escape(name))?;
            }
        }
        Ok(())
    }
}

/// Returns the most frequent names, the most frequent first.
fn most(counts: &Counts) -> Vec<(&str, u64)> {
    let mut all: Vec<_> = counts
        .iter()
        .map(|(name, count)| (name.as_str(), *count))
        .collect();
    all.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
    all.truncate(SHOWN_MAX);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_come_first_and_few_are_shown() {
        let mut counts = Counts::new();
        for number in 0..20_u64 {
            counts.insert(format!("n{number:02}"), number % 7);
        }
        let most = most(&counts);
        assert_eq!(most.len(), SHOWN_MAX);
        assert_eq!(most[..3], [("n06", 6), ("n13", 6), ("n05", 5)]);
    }

    #[test]
    fn names_that_nobody_bounds_are_bounded() {
        let mut counts = Counts::new();
        for number in 0..NAMES_MAX + 5 {
            add(&mut counts, &number.to_string());
        }
        assert_eq!(counts.len(), NAMES_MAX + 1);
        assert_eq!(counts[REST], 5);
    }
}
