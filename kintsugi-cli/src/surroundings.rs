//! What this process knows about where it stands: paths, directory, home, shell, and marks that agents leave.
//!
//! The only place that reads the environment for the full client; what it finds are claims, not proofs.

use std::env;
use std::path::{Path, PathBuf};

use directories::{BaseDirs, ProjectDirs};
use kintsugi_core::display::escape;
use kintsugi_core::paths::{Environment, PathError, Paths, SYSTEM_SETTINGS, locate};
use kintsugi_core::shell::Dialect;

use crate::exit::{Exit, Failure};

/// Variables by which agents mark what they start, and the name each stands for.
///
/// They label; they prove nothing, since whoever is marked can remove them.
const AGENT_MARKS: [(&str, &str); 14] = [
    ("CLAUDECODE", "claude-code"),
    ("CLAUDE_CODE_CHILD_SESSION", "claude-code"),
    ("CODEX_THREAD_ID", "codex"),
    ("CODEX_SANDBOX", "codex"),
    ("CURSOR_AGENT", "cursor"),
    ("GEMINI_CLI", "gemini"),
    ("QWEN_CODE", "qwen"),
    ("CLINE_ACTIVE", "cline"),
    ("OPENCODE", "opencode"),
    ("GOOSE_TERMINAL", "goose"),
    ("COPILOT_AGENT", "copilot"),
    ("COPILOT_CLI", "copilot"),
    ("AMP_CURRENT_THREAD_ID", "amp"),
    ("AI_AGENT", "agent"),
];

/// Returns where socket, log and policy are.
///
/// # Errors
/// When the environment names no usable place.
pub fn paths() -> Result<Paths, Failure> {
    // What to set is in the message, since the daemon says it as well.
    let paths = locate(&environment())
        .map_err(|error: PathError| Failure::new(Exit::Failed, error.to_string()))?;
    if std::fs::metadata(&paths.data).is_ok_and(|found| !found.is_dir()) {
        let shown = escape(&paths.data.display().to_string());
        let message = format!("`{shown}` is no directory, and the log belongs into it");
        return Err(Failure::new(Exit::Failed, message)
            .hint("move that file away; the next command makes the directory"));
    }
    Ok(paths)
}

/// Returns what the environment says about places, for `kintsugi_core::paths`.
#[must_use]
pub fn environment() -> Environment {
    let project = ProjectDirs::from("", "", "kintsugi");
    let data = |directories: &ProjectDirs| directories.data_dir().to_owned();
    let config = |directories: &ProjectDirs| directories.config_dir().to_owned();
    Environment {
        socket: env::var_os("KINTSUGI_SOCKET").map(PathBuf::from),
        has_system_daemon: Path::new(SYSTEM_SETTINGS).exists(),
        runtime_directory: env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from),
        data_directory: project.as_ref().map(data),
        config_directory: project.as_ref().map(config),
    }
}

/// Returns the person's home; none when its name is no text, since whatever else it were turned into is another directory.
#[must_use]
pub fn home() -> Option<String> {
    BaseDirs::new()?.home_dir().to_str().map(str::to_owned)
}

/// Returns where this program is installed, for what has to name it.
///
/// # Errors
/// When the system does not tell, or it is no text, which the line of a hook has to be.
pub fn program() -> Result<PathBuf, Failure> {
    let own = env::current_exe().and_then(|own| own.canonicalize());
    let own = own.map_err(|error| {
        let message = format!("cannot tell where this program is installed: {error}");
        Failure::new(Exit::Failed, message).hint("call it by its absolute path")
    })?;
    if own.to_str().is_none() {
        let shown = escape(&own.display().to_string());
        let message = format!("this program is installed at `{shown}`, which is not UTF-8");
        return Err(Failure::new(Exit::Failed, message)
            .hint("install it in a directory whose name is UTF-8, and call it there"));
    }
    Ok(own)
}

/// Returns the directory this process stands in, absolute.
///
/// # Errors
/// When it has been removed, or is not text: a proposal must say where it would run.
pub fn directory() -> Result<String, Failure> {
    let directory = env::current_dir().or_else(|error| removed_directory().ok_or(error));
    let directory = directory.map_err(|error| {
        Failure::new(
            Exit::Failed,
            format!("cannot tell the current directory: {error}"),
        )
        .hint("`cd` to a directory that exists")
    })?;
    directory.into_os_string().into_string().map_err(|raw| {
        Failure::new(
            Exit::Failed,
            format!(
                "the current directory `{}` is not UTF-8",
                escape(&raw.to_string_lossy())
            ),
        )
        .hint("`cd` to a directory whose name is UTF-8")
    })
}

/// Returns the name that the current directory had before it was removed (`proc(5)`): whoever stands in one must get out.
fn removed_directory() -> Option<PathBuf> {
    let link = std::fs::read_link("/proc/self/cwd").ok()?;
    let name = link.to_str()?.strip_suffix(" (deleted)")?;
    Some(PathBuf::from(name))
}

/// Returns the person's shell, and the language it reads; `/bin/sh` where `SHELL` does not say.
#[must_use]
pub fn shell() -> (PathBuf, Dialect) {
    let shell = env::var_os("SHELL")
        .filter(|shell| !shell.is_empty())
        .map_or_else(|| PathBuf::from("/bin/sh"), PathBuf::from);
    let dialect = match shell.file_name().and_then(|name| name.to_str()) {
        Some("bash") => Dialect::Bash,
        Some("zsh") => Dialect::Zsh,
        Some("fish") => Dialect::Fish,
        Some("nu") => Dialect::Nu,
        Some("pwsh") => Dialect::PowerShell,
        Some(_) | None => Dialect::Posix,
    };
    (shell, dialect)
}

/// Returns the variables by which agents mark what they start.
pub fn agent_marks() -> impl Iterator<Item = &'static str> {
    AGENT_MARKS.iter().map(|(mark, _)| *mark)
}

/// Returns the agent that started this process, when it left a mark.
#[must_use]
pub fn agent() -> Option<&'static str> {
    AGENT_MARKS
        .iter()
        .find(|(mark, _)| env::var_os(mark).is_some_and(|value| !value.is_empty()))
        .map(|(_, agent)| *agent)
}
