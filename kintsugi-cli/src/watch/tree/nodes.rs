//! What is known of directories, by number: a slab, since they come and go by the thousand.

use std::collections::{BTreeMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::hash::{BuildHasherDefault, DefaultHasher, Hash as _, Hasher};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use rustix::fs::inotify;

use super::{Sink, Tree};

/// By which a working copy is known, a directory in it or a file.
pub(super) const GIT: &str = ".git";

pub(super) type Names = HashSet<u64, BuildHasherDefault<Plain>>;

/// Keeps what is a hash already.
#[derive(Debug, Default)]
pub(super) struct Plain(u64);

impl Hasher for Plain {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

pub(super) fn hash(of: &OsStr) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.as_bytes().hash(&mut hasher);
    hasher.finish()
}

/// Stands for the path of a name in the directory that `directory` stands for.
pub(super) fn key(directory: u64, name: &OsStr) -> u64 {
    let mut hasher = DefaultHasher::new();
    directory.hash(&mut hasher);
    name.as_bytes().hash(&mut hasher);
    hasher.finish()
}

/// One directory.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) place: usize,
    pub(super) parent: Option<usize>,
    /// The whole path, for the top of a place.
    pub(super) name: OsString,
    pub(super) key: u64,
    pub(super) watch: Option<i32>,
    /// Everything in it that is no directory that is entered.
    pub(super) names: Names,
    pub(super) children: BTreeMap<OsString, usize>,
}

impl Tree {
    /// Remembers a name; false when it was known.
    pub(super) fn remember(&mut self, id: usize, name: &OsStr) -> bool {
        let is_new = self
            .node_mut(id)
            .is_some_and(|node| node.names.insert(hash(name)));
        self.names += usize::from(is_new);
        if is_new && name == GIT {
            self.working_copies.push(id);
        }
        is_new
    }

    /// Forgets a name; false when it was not known.
    pub(super) fn let_go(&mut self, id: usize, name: &OsStr) -> bool {
        let was_known = self
            .node_mut(id)
            .is_some_and(|node| node.names.remove(&hash(name)));
        self.names = self.names.saturating_sub(usize::from(was_known));
        was_known
    }

    pub(super) fn child(&self, id: usize, name: &OsStr) -> Option<usize> {
        self.node(id)?.children.get(name).copied()
    }

    /// Makes room for a directory that is in directory `id`.
    pub(super) fn adopt(&mut self, id: usize, name: &OsStr) -> Option<usize> {
        let above = self.node(id)?;
        let child = self.add(Node {
            place: above.place,
            parent: Some(id),
            name: name.to_owned(),
            key: key(above.key, name),
            watch: None,
            names: Names::default(),
            children: BTreeMap::new(),
        });
        self.node_mut(id)?.children.insert(name.to_owned(), child);
        if name == GIT {
            self.working_copies.push(id);
        }
        Some(child)
    }

    pub(super) fn add(&mut self, node: Node) -> usize {
        if let Some(id) = self.free.pop() {
            if let Some(room) = self.nodes.get_mut(id) {
                *room = Some(node);
            }
            id
        } else {
            self.nodes.push(Some(node));
            self.nodes.len() - 1
        }
    }

    pub(super) fn detach(&mut self, id: usize, name: &OsStr) {
        if let Some(node) = self.node_mut(id) {
            node.children.remove(name);
        }
    }

    /// Puts a directory with everything below it under another name.
    pub(super) fn attach(&mut self, id: usize, name: &OsStr, child: usize) {
        let Some((place, above)) = self.node(id).map(|node| (node.place, node.key)) else {
            return;
        };
        if let Some(node) = self.node_mut(id) {
            node.children.insert(name.to_owned(), child);
        }
        if let Some(node) = self.node_mut(child) {
            name.clone_into(&mut node.name);
            node.parent = Some(id);
        }
        let mut left = vec![(child, key(above, name))];
        while let Some((id, new)) = left.pop() {
            let Some(node) = self.node_mut(id) else {
                continue;
            };
            node.key = new;
            node.place = place;
            left.extend(node.children.iter().map(|(name, id)| (*id, key(new, name))));
        }
    }

    /// Forgets a directory and everything below it; tells how much that was when it is `gone`.
    pub(super) fn forget(&mut self, id: usize, gone: bool, sink: &mut dyn Sink) {
        let mut left = vec![id];
        while let Some(id) = left.pop() {
            let path = self.path(id);
            let Some(node) = self.nodes.get_mut(id).and_then(Option::take) else {
                continue;
            };
            let known = node.names.len();
            self.names = self.names.saturating_sub(known);
            if let Some(watch) = node.watch
                && self.watches.get(&watch) == Some(&id)
            {
                self.watches.remove(&watch);
                // A directory that was moved away is still watched; of one that was removed nothing is left to do.
                inotify::remove_watch(&self.inotify, watch).unwrap_or_default();
            }
            let count = known + node.children.len();
            if gone && count > 0 {
                sink.nameless(node.place, &path, u64::try_from(count).unwrap_or(u64::MAX));
            }
            left.extend(node.children.values());
            self.free.push(id);
        }
    }

    pub(super) fn node(&self, id: usize) -> Option<&Node> {
        self.nodes.get(id).and_then(Option::as_ref)
    }

    pub(super) fn node_mut(&mut self, id: usize) -> Option<&mut Node> {
        self.nodes.get_mut(id).and_then(Option::as_mut)
    }

    pub(super) fn path(&self, id: usize) -> PathBuf {
        let mut names = Vec::new();
        let mut next = self.node(id);
        while let Some(node) = next {
            names.push(node.name.as_os_str());
            next = node.parent.and_then(|parent| self.node(parent));
        }
        names.into_iter().rev().collect()
    }
}
