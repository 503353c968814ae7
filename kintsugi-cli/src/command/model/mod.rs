//! `kintsugi model`: what scores the ambiguous, beside the heuristic.

mod files;
mod measure;
mod status;

use std::path::PathBuf;

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
    /// Checks a model's file (GGUF) and remembers it by its hash
    Add {
        /// The file; it stays where it is
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// What it is called from now on [default: the file's name]
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// Writes into the settings that a model scores; `heuristic` takes it away
    Use {
        /// The model, as `kintsugi model list` names it, or `heuristic`
        #[arg(value_name = "NAME")]
        name: String,
        /// Has this program of llama.cpp score instead of the worker itself
        #[arg(long, value_name = "PROGRAM")]
        server: Option<PathBuf>,
    },
    /// Lists the models that were added
    List {
        /// Prints them as one line of JSON
        #[arg(long)]
        json: bool,
    },
    /// Forgets a model; its file stays
    Remove {
        /// The model, as `kintsugi model list` names it
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Has the daemon take over settings of the model that loosen; needs the admin
    Accept,
    /// Measures how long scores take, in a worker of its own
    Bench {
        #[command(flatten)]
        which: Which,
        /// How many commands of each length are scored
        #[arg(long, value_name = "N", default_value_t = 30)]
        rounds: u32,
    },
    /// Measures on labelled commands what the model catches that the heuristic does not, and its false alarms
    #[command(
        after_help = "Each line of the file is an object: {\"command\":\"…\",\"harmful\":true}, and \"cwd\", \
                            \"shell\" where it matters. Nothing in it is run."
    )]
    Eval {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        which: Which,
    },
}

/// Which model is measured, and how the result is printed.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// A model of `kintsugi model list` [default: what the settings say]
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Longest that one score may take, in milliseconds [default: what the settings say]
    #[arg(long, value_name = "MS")]
    deadline: Option<u32>,
    /// Prints the result as one line of JSON
    #[arg(long)]
    json: bool,
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
            Action::Add { file, name } => files::add(&file, name, console),
            Action::Use { name, server } => files::use_model(&name, server, console),
            Action::List { json } => files::list(json, console),
            Action::Remove { name } => files::remove(&name, console),
            Action::Bench { which, rounds } => measure::bench(&which, rounds, console),
            Action::Eval { file, which } => measure::eval(&file, &which, console),
        }
    }
}
