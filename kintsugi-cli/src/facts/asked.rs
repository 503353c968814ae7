//! A program that is asked something: never longer than a deadline, never more than so many bytes.

use std::env;
use std::ffi::OsString;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::Timespec;

use super::Deadline;

/// Returns what `command` prints and whether it succeeded; nothing when it does not start, is late or says more than `most` bytes.
pub(crate) fn answer_of(
    mut command: Command,
    deadline: Deadline,
    most: usize,
) -> Option<(Vec<u8>, bool)> {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.ok()?;
    let answer = read(&mut child, deadline, most);
    if answer.is_none() {
        // It is late or talks too much; that it cannot be stopped either changes nothing here.
        drop(child.kill());
    }
    let ended = wait(&mut child, deadline)?;
    Some((answer?, ended))
}

fn read(child: &mut Child, deadline: Deadline, most: usize) -> Option<Vec<u8>> {
    let mut output = child.stdout.take()?;
    let mut answer = Vec::new();
    let mut part = [0; 16 * 1024];
    loop {
        let left = Timespec::try_from(deadline.left()?).ok()?;
        let mut readable = [PollFd::new(&output, PollFlags::IN)];
        if poll(&mut readable, Some(&left)).ok()? == 0 {
            return None;
        }
        match output.read(&mut part).ok()? {
            0 => return Some(answer),
            count => answer.extend_from_slice(part.get(..count)?),
        }
        if answer.len() > most {
            return None;
        }
    }
}

/// Whether it succeeded; nothing when it does not end.
fn wait(child: &mut Child, deadline: Deadline) -> Option<bool> {
    loop {
        if let Some(status) = child.try_wait().ok()? {
            return Some(status.success());
        }
        deadline.left()?;
        std::thread::sleep(Duration::from_micros(100));
    }
}

/// The search path without what is relative: a repository may have a program called `git` in it.
pub(crate) fn trusted_path() -> Option<OsString> {
    let path = env::var_os("PATH")?;
    let absolute = env::split_paths(&path).filter(|directory| directory.is_absolute());
    env::join_paths(absolute).ok()
}
