//! The judgement without a daemon: the plainly safe pass and are spooled for the log, the rest is held.
//!
//! Losing the daemon neither opens the gate nor bricks the host. Nothing here can approve.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use kintsugi_core::classify::Class;
use kintsugi_core::decide::Decision;
use kintsugi_core::judge::Judge;
use kintsugi_core::paths::Paths;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::frame::write_frame;
use kintsugi_core::protocol::{Request, Verdict};
use rustix::fs::{FlockOperation, flock};

use crate::exit::{Exit, Failure};
use crate::{policies, proposal};

/// Most bytes that are spooled; beyond, nothing passes until a daemon has read them.
///
/// Some tens of thousands of commands: days of work without a daemon.
const SPOOL_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Returns the judge that is built in.
///
/// # Errors
/// Never, in a released build.
pub fn judge() -> Result<Judge, Failure> {
    Judge::builtin().map_err(|error| {
        Failure::new(Exit::Failed, format!("{:#}", anyhow::Error::from(error)))
            .hint("this build is broken: install another, and report this line")
    })
}

/// Returns the file in which a client leaves what it let pass, for the log of the next daemon.
#[must_use]
pub fn spool_path(paths: &Paths) -> PathBuf {
    paths.data.join("spool.ndjson")
}

/// Judges `command` here, since there is no daemon: `why` says for what reason.
///
/// # Errors
/// Only when this build cannot judge at all.
pub fn verdict(paths: &Paths, command: &ProposedCommand, why: &str) -> Result<Verdict, Failure> {
    let judge = policies::judge_of(command)?;
    let mut verdict = judge.verdict(command, &proposal::judged_in(&command.cwd), None);
    let plainly_safe = verdict.class == Class::Safe && verdict.decision == Decision::Allow;
    if !plainly_safe {
        verdict.decision = verdict.decision.max(Decision::Hold);
        verdict.reason = format!("{}; and there is no daemon to ask: {why}", verdict.reason);
    } else if let Err(error) = spool(&spool_path(paths), command) {
        verdict.decision = Decision::Hold;
        verdict.reason = format!("there is no daemon ({why}), and it cannot be recorded: {error}");
    }
    Ok(verdict)
}

/// Leaves a record of `command` for the next daemon, durably.
fn spool(path: &Path, command: &ProposedCommand) -> io::Result<()> {
    let record = Request::Record {
        command: Box::new(command.clone()),
        exit_code: None,
        duration_ms: None,
    };
    let frame = write_frame(&record)?;
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
    flock(&file, FlockOperation::LockExclusive)?;
    if file.metadata()?.len() > SPOOL_BYTES_MAX {
        return Err(io::Error::other("too much was spooled without a daemon"));
    }
    file.write_all(&frame)?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kintsugi_core::protocol::frame::parse_request;
    use kintsugi_core::shell::Dialect;

    fn command(raw: &str) -> ProposedCommand {
        proposal::propose("shell", raw.to_owned(), "/tmp".to_owned(), Dialect::Bash)
    }

    #[test]
    fn what_is_spooled_is_a_frame_that_the_daemon_reads() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deep/spool.ndjson");
        spool(&path, &command("ls")).unwrap();
        spool(&path, &command("pwd")).unwrap();
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
    fn what_cannot_be_recorded_does_not_pass() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(spool(&file.join("spool.ndjson"), &command("ls")).is_err());
    }
}
