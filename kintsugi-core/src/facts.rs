//! What a command would really touch, as the client that proposed found it with the person's own
//! rights.
//!
//! A claim like everything a client says, kept with the record. Facts answer one question above
//! all: can it be taken back? What a claim may change, and what lying buys, is in
//! [`crate::manual::decisions::facts_are_claims`].

mod recovery;
mod wanted;

pub(crate) use recovery::{Brought, may_hide_work, question};
pub use wanted::{Scope, Wanted, WantedRepository, WantedTarget};

use serde::{Deserialize, Serialize};

use crate::capture::CaptureFact;
use crate::limits::{WANTED_REPOSITORIES_MAX, WANTED_SCRIPTS_MAX, WANTED_TARGETS_MAX};
use crate::redact::mask;

/// What a client found out, under its budget. Everything may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// The directory, links followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The home of the person who would run it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// The root of the working copy that holds the directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_root: Option<String>,
    /// What the paths of the command are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetFact>,
    /// The branch that is checked out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Where that branch is pushed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// The repositories whose branches or remotes the command would change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub repositories: Vec<RepositoryFact>,
    /// The cluster that `kubectl` would talk to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kube_context: Option<String>,
    /// Where `origin` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_host: Option<String>,
    /// The user it would run as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Whether the session came over ssh.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ssh: bool,
    /// Whether it would run inside a container.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub container: bool,
    /// Script files that it would run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub script: Vec<ScriptFact>,
    /// What its client could keep before it runs, when that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture: Option<CaptureFact>,
    /// The policy of the repository that holds the directory, when it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_policy: Option<PolicyFact>,
}

impl Facts {
    /// Masks secrets in what it names.
    pub fn mask(&mut self) {
        for target in &mut self.targets {
            mask(&mut target.arg);
            target.resolved.iter_mut().for_each(mask);
            target.only.iter_mut().for_each(mask);
            target.brings.truncate(BROUGHT_MAX);
            target.brings.iter_mut().for_each(mask);
        }
        for repository in &mut self.repositories {
            mask(&mut repository.path);
            for reference in &mut repository.references {
                mask(&mut reference.name);
            }
        }
    }
}

/// The policy file of a repository. Of all facts the only one that can tighten alone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PolicyFact {
    /// Absolute path.
    pub path: String,
    /// Its text; absent when it is there and cannot be read, or is longer than
    /// [`crate::limits::PROJECT_POLICY_BYTES_MAX`]: then it is taken for as strict as may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Hash of the text, in hexadecimal: what a record keeps instead of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blake3: Option<String>,
}

/// What a path of the command is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TargetFact {
    /// The path as the effect names it.
    pub arg: String,
    /// What was looked at.
    #[serde(skip_serializing_if = "Scope::is_tree")]
    pub scope: Scope,
    /// Absolute, links followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<String>,
    /// What is there.
    pub kind: TargetKind,
    /// The file system that holds it, when it is there and no pattern.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<u64>,
    /// Its number there: another file under the same name has another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inode: Option<u64>,
    /// For a pattern: how many names it stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matched: Option<u64>,
    /// Files at it and below it.
    pub entries: u64,
    /// Their size, in bytes.
    pub bytes: u64,
    /// When the newest changed, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<String>,
    /// Files that version control keeps.
    pub tracked: u64,
    /// Files that version control is told to ignore.
    pub ignored: u64,
    /// Those of the ignored that a build makes again: they lie in `target`, `node_modules`, …
    pub rebuilt: u64,
    /// Files that version control neither keeps nor ignores.
    pub untracked: u64,
    /// Those of the untracked that are of a kind which people write.
    pub written: u64,
    /// Tracked files with changes that are not committed.
    pub dirty: u64,
    /// Tracked files with commits that no remote has.
    pub unpushed: u64,
    /// Some of the files that exist nowhere else, [`NAMED_MAX`] at most.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// For [`Scope::Names`] and [`Scope::Members`]: names of files in it that stand where agents look for settings, [`BROUGHT_MAX`] at most.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub brings: Vec<String>,
    /// Whether another file system is mounted at or below it.
    pub mount: bool,
    /// Whether everything was counted; a budget that ran out leaves it false.
    pub complete: bool,
}

/// Most files that a fact names.
pub const NAMED_MAX: usize = 3;

/// Most files that a fact says are brought along, and that count.
pub const BROUGHT_MAX: usize = 16;

/// What a repository is whose branches or remotes the command would change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RepositoryFact {
    /// A directory in it, as it was asked for.
    pub path: String,
    /// The root of its working copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// The branch that is checked out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The commit that is checked out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// Where that branch is pushed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// Commits that the upstream does not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ahead: Option<u64>,
    /// Commits of the upstream that are not here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind: Option<u64>,
    /// The branch that `origin` shows first (`refs/remotes/origin/HEAD`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_branch: Option<String>,
    /// Names of its remotes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remotes: Vec<String>,
    /// The references that were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<ReferenceFact>,
    /// Whether git answered in time.
    pub complete: bool,
}

/// What a name means in a repository.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ReferenceFact {
    /// The name as the command has it.
    pub name: String,
    /// Whether a branch, tag or commit is called so.
    pub exists: bool,
    /// Another reference from which all of its commits are reached: they survive it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept_by: Option<String>,
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKind {
    /// It was not found out.
    #[default]
    Unknown,
    /// Nothing.
    Missing,
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link; the counts are of the link itself.
    Link,
    /// A device, socket or pipe.
    Special,
}

/// A script file that the command would run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ScriptFact {
    /// Absolute path.
    pub path: String,
    /// Its size; 0 when it is not there or cannot be read.
    pub bytes: u64,
    /// Hash of its text, in hexadecimal: what a record keeps of a long one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blake3: Option<String>,
    /// Its text, when it is one and small enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Facts {
    /// Returns what was found at `path`, as far as `scope` looks.
    #[must_use]
    pub fn target(&self, path: &str, scope: Scope) -> Option<&TargetFact> {
        self.targets
            .iter()
            .take(WANTED_TARGETS_MAX)
            .find(|target| target.arg == path && target.scope == scope)
    }

    /// Returns what was found about the repository that `directory` lies in.
    #[must_use]
    pub fn repository(&self, directory: &str) -> Option<&RepositoryFact> {
        self.repositories
            .iter()
            .take(WANTED_REPOSITORIES_MAX)
            .find(|repository| repository.path == directory)
    }

    /// Returns the scripts that count: as many as are asked for.
    pub fn scripts(&self) -> impl Iterator<Item = &ScriptFact> {
        self.script.iter().take(WANTED_SCRIPTS_MAX)
    }
}

impl RepositoryFact {
    /// Returns what the name `reference` means in it.
    #[must_use]
    pub fn reference(&self, reference: &str) -> Option<&ReferenceFact> {
        let mut known = self.references.iter().take(WANTED_TARGETS_MAX);
        known.find(|known| known.name == reference)
    }
}
