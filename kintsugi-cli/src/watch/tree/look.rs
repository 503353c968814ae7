//! Reading directories: those that appear, and all of them after the kernel has dropped events.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::inotify;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, fstat, open, openat, statat};
use rustix::io::Errno;

use super::nodes::{Names, hash};
use super::{Gaps, Look, NAMES_MAX, Sink, Tree, WANTED, What};

impl Tree {
    /// Looks at everything again, after the kernel has dropped events.
    pub(crate) fn look_again(&mut self, sink: &mut dyn Sink) {
        self.lost = false;
        // Of a rename that was dropped, the other half says nothing.
        self.settle(sink);
        let since = std::mem::replace(&mut self.drained, SystemTime::now());
        self.gaps = Gaps::default();
        for place in 0..self.places.len() {
            match self.places.get(place).and_then(|place| place.top) {
                Some(top) => self.look(top, Look::Again(since), sink),
                None => self.settle_place(place, Look::Appeared, sink),
            }
            sink.looked_again(place);
        }
    }

    /// Watches directory `id` and what is below, then reads it.
    pub(super) fn look(&mut self, id: usize, look: Look, sink: &mut dyn Sink) {
        let mut left = vec![id];
        while let Some(id) = left.pop() {
            let path = self.path(id);
            match self.watch(id, &path) {
                Ok(()) => {}
                Err(Errno::NOSPC | Errno::NOMEM) => {
                    self.gaps.beyond += 1;
                    continue;
                }
                Err(Errno::ACCESS | Errno::PERM) => {
                    self.gaps.closed += 1;
                    continue;
                }
                // It is gone again, or no directory any more: an event says so.
                Err(_) => continue,
            }
            match self.list(id, &path, look, sink) {
                Ok(below) => left.extend(below),
                Err(Errno::ACCESS | Errno::PERM) => self.gaps.closed += 1,
                Err(_) => {}
            }
        }
    }

    pub(super) fn watch(&mut self, id: usize, path: &Path) -> Result<(), Errno> {
        if self.names > NAMES_MAX {
            return Err(Errno::NOMEM);
        }
        let watch = inotify::add_watch(&self.inotify, path, WANTED)?;
        // One directory has one watch: it was moved here, and the event that says so is still to come.
        let before = self
            .watches
            .insert(watch, id)
            .filter(|before| *before != id);
        if let Some(before) = before.and_then(|before| self.node_mut(before)) {
            before.watch = None;
        }
        if let Some(node) = self.node_mut(id) {
            node.watch = Some(watch);
        }
        Ok(())
    }

    /// Reads a directory; returns those in it that are to be looked at in turn.
    pub(super) fn list(
        &mut self,
        id: usize,
        path: &Path,
        look: Look,
        sink: &mut dyn Sink,
    ) -> Result<Vec<usize>, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = open(path, flags | OFlags::NONBLOCK, Mode::empty())?;
        let mut below = Vec::new();
        let mut found = Names::default();
        let mut kept = Vec::new();
        for entry in Dir::read_from(&directory)? {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes()).to_owned();
            if name == "." || name == ".." {
                continue;
            }
            let mut kind = entry.file_type();
            if kind == FileType::Unknown {
                kind = kind_of(&directory, &name);
            }
            if kind == FileType::Directory && self.is_entered(id, &directory, &name) {
                kept.push(name.clone());
                match self.child(id, &name) {
                    Some(child) if look != Look::Appeared => below.push(child),
                    Some(_) => {}
                    None => {
                        if let Some(child) = self.adopt(id, &name) {
                            if look != Look::First {
                                self.tell(id, &name, What::Created, sink);
                            }
                            below.push(child);
                        }
                    }
                }
                continue;
            }
            found.insert(hash(&name));
            if self.remember(id, &name) {
                if look != Look::First {
                    self.tell(id, &name, What::Created, sink);
                }
            } else if let Look::Again(since) = look
                && was_written(&directory, &name, since)
            {
                self.tell(id, &name, What::Modified, sink);
            }
        }
        if matches!(look, Look::Again(_)) {
            self.miss(id, path, (&found, &kept), sink);
        }
        Ok(below)
    }

    /// Tells of what was in a directory before and is not any more.
    pub(super) fn miss(
        &mut self,
        id: usize,
        path: &Path,
        (found, kept): (&Names, &[OsString]),
        sink: &mut dyn Sink,
    ) {
        let Some(node) = self.node_mut(id) else {
            return;
        };
        let place = node.place;
        let before = node.names.len();
        node.names.retain(|name| found.contains(name));
        let gone = before - node.names.len();
        let missing: Vec<OsString> = node
            .children
            .keys()
            .filter(|name| !kept.contains(name))
            .cloned()
            .collect();
        self.names = self.names.saturating_sub(gone);
        if gone > 0 {
            sink.nameless(place, path, u64::try_from(gone).unwrap_or(u64::MAX));
        }
        for name in missing {
            self.disappear(id, &name, true, sink);
        }
    }

    /// Whether a directory in directory `id` is entered: it is not ignored, and no other file system.
    pub(super) fn is_entered(&mut self, id: usize, directory: &OwnedFd, name: &OsStr) -> bool {
        if self.is_ignored(id, name) {
            return false;
        }
        let place = self.node(id).and_then(|node| self.places.get(node.place));
        let device = place.map_or(0, |place| place.device);
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let found = openat(directory, name, flags, Mode::empty()).and_then(|it| fstat(&it));
        // What is gone again has no device; whoever enters it will find that out.
        if found.is_ok_and(|found| found.st_dev != device) {
            self.gaps.mounts += 1;
            return false;
        }
        true
    }
}

fn kind_of(directory: &OwnedFd, name: &OsStr) -> FileType {
    statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).map_or(FileType::Unknown, |about| {
        FileType::from_raw_mode(about.st_mode)
    })
}

/// Whether a file was written at `since` or later.
fn was_written(directory: &OwnedFd, name: &OsStr, since: SystemTime) -> bool {
    let Ok(about) = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) else {
        return false;
    };
    if FileType::from_raw_mode(about.st_mode) != FileType::RegularFile {
        return false;
    }
    let since = since.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = u64::try_from(about.st_mtime).unwrap_or_default();
    // The clock of a file system goes in steps of milliseconds, behind the real one.
    let written = u128::from(seconds) * 1_000 + u128::from(about.st_mtime_nsec / 1_000_000);
    written + 10 >= since.as_millis()
}
