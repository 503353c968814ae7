//! Effects → findings → class: with the facts that are there, and as it would be with those that are not.
//!
//! What a client claims takes back only findings of rules that ask whether something can be taken back, and never one that is
//! catastrophic.

use std::collections::BTreeSet;

use super::{Class, Classification, REASON_BYTES_MAX, Subject, UNREAD_SCRIPT_RISK};
use super::{asking, at_line, grounds, not_known, sort, unreadable};
use crate::capture::keeps;
use crate::effect::{Effect, Feed, Modifier, Role};
use crate::facts::{Brought, question};
use crate::heuristic;
use crate::knowledge::Analysis;
use crate::policy::{About, Policy};
use crate::rules::pattern::Evidence;
use crate::rules::{Finding, Rules};

/// A finding and the effect that it is about, when it is about one.
pub(super) type Found = (Option<usize>, Finding);

/// Everything that a judgement rests on.
pub(super) struct Court<'c> {
    pub(super) subject: Subject<'c>,
    pub(super) analysis: &'c Analysis,
    pub(super) rules: &'c Rules,
    pub(super) policy: &'c Policy,
}

/// Analysis → findings → class. Without I/O and without the text: what it says depends on effects and facts alone.
pub(super) fn judge(
    subject: Subject<'_>,
    analysis: Analysis,
    rules: &Rules,
    policy: &Policy,
) -> Classification {
    let court = Court {
        subject,
        analysis: &analysis,
        rules,
        policy,
    };
    let known = court.known();
    let plain = court.examine(&vec![false; known.len()]);
    let mut found = if known.contains(&true) {
        court.examine(&known)
    } else {
        plain.clone()
    };
    let kept: BTreeSet<_> = found.iter().map(told_apart).collect();
    let is_lost =
        |one: &&Found| one.1.class == Class::Catastrophic && !kept.contains(&told_apart(one));
    let lost: Vec<Found> = plain.iter().filter(is_lost).cloned().collect();
    found.extend(lost);
    let mut calmed = grounds::calmed(&court, &plain, &found);
    grounds::raise(&court, &mut found, &mut calmed);
    grounds::explain(&court, &mut found, &mut calmed);
    let (class, risk) = court.weigh(&found);
    let wanted = asking::wanted(&court, &known, (&found, class, risk));
    let mut findings: Vec<Finding> = found.into_iter().map(|(_, finding)| finding).collect();
    sort(&mut findings);
    let capture = keeps(&analysis.effects, &analysis.hints, class, |index| {
        court.directory(index)
    });
    Classification {
        class,
        risk,
        findings,
        capture,
        effects: analysis.effects,
        programs: analysis.programs,
        grounds: calmed,
        wanted,
    }
}

/// What a finding is told apart from others by.
fn told_apart((index, finding): &Found) -> (Option<usize>, &str, Class) {
    (*index, &finding.rule, finding.class)
}

impl Court<'_> {
    /// For each effect, whether facts show that it can be taken back.
    fn known(&self) -> Vec<bool> {
        let effects = &self.analysis.effects;
        let Some(facts) = self.subject.facts else {
            return vec![false; effects.len()];
        };
        let brought = Brought::by(effects);
        let is_known = |(index, effect): (usize, &Effect)| {
            if effect.role == Role::Branch {
                self.is_kept(index)
            } else {
                facts.recoverable(effect) && brought.spares(index)
            }
        };
        effects.iter().enumerate().map(is_known).collect()
    }

    /// The directory in whose repository the effect at `index` is.
    pub(super) fn directory(&self, index: usize) -> Option<&str> {
        let repositories = &self.analysis.repositories;
        let at = repositories.binary_search_by_key(&index, |(index, _)| *index);
        at.ok()
            .and_then(|at| repositories.get(at))
            .map(|(_, directory)| directory.as_str())
    }

    /// Whether the commits of the branch that the effect at `index` deletes are reached from another one, which the line leaves alone.
    fn is_kept(&self, index: usize) -> bool {
        let found = || {
            let directory = self.directory(index)?;
            let name = &self.analysis.effects.get(index)?.target.text;
            let repository = self.subject.facts?.repository(directory)?;
            repository.reference(name)
        };
        let is_alone = self.changes_references() == 1;
        is_alone && found().is_some_and(|found| found.exists && found.kept_by.is_some())
    }

    /// Effects that change which commits are reached from where.
    fn changes_references(&self) -> usize {
        let changes = |effect: &&Effect| {
            matches!(effect.role, Role::Branch | Role::History) && heuristic::changes(effect.action)
        };
        self.analysis.effects.iter().filter(changes).count()
    }

    /// Everything that is found when `recoverable` is so for each effect.
    pub(super) fn examine(&self, recoverable: &[bool]) -> Vec<Found> {
        let effects = &self.analysis.effects;
        let evidence: Vec<_> = effects
            .iter()
            .zip(recoverable)
            .map(|(effect, recoverable)| Evidence {
                effect,
                recoverable: *recoverable,
            })
            .collect();
        let mut found = Vec::new();
        let mut note = |index: Option<usize>, mut finding: Finding, about: About<'_>| {
            self.policy.adjust(&mut finding, about);
            found.push((index, finding));
        };
        let packs = [self.rules, &self.policy.rules];
        for (index, mut finding) in packs.iter().flat_map(|pack| pack.examine(&evidence)) {
            let about = evidence.get(index).copied();
            if let Some(evidence) = about {
                in_script(&mut finding, evidence.effect);
            }
            note(
                Some(index),
                finding,
                about.map_or(About::Text, About::Effect),
            );
        }
        for unknown in &self.analysis.unknowns {
            note(None, not_known(unknown), About::Unknown(&unknown.text));
        }
        for problem in &self.analysis.problems {
            note(None, unreadable(problem), About::Text);
        }
        found
    }

    /// The class of what was found, and its risk.
    pub(super) fn weigh(&self, found: &[Found]) -> (Class, Option<u8>) {
        let findings: Vec<Finding> = found.iter().map(|(_, finding)| finding.clone()).collect();
        let class = findings.iter().map(|finding| finding.class).max();
        let class = class.unwrap_or_default();
        let risk = match class {
            Class::Ambiguous => heuristic::risk(&findings, &self.analysis.effects),
            Class::Safe | Class::Catastrophic => None,
        };
        (class, risk)
    }

    /// Whether a finding about the effect at `index` asks a person anyway.
    pub(super) fn is_held(&self, found: &[Found], index: usize) -> bool {
        found.iter().any(|(at, finding)| {
            let is_asked = finding
                .risk
                .is_none_or(|risk| risk >= self.policy.threshold);
            *at == Some(index) && is_asked
        })
    }

    /// The effects of which facts could show that they can be taken back, and do not yet say anything.
    pub(super) fn askable(&self) -> Vec<bool> {
        let effects = &self.analysis.effects;
        let facts = self.subject.facts;
        let brought = Brought::by(effects);
        let is_askable = |(index, effect): (usize, &Effect)| {
            if effect.role != Role::Branch {
                let is_silent = facts.is_none_or(|facts| facts.about(effect).is_none());
                return question(effect).is_some() && is_silent && brought.spares(index);
            }
            let is_silent =
                |directory: &str| facts.is_none_or(|facts| facts.repository(directory).is_none());
            let is_local = !effect.modifiers.contains(Modifier::Remote);
            is_local
                && self.directory(index).is_some_and(is_silent)
                && self.changes_references() == 1
        };
        effects.iter().enumerate().map(is_askable).collect()
    }
}

/// Says which line of a script a finding is about. A target that a script names by a variable is a hole in what was read.
fn in_script(finding: &mut Finding, effect: &Effect) {
    let Some(line) = &effect.script else {
        return;
    };
    finding.reason = at_line(std::mem::take(&mut finding.reason), line);
    let is_computed = effect.role == Role::Code && effect.feed <= Feed::Program;
    if is_computed || effect.modifiers.contains(Modifier::Unresolved) {
        let risk = finding.risk.unwrap_or(UNREAD_SCRIPT_RISK);
        finding.class = Class::Ambiguous;
        finding.risk = Some(risk.min(UNREAD_SCRIPT_RISK));
    }
}

/// Puts what a fact says behind a reason; in the place of what the reason says is not known.
pub(super) fn add_fact(finding: &mut Finding, says: &str) {
    if finding.reason.len() > REASON_BYTES_MAX {
        return;
    }
    let before = match finding.reason.split_once("; whether ") {
        Some((before, _)) => before.to_owned(),
        None => std::mem::take(&mut finding.reason),
    };
    finding.reason = format!("{before}: {says}");
}
