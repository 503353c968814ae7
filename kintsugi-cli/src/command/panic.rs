//! `kintsugi panic` and `kintsugi resume`: everything is held, until it is not.

use std::io::Write as _;

use clap::Args;
use kintsugi_core::protocol::{Request, Response};
use kintsugi_core::vault::operation::Operation;

use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::{admin, gate, surroundings};

/// Arguments of `kintsugi panic`.
#[derive(Debug, Args)]
pub struct Panic {
    /// Why, for the log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Panic {
    /// Holds everything from now on.
    ///
    /// # Errors
    /// When the daemon cannot be told.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        let mut client = gate::reconnect(&surroundings::paths()?)?;
        let request = Request::Panic {
            reason: self.reason,
        };
        match client.ask(&request) {
            Ok(Response::Ack) => {}
            Ok(other) => return Err(gate::unexpected(&other)),
            Err(error) => return Err(gate::refused(&error)),
        }
        writeln!(console.out, "everything is held now, also what is safe")?;
        writeln!(
            console.err,
            "kintsugi: hint: `kintsugi resume` ends it; what was held meanwhile waits in `kintsugi pending`"
        )?;
        Ok(Exit::Allowed)
    }
}

/// Lets things go on, with the admin's password when there is a vault.
///
/// # Errors
/// When the daemon does not take it from here.
pub fn resume(console: &mut Console) -> Result<Exit, Failure> {
    admin::authorize(&surroundings::paths()?, &Operation::Resume)?;
    writeln!(console.out, "commands are decided again as the policy says")?;
    Ok(Exit::Allowed)
}
