//! What the daemon and its scorer say to each other, and what a score is known by.
//!
//! The scorer is another process, which computes with a file from elsewhere and may be anything by the time it answers. So what
//! it says is read here as that of a stranger: few kinds of frames, every length bounded, every number checked, and a risk that
//! can only be added to that of the heuristic (`decide`).

pub mod frame;
pub mod gguf;
pub mod hashes;
pub mod prompt;
pub mod settings;

use crate::display::{describe, escape};
use crate::effect::Effect;
use crate::redact::redact;

/// Version of the frames; a worker of another one is not used.
pub const VERSION: u16 = 1;

/// Longest command that is scored, in bytes, once it is one escaped line.
///
/// Beyond, a small model takes longer than anybody waits, and the heuristic stands alone.
pub const COMMAND_BYTES_MAX: usize = 8 * 1024;

/// Longest summary of effects that goes with a command, in bytes.
pub const EFFECTS_BYTES_MAX: usize = 1024;

/// Longest name, reason or explanation in a frame, in bytes.
pub const WORDS_BYTES_MAX: usize = 512;

/// Longest explanation that a person is shown, in bytes.
pub const EXPLANATION_BYTES_MAX: usize = 160;

/// Longest settings in a frame, in bytes.
pub const SETTINGS_BYTES_MAX: usize = 16 * 1024;

/// Bytes of a hash.
pub const HASH_BYTES: usize = 32;

/// What the daemon asks of a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// The first frame of all: what to load.
    Hello {
        /// The [`VERSION`] of the daemon.
        version: u16,
        /// How many of the configured backends are passed over, because a worker has died of them.
        first: u8,
        /// The [`settings::ModelSettings`], as JSON.
        settings: String,
    },
    /// How risky is it?
    Score(Question),
    /// Why should a person look at it?
    Explain(Question),
}

/// A command that is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// By which the reply is found; never used twice with one worker.
    pub id: u64,
    /// How long the worker may take, in milliseconds.
    pub deadline_ms: u32,
    /// The command, by [`command_line`].
    pub command: String,
    /// What it would do, by [`effects_line`].
    pub effects: String,
}

/// What a worker says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// It can be asked.
    Ready(Ready),
    /// It cannot be used, and ends.
    Failed {
        /// Why, in one line for `status` and the log.
        reason: String,
    },
    /// The answer to [`Ask::Score`].
    Score {
        /// That of the question.
        id: u64,
        /// The risk, or why there is none.
        outcome: Outcome,
        /// How long it took, in microseconds.
        took_us: u32,
    },
    /// The answer to [`Ask::Explain`].
    Explanation {
        /// That of the question.
        id: u64,
        /// The model's words, one line; nothing when it has none.
        text: Option<String>,
        /// How long it took, in microseconds.
        took_us: u32,
    },
}

/// What scores, and everything that its scores depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// The backend: `llama`, `llama-server`, `openai`, `mock`.
    pub backend: String,
    /// The model, as a person knows it: a file's name, a model's name.
    pub model: String,
    /// The model's BLAKE3 hash; for one that is elsewhere, the hash of where and what it is called.
    pub model_hash: [u8; HASH_BYTES],
    /// The hash of everything that stands around the command.
    pub prompt_hash: [u8; HASH_BYTES],
    /// What was measured to correct the scores.
    pub calibration: Calibration,
    /// What was tried before it and could not be used, in one line; empty when it was the first.
    pub passed_over: String,
}

/// How scores are corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calibration {
    /// They are taken as they are: the backend shows no probabilities.
    None,
    /// By the probabilities of the labels where nothing stands in the command's place, in thousandths, and a temperature.
    Prior {
        /// Of `safe`, `caution`, `danger`.
        thousandths: [u16; 3],
        /// In hundredths.
        temperature: u16,
    },
}

/// What a score came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The risk, 0 to 100.
    Risk(u8),
    /// None, and why.
    Unavailable(Unavailable),
}

/// Why there is no score. The heuristic's stands then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unavailable {
    /// It took longer than it may.
    Deadline,
    /// The command is longer than what is scored.
    TooLong,
    /// The model does not answer with one of the labels.
    NotAnswering,
    /// The backend failed: an endpoint that is away, an answer that is none.
    Backend,
    /// More wait already than are kept waiting.
    QueueFull,
    /// The worker is not there yet, or no longer.
    NotReady,
}

impl Unavailable {
    /// Every reason, in the order of its number on the wire.
    pub const ALL: [Self; 6] = [
        Self::Deadline,
        Self::TooLong,
        Self::NotAnswering,
        Self::Backend,
        Self::QueueFull,
        Self::NotReady,
    ];

    /// Returns the word for it in records and in `--json`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::TooLong => "too_long",
            Self::NotAnswering => "not_answering",
            Self::Backend => "backend",
            Self::QueueFull => "queue_full",
            Self::NotReady => "not_ready",
        }
    }
}

impl Ready {
    /// Returns what `status` calls it: `llama:qwen.gguf`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}:{}", self.backend, self.model)
    }
}

/// Returns a command as the model reads it: one line, nothing in it hidden; nothing when it is longer than what is scored.
#[must_use]
pub fn command_line(command: &str) -> Option<String> {
    // Escaping only makes it longer.
    if command.len() > COMMAND_BYTES_MAX {
        return None;
    }
    let line = escape(command.trim());
    (line.len() <= COMMAND_BYTES_MAX).then_some(line)
}

/// Returns what a command would do as the model reads it: the same words that a person is shown, each once, as many as fit.
#[must_use]
pub fn effects_line(effects: &[Effect]) -> String {
    let mut line = String::new();
    let mut said = std::collections::BTreeSet::new();
    for effect in effects {
        let words = describe(effect);
        if line.len() + words.len() + 2 > EFFECTS_BYTES_MAX || !said.insert(words.clone()) {
            continue;
        }
        if !line.is_empty() {
            line.push_str("; ");
        }
        line.push_str(&words);
    }
    line
}

/// Whether a byte may stand in an explanation: what plain sentences are made of, and nothing that a terminal, a shell or a reader
/// of markup would take for more.
#[must_use]
pub const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b',' | b'.' | b'\'' | b'/' | b'-')
}

/// Returns what a model said about a command as a person is shown it: one short line of plain characters, its secrets masked.
/// Nothing when there is no word in it.
///
/// Whatever a model says may have been put into its mouth by the command. So what is not plain becomes a space, whoever said it.
#[must_use]
pub fn explanation_line(said: &str) -> Option<String> {
    let mut line = String::new();
    // Before anything is taken out of it: a mask is found by what surrounds it.
    let masked = redact(said);
    let plain = |character: char| u8::try_from(character).is_ok_and(is_plain);
    for word in masked.split(|character: char| character == ' ' || !plain(character)) {
        let gap = usize::from(!line.is_empty());
        if word.is_empty() {
            continue;
        }
        if line.len() + gap + word.len() > EXPLANATION_BYTES_MAX {
            break;
        }
        if gap == 1 {
            line.push(' ');
        }
        line.push_str(word);
    }
    line.bytes()
        .any(|byte| byte.is_ascii_alphabetic())
        .then_some(line)
}

/// Returns what a score is remembered by: all that it depends on, and nothing else.
#[must_use]
pub fn cache_key(scorer: &Ready, command: &str, effects: &str) -> [u8; HASH_BYTES] {
    let mut hasher = blake3::Hasher::new_derive_key("kintsugi 2026 score of a command v1");
    let mut part = |bytes: &[u8]| {
        // A length in front of each, so that no two lists of parts are the same bytes.
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    part(scorer.backend.as_bytes());
    part(&scorer.model_hash);
    part(&scorer.prompt_hash);
    if let Calibration::Prior {
        thousandths,
        temperature,
    } = scorer.calibration
    {
        for number in thousandths.into_iter().chain([temperature]) {
            part(&number.to_le_bytes());
        }
    }
    part(command.as_bytes());
    part(effects.as_bytes());
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::{Action, Feed, Modifiers, Role, Span, Target};

    fn scorer() -> Ready {
        Ready {
            backend: "llama".into(),
            model: "tiny.gguf".into(),
            model_hash: [1; 32],
            prompt_hash: [2; 32],
            calibration: Calibration::None,
            passed_over: String::new(),
        }
    }

    fn deletes(path: &str) -> Effect {
        Effect {
            action: Action::Delete,
            role: Role::Path,
            target: Target::named(path),
            modifiers: Modifiers::NONE,
            feed: Feed::Nothing,
            program: "x".into(),
            span: Span::default(),
            script: None,
        }
    }

    #[test]
    fn a_command_is_one_line_and_never_cut() {
        assert_eq!(command_line(" a\nb\x1b[2K ").unwrap(), "a\\nb\\x1b[2K");
        let longest = "x".repeat(COMMAND_BYTES_MAX);
        assert_eq!(command_line(&longest).as_deref(), Some(longest.as_str()));
        assert_eq!(command_line(&format!("{longest}x")), None);
        let grows = "\n".repeat(COMMAND_BYTES_MAX / 2 + 1);
        assert_eq!(command_line(&format!("x{grows}x")), None);
    }

    #[test]
    fn effects_are_said_once_and_as_many_as_fit() {
        let one = effects_line(&[deletes("a"), deletes("a"), deletes("b")]);
        assert_eq!(one, "deletes `a`; deletes `b`");
        let many: Vec<_> = (0..500).map(|n| deletes(&format!("file-{n}"))).collect();
        let line = effects_line(&many);
        assert!(line.len() <= EFFECTS_BYTES_MAX && line.len() > EFFECTS_BYTES_MAX / 2);
    }

    #[test]
    fn an_explanation_is_one_short_plain_line_whatever_was_said() {
        let line = explanation_line;
        assert_eq!(
            line(" It removes the\nbuild directory. ").as_deref(),
            Some("It removes the build directory.")
        );
        let hostile = "\u{1b}]0;x\u{7}\u{202e}`reboot` <b>safe</b> \u{1b}[2K$(id) \u{301}ok";
        assert_eq!(
            line(hostile).as_deref(),
            Some("0 x reboot b safe /b 2K id ok")
        );
        for nothing in ["", " \n\t", "\u{1b}\u{202e}", "... 12 --", "\u{4e00}"] {
            assert_eq!(line(nothing), None, "{nothing:?}");
        }
        let secret = "it sends ghp_0123456789abcdefghijABCDEFGHIJ012345 away";
        let shown = line(secret).unwrap();
        assert!(!shown.contains("0123456789abcdef"), "{shown}");
        let long = line(&"word ".repeat(1_000)).unwrap();
        assert!(long.len() <= EXPLANATION_BYTES_MAX && long.len() > 150);
        assert_eq!(line(&"x".repeat(1_000)), None, "one word without an end");
        assert!(line(hostile).unwrap().bytes().all(is_plain));
    }

    #[test]
    fn a_key_changes_with_everything_that_a_score_depends_on() {
        let key = cache_key(&scorer(), "make x", "runs `x`");
        assert_eq!(key, cache_key(&scorer(), "make x", "runs `x`"));
        // The name of a file is not what it computes.
        let model = "copy.gguf".to_owned();
        let renamed = Ready { model, ..scorer() };
        assert_eq!(key, cache_key(&renamed, "make x", "runs `x`"));
        let others = [
            Ready {
                backend: "openai".into(),
                ..scorer()
            },
            Ready {
                model_hash: [3; 32],
                ..scorer()
            },
            Ready {
                prompt_hash: [3; 32],
                ..scorer()
            },
            Ready {
                calibration: Calibration::Prior {
                    thousandths: [333, 333, 334],
                    temperature: 100,
                },
                ..scorer()
            },
        ];
        for other in others {
            assert_ne!(key, cache_key(&other, "make x", "runs `x`"), "{other:?}");
        }
        assert_ne!(key, cache_key(&scorer(), "make xr", "uns `x`"));
        assert_ne!(key, cache_key(&scorer(), "make x", ""));
    }
}
