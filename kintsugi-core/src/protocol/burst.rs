//! What a watcher saw in one place within a short time, rolled up: counts, directories and examples instead of every name.
//!
//! A claim like everything a client says; what makes one count for more is told in [`crate::manual::watcher`].

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Change;

/// Changes in one place that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Burst {
    /// Its name: what was kept back until a daemon could be told is told once.
    pub id: Uuid,
    /// The place as it was named.
    pub place: String,
    /// The place with its links followed, where that is another path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub real: Option<String>,
    /// The first change, in milliseconds since 1970.
    pub from: u64,
    /// The last one.
    pub to: u64,
    /// Files and directories that appeared.
    #[serde(default)]
    pub created: u64,
    /// Files that were there and whose content was written or replaced.
    #[serde(default)]
    pub modified: u64,
    /// Files and directories that were there and are gone.
    #[serde(default)]
    pub removed: u64,
    /// Those that have another name in the same place.
    #[serde(default)]
    pub renamed: u64,
    /// Repositories that were removed whole: their `.git`, `.hg`, `.svn` or `.jj`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub repositories: u64,
    /// How often the kernel dropped events and everything was looked at again: names of what was removed then are not known.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rescans: u64,
    /// Bursts before this one that could neither be told nor kept back.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub missed: u64,
    /// Where files were removed or written over, below the place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub directories: Vec<Directory>,
    /// A few of the changes, the removed first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
    /// What git says it did itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub git: Vec<Moved>,
    /// Processes that may have done it; looked for beyond a threshold only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<Suspect>,
    /// Removed files whose content git still has.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub in_git: u64,
    /// Removed files that some process has open, so that their content is still there.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub still_open: u64,
}

/// A directory in which files were removed or written over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    /// Below the place; empty for the place itself.
    pub path: String,
    /// The working copy that it lies in, below the place; nothing when it lies in none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Removed in it and below, as far as no other directory of the list counts them.
    #[serde(default)]
    pub removed: u64,
    /// Likewise, written over.
    #[serde(default)]
    pub modified: u64,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// How.
    pub change: Change,
    /// Below the place; bytes that are no UTF-8 as `\xHH`.
    pub path: String,
}

/// What a repository's own history says about the time of a burst.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The working copy, below the place.
    pub project: String,
    /// What git wrote down: `checkout: moving from main to side`.
    pub said: String,
    /// Of the removed files, those that the new commit does not have and the old one had.
    #[serde(default)]
    pub removed: u64,
    /// Of the written ones, those in which the commits differ.
    #[serde(default)]
    pub modified: u64,
}

/// A process that stood in the place, or had something in it open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspect {
    /// Its number.
    pub pid: u32,
    /// Its name.
    pub name: String,
    /// Its command line, shortened, its secrets masked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub line: String,
    /// How long it had run, in milliseconds.
    pub for_ms: u64,
    /// Its connection with the place: `open`, `cwd`.
    pub by: String,
}

impl Burst {
    /// Returns how most of it is told in one word: what is lost comes before what was written, and that before what is new.
    #[must_use]
    pub const fn change(&self) -> Change {
        if self.removed > 0 {
            Change::Removed
        } else if self.modified > 0 {
            Change::Modified
        } else if self.created > 0 {
            Change::Created
        } else {
            Change::Renamed
        }
    }

    /// Returns the counts that are not zero, for a person.
    #[must_use]
    pub fn counts(&self) -> String {
        let counts = [
            (self.removed, "removed"),
            (self.modified, "modified"),
            (self.created, "created"),
            (self.renamed, "renamed"),
        ];
        let told = counts.into_iter().filter(|(count, _)| *count > 0);
        let told: Vec<String> = told
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        let mut told = told.join(", ");
        if self.rescans > 0 {
            told.push_str(", looked at again since the kernel dropped events");
        }
        told
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde gives a reference to what it asks about"
)]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}
