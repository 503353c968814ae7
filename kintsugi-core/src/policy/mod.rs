//! What a person, an administrator and a repository want: mode, threshold, rules and exceptions.
//!
//! Pure: whoever calls this has read the files. A repository can only tighten; what it says beyond
//! that is reported and ignored. Patterns compare parsed commands and effects, never text.

mod combine;
mod file;
pub mod schema;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::classify::Class;
use crate::rules::pattern::{Evidence, Pattern, begins, like};
use crate::rules::{Finding, RuleError, Rules};

pub use combine::{Layers, Notice};
pub use file::{File, Set};

/// How a command that is not plainly safe is treated. Ordered from loose to strict.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Only the catastrophic is held; the rest runs, with a warning.
    Notify,
    /// A person is there to answer: hold.
    #[default]
    Attended,
    /// Nobody is there: deny.
    Unattended,
}

impl Mode {
    /// Returns the word that a policy file uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Notify => "notify",
            Self::Attended => "attended",
            Self::Unattended => "unattended",
        }
    }
}

/// Whose a policy file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The administrator's: `/etc/kintsugi/config.toml`.
    Admin,
    /// The person's: `~/.config/kintsugi/config.toml`.
    User,
    /// The repository's: `.kintsugi.toml`. It can only tighten.
    Project,
}

/// Risk at which the ambiguous is held, when nobody says otherwise.
pub const THRESHOLD_DEFAULT: u8 = 50;

/// What is in force.
#[derive(Debug, Clone)]
pub struct Policy {
    /// How a command that is not plainly safe is treated.
    pub mode: Mode,
    /// Risk, 0 to 100, at which the ambiguous is held.
    pub threshold: u8,
    /// Rules beside those that are built in.
    pub rules: Rules,
    raises: Vec<Adjustment>,
    exceptions: Vec<Adjustment>,
    /// Where the mode and the threshold were set, when not by default.
    sources: Sources,
}

#[derive(Debug, Clone, Default)]
struct Sources {
    mode: Option<String>,
    threshold: Option<String>,
}

/// A change that a policy makes to findings.
#[derive(Debug, Clone)]
pub(crate) struct Adjustment {
    /// Ids, or ids that end in `*`.
    rules: Vec<String>,
    when: Option<Pattern>,
    change: Change,
    /// Where it stands, as `file:line`.
    at: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    Raise {
        class: Option<Class>,
        risk: Option<u8>,
    },
    Except {
        reason: String,
    },
}

/// What a finding is about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum About<'a> {
    /// An effect.
    Effect(Evidence<'a>),
    /// Something that is not known: a program, an option, a word.
    Unknown(&'a str),
    /// The text itself.
    Text,
}

/// Why a policy file was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Its form, or one of its rules, is wrong.
    #[error(transparent)]
    Rules(#[from] RuleError),
    /// A pack that it names is not there; what it means to forbid is not known.
    #[error("{at}: the pack `{name}` is not there")]
    NoPack {
        /// Where it is named, as `file:line`.
        at: String,
        /// The path of the pack.
        name: String,
    },
    /// A number is not a risk.
    #[error("{at}: a risk or threshold is a number from 0 to 100")]
    Threshold {
        /// Where, as `file:line`.
        at: String,
    },
    /// It names no rule.
    #[error("{at}: `rule` names no rule")]
    NoRule {
        /// Where, as `file:line`.
        at: String,
    },
    /// A raise says neither class nor risk.
    #[error("{at}: this raises nothing: give it a `class` or a `risk`")]
    RaisesNothing {
        /// Where, as `file:line`.
        at: String,
    },
    /// There is no such rule.
    #[error("{at}: no rule is called `{id}`")]
    UnknownRule {
        /// Where, as `file:line`.
        at: String,
        /// The id.
        id: String,
    },
    /// Nobody may make an exception of it.
    #[error("{at}: nobody can make an exception of `{id}`")]
    NeverExcepted {
        /// Where, as `file:line`.
        at: String,
        /// The id.
        id: String,
    },
    /// An exception without a program, a target or a place.
    #[error("{at}: this exception is too wide: `when` needs a `program`, a `value` or a `place`")]
    TooWide {
        /// Where, as `file:line`.
        at: String,
    },
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            threshold: THRESHOLD_DEFAULT,
            rules: Rules::default(),
            raises: Vec::new(),
            exceptions: Vec::new(),
            sources: Sources::default(),
        }
    }
}

impl Policy {
    /// Returns what holds while a policy file cannot be read: the stricter of this policy, the last
    /// good one, and the default, without any exception.
    #[must_use]
    pub fn strictest(&self) -> Self {
        Self {
            mode: self.mode.max(Mode::default()),
            threshold: self.threshold.min(THRESHOLD_DEFAULT),
            exceptions: Vec::new(),
            ..self.clone()
        }
    }

    /// Returns in what this policy is looser than `before`, in a few words; nothing when it is as strict.
    ///
    /// Two rules that come to the same are told apart: better asked once too often.
    #[must_use]
    pub fn loosens(&self, before: &Self) -> Option<String> {
        if self.mode < before.mode {
            let (now, then) = (self.mode.name(), before.mode.name());
            return Some(format!("mode `{now}` instead of `{then}`"));
        }
        if self.threshold > before.threshold {
            let (now, then) = (self.threshold, before.threshold);
            return Some(format!("threshold {now} instead of {then}"));
        }
        if let Some(id) = self.rules.lost(&before.rules) {
            return Some(format!("the rule `{id}` is gone or says less"));
        }
        let lacks = |all: &[Adjustment], one: &Adjustment| !all.iter().any(|other| other.is(one));
        if let Some(raise) = before.raises.iter().find(|one| lacks(&self.raises, one)) {
            return Some(format!("what `{}` raised is not raised", raise.at));
        }
        let new = |one: &&Adjustment| lacks(&before.exceptions, one);
        let exception = self.exceptions.iter().find(new)?;
        Some(format!("the exception at `{}`", exception.at))
    }

    /// Returns where the mode was set, as `file:line`; nothing when by default.
    #[must_use]
    pub fn mode_source(&self) -> Option<&str> {
        self.sources.mode.as_deref()
    }

    /// Returns where the threshold was set, as `file:line`; nothing when by default.
    #[must_use]
    pub fn threshold_source(&self) -> Option<&str> {
        self.sources.threshold.as_deref()
    }

    /// Returns what is raised: the ids and where it says so.
    pub fn raises(&self) -> impl Iterator<Item = (&[String], &str)> {
        self.raises.iter().map(Adjustment::summary)
    }

    /// Returns the exceptions: the ids and where it says so.
    pub fn exceptions(&self) -> impl Iterator<Item = (&[String], &str)> {
        self.exceptions.iter().map(Adjustment::summary)
    }

    /// Changes `finding` as the policy says: raises first, then exceptions, so that a raise never
    /// undoes an exception of the same person, and what nobody may except stays.
    pub(crate) fn adjust(&self, finding: &mut Finding, about: About<'_>) {
        for adjustment in self.raises.iter().chain(&self.exceptions) {
            if adjustment.applies(finding, about) {
                adjustment.change(finding);
            }
        }
    }
}

impl Adjustment {
    /// Whether the other says the same, wherever it stands.
    fn is(&self, other: &Self) -> bool {
        self.rules == other.rules && self.when == other.when && self.change == other.change
    }

    fn summary(&self) -> (&[String], &str) {
        (&self.rules, &self.at)
    }

    fn applies(&self, finding: &Finding, about: About<'_>) -> bool {
        let named = self.rules.iter().any(|id| like(id, &finding.rule));
        named
            && match (&self.when, about) {
                (None, _) => true,
                (Some(when), About::Effect(evidence)) => when.applies(evidence),
                (Some(when), About::Unknown(text)) => when.names(text),
                (Some(_), About::Text) => false,
            }
    }

    fn change(&self, finding: &mut Finding) {
        match &self.change {
            Change::Raise { class, risk } => {
                finding.class = finding.class.max(class.unwrap_or_default());
                finding.risk = match finding.class {
                    Class::Ambiguous => finding.risk.max(*risk),
                    Class::Safe | Class::Catastrophic => None,
                };
            }
            Change::Except { reason } => {
                finding.class = Class::Safe;
                finding.risk = None;
                finding.instead = None;
                finding.reason = format!("{}, excepted at {}: {reason}", finding.reason, self.at);
            }
        }
    }
}

/// Whether `pattern` of ids names `id`; a `*` at the end stands for any rest.
fn names(pattern: &str, id: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(pattern == id, |field| id.starts_with(field))
}

impl Pattern {
    /// Whether what is unknown is what the conditions name. Of an unknown only its text is known,
    /// so a condition on anything else is not met.
    fn names(&self, text: &str) -> bool {
        self.only_names()
            && (self.program().is_empty() || self.program().iter().any(|path| begins(text, path)))
            && (self.value().is_empty() || self.value().iter().any(|value| like(value, text)))
    }
}
