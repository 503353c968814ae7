//! What an analysis adds to its answer: effects, what stays unknown, and what could not be read.

use super::analyst::{Analyst, Call};
use super::{Unknown, UnknownKind};
use crate::effect::{Action, Effect, Feed, Modifiers, Role, Span, Target};
use crate::shell::Problem;

/// Most unknowns that are told one by one; a line with more is as unknown as one with these.
const UNKNOWNS_MAX: usize = 256;

/// Units of work that an effect costs: every rule is asked about it.
const EFFECT_UNITS: u32 = 12;

/// Units of work that something unknown costs.
const UNKNOWN_UNITS: u32 = 6;

impl Analyst<'_> {
    /// Adds an effect; the answer adds circumstances.
    pub(super) fn push(
        &mut self,
        call: &Call<'_>,
        action: Action,
        role: Role,
        target: Target,
    ) -> Pushed<'_> {
        if !self.budget.spend(EFFECT_UNITS) {
            // What is over its budget is held whatever else it does.
            self.problem("more work than one command line may take", call.span);
            return Pushed { effect: None };
        }
        self.analysis.effects.push(Effect {
            action,
            role,
            target,
            modifiers: call.ambient.modifiers,
            feed: Feed::Nothing,
            program: String::new(),
            span: call.span,
            script: None,
        });
        Pushed {
            effect: self.analysis.effects.last_mut(),
        }
    }

    pub(super) fn unknown(&mut self, kind: UnknownKind, text: String, span: Span) {
        if !self.budget.spend(UNKNOWN_UNITS) {
            self.problem("more work than one command line may take", span);
        }
        let unknown = Unknown {
            kind,
            text,
            span,
            script: None,
        };
        if self.analysis.unknowns.len() < UNKNOWNS_MAX && !self.analysis.unknowns.contains(&unknown)
        {
            self.analysis.unknowns.push(unknown);
        }
    }

    pub(super) fn problem(&mut self, what: &str, span: Span) {
        if !self
            .analysis
            .problems
            .iter()
            .any(|problem| problem.what == what)
        {
            self.analysis.problems.push(Problem {
                what: what.to_owned(),
                span,
            });
        }
    }
}

/// The effect that was added last.
pub(super) struct Pushed<'e> {
    effect: Option<&'e mut Effect>,
}

impl Pushed<'_> {
    /// Says where the bytes come from.
    pub(super) fn feed(mut self, feed: Feed) -> Self {
        if let Some(effect) = self.effect.as_deref_mut() {
            effect.feed = feed;
        }
        self
    }

    /// Adds circumstances.
    pub(super) fn with(mut self, modifiers: Modifiers) -> Self {
        if let Some(effect) = self.effect.as_deref_mut() {
            effect.modifiers = effect.modifiers.union(modifiers);
        }
        self
    }

    /// Names the command path that does it.
    pub(super) fn by(mut self, program: &str) -> Self {
        if let Some(effect) = self.effect.as_deref_mut() {
            program.clone_into(&mut effect.program);
        }
        self
    }
}
