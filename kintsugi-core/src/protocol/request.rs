//! What a client may ask.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Burst;
use crate::grant::Scope;
use crate::proposal::ProposedCommand;

/// One frame from a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Request {
    /// May this command run? Answered by a verdict.
    Propose(Box<ProposedCommand>),
    /// Addition: what would the rules, the heuristic and the model say? Decides and records nothing. Answered by `scored`.
    Score(Box<ProposedCommand>),
    /// A person answered a command at the place where it was proposed. Answered by `ack`.
    Resolve {
        /// The command, as it was proposed.
        command: Box<ProposedCommand>,
        /// The answer.
        decision: Resolution,
        /// Whether the person wants it to hold for the next time too.
        #[serde(default)]
        remember: bool,
        /// Addition: the code that was shown, when one was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// The file system changed. Answered by `ack`; with a burst by `observed`.
    Observe {
        /// How.
        change: Change,
        /// Where.
        path: String,
        /// Addition: all that changed in one place within a short time; `path` is then the place, and `change` most of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        burst: Option<Box<Burst>>,
    },
    /// A command has already run. Answered by `ack`.
    Record {
        /// The command.
        #[serde(flatten)]
        command: Box<ProposedCommand>,
        /// Addition: its exit status.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit_code: Option<i32>,
        /// Addition: how long it ran, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        duration_ms: Option<u64>,
    },
    /// What is held? Answered by `pendinglist`.
    ListPending,
    /// Has this hold been resolved? Answered by `pending`.
    PendingStatus {
        /// The proposal.
        id: Uuid,
    },
    /// Addition: what became of a proposal? Answered by `known`.
    Lookup {
        /// The beginning of its id, in hexadecimal; dashes do not count.
        prefix: String,
    },
    /// A person allows a hold, or takes back that it was denied. Answered by `ack`.
    Approve {
        /// The proposal.
        id: Uuid,
        /// Addition: what the person saw; a hold that differs is not approved.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content_hash: Option<String>,
        /// Addition: the code that was shown, when one was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// Addition: for how long beyond this once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<Scope>,
        /// Addition: why, for the log.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Addition: which grants are there? Answered by `grantlist`.
    ListGrants,
    /// Addition: ends a grant. Answered by `ack`.
    RevokeGrant {
        /// The grant.
        id: Uuid,
    },
    /// A person denies a hold. Answered by `ack`.
    Deny {
        /// The proposal.
        id: Uuid,
        /// Addition: why, for the log and for whoever proposed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// How is the daemon? Answered by `status`.
    Status,
    /// Begins an operation that may need the admin. Answered by `challenge`.
    AuthBegin {
        /// The operation.
        op: String,
        /// Addition: hash of its arguments, in hexadecimal; the proof must then be for these.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        args_hash: Option<String>,
    },
    /// Stops the daemon. Answered by `ack`.
    Shutdown {
        /// The operation the challenge was for.
        op: String,
        /// The challenge's nonce, in hexadecimal.
        nonce: String,
        /// The proof, in hexadecimal; absent when no vault exists.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<String>,
    },
    /// Addition: shows the key of the port on loopback, as the first frame of a connection there. Answered by `ack`.
    Auth {
        /// The key, in hexadecimal.
        key: String,
    },
    /// Addition: who is there, and which version of the wire? Answered by `hello`.
    Hello {
        /// The version of the wire that the client speaks.
        version: u32,
        /// What the client calls itself.
        #[serde(default)]
        client: String,
    },
    /// Addition: a copy was kept before a command runs. Answered by `ack`.
    Captured {
        /// The proposal.
        id: Uuid,
        /// What was kept, and where.
        manifest: serde_json::Value,
    },
    /// Addition: what was kept was put back. Answered by `ack`.
    Undone {
        /// The capture: the id of the proposal before which it was made, or of the undo.
        id: Uuid,
        /// What was put back, and what was kept of what stood there.
        manifest: serde_json::Value,
    },
    /// Addition: any other operation that may need the admin. Answered by `ack`.
    Authorize {
        /// The operation the challenge was for.
        op: String,
        /// Its arguments.
        #[serde(default)]
        args: serde_json::Value,
        /// The challenge's nonce, in hexadecimal.
        nonce: String,
        /// The proof, in hexadecimal; absent when no vault exists.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<String>,
        /// The code that was shown on a terminal, where there is no vault and it could not be told whose that is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// Addition: tells of every record from now on, or from `from_seq` on. Answered by a stream of `event`, for as long as
    /// the connection lasts; whoever does not read it is dropped.
    Subscribe {
        /// The first record to be told of; without it the next that is written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from_seq: Option<u64>,
        /// The kinds of records to be told of; without any, all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        kinds: Vec<String>,
    },
    /// Addition: holds everything, also what is safe, until the admin says otherwise. Answered by `ack`.
    Panic {
        /// Why, for the log.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Addition: a person is asked at a prompt of this client. When the connection ends before the hold does, with the terminal
    /// or with the client, the hold is denied. Answered by `ack`.
    Asking {
        /// The proposal; without one the person left it held, and nothing hangs on this connection any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Uuid>,
    },
    /// Addition: waits until a hold is resolved. Answered by `pending`, then or when the time is over.
    Await {
        /// The proposal.
        id: Uuid,
        /// Longest wait, in milliseconds.
        timeout_ms: u64,
    },
}

/// A person's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resolution {
    /// It may run.
    Allow,
    /// It must not.
    Deny,
}

/// How a file changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It appeared.
    Created,
    /// Its content changed.
    Modified,
    /// It is gone.
    Removed,
    /// Addition: it has another name.
    Renamed,
}
