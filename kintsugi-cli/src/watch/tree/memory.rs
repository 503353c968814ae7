//! What is known of the places, as it is kept from one run of the watcher to the next: what changed in between is told then.
//!
//! Hashes of names, as in memory, below the names of directories. A file that is not understood, is of other settings or of another
//! version is as if there were none: then what is there is no news.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::nodes::{GIT, Names, hash, key};
use super::{Look, Tree};

/// Most names that are kept (some 1.6 MB): beyond, each start begins anew.
const KEPT_MAX: usize = 200_000;

/// Deepest directory that is read again.
const DEPTH_MAX: usize = 400;

/// What such a file begins with; behind it, what the hash of a known name and of the settings is, and when it was written.
const HEADER: &[u8; 16] = b"kintsugi-watch-1";

/// What was known when it was written.
#[derive(Debug)]
pub(crate) struct Memory {
    since: SystemTime,
    places: BTreeMap<PathBuf, Remembered>,
}

#[derive(Debug)]
struct Remembered {
    name: OsString,
    names: Names,
    below: Vec<Remembered>,
}

impl Tree {
    /// Returns what is known, to be kept; nothing when it is too much.
    pub(crate) fn to_keep(&self) -> Option<Vec<u8>> {
        if self.names > KEPT_MAX {
            return None;
        }
        let since = self.drained.duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut bytes = HEADER.to_vec();
        bytes.extend(self.settings().to_le_bytes());
        bytes.extend(
            u64::try_from(since.as_millis())
                .unwrap_or_default()
                .to_le_bytes(),
        );
        for place in &self.places {
            let Some(top) = place.top else { continue };
            let mut left = vec![top];
            while let Some(node) = left.pop().and_then(|id| self.node(id)) {
                put(&mut bytes, node.name.len());
                bytes.extend(node.name.as_bytes());
                put(&mut bytes, node.names.len());
                for name in &node.names {
                    bytes.extend(name.to_le_bytes());
                }
                put(&mut bytes, node.children.len());
                left.extend(node.children.values().rev());
            }
        }
        Some(bytes)
    }

    /// What a file must have been written with to be of use.
    fn settings(&self) -> u64 {
        key(
            hash(OsStr::new("a known name")),
            OsStr::new(&format!("{:?}", self.ignored)),
        )
    }

    /// Reads what was kept.
    pub(crate) fn kept(&self, bytes: &[u8]) -> Option<Memory> {
        let mut reader = Reader(bytes.strip_prefix(HEADER)?);
        if reader.number()? != self.settings() {
            return None;
        }
        let since = UNIX_EPOCH + Duration::from_millis(reader.number()?);
        let mut places = BTreeMap::new();
        while !reader.0.is_empty() {
            let place = reader.directory(0)?;
            places.insert(PathBuf::from(&place.name), place);
        }
        Some(Memory { since, places })
    }

    /// Begins with what was known: of that it is told what has become of it since.
    pub(crate) fn recall_all(&mut self, memory: Memory) {
        self.memory = Some(memory);
    }

    /// Puts what was known of a place that was just found under its top; returns how it is to be looked at.
    pub(super) fn recall(&mut self, top: usize, real: &Path) -> Option<Look> {
        let memory = self.memory.as_mut()?;
        let (known, since) = (memory.places.remove(real)?, memory.since);
        let mut left = vec![(top, known)];
        while let Some((id, known)) = left.pop() {
            self.names += known.names.len();
            if known.names.contains(&hash(OsStr::new(GIT))) {
                self.working_copies.push(id);
            }
            if let Some(node) = self.node_mut(id) {
                node.names = known.names;
            }
            for below in known.below {
                if let Some(child) = self.adopt(id, &below.name) {
                    left.push((child, below));
                }
            }
        }
        Some(Look::Again(since))
    }
}

impl Memory {
    /// Returns when it was kept, in milliseconds since 1970.
    pub(crate) fn since_ms(&self) -> u64 {
        let since = self.since.duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or_default()
    }
}

fn put(bytes: &mut Vec<u8>, number: usize) {
    bytes.extend(u64::try_from(number).unwrap_or(u64::MAX).to_le_bytes());
}

struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    fn count(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    fn directory(&mut self, depth: usize) -> Option<Remembered> {
        if depth > DEPTH_MAX {
            return None;
        }
        let length = self.count()?;
        let (name, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        let mut names = Names::default();
        for _ in 0..self.count()? {
            names.insert(self.number()?);
        }
        let mut below = Vec::new();
        for _ in 0..self.count()? {
            below.push(self.directory(depth + 1)?);
        }
        Some(Remembered {
            name: OsString::from_vec(name.to_vec()),
            names,
            below,
        })
    }
}
