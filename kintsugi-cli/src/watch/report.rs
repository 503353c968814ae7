//! Tells the daemon of bursts; while there is none they are kept in a file of their own, for the log of the next one.
//!
//! Not in the spool of commands: when that one is full, nothing passes any more, and no watcher may bring that about.

use std::io;
use std::path::PathBuf;

use kintsugi_core::protocol::{Burst, Request, Response};
use kintsugi_core::redact::mask;

use crate::client::{Client, ClientError};
use crate::spool;

/// Most bytes that are kept for the next daemon: some thousand bursts.
const KEPT_BYTES_MAX: u64 = 1024 * 1024;

/// What came of telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It is on record, and explained or too small to need that.
    Recorded,
    /// It is on record, and nothing explains it.
    Alarm,
    /// It waits for the next daemon.
    Kept,
}

/// Tells the daemon at one socket.
#[derive(Debug)]
pub struct Reporter {
    socket: PathBuf,
    kept: PathBuf,
    /// Bursts that could neither be told nor kept.
    missed: u64,
}

impl Reporter {
    /// Tells the daemon at `socket`, or leaves it in the file `kept`.
    #[must_use]
    pub const fn new(socket: PathBuf, kept: PathBuf) -> Self {
        Self {
            socket,
            kept,
            missed: 0,
        }
    }

    /// Tells of a burst.
    ///
    /// # Errors
    /// When it is neither on record nor kept; how many that were is told with the next one.
    pub fn tell(&mut self, mut burst: Burst) -> io::Result<Told> {
        without_secrets(&mut burst);
        burst.missed = self.missed;
        let request = Request::Observe {
            change: burst.change(),
            path: burst.place.clone(),
            burst: Some(Box::new(burst)),
        };
        let told = match self.ask(&request) {
            Ok(alarm) => Ok(if alarm { Told::Alarm } else { Told::Recorded }),
            Err(_) => spool::leave(&self.kept, &request, KEPT_BYTES_MAX).map(|()| Told::Kept),
        };
        match told {
            Ok(_) => self.missed = 0,
            Err(_) => self.missed += 1,
        }
        told
    }

    fn ask(&self, request: &Request) -> Result<bool, ClientError> {
        let answer = Client::connect(&self.socket)?.ask(request)?;
        if let Response::Observed { alarm } = answer {
            return Ok(alarm);
        }
        if answer == Response::Ack {
            return Ok(false);
        }
        let unexpected = "it is no answer to a burst".to_owned();
        Err(ClientError::BadReply(unexpected))
    }
}

/// Masks what a path may have in it, as the daemon would.
fn without_secrets(burst: &mut Burst) {
    mask(&mut burst.place);
    burst.real.iter_mut().for_each(mask);
    for directory in &mut burst.directories {
        mask(&mut directory.path);
        directory.project.iter_mut().for_each(mask);
    }
    for example in &mut burst.examples {
        mask(&mut example.path);
    }
}
