//! The question at the prompt: the card, then one key, while an answer from elsewhere counts as well.

use std::io::Write as _;
use std::time::Duration;

use kintsugi_core::display::escape;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::{PendingStatus, Request, Resolution, Response, Verdict};

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
    /// The same, and the line can be given back to be edited.
    YesNoOrEdit,
    /// Nobody: an agent may be typing. Any key refuses; yes is said elsewhere.
    NoOnly,
}

/// What a person made of a hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// It is settled, or left as it is.
    Settled(Settled),
    /// It is denied, and the person wants the line back to change it.
    Edit,
}

/// How the question ended.
enum Reply {
    Yes,
    No,
    Edit,
    Later,
    /// The terminal is gone.
    Gone,
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
) -> Result<Asked, Failure> {
    let paint = paint();
    let card = Card::of_verdict(command, verdict);
    let mut prompt = gate::reconnect(paths)?;
    let asking = |id| Request::Asking { id };
    // Should this process or its terminal end from here on, the hold is denied: an older daemon lets it wait instead.
    drop(prompt.ask(&asking(Some(command.id))));
    show(terminal, &card, paint)?;
    let mut waiting = gate::reconnect(paths)?;
    waiting
        .send(&gate::await_request(command, AWAIT_TURN))
        .map_err(|error| gate::refused(&error))?;
    let reply = answer(terminal, &mut waiting, &card, offer, paint)?;
    let settled = match reply {
        Reply::Yes => gate::resolve(paths, command, Resolution::Allow)?,
        Reply::No | Reply::Edit => gate::resolve(paths, command, Resolution::Deny)?,
        Reply::Gone => Settled::Denied("the terminal went away at the prompt".to_owned()),
        Reply::Later => {
            drop(prompt.ask(&asking(None)));
            Settled::Held
        }
        Reply::Elsewhere(status) => gate::settle(paths, command, status)?,
    };
    drop(prompt);
    let word = match (&reply, &settled) {
        // There is nobody to tell.
        (Reply::Gone, _) => return Ok(Asked::Settled(settled)),
        (Reply::Elsewhere(_), Settled::Run) => paint.tone(Tone::Good, "approved elsewhere"),
        (_, Settled::Run) => paint.tone(Tone::Good, "approved"),
        (Reply::Elsewhere(_), _) => paint.tone(Tone::Bad, "denied elsewhere"),
        (Reply::Edit, _) => paint.tone(Tone::Bad, "denied; here it is again"),
        (Reply::Later, _) => paint.tone(Tone::Warn, "left; once it is approved, run it again"),
        (_, _) => paint.tone(Tone::Bad, "denied"),
    };
    write!(terminal, "{word}\r\n")?;
    Ok(match reply {
        Reply::Edit => Asked::Edit,
        Reply::Yes | Reply::No | Reply::Gone | Reply::Later | Reply::Elsewhere(_) => {
            Asked::Settled(settled)
        }
    })
}

/// A terminal is painted unless the person does not want it.
fn paint() -> Paint {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    if refused { Paint::Plain } else { Paint::Colour }
}

fn show(terminal: &mut Terminal, card: &Card<'_>, paint: Paint) -> Result<(), Failure> {
    let id = escape(&super::command::pending::short(&card.command.id));
    let elsewhere = format!("elsewhere: kintsugi approve {id}, or kintsugi deny {id}");
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
    card: &Card<'_>,
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
        Offer::YesOrNo => "run it? [y/N] (? more, l leave it held) ",
        Offer::YesNoOrEdit => "run it? [y/N] (e edit, ? more, l leave it held) ",
        Offer::NoOnly => "waiting for an answer from elsewhere; any key denies ",
    };
    write!(terminal, "{}", paint.tone(Tone::Strong, question))?;
    loop {
        let daemon = std::os::fd::AsFd::as_fd(&*waiting);
        match terminal.wait(Some(daemon), PAUSE)? {
            Woken::Key(key) => {
                if let Some(reply) = reply(key, offer) {
                    return Ok(reply);
                }
                write!(terminal, "\r\n")?;
                show(terminal, &card.whole(), paint)?;
                write!(terminal, "{}", paint.tone(Tone::Strong, question))?;
            }
            Woken::HungUp => return Ok(Reply::Gone),
            Woken::TimedOut => {}
            Woken::Other => {
                if let Some(status) = news(waiting, card.command)? {
                    return Ok(Reply::Elsewhere(status));
                }
            }
        }
    }
}

/// Returns what a key means; nothing when it asks for more. Whatever is not named is a no: Enter, Esc, Ctrl-C, Ctrl-D, a slip.
const fn reply(key: u8, offer: Offer) -> Option<Reply> {
    match (key, offer) {
        (b'?', _) => None,
        (_, Offer::NoOnly) => Some(Reply::No),
        (b'y' | b'Y', _) => Some(Reply::Yes),
        (b'e' | b'E', Offer::YesNoOrEdit) => Some(Reply::Edit),
        (b'l' | b'L', _) => Some(Reply::Later),
        (_, Offer::YesOrNo | Offer::YesNoOrEdit) => Some(Reply::No),
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
