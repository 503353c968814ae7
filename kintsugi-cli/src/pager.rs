//! A pager between long output and a terminal, as git does it: `PAGER`, else `less` if it is there, and never for another program.

use std::env;
use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write};
use std::process::{Child, Command, Stdio};

use crate::console::Console;
use crate::exit::{Exit, Failure};

/// What `less` does when nobody says otherwise: quit if it fits (`F`), colours (`R`), leave it on the screen (`X`), and
/// end on an interrupt, as this program does (`K`).
const LESS: &str = "FRXK";

/// Output on its way to a pager, which starts with the first byte.
enum Paged {
    Waiting(Command),
    Started(Child),
    /// There is no pager after all.
    Straight(Stdout),
}

impl Paged {
    fn start(&mut self) {
        if let Self::Waiting(command) = self {
            *self = match command.spawn() {
                Ok(child) => Self::Started(child),
                Err(_) => Self::Straight(io::stdout()),
            };
        }
    }
}

impl Write for Paged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.start();
        match self {
            Self::Started(child) => match &mut child.stdin {
                Some(input) => input.write(bytes),
                None => Err(io::ErrorKind::BrokenPipe.into()),
            },
            Self::Straight(out) => out.write(bytes),
            Self::Waiting(_) => Ok(0),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Straight(out) => out.flush(),
            Self::Started(_) | Self::Waiting(_) => Ok(()),
        }
    }
}

impl Drop for Paged {
    fn drop(&mut self) {
        if let Self::Started(child) = self {
            drop(child.stdin.take());
            // It has shown what it was given, however it ends.
            drop(child.wait());
        }
    }
}

/// Runs `work` with what it prints in a pager, when `wanted` and standard output is a terminal.
///
/// # Errors
/// What `work` says; that somebody has seen enough is none.
pub fn paged(
    console: &mut Console,
    wanted: bool,
    work: impl FnOnce(&mut Console) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let Some(command) = wanted.then(pager).flatten() else {
        return work(console);
    };
    let straight = std::mem::replace(
        &mut console.out,
        Box::new(BufWriter::new(Paged::Waiting(command))),
    );
    let done = work(console).and_then(|exit| Ok(console.out.flush().map(|()| exit)?));
    // Here the pager is waited for.
    console.out = straight;
    match done {
        Err(failure) if failure.message.is_empty() => Ok(Exit::Allowed),
        done => done,
    }
}

/// Returns the pager of this person; nothing where none is wanted.
fn pager() -> Option<Command> {
    let dumb = env::var_os("TERM").is_none_or(|term| term == "dumb");
    if dumb || !io::stdout().is_terminal() {
        return None;
    }
    let mut command = match env::var_os("PAGER") {
        Some(pager) if pager.is_empty() || pager == "cat" => return None,
        Some(pager) => {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(pager);
            shell
        }
        None => Command::new("less"),
    };
    if env::var_os("LESS").is_none() {
        command.env("LESS", LESS);
    }
    command.stdin(Stdio::piped());
    Some(command)
}
