use super::*;
use crate::effect::{Feed, Modifiers, Span, Target};

fn effect(action: Action, path: &str, modifiers: &[Modifier]) -> Effect {
    Effect {
        action,
        role: Role::Path,
        target: Target {
            text: path.to_owned(),
            place: Some(Place::Project),
        },
        modifiers: modifiers.iter().copied().collect::<Modifiers>(),
        feed: Feed::Nothing,
        program: "rm".to_owned(),
        span: Span::default(),
        script: None,
    }
}

#[test]
fn only_what_lies_on_this_machine_is_asked_about() {
    for modifier in OUT_OF_REACH {
        let there = effect(Action::Delete, "/p/src", &[modifier]);
        assert_eq!(question(&there), None, "{modifier:?}");
    }
    assert_eq!(question(&effect(Action::Delete, "./src", &[])), None);
    assert_eq!(question(&effect(Action::Read, "/p/src", &[])), None);
    let asked = question(&effect(Action::Delete, "/p/*.rs", &[Modifier::Glob])).unwrap();
    assert!(asked.glob && asked.scope == Scope::Tree);
}

#[test]
fn what_the_line_itself_puts_there_is_not_what_facts_saw() {
    let delete = || effect(Action::Delete, "/p/src", &[Modifier::Recursive]);
    for (other, expected) in [
        (effect(Action::Move, "/p/src/thesis.tex", &[]), false),
        (effect(Action::Create, "/p", &[]), false),
        (effect(Action::Write, "/p/s*", &[]), false),
        (effect(Action::Write, "$x", &[]), false),
        (effect(Action::Write, "/p/srcs", &[]), true),
        (effect(Action::Read, "/p/src", &[]), true),
    ] {
        let line = [other.clone(), delete()];
        assert_eq!(Brought::by(&line).spares(1), expected, "{other:?}");
    }
    assert!(!Brought::by(&[delete()]).spares(3));
}
