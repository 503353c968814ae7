//! `kintsugi hook ended`: waits for the end of a command before which something was kept, and notes the time.
//!
//! `kintsugi run` becomes the command and cannot. This is no child of the command, which might wait for all of its own.

use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use clap::Args;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use uuid::Uuid;

use crate::capture::before;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::surroundings;

/// Arguments of `kintsugi hook ended`.
#[derive(Debug, Args)]
pub struct Ended {
    /// The capture
    id: Uuid,
    /// The process
    pid: i32,
    /// This is the one that waits
    #[arg(long)]
    wait: bool,
}

/// Starts one who waits for this process, and returns when it watches. Without it, undo asks before it overwrites anything.
pub fn leave_behind(id: &Uuid) {
    let Ok(program) = surroundings::program() else {
        return;
    };
    let pid = rustix::process::getpid().as_raw_nonzero().to_string();
    let started = Command::new(program)
        .args(["hook", "ended", &id.to_string(), &pid])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    drop(started);
}

impl Ended {
    /// Starts the one that waits and ends when that one watches; or waits.
    ///
    /// # Errors
    /// When the process is not there to be watched.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        if !self.wait {
            return self.start();
        }
        let gone = || Failure::new(Exit::Failed, "there is no such process");
        let pid = Pid::from_raw(self.pid).ok_or_else(gone)?;
        let watch = pidfd_open(pid, PidfdFlags::empty()).map_err(|_| gone())?;
        writeln!(console.out, "watching")?;
        console.out.flush()?;
        let paths = surroundings::paths()?;
        loop {
            let mut watched = [PollFd::new(&watch, PollFlags::IN)];
            match poll(&mut watched, None) {
                Err(rustix::io::Errno::INTR) => {}
                Ok(_) => break,
                Err(error) => return Err(std::io::Error::from(error).into()),
            }
        }
        before::ended(&paths, &self.id);
        Ok(Exit::Allowed)
    }

    fn start(&self) -> Result<Exit, Failure> {
        let mut waiting = Command::new(surroundings::program()?)
            .args(["hook", "ended", "--wait"])
            .args([self.id.to_string(), self.pid.to_string()])
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut word = [0; 1];
        if let Some(mut said) = waiting.stdout.take() {
            // One that ends without a word watches nothing; nobody can do more about that here.
            drop(said.read(&mut word));
        }
        Ok(Exit::Allowed)
    }
}
