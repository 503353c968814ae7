//! What agents start by themselves in the projects that they work in, and what is new of it: a `git pull` brings a server of MCP, and
//! no command of anybody's names it.
//!
//! The hook that hears how a tool ended stats the places, compares them with its notes, and tells the daemon of one that changed; the
//! daemon makes a round soon. The round reads, tells, and takes what it has told as known. What stood in a project when an agent was
//! first seen there is known, unless the tool that has just run brought it: it was there when the person started the agent.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kintsugi_core::paths::Paths;
use kintsugi_core::protocol::{Change, Request};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::round::{APPROVED_BEFORE_MS, now};
use super::started::{self, Started};
use crate::client::Client;
use crate::{private_file, surroundings};

/// Most projects that are remembered; the one that was looked at longest ago gives way.
const PROJECTS_MAX: usize = 100;

/// Most things of one project that are remembered.
const KNOWN_MAX: usize = 300;

/// How long a tool ran whose agent does not say it.
const RAN_USUALLY: Duration = Duration::from_secs(5);

/// How much longer it may have been for who changes a file and who hears of it.
const RAN_MARGIN: Duration = Duration::from_secs(2);

/// Longest wait for a daemon that is told of a change.
const TOLD_MAX: Duration = Duration::from_secs(1);

/// How often, and how far apart, it is asked whether somebody else still writes the notes; who stopped in the middle of it holds up nobody.
const LOCK_TRIES: u32 = 50;
const LOCK_PAUSE: Duration = Duration::from_millis(4);

/// Every project by its path.
type Projects = BTreeMap<String, Project>;

/// What is known of one project.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Project {
    /// How its places were when a hook last looked: see [`stamp`].
    stamp: String,
    /// What agents start there, and the person knows or has been told.
    known: BTreeSet<String>,
    /// When it was looked at, in milliseconds since 1970.
    looked: u64,
}

/// Looks at the project in which a tool of an agent has just run, for so long as it says, and tells the daemon of what changed there. Reads nothing while
/// nothing has changed. What fails here is found by the next look.
pub(in crate::command) fn look(paths: &Paths, cwd: &str, ran: Option<Duration>) {
    let places = tops(Path::new(cwd));
    if places.is_empty() {
        return;
    }
    let before = read(&paths.projects);
    let mut stamped = Vec::new();
    for top in places {
        let (stamp, newest) = stamp(&top);
        let name = top.display().to_string();
        match before.get(&name) {
            Some(project) if project.stamp == stamp => {}
            Some(_) => {
                // Unless the daemon hears of it, the next hook finds it again.
                if newest.is_none_or(|path| tell(paths, &path)) {
                    stamped.push((name, stamp, BTreeSet::new()));
                }
            }
            None => {
                let since = ran.unwrap_or(RAN_USUALLY) + RAN_MARGIN;
                let (known, brought) = seen_first(&top, since);
                if let Some(path) = brought {
                    tell(paths, &path);
                }
                stamped.push((name, stamp, known));
            }
        }
    }
    if stamped.is_empty() {
        return;
    }
    let note = |projects: &mut Projects| {
        for (name, stamp, known) in stamped {
            let project = projects.entry(name).or_insert_with(|| Project {
                known,
                looked: now(),
                ..Project::default()
            });
            project.stamp = stamp;
        }
    };
    drop(update(&paths.projects, note));
}

/// Returns in words what is new in any project since it was last looked at, and takes it as known.
pub(super) fn news(paths: &Paths) -> Vec<String> {
    let mut all = Vec::new();
    let mut told = Vec::new();
    for (top, project) in read(&paths.projects) {
        let (started, new) = new_in(paths, &top, &project);
        all.extend(new);
        if started.keys().any(|key| !project.known.contains(key)) {
            told.push((top, started));
        }
    }
    if told.is_empty() {
        return all;
    }
    let note = |projects: &mut Projects| {
        for (top, started) in told {
            let Some(project) = projects.get_mut(&top) else {
                continue;
            };
            let keys: Vec<String> = started.into_keys().collect();
            if project.known.len() + keys.len() > KNOWN_MAX {
                project.known.clear();
            }
            project.known.extend(keys);
            project.looked = now();
        }
    };
    drop(update(&paths.projects, note));
    all
}

/// Returns how much agents start in all projects, and what of it is new.
pub(super) fn unknown(paths: &Paths) -> (usize, Vec<String>) {
    let mut count = 0;
    let mut all = Vec::new();
    for (top, project) in &read(&paths.projects) {
        let (started, new) = new_in(paths, top, project);
        count += started.len();
        all.extend(new);
    }
    (count, all)
}

/// Takes what agents start in every project now as known.
pub(super) fn remember(paths: &Paths) -> std::io::Result<()> {
    if read(&paths.projects).is_empty() {
        return Ok(());
    }
    update(&paths.projects, |projects| {
        for (top, project) in projects {
            let started = started::look_in_project(Path::new(top));
            project.known = started.into_keys().collect();
            project.looked = now();
        }
    })
}

/// Returns what agents start in a project that was never looked at and whose files did not change within the last `since`, and a file
/// that did.
fn seen_first(top: &Path, since: Duration) -> (BTreeSet<String>, Option<PathBuf>) {
    let started = started::look_in_project(top).into_keys();
    let is_recent = |path: &Path| {
        let changed = fs::metadata(path).and_then(|found| found.modified());
        changed.is_ok_and(|changed| changed.elapsed().is_ok_and(|passed| passed < since))
    };
    let mut brought = None;
    let known = started.filter(|key| {
        let path = top.join(key.split('\t').next().unwrap_or_default());
        let is_known = !is_recent(&path);
        if !is_known {
            brought = Some(path);
        }
        is_known
    });
    (known.collect(), brought)
}

fn new_in(paths: &Paths, top: &str, project: &Project) -> (Started, Vec<String>) {
    let started = started::look_in_project(Path::new(top));
    let since = project.looked.saturating_sub(APPROVED_BEFORE_MS);
    let new = started::news(paths, &started, &project.known, since);
    (started, new)
}

/// Returns where an agent that works in `cwd` looks for settings: there, and in the root of its repository. A home has its own look.
fn tops(cwd: &Path) -> Vec<PathBuf> {
    let home = surroundings::home().unwrap_or_default();
    let is_home = |path: &Path| Path::new(&home).starts_with(path);
    if !cwd.is_absolute() {
        return Vec::new();
    }
    let root = cwd.ancestors().find(|above| above.join(".git").exists());
    let root = root.filter(|root| *root != cwd);
    let tops = root.into_iter().chain([cwd]).filter(|top| !is_home(top));
    tops.map(Path::to_owned).collect()
}

/// Returns what tells a project's places from what they were: names, sizes and times; and the place that changed last.
fn stamp(top: &Path) -> (String, Option<PathBuf>) {
    let mut hasher = blake3::Hasher::new();
    let mut newest = None;
    for path in started::places_in_project(top) {
        let Ok(found) = fs::metadata(&path) else {
            continue;
        };
        let changed = (found.ctime(), found.ctime_nsec());
        let told = (found.ino(), found.size(), changed, path);
        hasher.update(format!("{told:?}\n").as_bytes());
        newest = newest.max(Some((changed, told.3)));
    }
    let hash = hasher.finalize().to_hex();
    let hash = hash.get(..16).unwrap_or_default().to_owned();
    (hash, newest.map(|(_, path)| path))
}

/// Tells the daemon that this place has changed; whether it heard it.
fn tell(paths: &Paths, path: &Path) -> bool {
    let observed = Request::Observe {
        change: Change::Modified,
        path: path.display().to_string(),
        burst: None,
    };
    let told = Client::connect_within(&paths.socket, TOLD_MAX)
        .and_then(|mut daemon| daemon.ask_within(&observed, TOLD_MAX));
    told.is_ok()
}

fn read(path: &Path) -> Projects {
    let text = fs::read(path).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Changes the notes as they are now: a hook, a round and their person may do so at once, and none takes back what another has noted.
fn update(path: &Path, change: impl FnOnce(&mut Projects)) -> std::io::Result<()> {
    let _alone = alone(path);
    let mut projects = read(path);
    change(&mut projects);
    while projects.len() > PROJECTS_MAX {
        let oldest = projects.iter().min_by_key(|(_, project)| project.looked);
        let Some(name) = oldest.map(|(name, _)| name.clone()) else {
            break;
        };
        projects.remove(&name);
    }
    private_file::write(path, &serde_json::to_string(&projects)?)
}

/// Locks the directory of the notes for as long as the answer lives; nothing where there is none, or somebody keeps it locked.
fn alone(path: &Path) -> Option<File> {
    let directory = File::open(path.parent()?).ok()?;
    for _ in 0..LOCK_TRIES {
        if flock(&directory, FlockOperation::NonBlockingLockExclusive).is_ok() {
            return Some(directory);
        }
        std::thread::sleep(LOCK_PAUSE);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_notes_at_once_loses_nothing_of_each_other() {
        const TIMES: usize = 40;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("projects.json");
        let knows = |who: &str, at: usize| {
            let noted = update(&path, |projects| {
                let project = projects.entry("/p".to_owned()).or_default();
                project.known.insert(format!("{who} {at}"));
            });
            noted.unwrap();
            // Lets the other have its turn.
            std::thread::sleep(LOCK_PAUSE * 2);
        };
        std::thread::scope(|scope| {
            for who in ["a hook", "a round"] {
                scope.spawn(move || (0..TIMES).for_each(|at| knows(who, at)));
            }
        });
        assert_eq!(read(&path)["/p"].known.len(), 2 * TIMES);
    }

    #[test]
    fn a_lock_that_nobody_gives_back_holds_up_nobody() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("projects.json");
        let _kept = alone(&path).unwrap();
        update(&path, |projects| {
            projects.insert("/p".to_owned(), Project::default());
        })
        .unwrap();
        assert_eq!(read(&path).len(), 1);
    }
}
