//! Which facts would change an answer: only those are asked for.
//!
//! Facts calm: the answer is worked out once more as if everything that can be asked about could be taken back; if it is the
//! same, nothing is asked. Facts alarm: a script that would run, work below what looks like the output of a build, a link that
//! leads elsewhere; only while the line would pass.

use super::brought::{brought, unseen};
use super::court::{Court, Found};
use super::grounds::is_here;
use super::{Bar, Class, Classification};
use crate::decide::{self, Decision};
use crate::effect::{Action, Effect, Modifier, Role};
use crate::facts::{Scope, Wanted, WantedTarget, may_hide_work, question};
use crate::place::Place;

/// Returns the facts that would change the answer that was `found` with those of which `known` says that they calm.
pub(super) fn wanted(
    court: &Court<'_>,
    known: &[bool],
    (found, class, risk): (&[Found], Class, Option<u8>),
) -> Wanted {
    let mut wanted = Wanted::default();
    let answer = court.answer(class, risk);
    if class != Class::Safe && court.could_be_calmed(answer) {
        calming(court, known, (found, answer), &mut wanted);
    }
    if answer.0 == Decision::Allow || class == Class::Ambiguous {
        alarming(court, &mut wanted);
    }
    wanted
}

/// An answer: what is decided, and whether it passes without a daemon.
type AnswerOf = (Decision, Class);

impl Court<'_> {
    fn answer(&self, class: Class, risk: Option<u8>) -> AnswerOf {
        let classification = Classification {
            class,
            risk,
            ..Classification::default()
        };
        let ruling = decide::decide(&classification, None, self.policy);
        (ruling.decision, class)
    }

    /// Whether any better answer would be another one at all.
    fn could_be_calmed(&self, (decision, class): AnswerOf) -> bool {
        match self.subject.bar {
            Bar::Decision => decision > Decision::Allow,
            Bar::Safe => class > Class::Safe,
        }
    }

    fn is_better(&self, best: AnswerOf, now: AnswerOf) -> bool {
        match self.subject.bar {
            Bar::Decision => best.0 < now.0,
            Bar::Safe => best.1 == Class::Safe && now.1 > Class::Safe,
        }
    }

    /// Whether facts already say something about `path` with that scope.
    fn is_answered(&self, path: &str, scope: Scope) -> bool {
        let facts = self.subject.facts;
        facts.is_some_and(|facts| facts.target(path, scope).is_some())
    }
}

fn calming(
    court: &Court<'_>,
    known: &[bool],
    (found, answer): (&[Found], AnswerOf),
    wanted: &mut Wanted,
) {
    let askable = court.askable();
    if !askable.contains(&true) {
        return;
    }
    let at_best: Vec<bool> = known
        .iter()
        .zip(&askable)
        .map(|(known, askable)| *known || *askable)
        .collect();
    let mut best = court.examine(&at_best);
    let stays = |(_, finding): &&Found| {
        finding.class == Class::Catastrophic || finding.rule.starts_with("facts.")
    };
    best.extend(found.iter().filter(stays).cloned());
    let (class, risk) = court.weigh(&best);
    if !court.is_better(court.answer(class, risk), answer) {
        return;
    }
    for (index, effect) in court.analysis.effects.iter().enumerate() {
        let speaks = |(at, finding): &Found| {
            *at == Some(index)
                && !best
                    .iter()
                    .any(|(other, it)| *other == *at && it.rule == finding.rule)
        };
        if askable.get(index) != Some(&true) || !found.iter().any(speaks) {
            continue;
        }
        match (effect.role, court.directory(index)) {
            (Role::Branch, Some(directory)) => {
                wanted.repository(directory, Some(&effect.target.text));
            }
            _ => question(effect)
                .into_iter()
                .for_each(|asked| wanted.target(asked)),
        }
    }
}

fn alarming(court: &Court<'_>, wanted: &mut Wanted) {
    let facts = court.subject.facts;
    for path in &court.analysis.scripts {
        let is_answered = |path: &str| {
            facts.is_some_and(|facts| facts.scripts().any(|script| script.path == path))
        };
        if !is_answered(path) {
            wanted.script(path);
        }
    }
    for possible in &court.analysis.possible {
        let is_answered =
            facts.is_some_and(|facts| facts.repository(&possible.directory).is_some());
        if !is_answered {
            wanted.repository(&possible.directory, Some(&possible.name));
        }
    }
    for it in brought(court.analysis, court.subject) {
        if !court.is_answered(&it.asked.arg, it.asked.scope) {
            wanted.target(it.asked);
        }
    }
    for it in unseen(court.analysis, court.subject) {
        if !court.is_answered(&it.asked.arg, it.asked.scope) {
            wanted.target(it.asked);
        }
    }
    for (index, effect) in court.analysis.effects.iter().enumerate() {
        if let Some(directory) = court.directory(index)
            && pushes_over(effect)
            && facts.is_none_or(|facts| facts.repository(directory).is_none())
        {
            wanted.repository(directory, None);
        }
        if may_hide_work(effect)
            && let Some(asked) = question(effect)
            && !court.is_answered(&asked.arg, asked.scope)
        {
            wanted.target(asked);
        } else if may_lead_elsewhere(effect)
            && ![Scope::Link, Scope::Tree]
                .iter()
                .any(|scope| court.is_answered(&effect.target.text, *scope))
        {
            wanted.target(WantedTarget {
                arg: effect.target.text.clone(),
                glob: false,
                scope: Scope::Link,
            });
        }
    }
}

/// A push that replaces whatever branch is checked out, or the default one under another name.
fn pushes_over(effect: &Effect) -> bool {
    effect.action == Action::Write
        && effect.role == Role::Branch
        && effect.modifiers.contains(Modifier::Remote)
}

/// Whether `effect` changes everything below a path of the project that may be a link to something worse.
///
/// A file that is only written is not asked about: a quarter of what agents run writes one, and each would be asked about.
fn may_lead_elsewhere(effect: &Effect) -> bool {
    let changes = matches!(effect.action, Action::Chmod | Action::Chown)
        && effect.modifiers.contains(Modifier::Recursive);
    let is_near = matches!(
        effect.target.place,
        Some(Place::Project | Place::BuildOutput)
    );
    changes
        && is_near
        && effect.role == Role::Path
        && effect.target.text.starts_with('/')
        && !effect.modifiers.contains(Modifier::Glob)
        && is_here(effect.modifiers)
}
