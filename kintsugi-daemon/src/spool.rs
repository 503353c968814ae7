//! What clients let pass while no daemon ran: taken over into the log at the start.
//!
//! A client appends `record` frames under a lock on the file, so this never takes the file away from under it: it reads
//! under the same lock, makes the records durable, and only then cuts the file. After a crash in between, or when a client spooled
//! what it had no acknowledgement for, the log has some of it already: what it has, by id, is left out.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Seek as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use kintsugi_core::audit::record::{Body, Peer, Record};
use kintsugi_core::limits::FRAME_BYTES_MAX;
use kintsugi_core::proposal::{PeerCredentials, ProposedCommand};
use kintsugi_core::protocol::Request;
use kintsugi_core::protocol::frame::parse_request;
use rustix::fs::{FlockOperation, OFlags, flock};
use uuid::Uuid;

use crate::handle::{Desk, Proposal, check_claims};
use crate::state::wall_ms;

mod bursts;

/// Records that share one sync.
const BATCH: usize = 64;

/// Most lines that are read; the clients' own bound lies far below.
const LINES_MAX: usize = 200_000;

/// Records that are read at once on the way back through the log, to where the spool began.
const STEP: u64 = 4_096;

/// Most records of the log that are searched for what the spool holds, newest first: a spool says by itself how old it is.
const SEARCHED_MAX: u64 = 1 << 20;

/// What is known of a command: its id, and whether that it has ended is known as well.
type Told = (Uuid, bool);

/// Takes over what `path` holds. Returns what a person should know, if anything.
///
/// # Errors
///
/// When the records cannot be made durable; the file is then as before.
pub(crate) fn take_over(desk: &mut Desk, path: &Path) -> anyhow::Result<Option<String>> {
    take_over_by(desk, path, record_all)
}

/// Takes over the bursts that `path` holds, which watchers left. Returns what a person should know, if anything.
///
/// # Errors
///
/// As [`take_over`].
pub(crate) fn take_over_bursts(desk: &mut Desk, path: &Path) -> anyhow::Result<Option<String>> {
    take_over_by(desk, path, bursts::record_all)
}

fn take_over_by(
    desk: &mut Desk,
    path: &Path,
    record: fn(&mut Desk, &File) -> anyhow::Result<usize>,
) -> anyhow::Result<Option<String>> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let file = match OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(flags)
        .open(path)
    {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Ok(Some(format!("cannot open `{}`: {error}", path.display()))),
    };
    // A client that holds the lock is writing at this moment; the next start takes over what it writes.
    let locked = flock(&file, FlockOperation::NonBlockingLockExclusive);
    if locked.is_err() || !file.metadata()?.is_file() {
        return Ok(Some(format!(
            "`{}` is in use and was not read",
            path.display()
        )));
    }
    let unreadable = record(desk, &file)?;
    file.set_len(0)
        .with_context(|| format!("cannot cut `{}`", path.display()))?;
    let told = format!(
        "{unreadable} lines of `{}` could not be read",
        path.display()
    );
    Ok((unreadable > 0).then_some(told))
}

/// Records every frame of the file that the log has not; returns how many lines were none.
///
/// A client says that a line is about to run, and later how it ended: of the two only the second is recorded, since that says
/// both.
fn record_all(desk: &mut Desk, mut file: &File) -> anyhow::Result<usize> {
    let mut ended = BTreeSet::new();
    let mut oldest = u64::MAX;
    let mut reader = BufReader::new(file);
    while let Some(line) = next_line(&mut reader)? {
        if let Some((command, is_end)) = told(&line) {
            oldest = oldest.min(wall_ms(&command.ts));
            if is_end {
                ended.insert(command.id);
            }
        }
    }
    let recorded = recorded_since(desk, oldest)?;
    file.rewind()?;
    let mut reader = BufReader::new(file);
    let mut unreadable = 0;
    let mut batch = Vec::new();
    for _ in 0..LINES_MAX {
        let Some(line) = next_line(&mut reader)? else {
            break;
        };
        if let Some((command, is_end)) = told(&line)
            && (!is_end && ended.contains(&command.id)
                || recorded.contains(&(command.id, true))
                || recorded.contains(&(command.id, is_end)))
        {
            continue;
        }
        match body(desk, &line) {
            Some(body) => batch.push(body),
            None => unreadable += 1,
        }
        if batch.len() == BATCH {
            make_durable(desk, std::mem::take(&mut batch))?;
        }
    }
    make_durable(desk, batch)?;
    Ok(unreadable)
}

/// Returns what the log has recorded since `oldest`, in milliseconds since 1970.
///
/// A command is recorded after it was proposed, so that older records are about others.
fn recorded_since(desk: &Desk, oldest: u64) -> anyhow::Result<BTreeSet<Told>> {
    told_since(desk, oldest, |body| {
        let Body::Recorded {
            command, exit_code, ..
        } = body
        else {
            return None;
        };
        Some((command.id, exit_code.is_some()))
    })
}

/// Returns what `told` finds in the records since `oldest`.
fn told_since<T: Ord>(
    desk: &Desk,
    oldest: u64,
    told: impl Fn(Body) -> Option<T>,
) -> anyhow::Result<BTreeSet<T>> {
    let mut recorded = BTreeSet::new();
    let Some(end) = desk.book.end().filter(|_| oldest != u64::MAX) else {
        return Ok(recorded);
    };
    let mut first = end.next();
    while first > 0 && end.next() - first < SEARCHED_MAX {
        first = first.saturating_sub(STEP);
        let lines = desk.book.read_on(&mut desk.book.place_of(first)?)?;
        let line = lines.split(|byte| *byte == b'\n').next();
        let record = line.and_then(|line| Record::read(line).ok());
        if record.is_some_and(|record| wall_ms(&record.ts) < oldest) {
            break;
        }
    }
    let mut place = desk.book.place_of(first)?;
    loop {
        let lines = desk.book.read_on(&mut place)?;
        if lines.is_empty() {
            return Ok(recorded);
        }
        for line in lines.split(|byte| *byte == b'\n') {
            let record = Record::read(line).ok();
            recorded.extend(record.and_then(|record| told(record.body)));
        }
    }
}

/// Reads one line, as much of it as a frame may have; nothing at the end.
fn next_line(reader: &mut BufReader<&File>) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let limit = u64::try_from(FRAME_BYTES_MAX).unwrap_or(u64::MAX);
    let count = reader.take(limit).read_until(b'\n', &mut line)?;
    Ok((count > 0).then_some(line))
}

/// Returns which command a line is about, and whether it says how that ended.
fn told(line: &[u8]) -> Option<(Box<ProposedCommand>, bool)> {
    match parse_request(line.trim_ascii_end()) {
        Ok(Request::Record {
            command, exit_code, ..
        }) => Some((command, exit_code.is_some())),
        Ok(_) | Err(_) => None,
    }
}

fn make_durable(desk: &mut Desk, bodies: Vec<Body>) -> anyhow::Result<()> {
    let staged = desk.book.stage(desk.clock.as_ref(), bodies)?;
    let recorded = desk.book.sync(desk.clock.as_ref())?.confirm(staged);
    recorded
        .map(drop)
        .map_err(|_staged| anyhow::anyhow!("the spool cannot be recorded"))
}

/// Makes the record of one line; nothing when it is no frame of a client.
fn body(desk: &Desk, line: &[u8]) -> Option<Body> {
    let Ok(Request::Record {
        command,
        exit_code,
        duration_ms,
    }) = parse_request(line.trim_ascii_end())
    else {
        return None;
    };
    check_claims(&command).ok()?;
    // The client was attested by nobody: it could write here, so it had this user's rights.
    let peer = Peer::from(PeerCredentials {
        uid: rustix::process::geteuid().as_raw(),
        gid: rustix::process::getegid().as_raw(),
        pid: 0,
    });
    let proposal = Proposal::new(*command, &peer, desk.clock.wall_ms());
    Some(Body::Recorded {
        command: proposal.kept(),
        peer,
        exit_code,
        duration_ms,
        spooled: true,
    })
}
