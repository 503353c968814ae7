//! What a verdict names, looked at and then copied.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use kintsugi_core::capture::manifest::{Entry, Kind, Manifest, Name, Summary, Top, VERSION};
use kintsugi_core::capture::{CaptureFact, Keep, What};
use kintsugi_core::paths::Paths;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::redact::{MASK, redact};
use serde_json::json;
use uuid::Uuid;

use super::copy::{Bare, Copying, Measure};
use super::store::Store;
use super::target::Target;
use super::tree::{self, Leave, Names};
use super::{Budget, CaptureError, Limits};
use crate::facts::{Deadline, glob};

/// Most paths that a summary names.
const NAMED_MAX: usize = 8;

/// A path to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Absolute.
    pub path: PathBuf,
    /// Names directly below it to leave alone.
    pub except: Vec<Name>,
    /// How.
    pub how: How,
}

/// How a path is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// With everything.
    Whole,
    /// Its attributes alone, and those of what is below it.
    Attributes,
    /// Its attributes alone, and nothing below it.
    Itself,
    /// Only which file it is: it gets another name.
    Renamed,
}

impl Wanted {
    /// All of a path.
    #[must_use]
    pub const fn whole(path: PathBuf) -> Self {
        Self {
            path,
            except: Vec::new(),
            how: How::Whole,
        }
    }
}

/// What is to be kept, as it lies on the disk now.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The paths.
    pub tops: Vec<Wanted>,
    /// Repositories whose references are kept.
    pub repositories: Vec<super::git::Found>,
    /// Why something cannot be kept.
    pub cannot: Vec<String>,
    /// What may be missing of it. That is said like the above, and holds nothing by itself.
    pub doubts: Vec<String>,
    /// What is left out, since it is had again: an undo says so, and nobody is asked.
    pub left: BTreeSet<String>,
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Plan {
    /// Whether there is nothing to do.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.tops.is_empty() && self.repositories.is_empty() && self.cannot.is_empty()
    }

    /// Says of what names on the disk `keeps` is about. Nothing is measured yet.
    #[must_use]
    pub fn of(keeps: &[Keep], patience: Duration) -> Self {
        let deadline = Deadline(Instant::now() + patience);
        let mut plan = Self::default();
        for keep in keeps {
            if let Err(error) = plan.add(keep, deadline) {
                plan.cannot.push(error.to_string());
            }
        }
        plan.copy_what_leaves(keeps);
        plan.drop_nested();
        plan
    }

    /// Keeps whole what is moved to another file system: it is copied there and removed here, and is found nowhere by its number.
    fn copy_what_leaves(&mut self, keeps: &[Keep]) {
        let is_goal = |keep: &&Keep| matches!(keep.what, What::Over | What::Inside);
        let goals: BTreeSet<u64> = keeps
            .iter()
            .filter(is_goal)
            .map(|keep| device_of(Path::new(&keep.path)))
            .collect();
        for top in self.tops.iter_mut().filter(|top| top.how == How::Renamed) {
            let own = device_of(&top.path);
            if goals.iter().any(|goal| *goal != own) {
                top.how = How::Whole;
            }
        }
    }

    fn add(&mut self, keep: &Keep, deadline: Deadline) -> Result<(), CaptureError> {
        let path = PathBuf::from(&keep.path);
        if keep.path.contains(MASK) && path.symlink_metadata().is_err() {
            // From a record, when a proposal is answered again: what it was is not known here.
            return Err(CaptureError::Changed(path));
        }
        match keep.what {
            What::Tree => self.whole(path),
            What::Glob => {
                let named = glob::expand(&keep.path, deadline)
                    .ok_or_else(|| CaptureError::Pattern(path.clone()))?;
                for path in named {
                    self.whole(path);
                }
            }
            // `mv -T a empty`: a directory goes over one without anything in it.
            What::Over if !path.is_dir() || is_empty(&path) => self.whole(path),
            What::Inside if path.parent().is_some_and(Path::is_dir) => match keep.of.first() {
                Some(pattern) => self.put_into(path.parent(), pattern, deadline)?,
                None => self.whole(path),
            },
            What::Over | What::Inside => {}
            What::Moved => {
                if path.symlink_metadata().is_ok() {
                    self.tops.push(Wanted {
                        how: How::Renamed,
                        ..Wanted::whole(path)
                    });
                }
            }
            What::Edited => {
                let manager = keep.of.first();
                self.left
                    .extend(manager.map(|name| format!("what `{name}` installs or removes")));
                self.edited(path, deadline);
            }
            What::Attributes => {
                if let Ok(path) = path.canonicalize() {
                    self.tops.push(Wanted {
                        how: How::Attributes,
                        ..Wanted::whole(path)
                    });
                }
            }
            What::References | What::Changes | What::Ignored | What::Pushed => {
                super::git::plan(self, keep, deadline)?;
            }
            What::Unpacked => {
                if let Err(error) = super::archive::plan(self, &path, &keep.of, deadline) {
                    self.doubts.push(error.to_string());
                }
            }
        }
        Ok(())
    }

    /// Adds a path, and the file that it leads to when it is a link: who writes through it changes that.
    pub fn whole(&mut self, path: PathBuf) {
        let is_link = path
            .symlink_metadata()
            .is_ok_and(|found| found.is_symlink());
        if is_link
            && let Ok(behind) = path.canonicalize()
            && behind.is_file()
        {
            self.tops.push(Wanted::whole(behind));
        }
        self.tops.push(Wanted::whole(path));
    }

    /// Leaves out what is kept with something above it anyway.
    pub fn drop_nested(&mut self) {
        let mut kept: Vec<Wanted> = Vec::new();
        let mut whole: BTreeSet<PathBuf> = BTreeSet::new();
        let mut tops = std::mem::take(&mut self.tops);
        tops.sort_by(|one, other| one.path.cmp(&other.path));
        for top in tops {
            let is_same = |one: &&Wanted| (one.how, &one.except) == (top.how, &top.except);
            let mut same = kept.iter().rev().take_while(|one| one.path == top.path);
            let is_kept = same.any(|one| is_same(&one))
                || (top.how != How::Renamed
                    && top.path.ancestors().any(|above| whole.contains(above)));
            if is_kept {
                continue;
            }
            if top.how == How::Whole && top.except.is_empty() {
                whole.insert(top.path.clone());
            }
            kept.push(top);
        }
        self.tops = kept;
    }

    /// Finds out how much it is and whether it can be kept at all.
    pub fn measure(&mut self, own: &Store, limits: &Limits, patience: Duration) {
        let limits = Limits {
            time_max: patience,
            ..*limits
        };
        let mut budget = Budget::new(limits);
        let mut names = Names::new();
        let mut needed: BTreeMap<PathBuf, (u64, u64)> = BTreeMap::new();
        for top in self.tops.iter().filter(|top| top.how == How::Whole) {
            let store = Store::near(own, &top.path, device_of(&top.path));
            let shares = store.may_share() && store.device() == device_of(&top.path);
            let mut measure = Measure { bytes: 0, shares };
            let leave = Leave {
                except: &top.except,
                names: &mut names,
                below: false,
            };
            let before = budget.bytes_spent();
            match tree::walk(&top.path, leave, &mut measure, &mut budget) {
                Ok(_) => {}
                Err(CaptureError::TooLate(_)) => {
                    self.cannot
                        .push("it is too much to be looked at".to_owned());
                    break;
                }
                Err(error) => {
                    self.cannot.push(error.to_string());
                    break;
                }
            }
            self.bytes = self.bytes.saturating_add(measure.bytes);
            let copied = budget.bytes_spent() - before;
            let entry = needed.entry(store.root().to_owned()).or_default();
            *entry = (entry.0.saturating_add(copied), store.room());
        }
        self.files = budget.files_spent();
        let copied: u64 = needed.values().map(|(bytes, _)| bytes).sum();
        if needed.values().any(|(bytes, room)| bytes > room) {
            self.cannot.push(CaptureError::Full.to_string());
        } else if copied > 0 && own.used().saturating_add(copied) > limits.quota_bytes {
            let full = CaptureError::Quota(limits.quota_bytes);
            self.cannot.push(full.to_string());
        }
    }

    /// What a proposal says about it.
    #[must_use]
    pub fn fact(&self) -> CaptureFact {
        CaptureFact {
            files: self.files,
            bytes: self.bytes,
            cannot: masked(&[&self.cannot[..], &self.doubts].concat()),
        }
    }
}

/// Whether a directory holds nothing.
fn is_empty(directory: &Path) -> bool {
    std::fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_none())
}

/// The file system of a path, or of the first directory above it that is there.
fn device_of(path: &Path) -> u64 {
    let mut found = path.ancestors().map(Path::symlink_metadata);
    found.find_map(Result::ok).map_or(0, |found| found.dev())
}

/// Returns reasons with what looks like a secret in their paths masked.
#[must_use]
pub fn masked(reasons: &[String]) -> Vec<String> {
    let masked = |reason: &String| redact(reason).into_owned();
    reasons.iter().map(masked).collect()
}

/// What a capture is made for.
#[derive(Debug, Clone)]
pub struct Occasion {
    /// The id.
    pub id: Uuid,
    /// The command.
    pub command: String,
    /// Where.
    pub cwd: String,
    /// Whose.
    pub agent: String,
    /// In which session.
    pub session: Option<String>,
    /// The capture that is put back.
    pub undoes: Option<Uuid>,
}

impl Occasion {
    /// Before `command` runs.
    #[must_use]
    pub fn before(command: &ProposedCommand) -> Self {
        Self {
            id: command.id,
            command: redact(&command.raw).into_owned(),
            cwd: redact(&command.cwd).into_owned(),
            agent: command.agent.clone(),
            session: command.session.clone(),
            undoes: None,
        }
    }
}

/// Returns the first paths of `tops` for a list and the log, with what looks like a secret masked.
#[must_use]
pub fn named(tops: &[Top]) -> Vec<Name> {
    let masked = |top: &Top| match std::str::from_utf8(&top.path.0) {
        Ok(text) => Name(redact(text).into_owned().into_bytes()),
        Err(_) => top.path.clone(),
    };
    tops.iter().take(NAMED_MAX).map(masked).collect()
}

/// Makes the copies and writes what was kept; nothing is left of one that fails.
///
/// # Errors
/// When anything of `plan` cannot be kept.
pub fn keep(
    paths: &Paths,
    plan: &Plan,
    occasion: &Occasion,
    limits: &Limits,
) -> Result<Manifest, CaptureError> {
    let own = Store::own(paths)?;
    own.tidy(limits, Timestamp::now());
    let mut making = Making {
        budget: Budget::new(*limits),
        targets: vec![own.begin(&occasion.id)?],
        own,
        bytes: 0,
        id: occasion.id,
        names: Names::new(),
    };
    let at = Timestamp::now().to_string();
    let common: Vec<PathBuf> = plan
        .repositories
        .iter()
        .map(|it| it.common.clone())
        .collect();
    if let Some(target) = making.targets.first() {
        target.hides(&common)?;
    }
    // Before the repository's own files are kept: what is reachable then stays so.
    let mut cannot = [&plan.cannot[..], &plan.doubts].concat();
    cannot.extend(plan.left.iter().cloned());
    let mut repositories = Vec::new();
    for found in &plan.repositories {
        let (repository, doubt) = super::git::keep(found, &occasion.id)?;
        repositories.push(repository);
        cannot.extend(doubt);
    }
    let mut tops = Vec::new();
    for wanted in &plan.tops {
        tops.push(making.top(wanted)?);
    }
    let stored = making.targets.iter().map(|target| target.stored).sum();
    if stored > 0 && making.own.used().saturating_add(stored) > limits.quota_bytes {
        return Err(CaptureError::Quota(limits.quota_bytes));
    }
    let manifest = Manifest {
        version: VERSION,
        summary: Summary {
            id: occasion.id,
            at,
            command: occasion.command.clone(),
            cwd: occasion.cwd.clone(),
            agent: occasion.agent.clone(),
            session: occasion.session.clone(),
            undoes: occasion.undoes,
            files: making.budget.files_spent(),
            bytes: making.bytes,
            stored,
            paths: named(&tops),
            cannot: masked(&cannot),
        },
        tops,
        repositories,
    };
    making.commit(&manifest)?;
    Ok(manifest)
}

/// A capture while it is made.
struct Making {
    own: Store,
    /// One for each file system; the first is that of the manifest.
    targets: Vec<Target>,
    budget: Budget,
    bytes: u64,
    id: Uuid,
    names: Names,
}

impl Making {
    fn top(&mut self, wanted: &Wanted) -> Result<Top, CaptureError> {
        let mut top = Top {
            path: Name::of(&wanted.path),
            store: Name::of(self.own.root()),
            except: wanted.except.clone(),
            attributes: matches!(wanted.how, How::Attributes | How::Itself),
            renamed: None,
            moved: None,
            entries: Vec::new(),
        };
        match wanted.how {
            How::Attributes | How::Itself => {
                let leave = Leave {
                    except: &wanted.except,
                    names: &mut Names::new(),
                    below: wanted.how == How::Itself,
                };
                top.entries = tree::walk(&wanted.path, leave, &mut Bare, &mut self.budget)?;
            }
            How::Renamed => {
                let found = wanted.path.symlink_metadata();
                let found = found.map_err(|error| CaptureError::io(&wanted.path, error))?;
                self.budget.file()?;
                top.renamed = Some((found.dev(), found.ino()));
            }
            How::Whole => {
                let at = self.target_for(&wanted.path)?;
                let target = self
                    .targets
                    .get_mut(at)
                    .ok_or_else(|| CaptureError::Store(self.own.root().to_owned()))?;
                top.store = Name::of(target.store.root());
                let leave = Leave {
                    except: &wanted.except,
                    names: &mut self.names,
                    below: false,
                };
                let mut copying = Copying::into(target);
                top.entries = tree::walk(&wanted.path, leave, &mut copying, &mut self.budget)?;
                self.bytes = self.bytes.saturating_add(copying.bytes);
            }
        }
        Ok(top)
    }

    /// Returns which target takes the copies of `path`; one is begun where there is none.
    fn target_for(&mut self, path: &Path) -> Result<usize, CaptureError> {
        let store = Store::near(&self.own, path, device_of(path));
        let known = self.targets.iter().position(|target| target.store == store);
        if let Some(at) = known {
            return Ok(at);
        }
        self.own.remember(&store)?;
        self.targets.push(store.begin(&self.id)?);
        Ok(self.targets.len() - 1)
    }

    /// The copies first, the manifest that names them last.
    fn commit(&self, manifest: &Manifest) -> Result<(), CaptureError> {
        for target in self.targets.iter().skip(1) {
            target.settle(&self.id)?;
        }
        match self.targets.first() {
            Some(target) => target.commit(manifest),
            None => Err(CaptureError::Store(self.own.root().to_owned())),
        }
    }
}

/// What the log keeps of a capture: enough to find it and to tell whether it was altered.
#[must_use]
pub fn account(manifest: &Manifest) -> serde_json::Value {
    let summary = &manifest.summary;
    let text = serde_json::to_vec(manifest).unwrap_or_default();
    json!({
        "version": VERSION,
        "capture": summary.id,
        "files": summary.files,
        "bytes": summary.bytes,
        "stored": summary.stored,
        "paths": summary.paths,
        "tops": manifest.tops.len(),
        "repositories": manifest.repositories.len(),
        "cannot": summary.cannot,
        "undoes": summary.undoes,
        "blake3": blake3::hash(&text).to_hex().to_string(),
    })
}

/// Whether an entry is a file or directory that is there.
#[must_use]
pub const fn is_there(entry: &Entry) -> bool {
    !matches!(entry.kind, Kind::Missing)
}
