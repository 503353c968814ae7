//! One round: every gate is tried, and only what has gone dark is said. The daemon starts it, and takes its words into the log.
//!
//! Dark is a gate that let the probe through, did not answer in time, or does not call the hook any more although it once did.
//! One that nobody ever wired is not dark. What agents start by themselves, and did not when somebody last looked, is told once. A
//! round writes nothing but its notes.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use kintsugi_core::display::escape;
use kintsugi_core::paths::Paths;
use serde::{Deserialize, Serialize};

use super::probe::Seen;
use super::started::{self, Started};
use super::{probe, projects, setup};
use crate::agent::Host;
use crate::client::Client;
use crate::command::notify;
use crate::command::setup::Gate;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::{gate, private_file, surroundings};

/// How long before the last look a command may have been let run whose work showed only after it.
pub(super) const APPROVED_BEFORE_MS: u64 = 10 * 60 * 1_000;

/// What a round leaves for the next one, and for the daemon.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Notes {
    /// The version that made it.
    version: String,
    /// When it ended, in milliseconds since 1970.
    at: u64,
    /// Whether nothing was dark.
    well: bool,
    /// The gates that were seen to refuse.
    alive: BTreeSet<String>,
    /// What agents start by themselves; nothing before somebody first looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    started: Option<BTreeSet<String>>,
    /// When that was looked at, in milliseconds since 1970.
    #[serde(default)]
    looked: u64,
}

/// Who hears of it, beside whoever reads standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Tell {
    /// Nobody.
    Nobody,
    /// The person, by the desktop and tmux.
    Person,
}

/// Tries every gate.
///
/// # Errors
/// When there is no daemon to ask; then nothing was found out.
pub(super) fn run(tell: Tell, console: &mut Console) -> Result<Exit, Failure> {
    let paths = surroundings::paths()?;
    Client::connect(&paths.socket).map_err(|error| gate::refused(&error))?;
    let before = read(&paths.rounds);
    let mut alive = BTreeSet::new();
    let mut dark = BTreeSet::new();
    for one in setup::gates()? {
        let name = one.name.to_owned();
        let was_alive = before.alive.contains(&name);
        let why = match &one.line {
            Err(why) => (was_alive || one.was_written).then(|| why.to_string()),
            Ok(line) => why_dark(&probe(&paths, &name, line)),
        };
        if was_alive || (one.line.is_ok() && why.is_none()) {
            alive.insert(name);
        }
        dark.extend(why.map(|why| words(&one, &why)));
    }
    let (started, mut new) = news(&paths, &before);
    new.extend(projects::news(&paths).iter().map(|place| say(place)));
    let notes = Notes {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        at: now(),
        well: dark.is_empty(),
        alive,
        started: Some(started.into_keys().collect()),
        looked: now(),
    };
    let told: BTreeSet<String> = dark.iter().cloned().chain(new).collect();
    private_file::write(&paths.rounds, &serde_json::to_string(&notes)?)?;
    for what in &told {
        writeln!(console.err, "alarm: {what}")?;
    }
    if tell == Tell::Person && !told.is_empty() {
        notify::alarm(&told, console);
    }
    Ok(if told.is_empty() {
        Exit::Allowed
    } else {
        Exit::Failed
    })
}

/// Returns what agents start by themselves, and in words what is new of it.
fn news(paths: &Paths, before: &Notes) -> (Started, Vec<String>) {
    let home = surroundings::home().unwrap_or_default();
    let started = started::look(Path::new(&home));
    let Some(known) = &before.started else {
        return (started, Vec::new());
    };
    // What was let run shortly before the last look may have been written shortly after it.
    let since = before.looked.saturating_sub(APPROVED_BEFORE_MS);
    let new = started::news(paths, &started, known, since);
    let new = new.iter().map(|place| say(place)).collect();
    (started, new)
}

fn say(place: &str) -> String {
    let place = escape(place);
    format!(
        "an agent starts something new by itself, and no hook hears of it: {place}; take it out unless you know it"
    )
}

/// Returns what is new since somebody last looked; nothing where nobody has.
pub(super) fn unknown(paths: &Paths) -> (usize, Vec<String>) {
    let before = read(&paths.rounds);
    let (started, _) = news(paths, &Notes::default());
    let since = before.looked.saturating_sub(APPROVED_BEFORE_MS);
    let new = before
        .started
        .map(|known| started::news(paths, &started, &known, since));
    let (in_projects, new_in_projects) = projects::unknown(paths);
    let mut new = new.unwrap_or_default();
    new.extend(new_in_projects);
    (started.len() + in_projects, new)
}

/// Takes what agents start now as known: their person has just looked through it, with `kintsugi setup`.
pub(in crate::command) fn remember(paths: &Paths) -> std::io::Result<()> {
    let before = read(&paths.rounds);
    let (started, _) = news(paths, &Notes::default());
    let notes = Notes {
        started: Some(started.into_keys().collect()),
        looked: now(),
        ..before
    };
    projects::remember(paths)?;
    private_file::write(&paths.rounds, &serde_json::to_string(&notes)?)
}

/// Forgets which gates were alive: their person has taken them away.
pub(in crate::command) fn forget(paths: &Paths) {
    // Where there is nothing, nothing is expected either.
    drop(std::fs::remove_file(&paths.rounds));
    drop(std::fs::remove_file(&paths.projects));
}

fn why_dark(seen: &Seen) -> Option<String> {
    match seen {
        // A shell whose start-up asks something, a machine without `sh`: no sign of either.
        Seen::Refused(_) | Seen::Unknown(_) => None,
        Seen::CameThrough => Some("a command that must be refused came through".to_owned()),
        Seen::Late(after) => Some(format!(
            "no answer within {} s, so the tool would run",
            after.as_secs()
        )),
    }
}

fn words(gate: &Gate, why: &str) -> String {
    let title = Host::named(gate.name).map_or(gate.name, |host| host.title);
    let why = escape(why);
    format!("the gate of {title} has gone dark: {why}; `kintsugi doctor` says more")
}

fn read(path: &Path) -> Notes {
    let text = std::fs::read(path).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
}
