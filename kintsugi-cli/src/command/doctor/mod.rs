//! `kintsugi doctor`: whether what stands between is really there, each part tried and not only looked at.

mod probe;
mod projects;
mod round;
mod started;

use std::io::Write;
use std::os::unix::fs::MetadataExt;

use clap::Args;
use kintsugi_core::audit::verify::{Options, verify};
use kintsugi_core::display::escape;
use kintsugi_core::paths::Paths;
use kintsugi_core::protocol::{ChildState, ModelState, Status, VaultStatus};
use serde::Serialize;

use self::probe::Seen;
pub(super) use self::projects::look as look_at_project;
use self::round::Tell;
pub(super) use self::round::{forget, remember};
use super::log::told;
use super::setup::{self, Gate};
use super::{JSON_VERSION, notify, status, watch};
use crate::agent::Host;
use crate::client::Client;
use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::records::Directory;
use crate::start::{self, connect_or_start};
use crate::{embedded, gate, policies, surroundings};

/// Arguments of `kintsugi doctor`.
#[derive(Debug, Args)]
#[command(
    after_help = "A probe is a command that must be refused, sent through the line that each agent and shell is \
                  configured with; its hold is denied at once. Ends with 1 when something is wrong.\n\nThe daemon starts the \
                  same by itself, ten minutes after its own start and then once a day: a gate that has gone dark is an \
                  `incident` in the log, a problem in `kintsugi status`, and told as `kintsugi notify` tells. In \
                  `daemon.toml` beside the policy:\n  [doctor]\n  every_hours = 24  # 0: never"
)]
pub struct Doctor {
    /// Starts the daemon and wires what is not
    #[arg(long)]
    fix: bool,
    /// Looks only, and sends no probe
    #[arg(long)]
    no_probe: bool,
    /// Prints one line of JSON a check
    #[arg(long)]
    json: bool,
    /// Tries the gates alone, and says nothing but what has gone dark, as the daemon takes it
    #[arg(long, hide = true, value_name = "WHO")]
    round: Option<Tell>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Grade {
    Good,
    Warning,
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    version: u32,
    name: String,
    grade: Grade,
    /// What was found.
    found: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl Check {
    fn new(name: &str, grade: Grade, found: impl Into<String>) -> Self {
        Self {
            version: JSON_VERSION,
            name: name.to_owned(),
            grade,
            found: found.into(),
            hint: None,
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl Doctor {
    /// Checks every part, and says each as soon as it is known.
    ///
    /// # Errors
    /// When there is not even a home to look at.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        if let Some(tell) = self.round {
            return round::run(tell, console);
        }
        self.check(console)
    }

    fn check(&self, console: &mut Console) -> Result<Exit, Failure> {
        let paths = surroundings::paths()?;
        let mut worst = Grade::Good;
        let mut say = |check: Check| {
            worst = worst.max(check.grade);
            self.show(&check, console)
        };
        say(programs()?)?;
        let daemon = self.daemon(&paths);
        let running = daemon.grade == Grade::Good;
        say(daemon)?;
        for check in still(&paths) {
            say(check)?;
        }
        for gate in self.gates()? {
            say(self.gate(&paths, &gate, running))?;
        }
        Ok(if worst == Grade::Bad {
            Exit::Failed
        } else {
            Exit::Allowed
        })
    }

    fn show(&self, check: &Check, console: &mut Console) -> Result<(), Failure> {
        if self.json {
            console.json(check)?;
        } else {
            print(check, console)?;
        }
        Ok(())
    }

    /// Whether a daemon answers, and is of this version.
    fn daemon(&self, paths: &Paths) -> Check {
        let asked = if self.fix {
            connect_or_start(paths).map_err(|error| gate::no_daemon(&error))
        } else {
            Client::connect(&paths.socket).map_err(|error| match start::not_at_socket(paths) {
                Some(error) => gate::no_daemon(&error),
                None => Failure::new(Exit::NoDaemon, error.to_string())
                    .hint("`kintsugi doctor --fix` starts one"),
            })
        };
        let mut client = match asked {
            Ok(client) => client,
            Err(failure) => {
                return Check {
                    hint: failure.hint,
                    ..Check::new("daemon", Grade::Bad, failure.message)
                };
            }
        };
        match status::fetch(&mut client) {
            Ok(status) => about(&status),
            // One is there, so none would be started.
            Err(failure) => Check {
                hint: failure.hint,
                ..Check::new("daemon", Grade::Bad, failure.message)
            },
        }
    }

    fn gates(&self) -> Result<Vec<Gate>, Failure> {
        if self.fix {
            setup::wire_all()?;
        }
        setup::gates()
    }

    /// Whether one agent or shell is wired, and refuses what must be refused.
    fn gate(&self, paths: &Paths, gate: &Gate, running: bool) -> Check {
        let name = gate.name;
        let line = match &gate.line {
            Err(why) => {
                return Check::new(name, Grade::Bad, why.to_string()).hint(why.hint());
            }
            Ok(line) => line,
        };
        if self.no_probe || !running {
            let why = if running {
                "wired, not tried"
            } else {
                "wired, not tried without a daemon"
            };
            return Check::new(name, Grade::Warning, why);
        }
        let seen = probe(paths, name, line);
        match seen {
            Seen::Refused(after) => {
                let found = format!("wired; refused a probe after {} ms", after.as_millis());
                let check = Check::new(name, Grade::Good, found);
                match gate.then {
                    Some(then) => check.hint(then),
                    None => check,
                }
            }
            Seen::CameThrough => Check::new(name, Grade::Bad, "a command that must be refused came through")
                .hint("start it anew; if that does not help, `kintsugi setup --undo` and `kintsugi setup`"),
            Seen::Late(after) => {
                let found = format!("no answer within {} s: the tool would run", after.as_secs());
                Check::new(name, Grade::Bad, found).hint("`kintsugi status` says whether the daemon answers")
            }
            Seen::Unknown(why) => Check::new(name, Grade::Warning, format!("wired, not tried: {why}")),
        }
    }
}

/// Sends a probe through the gate `name`, whose line is `line`.
fn probe(paths: &Paths, name: &str, line: &str) -> Seen {
    let home = surroundings::home().unwrap_or_else(|| "/".to_owned());
    match Host::named(name) {
        Some(host) => probe::host(paths, host, line, &home),
        None => probe::shell(paths, name),
    }
}

/// Whether the programs stand beside each other.
fn programs() -> Result<Check, Failure> {
    let own = surroundings::program()?;
    let missing: Vec<_> = ["kintsugi-hook", "kintsugi-daemon"]
        .into_iter()
        .filter(|name| !own.with_file_name(name).is_file())
        .collect();
    Ok(if missing.is_empty() {
        let found = format!("version {}, all three in place", env!("CARGO_PKG_VERSION"));
        Check::new("programs", Grade::Good, found)
    } else {
        let found = format!(
            "`{}` is not beside `{}`",
            missing.join("`, `"),
            own.display()
        );
        Check::new("programs", Grade::Bad, found).hint("install all three into one directory")
    })
}

fn about(status: &Status) -> Check {
    let found = format!(
        "answers; version {}, process {}, mode {}",
        status.version, status.pid, status.mode
    );
    if status.version != env!("CARGO_PKG_VERSION") {
        let check = Check::new("daemon", Grade::Warning, found);
        return check.hint("`kintsugi daemon restart` starts the version that is installed");
    }
    match status.problems.first() {
        Some(problem) => Check::new("daemon", Grade::Warning, problem.clone()),
        None => Check::new("daemon", Grade::Good, found),
    }
}

/// What is looked at without asking anybody.
fn still(paths: &Paths) -> Vec<Check> {
    let status = Client::connect(&paths.socket)
        .ok()
        .and_then(|mut client| status::fetch(&mut client).ok());
    vec![
        socket(paths),
        log(paths),
        vault(status.as_deref()),
        model(status.as_deref()),
        policy(),
        watched(status.as_deref()),
        notified(paths, status.as_deref()),
        started_by_agents(paths),
    ]
}

/// Whether agents start something by themselves that they did not when their person last looked.
fn started_by_agents(paths: &Paths) -> Check {
    let (count, new) = round::unknown(paths);
    if new.is_empty() {
        let found = format!("{count} servers, hooks and plugins of others, none new");
        return Check::new("agents", Grade::Good, found);
    }
    let found = format!("new, and no hook hears of it: {}", new.join(", "));
    Check::new("agents", Grade::Warning, found)
        .hint("take out what you do not know; `kintsugi setup` takes the rest as known")
}

/// Whether who is to be told by a command of their own is told.
fn notified(paths: &Paths, status: Option<&Status>) -> Check {
    let command = match notify::settings::command(paths) {
        Err(error) => return Check::new("notify", Grade::Bad, format!("{error:#}")),
        Ok(None) => {
            let found = "no command is set: `kintsugi notify --help` says how";
            return Check::new("notify", Grade::Good, found);
        }
        Ok(Some(command)) => command,
    };
    let found = format!("`{command}` runs for what is held");
    let Some(status) = status else {
        return Check::new("notify", Grade::Warning, "unknown without a daemon");
    };
    // A helper of the settings may tell by that command as well.
    match status.children.iter().find(|child| child.name == "notify") {
        Some(child) if child.state == ChildState::Pausing => {
            let why = child.last_error.clone().unwrap_or_default();
            Check::new("notify", Grade::Bad, format!("it does not run: {why}"))
                .hint("`kintsugi notify --test` tries the command")
        }
        Some(_) => Check::new("notify", Grade::Good, found),
        None => Check::new(
            "notify",
            Grade::Warning,
            format!("`{command}` is set, and not in force"),
        )
        .hint("`kintsugi daemon restart` reads the settings"),
    }
}

fn socket(paths: &Paths) -> Check {
    let shown = paths.socket.display();
    match std::fs::symlink_metadata(&paths.socket) {
        Err(error) => Check::new("socket", Grade::Warning, format!("`{shown}`: {error}")),
        Ok(metadata) if metadata.mode() & 0o002 != 0 => {
            let found = format!("`{shown}` is open to everybody");
            Check::new("socket", Grade::Bad, found).hint("`kintsugi daemon restart` makes it anew")
        }
        Ok(_) => Check::new(
            "socket",
            Grade::Good,
            format!("`{shown}`, closed to others"),
        ),
    }
}

fn log(paths: &Paths) -> Check {
    if !paths.log.exists() {
        return Check::new("log", Grade::Warning, "none yet: the first daemon makes it");
    }
    let report = verify(&Directory::new(&paths.log), Options::default());
    let (word, seq, reason) = told(&report.outcome);
    match reason {
        None => Check::new(
            "log",
            Grade::Good,
            format!("{} records, unaltered", report.records),
        ),
        Some(reason) => {
            let at = seq.map_or(String::new(), |seq| format!(" at record {seq}"));
            Check::new("log", Grade::Bad, format!("{word}{at}: {reason}"))
                .hint("keep the directory as it is; `kintsugi log verify` says more")
        }
    }
}

/// Whether a model that is asked for scores.
fn model(status: Option<&Status>) -> Check {
    let Some(status) = status else {
        return Check::new("model", Grade::Warning, "unknown without a daemon");
    };
    match &status.model {
        None => Check::new("model", Grade::Good, "none: the heuristic scores"),
        Some(model) if model.state == ModelState::Ready => {
            Check::new("model", Grade::Good, format!("{} scores", status.scorer))
        }
        Some(model) => {
            let why = model.last_error.as_deref().unwrap_or("it is being loaded");
            Check::new("model", Grade::Warning, format!("does not score: {why}"))
                .hint("the heuristic stands alone; `kintsugi model status` says more")
        }
    }
}

fn vault(status: Option<&Status>) -> Check {
    match status.map(|status| status.vault) {
        None => Check::new("vault", Grade::Warning, "unknown without a daemon"),
        Some(VaultStatus::None) => Check::new(
            "vault",
            Grade::Good,
            "none: whoever is you may stop the daemon",
        ),
        Some(VaultStatus::Locked) => Check::new("vault", Grade::Good, "locked"),
        Some(VaultStatus::Degraded) => {
            Check::new("vault", Grade::Bad, "it is not the one that was enrolled")
                .hint("`kintsugi status` says what is known")
        }
    }
}

fn watched(status: Option<&Status>) -> Check {
    let Some(status) = status else {
        return Check::new("watcher", Grade::Warning, "unknown without a daemon");
    };
    let found = watch::line(status);
    let watch = status.children.iter().find(|child| child.name == "watch");
    match watch {
        Some(watch) if watch.state == ChildState::Pausing => {
            let check = Check::new("watcher", Grade::Bad, found);
            check.hint(watch.last_error.clone().unwrap_or_default())
        }
        Some(_) | None => Check::new("watcher", Grade::Good, found),
    }
}

fn policy() -> Check {
    let judge = match embedded::judge() {
        Ok(judge) => judge,
        Err(failure) => return Check::new("policy", Grade::Bad, failure.message),
    };
    let Ok(paths) = surroundings::paths() else {
        return Check::new("policy", Grade::Bad, "no home directory");
    };
    let home = surroundings::home().unwrap_or_else(|| "/".to_owned());
    let read = policies::read(&judge, &paths, &home);
    match read.problems.first() {
        None => Check::new(
            "policy",
            Grade::Good,
            format!("{} files, understood", read.files.len()),
        ),
        Some(problem) => Check::new("policy", Grade::Bad, problem.clone())
            .hint("`kintsugi policy check` names file and line; the strictest holds meanwhile"),
    }
}

fn print(check: &Check, console: &mut Console) -> Result<(), Failure> {
    let (tone, word) = match check.grade {
        Grade::Good => (Tone::Good, "good"),
        Grade::Warning => (Tone::Warn, "warning"),
        Grade::Bad => (Tone::Bad, "bad"),
    };
    let word = console.out_paint.tone(tone, format!("{word:<8}"));
    let title = Host::named(&check.name).map_or(check.name.as_str(), |host| host.title);
    writeln!(console.out, "{word} {title:<18} {}", escape(&check.found))?;
    if let Some(hint) = &check.hint {
        writeln!(console.out, "                            {}", escape(hint))?;
    }
    Ok(())
}
