//! `kintsugi log`: what was proposed, decided and done, newest last.

mod anchor;
mod changes;
mod entry;
mod export;
mod prove;
mod removal;
mod show;
mod stats;
mod verify;

use std::io::Write;
use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kintsugi_core::display::{clip, columns, escape};

pub(super) use self::prove::key_of;
pub(super) use self::verify::told;

use self::changes::Changes;
use self::entry::{Entries, Entry};
use crate::card::{class_tone, class_word};
use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::pager;
use crate::progress::Progress;
use crate::records::{Directory, Records, Wanted};
use crate::surroundings;

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
    Show(show::Show),
    /// Proves that nothing was altered, or says which record was
    Verify(verify::Verify),
    /// Prints the last signed checkpoint, to be kept elsewhere
    Anchor(anchor::Anchor),
    /// Prints a proof that a record is in the log, which others can check
    Prove(prove::Prove),
    /// Checks such a proof
    CheckProof(prove::CheckProof),
    /// Takes private parts out of records, which the log then says
    Redact(removal::Redact),
    /// Takes old segments out of the log, which it then says
    Prune(removal::Prune),
    /// Ends the strictness that began when the log was found altered, once you know why
    Reanchor(removal::Reanchor),
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
    /// Prints to the terminal without a pager (`PAGER`, else less)
    #[arg(long)]
    no_pager: bool,
    /// Prints one line of JSON for each
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
            Some(Action::Show(show)) => pager::paged(console, show.wants_pager(), |console| {
                show.run(&directory, console)
            }),
            Some(Action::Verify(verify)) => verify.run(&directory, console),
            Some(Action::Anchor(anchor)) => anchor.run(&directory, console),
            Some(Action::Prove(prove)) => prove.run(&directory, console),
            Some(Action::CheckProof(check)) => check.run(&directory, console),
            Some(Action::Redact(redact)) => redact.run(&directory, console),
            Some(Action::Prune(prune)) => prune.run(&directory, console),
            Some(Action::Reanchor(reanchor)) => reanchor.run(console),
            Some(Action::Stats(stats)) => stats.run(directory, console),
            Some(Action::Export(export)) => export.run(directory, console),
            None => {
                let wanted = !(self.list.no_pager || self.list.follow || self.list.json);
                pager::paged(console, wanted, |console| {
                    self.list.run(&directory, console)
                })
            }
        }
    }
}

impl List {
    fn run(&self, directory: &Directory, console: &mut Console) -> Result<Exit, Failure> {
        let shown = match self.lines {
            Some(lines) => self.show_last(lines, directory, console)?,
            None => self.show_all(directory, console)?,
        };
        console.out.flush()?;
        if self.follow {
            self.follow(shown, directory, console)?;
        }
        Ok(Exit::Allowed)
    }

    /// Shows every entry that is wanted.
    fn show_all(&self, directory: &Directory, console: &mut Console) -> Result<Entries, Failure> {
        let records = Records::wanted(directory.clone(), self.wanted());
        let mut entries = Entries::new(records);
        let mut progress = Some(Progress::new("reading", directory.bytes()));
        while let Some(entry) = entries.next_entry()? {
            if self.wants(&entry) {
                // What is shown on a terminal is progress enough.
                progress = None;
                self.show(&entry, console)?;
            }
            if let Some(progress) = &mut progress {
                progress.tell(entries.bytes());
            }
        }
        Ok(entries)
    }

    /// Shows the last so many entries that are wanted: reads the last segment, and earlier ones only as long as there are too few.
    fn show_last(
        &self,
        lines: usize,
        directory: &Directory,
        console: &mut Console,
    ) -> Result<Entries, Failure> {
        let segments = directory.segments();
        let segments = segments.map_err(|error| directory.unreadable(&error))?;
        let mut last = std::collections::VecDeque::new();
        let mut end = None;
        let mut progress = Progress::new("reading", directory.bytes());
        let mut bytes = 0;
        for first in segments.iter().rev() {
            let mut entries = Entries::new(Records::of_segment(directory.clone(), *first));
            let mut found = Vec::new();
            while let Some(entry) = entries.next_entry()? {
                found.extend(Some(entry).filter(|entry| self.wants(entry)));
            }
            bytes += entries.bytes();
            progress.tell(bytes);
            for entry in found.into_iter().rev().take(lines - last.len()) {
                last.push_front(entry);
            }
            end.get_or_insert(entries);
            if last.len() >= lines {
                break;
            }
        }
        drop(progress);
        for entry in &last {
            self.show(entry, console)?;
        }
        let mut end = end.unwrap_or_else(|| Entries::new(Records::new(directory.clone(), 0)));
        end.go_on();
        Ok(end)
    }

    /// Goes on showing what comes, until it is interrupted or nobody reads.
    fn follow(
        &self,
        mut entries: Entries,
        directory: &Directory,
        console: &mut Console,
    ) -> Result<(), Failure> {
        let mut changes = Changes::of(directory.path())?;
        loop {
            while let Some(entry) = entries.next_entry()? {
                if self.wants(&entry) {
                    self.show(&entry, console)?;
                }
            }
            console.out.flush()?;
            changes.wait()?;
        }
    }

    /// Returns what can be told of a segment without reading its records.
    fn wanted(&self) -> Wanted {
        let json = |text: &String| serde_json::to_string(text).unwrap_or_default();
        let within = |text: &String| json(text).trim_matches('"').to_owned();
        let member = |name: &str, text: &String| format!("\"{name}\":{}", json(text));
        let mut texts: Vec<String> = Vec::new();
        texts.extend(self.grep.as_ref().map(within));
        texts.extend(self.path.as_ref().map(within));
        texts.extend(self.agent.as_ref().map(|agent| member("agent", agent)));
        texts.extend(
            self.session
                .as_ref()
                .map(|session| member("session", session)),
        );
        texts.extend(self.class.as_ref().map(|class| member("class", class)));
        let decision = self.decision.as_ref().filter(|word| {
            let words = ["allow", "hold", "deny"];
            words.contains(&word.as_str())
        });
        texts.extend(decision.map(|decision| member("decision", decision)));
        Wanted {
            from: 0,
            since: self.since.as_ref().map(stamp),
            until: self.until.as_ref().map(stamp),
            texts,
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

/// Returns a moment as records say it, in microseconds: so are the two compared, as text.
fn stamp(at: &Timestamp) -> String {
    format!("{at:.6}")
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
