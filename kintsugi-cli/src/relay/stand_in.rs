//! The judgement that a relay keeps at hand while there is no daemon: `kintsugi hook stand-in`, started once.

use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::frame::{FrameBuffer, write_frame};
use kintsugi_core::protocol::{Request, Response, Verdict};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Longest wait for a judgement: reading the knowledge takes milliseconds, a judgement less.
const PATIENCE: Duration = Duration::from_secs(2);

/// The running program. Dropped, it ends.
#[derive(Debug)]
pub struct StandIn {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    buffer: FrameBuffer,
}

impl StandIn {
    /// Starts `program`, which is `kintsugi`. `why` is what it says of the daemon.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(program: &Path, why: &str) -> io::Result<Self> {
        let mut child = Command::new(program)
            .args(["hook", "stand-in", "--why", why])
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

    /// Judges `command`; what it lets pass is in the spool by then.
    ///
    /// # Errors
    /// When there is no judgement: the command must not run.
    pub fn judge(&mut self, command: &ProposedCommand) -> io::Result<Verdict> {
        let request = Request::Propose(Box::new(command.clone()));
        self.input.write_all(&write_frame(&request)?)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(frame) = self.buffer.next_frame().map_err(io::Error::other)? {
                let Response::Verdict(verdict) = serde_json::from_slice(frame)? else {
                    return Err(io::ErrorKind::InvalidData.into());
                };
                return Ok(*verdict);
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

impl Drop for StandIn {
    fn drop(&mut self) {
        // It keeps nothing that its end could lose: what it let pass was durable before it said so.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
