//! Where copies are kept: in the person's data directory, and on other file systems in a directory of their own at the top.
//!
//! A capture is written under a temporary name and gets its own last: one that was interrupted is never seen, and is swept away. A
//! capture in the making holds the store's lock shared, pruning holds it alone.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use kintsugi_core::capture::manifest::{Content, Kind, Manifest, Name, Summary, VERSION};
use kintsugi_core::paths::Paths;
use rustix::fd::OwnedFd;
use rustix::fs::{CWD, FlockOperation, Mode, OFlags, flock, openat, statvfs};
use uuid::Uuid;

use super::copy::object_name;
use super::target::Target;
use super::{CaptureError, Limits, account};

/// Types of file systems (`statfs(2)`).
const BTRFS: u64 = 0x9123_683E;
const XFS: u64 = 0x5846_5342;

/// In front of the id of a capture that is being made.
const NEW: &str = ".new-";

/// In a capture that is being made: the repositories in which it keeps commits reachable.
pub(super) const HIDES: &str = "hides";

/// The stores on other file systems, a path in each line.
const ELSEWHERE: &str = "elsewhere";

/// One directory with copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    root: PathBuf,
    device: u64,
}

impl Store {
    /// Returns the store of this person's data directory; it is made when it is not there.
    ///
    /// # Errors
    /// When it cannot be made, or is not theirs alone.
    pub fn own(paths: &Paths) -> Result<Self, CaptureError> {
        Self::at(paths.data.join("trash"))
    }

    /// Returns a store for what lies on the file system `device` at `path`: `own` when it is the same, else one at the top of that
    /// file system where this person may make one, else `own`.
    #[must_use]
    pub fn near(own: &Self, path: &Path, device: u64) -> Self {
        if own.device == device {
            return own.clone();
        }
        let uid = rustix::process::geteuid().as_raw();
        top_of(path, device)
            .and_then(|top| own.within(&top.join(format!(".kintsugi-trash-{uid}"))).ok())
            .filter(|store| store.device == device)
            .unwrap_or_else(|| own.clone())
    }

    /// Opens the store at `root`, or makes it.
    ///
    /// # Errors
    /// When it cannot be made, or is not this person's alone.
    pub fn at(root: PathBuf) -> Result<Self, CaptureError> {
        let found = private(&root)?;
        for name in ["objects", "captures"] {
            make_directory(&root.join(name))?;
        }
        Ok(Self {
            device: found.dev(),
            root,
        })
    }

    /// Opens a directory of this store's own in `shared`: several data directories of one person may use one file system, and each
    /// drops what none of its own captures names.
    fn within(&self, shared: &Path) -> Result<Self, CaptureError> {
        private(shared)?;
        let own = blake3::hash(self.root.as_os_str().as_bytes()).to_hex();
        Self::at(shared.join(own.get(..16).unwrap_or_default()))
    }

    /// Remembers that copies lie in `other`, so that what is interrupted or over there is removed as well.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn remember(&self, other: &Self) -> Result<(), CaptureError> {
        let name = other.root.as_os_str().as_bytes();
        // A line is a path; one with a line's end in it is not remembered, and only takes room.
        if other == self || name.contains(&b'\n') || self.elsewhere().contains(other) {
            return Ok(());
        }
        let path = self.root.join(ELSEWHERE);
        let line = [name, b"\n"].concat();
        fs::OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(&line))
            .map_err(|error| CaptureError::io(path, error))
    }

    /// Returns the stores on other file systems that are there now.
    fn elsewhere(&self) -> Vec<Self> {
        let text = fs::read(self.root.join(ELSEWHERE)).unwrap_or_default();
        let roots = text.split(|byte| *byte == b'\n');
        let roots = roots.map(|root| PathBuf::from(OsStr::from_bytes(root)));
        roots
            .filter(|root| root.join("captures").is_dir())
            .filter_map(|root| Self::at(root).ok())
            .collect()
    }

    /// Returns its directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file system it is on.
    #[must_use]
    pub const fn device(&self) -> u64 {
        self.device
    }

    /// Returns the directory of a capture.
    #[must_use]
    pub fn capture(&self, id: &Uuid) -> PathBuf {
        self.root.join("captures").join(id.to_string())
    }

    /// Whether files on the same file system can share their blocks, as far as its type tells (`statfs(2)`).
    #[must_use]
    pub fn may_share(&self) -> bool {
        self.is_on(BTRFS) || self.is_on(XFS)
    }

    /// Whether its file system has what was done to names and attributes on the device in the order in which it was done: these two keep a
    /// journal of all that, or write all of it at once. Of ext4 that cannot be told, which may have none.
    #[must_use]
    pub fn keeps_order(&self) -> bool {
        self.is_on(BTRFS) || self.is_on(XFS)
    }

    fn is_on(&self, kind: u64) -> bool {
        let found = rustix::fs::statfs(&self.root);
        found.is_ok_and(|found| u64::try_from(found.f_type).is_ok_and(|found| found == kind))
    }

    /// Returns how many bytes more fit on its file system, for this person.
    #[must_use]
    pub fn room(&self) -> u64 {
        statvfs(&self.root).map_or(u64::MAX, |found| {
            found.f_bavail.saturating_mul(found.f_frsize)
        })
    }

    fn lock(&self, how: FlockOperation) -> Result<File, CaptureError> {
        let path = self.root.join("lock");
        let file = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| CaptureError::io(&path, error))?;
        flock(&file, how).map_err(|error| CaptureError::io(&path, error.into()))?;
        Ok(file)
    }

    /// Begins a capture.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn begin(&self, id: &Uuid) -> Result<Target, CaptureError> {
        let lock = self.lock(FlockOperation::LockShared)?;
        let making = self.making(id);
        // The same command again, after it was killed here.
        forget(&making)?;
        make_directory(&making)?;
        let data = making.join("data");
        make_directory(&data)?;
        let objects = open_directory(&self.root.join("objects"))?;
        let data = open_directory(&data)?;
        Ok(Target::new(self.clone(), making, (objects, data), lock))
    }

    /// Returns the captures that are whole, the newest first; what cannot be read is left out.
    #[must_use]
    pub fn list(&self) -> Vec<Summary> {
        let mut found: Vec<Summary> = self
            .names()
            .filter_map(|path| {
                let text = fs::read(path.join("summary.json")).unwrap_or_default();
                // Only the manifest is waited for: after a power cut the short form may be empty.
                serde_json::from_slice(&text).ok().or_else(|| {
                    let manifest = account::read(&path);
                    manifest.ok().map(|manifest| manifest.summary)
                })
            })
            .collect();
        found.sort_by(|one, other| other.at.cmp(&one.at).then_with(|| other.id.cmp(&one.id)));
        found
    }

    fn names(&self) -> impl Iterator<Item = PathBuf> {
        let entries = fs::read_dir(self.root.join("captures"));
        let whole = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| Uuid::parse_str(name).is_ok())
        };
        entries
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(whole)
    }

    /// Reads what a capture kept.
    ///
    /// # Errors
    /// When there is none of that id, or it is not of this version.
    pub fn read(&self, id: &Uuid) -> Result<Manifest, CaptureError> {
        let capture = self.capture(id);
        let manifest = account::read(&capture)?;
        if manifest.version != VERSION {
            let version = manifest.version;
            let why = format!("it is of version {version}, and this program knows {VERSION}");
            return Err(CaptureError::Io {
                path: capture,
                error: std::io::Error::other(why),
            });
        }
        Ok(manifest)
    }

    /// Returns when a mark was set, by the clock that files have their times from: seconds since 1970, nanoseconds. What changed later has
    /// a later time or, within one step of that clock, the same.
    #[must_use]
    pub fn marked_at(&self, id: &Uuid, what: &str) -> Option<(i64, i64)> {
        let path = self.capture(id).join(what);
        let found = fs::symlink_metadata(&path).ok()?;
        let of_file = (found.mtime(), found.mtime_nsec());
        // A file system that knows only whole seconds has cut the time off; the text says it as that clock had it.
        let said = fs::read_to_string(&path).ok()?;
        let said = said.trim().parse::<jiff::Timestamp>().ok();
        let said = said.map(|at| (at.as_second(), i64::from(at.subsec_nanosecond())));
        Some(said.map_or(of_file, |said| said.max(of_file)))
    }

    /// Marks a capture: `ended` when its command has, `undone` when it was put back.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn mark(&self, id: &Uuid, what: &str, text: &str) -> Result<(), CaptureError> {
        // Nobody removes the capture meanwhile, and finds a file more in it than there was.
        let _shared = self.lock(FlockOperation::LockShared)?;
        let path = self.capture(id).join(what);
        fs::write(&path, text).map_err(|error| CaptureError::io(path, error))
    }

    /// Returns a mark.
    #[must_use]
    pub fn marked(&self, id: &Uuid, what: &str) -> Option<String> {
        fs::read_to_string(self.capture(id).join(what)).ok()
    }

    /// Returns how many bytes all captures take.
    #[must_use]
    pub fn used(&self) -> u64 {
        let sizes = self.list().into_iter().map(|summary| summary.stored);
        sizes.fold(0, u64::saturating_add)
    }

    /// Removes captures that `ends` says are over, what was interrupted, and objects that no capture names any more; returns how many
    /// captures and bytes that were.
    ///
    /// # Errors
    /// When something cannot be removed.
    pub fn prune(&self, ends: impl Fn(&Summary) -> bool) -> Result<(u64, u64), CaptureError> {
        let _alone = self.lock(FlockOperation::LockExclusive)?;
        let (mut captures, mut bytes) = (0, 0_u64);
        for summary in self.list().into_iter().filter(|summary| ends(summary)) {
            // First its name: whoever is interrupted here leaves none that is half there.
            let capture = self.capture(&summary.id);
            let over = self.making(&summary.id);
            forget(&over)?;
            fs::rename(&capture, &over).map_err(|error| CaptureError::io(&capture, error))?;
            captures += 1;
            bytes = bytes.saturating_add(summary.stored);
        }
        self.sweep()?;
        self.drop_objects()?;
        Ok((captures, bytes))
    }

    /// Where a capture is while it is made, or removed.
    fn making(&self, id: &Uuid) -> PathBuf {
        self.root.join("captures").join(format!("{NEW}{id}"))
    }

    /// Removes captures that were interrupted, here and on other file systems. The caller holds the store alone, so nobody makes one.
    fn sweep(&self) -> Result<(), CaptureError> {
        let mut stores = self.elsewhere();
        stores.insert(0, self.clone());
        for store in stores {
            let captures = store.root.join("captures");
            let entries =
                fs::read_dir(&captures).map_err(|error| CaptureError::io(&captures, error))?;
            for entry in entries.flatten() {
                if entry.file_name().to_string_lossy().starts_with(NEW) {
                    forget(&entry.path())?;
                }
            }
        }
        Ok(())
    }

    fn drop_objects(&self) -> Result<(), CaptureError> {
        let mut named = BTreeSet::new();
        let mut whole = BTreeSet::new();
        for path in self.names() {
            let Ok(manifest) = account::read(&path) else {
                // What cannot be read may name anything: nothing is dropped.
                return Ok(());
            };
            whole.insert(manifest.summary.id.to_string());
            for entry in manifest.tops.iter().flat_map(|top| &top.entries) {
                if let Kind::File {
                    content: Content::Object(hash),
                    ..
                } = &entry.kind
                {
                    named.insert(object_name(hash));
                }
            }
        }
        for store in self.elsewhere() {
            // Copies whose manifest was never written, or is gone.
            for path in store.names() {
                let name = path.file_name().and_then(|name| name.to_str());
                if name.is_some_and(|name| !whole.contains(name)) {
                    remove(&path)?;
                }
            }
            store.drop_objects_but(&named)?;
        }
        self.drop_objects_but(&named)
    }

    fn drop_objects_but(&self, named: &BTreeSet<String>) -> Result<(), CaptureError> {
        let objects = self.root.join("objects");
        let above = fs::read_dir(&objects).map_err(|error| CaptureError::io(&objects, error))?;
        for above in above.flatten() {
            for object in fs::read_dir(above.path()).into_iter().flatten().flatten() {
                let name = format!(
                    "{}/{}",
                    above.file_name().to_string_lossy(),
                    object.file_name().to_string_lossy()
                );
                if !named.contains(&name) {
                    remove(&object.path())?;
                }
            }
        }
        Ok(())
    }

    /// Makes what was interrupted go away when nobody makes a capture now; without a word when somebody does.
    pub fn tidy(&self, limits: &Limits, now: jiff::Timestamp) {
        super::recover::tidy(self);
        let Ok(lock) = self.lock(FlockOperation::NonBlockingLockExclusive) else {
            return;
        };
        // What stays is swept another time.
        drop(self.sweep());
        drop(lock);
        let day = std::time::Duration::from_secs(24 * 60 * 60);
        let swept = self.root.join("pruned");
        let is_recent = fs::metadata(&swept)
            .and_then(|found| found.modified())
            .is_ok_and(|at| at.elapsed().is_ok_and(|age| age < day));
        if !is_recent && self.prune(|summary| is_old(summary, limits, now)).is_ok() {
            drop(fs::write(swept, ""));
        }
    }
}

/// Whether a capture is older than captures are kept.
#[must_use]
pub fn is_old(summary: &Summary, limits: &Limits, now: jiff::Timestamp) -> bool {
    let Ok(at) = summary.at.parse::<jiff::Timestamp>() else {
        return true;
    };
    let age = now.as_second().saturating_sub(at.as_second());
    u64::try_from(age).is_ok_and(|age| age > limits.keep.as_secs())
}

/// Removes what was made of a capture, or is left of one, and what it kept reachable in repositories and on other file systems.
pub(super) fn forget(making: &Path) -> Result<(), CaptureError> {
    let id = making.file_name().and_then(|name| name.to_str());
    let id = id.and_then(|name| Uuid::parse_str(name.strip_prefix(NEW)?).ok());
    let read = |name: &str| fs::read(making.join(name)).unwrap_or_default();
    if let (Some(id), Ok(hidden)) = (id, serde_json::from_slice::<Vec<Name>>(&read(HIDES))) {
        for directory in hidden.iter().map(Name::path) {
            super::git::release_in(&directory, &id);
        }
    }
    if let Ok(manifest) = account::read(making) {
        super::git::release(&manifest);
        let id = manifest.summary.id.to_string();
        let stores: BTreeSet<PathBuf> = manifest.tops.iter().map(|top| top.store.path()).collect();
        for captures in stores.iter().map(|store| store.join("captures")) {
            let other = captures.join(&id);
            // Its own name was given up already.
            if !making.starts_with(&captures) {
                remove(&other)?;
            }
        }
    }
    remove(making)
}

/// Makes a directory where there is none, and returns what is known of it.
fn private(path: &Path) -> Result<fs::Metadata, CaptureError> {
    let failed = |error| CaptureError::io(path, error);
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(failed)?;
    let found = fs::symlink_metadata(path).map_err(failed)?;
    let is_own = found.is_dir()
        && found.uid() == rustix::process::geteuid().as_raw()
        && found.mode().trailing_zeros() >= 6;
    if is_own {
        Ok(found)
    } else {
        Err(CaptureError::Store(path.to_owned()))
    }
}

fn make_directory(path: &Path) -> Result<(), CaptureError> {
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        done => done.map_err(|error| CaptureError::io(path, error)),
    }
}

fn open_directory(path: &Path) -> Result<OwnedFd, CaptureError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(CWD, path, flags, Mode::empty()).map_err(|error| CaptureError::io(path, error.into()))
}

/// Removes a directory of the store, also when what was moved into it has no right to be written.
pub(super) fn remove(path: &Path) -> Result<(), CaptureError> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        done => done.map_err(|error| CaptureError::io(path, error)),
    }
}

/// Returns the top of the file system that holds `path`.
fn top_of(path: &Path, device: u64) -> Option<PathBuf> {
    let is_there = |above: &&Path| {
        fs::metadata(above).is_ok_and(|found| found.is_dir() && found.dev() == device)
    };
    path.ancestors()
        .skip(1)
        .take_while(|above| !fs::metadata(above).is_ok_and(|found| found.dev() != device))
        .filter(is_there)
        .last()
        .map(Path::to_owned)
}
