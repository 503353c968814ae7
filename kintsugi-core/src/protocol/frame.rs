//! Bytes ↔ frames ↔ messages: one JSON object a line, bounded.
//!
//! A frame is judged as a whole: nothing of it is used before its newline has come. This module reads no socket and no
//! clock; who reads decides how long a frame may take.

use std::borrow::Cow;

use serde::Deserialize;

use super::{ErrorCode, Request, Response};
use crate::limits::FRAME_BYTES_MAX;

/// Why bytes are not a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// More bytes than a frame may have; where the next begins is not known.
    #[error("the frame is longer than {FRAME_BYTES_MAX} bytes")]
    TooLarge,
    /// The bytes are not text.
    #[error("the frame is not UTF-8")]
    NotText,
    /// The text is not JSON.
    #[error("the frame is not JSON: {0}")]
    NotJson(String),
    /// It is JSON, but no object with a `kind`.
    #[error("the frame is not an object with the member `kind`")]
    NoKind,
    /// A kind that this version does not know.
    #[error("unknown kind `{0}`")]
    UnknownKind(String),
    /// The kind is known, its members are not as they ought to be.
    #[error("`{kind}`: {problem}")]
    WrongMembers {
        /// The kind.
        kind: String,
        /// What is wrong.
        problem: String,
    },
}

impl FrameError {
    /// Returns the stable code of the error.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::TooLarge => ErrorCode::FrameTooLarge,
            Self::UnknownKind(_) => ErrorCode::UnknownRequest,
            Self::NotText | Self::NotJson(_) | Self::NoKind | Self::WrongMembers { .. } => {
                ErrorCode::BadRequest
            }
        }
    }

    /// Returns the answer to the client that sent it.
    #[must_use]
    pub fn response(&self) -> Response {
        Response::error(self.code(), self.to_string())
    }
}

/// Bytes of one connection that are not yet a frame.
///
/// Never holds more than [`FRAME_BYTES_MAX`] and what one read adds to it.
#[derive(Debug, Default)]
pub struct FrameBuffer {
    bytes: Vec<u8>,
    /// Where the next frame begins.
    start: usize,
    /// Up to where no newline was found, so that no byte is searched twice.
    searched: usize,
}

/// Above this a buffer that has become empty gives its memory back, in bytes.
const KEPT_BYTES: usize = 16 * 1024;

impl FrameBuffer {
    /// Adds what was read.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.searched -= self.start;
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Returns how many bytes of memory it takes.
    #[must_use]
    pub fn kept_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// Whether part of a frame, or a whole one, is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }

    /// Whether a whole frame is there.
    #[must_use]
    pub fn has_frame(&mut self) -> bool {
        self.newline().is_some()
    }

    /// Returns how long the next frame is, in bytes, when it is there whole.
    #[must_use]
    pub fn frame_bytes(&mut self) -> Option<usize> {
        let newline = self.newline()?;
        Some(newline - self.start)
    }

    fn newline(&mut self) -> Option<usize> {
        let unread = self.bytes.get(self.searched..)?;
        if let Some(offset) = unread.iter().position(|byte| *byte == b'\n') {
            self.searched += offset;
            return Some(self.searched);
        }
        self.searched = self.bytes.len();
        None
    }

    /// Returns the next whole frame, without its newline; nothing when it has not come whole.
    ///
    /// # Errors
    ///
    /// [`FrameError::TooLarge`]: the connection is of no more use.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, FrameError> {
        let Some(newline) = self.newline() else {
            if self.bytes.len() - self.start >= FRAME_BYTES_MAX {
                return Err(FrameError::TooLarge);
            }
            if self.is_empty() && self.bytes.capacity() > KEPT_BYTES {
                *self = Self::default();
            }
            return Ok(None);
        };
        let start = self.start;
        if newline - start >= FRAME_BYTES_MAX {
            return Err(FrameError::TooLarge);
        }
        self.start = newline + 1;
        self.searched = self.start;
        Ok(self.bytes.get(start..newline))
    }
}

/// The kinds of [`Request`], as they stand on the wire.
const KINDS: [&str; 21] = [
    "propose",
    "resolve",
    "observe",
    "record",
    "listpending",
    "pendingstatus",
    "approve",
    "deny",
    "status",
    "authbegin",
    "shutdown",
    "await",
    "hello",
    "captured",
    "undone",
    "authorize",
    "auth",
    "subscribe",
    "panic",
    "listgrants",
    "revokegrant",
];

/// Longest frame of a kind that has no command in it, in bytes: an account of copies, a burst of changes.
const OTHER_BYTES_MAX: usize = 256 * 1024;
const _: () = assert!(OTHER_BYTES_MAX < FRAME_BYTES_MAX);

/// What a request is, before the rest of it is read.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow)]
    kind: Option<Cow<'a, str>>,
}

/// What is said of a command that has run.
#[derive(Deserialize)]
struct Ran {
    #[serde(default)]
    exit_code: Option<i32>,
    #[serde(default)]
    duration_ms: Option<u64>,
}

/// Reads a request from a frame.
///
/// # Errors
///
/// Says what is wrong with it, in one line for the client. The frame consumed nothing.
pub fn parse_request(frame: &[u8]) -> Result<Request, FrameError> {
    let text = str::from_utf8(frame).map_err(|_| FrameError::NotText)?;
    let kind = match serde_json::from_str::<Kind<'_>>(text) {
        Ok(Kind { kind: Some(kind) }) => kind,
        Ok(Kind { kind: None }) => return Err(FrameError::NoKind),
        Err(error) if error.is_data() => return Err(FrameError::NoKind),
        Err(error) => return Err(FrameError::NotJson(error.to_string())),
    };
    let has_command = matches!(&*kind, "propose" | "score" | "record" | "resolve");
    if !has_command && frame.len() > OTHER_BYTES_MAX {
        return Err(FrameError::WrongMembers {
            kind: echo(&kind),
            problem: format!("more than {OTHER_BYTES_MAX} bytes"),
        });
    }
    let problem = match read(&kind, text) {
        Ok(mut request) => {
            if let Request::Propose(command)
            | Request::Score(command)
            | Request::Resolve { command, .. }
            | Request::Record { command, .. } = &mut request
            {
                command.complete_text();
            }
            return Ok(request);
        }
        Err(problem) => problem,
    };
    if KINDS.contains(&&*kind) {
        Err(FrameError::WrongMembers {
            kind: kind.into_owned(),
            problem: problem.to_string(),
        })
    } else {
        Err(FrameError::UnknownKind(echo(&kind)))
    }
}

/// Reads the members of a request. Those that are asked most often, and those that may be long, are read as what they are: read by
/// their kind, every member would be kept twice on the way, those that nobody knows as well.
fn read(kind: &str, text: &str) -> Result<Request, serde_json::Error> {
    Ok(match kind {
        "propose" => Request::Propose(serde_json::from_str(text)?),
        "score" => Request::Score(serde_json::from_str(text)?),
        "record" => {
            let Ran {
                exit_code,
                duration_ms,
            } = serde_json::from_str(text)?;
            Request::Record {
                command: serde_json::from_str(text)?,
                exit_code,
                duration_ms,
            }
        }
        "status" => Request::Status,
        "listpending" => Request::ListPending,
        "listgrants" => Request::ListGrants,
        _ => serde_json::from_str(text)?,
    })
}

/// Returns the beginning of what a client sent, fit for a message of one line.
fn echo(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}

/// Room for an answer at first, in bytes.
const ANSWER_BYTES: usize = 1_024;

/// Writes a message as one frame, its newline included.
///
/// # Errors
///
/// When the message cannot be written as JSON, which no message of this crate should bring about.
pub fn write_frame<T: serde::Serialize>(message: &T) -> Result<Vec<u8>, serde_json::Error> {
    // Most answers fit, so that most are written without growing.
    let mut frame = Vec::with_capacity(ANSWER_BYTES);
    serde_json::to_writer(&mut frame, message)?;
    frame.push(b'\n');
    Ok(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(chunks: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut buffer = FrameBuffer::default();
        let mut found = Vec::new();
        for chunk in chunks {
            buffer.push(chunk);
            while let Some(frame) = buffer.next_frame().unwrap() {
                found.push(frame.to_vec());
            }
        }
        found
    }

    #[test]
    fn frames_are_the_same_however_they_are_cut() {
        let whole: &[u8] = b"one\ntwo\n\nfour\nrest";
        let expected = frames(&[whole]);
        assert_eq!(
            expected,
            [
                b"one".to_vec(),
                b"two".to_vec(),
                b"".to_vec(),
                b"four".to_vec()
            ]
        );
        for cut in 0..whole.len() {
            assert_eq!(
                frames(&[&whole[..cut], &whole[cut..]]),
                expected,
                "cut at {cut}"
            );
        }
        let bytes: Vec<&[u8]> = whole.chunks(1).collect();
        assert_eq!(frames(&bytes), expected);
    }

    #[test]
    fn a_frame_may_have_its_bound_and_not_one_byte_more() {
        let mut buffer = FrameBuffer::default();
        buffer.push(&vec![b'x'; FRAME_BYTES_MAX - 1]);
        assert_eq!(buffer.next_frame(), Ok(None));
        buffer.push(b"\n");
        assert_eq!(
            buffer.next_frame().unwrap().unwrap().len(),
            FRAME_BYTES_MAX - 1
        );

        buffer.push(&vec![b'x'; FRAME_BYTES_MAX]);
        assert_eq!(buffer.next_frame(), Err(FrameError::TooLarge));
        let mut buffer = FrameBuffer::default();
        buffer.push(&vec![b'x'; FRAME_BYTES_MAX]);
        buffer.push(b"\n");
        assert_eq!(buffer.next_frame(), Err(FrameError::TooLarge));
    }

    #[test]
    fn what_is_wrong_with_a_frame_is_said() {
        let code = |frame: &[u8]| parse_request(frame).unwrap_err().code();
        assert_eq!(code(b"\xff\xfe"), ErrorCode::BadRequest);
        assert_eq!(code(b"rm -rf /"), ErrorCode::BadRequest);
        assert_eq!(code(b""), ErrorCode::BadRequest);
        assert_eq!(code(b"[1]"), ErrorCode::BadRequest);
        assert_eq!(code(br#"{"kind":7}"#), ErrorCode::BadRequest);
        assert_eq!(code(br#"{"kind":"propose"}"#), ErrorCode::BadRequest);
        assert_eq!(code(br#"{"kind":"dance"}"#), ErrorCode::UnknownRequest);
        let error = parse_request(br#"{"kind":"approve","id":"x"}"#).unwrap_err();
        assert!(error.to_string().starts_with("`approve`: "), "{error}");
    }

    #[test]
    fn every_kind_is_known() {
        for kind in KINDS {
            let frame = format!("{{\"kind\":\"{kind}\"}}");
            if let Err(error) = parse_request(frame.as_bytes()) {
                assert_eq!(error.code(), ErrorCode::BadRequest, "{kind}: {error}");
            }
        }
    }

    #[test]
    fn a_deep_frame_is_an_error_and_not_a_crash() {
        let deep = "[".repeat(FRAME_BYTES_MAX - 1);
        assert_eq!(
            parse_request(deep.as_bytes()).unwrap_err().code(),
            ErrorCode::BadRequest
        );
        let deep = format!("{{\"kind\":{}", "{\"a\":".repeat(100_000));
        assert!(parse_request(deep.as_bytes()).is_err());
    }

    #[test]
    fn members_that_are_not_known_are_ignored() {
        let request = parse_request(br#"{"kind":"status","colour":"red"}"#).unwrap();
        assert_eq!(request, Request::Status);
    }
}
