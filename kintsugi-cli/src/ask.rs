//! The question at the prompt: the card, then one key, while an answer from elsewhere counts as well.

use std::io::Write as _;
use std::time::Duration;

use kintsugi_core::display::escape;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::{PendingStatus, Resolution, Response, Verdict};

use crate::card::Card;
use crate::client::Client;
use crate::console::{Paint, Tone};
use crate::exit::Failure;
use crate::gate::{self, AWAIT_TURN, Settled};
use crate::terminal::{Terminal, Woken};
use kintsugi_core::paths::Paths;

/// Who may say yes here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// The person at this terminal.
    YesOrNo,
    /// Nobody: an agent may be typing. Any key refuses; yes is said elsewhere.
    NoOnly,
}

/// How the question ended.
enum Reply {
    Yes,
    No,
    Elsewhere(PendingStatus),
}

/// Shows the card of a hold on the terminal, asks, and returns what follows.
///
/// # Errors
/// When terminal or daemon fail: the command must not run.
pub fn ask(
    terminal: &mut Terminal,
    paths: &Paths,
    command: &ProposedCommand,
    verdict: &Verdict,
    offer: Offer,
) -> Result<Settled, Failure> {
    let paint = paint();
    show(terminal, command, verdict, paint)?;
    let mut waiting = gate::reconnect(paths)?;
    waiting
        .send(&gate::await_request(command, AWAIT_TURN))
        .map_err(|error| gate::refused(&error))?;
    let reply = answer(terminal, &mut waiting, command, offer, paint)?;
    let settled = match reply {
        Reply::Yes => gate::resolve(paths, command, Resolution::Allow)?,
        Reply::No => gate::resolve(paths, command, Resolution::Deny)?,
        Reply::Elsewhere(status) => gate::settle(paths, command, status)?,
    };
    let word = match (&reply, &settled) {
        (Reply::Elsewhere(_), Settled::Run) => paint.tone(Tone::Good, "approved elsewhere"),
        (_, Settled::Run) => paint.tone(Tone::Good, "approved"),
        (Reply::Elsewhere(_), _) => paint.tone(Tone::Bad, "denied elsewhere"),
        (_, _) => paint.tone(Tone::Bad, "denied"),
    };
    write!(terminal, "{word}\r\n")?;
    Ok(settled)
}

/// A terminal is painted unless the person does not want it.
fn paint() -> Paint {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    if refused { Paint::Plain } else { Paint::Colour }
}

fn show(
    terminal: &mut Terminal,
    command: &ProposedCommand,
    verdict: &Verdict,
    paint: Paint,
) -> Result<(), Failure> {
    let id = escape(&super::command::pending::short(&command.id));
    let elsewhere = format!("elsewhere: kintsugi approve {id}, or kintsugi deny {id}");
    let card = Card::of_verdict(command, verdict);
    let text = card.render(
        "kintsugi holds this command",
        &[elsewhere],
        terminal.columns(),
        paint,
    );
    Ok(terminal.write_all(text.replace('\n', "\r\n").as_bytes())?)
}

/// Waits for a key or for an answer from elsewhere. Whatever is not a clear yes is a no.
fn answer(
    terminal: &mut Terminal,
    waiting: &mut Client,
    command: &ProposedCommand,
    offer: Offer,
    paint: Paint,
) -> Result<Reply, Failure> {
    /// A wait without news: the connection is looked at again.
    const PAUSE: Duration = Duration::from_secs(60);

    if !terminal.drain()? {
        return Ok(Reply::No);
    }
    // The question appears when keys begin to count, and not before.
    let question = match offer {
        Offer::YesOrNo => "run it? [y/N] ",
        Offer::NoOnly => "waiting for an answer from elsewhere; any key denies ",
    };
    write!(terminal, "{}", paint.tone(Tone::Strong, question))?;
    loop {
        let daemon = std::os::fd::AsFd::as_fd(&*waiting);
        match terminal.wait(Some(daemon), PAUSE)? {
            Woken::Key(b'y' | b'Y') if offer == Offer::YesOrNo => return Ok(Reply::Yes),
            Woken::Key(_) | Woken::HungUp => return Ok(Reply::No),
            Woken::TimedOut => {}
            Woken::Other => {
                if let Some(status) = news(waiting, command)? {
                    return Ok(Reply::Elsewhere(status));
                }
            }
        }
    }
}

/// Reads what the daemon says about the hold; asks again when it only says that nothing happened.
fn news(waiting: &mut Client, command: &ProposedCommand) -> Result<Option<PendingStatus>, Failure> {
    waiting.fill().map_err(|error| gate::refused(&error))?;
    let reply = waiting
        .take_reply()
        .map_err(|error| gate::refused(&error))?;
    match reply {
        None => Ok(None),
        Some(Response::Pending {
            status: PendingStatus::Pending,
        }) => {
            waiting
                .send(&gate::await_request(command, AWAIT_TURN))
                .map_err(|error| gate::refused(&error))?;
            Ok(None)
        }
        Some(Response::Pending { status }) => Ok(Some(status)),
        Some(other) => Err(gate::unexpected(&other)),
    }
}
