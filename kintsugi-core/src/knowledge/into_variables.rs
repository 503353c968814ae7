//! The project's own `.env` that goes into variables and is shown to nobody: `export $(cat .env | xargs)`, `K=$(grep ^K= .env | cut -d= -f2) make`.
//!
//! It is what `source .env` does. What a variable is given by such a command is followed as any other secret is; where it stands in a
//! word of another command, or the name of the variable does, nothing is let go.

use super::analyst::{Analyst, Call};
use super::telling::listed;
use crate::place::Judgement;
use crate::shell::{Hole, Invocation, Word};

/// Programs that pick a part of what they read and print it.
const PICKING: &str = " cat grep egrep cut tr xargs head tail sed ";

/// Builtins that give variables a value (bash(1) 5.2).
const DECLARING: &str = " export declare typeset local readonly ";

/// Most commands of a line that are looked through.
const COMMANDS_MAX: usize = 64;

impl Analyst<'_> {
    /// Whether what a command reads there goes into variables alone.
    pub(super) fn goes_into_variables(&self, call: &Call<'_>, judged: &Judgement) -> bool {
        let name = judged.path.rsplit('/').next().unwrap_or_default();
        let all = &call.scope.script.invocations;
        let Some(at) = self.made.at().and_then(|at| u32::try_from(at).ok()) else {
            return false;
        };
        if !name.starts_with(".env") || all.len() > COMMANDS_MAX || call.ambient.depth > 0 {
            return false;
        }
        let holds = |word: &Word| {
            word.holes().find_map(|hole| match hole {
                Hole::Output { first, end } => {
                    (first.0..end.0).contains(&at).then_some((*first, *end))
                }
                Hole::Process { .. } | Hole::Variable(_) | Hole::Other(_) => None,
            })
        };
        let mut names: Vec<String> = Vec::new();
        let mut range = None;
        for it in all {
            let first = it.words.first().and_then(Word::known).unwrap_or_default();
            let declares = listed(DECLARING, &first);
            for assignment in &it.assignments {
                if let Some(found) = holds(&assignment.value) {
                    // What is given to nothing is only kept for later.
                    if it.words.is_empty() {
                        return false;
                    }
                    names.push(assignment.name.clone());
                    range = Some(found);
                }
            }
            for word in &it.words {
                let Some(found) = holds(word) else { continue };
                if !declares || it.words.len() != 2 {
                    return false;
                }
                let text = word.display();
                names.extend(text.split_once('=').map(|(name, _)| name.to_owned()));
                range = Some(found);
            }
        }
        let Some((first, end)) = range else {
            return false;
        };
        let picking = call.scope.script.between(first, end);
        let is_named = |it: &Invocation| {
            it.words.iter().skip(1).any(|word| {
                let text = word.display();
                let declares = |name: &str| text.split_once('=').is_some_and(|(it, _)| it == name);
                names
                    .iter()
                    .any(|name| text.contains(name.as_str()) && !declares(name))
            })
        };
        let is_outside = |at: usize| !(first.0 as usize..end.0 as usize).contains(&at);
        !picking.is_empty()
            && picking.iter().all(only_picks)
            && !all
                .iter()
                .enumerate()
                .any(|(at, it)| is_outside(at) && is_named(it))
    }
}

/// Whether a command hands on a part of what it reads, and does nothing else.
fn only_picks(invocation: &Invocation) -> bool {
    let known: Option<Vec<_>> = invocation.words.iter().map(Word::known).collect();
    let Some(known) = known else { return false };
    let Some((name, rest)) = known.split_first() else {
        return false;
    };
    let is_plain = match &**name {
        "xargs" => rest
            .iter()
            .all(|word| word.starts_with('-') || word.parse::<u32>().is_ok()),
        "sed" => {
            let mut scripts = rest.iter().filter(|word| !word.starts_with('-'));
            scripts
                .next()
                .is_some_and(|script| super::names_only::only_edits(script))
                && !rest.iter().any(|word| word.starts_with("-i"))
        }
        _ => true,
    };
    let is_quiet = |it: &crate::shell::Redirect| it.target.known().as_deref() == Some("/dev/null");
    listed(PICKING, name) && is_plain && invocation.redirects.iter().all(is_quiet)
}
