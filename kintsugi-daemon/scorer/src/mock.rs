//! A backend that does what a test says: it is late, silent, loud, or ends in every way a real one can.
//!
//! A script is a list of lines `ACTION, ACTION` or `TEXT => ACTION, ACTION`: the first line whose text stands in the command is
//! done, so the same command always meets the same fate. A line `start => …` is done before the worker is ready.
//!
//! | action | what happens |
//! |---|---|
//! | `risk N` | answers with that risk |
//! | `unavailable WORD` | answers that there is none: `deadline`, `too_long`, `not_answering`, `backend` |
//! | `delay MS` | waits first, and reads nothing meanwhile |
//! | `says TEXT` | explains with that text |
//! | `tries WHAT` | risk 100 when it could start a program (`exec`), open a `socket`, read a file (`open`); else 0 |
//! | `wrong-id` | answers risk 100 to a question that nobody asked |
//! | `garbage` | writes bytes that are no frame |
//! | `huge` | announces a frame of four gigabytes |
//! | `half` | writes the beginning of a frame and nothing more |
//! | `silence` | does not answer |
//! | `loop` | computes for ever |
//! | `stop` | stops as by SIGSTOP |
//! | `abort`, `exit` | ends |
//! | `fail`, `fail WHY` | at the start: says that it cannot be used |
//!
//! Asked for words, it does the same but for what is a score: it is late, silent, loud, or ends, and `says TEXT` is the answer.

use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use kintsugi_core::scorer::frame::encode;
use kintsugi_core::scorer::settings::ModelSettings;
use kintsugi_core::scorer::{Calibration, Outcome, Question, Ready, Reply, Unavailable};

use crate::backend::Backend;
use crate::confine;
use crate::wire::Wire;

/// What a test says.
struct Mock {
    script: Vec<(Option<String>, Vec<Action>)>,
    socket: UnixStream,
}

#[derive(Debug, Clone)]
enum Action {
    Risk(u8),
    Unavailable(Unavailable),
    Delay(u64),
    Says(String),
    Tries(String),
    WrongId,
    Bytes(&'static [u8]),
    Silence,
    Loop,
    Stop,
    Abort,
    Exit,
    Fail(String),
}

const START: &str = "start";

/// Reads the script and makes the backend.
pub(crate) fn open(
    settings: &ModelSettings,
    wire: &Wire,
) -> anyhow::Result<(Box<dyn Backend>, Ready)> {
    let script: anyhow::Result<Vec<_>> = settings.mock.iter().map(|line| parse(line)).collect();
    let mut mock = Mock {
        script: script?,
        socket: wire.raw()?,
    };
    confine::confine(&confine::Needs::default())?;
    let ready = Ready {
        backend: "mock".to_owned(),
        model: settings
            .model
            .clone()
            .unwrap_or_else(|| "script".to_owned()),
        model_hash: *blake3::hash(settings.mock.join("\n").as_bytes()).as_bytes(),
        prompt_hash: [0; 32],
        calibration: Calibration::None,
        passed_over: String::new(),
    };
    let starts = mock.actions(START, true);
    for action in &starts {
        if let Action::Fail(why) = action {
            let why = if why.is_empty() {
                "the script says so"
            } else {
                why
            };
            anyhow::bail!("{why}");
        }
    }
    if mock.act(&starts, 0).is_none() && !starts.is_empty() {
        // A worker that never gets ready.
        loop {
            std::thread::park();
        }
    }
    Ok((Box::new(mock), ready))
}

fn parse(line: &str) -> anyhow::Result<(Option<String>, Vec<Action>)> {
    let (text, actions) = match line.split_once(" => ") {
        Some((text, actions)) => (Some(text.to_owned()), actions),
        None => (None, line),
    };
    let actions: anyhow::Result<Vec<_>> = actions.split(", ").map(action).collect();
    Ok((text, actions?))
}

fn action(text: &str) -> anyhow::Result<Action> {
    let (word, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    Ok(match word {
        "risk" => Action::Risk(rest.parse::<u8>()?.min(100)),
        "unavailable" => Action::Unavailable(serde_json::from_value(rest.into())?),
        "delay" => Action::Delay(rest.parse()?),
        "says" => Action::Says(rest.to_owned()),
        "tries" => Action::Tries(rest.to_owned()),
        "wrong-id" => Action::WrongId,
        "garbage" => Action::Bytes(b"ggml_abort: no frame at all\n"),
        "huge" => Action::Bytes(&[67, 0, 0, 0, 255, 255, 255, 255]),
        "half" => Action::Bytes(&[67, 0, 0, 0, 14, 0, 0, 0, 1]),
        "silence" => Action::Silence,
        "loop" => Action::Loop,
        "stop" => Action::Stop,
        "abort" => Action::Abort,
        "exit" => Action::Exit,
        "fail" => Action::Fail(rest.to_owned()),
        other => anyhow::bail!("a mock cannot `{other}`"),
    })
}

/// Whether this process can still do what it should have given up.
fn can(what: &str) -> bool {
    match what {
        "exec" => std::process::Command::new("/bin/true").status().is_ok(),
        "socket" => std::net::UdpSocket::bind("127.0.0.1:0").is_ok(),
        "open" => std::fs::File::open("/etc/passwd").is_ok(),
        _ => true,
    }
}

impl Mock {
    fn actions(&self, command: &str, is_start: bool) -> Vec<Action> {
        let is_meant = |text: &Option<String>| match text.as_deref() {
            Some(START) => is_start,
            Some(text) => !is_start && command.contains(text),
            None => !is_start,
        };
        let line = self.script.iter().find(|(text, _)| is_meant(text));
        line.map(|(_, actions)| actions.clone()).unwrap_or_default()
    }

    /// Does what the script says; nothing when that is not an answer.
    fn act(&mut self, actions: &[Action], id: u64) -> Option<Outcome> {
        for action in actions {
            match action {
                Action::Risk(risk) => return Some(Outcome::Risk(*risk)),
                Action::Unavailable(reason) => return Some(Outcome::Unavailable(*reason)),
                Action::Tries(what) => {
                    return Some(Outcome::Risk(if can(what) { 100 } else { 0 }));
                }
                Action::Delay(ms) => std::thread::sleep(Duration::from_millis(*ms)),
                Action::WrongId => {
                    let reply = Reply::Score {
                        id: id.wrapping_add(1_000_000),
                        outcome: Outcome::Risk(100),
                        took_us: 1,
                    };
                    drop(self.socket.write_all(&encode(&reply)));
                }
                Action::Bytes(bytes) => drop(self.socket.write_all(bytes)),
                Action::Loop => loop {
                    std::hint::spin_loop();
                },
                Action::Stop => {
                    let own = rustix::process::getpid();
                    let signal = rustix::process::Signal::STOP;
                    let _stopped = rustix::process::kill_process(own, signal);
                }
                Action::Abort => std::process::abort(),
                Action::Exit => drop(self.socket.shutdown(std::net::Shutdown::Both)),
                Action::Silence => return None,
                Action::Says(_) | Action::Fail(_) => {}
            }
        }
        None
    }
}

impl Backend for Mock {
    fn score(&mut self, question: &Question, _until: Instant) -> Option<Outcome> {
        let actions = self.actions(&question.command, false);
        self.act(&actions, question.id)
    }

    fn explain(&mut self, question: &Question, is_over: &dyn Fn() -> bool) -> Option<String> {
        for action in self.actions(&question.command, false) {
            match action {
                Action::Says(text) => return Some(text),
                Action::Delay(ms) => pause(Duration::from_millis(ms), is_over)?,
                Action::Silence => pause(Duration::from_secs(3_600), is_over)?,
                Action::Loop
                | Action::Stop
                | Action::Abort
                | Action::Exit
                | Action::Bytes(_)
                | Action::WrongId => {
                    // Not an answer to this.
                    let _score = self.act(&[action], question.id);
                }
                Action::Risk(_) | Action::Unavailable(_) | Action::Tries(_) | Action::Fail(_) => {}
            }
        }
        None
    }
}

/// Waits; nothing when it is over before.
fn pause(long: Duration, is_over: &dyn Fn() -> bool) -> Option<()> {
    let began = Instant::now();
    while began.elapsed() < long {
        if is_over() {
            return None;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Some(())
}
