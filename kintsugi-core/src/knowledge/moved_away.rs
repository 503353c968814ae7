//! What a line moves to where nobody minds a deletion, and deletes there: `mv src /tmp/old && rm -rf /tmp/old` deletes `src`.

use crate::effect::{Action, Effect};
use crate::place::Place;

/// Most moves, and most deletions, of one text that are compared.
const PAIRS_MAX: usize = 64;

/// Something that is moved.
struct Moved<'e> {
    effect: &'e Effect,
    at: usize,
    /// Where to.
    to: &'e str,
}

/// The deletions of what was moved away before, by the name that it had.
pub(super) fn deleted(effects: &[Effect]) -> Vec<Effect> {
    let moved = moved(effects);
    if moved.is_empty() {
        return Vec::new();
    }
    let deletions = effects.iter().enumerate();
    let deletions = deletions.filter(|(_, effect)| effect.action == Action::Delete);
    let mut found: Vec<Effect> = Vec::new();
    for (at, deletion) in deletions.take(PAIRS_MAX) {
        let gone = moved.iter().filter(|it| it.at < at && takes(deletion, it));
        for it in gone {
            let effect = Effect {
                target: it.effect.target.clone(),
                ..deletion.clone()
            };
            if !found.contains(&effect) {
                found.push(effect);
            }
        }
    }
    found
}

/// What is moved, with each place that it may get.
fn moved(effects: &[Effect]) -> Vec<Moved<'_>> {
    let sources = effects.iter().enumerate().filter(|(_, effect)| {
        effect.action == Action::Move && effect.target.place.is_some_and(is_minded)
    });
    let mut found = Vec::new();
    for (at, effect) in sources.take(PAIRS_MAX) {
        let same = |other: &&Effect| other.span == effect.span && other.program == effect.program;
        let others = effects.iter().skip(at + 1).take_while(same);
        let targets = others.filter(|it| matches!(it.action, Action::Overwrite | Action::Create));
        found.extend(targets.map(|target| Moved {
            effect,
            at,
            to: &target.target.text,
        }));
        if found.len() >= PAIRS_MAX {
            break;
        }
    }
    found
}

/// Whether somebody would miss what is deleted there; of temporary files and build output nobody does.
fn is_minded(place: Place) -> bool {
    !matches!(place, Place::Null | Place::Temp | Place::BuildOutput)
}

/// Whether a deletion takes away what was moved: the place that it was moved to, what lies above that, or its name in it.
fn takes(deletion: &Effect, moved: &Moved<'_>) -> bool {
    let deleted = deletion.target.text.trim_end_matches("/*");
    let deleted = deleted.trim_end_matches('/');
    let to = moved.to.trim_end_matches('/');
    let is_above = |path: &str| {
        path.strip_prefix(deleted)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let from = moved.effect.target.text.trim_end_matches('/');
    let name = from.rsplit('/').next().unwrap_or_default();
    !deleted.is_empty() && (is_above(to) || is_above(&[to, "/", name].concat()))
}

#[cfg(test)]
mod tests {
    use crate::knowledge::testing::all_effects;

    #[test]
    fn what_is_moved_away_and_deleted_there_is_deleted() {
        for text in [
            "mv src /tmp/old && rm -rf /tmp/old",
            "mv src /tmp && rm -rf /tmp/src",
            "mv src docs /tmp/a/ && rm -rf /tmp/a/*",
            "t=$(mktemp -d); mv src \"$t\" && rm -rf \"$t\"",
            "mkdir -p build/old && mv src build/old && rm -rf build",
            "mv -t /tmp/a src; find /tmp/a -delete",
            "python3 -c 'import shutil; shutil.move(\"src\", \"/tmp/o\"); shutil.rmtree(\"/tmp/o\")'",
        ] {
            let found = all_effects(text);
            let of_source = |it: &String| it.contains("delete") && it.contains("/home/u/p/src");
            assert!(found.iter().any(of_source), "{text}: {found:?}");
        }
        for text in [
            "mv src /tmp && rm -rf /tmp/other",
            "mv src /tmp/old && rm -rf /tmp/older",
            "rm -rf /tmp/old && mv src /tmp/old",
            "mv dist /tmp/old && rm -rf /tmp/old",
            "cp -r src /tmp/old && rm -rf /tmp/old",
        ] {
            let found = all_effects(text);
            let of_project = |it: &String| it.contains("delete") && it.contains("/home/u/p");
            assert!(!found.iter().any(of_project), "{text}: {found:?}");
        }
    }
}
