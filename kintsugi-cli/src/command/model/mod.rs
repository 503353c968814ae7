//! `kintsugi model`: what scores the ambiguous, beside the heuristic.

mod status;

use clap::{Args, Subcommand};

use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Arguments of `kintsugi model`.
#[derive(Debug, Args)]
pub struct Model {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Says how the model is; ends with 1 when one is asked for and does not score
    Status {
        /// Prints it as one line of JSON
        #[arg(long)]
        json: bool,
    },
    /// Has the daemon take over settings of the model that loosen; needs the admin
    Accept,
}

impl Model {
    /// Does what was asked about the model.
    ///
    /// # Errors
    /// When it could not be done.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        match self.action {
            Action::Status { json } => status::show(json, console),
            Action::Accept => status::accept(console),
        }
    }
}
