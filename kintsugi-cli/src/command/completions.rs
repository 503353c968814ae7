//! `kintsugi completions` and `kintsugi man`: the command line, told to shells and to people.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use kintsugi_core::display::escape;

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

/// Arguments of `kintsugi man`.
#[derive(Debug, Args)]
pub struct Man {
    /// The subcommand
    #[arg(value_name = "SUBCOMMAND")]
    subcommands: Vec<String>,
    /// Write every page into this directory instead, as `kintsugi.1`, `kintsugi-log-verify.1` and so on
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "subcommands")]
    all: Option<PathBuf>,
}

impl Man {
    /// Prints the manual page, or that of a subcommand, or writes all of them.
    ///
    /// # Errors
    /// When the output or a file cannot be written, or there is no such subcommand.
    pub fn run(&self, console: &mut Console) -> Result<Exit, Failure> {
        let mut command = crate::args::Args::command();
        if let Some(directory) = &self.all {
            return clap_mangen::generate_to(command, directory)
                .map(|()| Exit::Allowed)
                .map_err(|error| {
                    let shown = escape(&directory.to_string_lossy());
                    let reason = format!("cannot write manual pages into `{shown}`: {error}");
                    Failure::new(Exit::Failed, reason).hint("name a directory that is there")
                });
        }
        command.build();
        for name in &self.subcommands {
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
}
