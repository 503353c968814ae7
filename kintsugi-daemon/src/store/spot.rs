//! Where a piece of the live state stands, so that a later segment can name it instead of writing it again.
//!
//! A name holds the commitment of what is named, and is itself under the chain: what was altered meanwhile is not taken.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use kintsugi_core::audit::line::Line;
use kintsugi_core::audit::segment_name;
use kintsugi_core::limits::RECORD_BYTES_MAX;
use serde::{Deserialize, Serialize};

use super::segment::Position;

/// One record of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    /// The first record of the segment.
    segment: u64,
    seq: u64,
    /// Where its line began when it was written; it may have moved when something before it was taken away.
    offset: u64,
    /// How long the line is, its newline included.
    bytes: u64,
    /// To its private part, in hexadecimal.
    commitment: Box<str>,
}

impl Spot {
    /// Returns the spot of `line`, which stands at `position`.
    pub(super) fn of(position: &Position, line: &Line<'_>) -> Self {
        let commitment = String::from_utf8_lossy(line.commitment());
        Self {
            segment: position.segment,
            seq: line.seq(),
            offset: position.bytes,
            bytes: u64::try_from(line.bytes().len() + 1).unwrap_or_default(),
            commitment: commitment.into(),
        }
    }

    /// Returns the private part of a line, if it is the one that is meant.
    fn private<'a>(&self, line: &'a [u8]) -> Option<&'a [u8]> {
        let line = Line::split(line.strip_suffix(b"\n")?).ok()?;
        let is_it = line.seq() == self.seq
            && line.commitment() == self.commitment.as_bytes()
            && !line.is_redacted()
            && line.commitment_holds();
        is_it.then(|| line.private())
    }
}

/// Reads pieces from the segments in a directory.
#[derive(Debug, Default)]
pub struct Pieces {
    directory: PathBuf,
    /// The segment that was read last.
    opened: Option<(u64, File)>,
    /// What was read last. A start must be quick, and memory that is new to a process costs more than reading.
    line: Vec<u8>,
}

impl Pieces {
    /// Reads from the segments in `directory`.
    #[must_use]
    pub fn of(directory: PathBuf) -> Self {
        Self {
            directory,
            opened: None,
            line: Vec::new(),
        }
    }

    /// Returns the private part of the piece at `spot`; nothing when it is not there any more, or not what it was.
    pub fn read(&mut self, spot: &Spot) -> Option<&[u8]> {
        if self
            .opened
            .as_ref()
            .is_none_or(|(first, _)| *first != spot.segment)
        {
            let path = self.directory.join(segment_name(spot.segment));
            self.opened = Some((spot.segment, File::open(path).ok()?));
        }
        let (_, file) = self.opened.as_ref()?;
        let bytes = usize::try_from(spot.bytes).ok()?;
        self.line.resize(bytes.min(RECORD_BYTES_MAX), 0);
        let read = file.read_exact_at(&mut self.line, spot.offset);
        if read.is_err() || spot.private(&self.line).is_none() {
            self.line = self.search(spot)?;
        }
        spot.private(&self.line)
    }

    /// Looks for a piece that is not where it was: something before it was taken away.
    fn search(&self, spot: &Spot) -> Option<Vec<u8>> {
        let path = self.directory.join(segment_name(spot.segment));
        let segment = std::fs::read(path).ok()?;
        let mut lines = segment.split_inclusive(|byte| *byte == b'\n');
        let found = lines.find(|line| spot.private(line).is_some());
        found.map(<[u8]>::to_vec)
    }
}
