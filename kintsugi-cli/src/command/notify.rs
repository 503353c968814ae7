//! `kintsugi notify`: tells a person that something waits for them, and never takes their answer.
//!
//! Whatever could answer a notification, an agent of the same user could answer as well; so it says what to type elsewhere.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::Args;
use kintsugi_core::display::{clip, escape};
use kintsugi_core::paths::Paths;
use kintsugi_core::protocol::{PendingItem, Request, Response};
use uuid::Uuid;

use super::pending;
use crate::client::{Client, ClientError};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::{gate, surroundings};

/// How long a hold is left alone, since whoever caused it may be at the terminal and answer; what comes meanwhile is told
/// together.
const GRACE: Duration = Duration::from_secs(1);

/// Longest silence of the daemon that is waited for in one go.
const TURN: Duration = Duration::from_secs(3600);

/// Columns of the command that are told.
const COLUMNS: usize = 120;

/// Arguments of `kintsugi notify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Without a channel: the desktop, tmux and the terminal, as far as they are there. Runs until the daemon \
                  ends. To have the daemon keep it running, in `daemon.toml` beside the policy:\n  [[helper]]\n  \
                  name = \"notify\"\n  command = [\"/usr/local/bin/kintsugi\", \"notify\", \"--desktop\"]"
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct Notify {
    /// Runs this with `sh -c`: `KINTSUGI_HELD` is how many wait, `KINTSUGI_ID`, `KINTSUGI_COMMAND`, `KINTSUGI_REASON` and
    /// `KINTSUGI_AGENT` describe the newest
    #[arg(long, value_name = "COMMAND")]
    command: Option<String>,
    /// A notification of the desktop (notify-send)
    #[arg(long)]
    desktop: bool,
    /// A message in every client of tmux, and the number in its option `@kintsugi_held` for the status line
    #[arg(long)]
    tmux: bool,
    /// The bell, OSC 9 and OSC 777 on this terminal
    #[arg(long)]
    terminal: bool,
    /// Tells an example through the channels, and ends
    #[arg(long)]
    test: bool,
}

/// What is told.
#[derive(Debug)]
struct Notice {
    held: usize,
    id: String,
    command: String,
    reason: String,
    agent: String,
}

impl Notice {
    fn of(newest: &PendingItem, held: usize) -> Self {
        Self {
            held,
            id: pending::short(&newest.id()),
            command: clip(&escape(&newest.command.raw), COLUMNS),
            reason: escape(&newest.reason),
            agent: escape(&newest.command.agent),
        }
    }

    fn title(&self) -> String {
        match self.held {
            1 => "Kintsugi holds a command".to_owned(),
            held => format!("Kintsugi holds {held} commands"),
        }
    }

    fn words(&self) -> String {
        format!(
            "{}: {} (kintsugi approve {})",
            self.agent, self.command, self.id
        )
    }
}

impl Notify {
    /// Tells of every hold until the daemon ends.
    ///
    /// # Errors
    /// When there is no daemon, or no channel.
    pub fn run(mut self, console: &mut Console) -> Result<Exit, Failure> {
        self.choose()?;
        if self.test {
            let notice = Notice {
                held: 1,
                id: "0123abcd".to_owned(),
                command: "git push --force".to_owned(),
                reason: "this is only a test".to_owned(),
                agent: "nobody".to_owned(),
            };
            self.tell(&notice, console);
            return Ok(Exit::Allowed);
        }
        let paths = surroundings::paths()?;
        let mut events = Client::connect(&paths.socket).map_err(|error| gate::refused(&error))?;
        let kinds = ["hold", "resolution"].map(str::to_owned).to_vec();
        events
            .send(&Request::Subscribe {
                from_seq: None,
                kinds,
            })
            .map_err(|error| gate::refused(&error))?;
        let mut told = BTreeSet::new();
        loop {
            self.look(&paths, &mut told, console)?;
            match events.reply_within(TURN) {
                Ok(_) => settle(&mut events)?,
                Err(ClientError::TimedOut(_)) => {}
                Err(error) => return Err(gate::refused(&error)),
            }
        }
    }

    /// Tells of what is held and was not told before.
    fn look(
        &self,
        paths: &Paths,
        told: &mut BTreeSet<Uuid>,
        console: &mut Console,
    ) -> Result<(), Failure> {
        let asked =
            Client::connect(&paths.socket).and_then(|mut daemon| daemon.ask(&Request::ListPending));
        let items = match asked {
            Ok(Response::PendingList { items }) => items,
            Ok(other) => return Err(gate::unexpected(&other)),
            Err(error) => return Err(gate::refused(&error)),
        };
        let held: BTreeSet<Uuid> = items.iter().map(PendingItem::id).collect();
        told.retain(|id| held.contains(id));
        if self.tmux {
            count_in_tmux(held.len());
        }
        if held.is_subset(told) {
            return Ok(());
        }
        if let Some(newest) = items.iter().rfind(|item| !told.contains(&item.id())) {
            self.tell(&Notice::of(newest, held.len()), console);
        }
        told.extend(held);
        Ok(())
    }

    /// Takes what is there when nothing was named.
    fn choose(&mut self) -> Result<(), Failure> {
        if self.command.is_some() || self.desktop || self.tmux || self.terminal {
            return Ok(());
        }
        let bus = std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some();
        self.desktop = bus && is_there("notify-send");
        self.tmux = std::env::var_os("TMUX").is_some();
        self.terminal = std::io::stdout().is_terminal();
        if self.desktop || self.tmux || self.terminal {
            return Ok(());
        }
        let failure = Failure::new(
            Exit::Failed,
            "there is no desktop, no tmux and no terminal to tell anybody by",
        );
        Err(failure.hint("name a command with `--command`"))
    }

    /// Tells it through every channel. One that fails must not keep the others from it.
    fn tell(&self, notice: &Notice, console: &mut Console) {
        let mut failed = Vec::new();
        if let Some(command) = &self.command {
            let mut own = Command::new("sh");
            own.args(["-c", command])
                .env("KINTSUGI_HELD", notice.held.to_string())
                .env("KINTSUGI_ID", &notice.id)
                .env("KINTSUGI_COMMAND", &notice.command)
                .env("KINTSUGI_REASON", &notice.reason)
                .env("KINTSUGI_AGENT", &notice.agent);
            failed.extend(
                ended(own)
                    .err()
                    .map(|error| format!("`{command}`: {error}")),
            );
        }
        if self.desktop {
            let mut desktop = Command::new("notify-send");
            desktop.args(["--app-name=Kintsugi", "--urgency=critical", "--"]);
            desktop.args([notice.title(), notice.words()]);
            failed.extend(
                ended(desktop)
                    .err()
                    .map(|error| format!("`notify-send`: {error}")),
            );
        }
        if self.tmux {
            failed.extend(
                message_in_tmux(notice)
                    .err()
                    .map(|error| format!("`tmux`: {error}")),
            );
        }
        if self.terminal {
            // BEL; OSC 9 (iTerm2, WezTerm, Windows Terminal, Ghostty); OSC 777 (urxvt, Ghostty, Warp).
            let words = notice.words().replace(';', ",");
            let said = write!(
                console.out,
                "\x07\x1b]9;{words}\x07\x1b]777;notify;{};{words}\x07{}: {words}\r\n",
                notice.title(),
                notice.title()
            );
            failed.extend(
                said.and_then(|()| console.out.flush())
                    .err()
                    .map(|error| error.to_string()),
            );
        }
        for failure in failed {
            // Nobody else is there to be told.
            drop(writeln!(console.err, "kintsugi: warning: {failure}"));
        }
    }
}

/// Lets the grace pass; what is recorded meanwhile is looked at together afterwards.
fn settle(events: &mut Client) -> Result<(), Failure> {
    let over = std::time::Instant::now() + GRACE;
    loop {
        let left = over.saturating_duration_since(std::time::Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        match events.reply_within(left) {
            Ok(_) => {}
            Err(ClientError::TimedOut(_)) => return Ok(()),
            Err(error) => return Err(gate::refused(&error)),
        }
    }
}

fn message_in_tmux(notice: &Notice) -> std::io::Result<()> {
    // `#` begins a format there, tmux(1) FORMATS.
    let words = format!("{}: {}", notice.title(), notice.words()).replace('#', "##");
    let clients = Command::new("tmux")
        .args(["list-clients", "-F", "#{client_name}"])
        .output()?;
    for client in String::from_utf8_lossy(&clients.stdout).lines() {
        let mut message = Command::new("tmux");
        message.args(["display-message", "-c", client, "-d", "8000", "--", &words]);
        ended(message)?;
    }
    Ok(())
}

/// Leaves the number where a status line can show it. tmux may not run at all.
fn count_in_tmux(held: usize) {
    let mut count = Command::new("tmux");
    count.args(["set-option", "-g", "@kintsugi_held", &held.to_string()]);
    drop(ended(count));
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// Runs a program to its end, without a word of its own.
fn ended(mut program: Command) -> std::io::Result<()> {
    let status = program
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(std::io::Error::other(status.to_string()))
    }
}
