//! What a path of a command is: how many files, which of them exist elsewhere, where a link leads.
//!
//! Never leaves the file system it began on, follows no link below the path, and counts at most [`ENTRIES_MAX`] files.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use kintsugi_core::facts::{NAMED_MAX, Scope, TargetFact, TargetKind, WantedTarget};
use kintsugi_core::place::{Place, Surroundings};

use super::git::{Git, root_of};
use super::{Deadline, ENTRIES_MAX, brought, glob};

/// Endings of the names of files that people write, and that builds do not make.
const WRITTEN: &str = "adb ads asm bib c cc clj cpp cs csv cxx dart doc docx ex exs f90 fs go h hpp hs java jl kt lisp lua \
    m md mk ml mli mm nim odt org pas php pl proto ps1 py r rb rs rst scala sh sql svelte swift tex tf ts tsx txt vb vue xls \
    xlsx zig";

/// Directories in which everything was made or fetched, whatever it is called.
const MADE: [&str; 12] = [
    "node_modules",
    "__pycache__",
    "site-packages",
    "target",
    ".venv",
    "venv",
    ".tox",
    ".next",
    ".nuxt",
    "CMakeFiles",
    ".gradle",
    "_deps",
];

/// A path that is being looked at.
struct Look {
    fact: TargetFact,
    /// What it stands for, links in front of the last name followed.
    tops: Vec<PathBuf>,
    /// Every file at and below it.
    files: Vec<PathBuf>,
    /// The working copy that it lies in.
    root: Option<PathBuf>,
}

/// Looks at all of `targets`; git is asked once for each working copy and extent.
pub(super) fn look(targets: &[WantedTarget], deadline: Deadline) -> Vec<TargetFact> {
    let mut left = ENTRIES_MAX;
    let mut looks: Vec<Look> = targets
        .iter()
        .map(|target| begin(target, &mut left, deadline))
        .collect();
    let roots: HashSet<PathBuf> = looks.iter().filter_map(|look| look.root.clone()).collect();
    for root in roots {
        let mut here: Vec<&mut Look> = looks
            .iter_mut()
            .filter(|look| look.root.as_ref() == Some(&root))
            .collect();
        if ask_git(&root, &mut here, deadline).is_none() {
            for look in here {
                look.fact.complete = false;
            }
        }
    }
    looks.into_iter().map(|look| look.fact).collect()
}

/// Looks at the files of one target. Without a working copy, nothing of it exists elsewhere.
fn begin(target: &WantedTarget, left: &mut u64, deadline: Deadline) -> Look {
    let mut look = Look {
        fact: TargetFact {
            arg: target.arg.clone(),
            scope: target.scope,
            ..TargetFact::default()
        },
        tops: Vec::new(),
        files: Vec::new(),
        root: None,
    };
    let done = match target.scope {
        Scope::Link => {
            link(&mut look);
            Some(())
        }
        Scope::Tree => tree(&mut look, target.glob, left, deadline),
        Scope::Changes | Scope::Repository => changes(&mut look, target.glob),
        Scope::Names => brought::names(&mut look.fact, target.glob, deadline),
        Scope::Members => brought::members(&mut look.fact, deadline),
    };
    look.fact.complete = done.is_some();
    if done.is_none() {
        look.root = None;
    }
    if done.is_some() && look.root.is_none() && target.scope == Scope::Tree {
        look.fact.untracked = look.fact.entries;
    }
    look
}

/// Only where it leads.
fn link(look: &mut Look) {
    let path = Path::new(&look.fact.arg);
    let found = path.symlink_metadata();
    look.fact.kind = found.as_ref().map_or(TargetKind::Missing, kind);
    if let Ok(found) = &found {
        look.fact.device = Some(found.dev());
        look.fact.inode = Some(found.ino());
    }
    look.fact.resolved = resolve(path, look.fact.kind);
}

/// What version control says of a path, whose directory must be there.
fn changes(look: &mut Look, is_glob: bool) -> Option<()> {
    let path = PathBuf::from(&look.fact.arg);
    let fixed = if is_glob { before_pattern(&path) } else { path };
    let real = real_path(&fixed)?;
    let directory = if real.is_dir() {
        real.as_path()
    } else {
        real.parent()?
    };
    let root = root_of(directory)?;
    look.fact.kind = TargetKind::Directory;
    look.tops = match look.fact.scope {
        Scope::Repository => vec![root.clone()],
        Scope::Tree | Scope::Changes | Scope::Link | Scope::Names | Scope::Members => vec![real],
    };
    look.root = Some(root);
    Some(())
}

/// Every file at and below a path.
fn tree(look: &mut Look, is_glob: bool, left: &mut u64, deadline: Deadline) -> Option<()> {
    let path = PathBuf::from(&look.fact.arg);
    let named = if is_glob {
        let named = glob::expand(&look.fact.arg, deadline)?;
        look.fact.matched = Some(u64::try_from(named.len()).unwrap_or(u64::MAX));
        named
    } else {
        vec![path.clone()]
    };
    // What is not there, in a directory that is not there either, was asked about a machine that is not this one.
    let stands_in = before_pattern(&path);
    let above = if is_glob {
        Some(stands_in.as_path())
    } else {
        path.parent()
    };
    above?.symlink_metadata().ok()?;
    let mut is_flat = true;
    for path in named {
        let Ok(found) = path.symlink_metadata() else {
            continue;
        };
        is_flat &= !found.is_dir();
        let real = real_path(&path)?;
        look.fact.kind = kind(&found);
        if !is_glob {
            look.fact.device = Some(found.dev());
            look.fact.inode = Some(found.ino());
            look.fact.resolved = resolve(&path, look.fact.kind);
        }
        walk(look, real.clone(), &found, left, deadline)?;
        look.tops.push(real);
    }
    if look.tops.is_empty() {
        look.fact.kind = TargetKind::Missing;
        return Some(());
    }
    if is_glob {
        look.fact.kind = if is_flat {
            TargetKind::File
        } else {
            TargetKind::Directory
        };
    }
    let first = look.tops.first()?;
    let is_directory = look.fact.kind == TargetKind::Directory && !is_glob;
    let directory = if is_directory {
        first.as_path()
    } else {
        first.parent()?
    };
    look.root = root_of(directory);
    Some(())
}

/// Adds what is at and below `top`.
fn walk(
    look: &mut Look,
    top: PathBuf,
    found: &Metadata,
    left: &mut u64,
    deadline: Deadline,
) -> Option<()> {
    let device = found.dev();
    let mut waiting = vec![top];
    while let Some(path) = waiting.pop() {
        deadline.left()?;
        let found = path.symlink_metadata().ok()?;
        if found.dev() != device {
            look.fact.mount = true;
            continue;
        }
        if found.is_dir() {
            for entry in fs::read_dir(&path).ok()? {
                waiting.push(entry.ok()?.path());
            }
            if u64::try_from(waiting.len()).unwrap_or(u64::MAX) > *left {
                return None;
            }
            continue;
        }
        *left = left.checked_sub(1)?;
        look.fact.entries += 1;
        look.fact.bytes = look.fact.bytes.saturating_add(found.len());
        look.files.push(path);
    }
    Some(())
}

/// What git says about everything at and below some paths of one working copy.
#[derive(Default)]
struct Said {
    tracked: HashSet<PathBuf>,
    changed: Vec<PathBuf>,
    untracked: Vec<PathBuf>,
    ignored: HashSet<PathBuf>,
}

/// Counts what git says for each of `looks`, which lie in the working copy at `root`; nothing when it does not say.
fn ask_git(root: &Path, looks: &mut [&mut Look], deadline: Deadline) -> Option<()> {
    let git = Git::at(root, deadline)?;
    let tops: Vec<PathBuf> = looks.iter().flat_map(|look| look.tops.clone()).collect();
    let paths: Vec<&Path> = tops.iter().map(PathBuf::as_path).collect();
    let mut said = Said::default();
    let status = [
        "status",
        "--porcelain=v2",
        "-z",
        "--no-renames",
        "--untracked-files=all",
        "--ignored=matching",
        "--ignore-submodules=all",
    ];
    said.status(root, &git.ask(&status, &paths)?)?;
    said.list(root, &git.ask(&["ls-files", "-z", "-s", "-v"], &paths)?)?;
    for look in looks {
        count(look, root, &said);
        let is_tree = look.fact.scope == Scope::Tree && look.fact.kind == TargetKind::Directory;
        if is_tree && look.fact.tracked > 0 {
            look.fact.unpushed = unpushed(&git, root, look, &said)?;
        }
    }
    Some(())
}

impl Said {
    /// Reads the answer of `git status --porcelain=v2 -z` (git-status(1), git 2.47).
    fn status(&mut self, root: &Path, answer: &str) -> Option<()> {
        for line in answer.split('\0').filter(|line| !line.is_empty()) {
            let (what, rest) = line.split_once(' ')?;
            let path = |fields| Some(root.join(rest.splitn(fields, ' ').nth(fields - 1)?));
            match what {
                "?" => self.untracked.push(root.join(rest)),
                "!" => {
                    self.ignored.insert(root.join(rest.trim_end_matches('/')));
                }
                "1" => {
                    // What is only gone from the working copy or the index loses nothing more.
                    let state = rest.get(..2)?;
                    if !state.chars().all(|it| matches!(it, '.' | 'D')) {
                        self.changed.push(path(8)?);
                    }
                }
                "u" => self.changed.push(path(10)?),
                "#" => {}
                _ => return None,
            }
        }
        Some(())
    }

    /// Reads the answer of `git ls-files -z -s -v`: a letter, mode, object, stage and path (git-ls-files(1), git 2.47).
    fn list(&mut self, root: &Path, answer: &str) -> Option<()> {
        for line in answer.split('\0').filter(|line| !line.is_empty()) {
            let (about, path) = line.split_once('\t')?;
            let path = root.join(path);
            // A file that git was told not to look at may have changed; a submodule is another repository.
            if !about.starts_with("H ") || about.contains(" 160000 ") {
                self.changed.push(path.clone());
            }
            self.tracked.insert(path);
        }
        Some(())
    }

    fn is_ignored(&self, file: &Path) -> bool {
        !self.ignored.is_empty() && file.ancestors().any(|above| self.ignored.contains(above))
    }
}

fn count(look: &mut Look, root: &Path, said: &Said) {
    let around = Surroundings {
        project_root: root.to_str().map(str::to_owned),
        ..Surroundings::default()
    };
    let is_made = |path: &Path| {
        path.to_str()
            .is_some_and(|path| around.place(path) == Place::BuildOutput)
    };
    let tops = look.tops.clone();
    let within = |path: &Path| tops.iter().any(|top| path.starts_with(top));
    let mut only: Vec<PathBuf> = Vec::new();
    let changed: HashSet<&PathBuf> = said.changed.iter().filter(|path| within(path)).collect();
    look.fact.dirty = number(changed.len());
    only.extend(changed.into_iter().cloned());
    if look.fact.scope == Scope::Tree {
        for file in &look.files {
            if said.tracked.contains(file) {
                look.fact.tracked += 1;
            } else if said.is_ignored(file) {
                look.fact.ignored += 1;
                look.fact.rebuilt += u64::from(is_made(file));
                only.extend((!is_made(file)).then(|| file.clone()));
            } else {
                look.fact.untracked += 1;
                look.fact.written += u64::from(is_written(file));
                only.push(file.clone());
            }
        }
    } else {
        let untracked: Vec<&PathBuf> = said.untracked.iter().filter(|it| within(it)).collect();
        look.fact.untracked = number(untracked.len());
        let ignored: Vec<&PathBuf> = said.ignored.iter().filter(|it| within(it)).collect();
        look.fact.ignored = number(ignored.len());
        look.fact.rebuilt = number(ignored.iter().filter(|it| is_made(it)).count());
        only.extend(untracked.into_iter().cloned());
    }
    only.sort();
    only.dedup();
    let name = |path: &PathBuf| {
        let path = path.strip_prefix(root).unwrap_or(path);
        path.to_string_lossy().into_owned()
    };
    look.fact.only = only.iter().take(NAMED_MAX).map(name).collect();
}

/// Tracked files of which no remote has the last commit.
fn unpushed(git: &Git, root: &Path, look: &Look, said: &Said) -> Option<u64> {
    let remotes = ["for-each-ref", "--count=1", "--format=x", "refs/remotes"];
    if git.ask(&remotes, &[])?.is_empty() {
        return Some(look.fact.tracked);
    }
    let paths: Vec<&Path> = look.tops.iter().map(PathBuf::as_path).collect();
    let asked = ["rev-list", "--objects", "HEAD", "--not", "--remotes"];
    let answer = git.ask(&asked, &paths)?;
    let names = answer.lines().filter_map(|line| line.split_once(' '));
    let files: HashSet<PathBuf> = names
        .map(|(_, path)| root.join(path))
        .filter(|path| said.tracked.contains(path))
        .collect();
    Some(number(files.len()))
}

/// Whether a file is of a kind that people write, and lies where nobody else does.
fn is_written(file: &Path) -> bool {
    let ending = file.extension().and_then(|ending| ending.to_str());
    let name = file.file_name().and_then(|name| name.to_str());
    let is_made = file
        .components()
        .any(|part| MADE.iter().any(|made| part.as_os_str() == *made));
    let is_listed = ending.is_some_and(|ending| {
        WRITTEN
            .split_whitespace()
            .any(|known| known.eq_ignore_ascii_case(ending))
    });
    let is_declaration = name.is_some_and(|name| name.ends_with(".d.ts"));
    is_listed && !is_made && !is_declaration && name != Some("CMakeCache.txt")
}

fn kind(found: &Metadata) -> TargetKind {
    let kind = found.file_type();
    if kind.is_symlink() {
        TargetKind::Link
    } else if kind.is_dir() {
        TargetKind::Directory
    } else if kind.is_file() {
        TargetKind::File
    } else {
        TargetKind::Special
    }
}

/// Where a path leads: links in front of the last name followed, and the last one too when it is a link.
fn resolve(path: &Path, kind: TargetKind) -> Option<String> {
    let real = real_path(path)?;
    let real = match kind {
        TargetKind::Link => fs::canonicalize(path)
            .or_else(|_| fs::read_link(path))
            .ok()?,
        TargetKind::Unknown
        | TargetKind::Missing
        | TargetKind::File
        | TargetKind::Directory
        | TargetKind::Special => real,
    };
    let real = if real.is_absolute() {
        real
    } else {
        path.parent()?.join(real)
    };
    let is_same = real == path;
    real.into_os_string()
        .into_string()
        .ok()
        .filter(|_| !is_same)
}

/// The path with the links in front of its last name followed.
fn real_path(path: &Path) -> Option<PathBuf> {
    match (path.parent(), path.file_name()) {
        (Some(above), Some(name)) => Some(fs::canonicalize(above).ok()?.join(name)),
        (_, _) => fs::canonicalize(path).ok(),
    }
}

/// The directory in front of the first name with a pattern in it.
fn before_pattern(path: &Path) -> PathBuf {
    let is_pattern = |part: &std::ffi::OsStr| part.to_string_lossy().contains(['*', '?', '[']);
    path.iter().take_while(|part| !is_pattern(part)).collect()
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
