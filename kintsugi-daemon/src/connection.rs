//! One client's connection: what it sent, what it is still to be told, and how long it may take.
//!
//! Everything here is bounded, and nothing waits: a read or a write takes what is possible now.

use std::io::{self, ErrorKind, Read as _, Write as _};

use kintsugi_core::limits::{FRAME_MS_MAX, OUTPUT_BYTES_MAX, OUTPUT_MS_MAX};
use kintsugi_core::protocol::frame::{FrameBuffer, FrameError, write_frame};
use kintsugi_core::protocol::{ErrorCode, Response};
use uuid::Uuid;

use crate::follow::Follower;
use crate::peer::PeerHandle;
use crate::poller::Interest;
use crate::stream::Stream;

/// Most bytes that are taken from one connection in one round, so that one that floods delays nobody.
///
/// A round hears of 256 at most: together they are copied in about a millisecond.
const READ_BYTES: usize = 16 * 1024;

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The next frame is awaited or there.
    Ready,
    /// Its answer waits for the sync of this round.
    Recording,
    /// Its answer waits for a score.
    Scoring,
    /// Its answer waits for a hold to be resolved.
    Awaiting {
        /// The proposal.
        id: Uuid,
        /// When the wait is over, on the monotonic clock.
        until: u64,
    },
    /// It is told of records as they are written, until it is closed.
    Following,
    /// It gets what is left to say, then it is closed.
    Closing,
    /// It is of no more use.
    Dead,
}

/// A client's connection.
#[derive(Debug)]
pub struct Connection {
    stream: Stream,
    /// Who it is.
    pub peer: PeerHandle,
    /// What it is doing.
    pub phase: Phase,
    /// Where it is in the log, while it is told of records.
    pub follower: Option<Box<Follower>>,
    input: FrameBuffer,
    /// It may ask: the kernel says who it is, or it has shown the key.
    is_proven: bool,
    /// The client sends no more.
    ended: bool,
    /// When the first byte of the frame came that is not yet whole.
    frame_since: Option<u64>,
    output: Vec<u8>,
    /// How much of `output` was taken.
    sent: usize,
    /// When the client last took a byte, or was first given one.
    output_since: u64,
    /// When it last did anything.
    pub active: u64,
}

impl Connection {
    /// Takes over an accepted stream, which does not block, at `now` on the monotonic clock.
    #[must_use]
    pub fn new(stream: Stream, peer: PeerHandle, now: u64) -> Self {
        // Whoever must show a key has as long as a frame may take.
        let frame_since = matches!(stream, Stream::Port(_)).then_some(now);
        Self {
            peer,
            phase: Phase::Ready,
            follower: None,
            is_proven: matches!(stream, Stream::Local(_)),
            input: FrameBuffer::default(),
            ended: false,
            frame_since,
            stream,
            output: Vec::new(),
            sent: 0,
            output_since: now,
            active: now,
        }
    }

    /// Returns the process at the other end; 0 where nobody attests one.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.peer.credentials().pid
    }

    /// Whether it may ask anything yet.
    #[must_use]
    pub const fn is_proven(&self) -> bool {
        self.is_proven
    }

    /// It has shown the key.
    pub const fn prove(&mut self) {
        self.is_proven = true;
    }

    /// Returns the stream, to poll.
    #[must_use]
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    /// Returns what to wait for.
    #[must_use]
    pub fn interest(&self) -> Interest {
        let listens = self.phase == Phase::Ready && !self.ended;
        Interest {
            read: listens && !self.has_output(),
            write: self.has_output(),
        }
    }

    /// Returns how many bytes of memory its frames and answers take.
    #[must_use]
    pub fn kept_bytes(&self) -> usize {
        self.input.kept_bytes() + self.output.capacity()
    }

    /// Whether something is left to say.
    #[must_use]
    pub fn has_output(&self) -> bool {
        self.sent < self.output.len()
    }

    /// Takes what the client has sent.
    pub fn fill(&mut self, scratch: &mut Vec<u8>, now: u64) {
        scratch.resize(READ_BYTES, 0);
        match (&self.stream).read(scratch) {
            Ok(0) => self.ended = true,
            Ok(count) => {
                self.active = now;
                self.input.push(scratch.get(..count).unwrap_or_default());
                self.frame_since.get_or_insert(now);
            }
            Err(error) if is_passing(&error) => {}
            Err(_) => self.phase = Phase::Dead,
        }
    }

    /// Whether a frame can be answered now: one after another, and none before the last answer is read.
    #[must_use]
    pub fn is_servable(&mut self) -> bool {
        self.servable_bytes().is_some()
    }

    /// Returns how long the frame is that can be answered now, in bytes, if one can.
    #[must_use]
    pub fn servable_bytes(&mut self) -> Option<usize> {
        if self.phase != Phase::Ready || self.has_output() {
            return None;
        }
        self.input.frame_bytes()
    }

    /// Returns the next frame and who sent it.
    ///
    /// # Errors
    ///
    /// When the frame is too large; the connection is then to be closed.
    pub fn next_frame(&mut self) -> Result<Option<(&[u8], &mut PeerHandle)>, FrameError> {
        let frame = self.input.next_frame()?;
        Ok(frame.map(|frame| (frame, &mut self.peer)))
    }

    /// Judges what is left after frames were taken: a frame that is too long, too slow, or will never be whole.
    pub fn review(&mut self, now: u64) {
        if self.phase == Phase::Dead {
            return;
        }
        if self.has_output() {
            if now >= self.output_since.saturating_add(OUTPUT_MS_MAX) {
                self.phase = Phase::Dead;
            }
            return;
        }
        match self.phase {
            Phase::Closing => self.phase = Phase::Dead,
            Phase::Ready if self.input.has_frame() => self.frame_since = Some(now),
            Phase::Ready => self.review_partial(now),
            Phase::Recording
            | Phase::Scoring
            | Phase::Awaiting { .. }
            | Phase::Following
            | Phase::Dead => {}
        }
    }

    fn review_partial(&mut self, now: u64) {
        if let Err(error) = self.input.next_frame() {
            self.close_with(&error.response(), now);
        } else if self.ended {
            // Half a frame, or nothing, and then the end: there is nobody to tell.
            self.phase = Phase::Dead;
        } else if self.input.is_empty() && self.is_proven {
            self.frame_since = None;
        } else if self
            .frame_deadline()
            .is_some_and(|deadline| now >= deadline)
        {
            let message = format!("the frame was not complete within {FRAME_MS_MAX} ms");
            self.close_with(&Response::error(ErrorCode::FrameTimeout, message), now);
        }
    }

    fn frame_deadline(&self) -> Option<u64> {
        Some(self.frame_since?.saturating_add(FRAME_MS_MAX))
    }

    /// Returns the next moment at which this connection must be looked at, on the monotonic clock.
    #[must_use]
    pub fn deadline(&self) -> Option<u64> {
        if self.has_output() {
            return Some(self.output_since.saturating_add(OUTPUT_MS_MAX));
        }
        match self.phase {
            Phase::Ready => self.frame_deadline(),
            Phase::Awaiting { until, .. } => Some(until),
            Phase::Recording | Phase::Scoring | Phase::Following | Phase::Closing | Phase::Dead => {
                None
            }
        }
    }

    /// Gives the client an answer, as much as it takes now.
    pub fn say(&mut self, response: &Response, now: u64) {
        match write_frame(response) {
            Ok(frame) => self.tell(&frame, now),
            Err(_) => self.phase = Phase::Dead,
        }
    }

    /// Gives the client frames that are written already, as much as it takes now.
    pub fn tell(&mut self, frames: &[u8], now: u64) {
        if !self.has_output() {
            self.output.clear();
            self.sent = 0;
            self.output_since = now;
        }
        self.output.extend_from_slice(frames);
        if self.output.len() - self.sent > OUTPUT_BYTES_MAX {
            self.phase = Phase::Dead;
            return;
        }
        self.flush(now);
    }

    /// Gives the client a last answer; then the connection is closed.
    pub fn close_with(&mut self, response: &Response, now: u64) {
        self.say(response, now);
        if self.phase != Phase::Dead {
            self.phase = if self.has_output() {
                Phase::Closing
            } else {
                Phase::Dead
            };
        }
    }

    /// Writes what the client takes now.
    pub fn flush(&mut self, now: u64) {
        while let Some(rest) = self.output.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match (&self.stream).write(rest) {
                Ok(0) => {
                    self.phase = Phase::Dead;
                    return;
                }
                Ok(count) => {
                    self.sent += count;
                    self.output_since = now;
                    self.active = now;
                }
                Err(error) if is_passing(&error) => return,
                Err(_) => {
                    self.phase = Phase::Dead;
                    return;
                }
            }
        }
        // What a large answer needed is given back.
        self.output = Vec::new();
        self.sent = 0;
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
