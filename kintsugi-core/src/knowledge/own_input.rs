//! A file that a command reads and that is emptied before it is read: `jq . f > f`, `sort f | uniq > f`,
//! `ffmpeg -y -i f f`.
//!
//! The shell opens what `>` names before the program starts (`bash(1)` 5.2, REDIRECTION), and `tee` and the programs of
//! [`OPENS_FIRST`] cut what they write before they have read all of it. `sort -o f f` and `sponge f` read first.

use std::collections::BTreeSet;

use super::analyst::{Analyst, Call};
use crate::effect::{Action, Effect, Modifier, Modifiers, Role, Span, Target};
use crate::shell::{Input, Invocation, RedirectMode};

/// Most commands of one pipeline that are looked at.
const STAGES_MAX: usize = 16;

/// Most effects that are looked at, the last ones first: those of a pipeline stand together.
const EFFECTS_MAX: usize = 128;

/// Programs that open what they write before they have read what they read.
const OPENS_FIRST: [&str; 5] = ["tee", "gtee", "ffmpeg", "avconv", "iconv"];

impl Analyst<'_> {
    /// Cuts the files that a command overwrites and that it, or a command that feeds it, reads.
    pub(super) fn own_input(&mut self, call: &Call<'_>, invocation: &Invocation) {
        let redirects = invocation
            .redirects
            .iter()
            .any(|redirect| redirect.mode == RedirectMode::Overwrite);
        let near = || self.analysis.effects.iter().rev().take(EFFECTS_MAX);
        let cuts = |effect: &Effect| {
            effect.action == Action::Overwrite
                && effect.role == Role::Path
                && effect.span == call.span
                && (redirects || OPENS_FIRST.contains(&effect.program.as_str()))
        };
        if !near().any(cuts) {
            return;
        }
        let spans = stages(call, invocation);
        let read: BTreeSet<&str> = near()
            .filter(|effect| {
                effect.action == Action::Read
                    && effect.role == Role::Path
                    && !effect.modifiers.contains(Modifier::Unresolved)
                    && spans.contains(&effect.span)
            })
            .map(|effect| effect.target.text.as_str())
            .collect();
        let cut: Vec<(Target, String)> = near()
            .filter(|effect| cuts(effect) && read.contains(effect.target.text.as_str()))
            .take(STAGES_MAX)
            .map(|effect| (effect.target.clone(), effect.program.clone()))
            .collect();
        for (target, program) in cut {
            self.push(call, Action::Truncate, Role::Path, target)
                .with(Modifiers::NONE.with(Modifier::Permanent))
                .by(&program);
        }
    }
}

/// The command and those that feed it through pipes.
fn stages(call: &Call<'_>, invocation: &Invocation) -> Vec<Span> {
    let mut spans = vec![invocation.span];
    let mut next = Some(&invocation.input);
    while let Some(Input::Pipe { first, end }) = next {
        let feeding = call.scope.script.between(*first, *end);
        spans.extend(feeding.iter().map(|it| it.span));
        next = feeding.first().map(|it| &it.input);
        if spans.len() > STAGES_MAX {
            break;
        }
    }
    spans
}
