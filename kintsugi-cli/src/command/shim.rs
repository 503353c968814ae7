//! `kintsugi shim`: links by which programs start a shell that proposes first.

use std::fs::DirBuilder;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, symlink};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::shim::SHELLS;
use crate::surroundings;

/// Arguments of `kintsugi shim`.
#[derive(Debug, Args)]
pub struct Shim {
    #[command(subcommand)]
    what: What,
    /// Where the links are [default: the data directory, `shims`]
    #[arg(long, global = true, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Makes the links; put their directory first in the `PATH` of what should be watched
    Install,
    /// Takes them away again
    Uninstall,
}

impl Shim {
    /// Makes or removes the links.
    ///
    /// # Errors
    /// When something else is where a link should be; nothing that is not ours is touched.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        let directory = match self.directory {
            Some(directory) => directory,
            None => surroundings::paths()?.data.join("shims"),
        };
        let hook = std::env::current_exe()?
            .canonicalize()?
            .with_file_name("kintsugi-hook");
        match self.what {
            What::Install => install(&directory, &hook, console),
            What::Uninstall => uninstall(&directory, console),
        }
    }
}

fn install(directory: &Path, hook: &Path, console: &mut Console) -> Result<Exit, Failure> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    for shell in SHELLS {
        let link = directory.join(shell);
        if is_ours(&link) {
            std::fs::remove_file(&link)?;
        }
        symlink(hook, &link).map_err(|error| {
            let message = format!("cannot make `{}`: {error}", link.display());
            Failure::new(Exit::Failed, message).hint("name another directory with `--directory`")
        })?;
    }
    let shown = directory.display();
    writeln!(
        console.out,
        "the shells in `{shown}` propose before they run"
    )?;
    writeln!(
        console.out,
        "start an agent with them: PATH={shown}:\"$PATH\" SHELL={shown}/bash agent"
    )?;
    Ok(Exit::Allowed)
}

fn uninstall(directory: &Path, console: &mut Console) -> Result<Exit, Failure> {
    if directory.exists() {
        crate::admin::permit_unhooking("kintsugi shim uninstall")?;
    }
    let mut removed = 0;
    for shell in SHELLS {
        let link = directory.join(shell);
        if is_ours(&link) {
            std::fs::remove_file(&link)?;
            removed += 1;
        }
    }
    match std::fs::remove_dir(directory) {
        Err(error)
            if !matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty
            ) =>
        {
            return Err(error.into());
        }
        Ok(()) | Err(_) => {}
    }
    writeln!(
        console.out,
        "{removed} shells were taken out of `{}`",
        directory.display()
    )?;
    Ok(Exit::Allowed)
}

/// Whether it is a link to some `kintsugi-hook`, installed or not any more.
fn is_ours(link: &Path) -> bool {
    std::fs::read_link(link).is_ok_and(|target| {
        target
            .file_name()
            .is_some_and(|name| name == "kintsugi-hook")
    })
}
