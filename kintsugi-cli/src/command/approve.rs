//! `kintsugi approve`: a person lets a held command run, once or for longer; without an id, one held command after another.

use std::io::Write;
use std::time::Duration;

use clap::Args;
use kintsugi_core::display::{clip, escape};
use kintsugi_core::grant::Scope;
use kintsugi_core::paths::Paths;
use kintsugi_core::protocol::{PendingItem, Request};
use kintsugi_core::vault::operation::{Approval, Operation};
use serde::Serialize;
use uuid::Uuid;

use super::pending::Sought;
use super::{Resolved, deny, grants, pending};
use crate::card::Card;
use crate::client::Client;
use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::terminal::{Terminal, Woken};
use crate::{admin, gate, surroundings};

/// Arguments of `kintsugi approve`.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct Approve {
    /// The hold, by any unambiguous beginning of its id; without one, all of them are shown one after another
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// Allows it once; this is what is meant without any other
    #[arg(long, conflicts_with_all = ["span", "session", "project", "times"])]
    once: bool,
    /// Allows it for this long: 90s, 30m, 2h
    #[arg(long = "for", value_name = "TIME", value_parser = span)]
    span: Option<u64>,
    /// Allows it this many times in all, 1,000 at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1_000))]
    times: Option<u32>,
    /// Allows it in this session of the agent
    #[arg(long)]
    session: bool,
    /// Allows it anywhere in this project
    #[arg(long)]
    project: bool,
    /// Allows whatever has the same effects, not these bytes alone
    #[arg(long)]
    effect: bool,
    /// Why, for the log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Approves with the admin's password, from whatever terminal this is
    #[arg(long)]
    admin: bool,
    /// Prints what was approved as one line of JSON
    #[arg(long)]
    json: bool,
}

/// Reads a time span, in milliseconds.
fn span(text: &str) -> Result<u64, String> {
    let hint = "give a time: 90s, 30m, 2h";
    let unit = text.chars().last().ok_or(hint)?;
    let number: u64 = text
        .strip_suffix(unit)
        .and_then(|number| number.parse().ok())
        .filter(|number| *number > 0)
        .ok_or(hint)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        _ => return Err(hint.to_owned()),
    };
    number
        .checked_mul(seconds * 1_000)
        .ok_or_else(|| hint.to_owned())
}

impl Approve {
    /// Approves exactly what is held under the id now, or walks through what is held.
    ///
    /// # Errors
    /// When no hold has the id, or the daemon does not take an approval from here.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        let paths = surroundings::paths()?;
        let Some(id) = &self.id else {
            return walk(&paths, console);
        };
        let scope = self.scope()?;
        let (mut client, item) = match pending::seek(&paths, id)? {
            (client, Sought::Held(item)) => (client, *item),
            (mut client, Sought::Denied(id)) => {
                return self.take_back(&mut client, (&paths, id), console);
            }
        };
        if self.admin {
            let approval = self.approval(item.id(), item.content_hash.clone(), scope);
            admin::authorize_on(&mut client, &paths, &approval)?;
        } else {
            approve(&mut client, &item, scope, self.reason.as_deref())?;
        }
        if self.json {
            console.json(&Resolved::new("allow", &item))?;
            return Ok(Exit::Allowed);
        }
        let word = console.out_paint.tone(Tone::Good, "approved");
        let command = clip(&escape(&item.command.raw), console.out_columns.max(40) - 18);
        let short = pending::short(&item.id());
        writeln!(console.out, "{word} {short} {command}")?;
        if scope.is_some() {
            tell_grant(&paths, &mut client, &item, console)?;
        }
        Ok(Exit::Allowed)
    }

    fn approval(&self, id: Uuid, content_hash: Option<String>, scope: Option<Scope>) -> Operation {
        Operation::Approve(Approval {
            id,
            content_hash,
            reason: self.reason.clone(),
            scope,
        })
    }

    /// Takes back that a hold was denied. Nothing runs by that: it is held when it is proposed again.
    fn take_back(
        &self,
        client: &mut Client,
        (paths, id): (&Paths, Uuid),
        console: &mut Console,
    ) -> Result<Exit, Failure> {
        let scope = self.scope()?;
        if self.admin {
            admin::authorize_on(client, paths, &self.approval(id, None, scope))?;
        } else {
            let request = |code| Request::Approve {
                id,
                content_hash: None,
                code,
                scope,
                reason: self.reason.clone(),
            };
            gate::with_code(|code| client.ask(&request(code)))?;
        }
        if self.json {
            console.json(&TakenBack {
                version: super::JSON_VERSION,
                id,
                allowed_again: true,
            })?;
            return Ok(Exit::Allowed);
        }
        let word = console.out_paint.tone(Tone::Good, "taken back");
        writeln!(
            console.out,
            "{word} the denial of {}: proposed again, it is held again",
            pending::short(&id)
        )?;
        Ok(Exit::Allowed)
    }

    /// What is allowed beyond this once; nothing when it is once.
    fn scope(&self) -> Result<Option<Scope>, Failure> {
        if self.span.is_none() && self.times.is_none() && !self.session && !self.project {
            if self.effect {
                let message = "`--effect` says what, and not for how long";
                return Err(Failure::new(Exit::Usage, message)
                    .hint("add `--for 30m`, `--times 5`, `--session` or `--project`"));
            }
            return Ok(None);
        }
        Ok(Some(Scope {
            for_ms: self.span,
            // The approval itself is one of them.
            uses: self.times.map(|times| times.saturating_sub(1)),
            session: self.session,
            project: self.project,
            effect: self.effect,
        }))
    }
}

/// What `--json` prints for a denial that was taken back.
#[derive(Debug, Serialize)]
struct TakenBack {
    version: u32,
    id: Uuid,
    allowed_again: bool,
}

/// Says what the grant of a hold reaches.
fn tell_grant(
    paths: &Paths,
    client: &mut Client,
    item: &PendingItem,
    console: &mut Console,
) -> Result<(), Failure> {
    let made = grants::fetch(client)?.holding;
    if let Some(grant) = made.iter().rev().find(|grant| grant.from == item.id()) {
        let short = pending::short(&grant.id);
        writeln!(
            console.out,
            "granted as {short}: `kintsugi grants revoke {short}` ends it"
        )?;
        grants::tell_past(&grants::past(paths, grant)?, console)?;
    }
    Ok(())
}

/// Approves a hold; types the code that the daemon shows, when it asks for one.
///
/// # Errors
/// When the daemon does not take an approval from here.
pub fn approve(
    client: &mut Client,
    item: &PendingItem,
    scope: Option<Scope>,
    reason: Option<&str>,
) -> Result<(), Failure> {
    let request = |code| Request::Approve {
        id: item.id(),
        content_hash: item.content_hash.clone(),
        code,
        scope,
        reason: reason.map(str::to_owned),
    };
    gate::with_code(|code| client.ask(&request(code)))
}

/// What a person answers to one card.
enum Choice {
    Approve,
    Deny,
    NotNow,
    Quit,
    /// The terminal is gone.
    Gone,
}

/// Shows what is held, one card at a time, and carries each answer to the daemon. Whatever is no clear answer is "not now".
fn walk(paths: &Paths, console: &mut Console) -> Result<Exit, Failure> {
    let mut client = gate::reconnect(paths)?;
    let items = pending::fetch(&mut client)?;
    if items.is_empty() {
        let quiet = console.err_paint.tone(Tone::Quiet, "nothing is held");
        writeln!(console.err, "{quiet}")?;
    }
    for item in items {
        let choice = {
            let mut terminal = Terminal::open().map_err(|error| {
                Failure::new(
                    Exit::Failed,
                    format!("there is no terminal to ask on: {error}"),
                )
                .hint("`kintsugi approve ID` approves one of `kintsugi pending`")
            })?;
            choose(&mut terminal, &item, console)?
        };
        let short = pending::short(&item.id());
        let done = match choice {
            Choice::Approve => approve(&mut client, &item, None, None).map(|()| "approved"),
            Choice::Deny => deny::deny(&mut client, &item, None).map(|()| "denied"),
            Choice::NotNow => Ok("not now"),
            Choice::Quit => return Ok(Exit::Allowed),
            Choice::Gone => {
                let message = format!("the terminal went away at the prompt: {short} stays held");
                return Err(Failure::new(Exit::Denied, message)
                    .hint("`kintsugi approve` at another terminal goes on"));
            }
        };
        match done {
            Ok(word) => writeln!(console.out, "{word} {short}")?,
            // Somebody else answered first, or this is no place to answer: the next one may be another matter.
            Err(failure) => console.fail(&failure),
        }
        console.out.flush()?;
    }
    Ok(Exit::Allowed)
}

fn choose(
    terminal: &mut Terminal,
    item: &PendingItem,
    console: &Console,
) -> Result<Choice, Failure> {
    /// Longest wait for a key in one turn.
    const TURN: Duration = Duration::from_secs(60);

    let title = format!("{} is held", pending::short(&item.id()));
    let card = Card::of_pending(item);
    let text = card.render(&title, &[], terminal.columns(), console.err_paint);
    terminal.write_all(text.replace('\n', "\r\n").as_bytes())?;
    for attempt in &item.attempts {
        write!(terminal, "{}\r\n", escape(attempt))?;
    }
    if !terminal.drain()? {
        return Ok(Choice::NotNow);
    }
    let question = "y run it once, d deny, n next, q quit; any other key: not now ";
    write!(
        terminal,
        "{}",
        console.err_paint.tone(Tone::Strong, question)
    )?;
    loop {
        let choice = match terminal.wait(None, TURN)? {
            Woken::Key(b'y' | b'Y') => Choice::Approve,
            Woken::Key(b'd' | b'D') => Choice::Deny,
            // Ctrl-C and Ctrl-D are keys here.
            Woken::Key(b'q' | b'Q' | 3 | 4) => Choice::Quit,
            Woken::HungUp => return Ok(Choice::Gone),
            Woken::Key(_) => Choice::NotNow,
            Woken::TimedOut | Woken::Other => continue,
        };
        write!(terminal, "\r\n")?;
        return Ok(choice);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time_are_read_or_refused() {
        assert_eq!(span("90s"), Ok(90_000));
        assert_eq!(span("30m"), Ok(1_800_000));
        assert_eq!(span("2h"), Ok(7_200_000));
        for wrong in ["", "m", "0m", "2w", "-2h", "99999999999999999999h", "é"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }
}
