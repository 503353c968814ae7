//! Which files of configuration are believed: only those that nobody but the user or root can have written.
//!
//! Pure: whoever calls this has opened the file, and asks about what the open descriptor shows, never about a path that
//! another can exchange in between.

/// Largest file of configuration, in bytes.
pub const OWN_FILE_BYTES_MAX: u64 = 256 * 1024;

/// What `fstat(2)` tells of an open file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenFile {
    /// It is a regular file.
    pub is_regular: bool,
    /// The user whose file it is.
    pub owner: u32,
    /// Its permission bits.
    pub mode: u32,
    /// Its length in bytes.
    pub bytes: u64,
}

/// Why a file is not believed. Reads as the end of a sentence that begins with its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOwn {
    /// A directory, a pipe, a device.
    #[error("is not a file")]
    NotRegular,
    /// Others own it or may write to it.
    #[error("can be written by others: make it yours, and `chmod go-w` it")]
    WritableByOthers,
    /// It is longer than any configuration.
    #[error("has more than {OWN_FILE_BYTES_MAX} bytes")]
    TooLarge,
}

impl OpenFile {
    /// Checks that only `user` or root can have written the file.
    ///
    /// # Errors
    /// Why it is not believed.
    pub const fn check(self, user: u32) -> Result<(), NotOwn> {
        if !self.is_regular {
            Err(NotOwn::NotRegular)
        } else if (self.owner != user && self.owner != 0) || self.mode & 0o022 != 0 {
            Err(NotOwn::WritableByOthers)
        } else if self.bytes > OWN_FILE_BYTES_MAX {
            Err(NotOwn::TooLarge)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINE: OpenFile = OpenFile {
        is_regular: true,
        owner: 1_000,
        mode: 0o644,
        bytes: OWN_FILE_BYTES_MAX,
    };

    #[test]
    fn only_what_the_user_or_root_can_have_written_is_believed() {
        let refused = |file: OpenFile| file.check(1_000).unwrap_err();
        assert_eq!(MINE.check(1_000), Ok(()));
        assert_eq!(OpenFile { owner: 0, ..MINE }.check(1_000), Ok(()));
        assert_eq!(MINE.check(1_001), Err(NotOwn::WritableByOthers));
        for mode in [0o664, 0o646, 0o666] {
            assert_eq!(refused(OpenFile { mode, ..MINE }), NotOwn::WritableByOthers);
        }
        let is_regular = false;
        assert_eq!(refused(OpenFile { is_regular, ..MINE }), NotOwn::NotRegular);
        let bytes = OWN_FILE_BYTES_MAX + 1;
        assert_eq!(refused(OpenFile { bytes, ..MINE }), NotOwn::TooLarge);
    }
}
