//! What facts change, in both directions, and how that is told.
//!
//! A fact that alarms adds an effect or a finding; a fact that calms was already counted in [`super::court`].

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::court::{Court, Found, add_fact};
use super::{Class, Subject, brought};
use crate::effect::{Action, Effect, Modifier, Modifiers, Role, Target};
use crate::facts::{Facts, may_hide_work, question};
use crate::knowledge::Analysis;
use crate::policy::About;
use crate::rules::Finding;

/// A fact that had a say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// The path, branch or file.
    pub about: String,
    /// What was found, in a few words.
    pub says: String,
    /// What it did.
    pub turn: Turn,
    /// The rule that it took back or that it led to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// What a fact did to the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// A rule does not apply because of it.
    Calms,
    /// A rule applies because of it.
    Alarms,
    /// It was asked for, and everything stands as it did.
    Stands,
    /// A script's text, which was judged like the line itself.
    Read,
}

/// Most facts that are told one by one.
const GROUNDS_MAX: usize = 16;

/// Adds the effects that facts show to happen: a word that is a path and no name of the repository.
pub(super) fn happen(analysis: &mut Analysis, facts: Option<&Facts>) {
    let Some(facts) = facts else { return };
    for possible in &analysis.possible {
        let reference = facts
            .repository(&possible.directory)
            .and_then(|repository| repository.reference(&possible.name));
        if reference.is_some_and(|reference| !reference.exists) {
            analysis.effects.push(possible.effect.clone());
        }
    }
}

/// Adds each effect once more on what facts say its target is: the path that a link leads to, the branch that `HEAD` is.
///
/// The text alone keeps its say.
pub(super) fn follow(analysis: &mut Analysis, subject: Subject<'_>) {
    let Some(facts) = subject.facts else { return };
    let mut more: Vec<Effect> = Vec::new();
    for effect in &analysis.effects {
        more.extend(leads_to(effect, facts, subject));
    }
    for (index, directory) in &analysis.repositories {
        let effect = analysis.effects.get(*index);
        more.extend(effect.and_then(|effect| is_shared(effect, directory, facts)));
    }
    analysis.effects.extend(more);
}

fn leads_to(effect: &Effect, facts: &Facts, subject: Subject<'_>) -> Option<Effect> {
    let is_followed = effect.action != Action::Delete
        || effect.modifiers.contains(Modifier::Recursive)
        || effect.modifiers.contains(Modifier::Glob);
    if effect.role != Role::Path || !is_followed {
        return None;
    }
    let text = &effect.target.text;
    let targets = facts.targets.iter().take(crate::limits::WANTED_TARGETS_MAX);
    let mut resolved = targets
        .filter(|target| target.arg == *text)
        .filter_map(|target| target.resolved.clone());
    let resolved = resolved.next()?;
    let place = subject.surroundings.place(&resolved);
    let elsewhere = resolved != *text && Some(place) != effect.target.place;
    elsewhere.then(|| Effect {
        target: Target {
            text: resolved,
            place: Some(place),
        },
        ..effect.clone()
    })
}

/// A push over the branch that is checked out, or the one that everybody starts from.
fn is_shared(effect: &Effect, directory: &str, facts: &Facts) -> Option<Effect> {
    let pushes = effect.action == Action::Write
        && effect.role == Role::Branch
        && effect.modifiers.contains(Modifier::Remote);
    if !pushes {
        return None;
    }
    let repository = facts.repository(directory)?;
    let named = effect.target.text.rsplit(':').next().unwrap_or_default();
    let branch = match (named, repository.branch.as_deref()) {
        ("HEAD" | "@", Some(branch)) => branch,
        (named, _) => named,
    };
    let is_default = repository.default_branch.as_deref() == Some(branch);
    (branch != named || is_default).then(|| Effect {
        target: Target::named(branch),
        modifiers: if is_default {
            effect.modifiers.with(Modifier::Shared)
        } else {
            effect.modifiers
        },
        ..effect.clone()
    })
}

/// Tells the facts because of which a rule that would apply does not.
pub(super) fn calmed(court: &Court<'_>, plain: &[Found], found: &[Found]) -> Vec<Ground> {
    let still: BTreeSet<(Option<usize>, &str)> = found
        .iter()
        .map(|(index, finding)| (*index, &*finding.rule))
        .collect();
    let mut grounds: Vec<Ground> = Vec::new();
    for (index, finding) in plain {
        let (Some(index), true) = (index, grounds.len() < GROUNDS_MAX) else {
            continue;
        };
        if still.contains(&(Some(*index), &*finding.rule)) {
            continue;
        }
        if let Some((about, says)) = court.fact(*index)
            && !grounds.iter().any(|ground| ground.about == about)
        {
            grounds.push(Ground {
                about,
                says,
                turn: Turn::Calms,
                rule: Some(finding.rule.clone()),
            });
        }
    }
    grounds
}

/// Adds what only facts show: work that exists nowhere else in what looks like the output of a build, a mount in a tree that is deleted.
pub(super) fn raise(court: &Court<'_>, found: &mut Vec<Found>, grounds: &mut Vec<Ground>) {
    let Some(facts) = court.subject.facts else {
        return;
    };
    for (index, effect) in court.analysis.effects.iter().enumerate() {
        let is_open = may_hide_work(effect) && !court.is_held(found, index);
        let Some(target) = facts.about(effect).filter(|_| is_open) else {
            continue;
        };
        let (rule, reason) = if target.mount {
            (
                "facts.mount",
                "deletes a tree in which another file system is mounted",
            )
        } else if target.hides_work() {
            ("facts.only-copy", "deletes work that exists nowhere else")
        } else {
            continue;
        };
        let mut finding = Finding {
            rule: rule.to_owned(),
            class: Class::Ambiguous,
            reason: format!("{reason}: {}", target.says(effect)),
            span: effect.span,
            risk: Some(ONLY_COPY_RISK),
            instead: None,
        };
        court.policy.adjust(&mut finding, About::Text);
        if grounds.len() < GROUNDS_MAX {
            grounds.push(Ground {
                about: effect.target.text.clone(),
                says: target.says(effect),
                turn: Turn::Alarms,
                rule: Some(finding.rule.clone()),
            });
        }
        found.push((Some(index), finding));
    }
    for (index, mut finding, says) in brought::found(court) {
        court.policy.adjust(&mut finding, About::Text);
        let about = court.analysis.effects.get(index);
        if let Some(about) = about.filter(|_| grounds.len() < GROUNDS_MAX) {
            grounds.push(Ground {
                about: about.target.text.clone(),
                says,
                turn: Turn::Alarms,
                rule: Some(finding.rule.clone()),
            });
        }
        found.push((Some(index), finding));
    }
}

/// The risk of deleting the only copy of something that people write: a person is asked.
const ONLY_COPY_RISK: u8 = 60;

/// Says in the findings what facts tell about their targets, and lists the facts that changed nothing.
pub(super) fn explain(court: &Court<'_>, found: &mut [Found], grounds: &mut Vec<Ground>) {
    let Some(facts) = court.subject.facts else {
        return;
    };
    for (index, finding) in found.iter_mut() {
        let Some((about, says)) = index.and_then(|index| court.fact(index)) else {
            continue;
        };
        let is_told = finding.rule.starts_with("facts.") || finding.rule.starts_with("policy.");
        if !is_told {
            add_fact(finding, &says);
        }
        let is_listed = grounds.iter().any(|ground| ground.about == about);
        if !is_listed && grounds.len() < GROUNDS_MAX {
            grounds.push(Ground {
                about,
                says,
                turn: Turn::Stands,
                rule: None,
            });
        }
    }
    for script in facts.scripts() {
        let says = match &script.text {
            Some(text) => format!("its {} lines were read", text.lines().count()),
            None if script.bytes == 0 => continue,
            None => "its text is too long, or none".to_owned(),
        };
        grounds.push(Ground {
            about: script.path.clone(),
            says,
            turn: Turn::Read,
            rule: None,
        });
    }
}

impl Court<'_> {
    /// What facts tell about the target of the effect at `index`: its name, and a few words.
    fn fact(&self, index: usize) -> Option<(String, String)> {
        let facts = self.subject.facts?;
        let effect = self.analysis.effects.get(index)?;
        if effect.role == Role::Branch {
            let repository = facts.repository(self.directory(index)?)?;
            let reference = repository.reference(&effect.target.text)?;
            return Some((effect.target.text.clone(), reference.says()));
        }
        let is_asked = question(effect).is_some();
        let target = facts.about(effect).filter(|_| is_asked)?;
        Some((effect.target.text.clone(), target.says(effect)))
    }
}

/// Circumstances in which a path is not one of this machine, or not known.
pub(super) fn is_here(modifiers: Modifiers) -> bool {
    let elsewhere = [
        Modifier::Unresolved,
        Modifier::Remote,
        Modifier::Contained,
        Modifier::DryRun,
        Modifier::Indirect,
    ];
    !modifiers.intersects(elsewhere.into_iter().collect())
}
