//! A command that runs for a client: bounded in time and output, ended when it is cancelled.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::group::end_group;

/// Most bytes of each stream that are given back; what is beyond is read and dropped, so that nothing blocks on it.
const OUTPUT_BYTES_MAX: usize = 64 * 1024;

/// How often a cancellation is looked for.
const PAUSE: Duration = Duration::from_millis(20);

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// By itself.
    Exited(i32),
    /// It took longer than it was given.
    TimedOut,
    /// The client did not want it any more.
    Cancelled,
}

/// What came of a command.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) end: End,
    pub(super) output: String,
    pub(super) error: String,
}

/// Runs `text` with `shell` in `cwd`.
pub(super) fn run(
    shell: &Path,
    text: &str,
    cwd: &str,
    limit: Duration,
    cancelled: &mut dyn FnMut(Duration) -> bool,
) -> std::io::Result<Ran> {
    let mut child = Command::new(shell)
        .args(["-c", text])
        .current_dir(cwd)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let output = child.stdout.take().map(collect);
    let error = child.stderr.take().map(collect);
    let started = Instant::now();
    let end = loop {
        if let Some(status) = child.try_wait()? {
            // 128 and the signal's number, as shells say it.
            use std::os::unix::process::ExitStatusExt as _;
            let by_signal = || status.signal().map_or(-1, |signal| 128 + signal);
            break End::Exited(status.code().unwrap_or_else(by_signal));
        }
        if started.elapsed() > limit {
            break End::TimedOut;
        }
        if cancelled(PAUSE) {
            break End::Cancelled;
        }
    };
    // What it left running in its group keeps the pipes open.
    end_group(&mut child);
    let text = |thread: Option<JoinHandle<Vec<u8>>>| {
        let bytes = thread
            .and_then(|thread| thread.join().ok())
            .unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    Ok(Ran {
        end,
        output: text(output),
        error: text(error),
    })
}

fn collect(mut from: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        let mut buffer = [0; 8192];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            let room = OUTPUT_BYTES_MAX.saturating_sub(kept.len());
            kept.extend(buffer.iter().take(count.min(room)));
        }
        kept
    })
}
