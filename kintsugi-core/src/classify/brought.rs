//! What comes along with a directory or an archive that a line puts in place: settings of agents that it does not name.
//!
//! The client says which names it found; each is taken as if the line wrote that file, so that the same rules speak. What nobody can
//! look into before the line runs (it comes through a pipe, from another machine, or could not be listed in time) is held where settings
//! of agents stand already: there an agent works, and takes the new ones without a word.

use super::court::Court;
use super::grounds::is_here;
use super::{Class, Subject};
use crate::capture::{Hint, Keep, What};
use crate::effect::{Action, Effect, Modifier, Modifiers, Role, Target};
use crate::facts::{BROUGHT_MAX, Facts, Scope, WantedTarget};
use crate::knowledge::Analysis;
use crate::place::{Place, is_agents, is_taken_up};
use crate::rules::Finding;
use crate::shell::Dialect;

/// Programs that put the names of one directory into another.
const COPIES: [&str; 6] = ["cp", "mv", "rsync", "ditto", "install", "ln"];

/// Options of [`What::Unpacked`] that give members other names: then a setting may stand anywhere in the archive.
const MOVES_MEMBERS: [&str; 4] = ["--strip-components", "--strip=", "--transform", "--xform"];

/// Programs that put everything that is below a name of another machine into a directory; the others do for a name that ends in `/`.
const WHOLE: [&str; 6] = [
    "aws s3 sync",
    "gsutil rsync",
    "gcloud storage rsync",
    "rclone copy",
    "rclone sync",
    "rclone move",
];

/// Programs that copy out of containers, virtual machines and devices.
const COPIES_OUT: [&str; 11] = [
    "docker cp",
    "docker container cp",
    "docker compose cp",
    "incus file pull",
    "lxc file pull",
    "adb pull",
    "limactl copy",
    "multipass transfer",
    "machinectl copy-from",
    "vagrant scp",
    "virt-copy-out",
];

/// What stands in a patch in front of the name of a file that it makes or changes: diff(1), git-diff(1).
const PATCH_MARKS: [&str; 3] = ["+++ ", "rename to ", "copy to "];

/// Words of a line by which patterns of bash and zsh stand for names with a dot in front as well.
const DOTS_MATCH: [&str; 4] = ["dotglob", "globdots", "glob_dots", "(d"];

/// The risk of putting what nobody has seen where an agent looks for its settings: a person is asked.
const UNSEEN_RISK: u8 = 55;

/// Something that is put where an agent looks for its settings.
pub(super) struct Brought<'a> {
    /// What puts it there, on the directory that it goes to.
    into: &'a Effect,
    /// What is asked of the client.
    pub(super) asked: WantedTarget,
    /// Which names come to that directory.
    names: Names,
}

/// How the names that are found become names in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    /// As they are: only what stands outermost comes to the directory itself.
    Outermost,
    /// An option takes directories in front of them away.
    Anywhere,
    /// As a patch has them, with a letter in front.
    Patched,
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
                names: Names::Outermost,
            }));
        } else if is_patch(into) {
            let sources = analysis.effects.iter().filter(|it| is_patch_file(it, into));
            all.extend(sources.map(|from| Brought {
                into,
                asked: WantedTarget {
                    arg: from.target.text.clone(),
                    glob: false,
                    scope: Scope::Members,
                },
                names: Names::Patched,
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
    let is_applied = effect.program == "git am" && effect.role == Role::History;
    let is_path = effect.role == Role::Path && (is_root || is_near);
    puts && (is_path || is_applied) && is_here(effect.modifiers)
}

/// Something that nobody can look into before, and that is put where an agent may look for its settings.
pub(super) struct Unseen {
    /// What puts it there: the number of the effect.
    into: usize,
    /// Whether settings of agents stand there.
    pub(super) asked: WantedTarget,
}

/// Returns what the line puts into such a directory, and is on another machine, comes through a pipe or was not listed.
pub(super) fn unseen(analysis: &Analysis, subject: Subject<'_>) -> Vec<Unseen> {
    let mut all: Vec<Unseen> = Vec::new();
    for (index, into) in analysis.effects.iter().enumerate() {
        if !is_looked_into(into, subject) {
            continue;
        }
        let is_fetched = || analysis.effects.iter().any(|it| is_fetched(it, into));
        let is_piped = || {
            let of_this =
                |keep: &&Keep| keep.what == What::Unpacked && keep.path == into.target.text;
            let mut keeps = analysis.hints.iter().map(|(_, keep)| keep).filter(of_this);
            keeps.any(|keep| match keep.of.get(1).map(String::as_str) {
                None | Some("") => true,
                Some(archive) => subject
                    .facts
                    .is_some_and(|facts| was_not_listed(facts, archive)),
            })
        };
        let fetches = |it: &Effect| it.action == Action::Fetch && it.role == Role::Remote;
        let is_patched = || {
            let mut effects = analysis.effects.iter();
            is_patch(into)
                && analysis.effects.iter().any(fetches)
                && !effects.any(|it| is_patch_file(it, into))
        };
        let is_unseen =
            is_fetched() || is_patched() || (into.action == Action::Write && is_piped());
        if is_unseen && !all.iter().any(|it| it.asked.arg == into.target.text) {
            all.push(Unseen {
                into: index,
                asked: WantedTarget {
                    arg: into.target.text.clone(),
                    glob: false,
                    scope: Scope::Names,
                },
            });
        }
    }
    all
}

/// Whether the client was asked for the members of `archive`, and could not say.
fn was_not_listed(facts: &Facts, archive: &str) -> bool {
    let said = facts.target(archive, Scope::Members);
    said.is_some_and(|said| !said.complete && said.brings.is_empty())
}

/// Whether `from` is what the command of `into` brings from another machine, names and all.
fn is_fetched(from: &Effect, into: &Effect) -> bool {
    let text = from.target.text.as_str();
    from.program == into.program
        && from.span == into.span
        && is_elsewhere(from)
        && (WHOLE.contains(&into.program.as_str())
            || text.ends_with(['/', ':', '*'])
            || text.ends_with("/.")
            || agents_own(from).is_some())
}

/// Whether `from` is what a command fetches from another machine, or finds in a container, a virtual machine or a device.
fn is_elsewhere(from: &Effect) -> bool {
    let is_fetched = from.action == Action::Fetch && from.role == Role::Remote;
    let is_inside = from.action == Action::List && from.role == Role::Resource;
    is_fetched || (is_inside && COPIES_OUT.contains(&from.program.as_str()))
}

/// Returns the name of a thing on another machine, when it is one of an agent's.
fn agents_own(from: &Effect) -> Option<&str> {
    let name = from.target.text.rsplit(['/', ':']).next()?;
    is_agents(name).then_some(name)
}

/// Returns what is found about something unseen where settings of agents stand: the effect, and what to tell.
pub(super) fn found(court: &Court<'_>) -> Vec<(usize, Finding, String)> {
    let Some(facts) = court.subject.facts else {
        return Vec::new();
    };
    let unseen = unseen(court.analysis, court.subject).into_iter();
    unseen
        .filter_map(|it| {
            let stands = facts.target(&it.asked.arg, Scope::Names)?;
            let mut names = stands.brings.iter().take(BROUGHT_MAX);
            let is_agents = |name: &&String| name.split('/').next().is_some_and(is_agents);
            let into = court.analysis.effects.get(it.into)?;
            let says = format!("`{}` stands there", names.find(is_agents)?);
            let finding = Finding {
                rule: "facts.unseen-agents".to_owned(),
                class: Class::Ambiguous,
                reason: format!(
                    "puts what could not be looked into where an agent looks for its settings: {says}"
                ),
                span: into.span,
                risk: Some(UNSEEN_RISK),
                instead: None,
            };
            Some((it.into, finding, says))
        })
        .collect()
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
        names: if options.iter().any(moves) {
            Names::Anywhere
        } else {
            Names::Outermost
        },
    })
}

/// Adds each file that facts name as if the line wrote it by its name.
pub(super) fn arrive(analysis: &mut Analysis, subject: Subject<'_>) {
    let mut more: Vec<Effect> = Vec::new();
    for into in &analysis.effects {
        let mut fetched = analysis.effects.iter().filter(|it| is_fetched(it, into));
        if is_looked_into(into, subject)
            && let Some(name) = fetched.find_map(agents_own)
        {
            more.push(written(into, (name, "cp"), subject));
        }
    }
    for into in &analysis.effects {
        if is_patch(into) && is_looked_into(into, subject) {
            let names = patched(subject.text).take(BROUGHT_MAX);
            let names = names.filter_map(|name| taken_up(name, Names::Patched));
            more.extend(names.map(|name| written(into, (name, "cat"), subject)));
        }
    }
    let Some(facts) = subject.facts else {
        analysis.effects.extend(more);
        return;
    };
    for it in brought(analysis, subject) {
        let Some(found) = facts.target(&it.asked.arg, it.asked.scope) else {
            continue;
        };
        let leaves_dots = it.asked.glob && leaves_dots(&it.asked.arg, subject);
        for name in found.brings.iter().take(BROUGHT_MAX) {
            let name = name.trim_start_matches("./").trim_start_matches('/');
            if leaves_dots && name.starts_with('.') {
                continue;
            }
            let Some(name) = taken_up(name, it.names) else {
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

/// Whether a pattern stands for no name that begins with a dot: the last part of it does not begin with one either.
fn leaves_dots(pattern: &str, subject: Subject<'_>) -> bool {
    let last = pattern.rsplit('/').next().unwrap_or_default();
    let is_posix = matches!(
        subject.dialect,
        Dialect::Bash | Dialect::Zsh | Dialect::Posix | Dialect::Fish
    );
    let text = subject.text.to_ascii_lowercase();
    is_posix && last.starts_with(['*', '?', '[']) && !DOTS_MATCH.iter().any(|it| text.contains(it))
}

/// One name in the directory of `into`, written by the program by which a tool that writes a file is judged, or that copies a directory.
fn written(into: &Effect, (name, program): (&str, &str), subject: Subject<'_>) -> Effect {
    // Commits from a mailbox change what is where the line runs.
    let directory = if into.role == Role::Path {
        into.target.text.as_str()
    } else {
        subject.cwd
    };
    let text = format!("{}/{name}", directory.trim_end_matches('/'));
    let place = subject.surroundings.place(&text);
    Effect {
        action: Action::Write,
        role: Role::Path,
        target: Target {
            text,
            place: Some(place),
        },
        modifiers: Modifiers::default(),
        program: program.to_owned(),
        ..into.clone()
    }
}

/// Whether `into` applies a patch to the directory.
fn is_patch(into: &Effect) -> bool {
    matches!(into.program.as_str(), "git apply" | "git am" | "patch")
}

/// Whether `from` is the patch that the command of `into` reads, itself or through `cat`.
fn is_patch_file(from: &Effect, into: &Effect) -> bool {
    let is_own = from.span == into.span && into.program.starts_with(&from.program);
    (is_own || from.program == "cat")
        && from.role == Role::Path
        && from.action == Action::Read
        && from.target.text.starts_with('/')
        && is_here(from.modifiers)
}

/// The files that patches in the text of a line change, as they name them.
fn patched(text: &str) -> impl Iterator<Item = &str> {
    let marks = PATCH_MARKS.iter().flat_map(|mark| text.match_indices(mark));
    let names = marks.filter_map(|(at, mark)| text.get(at + mark.len()..));
    let ends = |letter: char| letter.is_whitespace() || matches!(letter, '\\' | '\'' | '"');
    names.filter_map(move |rest| rest.split(ends).next())
}

/// Returns what a name becomes in the directory, when it is taken up by itself there.
fn taken_up(name: &str, names: Names) -> Option<&str> {
    let has_way_out = name.split('/').any(|part| part == "..");
    let below = || {
        let behind = name.match_indices('/').map(|(at, _)| at + 1);
        std::iter::once(0)
            .chain(behind)
            .filter_map(|at| name.get(at..))
    };
    let found = match names {
        Names::Outermost => Some(name).filter(|name| is_taken_up(name)),
        Names::Anywhere => below().find(|name| is_taken_up(name)),
        Names::Patched => {
            let first = name.split_once('/');
            let plain = first.filter(|(letter, _)| letter.len() == 1);
            let plain = plain.map_or(name, |(_, rest)| rest);
            below().any(is_taken_up).then_some(plain)
        }
    };
    found.filter(|_| !has_way_out)
}
