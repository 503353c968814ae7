//! The full client, started beside a relay for what takes more than a question: `kintsugi hook stand-in`, which judges while there is
//! no daemon, and `kintsugi hook in-full`, which finds out what a line would touch and keeps what it would destroy.
//!
//! Frames in, frames out, as with the daemon. The relay reads of them what it reads of the daemon's, and nothing else. It proposes by
//! itself, since the daemon remembers who proposed.

use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use kintsugi_core::decide::Decision;
use kintsugi_core::limits::WANTED_ROUNDS_MAX;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::frame::{FrameBuffer, write_frame};
use kintsugi_core::protocol::{InBrief, Request};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::Serialize;

use crate::client::Told;
use crate::loader;

/// Longest wait for an answer. Reading the knowledge takes milliseconds, a judgement less; what a line would touch is looked at for
/// a quarter of a second, and what it would destroy for two. The shells wait twice as long for the relay.
const PATIENCE: Duration = Duration::from_secs(3);

/// The running program. Dropped, it ends.
#[derive(Debug)]
pub struct FullClient {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    buffer: FrameBuffer,
}

impl FullClient {
    /// Starts `program`, which is `kintsugi`, to judge without a daemon. `why` is what it says of the daemon.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn stand_in(program: &Path, why: &str) -> io::Result<Self> {
        Self::start(program, &["stand-in", "--why", why])
    }

    /// Starts `program`, which is `kintsugi`, to propose a line with all that there is to know about it.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn in_full(program: &Path) -> io::Result<Self> {
        Self::start(program, &["in-full"])
    }

    fn start(program: &Path, arguments: &[&str]) -> io::Result<Self> {
        let mut child = loader::unloaded(&mut Command::new(program))
            .arg("hook")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        Ok(Self {
            child,
            input,
            output,
            buffer: FrameBuffer::default(),
        })
    }

    /// Gives it a request, and returns its answer.
    ///
    /// # Errors
    /// When there is none: what was proposed must not run.
    pub fn ask(&mut self, request: &Request) -> io::Result<InBrief> {
        let answer = self.exchange(&[&write_frame(request)?])?;
        Ok(serde_json::from_slice(&answer)?)
    }

    /// Has it find out what the daemon asks in `wanted` about the proposal `frame`, and returns the proposal that says so.
    fn look(&mut self, frame: &[u8], wanted: &[u8]) -> io::Result<Vec<u8>> {
        let proposal = self.exchange(&[frame, wanted])?;
        match serde_json::from_slice(&proposal) {
            // What it says instead of a proposal is that it cannot.
            Ok(
                InBrief::Verdict { .. } | InBrief::Wanted | InBrief::Ack | InBrief::Error { .. },
            ) => Err(io::ErrorKind::InvalidData.into()),
            Err(_) => Ok(proposal),
        }
    }

    /// Has it keep what the daemon's `verdict` about the proposal `frame` names; false when that takes longer, or fails.
    fn keep(&mut self, frame: &[u8], verdict: &[u8]) -> io::Result<bool> {
        let answer = self.exchange(&[frame, verdict])?;
        Ok(matches!(serde_json::from_slice(&answer)?, InBrief::Ack))
    }

    /// Writes frames, and returns the one that answers them, its newline included.
    fn exchange(&mut self, frames: &[&[u8]]) -> io::Result<Vec<u8>> {
        self.input.write_all(&frames.concat())?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(frame) = self.buffer.next_frame().map_err(io::Error::other)? {
                return Ok([frame, b"\n"].concat());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let timeout = Timespec::try_from(left).map_err(io::Error::other)?;
            let mut readable = [PollFd::new(&self.output, PollFlags::IN)];
            if poll(&mut readable, Some(&timeout))? == 0 {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let mut bytes = [0; 16 * 1024];
            let count = self.output.read(&mut bytes)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.buffer.push(bytes.get(..count).unwrap_or_default());
        }
    }
}

impl Drop for FullClient {
    fn drop(&mut self) {
        // It keeps nothing that its end could lose: what it let pass was durable before it said so.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A verdict that is ready to be acted on: what is to be kept is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// What is to be done.
    pub decision: Decision,
    /// Why, in one line.
    pub reason: String,
    /// Whether something is kept before it runs.
    pub keeps: bool,
}

/// Proposes `command` by `ask`, which gives a frame to the daemon; `full` starts the full client, once, when something is to be found
/// out or kept. Nothing when there is no verdict to be acted on here, and whoever has more time is to ask.
///
/// # Errors
/// Those of `ask`.
pub fn propose<E>(
    command: &ProposedCommand,
    mut ask: impl FnMut(&[u8]) -> Result<Told, E>,
    full: impl Fn() -> Option<FullClient>,
) -> Result<Option<Ready>, E> {
    let Ok(mut frame) = write_frame(&Proposing::Propose(command)) else {
        return Ok(None);
    };
    let mut helper = None;
    for _ in 0..=WANTED_ROUNDS_MAX {
        let told = ask(&frame)?;
        let ready = match told.brief {
            InBrief::Verdict {
                decision,
                reason,
                keeps,
            } => Some(Ready {
                decision,
                reason,
                keeps,
            }),
            InBrief::Wanted => None,
            InBrief::Ack | InBrief::Error { .. } => return Ok(None),
        };
        let waits = |ready: &Ready| ready.keeps && ready.decision == Decision::Allow;
        if ready.as_ref().is_some_and(|ready| !waits(ready)) {
            return Ok(ready);
        }
        let Some(beside) = helper.take().or_else(&full) else {
            return Ok(None);
        };
        let beside = helper.insert(beside);
        match ready {
            Some(ready) => {
                let kept = beside.keep(&frame, &told.frame).unwrap_or(false);
                return Ok(kept.then_some(ready));
            }
            None => match beside.look(&frame, &told.frame) {
                Ok(more) => frame = more,
                Err(_) => return Ok(None),
            },
        }
    }
    Ok(None)
}

/// A proposal as it stands on the wire, of a command that stays with its owner.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Proposing<'a> {
    Propose(&'a ProposedCommand),
}
