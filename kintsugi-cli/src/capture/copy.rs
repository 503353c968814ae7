//! Content of files into a store: blocks shared where the file system can, else an object named by its hash.
//!
//! Holes stay holes. What is in the store is never written again.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::path::Path;

use kintsugi_core::capture::manifest::Content;
use rustix::fs::{
    AtFlags, Mode, OFlags, RenameFlags, SeekFrom, Stat, fstat, ioctl_ficlone, mkdirat, openat,
    renameat_with, seek, statat, unlinkat,
};
use rustix::io::Errno;

use super::target::Target;
use super::tree::{Attributes, Place, Visit, attributes_of, open_file};
use super::{Budget, CaptureError};

/// Bytes that are read and written at once.
const PIECE: usize = 256 * 1024;

/// Only looks: how many files there are, and how many bytes a copy would take.
#[derive(Debug, Default)]
pub struct Measure {
    /// Bytes of all files.
    pub bytes: u64,
    /// Whether blocks are shared, so that bytes cost nothing.
    pub shares: bool,
}

impl Visit for Measure {
    fn file(
        &mut self,
        place: &Place<'_>,
        found: &Stat,
        budget: &mut Budget,
    ) -> Result<(Content, Attributes), CaptureError> {
        let access = rustix::fs::Access::READ_OK;
        // By the rights that opening it will be judged by.
        rustix::fs::accessat(place.directory, place.name, access, AtFlags::EACCESS)
            .map_err(|error| CaptureError::io(place.path, error.into()))?;
        self.bytes = self.bytes.saturating_add(size_of(found));
        if !self.shares {
            budget.bytes(allocated(found))?;
        }
        Ok((Content::Nothing, Vec::new()))
    }
}

fn size_of(found: &Stat) -> u64 {
    u64::try_from(found.st_size).unwrap_or_default()
}

/// Bytes of a file that are not holes (`stat(2)`: blocks of 512), as far as that can be told before it is read.
fn allocated(found: &Stat) -> u64 {
    let blocks = u64::try_from(found.st_blocks).unwrap_or_default();
    size_of(found).min(blocks.saturating_mul(512).max(4096))
}

/// Keeps only attributes.
#[derive(Debug, Default)]
pub struct Bare;

impl Visit for Bare {
    fn file(
        &mut self,
        place: &Place<'_>,
        _found: &Stat,
        _budget: &mut Budget,
    ) -> Result<(Content, Attributes), CaptureError> {
        // What may not be read may still be given other bits; then its extended attributes are not known.
        let attributes = match open_file(place) {
            Ok(opened) => attributes_of(opened.as_fd()).unwrap_or_default(),
            Err(_) => Vec::new(),
        };
        Ok((Content::Nothing, attributes))
    }
}

/// Copies into a target.
#[derive(Debug)]
pub struct Copying<'t> {
    target: &'t mut Target,
    piece: Vec<u8>,
    /// Bytes of all files.
    pub bytes: u64,
}

impl<'t> Copying<'t> {
    /// Copies into `target`.
    #[must_use]
    pub fn into(target: &'t mut Target) -> Self {
        Self {
            target,
            piece: vec![0; PIECE],
            bytes: 0,
        }
    }

    fn share(&mut self, from: &File, place: &Place<'_>) -> Result<Option<u64>, CaptureError> {
        if !self.target.shares {
            return Ok(None);
        }
        let number = self.target.next;
        let name = number.to_string();
        let to = create(&self.target.data, &name)
            .map_err(|error| CaptureError::io(place.path, error.into()))?;
        match ioctl_ficlone(&to, from) {
            Ok(()) => {
                self.target.next += 1;
                self.target
                    .wrote(&to)
                    .map_err(|error| CaptureError::io(place.path, error))?;
                Ok(Some(number))
            }
            Err(Errno::NOSPC | Errno::DQUOT) => Err(CaptureError::Full),
            Err(_) => {
                // Not here (ioctl_ficlone(2): another file system, or one that cannot).
                self.target.shares = false;
                unlinkat(&self.target.data, &name, AtFlags::empty())
                    .map_err(|error| CaptureError::io(place.path, error.into()))?;
                Ok(None)
            }
        }
    }

    /// Copies the content into an object; one that is there already is not written again.
    fn object(
        &mut self,
        from: &mut File,
        found: &Stat,
        (place, budget): (&Place<'_>, &mut Budget),
    ) -> Result<String, CaptureError> {
        let failed = |error: std::io::Error| CaptureError::io(place.path, error);
        let size = size_of(found);
        budget.bytes(allocated(found))?;
        if size <= PIECE as u64 {
            let read = read_whole(from, &mut self.piece).map_err(failed)?;
            let piece = self.piece.get(..read).unwrap_or_default();
            let hash = blake3::hash(piece).to_hex().to_string();
            if !self.target.has(&hash) {
                let mut to = self.target.begin().map_err(failed)?;
                to.write_all(piece).map_err(failed)?;
                self.target.stored += piece.len() as u64;
                self.target.wrote(&to).map_err(failed)?;
                self.target.finish(&hash).map_err(failed)?;
            }
            return Ok(hash);
        }
        let mut to = self.target.begin().map_err(failed)?;
        let hash = self.stream(from, &mut to, (place.path, size), budget);
        let hash = hash.inspect_err(|_| self.target.discard())?;
        if self.target.has(&hash) {
            self.target.discard();
        } else {
            self.target.stored += allocated(&fstat(&to).map_err(|error| failed(error.into()))?);
            self.target.wrote(&to).map_err(failed)?;
            self.target.finish(&hash).map_err(failed)?;
        }
        Ok(hash)
    }

    /// Copies what is no hole, and returns the hash of where it lies and what it is.
    fn stream(
        &mut self,
        from: &mut File,
        to: &mut File,
        (path, size): (&Path, u64),
        budget: &Budget,
    ) -> Result<String, CaptureError> {
        let io = |error| CaptureError::io(path, error);
        let mut hasher = blake3::Hasher::new();
        let mut at = 0;
        let mut has_holes = false;
        while at < size {
            let (begin, end) = extent(from, at, size).map_err(|error| io(error.into()))?;
            if begin > at || end < size {
                // Where the holes are is part of the name: the same bytes without holes are another object.
                has_holes = true;
                hasher.update(&begin.to_le_bytes());
                hasher.update(&end.to_le_bytes());
            }
            seek(&*from, SeekFrom::Start(begin)).map_err(|error| io(error.into()))?;
            seek(&*to, SeekFrom::Start(begin)).map_err(|error| io(error.into()))?;
            let mut left = end.saturating_sub(begin);
            while left > 0 {
                budget.time()?;
                let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
                let piece = self.piece.get_mut(..most).unwrap_or_default();
                let read = from.read(piece).map_err(io)?;
                if read == 0 {
                    return Err(io(std::io::ErrorKind::NotFound.into()));
                }
                let piece = piece.get(..read).unwrap_or_default();
                hasher.update(piece);
                to.write_all(piece).map_err(io)?;
                left = left.saturating_sub(read as u64);
            }
            at = end;
        }
        if has_holes {
            to.set_len(size).map_err(io)?;
            hasher.update(&size.to_le_bytes());
            hasher.update(b"with holes");
        }
        Ok(hasher.finalize().to_hex().to_string())
    }
}

/// Reads a file that is not longer than `piece`.
fn read_whole(from: &mut File, piece: &mut [u8]) -> std::io::Result<usize> {
    let mut read = 0;
    loop {
        let rest = piece.get_mut(read..).unwrap_or_default();
        match from.read(rest)? {
            0 => return Ok(read),
            count => read += count,
        }
    }
}

/// Returns where the next data lies at or behind `at`; where there is none any more, the end twice.
fn extent(file: &File, at: u64, size: u64) -> Result<(u64, u64), Errno> {
    let begin = match seek(file, SeekFrom::Data(at)) {
        Ok(begin) => begin.min(size),
        Err(Errno::NXIO) => return Ok((size, size)),
        // A file system that does not tell has no holes.
        Err(Errno::INVAL | Errno::NOTSUP) => return Ok((at, size)),
        Err(error) => return Err(error),
    };
    let end = seek(file, SeekFrom::Hole(begin)).unwrap_or(size).min(size);
    Ok((begin, end))
}

/// Creates a file that nobody else may read.
fn create(directory: &rustix::fd::OwnedFd, name: &str) -> Result<File, Errno> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(directory, name, flags, Mode::RUSR | Mode::WUSR).map(File::from)
}

impl Visit for Copying<'_> {
    fn file(
        &mut self,
        place: &Place<'_>,
        found: &Stat,
        budget: &mut Budget,
    ) -> Result<(Content, Attributes), CaptureError> {
        let failed = |error: Errno| CaptureError::io(place.path, error.into());
        let mut from = File::from(open_file(place)?);
        let opened = fstat(&from).map_err(failed)?;
        let changed = || CaptureError::Changed(place.path.to_owned());
        if (opened.st_dev, opened.st_ino) != (found.st_dev, found.st_ino) {
            return Err(changed());
        }
        let attributes = attributes_of(from.as_fd()).map_err(failed)?;
        let content = match self.share(&from, place)? {
            Some(number) => Content::Clone(number),
            None => Content::Object(self.object(&mut from, &opened, (place, budget))?),
        };
        let after = fstat(&from).map_err(failed)?;
        let state = |stat: &Stat| (stat.st_size, stat.st_mtime, stat.st_mtime_nsec);
        if state(&opened) != state(&after) {
            return Err(changed());
        }
        self.bytes = self.bytes.saturating_add(size_of(&opened));
        Ok((content, attributes))
    }
}

impl Target {
    fn has(&self, hash: &str) -> bool {
        let name = object_name(hash);
        statat(&self.objects, &name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    fn begin(&mut self) -> std::io::Result<File> {
        self.discard();
        Ok(create(&self.data, "object")?)
    }

    /// Puts the object that was begun under its name.
    fn finish(&mut self, hash: &str) -> std::io::Result<()> {
        let name = object_name(hash);
        let put = || {
            renameat_with(
                &self.data,
                "object",
                &self.objects,
                &name,
                RenameFlags::NOREPLACE,
            )
        };
        let done = match put() {
            Err(Errno::NOENT) => {
                let above = hash.get(..2).unwrap_or_default();
                match mkdirat(&self.objects, above, Mode::RWXU) {
                    Ok(()) | Err(Errno::EXIST) => put(),
                    Err(error) => Err(error),
                }
            }
            done => done,
        };
        match done {
            // Somebody else put the same content there: it is as good.
            Err(Errno::EXIST) => {
                self.discard();
                Ok(())
            }
            done => Ok(done?),
        }
    }

    fn discard(&mut self) {
        // Most often there is none.
        unlinkat(&self.data, "object", AtFlags::empty()).unwrap_or_default();
    }
}

/// Returns the name of an object below the directory of objects.
#[must_use]
pub fn object_name(hash: &str) -> String {
    let above = hash.get(..2).unwrap_or_default();
    let rest = hash.get(2..).unwrap_or_default();
    format!("{above}/{rest}")
}
