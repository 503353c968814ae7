//! Storage in memory, with power that can fail: for tests.
//!
//! What was written and not synced survives a crash in any subset of its sectors, at any size in between, and names
//! survive in any order. That is more than file systems do to us, and at most what they are allowed to.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

use super::storage::{FileState, Storage, StoredFile};

/// Bytes that a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;

/// Chooses what survives a crash.
pub trait Chance {
    /// Returns a number below `bound`, which is not 0.
    fn below(&mut self, bound: usize) -> usize;
}

/// Numbers that look random and are the same for the same seed (`SplitMix64`).
#[derive(Debug, Clone)]
pub struct Seeded(
    /// The seed, to be printed when a test fails.
    pub u64,
);

impl Chance for Seeded {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(mixed % bound).unwrap_or_default()
    }
}

#[derive(Debug, Clone)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Cut(usize),
}

#[derive(Debug, Clone, Default)]
struct Inode {
    now: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
    links: u64,
    /// Room that was taken and not written to.
    allocated: usize,
}

#[derive(Debug, Clone)]
enum NameChange {
    Link(String, usize),
    Rename(String, String),
    Remove(String),
}

#[derive(Debug, Clone, Default)]
struct Disk {
    inodes: Vec<Inode>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    unsynced_names: Vec<NameChange>,
    /// Bytes that fit; without it there is no end.
    room: Option<usize>,
}

impl Disk {
    /// Returns how many of `bytes` more still fit.
    fn fits(&self, bytes: usize) -> usize {
        let Some(room) = self.room else {
            return bytes;
        };
        bytes.min(room.saturating_sub(self.used()))
    }

    fn used(&self) -> usize {
        let linked = self.inodes.iter().filter(|inode| inode.links > 0);
        linked.map(Inode::size).sum()
    }
}

impl Inode {
    fn size(&self) -> usize {
        self.now.len().max(self.allocated)
    }
}

/// A directory in memory. A clone is the same directory.
#[derive(Debug, Clone, Default)]
pub struct Memory(Rc<RefCell<Disk>>);

impl Memory {
    /// Returns an empty directory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns how many bytes its files take.
    #[must_use]
    pub fn used(&self) -> usize {
        self.0.borrow().used()
    }

    /// Sets how many bytes fit from now on.
    pub fn limit(&self, room: usize) {
        self.0.borrow_mut().room = Some(room);
    }

    /// Returns what is in the file `name`, synced or not.
    #[must_use]
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        let disk = self.0.borrow();
        let inode = disk.names.get(name)?;
        disk.inodes.get(*inode).map(|inode| inode.now.clone())
    }

    /// Makes the file `name` hold `bytes`, durable at once: another hand than the log's.
    pub fn put(&self, name: &str, bytes: Vec<u8>) {
        let mut disk = self.0.borrow_mut();
        let number = disk.inodes.len();
        disk.inodes.push(Inode {
            durable: bytes.clone(),
            now: bytes,
            links: 1,
            ..Inode::default()
        });
        let before = disk.names.insert(name.to_owned(), number);
        disk.durable_names.insert(name.to_owned(), number);
        unlink(&mut disk, before);
    }

    /// Returns a copy that nothing done to this one changes.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        Self(Rc::new(RefCell::new(self.0.borrow().clone())))
    }

    /// Returns what is found after the power failed now.
    #[must_use]
    pub fn crash(&self, chance: &mut dyn Chance) -> Self {
        let disk = self.0.borrow();
        let mut after = Disk::default();
        for inode in &disk.inodes {
            let bytes = survive(inode, chance);
            after.inodes.push(Inode {
                durable: bytes.clone(),
                now: bytes,
                ..Inode::default()
            });
        }
        let mut names = disk.durable_names.clone();
        // Each change of a name happened or not, whatever happened to those before it.
        for change in &disk.unsynced_names {
            if chance.below(2) == 0 {
                continue;
            }
            match change {
                NameChange::Link(name, inode) => {
                    names.insert(name.clone(), *inode);
                }
                NameChange::Rename(from, to) => {
                    if let Some(inode) = names.remove(from) {
                        names.insert(to.clone(), inode);
                    }
                }
                NameChange::Remove(name) => {
                    names.remove(name);
                }
            }
        }
        for number in names.values() {
            if let Some(inode) = after.inodes.get_mut(*number) {
                inode.links += 1;
            }
        }
        after.durable_names.clone_from(&names);
        after.names = names;
        Self(Rc::new(RefCell::new(after)))
    }
}

fn unlink(disk: &mut Disk, inode: Option<usize>) {
    if let Some(inode) = inode.and_then(|number| disk.inodes.get_mut(number)) {
        inode.links = inode.links.saturating_sub(1);
    }
}

/// Returns what a crash leaves of one file.
fn survive(inode: &Inode, chance: &mut dyn Chance) -> Vec<u8> {
    let mut bytes = inode.durable.clone();
    // One in four crashes loses nothing, one in four everything.
    let luck = chance.below(4);
    if luck == 0 {
        return bytes;
    }
    if luck == 1 {
        return inode.now.clone();
    }
    for change in &inode.unsynced {
        match change {
            Change::Cut(length) => {
                if chance.below(2) == 1 {
                    bytes.resize(*length, 0);
                }
            }
            Change::Write { offset, bytes: new } => {
                survive_write(&mut bytes, *offset, new, chance);
            }
        }
    }
    bytes
}

/// Applies some of the sectors of a write. What lies before the last and did not survive reads as zeros, or as it was.
fn survive_write(bytes: &mut Vec<u8>, offset: usize, new: &[u8], chance: &mut dyn Chance) {
    let mut at = offset;
    let mut rest = new;
    while !rest.is_empty() {
        let length = (SECTOR_BYTES - at % SECTOR_BYTES).min(rest.len());
        let (sector, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        if chance.below(2) == 1 {
            write(bytes, at, sector);
        }
        at += length;
        rest = after;
    }
    // The size may be ahead of the content.
    if bytes.len() < at && chance.below(4) == 0 {
        bytes.resize(bytes.len() + chance.below(at - bytes.len() + 1), 0);
    }
}

fn write(bytes: &mut Vec<u8>, offset: usize, new: &[u8]) {
    let end = offset + new.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    if let Some(place) = bytes.get_mut(offset..end) {
        place.copy_from_slice(new);
    }
}

fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Storage for Memory {
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.0.borrow().names.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        let inode = self.0.borrow().names.get(name).copied();
        Ok(Box::new(MemoryFile {
            disk: Rc::clone(&self.0),
            inode: inode.ok_or_else(missing)?,
        }))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn StoredFile>> {
        let mut disk = self.0.borrow_mut();
        if disk.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let inode = disk.inodes.len();
        disk.inodes.push(Inode {
            links: 1,
            ..Inode::default()
        });
        disk.names.insert(name.to_owned(), inode);
        let change = NameChange::Link(name.to_owned(), inode);
        disk.unsynced_names.push(change);
        Ok(Box::new(MemoryFile {
            disk: Rc::clone(&self.0),
            inode,
        }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut disk = self.0.borrow_mut();
        let inode = disk.names.remove(from).ok_or_else(missing)?;
        let before = disk.names.insert(to.to_owned(), inode);
        unlink(&mut disk, before);
        let change = NameChange::Rename(from.to_owned(), to.to_owned());
        disk.unsynced_names.push(change);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut disk = self.0.borrow_mut();
        let inode = disk.names.remove(name).ok_or_else(missing)?;
        unlink(&mut disk, Some(inode));
        disk.unsynced_names
            .push(NameChange::Remove(name.to_owned()));
        Ok(())
    }

    fn sync_names(&self) -> io::Result<()> {
        let mut disk = self.0.borrow_mut();
        disk.unsynced_names.clear();
        disk.durable_names = disk.names.clone();
        Ok(())
    }
}

#[derive(Debug)]
struct MemoryFile {
    disk: Rc<RefCell<Disk>>,
    inode: usize,
}

impl MemoryFile {
    fn with<T>(&self, act: impl FnOnce(&mut Inode) -> T) -> io::Result<T> {
        let mut disk = self.disk.borrow_mut();
        disk.inodes.get_mut(self.inode).map(act).ok_or_else(missing)
    }
}

impl StoredFile for MemoryFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.with(|inode| {
            let offset = usize::try_from(offset).unwrap_or(usize::MAX);
            let rest = inode.now.get(offset..).unwrap_or_default();
            let length = rest.len().min(buffer.len());
            for (to, from) in buffer.iter_mut().zip(rest) {
                *to = *from;
            }
            length
        })
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let held = self.with(|inode| inode.size())?;
        let more = (offset + bytes.len()).saturating_sub(held);
        let fits = bytes.len() - more + self.disk.borrow().fits(more);
        let bytes = bytes.get(..fits).unwrap_or(bytes);
        if bytes.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.with(|inode| {
            write(&mut inode.now, offset, bytes);
            inode.unsynced.push(Change::Write {
                offset,
                bytes: bytes.to_vec(),
            });
            bytes.len()
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.with(|inode| {
            inode.unsynced.clear();
            inode.durable.clone_from(&inode.now);
        })
    }

    fn allocate(&self, bytes: u64) -> io::Result<()> {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        let more = self.with(|inode| bytes.saturating_sub(inode.size()))?;
        if self.disk.borrow().fits(more) < more {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.with(|inode| inode.allocated = inode.allocated.max(bytes))
    }

    fn cut(&self, bytes: u64) -> io::Result<()> {
        self.with(|inode| {
            let length = usize::try_from(bytes).unwrap_or(usize::MAX);
            inode.allocated = length;
            inode.now.resize(length, 0);
            inode.unsynced.push(Change::Cut(length));
        })
    }

    fn state(&self) -> io::Result<FileState> {
        self.with(|inode| FileState {
            bytes: u64::try_from(inode.size()).unwrap_or_default(),
            links: inode.links,
        })
    }
}
