//! The directories that are watched, and what is known to be in them (`inotify(7)`).
//!
//! A watch is of one directory. One that appears is watched first and read afterwards, so that whatever came into it in between is
//! found; each name is remembered as a hash, so that nothing is told twice, and so that everything can be looked at again when the
//! kernel has dropped events. Of a file that costs 8 bytes and the room that a set keeps free (some 16), of a directory some 300
//! bytes here and about 1 KiB in the kernel. Links are not followed, other file systems not entered.

mod look;
mod memory;
mod nodes;
mod places;

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

pub(crate) use self::memory::Memory;
use self::nodes::{Node, hash, key};
use super::ignored::Ignored;

/// Most names that are remembered at once: some 40 MiB. Directories beyond are not entered.
const NAMES_MAX: usize = 2_000_000;

/// What is told of a directory. A file that is written counts when it is closed: a build writes a thousand times and closes once.
const WANTED: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::DELETE)
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR)
    .union(WatchFlags::DONT_FOLLOW)
    .union(WatchFlags::MASK_ADD);

/// What is told of a directory above a place that is not there.
const VIGIL: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR)
    .union(WatchFlags::MASK_ADD);

/// Bytes of events that are read at once.
const EVENTS_BYTES: usize = 64 * 1024;

/// A change, as it is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// A name that was not there.
    Created,
    /// A file that was there has been written, or replaced by another.
    Modified,
    /// A name that was there is gone.
    Removed,
    /// A directory that was not entered is gone, with everything in it.
    Whole,
}

/// A name in a directory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    /// The number of the place that it lies below.
    pub(crate) place: usize,
    /// The directory.
    pub(crate) directory: &'a Path,
    /// The name in it.
    pub(crate) name: &'a OsStr,
    /// Stands for the whole path.
    pub(crate) key: u64,
}

/// What the kernel tells of a directory that is watched.
#[derive(Debug, Clone, Copy)]
struct Event<'a> {
    watch: i32,
    flags: ReadFlags,
    cookie: u32,
    name: Option<&'a OsStr>,
}

/// Takes what has changed.
pub(crate) trait Sink {
    /// A change of a name.
    fn change(&mut self, at: At<'_>, what: What);
    /// `count` names in `directory` are gone, and which they were is not known.
    fn nameless(&mut self, place: usize, directory: &Path, count: u64);
    /// What the first of `keys` stood for is now `to`, for which the second stands; `onto` says that something stood there.
    fn moved(&mut self, place: usize, to: (&Path, &OsStr), keys: (u64, u64), onto: bool);
    /// Everything below a place was looked at again.
    fn looked_again(&mut self, place: usize);
}
/// A directory that was named.
#[derive(Debug)]
struct Place {
    named: PathBuf,
    real: PathBuf,
    top: Option<usize>,
    device: u64,
    /// What is watched until it appears: something above it.
    vigil: Option<i32>,
}

/// How a directory is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// What is there was there before.
    First,
    /// It has just appeared, so what is in it has, too.
    Appeared,
    /// The kernel dropped events; what was written since then counts as well.
    Again(SystemTime),
}

/// A name that has left its directory, and may come up again as another one.
#[derive(Debug)]
struct Leaving {
    cookie: u32,
    place: usize,
    directory: PathBuf,
    name: OsString,
    key: u64,
    child: Option<usize>,
    what: What,
}

/// What could not be watched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Gaps {
    /// Directories for which the kernel has no watch left, or this process no memory.
    pub(crate) beyond: u64,
    /// Directories that may not be read.
    pub(crate) closed: u64,
    /// File systems that cover a directory.
    pub(crate) mounts: u64,
}

/// Everything that is watched.
#[derive(Debug)]
pub(crate) struct Tree {
    inotify: OwnedFd,
    nodes: Vec<Option<Node>>,
    free: Vec<usize>,
    watches: HashMap<i32, usize>,
    places: Vec<Place>,
    ignored: Ignored,
    leaving: Vec<Leaving>,
    /// When the first of those left.
    left_at: Option<Instant>,
    names: usize,
    /// The kernel has dropped events.
    lost: bool,
    /// Something above a place that is not there has changed.
    stirred: bool,
    /// When everything that the kernel had was last read.
    drained: SystemTime,
    gaps: Gaps,
    /// What was known when the watcher ran before, until everything was looked at for the first time.
    memory: Option<Memory>,
    /// Working copies that have come up since they were last asked for.
    working_copies: Vec<usize>,
}

impl Tree {
    /// Watches `places`; what is in them now is no news.
    ///
    /// # Errors
    /// When the kernel has no inotify instance left (`max_user_instances`).
    pub(crate) fn new(places: &[PathBuf], ignored: Ignored) -> io::Result<Self> {
        let mut tree = Self {
            inotify: inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?,
            nodes: Vec::new(),
            free: Vec::new(),
            watches: HashMap::new(),
            places: Vec::new(),
            ignored,
            leaving: Vec::new(),
            left_at: None,
            names: 0,
            lost: false,
            stirred: false,
            drained: SystemTime::now(),
            gaps: Gaps::default(),
            memory: None,
            working_copies: Vec::new(),
        };
        for named in places {
            tree.places.push(Place {
                named: named.clone(),
                real: named.clone(),
                top: None,
                device: 0,
                vigil: None,
            });
        }
        Ok(tree)
    }

    /// Begins to watch every place that is there.
    pub(crate) fn begin(&mut self, sink: &mut dyn Sink) {
        for place in 0..self.places.len() {
            self.settle_place(place, Look::First, sink);
        }
        self.memory = None;
    }

    /// Returns the descriptor that is readable when something has changed.
    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }

    /// Returns how many directories are watched.
    pub(crate) fn directories(&self) -> usize {
        self.watches.len()
    }

    /// Returns how many names are known.
    pub(crate) const fn names(&self) -> usize {
        self.names
    }

    /// Returns what could not be watched.
    pub(crate) const fn gaps(&self) -> Gaps {
        self.gaps
    }

    /// Returns the working copies that have come up since this was last asked.
    pub(crate) fn new_working_copies(&mut self) -> Vec<PathBuf> {
        let new = std::mem::take(&mut self.working_copies);
        let there = new.into_iter().filter(|id| self.node(*id).is_some());
        there.map(|id| self.path(id)).collect()
    }

    /// Returns a place as it was named and as it is with links followed, and whether it is there.
    pub(crate) fn place(&self, place: usize) -> Option<(&Path, &Path, bool)> {
        let place = self.places.get(place)?;
        Some((&place.named, &place.real, place.top.is_some()))
    }

    /// Whether everything is to be looked at again.
    pub(crate) const fn has_lost(&self) -> bool {
        self.lost
    }

    /// Takes what the kernel has to tell, `most` events or a few more; false when there is more.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read(&mut self, most: usize, sink: &mut dyn Sink) -> io::Result<bool> {
        let mut buffer = vec![MaybeUninit::uninit(); EVENTS_BYTES];
        let inotify = self.inotify.try_clone()?;
        let mut reader = Reader::new(inotify, &mut buffer);
        let mut count = 0;
        while count < most || !reader.is_buffer_empty() {
            let event = match reader.next() {
                Ok(event) => event,
                Err(Errno::AGAIN) => {
                    // After dropped events the last moment before them counts, until everything was looked at again.
                    if !self.lost {
                        self.drained = SystemTime::now();
                    }
                    return Ok(true);
                }
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            count += 1;
            let name = event
                .file_name()
                .map(|name| OsStr::from_bytes(name.to_bytes()).to_owned());
            let event = Event {
                watch: event.wd(),
                flags: event.events(),
                cookie: event.cookie(),
                name: name.as_deref(),
            };
            self.take(event, sink);
        }
        Ok(false)
    }

    /// Takes one event.
    fn take(&mut self, event: Event<'_>, sink: &mut dyn Sink) {
        let Event {
            watch,
            flags,
            cookie,
            name,
        } = event;
        if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
            self.lost = true;
            return;
        }
        if self.places.iter().any(|place| place.vigil == Some(watch)) {
            self.stirred = true;
        }
        let Some(id) = self.watches.get(&watch).copied() else {
            return;
        };
        if flags.contains(ReadFlags::IGNORED) {
            self.watches.remove(&watch);
            if let Some(node) = self.node_mut(id) {
                node.watch = None;
                if node.parent.is_none() {
                    self.lose_place(id, sink);
                }
            }
            return;
        }
        let Some(name) = name else {
            let gone = ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF | ReadFlags::UNMOUNT;
            let is_top = self.node(id).is_some_and(|node| node.parent.is_none());
            if flags.intersects(gone) && is_top {
                self.lose_place(id, sink);
            }
            return;
        };
        let is_directory = flags.contains(ReadFlags::ISDIR);
        if flags.contains(ReadFlags::CREATE) {
            self.appear(id, name, is_directory, sink);
        } else if flags.contains(ReadFlags::CLOSE_WRITE) {
            self.written(id, name, sink);
        } else if flags.contains(ReadFlags::DELETE) {
            self.disappear(id, name, is_directory, sink);
        } else if flags.contains(ReadFlags::MOVED_FROM) {
            self.leave(id, name, cookie, is_directory);
        } else if flags.contains(ReadFlags::MOVED_TO) {
            self.arrive(id, name, (cookie, is_directory), sink);
        }
    }

    fn appear(&mut self, id: usize, name: &OsStr, is_directory: bool, sink: &mut dyn Sink) {
        if !is_directory || self.is_ignored(id, name) {
            if self.remember(id, name) {
                self.tell(id, name, What::Created, sink);
            }
        } else if self.child(id, name).is_none()
            && let Some(child) = self.adopt(id, name)
        {
            self.tell(id, name, What::Created, sink);
            self.look(child, Look::Appeared, sink);
        }
    }

    fn written(&mut self, id: usize, name: &OsStr, sink: &mut dyn Sink) {
        let what = if self.remember(id, name) {
            What::Created
        } else {
            What::Modified
        };
        self.tell(id, name, what, sink);
    }

    fn disappear(&mut self, id: usize, name: &OsStr, is_directory: bool, sink: &mut dyn Sink) {
        if let Some(child) = self.child(id, name) {
            self.detach(id, name);
            self.forget(child, true, sink);
            self.tell(id, name, What::Removed, sink);
        } else if self.let_go(id, name) {
            self.tell(id, name, gone(is_directory), sink);
        }
    }

    fn leave(&mut self, id: usize, name: &OsStr, cookie: u32, is_directory: bool) {
        let child = self.child(id, name);
        let was_known = match child {
            Some(_) => {
                self.detach(id, name);
                true
            }
            None => self.let_go(id, name),
        };
        let Some(node) = self.node(id).filter(|_| was_known) else {
            return;
        };
        let left = Leaving {
            cookie,
            place: node.place,
            key: key(node.key, name),
            directory: self.path(id),
            name: name.to_owned(),
            child,
            what: gone(is_directory && child.is_none()),
        };
        self.left_at.get_or_insert_with(Instant::now);
        self.leaving.push(left);
    }

    fn arrive(
        &mut self,
        id: usize,
        name: &OsStr,
        (cookie, is_directory): (u32, bool),
        sink: &mut dyn Sink,
    ) {
        let left = self.leaving.iter().position(|one| one.cookie == cookie);
        let Some(left) = left.map(|at| self.leaving.swap_remove(at)) else {
            // From somewhere that is not watched; what it replaces was known under its name.
            if !is_directory
                && self
                    .node(id)
                    .is_some_and(|node| node.names.contains(&hash(name)))
            {
                self.tell(id, name, What::Modified, sink);
            } else {
                self.appear(id, name, is_directory, sink);
            }
            return;
        };
        let Some((place, above)) = self.node(id).map(|node| (node.place, node.key)) else {
            return;
        };
        let keys = (left.key, key(above, name));
        let directory = self.path(id);
        let Some(child) = left.child else {
            let onto = !self.remember(id, name);
            sink.moved(place, (&directory, name), keys, onto);
            return;
        };
        // A directory can be renamed onto an empty one.
        let onto = self.child(id, name);
        if let Some(onto) = onto {
            self.detach(id, name);
            self.forget(onto, false, sink);
        }
        sink.moved(place, (&directory, name), keys, onto.is_some());
        if self.is_ignored(id, name) {
            self.forget(child, false, sink);
            self.remember(id, name);
            return;
        }
        self.attach(id, name, child);
    }

    /// Returns when the first of those left that have not come up again under another name.
    pub(crate) const fn left_at(&self) -> Option<Instant> {
        self.left_at
    }

    /// Takes those for gone that left and did not come up again.
    pub(crate) fn settle(&mut self, sink: &mut dyn Sink) {
        self.left_at = None;
        for one in std::mem::take(&mut self.leaving) {
            if let Some(child) = one.child {
                self.forget(child, true, sink);
            }
            let at = At {
                place: one.place,
                directory: &one.directory,
                name: &one.name,
                key: one.key,
            };
            sink.change(at, one.what);
        }
    }

    fn is_ignored(&self, id: usize, name: &OsStr) -> bool {
        let directory = self.node(id).map_or(OsStr::new(""), |node| &node.name);
        self.ignored.has(Path::new(directory), name)
    }

    fn tell(&self, id: usize, name: &OsStr, what: What, sink: &mut dyn Sink) {
        if let Some(node) = self.node(id) {
            let at = At {
                place: node.place,
                directory: &self.path(id),
                name,
                key: key(node.key, name),
            };
            sink.change(at, what);
        }
    }
}

/// What is told of a name that is gone and was not entered.
const fn gone(is_directory: bool) -> What {
    if is_directory {
        What::Whole
    } else {
        What::Removed
    }
}

#[cfg(test)]
mod tests;
