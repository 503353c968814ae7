//! The log's directory as a reader sees it, with the person's own rights. Never writes.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use kintsugi_core::audit::line::{Line, LineError};
use kintsugi_core::audit::record::{Record, RecordError};
use kintsugi_core::audit::{Source, segment_first, segment_name};
use kintsugi_core::limits::RECORD_BYTES_MAX;

use crate::exit::{Exit, Failure};

/// A directory that holds a log.
#[derive(Debug, Clone)]
pub struct Directory(PathBuf);

impl Directory {
    /// The log in `path`.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Returns where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Returns the first records of the segments, oldest first.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn segments(&self) -> io::Result<Vec<u64>> {
        let mut segments: Vec<_> = self
            .names()?
            .iter()
            .filter_map(|name| segment_first(name))
            .collect();
        segments.sort_unstable();
        Ok(segments)
    }

    /// Returns the bytes of all segments, as far as they tell.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let bytes = |first: &u64| Some(fs::metadata(self.0.join(segment_name(*first))).ok()?.len());
        let segments = self.segments().unwrap_or_default();
        segments.iter().filter_map(bytes).sum()
    }

    /// Returns when the first record of a segment was written.
    fn begins(&self, first: u64) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        let most = u64::try_from(RECORD_BYTES_MAX).unwrap_or(u64::MAX);
        let reader = self.reader(&segment_name(first), 0)?;
        BufReader::new(reader.take(most)).read_until(b'\n', &mut line)?;
        let bare = line.strip_suffix(b"\n").unwrap_or(&line);
        Ok(Line::split(bare)
            .map(|line| line.ts().to_vec())
            .unwrap_or_default())
    }

    /// Whether a segment holds every one of `texts`, as far as can be told without reading its records.
    fn holds(&self, first: u64, texts: &[String]) -> io::Result<bool> {
        if texts.is_empty() {
            return Ok(true);
        }
        let bytes = fs::read(self.0.join(segment_name(first)))?;
        let text = std::str::from_utf8(&bytes);
        Ok(
            text.is_ok_and(|text| texts.iter().all(|wanted| text.contains(wanted.as_str())))
                || text.is_err(),
        )
    }

    /// Says that the log could not be read, and whose it is.
    #[must_use]
    pub fn unreadable(&self, error: &io::Error) -> Failure {
        let shown = self.0.display();
        let failure = Failure::new(
            Exit::Failed,
            format!("cannot read the log in `{shown}`: {error}"),
        );
        if error.kind() == io::ErrorKind::NotFound {
            failure.hint("nothing has been proposed yet, or `HOME` is another one")
        } else {
            failure.hint("it belongs to the user who runs the daemon")
        }
    }
}

impl Source for Directory {
    fn names(&self) -> io::Result<Vec<String>> {
        let name =
            |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
        fs::read_dir(&self.0)?.map(name).collect()
    }

    fn reader(&self, name: &str, offset: u64) -> io::Result<Box<dyn Read + '_>> {
        let mut file = File::open(self.0.join(name))?;
        // A pipe may stand for a whole file: what comes from another machine, or from a test.
        if offset > 0 {
            file.seek(SeekFrom::Start(offset))?;
        }
        Ok(Box::new(file))
    }
}

/// A record, and the bytes it stands in.
#[derive(Debug)]
pub struct Stored {
    /// What it says.
    pub record: Record,
    /// Its line, without the newline.
    pub line: Vec<u8>,
}

/// Which records are wanted: closed segments in which none can be are not read.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// From this record on.
    pub from: u64,
    /// Not before this, as records say it: RFC 3339, UTC, microseconds. Of clocks that jump, what the first records of two
    /// segments say counts.
    pub since: Option<String>,
    /// Not after this.
    pub until: Option<String>,
    /// Texts that its segment holds, as they stand in the file.
    pub texts: Vec<String>,
}

/// Reads records in order; goes on where it stopped when more have come.
#[derive(Debug)]
pub struct Records {
    directory: Directory,
    wanted: Wanted,
    /// The segment that is read, and how far.
    reader: Option<BufReader<File>>,
    /// The last segment that was read or passed over.
    present: Option<u64>,
    /// The first record behind the present segment. A sync that failed can leave lines there that count for nothing.
    end: Option<u64>,
    /// No segment behind this one is opened.
    only: Option<u64>,
    /// The beginning of a line whose end has not been written yet.
    partial: Vec<u8>,
    bytes: u64,
}

impl Records {
    /// Reads the log in `directory` from record `from` on.
    #[must_use]
    pub fn new(directory: Directory, from: u64) -> Self {
        let wanted = Wanted {
            from,
            ..Wanted::default()
        };
        Self::wanted(directory, wanted)
    }

    /// Reads what is wanted, and perhaps more.
    #[must_use]
    pub const fn wanted(directory: Directory, wanted: Wanted) -> Self {
        Self {
            directory,
            wanted,
            reader: None,
            present: None,
            end: None,
            only: None,
            partial: Vec::new(),
            bytes: 0,
        }
    }

    /// Reads the segment whose first record is `first`, and no other until [`Records::go_on`].
    #[must_use]
    pub fn of_segment(directory: Directory, first: u64) -> Self {
        Self {
            only: Some(first),
            ..Self::new(directory, first)
        }
    }

    /// Goes on behind the only segment.
    pub const fn go_on(&mut self) {
        self.only = None;
    }

    /// Returns how many bytes of segments were read or passed over.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the next record; nothing at the end, which may move.
    ///
    /// # Errors
    /// When the log cannot be read, or a line is no record.
    pub fn next_record(&mut self) -> Result<Option<Stored>, Failure> {
        loop {
            let line = self.next_line();
            let line = line.map_err(|error| self.directory.unreadable(&error))?;
            let Some(line) = line else {
                return Ok(None);
            };
            let split = Line::split(&line).map_err(|error| unknown(&error.into()))?;
            let seq = split.seq();
            if self.end.is_some_and(|end| seq >= end) {
                self.reader = None;
            } else if seq >= self.wanted.from {
                let record = Record::of(&split).map_err(|error| unknown(&error))?;
                // Should this file be replaced, reading goes on behind this record.
                self.wanted.from = seq + 1;
                return Ok(Some(Stored { record, line }));
            }
        }
    }

    fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if self.reader.is_none() && !self.open_next()? {
                return Ok(None);
            }
            let Some(reader) = &mut self.reader else {
                return Ok(None);
            };
            let room = RECORD_BYTES_MAX.saturating_sub(self.partial.len());
            let mut bounded = Read::take(reader, u64::try_from(room).unwrap_or(u64::MAX));
            let read = bounded.read_until(b'\n', &mut self.partial)?;
            self.bytes += u64::try_from(read).unwrap_or_default();
            if self.partial.last() == Some(&b'\n') {
                self.partial.pop();
                return Ok(Some(std::mem::take(&mut self.partial)));
            }
            if self.partial.len() >= RECORD_BYTES_MAX {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "a line is too long",
                ));
            }
            // The end of this segment, for now; the next one begins only when this one is full.
            if self.is_replaced()? {
                self.partial.clear();
                self.present = None;
                self.reader = None;
                continue;
            }
            if !self.partial.is_empty() || !self.open_next()? {
                return Ok(None);
            }
        }
    }

    /// Whether the file that is read is another one by now: a redaction writes a segment anew.
    fn is_replaced(&self) -> io::Result<bool> {
        let (Some(reader), Some(present)) = (&self.reader, self.present) else {
            return Ok(false);
        };
        let held = reader.get_ref().metadata()?.ino();
        match fs::metadata(self.directory.0.join(segment_name(present))) {
            Ok(there) => Ok(there.ino() != held),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Opens the first segment behind the present one that can hold what is wanted.
    fn open_next(&mut self) -> io::Result<bool> {
        let segments = self.directory.segments()?;
        let behind = |seq: u64| segments.partition_point(|first| *first <= seq);
        let start = self
            .present
            .map_or_else(|| behind(self.wanted.from).saturating_sub(1), behind);
        for (index, first) in segments.iter().enumerate().skip(start) {
            let next = segments.get(index + 1).copied();
            if self.only.is_some_and(|only| *first > only) {
                return Ok(false);
            }
            let file = File::open(self.directory.0.join(segment_name(*first)))?;
            self.present = Some(*first);
            if let Some(next) = next
                && !self.can_match(*first, next)?
            {
                self.bytes += file.metadata()?.len();
                continue;
            }
            self.end = next;
            self.reader = Some(BufReader::with_capacity(1 << 16, file));
            return Ok(true);
        }
        Ok(false)
    }

    /// Whether a closed segment can hold what is wanted.
    fn can_match(&self, first: u64, next: u64) -> io::Result<bool> {
        let Wanted {
            since,
            until,
            texts,
            ..
        } = &self.wanted;
        if let Some(since) = since
            && self.directory.begins(next)?.as_slice() < since.as_bytes()
            && self.directory.begins(first)?.as_slice() < since.as_bytes()
        {
            return Ok(false);
        }
        if let Some(until) = until
            && self.directory.begins(first)?.as_slice() > until.as_bytes()
            && self.directory.begins(next)?.as_slice() > until.as_bytes()
        {
            return Ok(false);
        }
        self.directory.holds(first, texts)
    }
}

/// Says in one line why a line cannot be shown.
fn unknown(error: &RecordError) -> Failure {
    if let RecordError::Line(LineError::Version(version)) = error {
        let message = format!("the log is of format {version}, which this version does not know");
        return Failure::new(Exit::LogUnverified, message)
            .hint("a newer version wrote it: read it with that one");
    }
    Failure::new(Exit::LogUnverified, format!("a line is no record: {error}"))
        .hint("`kintsugi log verify` says which, and what that means")
}
