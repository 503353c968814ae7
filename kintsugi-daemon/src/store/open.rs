//! What to believe of a log at a start, and what to do about the rest.
//!
//! A torn tail is cut and kept in a file of its own. Anything worse is never repaired: the evidence stays, and a new segment
//! begins that continues nothing. Interrupted anywhere and run again, it comes to the same.

use std::io;
use std::ops::Range;

use kintsugi_core::audit::chain::{Chain, Key, Seal, hex};
use kintsugi_core::audit::head::{Head, SLOT_BYTES};
use kintsugi_core::audit::merkle::Frontier;
use kintsugi_core::audit::record::{Body, Opening, Record};
use kintsugi_core::audit::{
    CHECKPOINTS_FILE, HEAD_FILE, NEW_HEAD_FILE, first_key_name, is_known, segment_first,
    segment_name,
};
use kintsugi_core::limits::RECORD_BYTES_MAX;
use uuid::Uuid;

use super::log::{HeadFile, Log, Options};
use super::notes::Notes;
use super::recover::Recovery;
use super::reserve::Reserve;
use super::scan::Fold;
use super::segment::{At, Position};
use super::storage::{Storage, StoredFile, read_fully, write_fully};

/// Why a log cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The storage failed while it was being looked at.
    #[error("cannot read the log")]
    Read(#[source] io::Error),
    /// The storage failed while the log was made or its torn tail was moved.
    #[error("cannot write the log")]
    Write(#[source] io::Error),
    /// A newer program has written here; this one leaves it alone.
    #[error("segment {segment} is of format version {version}, which this program does not know")]
    Version {
        /// First record of the segment.
        segment: u64,
        /// The version.
        version: u64,
    },
    /// A record is genuine and this program cannot read it.
    #[error("record {seq} is genuine, but not of a kind that this program knows: {what}")]
    Unknown {
        /// The record.
        seq: u64,
        /// What is wrong with it.
        what: String,
    },
}

/// How the log was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Start {
    /// There was none.
    New,
    /// Its last record is `shutdown`.
    Clean,
    /// Whole, but the daemon before did not stop in order.
    Unclean,
    /// Its tail was torn by a crash; nothing that was acknowledged is lost.
    Torn {
        /// Bytes that were moved.
        bytes: u64,
        /// The file they are in.
        file: String,
    },
    /// It does not verify. The daemon is to be strict and to say so everywhere.
    Incident {
        /// What is wrong, in one line.
        what: String,
    },
}

/// What a start finds, beside the records that were given to its [`Fold`]: those of the last segment, and none after an
/// incident.
#[derive(Debug)]
pub struct Replay {
    /// How the log was found.
    pub start: Start,
    /// Names in the directory that are not of a log. They are left alone.
    pub foreign: Vec<String>,
    /// Records between two segments that are there, which no segment holds.
    pub gaps: Vec<Range<u64>>,
}

/// What is in the directory.
pub(super) struct Inventory {
    pub(super) segments: Vec<u64>,
    pub(super) torn: Vec<String>,
    pub(super) has_head: bool,
    pub(super) has_checkpoints: bool,
    pub(super) foreign: Vec<String>,
    pub(super) gaps: Vec<Range<u64>>,
}

/// Looks at the names in the directory of a log whose segments have `records` records each.
pub(super) fn inventory(storage: &dyn Storage, records: u64) -> Result<Inventory, OpenError> {
    let mut found = Inventory {
        segments: Vec::new(),
        torn: Vec::new(),
        has_head: false,
        has_checkpoints: false,
        foreign: Vec::new(),
        gaps: Vec::new(),
    };
    for name in storage.names().map_err(OpenError::Read)? {
        if let Some(first) = segment_first(&name) {
            found.segments.push(first);
        } else if name == HEAD_FILE {
            found.has_head = true;
        } else if name == CHECKPOINTS_FILE {
            found.has_checkpoints = true;
        } else if name.starts_with("torn-") {
            found.torn.push(name);
        } else if !is_known(&name) {
            found.foreign.push(name);
        }
    }
    found.segments.sort_unstable();
    found.torn.sort_unstable();
    found.foreign.sort_unstable();
    // A segment that ended early is followed by the next one at once.
    let ends = |first: &u64| first.saturating_add(records);
    let pairs = found.segments.iter().zip(found.segments.iter().skip(1));
    let gaps =
        pairs.filter(|(first, next)| ends(first) < **next && !follows(storage, **next, **first));
    found.gaps = gaps.map(|(first, next)| ends(first)..*next).collect();
    Ok(found)
}

/// Whether a segment says that it follows `before`, which an earlier version made longer, or that it opens behind an incident,
/// which leaves places that no record ever had.
fn follows(storage: &dyn Storage, first: u64, before: u64) -> bool {
    let read = storage.open(&segment_name(first)).and_then(|file| {
        let mut bytes = vec![0; RECORD_BYTES_MAX];
        let read = file.read_at(0, &mut bytes)?;
        bytes.truncate(read);
        Ok(bytes)
    });
    let bytes = read.unwrap_or_default();
    let line = bytes.split(|byte| *byte == b'\n').next();
    let record = line.and_then(|line| Record::read(line).ok());
    let Some(Body::Open {
        opening, previous, ..
    }) = record.map(|record| record.body)
    else {
        return false;
    };
    opening == Opening::Incident || previous.is_some_and(|previous| previous.segment == before)
}

pub(super) fn open(
    storage: Box<dyn Storage>,
    options: Options,
    fold: &mut dyn Fold,
) -> Result<(Log, Replay), OpenError> {
    fold.begin();
    let (mut log, replay) = believe(storage, options, fold)?;
    let taken = log.reserve.take(log.storage.as_ref());
    taken.map_err(OpenError::Write)?;
    Ok((log, replay))
}

fn believe(
    storage: Box<dyn Storage>,
    options: Options,
    fold: &mut dyn Fold,
) -> Result<(Log, Replay), OpenError> {
    let found = inventory(storage.as_ref(), options.segment_records)?;
    if !found.has_head && found.segments.is_empty() && !found.has_checkpoints {
        return create(storage, options, found.foreign);
    }
    let head = read_head(storage.as_ref(), found.has_head)?;
    let recovery = Recovery {
        storage,
        options,
        found,
        fold,
    };
    match head {
        None => recovery.without_head(),
        Some((head, file)) => recovery.with_head(&head, file),
    }
}

fn read_head(storage: &dyn Storage, exists: bool) -> Result<Option<(Head, HeadFile)>, OpenError> {
    if !exists {
        return Ok(None);
    }
    let file = storage.open(HEAD_FILE).map_err(OpenError::Read)?;
    let bytes = read_fully(file.as_ref(), 0).map_err(OpenError::Read)?;
    let slots = bytes.split_at_checked(SLOT_BYTES);
    let (first, second) = slots.unwrap_or_default();
    let (first, second) = (Head::decode(first), Head::decode(second));
    let is_whole = first.is_some() && second.is_some();
    Ok(Head::latest(&bytes).map(|head| {
        // The next write goes to the slot that is not the latest.
        let in_first = first.is_some_and(|slot| slot.chain.next == head.chain.next);
        let writes = u64::from(in_first);
        let file = HeadFile {
            file,
            writes,
            is_whole,
        };
        (head, file)
    }))
}

/// Makes a new log. Interrupted, it leaves no head and is made again.
fn create(
    storage: Box<dyn Storage>,
    options: Options,
    foreign: Vec<String>,
) -> Result<(Log, Replay), OpenError> {
    let id = uuid::Builder::from_random_bytes(derive(&options.seed, "log id")).into_uuid();
    let key = first_key(storage.as_ref(), &options.seed, 0)?;
    let checkpoints = Notes::create(storage.as_ref(), &options.seed).map_err(OpenError::Write)?;
    let chain = Chain {
        next: 0,
        seal: Seal::genesis(&id.to_string()),
        key,
    };
    let position = beginning(chain);
    let head = replace_head(storage.as_ref(), id, &position)?;
    let at = At::Between(Opening::New);
    let log = assemble(storage, options, id, (at, position), (head, checkpoints));
    let replay = Replay {
        start: Start::New,
        foreign,
        gaps: Vec::new(),
    };
    Ok((log, replay))
}

/// Returns the place at which nothing is before `chain`.
pub(super) fn beginning(chain: Chain) -> Position {
    let first = chain.next;
    Position {
        chain,
        segment: first,
        bytes: 0,
        opened_bytes: 0,
        hasher: blake3::Hasher::new(),
        tree: Frontier::default(),
        tree_first: first,
    }
}

/// Makes the key of record `first` and the file in which it waits to be taken away.
pub(super) fn first_key(
    storage: &dyn Storage,
    seed: &[u8; 32],
    first: u64,
) -> Result<Key, OpenError> {
    let key = Key::new(*blake3::keyed_hash(seed, b"first key").as_bytes());
    let name = first_key_name(first);
    let text = format!("{}\n", hex(key.expose()));
    replace(storage, &name, text.as_bytes()).map_err(OpenError::Write)?;
    Ok(key)
}

/// Makes `name` hold `bytes`, durable but for its name.
pub(super) fn replace(
    storage: &dyn Storage,
    name: &str,
    bytes: &[u8],
) -> io::Result<Box<dyn StoredFile>> {
    let file = match storage.create(name) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => storage.open(name)?,
        made => made?,
    };
    file.cut(0)?;
    write_fully(file.as_ref(), 0, bytes)?;
    file.sync()?;
    Ok(file)
}

pub(super) fn replace_head(
    storage: &dyn Storage,
    id: Uuid,
    position: &Position,
) -> Result<HeadFile, OpenError> {
    let head = Head {
        log_id: *id.as_bytes(),
        chain: position.chain.clone(),
        segment: position.segment,
        offset: position.bytes,
    };
    // Both slots say the same: neither is ever empty.
    let slots = [head.encode(), head.encode()].concat();
    let written = replace(storage, NEW_HEAD_FILE, &slots).and_then(|file| {
        // What the head relies on, the keys above all, is there before it is.
        storage.sync_names()?;
        storage.rename(NEW_HEAD_FILE, HEAD_FILE)?;
        storage.sync_names()?;
        Ok(file)
    });
    let file = written.map_err(OpenError::Write)?;
    Ok(HeadFile {
        file,
        writes: 0,
        is_whole: true,
    })
}

pub(super) fn derive(seed: &[u8; 32], what: &str) -> [u8; 16] {
    let mut bytes = [0; 16];
    let hash = blake3::keyed_hash(seed, what.as_bytes());
    for (to, from) in bytes.iter_mut().zip(hash.as_bytes()) {
        *to = *from;
    }
    bytes
}

pub(super) fn assemble(
    storage: Box<dyn Storage>,
    options: Options,
    id: Uuid,
    (at, position): (At, Position),
    (head, checkpoints): (HeadFile, Notes),
) -> Log {
    Log {
        storage,
        options,
        id,
        at,
        staged: position.clone(),
        durable: position,
        head,
        checkpoints,
        unsynced_since: None,
        reserve: Reserve::default(),
        opened: Vec::new(),
        notes: Vec::new(),
        failed: false,
    }
}
