//! What the rules say about a proposal.
//!
//! Total: every text has a class. What cannot be read is catastrophic, what is not known is
//! ambiguous.

mod asking;
mod brought;
mod court;
mod grounds;

pub use grounds::{Ground, Turn};

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::capture::Keep;
use crate::effect::{Effect, ScriptLine, Span};
use crate::facts::{Facts, Wanted};
use crate::heuristic;
use crate::knowledge::{Knowledge, Unknown, UnknownKind};
use crate::limits::WORK_MAX;
use crate::place::Surroundings;
use crate::policy::Policy;
use crate::rules::{Finding, Rules};
use crate::shell::{self, Budget, Context, Dialect, Directory, Variables, Word};

/// What rules say. The maximum wins, so a rule can only tighten.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Everything it does is known and harmless.
    #[default]
    Safe,
    /// Something is not known, or may be regretted; its risk is estimated.
    Ambiguous,
    /// A person should see it before it runs.
    Catastrophic,
}

/// The class of a proposal and what led to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Classification {
    /// The maximum over the findings.
    pub class: Class,
    /// Every rule that applied, the most severe first.
    pub findings: Vec<Finding>,
    /// Everything it would do.
    pub effects: Vec<Effect>,
    /// The heuristic's risk when ambiguous, 0 to 100.
    pub risk: Option<u8>,
    /// What to keep a copy of before it runs.
    pub capture: Vec<Keep>,
    /// Each command that was looked at, as its path (`git push`), and where it stands.
    pub programs: Vec<(String, Span)>,
    /// The facts that had a say.
    pub grounds: Vec<Ground>,
    /// The facts that would change the answer and are not there.
    pub wanted: Wanted,
}

/// A text and what is known about the place where it would run.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The exact text.
    pub text: &'a str,
    /// Its language.
    pub dialect: Dialect,
    /// The directory, absolute.
    pub cwd: &'a str,
    /// What paths are judged against.
    pub surroundings: &'a Surroundings,
    /// What the client found out.
    pub facts: Option<&'a Facts>,
    /// What counts as another answer, when facts are wanted.
    pub bar: Bar,
}

/// What facts must bring about to be wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bar {
    /// Another decision by the policy.
    #[default]
    Decision,
    /// The class safe, since without a daemon nothing else passes.
    Safe,
}

/// Classifies `subject`: the same answer for the same input, always, within [`WORK_MAX`].
#[must_use]
pub fn classify(
    subject: Subject<'_>,
    knowledge: &Knowledge,
    rules: &Rules,
    policy: &Policy,
) -> Classification {
    let mut budget = Budget::new(WORK_MAX);
    let context = context(subject);
    let script = shell::read(subject.text, &context, &mut budget);
    let mut analysis = knowledge.analyse(&script, &context, subject.surroundings, &mut budget);
    analysis.problems.extend(script.problems);
    grounds::happen(&mut analysis, subject.facts);
    grounds::follow(&mut analysis, subject);
    brought::arrive(&mut analysis, subject);
    court::judge(subject, analysis, rules, policy)
}

/// The most severe first; the same rule at the same place once.
fn sort(findings: &mut Vec<Finding>) {
    findings.sort_by(|one, other| {
        let severity = |finding: &Finding| (finding.class, finding.risk);
        severity(other)
            .cmp(&severity(one))
            .then_with(|| one.span.start.cmp(&other.span.start))
            .then_with(|| one.rule.cmp(&other.rule))
    });
    findings.dedup_by(|one, other| one.rule == other.rule && one.span == other.span);
}

fn context(subject: Subject<'_>) -> Context {
    let directory = if subject.cwd.starts_with('/') {
        Directory::Known(subject.cwd.to_owned())
    } else {
        Directory::Unknown
    };
    let mut variables = Variables::default();
    if let Some(home) = &subject.surroundings.home {
        let home = Word::text(home.clone(), Span::default());
        variables.values.insert("HOME", home);
    }
    Context {
        dialect: subject.dialect,
        directories: Rc::from([directory]),
        variables: Rc::new(variables),
        embedded_in: None,
        depth: 0,
    }
}

/// The floor for what cannot be read.
fn unreadable(problem: &shell::Problem) -> Finding {
    Finding {
        rule: "shell.unreadable".to_owned(),
        class: Class::Catastrophic,
        reason: format!("cannot be read: {}", problem.what),
        span: problem.span,
        risk: None,
        instead: None,
    }
}

/// The floor for what is not known.
fn not_known(unknown: &Unknown) -> Finding {
    let (rule, what) = match unknown.kind {
        UnknownKind::Program => ("unknown.program", "runs a program that is not known"),
        UnknownKind::LocalProgram => (
            "unknown.local-program",
            "runs a file whose text is not known",
        ),
        UnknownKind::Command => (
            "unknown.command",
            "runs whatever name is computed when it runs",
        ),
        UnknownKind::Subcommand => ("unknown.subcommand", "uses a subcommand that is not known"),
        UnknownKind::Option => ("unknown.option", "uses an option that is not known"),
        UnknownKind::Target => (
            "unknown.target",
            "acts on a target that is known only when it runs",
        ),
        UnknownKind::Code => ("unknown.code", "contains code that was not understood"),
        UnknownKind::Call => ("unknown.call", "calls a function that is not described"),
    };
    let mut risk = heuristic::unknown(unknown.kind);
    let mut reason = format!("{what}: `{}`", unknown.text);
    if let Some(line) = &unknown.script {
        risk = risk.min(UNREAD_SCRIPT_RISK);
        reason = at_line(reason, line);
    }
    Finding {
        rule: rule.to_owned(),
        class: Class::Ambiguous,
        reason,
        span: unknown.span,
        risk: Some(risk),
        instead: None,
    }
}

/// What a hole in a script counts at most: a script that was read is no worse than one that was not.
const UNREAD_SCRIPT_RISK: u8 = heuristic::unknown(UnknownKind::LocalProgram);

fn at_line(reason: String, line: &ScriptLine) -> String {
    if reason.len() > REASON_BYTES_MAX {
        return reason;
    }
    format!("{reason} ({line})")
}

/// Longest reason that is still added to, in bytes.
const REASON_BYTES_MAX: usize = 512;
