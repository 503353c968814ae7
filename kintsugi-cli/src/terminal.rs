//! The terminal a person sits at: one key out of it, with nothing that was typed before the question.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

/// How long a terminal must be silent before a key counts as an answer.
///
/// Longer than the gaps of a paste or of typed-ahead keys, shorter than a person needs to read one line.
pub const SILENCE: Duration = Duration::from_millis(150);

/// Longest wait for that silence; then whoever types is taken not to be answering.
const SILENCE_WAIT_MAX: Duration = Duration::from_secs(10);

/// The controlling terminal, in a mode in which single keys can be read. Dropped, it is as it was.
#[derive(Debug)]
pub struct Terminal {
    file: File,
    before: Termios,
}

/// What woke a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// A key.
    Key(u8),
    /// The other descriptor has something to read, or ended.
    Other,
    /// The terminal is gone.
    HungUp,
    /// The time is over.
    TimedOut,
}

impl Terminal {
    /// Opens the controlling terminal and takes echo, line editing and signals by keys away: Ctrl-C is then a key like others,
    /// and means no.
    ///
    /// # Errors
    /// When there is none.
    pub fn open() -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        let before = tcgetattr(&file)?;
        let mut single = before.clone();
        single.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        single.special_codes[SpecialCodeIndex::VMIN] = 1;
        single.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&file, OptionalActions::Now, &single)?;
        Ok(Self { file, before })
    }

    /// Reads away what was typed before the question, until nothing has come for [`SILENCE`]. Returns false when it never ends.
    ///
    /// # Errors
    /// When the terminal cannot be read.
    pub fn drain(&mut self) -> io::Result<bool> {
        let deadline = Instant::now() + SILENCE_WAIT_MAX;
        while Instant::now() < deadline {
            match self.wait(None, SILENCE)? {
                Woken::Key(_) => {}
                Woken::TimedOut => return Ok(true),
                Woken::Other | Woken::HungUp => return Ok(false),
            }
        }
        Ok(false)
    }

    /// Waits for a key, or for `other` to be readable, `patience` at most.
    ///
    /// # Errors
    /// When the terminal cannot be read.
    pub fn wait(&mut self, other: Option<BorrowedFd<'_>>, patience: Duration) -> io::Result<Woken> {
        let timeout = Timespec::try_from(patience).map_err(io::Error::other)?;
        let mut watched = vec![PollFd::new(&self.file, PollFlags::IN)];
        if let Some(other) = &other {
            watched.push(PollFd::new(other, PollFlags::IN));
        }
        match poll(&mut watched, Some(&timeout)) {
            // A signal that does not end this process, such as a change of the window's size.
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(Woken::TimedOut),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let ready = |position: usize| {
            watched
                .get(position)
                .is_some_and(|watched| !watched.revents().is_empty())
        };
        if !ready(0) {
            return Ok(if ready(1) {
                Woken::Other
            } else {
                Woken::TimedOut
            });
        }
        let mut key = [0];
        match self.file.read(&mut key) {
            Ok(1) => Ok(Woken::Key(key[0])),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(Woken::TimedOut),
            Ok(_) | Err(_) => Ok(Woken::HungUp),
        }
    }

    /// Returns its columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        crate::console::columns_of(&self.file)
    }
}

/// Longest line that is read, in bytes.
const LINE_BYTES_MAX: u64 = 256;

/// Asks `question` on the controlling terminal, and returns the line that is typed.
///
/// # Errors
/// When there is no terminal, or it goes away.
pub fn ask_line(question: &str) -> io::Result<String> {
    let mut file = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    write!(file, "{question}")?;
    let mut line = String::new();
    let read = BufReader::new(file.take(LINE_BYTES_MAX)).read_line(&mut line)?;
    if read == 0 {
        return Err(io::Error::other("the terminal went away"));
    }
    Ok(line.trim().to_owned())
}

impl Write for Terminal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl AsFd for Terminal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // The terminal may be gone; then there is nothing to put back.
        let _restored = tcsetattr(&self.file, OptionalActions::Now, &self.before);
    }
}
