//! What a command would really touch, as the client that proposed found it with the person's own
//! rights.
//!
//! A claim like everything a client says, kept with the record. Facts answer one question above
//! all: can it be taken back?

use serde::{Deserialize, Serialize};

use crate::effect::{Effect, Role};

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
    /// The policy of the repository that holds the directory, when it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_policy: Option<PolicyFact>,
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
    /// Absolute, links followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<String>,
    /// What is there.
    pub kind: TargetKind,
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
    /// Tracked files with changes that are not committed.
    pub dirty: u64,
    /// Tracked files with commits that no remote has.
    pub unpushed: u64,
    /// Whether another file system is mounted at or below it.
    pub mount: bool,
    /// Whether everything was counted; a budget that ran out leaves it false.
    pub complete: bool,
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
    /// Hash of its bytes, in hexadecimal.
    pub blake3: String,
    /// Its text, when it is small enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Facts {
    /// Returns what is known about the target of `effect`.
    #[must_use]
    pub fn target(&self, effect: &Effect) -> Option<&TargetFact> {
        if effect.role != Role::Path {
            return None;
        }
        let text = effect.target.text.as_str();
        self.targets
            .iter()
            .find(|target| target.arg == text || target.resolved.as_deref() == Some(text))
    }

    /// Whether facts show that what `effect` does to its target can be taken back.
    #[must_use]
    pub fn recoverable(&self, effect: &Effect) -> bool {
        self.target(effect).is_some_and(TargetFact::recoverable)
    }
}

impl TargetFact {
    /// Whether everything at it exists elsewhere too: nothing is there, or all of it is committed
    /// and pushed.
    ///
    /// What version control ignores does not count, since a `.env` is ignored as well; build output
    /// has a place of its own.
    #[must_use]
    pub const fn recoverable(&self) -> bool {
        if !self.complete || self.mount {
            return false;
        }
        match self.kind {
            TargetKind::Missing | TargetKind::Link => true,
            TargetKind::File | TargetKind::Directory => {
                self.tracked >= self.entries && self.dirty == 0 && self.unpushed == 0
            }
            TargetKind::Unknown | TargetKind::Special => false,
        }
    }
}
