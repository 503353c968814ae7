//! For tests of knowledge files: a command line → its effects, each as one short line.
//!
//! `delete path /etc/x system recursive,forced`: action, role, target, place (of a path), modifiers (`-` for none), and `<feed`
//! when something feeds it. Unknowns follow as `unknown program frob`, problems as `problem …`. `list` and `read` of harmless
//! places are left out by [`effects`]; [`all_effects`] has them too.

use std::rc::Rc;

use super::Knowledge;
use crate::effect::{Action, Effect, Feed};
use crate::place::{Place, Surroundings};
use crate::shell::{self, Budget, Context, Dialect, Directory, Script, Variables};

/// Where tests stand: the project `/home/u/p`, in the home `/home/u`.
const PROJECT: &str = "/home/u/p";

fn word<T: serde::Serialize>(value: T) -> String {
    serde_json::to_value(value)
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

fn line(effect: &Effect) -> String {
    let mut line = format!(
        "{} {} {}",
        word(effect.action),
        word(effect.role),
        effect.target.text
    );
    if let Some(place) = effect.target.place {
        line.push(' ');
        line.push_str(&word(place));
    }
    let modifiers: Vec<String> = effect.modifiers.iter().map(word).collect();
    if !modifiers.is_empty() {
        line.push(' ');
        line.push_str(&modifiers.join(","));
    }
    if effect.feed != Feed::Nothing {
        line.push_str(" <");
        line.push_str(&word(effect.feed));
    }
    line
}

fn is_dull(effect: &Effect) -> bool {
    matches!(effect.action, Action::List | Action::Read)
        && !matches!(effect.target.place, Some(Place::Secret | Place::Guard))
}

/// The surroundings of tests.
pub(crate) fn surroundings() -> Surroundings {
    Surroundings {
        home: Some("/home/u".to_owned()),
        project_root: Some(PROJECT.to_owned()),
        ..Surroundings::default()
    }
}

pub(crate) fn context() -> Context {
    Context {
        dialect: Dialect::Bash,
        directories: Rc::from([Directory::Known(PROJECT.to_owned())]),
        variables: Rc::new(Variables::default()),
        embedded_in: None,
        depth: 0,
    }
}

fn analysed(text: &str, dull: bool) -> Vec<String> {
    let mut budget = Budget::new(crate::limits::WORK_MAX);
    let script = shell::read(text, &context(), &mut budget);
    of_script(&script, dull)
}

/// As [`all_effects`] (`dull`) or [`effects`], of a script made by hand.
pub(crate) fn of_script(script: &Script, dull: bool) -> Vec<String> {
    thread_local! {
        static KNOWLEDGE: Knowledge = Knowledge::builtin().unwrap();
    }
    let mut budget = Budget::new(crate::limits::WORK_MAX);
    let analysis = KNOWLEDGE
        .with(|knowledge| knowledge.analyse(script, &context(), &surroundings(), &mut budget));
    let effects = analysis
        .effects
        .iter()
        .filter(|effect| dull || !is_dull(effect))
        .map(line);
    let unknowns = analysis.unknowns.iter().map(|unknown| {
        format!(
            "unknown {} {}",
            format!("{:?}", unknown.kind).to_lowercase(),
            unknown.text
        )
    });
    let problems = analysis
        .problems
        .iter()
        .map(|problem| format!("problem {}", problem.what));
    effects.chain(unknowns).chain(problems).collect()
}

/// What `text` does, without what it only looks at.
pub(crate) fn effects(text: &str) -> Vec<String> {
    analysed(text, false)
}

/// What `text` does, looking included.
pub(crate) fn all_effects(text: &str) -> Vec<String> {
    analysed(text, true)
}

/// Checks a table of commands and their [`effects`], separated by `; `. The empty text: none.
#[track_caller]
pub(crate) fn assert_effects(table: &[(&str, &str)]) {
    let mut wrong: Vec<String> = Vec::new();
    for (text, expected) in table {
        let found = effects(text).join("; ");
        if found != *expected {
            wrong.push(format!(
                "{text}\n  expected: {expected}\n  found:    {found}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Asserts that `what` stands in the effects of each of `told`, and of none of `others`: the same words, so that neither half can
/// pass by a word that no effect has.
pub(crate) fn tells_apart(what: &str, told: &[&str], others: &[&str]) {
    for text in told {
        let found = all_effects(text).join("; ");
        assert!(found.contains(what), "{text}: {found}");
    }
    for text in others {
        let found = all_effects(text).join("; ");
        assert!(!found.contains(what), "{text}: {found}");
    }
}
