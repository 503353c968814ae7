//! The clients of Kintsugi: `kintsugi` for people, `kintsugi-hook` for hooks.
//!
//! They propose, show and carry answers; they decide nothing themselves, except when there is no daemon: then the embedded
//! core lets the plainly safe pass and holds the rest.

#![forbid(unsafe_code)]

pub mod admin;
pub mod agent;
pub mod args;
pub mod ask;
pub mod capture;
pub mod card;
pub mod client;
pub mod command;
pub mod console;
pub mod dbus;
pub mod elsewhere;
pub mod embedded;
pub mod exit;
pub mod facts;
pub mod fail_closed;
pub mod gate;
pub mod group;
pub mod loader;
pub mod managed_block;
pub mod pager;
pub mod policies;
pub mod private_file;
pub mod progress;
pub mod proposal;
pub mod records;
pub mod relay;
pub mod remembered;
pub mod scorer;
pub mod shim;
pub mod snippet;
pub mod spool;
pub mod start;
pub mod surroundings;
pub mod terminal;
pub mod watch;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

/// Runs `kintsugi` with the arguments of this process.
#[must_use]
pub fn main() -> ExitCode {
    // Every shell waits for this when it starts, and reading the arguments takes longer than all the rest of it.
    let own: Vec<_> = std::env::args_os().collect();
    if let [_, init, shell] = own.as_slice()
        && init == "init"
        && command::init::print_at_start(shell).is_some()
    {
        return ExitCode::SUCCESS;
    }
    let arguments = match args::Args::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return args::refuse(&error),
    };
    let mut console = console::Console::of_process();
    let done = command::dispatch(arguments.command, &mut console)
        .and_then(|exit| Ok(console.out.flush().map(|()| exit)?));
    match done {
        Ok(exit) => exit.into(),
        Err(failure) => {
            console.fail(&failure);
            failure.exit.into()
        }
    }
}
