//! The risk of what is ambiguous: 0 to 100, integers, the same for the same input.
//!
//! A weight says how much a careful person would want to be asked, not how likely harm is. The sum
//! starts at the largest weight of a finding, so that ten small doubts do not become one great one,
//! and circumstances add to it.

use crate::classify::Class;
use crate::effect::{Action, Effect, Feed, Modifier};
use crate::knowledge::UnknownKind;
use crate::place::Place;
use crate::rules::Finding;

/// Largest sum that circumstances add, so that no pile of them alone reaches the default threshold
/// of 50.
const CIRCUMSTANCES_MAX: u8 = 30;

/// Returns the weight of something that is not known.
///
/// An unknown program alone stays below the threshold: most are harmless, and a guard that asks
/// about each is switched off. A program whose very name is computed stands at it, since hiding the
/// name is what it is good for.
#[must_use]
pub const fn unknown(kind: UnknownKind) -> u8 {
    match kind {
        UnknownKind::Call => 10,
        UnknownKind::LocalProgram => 15,
        UnknownKind::Target | UnknownKind::Option => 20,
        UnknownKind::Program | UnknownKind::Subcommand => 25,
        UnknownKind::Code => 30,
        UnknownKind::Command => 60,
    }
}

/// Returns the risk of a command with these findings and effects; nothing when no finding is
/// ambiguous.
#[must_use]
pub fn risk(findings: &[Finding], effects: &[Effect]) -> Option<u8> {
    let ambiguous = findings
        .iter()
        .filter(|finding| finding.class == Class::Ambiguous);
    let base = ambiguous.clone().filter_map(|finding| finding.risk).max()?;
    let doubts = ambiguous
        .filter(|finding| finding.rule.starts_with("unknown."))
        .count();
    let sum = circumstances(effects)
        .saturating_add(several(doubts))
        .min(CIRCUMSTANCES_MAX);
    Some(base.saturating_add(sum).min(100))
}

/// Each unknown beyond the first adds a little.
fn several(doubts: usize) -> u8 {
    let beyond = u8::try_from(doubts.saturating_sub(1)).unwrap_or(u8::MAX);
    beyond.saturating_mul(2).min(8)
}

fn circumstances(effects: &[Effect]) -> u8 {
    let changing = || {
        effects
            .iter()
            .filter(|effect| changes(effect.action) && !dry(effect))
    };
    let any = |weight: u8, found: bool| if found { weight } else { 0 };
    let elevated = changing().any(|effect| effect.modifiers.contains(Modifier::Elevated));
    let elsewhere = changing().any(|effect| effect.modifiers.contains(Modifier::Remote));
    let foreign = effects
        .iter()
        .any(|effect| runs(effect.action) && effect.feed >= Feed::Decoded);
    let secret = effects
        .iter()
        .any(|effect| effect.target.place == Some(Place::Secret));
    let leaves = effects
        .iter()
        .any(|effect| matches!(effect.action, Action::Send));
    any(5, elevated)
        .saturating_add(any(5, elsewhere))
        .saturating_add(any(20, foreign))
        .saturating_add(any(10, secret && leaves))
}

fn dry(effect: &Effect) -> bool {
    effect.modifiers.contains(Modifier::DryRun)
}

/// Whether something is different afterwards.
pub(crate) const fn changes(action: Action) -> bool {
    !matches!(
        action,
        Action::Read | Action::List | Action::Fetch | Action::Connect | Action::Elevate
    )
}

/// Whether bytes become a program.
const fn runs(action: Action) -> bool {
    matches!(action, Action::Execute | Action::Interpret)
}
