//! `kintsugi-scorer`: the worker that asks a model, one command at a time.
//!
//! Another process on purpose: what computes with a file from elsewhere may end, hang or be taken over, and the daemon must lose
//! nothing but a second opinion by it. It is started by the daemon, and by `kintsugi model`, with a socket as its standard
//! input; it reads no other, opens only what its settings name, and gives up every right that its backend does not need before
//! it reads a command.

mod backend;
mod chat;
mod confine;
mod file;
mod http;
mod judge;
#[cfg(feature = "llama")]
mod llama;
mod mock;
#[cfg(any(feature = "llama", test))]
mod processor;
mod wire;

use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use kintsugi_core::scorer::settings::{Backend as Name, ModelSettings};
use kintsugi_core::scorer::{Ask, Outcome, Question, Ready, Reply, Unavailable, VERSION};

use crate::backend::Backend;
use crate::wire::Wire;

const USAGE: &str = "\
usage: kintsugi-scorer

Scores commands with a model. kintsugi-daemon starts it, with a socket as its standard input.

  --version  print the version, and the backends that it is built with
  --help     print this";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let done = match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => serve(),
        (Some("--help"), None) => say(USAGE),
        (Some("--version"), None) => say(&format!(
            "kintsugi-scorer {} ({})",
            env!("CARGO_PKG_VERSION"),
            backend::BUILT.join(", ")
        )),
        (Some(_), _) => Err(anyhow!("it takes no arguments: see `--help`")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(std::io::stderr(), "kintsugi: error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn say(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}").map_err(anyhow::Error::from)
}

/// Answers until the daemon closes the socket.
fn serve() -> anyhow::Result<()> {
    confine::leave_the_parent_alone()?;
    let mut wire = Wire::of_standard_input()?;
    let Some(Ask::Hello {
        version,
        first,
        settings,
    }) = wire.next()?
    else {
        anyhow::bail!("the first frame says no hello");
    };
    let found = prepare(version, first, &settings, &wire);
    let (mut backend, ready) = match found {
        Ok(found) => found,
        Err(error) => {
            let reason = format!("{error:#}");
            wire.send(&Reply::Failed { reason })?;
            return Ok(());
        }
    };
    wire.send(&Reply::Ready(ready))?;
    while let Some(ask) = wire.next()? {
        answer(&mut *backend, ask, &mut wire)?;
    }
    Ok(())
}

/// Finds the first backend of the ladder that can be used.
fn prepare(
    version: u16,
    first: u8,
    settings: &str,
    wire: &Wire,
) -> anyhow::Result<(Box<dyn Backend>, Ready)> {
    if version != VERSION {
        anyhow::bail!("the daemon speaks version {version} and the scorer {VERSION}: restart it");
    }
    let settings = ModelSettings::from_json(settings).context("its settings")?;
    let mut passed_over = Vec::new();
    for name in settings.ladder().skip(usize::from(first)) {
        match open(name, &settings, wire) {
            Ok((backend, mut ready)) => {
                ready.passed_over = passed_over.join("; ");
                return Ok((backend, ready));
            }
            Err(error) => {
                passed_over.push(format!("{}: {error:#}", name.name()));
                // What was given up does not come back: the daemon starts another worker for the next.
                if confine::is_confined() {
                    break;
                }
            }
        }
    }
    if passed_over.is_empty() {
        anyhow::bail!("no backend is left to try");
    }
    anyhow::bail!("{}", passed_over.join("; "))
}

/// Makes one backend ready, and gives up what it does not need.
fn open(
    name: Name,
    settings: &ModelSettings,
    wire: &Wire,
) -> anyhow::Result<(Box<dyn Backend>, Ready)> {
    match name {
        Name::Heuristic => Err(anyhow!("it is the daemon's own")),
        Name::Mock => mock::open(settings, wire),
        Name::Openai => chat::open_endpoint(settings),
        Name::LlamaServer => chat::open_server(settings),
        #[cfg(feature = "llama")]
        Name::Llama => llama::open(settings),
        #[cfg(not(feature = "llama"))]
        Name::Llama => Err(anyhow!(
            "this `kintsugi-scorer` is built without it: build it with `--features llama`"
        )),
    }
}

fn answer(backend: &mut dyn Backend, ask: Ask, wire: &mut Wire) -> anyhow::Result<()> {
    let began = Instant::now();
    let took = |began: Instant| u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX);
    let until = |question: &Question| {
        began
            .checked_add(Duration::from_millis(question.deadline_ms.into()))
            .unwrap_or(began)
    };
    let reply = match ask {
        Ask::Hello { .. } => anyhow::bail!("a second hello"),
        Ask::Score(question) => {
            let outcome = backend.score(&question, until(&question));
            let Some(outcome) = outcome else {
                return Ok(());
            };
            let late = Instant::now() > until(&question);
            Reply::Score {
                id: question.id,
                outcome: if late {
                    Outcome::Unavailable(Unavailable::Deadline)
                } else {
                    outcome
                },
                took_us: took(began),
            }
        }
        Ask::Explain(question) => {
            // Nobody waits for words: whoever waits for a score comes first.
            let is_over = || Instant::now() >= until(&question) || wire.is_asked_more();
            Reply::Explanation {
                id: question.id,
                text: backend.explain(&question, &is_over),
                took_us: took(began),
            }
        }
    };
    wire.send(&reply)
}
