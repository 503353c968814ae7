//! The file of signed checkpoints, and when the next one is due.
//!
//! A note is written after the records it covers are durable, and is durable itself before anybody is answered.

use std::io;
use std::time::Duration;

use kintsugi_core::audit::chain::{hex, unhex};
use kintsugi_core::audit::checkpoint::{self, Checkpoint, Signer, origin};
use kintsugi_core::audit::{CHECKPOINTS_FILE, SIGNING_KEY_FILE};
use kintsugi_core::limits::CHECKPOINT_RECORDS;
use uuid::Uuid;

use super::open::replace;
use super::reserve::{Reserve, is_full};
use super::segment::Position;
use super::storage::{Storage, StoredFile, read_fully, write_fully};

/// Longest that a durable record stays without a signed checkpoint, in milliseconds.
pub const CHECKPOINT_MS_MAX: u64 = 60_000;

/// Bytes at the end of the file in which the last note is looked for; one has some three hundred.
const TAIL_BYTES: u64 = 64 * 1024;

/// The signed checkpoints of a log.
#[derive(Debug)]
pub(super) struct Notes {
    /// Nothing when the key is gone: no checkpoint can be signed, and a verification says so.
    signer: Option<Signer>,
    file: Option<Box<dyn StoredFile>>,
    bytes: u64,
    /// Records that the last note covers.
    covered: u64,
    /// Something was recorded that is to be signed at once.
    wanted: bool,
    /// When the first record that no note covers was staged.
    since: Option<Duration>,
    /// The last note that was written, until somebody takes it.
    written: Option<String>,
}

/// What the file of notes said at a start.
pub(super) struct FoundNotes {
    pub(super) notes: Notes,
    /// The last bytes, when they are not a whole note.
    pub(super) torn: Vec<u8>,
}

impl Notes {
    /// Makes the key of a new log.
    pub(super) fn create(storage: &dyn Storage, seed: &[u8; 32]) -> io::Result<Self> {
        let key = blake3::keyed_hash(seed, b"signing key");
        let text = format!("{}\n", hex(key.as_bytes()));
        replace(storage, SIGNING_KEY_FILE, text.as_bytes())?;
        Ok(Self::with(Some(Signer::new(key.as_bytes()))))
    }

    fn with(signer: Option<Signer>) -> Self {
        Self {
            signer,
            file: None,
            bytes: 0,
            covered: 0,
            wanted: false,
            since: None,
            written: None,
        }
    }

    /// Takes the last note that was written since the last call.
    pub(super) fn take_written(&mut self) -> Option<String> {
        self.written.take()
    }

    /// Reads the key and the notes of a log that is there.
    pub(super) fn read(storage: &dyn Storage, log: Uuid) -> io::Result<FoundNotes> {
        let key = match storage.open(SIGNING_KEY_FILE) {
            Ok(file) => unhex(read_fully(file.as_ref(), 0)?.trim_ascii()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let mut notes = Self::with(key.map(|key| Signer::new(&key)));
        let file = match storage.open(CHECKPOINTS_FILE) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(FoundNotes {
                    notes,
                    torn: Vec::new(),
                });
            }
            Err(error) => return Err(error),
        };
        let size = file.state()?.bytes;
        let mut start = size.saturating_sub(TAIL_BYTES);
        let mut bytes = read_fully(file.as_ref(), start)?;
        let mut whole = notes.believe(&bytes, log);
        if whole.is_none() && start > 0 {
            start = 0;
            bytes = read_fully(file.as_ref(), 0)?;
            whole = notes.believe(&bytes, log);
        }
        let whole = whole.unwrap_or(0);
        let torn = bytes.get(whole..).unwrap_or_default().to_vec();
        notes.bytes = start + u64::try_from(whole).unwrap_or_default();
        notes.file = Some(file);
        Ok(FoundNotes { notes, torn })
    }

    /// Takes the last note that the key has signed; returns where it ends, if there is one. What is behind it is not whole.
    fn believe(&mut self, bytes: &[u8], log: Uuid) -> Option<usize> {
        let Some(signer) = &self.signer else {
            return Some(bytes.len());
        };
        let verifier = signer.verifier();
        let text = String::from_utf8_lossy(bytes);
        let notes: Vec<String> = checkpoint::split(&text).collect();
        let last = notes.iter().rev().find_map(|note| {
            let (name, _) = checkpoint::read(note).ok()?;
            let rest = name.strip_prefix(&origin(log, 0))?.trim_start_matches('/');
            let first = rest.parse().unwrap_or(0);
            let found = verifier.check(&origin(log, first), note).ok()?;
            Some((note, first + found.size))
        });
        let (note, covered) = last?;
        self.covered = covered;
        // Looked for in the bytes: where they are not UTF-8, the text has other lengths.
        let mut windows = bytes.windows(note.len());
        let start = windows.rposition(|window| window == note.as_bytes())?;
        Some(start + note.len())
    }

    /// Returns how many records were durable when the last note was signed.
    pub(super) const fn covered(&self) -> u64 {
        self.covered
    }

    /// Cuts what is not a whole note. It was kept elsewhere before.
    pub(super) fn cut(&self) -> io::Result<()> {
        match &self.file {
            Some(file) => file.cut(self.bytes).and_then(|()| file.sync()),
            None => Ok(()),
        }
    }

    /// Returns the key that checks the notes, as tools take it.
    pub(super) fn verifier(&self, log: Uuid, first: u64) -> Option<String> {
        let signer = self.signer.as_ref()?;
        Some(signer.verifier().text(&origin(log, first)))
    }

    /// Remembers that records were staged, some of which are to be signed at once.
    pub(super) fn staged(&mut self, now: Duration, at_once: bool) {
        self.since.get_or_insert(now);
        self.wanted |= at_once;
    }

    /// Returns when a note must be signed although nothing else happens.
    pub(super) fn due(&self) -> Option<Duration> {
        self.signer.as_ref()?;
        Some(self.since? + Duration::from_millis(CHECKPOINT_MS_MAX))
    }

    /// Whether a note over `durable` records is to be signed now.
    pub(super) const fn is_due(&self, durable: u64) -> bool {
        let uncovered = durable.saturating_sub(self.covered);
        self.signer.is_some() && (uncovered >= CHECKPOINT_RECORDS || (self.wanted && uncovered > 0))
    }

    /// Signs and writes a note over `position`, all of which is durable.
    pub(super) fn write(
        &mut self,
        storage: &dyn Storage,
        log: Uuid,
        position: &Position,
        reserve: &mut Reserve,
    ) -> io::Result<()> {
        let Some(signer) = &self.signer else {
            return Ok(());
        };
        let checkpoint = Checkpoint {
            size: position.tree.size(),
            root: position.tree.root(),
        };
        let note = signer.sign(&origin(log, position.tree_first), checkpoint);
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(storage.create(CHECKPOINTS_FILE)?),
        };
        let mut written = write_fully(file.as_ref(), self.bytes, note.as_bytes());
        if written.as_ref().is_err_and(is_full) && reserve.give() {
            written = write_fully(file.as_ref(), self.bytes, note.as_bytes());
        }
        written?;
        file.sync()?;
        if self.bytes == 0 {
            storage.sync_names()?;
        }
        self.bytes += u64::try_from(note.len()).unwrap_or_default();
        self.covered = position.chain.next;
        self.wanted = false;
        self.since = None;
        self.written = Some(note);
        Ok(())
    }
}
