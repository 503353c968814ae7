//! A command that awaits an answer, and what is known about whom it comes from.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::shell::Dialect;

/// A command as a client proposes it. What it claims about itself is a claim; only [`PeerCredentials`] are attested.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProposedCommand {
    /// Names this proposal; a retry uses the same.
    pub id: Uuid,
    /// The client's clock, RFC 3339. Kept, never believed.
    pub ts: String,
    /// Who claims to propose: `claude-code`, `codex`, `shell`, …
    pub agent: String,
    /// The directory it would run in, absolute.
    pub cwd: String,
    /// Its words, when the client has them; may be empty.
    #[serde(default)]
    pub argv: Vec<String>,
    /// The exact text.
    pub raw: String,
    /// The agent's session.
    #[serde(default)]
    pub session: Option<String>,
    /// Addition: the language of `raw`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shell: Option<Dialect>,
    /// Addition: what the agent called the tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// Addition: what the client found out about what it would touch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Box<crate::facts::Facts>>,
    /// Addition: a person is at this prompt.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interactive: bool,
}

/// Who is at the other end of a connection, as the kernel attests it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerCredentials {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Process; 0 where the kernel does not tell.
    pub pid: u32,
}
