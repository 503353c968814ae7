//! `kintsugi pending`: what waits for a person; and how ids are shortened and found again.

use std::io::{IsTerminal as _, Write};
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use kintsugi_core::display::{clip, columns, escape};
use kintsugi_core::paths::Paths;
use kintsugi_core::protocol::{KnownItem, PendingItem, Request, Response};
use serde::Serialize;
use uuid::Uuid;

use crate::card::{Card, class_tone, class_word, duration};
use crate::client::Client;
use crate::console::{Console, Tone, columns_of};
use crate::exit::{Exit, Failure};
use crate::{gate, surroundings};

/// Characters of an id that are shown: four billion holds would be needed to make two alike likely.
const SHORT_ID: usize = 8;

/// Pause between two looks with `--watch`.
const WATCH_PAUSE: Duration = Duration::from_millis(500);

/// Fewest columns for a table; with fewer, each hold has lines of its own.
const TABLE_COLUMNS_MIN: usize = 56;

/// Puts the cursor to the beginning of an empty screen (ECMA-48 CUP and ED).
const CLEAR: &[u8] = b"\x1b[H\x1b[2J";

/// Arguments of `kintsugi pending`.
#[derive(Debug, Args)]
pub struct Pending {
    /// Shows the whole card of this hold, or of every hold with `all`
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// Prints what is held as one line of JSON
    #[arg(long)]
    json: bool,
    /// Goes on showing what is held whenever it changes
    #[arg(long)]
    watch: bool,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    version: u32,
    items: &'a [PendingItem],
}

impl Pending {
    /// Shows what is held, once or until interrupted.
    ///
    /// # Errors
    /// When there is no daemon, or no hold has the id.
    pub fn run(&self, console: &mut Console) -> Result<Exit, Failure> {
        let paths = surroundings::paths()?;
        let mut client = gate::reconnect(&paths)?;
        let redraws = self.redraws();
        let mut shown: Option<Vec<String>> = None;
        loop {
            let mut items = fetch(&mut client)?;
            if let Some(id) = self.id.as_deref().filter(|id| *id != "all") {
                items = vec![find(items, id)?];
            }
            let key = items.iter().map(|item| seen(item, redraws)).collect();
            if shown.as_ref() != Some(&key) {
                if redraws {
                    console.out_columns = columns_of(&std::io::stdout());
                    console.out.write_all(CLEAR)?;
                    console.out.flush()?;
                }
                self.show(&items, console)?;
                console.out.flush()?;
                shown = Some(key);
            }
            if !self.watch {
                return Ok(Exit::Allowed);
            }
            std::thread::sleep(WATCH_PAUSE);
        }
    }

    /// Whether what is held is drawn over what was: on a terminal that can, and not for programs.
    fn redraws(&self) -> bool {
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        self.watch && !self.json && !is_dumb && std::io::stdout().is_terminal()
    }

    fn show(&self, items: &[PendingItem], console: &mut Console) -> Result<(), Failure> {
        if self.json {
            return console.json(&Report {
                version: super::JSON_VERSION,
                items,
            });
        }
        if items.is_empty() {
            let quiet = console.err_paint.tone(Tone::Quiet, "nothing is held");
            return Ok(writeln!(console.err, "{quiet}")?);
        }
        if self.id.is_some() {
            return cards(items, console);
        }
        table(items, console)
    }
}

/// Returns what of a hold makes it worth showing again.
fn seen(item: &PendingItem, with_age: bool) -> String {
    let age = if with_age {
        age(&item.ts, Timestamp::now())
    } else {
        String::new()
    };
    let said = item.summary.as_deref().unwrap_or_default();
    format!("{} {} {said} {age}", item.id(), item.attempts.len())
}

fn cards(items: &[PendingItem], console: &mut Console) -> Result<(), Failure> {
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            writeln!(console.out)?;
        }
        let id = short(&item.id());
        let answer = [format!("kintsugi approve {id}, or kintsugi deny {id}")];
        let title = format!("{id} is held");
        let card = Card::of_pending(item);
        let text = card.render(&title, &answer, console.out_columns, console.out_paint);
        console.out.write_all(text.as_bytes())?;
        attempts(std::slice::from_ref(item), console)?;
    }
    Ok(())
}

/// Shows each hold in two lines, where a table does not fit.
fn narrow(items: &[PendingItem], console: &mut Console) -> Result<(), Failure> {
    let now = Timestamp::now();
    for item in items {
        let (id, age) = (short(&item.id()), age(&item.ts, now));
        let first = format!("{id} {age} {}", class_word(item.class));
        let first = clip(&first, console.out_columns);
        let raw = clip(
            &escape(&item.command.raw),
            console.out_columns.saturating_sub(2),
        );
        let first = console.out_paint.tone(class_tone(item.class), first);
        writeln!(console.out, "{first}\n  {raw}")?;
    }
    attempts(items, console)
}

fn table(items: &[PendingItem], console: &mut Console) -> Result<(), Failure> {
    if console.out_columns < TABLE_COLUMNS_MIN {
        return narrow(items, console);
    }
    let now = Timestamp::now();
    let heads = ["ID", "AGE", "CLASS", "FROM", "COMMAND"].map(str::to_owned);
    let rows: Vec<_> = items
        .iter()
        .map(|item| {
            [
                short(&item.id()),
                age(&item.ts, now),
                class_word(item.class).to_owned(),
                clip(&escape(&item.command.agent), 16),
                escape(&item.command.raw),
            ]
        })
        .collect();
    let mut widths = heads.each_ref().map(|head| columns(head));
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(columns(cell));
        }
    }
    let tones = std::iter::once(Tone::Quiet).chain(items.iter().map(|item| class_tone(item.class)));
    for (row, tone) in std::iter::once(&heads).chain(&rows).zip(tones) {
        let line = aligned(row, &widths, console.out_columns);
        writeln!(console.out, "{}", console.out_paint.tone(tone, line))?;
    }
    attempts(items, console)
}

/// Shows who tried to answer and may not.
fn attempts(items: &[PendingItem], console: &mut Console) -> Result<(), Failure> {
    for attempt in items.iter().flat_map(|item| &item.attempts) {
        let line = console.out_paint.tone(Tone::Bad, escape(attempt));
        writeln!(console.out, "{line}")?;
    }
    Ok(())
}

/// Returns cells as one line; the last takes the columns that are left.
fn aligned(cells: &[String], widths: &[usize], most: usize) -> String {
    let mut line = String::new();
    for (position, (cell, width)) in cells.iter().zip(widths).enumerate() {
        if position + 1 == cells.len() {
            let left = most.saturating_sub(columns(&line)).max(12);
            line.push_str(&clip(cell, left));
        } else {
            line.push_str(cell);
            line.push_str(&" ".repeat(width.saturating_sub(columns(cell)) + 2));
        }
    }
    line
}

/// Returns how long ago `since` was; `?` when it is no time.
fn age(since: &str, now: Timestamp) -> String {
    since.parse::<Timestamp>().map_or_else(
        |_| "?".to_owned(),
        |since| {
            let elapsed = now.duration_since(since).as_millis().max(0);
            duration(u64::try_from(elapsed).unwrap_or(u64::MAX))
        },
    )
}

/// Returns the beginning of an id, enough to tell it from others.
#[must_use]
pub fn short(id: &Uuid) -> String {
    id.simple().to_string().chars().take(SHORT_ID).collect()
}

/// Returns what is held, oldest first.
///
/// # Errors
/// When the daemon does not say.
pub fn fetch(client: &mut Client) -> Result<Vec<PendingItem>, Failure> {
    match client.ask(&Request::ListPending) {
        Ok(Response::PendingList { items }) => Ok(items),
        Ok(other) => Err(gate::unexpected(&other)),
        Err(error) => Err(gate::refused(&error)),
    }
}

/// Returns the hold whose id begins with `prefix`.
///
/// # Errors
/// When there is none, or more than one.
pub fn find(items: Vec<PendingItem>, prefix: &str) -> Result<PendingItem, Failure> {
    let wanted: String = prefix
        .to_ascii_lowercase()
        .chars()
        .filter(|character| *character != '-')
        .collect();
    let shown = escape(prefix);
    if wanted.is_empty() || !wanted.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Failure::new(
            Exit::Usage,
            format!("`{shown}` is not the beginning of an id"),
        )
        .hint("`kintsugi pending` lists the ids"));
    }
    let mut found = items
        .into_iter()
        .filter(|item| item.id().simple().to_string().starts_with(&wanted));
    match (found.next(), found.next()) {
        (Some(item), None) => Ok(item),
        (None, _) => Err(Failure::new(
            Exit::Failed,
            format!("no command that is remembered is called `{shown}`"),
        )
        .hint("`kintsugi pending` lists what is held, `kintsugi log` what was")),
        (Some(one), Some(other)) => Err(Failure::new(
            Exit::Usage,
            format!("`{shown}` is the beginning of several ids"),
        )
        .hint(format!(
            "give more of it: {}, {} …",
            one.id().simple(),
            other.id().simple()
        ))),
    }
}

/// What a person means by the beginning of an id.
#[derive(Debug)]
pub enum Sought {
    /// A hold.
    Held(Box<PendingItem>),
    /// A hold that a person denied, which can be taken back.
    Denied(Uuid),
}

/// Connects, and returns what `prefix` names; says what became of anything that is not held any more.
///
/// # Errors
/// When there is no daemon, or nothing of that name can be answered.
pub fn seek(paths: &Paths, prefix: &str) -> Result<(Client, Sought), Failure> {
    let mut client = gate::reconnect(paths)?;
    let items = fetch(&mut client)?;
    let missing = match find(items.clone(), prefix) {
        Ok(item) => return Ok((client, Sought::Held(Box::new(item)))),
        Err(failure) if failure.exit == Exit::Failed => failure,
        Err(failure) => return Err(failure),
    };
    let request = Request::Lookup {
        prefix: prefix.to_owned(),
    };
    // An older daemon does not know what became of it.
    let Ok(Response::Known { items: known }) = client.ask(&request) else {
        return Err(missing);
    };
    match known.as_slice() {
        [] => Err(missing),
        [one] if one.denied => Ok((client, Sought::Denied(one.id))),
        [one] => {
            // The same command was held before under another id.
            let held = items.into_iter().find(|item| Some(item.id()) == one.with);
            match held {
                Some(item) => Ok((client, Sought::Held(Box::new(item)))),
                None => Err(ended(one)),
            }
        }
        [_, ..] => {
            let message = format!("`{}` is the beginning of several ids", escape(prefix));
            Err(Failure::new(Exit::Usage, message).hint("give more of it"))
        }
    }
}

/// The failure of an answer that comes too late.
fn ended(known: &KnownItem) -> Failure {
    let told = format!("`{}` {}", short(&known.id), escape(&known.told));
    Failure::new(Exit::Failed, told)
        .hint("nothing was changed; `kintsugi pending` lists what is held")
}

/// Connects, and returns the hold whose id begins with `prefix`.
///
/// # Errors
/// When there is no daemon, or not exactly one such hold.
pub fn pick(paths: &Paths, prefix: &str) -> Result<(Client, PendingItem), Failure> {
    match seek(paths, prefix)? {
        (client, Sought::Held(item)) => Ok((client, *item)),
        (_, Sought::Denied(id)) => Err(Failure::new(
            Exit::Failed,
            format!("`{}` is denied already", short(&id)),
        )
        .hint(format!("`kintsugi approve {}` takes that back", short(&id)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kintsugi_core::classify::Class;
    use kintsugi_core::shell::Dialect;

    fn item(id: &str) -> PendingItem {
        let mut command = crate::proposal::propose("shell", "x".into(), "/".into(), Dialect::Bash);
        command.id = id.parse().unwrap();
        PendingItem {
            command,
            class: Class::Catastrophic,
            reason: "x".into(),
            summary: None,
            ts: "2026-01-02T03:04:05Z".into(),
            effects: Vec::new(),
            findings: Vec::new(),
            instead: None,
            content_hash: None,
            expires_ms: None,
            seq: None,
            attempts: Vec::new(),
            scored: None,
            summary_by: None,
        }
    }

    fn holds() -> Vec<PendingItem> {
        vec![
            item("3f2a91bc-0000-4000-8000-000000000001"),
            item("3f2a91bc-0000-4000-8000-000000000002"),
            item("77777777-0000-4000-8000-000000000003"),
        ]
    }

    #[test]
    fn any_unambiguous_beginning_names_a_hold() {
        for prefix in [
            "7",
            "77777777",
            "77777777-0000",
            "777777770000400080000000000000",
        ] {
            assert_eq!(
                find(holds(), prefix).unwrap().id(),
                holds()[2].id(),
                "{prefix}"
            );
        }
        let whole = "3F2A91BC-0000-4000-8000-000000000002";
        assert_eq!(find(holds(), whole).unwrap().id(), holds()[1].id());
    }

    #[test]
    fn anything_else_is_refused_and_says_why() {
        for (prefix, exit) in [
            ("3f2a91bc", Exit::Usage),
            ("9", Exit::Failed),
            ("", Exit::Usage),
            ("-", Exit::Usage),
            ("x", Exit::Usage),
            ("\x1b[2J", Exit::Usage),
        ] {
            let failure = find(holds(), prefix).unwrap_err();
            assert_eq!(failure.exit, exit, "{prefix:?}");
            assert!(failure.hint.is_some() && !failure.message.contains('\x1b'));
        }
    }

    #[test]
    fn ages_are_told_from_the_time_of_the_hold() {
        let now = "2026-01-02T03:05:06Z".parse().unwrap();
        assert_eq!(age("2026-01-02T03:04:05Z", now), "1 min");
        assert_eq!(age("2027-01-02T03:04:05Z", now), "0 s");
        assert_eq!(age("yesterday", now), "?");
    }

    #[test]
    fn cells_stand_below_each_other() {
        let cells = ["a", "b", "a long command"].map(str::to_owned);
        assert_eq!(aligned(&cells, &[3, 1, 1], 20), "a    b  a long comm…");
    }
}
