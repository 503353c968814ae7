//! Why an approval was not taken: which check it failed, as it stands in the log and as a person reads it.
//!
//! Words only. What is checked, and how, is the daemon's (`authority`).

use serde::{Deserialize, Serialize};

/// The check that an approval failed. The words are permanent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Check {
    /// The process had ended, or the kernel does not say which it is.
    Gone,
    /// It belongs to the session that proposed.
    Session,
    /// What proposed is among its ancestors.
    Descendant,
    /// An agent is among its ancestors.
    Agent,
    /// It has no controlling terminal: a pipe, a daemon, `at`, cron, `setsid`.
    NoTerminal,
    /// Its process group is not in the foreground of its terminal.
    Background,
    /// It has shed rights that a person's terminal has (`NoNewPrivs`, `Seccomp`).
    Confined,
    /// Another process is attached to it (`ptrace(2)`), to its shell, or to what holds the other end of its terminal.
    Traced,
    /// What proposed, or an agent, holds the other end of its terminal.
    Operated,
    /// It holds the other end of its own terminal.
    OwnTerminal,
    /// Nobody can tell whose terminal it is: a code is asked for, where there is another to show it on.
    Unclear,
    /// The code was not the one that was shown.
    Code,
    /// The command was not proposed by a person at this prompt.
    NotAtPrompt,
    /// The command was never held.
    NeverHeld,
}

impl Check {
    /// Returns what failed, as the end of a sentence about the process that asked.
    #[must_use]
    pub const fn line(self) -> &'static str {
        match self {
            Self::Gone => "it ended while it was looked at",
            Self::Session => "it belongs to the session that proposed",
            Self::Descendant => "what proposed is its ancestor",
            Self::Agent => "an agent is its ancestor",
            Self::NoTerminal => "it has no terminal of its own",
            Self::Background => "it is not in the foreground of its terminal",
            Self::Confined => "it runs confined, as no person's terminal does",
            Self::Traced => "another process is attached to it, to its shell or to its terminal",
            Self::Operated => "the other end of its terminal is held by an agent",
            Self::OwnTerminal => "it holds the other end of its own terminal",
            Self::Unclear => "its terminal may be an agent's",
            Self::Code => "it did not know the code that was shown",
            Self::NotAtPrompt => "no person proposed that at this prompt",
            Self::NeverHeld => "nothing was held under that id",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_in_the_log_are_the_names() {
        let word = |check| serde_json::to_string(&check).unwrap();
        assert_eq!(word(Check::NoTerminal), "\"no_terminal\"");
        assert_eq!(word(Check::OwnTerminal), "\"own_terminal\"");
    }
}
