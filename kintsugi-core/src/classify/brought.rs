//! What comes along with a directory or an archive that a line puts in place: settings of agents that it does not name.
//!
//! The client says which names it found; each is taken as if the line wrote that file, so that the same rules speak.

use super::Subject;
use super::grounds::is_here;
use crate::capture::{Hint, Keep, What};
use crate::effect::{Action, Effect, Modifier, Modifiers, Role, Target};
use crate::facts::{BROUGHT_MAX, Scope, WantedTarget};
use crate::knowledge::Analysis;
use crate::place::{Place, is_agents};

/// Programs that put the names of one directory into another.
const COPIES: [&str; 6] = ["cp", "mv", "rsync", "ditto", "install", "ln"];

/// Options of [`What::Unpacked`] that give members other names: then a setting may stand anywhere in the archive.
const MOVES_MEMBERS: [&str; 4] = ["--strip-components", "--strip=", "--transform", "--xform"];

/// Something that is put where an agent looks for its settings.
pub(super) struct Brought<'a> {
    /// What puts it there, on the directory that it goes to.
    into: &'a Effect,
    /// What is asked of the client.
    pub(super) asked: WantedTarget,
    /// Whether only what stands outermost in an archive comes to the directory itself.
    outermost: bool,
}

/// Returns what the line puts whole into the project's directory, the home or where it runs.
pub(super) fn brought<'a>(analysis: &'a Analysis, subject: Subject<'a>) -> Vec<Brought<'a>> {
    let mut all = Vec::new();
    for into in &analysis.effects {
        if !is_looked_into(into, subject) {
            continue;
        }
        if COPIES.contains(&into.program.as_str()) {
            let sources = analysis.effects.iter().filter(|it| is_source(it, into));
            all.extend(sources.map(|from| Brought {
                into,
                asked: WantedTarget {
                    arg: from.target.text.clone(),
                    glob: from.modifiers.contains(Modifier::Glob),
                    scope: Scope::Names,
                },
                outermost: true,
            }));
        } else if into.action == Action::Write {
            let archives = analysis.hints.iter();
            all.extend(archives.filter_map(|it| unpacked(it, into)));
        }
    }
    all
}

/// Whether an agent looks for settings in what `effect` changes.
fn is_looked_into(effect: &Effect, subject: Subject<'_>) -> bool {
    let is_root = matches!(
        effect.target.place,
        Some(Place::ProjectRoot | Place::HomeRoot)
    );
    let is_near = effect.target.text == subject.cwd && effect.target.place != Some(Place::Temp);
    let puts = matches!(
        effect.action,
        Action::Overwrite | Action::Write | Action::Create
    );
    effect.role == Role::Path && puts && (is_root || is_near) && is_here(effect.modifiers)
}

/// Whether `from` is what the command of `into` copies or moves.
fn is_source(from: &Effect, into: &Effect) -> bool {
    from.program == into.program
        && from.span == into.span
        && from.role == Role::Path
        && matches!(from.action, Action::Read | Action::Move | Action::List)
        && from.target.text.starts_with('/')
        && from.target.text != into.target.text
        && is_here(from.modifiers)
}

fn unpacked<'a>((_, keep): &'a (Hint, Keep), into: &'a Effect) -> Option<Brought<'a>> {
    let [_, archive, options @ ..] = keep.of.as_slice() else {
        return None;
    };
    let is_this =
        keep.what == What::Unpacked && keep.path == into.target.text && !archive.is_empty();
    let moves = |option: &String| MOVES_MEMBERS.iter().any(|it| option.starts_with(it));
    is_this.then(|| Brought {
        into,
        asked: WantedTarget {
            arg: archive.clone(),
            glob: false,
            scope: Scope::Members,
        },
        outermost: !options.iter().any(moves),
    })
}

/// Adds each file that facts name as if the line wrote it by its name.
pub(super) fn arrive(analysis: &mut Analysis, subject: Subject<'_>) {
    let Some(facts) = subject.facts else { return };
    let mut more: Vec<Effect> = Vec::new();
    for it in brought(analysis, subject) {
        let Some(found) = facts.target(&it.asked.arg, it.asked.scope) else {
            continue;
        };
        for name in found.brings.iter().take(BROUGHT_MAX) {
            let name = name.trim_start_matches("./").trim_start_matches('/');
            let Some(name) = from_settings(name, it.outermost) else {
                continue;
            };
            more.push(written(it.into, (name, "cat"), subject));
            // What was not named is taken for the worst that can stand there.
            if !found.complete
                && let Some((outermost, _)) = name.split_once('/')
            {
                more.push(written(it.into, (outermost, "cp"), subject));
            }
        }
    }
    analysis.effects.extend(more);
}

/// One name in the directory of `into`, written by the program by which a tool that writes a file is judged, or that copies a directory.
fn written(into: &Effect, (name, program): (&str, &str), subject: Subject<'_>) -> Effect {
    let text = format!("{}/{name}", into.target.text.trim_end_matches('/'));
    let place = subject.surroundings.place(&text);
    Effect {
        action: Action::Write,
        target: Target {
            text,
            place: Some(place),
        },
        modifiers: Modifiers::default(),
        program: program.to_owned(),
        ..into.clone()
    }
}

/// Returns a name from the first part on that is one of an agent's; where only the outermost counts, that must be the first of all.
fn from_settings(name: &str, outermost: bool) -> Option<&str> {
    let mut rest = name;
    loop {
        let first = rest.split('/').next()?;
        if is_agents(first) {
            return (!rest.split('/').any(|part| part == "..")).then_some(rest);
        }
        if outermost {
            return None;
        }
        rest = rest.split_once('/')?.1;
    }
}
