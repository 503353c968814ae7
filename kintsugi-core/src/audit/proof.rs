//! Proofs that a record is in a log: C2SP `tlog-proof`, with the signed checkpoint that they lead to.

use std::io::{self, Read};
use std::ops::Range;

use data_encoding::BASE64;
use uuid::Uuid;

use super::checkpoint::{self, Checkpoint, NoteError, Verifier};
use super::line::Line;
use super::lines::{Lines, first_line};
use super::merkle::{self, Frontier, Hash};
use super::record::{Body, Record};
use super::segment::Tree;
use super::{CHECKPOINTS_FILE, Source, segment_first, segment_name};

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
/// Reads a segment for each hash at most, whatever the size of the log.
///
/// # Errors
/// When no signed checkpoint covers the record, or the log is not whole.
pub fn prove(source: &dyn Source, seq: u64) -> Result<(Vec<u8>, String), ProofError> {
    prove_telling(source, seq, &mut |_, _| {})
}

/// As [`prove`], and tells how many hashes of the proof there are already, and how many there will be.
///
/// # Errors
/// As [`prove`].
pub fn prove_telling(
    source: &dyn Source,
    seq: u64,
    tell: &mut dyn FnMut(u64, u64),
) -> Result<(Vec<u8>, String), ProofError> {
    let segments = segments(source)?;
    let own = segments.iter().rev().find(|first| **first <= seq);
    let own = own.ok_or(ProofError::Gone(seq))?;
    let (log, tree) = opening(source, *own)?;
    let name = checkpoint::origin(log, tree.first);
    let index = seq - tree.first;
    let covers = |found: &Checkpoint| found.size > index;
    let covering = note(source, &name, covers)?.filter(|(found, _)| covers(found));
    let (checkpoint, note) = covering.ok_or(ProofError::Uncovered(seq))?;
    let records = Records::of_tree(source, tree.first)?;
    let size = checkpoint.size;
    let path = told(
        tell,
        |over| merkle::inclusion(index, size, over),
        |range| records.over(range),
    )?;
    let (mut line, mut leaf) = (Vec::new(), Hash::default());
    records.read(*own, seq..seq + 1, |found| {
        line = found.redacted_view();
        leaf = merkle::leaf(found);
    })?;
    if merkle::root_from_path(index, checkpoint.size, leaf, &path) != Some(checkpoint.root) {
        return Err(ProofError::Log);
    }
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
    prove_growth_telling(source, old, &mut |_, _| {})
}

/// As [`prove_growth`], and tells how far it is, as [`prove_telling`].
///
/// # Errors
/// As [`prove_growth`].
pub fn prove_growth_telling(
    source: &dyn Source,
    old: &str,
    tell: &mut dyn FnMut(u64, u64),
) -> Result<String, ProofError> {
    let (name, before) = checkpoint::read(old)?;
    let (_, tree) = checkpoint::parts(&name).ok_or(NoteError::Shape)?;
    let (after, note) = note(source, &name, |_| false)?.ok_or(NoteError::Origin(name))?;
    if after.size < before.size || before.size == 0 {
        return Err(ProofError::Rewritten);
    }
    let records = Records::of_tree(source, tree)?;
    let (from, to) = (before.size, after.size);
    let path = told(
        tell,
        |over| merkle::consistency(from, to, over),
        |range| records.over(range),
    )?;
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

/// What gives the node over a range of leaves.
type Over<'a> = &'a mut dyn FnMut(Range<u64>) -> Result<Hash, ProofError>;

/// Returns the path that `walk` makes of what `over` gives, and tells how much of it there is.
fn told(
    tell: &mut dyn FnMut(u64, u64),
    walk: impl Fn(Over<'_>) -> Result<Vec<Hash>, ProofError>,
    over: impl Fn(Range<u64>) -> Result<Hash, ProofError>,
) -> Result<Vec<Hash>, ProofError> {
    let (mut done, mut all) = (0, 0);
    walk(&mut |_| {
        all += 1;
        Ok(Hash::default())
    })?;
    tell(done, all);
    walk(&mut |range| {
        let hash = over(range)?;
        done += 1;
        tell(done, all);
        Ok(hash)
    })
}

/// Returns the first checkpoint of the tree that goes by `name` and is `wanted`, or else the last, as text too. Signatures are
/// for whoever checks.
fn note(
    source: &dyn Source,
    name: &str,
    wanted: impl Fn(&Checkpoint) -> bool,
) -> Result<Option<(Checkpoint, String)>, ProofError> {
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
    let mut last = None;
    for found in checkpoint::split(&text).filter_map(of_this) {
        let is_wanted = wanted(&found.0);
        last = Some(found);
        if is_wanted {
            break;
        }
    }
    Ok(last)
}

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
    let bytes = first_line(source, first);
    let bytes = bytes.map_err(|error| ProofError::Read(segment_name(first), error))?;
    let bare = bytes.strip_suffix(b"\n").ok_or(ProofError::Log)?;
    match Record::read(bare).map(|record| record.body) {
        Ok(Body::Open { log, tree, .. }) => Ok((log, tree)),
        Ok(_) | Err(_) => Err(ProofError::Log),
    }
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

/// The records of one tree, in the segments that are there.
struct Records<'a> {
    source: &'a dyn Source,
    /// First records of the segments, the last of which may be of a later tree.
    segments: Vec<u64>,
    /// The record that is leaf 0.
    tree: u64,
    /// The edge of the tree before the first segment: all that is known of records that were pruned.
    before: Frontier,
}

impl<'a> Records<'a> {
    fn of_tree(source: &'a dyn Source, tree: u64) -> Result<Self, ProofError> {
        let mut segments = segments(source)?;
        segments.drain(..segments.partition_point(|first| *first < tree));
        let first = segments.first().copied().ok_or(ProofError::Gone(tree))?;
        let mut records = Self {
            source,
            segments,
            tree,
            before: Frontier::default(),
        };
        records.before = records.edge(first)?;
        Ok(records)
    }

    /// Returns the edge of the tree before the segment `first`, as its first record states it.
    fn edge(&self, first: u64) -> Result<Frontier, ProofError> {
        let (_, stated) = opening(self.source, first)?;
        let stated = Some(stated).filter(|stated| stated.first == self.tree);
        let edge = stated.and_then(|stated| stated.frontier(first));
        edge.ok_or(ProofError::Log)
    }

    /// Returns the node over a range of leaves. At most one segment is read, since the first record of each states the edge
    /// of the tree before it. That is as good as a look at every record: what comes of it must lead to the root that was signed.
    fn over(&self, range: Range<u64>) -> Result<Hash, ProofError> {
        if let Some(root) = self.before.subtree(&range) {
            return Ok(root);
        }
        if range.end <= self.before.size() {
            return Err(ProofError::Gone(self.tree + range.start));
        }
        let last = self.tree + range.end - 1;
        let inside = self.segments.iter().rev().find(|first| **first <= last);
        let inside = inside.copied().ok_or(ProofError::Gone(last))?;
        let mut edge = Frontier::default();
        let mut from = self.tree + range.start;
        if inside > from {
            edge = self
                .edge(inside)?
                .behind(range.start)
                .ok_or(ProofError::Log)?;
            from = inside;
        }
        self.read(inside, from..last + 1, |line| edge.push(merkle::leaf(line)))?;
        Ok(edge.root())
    }

    /// Gives the records `places`, which are in the segment `first`, one after the other.
    fn read(
        &self,
        first: u64,
        places: Range<u64>,
        mut take: impl FnMut(&Line<'_>),
    ) -> Result<(), ProofError> {
        let name = segment_name(first);
        let failed = |error| ProofError::Read(name.clone(), error);
        let mut lines = Lines::new(self.source.reader(&name, 0).map_err(failed)?);
        for place in first..places.end {
            let bytes = lines.next().map_err(failed)?;
            let bare = bytes.strip_suffix(b"\n").ok_or(ProofError::Log)?;
            let line = Line::split(bare).map_err(|_| ProofError::Log)?;
            if line.seq() != place {
                return Err(ProofError::Log);
            }
            if places.contains(&place) {
                take(&line);
            }
        }
        Ok(())
    }
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
