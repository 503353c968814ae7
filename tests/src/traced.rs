//! `kintsugi` under `strace(1)`, which writes its system calls down and kills it before one of them.

use std::process::{Command, Stdio};

use crate::machine::program;

/// Whether anything may be traced here; a word about it where not.
#[must_use]
pub fn may_trace() -> bool {
    let mut strace = Command::new("strace");
    strace.args(["-qq", "-o", "/dev/null", "-e", "trace=openat", "true"]);
    let may = strace.status().is_ok_and(|status| status.success());
    if !may {
        eprintln!("SKIPPED: nothing may be traced here");
    }
    may
}

/// Has `strace`, a command for that in some environment, run `kintsugi` with `arguments`; returns its `calls`, one in each line.
///
/// # Panics
/// When it does not start.
#[must_use]
pub fn calls_of(strace: Command, calls: &str, arguments: &[&str]) -> Vec<String> {
    run(strace, calls, None, arguments)
}

/// The same, killed before the one of those calls with that number; the first is 1.
///
/// # Panics
/// When it does not start.
pub fn killed_at(point: usize, strace: Command, calls: &str, arguments: &[&str]) {
    run(strace, calls, Some(point), arguments);
}

fn run(mut strace: Command, calls: &str, kill: Option<usize>, arguments: &[&str]) -> Vec<String> {
    let log = tempfile::NamedTempFile::new().expect("room");
    strace.args(["-qq", "-e", "signal=none"]);
    strace.arg("-e").arg(format!("trace={calls}"));
    if let Some(point) = kill {
        let inject = format!("inject={calls}:signal=KILL:when={point}");
        strace.arg("-e").arg(inject);
    }
    let ended = strace
        .arg("-o")
        .arg(log.path())
        .arg("--")
        .arg(program("kintsugi"))
        .args(arguments)
        .stdin(Stdio::null())
        .output();
    // It may have been killed, which is what was asked for.
    drop(ended.expect("strace starts"));
    let written = std::fs::read_to_string(log.path()).expect("a log");
    written.lines().map(str::to_owned).collect()
}
