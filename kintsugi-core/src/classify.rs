//! What the rules say about a proposal.
//!
//! Total: every text has a class. What cannot be read is catastrophic, what is not known is
//! ambiguous.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::effect::{Action, Effect, Modifier, Role, Span, Target};
use crate::facts::Facts;
use crate::heuristic;
use crate::knowledge::{Analysis, Knowledge, Unknown, UnknownKind};
use crate::limits::WORK_MAX;
use crate::place::{Place, Surroundings};
use crate::policy::{About, Policy};
use crate::rules::pattern::Evidence;
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
    /// Paths to keep a copy of before it runs.
    pub capture: Vec<String>,
    /// Each command that was looked at, as its path (`git push`), and where it stands.
    pub programs: Vec<(String, Span)>,
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
    follow_links(&mut analysis.effects, subject);
    judge(subject, analysis, &script.problems, rules, policy)
}

/// Analysis → findings → class. Without I/O and without the text: what it says depends on effects
/// alone.
fn judge(
    subject: Subject<'_>,
    analysis: Analysis,
    problems: &[shell::Problem],
    rules: &Rules,
    policy: &Policy,
) -> Classification {
    let evidence: Vec<_> = analysis
        .effects
        .iter()
        .map(|effect| Evidence {
            effect,
            recoverable: subject.facts.is_some_and(|facts| facts.recoverable(effect)),
        })
        .collect();
    let mut findings = Vec::new();
    let mut note = |mut finding: Finding, about: About<'_>| {
        policy.adjust(&mut finding, about);
        findings.push(finding);
    };
    for (index, finding) in [rules, &policy.rules]
        .iter()
        .flat_map(|pack| pack.examine(&evidence))
    {
        let about = evidence
            .get(index)
            .copied()
            .map_or(About::Text, About::Effect);
        note(finding, about);
    }
    for unknown in &analysis.unknowns {
        note(not_known(unknown), About::Unknown(&unknown.text));
    }
    for problem in problems.iter().chain(&analysis.problems) {
        note(unreadable(problem), About::Text);
    }
    sort(&mut findings);
    let class = findings
        .first()
        .map_or(Class::Safe, |finding| finding.class);
    Classification {
        class,
        risk: match class {
            Class::Ambiguous => heuristic::risk(&findings, &analysis.effects),
            Class::Safe | Class::Catastrophic => None,
        },
        capture: capture(&analysis.effects),
        findings,
        effects: analysis.effects,
        programs: analysis.programs,
    }
}

/// Adds each effect once more on the path that facts say its target leads to; the text alone keeps its say.
fn follow_links(effects: &mut Vec<Effect>, subject: Subject<'_>) {
    let Some(facts) = subject.facts else { return };
    let led = |effect: &Effect| {
        let resolved = facts.target(effect)?.resolved.clone()?;
        let place = subject.surroundings.place(&resolved);
        let elsewhere = resolved != effect.target.text && Some(place) != effect.target.place;
        elsewhere.then(|| Effect {
            target: Target {
                text: resolved,
                place: Some(place),
            },
            ..effect.clone()
        })
    };
    let more: Vec<Effect> = effects.iter().filter_map(led).collect();
    effects.extend(more);
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
        variables.values.insert("HOME".to_owned(), home);
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
    };
    Finding {
        rule: rule.to_owned(),
        class: Class::Ambiguous,
        reason: format!("{what}: `{}`", unknown.text),
        span: unknown.span,
        risk: Some(heuristic::unknown(unknown.kind)),
        instead: None,
    }
}

/// Paths whose content would be gone, when they are named, local and the person's own.
fn capture(effects: &[Effect]) -> Vec<String> {
    let mut paths: Vec<String> = effects
        .iter()
        .filter(|effect| is_worth_a_copy(effect))
        .map(|effect| effect.target.text.clone())
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

fn is_worth_a_copy(effect: &Effect) -> bool {
    let elsewhere = [
        Modifier::Unresolved,
        Modifier::Remote,
        Modifier::Contained,
        Modifier::DryRun,
        Modifier::Indirect,
    ];
    effect.role == Role::Path
        && matches!(
            effect.action,
            Action::Delete | Action::Overwrite | Action::Truncate
        )
        && matches!(
            effect.target.place,
            Some(Place::Project | Place::Trigger | Place::Home | Place::Dotfile | Place::Startup)
        )
        && !effect.modifiers.intersects(elsewhere.into_iter().collect())
}
