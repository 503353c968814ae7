//! What can be in a record, by kind, and how it becomes the members of a line.
//!
//! Members that may hold something private are named per kind in [`Body::private_members`]; they can be taken away later
//! without breaking the chain, so reading a record never relies on them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::chain::{Seal, unhex};
use super::line::{Line, LineError, Parts};
use super::proposed::Asked;
pub use super::proposed::{Command, Cut, Exact, Means, Peer, Process, Verdict};
pub use super::refused::Check;
pub use super::seen::Seen;
pub use super::segment::{Opening, Predecessor, Tree};
use crate::protocol;

/// Why a line has no record in it that can be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The bytes are not a line.
    #[error("not a record")]
    Line(#[from] LineError),
    /// The members are not those of a kind that this program knows.
    #[error("not a record of a known kind")]
    Members(#[from] serde_json::Error),
}

/// The members of a record, by kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Body {
    /// A segment begins. Always its first record, never elsewhere.
    Open {
        /// Random name of the log.
        log: Uuid,
        /// Why.
        opening: Opening,
        /// What it continues.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<Predecessor>,
        /// The tree so far.
        tree: Tree,
        /// The key that checks the log's checkpoints, as a `signed-note` verifier key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verifier: Option<String>,
        /// How many `state` records follow; without all of them the segment was never begun.
        states: u64,
        /// The program that writes.
        program: String,
        /// The machine that writes: a hash of what names it, see [`crate::audit::host_fingerprint`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<String>,
    },
    /// A piece of the live state, after `open`: what a fold of everything before would give.
    State {
        /// What it is, in the daemon's words: `hold`, `decided`, `grant`, …
        what: String,
        /// Private: the piece.
        #[serde(default)]
        value: Value,
    },
    /// A command awaits an answer.
    Proposal {
        /// The command and what it claims.
        #[serde(flatten)]
        command: Command,
        /// Who asked.
        peer: Peer,
    },
    /// The answer to a proposal.
    Verdict(Verdict),
    /// A proposal waits for a person.
    Hold {
        /// The proposal.
        id: Uuid,
        /// Until when, RFC 3339; then it is denied.
        until: String,
        /// The proposal of the same command that is held already, and by whose id both are resolved.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        with: Option<Uuid>,
    },
    /// A hold ended, or a command was answered where it was proposed.
    Resolution {
        /// The proposal.
        id: Uuid,
        /// How it ended.
        decision: protocol::Resolution,
        /// By what means.
        means: Means,
        /// Who answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        peer: Option<Peer>,
        /// The answer is meant for the next time too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        remember: bool,
        /// Private: why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Somebody who may not answered a hold: an attempted self-approval.
    ApprovalRefused {
        /// The proposal.
        id: Uuid,
        /// Which check failed.
        check: Check,
        /// Who tried.
        peer: Peer,
        /// The process that made the check fail, when it is another.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Process>,
    },
    /// A grant was made, used or revoked.
    Grant {
        /// The grant.
        id: Uuid,
        /// What happened to it: `made`, `used`, `revoked`, `expired`.
        change: String,
        /// Private: its scope, or the proposal that used it.
        #[serde(default)]
        grant: Value,
    },
    /// The file system changed.
    Observation {
        /// How.
        change: protocol::Change,
        /// Private: where.
        #[serde(default)]
        path: String,
        /// Private: all of it, when a watcher rolled it up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seen: Option<Box<Seen>>,
    },
    /// A command has already run.
    Recorded {
        /// The command and what it claims.
        #[serde(flatten)]
        command: Command,
        /// Who said so.
        peer: Peer,
        /// Its exit status.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit_code: Option<i32>,
        /// How long it ran, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        duration_ms: Option<u64>,
        /// It ran while no daemon was there; the client kept it until one was.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        spooled: bool,
    },
    /// A copy was kept before a command ran.
    Capture {
        /// The proposal.
        id: Uuid,
        /// Private: what was kept and where.
        #[serde(default)]
        manifest: Value,
    },
    /// A copy was put back.
    Undo {
        /// The proposal.
        id: Uuid,
        /// Private: what was put back.
        #[serde(default)]
        manifest: Value,
    },
    /// Somebody began to prove that they are the admin.
    AuthAttempt {
        /// For which operation.
        op: String,
        /// Who.
        peer: Peer,
        /// Attempts by anybody since the one before that came too early to be looked at.
        #[serde(default, skip_serializing_if = "is_zero")]
        early: u64,
    },
    /// How that ended.
    AuthResult {
        /// For which operation.
        op: String,
        /// Whether the proof verified.
        accepted: bool,
        /// Who.
        peer: Peer,
    },
    /// Rules, policy, knowledge or a mode changed.
    Policy {
        /// What changed.
        what: String,
        /// BLAKE3 of what holds now, in hexadecimal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hash: Option<String>,
        /// Private: more about it.
        #[serde(default)]
        detail: Value,
    },
    /// A helper process started, stopped or failed.
    Child {
        /// Which.
        name: String,
        /// What happened.
        event: String,
    },
    /// The tree as it was signed; the last record of a full segment.
    Checkpoint {
        /// Leaves.
        size: u64,
        /// RFC 6962 root over SHA-256, in base64.
        root: String,
    },
    /// Private parts were taken away.
    Redact {
        /// Of these records.
        seqs: Vec<u64>,
        /// Who asked.
        peer: Peer,
        /// Why.
        reason: String,
    },
    /// Whole segments were taken away.
    Prune {
        /// Every record before this one.
        before: u64,
        /// Who asked.
        peer: Peer,
        /// Why.
        reason: String,
    },
    /// A torn tail was cut at a start.
    Recovery {
        /// How many bytes.
        bytes: u64,
        /// The file they were moved to.
        file: String,
    },
    /// The log did not verify, or something else happened that a person must look at.
    Incident {
        /// What, in one line.
        what: String,
        /// The first record that is bad.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bad: Option<u64>,
        /// How many records had been durable.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        durable: Option<u64>,
        /// The observation that no decision explains.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        observation: Option<u64>,
    },
    /// The daemon stopped in order.
    Shutdown {
        /// Why.
        reason: String,
    },
    /// The daemon started and the run before had not stopped in order.
    UncleanStart {
        /// The last start of the machine that the log knew.
        last_boot: String,
    },
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde gives a reference to what it asks about"
)]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What an acknowledgement waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// The record is durable before anybody is answered.
    Sync,
    /// The record is written, and durable within a bounded time.
    Batch,
}

impl Body {
    /// Reads the members of a line: an object behind its kind. A private one that is public, too, is none of ours.
    pub(super) fn of(parts: &Parts<'_>) -> Result<Self, serde_json::Error> {
        let between: &[u8] = if parts.public.is_empty() || parts.private.is_empty() {
            b""
        } else {
            b","
        };
        let members = [b"{", parts.public, between, parts.private, b"}"];
        // These two are most of a log. Read as what they are, no member is kept twice on the way.
        match parts.kind {
            b"proposal" => {
                let asked: Asked = serde_json::from_slice(&members.concat())?;
                let (command, peer, _, _, _) = asked.into_parts();
                Ok(Self::Proposal { command, peer })
            }
            b"verdict" => Ok(Self::Verdict(serde_json::from_slice(&members.concat())?)),
            // These are the longest.
            b"state" => {
                let Piece { what, value } = serde_json::from_slice(&members.concat())?;
                Ok(Self::State { what, value })
            }
            b"recorded" => {
                let asked: Asked = serde_json::from_slice(&members.concat())?;
                let (command, peer, exit_code, duration_ms, spooled) = asked.into_parts();
                Ok(Self::Recorded {
                    command,
                    peer,
                    exit_code,
                    duration_ms,
                    spooled,
                })
            }
            kind => {
                let members = members.concat();
                let text: [&[u8]; 5] = [b"{\"", kind, b"\":", &members, b"}"];
                serde_json::from_slice(&text.concat())
            }
        }
    }

    /// Returns what an acknowledgement of this record waits for.
    #[must_use]
    pub const fn durability(&self) -> Durability {
        match self {
            Self::Observation { .. } | Self::Child { .. } | Self::Checkpoint { .. } => {
                Durability::Batch
            }
            Self::Open { .. }
            | Self::State { .. }
            | Self::Proposal { .. }
            | Self::Verdict(_)
            | Self::Hold { .. }
            | Self::Resolution { .. }
            | Self::ApprovalRefused { .. }
            | Self::Grant { .. }
            | Self::Recorded { .. }
            | Self::Capture { .. }
            | Self::Undo { .. }
            | Self::AuthAttempt { .. }
            | Self::AuthResult { .. }
            | Self::Policy { .. }
            | Self::Redact { .. }
            | Self::Prune { .. }
            | Self::Recovery { .. }
            | Self::Incident { .. }
            | Self::Shutdown { .. }
            | Self::UncleanStart { .. } => Durability::Sync,
        }
    }

    /// Whether a checkpoint is signed as soon as this record is durable.
    #[must_use]
    pub const fn is_signed_at_once(&self) -> bool {
        matches!(
            self,
            Self::AuthResult { .. }
                | Self::Policy { .. }
                | Self::Checkpoint { .. }
                | Self::Redact { .. }
                | Self::Prune { .. }
                | Self::Incident { .. }
                | Self::Shutdown { .. }
        )
    }

    /// Returns the seal that this record, an `open` at `first`, says it continues; nothing when it does not say.
    #[must_use]
    pub fn continued_seal(&self, first: u64) -> Option<Seal> {
        let Self::Open {
            log,
            opening,
            previous,
            ..
        } = self
        else {
            return None;
        };
        match (opening, previous) {
            (Opening::New, None) if first == 0 => Some(Seal::genesis(&log.to_string())),
            (Opening::Incident, None) => Some(Seal::incident(&log.to_string(), first)),
            (Opening::Full | Opening::FailedSync, Some(previous)) => Some(Seal {
                hash: unhex(previous.h.as_bytes())?,
                mac: unhex(previous.m.as_bytes())?,
            }),
            (Opening::New | Opening::Incident, _) | (Opening::Full | Opening::FailedSync, None) => {
                None
            }
        }
    }

    /// Returns the kind as it stands in a line.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::State { .. } => "state",
            Self::Proposal { .. } => "proposal",
            Self::Verdict(_) => "verdict",
            Self::Hold { .. } => "hold",
            Self::Resolution { .. } => "resolution",
            Self::ApprovalRefused { .. } => "approval_refused",
            Self::Grant { .. } => "grant",
            Self::Observation { .. } => "observation",
            Self::Recorded { .. } => "recorded",
            Self::Capture { .. } => "capture",
            Self::Undo { .. } => "undo",
            Self::AuthAttempt { .. } => "auth_attempt",
            Self::AuthResult { .. } => "auth_result",
            Self::Policy { .. } => "policy",
            Self::Child { .. } => "child",
            Self::Checkpoint { .. } => "checkpoint",
            Self::Redact { .. } => "redact",
            Self::Prune { .. } => "prune",
            Self::Recovery { .. } => "recovery",
            Self::Incident { .. } => "incident",
            Self::Shutdown { .. } => "shutdown",
            Self::UncleanStart { .. } => "unclean_start",
        }
    }

    /// Returns the members of this kind that may hold something private.
    #[must_use]
    pub const fn private_members(&self) -> &'static [&'static str] {
        match self {
            Self::Proposal { .. } | Self::Recorded { .. } => {
                &["session", "cwd", "argv", "raw", "facts", "exact"]
            }
            Self::Verdict(_) => &[
                "reason",
                "summary",
                "effects",
                "findings",
                "instead",
                "capture",
                "content_hash",
                "bound",
            ],
            Self::State { .. } => &["value"],
            Self::Resolution { .. } => &["reason"],
            Self::Grant { .. } => &["grant"],
            Self::Observation { .. } => &["path", "seen"],
            Self::Capture { .. } | Self::Undo { .. } => &["manifest"],
            Self::Policy { .. } => &["detail"],
            Self::Open { .. }
            | Self::Hold { .. }
            | Self::ApprovalRefused { .. }
            | Self::AuthAttempt { .. }
            | Self::AuthResult { .. }
            | Self::Child { .. }
            | Self::Checkpoint { .. }
            | Self::Redact { .. }
            | Self::Prune { .. }
            | Self::Recovery { .. }
            | Self::Incident { .. }
            | Self::Shutdown { .. }
            | Self::UncleanStart { .. } => &[],
        }
    }

    /// Returns the members as two JSON objects without braces: the public ones, and the private ones behind `salt`.
    ///
    /// # Errors
    /// When a member cannot be JSON; no body built from text and numbers does that.
    pub fn members(&self, salt: &[u8; 16]) -> Result<(String, String), serde_json::Error> {
        if let Self::State { what, value } = self {
            // The longest there are, and all of them are written at once.
            let salt = super::chain::hex(salt);
            let public = format!("\"what\":{}", serde_json::to_string(what)?);
            let private = format!(
                "\"n\":\"{salt}\",\"value\":{}",
                serde_json::to_string(value)?
            );
            return Ok((public, private));
        }
        let mut public = match serde_json::to_value(self)? {
            // Serde puts the members behind the name of their kind.
            Value::Object(kind) => match kind.into_iter().next() {
                Some((_, Value::Object(members))) => members,
                Some(_) | None => Map::new(),
            },
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Map::new(),
        };
        let mut private = Map::new();
        for name in self.private_members() {
            if let Some(value) = public.remove(*name) {
                private.insert((*name).to_owned(), value);
            }
        }
        let without_braces = |members: &Map<String, Value>| {
            serde_json::to_string(members).map(|text| {
                text.strip_prefix('{')
                    .and_then(|text| text.strip_suffix('}'))
                    .unwrap_or_default()
                    .to_owned()
            })
        };
        let public = without_braces(&public)?;
        if private.is_empty() {
            return Ok((public, String::new()));
        }
        let salt = super::chain::hex(salt);
        let private = format!("\"n\":\"{salt}\",{}", without_braces(&private)?);
        Ok((public, private))
    }
}

/// One record, as it is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its place in the log.
    pub seq: u64,
    /// When it was written, RFC 3339, UTC.
    pub ts: String,
    /// Which start of the machine.
    pub boot: String,
    /// Its members.
    pub body: Body,
    /// Its private members are gone; they read as empty.
    pub redacted: bool,
}

impl Record {
    /// Reads a line, its newline not included. It is not checked here: see [`super::chain::continues`].
    ///
    /// # Errors
    /// When the bytes are not a line, or not of a kind that this program knows.
    pub fn read(bytes: &[u8]) -> Result<Self, RecordError> {
        Self::of(&Line::split(bytes)?)
    }

    /// Reads a line that was split already.
    ///
    /// # Errors
    /// When it is not of a kind that this program knows.
    pub fn of(line: &Line<'_>) -> Result<Self, RecordError> {
        let parts = line.parts().ok_or(LineError::Beginning)?;
        Ok(Self {
            seq: line.seq(),
            ts: text_of(parts.ts)?,
            boot: text_of(parts.boot)?,
            body: Body::of(&parts)?,
            redacted: line.is_redacted(),
        })
    }
}

/// The members of [`Body::State`].
#[derive(Deserialize)]
struct Piece {
    what: String,
    #[serde(default)]
    value: Value,
}

/// Returns a member that has no escapes.
fn text_of(bytes: &[u8]) -> Result<String, RecordError> {
    let text = std::str::from_utf8(bytes).map_err(|_| LineError::Beginning)?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests;
