//! A command as this client proposes it: its text, where it would run, and the little that is found out at no cost.

use std::path::Path;

use jiff::Timestamp;
use kintsugi_core::facts::Facts;
use kintsugi_core::place::Surroundings;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::shell::Dialect;
use uuid::Uuid;

use crate::agent::claude_code::Proposed;
use crate::surroundings;

/// Directories that are looked at for a project's root, from the command's own upwards.
const ANCESTORS_MAX: usize = 64;

/// Returns a proposal of `raw` in `cwd`, with a new id and the present time.
#[must_use]
pub fn propose(agent: &str, raw: String, cwd: String, dialect: Dialect) -> ProposedCommand {
    ProposedCommand {
        id: Uuid::new_v4(),
        ts: Timestamp::now().to_string(),
        agent: agent.to_owned(),
        facts: Some(Box::new(facts(&cwd))),
        cwd,
        argv: Vec::new(),
        raw,
        session: None,
        shell: Some(dialect),
        tool: None,
        interactive: false,
    }
}

/// Returns what an agent's tool proposes. `id` is that of the same proposal, made before.
#[must_use]
pub fn of_agent(agent: &str, proposed: Proposed, id: Option<Uuid>) -> ProposedCommand {
    let mut command = propose(agent, proposed.text, proposed.cwd, proposed.dialect);
    command.id = id.unwrap_or(command.id);
    command.session = proposed.session;
    command.tool = Some(proposed.tool);
    command
}

/// Returns what a shell's hook proposes for a line at its prompt. `id` is that of the same proposal, made before.
///
/// Whoever works in a shell that an agent started is that agent.
#[must_use]
pub fn of_shell(dialect: Dialect, text: String, cwd: String, id: Option<Uuid>) -> ProposedCommand {
    let agent = surroundings::agent();
    let mut command = propose(agent.unwrap_or("shell"), text, cwd, dialect);
    command.id = id.unwrap_or(command.id);
    command.session = terminal_session();
    command.interactive = agent.is_none();
    command
}

/// Names the session of the terminal (`setsid(2)`): what one person types in one window.
#[must_use]
pub fn terminal_session() -> Option<String> {
    rustix::process::getsid(None)
        .ok()
        .map(|session| format!("terminal-{}", session.as_raw_nonzero()))
}

/// Returns what is known of `cwd` by a few looks at directories.
fn facts(cwd: &str) -> Facts {
    Facts {
        home: surroundings::home(),
        project_root: project_root(cwd),
        uid: Some(rustix::process::geteuid().as_raw()),
        ssh: std::env::var_os("SSH_CONNECTION").is_some(),
        ..Facts::default()
    }
}

/// Returns what a judgement without a daemon needs to know about `cwd`.
#[must_use]
pub fn judged_in(cwd: &str) -> Surroundings {
    Surroundings {
        home: surroundings::home(),
        project_root: project_root(cwd),
        ..Surroundings::default()
    }
}

/// Returns the nearest directory at or above `cwd` that git keeps (`.git` is a file in worktrees and submodules).
#[must_use]
pub fn project_root(cwd: &str) -> Option<String> {
    Path::new(cwd)
        .ancestors()
        .take(ANCESTORS_MAX)
        .find(|directory| directory.join(".git").exists())
        .and_then(Path::to_str)
        .map(str::to_owned)
}
