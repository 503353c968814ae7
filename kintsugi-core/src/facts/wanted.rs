//! What a judgement wants to know about the machine before it decides: names of things, never their content.
//!
//! Bounded by [`crate::limits`]; looks nothing up.

use serde::{Deserialize, Serialize};

use crate::capture::Keep;
use crate::limits::{WANTED_REPOSITORIES_MAX, WANTED_SCRIPTS_MAX, WANTED_TARGETS_MAX};

/// The facts that would change an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// Paths.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<WantedTarget>,
    /// Repositories.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub repositories: Vec<WantedRepository>,
    /// Script files, by absolute path.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scripts: Vec<String>,
    /// What to keep before the command runs: whether it can be, and how much it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub capture: Vec<Keep>,
}

/// A path about which something is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WantedTarget {
    /// The path, absolute, as the effect names it.
    pub arg: String,
    /// Whether it is a pattern that stands for any number of names.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub glob: bool,
    /// What is to be looked at.
    #[serde(default, skip_serializing_if = "Scope::is_tree")]
    pub scope: Scope,
}

/// What is looked at to answer for a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Every file at it and below it, and what version control says of each.
    #[default]
    Tree,
    /// Only what version control says of it: what was changed, what it does not keep.
    Changes,
    /// The same for the whole working copy that the path lies in.
    Repository,
    /// Only where it leads, when it is a link.
    Link,
    /// Which settings of agents stand directly in it, when it is a directory, or are among the names of a pattern.
    Names,
    /// Which settings of agents are in it, when it is an archive.
    Members,
}

impl Scope {
    /// Whether only a client knows it that says so ([`crate::proposal::FINDS_BROUGHT`]).
    #[must_use]
    pub const fn is_brought(self) -> bool {
        matches!(self, Self::Names | Self::Members)
    }

    /// Whether it is the one that need not be written.
    #[must_use]
    pub const fn is_tree(&self) -> bool {
        matches!(self, Self::Tree)
    }
}

/// A repository about which something is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WantedRepository {
    /// A directory in it, absolute.
    pub path: String,
    /// Branches, tags or other names that the command gives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
}

impl Wanted {
    /// Whether nothing is wanted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.targets.is_empty()
            && self.repositories.is_empty()
            && self.scripts.is_empty()
            && self.capture.is_empty()
    }

    /// Adds a path, unless it is there or too many are.
    pub(crate) fn target(&mut self, target: WantedTarget) {
        if self.targets.len() < WANTED_TARGETS_MAX && !self.targets.contains(&target) {
            self.targets.push(target);
        }
    }

    /// Adds a script, unless it is there or too many are.
    pub(crate) fn script(&mut self, path: &str) {
        if self.scripts.len() < WANTED_SCRIPTS_MAX && !self.scripts.iter().any(|it| it == path) {
            self.scripts.push(path.to_owned());
        }
    }

    /// Adds a repository and a name in it, unless they are there or too many are.
    pub(crate) fn repository(&mut self, path: &str, reference: Option<&str>) {
        let at = self.repositories.iter().position(|it| it.path == path);
        if at.is_none() {
            if self.repositories.len() == WANTED_REPOSITORIES_MAX {
                return;
            }
            self.repositories.push(WantedRepository {
                path: path.to_owned(),
                references: Vec::new(),
            });
        }
        let found = match at {
            Some(at) => self.repositories.get_mut(at),
            None => self.repositories.last_mut(),
        };
        if let (Some(repository), Some(reference)) = (found, reference)
            && repository.references.len() < WANTED_TARGETS_MAX
            && !repository.references.iter().any(|it| it == reference)
        {
            repository.references.push(reference.to_owned());
        }
    }
}
