//! From a head and the segments that are there to a log that can be written again, or to an incident.
//!
//! With `b` the first bad record and `D` how many were durable as far as anything genuine says: `D > b` is tampering or
//! corruption, else the tail was torn. Nothing that `D` covers is ever cut.

use kintsugi_core::audit::chain::{Chain, Key, Seal};
use kintsugi_core::audit::head::Head;
use kintsugi_core::audit::record::{Body, Opening, Record};
use kintsugi_core::audit::{HEAD_FILE, NEW_TORN_FILE, segment_name};
use uuid::Uuid;

use super::log::{HeadFile, Log, Options};
use super::notes::{FoundNotes, Notes};
use super::open::{
    Inventory, OpenError, Replay, Start, assemble, beginning, derive, first_key, replace,
    replace_head,
};
use super::scan::{Fold, Known, Scan, scan};
use super::segment::{At, Position, Segment};
use super::storage::{Storage, StoredFile, read_fully, write_fully};

/// Most steps that a key is carried on over records that are missing; beyond, a new one begins.
const KEY_STEPS_MAX: u64 = 1 << 20;

/// Most records that a segment of any version ever had.
const RECORDS_EVER: u64 = 16_384;

/// A start in progress.
pub(super) struct Recovery<'a> {
    pub(super) storage: Box<dyn Storage>,
    pub(super) options: Options,
    pub(super) found: Inventory,
    pub(super) fold: &'a mut dyn Fold,
}

/// What is wrong with a log that does not verify.
struct Damage {
    what: String,
    bad: Option<u64>,
    durable: Option<u64>,
    /// One past the greatest place that anything claims.
    end: u64,
}

/// The last segment, read and scanned.
struct Last {
    file: Box<dyn StoredFile>,
    scan: Scan,
}

impl Recovery<'_> {
    /// Opens a log whose head is whole.
    pub(super) fn with_head(
        mut self,
        head: &Head,
        head_file: HeadFile,
    ) -> Result<(Log, Replay), OpenError> {
        let id = Uuid::from_bytes(head.log_id);
        let found = Notes::read(self.storage.as_ref(), id).map_err(OpenError::Read)?;
        let signed = found.notes.covered();
        let own = (head_file, found);
        let mut torn = None;
        loop {
            let Some(first) = self.found.segments.last().copied() else {
                return self.without_segments(head, own, torn);
            };
            if first < head.segment {
                let what = format!("`{}` is missing", segment_name(head.segment));
                let damage = self.damage(what, Some(head), None);
                return self.incident(Some(head), damage);
            }
            let last = self.read_last(first, head)?;
            if let Some(damage) = self.judge(&last, head, signed) {
                return self.incident(Some(head), damage);
            }
            if last.scan.is_begun() {
                return self.go_on(head, own, last, torn);
            }
            // The segment was being begun when the power failed: as if it never was.
            let bytes = read_fully(last.file.as_ref(), 0).map_err(OpenError::Read)?;
            torn = Some(self.put_aside(first, &bytes)?);
            let removed = self.storage.remove(&segment_name(first));
            removed.map_err(OpenError::Write)?;
            self.found.segments.pop();
        }
    }

    fn read_last(&mut self, first: u64, head: &Head) -> Result<Last, OpenError> {
        let name = segment_name(first);
        let file = self.storage.open(&name).map_err(OpenError::Read)?;
        let known = Known {
            keys: Some(&head.chain),
            limit: None,
        };
        let scan = scan(first, file.as_ref(), known, self.fold).map_err(OpenError::Read)?;
        if let Some(version) = scan.newer.filter(|_| scan.records() == 0) {
            return Err(OpenError::Version {
                segment: first,
                version,
            });
        }
        if let Some((seq, what)) = scan.unknown {
            return Err(OpenError::Unknown { seq, what });
        }
        Ok(Last { file, scan })
    }

    /// Says what is wrong with the last segment that a torn tail does not explain.
    fn judge(&self, last: &Last, head: &Head, signed: u64) -> Option<Damage> {
        let scan = &last.scan;
        let bad = scan.end.chain.next;
        let durable = head.chain.next.max(scan.later_durable).max(signed);
        let damage = |what: String, bad: u64| Damage {
            what,
            bad: Some(bad),
            durable: Some(durable),
            end: self.end_of_claims(Some(head), Some(scan)),
        };
        if durable > bad {
            return Some(damage(
                format!("record {bad} does not verify although {durable} records were durable"),
                bad,
            ));
        }
        if scan.log.is_some_and(|log| log.as_bytes() != &head.log_id) {
            return Some(damage(
                "the segment is of another log".into(),
                scan.end.segment,
            ));
        }
        if scan.sealed.is_some_and(|seal| seal != head.chain.seal) {
            let before = head.chain.next.saturating_sub(1);
            return Some(damage(
                format!("record {before} is not the one that the head names"),
                before,
            ));
        }
        None
    }

    fn damage(&self, what: String, head: Option<&Head>, bad: Option<u64>) -> Damage {
        Damage {
            what,
            bad,
            durable: head.map(|head| head.chain.next),
            end: self.end_of_claims(head, None),
        }
    }

    /// Returns a place that no record has ever had, as far as anything tells.
    fn end_of_claims(&self, head: Option<&Head>, scan: Option<&Scan>) -> u64 {
        let last = self.found.segments.last().copied();
        // A whole segment is left free behind the last: what was in it is not known.
        let records = self.options.segment_records.max(RECORDS_EVER);
        let behind = last.map(|first| first.saturating_add(records));
        let claimed = scan.map(|scan| scan.claimed_end.min(behind.unwrap_or_default()));
        let named = head.map(|head| head.chain.next);
        match (claimed, scan.is_some()) {
            (Some(claimed), true) => claimed.max(named.unwrap_or_default()),
            (_, _) => behind.unwrap_or_default().max(named.unwrap_or_default()),
        }
        .max(last.map_or(0, |first| first + 1))
    }

    /// Goes on behind the last good record.
    fn go_on(
        mut self,
        head: &Head,
        (head_file, found): (HeadFile, FoundNotes),
        last: Last,
        torn_segment: Option<(u64, String)>,
    ) -> Result<(Log, Replay), OpenError> {
        let Last { file, scan } = last;
        let mut position = scan.end;
        let next = position.chain.next;
        position.chain.key = head.chain.key.after(next - head.chain.next);
        let rest = read_fully(file.as_ref(), position.bytes).map_err(OpenError::Read)?;
        let mut torn = torn_segment;
        if !rest.is_empty() {
            torn = Some(self.put_aside(next, &rest)?);
            file.cut(position.bytes).map_err(OpenError::Write)?;
        }
        if !found.torn.is_empty() {
            torn = Some(self.put_aside(next, &found.torn)?);
            found.notes.cut().map_err(OpenError::Write)?;
        }
        let settled = position.segment == head.segment && position.bytes == head.offset;
        if !settled || !rest.is_empty() {
            let known = if position.segment == head.segment {
                head.offset
            } else {
                0
            };
            make_durable(file.as_ref(), known)?;
        }
        let last = scan.last.as_ref();
        let notes = self.notes(last, &scan.recovered, position.segment)?;
        let replay = Replay {
            start: start_of(last, torn),
            foreign: self.found.foreign,
            gaps: self.found.gaps,
        };
        let at = At::Segment(Segment { file });
        let id = Uuid::from_bytes(head.log_id);
        let renew_head = !settled || !head_file.is_whole;
        let own = (head_file, found.notes);
        let mut log = assemble(self.storage, self.options, id, (at, position), own);
        log.notes = notes;
        if renew_head {
            let written = log.write_head();
            written.map_err(|error| OpenError::Write(std::io::Error::other(error)))?;
        }
        log.resume_removal(last)?;
        Ok((log, replay))
    }

    /// Goes on where no segment is: right when nothing was ever acknowledged.
    fn without_segments(
        self,
        head: &Head,
        (head_file, found): (HeadFile, FoundNotes),
        torn: Option<(u64, String)>,
    ) -> Result<(Log, Replay), OpenError> {
        if head.chain.next > 0 {
            let damage = self.damage("every segment is missing".into(), Some(head), None);
            return self.incident(Some(head), damage);
        }
        let id = Uuid::from_bytes(head.log_id);
        let position = beginning(head.chain.clone());
        let notes = self.notes(None, &[], 0)?;
        self.fold.begin();
        let replay = Replay {
            start: torn.map_or(Start::New, |(bytes, file)| Start::Torn { bytes, file }),
            foreign: self.found.foreign,
            gaps: self.found.gaps,
        };
        let at = (At::Between(Opening::New), position);
        let own = (head_file, found.notes);
        let mut log = assemble(self.storage, self.options, id, at, own);
        log.notes = notes;
        Ok((log, replay))
    }

    /// Moves a torn tail that begins at record `seq` to a file of its own; returns its size and name.
    fn put_aside(&mut self, seq: u64, bytes: &[u8]) -> Result<(u64, String), OpenError> {
        let hash = blake3::hash(bytes).to_hex();
        let name = format!("torn-{seq:012}-{}.bin", hash.as_str().split_at(16).0);
        let kept = replace(self.storage.as_ref(), NEW_TORN_FILE, bytes).and_then(|_| {
            self.storage.rename(NEW_TORN_FILE, &name)?;
            self.storage.sync_names()
        });
        kept.map_err(OpenError::Write)?;
        self.found.torn.push(name.clone());
        Ok((u64::try_from(bytes.len()).unwrap_or_default(), name))
    }

    /// Returns what is to be recorded in front of the next records.
    fn notes(
        &self,
        last: Option<&Record>,
        recovered: &[String],
        segment: u64,
    ) -> Result<Vec<Body>, OpenError> {
        let mut notes = Vec::new();
        let mut files: Vec<&String> = self.found.torn.iter().collect();
        files.sort_unstable();
        files.dedup();
        for file in files {
            let seq = file
                .strip_prefix("torn-")
                .and_then(|rest| rest.split('-').next());
            let seq: Option<u64> = seq.and_then(|digits| digits.parse().ok());
            if seq.is_some_and(|seq| seq >= segment) && !recovered.contains(file) {
                let opened = self.storage.open(file).and_then(|file| file.state());
                let bytes = opened.map_err(OpenError::Read)?.bytes;
                notes.push(Body::Recovery {
                    bytes,
                    file: file.clone(),
                });
            }
        }
        if let Some(last) = last
            && !matches!(last.body, Body::Shutdown { .. })
        {
            notes.push(Body::UncleanStart {
                last_boot: last.boot.clone(),
            });
        }
        Ok(notes)
    }

    /// Begins anew behind a log that does not verify. Everything that is there stays as it is.
    fn incident(self, head: Option<&Head>, damage: Damage) -> Result<(Log, Replay), OpenError> {
        let storage = self.storage.as_ref();
        let id = match head {
            Some(head) => Uuid::from_bytes(head.log_id),
            None => self.named_log().unwrap_or_else(|| {
                uuid::Builder::from_random_bytes(derive(&self.options.seed, "log id")).into_uuid()
            }),
        };
        let first = damage.end;
        let key: Key = match head {
            Some(head) if first - head.chain.next <= KEY_STEPS_MAX => {
                head.chain.key.after(first - head.chain.next)
            }
            Some(_) | None => first_key(storage, &self.options.seed, first)?,
        };
        let seal = Seal::incident(&id.to_string(), first);
        let position = beginning(Chain {
            next: first,
            seal,
            key,
        });
        if head.is_none() && self.found.has_head {
            let name = format!("incident-{first:012}-head");
            storage.rename(HEAD_FILE, &name).map_err(OpenError::Write)?;
        }
        let head_file = replace_head(storage, id, &position)?;
        let found = Notes::read(storage, id).map_err(OpenError::Read)?;
        let at = (At::Between(Opening::Incident), position);
        let own = (head_file, found.notes);
        let mut log = assemble(self.storage, self.options, id, at, own);
        log.notes = vec![Body::Incident {
            what: damage.what.clone(),
            bad: damage.bad,
            durable: damage.durable,
            observation: None,
        }];
        // What was altered grants nothing.
        self.fold.begin();
        let replay = Replay {
            start: Start::Incident { what: damage.what },
            foreign: self.found.foreign,
            gaps: self.found.gaps,
        };
        Ok((log, replay))
    }

    /// Begins anew where no head says how far the log was.
    pub(super) fn without_head(self) -> Result<(Log, Replay), OpenError> {
        let damage = self.damage("the head is missing or damaged".into(), None, None);
        self.incident(None, damage)
    }

    /// Returns the log that the last readable segment names.
    fn named_log(&self) -> Option<Uuid> {
        self.found.segments.iter().rev().find_map(|first| {
            let file = self.storage.open(&segment_name(*first)).ok()?;
            let known = Known {
                keys: None,
                limit: Some(1),
            };
            scan(*first, file.as_ref(), known, &mut ()).ok()?.log
        })
    }
}

/// Writes what is there again from `known` on, and syncs.
///
/// What a daemon before wrote and could not sync may be in the kernel's memory only, marked as clean; a sync alone would
/// not make it durable (`fsync(2)`, Linux 4.13 and later report an error once).
fn make_durable(file: &dyn StoredFile, known: u64) -> Result<(), OpenError> {
    let kept = read_fully(file, known).map_err(OpenError::Read)?;
    let written = write_fully(file, known, &kept).and_then(|()| file.sync());
    written.map_err(OpenError::Write)
}

fn start_of(last: Option<&Record>, torn: Option<(u64, String)>) -> Start {
    if let Some((bytes, file)) = torn {
        return Start::Torn { bytes, file };
    }
    match last.map(|record| &record.body) {
        Some(Body::Shutdown { .. }) => Start::Clean,
        Some(_) | None => Start::Unclean,
    }
}

/// Opens a log again in the process that has written it.
pub(super) fn reopen(log: Log, fold: &mut dyn Fold) -> Result<(Log, Replay), OpenError> {
    let Log {
        storage,
        options,
        id,
        mut durable,
        notes,
        mut reserve,
        ..
    } = log;
    // A sync may have failed because the disk is full; the new head and segment need room.
    reserve.give();
    let found = super::open::inventory(storage.as_ref(), options.segment_records)?;
    let acknowledged = acknowledged(storage.as_ref(), &mut durable, fold)?;
    let head = Head {
        log_id: *id.as_bytes(),
        chain: durable.chain.clone(),
        segment: durable.segment,
        offset: durable.bytes,
    };
    let Some(Scan { last, .. }) = acknowledged else {
        let recovery = Recovery {
            storage,
            options,
            found,
            fold,
        };
        let what = "the log was changed by another hand while it was being written".to_owned();
        let damage = recovery.damage(what, Some(&head), None);
        return recovery.incident(Some(&head), damage);
    };
    let Inventory { foreign, gaps, .. } = found;
    let head_file = replace_head(storage.as_ref(), id, &durable)?;
    let at = if durable.chain.next == 0 {
        At::Between(Opening::New)
    } else {
        At::Between(Opening::FailedSync)
    };
    let found = Notes::read(storage.as_ref(), id).map_err(OpenError::Read)?;
    found.notes.cut().map_err(OpenError::Write)?;
    let own = (head_file, found.notes);
    let mut log = assemble(storage, options, id, (at, durable), own);
    log.notes = notes;
    log.resume_removal(last.as_ref())?;
    let replay = Replay {
        start: Start::Unclean,
        foreign,
        gaps,
    };
    Ok((log, replay))
}

/// Reads back what was acknowledged of the segment; nothing when it is not there any more.
///
/// A redaction may have failed behind the renaming of its file: then the same records are in fewer bytes, and `durable`
/// is set to where they end.
fn acknowledged(
    storage: &dyn Storage,
    durable: &mut Position,
    fold: &mut dyn Fold,
) -> Result<Option<Scan>, OpenError> {
    fold.begin();
    if durable.bytes == 0 {
        return Ok(Some(Scan::of(durable.segment)));
    }
    let name = segment_name(durable.segment);
    let file = match storage.open(&name) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(OpenError::Read)?,
    };
    let known = Known {
        keys: None,
        limit: Some(durable.chain.next - durable.segment),
    };
    let scan = scan(durable.segment, file.as_ref(), known, fold).map_err(OpenError::Read)?;
    let same =
        scan.end.chain.next == durable.chain.next && scan.end.chain.seal == durable.chain.seal;
    if same {
        durable.bytes = scan.end.bytes;
        durable.hasher = scan.end.hasher.clone();
    }
    Ok(same.then_some(scan))
}
