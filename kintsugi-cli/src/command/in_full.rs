//! `kintsugi hook in-full`: what takes more than a question, for whoever proposes without linking it.
//!
//! Frames on standard input, and an answer to each on standard output: a `propose` and the daemon's `wanted`: the same proposal with
//! what was found out. A `propose` and the daemon's `verdict`: `ack` once what it names is kept, as far as that is little. A `record`:
//! `ack` once it is marked that the command has ended, so that undo knows what was changed since. Nothing here proposes, judges or
//! approves.

use clap::Args;
use kintsugi_core::paths::Paths;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::frame::parse_request;
use kintsugi_core::protocol::{ErrorCode, Request, Response};

use super::stand_in::{next_frame, not_here, say};
use crate::capture::before;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::{facts, surroundings};

/// Arguments of `kintsugi hook in-full`.
#[derive(Debug, Args)]
pub struct InFull {}

impl InFull {
    /// Answers until the input ends.
    ///
    /// # Errors
    /// When a frame cannot be read or answered; whoever proposed then asks in another way.
    pub fn run(&self, console: &mut Console) -> Result<Exit, Failure> {
        let paths = surroundings::paths()?;
        let mut input = std::io::stdin().lock();
        while let Some(frame) = next_frame(&mut input)? {
            match parse_request(&frame) {
                Ok(Request::Propose(command)) => {
                    let answer = next_frame(&mut input)?.unwrap_or_default();
                    answer_to(&paths, command, &serde_json::from_slice(&answer)?, console)?;
                }
                Ok(Request::Record { command, .. }) => {
                    before::ended_last(&paths, &command);
                    say(console, &Response::Ack)?;
                }
                Ok(_) => say(console, &not_here())?,
                Err(error) => say(console, &error.response())?,
            }
        }
        Ok(Exit::Allowed)
    }
}

/// Does what the daemon's `answer` to the proposal of `command` asks for.
fn answer_to(
    paths: &Paths,
    mut command: Box<ProposedCommand>,
    answer: &Response,
    console: &mut Console,
) -> Result<(), Failure> {
    if let Response::Wanted { facts } = answer {
        facts::add(&mut command, facts);
        return say(console, &Request::Propose(command));
    }
    let Response::Verdict(verdict) = answer else {
        return say(console, &not_here());
    };
    if before::at_once(paths, &command, verdict) {
        say(console, &Response::Ack)
    } else {
        let message = "it is not kept at once".to_owned();
        say(console, &Response::error(ErrorCode::Busy, message))
    }
}
