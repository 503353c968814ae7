//! The desktop's own notifications, over the bus of the session (`org.freedesktop.Notifications` 1.2).
//!
//! Every program of this user can send what a click sends, so a click approves nothing: it opens a terminal in which
//! `kintsugi approve` asks, and that asks the person there.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::channels::{find, run};
use crate::dbus::{Body, Bus, Message, kind};
use crate::surroundings;

/// The interface, which is the well-known name of whoever shows notifications, too.
const NOTIFICATIONS: &str = "org.freedesktop.Notifications";
const OBJECT: &str = "/org/freedesktop/Notifications";

/// Longest that whoever shows notifications may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The action of the button, and that of a click on the notification itself.
const ACTIONS: [&str; 2] = ["open", "default"];

/// A connection on which notifications are shown.
#[derive(Debug)]
pub(super) struct Desktop {
    bus: Bus,
    replies: Receiver<Message>,
    shown: Arc<Mutex<Shown>>,
    /// Whether a body is taken for markup.
    has_markup: bool,
    /// Whether there is a button.
    has_actions: bool,
}

/// What is shown, for whoever hears of the click.
#[derive(Debug, Default)]
struct Shown {
    /// The number of the notification; 0 when none is.
    number: u32,
    /// Whoever shows it, by the name that the bus gives.
    by: String,
    /// The hold to ask about; taken by the first click.
    hold: Option<String>,
}

impl Desktop {
    /// Connects, and finds out what can be shown.
    pub(super) fn connect() -> io::Result<Self> {
        let mut bus = Bus::connect()?;
        let rule = format!("type='signal',interface='{NOTIFICATIONS}',member='ActionInvoked'");
        let matching = Message::call(
            "org.freedesktop.DBus",
            "/org/freedesktop/DBus",
            ("org.freedesktop.DBus", "AddMatch"),
        );
        bus.send(matching.with("s", Body::default().text(&rule)))?;
        let (to, replies) = channel();
        let shown = Arc::new(Mutex::new(Shown::default()));
        let (reader, heard) = (bus.reader()?, Arc::clone(&shown));
        std::thread::spawn(move || listen(reader, &to, &heard));
        let mut desktop = Self {
            bus,
            replies,
            shown,
            has_markup: false,
            has_actions: false,
        };
        let answer = desktop.ask(notifications("GetCapabilities"))?;
        let can = answer.body.read().texts().unwrap_or_default();
        desktop.has_markup = can.contains(&"body-markup");
        desktop.has_actions = can.contains(&"actions");
        Ok(desktop)
    }

    /// Shows a notification in the place of the last one. A click on it asks about `hold`, if there is one.
    pub(super) fn show(&mut self, title: &str, words: &str, hold: Option<&str>) -> io::Result<()> {
        let words = if self.has_markup {
            let words = words.replace('&', "&amp;");
            words.replace('<', "&lt;").replace('>', "&gt;")
        } else {
            words.to_owned()
        };
        let actions = hold.filter(|_| self.has_actions && terminal().is_some());
        let actions: &[&str] = match actions {
            Some(_) => &[
                "default",
                "Answer in a terminal",
                "open",
                "Answer in a terminal",
            ],
            None => &[],
        };
        let replaces = self.lock().number;
        let body = Body::default().text("Kintsugi").number(replaces);
        let body = body.text("dialog-warning").text(title).text(&words);
        // Critical, so that it stays until somebody looks; -1, the time that the desktop thinks right.
        let body = body.texts(actions).byte_by_name("urgency", 2);
        let body = body.number(u32::MAX);
        let answer = self.ask(notifications("Notify").with("susssasa{sv}i", body))?;
        let number = answer.body.read().number();
        let number = number.ok_or_else(|| io::Error::other("the desktop gave no number"))?;
        *self.lock() = Shown {
            number,
            by: answer.sender,
            hold: hold.map(str::to_owned),
        };
        Ok(())
    }

    /// Takes back what is shown: it was answered.
    pub(super) fn withdraw(&mut self) -> io::Result<()> {
        let number = std::mem::take(&mut *self.lock()).number;
        if number == 0 {
            return Ok(());
        }
        let close = notifications("CloseNotification");
        self.ask(close.with("u", Body::default().number(number)))
            .map(drop)
    }

    fn ask(&mut self, call: Message) -> io::Result<Message> {
        let number = self.bus.send(call)?;
        loop {
            let late = |_| io::Error::other("the desktop does not answer");
            let answer = self.replies.recv_timeout(PATIENCE).map_err(late)?;
            match (answer.reply_to == number, answer.kind) {
                (false, _) => {}
                (true, kind::RETURN) => return Ok(answer),
                (true, _) => {
                    let why = answer.body.read().text().unwrap_or("an error").to_owned();
                    return Err(io::Error::other(why));
                }
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn notifications(member: &str) -> Message {
    Message::call(NOTIFICATIONS, OBJECT, (NOTIFICATIONS, member))
}

/// Hears what the bus sends until it is gone.
fn listen(mut bus: Bus, replies: &Sender<Message>, shown: &Mutex<Shown>) {
    while let Ok(message) = bus.receive(None) {
        match message.kind {
            // The last reply that anybody waits for is sent before the connection ends.
            kind::RETURN | kind::ERROR => drop(replies.send(message)),
            kind::SIGNAL => {
                let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(hold) = clicked(&message, &mut shown) {
                    open(&hold);
                }
            }
            _ => {}
        }
    }
}

/// Returns the hold that was clicked on, once.
fn clicked(message: &Message, shown: &mut Shown) -> Option<String> {
    let mut body = message.body.read();
    let (number, action) = (body.number()?, body.text()?);
    let is_ours = message.member == "ActionInvoked"
        && message.interface == NOTIFICATIONS
        && message.sender == shown.by
        && number == shown.number
        && ACTIONS.contains(&action);
    shown.hold.take_if(|_| is_ours)
}

/// A terminal that runs the words behind it: the one that the person named, the desktop's, the system's.
fn terminal() -> Option<Vec<PathBuf>> {
    let own = std::env::var_os("TERMINAL").and_then(|own| find(own.to_str()?));
    let with_option = own.or_else(|| find("x-terminal-emulator"));
    match (find("xdg-terminal-exec"), with_option) {
        (Some(plain), _) => Some(vec![plain]),
        (None, Some(program)) => Some(vec![program, "-e".into()]),
        (None, None) => None,
    }
}

/// Opens a terminal that asks about `hold`. One that does not open leaves the hold as it is.
fn open(hold: &str) {
    let (Some(terminal), Ok(own)) = (terminal(), surroundings::program()) else {
        return;
    };
    let Some((program, before)) = terminal.split_first() else {
        return;
    };
    let mut window = Command::new(program);
    window.args(before).arg(own).args(["approve", hold]);
    window.stdin(Stdio::null()).stdout(Stdio::null());
    window.stderr(Stdio::null()).process_group(0);
    std::thread::spawn(move || run(window, None));
}
