//! Copies of programs, which a test starts at once.

use std::path::Path;
use std::process::Command;

/// Copies a program for a test that starts the copy.
///
/// Another process does it. While this one has a file open for writing, a child that another thread forks has it open as well until it becomes
/// another program, and who starts the copy then is told that it is busy (execve(2), `ETXTBSY`).
///
/// # Panics
/// When it cannot be copied.
pub fn copy_program(from: impl AsRef<Path>, to: impl AsRef<Path>) {
    let (from, to) = (from.as_ref(), to.as_ref());
    let done = Command::new("cp").arg("--").arg(from).arg(to).output();
    let done = done.expect("cp starts");
    assert!(done.status.success(), "{}: {done:?}", from.display());
}
