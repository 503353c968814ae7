//! `kintsugi admin`: the vault of whoever provisions this machine.

use std::io::Write as _;

use clap::{Args, Subcommand};
use kintsugi_core::audit::record::{Body, Peer};
use kintsugi_core::display::escape;
use kintsugi_core::paths::Paths;
use kintsugi_core::protocol::VaultStatus;
use kintsugi_core::vault::Vault;
use kintsugi_core::vault::challenge::Wanted;
use kintsugi_core::vault::keys::{RecoveryKey, Root};
use kintsugi_core::vault::operation::{Candidate, Operation, Setting};
use kintsugi_core::vault::parameters::Bounded;
use kintsugi_core::vault::transcript::arguments_hash;
use serde::Serialize;
use zeroize::Zeroizing;

use super::status;
use crate::admin::{self, derive, files, making, passphrase, prompt};
use crate::client::Client;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::records::{Directory, Records};
use crate::terminal::Terminal;
use crate::{gate, surroundings};

/// How often somebody may choose another password before this ends.
const TRIES: usize = 5;

/// Arguments of `kintsugi admin`.
#[derive(Debug, Args)]
pub struct Admin {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Sets the admin's password; from then on stopping, loosening and removing need it
    Init,
    /// Says how the vault stands
    Status {
        /// Prints it as one line of JSON
        #[arg(long)]
        json: bool,
    },
    /// Changes the password
    Passwd,
    /// Sets a new password with the recovery key, and makes a new recovery key
    Recover,
    /// Sets what the policy files cannot override: `mode` and `threshold`
    Set {
        /// Which
        #[arg(value_name = "KEY", value_parser = ["mode", "threshold"])]
        key: String,
        /// To what; `file` leaves it to the policy files again
        #[arg(value_name = "VALUE")]
        value: String,
    },
    /// Shows who tried to be the admin, and what the admin did
    Log {
        /// Prints one line of JSON for each record
        #[arg(long)]
        json: bool,
    },
}

impl Admin {
    /// Does what was asked.
    ///
    /// # Errors
    /// When it was not done.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        let paths = surroundings::paths()?;
        match self.action {
            Action::Init => init(&paths, console),
            Action::Status { json } => show(&paths, json, console),
            Action::Passwd => passwd(&paths, console),
            Action::Recover => recover(&paths, console),
            Action::Set { key, value } => {
                let setting = Setting { key, value };
                let said = format!("{} is now {}", setting.key, escape(&setting.value));
                admin::authorize(&paths, &Operation::Set(setting))?;
                writeln!(console.out, "{said}")?;
                Ok(Exit::Allowed)
            }
            Action::Log { json } => log(&paths, json, console),
        }
    }
}

fn init(paths: &Paths, console: &mut Console) -> Result<Exit, Failure> {
    let mut client = gate::reconnect(paths)?;
    match status::fetch(&mut client)?.vault {
        VaultStatus::None => {}
        VaultStatus::Locked => {
            return Err(Failure::new(Exit::VaultRefused, "there is a vault already")
                .hint("`kintsugi admin passwd` changes its password, `kintsugi admin recover` replaces a forgotten one"));
        }
        VaultStatus::Degraded => return Err(degraded()),
    }
    let mut terminal = prompt::open()?;
    let password = choose_password(&mut terminal)?;
    let keys = files::first_keys(paths)?;
    let made = making::first(&password, &keys)?;
    hand_over(&mut terminal, &made.recovery_key)?;
    adopt(&mut client, paths, &made.vault, |client, candidate| {
        admin::authorize_on(client, paths, &Operation::Enrol(candidate))
    })?;
    pin(&mut client, paths)?;
    let firsts: Vec<u64> = keys.iter().map(|(first, _)| *first).collect();
    files::remove_first_keys(paths, &firsts)?;
    writeln!(
        console.out,
        "the vault is made: stopping the daemon, loosening the policy and removing anything need the password now"
    )?;
    tell_to_keep(paths, console)
}

/// Asks for a new password until one is good, twice; nothing typed means a generated one.
fn choose_password(terminal: &mut Terminal) -> Result<Zeroizing<Vec<u8>>, Failure> {
    for _ in 0..TRIES {
        let typed = prompt::optional(terminal, "new admin password (Enter for a generated one): ")?;
        let chosen = if typed.is_empty() {
            let phrase = passphrase::generated()?;
            prompt::say(terminal, "the password is:\n\n    ")?;
            prompt::say(terminal, &phrase)?;
            prompt::say(
                terminal,
                "\n\nkeep it where no program of yours can read it\n",
            )?;
            Zeroizing::new(phrase.as_bytes().to_vec())
        } else if let Some(weakness) = passphrase::weakness(&typed) {
            prompt::say(terminal, &format!("not that one: {weakness}\n"))?;
            continue;
        } else {
            typed
        };
        if *prompt::secret(terminal, "the same again: ")? == *chosen {
            return Ok(chosen);
        }
        prompt::say(terminal, "that was another one\n")?;
    }
    Err(Failure::new(Exit::VaultRefused, "no password was chosen").hint("nothing was changed"))
}

/// Shows the recovery key, once, and goes on when its last group was typed.
fn hand_over(terminal: &mut Terminal, key: &RecoveryKey) -> Result<(), Failure> {
    let text = key.text();
    prompt::say(
        terminal,
        "\nthe recovery key stands in for a forgotten password; it is shown this once:\n\n    ",
    )?;
    prompt::say(terminal, &text)?;
    prompt::say(terminal, "\n\nwrite it down and keep it elsewhere\n")?;
    let last = text.rsplit('-').next().unwrap_or_default();
    for _ in 0..TRIES {
        let typed = prompt::line(terminal, "its last group, to show that you have it: ")?;
        if typed.eq_ignore_ascii_case(last.as_bytes()) {
            return Ok(());
        }
        prompt::say(terminal, "that is not its last group\n")?;
    }
    Err(
        Failure::new(Exit::VaultRefused, "the recovery key was not kept")
            .hint("nothing was changed"),
    )
}

/// Remembers which daemon this is.
fn pin(client: &mut Client, paths: &Paths) -> Result<(), Failure> {
    let challenge = admin::begin(client, &Operation::Shutdown)?;
    let checked = admin::check(&challenge, &wanted(&Operation::Shutdown))?.ok_or_else(degraded)?;
    files::pin(paths, &checked.transcript.daemon)
}

fn degraded() -> Failure {
    Failure::new(Exit::VaultRefused, "the admin vault is not usable")
        .hint("`kintsugi status` says what is wrong with it; put its file back from a backup")
}

/// Lays a vault ready, and has the daemon take it.
fn adopt(
    client: &mut Client,
    paths: &Paths,
    vault: &Vault,
    ask: impl FnOnce(&mut Client, Candidate) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let name = files::lay_ready(paths, vault)?;
    ask(client, Candidate { name }).inspect_err(|_| files::clear_ready(paths))
}

/// Connects to the daemon and reads the vault that is to be replaced.
fn present(paths: &Paths) -> Result<(Client, Vault), Failure> {
    let mut client = gate::reconnect(paths)?;
    match status::fetch(&mut client)?.vault {
        VaultStatus::Locked => Ok((client, files::read_vault(paths)?)),
        VaultStatus::Degraded => Err(degraded()),
        VaultStatus::None => Err(Failure::new(Exit::VaultRefused, "there is no vault")
            .hint("`kintsugi admin init` makes one")),
    }
}

/// Proves an operation on the vault with a secret that is there already.
fn prove(
    client: &mut Client,
    paths: &Paths,
    operation: &Operation,
    root: &Root,
) -> Result<(), Failure> {
    let wanted = Wanted {
        pinned: files::pinned(paths)?,
        ..wanted(operation)
    };
    let challenge = admin::begin(client, operation)?;
    let checked = admin::check(&challenge, &wanted)?.ok_or_else(degraded)?;
    admin::prove(client, operation, &wanted, (&checked, root))
}

/// Has the daemon refuse a secret that is known to be wrong, so that it is counted and on record like every other guess.
fn confess(
    client: &mut Client,
    paths: &Paths,
    guess: fn(Candidate) -> Operation,
    root: &Root,
) -> Failure {
    let name = "00".repeat(32);
    let refused = prove(client, paths, &guess(Candidate { name }), root);
    refused.err().unwrap_or_else(making::damaged)
}

fn passwd(paths: &Paths, console: &mut Console) -> Result<Exit, Failure> {
    let (mut client, old) = present(paths)?;
    let mut terminal = prompt::open()?;
    let typed = prompt::secret(&mut terminal, "admin password: ")?;
    let salt = old.salt_bytes();
    let params = Bounded::check(old.params, &salt).map_err(|_| making::damaged())?;
    let before = derive::root(&typed, &salt, params)?;
    if !making::fits(&before, old.id, &old.public) {
        return Err(confess(&mut client, paths, Operation::Rotate, &before));
    }
    let password = choose_password(&mut terminal)?;
    let vault = making::with_password(&old, &before, &password)?;
    adopt(&mut client, paths, &vault, |client, candidate| {
        prove(client, paths, &Operation::Rotate(candidate), &before)
    })?;
    writeln!(console.out, "the admin's password is another one now")?;
    tell_to_keep(paths, console)
}

fn recover(paths: &Paths, console: &mut Console) -> Result<Exit, Failure> {
    let (mut client, old) = present(paths)?;
    let mut terminal = prompt::open()?;
    let before = Root::of_recovery(&admin::ask_recovery_key(&mut terminal)?);
    if !making::fits(&before, old.id, &old.recovery_public) {
        return Err(confess(&mut client, paths, Operation::Recover, &before));
    }
    let password = choose_password(&mut terminal)?;
    let made = making::recovered(&old, &before, &password)?;
    hand_over(&mut terminal, &made.recovery_key)?;
    adopt(&mut client, paths, &made.vault, |client, candidate| {
        prove(client, paths, &Operation::Recover(candidate), &before)
    })?;
    writeln!(
        console.out,
        "the password and the recovery key are others now"
    )?;
    tell_to_keep(paths, console)
}

fn tell_to_keep(paths: &Paths, console: &mut Console) -> Result<Exit, Failure> {
    writeln!(
        console.err,
        "kintsugi: hint: keep a copy of `{}` elsewhere: without it not even the password helps",
        files::vault_path(paths).display()
    )?;
    Ok(Exit::Allowed)
}

/// What a client wants of a challenge, less the daemon that it knows.
fn wanted(operation: &Operation) -> Wanted<'static> {
    Wanted {
        op: operation.name(),
        arguments: arguments_hash(&operation.arguments()),
        uid: rustix::process::geteuid().as_raw(),
        pinned: None,
    }
}

#[derive(Debug, Serialize)]
struct Report {
    version: u32,
    vault: VaultStatus,
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    known_daemon: Option<String>,
    problems: Vec<String>,
}

fn show(paths: &Paths, json: bool, console: &mut Console) -> Result<Exit, Failure> {
    let mut client = gate::reconnect(paths)?;
    let status = status::fetch(&mut client)?;
    let report = Report {
        version: super::JSON_VERSION,
        vault: status.vault,
        file: files::vault_path(paths).display().to_string(),
        known_daemon: files::pinned(paths)?.map(|key| data_encoding::HEXLOWER.encode(&key)),
        problems: status.problems,
    };
    if json {
        console.json(&report)?;
        return Ok(Exit::Allowed);
    }
    let said = match report.vault {
        VaultStatus::None => "none: `kintsugi admin init` makes one",
        VaultStatus::Locked => "locked: privileged operations need the password",
        VaultStatus::Degraded => "not usable: privileged operations are refused",
    };
    writeln!(console.out, "vault   {said}")?;
    writeln!(console.out, "file    {}", escape(&report.file))?;
    if let Some(key) = &report.known_daemon {
        writeln!(console.out, "daemon  {key}")?;
    }
    for problem in &report.problems {
        writeln!(console.err, "kintsugi: note: {}", escape(problem))?;
    }
    Ok(Exit::Allowed)
}

/// One line of `kintsugi admin log`.
#[derive(Debug, Serialize)]
struct Event {
    version: u32,
    seq: u64,
    ts: String,
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

fn log(paths: &Paths, json: bool, console: &mut Console) -> Result<Exit, Failure> {
    let mut records = Records::new(Directory::new(&paths.log), 0);
    while let Some(stored) = records.next_record()? {
        let Some((what, by)) = told(&stored.record.body) else {
            continue;
        };
        let event = Event {
            version: super::JSON_VERSION,
            seq: stored.record.seq,
            ts: stored.record.ts,
            what,
            by,
        };
        if json {
            console.json(&event)?;
        } else {
            let by = event.by.as_deref().unwrap_or_default();
            let line = format!("{} {:>6} {} {by}", event.ts, event.seq, event.what);
            writeln!(console.out, "{}", escape(line.trim_end()))?;
        }
    }
    Ok(Exit::Allowed)
}

/// Returns what a record says about the admin, and who it was; nothing when it is about something else.
fn told(body: &Body) -> Option<(String, Option<String>)> {
    let by = |peer: &Peer| {
        let program = peer.process.exe.as_deref().unwrap_or("?");
        Some(format!("by process {} ({program})", peer.process.pid))
    };
    if let Body::AuthAttempt { op, peer, early } = body {
        let early = match early {
            0 => String::new(),
            early => format!(", after {early} that came too early"),
        };
        Some((format!("attempt at {op}{early}"), by(peer)))
    } else if let Body::AuthResult { op, accepted, peer } = body {
        let word = if *accepted { "accepted" } else { "refused" };
        Some((format!("{op} {word}"), by(peer)))
    } else if let Body::Policy { what, .. } = body {
        let is_told = what != "read" && what != "paths";
        is_told.then(|| (what.clone(), None))
    } else if let Body::Redact { peer, reason, .. } = body {
        Some((format!("redact: {reason}"), by(peer)))
    } else if let Body::Prune { peer, reason, .. } = body {
        Some((format!("prune: {reason}"), by(peer)))
    } else if let Body::Incident { what, .. } = body {
        Some((format!("incident: {what}"), None))
    } else {
        None
    }
}
