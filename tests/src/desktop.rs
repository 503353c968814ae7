//! A desktop of one's own for a test: a private bus of a session, and whoever shows notifications on it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use kintsugi_cli::dbus::{Body, Bus, Message, kind};

/// Longest wait for a notification. One that comes needs two seconds.
const PATIENCE: Duration = Duration::from_secs(60);

const NAME: &str = "org.freedesktop.Notifications";

/// What a desktop was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A notification.
    Notify {
        /// The one that it replaces; 0 for none.
        replaces: u32,
        /// Its title.
        title: String,
        /// What it says.
        body: String,
        /// The names of its actions.
        actions: Vec<String>,
    },
    /// This one is closed again.
    Close(u32),
}

/// A bus with a desktop on it. Dropped, both end.
#[derive(Debug)]
pub struct Desktop {
    daemon: Child,
    /// Where clients find the bus.
    pub address: String,
    told: Receiver<Told>,
    clicks: Sender<(u32, &'static str)>,
}

impl Desktop {
    /// A desktop that shows markup and buttons; its bus is below `directory`.
    ///
    /// # Panics
    /// When `dbus-daemon` is not installed or does not start.
    #[must_use]
    pub fn start(directory: &Path) -> Self {
        let address = format!("unix:path={}", directory.join("bus").display());
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
            .arg(format!("--address={address}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon is installed: see tests/run");
        let mut line = String::new();
        BufReader::new(daemon.stdout.take().expect("its output"))
            .read_line(&mut line)
            .expect("its address");
        let mut bus = Bus::connect_at(&address).expect("a bus");
        let name = Body::default().text(NAME).number(0);
        let request = Message::call(
            "org.freedesktop.DBus",
            "/org/freedesktop/DBus",
            ("org.freedesktop.DBus", "RequestName"),
        );
        let asked = bus.send(request.with("su", name)).expect("a name");
        while bus.receive(Some(PATIENCE)).expect("the name").reply_to != asked {}
        let (to, told) = channel();
        let (clicks, clicked) = channel();
        std::thread::spawn(move || serve(bus, &to, &clicked));
        Self {
            daemon,
            address,
            told,
            clicks,
        }
    }

    /// Waits for what is told next.
    ///
    /// # Panics
    /// When nothing is.
    #[must_use]
    pub fn next(&self) -> Told {
        self.told.recv_timeout(PATIENCE).expect("a notification")
    }

    /// Clicks on a notification just before the next one is shown.
    ///
    /// # Panics
    /// When the desktop is gone.
    pub fn click_next(&self, number: u32, action: &'static str) {
        self.clicks.send((number, action)).expect("a desktop");
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.daemon.kill());
        drop(self.daemon.wait());
    }
}

/// Answers until the bus is gone. Clicks come before the answer to the next call, so on what was shown before.
fn serve(mut bus: Bus, told: &Sender<Told>, clicked: &Receiver<(u32, &'static str)>) {
    let mut last = 0;
    while let Ok(call) = bus.receive(None) {
        if call.kind != kind::CALL {
            continue;
        }
        let mut body = call.body.read();
        let mut answer = Message {
            kind: kind::RETURN,
            reply_to: call.serial,
            destination: call.sender.clone(),
            ..Message::default()
        };
        let mut news = None;
        match call.member.as_str() {
            "GetCapabilities" => {
                let can = Body::default().texts(&["body", "body-markup", "actions"]);
                answer = answer.with("as", can);
            }
            "Notify" => {
                assert_eq!(call.signature, "susssasa{sv}i");
                let mut text = || body.text().expect("text").to_owned();
                assert_eq!(text(), "Kintsugi");
                let replaces = body.number().expect("a number");
                let mut text = || body.text().expect("text").to_owned();
                let (_icon, title, shown) = (text(), text(), text());
                let actions = body.texts().expect("actions");
                last = if replaces == 0 { last + 1 } else { replaces };
                answer = answer.with("u", Body::default().number(last));
                news = Some(Told::Notify {
                    replaces,
                    title,
                    body: shown,
                    actions: actions.into_iter().map(str::to_owned).collect(),
                });
            }
            "CloseNotification" => news = Some(Told::Close(body.number().expect("a number"))),
            other => panic!("`{other}` was called"),
        }
        for (number, action) in clicked.try_iter() {
            let signal = Message {
                kind: kind::SIGNAL,
                ..Message::call(
                    "",
                    "/org/freedesktop/Notifications",
                    (NAME, "ActionInvoked"),
                )
            };
            let sent = bus.send(signal.with("us", Body::default().number(number).text(action)));
            assert!(sent.is_ok());
        }
        if bus.send(answer).is_err() {
            return;
        }
        if let Some(news) = news
            && told.send(news).is_err()
        {
            return;
        }
    }
}
