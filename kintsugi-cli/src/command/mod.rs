//! One file per subcommand.

pub mod admin;
pub mod approve;
pub mod check;
pub mod completions;
pub mod daemon;
pub mod deny;
pub mod doctor;
pub mod ended;
pub mod grants;
pub mod hook;
pub mod in_full;
pub mod init;
pub mod log;
pub mod mcp;
pub mod model;
pub mod notify;
pub mod panic;
pub mod pending;
pub mod policy;
pub mod replay;
pub mod run;
mod score;
pub mod service;
pub mod setup;
pub mod shim;
pub mod stand_in;
pub mod status;
pub mod trash;
pub mod undo;
pub mod watch;

use kintsugi_core::protocol::PendingItem;
use kintsugi_core::shell::Dialect;
use serde::Serialize;
use uuid::Uuid;

use crate::args::Command;
use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Does what the arguments say.
///
/// # Errors
/// When it could not be done; the failure says how the program ends.
pub fn dispatch(command: Command, console: &mut Console) -> Result<Exit, Failure> {
    match command {
        Command::Run(run) => run.run(console),
        Command::Check(check) => check.run(console),
        Command::Pending(pending) => pending.run(console),
        Command::Approve(approve) => approve.run(console),
        Command::Deny(deny) => deny.run(console),
        Command::Grants(grants) => grants.run(console),
        Command::Undo(undo) => undo.run(console),
        Command::Trash(trash) => trash.run(console),
        Command::Log(log) => log.run(console),
        Command::Policy(policy) => policy.run(console),
        Command::Replay(replay) => replay.run(console),
        Command::Status(status) => status.run(console),
        Command::Daemon(daemon) => daemon.run(console),
        Command::Panic(panic) => panic.run(console),
        Command::Resume => panic::resume(console),
        Command::Admin(admin) => admin.run(console),
        Command::Hook(hook) => hook.run(console),
        Command::Setup(setup) => setup.run(console),
        Command::Doctor(doctor) => doctor.run(console),
        Command::Model(model) => model.run(console),
        Command::Mcp(mcp) => mcp.run(console),
        Command::Notify(notify) => notify.run(console),
        Command::Watch(watch) => watch.run(console),
        Command::Init(init) => init.run(console),
        Command::Shim(shim) => shim.run(console),
        Command::Completions(completions) => completions.run(console),
        Command::Man(man) => man.run(console),
    }
}

/// The version of everything that `--json` prints.
pub const JSON_VERSION: u32 = 1;

/// What `--json` prints of an answer.
#[derive(Debug, Serialize)]
struct Resolved<'a> {
    version: u32,
    id: Uuid,
    decision: &'static str,
    command: &'a str,
}

impl<'a> Resolved<'a> {
    fn new(decision: &'static str, item: &'a PendingItem) -> Self {
        Self {
            version: JSON_VERSION,
            id: item.id(),
            decision,
            command: &item.command.raw,
        }
    }
}

/// Returns the shell text of arguments: one is text already, several are words.
#[must_use]
pub fn text_of(arguments: &[String]) -> String {
    match arguments {
        [text] => text.clone(),
        words => kintsugi_core::quote::join(words),
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
