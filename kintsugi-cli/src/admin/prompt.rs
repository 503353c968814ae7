//! Secrets come from the controlling terminal and from nowhere else: no argument, no environment variable, no file, no pipe.

use std::io::Write as _;
use std::time::Duration;

use rustix::process::{DumpableBehavior, Resource, Rlimit};
use zeroize::Zeroizing;

use crate::exit::{Exit, Failure};
use crate::terminal::{Terminal, Woken};

/// Longest secret, in bytes. Room for it is taken at once, so that no part of it is left behind when it grows.
const SECRET_BYTES_MAX: usize = 1_024;

/// How long somebody may think about a secret.
const PATIENCE: Duration = Duration::from_secs(300);

/// Opens the terminal, and keeps this process's memory from others from then on.
///
/// # Errors
/// When there is none.
pub fn open() -> Result<Terminal, Failure> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    rustix::process::setrlimit(Resource::Core, none).map_err(std::io::Error::from)?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(std::io::Error::from)?;
    Terminal::open().map_err(|error| {
        let message = format!("this needs a terminal to ask at: {error}");
        Failure::new(Exit::VaultRefused, message)
            .hint("secrets are typed; there is no argument, variable or file for them")
    })
}

/// Asks for a secret, which is not shown. What was typed before the question does not count.
///
/// # Errors
/// When it is not given: nobody answers, Ctrl-C, or the terminal goes away.
pub fn secret(terminal: &mut Terminal, question: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let typed = read(terminal, question, Shown::No)?;
    if typed.is_empty() {
        return Err(aborted("nothing was typed"));
    }
    Ok(typed)
}

/// Asks for a line, which is shown as it is typed; it may be empty.
///
/// # Errors
/// As [`secret`].
pub fn line(terminal: &mut Terminal, question: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    read(terminal, question, Shown::Yes)
}

/// Asks for a secret that may be empty.
///
/// # Errors
/// As [`secret`].
pub fn optional(terminal: &mut Terminal, question: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    read(terminal, question, Shown::No)
}

/// Says something at the terminal.
///
/// # Errors
/// When it is gone.
pub fn say(terminal: &mut Terminal, text: &str) -> Result<(), Failure> {
    Ok(terminal.write_all(text.as_bytes())?)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Yes,
    No,
}

fn read(
    terminal: &mut Terminal,
    question: &str,
    shown: Shown,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if !terminal.drain()? {
        return Err(aborted("the terminal is never silent"));
    }
    say(terminal, question)?;
    let mut typed = Zeroizing::new(Vec::with_capacity(SECRET_BYTES_MAX));
    loop {
        let key = match terminal.wait(None, PATIENCE)? {
            Woken::Key(key) => key,
            Woken::HungUp => return Err(aborted("the terminal went away")),
            Woken::TimedOut | Woken::Other => return Err(aborted("nobody answered")),
        };
        match key {
            b'\r' | b'\n' => break,
            // Ctrl-C, Ctrl-D, Ctrl-\: no signals come from keys here.
            0x03 | 0x04 | 0x1c => {
                say(terminal, "\n")?;
                return Err(aborted("it was called off"));
            }
            0x15 => typed.clear(),
            0x7f | 0x08 => {
                typed.pop();
            }
            _ if typed.len() < SECRET_BYTES_MAX => {
                typed.push(key);
                if shown == Shown::Yes {
                    terminal.write_all(&[key])?;
                }
            }
            _ => return Err(aborted("it is longer than any secret")),
        }
    }
    say(terminal, "\n")?;
    Ok(typed)
}

fn aborted(why: &str) -> Failure {
    Failure::new(Exit::VaultRefused, format!("no secret was given: {why}"))
        .hint("nothing was done; try again")
}
