//! `kintsugi setup`: finds the agents and shells of this home, and puts the guard in front of each.

mod document;
mod hosts;
mod ledger;

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use kintsugi_core::display::escape;
use serde::Serialize;

use self::hosts::{File, Wanted};
use self::ledger::{Entry, Ledger, Since};
use super::{JSON_VERSION, doctor, init};
use crate::agent::Host;
use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::{elsewhere, managed_block, surroundings};
use kintsugi_core::quote::quote;

/// Arguments of `kintsugi setup`.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
#[derive(Debug, Args)]
#[command(
    after_help = "What is found is told by its directory in your home; `kintsugi hook --help` lists every host. Ends with 0 \
                  when all of it is as it should be, with 1 when a file is not or was left alone: said with its name, and \
                  nothing of it changed."
)]
pub struct Setup {
    /// Shows what would be written, and writes nothing
    #[arg(long, conflicts_with_all = ["undo", "check"])]
    dry_run: bool,
    /// Says whether everything that is found is wired as it should be; ends with 1 when not
    #[arg(long, conflicts_with = "undo")]
    check: bool,
    /// Puts every file back as it was
    #[arg(long)]
    undo: bool,
    /// Only these hosts and shells
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// Prints one line of JSON a file
    #[arg(long)]
    json: bool,
}

/// How a file is, or what was done with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// As it should be.
    Wired,
    /// To be written.
    Missing,
    /// Written now.
    Written,
    /// As it was before.
    PutBack,
    /// Changed since; only our part was taken out.
    TakenOut,
    /// Left alone, for a reason.
    Left(String),
}

/// An agent or a shell, and the line by which its hook is called.
#[derive(Debug)]
pub(super) struct Gate {
    /// Its name.
    pub(super) name: &'static str,
    /// The line, as a shell reads it; or why there is none.
    pub(super) line: Result<String, NoLine>,
    /// What is left for the person to do.
    pub(super) then: Option<&'static str>,
    /// Whether `kintsugi setup` wired it, and was not told to undo that.
    pub(super) was_written: bool,
}

/// Why a gate has no line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoLine {
    /// Its file does not have it.
    #[error("`{0}` does not call the hook")]
    NotCalled(String),
    /// Its file cannot be read or changed as it is.
    #[error("`{path}`: {why}")]
    LeftAlone {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
}

impl NoLine {
    /// Returns what to do about it.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::NotCalled(_) => "`kintsugi setup` wires it",
            Self::LeftAlone { .. } => "mend that file; then `kintsugi setup` wires it",
        }
    }
}

/// Returns the gates of everything that is found.
pub(super) fn gates() -> Result<Vec<Gate>, Failure> {
    let files = found()?;
    let ledger = ledger()?;
    let gate = |file: &File| Gate {
        name: file.host,
        line: line_of(file),
        then: file.then,
        was_written: ledger.files.iter().any(|entry| is_of(entry, file)),
    };
    let mut gates: Vec<Gate> = Vec::new();
    for gate in files.iter().map(gate) {
        let is_same = |other: &Gate| other.name == gate.name && other.line == gate.line;
        // The same line in another file of the same host needs no second probe.
        if gate.line.is_err() || !gates.iter().any(is_same) {
            gates.push(gate);
        }
    }
    Ok(gates)
}

/// Wires everything that is found and can be wired.
pub(super) fn wire_all() -> Result<(), Failure> {
    let mut ledger = ledger()?;
    for file in found()? {
        wire(&file, &mut ledger, true);
    }
    Ok(())
}

/// Returns the line that `file` has for its host, when it is as it should be.
fn line_of(file: &File) -> Result<String, NoLine> {
    let path = || file.path.display().to_string();
    let old = read(&file.path);
    let as_wanted = old.and_then(|old| Ok((wired(old.as_deref(), &file.wanted)?, old)));
    let (wanted, old) = as_wanted.map_err(|why| NoLine::LeftAlone { path: path(), why })?;
    if old != Some(wanted) {
        return Err(NoLine::NotCalled(path()));
    }
    Ok(match &file.wanted {
        Wanted::Elements(elements) => elements
            .iter()
            .find_map(|element| document::command(&document::plain(&element.value)))
            .unwrap_or_default(),
        Wanted::Own {
            line: Some(line), ..
        }
        | Wanted::Table { line, .. } => line.clone(),
        Wanted::Own { .. } => quote(&file.path.display().to_string()),
        Wanted::Block(_) => String::new(),
    })
}

fn ledger() -> Result<Ledger, Failure> {
    let paths = surroundings::paths()?;
    Ledger::read(&paths.data).map_err(|error| {
        let message = format!("cannot read what an earlier setup wrote: {error}");
        let directory = paths.data.join("setup");
        Failure::new(Exit::Failed, message).hint(format!("look into `{}`", directory.display()))
    })
}

/// Returns the files of what is found, of shells and of hosts.
fn found() -> Result<Vec<File>, Failure> {
    let home = surroundings::home().map(PathBuf::from).ok_or_else(|| {
        Failure::new(Exit::Failed, "no home directory whose name is UTF-8").hint("set `HOME`")
    })?;
    let own = surroundings::program()?;
    let shells = init::startup_blocks(&own).into_iter();
    let mut files: Vec<File> = shells
        .map(|(host, path, block)| File {
            host,
            path,
            wanted: Wanted::Block(block),
            then: None,
        })
        .collect();
    files.extend(hosts::found(&home, &own.with_file_name("kintsugi-hook")));
    Ok(files)
}

/// Makes `file` as it should be; says only what would be done when not told to `write`.
fn wire(file: &File, ledger: &mut Ledger, write: bool) -> State {
    let changed = read(&file.path).and_then(|old| {
        let new = wired(old.as_deref(), &file.wanted)?;
        Ok((old.as_deref() != Some(new.as_str())).then_some(new))
    });
    match changed {
        Err(why) => State::Left(why),
        Ok(None) => State::Wired,
        Ok(Some(_)) if !write => State::Missing,
        Ok(Some(new)) => {
            let executable = matches!(
                file.wanted,
                Wanted::Own {
                    executable: true,
                    ..
                }
            );
            match ledger.write(&file.path, &new, executable) {
                Ok(()) => State::Written,
                Err(error) => State::Left(error.to_string()),
            }
        }
    }
}

impl Setup {
    /// Does what the arguments say.
    ///
    /// # Errors
    /// When this home or the ledger cannot be read. A file that cannot be changed is said, and the others are done.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        let mut ledger = ledger()?;
        let mut files = found()?;
        files.retain(|file| self.only.is_empty() || self.only.iter().any(|name| name == file.host));
        if self.undo {
            if !ledger.files.is_empty() {
                crate::admin::permit_unhooking("kintsugi setup --undo")?;
            }
            return self.put_back(&files, &mut ledger, console);
        }
        if let Some(name) = self.only.iter().find(|name| !is_known(name)) {
            let name = escape(name);
            let message = format!("`{name}` is no agent or shell that Kintsugi knows by that name");
            return Err(Failure::new(Exit::Usage, message).hint(
                "`kintsugi hook --help` lists the agents, `kintsugi init --help` the shells",
            ));
        }
        if files.is_empty() {
            let which = match self.only.as_slice() {
                [] => "neither an agent nor a shell to guard".to_owned(),
                names => format!("no settings of {} in this home", names.join(", ")),
            };
            let failure = Failure::new(Exit::Failed, format!("found {which}"));
            return Err(
                failure.hint("`kintsugi hook --help` lists the hosts, `kintsugi init` the shells")
            );
        }
        let mut exit = Exit::Allowed;
        for file in &files {
            let state = wire(file, &mut ledger, !self.check && !self.dry_run);
            if matches!(state, State::Left(_)) || (self.check && state != State::Wired) {
                exit = Exit::Failed;
            }
            self.say(file, &state, console)?;
        }
        if !self.check && !self.dry_run {
            let paths = surroundings::paths()?;
            elsewhere::note(&paths).context("cannot note where the daemon was looked for")?;
            doctor::remember(&paths).with_context(|| {
                format!("cannot note what was wired in {}", paths.rounds.display())
            })?;
        }
        if !self.check && !self.dry_run && !self.json {
            let hint = "each begins with its next session; `kintsugi doctor --fix` tries each, and `kintsugi setup --undo` puts all of it back";
            writeln!(console.err, "{hint}")?;
        }
        Ok(exit)
    }

    fn put_back(
        &self,
        files: &[File],
        ledger: &mut Ledger,
        console: &mut Console,
    ) -> Result<Exit, Failure> {
        let mut exit = Exit::Allowed;
        let paths = surroundings::paths()?;
        doctor::forget(&paths);
        if ledger.files.is_empty() && !self.json {
            writeln!(
                console.err,
                "`kintsugi setup` has written nothing here that is not put back already"
            )?;
        }
        for entry in ledger.files.clone().into_iter().rev() {
            let file = files.iter().find(|file| is_of(&entry, file));
            if file.is_none() && !self.only.is_empty() {
                continue;
            }
            let state = undo(&entry, file, ledger);
            if matches!(state, State::Left(_)) {
                exit = Exit::Failed;
            }
            let shown = File {
                host: file.map_or("", |file| file.host),
                path: entry.path.clone(),
                wanted: Wanted::Elements(Vec::new()),
                then: None,
            };
            self.say(&shown, &state, console)?;
        }
        if ledger.files.is_empty() {
            elsewhere::forget(&paths);
        }
        Ok(exit)
    }

    fn say(&self, file: &File, state: &State, console: &mut Console) -> Result<(), Failure> {
        if self.json {
            console.json(&Line {
                version: JSON_VERSION,
                name: file.host,
                path: &file.path,
                state,
                then: file.then,
            })?;
            return Ok(());
        }
        let (tone, word) = match state {
            State::Wired => (Tone::Good, "wired"),
            State::Missing => (Tone::Warn, "missing"),
            State::Written => (Tone::Good, "written"),
            State::PutBack => (Tone::Good, "put back"),
            State::TakenOut => (Tone::Warn, "taken out"),
            State::Left(_) => (Tone::Bad, "left alone"),
        };
        let word = console.out_paint.tone(tone, format!("{word:<10}"));
        let title = Host::named(file.host).map_or(file.host, |host| host.title);
        let path = escape(&file.path.display().to_string());
        writeln!(console.out, "{word} {title:<18} {path}")?;
        if let State::Left(why) = state {
            writeln!(console.out, "           {}", escape(why))?;
        }
        if self.dry_run && *state == State::Missing {
            for line in shown(&file.wanted).lines() {
                writeln!(console.out, "           + {}", escape(line))?;
            }
        }
        if let Some(then) = file.then.filter(|_| !matches!(state, State::Left(_))) {
            writeln!(console.out, "           {then}")?;
        }
        Ok(())
    }
}

/// Whether it names something that is wired, whether or not this home has it.
fn is_known(name: &str) -> bool {
    let mut shells = init::startup_files();
    Host::named(name).is_some() || shells.any(|(shell, _)| shell == name)
}

/// One line of `--json`.
#[derive(Debug, Serialize)]
struct Line<'a> {
    version: u32,
    name: &'a str,
    path: &'a Path,
    state: &'a State,
    #[serde(skip_serializing_if = "Option::is_none")]
    then: Option<&'a str>,
}

/// Whether `entry` is of `file`, whose path may be a link.
fn is_of(entry: &Entry, file: &File) -> bool {
    let resolved = || file.path.canonicalize();
    file.path == entry.path || resolved().is_ok_and(|path| path == entry.path)
}

fn read(path: &Path) -> Result<Option<String>, String> {
    // A pipe would be waited for, and a link to nothing would be gone once its file is put back.
    match path.metadata() {
        Ok(found) if !found.is_file() && !found.is_dir() => {
            return Err("it is no file: put one in its place, or remove it".to_owned());
        }
        Err(error) if error.kind() == ErrorKind::NotFound && path.is_symlink() => {
            return Err(
                "it is a link to what is not there: make that, or remove the link".to_owned(),
            );
        }
        Ok(_) | Err(_) => {}
    }
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

fn wired(old: Option<&str>, wanted: &Wanted) -> Result<String, String> {
    let text = old.unwrap_or_default();
    match wanted {
        Wanted::Own { text, .. } => Ok(text.clone()),
        Wanted::Elements(elements) => {
            document::with(text, elements).map_err(|error| error.to_string())
        }
        Wanted::Block(block) => managed_block::with(text, Some(block))
            .ok_or_else(|| "its kintsugi block is not whole".to_owned()),
        Wanted::Table { block, .. } => {
            let with = managed_block::with(text, Some(block));
            let with = with.ok_or_else(|| "its kintsugi block is not whole".to_owned())?;
            // What is no TOML already, and what would be none: an array `hooks` that is written in one line.
            for (text, why) in [
                (text, "it is not TOML"),
                (&with, "a table `hooks` does not fit"),
            ] {
                toml::from_str::<toml::Table>(text)
                    .map_err(|error| format!("{why}: {}", error.message()))?;
            }
            Ok(with)
        }
    }
}

fn undo(entry: &Entry, file: Option<&File>, ledger: &mut Ledger) -> State {
    let done = ledger.since(entry).and_then(|since| match (since, file) {
        (Since::Same, _) => {
            ledger.put_back(entry)?;
            Ok(State::PutBack)
        }
        (Since::Changed, Some(file)) => take_out(entry, file),
        (Since::Changed, None) => Ok(State::Left(
            "it was changed since; take it out by hand".into(),
        )),
    });
    match done {
        Err(error) => State::Left(error.to_string()),
        Ok(State::Left(why)) => State::Left(why),
        Ok(state) => match ledger.forget(entry) {
            Ok(()) => state,
            Err(error) => State::Left(error.to_string()),
        },
    }
}

/// Takes our part out of a file that somebody changed since.
fn take_out(entry: &Entry, file: &File) -> std::io::Result<State> {
    let text = match std::fs::read_to_string(&entry.path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(State::TakenOut),
        read => read?,
    };
    let without = match &file.wanted {
        Wanted::Elements(elements) => document::without(&text, elements).ok(),
        Wanted::Block(_) | Wanted::Table { .. } => managed_block::with(&text, None),
        Wanted::Own { .. } => None,
    };
    let Some(without) = without else {
        return Ok(State::Left(
            "it was changed since; take it out by hand".into(),
        ));
    };
    managed_block::replace(&entry.path, &without)?;
    Ok(State::TakenOut)
}

/// What a person is shown of what would be written.
fn shown(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Own { text, .. } | Wanted::Block(text) => text.clone(),
        Wanted::Table { block, .. } => block.clone(),
        Wanted::Elements(elements) => {
            let line = |element: &hosts::Element| {
                format!(
                    "{}: {}",
                    element.path.join("."),
                    document::plain(&element.value)
                )
            };
            elements.iter().map(line).collect::<Vec<_>>().join("\n")
        }
    }
}
