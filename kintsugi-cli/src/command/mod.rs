//! One file per subcommand.

pub mod check;

use kintsugi_core::shell::Dialect;

use crate::args::Command;
use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Does what the arguments say.
///
/// # Errors
/// When it could not be done; the failure says how the program ends.
pub fn dispatch(command: Command, console: &mut Console) -> Result<Exit, Failure> {
    match command {
        Command::Check(check) => check.run(console),
    }
}

/// The version of everything that `--json` prints.
pub const JSON_VERSION: u32 = 1;

/// Returns the shell text of arguments: one is text already, several are words.
#[must_use]
pub fn text_of(arguments: &[String]) -> String {
    match arguments {
        [text] => text.clone(),
        words => crate::quote::join(words),
    }
}

/// Reads the name of a shell language.
///
/// # Errors
/// When there is no such language.
pub fn dialect(name: &str) -> Result<Dialect, String> {
    serde_json::from_value(name.into())
        .map_err(|_| format!("`{name}` is none of bash, zsh, sh, fish, nu, powershell"))
}
