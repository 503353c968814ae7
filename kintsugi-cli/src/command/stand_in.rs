//! `kintsugi hook stand-in`: judges for one shell's relay while there is no daemon.
//!
//! `propose` frames on standard input, `verdict` frames on standard output, until the relay closes them; a `record` is left for the next
//! daemon. The knowledge is read once, so that a shell without a daemon is not slow. Nothing here can approve.

use std::io::{BufRead, Read as _, Write as _};

use clap::Args;
use kintsugi_core::limits::FRAME_BYTES_MAX;
use kintsugi_core::protocol::frame::{parse_request, write_frame};
use kintsugi_core::protocol::{ErrorCode, Request, Response};
use serde::Serialize;

use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::{embedded, spool, surroundings};

/// Arguments of `kintsugi hook stand-in`.
#[derive(Debug, Args)]
pub struct StandIn {
    /// Why the daemon does not answer, in words
    #[arg(long)]
    why: String,
}

impl StandIn {
    /// Judges until the input ends.
    ///
    /// # Errors
    /// When a frame cannot be read or answered; the relay then refuses.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        let paths = surroundings::paths()?;
        let judge = embedded::judge()?;
        let mut input = std::io::stdin().lock();
        while let Some(frame) = next_frame(&mut input)? {
            let answer = match parse_request(&frame) {
                Ok(Request::Propose(command)) => Response::Verdict(Box::new(embedded::verdict_by(
                    judge.clone(),
                    &paths,
                    &command,
                    &self.why,
                ))),
                Ok(record @ Request::Record { .. }) => match spool::append(&paths.spool, &record) {
                    Ok(()) => Response::Ack,
                    Err(error) => Response::error(ErrorCode::LogUnavailable, error.to_string()),
                },
                Ok(_) => not_here(),
                Err(error) => error.response(),
            };
            say(console, &answer)?;
        }
        Ok(Exit::Allowed)
    }
}

/// Answers what is no business of a process beside a relay.
pub(super) fn not_here() -> Response {
    let message = "only proposals and records are answered here".to_owned();
    Response::error(ErrorCode::UnknownRequest, message)
}

/// Reads the next frame, without its newline; nothing at the end.
pub(super) fn next_frame(input: &mut impl BufRead) -> std::io::Result<Option<Vec<u8>>> {
    let most = u64::try_from(FRAME_BYTES_MAX).unwrap_or(u64::MAX);
    let mut line = Vec::new();
    if input.take(most).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    line.truncate(line.trim_ascii_end().len());
    Ok(Some(line))
}

/// Writes a frame at once.
pub(super) fn say(console: &mut Console, message: &impl Serialize) -> Result<(), Failure> {
    let frame = write_frame(message).map_err(std::io::Error::from)?;
    console.out.write_all(&frame)?;
    Ok(console.out.flush()?)
}
