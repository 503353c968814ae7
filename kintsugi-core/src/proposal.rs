//! A command that awaits an answer, and what is known about whom it comes from.

use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use crate::limits::ARGV_WORDS_MAX;
use crate::quote;
use crate::shell::Dialect;

/// A command as a client proposes it. What it claims about itself is a claim; only
/// [`PeerCredentials`] are attested.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProposedCommand {
    /// Names this proposal; a retry uses the same.
    pub id: Uuid,
    /// The client's clock, RFC 3339. Kept, never believed.
    pub ts: String,
    /// Who claims to propose: `claude-code`, `codex`, `shell`, …
    pub agent: String,
    /// The directory it would run in, absolute.
    pub cwd: String,
    /// Its words, when the client has them; may be empty. What they say beyond `raw` is judged too: [`Self::complete_text`].
    #[serde(default, deserialize_with = "words")]
    pub argv: Vec<String>,
    /// The exact text.
    pub raw: String,
    /// The agent's session.
    #[serde(default)]
    pub session: Option<String>,
    /// Addition: the language of `raw`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shell: Option<Dialect>,
    /// Addition: what the agent called the tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// Addition: what the client found out about what it would touch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Box<crate::facts::Facts>>,
    /// Addition: what this client offers to do before a decision: [`GATHERS_FACTS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub can: Vec<String>,
    /// Addition: a person is at this prompt.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interactive: bool,
}

/// Reads the words of a command, as many as there may be.
fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct Words;

    impl<'de> Visitor<'de> for Words {
        type Value = Vec<String>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(formatter, "at most {ARGV_WORDS_MAX} words")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut given: A) -> Result<Self::Value, A::Error> {
            let mut words = Vec::new();
            while let Some(word) = given.next_element()? {
                if words.len() == ARGV_WORDS_MAX {
                    return Err(de::Error::invalid_length(ARGV_WORDS_MAX + 1, &self));
                }
                words.push(word);
            }
            Ok(words)
        }
    }

    deserializer.deserialize_seq(Words)
}

/// What a client says in [`ProposedCommand::can`] that gathers facts when it is asked to.
pub const GATHERS_FACTS: &str = "facts";

/// What a client says there that also knows [`crate::facts::Scope::Names`] and [`crate::facts::Scope::Members`].
pub const FINDS_BROUGHT: &str = "facts-brought";

impl ProposedCommand {
    /// Whether its client finds out what comes along with a directory or an archive.
    #[must_use]
    pub fn finds_brought(&self) -> bool {
        self.can.iter().take(8).any(|offer| offer == FINDS_BROUGHT)
    }

    /// Whether its client gathers facts when it is asked to.
    #[must_use]
    pub fn gathers_facts(&self) -> bool {
        self.can.iter().take(8).any(|offer| offer == GATHERS_FACTS)
    }

    /// Makes the text say all that may run: words that are not the text's own become its last line, or the text when there is none.
    ///
    /// A client runs the text or the words; which, it does not say, so one answer is about both. Words are the text's own when
    /// they are what white space or a shell's quotes part it into, when the text is the only one, or when a shell is given it
    /// (`sh -c TEXT`).
    pub fn complete_text(&mut self) {
        let is_given_to_a_shell = matches!(self.argv.as_slice(),
            [_, option, text] if option.starts_with('-') && option.ends_with('c') && *text == self.raw);
        let is_its_own = self.argv.is_empty()
            || is_given_to_a_shell
            || self.argv.as_slice() == [self.raw.as_str()]
            || self.raw.split_whitespace().eq(&self.argv)
            || shlex::split(&self.raw).is_some_and(|words| words == self.argv);
        if is_its_own {
            return;
        }
        if self.raw.trim().is_empty() {
            self.raw.clear();
        } else {
            self.raw.push('\n');
        }
        self.raw.push_str(&quote::join(&self.argv));
    }

    /// Returns what tells this command from another under the same id: agent, session, directory,
    /// shell, words and text.
    ///
    /// `blake3` over an encoding in which every part has its length in front, so that no two
    /// commands have the same one.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        let identity = Identity {
            agent: &self.agent,
            session: self.session.as_deref(),
            cwd: &self.cwd,
            shell: self.shell,
            raw: &self.raw,
            argv: &self.argv,
        };
        identity.fingerprint()
    }
}

/// What makes a proposal the same as another.
pub(crate) struct Identity<'a> {
    pub(crate) agent: &'a str,
    pub(crate) session: Option<&'a str>,
    pub(crate) cwd: &'a str,
    pub(crate) shell: Option<Dialect>,
    pub(crate) raw: &'a str,
    pub(crate) argv: &'a [String],
}

impl Identity<'_> {
    /// See [`ProposedCommand::fingerprint`].
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        let mut bytes = b"kintsugi fingerprint v1".to_vec();
        let shell = self.shell.map(|shell| format!("{shell:?}"));
        let words = self.argv.iter().map(|word| Some(word.as_str()));
        let parts = [
            Some(self.agent),
            self.session,
            Some(self.cwd),
            shell.as_deref(),
            Some(self.raw),
        ];
        for part in parts.into_iter().chain(words) {
            // Nothing and the empty text are not the same: 0, and its length plus 1.
            let length = part.map_or(0, |text| text.len() as u64 + 1);
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(part.unwrap_or_default().as_bytes());
        }
        *blake3::hash(&bytes).as_bytes()
    }
}

/// Who is at the other end of a connection, as the kernel attests it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerCredentials {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Process; 0 where the kernel does not tell.
    pub pid: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> ProposedCommand {
        ProposedCommand {
            id: Uuid::nil(),
            ts: "2026-01-01T00:00:00Z".into(),
            agent: "codex".into(),
            cwd: "/home/ada".into(),
            argv: vec!["rm".into(), "x".into()],
            raw: "rm x".into(),
            session: None,
            shell: None,
            tool: None,
            facts: None,
            can: Vec::new(),
            interactive: false,
        }
    }

    #[test]
    fn words_that_are_not_the_texts_own_are_a_line_of_it() {
        let completed = |raw: &str, argv: &[&str]| {
            let mut command = ProposedCommand {
                raw: raw.to_owned(),
                argv: argv.iter().map(|&word| word.to_owned()).collect(),
                ..command()
            };
            command.complete_text();
            command.raw
        };
        let own: [(&str, &[&str]); 6] = [
            ("ls  -l", &[]),
            ("ls  -l", &["ls", "-l"]),
            ("git commit -m 'a b'", &["git", "commit", "-m", "'a", "b'"]),
            ("git commit -m 'a b'", &["git", "commit", "-m", "a b"]),
            ("ls && rm x", &["ls && rm x"]),
            ("ls && rm x", &["bash", "-lc", "ls && rm x"]),
        ];
        for (raw, argv) in own {
            assert_eq!(completed(raw, argv), raw, "{argv:?}");
        }
        let other: [(&str, &[&str], &str); 4] = [
            ("", &["rm", "-rf", "/"], "rm -rf /"),
            (" ", &["rm", "a b"], "rm 'a b'"),
            ("ls", &["rm", "-rf", "/"], "ls\nrm -rf /"),
            // Joined without quotes, as some clients do: what a shell would get is in the words.
            (
                "sh -c rm x",
                &["sh", "-c", "rm x"],
                "sh -c rm x\nsh -c 'rm x'",
            ),
        ];
        for (raw, argv, whole) in other {
            assert_eq!(completed(raw, argv), whole, "{argv:?}");
        }
    }

    #[test]
    fn a_retry_has_the_same_fingerprint() {
        let retry = ProposedCommand {
            id: Uuid::max(),
            ts: String::new(),
            ..command()
        };
        assert_eq!(retry.fingerprint(), command().fingerprint());
    }

    #[test]
    fn every_part_counts_and_no_part_runs_into_the_next() {
        let first = command();
        let others = [
            ProposedCommand {
                agent: "shell".into(),
                ..first.clone()
            },
            ProposedCommand {
                session: Some(String::new()),
                ..first.clone()
            },
            ProposedCommand {
                cwd: "/home/ad".into(),
                raw: "arm x".into(),
                ..first.clone()
            },
            ProposedCommand {
                shell: Some(Dialect::Bash),
                ..first.clone()
            },
            ProposedCommand {
                argv: vec!["rm x".into()],
                ..first.clone()
            },
            ProposedCommand {
                argv: vec!["rmx".into(), String::new()],
                ..first.clone()
            },
            ProposedCommand {
                raw: "rm  x".into(),
                ..first.clone()
            },
        ];
        let mut seen = std::collections::BTreeSet::from([first.fingerprint()]);
        for other in others {
            assert!(seen.insert(other.fingerprint()), "{other:?}");
        }
    }
}
