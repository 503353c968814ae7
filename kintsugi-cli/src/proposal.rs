//! A command as this client proposes it: its text, where it would run, and the little that is found out at no cost.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use jiff::Timestamp;
use kintsugi_core::capture::{KEEPS_COPIES, LISTS_ARCHIVES};
use kintsugi_core::facts::{Facts, PolicyFact};
use kintsugi_core::limits::PROJECT_POLICY_BYTES_MAX;
use kintsugi_core::paths::PROJECT_POLICY;
use kintsugi_core::place::Surroundings;
use kintsugi_core::proposal::{FINDS_BROUGHT, GATHERS_FACTS, ProposedCommand};
use kintsugi_core::shell::Dialect;
use rustix::fs::OFlags;
use uuid::Uuid;

use crate::agent::Proposed;
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
        can: [GATHERS_FACTS, FINDS_BROUGHT, KEEPS_COPIES, LISTS_ARCHIVES]
            .map(str::to_owned)
            .to_vec(),
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
    let mut command = Typist::here().proposes(dialect, text, cwd);
    command.id = id.unwrap_or(command.id);
    command
}

/// Who types at a shell's prompt, and in which window: the same for every line of one shell.
#[derive(Debug, Clone)]
pub struct Typist {
    agent: Option<&'static str>,
    session: Option<String>,
}

impl Typist {
    /// Returns who types where this process was started.
    #[must_use]
    pub fn here() -> Self {
        Self {
            agent: surroundings::agent(),
            session: terminal_session(),
        }
    }

    /// Returns what they propose by typing `text` in `cwd`.
    #[must_use]
    pub fn proposes(&self, dialect: Dialect, text: String, cwd: String) -> ProposedCommand {
        let mut command = propose(self.agent.unwrap_or("shell"), text, cwd, dialect);
        command.session.clone_from(&self.session);
        command.interactive = self.agent.is_none();
        command
    }
}

/// Names the session of the terminal (`setsid(2)`): what one person types in one window.
///
/// None where its leader is outside of a container, since the kernel then calls every such session 0.
#[must_use]
pub fn terminal_session() -> Option<String> {
    let session = session()?;
    Some(format!("terminal-{session}"))
}

/// Not by `rustix::process::getsid`, whose result cannot be 0.
#[cfg(target_os = "linux")]
fn session() -> Option<std::num::NonZeroU32> {
    // One read has all of it (`proc_pid_stat(5)`: fifty numbers); `fs::read` would take eight calls, at every command.
    let mut stat = [0; 1024];
    let count = File::open("/proc/self/stat").ok()?.read(&mut stat).ok()?;
    session_leader(stat.get(..count)?)
}

#[cfg(not(target_os = "linux"))]
fn session() -> Option<rustix::process::Pid> {
    rustix::process::getsid(None).ok()
}

/// Reads field 6 of `proc_pid_stat(5)`. The name, field 2, may hold anything; the last parenthesis ends it.
#[cfg(target_os = "linux")]
fn session_leader(stat: &[u8]) -> Option<std::num::NonZeroU32> {
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = str::from_utf8(stat.get(end + 1..)?).ok()?;
    rest.split_ascii_whitespace().nth(3)?.parse().ok()
}

/// Returns what is known of `cwd` by a few looks at directories.
fn facts(cwd: &str) -> Facts {
    let project_root = project_root(cwd);
    Facts {
        home: surroundings::home(),
        project_policy: project_root.as_deref().and_then(project_policy),
        project_root,
        uid: Some(rustix::process::geteuid().as_raw()),
        ssh: std::env::var_os("SSH_CONNECTION").is_some(),
        ..Facts::default()
    }
}

/// Returns the policy of the repository at `root`, when it has one: the daemon does not read what others name.
///
/// The daemon takes one that is there and cannot be read for as strict as may be.
fn project_policy(root: &str) -> Option<PolicyFact> {
    let path = Path::new(root).join(PROJECT_POLICY);
    let text = match bounded_text(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        Err(_) => None,
    };
    Some(PolicyFact {
        path: path.to_string_lossy().into_owned(),
        text,
        blake3: None,
    })
}

/// Reads a small file; nothing when it is no file, or longer than a policy of a repository may be.
fn bounded_text(path: &Path) -> io::Result<Option<String>> {
    // Not blocking: a pipe put in its place must not stop the shell.
    let flags = OFlags::NONBLOCK | OFlags::CLOEXEC;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let most = u64::try_from(PROJECT_POLICY_BYTES_MAX).unwrap_or(u64::MAX);
    let mut text = String::new();
    file.take(most + 1).read_to_string(&mut text)?;
    Ok((text.len() <= PROJECT_POLICY_BYTES_MAX).then_some(text))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_leads_from_outside_of_the_container_has_no_number() {
        let own = b"7 (a) S 1 2 (x)) S 5 6 8 34816 9 0";
        assert_eq!(session_leader(own), std::num::NonZeroU32::new(8));
        assert_eq!(session_leader(b"7 (sh) S 1 7 0 34816 9 0"), None);
        assert_eq!(session_leader(b"7 (sh) S 1"), None);
    }
}
