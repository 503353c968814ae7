//! `kintsugi log`: what was proposed, decided and done, newest last.

mod entry;
mod export;
mod prove;
mod stats;
mod verify;

use std::io::Write;
use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kintsugi_core::display::{clip, columns, escape};

use self::entry::{Entries, Entry};
use crate::card::{class_tone, class_word};
use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::records::{Directory, Records};
use crate::surroundings;

/// Pause between two looks with `--follow`.
const FOLLOW_PAUSE: Duration = Duration::from_millis(200);

/// Arguments of `kintsugi log`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Log {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Shows one record with everything in it
    Show(Show),
    /// Proves that nothing was altered, or says which record was
    Verify(verify::Verify),
    /// Prints a proof that a record is in the log, which others can check
    Prove(prove::Prove),
    /// Checks such a proof
    CheckProof(prove::CheckProof),
    /// Counts what is in the log
    Stats(stats::Stats),
    /// Writes the log for another program
    Export(export::Export),
}

#[derive(Debug, Args)]
struct List {
    /// Not before this: 2026-01-31, an RFC 3339 time, or a time ago such as 2h or 3d
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,
    /// Not after this
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
    /// Only what this agent proposed
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// Only what this session proposed
    #[arg(long, value_name = "SESSION")]
    session: Option<String>,
    /// Only this decision: allow, hold, deny
    #[arg(long, value_name = "DECISION")]
    decision: Option<String>,
    /// Only this class: safe, ambiguous, catastrophic
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,
    /// Only what would do this: delete, overwrite, send, …
    #[arg(long, value_name = "ACTION")]
    effect: Option<String>,
    /// Only commands with this text in them
    #[arg(long, value_name = "TEXT")]
    grep: Option<String>,
    /// Only what would touch a target with this text in it
    #[arg(long, value_name = "TEXT")]
    path: Option<String>,
    /// Only the last so many
    #[arg(short = 'n', long, value_name = "COUNT")]
    lines: Option<usize>,
    /// Goes on showing what comes
    #[arg(long)]
    follow: bool,
    /// Prints one line of JSON for each
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Show {
    /// The record's number
    #[arg(value_name = "SEQ")]
    seq: u64,
    /// Prints the line as it is stored
    #[arg(long)]
    json: bool,
}

impl Log {
    /// Shows the log, or proves it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        let directory = Directory::new(&surroundings::paths()?.log);
        match self.action {
            Some(Action::Show(show)) => show.run(directory, console),
            Some(Action::Verify(verify)) => verify.run(&directory, console),
            Some(Action::Prove(prove)) => prove.run(&directory, console),
            Some(Action::CheckProof(check)) => check.run(&directory, console),
            Some(Action::Stats(stats)) => stats.run(directory, console),
            Some(Action::Export(export)) => export.run(directory, console),
            None => self.list.run(directory, console),
        }
    }
}

impl List {
    fn run(&self, directory: Directory, console: &mut Console) -> Result<Exit, Failure> {
        let mut entries = Entries::new(Records::new(directory, 0));
        let mut last = std::collections::VecDeque::new();
        while let Some(entry) = entries.next_entry()? {
            if !self.wants(&entry) {
                continue;
            }
            match self.lines {
                None => self.show(&entry, console)?,
                Some(lines) => {
                    last.push_back(entry);
                    if last.len() > lines {
                        last.pop_front();
                    }
                }
            }
        }
        for entry in &last {
            self.show(entry, console)?;
        }
        console.out.flush()?;
        if !self.follow {
            return Ok(Exit::Allowed);
        }
        loop {
            while let Some(entry) = entries.next_entry()? {
                if self.wants(&entry) {
                    self.show(&entry, console)?;
                }
            }
            console.out.flush()?;
            std::thread::sleep(FOLLOW_PAUSE);
        }
    }

    fn wants(&self, entry: &Entry) -> bool {
        let same = |wanted: &Option<String>, is: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| is == Some(wanted))
        };
        let within = |wanted: &Option<String>, text: Option<&str>| {
            wanted
                .as_deref()
                .is_none_or(|wanted| text.is_some_and(|text| text.contains(wanted)))
        };
        let at = entry.ts.parse::<Timestamp>().ok();
        self.since
            .is_none_or(|since| at.is_some_and(|at| at >= since))
            && self
                .until
                .is_none_or(|until| at.is_some_and(|at| at <= until))
            && same(&self.agent, entry.agent.as_deref())
            && same(&self.session, entry.session.as_deref())
            && same(&self.decision, entry.decision)
            && same(&self.class, entry.class.map(class_word))
            && within(&self.grep, entry.command.as_deref())
            && self
                .effect
                .as_deref()
                .is_none_or(|effect| entry.does(effect))
            && self.path.as_deref().is_none_or(|path| entry.touches(path))
    }

    fn show(&self, entry: &Entry, console: &mut Console) -> Result<(), Failure> {
        if self.json {
            return console.json(entry);
        }
        let time: String = entry.ts.chars().take(19).collect();
        let word = entry.decision.unwrap_or(entry.kind);
        let agent = clip(&escape(entry.agent.as_deref().unwrap_or("-")), 12);
        let head = format!("{:>7}  {time}  {word:<12} {agent:<12} ", entry.seq);
        let what = entry
            .command
            .as_deref()
            .or(entry.reason.as_deref())
            .unwrap_or_default();
        let left = console.out_columns.saturating_sub(columns(&head)).max(20);
        let tone = entry.class.map_or(Tone::Quiet, class_tone);
        let head = console.out_paint.tone(tone, head);
        Ok(writeln!(
            console.out,
            "{head}{}",
            clip(&escape(what), left)
        )?)
    }
}

impl Show {
    fn run(&self, directory: Directory, console: &mut Console) -> Result<Exit, Failure> {
        let stored = Records::new(directory, self.seq)
            .next_record()?
            .filter(|stored| stored.record.seq == self.seq)
            .ok_or_else(|| {
                Failure::new(Exit::Failed, format!("there is no record {}", self.seq))
                    .hint("`kintsugi log -n 1` shows the last one")
            })?;
        if self.json {
            console.out.write_all(&stored.line)?;
            writeln!(console.out)?;
            return Ok(Exit::Allowed);
        }
        let value: serde_json::Value = serde_json::from_slice(&stored.line)?;
        let text = serde_json::to_string_pretty(&value)?;
        for line in text.lines() {
            writeln!(console.out, "{}", escape(line))?;
        }
        Ok(Exit::Allowed)
    }
}

/// Reads a moment: a time, a date (its beginning, UTC), or a time ago.
fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    if let Ok(at) = text
        .parse::<Date>()
        .and_then(|date| date.to_zoned(TimeZone::UTC))
    {
        return Ok(at.timestamp());
    }
    ago(text)
        .and_then(|seconds| {
            Timestamp::now()
                .checked_sub(Duration::from_secs(seconds))
                .ok()
        })
        .ok_or_else(|| {
            "give a date (2026-01-31), an RFC 3339 time, or a time ago (90s, 2h, 3d)".to_owned()
        })
}

/// Reads a number of seconds, minutes, hours or days.
fn ago(text: &str) -> Option<u64> {
    let unit = text.chars().last()?;
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    number.checked_mul(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_three_ways() {
        assert_eq!(
            moment("2026-01-31").unwrap().to_string(),
            "2026-01-31T00:00:00Z"
        );
        let exact = "2026-01-31T12:00:00Z";
        assert_eq!(moment(exact).unwrap().to_string(), exact);
        assert!(moment("2h").unwrap() < Timestamp::now());
        for wrong in [
            "",
            "h",
            "2w",
            "-2h",
            "yesterday",
            "99999999999999999999d",
            "é",
        ] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }
}
