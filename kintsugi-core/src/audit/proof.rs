//! Proofs that a record is in a log: C2SP `tlog-proof`, with the signed checkpoint that they lead to.

use std::io::{self, BufRead, BufReader, Read};

use data_encoding::BASE64;
use uuid::Uuid;

use super::checkpoint::{self, Checkpoint, NoteError, Verifier};
use super::line::Line;
use super::merkle::{self, Hash, Leaves};
use super::record::{Body, Record};
use super::segment::Tree;
use super::{CHECKPOINTS_FILE, Source, segment_first, segment_name};
use crate::limits::RECORD_BYTES_MAX;

const TITLE: &str = "c2sp.org/tlog-proof@v1";

/// What begins a proof that a log has only grown; there is no form for it that tools share.
const GROWTH_TITLE: &str = "kintsugi/tlog-consistency@v1";

/// Why there is no proof, or why one proves nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// A file could not be read.
    #[error("cannot read `{0}`")]
    Read(String, #[source] io::Error),
    /// No signed checkpoint covers the record yet.
    #[error("no signed checkpoint covers record {0}")]
    Uncovered(u64),
    /// What it takes was pruned, or never written.
    #[error("record {0} is not in the log any more")]
    Gone(u64),
    /// The log before the checkpoint is not whole.
    #[error("the log does not verify up to its checkpoint")]
    Log,
    /// The text is not a proof.
    #[error("not a proof")]
    Shape,
    /// The checkpoint in it is not one of the log.
    #[error("its checkpoint does not hold")]
    Note(#[from] NoteError),
    /// It leads elsewhere.
    #[error("the record is not in the log at that place")]
    Elsewhere,
    /// The newer checkpoint is not of a log that extends the older one's.
    #[error("the log has not only grown since that checkpoint")]
    Rewritten,
}

/// Returns the record's line and the proof that it is in the log, as text.
///
/// Reads every record of its tree up to the checkpoint and keeps 32 bytes of each.
///
/// # Errors
/// When no signed checkpoint covers the record, or the log is not whole.
pub fn prove(source: &dyn Source, seq: u64) -> Result<(Vec<u8>, String), ProofError> {
    let segments = segments(source)?;
    let own = segments.iter().rev().find(|first| **first <= seq);
    let own = own.ok_or(ProofError::Gone(seq))?;
    let (log, tree) = opening(source, *own)?;
    let name = checkpoint::origin(log, tree.first);
    let index = seq - tree.first;
    let covering = notes(source, &name)?
        .into_iter()
        .find(|(found, _)| found.size > index);
    let (checkpoint, note) = covering.ok_or(ProofError::Uncovered(seq))?;
    let (leaves, line) = leaves(source, &segments, (tree.first, checkpoint.size), seq)?;
    if leaves.root() != Some(checkpoint.root) {
        return Err(ProofError::Log);
    }
    let path = leaves.inclusion(index).ok_or(ProofError::Log)?;
    let mut proof = format!("{TITLE}\nindex {index}\n");
    for hash in path {
        proof.push_str(&BASE64.encode(&hash));
        proof.push('\n');
    }
    Ok((line, format!("{proof}\n{note}")))
}

/// Returns the proof that the log has only grown since the checkpoint `old`: up to its last signed one.
///
/// # Errors
/// When `old` is no checkpoint, or the log does not extend it.
pub fn prove_growth(source: &dyn Source, old: &str) -> Result<String, ProofError> {
    let (name, before) = checkpoint::read(old)?;
    let (_, tree) = checkpoint::parts(&name).ok_or(NoteError::Shape)?;
    let (after, note) = notes(source, &name)?.pop().ok_or(NoteError::Origin(name))?;
    if after.size < before.size {
        return Err(ProofError::Rewritten);
    }
    let segments = segments(source)?;
    let (leaves, _) = leaves(source, &segments, (tree, after.size), tree)?;
    let gone = ProofError::Gone(tree + before.size.saturating_sub(1));
    let path = leaves.consistency(before.size).ok_or(gone)?;
    let of = |checkpoint: Checkpoint| (checkpoint.size, checkpoint.root);
    if !merkle::extends(of(before), of(after), &path) {
        return Err(ProofError::Rewritten);
    }
    let hashes = path.iter().map(|hash| BASE64.encode(hash) + "\n");
    let hashes: String = hashes.collect();
    Ok(format!(
        "{GROWTH_TITLE}\nold {}\n{hashes}\n{note}",
        before.size
    ))
}

/// Returns the checkpoints of the tree that goes by `name`, oldest first, as text too. Their signatures are for whoever checks.
fn notes(source: &dyn Source, name: &str) -> Result<Vec<(Checkpoint, String)>, ProofError> {
    let mut text = String::new();
    let read = source
        .reader(CHECKPOINTS_FILE, 0)
        .and_then(|mut reader| reader.read_to_string(&mut text));
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        read => {
            read.map_err(|error| ProofError::Read(CHECKPOINTS_FILE.into(), error))?;
        }
    }
    let of_this = |note: String| {
        let (of, found) = checkpoint::read(&note).ok()?;
        (of == name).then_some((found, note))
    };
    Ok(checkpoint::split(&text).filter_map(of_this).collect())
}

/// Returns the first records of the segments that are there, oldest first.
fn segments(source: &dyn Source) -> Result<Vec<u64>, ProofError> {
    let names = source.names();
    let names =
        names.map_err(|error| ProofError::Read("the directory of the log".into(), error))?;
    let firsts = names.iter().filter_map(|name| segment_first(name));
    let mut segments: Vec<u64> = firsts.collect();
    segments.sort_unstable();
    Ok(segments)
}

/// Returns the log that the first record of a segment names, and the tree before it.
fn opening(source: &dyn Source, first: u64) -> Result<(Uuid, Tree), ProofError> {
    let name = segment_name(first);
    let mut bytes = Vec::new();
    let read = source
        .reader(&name, 0)
        .and_then(|reader| read_line(&mut BufReader::new(reader), &mut bytes));
    read.map_err(|error| ProofError::Read(name, error))?;
    let bare = bytes.strip_suffix(b"\n").ok_or(ProofError::Log)?;
    match Record::read(bare).map(|record| record.body) {
        Ok(Body::Open { log, tree, .. }) => Ok((log, tree)),
        Ok(_) | Err(_) => Err(ProofError::Log),
    }
}

/// Reads one line with its newline, or as much of it as a record may have.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    line.clear();
    let most = u64::try_from(RECORD_BYTES_MAX).unwrap_or(u64::MAX);
    reader.by_ref().take(most).read_until(b'\n', line)
}

/// Checks that the log `origin`, whose key is `verifier`, has only grown since the checkpoint `old`. Returns both sizes.
///
/// # Errors
/// When the proof does not show it.
pub fn check_growth(
    proof: &str,
    old: &str,
    origin: &str,
    verifier: &Verifier,
) -> Result<(u64, u64), ProofError> {
    let (hashes, note) = proof.split_once("\n\n").ok_or(ProofError::Shape)?;
    let mut lines = hashes.lines();
    let before = verifier.check(origin, old)?;
    let stated = format!("old {}", before.size);
    if lines.next() != Some(GROWTH_TITLE) || lines.next() != Some(stated.as_str()) {
        return Err(ProofError::Shape);
    }
    let path = path(lines)?;
    let after = verifier.check(origin, note)?;
    let (old, new) = ((before.size, before.root), (after.size, after.root));
    if !merkle::extends(old, new, &path) {
        return Err(ProofError::Rewritten);
    }
    Ok((before.size, after.size))
}

/// Reads hashes in base64, one a line.
fn path<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Vec<Hash>, ProofError> {
    lines
        .map(|line| {
            let hash = BASE64.decode(line.as_bytes()).ok();
            let hash = hash.and_then(|hash| hash.try_into().ok());
            hash.ok_or(ProofError::Shape)
        })
        .collect()
}

/// Reads what is there of the first `size` records of the tree that begins with record `tree`; returns their leaves and the
/// line of record `seq`.
fn leaves(
    source: &dyn Source,
    segments: &[u64],
    (tree, size): (u64, u64),
    seq: u64,
) -> Result<(Leaves, Vec<u8>), ProofError> {
    let limit = tree.saturating_add(size);
    let start = segments.partition_point(|first| *first < tree);
    let segments = segments.get(start..).unwrap_or_default();
    let first = segments.first().copied().ok_or(ProofError::Gone(tree))?;
    let (_, before) = opening(source, first)?;
    let before = Some(before).filter(|before| before.first == tree);
    let before = before.and_then(|before| before.frontier(first));
    let mut leaves = Leaves::behind(before.ok_or(ProofError::Log)?);
    let mut found = Vec::new();
    let mut bytes = Vec::new();
    for (position, first) in segments.iter().enumerate() {
        let next = segments.get(position + 1).copied().unwrap_or(u64::MAX);
        if *first >= limit {
            break;
        }
        let name = segment_name(*first);
        let failed = |error| ProofError::Read(name.clone(), error);
        let mut reader = BufReader::new(source.reader(&name, 0).map_err(failed)?);
        for place in *first..next.min(limit) {
            read_line(&mut reader, &mut bytes).map_err(failed)?;
            let bare = bytes.strip_suffix(b"\n").ok_or(ProofError::Log)?;
            let line = Line::split(bare).map_err(|_| ProofError::Log)?;
            if line.seq() != place {
                return Err(ProofError::Log);
            }
            if place == seq {
                found = line.redacted_view();
            }
            leaves.push(merkle::leaf(&line));
        }
    }
    if leaves.size() != size {
        return Err(ProofError::Log);
    }
    Ok((leaves, found))
}

/// Checks that `line`, whole or redacted, is in the log `origin` whose key is `verifier`. Returns its place.
///
/// # Errors
/// When the proof does not show it.
pub fn check(
    proof: &str,
    line: &[u8],
    origin: &str,
    verifier: &Verifier,
) -> Result<u64, ProofError> {
    let (hashes, note) = proof.split_once("\n\n").ok_or(ProofError::Shape)?;
    let mut lines = hashes.lines();
    if lines.next() != Some(TITLE) {
        return Err(ProofError::Shape);
    }
    let index = lines.next().and_then(|line| line.strip_prefix("index "));
    let index: u64 = index
        .and_then(|digits| digits.parse().ok())
        .ok_or(ProofError::Shape)?;
    let path = path(lines)?;
    let checkpoint = verifier.check(origin, note)?;
    let bare = line.strip_suffix(b"\n").unwrap_or(line);
    let line = Line::split(bare).map_err(|_| ProofError::Shape)?;
    let led = merkle::root_from_path(index, checkpoint.size, merkle::leaf(&line), &path);
    let place = checkpoint::parts(origin).and_then(|(_, first)| first.checked_add(index));
    if led != Some(checkpoint.root) || place != Some(line.seq()) || !line.commitment_holds() {
        return Err(ProofError::Elsewhere);
    }
    Ok(line.seq())
}
