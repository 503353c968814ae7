//! What a payload asks, whoever sent it.

use kintsugi_core::shell::Dialect;

use super::tool::{Allowed, Text};
use super::{PAYLOAD_BYTES_MAX, links};
use kintsugi_core::quote;

/// What a payload asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Nothing that this guard decides.
    Pass,
    /// Something to propose.
    Propose(Proposed),
    /// Something that has run, for the log.
    Ran {
        /// What it was.
        proposed: Proposed,
        /// Its exit status, where the host tells.
        exit_code: Option<i32>,
        /// How long it ran, in milliseconds, where the host tells.
        duration_ms: Option<u64>,
    },
}

/// A tool's call as a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// The tool, by the agent's name for it.
    pub tool: String,
    /// The agent's session.
    pub session: Option<String>,
    /// Where it would run.
    pub cwd: String,
    /// The command. A tool that reads or writes a file is proposed as the shell text that does the same.
    pub text: String,
    /// Its language.
    pub dialect: Dialect,
    /// What is said when it is allowed.
    pub if_allowed: Allowed,
}

impl Proposed {
    /// What the tool `tool` of `session` would do, in the directory that its input names or else in `cwd`.
    #[must_use]
    pub fn new(tool: &str, session: Option<&str>, cwd: &str, call: Text) -> Self {
        let cwd = below(cwd, call.runs_in.as_deref().unwrap_or_default());
        let mut text = call.text;
        for (act, path) in &call.touches {
            // What lies behind a link is touched as well.
            if let Some(real) = links::behind(&cwd, path, &below(&cwd, path)) {
                text = format!("{text}\n{act} {}", quote::quote(&real));
            }
        }
        Self {
            tool: tool.to_owned(),
            session: session.map(str::to_owned),
            cwd,
            text,
            dialect: call.dialect,
            if_allowed: call.if_allowed,
        }
    }
}

/// Returns `path` as it is seen from `directory`, without `.` and `..`.
pub(super) fn below(directory: &str, path: &str) -> String {
    let whole = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{directory}/{path}")
    };
    let mut names = Vec::new();
    for name in whole.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    format!("/{}", names.join("/"))
}

/// Why a payload is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// Longer than [`PAYLOAD_BYTES_MAX`].
    #[error("the payload is longer than {PAYLOAD_BYTES_MAX} bytes")]
    TooLarge,
    /// Not JSON, or not UTF-8.
    #[error("the payload is not JSON: {0}")]
    NotJson(String),
    /// A member is not there, or not what it should be.
    #[error("the member `{0}` is missing or not {1}")]
    Member(&'static str, &'static str),
    /// No place for a command to run in.
    #[error("the payload names no absolute directory that the command would run in")]
    Directory,
}
