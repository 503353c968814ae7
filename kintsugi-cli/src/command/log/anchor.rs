//! `kintsugi log anchor`: the last signed checkpoint, to be kept where nobody on this machine can change it.

use std::io::Write;

use clap::Args;
use kintsugi_core::audit::checkpoint;

use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::records::Directory;
use crate::remembered::last_note;

/// Arguments of `kintsugi log anchor`.
#[derive(Debug, Args)]
#[command(after_help = "`kintsugi log verify --against FILE` checks the log against it later.")]
pub(super) struct Anchor {
    /// Prints it as one line, for places that keep lines
    #[arg(long)]
    line: bool,
}

impl Anchor {
    pub(super) fn run(
        &self,
        directory: &Directory,
        console: &mut Console,
    ) -> Result<Exit, Failure> {
        let note = last_note(directory).ok_or_else(|| {
            Failure::new(Exit::Failed, "the log has no signed checkpoint yet")
                .hint("one is signed a minute after the first record at the latest")
        })?;
        if self.line {
            let line = checkpoint::one_line(&note).unwrap_or_default();
            writeln!(console.out, "{line}")?;
        } else {
            console.out.write_all(note.as_bytes())?;
        }
        Ok(Exit::Allowed)
    }
}
