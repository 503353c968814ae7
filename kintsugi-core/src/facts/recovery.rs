//! Whether what an effect does can be taken back, and what would be lost if not, from what facts say.
//!
//! Pure. What is missing, incomplete or contradicts itself answers no.

use super::{Facts, ReferenceFact, Scope, TargetFact, TargetKind, WantedTarget};
use crate::effect::{Action, Effect, Modifier, Role};
use crate::place::Place;

/// Circumstances under which nothing on this machine can be asked about a target.
const OUT_OF_REACH: [Modifier; 5] = [
    Modifier::Unresolved,
    Modifier::Remote,
    Modifier::Contained,
    Modifier::DryRun,
    Modifier::Indirect,
];

/// Returns what can be asked about the path that `effect` destroys; nothing when it destroys none that can be looked at.
#[must_use]
pub(crate) fn question(effect: &Effect) -> Option<WantedTarget> {
    let destroys = matches!(
        effect.action,
        Action::Delete | Action::Truncate | Action::Overwrite
    );
    let is_path = effect.role == Role::Path && effect.target.text.starts_with('/');
    if !destroys
        || !is_path
        || effect
            .modifiers
            .intersects(OUT_OF_REACH.into_iter().collect())
    {
        return None;
    }
    Some(WantedTarget {
        arg: effect.target.text.clone(),
        glob: effect.modifiers.contains(Modifier::Glob),
        scope: scope(effect),
    })
}

/// What must be looked at to tell whether `effect` can be taken back.
fn scope(effect: &Effect) -> Scope {
    let has = |modifier| effect.modifiers.contains(modifier);
    if !has(Modifier::Uncommitted) || effect.program == "git rm" {
        return Scope::Tree;
    }
    if effect.action != Action::Delete && has(Modifier::Recursive) {
        // `git reset --hard` reaches the whole working copy, wherever in it one stands.
        return Scope::Repository;
    }
    Scope::Changes
}

impl Facts {
    /// Returns what is known about the path that `effect` destroys.
    #[must_use]
    pub fn about(&self, effect: &Effect) -> Option<&TargetFact> {
        let asked = question(effect)?;
        self.target(&asked.arg, asked.scope)
    }

    /// Whether facts show that what `effect` does to a path can be taken back.
    #[must_use]
    pub fn recoverable(&self, effect: &Effect) -> bool {
        self.about(effect)
            .is_some_and(|target| target.recoverable(effect))
    }
}

impl TargetFact {
    /// Whether everything that `effect` destroys at it exists elsewhere too.
    ///
    /// What version control ignores counts only where a build makes it again, since a `.env` is ignored as well. A single
    /// file that is committed comes back from the repository beside it; of a tree, which may take the repository's directory
    /// along, a remote must have a copy.
    #[must_use]
    pub fn recoverable(&self, effect: &Effect) -> bool {
        if !self.complete || self.mount {
            return false;
        }
        match self.scope {
            Scope::Tree => match self.kind {
                TargetKind::Missing => true,
                // Without `-r` a link is removed and not followed; where it leads is judged as well.
                TargetKind::Link => effect.action == Action::Delete,
                TargetKind::File | TargetKind::Directory => {
                    let kept = self.tracked.saturating_add(self.rebuilt) >= self.entries;
                    let elsewhere = self.unpushed == 0 || self.kind == TargetKind::File;
                    kept && self.dirty == 0 && elsewhere
                }
                TargetKind::Unknown | TargetKind::Special => false,
            },
            Scope::Changes if effect.action == Action::Delete => {
                let all = effect.modifiers.contains(Modifier::All);
                self.untracked == 0 && (!all || self.ignored <= self.rebuilt)
            }
            Scope::Changes | Scope::Repository => self.dirty == 0,
            Scope::Link | Scope::Names | Scope::Members => false,
        }
    }

    /// Whether work that exists nowhere else would go with what only looks like the output of a build.
    #[must_use]
    pub fn hides_work(&self) -> bool {
        self.complete
            && self.scope == Scope::Tree
            && (self.dirty > 0 || self.written > 0 || (self.tracked > 0 && self.untracked > 0))
    }

    /// Says in a few words what was found that matters to `effect`.
    #[must_use]
    pub fn says(&self, effect: &Effect) -> String {
        let deletes = effect.action == Action::Delete;
        if !self.complete {
            return "not everything could be looked at in time".to_owned();
        }
        if self.mount {
            return "another file system is mounted in it".to_owned();
        }
        match (self.scope, self.kind) {
            (Scope::Tree, TargetKind::Missing) if self.matched.is_some() => {
                return "the pattern stands for nothing".to_owned();
            }
            (Scope::Tree, TargetKind::Missing) => return "nothing is there".to_owned(),
            (Scope::Tree, TargetKind::Link) | (Scope::Link, _) => {
                let to = self.resolved.as_deref().unwrap_or("nowhere");
                return format!("a link to `{to}`");
            }
            (Scope::Names | Scope::Members, _) => {
                return format!("brings `{}`", self.brings.join("`, `"));
            }
            (Scope::Tree | Scope::Changes | Scope::Repository, _) => {}
        }
        self.counts(deletes)
    }

    fn counts(&self, deletes: bool) -> String {
        let lost = [
            (self.in_no_commit(deletes), "in no commit"),
            (self.dirty, "with changes that are not committed"),
            (self.unpushed, "with commits that no remote has"),
        ];
        let lost: Vec<String> = lost
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        let lost = lost.join(", ");
        let named = match self.only.as_slice() {
            [] => String::new(),
            names => format!(" ({})", names.join(", ")),
        };
        let files = match self.entries {
            1 => "1 file".to_owned(),
            count => format!("{count} files"),
        };
        match (self.scope, lost.is_empty()) {
            (Scope::Tree, false) => format!("{files}, of which {lost}{named}"),
            (_, false) => format!("files {lost}{named}"),
            (Scope::Tree, true) if self.rebuilt > 0 => {
                format!("{files}, all committed or made again by a build")
            }
            (Scope::Tree, true) => format!("{files}, all committed"),
            (_, true) => "no changes that are not committed".to_owned(),
        }
    }

    /// Files of which version control has no copy at all.
    fn in_no_commit(&self, deletes: bool) -> u64 {
        match self.scope {
            Scope::Tree => self
                .entries
                .saturating_sub(self.tracked)
                .saturating_sub(self.rebuilt),
            // What git does not know it does not overwrite either.
            Scope::Changes | Scope::Repository | Scope::Link if deletes => self.untracked,
            Scope::Changes | Scope::Repository | Scope::Link | Scope::Names | Scope::Members => 0,
        }
    }
}

impl ReferenceFact {
    /// Says in a few words what was found.
    #[must_use]
    pub fn says(&self) -> String {
        match (&self.kept_by, self.exists) {
            (_, false) => "no branch or tag is called so".to_owned(),
            (Some(other), true) => format!("all of its commits are in `{other}` too"),
            (None, true) => "its commits are nowhere else".to_owned(),
        }
    }
}

/// Whether `effect` removes a whole tree that its place alone lets pass as made again.
#[must_use]
pub(crate) fn may_hide_work(effect: &Effect) -> bool {
    let removes = matches!(effect.action, Action::Delete | Action::Truncate);
    let place = matches!(
        effect.target.place,
        Some(Place::BuildOutput | Place::Project)
    );
    removes && place && effect.modifiers.contains(Modifier::Recursive)
}

/// Most effects of a line that are compared with each other.
const EFFECTS_COMPARED_MAX: usize = 400;

/// What the commands of a line put somewhere: facts are of the moment before the line, and a line may move the only copy of something
/// to where it deletes next.
#[derive(Debug)]
pub(crate) struct Brought<'e> {
    effects: &'e [Effect],
    /// The effects that put something there, and the part of their paths that is fixed; nothing when there are too many to compare.
    filling: Option<Vec<(usize, &'e str)>>,
}

impl<'e> Brought<'e> {
    /// Gathers what `effects` put somewhere. Of a line with more than [`EFFECTS_COMPARED_MAX`] effects nobody says what it leaves alone.
    #[must_use]
    pub(crate) fn by(effects: &'e [Effect]) -> Self {
        let filling = (effects.len() <= EFFECTS_COMPARED_MAX).then(|| {
            let all = effects.iter().enumerate();
            let filling = all.filter(|(_, effect)| fills(effect));
            filling
                .map(|(index, effect)| (index, fixed(&effect.target.text)))
                .collect()
        });
        Self { effects, filling }
    }

    /// Whether facts about the target of the effect at `index` still hold when it comes to that.
    #[must_use]
    pub(crate) fn spares(&self, index: usize) -> bool {
        let (Some(own), Some(filling)) = (self.effects.get(index), &self.filling) else {
            return false;
        };
        let own = fixed(&own.target.text);
        !filling
            .iter()
            .any(|(other, path)| *other != index && overlaps(path, own))
    }
}

fn fills(effect: &Effect) -> bool {
    let brings = matches!(
        effect.action,
        Action::Create | Action::Write | Action::Move | Action::Mount | Action::Overwrite
    );
    brings && effect.role == Role::Path && !effect.modifiers.contains(Modifier::Uncommitted)
}

/// The part of a path that no pattern is in, without a `/` at its end.
fn fixed(path: &str) -> &str {
    let plain = match path.split_once(['*', '?', '[']) {
        Some((plain, _)) => plain.rsplit_once('/').map_or("", |(above, _)| above),
        None => path,
    };
    plain.trim_end_matches('/')
}

/// Whether one of two paths, of which only what is fixed is given, is the other or lies below it; what is not absolute could be
/// anywhere.
fn overlaps(one: &str, other: &str) -> bool {
    if [one, other]
        .iter()
        .any(|path| !path.is_empty() && !path.starts_with('/'))
    {
        return true;
    }
    let below = |path: &str, top: &str| {
        path.strip_prefix(top)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    below(one, other) || below(other, one)
}

#[cfg(test)]
#[path = "recovery_tests.rs"]
mod tests;
