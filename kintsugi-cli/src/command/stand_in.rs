//! `kintsugi hook stand-in`: judges for one shell's relay while there is no daemon.
//!
//! `propose` frames on standard input, `verdict` frames on standard output, until the relay closes them. The knowledge is read
//! once, so that a shell without a daemon is not slow. Nothing here can approve.

use std::io::{BufRead as _, Read as _, Write as _};

use clap::Args;
use kintsugi_core::limits::FRAME_BYTES_MAX;
use kintsugi_core::protocol::frame::{parse_request, write_frame};
use kintsugi_core::protocol::{ErrorCode, Request, Response};

use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::{embedded, surroundings};

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
        let most = u64::try_from(FRAME_BYTES_MAX).unwrap_or(u64::MAX);
        loop {
            let mut line = Vec::new();
            if input.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
                return Ok(Exit::Allowed);
            }
            let answer =
                match parse_request(line.trim_ascii_end()) {
                    Ok(Request::Propose(command)) => Response::Verdict(Box::new(
                        embedded::verdict_by(judge.clone(), &paths, &command, &self.why),
                    )),
                    Ok(_) => Response::error(
                        ErrorCode::UnknownRequest,
                        "only proposals are judged here".to_owned(),
                    ),
                    Err(error) => error.response(),
                };
            let frame = write_frame(&answer).map_err(std::io::Error::from)?;
            console.out.write_all(&frame)?;
            console.out.flush()?;
        }
    }
}
