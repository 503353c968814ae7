//! `kintsugi completions` and `kintsugi man`: the command line, told to shells and to people.

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Arguments of `kintsugi completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    /// Prints the completions.
    ///
    /// # Errors
    /// When standard output cannot be written to.
    pub fn run(&self, console: &mut Console) -> Result<Exit, Failure> {
        let mut text = Vec::new();
        let mut command = crate::args::Args::command();
        clap_complete::generate(self.shell, &mut command, "kintsugi", &mut text);
        console.out.write_all(&text)?;
        Ok(Exit::Allowed)
    }
}

/// Prints the manual page, or that of a subcommand.
///
/// # Errors
/// When standard output cannot be written to, or there is no such subcommand.
pub fn manual(subcommands: &[String], console: &mut Console) -> Result<Exit, Failure> {
    let mut command = crate::args::Args::command();
    command.build();
    for name in subcommands {
        command = command.find_subcommand(name).cloned().ok_or_else(|| {
            Failure::new(Exit::Usage, format!("there is no subcommand `{name}`"))
                .hint("`kintsugi --help` lists them")
        })?;
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(command).render(&mut text)?;
    console.out.write_all(&text)?;
    Ok(Exit::Allowed)
}
