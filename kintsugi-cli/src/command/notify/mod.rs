//! `kintsugi notify`: tells a person that something waits for them, and never takes their answer.
//!
//! Whatever could answer a notification, an agent of the same user could answer as well; so it says what to type elsewhere, and
//! a click opens a terminal that asks.

mod channels;
mod desktop;
pub(super) mod settings;

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use clap::Args;
use kintsugi_core::display::{clip, escape};
use kintsugi_core::paths::Paths;
use kintsugi_core::protocol::{PendingItem, Request, Response};
use uuid::Uuid;

use self::channels::{at_terminal, by_command, count_in_tmux, in_tmux};
use self::desktop::Desktop;
use super::pending;
use crate::client::{Client, ClientError};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::{gate, surroundings};

/// How long a hold is left alone, since whoever caused it may be at the terminal and answer; what comes meanwhile is told
/// together.
const GRACE: Duration = Duration::from_secs(1);

/// Least time from one notice to the next, so that a flood of holds is not one of notices.
const GAP: Duration = Duration::from_secs(5);

/// Longest silence of the daemon that is waited for in one go.
const TURN: Duration = Duration::from_secs(3600);

/// Columns of the command that are told.
const COLUMNS: usize = 120;

/// Arguments of `kintsugi notify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Without a channel: the command of the settings, the desktop, tmux and the terminal, as far as they are there. Runs until \
                  the daemon ends. In `daemon.toml` beside the policy, this names a command, and has the daemon keep this running from its \
                  next start on:\n  [notify]\n  command = \"my-notifier \\\"$KINTSUGI_COMMAND\\\"\"\nWithout a command, or with other channels, this \
                  keeps it running:\n  [[helper]]\n  name = \"notify\"\n  \
                  command = [\"/usr/local/bin/kintsugi\", \"notify\", \"--desktop\"]\n  heartbeat_seconds = 600\n\
                  The last line has it ended and started again when nothing was heard of it for so long."
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct Notify {
    /// Runs this with `sh -c`, 10 s at most: `KINTSUGI_HELD` is how many wait, `KINTSUGI_ID`, `KINTSUGI_COMMAND`,
    /// `KINTSUGI_REASON` and `KINTSUGI_AGENT` describe the newest; of an incident there is the reason alone
    #[arg(long, value_name = "COMMAND")]
    command: Option<String>,
    /// A notification of the desktop; a click opens a terminal that asks
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
#[derive(Debug, Default)]
struct Notice {
    held: usize,
    id: String,
    command: String,
    reason: String,
    agent: String,
    /// In a few words.
    title: String,
    /// In one line.
    words: String,
}

impl Notice {
    fn of(newest: &PendingItem, held: usize) -> Self {
        let id = pending::short(&newest.id());
        let command = clip(&escape(&newest.command.raw), COLUMNS);
        let agent = escape(&newest.command.agent);
        Self {
            title: match held {
                1 => "Kintsugi holds a command".to_owned(),
                held => format!("Kintsugi holds {held} commands"),
            },
            words: format!("{agent}: {command} (kintsugi approve {id})"),
            reason: escape(&newest.reason),
            held,
            id,
            command,
            agent,
        }
    }

    fn alarm(what: &str) -> Self {
        let what = escape(what);
        Self {
            title: "Kintsugi: a person must look".to_owned(),
            words: what.clone(),
            reason: what,
            ..Self::default()
        }
    }
}

/// Tells of what is wrong by the desktop and tmux, as far as they are there.
pub(super) fn alarm(all: &BTreeSet<String>, console: &mut Console) {
    let mut notify = Notify::without_channels();
    // Without a channel the log and `kintsugi status` say it.
    if notify.choose().is_err() {
        return;
    }
    notify.terminal = false;
    let mut channels = Channels::default();
    for what in all {
        channels.tell(&notify, &Notice::alarm(what), console);
    }
}

/// What stays open from one notice to the next.
#[derive(Debug, Default)]
struct Channels {
    desktop: Option<Desktop>,
    /// When somebody was told last.
    told: Option<Instant>,
}

impl Channels {
    /// Tells it through every channel. One that fails must not keep the others from it.
    fn tell(&mut self, to: &Notify, notice: &Notice, console: &mut Console) {
        self.told = Some(Instant::now());
        let mut failed = Vec::new();
        let mut note = |channel: &str, done: std::io::Result<()>| {
            failed.extend(done.err().map(|error| format!("`{channel}`: {error}")));
        };
        if let Some(command) = &to.command {
            note(command, by_command(command, notice));
        }
        if to.desktop {
            note("desktop", self.on_desktop(notice));
        }
        if to.tmux {
            note("tmux", in_tmux(notice));
        }
        if to.terminal {
            let is_inside = std::env::var_os("TMUX").is_some();
            note("terminal", at_terminal(notice, is_inside, &mut console.out));
        }
        for failure in failed {
            // Nobody else is there to be told.
            drop(writeln!(console.err, "kintsugi: warning: {failure}"));
        }
    }

    fn on_desktop(&mut self, notice: &Notice) -> std::io::Result<()> {
        let mut desktop = match self.desktop.take() {
            Some(desktop) => desktop,
            None => Desktop::connect()?,
        };
        let hold = Some(notice.id.as_str()).filter(|id| !id.is_empty());
        desktop.show(&notice.title, &notice.words, hold)?;
        // One that failed is connected to anew the next time.
        self.desktop = Some(desktop);
        Ok(())
    }

    /// Takes back what is shown, since nothing is held any more.
    fn withdraw(&mut self) {
        let withdrawn = self.desktop.as_mut().map(Desktop::withdraw);
        if matches!(withdrawn, Some(Err(_))) {
            self.desktop = None;
        }
    }

    /// How long nothing may be told yet.
    fn pause(&self) -> Duration {
        let since = self.told.map_or(GAP, |told| told.elapsed());
        GRACE.max(GAP.saturating_sub(since))
    }
}

impl Notify {
    /// Tells of every hold until the daemon ends.
    ///
    /// # Errors
    /// When there is no daemon, or no channel.
    pub fn run(mut self, console: &mut Console) -> Result<Exit, Failure> {
        let paths = surroundings::paths()?;
        if !self.names_a_channel() {
            self.command = settings::command(&paths).map_err(|error| {
                let failure = Failure::new(Exit::Failed, format!("{error:#}"));
                failure.hint("mend it; `kintsugi notify --help` shows what it may say")
            })?;
            self.choose()?;
        }
        if self.test {
            let notice = Notice {
                held: 1,
                id: "0123abcd".to_owned(),
                command: "git push --force".to_owned(),
                reason: "this is only a test".to_owned(),
                agent: "nobody".to_owned(),
                title: "Kintsugi holds a command".to_owned(),
                words: "nobody: git push --force (this is only a test)".to_owned(),
            };
            Channels::default().tell(&self, &notice, console);
            return Ok(Exit::Allowed);
        }
        let mut events = Client::connect(&paths.socket).map_err(|error| gate::refused(&error))?;
        let kinds = ["hold", "resolution", "incident"]
            .map(str::to_owned)
            .to_vec();
        events
            .send(&Request::Subscribe {
                from_seq: None,
                kinds,
            })
            .map_err(|error| gate::refused(&error))?;
        let mut told = BTreeSet::new();
        let mut channels = Channels::default();
        let heartbeat = heartbeat();
        loop {
            self.look(&paths, &mut told, &mut channels, console)?;
            if heartbeat.is_some() {
                writeln!(console.err, "alive")?;
            }
            match events.reply_within(heartbeat.unwrap_or(TURN)) {
                Ok(event) => {
                    let mut alarms = BTreeSet::new();
                    alarms.extend(incident(event));
                    settle(&mut events, channels.pause(), &mut alarms)?;
                    for what in &alarms {
                        channels.tell(&self, &Notice::alarm(what), console);
                    }
                }
                Err(ClientError::TimedOut(_)) => {}
                Err(error) => return Err(gate::refused(&error)),
            }
        }
    }

    const fn without_channels() -> Self {
        Self {
            command: None,
            desktop: false,
            tmux: false,
            terminal: false,
            test: false,
        }
    }

    /// Tells of what is held and was not told before.
    fn look(
        &self,
        paths: &Paths,
        told: &mut BTreeSet<Uuid>,
        channels: &mut Channels,
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
        if held.is_empty() {
            channels.withdraw();
        }
        if held.is_subset(told) {
            return Ok(());
        }
        if let Some(newest) = items.iter().rfind(|item| !told.contains(&item.id())) {
            channels.tell(self, &Notice::of(newest, held.len()), console);
        }
        told.extend(held);
        Ok(())
    }

    const fn names_a_channel(&self) -> bool {
        self.command.is_some() || self.desktop || self.tmux || self.terminal
    }

    /// Takes what is there.
    fn choose(&mut self) -> Result<(), Failure> {
        self.desktop = Desktop::connect().is_ok();
        self.tmux = std::env::var_os("TMUX").is_some();
        self.terminal = std::io::stdout().is_terminal();
        if self.names_a_channel() {
            return Ok(());
        }
        let failure = Failure::new(
            Exit::Failed,
            "there is no desktop, no tmux and no terminal to tell anybody by",
        );
        Err(failure.hint("name a command with `--command`, or in the settings; `kintsugi notify --help` says how"))
    }
}

/// Returns how long nothing may be said at most, when the daemon that keeps this running wants to hear that it does not hang.
fn heartbeat() -> Option<Duration> {
    let seconds = std::env::var("KINTSUGI_HEARTBEAT_SECONDS").ok()?;
    let seconds: u64 = seconds.parse().ok()?;
    // Twice in the time that it has, and the notices in between take a little of it.
    Some(Duration::from_secs(seconds).min(TURN) / 2)
}

/// Returns what an event says that a person must look at.
fn incident(event: Response) -> Option<String> {
    let Response::Event { record } = event else {
        return None;
    };
    let is_incident = record.get("kind").and_then(|kind| kind.as_str()) == Some("incident");
    let what = record.get("what").filter(|_| is_incident)?.as_str()?;
    Some(what.to_owned())
}

/// Lets the pause pass; what is recorded meanwhile is looked at together afterwards.
fn settle(
    events: &mut Client,
    pause: Duration,
    alarms: &mut BTreeSet<String>,
) -> Result<(), Failure> {
    let over = Instant::now() + pause;
    loop {
        let left = over.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        match events.reply_within(left) {
            Ok(event) => alarms.extend(incident(event)),
            Err(ClientError::TimedOut(_)) => return Ok(()),
            Err(error) => return Err(gate::refused(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_holds_is_no_flood_of_notices() {
        let mut channels = Channels::default();
        assert_eq!(channels.pause(), GRACE);
        channels.told = Some(Instant::now());
        assert!(channels.pause() > GRACE && channels.pause() <= GAP);
    }
}
