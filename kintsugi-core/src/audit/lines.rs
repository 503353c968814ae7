//! The lines of a segment, one at a time.

use std::io::{self, BufRead as _, BufReader, ErrorKind, Read};

use memchr::memchr;

use super::{Source, segment_name};
use crate::limits::RECORD_BYTES_MAX;

/// Bytes that are read at once.
pub(super) const READ_BYTES: usize = 1 << 16;

/// Lines as they stand in what was read; one that goes over its end is put together.
pub(super) struct Lines<R> {
    reader: BufReader<R>,
    /// Bytes of what was read that were handed out.
    taken: usize,
    whole: Vec<u8>,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader: BufReader::with_capacity(READ_BYTES, reader),
            taken: 0,
            whole: Vec::new(),
        }
    }

    /// Returns the next line with its newline, or as much of it as a record may have; nothing at the end.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn next(&mut self) -> io::Result<&[u8]> {
        self.reader.consume(std::mem::take(&mut self.taken));
        let end = match self.reader.fill_buf() {
            Ok(bytes) => memchr(b'\n', bytes).filter(|end| *end < RECORD_BYTES_MAX),
            Err(error) if error.kind() == ErrorKind::Interrupted => None,
            Err(error) => return Err(error),
        };
        if let Some(end) = end {
            self.taken = end + 1;
            return Ok(self.reader.buffer().get(..=end).unwrap_or_default());
        }
        self.whole.clear();
        let most = u64::try_from(RECORD_BYTES_MAX).unwrap_or(u64::MAX);
        let mut reader = self.reader.by_ref().take(most);
        reader.read_until(b'\n', &mut self.whole)?;
        Ok(&self.whole)
    }
}

/// Returns the first line of the segment `first` with its newline, or as much of it as a record may have.
///
/// # Errors
/// When it cannot be read.
pub(super) fn first_line(source: &dyn Source, first: u64) -> io::Result<Vec<u8>> {
    let mut lines = Lines::new(source.reader(&segment_name(first), 0)?);
    lines.next().map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read at once is `self.1` bytes, and every other time a signal comes.
    struct Slow<'a>(&'a [u8], usize, bool);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.2 = !self.2;
            if self.2 {
                return Err(ErrorKind::Interrupted.into());
            }
            let most = buffer.len().min(self.1);
            self.0.read(&mut buffer[..most])
        }
    }

    fn all(reader: impl Read) -> Vec<Vec<u8>> {
        let mut lines = Lines::new(reader);
        let mut found = Vec::new();
        loop {
            match lines.next().unwrap() {
                [] => return found,
                line => found.push(line.to_vec()),
            }
        }
    }

    #[test]
    fn lines_are_the_same_however_they_are_read() {
        let text: Vec<u8> = (0..3_000)
            .flat_map(|n| format!("{n:0>100}\n").into_bytes())
            .chain(*b"torn")
            .collect();
        let expected: Vec<Vec<u8>> = text
            .split_inclusive(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect();
        assert!(text.len() > 4 * READ_BYTES);
        for bytes in [1, 7, 101, READ_BYTES - 1, READ_BYTES] {
            assert_eq!(
                all(Slow(&text, bytes, false)),
                expected,
                "{bytes} bytes at once"
            );
        }
    }

    #[test]
    fn what_is_longer_than_a_record_comes_in_pieces() {
        let mut text = vec![b'x'; RECORD_BYTES_MAX + 1];
        text.push(b'\n');
        let lengths: Vec<usize> = all(text.as_slice()).iter().map(Vec::len).collect();
        assert_eq!(lengths, [RECORD_BYTES_MAX, 2]);
    }

    #[test]
    fn an_error_of_the_disk_is_told_and_not_read_past() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk"))
            }
        }
        let mut lines = Lines::new(b"a\n".chain(Broken));
        assert_eq!(lines.next().unwrap(), b"a\n");
        assert_eq!(lines.next().unwrap_err().to_string(), "the disk");
    }
}
