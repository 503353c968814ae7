//! The spool: what ran while no daemon could be told, one `record` frame a line, for the log of the next daemon.
//!
//! Writers and the daemon take turns by a lock on the file; nothing here judges.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use kintsugi_core::protocol::Request;
use kintsugi_core::protocol::frame::write_frame;
use kintsugi_core::redact::{mask, redact};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// Most bytes that are spooled; beyond, nothing passes until a daemon has read them.
///
/// Some tens of thousands of commands: days of work without a daemon.
const SPOOL_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Longest wait for the others that write: they hold the lock for one line, and who holds it longer means no good.
const LOCK_WAIT: Duration = Duration::from_secs(1);

/// Between two tries of the lock.
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// Leaves `record` for the next daemon, durably.
///
/// # Errors
/// When it is not on the disk: what is not recorded must not run.
pub fn append(path: &Path, record: &Request) -> io::Result<()> {
    leave(path, &without_secrets(record), SPOOL_BYTES_MAX)
}

/// Leaves a request in a file of at most `bytes_max` bytes or a little more, durably.
///
/// # Errors
/// When it is not on the disk.
pub(crate) fn leave(path: &Path, request: &Request, bytes_max: u64) -> io::Result<()> {
    let frame = write_frame(request)?;
    if let Some(directory) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)?;
    }
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)?;
    lock(&file, LOCK_WAIT)?;
    if file.metadata()?.len() > bytes_max {
        return Err(io::Error::other("too much was spooled without a daemon"));
    }
    file.write_all(&frame)?;
    file.sync_data()
}

/// Locks the file, within a deadline.
fn lock(file: &File, wait: Duration) -> io::Result<()> {
    let begun = Instant::now();
    loop {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(Errno::WOULDBLOCK) if begun.elapsed() < wait => thread::sleep(LOCK_PAUSE),
            Err(Errno::WOULDBLOCK) => {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "another process holds the lock of the spool",
                ));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Masks the secrets of a command that is told of afterwards, as the daemon would.
fn without_secrets(record: &Request) -> Request {
    let mut record = record.clone();
    if let Request::Record { command, .. } = &mut record {
        let words = redact(&command.argv.join(" ")).into_owned();
        if words != command.argv.join(" ") || redact(&command.raw) != command.raw {
            // An option and its value are two words here, and tell nothing that the text does not.
            command.argv.clear();
        }
        mask(&mut command.raw);
        mask(&mut command.cwd);
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use kintsugi_core::protocol::frame::parse_request;
    use kintsugi_core::shell::Dialect;

    fn record(raw: &str) -> Request {
        let command =
            crate::proposal::propose("shell", raw.to_owned(), "/tmp".to_owned(), Dialect::Bash);
        Request::Record {
            command: Box::new(command),
            exit_code: Some(7),
            duration_ms: None,
        }
    }

    #[test]
    fn what_is_spooled_is_a_frame_that_the_daemon_reads() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deep/spool.ndjson");
        append(&path, &record("ls")).unwrap();
        append(&path, &record("pwd")).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let spooled: Vec<_> = text
            .lines()
            .map(|line| {
                let request = parse_request(line.as_bytes()).unwrap();
                let Request::Record { command, .. } = request else {
                    panic!("{request:?}");
                };
                command.raw
            })
            .collect();
        assert_eq!(spooled, ["ls", "pwd"]);
    }

    #[test]
    fn a_secret_is_not_spooled() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("spool.ndjson");
        append(&path, &record("mysql -phunter2 db")).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("mysql -p[redacted] db"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn a_lock_that_somebody_keeps_is_not_waited_for_without_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("spool.ndjson");
        append(&path, &record("ls")).unwrap();
        let kept = File::open(&path).unwrap();
        flock(&kept, FlockOperation::LockExclusive).unwrap();
        let begun = Instant::now();
        let error = append(&path, &record("pwd")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() < LOCK_WAIT * 5, "{:?}", begun.elapsed());
        drop(kept);
        append(&path, &record("pwd")).unwrap();
    }

    #[test]
    fn what_cannot_be_recorded_does_not_pass() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(append(&file.join("spool.ndjson"), &record("ls")).is_err());
    }
}
