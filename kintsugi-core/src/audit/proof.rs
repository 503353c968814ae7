//! Proofs that a record is in a log: C2SP `tlog-proof`, with the signed checkpoint that they lead to.

use std::io::{self, BufRead, BufReader, Read};

use data_encoding::BASE64;

use super::checkpoint::{self, NoteError, Verifier};
use super::line::Line;
use super::merkle::{self, Hash};
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
/// Reads every record up to the checkpoint and keeps 32 bytes of each.
///
/// # Errors
/// When no signed checkpoint covers the record, or the log is not whole.
pub fn prove(source: &dyn Source, seq: u64) -> Result<(Vec<u8>, String), ProofError> {
    let name = CHECKPOINTS_FILE;
    let mut text = String::new();
    let read = source
        .reader(name, 0)
        .and_then(|mut reader| reader.read_to_string(&mut text));
    read.map_err(|error| ProofError::Read(name.into(), error))?;
    let note = checkpoint::split(&text)
        .filter_map(|note| checkpoint::read(&note).ok().map(|(_, found)| (found, note)))
        .find(|(found, _)| found.size > seq);
    let (checkpoint, note) = note.ok_or(ProofError::Uncovered(seq))?;
    let (leaves, line) = leaves(source, checkpoint.size, seq)?;
    let index = usize::try_from(seq).map_err(|_| ProofError::Log)?;
    let path = merkle::inclusion(&leaves, index).ok_or(ProofError::Log)?;
    if merkle::root(&leaves) != checkpoint.root {
        return Err(ProofError::Log);
    }
    let mut proof = format!("{TITLE}\nindex {seq}\n");
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
    let mut text = String::new();
    let read = source
        .reader(CHECKPOINTS_FILE, 0)
        .and_then(|mut reader| reader.read_to_string(&mut text));
    read.map_err(|error| ProofError::Read(CHECKPOINTS_FILE.into(), error))?;
    let last = checkpoint::split(&text)
        .filter_map(|note| checkpoint::read(&note).ok().map(|found| (found, note)))
        .filter(|((of, _), _)| *of == name)
        .last();
    let ((_, after), note) = last.ok_or(NoteError::Origin(name))?;
    if after.size < before.size {
        return Err(ProofError::Rewritten);
    }
    let (leaves, _) = leaves(source, after.size, 0)?;
    let size = usize::try_from(before.size).map_err(|_| ProofError::Log)?;
    let path = merkle::consistency(&leaves, size).ok_or(ProofError::Log)?;
    let of = |checkpoint: checkpoint::Checkpoint| (checkpoint.size, checkpoint.root);
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

/// Reads the first `size` records; returns their leaves and the line of record `seq`.
fn leaves(source: &dyn Source, size: u64, seq: u64) -> Result<(Vec<Hash>, Vec<u8>), ProofError> {
    let names = source.names();
    let names =
        names.map_err(|error| ProofError::Read("the directory of the log".into(), error))?;
    let mut segments: Vec<u64> = names
        .iter()
        .filter_map(|name| segment_first(name))
        .collect();
    segments.sort_unstable();
    let mut found = Vec::new();
    let mut leaves = Vec::new();
    for (position, first) in segments.iter().enumerate() {
        let end = segments
            .get(position + 1)
            .copied()
            .unwrap_or(u64::MAX)
            .min(size);
        let name = segment_name(*first);
        let failed = |error| ProofError::Read(name.clone(), error);
        let mut reader = BufReader::new(source.reader(&name, 0).map_err(failed)?);
        let mut bytes = Vec::new();
        for place in *first..end {
            bytes.clear();
            let most = u64::try_from(RECORD_BYTES_MAX).unwrap_or(u64::MAX);
            let mut bounded = reader.by_ref().take(most);
            bounded.read_until(b'\n', &mut bytes).map_err(failed)?;
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
    if u64::try_from(leaves.len()) != Ok(size) {
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
    if led != Some(checkpoint.root) || !line.commitment_holds() {
        return Err(ProofError::Elsewhere);
    }
    Ok(line.seq())
}
