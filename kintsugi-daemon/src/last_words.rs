//! What a child says on its standard error, line by line, as much as one wants to keep.

use std::io::{ErrorKind, Read as _};
use std::process::ChildStderr;

use crate::clip;
use crate::poller::{Interest, Poller};

/// Most bytes of a line that are kept.
const WORDS_BYTES_MAX: usize = 512;

/// The standard error of a child.
#[derive(Debug, Default)]
pub(crate) struct LastWords {
    /// Nothing once it was closed.
    stream: Option<ChildStderr>,
    /// What is not a line yet.
    part: Vec<u8>,
}

impl LastWords {
    /// Most reads of what an ended child left in its pipe (64 KiB, pipe(7), in pieces of 4 KiB).
    pub(crate) const READS_MAX: usize = 16;

    /// Listens, when it can be listened to without waiting.
    pub(crate) fn of(stream: Option<ChildStderr>, poller: &Poller, token: u64) -> Self {
        let stream = stream.filter(|stream| {
            rustix::io::ioctl_fionbio(stream, true).is_ok()
                && poller.add(stream, token, Interest::READ).is_ok()
        });
        Self {
            stream,
            part: Vec::new(),
        }
    }

    /// Reads at most `reads` times. Returns the lines that are whole, shortened, without empty ones.
    pub(crate) fn read(&mut self, reads: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for _ in 0..reads {
            let Some(stream) = &mut self.stream else {
                break;
            };
            let mut bytes = [0; 4_096];
            match stream.read(&mut bytes) {
                Ok(0) => self.stream = None,
                Ok(read) => {
                    self.part
                        .extend_from_slice(bytes.get(..read).unwrap_or_default());
                    let whole = self.part.iter().rposition(|byte| *byte == b'\n');
                    let whole = self.part.drain(..whole.map_or(0, |newline| newline + 1));
                    lines.extend(whole);
                    self.part.truncate(WORDS_BYTES_MAX);
                }
                Err(error) if is_passing(error.kind()) => break,
                Err(_) => self.stream = None,
            }
        }
        let lines = lines.split(|byte| *byte == b'\n').map(shown);
        lines.filter(|line| !line.is_empty()).collect()
    }
}

/// Returns a line as text, shortened.
fn shown(line: &[u8]) -> String {
    let mut line = String::from_utf8_lossy(line.trim_ascii()).into_owned();
    clip::text(&mut line, WORDS_BYTES_MAX);
    line
}

fn is_passing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
