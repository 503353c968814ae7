//! Reads records for people and for the live state of programs, one at a time, without the log in memory.
//!
//! Nothing is verified here: what is shown is what stands in the file. See [`super::verify`].

use std::io::{self, BufRead, BufReader, Read};

use super::line::Line;
use super::lines::first_line;
use super::record::{Record, RecordError};
use super::{Source, segment_first, segment_name};
use crate::limits::RECORD_BYTES_MAX;

/// Why a record cannot be shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A file could not be read.
    #[error("cannot read `{0}`")]
    File(String, #[source] io::Error),
    /// A line cannot be understood; reading goes on behind it.
    #[error("cannot understand what follows record {0}")]
    Record(u64, #[source] RecordError),
    /// The log has no such record.
    #[error("there is no record {0}")]
    Missing(u64),
}

/// Where reading goes on: the byte behind the last whole line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// First record of the segment.
    pub segment: u64,
    /// Byte of that segment.
    pub offset: u64,
}

/// The records of a log, oldest first.
pub struct Records<'a> {
    source: &'a dyn Source,
    /// Segments that are still to be read, the next one last.
    segments: Vec<u64>,
    current: Option<BufReader<Box<dyn Read + 'a>>>,
    mark: Mark,
    from: u64,
    last: u64,
    /// Lines that do not hold all of these are passed over without being parsed.
    containing: Vec<String>,
    line: Vec<u8>,
}

impl std::fmt::Debug for Records<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Records")
            .field("mark", &self.mark)
            .finish_non_exhaustive()
    }
}

fn segments(source: &dyn Source) -> Result<Vec<u64>, ReadError> {
    let names = source.names();
    let names = names.map_err(|error| ReadError::File("the directory of the log".into(), error))?;
    let mut segments: Vec<u64> = names
        .iter()
        .filter_map(|name| segment_first(name))
        .collect();
    segments.sort_unstable();
    Ok(segments)
}

impl<'a> Records<'a> {
    /// Reads from record `from` on.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn since(source: &'a dyn Source, from: u64) -> Result<Self, ReadError> {
        let mut segments = segments(source)?;
        let before = segments.partition_point(|first| *first <= from);
        segments.drain(..before.saturating_sub(1));
        Ok(Self::over(source, segments, from))
    }

    /// Reads from the first segment that may hold a record written at `ts` (RFC 3339, UTC) or later.
    ///
    /// Earlier records of that segment come, too: clocks jump.
    ///
    /// # Errors
    /// When the directory or a segment cannot be read.
    pub fn since_time(source: &'a dyn Source, ts: &str) -> Result<Self, ReadError> {
        let mut segments = segments(source)?;
        let mut skipped = 0;
        for (index, first) in segments.iter().enumerate().skip(1) {
            if first_ts(source, *first)?.as_slice() > ts.as_bytes() {
                break;
            }
            skipped = index;
        }
        segments.drain(..skipped);
        Ok(Self::over(source, segments, 0))
    }

    /// Goes on where an earlier reading stopped.
    ///
    /// # Errors
    /// When the directory or the segment cannot be read.
    pub fn after(source: &'a dyn Source, mark: Mark) -> Result<Self, ReadError> {
        let mut segments = segments(source)?;
        segments.retain(|first| *first >= mark.segment);
        let mut records = Self::over(source, segments, 0);
        if records.segments.last() == Some(&mark.segment) {
            records.segments.pop();
            records.open(mark)?;
        }
        Ok(records)
    }

    fn over(source: &'a dyn Source, mut segments: Vec<u64>, from: u64) -> Self {
        segments.reverse();
        Self {
            source,
            segments,
            current: None,
            mark: Mark::default(),
            from,
            last: from.saturating_sub(1),
            containing: Vec::new(),
            line: Vec::new(),
        }
    }

    /// Passes over lines that do not hold `text` as it stands in the file (JSON, escapes and all). Fast: nothing is parsed.
    #[must_use]
    pub fn containing(mut self, text: &str) -> Self {
        self.containing.push(text.to_owned());
        self
    }

    /// Returns where reading would go on.
    #[must_use]
    pub const fn mark(&self) -> Mark {
        self.mark
    }

    fn open(&mut self, mark: Mark) -> Result<(), ReadError> {
        let name = segment_name(mark.segment);
        let reader = self.source.reader(&name, mark.offset);
        let reader = reader.map_err(|error| ReadError::File(name, error))?;
        self.current = Some(BufReader::with_capacity(1 << 16, reader));
        self.mark = mark;
        Ok(())
    }

    /// Reads the next whole line into `self.line`, without its newline. False at the end.
    fn advance(&mut self) -> Result<bool, ReadError> {
        loop {
            if let Some(reader) = &mut self.current {
                self.line.clear();
                let most = u64::try_from(RECORD_BYTES_MAX).unwrap_or(u64::MAX);
                let read = reader.by_ref().take(most).read_until(b'\n', &mut self.line);
                let name = || segment_name(self.mark.segment);
                read.map_err(|error| ReadError::File(name(), error))?;
                // The next segment may begin before this one ends, when a sync had failed.
                let ended = self.segments.last().is_some_and(|next| {
                    let line = self.line.strip_suffix(b"\n").unwrap_or_default();
                    Line::split(line).is_ok_and(|line| line.seq() >= *next)
                });
                if self.line.last() == Some(&b'\n') && !ended {
                    self.mark.offset += u64::try_from(self.line.len()).unwrap_or_default();
                    self.line.pop();
                    return Ok(true);
                }
            }
            let Some(segment) = self.segments.pop() else {
                return Ok(false);
            };
            self.open(Mark { segment, offset: 0 })?;
        }
    }

    fn is_wanted(&self) -> bool {
        let from = Line::split(&self.line).map_or(true, |line| line.seq() >= self.from);
        let holds = |text: &String| contains(&self.line, text.as_bytes());
        from && self.containing.iter().all(holds)
    }
}

fn contains(line: &[u8], text: &[u8]) -> bool {
    text.is_empty() || line.windows(text.len()).any(|window| window == text)
}

fn first_ts(source: &dyn Source, first: u64) -> Result<Vec<u8>, ReadError> {
    let line = first_line(source, first);
    let line = line.map_err(|error| ReadError::File(segment_name(first), error))?;
    let bare = line.strip_suffix(b"\n").unwrap_or(&line);
    Ok(Line::split(bare)
        .map(|line| line.ts().to_vec())
        .unwrap_or_default())
}

impl Iterator for Records<'_> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.advance() {
                Ok(false) => return None,
                Ok(true) if !self.is_wanted() => {}
                Ok(true) => break,
                Err(error) => {
                    self.segments.clear();
                    self.current = None;
                    return Some(Err(error));
                }
            }
        }
        let record = Record::read(&self.line);
        if let Ok(record) = &record {
            self.last = record.seq;
        }
        Some(record.map_err(|error| ReadError::Record(self.last, error)))
    }
}

/// Returns the record `seq`.
///
/// # Errors
/// When there is none, or it cannot be read.
pub fn record(source: &dyn Source, seq: u64) -> Result<Record, ReadError> {
    let record = Records::since(source, seq)?.next();
    let record = record.ok_or(ReadError::Missing(seq))??;
    if record.seq == seq {
        Ok(record)
    } else {
        Err(ReadError::Missing(seq))
    }
}

/// Returns the records of the last `count`, oldest first.
///
/// # Errors
/// When a segment cannot be read.
pub fn last(source: &dyn Source, count: u64) -> Result<Vec<Record>, ReadError> {
    let Some(segment) = segments(source)?.pop() else {
        return Ok(Vec::new());
    };
    let end = Records::since(source, segment)?
        .filter_map(Result::ok)
        .last()
        .map_or(segment, |record| record.seq + 1);
    Records::since(source, end.saturating_sub(count))?.collect()
}
