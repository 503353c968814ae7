//! The log's directory as a reader sees it, with the person's own rights. Never writes.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use kintsugi_core::audit::record::Record;
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

    fn segments(&self) -> io::Result<Vec<u64>> {
        let mut segments: Vec<_> = self
            .names()?
            .iter()
            .filter_map(|name| segment_first(name))
            .collect();
        segments.sort_unstable();
        Ok(segments)
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
        file.seek(SeekFrom::Start(offset))?;
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

/// Reads records in order, from the first or from a given one on; goes on where it stopped when more have come.
#[derive(Debug)]
pub struct Records {
    directory: Directory,
    /// The segment that is read, and how far.
    segment: Option<(u64, BufReader<File>)>,
    /// The beginning of a line whose end has not been written yet.
    partial: Vec<u8>,
    from: u64,
}

impl Records {
    /// Reads the log in `directory` from record `from` on.
    #[must_use]
    pub const fn new(directory: Directory, from: u64) -> Self {
        Self {
            directory,
            segment: None,
            partial: Vec::new(),
            from,
        }
    }

    /// Returns the next record; nothing at the end, which may move.
    ///
    /// # Errors
    /// When the log cannot be read, or a line is no record.
    pub fn next_record(&mut self) -> Result<Option<Stored>, Failure> {
        loop {
            let Some(line) = self.next_line().map_err(|error| self.unreadable(&error))? else {
                return Ok(None);
            };
            let record = Record::read(&line).map_err(|error| {
                Failure::new(Exit::LogUnverified, format!("a line is no record: {error}"))
                    .hint("`kintsugi log verify` says which, and what that means")
            })?;
            if record.seq >= self.from {
                return Ok(Some(Stored { record, line }));
            }
        }
    }

    fn unreadable(&self, error: &io::Error) -> Failure {
        let shown = self.directory.0.display();
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

    fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if self.segment.is_none() && !self.open_next()? {
                return Ok(None);
            }
            let Some((_, reader)) = &mut self.segment else {
                return Ok(None);
            };
            let room = RECORD_BYTES_MAX.saturating_sub(self.partial.len());
            let mut bounded = Read::take(reader, u64::try_from(room).unwrap_or(u64::MAX));
            bounded.read_until(b'\n', &mut self.partial)?;
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
            if !self.partial.is_empty() || !self.open_next()? {
                return Ok(None);
            }
        }
    }

    /// Opens the segment behind the present one, or the one with the first record that is wanted.
    fn open_next(&mut self) -> io::Result<bool> {
        let segments = self.directory.segments()?;
        let next = if let Some((present, _)) = &self.segment {
            segments.into_iter().find(|first| first > present)
        } else {
            let wanted = segments.partition_point(|first| *first <= self.from);
            segments.get(wanted.saturating_sub(1)).copied()
        };
        let Some(first) = next else {
            return Ok(false);
        };
        let file = File::open(self.directory.0.join(segment_name(first)))?;
        self.segment = Some((first, BufReader::new(file)));
        Ok(true)
    }
}
