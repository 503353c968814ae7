//! Where a path lies, judged from its text alone.
//!
//! A place says how much would be lost or gained there. It is lexical: nothing is looked up, so `..` is folded as
//! `realpath -m` would, and links are not followed; what they hide is the business of facts (`crate::proposal::Facts`).

mod home;
pub mod judge;
mod lexical;
mod names;
pub mod pattern;

/// Whether a name, outermost in a project or a home, is one below which an agent's settings stand.
#[must_use]
pub fn is_agents(name: &str) -> bool {
    names::AGENTS.iter().any(|it| it.eq_ignore_ascii_case(name))
}

/// Whether a file, by its path below a project, is taken up there without being named again: settings of agents, hooks of git, `.envrc`.
#[must_use]
pub fn is_taken_up(path: &str) -> bool {
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    // What git puts there itself runs nothing.
    let is_hook = |name: &str| !name.is_empty() && !name.ends_with(".sample");
    match first {
        ".envrc" => rest.is_empty(),
        ".husky" => true,
        ".git" => rest.strip_prefix("hooks/").is_some_and(is_hook),
        _ => is_agents(first),
    }
}

pub use judge::{Judgement, NEW_TEMPORARY, OutputPlace};
use lexical::Around;

use serde::{Deserialize, Serialize};

/// A lexical class of paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// A harmless device file: `/dev/null`, `/dev/stdout`, `/dev/tty`, `/dev/fd/N`, `/dev/zero`, `/dev/random`.
    Null,
    /// A temporary directory or something below it.
    Temp,
    /// What a build makes again below a project: `target`, `node_modules`, `dist`, `__pycache__`, `.venv`, …
    BuildOutput,
    /// Something below the project's root.
    Project,
    /// The project's root itself, or everything in it.
    ProjectRoot,
    /// A file that runs at a later moment by being there: git hooks, continuous integration, editor tasks, `.envrc`.
    Trigger,
    /// The version control's own files: `.git` and what is below it, except hooks.
    Vcs,
    /// Something below the person's home that is neither a dotfile nor a project.
    Home,
    /// A settings file or directory in the home: `~/.config`, `~/.npmrc`.
    Dotfile,
    /// Shell start-up files, autostart entries, `authorized_keys`, crontabs, unit files: what runs or opens at every start.
    Startup,
    /// The whole home directory, or everything in it.
    HomeRoot,
    /// Files of the system: `/etc`, `/usr`, `/var`, `/boot`, `/lib`, `/opt`, `/srv`, …
    System,
    /// The root of the file system, a top-level directory as a whole, or everything in them.
    Root,
    /// A block device or raw memory.
    Device,
    /// A kernel interface: `/proc/sys`, `/sys`, `/proc/sysrq-trigger`.
    Kernel,
    /// A private key, token or password store.
    Secret,
    /// Kintsugi's own files, sockets and hooks, and the settings of agents in which its hooks stand.
    Guard,
    /// Another absolute path.
    Elsewhere,
    /// Not known before the command runs.
    Unknown,
}

/// What a path is judged against.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Surroundings {
    /// The person's home directory, absolute, when it is known. `/root`, `/home/NAME` and `/Users/NAME` count as homes in any case.
    pub home: Option<String>,
    /// The root of the project, absolute, when it is known; else the directory of the command is taken, unless that is a home, a
    /// system directory or the root.
    pub project_root: Option<String>,
    /// Texts of files that are known from facts, by absolute path: the script that is about to run.
    pub texts: std::collections::BTreeMap<String, String>,
}

/// How bad it would be to lose or change what lies there, for choosing the worst of several readings.
const fn severity(place: Place) -> u8 {
    match place {
        Place::Null => 0,
        Place::Temp => 1,
        Place::BuildOutput => 2,
        Place::Project => 3,
        Place::Elsewhere => 4,
        Place::Home => 5,
        Place::Unknown => 6,
        Place::Trigger => 7,
        Place::Vcs => 8,
        Place::Dotfile => 9,
        Place::ProjectRoot => 10,
        Place::Startup => 11,
        Place::System => 12,
        Place::Kernel => 13,
        Place::Secret => 14,
        Place::Guard => 15,
        Place::HomeRoot => 16,
        Place::Device => 17,
        Place::Root => 18,
    }
}

impl Surroundings {
    /// Returns the place of `path`, which is folded: absolute, or below `~`, or below `.` when its directory is not known.
    #[must_use]
    pub fn place(&self, path: &str) -> Place {
        self.around(None).place(path)
    }

    /// Takes the directory in which a line starts for the project when none is known and it can be one: what the line enters
    /// later is not it.
    pub fn start_in(&mut self, directory: &str) {
        if self.project_root.is_none() {
            self.project_root = self.around(Some(directory)).root.map(str::to_owned);
        }
    }

    /// What a command that runs in `here` is judged against.
    fn around<'s>(&'s self, here: Option<&'s str>) -> Around<'s> {
        let alone = Around {
            home: self.home.as_deref(),
            root: None,
        };
        let claimed = self
            .project_root
            .as_deref()
            .filter(|root| alone.could_be_project(root));
        let taken = || {
            here.filter(|here| {
                alone.could_be_project(here) && !alone.is_of_system_or_settings(here)
            })
        };
        Around {
            root: claimed.or_else(taken),
            ..alone
        }
    }
}

#[cfg(test)]
mod tests;
