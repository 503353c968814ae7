//! What putting a capture back would change, found before anything is changed.
//!
//! Work that is newer than the command is marked, so that it can be refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Metadata};
use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use kintsugi_core::capture::manifest::{Content, Entry, Kind, Manifest, Name, Top};

use super::CaptureError;
use super::copy::object_name;
use super::git::{self, Checkout};
use super::tree::attributes_of;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The number of the top in the manifest.
    pub top: usize,
    /// The number of the entry in it.
    pub entry: usize,
    /// Where.
    pub path: PathBuf,
    /// What.
    pub does: Does,
    /// Whether what stands there changed after the command ended, or may have.
    pub newer: bool,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Does {
    /// Puts back what is gone.
    Create,
    /// Puts back what is another now.
    Replace,
    /// Takes away what was not there.
    Remove,
    /// Gives it the mode, owner, times and attributes that it had.
    Attributes,
    /// Gives it its old name again.
    MoveBack {
        /// The name it has now.
        from: PathBuf,
    },
}

/// Everything that would change.
#[derive(Debug, Clone, Default)]
pub struct Difference {
    /// Each thing that changes.
    pub steps: Vec<Step>,
    /// Files that git writes again, when the rest is done.
    pub checkouts: Vec<Checkout>,
    /// References that get a file of their own before anything else, and the object that each names: the list that they stand in is replaced.
    pub names: Vec<(PathBuf, String)>,
    /// What cannot be put back, or is left as it is, one line each.
    pub notes: Vec<String>,
}

/// When things happened.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// When the command ended, by the clock that files have their times from; nothing when nobody noted it.
    pub ended: Option<(i64, i64)>,
}

struct Compare<'c> {
    manifest: &'c Manifest,
    times: Times,
    /// Names that something is moved away from before the rest is done.
    leaving: BTreeSet<PathBuf>,
    found: Difference,
}

/// Compares what was kept with what is there; of `only` alone, when it names anything.
///
/// # Errors
/// When something cannot be looked at.
pub fn compare(
    manifest: &Manifest,
    times: Times,
    only: &[PathBuf],
) -> Result<Difference, CaptureError> {
    let mut compare = Compare {
        manifest,
        times,
        leaving: BTreeSet::new(),
        found: Difference::default(),
    };
    for (at, top) in manifest.tops.iter().enumerate() {
        if let Some(identity) = top.renamed {
            compare.renamed(at, top, identity);
        }
    }
    for (at, top) in manifest.tops.iter().enumerate() {
        if top.moved.is_some() {
            compare.moved(at, top)?;
        } else if top.renamed.is_none() {
            compare.top(at, top)?;
        }
    }
    let mut found = compare.found;
    git::compare(manifest, &mut found);
    if !only.is_empty() {
        super::narrow::to(only, manifest, &mut found);
    }
    Ok(found)
}

/// Returns the file with the content of a file entry.
#[must_use]
pub fn kept_file(manifest: &Manifest, top: &Top, content: &Content) -> Option<PathBuf> {
    let store = top.store.path();
    match content {
        Content::Object(hash) => Some(store.join("objects").join(object_name(hash))),
        Content::Clone(number) => Some(
            store
                .join("captures")
                .join(manifest.summary.id.to_string())
                .join("data")
                .join(number.to_string()),
        ),
        Content::SameAs(name) => {
            let path = name.path();
            let is_first = |top: &&Top| path.starts_with(top.path.path());
            let mut tops = manifest.tops.iter().filter(is_first);
            tops.find_map(|top| {
                let first = top
                    .entries
                    .iter()
                    .find(|entry| path_of(top, entry) == path)?;
                match &first.kind {
                    Kind::File { content, .. } if !matches!(content, Content::SameAs(_)) => {
                        kept_file(manifest, top, content)
                    }
                    Kind::File { .. }
                    | Kind::Missing
                    | Kind::Directory
                    | Kind::Link { .. }
                    | Kind::Fifo
                    | Kind::Special => None,
                }
            })
        }
        Content::Nothing => None,
    }
}

/// Returns the path that an entry had.
#[must_use]
pub fn path_of(top: &Top, entry: &Entry) -> PathBuf {
    if entry.path.0.is_empty() {
        top.path.path()
    } else {
        top.path.path().join(entry.path.path())
    }
}

impl Compare<'_> {
    fn step(&mut self, (top, entry): (usize, usize), path: PathBuf, does: Does, newer: bool) {
        self.found.steps.push(Step {
            top,
            entry,
            path,
            does,
            newer,
        });
    }

    fn note(&mut self, path: &Path, words: &str) {
        let path = kintsugi_core::display::escape(&path.to_string_lossy());
        self.found.notes.push(format!("`{path}`: {words}"));
    }

    /// Whether anything at `path` changed after the command ended, or may have.
    fn is_newer(&self, path: &Path) -> bool {
        if git::is_incidental(path) {
            return false;
        }
        let Some(ended) = self.times.ended else {
            return true;
        };
        newest(path, 0).is_none_or(|changed| changed > ended)
    }

    fn renamed(&mut self, at: usize, top: &Top, identity: (u64, u64)) {
        let path = top.path.path();
        let is_it = |path: &Path| {
            path.symlink_metadata()
                .is_ok_and(|found| (found.dev(), found.ino()) == identity)
        };
        if is_it(&path) || self.is_back(&path) {
            return;
        }
        let others = self.manifest.tops.iter().map(|top| top.path.path());
        let Some(from) = others.into_iter().find(|other| is_it(other)) else {
            self.note(&path, "what was here is not where the command put it");
            return;
        };
        let newer = path.symlink_metadata().is_ok() && self.is_newer(&path);
        self.leaving.insert(from.clone());
        self.step((at, 0), path, Does::MoveBack { from }, newer);
    }

    /// What stands where a directory above `path` was, and is none, has to go before anything is put there.
    fn make_room(&mut self, path: &Path) {
        let is_in_the_way = |above: &&Path| {
            above
                .symlink_metadata()
                .is_ok_and(|found| !found.is_dir() && !above.is_dir())
        };
        let Some(above) = path.ancestors().skip(1).find(is_in_the_way) else {
            return;
        };
        let is_known =
            self.found.steps.iter().any(|step| step.path == above) || self.leaving.contains(above);
        if !is_known {
            let newer = self.is_newer(above);
            self.step(
                (usize::MAX, usize::MAX),
                above.to_owned(),
                Does::Remove,
                newer,
            );
        }
    }

    /// Whether the file that was kept from `path` stands there: put back by an undo, it has another number than it had.
    fn is_back(&self, path: &Path) -> bool {
        let kept = self.manifest.tops.iter().filter(|top| {
            top.renamed.is_none() && !top.attributes && top.path.0 == path.as_os_str().as_bytes()
        });
        kept.filter_map(|top| Some((top, top.entries.first()?)))
            .filter(|(_, entry)| matches!(entry.kind, Kind::File { .. }))
            .any(|(top, entry)| match look(path) {
                Ok(Some(found)) => self.is_same(top, entry, (path, &found)).unwrap_or(false),
                Ok(None) | Err(_) => false,
            })
    }

    fn moved(&mut self, at: usize, top: &Top) -> Result<(), CaptureError> {
        let path = top.path.path();
        let Some(kept) = moved_to(self.manifest, top) else {
            return Ok(());
        };
        if kept.symlink_metadata().is_err() {
            // It was interrupted before this one was moved, or it was put back.
            return Ok(());
        }
        if look(&path)?.is_some() {
            // What was here lies in the store: whatever stands here was made since.
            self.step((at, 0), path, Does::Replace, true);
        } else {
            self.make_room(&path);
            self.step((at, 0), path, Does::Create, false);
        }
        Ok(())
    }

    fn top(&mut self, at: usize, top: &Top) -> Result<(), CaptureError> {
        let mut children: BTreeMap<&[u8], Vec<usize>> = BTreeMap::new();
        for (index, entry) in top.entries.iter().enumerate().skip(1) {
            let bytes = entry.path.0.as_slice();
            let cut = bytes.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
            let above = bytes.get(..cut).unwrap_or_default();
            children.entry(above).or_default().push(index);
        }
        self.entry((at, top), 0, &children)
    }

    fn entry(
        &mut self,
        (at, top): (usize, &Top),
        index: usize,
        children: &BTreeMap<&[u8], Vec<usize>>,
    ) -> Result<(), CaptureError> {
        let Some(entry) = top.entries.get(index) else {
            return Ok(());
        };
        let path = path_of(top, entry);
        let found = if self.leaving.contains(&path) {
            None
        } else {
            look(&path)?
        };
        let here = (at, index);
        let Some(found) = found else {
            match entry.kind {
                Kind::Missing => {}
                Kind::Special => self.note(&path, "a socket or device is not made again"),
                Kind::File { .. } | Kind::Directory | Kind::Link { .. } | Kind::Fifo => {
                    if top.attributes {
                        self.note(&path, "it is gone");
                    } else {
                        self.make_room(&path);
                        self.step(here, path, Does::Create, false);
                    }
                }
            }
            return Ok(());
        };
        if let Kind::Missing = entry.kind {
            let newer = self.is_newer(&path);
            self.step(here, path, Does::Remove, newer);
            return Ok(());
        }
        if !self.is_same(top, entry, (&path, &found))? {
            if top.attributes || entry.kind == Kind::Special {
                self.note(&path, "it is something else now");
            } else {
                let newer = self.is_newer(&path);
                self.step(here, path, Does::Replace, newer);
            }
            return Ok(());
        }
        if entry.kind == Kind::Directory {
            for child in children.get(entry.path.0.as_slice()).into_iter().flatten() {
                self.entry((at, top), *child, children)?;
            }
            if !top.attributes {
                self.extras((at, top), index, children)?;
            }
        }
        if differs(entry, (&path, &found)) {
            self.step(here, path, Does::Attributes, false);
        }
        Ok(())
    }

    /// What stands in a directory now and did not: the command put it there, or somebody since.
    fn extras(
        &mut self,
        (at, top): (usize, &Top),
        index: usize,
        children: &BTreeMap<&[u8], Vec<usize>>,
    ) -> Result<(), CaptureError> {
        let Some(entry) = top.entries.get(index) else {
            return Ok(());
        };
        let path = path_of(top, entry);
        let known: BTreeSet<PathBuf> = children
            .get(entry.path.0.as_slice())
            .into_iter()
            .flatten()
            .filter_map(|child| Some(path_of(top, top.entries.get(*child)?)))
            .collect();
        let is_top = entry.path.0.is_empty();
        let listed = fs::read_dir(&path).map_err(|error| CaptureError::io(&path, error))?;
        for found in listed {
            let found = found.map_err(|error| CaptureError::io(&path, error))?;
            let name = Name(found.file_name().as_bytes().to_vec());
            let inner = found.path();
            let is_left = (is_top && top.except.contains(&name))
                || inner
                    .components()
                    .collect::<PathBuf>()
                    .ends_with(git::HIDDEN)
                || path.ends_with(git::HIDDEN);
            if is_left || known.contains(&inner) || self.leaving.contains(&inner) {
                continue;
            }
            if self.is_newer(&inner) {
                self.note(&inner, "it came later and stays");
            } else {
                self.step((at, usize::MAX), inner, Does::Remove, false);
            }
        }
        Ok(())
    }

    /// Whether what is there is what was kept, attributes aside.
    fn is_same(
        &self,
        top: &Top,
        entry: &Entry,
        (path, found): (&Path, &Metadata),
    ) -> Result<bool, CaptureError> {
        Ok(match &entry.kind {
            Kind::Missing => false,
            Kind::Directory => found.is_dir(),
            Kind::Link { to } => {
                found.is_symlink() && fs::read_link(path).is_ok_and(|now| now == to.path())
            }
            Kind::Fifo => found.file_type().is_fifo(),
            Kind::Special => {
                let kind = found.file_type();
                kind.is_socket() || kind.is_block_device() || kind.is_char_device()
            }
            Kind::File { bytes, content } => {
                if !found.is_file() {
                    return Ok(false);
                }
                if *content == Content::Nothing {
                    return Ok(true);
                }
                if let Content::SameAs(first) = content {
                    let is_linked = fs::symlink_metadata(first.path()).is_ok_and(|first| {
                        (first.dev(), first.ino()) == (found.dev(), found.ino())
                    });
                    if !is_linked {
                        return Ok(false);
                    }
                }
                let unchanged = (found.mtime(), found.mtime_nsec()) == entry.modified;
                let same_size = found.len() == *bytes;
                let equal = || match kept_file(self.manifest, top, content) {
                    Some(kept) => same_bytes(&kept, path),
                    None => Ok(false),
                };
                same_size && (unchanged || equal()?)
            }
        })
    }
}

/// Returns where a top was moved to.
#[must_use]
pub fn moved_to(manifest: &Manifest, top: &Top) -> Option<PathBuf> {
    let moved = top.moved.as_ref()?;
    let capture = top
        .store
        .path()
        .join("captures")
        .join(manifest.summary.id.to_string());
    Some(capture.join("moved").join(moved))
}

/// Looks at a path without following it; nothing when nothing is there.
fn look(path: &Path) -> Result<Option<Metadata>, CaptureError> {
    match path.symlink_metadata() {
        Ok(found) => Ok(Some(found)),
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(CaptureError::io(path, error)),
    }
}

/// The last change of anything at and below `path`; nothing when that cannot be told.
fn newest(path: &Path, depth: usize) -> Option<(i64, i64)> {
    /// Deeper is taken for newer.
    const DEPTH_MAX: usize = 200;
    let found = path.symlink_metadata().ok()?;
    let mut newest = (found.ctime(), found.ctime_nsec());
    if found.is_dir() {
        if depth > DEPTH_MAX {
            return None;
        }
        for entry in fs::read_dir(path).ok()? {
            newest = newest.max(self::newest(&entry.ok()?.path(), depth + 1)?);
        }
    }
    Some(newest)
}

/// Whether attributes are others than those that were kept.
fn differs(entry: &Entry, (path, found): (&Path, &Metadata)) -> bool {
    let plain = (found.mode() & 0o7777, found.uid(), found.gid())
        != (entry.mode, entry.uid, entry.gid)
        || (found.mtime(), found.mtime_nsec()) != entry.modified;
    let is_link = matches!(entry.kind, Kind::Link { .. });
    let owner_differs = (found.uid(), found.gid()) != (entry.uid, entry.gid);
    if is_link {
        return owner_differs || (found.mtime(), found.mtime_nsec()) != entry.modified;
    }
    let extended = || {
        let is_opened = matches!(entry.kind, Kind::File { .. } | Kind::Directory);
        is_opened
            && File::open(path).is_ok_and(|file| {
                attributes_of(file.as_fd()).is_ok_and(|now| now != entry.attributes)
            })
    };
    plain || extended()
}

fn same_bytes(one: &Path, other: &Path) -> Result<bool, CaptureError> {
    let open = |path: &Path| File::open(path).map_err(|error| CaptureError::io(path, error));
    let (mut first, mut second) = (open(one)?, open(other)?);
    let (mut left, mut right) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        let count = first
            .read(&mut left)
            .map_err(|error| CaptureError::io(one, error))?;
        if count == 0 {
            let rest = second.read(&mut right);
            return Ok(rest.map_err(|error| CaptureError::io(other, error))? == 0);
        }
        let same = second.read_exact(right.get_mut(..count).unwrap_or_default());
        if same.is_err() || left.get(..count) != right.get(..count) {
            return Ok(false);
        }
    }
}
