//! What is to be kept before a command runs, and what no copy could bring back.
//!
//! Pure: from effects alone. What really lies at a path, and whether it fits, the client finds out ([`CaptureFact`]); it also
//! makes the copy, with the person's rights.

pub mod manifest;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::classify::Class;
use crate::decide::Decision;
use crate::effect::{Action, Effect, Modifier, Role, Span};
use crate::place::Place;
use crate::proposal::ProposedCommand;
use crate::protocol::Verdict;
use crate::redact::mask;

/// What a client says in [`ProposedCommand::can`] that keeps copies when it is asked to.
pub const KEEPS_COPIES: &str = "capture";

/// What a client says there that also knows [`What::Unpacked`] and [`What::Pushed`].
pub const LISTS_ARCHIVES: &str = "capture-archives";

/// With [`What::References`]: the files that git knows and that differ from what is committed as well.
pub const TRACKED: &str = "tracked";

/// Most reasons that a client's account of a capture may have, and that count.
pub const CANNOT_MAX: usize = 8;

/// Something to keep before a command runs. A whole path is written as its text alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Keep {
    /// An absolute path, or a pattern of paths.
    pub path: String,
    /// What of it.
    pub what: What,
    /// For [`What::Unpacked`]: the program, the archive (empty when it comes from another program), and the options that give its
    /// members other names. For [`What::Inside`]: the pattern whose names are put there, or nothing. For [`What::Pushed`]: the remote. For [`What::Edited`]: the
    /// package manager whose file it is, or nothing. For [`What::References`]: [`TRACKED`], or nothing.
    pub of: Vec<String>,
}

impl Keep {
    /// The same for the log, with what looks like a secret masked. A client keeps nothing by it.
    #[must_use]
    pub fn masked(mut self) -> Self {
        mask(&mut self.path);
        self.of.iter_mut().for_each(mask);
        self
    }
}

/// What of a path is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// It and everything below it, or that nothing is there.
    #[default]
    Tree,
    /// The same for every path that the pattern stands for.
    Glob,
    /// Where something is put: it, unless it is a directory, since then that is put into it.
    Over,
    /// What something is put over when it is put into the directory above.
    Inside,
    /// Something that goes to another name: where it is, and which it is, so that it can be found there.
    Moved,
    /// Files that are changed in place, by a path or a pattern: only small ones are worth a copy.
    Edited,
    /// Its mode and owner, and those of everything below it when it is a directory.
    Attributes,
    /// What its repository names: branches, tags, stashes, where it stands, what is staged.
    References,
    /// The same, and every file of the working copy that differs from what is committed.
    Changes,
    /// The same, and what the repository is told to ignore.
    Ignored,
    /// What its repository names, and where the branches of a remote stand on the remote itself.
    Pushed,
    /// What an archive writes over when it is unpacked into this directory.
    Unpacked,
}

/// How a [`Keep`] is written.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Plain(String),
    Of {
        path: String,
        what: What,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        of: Vec<String>,
    },
}

impl From<Written> for Keep {
    fn from(written: Written) -> Self {
        match written {
            Written::Plain(path) => Self {
                path,
                what: What::Tree,
                of: Vec::new(),
            },
            Written::Of { path, what, of } => Self { path, what, of },
        }
    }
}

impl From<Keep> for Written {
    fn from(keep: Keep) -> Self {
        match keep.what {
            What::Tree => Self::Plain(keep.path),
            what @ (What::Glob
            | What::Over
            | What::Inside
            | What::Moved
            | What::Edited
            | What::Attributes
            | What::References
            | What::Changes
            | What::Ignored
            | What::Pushed
            | What::Unpacked) => Self::Of {
                path: keep.path,
                what,
                of: keep.of,
            },
        }
    }
}

/// What a client found out about a capture before it makes it. A claim: it can only tighten.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CaptureFact {
    /// Files that it would keep.
    pub files: u64,
    /// Their size, in bytes.
    pub bytes: u64,
    /// Why something cannot be kept, in a few words each: `over 2 GB`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cannot: Vec<String>,
}

/// When something that no effect names is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hint {
    /// Where it lies.
    pub(crate) place: Place,
    /// Only when something else of a repository is kept as well.
    pub(crate) beside: bool,
}

/// Returns what to keep before `effects` happen, a class that needs no person's eye leaving out what is made again anyway.
///
/// `hints` are what no effect names; `repository` names the directory in whose repository the effect with that number is.
pub(crate) fn keeps<'e>(
    effects: &'e [Effect],
    hints: &[(Hint, Keep)],
    class: Class,
    repository: impl Fn(usize) -> Option<&'e str>,
) -> Vec<Keep> {
    let puts = |effect: &&Effect| effect.action == Action::Overwrite;
    let puts: BTreeSet<&str> = effects
        .iter()
        .filter(puts)
        .map(|effect| effect.program.as_str())
        .collect();
    let moves: BTreeSet<(&str, Span)> = effects
        .iter()
        .filter(|effect| effect.action == Action::Move)
        .map(command_of)
        .collect();
    let sources = sources(effects);
    let mut names_left = NAMES_MAX;
    let mut keeps: Vec<Keep> = Vec::new();
    for (index, effect) in effects.iter().enumerate() {
        // Where something is moved is looked at wherever that is: there it is found again.
        let is_goal = effect.action == Action::Overwrite && moves.contains(&command_of(effect));
        let class = if is_goal {
            Class::Ambiguous.max(class)
        } else {
            class
        };
        if effect.program == WORKTREE_REMOVE {
            keeps.extend(of_working_tree(effect, class).into_iter().flatten());
            continue;
        }
        if effect.program == "git mv" && is_goal {
            // What is staged names the files as they were.
            keeps.push(Keep {
                path: effect.target.text.clone(),
                what: What::References,
                of: Vec::new(),
            });
        }
        let keep = of_repository(effect, repository(index), effects);
        let keep = keep.or_else(|| of_path(effect, class));
        let Some(mut keep) = keep else {
            continue;
        };
        if keep.what == What::Over {
            let names = sources
                .get(&command_of(effect))
                .map_or(&[][..], Vec::as_slice);
            if names.len() > names_left {
                keep.what = What::Tree;
            } else {
                names_left -= names.len();
                keeps.extend(names.iter().map(|source| inside(effect, source)));
            }
        }
        // What is moved nowhere that is known may be anything afterwards, as with `gzip`.
        if keep.what == What::Moved && !puts.contains(effect.program.as_str()) {
            keep.what = What::Tree;
        }
        keeps.push(keep);
    }
    // What only changes a working copy is kept beside what a repository would lose: alone it loses nothing.
    let has_repository = keeps.iter().any(|keep| is_of_repository(keep.what));
    let hints = hints
        .iter()
        .filter(|(hint, _)| has_repository || !hint.beside)
        .filter(|(hint, _)| is_worth_a_copy(hint.place, class));
    keeps.extend(hints.map(|(_, keep)| keep.clone()));
    keeps.sort();
    keeps.dedup();
    // What is kept whole, or as all that changed, need not be kept in part as well.
    let is_least = |keep: &Keep, same: &[Keep]| !same.iter().any(|other| covers(other, keep));
    keeps
        .chunk_by(|one, next| one.path == next.path)
        .flat_map(|same| same.iter().filter(|keep| is_least(keep, same)))
        .cloned()
        .collect()
}

const fn is_of_repository(what: What) -> bool {
    matches!(
        what,
        What::References | What::Changes | What::Ignored | What::Pushed
    )
}

/// Whether keeping `more` of a path keeps `less` of it too.
fn covers(more: &Keep, less: &Keep) -> bool {
    let is_bare = less.what == What::References && less.of.is_empty();
    match (more.what, less.what) {
        (What::References, What::References) => is_bare && !more.of.is_empty(),
        (What::Pushed, What::References) => is_bare,
        (What::Tree, What::Over | What::Inside | What::Moved | What::Edited | What::Attributes)
        | (What::Edited, What::Attributes)
        | (What::Glob, What::Edited)
        | (What::Ignored, What::Changes | What::References)
        | (What::Changes, What::References) => true,
        _ => false,
    }
}

/// Circumstances under which there is nothing here that a copy could be made of.
const OUT_OF_REACH: [Modifier; 5] = [
    Modifier::Unresolved,
    Modifier::Remote,
    Modifier::Contained,
    Modifier::DryRun,
    Modifier::Indirect,
];

fn is_out_of_reach(effect: &Effect) -> bool {
    let out = OUT_OF_REACH.into_iter().collect();
    effect.modifiers.intersects(out)
}

/// The command that takes a working tree away whole, and what its repository knows of it.
const WORKTREE_REMOVE: &str = "git worktree remove";

/// The tree as files, clean ones too: git does not write them again where there is no tree.
fn of_working_tree(effect: &Effect, class: Class) -> Option<[Keep; 2]> {
    let tree = of_path(effect, class)?;
    let references = Keep {
        what: What::References,
        ..tree.clone()
    };
    Some([tree, references])
}

/// What git would lose.
fn of_repository(effect: &Effect, repository: Option<&str>, all: &[Effect]) -> Option<Keep> {
    let is_git = effect.program == "git" || effect.program.starts_with("git ");
    if !is_git || effect.modifiers.contains(Modifier::DryRun) {
        return None;
    }
    let has = |modifier| effect.modifiers.contains(modifier);
    let destroys = destroys(effect.action);
    let what = match effect.role {
        Role::Path if has(Modifier::Uncommitted) && destroys && !is_out_of_reach(effect) => {
            let deletes_all = effect.action == Action::Delete && has(Modifier::All);
            let what = if deletes_all {
                What::Ignored
            } else {
                What::Changes
            };
            return Some(Keep {
                path: effect.target.text.clone(),
                what,
                of: Vec::new(),
            });
        }
        // `git stash && git stash drop`: what is dropped may still lie in the working copy.
        Role::History if matches!(&*effect.program, "git stash drop" | "git stash clear") => {
            What::Changes
        }
        Role::Branch if destroys && has(Modifier::Remote) => What::Pushed,
        Role::Branch | Role::History if destroys || effect.action == Action::Write => {
            What::References
        }
        // `git branch -M x`: the branch that was called so is gone.
        Role::Branch if effect.action == Action::Move && has(Modifier::Forced) => What::References,
        Role::Remote if effect.action == Action::Rewrite => What::Pushed,
        Role::Path
        | Role::Branch
        | Role::History
        | Role::Remote
        | Role::Device
        | Role::Database
        | Role::Table
        | Role::Resource
        | Role::Package
        | Role::Service
        | Role::Process
        | Role::Account
        | Role::Secret
        | Role::Config
        | Role::Image
        | Role::Volume
        | Role::Code => return None,
    };
    // A rebase moves the working copy as well, and puts uncommitted work aside when it is told to; what is given up takes along what
    // was resolved.
    let of = match (what == What::Pushed, effect.program.as_str()) {
        (true, _) => {
            let is_goal =
                |one: &&Effect| one.role == Role::Remote && command_of(one) == command_of(effect);
            let remote = all.iter().find(is_goal).unwrap_or(effect);
            Some(remote.target.text.clone())
        }
        (
            false,
            "git rebase" | "git merge" | "git cherry-pick" | "git revert" | "git am"
            | "git quiltimport",
        ) => Some(TRACKED.to_owned()),
        (false, _) => None,
    };
    Some(Keep {
        path: repository?.to_owned(),
        what,
        of: of.into_iter().collect(),
    })
}

/// Most names that are looked for in directories, over a whole line; beyond, a directory is kept whole.
const NAMES_MAX: usize = 800;

/// The command of a line that an effect is of.
fn command_of(effect: &Effect) -> (&str, Span) {
    (&effect.program, effect.span)
}

/// Returns what each command reads or moves: where its target is a directory, it replaces what has the same name there.
fn sources(effects: &[Effect]) -> BTreeMap<(&str, Span), Vec<&Effect>> {
    let mut sources: BTreeMap<_, Vec<&Effect>> = BTreeMap::new();
    for effect in effects {
        let is_source = matches!(effect.action, Action::Read | Action::Move);
        let is_known = !effect.modifiers.contains(Modifier::Unresolved);
        if is_source && is_known && effect.role == Role::Path && !name_of(effect).is_empty() {
            sources.entry(command_of(effect)).or_default().push(effect);
        }
    }
    sources
}

/// The last name of an effect's path.
fn name_of(effect: &Effect) -> &str {
    let path = effect.target.text.trim_end_matches('/');
    path.rsplit('/').next().unwrap_or_default()
}

/// What `over` would replace if its target is a directory, and `source` is put into it.
fn inside(over: &Effect, source: &Effect) -> Keep {
    let pattern = source.modifiers.contains(Modifier::Glob);
    Keep {
        path: format!(
            "{}/{}",
            over.target.text.trim_end_matches('/'),
            name_of(source)
        ),
        what: What::Inside,
        of: Vec::from_iter(pattern.then(|| source.target.text.clone())),
    }
}

const fn destroys(action: Action) -> bool {
    matches!(
        action,
        Action::Delete | Action::Overwrite | Action::Truncate | Action::Rewrite
    )
}

/// What would be gone of a path.
fn of_path(effect: &Effect, class: Class) -> Option<Keep> {
    let path = effect.target.text.as_str();
    let has = |modifier| effect.modifiers.contains(modifier);
    let is_wanted = effect.role == Role::Path
        && path.starts_with('/')
        && !is_out_of_reach(effect)
        && !has(Modifier::Permanent)
        && is_worth_a_copy(effect.target.place?, class);
    if !is_wanted {
        return None;
    }
    let what = match effect.action {
        Action::Delete | Action::Overwrite | Action::Truncate | Action::Move
            if has(Modifier::Glob) =>
        {
            What::Glob
        }
        Action::Move => What::Moved,
        Action::Overwrite if !has(Modifier::Recursive) => What::Over,
        Action::Delete | Action::Overwrite | Action::Truncate => What::Tree,
        Action::Write if !has(Modifier::Recursive) => What::Edited,
        Action::Chmod | Action::Chown if !has(Modifier::Glob) => What::Attributes,
        Action::Write
        | Action::Chmod
        | Action::Chown
        | Action::Read
        | Action::List
        | Action::Create
        | Action::Mount
        | Action::FormatDevice
        | Action::Execute
        | Action::Interpret
        | Action::Elevate
        | Action::Install
        | Action::Publish
        | Action::Rewrite
        | Action::Fetch
        | Action::Send
        | Action::Connect
        | Action::Listen
        | Action::Kill
        | Action::StopService
        | Action::Reboot
        | Action::Schedule
        | Action::Persist
        | Action::Grant
        | Action::Revoke
        | Action::Spend => return None,
    };
    Some(Keep {
        path: path.to_owned(),
        what,
        of: Vec::new(),
    })
}

const fn is_worth_a_copy(place: Place, class: Class) -> bool {
    match place {
        Place::Null | Place::Device | Place::Kernel | Place::Guard | Place::Unknown => false,
        // What a build makes again, unless a person is asked about it.
        Place::Temp | Place::BuildOutput => !matches!(class, Class::Safe),
        Place::Project
        | Place::ProjectRoot
        | Place::Trigger
        | Place::Vcs
        | Place::Home
        | Place::Dotfile
        | Place::Startup
        | Place::HomeRoot
        | Place::System
        | Place::Root
        | Place::Secret
        | Place::Elsewhere => true,
    }
}

/// Returns what of `effects` no copy could bring back, in a few words each.
#[must_use]
pub fn beyond_recall(effects: &[Effect]) -> Vec<&'static str> {
    let mut reasons: Vec<&'static str> = effects.iter().filter_map(lost).collect();
    reasons.sort_unstable();
    reasons.dedup();
    reasons
}

fn lost(effect: &Effect) -> Option<&'static str> {
    let has = |modifier| effect.modifiers.contains(modifier);
    let is_change = destroys(effect.action) || effect.action == Action::Move;
    if has(Modifier::DryRun) {
        return None;
    }
    match effect.role {
        Role::Database | Role::Table if is_change => Some("a database"),
        Role::Device if is_change || effect.action == Action::FormatDevice => Some("a device"),
        Role::Resource if is_change => Some("a resource on another machine"),
        Role::Volume if is_change => Some("a volume, snapshot or backup"),
        Role::Image if is_change => Some("an image"),
        Role::Account if is_change => Some("an account"),
        Role::Package if effect.action == Action::Publish => Some("a published package"),
        Role::Package if effect.action == Action::Delete => Some("installed software"),
        Role::Path if !is_change => None,
        Role::Path if has(Modifier::Remote) => Some("files on another host"),
        Role::Path if has(Modifier::Contained) => Some("files in a container"),
        Role::Path if has(Modifier::Unresolved) || has(Modifier::Indirect) => {
            Some("targets that are known only when it runs")
        }
        Role::Path if has(Modifier::Permanent) => Some("it is meant to leave nothing behind"),
        Role::Path
        | Role::Device
        | Role::Remote
        | Role::Database
        | Role::Table
        | Role::Resource
        | Role::Package
        | Role::Service
        | Role::Process
        | Role::Account
        | Role::Secret
        | Role::Config
        | Role::History
        | Role::Image
        | Role::Volume
        | Role::Branch
        | Role::Code => None,
    }
}

impl ProposedCommand {
    /// Whether its client keeps copies when it is asked to.
    #[must_use]
    pub fn keeps_copies(&self) -> bool {
        self.can.iter().take(8).any(|offer| offer == KEEPS_COPIES)
    }

    /// Returns of `keeps` what its client knows how to keep.
    pub(crate) fn kept_of(&self, keeps: &mut Vec<Keep>) {
        if self.can.iter().take(8).any(|offer| offer == LISTS_ARCHIVES) {
            return;
        }
        keeps.retain(|keep| keep.what != What::Unpacked);
        for keep in keeps.iter_mut().filter(|keep| keep.what == What::Pushed) {
            keep.what = What::References;
            keep.of.clear();
        }
    }

    /// Returns why nothing, or not everything, can be kept, as the client found it.
    pub fn cannot_keep(&self) -> impl Iterator<Item = &str> {
        let fact = self.facts.as_ref().and_then(|facts| facts.capture.as_ref());
        fact.into_iter()
            .flat_map(|fact| fact.cannot.iter().take(CANNOT_MAX).map(String::as_str))
    }
}

/// The rule about `kintsugi undo`.
const UNDO_RULE: &str = "guard.undo";

/// Holds what would pass and is not plainly safe when its client says that it cannot keep what would be lost; and an undo that no
/// person has typed at their own prompt, since it takes back what somebody else did.
#[must_use]
pub fn insist(mut verdict: Verdict, command: &ProposedCommand) -> Verdict {
    let is_undo = verdict.findings.iter().any(|found| found.rule == UNDO_RULE);
    let is_persons = command.interactive && command.agent == "shell";
    if verdict.decision == Decision::Allow && is_undo && !is_persons {
        verdict.decision = Decision::Hold;
    }
    let reasons: Vec<&str> = command.cannot_keep().collect();
    let passes = verdict.decision == Decision::Allow && verdict.class > Class::Safe;
    if passes && !reasons.is_empty() {
        verdict.decision = Decision::Hold;
        verdict.reason = format!(
            "{}; cannot be undone: {}",
            verdict.reason,
            reasons.join(", ")
        );
    }
    verdict
}

#[cfg(test)]
mod tests;
