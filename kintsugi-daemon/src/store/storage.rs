//! What the log needs from the machine: the smallest set of calls that can each fail, be watched and be simulated.
//!
//! Nothing here retries, buffers or interprets; `write_fully` and `read_fully` are the only loops over these calls.

use std::fmt;
use std::io::{self, Read};

use kintsugi_core::audit::Source;

/// One directory of files, locked for one writer.
pub trait Storage: fmt::Debug {
    /// Returns the names in the directory, in any order.
    ///
    /// # Errors
    /// When the directory cannot be read.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Opens `name`, which exists.
    ///
    /// # Errors
    /// When it does not, or may not be read and written.
    fn open(&self, name: &str) -> io::Result<Box<dyn StoredFile>>;

    /// Makes `name`, which does not exist. The name is durable only after [`Storage::sync_names`].
    ///
    /// # Errors
    /// When it exists, or cannot be made.
    fn create(&self, name: &str) -> io::Result<Box<dyn StoredFile>>;

    /// Gives a file another name, replacing what has it.
    ///
    /// # Errors
    /// When it cannot be renamed.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a name.
    ///
    /// # Errors
    /// When it cannot be removed.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes the names durable.
    ///
    /// # Errors
    /// When nobody knows which names are.
    fn sync_names(&self) -> io::Result<()>;
}

/// One open file.
pub trait StoredFile: fmt::Debug {
    /// Reads at most `buffer.len()` bytes; 0 at the end.
    ///
    /// # Errors
    /// When nothing was read.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes at least one and perhaps not all of `bytes`.
    ///
    /// # Errors
    /// When nothing was written.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize>;

    /// Makes content and size durable.
    ///
    /// # Errors
    /// When nobody knows what is durable. It must not be called again: the kernel has forgotten what it could not write.
    fn sync(&self) -> io::Result<()>;

    /// Takes room on the disk, so that the file is `bytes` long at least.
    ///
    /// # Errors
    /// When there is not as much.
    fn allocate(&self, bytes: u64) -> io::Result<()>;

    /// Cuts the file to `bytes`.
    ///
    /// # Errors
    /// When it was not cut.
    fn cut(&self, bytes: u64) -> io::Result<()>;

    /// Returns what the file system says of the file.
    ///
    /// # Errors
    /// When it says nothing.
    fn state(&self) -> io::Result<FileState>;
}

/// What the file system says of an open file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileState {
    /// Its size.
    pub bytes: u64,
    /// Names it has; 0 once it was removed or replaced.
    pub links: u64,
}

/// Writes all of `bytes`.
pub(super) fn write_fully(file: &dyn StoredFile, offset: u64, bytes: &[u8]) -> io::Result<()> {
    let mut rest = bytes;
    let mut at = offset;
    while !rest.is_empty() {
        match file.write_at(at, rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                rest = rest.get(written..).unwrap_or_default();
                at += u64::try_from(written).unwrap_or_default();
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads everything from `offset` on.
pub(super) fn read_fully(file: &dyn StoredFile, offset: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    FileReader { file, at: offset }.read_to_end(&mut bytes)?;
    Ok(bytes)
}

struct FileReader<F> {
    file: F,
    at: u64,
}

impl<F: AsFile> Read for FileReader<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.as_file().read_at(self.at, buffer)?;
        self.at += u64::try_from(read).unwrap_or_default();
        Ok(read)
    }
}

trait AsFile {
    fn as_file(&self) -> &dyn StoredFile;
}

impl AsFile for &dyn StoredFile {
    fn as_file(&self) -> &dyn StoredFile {
        *self
    }
}

impl AsFile for Box<dyn StoredFile> {
    fn as_file(&self) -> &dyn StoredFile {
        self.as_ref()
    }
}

/// The files of a storage, to be read and verified.
#[derive(Debug, Clone, Copy)]
pub struct Files<'a>(
    /// Where they are.
    pub &'a dyn Storage,
);

impl Source for Files<'_> {
    fn names(&self) -> io::Result<Vec<String>> {
        self.0.names()
    }

    fn reader(&self, name: &str, offset: u64) -> io::Result<Box<dyn Read + '_>> {
        let file = self.0.open(name)?;
        Ok(Box::new(FileReader { file, at: offset }))
    }
}
