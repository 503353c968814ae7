//! Everything that judges, built once, and the one function that makes the parts of a verdict.
//!
//! Pure and total. What this knows of the machine it was handed.

use std::sync::Arc;

use crate::classify::{self, Bar, Class, Classification, Subject};
use crate::decide::{self, Decision, Ruling};
use crate::facts::{Facts, Wanted};
use crate::knowledge::{Knowledge, KnowledgeError};
use crate::place::Surroundings;
use crate::policy::{File, Notice, Policy, PolicyError};
use crate::proposal::ProposedCommand;
use crate::protocol::Verdict;
use crate::redact::{Shift, mask, redact};
use crate::rules::{Claim, Example, RuleError, Rules};

/// Most findings that a verdict carries, the most severe first; the classification keeps all.
pub const FINDINGS_MAX: usize = 32;

/// Most effects that a verdict carries, in the order of the text.
pub const EFFECTS_MAX: usize = 64;

/// Most things that a verdict asks to keep.
pub const CAPTURE_MAX: usize = 64;

/// Knowledge, rules and policy. A copy shares what is built in.
#[derive(Debug, Clone)]
pub struct Judge {
    knowledge: Arc<Knowledge>,
    rules: Arc<Rules>,
    policy: Policy,
}

/// Why nothing can be judged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// The knowledge is not what it should be.
    #[error("the knowledge about programs was refused")]
    Knowledge(#[from] KnowledgeError),
    /// A pack of rules is not.
    #[error("a pack of rules was refused")]
    Rules(#[from] RuleError),
}

impl Judge {
    /// A judge with what is built in and the default policy.
    ///
    /// # Errors
    /// Never, in a released build: a test makes one.
    pub fn builtin() -> Result<Self, JudgeError> {
        Ok(Self {
            knowledge: Arc::new(Knowledge::builtin()?),
            rules: Arc::new(Rules::builtin()?),
            policy: Policy::default(),
        })
    }

    /// Returns the policy that is in force.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Puts another policy in force, unless an example of its rules is not as the rule says.
    ///
    /// # Errors
    /// That example; then the policy from before is still in force.
    pub fn adopt(&mut self, policy: Policy) -> Result<(), RuleError> {
        let before = std::mem::replace(&mut self.policy, policy);
        self.check_examples(&self.policy.rules)
            .inspect_err(|_| self.policy = before)
    }

    /// Returns a judge who also does what a repository's file asks, and what of it does not count.
    ///
    /// The examples of its rules are not run: whoever wrote them may be anybody, and a rule that is not
    /// what it says can only tighten.
    ///
    /// # Errors
    /// As [`Policy::tightened_by`].
    pub fn tightened_by(&self, project: &File) -> Result<(Self, Vec<Notice>), PolicyError> {
        let (policy, notices) = self.policy.tightened_by(project, &self.rules)?;
        let judge = Self {
            policy,
            ..self.clone()
        };
        Ok((judge, notices))
    }

    /// Returns a judge for when what was meant to tighten cannot be read, see [`Policy::strictest`].
    #[must_use]
    pub fn strictest(&self) -> Self {
        Self {
            policy: self.policy.strictest(),
            ..self.clone()
        }
    }

    /// Returns the rules that are built in.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Classifies `subject`.
    #[must_use]
    pub fn classify(&self, subject: Subject<'_>) -> Classification {
        classify::classify(subject, &self.knowledge, &self.rules, &self.policy)
    }

    /// Returns the facts that would change the answer to `command` so far that `bar` is passed.
    #[must_use]
    pub fn wanted(
        &self,
        command: &ProposedCommand,
        surroundings: &Surroundings,
        bar: Bar,
    ) -> Wanted {
        self.judge_by(command, surroundings, bar).wanted
    }

    /// Classifies a proposal.
    #[must_use]
    pub fn judge(&self, command: &ProposedCommand, surroundings: &Surroundings) -> Classification {
        self.judge_by(command, surroundings, Bar::Decision)
    }

    fn judge_by(
        &self,
        command: &ProposedCommand,
        surroundings: &Surroundings,
        bar: Bar,
    ) -> Classification {
        let facts = command.facts.as_deref();
        let mut learned = learn(surroundings, facts);
        learned.start_in(&command.cwd);
        let mut classification = self.classify(Subject {
            text: &command.raw,
            dialect: command.shell.unwrap_or_default(),
            cwd: &command.cwd,
            surroundings: &learned,
            facts,
            bar,
        });
        if !command.finds_brought() {
            let targets = &mut classification.wanted.targets;
            targets.retain(|target| !target.scope.is_brought());
        }
        classification
    }

    /// Decides about a classification; `score` is the model's, when it was there in time.
    #[must_use]
    pub fn decide(&self, classification: &Classification, score: Option<u8>) -> Ruling {
        decide::decide(classification, score, &self.policy)
    }

    /// Makes the verdict about `command`: classifies, decides, and says why in one line.
    #[must_use]
    pub fn verdict(
        &self,
        command: &ProposedCommand,
        surroundings: &Surroundings,
        score: Option<u8>,
    ) -> Verdict {
        let classification = self.judge(command, surroundings);
        let ruling = self.decide(&classification, score);
        verdict(command, classification, ruling)
    }

    /// Returns the first example of `rules` that is not as the rule says.
    ///
    /// # Errors
    /// That example: the pack must be refused.
    pub fn check_examples(&self, rules: &Rules) -> Result<(), RuleError> {
        rules.examples().try_for_each(|example| {
            self.problem_of(example).map_or(Ok(()), |problem| {
                Err(RuleError::Example {
                    at: example.at.clone(),
                    rule: example.rule.clone(),
                    problem,
                    command: example.command.clone(),
                })
            })
        })
    }

    /// Returns what is wrong with `example`, if anything is.
    #[must_use]
    pub fn problem_of(&self, example: &Example) -> Option<&'static str> {
        let surroundings = example_surroundings();
        let classification = self.classify(Subject {
            text: &example.command,
            dialect: crate::shell::Dialect::Bash,
            cwd: EXAMPLE_DIRECTORY,
            surroundings: &surroundings,
            facts: None,
            bar: Bar::Decision,
        });
        let applied = classification
            .findings
            .iter()
            .find(|finding| finding.rule == example.rule);
        match (example.claim, applied) {
            (Claim::Matches, None) => Some("does not match its example"),
            (Claim::Ignores, Some(_)) => Some("matches what it should ignore:"),
            (Claim::Misses, Some(_)) => Some("no longer misses (move it to `matches`):"),
            (Claim::Instead, Some(_)) => Some("also applies to what it proposes instead:"),
            (Claim::Instead, None) if classification.class == Class::Catastrophic => {
                Some("proposes instead what is catastrophic too:")
            }
            (Claim::Matches, Some(_)) | (Claim::Ignores | Claim::Misses | Claim::Instead, None) => {
                None
            }
        }
    }
}

/// The directory in which examples run.
pub const EXAMPLE_DIRECTORY: &str = "/home/u/project";

/// The surroundings in which examples run: a person `u` in a project of theirs.
#[must_use]
pub fn example_surroundings() -> Surroundings {
    Surroundings {
        home: Some("/home/u".to_owned()),
        project_root: Some(EXAMPLE_DIRECTORY.to_owned()),
        texts: std::collections::BTreeMap::new(),
    }
}

/// Adds what facts tell to what was known.
fn learn(surroundings: &Surroundings, facts: Option<&Facts>) -> Surroundings {
    let Some(facts) = facts else {
        return surroundings.clone();
    };
    let mut texts = surroundings.texts.clone();
    let scripts = facts.scripts();
    texts.extend(scripts.filter_map(|script| Some((script.path.clone(), script.text.clone()?))));
    Surroundings {
        home: surroundings.home.clone().or_else(|| facts.home.clone()),
        project_root: surroundings
            .project_root
            .clone()
            .or_else(|| facts.project_root.clone()),
        texts,
    }
}

/// Makes the verdict about `command` from its classification and the ruling.
#[must_use]
pub fn verdict(
    command: &ProposedCommand,
    mut classification: Classification,
    ruling: Ruling,
) -> Verdict {
    let reason = reason(&classification, ruling);
    let deciding = classification.findings.first();
    let rule = deciding.map(|finding| finding.rule.clone());
    let mut instead = match ruling.decision {
        Decision::Allow => None,
        Decision::Hold | Decision::Deny => deciding.and_then(|finding| finding.instead.clone()),
    };
    classification.findings.truncate(FINDINGS_MAX);
    classification.effects.truncate(EFFECTS_MAX);
    command.kept_of(&mut classification.capture);
    classification.capture.truncate(CAPTURE_MAX);
    let shift = Shift::of(beginning(&command.raw));
    for finding in &mut classification.findings {
        mask(&mut finding.reason);
        finding.instead.iter_mut().for_each(mask);
        finding.span = shift.span(finding.span);
    }
    for effect in &mut classification.effects {
        let target = &mut effect.target.text;
        target.truncate(beginning(target).len());
        mask(target);
        effect.span = shift.span(effect.span);
    }
    for ground in &mut classification.grounds {
        mask(&mut ground.about);
        mask(&mut ground.says);
    }
    instead.iter_mut().for_each(mask);
    Verdict {
        class: classification.class,
        decision: ruling.decision,
        tier: ruling.tier.number(),
        reason,
        summary: None,
        risk: ruling.risk,
        rule,
        effects: classification.effects,
        findings: classification.findings,
        grounds: classification.grounds,
        instead,
        capture: classification.capture,
        content_hash: Some(content_hash(command)),
        expires_ms: None,
        approved: false,
        scored: None,
    }
}

/// Most of a text whose secrets are looked for when it is told where things stand in it, and most of what one effect names. More
/// than any record keeps of one, and no path is as long.
const TOLD_BYTES_MAX: usize = 64 * 1024;

fn beginning(text: &str) -> &str {
    let mut end = TOLD_BYTES_MAX.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

/// Says in one line why it was decided so.
#[must_use]
pub fn reason(classification: &Classification, ruling: Ruling) -> String {
    let Some(finding) = classification.findings.first() else {
        return "everything it does is known and harmless".to_owned();
    };
    let risk = ruling
        .risk
        .map(|risk| format!(" (risk {risk})"))
        .unwrap_or_default();
    redact(&format!("{}{risk}", finding.reason)).into_owned()
}

/// Returns what an approval is bound to, in hexadecimal: who proposed exactly which bytes, for
/// which shell, where.
#[must_use]
pub fn content_hash(command: &ProposedCommand) -> String {
    let shell = command.shell.unwrap_or_default();
    let shell = serde_json::to_string(&shell).unwrap_or_default();
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"kintsugi content 1");
    for part in [&command.raw, &command.cwd, &shell, &command.agent] {
        length_prefixed(&mut hasher, Some(part));
    }
    length_prefixed(&mut hasher, command.session.as_deref());
    hasher.finalize().to_hex().to_string()
}

/// Absence and the empty text are different: 0 and 1 + length.
fn length_prefixed(hasher: &mut blake3::Hasher, part: Option<&str>) {
    let Some(part) = part else {
        hasher.update(&0_u64.to_le_bytes());
        return;
    };
    let length = u64::try_from(part.len())
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    hasher.update(&length.to_le_bytes());
    hasher.update(part.as_bytes());
}

#[cfg(test)]
mod tests;
