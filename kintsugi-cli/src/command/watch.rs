//! `kintsugi watch`: what changes in places, whoever changes it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use kintsugi_core::display::escape;
use kintsugi_core::protocol::{Burst, Change, ChildState, Status};
use serde::Serialize;

use super::{JSON_VERSION, status};
use crate::client::Client;
use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::watch::{Audience, IGNORED, Opened, Options, Reporter, Told, Watcher};
use crate::{gate, surroundings};

/// Arguments of `kintsugi watch`.
#[derive(Debug, Args)]
#[command(
    after_help = "Without a PATH it says what the daemon watches. The daemon keeps a watcher running over the places that \
                  `daemon.toml`, beside the policy, names; a mass change there that no decision explains is an `incident` in \
                  the log, a problem in `kintsugi status`, and told as `kintsugi notify` tells:\n  [watch]\n  places = \
                  [\"~/work\"]\n  removed = 25         # from so many on; 0: never\n  overwritten = 200\n  ignored = \
                  [\"node_modules\"]  # in place of the usual ones\n\nWhat a PATH changes while this runs is printed, and recorded, and held \
                  against nothing."
)]
pub struct Watch {
    /// Directories to watch from here until it is interrupted; one that is not there yet is waited for
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Does not enter directories of this name, or of `above/name`, in place of `node_modules`, `target`, `.git` and the like
    #[arg(long, value_name = "NAME")]
    ignore: Vec<String>,
    /// Ends a burst after this pause, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(10..=60_000))]
    settle: u64,
    /// Prints one line of JSON a burst
    #[arg(long)]
    json: bool,
    /// From so many removed names on it is looked for who did it
    #[arg(long, hide = true, value_name = "COUNT", default_value_t = 25)]
    removed: u64,
    /// From so many files written over
    #[arg(long, hide = true, value_name = "COUNT", default_value_t = 200)]
    overwritten: u64,
    /// Says what it does on standard error, as the daemon takes it
    #[arg(long, hide = true)]
    supervised: bool,
}

impl Watch {
    /// Watches, or says what is watched.
    ///
    /// # Errors
    /// When nothing can be watched, or there is nobody to ask.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        let paths = surroundings::paths()?;
        if self.paths.is_empty() {
            let daemon = Client::connect(&paths.socket);
            let mut daemon = daemon.map_err(|error| gate::refused(&error))?;
            let status = status::fetch(&mut daemon)?;
            return self.tell(&status, console);
        }
        let here = surroundings::directory()?;
        let places = self.paths.iter().map(|path| Path::new(&here).join(path));
        let ignored = match self.ignore.as_slice() {
            [] => IGNORED.map(str::to_owned).to_vec(),
            [nothing] if nothing.is_empty() => Vec::new(),
            names => names.to_vec(),
        };
        let watcher = Watcher::new(Options {
            places: places.collect(),
            ignored,
            pause: Duration::from_millis(self.settle),
            removed: self.removed,
            overwritten: self.overwritten,
            memory: self
                .supervised
                .then(|| paths.observations.with_extension("seen")),
        });
        let watcher = watcher.map_err(|why| Failure::new(Exit::Failed, why))?;
        let mut teller = Teller {
            reporter: Reporter::new(paths.socket, paths.observations),
            rescued: paths.rescued,
            json: self.json,
            supervised: self.supervised,
            console,
        };
        watcher.run(&mut teller)?;
        Ok(Exit::Allowed)
    }

    /// Says what the daemon watches.
    fn tell(&self, status: &Status, console: &mut Console) -> Result<Exit, Failure> {
        let watch = status.children.iter().find(|child| child.name == "watch");
        if self.json {
            console.json(&Watched {
                version: JSON_VERSION,
                running: watch.is_some_and(|watch| watch.state == ChildState::Running),
                says: watch.and_then(|watch| watch.says.as_deref()),
                restarts: watch.map_or(0, |watch| watch.restarts),
            })?;
            return Ok(Exit::Allowed);
        }
        writeln!(console.out, "{}", escape(&line(status)))?;
        Ok(Exit::Allowed)
    }
}

/// Returns what the daemon watches, in one line for a person.
pub(super) fn line(status: &Status) -> String {
    let Some(watch) = status.children.iter().find(|child| child.name == "watch") else {
        return "nothing: name places in `daemon.toml`, see `kintsugi watch --help`".to_owned();
    };
    match (watch.state, &watch.says) {
        (ChildState::Running, Some(says)) => says.clone(),
        (ChildState::Running, None) => "begins".to_owned(),
        (ChildState::Pausing, _) => "nothing now: it ended, and is started again".to_owned(),
    }
}

/// What `--json` prints of what is watched.
#[derive(Debug, Serialize)]
struct Watched<'a> {
    version: u32,
    running: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    says: Option<&'a str>,
    restarts: u64,
}

/// What `--json` prints of a burst.
#[derive(Debug, Serialize)]
struct Printed<'a> {
    version: u32,
    alarm: bool,
    kept: bool,
    #[serde(flatten)]
    burst: &'a Burst,
}

/// Tells the daemon, and whoever looks.
struct Teller<'a> {
    reporter: Reporter,
    rescued: PathBuf,
    json: bool,
    supervised: bool,
    console: &'a mut Console,
}

impl Audience for Teller<'_> {
    fn burst(&mut self, burst: Burst, top: &Path, opened: &Opened) -> io::Result<()> {
        let told = self.reporter.tell(burst.clone());
        if matches!(told, Ok(Told::Alarm)) && !opened.is_empty() {
            let to = self.rescued.join(burst.id.to_string());
            if let Err(error) = opened.keep(top, &to) {
                let to = to.display();
                self.say(&format!(
                    "alarm: open files cannot be kept in `{to}`: {error}"
                ));
            }
        }
        if let Err(error) = &told {
            self.say(&format!("a burst is not recorded: {error}"));
        }
        if self.supervised {
            return Ok(());
        }
        if self.json {
            let printed = Printed {
                version: JSON_VERSION,
                alarm: matches!(told, Ok(Told::Alarm)),
                kept: matches!(told, Ok(Told::Kept)),
                burst: &burst,
            };
            serde_json::to_writer(&mut self.console.out, &printed)?;
            writeln!(self.console.out)?;
        } else {
            self.print(&burst)?;
        }
        self.console.out.flush()
    }

    fn watching(&mut self, line: &str) -> io::Result<()> {
        let word = if self.supervised { "says:" } else { "watching" };
        self.say(&format!("{word} {line}"));
        Ok(())
    }
}

impl Teller<'_> {
    /// Says something that is no burst. Whoever does not listen to standard error is told of bursts all the same.
    fn say(&mut self, what: &str) {
        let whose = if self.supervised { "" } else { "kintsugi: " };
        drop(writeln!(self.console.err, "{whose}{}", escape(what)));
    }

    fn print(&mut self, burst: &Burst) -> io::Result<()> {
        let paint = self.console.out_paint;
        let tone = if burst.removed > 0 {
            Tone::Warn
        } else {
            Tone::Strong
        };
        let counts = paint.tone(tone, burst.counts());
        let out = &mut self.console.out;
        writeln!(out, "{}  {counts}", escape(&burst.place))?;
        for example in &burst.examples {
            let word = match example.change {
                Change::Created => "created",
                Change::Modified => "modified",
                Change::Removed => "removed",
                Change::Renamed => "renamed",
            };
            let word = paint.tone(Tone::Quiet, format!("{word:<9}"));
            writeln!(out, "  {word}{}", escape(&example.path))?;
        }
        for one in &burst.processes {
            let line = if one.line.is_empty() {
                &one.name
            } else {
                &one.line
            };
            let label = paint.tone(Tone::Quiet, "there    ");
            writeln!(out, "  {label}process {}: {}", one.pid, escape(line))?;
        }
        Ok(())
    }
}
