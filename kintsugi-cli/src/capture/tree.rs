//! Walks a tree by open directories: nobody who renames something meanwhile leads it out of the tree.
//!
//! Follows no link, opens only files and directories, stays on one file system.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use kintsugi_core::capture::manifest::{Content, Entry, Kind, Name};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, fgetxattr, flistxattr, fstat, openat,
    readlinkat, statat,
};
use rustix::io::Errno;

use super::{Budget, CaptureError};

/// Deepest directory below a path that is kept; each costs a descriptor while it is walked.
const DEPTH_MAX: usize = 200;

/// Largest list of extended attributes, and largest value of one (`xattr(7)`: 64 KiB each).
const XATTR_BYTES_MAX: usize = 64 * 1024;

/// A name in an open directory.
#[derive(Debug)]
pub struct Place<'d> {
    /// The directory.
    pub directory: BorrowedFd<'d>,
    /// The name in it.
    pub name: &'d CStr,
    /// The whole path, for words.
    pub path: &'d Path,
}

/// Extended attributes: names and values.
pub type Attributes = Vec<(Name, Name)>;

/// What is done with each file that is found.
pub trait Visit {
    /// Takes the content of a file, and its extended attributes.
    ///
    /// # Errors
    /// The walk ends with it.
    fn file(
        &mut self,
        place: &Place<'_>,
        found: &Stat,
        budget: &mut Budget,
    ) -> Result<(Content, Attributes), CaptureError>;
}

/// Files that have other names, by file system and number there, and where one was seen.
pub type Names = BTreeMap<(u64, u64), Name>;

/// What is left out of a walk.
#[derive(Debug)]
pub struct Leave<'l> {
    /// Files with other names that were seen by walks before.
    pub names: &'l mut Names,
    /// Names directly below the top.
    pub except: &'l [Name],
    /// Whether everything below the top is left alone.
    pub below: bool,
}

/// A walk over one top.
struct Walk<'w> {
    visit: &'w mut dyn Visit,
    budget: &'w mut Budget,
    except: &'w [Name],
    leaves_below: bool,
    entries: Vec<Entry>,
    names: &'w mut Names,
    device: u64,
}

/// Opens the directory that holds `path`, links in front of the last name followed as the command itself would.
///
/// # Errors
/// When there is none, or it may not be searched.
pub fn parent_of(path: &Path) -> Result<(OwnedFd, CString), CaptureError> {
    let name = path.file_name().unwrap_or_else(|| OsStr::new("."));
    let parent = path.parent().unwrap_or(Path::new("/"));
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = openat(CWD, parent, flags, Mode::empty())
        .map_err(|error| CaptureError::io(parent, error.into()))?;
    Ok((directory, c_name(name, path)?))
}

/// A name as the system calls take it.
///
/// # Errors
/// When it holds a NUL, which no name has.
pub fn c_name(name: &OsStr, path: &Path) -> Result<CString, CaptureError> {
    CString::new(name.as_bytes())
        .map_err(|error| CaptureError::io(path, std::io::Error::other(error)))
}

/// Walks `path` and returns what is there, each directory before what is in it; `Missing` alone when nothing is.
///
/// # Errors
/// As [`Visit::file`], and for everything that cannot be kept.
pub fn walk(
    path: &Path,
    Leave {
        names,
        except,
        below: leaves_below,
    }: Leave<'_>,
    visit: &mut dyn Visit,
    budget: &mut Budget,
) -> Result<Vec<Entry>, CaptureError> {
    let (parent, name) = match parent_of(path) {
        Ok(opened) => opened,
        Err(CaptureError::Changed(_)) => return Ok(vec![missing()]),
        Err(CaptureError::Io { error, .. })
            if error.kind() == std::io::ErrorKind::NotADirectory =>
        {
            return Ok(vec![missing()]);
        }
        Err(error) => return Err(error),
    };
    let found = match statat(&parent, &*name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(found) => found,
        Err(Errno::NOENT) => return Ok(vec![missing()]),
        Err(error) => return Err(CaptureError::io(path, error.into())),
    };
    let mut walk = Walk {
        visit,
        budget,
        except,
        leaves_below,
        entries: Vec::new(),
        names,
        device: found.st_dev,
    };
    let place = Place {
        directory: parent.as_fd(),
        name: &name,
        path,
    };
    walk.enter(&place, &Name::default(), &found, 0)?;
    Ok(walk.entries)
}

/// The entry of what is not there.
#[must_use]
pub fn missing() -> Entry {
    Entry {
        path: Name::default(),
        kind: Kind::Missing,
        mode: 0,
        uid: 0,
        gid: 0,
        accessed: (0, 0),
        modified: (0, 0),
        attributes: Vec::new(),
    }
}

/// Returns a name below another.
#[must_use]
pub fn below(above: &Name, name: &[u8]) -> Name {
    if above.0.is_empty() {
        return Name(name.to_vec());
    }
    let mut path = above.0.clone();
    path.push(b'/');
    path.extend_from_slice(name);
    Name(path)
}

/// The type of what `stat` found.
#[must_use]
pub fn type_of(found: &Stat) -> FileType {
    FileType::from_raw_mode(found.st_mode)
}

impl Walk<'_> {
    fn enter(
        &mut self,
        place: &Place<'_>,
        path: &Name,
        found: &Stat,
        depth: usize,
    ) -> Result<(), CaptureError> {
        self.budget.file()?;
        if found.st_dev != self.device {
            return Err(CaptureError::Mount(place.path.to_owned()));
        }
        let kind = match type_of(found) {
            FileType::Directory => return self.directory(place, path, depth),
            FileType::RegularFile => return self.file(place, path, found),
            FileType::Symlink => Kind::Link {
                to: Name(
                    readlinkat(place.directory, place.name, Vec::new())
                        .map_err(|error| CaptureError::io(place.path, error.into()))?
                        .into_bytes(),
                ),
            },
            FileType::Fifo => Kind::Fifo,
            FileType::Socket
            | FileType::CharacterDevice
            | FileType::BlockDevice
            | FileType::Unknown => Kind::Special,
        };
        self.entries
            .push(entry(path.clone(), kind, found, Vec::new()));
        Ok(())
    }

    fn file(&mut self, place: &Place<'_>, path: &Name, found: &Stat) -> Result<(), CaptureError> {
        let bytes = u64::try_from(found.st_size).unwrap_or_default();
        let identity = (found.st_dev, found.st_ino);
        let (content, attributes) = match self.names.get(&identity) {
            Some(name) => (Content::SameAs(name.clone()), Vec::new()),
            None => self.visit.file(place, found, self.budget)?,
        };
        if found.st_nlink > 1 && !matches!(content, Content::SameAs(_)) {
            self.names.insert(identity, Name::of(place.path));
        }
        let kind = Kind::File { bytes, content };
        self.entries
            .push(entry(path.clone(), kind, found, attributes));
        Ok(())
    }

    fn directory(
        &mut self,
        place: &Place<'_>,
        path: &Name,
        depth: usize,
    ) -> Result<(), CaptureError> {
        if depth > DEPTH_MAX {
            return Err(CaptureError::TooDeep(place.path.to_owned()));
        }
        let failed = |error: Errno| CaptureError::io(place.path, error.into());
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = openat(place.directory, place.name, flags, Mode::empty()).map_err(failed)?;
        let found = fstat(&opened).map_err(failed)?;
        if found.st_dev != self.device {
            return Err(CaptureError::Mount(place.path.to_owned()));
        }
        let attributes = attributes_of(opened.as_fd()).map_err(failed)?;
        self.entries
            .push(entry(path.clone(), Kind::Directory, &found, attributes));
        if self.leaves_below {
            return Ok(());
        }
        for name in names_in(opened.as_fd()).map_err(failed)? {
            let is_left = |left: &&Name| left.0 == name.to_bytes();
            if depth == 0 && self.except.iter().any(|left| is_left(&left)) {
                continue;
            }
            let whole = place.path.join(OsStr::from_bytes(name.to_bytes()));
            let found = statat(&opened, &*name, AtFlags::SYMLINK_NOFOLLOW)
                .map_err(|error| CaptureError::io(&whole, error.into()))?;
            let inner = Place {
                directory: opened.as_fd(),
                name: &name,
                path: &whole,
            };
            self.enter(&inner, &below(path, name.to_bytes()), &found, depth + 1)?;
        }
        Ok(())
    }
}

fn entry(path: Name, kind: Kind, found: &Stat, attributes: Vec<(Name, Name)>) -> Entry {
    let time = |seconds, nanoseconds: u64| (seconds, i64::try_from(nanoseconds).unwrap_or(0));
    Entry {
        path,
        kind,
        mode: found.st_mode & 0o7777,
        uid: found.st_uid,
        gid: found.st_gid,
        accessed: time(found.st_atime, found.st_atime_nsec),
        modified: time(found.st_mtime, found.st_mtime_nsec),
        attributes,
    }
}

/// Returns the names in an open directory, sorted, so that the same tree makes the same manifest.
///
/// # Errors
/// When it cannot be read.
pub fn names_in(directory: BorrowedFd<'_>) -> Result<Vec<CString>, Errno> {
    let mut names = Vec::new();
    for found in Dir::read_from(directory)? {
        let name = found?.file_name().to_owned();
        if !matches!(name.to_bytes(), b"." | b"..") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Opens a file to read it, without a sign of that in its last access where the system allows it.
///
/// # Errors
/// When it cannot be read, or is no file any more.
pub fn open_file(place: &Place<'_>) -> Result<OwnedFd, CaptureError> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let open = |flags| openat(place.directory, place.name, flags, Mode::empty());
    // Only the owner may ask for that (open(2)).
    let opened = open(flags | OFlags::NOATIME).or_else(|error| match error {
        Errno::PERM => open(flags),
        other => Err(other),
    });
    let opened = opened.map_err(|error| CaptureError::io(place.path, error.into()))?;
    let found = fstat(&opened).map_err(|error| CaptureError::io(place.path, error.into()))?;
    if type_of(&found) != FileType::RegularFile {
        return Err(CaptureError::Changed(place.path.to_owned()));
    }
    Ok(opened)
}

/// Returns the extended attributes of something open; none where the file system has none.
///
/// # Errors
/// When there are more than can be.
pub fn attributes_of(opened: BorrowedFd<'_>) -> Result<Vec<(Name, Name)>, Errno> {
    let mut list: Vec<u8> = Vec::with_capacity(1024);
    let listed = loop {
        match flistxattr(opened, rustix::buffer::spare_capacity(&mut list)) {
            Ok(_) => break Ok(()),
            Err(Errno::RANGE) if list.capacity() < XATTR_BYTES_MAX => {
                list.reserve(XATTR_BYTES_MAX);
            }
            Err(error) => break Err(error),
        }
    };
    match listed {
        Ok(()) => {}
        Err(Errno::NOTSUP) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    }
    let mut attributes = Vec::new();
    for name in list
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
    {
        let mut value: Vec<u8> = Vec::with_capacity(XATTR_BYTES_MAX);
        match fgetxattr(opened, name, rustix::buffer::spare_capacity(&mut value)) {
            Ok(_) => attributes.push((Name(name.to_vec()), Name(value))),
            // Taken away meanwhile, or none that a person may read.
            Err(Errno::NODATA | Errno::ACCESS | Errno::PERM) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(attributes)
}
