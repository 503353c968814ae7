//! Programs that are ended with all that they started: each leads a process group of its own.

use std::process::Child;

use rustix::process::{Pid, Signal, kill_process_group};

/// Kills the group that `child` leads, and waits for it.
pub fn end_group(child: &mut Child) {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    // Nobody is left in it when all have ended.
    let killed = group.map(|group| kill_process_group(group, Signal::KILL));
    debug_assert!(killed.is_some());
    drop(child.wait());
}
