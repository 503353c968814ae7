//! What is to be done.
//!
//! The only place where a class becomes a decision, and the only place that reads a risk.

use serde::{Deserialize, Serialize};

use crate::classify::{Class, Classification};
use crate::policy::{Mode, Policy};

/// What is to be done. The maximum wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It may run.
    Allow,
    /// It waits for a person.
    Hold,
    /// It must not run.
    Deny,
}

/// Which judgement decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// The rules: the class alone said what is to be done.
    Rules,
    /// The risk, because the class is ambiguous.
    Risk,
}

impl Tier {
    /// Returns the number that stands on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Rules => 1,
            Self::Risk => 2,
        }
    }
}

/// A decision and how it came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ruling {
    /// What is to be done.
    pub decision: Decision,
    /// Which judgement decided.
    pub tier: Tier,
    /// For the ambiguous: the larger of the heuristic's risk and the model's.
    pub risk: Option<u8>,
    /// It would have been held, and the mode lets it run.
    pub warned: bool,
}

/// Decides by the class and, for the ambiguous only, the risk. `score` is the model's, when it was
/// there in time; it can only raise what the heuristic gave.
#[must_use]
pub fn decide(classification: &Classification, score: Option<u8>, policy: &Policy) -> Ruling {
    match classification.class {
        Class::Safe => Ruling {
            decision: Decision::Allow,
            tier: Tier::Rules,
            risk: None,
            warned: false,
        },
        Class::Ambiguous => by_risk(classification.risk, score, policy),
        Class::Catastrophic => Ruling {
            decision: match policy.mode {
                Mode::Attended | Mode::Notify => Decision::Hold,
                Mode::Unattended => Decision::Deny,
            },
            tier: Tier::Rules,
            risk: None,
            warned: false,
        },
    }
}

fn by_risk(heuristic: Option<u8>, score: Option<u8>, policy: &Policy) -> Ruling {
    // A classification without a risk is a mistake of ours, and a mistake is never an allow.
    let risk = heuristic.unwrap_or(100).max(score.unwrap_or(0)).min(100);
    let held = risk >= policy.threshold;
    let decision = match policy.mode {
        Mode::Attended if held => Decision::Hold,
        Mode::Unattended if held => Decision::Deny,
        Mode::Attended | Mode::Unattended | Mode::Notify => Decision::Allow,
    };
    Ruling {
        decision,
        tier: Tier::Risk,
        risk: Some(risk),
        warned: held && policy.mode == Mode::Notify,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(class: Class, risk: Option<u8>) -> Classification {
        Classification {
            class,
            risk,
            ..Classification::default()
        }
    }

    fn decision(class: Class, risk: Option<u8>, score: Option<u8>, mode: Mode) -> Decision {
        let mut policy = Policy::default();
        policy.mode = mode;
        decide(&of(class, risk), score, &policy).decision
    }

    #[test]
    fn the_table_of_the_specification() {
        use Decision::{Allow, Deny, Hold};
        let rows = [
            (Class::Safe, None, [Allow, Allow, Allow]),
            (Class::Ambiguous, Some(49), [Allow, Allow, Allow]),
            (Class::Ambiguous, Some(50), [Hold, Deny, Allow]),
            (Class::Catastrophic, None, [Hold, Deny, Hold]),
        ];
        for (class, risk, expected) in rows {
            let modes = [Mode::Attended, Mode::Unattended, Mode::Notify];
            let decisions = modes.map(|mode| decision(class, risk, None, mode));
            assert_eq!(decisions, expected, "{class:?} {risk:?}");
        }
    }

    #[test]
    fn a_model_only_raises() {
        let with = |score| decision(Class::Ambiguous, Some(60), score, Mode::Attended);
        assert_eq!(
            [with(None), with(Some(0)), with(Some(100))],
            [Decision::Hold; 3]
        );
        let with = |score| decision(Class::Ambiguous, Some(10), score, Mode::Attended);
        assert_eq!(
            [with(None), with(Some(90))],
            [Decision::Allow, Decision::Hold]
        );
    }

    #[test]
    fn a_model_is_not_asked_about_what_rules_decide() {
        assert_eq!(
            decision(Class::Safe, None, Some(100), Mode::Attended),
            Decision::Allow
        );
        assert_eq!(
            decision(Class::Catastrophic, None, Some(0), Mode::Notify),
            Decision::Hold
        );
    }

    #[test]
    fn an_ambiguous_class_without_a_risk_is_held() {
        assert_eq!(
            decision(Class::Ambiguous, None, Some(0), Mode::Attended),
            Decision::Hold
        );
    }
}
