//! Bytes ↔ frames ↔ messages between the daemon and a worker.
//!
//! A frame is a kind, three zeroes, the length of its body (little-endian, as all numbers), and the body: numbers of a fixed
//! width, and texts behind their length. What is not exactly that is an error, after which the other side is of no more use.

use super::{
    Ask, COMMAND_BYTES_MAX, Calibration, EFFECTS_BYTES_MAX, HASH_BYTES, Outcome, Question, Ready,
    Reply, SETTINGS_BYTES_MAX, Unavailable, WORDS_BYTES_MAX,
};

/// Bytes in front of every body.
pub const HEADER_BYTES: usize = 8;

/// Longest body, in bytes.
pub const BODY_BYTES_MAX: usize = 24 * 1024;
const _: () = assert!(BODY_BYTES_MAX > SETTINGS_BYTES_MAX + 64);
const _: () = assert!(BODY_BYTES_MAX > COMMAND_BYTES_MAX + EFFECTS_BYTES_MAX + 64);
const _: () = assert!(BODY_BYTES_MAX > 3 * WORDS_BYTES_MAX + 2 * HASH_BYTES + 64);

/// Why bytes are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Its header names a length that no frame has, or is no header.
    #[error("the scorer's bytes are no frame")]
    Header,
    /// The body is not what its kind says.
    #[error("a frame of the kind {0} is not as it ought to be")]
    Body(u8),
}

/// What can be a frame.
pub trait Message: Sized {
    /// Writes the body, and returns the kind.
    fn write(&self, body: &mut Body) -> u8;
    /// Reads a body of `kind`; nothing when it is not one.
    fn read(kind: u8, body: &mut Unread<'_>) -> Option<Self>;
}

/// Returns a message as one frame. A text that is longer than it may be is cut.
#[must_use]
pub fn encode<M: Message>(message: &M) -> Vec<u8> {
    let mut body = Body(Vec::with_capacity(256));
    let kind = message.write(&mut body);
    let length = u32::try_from(body.0.len()).unwrap_or(u32::MAX);
    let mut frame = Vec::with_capacity(HEADER_BYTES + body.0.len());
    frame.extend_from_slice(&[kind, 0, 0, 0]);
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(&body.0);
    frame
}

/// Bytes that are not yet a frame.
///
/// Holds no more than one frame and what one read adds to it, as long as its owner takes out what is whole before it adds more.
#[derive(Debug, Default)]
pub struct Reader {
    bytes: Vec<u8>,
}

impl Reader {
    /// Adds what was read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether nothing is waiting to become whole.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns the next whole message; nothing when it has not come whole.
    ///
    /// # Errors
    /// The other side does not speak this language; nothing that it sends can be understood any more.
    pub fn take<M: Message>(&mut self) -> Result<Option<M>, FrameError> {
        let Some((header, rest)) = self.bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Ok(None);
        };
        let [kind, 0, 0, 0, length @ ..] = *header else {
            return Err(FrameError::Header);
        };
        let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
        if length > BODY_BYTES_MAX {
            return Err(FrameError::Header);
        }
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        let mut unread = Unread(body);
        let message = M::read(kind, &mut unread).filter(|_| unread.0.is_empty());
        let message = message.ok_or(FrameError::Body(kind))?;
        self.bytes.drain(..HEADER_BYTES + length);
        Ok(Some(message))
    }
}

/// A body that is being written.
#[derive(Debug)]
pub struct Body(Vec<u8>);

impl Body {
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Writes a text, or as much of it as may be.
    fn text(&mut self, text: &str, most: usize) {
        let end = (0..=most.min(text.len())).rfind(|end| text.is_char_boundary(*end));
        let text = end.and_then(|end| text.get(..end)).unwrap_or_default();
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        self.bytes(&length.to_le_bytes());
        self.bytes(text.as_bytes());
    }
}

/// A body that is being read.
#[derive(Debug)]
pub struct Unread<'a>(&'a [u8]);

impl Unread<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*array)
    }

    fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self, most: usize) -> Option<String> {
        let length = usize::try_from(self.u32()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length).filter(|_| length <= most)?;
        self.0 = rest;
        str::from_utf8(text).ok().map(str::to_owned)
    }
}

/// The kinds on the wire: the daemon's from 1, the worker's from 65.
mod kind {
    pub(super) const HELLO: u8 = 1;
    pub(super) const SCORE: u8 = 2;
    pub(super) const EXPLAIN: u8 = 3;
    pub(super) const READY: u8 = 65;
    pub(super) const FAILED: u8 = 66;
    pub(super) const SCORED: u8 = 67;
    pub(super) const EXPLANATION: u8 = 68;
}

impl Message for Ask {
    fn write(&self, body: &mut Body) -> u8 {
        match self {
            Self::Hello {
                version,
                first,
                settings,
            } => {
                body.bytes(&version.to_le_bytes());
                body.bytes(&[*first]);
                body.text(settings, SETTINGS_BYTES_MAX);
                kind::HELLO
            }
            Self::Score(question) => {
                question.write(body);
                kind::SCORE
            }
            Self::Explain(question) => {
                question.write(body);
                kind::EXPLAIN
            }
        }
    }

    fn read(kind: u8, body: &mut Unread<'_>) -> Option<Self> {
        Some(match kind {
            kind::HELLO => Self::Hello {
                version: body.u16()?,
                first: body.byte()?,
                settings: body.text(SETTINGS_BYTES_MAX)?,
            },
            kind::SCORE => Self::Score(Question::read(body)?),
            kind::EXPLAIN => Self::Explain(Question::read(body)?),
            _ => return None,
        })
    }
}

impl Question {
    fn write(&self, body: &mut Body) {
        body.bytes(&self.id.to_le_bytes());
        body.bytes(&self.deadline_ms.to_le_bytes());
        body.text(&self.command, COMMAND_BYTES_MAX);
        body.text(&self.effects, EFFECTS_BYTES_MAX);
    }

    fn read(body: &mut Unread<'_>) -> Option<Self> {
        Some(Self {
            id: body.u64()?,
            deadline_ms: body.u32()?,
            command: body.text(COMMAND_BYTES_MAX)?,
            effects: body.text(EFFECTS_BYTES_MAX)?,
        })
    }
}

impl Message for Reply {
    fn write(&self, body: &mut Body) -> u8 {
        match self {
            Self::Ready(ready) => {
                body.text(&ready.backend, WORDS_BYTES_MAX);
                body.text(&ready.model, WORDS_BYTES_MAX);
                body.bytes(&ready.model_hash);
                body.bytes(&ready.prompt_hash);
                write_calibration(ready.calibration, body);
                body.text(&ready.passed_over, WORDS_BYTES_MAX);
                kind::READY
            }
            Self::Failed { reason } => {
                body.text(reason, WORDS_BYTES_MAX);
                kind::FAILED
            }
            Self::Score {
                id,
                outcome,
                took_us,
            } => {
                body.bytes(&id.to_le_bytes());
                body.bytes(&match outcome {
                    Outcome::Risk(risk) => [1, *risk],
                    Outcome::Unavailable(reason) => [0, *reason as u8],
                });
                body.bytes(&took_us.to_le_bytes());
                kind::SCORED
            }
            Self::Explanation { id, text, took_us } => {
                body.bytes(&id.to_le_bytes());
                body.bytes(&[u8::from(text.is_some())]);
                body.text(text.as_deref().unwrap_or_default(), WORDS_BYTES_MAX);
                body.bytes(&took_us.to_le_bytes());
                kind::EXPLANATION
            }
        }
    }

    fn read(kind: u8, body: &mut Unread<'_>) -> Option<Self> {
        Some(match kind {
            kind::READY => Self::Ready(Ready {
                backend: body.text(WORDS_BYTES_MAX)?,
                model: body.text(WORDS_BYTES_MAX)?,
                model_hash: body.array()?,
                prompt_hash: body.array()?,
                calibration: read_calibration(body)?,
                passed_over: body.text(WORDS_BYTES_MAX)?,
            }),
            kind::FAILED => Self::Failed {
                reason: body.text(WORDS_BYTES_MAX)?,
            },
            kind::SCORED => Self::Score {
                id: body.u64()?,
                outcome: match body.array()? {
                    [1, risk @ 0..=100] => Outcome::Risk(risk),
                    [0, reason] => {
                        Outcome::Unavailable(*Unavailable::ALL.get(usize::from(reason))?)
                    }
                    _ => return None,
                },
                took_us: body.u32()?,
            },
            kind::EXPLANATION => {
                let id = body.u64()?;
                let is_there = body.byte()?;
                let text = body.text(WORDS_BYTES_MAX)?;
                Self::Explanation {
                    id,
                    text: match (is_there, text.is_empty()) {
                        (1, _) => Some(text),
                        (0, true) => None,
                        _ => return None,
                    },
                    took_us: body.u32()?,
                }
            }
            _ => return None,
        })
    }
}

fn write_calibration(calibration: Calibration, body: &mut Body) {
    match calibration {
        Calibration::None => body.bytes(&[0]),
        Calibration::Prior {
            thousandths,
            temperature,
        } => {
            body.bytes(&[1]);
            for number in thousandths.into_iter().chain([temperature]) {
                body.bytes(&number.to_le_bytes());
            }
        }
    }
}

fn read_calibration(body: &mut Unread<'_>) -> Option<Calibration> {
    match body.byte()? {
        0 => Some(Calibration::None),
        1 => Some(Calibration::Prior {
            thousandths: [body.u16()?, body.u16()?, body.u16()?],
            temperature: body.u16()?,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words() -> impl Strategy<Value = String> {
        "\\PC{0,40}"
    }

    fn question() -> impl Strategy<Value = Question> {
        (any::<u64>(), any::<u32>(), words(), words()).prop_map(
            |(id, deadline_ms, command, effects)| Question {
                id,
                deadline_ms,
                command,
                effects,
            },
        )
    }

    fn ask() -> impl Strategy<Value = Ask> {
        prop_oneof![
            (any::<u16>(), any::<u8>(), words()).prop_map(|(version, first, settings)| {
                Ask::Hello {
                    version,
                    first,
                    settings,
                }
            }),
            question().prop_map(Ask::Score),
            question().prop_map(Ask::Explain),
        ]
    }

    fn calibration() -> impl Strategy<Value = Calibration> {
        prop_oneof![
            Just(Calibration::None),
            (any::<[u16; 3]>(), any::<u16>()).prop_map(|(thousandths, temperature)| {
                Calibration::Prior {
                    thousandths,
                    temperature,
                }
            }),
        ]
    }

    fn ready() -> impl Strategy<Value = Reply> {
        let hashes = (any::<[u8; 32]>(), any::<[u8; 32]>());
        (words(), words(), hashes, calibration(), words()).prop_map(
            |(backend, model, (model_hash, prompt_hash), calibration, passed_over)| {
                Reply::Ready(Ready {
                    backend,
                    model,
                    model_hash,
                    prompt_hash,
                    calibration,
                    passed_over,
                })
            },
        )
    }

    fn outcome() -> impl Strategy<Value = Outcome> {
        prop_oneof![
            (0..=100_u8).prop_map(Outcome::Risk),
            (0..Unavailable::ALL.len()).prop_map(|at| Outcome::Unavailable(Unavailable::ALL[at])),
        ]
    }

    fn reply() -> impl Strategy<Value = Reply> {
        let explained = (any::<u64>(), proptest::option::of(words()), any::<u32>());
        prop_oneof![
            ready(),
            words().prop_map(|reason| Reply::Failed { reason }),
            (any::<u64>(), outcome(), any::<u32>()).prop_map(|(id, outcome, took_us)| {
                Reply::Score {
                    id,
                    outcome,
                    took_us,
                }
            }),
            explained.prop_map(|(id, text, took_us)| Reply::Explanation { id, text, took_us }),
        ]
    }

    /// Reads everything that `bytes` holds, in pieces of `step`.
    fn read_all<M: Message>(bytes: &[u8], step: usize) -> Result<Vec<M>, FrameError> {
        let mut reader = Reader::default();
        let mut read = Vec::new();
        for piece in bytes.chunks(step.max(1)) {
            reader.push(piece);
            while let Some(message) = reader.take()? {
                read.push(message);
            }
        }
        Ok(read)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_however_it_is_cut(
            asks in prop::collection::vec(ask(), 0..5),
            replies in prop::collection::vec(reply(), 0..5),
            step in 1_usize..64,
        ) {
            let bytes: Vec<u8> = asks.iter().flat_map(encode).collect();
            prop_assert_eq!(read_all::<Ask>(&bytes, step).unwrap(), asks);
            let bytes: Vec<u8> = replies.iter().flat_map(encode).collect();
            prop_assert_eq!(read_all::<Reply>(&bytes, step).unwrap(), replies);
        }

        #[test]
        fn a_stranger_cannot_make_it_fall_or_keep_much(
            bytes in prop::collection::vec(any::<u8>(), 0..2_000),
            message in reply(),
            at in any::<prop::sample::Index>(),
            flipped in any::<u8>(),
        ) {
            drop(read_all::<Reply>(&bytes, 100));
            drop(read_all::<Ask>(&bytes, 100));
            let mut bytes = encode(&message);
            let at = at.index(bytes.len());
            bytes[at] ^= flipped;
            if let Ok(read) = read_all::<Reply>(&bytes, 7) {
                for message in read {
                    let too_risky = matches!(
                        message,
                        Reply::Score { outcome: Outcome::Risk(101..), .. }
                    );
                    prop_assert!(!too_risky);
                }
            }
        }
    }

    #[test]
    fn a_length_that_no_frame_has_is_an_error_at_once() {
        let mut reader = Reader::default();
        reader.push(&[kind::SCORED, 0, 0, 0, 0, 0, 1, 0]);
        assert_eq!(reader.take::<Reply>(), Err(FrameError::Header));
        let mut reader = Reader::default();
        reader.push(b"segmentation fault\n");
        assert_eq!(reader.take::<Reply>(), Err(FrameError::Header));
    }

    #[test]
    fn a_frame_of_the_other_side_or_with_more_behind_it_is_an_error() {
        let failed = Reply::Failed { reason: "x".into() };
        let mut frame = encode(&failed);
        let mut reader = Reader::default();
        reader.push(&frame);
        assert_eq!(reader.take::<Ask>(), Err(FrameError::Body(kind::FAILED)));
        frame.push(0);
        frame[4] += 1;
        let mut reader = Reader::default();
        reader.push(&frame);
        assert_eq!(reader.take::<Reply>(), Err(FrameError::Body(kind::FAILED)));
    }

    #[test]
    fn a_risk_above_one_hundred_is_no_risk() {
        let mut frame = encode(&Reply::Score {
            id: 1,
            outcome: Outcome::Risk(100),
            took_us: 1,
        });
        let risk = HEADER_BYTES + 9;
        assert_eq!(frame[risk], 100);
        frame[risk] = 101;
        let mut reader = Reader::default();
        reader.push(&frame);
        assert_eq!(reader.take::<Reply>(), Err(FrameError::Body(kind::SCORED)));
    }

    #[test]
    fn numbers_of_reasons_are_their_places() {
        for (at, reason) in Unavailable::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, at);
            let word = serde_json::to_value(reason).unwrap();
            assert_eq!(word, reason.as_str());
        }
    }

    #[test]
    fn words_that_are_too_long_are_cut_between_characters() {
        let reason = "ä".repeat(WORDS_BYTES_MAX);
        let mut reader = Reader::default();
        reader.push(&encode(&Reply::Failed { reason }));
        let Ok(Some(Reply::Failed { reason })) = reader.take() else {
            panic!("no reply");
        };
        assert_eq!(reason.len(), WORDS_BYTES_MAX);
    }
}
