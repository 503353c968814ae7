//! The two named pipes between a shell and its relay, in a directory of their own that only this user can enter.
//!
//! A shell opens them by path for each message and so keeps no descriptor that its children would inherit.

use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, mkfifoat, open};

/// Longest question that comes through the pipe, in bytes; a pipe holds 64 KiB (`pipe(7)`), and what is longer comes as a file.
///
/// The hooks themselves take the file from 15,000 bytes on.
const QUESTION_BYTES_MAX: usize = 64 * 1024;

/// The pipes, open. Dropped, they and their directory are removed.
#[derive(Debug)]
pub struct Pipes {
    directory: PathBuf,
    ask: File,
    answer: File,
    unread: Vec<u8>,
    /// Another relay owns the directory now.
    handed_on: bool,
}

impl Pipes {
    /// Makes the directory and the pipes. A relay that was there before for the same shell (`exec zsh`) is told to leave.
    ///
    /// # Errors
    /// When the place is not ours alone.
    pub fn make(directory: &Path) -> io::Result<Self> {
        if let Some(parent) = directory.parent() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(parent)?;
        }
        match DirBuilder::new().mode(0o700).create(directory) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => clear(directory)?,
            Err(error) => return Err(error),
        }
        check(directory)?;
        // `ask` last: a shell that finds it finds both.
        let answer = make_pipe(&directory.join("answer"))?;
        let ask = make_pipe(&directory.join("ask"))?;
        Ok(Self {
            directory: directory.to_owned(),
            ask,
            answer,
            unread: Vec::new(),
            handed_on: false,
        })
    }

    /// Returns the pipe that questions come through, to poll.
    #[must_use]
    pub fn questions(&self) -> &File {
        &self.ask
    }

    /// Reads what has come, once.
    ///
    /// # Errors
    /// When the pipe is of no more use.
    pub fn fill(&mut self) -> io::Result<()> {
        let mut bytes = [0; 16 * 1024];
        match self.ask.read(&mut bytes) {
            Ok(count) => {
                self.unread
                    .extend_from_slice(bytes.get(..count).unwrap_or_default());
                if self.unread.len() > QUESTION_BYTES_MAX && !self.unread.contains(&0) {
                    self.unread.clear();
                }
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Returns the next whole message, without its NUL.
    pub fn next_message(&mut self) -> Option<Vec<u8>> {
        let end = self.unread.iter().position(|byte| *byte == 0)?;
        let mut message: Vec<u8> = self.unread.drain(..=end).collect();
        message.pop();
        Some(message)
    }

    /// Reads the file of a long question, and removes it. Nothing when it is longer than `bytes_max`.
    ///
    /// # Errors
    /// When it is not there.
    pub fn long_question(&self, bytes_max: usize) -> io::Result<Option<Vec<u8>>> {
        let path = self.directory.join("text");
        let mut text = Vec::new();
        let most = u64::try_from(bytes_max).unwrap_or(u64::MAX);
        File::open(&path)?.take(most + 1).read_to_end(&mut text)?;
        std::fs::remove_file(&path)?;
        Ok((text.len() <= bytes_max).then_some(text))
    }

    /// Answers. What does not fit is dropped: the shell then has no answer, and asks in another way.
    pub fn say(&mut self, line: &[u8]) {
        drop(self.answer.write_all(line));
    }

    /// Leaves the directory to another relay.
    pub const fn hand_on(&mut self) {
        self.handed_on = true;
    }
}

impl Drop for Pipes {
    fn drop(&mut self) {
        if !self.handed_on {
            drop(remove(&self.directory));
        }
    }
}

/// Opened for both, so that neither side's opening waits and none sees an end when the other closes (`fifo(7)`, Linux).
fn make_pipe(path: &Path) -> io::Result<File> {
    mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR)?;
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    Ok(File::from(open(path, flags, Mode::empty())?))
}

/// Empties a directory that was there before: of a relay that was killed, or of one that still waits.
fn clear(directory: &Path) -> io::Result<()> {
    check(directory)?;
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    // It opens only when somebody reads there.
    if let Ok(other) = open(directory.join("ask"), flags, Mode::empty()) {
        File::from(other).write_all(b"!\0")?;
    }
    remove(directory)?;
    DirBuilder::new().mode(0o700).create(directory)
}

fn remove(directory: &Path) -> io::Result<()> {
    for name in ["ask", "answer", "text", "trap"] {
        match std::fs::remove_file(directory.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    std::fs::remove_dir(directory)
}

/// Checks that nobody else can put anything there.
fn check(directory: &Path) -> io::Result<()> {
    let found = std::fs::symlink_metadata(directory)?;
    let ours = found.uid() == rustix::process::geteuid().as_raw();
    if found.is_dir() && ours && found.mode() & 0o777 == 0o700 {
        Ok(())
    } else {
        Err(io::Error::other("the directory is not this user's alone"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_cut_at_nul_and_the_rest_waits() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("shell-1");
        let mut pipes = Pipes::make(&place).unwrap();
        let mut shell = File::options().write(true).open(place.join("ask")).unwrap();
        shell.write_all(b"?1ls\0.0\0?2wh").unwrap();
        pipes.fill().unwrap();
        assert_eq!(pipes.next_message().unwrap(), b"?1ls");
        assert_eq!(pipes.next_message().unwrap(), b".0");
        assert_eq!(pipes.next_message(), None);
        shell.write_all(b"o\0").unwrap();
        pipes.fill().unwrap();
        assert_eq!(pipes.next_message().unwrap(), b"?2who");
        drop(pipes);
        assert!(!place.exists());
    }

    #[test]
    fn a_second_relay_sends_the_first_away_and_keeps_its_own_pipes() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("shell-1");
        let mut first = Pipes::make(&place).unwrap();
        let second = Pipes::make(&place).unwrap();
        first.fill().unwrap();
        assert_eq!(first.next_message().unwrap(), b"!");
        first.hand_on();
        drop(first);
        assert!(place.join("ask").exists());
        drop(second);
        assert!(!place.exists());
    }

    #[test]
    fn a_directory_that_others_can_enter_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;

        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("shell-1");
        std::fs::create_dir(&place).unwrap();
        std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(Pipes::make(&place).is_err());
        std::os::unix::fs::symlink(home.path(), home.path().join("link")).unwrap();
        assert!(Pipes::make(&home.path().join("link")).is_err());
    }
}
