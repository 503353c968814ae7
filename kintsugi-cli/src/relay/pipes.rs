//! The two named pipes between a shell and its relay, in a directory of their own that only this user can enter.
//!
//! A shell opens them by path for each message and so keeps no descriptor that its children would inherit.
//!
//! fish reads without a limit of its own, so where a pipe would be it has a terminal for the answers: the kernel ends a read of that
//! when nothing came in time (`VTIME` in `termios(3)`), whatever has become of the relay.

use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use kintsugi_core::shell::Dialect;
use rustix::fd::OwnedFd;
use rustix::fs::{CWD, Mode, OFlags, fchmod, mkfifoat, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};

/// Longest question that comes through the pipe, in bytes; a pipe holds 64 KiB (`pipe(7)`), and what is longer comes as a file.
///
/// The hooks themselves take the file from 15,000 bytes on.
const QUESTION_BYTES_MAX: usize = 64 * 1024;

/// How long fish waits for an answer, in tenths of a second: as long as bash and zsh, by their hooks.
const FISH_WAIT_MAX: u8 = 60;

/// The pipes, open. Dropped, they and their directory are removed.
#[derive(Debug)]
pub struct Pipes {
    directory: PathBuf,
    ask: File,
    answer: File,
    /// The shell's end of the terminal that its answers come through, kept open: the settings end with the last who has it.
    terminal: Option<OwnedFd>,
    unread: Vec<u8>,
}

impl Pipes {
    /// Makes the directory, whose name is `shell-PID-NUMBER`, and the pipes; and clears up what others have left beside it.
    ///
    /// # Errors
    /// When the place is not ours alone.
    pub fn make(directory: &Path, dialect: Dialect) -> io::Result<Self> {
        if let Some(parent) = directory.parent() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(parent)?;
            check(parent)?;
            clear_up(parent, directory)?;
        }
        DirBuilder::new().mode(0o700).create(directory)?;
        let name = directory.join("answer");
        // Where the system has no more terminals, fish waits at a pipe.
        let made = (dialect == Dialect::Fish).then(|| make_terminal(&name));
        let (answer, terminal) = match made {
            Some(Ok((answer, terminal))) => (answer, Some(terminal)),
            Some(Err(_)) | None => (make_pipe(&name)?, None),
        };
        // Under its name only once somebody reads it, and last: a shell that finds it finds both.
        let made = directory.join("ask.new");
        let ask = make_pipe(&made)?;
        std::fs::rename(&made, directory.join("ask"))?;
        Ok(Self {
            directory: directory.to_owned(),
            ask,
            answer,
            terminal,
            unread: Vec::new(),
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
        if self.terminal.is_none() {
            return drop(self.answer.write_all(line));
        }
        // What fish reads from a terminal up to a line's end, it reads as an editor of lines.
        let mut text = line.strip_suffix(b"\n").unwrap_or(line).to_vec();
        text.push(0);
        drop(self.answer.write_all(&text));
    }
}

impl Drop for Pipes {
    fn drop(&mut self) {
        drop(remove(&self.directory));
    }
}

/// Opened for both, so that neither side's opening waits and none sees an end when the other closes (`fifo(7)`, Linux).
fn make_pipe(path: &Path) -> io::Result<File> {
    mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR)?;
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    Ok(File::from(open(path, flags, Mode::empty())?))
}

/// Makes a terminal whose shell's end is found under `name`: bytes pass it as they are, and who reads waits [`FISH_WAIT_MAX`] at most.
fn make_terminal(name: &Path) -> io::Result<(File, OwnedFd)> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let ours = openpt(flags)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let path = ptsname(&ours, Vec::new())?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let theirs = open(&*path, flags, Mode::empty())?;
    // Not for those who may write to people's terminals (`wall(1)`).
    fchmod(&theirs, Mode::RUSR | Mode::WUSR)?;
    let mut settings = tcgetattr(&theirs)?;
    settings.make_raw();
    settings.special_codes[SpecialCodeIndex::VMIN] = 0;
    settings.special_codes[SpecialCodeIndex::VTIME] = FISH_WAIT_MAX;
    tcsetattr(&theirs, OptionalActions::Now, &settings)?;
    rustix::io::ioctl_fionbio(&ours, true)?;
    rustix::fs::symlinkat(&*path, CWD, name)?;
    Ok((File::from(ours), theirs))
}

/// Removes the pipes of relays that were killed, and sends away one that served this shell before it was replaced (`exec zsh`).
fn clear_up(parent: &Path, own: &Path) -> io::Result<()> {
    let name = |path: &Path| path.file_name()?.to_str().map(str::to_owned);
    let shell = |path: &Path| Some(name(path)?.rsplit_once('-')?.0.to_owned());
    for entry in std::fs::read_dir(parent)? {
        let other = entry?.path();
        if !name(&other).is_some_and(|name| name.starts_with("shell-")) {
            continue;
        }
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        match open(other.join("ask"), flags, Mode::empty()) {
            Ok(pipe) if shell(&other) == shell(own) => File::from(pipe).write_all(b"!\0")?,
            // Nobody reads there (`fifo(7)`).
            Err(rustix::io::Errno::NXIO) => drop(remove(&other)),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

fn remove(directory: &Path) -> io::Result<()> {
    for name in ["ask", "ask.new", "answer", "text", "trap"] {
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
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn private() -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        std::fs::set_permissions(home.path(), Permissions::from_mode(0o700)).unwrap();
        home
    }

    #[test]
    fn messages_are_cut_at_nul_and_the_rest_waits() {
        let home = private();
        let place = home.path().join("shell-1-1");
        let mut pipes = Pipes::make(&place, Dialect::Bash).unwrap();
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
    fn fish_waits_for_an_answer_no_longer_than_its_terminal() {
        let home = private();
        let place = home.path().join("shell-1-1");
        let mut pipes = Pipes::make(&place, Dialect::Fish).unwrap();
        let terminal = pipes.terminal.as_ref().unwrap();
        let mut settings = tcgetattr(terminal).unwrap();
        assert_eq!(
            settings.special_codes[SpecialCodeIndex::VTIME],
            FISH_WAIT_MAX
        );
        let mode = rustix::fs::fstat(terminal).unwrap().st_mode;
        assert_eq!(mode & 0o777, 0o600);
        settings.special_codes[SpecialCodeIndex::VTIME] = 1;
        tcsetattr(terminal, OptionalActions::Now, &settings).unwrap();
        let mut shell = File::open(place.join("answer")).unwrap();
        let mut bytes = [0; 100];
        assert_eq!(shell.read(&mut bytes).unwrap(), 0);
        pipes.say(b"53 \xc3\xa9 denied\n");
        let count = shell.read(&mut bytes).unwrap();
        assert_eq!(bytes.get(..count).unwrap(), b"53 \xc3\xa9 denied\0");
        // A relay that has ended is not waited for.
        drop(pipes);
        assert_eq!(shell.read(&mut bytes).unwrap_or(0), 0);
    }

    #[test]
    fn a_second_relay_sends_the_first_of_its_shell_away_and_no_other() {
        let home = private();
        let place = |name: &str| home.path().join(name);
        let mut first = Pipes::make(&place("shell-1-1"), Dialect::Bash).unwrap();
        let mut other = Pipes::make(&place("shell-11-1"), Dialect::Bash).unwrap();
        let _second = Pipes::make(&place("shell-1-2"), Dialect::Bash).unwrap();
        first.fill().unwrap();
        assert_eq!(first.next_message().unwrap(), b"!");
        other.fill().unwrap();
        assert_eq!(other.next_message(), None);
    }

    #[test]
    fn what_a_killed_relay_left_is_removed() {
        let home = private();
        let place = home.path().join("shell-1-1");
        std::fs::create_dir(&place).unwrap();
        drop(make_pipe(&place.join("ask")).unwrap());
        let _other = Pipes::make(&home.path().join("shell-2-1"), Dialect::Bash).unwrap();
        assert!(!place.exists());
    }

    #[test]
    fn a_directory_that_others_can_enter_is_refused() {
        let home = private();
        std::fs::set_permissions(home.path(), Permissions::from_mode(0o755)).unwrap();
        assert!(Pipes::make(&home.path().join("shell-1-1"), Dialect::Bash).is_err());
    }
}
