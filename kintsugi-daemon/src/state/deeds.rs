//! What was allowed lately and may change files: what a mass change is held against.
//!
//! A fold like the rest of the state, and kept like it from one segment of the log to the next: the newest `KEPT_BYTES_MAX` bytes of
//! those that may still explain something. Who explains what is told in [`kintsugi_core::manual::watcher`].

use std::collections::VecDeque;
use std::path::PathBuf;

use kintsugi_core::audit::record::{self, Command, Peer};
use kintsugi_core::classify::Class;
use kintsugi_core::decide::Decision;
use kintsugi_core::effect::{Action, Effect, Modifier, Modifiers, Role};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clip;

/// Most commands that are remembered; of those that ended the oldest is forgotten first.
const DEEDS_MAX: usize = 512;

/// Most paths of a command that are remembered.
const PATHS_MAX: usize = 24;

/// Longest path that is remembered, in bytes; a longer one counts as its beginning.
const PATH_BYTES_MAX: usize = 512;

/// Longest text of a command that is remembered, in bytes.
const TEXT_BYTES_MAX: usize = 120;

/// How long after its end a command still explains something, in milliseconds: what it left in the background ends, too.
const AFTER_MS: u64 = 10_000;

/// How long a command explains something whose end nobody tells of, in milliseconds.
const OPEN_MS: u64 = 10 * 60 * 1_000;

/// Most bytes of commands that go into a new segment.
const KEPT_BYTES_MAX: usize = 256 * 1024;

/// Most bytes of them in one record, which has room for [`kintsugi_core::limits::RECORD_BYTES_MAX`].
const PIECE_BYTES_MAX: usize = 40 * 1024;

/// Whoever calls itself so tells of the end of each command.
const SHELL: &str = "shell";

/// Words by which a version control is told to change the working copy.
const MOVES: [&str; 25] = [
    "checkout",
    "switch",
    "merge",
    "pull",
    "rebase",
    "reset",
    "stash",
    "restore",
    "clean",
    "am",
    "apply",
    "cherry-pick",
    "revert",
    "bisect",
    "worktree",
    "submodule",
    "rm",
    "mv",
    "sparse-checkout",
    "read-tree",
    "update",
    "up",
    "goto",
    "edit",
    "clone",
];

/// A command that was allowed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Deed {
    /// The proposal.
    pub id: Uuid,
    /// When it was allowed, in milliseconds since 1970.
    pub at: u64,
    /// When it had ended, if that is known.
    ended: Option<u64>,
    /// Who proposed it.
    pub agent: Box<str>,
    /// Its text, shortened.
    pub text: Box<str>,
    /// Where it may change anything at all: it runs what nobody foresees.
    reach: Vec<PathBuf>,
    /// What it changes, and nothing else.
    targets: Vec<PathBuf>,
    /// The leader of its session, and when that started.
    leader: Option<(u32, u64)>,
    /// An agent that proposes for itself runs below it: what that one does is its own.
    hosts: bool,
}

/// A proposal whose answer is the next record.
#[derive(Debug)]
struct Asked {
    id: Uuid,
    agent: Box<str>,
    text: Box<str>,
    /// And the same with links followed, where the client says so.
    cwd: Vec<PathBuf>,
    leader: Option<(u32, u64)>,
}

/// What was allowed lately, oldest first.
#[derive(Debug, Default)]
pub(super) struct Deeds {
    done: VecDeque<Deed>,
    asked: Option<Asked>,
}

/// A directory in which something changed, under each of its names.
#[derive(Debug)]
pub struct Changed {
    /// Its paths.
    pub paths: Vec<PathBuf>,
    /// Likewise, the working copy that it lies in.
    pub projects: Vec<PathBuf>,
}

impl Deeds {
    pub(super) fn propose(&mut self, command: &Command, peer: &Peer) {
        let cwd = cwds_of(command);
        for deed in &mut self.done {
            deed.hosts |= deed.ended.is_none()
                && *deed.agent == *SHELL
                && command.agent != SHELL
                && deed
                    .reach
                    .iter()
                    .any(|reach| cwd.iter().any(|cwd| cwd.starts_with(reach)));
        }
        self.asked = Some(Asked {
            id: command.id,
            agent: command.agent.as_str().into(),
            text: text_of(command),
            cwd,
            leader: peer.session_leader.zip(peer.session_start),
        });
    }

    pub(super) fn decide(&mut self, at: u64, verdict: &record::Verdict) {
        let Some(asked) = self.asked.take().filter(|asked| asked.id == verdict.id) else {
            return;
        };
        if verdict.decision != Decision::Allow {
            return;
        }
        let mut deed = Deed {
            id: asked.id,
            at,
            ended: None,
            agent: asked.agent,
            text: asked.text,
            reach: Vec::new(),
            targets: Vec::new(),
            leader: asked.leader,
            hosts: false,
        };
        let is_unknown = verdict.effects.is_empty() && verdict.class > Class::Safe;
        if is_unknown || moves_a_working_copy(&deed.text) {
            deed.reach.clone_from(&asked.cwd);
        }
        for effect in &verdict.effects {
            deed.note(effect, &asked.cwd);
        }
        if !deed.reach.is_empty() || !deed.targets.is_empty() {
            self.push(deed);
        }
    }

    /// A command has ended. One that was never proposed has no decision behind it, and explains nothing: anybody may report
    /// what never ran.
    pub(super) fn end(&mut self, at: u64, id: Uuid) {
        let deed = self.done.iter_mut().rev().find(|deed| deed.id == id);
        if let Some(deed) = deed {
            deed.ended.get_or_insert(at);
        }
    }

    /// Returns those that may still explain something, oldest first, in pieces that each fit into a record.
    pub(super) fn pieces(&self) -> Vec<Vec<Deed>> {
        let times = self.done.iter().map(|deed| deed.ended.unwrap_or(deed.at));
        let last = times.max().unwrap_or_default();
        let may_explain = |deed: &&Deed| {
            let is_shells = *deed.agent == *SHELL && deed.ended.is_none();
            is_shells || deed.ended.unwrap_or(deed.at).saturating_add(OPEN_MS) >= last
        };
        let mut pieces: VecDeque<Vec<Deed>> = VecDeque::new();
        let (mut all, mut here) = (0, usize::MAX);
        for deed in self.done.iter().rev().filter(may_explain) {
            let size = serde_json::to_vec(deed).map_or(usize::MAX, |bytes| bytes.len());
            all += size;
            if all > KEPT_BYTES_MAX {
                break;
            }
            here = here.saturating_add(size);
            if here > PIECE_BYTES_MAX {
                pieces.push_front(Vec::new());
                here = size;
            }
            if let Some(piece) = pieces.front_mut() {
                piece.insert(0, deed.clone());
            }
        }
        pieces.into()
    }

    /// Takes over a piece.
    pub(super) fn restore(&mut self, piece: Vec<Deed>) {
        for deed in piece {
            if !self.done.iter().any(|known| known.id == deed.id) {
                self.push(deed);
            }
        }
    }

    fn push(&mut self, deed: Deed) {
        if self.done.len() >= DEEDS_MAX {
            let oldest = self.done.iter().position(|deed| deed.ended.is_some());
            self.done.remove(oldest.unwrap_or_default());
        }
        self.done.push_back(deed);
    }

    /// Returns the last command that explains a change in a directory between two moments. `runs` says whether a process, by its
    /// number and start, is still there.
    pub(super) fn explain(
        &self,
        changed: &Changed,
        (from, to): (u64, u64),
        runs: &dyn Fn(u32, u64) -> bool,
    ) -> Option<&Deed> {
        let mut deeds = self.done.iter().rev();
        deeds.find(|deed| deed.is_then(from, to, runs) && deed.is_there(changed))
    }
}

impl Deed {
    /// Whether it may have run at the time of a change.
    fn is_then(&self, from: u64, to: u64, runs: &dyn Fn(u32, u64) -> bool) -> bool {
        if self.at > to {
            return false;
        }
        if let Some(ended) = self.ended {
            return from <= ended.saturating_add(AFTER_MS);
        }
        if self.hosts {
            return false;
        }
        let is_shell_there =
            || *self.agent == *SHELL && self.leader.is_some_and(|(pid, start)| runs(pid, start));
        from <= self.at.saturating_add(OPEN_MS) || is_shell_there()
    }

    fn is_there(&self, changed: &Changed) -> bool {
        changed.paths.iter().any(|path| {
            self.targets
                .iter()
                .any(|target| path.starts_with(target) || target.parent() == Some(path.as_path()))
                || self.reach.iter().any(|reach| {
                    let is_same_project = || {
                        changed
                            .projects
                            .iter()
                            .any(|project| reach.starts_with(project))
                    };
                    path.starts_with(reach) || is_same_project()
                })
        })
    }

    /// Takes over where an effect changes something.
    fn note(&mut self, effect: &Effect, cwds: &[PathBuf]) {
        if effect.modifiers.contains(Modifier::DryRun)
            || effect.modifiers.contains(Modifier::Remote)
        {
            return;
        }
        let unforeseen = Modifiers::NONE
            .with(Modifier::Unresolved)
            .with(Modifier::Indirect)
            .with(Modifier::Assumed);
        let target = || before_pattern(&effect.target.text);
        let is_path = effect.role == Role::Path && effect.target.text.starts_with('/');
        match effect.action {
            Action::Delete
            | Action::Overwrite
            | Action::Truncate
            | Action::Move
            | Action::Write => {
                if is_path && !effect.modifiers.intersects(unforeseen) {
                    add(&mut self.targets, target());
                } else if effect.role != Role::Remote {
                    add_all(&mut self.reach, cwds);
                }
            }
            Action::Execute
            | Action::Interpret
            | Action::Install
            | Action::Elevate
            | Action::Rewrite => {
                add_all(&mut self.reach, cwds);
                // `make -C x`: what it is told to do stands there. Where a program lies says nothing about what it changes.
                let is_told =
                    effect.action == Action::Execute && effect.target.text != effect.program;
                if is_path
                    && is_told
                    && let Some(above) = target().parent()
                {
                    add(&mut self.reach, above.to_owned());
                }
            }
            Action::Read
            | Action::List
            | Action::Create
            | Action::Chmod
            | Action::Chown
            | Action::Mount
            | Action::FormatDevice
            | Action::Publish
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
            | Action::Spend => {}
        }
    }
}

fn add(paths: &mut Vec<PathBuf>, path: PathBuf) {
    if paths.len() < PATHS_MAX && !paths.contains(&path) {
        paths.push(path);
    }
}

/// Returns what stands in front of the first pattern of a path.
fn before_pattern(text: &str) -> PathBuf {
    let mut text = text.to_owned();
    clip::text(&mut text, PATH_BYTES_MAX);
    let path = PathBuf::from(text);
    let is_pattern = |name: &std::path::Component<'_>| {
        let name = name.as_os_str().as_encoded_bytes();
        name.iter().any(|byte| b"*?[{".contains(byte))
    };
    path.components()
        .take_while(|name| !is_pattern(name))
        .collect()
}

fn add_all(paths: &mut Vec<PathBuf>, all: &[PathBuf]) {
    for path in all {
        add(paths, path.clone());
    }
}

/// Returns the directory of a command, as it was claimed and with links followed.
fn cwds_of(command: &Command) -> Vec<PathBuf> {
    let real = command.facts.as_ref().and_then(|facts| facts.cwd.as_ref());
    let mut cwds = Vec::new();
    for cwd in [Some(&command.cwd), real].into_iter().flatten() {
        let mut cwd = cwd.clone();
        clip::text(&mut cwd, PATH_BYTES_MAX);
        add(&mut cwds, PathBuf::from(cwd));
    }
    cwds
}

fn text_of(command: &Command) -> Box<str> {
    let mut text = command.raw.clone();
    clip::text(&mut text, TEXT_BYTES_MAX);
    text.into()
}

/// Whether a line tells a version control to change the working copy: the judgement finds that harmless, since git can take it back.
fn moves_a_working_copy(text: &str) -> bool {
    let mut words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '-');
    let is_control = |word: &str| ["git", "gh", "glab", "hg", "jj", "svn", "sl"].contains(&word);
    words.any(is_control) && words.any(|word| MOVES.contains(&word))
}

#[cfg(test)]
mod tests;
