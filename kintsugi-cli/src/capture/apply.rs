//! Puts a capture back: each thing is built beside its place and exchanged with what stands there, so that it is there whole or not.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use kintsugi_core::capture::manifest::{Content, Entry, Kind, Manifest, Top};
use kintsugi_core::display::escape;
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, OFlags, RenameFlags, SeekFrom, Timespec, Timestamps, Uid,
    XattrFlags, chownat, fchmod, fchown, fsetxattr, futimens, ioctl_ficlone, linkat, mkdirat,
    mknodat, openat, renameat, renameat_with, seek, symlinkat, utimensat,
};
use rustix::io::Errno;

use super::CaptureError;
use super::compare::{Does, Step, kept_file, moved_to, path_of};
use super::git::{self, Checkout};
use super::store::remove;
use super::tree::parent_of;

/// In front of the name of what is being put back.
pub const BESIDE: &str = ".kintsugi-undo-";

/// Puts things back.
#[derive(Debug)]
pub struct Apply<'m> {
    manifest: &'m Manifest,
    /// What tells names beside a place from those of another undo.
    mark: String,
    number: u64,
    /// What could not be done quite as it was, one line each.
    pub notes: Vec<String>,
}

impl<'m> Apply<'m> {
    /// Puts `manifest` back, with `mark` in the names of what is built.
    #[must_use]
    pub const fn new(manifest: &'m Manifest, mark: String) -> Self {
        Self {
            manifest,
            mark,
            number: 0,
            notes: Vec::new(),
        }
    }

    /// Does all of `steps`, then lets git write the files of `checkouts`.
    ///
    /// # Errors
    /// At the first that cannot be done; what was done before is done.
    pub fn all(&mut self, steps: &[Step], checkouts: &[Checkout]) -> Result<(), CaptureError> {
        self.note_other_names(steps);
        let in_order = [0_u8, 1, 2, 3];
        for round in in_order {
            for step in steps.iter().filter(|step| turn(&step.does) == round) {
                self.step(step)?;
            }
        }
        self.directory_times(steps);
        checkouts.iter().try_for_each(git::check_out)
    }

    /// Says which files have names (hard links) that are not put back: those stay with the file that is replaced.
    fn note_other_names(&mut self, steps: &[Step]) {
        let mut files: BTreeMap<(u64, u64), (u64, &Path)> = BTreeMap::new();
        for step in steps.iter().filter(|step| step.does == Does::Replace) {
            let Ok(found) = step.path.symlink_metadata() else {
                continue;
            };
            if found.is_file() {
                let file = (found.dev(), found.ino());
                let names = files.entry(file).or_insert((found.nlink(), &step.path));
                names.0 = names.0.saturating_sub(1);
            }
        }
        for (_, path) in files.into_values().filter(|(others, _)| *others > 0) {
            self.note(path, "has other names, which keep what is there now");
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), CaptureError> {
        match &step.does {
            Does::MoveBack { from } => self.move_back(from, &step.path),
            Does::Remove => self.take_away(&step.path),
            Does::Create | Does::Replace => {
                let Some(top) = self.manifest.tops.get(step.top) else {
                    return Ok(());
                };
                self.put(top, step)
            }
            Does::Attributes => {
                let entry = self.entry_of(step);
                entry.map_or(Ok(()), |entry| self.attributes(entry, &step.path))
            }
        }
    }

    fn entry_of(&self, step: &Step) -> Option<&'m Entry> {
        self.manifest.tops.get(step.top)?.entries.get(step.entry)
    }

    fn beside(&mut self) -> String {
        self.number += 1;
        format!("{BESIDE}{}-{}", self.mark, self.number)
    }

    fn move_back(&mut self, from: &Path, to: &Path) -> Result<(), CaptureError> {
        make_parents(to, &mut self.notes)?;
        let (old, old_name) = parent_of(from)?;
        let (new, new_name) = parent_of(to)?;
        let failed = |error: Errno| CaptureError::io(to, error.into());
        let put = || renameat_with(&old, &*old_name, &new, &*new_name, RenameFlags::NOREPLACE);
        match put() {
            Err(Errno::EXIST) => {
                let beside = self.beside();
                renameat(&new, &*new_name, &new, &*beside).map_err(failed)?;
                if let Err(error) = put() {
                    // What stood there stands there again.
                    renameat(&new, &*beside, &new, &*new_name).unwrap_or_default();
                    return Err(failed(error));
                }
                remove(&to.with_file_name(&beside))
            }
            done => done.map_err(failed),
        }
    }

    /// Takes something out of the way in one step, then removes it. It has been kept.
    fn take_away(&mut self, path: &Path) -> Result<(), CaptureError> {
        let (parent, name) = parent_of(path)?;
        let beside = self.beside();
        match renameat(&parent, &*name, &parent, &*beside) {
            Err(Errno::NOENT) => return Ok(()),
            done => done.map_err(|error| CaptureError::io(path, error.into()))?,
        }
        remove(&path.with_file_name(&beside))
    }

    fn put(&mut self, top: &'m Top, step: &Step) -> Result<(), CaptureError> {
        if let Some(kept) = moved_to(self.manifest, top) {
            // What was moved away is the only copy: it goes from its name in the store to its own in one step, and has no other between.
            return self.move_back(&kept, &step.path);
        }
        make_parents(&step.path, &mut self.notes)?;
        let (parent, name) = parent_of(&step.path)?;
        let beside = self.beside();
        let built = step.path.with_file_name(&beside);
        let failed = |error: Errno| CaptureError::io(&step.path, error.into());
        let done = self.build(top, step.entry, (parent.as_fd(), &beside));
        if let Err(error) = done {
            // Nothing that is half there stays.
            drop(remove(&built));
            return Err(error);
        }
        let put = |flags| renameat_with(&parent, &*beside, &parent, &*name, flags);
        match put(RenameFlags::NOREPLACE) {
            Ok(()) => return Ok(()),
            Err(Errno::EXIST) => {}
            Err(error) => return Err(failed(error)),
        }
        match put(RenameFlags::EXCHANGE) {
            Ok(()) => remove(&built),
            // A file system that cannot: the old goes first, and is kept.
            Err(Errno::INVAL | Errno::NOSYS) => {
                self.take_away(&step.path)?;
                put(RenameFlags::NOREPLACE).map_err(failed)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Builds an entry and everything below it under `name` in an open directory.
    fn build(
        &mut self,
        top: &'m Top,
        index: usize,
        (directory, name): (BorrowedFd<'_>, &str),
    ) -> Result<(), CaptureError> {
        let Some(root) = top.entries.get(index) else {
            return Ok(());
        };
        let base = path_of(top, root).with_file_name(name);
        let mut links: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
        // The directories from the root to where this is, open; entries come each directory before what is in it.
        let mut open: Vec<(&Entry, OwnedFd)> = Vec::new();
        for entry in top.entries.iter().skip(index) {
            let Some(rest) = rest_below(root, entry) else {
                continue;
            };
            while let Some((above, opened)) = open.pop() {
                if rest_below(above, entry).is_some() {
                    open.push((above, opened));
                    break;
                }
                self.finish(above, opened.as_fd(), &path_of(top, above))?;
            }
            let last = rest.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            let last = if rest.is_empty() {
                name.as_bytes()
            } else {
                last
            };
            let parent = open.last().map_or(directory, |(_, above)| above.as_fd());
            let made = self.make(top, entry, (parent, last), &links)?;
            if let Some(made) = made {
                open.push((entry, made));
            } else if matches!(entry.kind, Kind::File { .. }) {
                let built = match rest {
                    [] => base.clone(),
                    rest => base.join(OsStr::from_bytes(rest)),
                };
                links.insert(path_of(top, entry), built);
            }
        }
        while let Some((above, opened)) = open.pop() {
            self.finish(above, opened.as_fd(), &path_of(top, above))?;
        }
        Ok(())
    }

    /// Makes one entry; returns a directory open.
    fn make(
        &mut self,
        top: &Top,
        entry: &Entry,
        (parent, name): (BorrowedFd<'_>, &[u8]),
        links: &BTreeMap<PathBuf, PathBuf>,
    ) -> Result<Option<OwnedFd>, CaptureError> {
        let path = path_of(top, entry);
        let failed = |error: Errno| CaptureError::io(&path, error.into());
        match &entry.kind {
            Kind::Missing => {}
            Kind::Directory => {
                mkdirat(parent, name, Mode::RWXU).map_err(failed)?;
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                return Ok(Some(
                    openat(parent, name, flags, Mode::empty()).map_err(failed)?,
                ));
            }
            Kind::Link { to } => {
                symlinkat(to.as_os_str(), parent, name).map_err(failed)?;
                self.link_attributes(entry, parent, (name, &path));
            }
            Kind::Fifo => {
                let mode = Mode::from_raw_mode(entry.mode);
                mknodat(parent, name, FileType::Fifo, mode, 0).map_err(failed)?;
                self.link_attributes(entry, parent, (name, &path));
            }
            Kind::Special => self.note(&path, "a socket or device is not made again"),
            Kind::File { content, .. } => {
                if let Content::SameAs(first) = content {
                    // Another name of a file that was put back just now, or that stands where it stood.
                    let standing = first.path();
                    let from = links.get(&standing).unwrap_or(&standing);
                    let is_it = from.symlink_metadata().is_ok_and(|found| {
                        found.is_file() && (found.mtime(), found.mtime_nsec()) == entry.modified
                    });
                    if is_it && linkat(CWD, from, parent, name, AtFlags::empty()).is_ok() {
                        return Ok(None);
                    }
                }
                let kept = kept_file(self.manifest, top, content)
                    .ok_or_else(|| CaptureError::Changed(path.clone()))?;
                let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
                let to = openat(parent, name, flags, Mode::RUSR | Mode::WUSR).map_err(failed)?;
                copy(
                    &kept,
                    &File::from(
                        to.try_clone()
                            .map_err(|error| CaptureError::io(&path, error))?,
                    ),
                )?;
                self.finish(entry, to.as_fd(), &path)?;
            }
        }
        Ok(None)
    }

    fn note(&mut self, path: &Path, words: &str) {
        let path = escape(&path.to_string_lossy());
        self.notes.push(format!("`{path}`: {words}"));
    }

    fn attributes(&mut self, entry: &Entry, path: &Path) -> Result<(), CaptureError> {
        let (parent, name) = parent_of(path)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        match &entry.kind {
            Kind::File { .. } | Kind::Directory => {
                match openat(&parent, &*name, flags, Mode::empty()) {
                    Ok(opened) => self.finish(entry, opened.as_fd(), path)?,
                    // The owner may change what they may not read.
                    Err(Errno::ACCESS) => {
                        let mode = Mode::from_raw_mode(entry.mode);
                        rustix::fs::chmodat(&parent, &*name, mode, AtFlags::empty())
                            .map_err(|error| CaptureError::io(path, error.into()))?;
                        let opened = openat(&parent, &*name, flags, Mode::empty());
                        if let Ok(opened) = opened {
                            self.finish(entry, opened.as_fd(), path)?;
                        }
                    }
                    Err(error) => return Err(CaptureError::io(path, error.into())),
                }
            }
            Kind::Link { .. } | Kind::Fifo => {
                self.link_attributes(entry, parent.as_fd(), (name.to_bytes(), path));
            }
            Kind::Missing | Kind::Special => {}
        }
        Ok(())
    }

    /// Gives an open file or directory its attributes; the owner first, since that takes bits of the mode away (`chown(2)`).
    fn finish(
        &mut self,
        entry: &Entry,
        opened: BorrowedFd<'_>,
        path: &Path,
    ) -> Result<(), CaptureError> {
        let failed = |error: Errno| CaptureError::io(path, error.into());
        let (owner, group) = (Uid::from_raw(entry.uid), Gid::from_raw(entry.gid));
        if fchown(opened, Some(owner), Some(group)).is_err() {
            self.note(path, "its owner cannot be given back");
        }
        let now = super::tree::attributes_of(opened).unwrap_or_default();
        for (name, value) in &entry.attributes {
            let is_there = now
                .iter()
                .any(|(known, same)| known == name && same == value);
            let set =
                || fsetxattr(opened, name.0.as_slice(), &value.0, XattrFlags::empty()).is_ok();
            if !is_there && !set() {
                let name = escape(&String::from_utf8_lossy(&name.0));
                self.note(
                    path,
                    &format!("its attribute `{name}` cannot be given back"),
                );
            }
        }
        for (name, _) in now {
            if !entry.attributes.iter().any(|(kept, _)| *kept == name) {
                // One that came with the place, such as a security label, stays.
                rustix::fs::fremovexattr(opened, name.0.as_slice()).unwrap_or_default();
            }
        }
        fchmod(opened, Mode::from_raw_mode(entry.mode)).map_err(failed)?;
        futimens(opened, &times(entry)).map_err(failed)
    }

    fn link_attributes(
        &mut self,
        entry: &Entry,
        parent: BorrowedFd<'_>,
        (name, path): (&[u8], &Path),
    ) {
        let (owner, group) = (Uid::from_raw(entry.uid), Gid::from_raw(entry.gid));
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        if chownat(parent, name, Some(owner), Some(group), flags).is_err() {
            self.note(path, "its owner cannot be given back");
        }
        let mode = Mode::from_raw_mode(entry.mode);
        let is_set = || rustix::fs::chmodat(parent, name, mode, AtFlags::empty()).is_ok();
        if entry.kind == Kind::Fifo && !is_set() {
            self.note(path, "its mode cannot be given back");
        }
        if utimensat(parent, name, &times(entry), flags).is_err() {
            self.note(path, "its times cannot be given back");
        }
    }

    /// Gives directories their times again, which changed when things were put into them.
    fn directory_times(&mut self, steps: &[Step]) {
        for (at, top) in self.manifest.tops.iter().enumerate() {
            let touched = steps.iter().any(|step| step.top == at);
            if !touched || top.moved.is_some() {
                continue;
            }
            for entry in top.entries.iter().rev() {
                if entry.kind == Kind::Directory {
                    let path = path_of(top, entry);
                    if let Ok((parent, name)) = parent_of(&path) {
                        // What is gone, or another's, keeps the times that it has.
                        let flags = AtFlags::SYMLINK_NOFOLLOW;
                        utimensat(&parent, &*name, &times(entry), flags).unwrap_or_default();
                    }
                }
            }
        }
    }
}

/// Returns the rest of an entry's path below another's; nothing when it does not lie there.
fn rest_below<'e>(above: &Entry, entry: &'e Entry) -> Option<&'e [u8]> {
    let own = entry.path.0.as_slice();
    if above.path.0.is_empty() {
        return Some(own);
    }
    let rest = own.strip_prefix(above.path.0.as_slice())?;
    match rest {
        [] => Some(rest),
        [b'/', rest @ ..] => Some(rest),
        [_, ..] => None,
    }
}

/// Names are given back before anything is put where they stood, attributes last.
const fn turn(does: &Does) -> u8 {
    match does {
        Does::MoveBack { .. } => 0,
        Does::Remove => 1,
        Does::Create | Does::Replace => 2,
        Does::Attributes => 3,
    }
}

fn times(entry: &Entry) -> Timestamps {
    let time = |(seconds, nanoseconds): (i64, i64)| Timespec {
        tv_sec: seconds,
        tv_nsec: nanoseconds,
    };
    Timestamps {
        last_access: time(entry.accessed),
        last_modification: time(entry.modified),
    }
}

/// Makes the directories above a path that are gone as well.
fn make_parents(path: &Path, notes: &mut Vec<String>) -> Result<(), CaptureError> {
    let Some(parent) = path.parent() else {
        return Ok(());
    };
    if parent.symlink_metadata().is_err() {
        fs::create_dir_all(parent).map_err(|error| CaptureError::io(parent, error))?;
        let parent = escape(&parent.to_string_lossy());
        notes.push(format!("`{parent}` was gone and is made anew"));
    }
    Ok(())
}

/// Copies what was kept into a new file: blocks are shared where the file system can, holes stay holes.
fn copy(kept: &Path, to: &File) -> Result<(), CaptureError> {
    let io = |error: std::io::Error| CaptureError::io(kept, error);
    let from = File::open(kept).map_err(io)?;
    if ioctl_ficlone(to, &from).is_ok() {
        return Ok(());
    }
    let size = from.metadata().map_err(io)?.len();
    to.set_len(size).map_err(io)?;
    let mut at = 0;
    while at < size {
        let begin = match seek(&from, SeekFrom::Data(at)) {
            Ok(begin) => begin.min(size),
            Err(Errno::NXIO) => return Ok(()),
            Err(_) => at,
        };
        let end = seek(&from, SeekFrom::Hole(begin)).unwrap_or(size).min(size);
        seek(&from, SeekFrom::Start(begin)).map_err(|error| io(error.into()))?;
        seek(to, SeekFrom::Start(begin)).map_err(|error| io(error.into()))?;
        let part = std::io::Read::take(&from, end.saturating_sub(begin));
        let mut part = part;
        let mut to = to;
        std::io::copy(&mut part, &mut to).map_err(io)?;
        at = end;
    }
    Ok(())
}
