//! What the daemon answers.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::scored::{ModelStatus, Opinion, Scored};
use crate::capture::Keep;
use crate::classify::{Class, Ground};
use crate::decide::Decision;
use crate::effect::Effect;
use crate::facts::Wanted;
use crate::grant::{Denied, Grant};
use crate::proposal::ProposedCommand;
use crate::rules::Finding;

/// One frame to a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Response {
    /// The answer to a proposal.
    Verdict(Box<Verdict>),
    /// Addition: facts would change the answer. Nothing was decided; propose again under the same id.
    Wanted {
        /// Which.
        facts: Box<Wanted>,
    },
    /// Done.
    Ack,
    /// What is held.
    PendingList {
        /// Oldest first.
        items: Vec<PendingItem>,
    },
    /// Addition: what a person allowed beyond one time.
    GrantList {
        /// Oldest first.
        items: Vec<Grant>,
        /// Addition: what a person denied, in whatever spelling; oldest first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        denied: Vec<Denied>,
    },
    /// Addition: what became of the proposals whose ids begin so.
    Known {
        /// None that is remembered, one, or two of several.
        items: Vec<KnownItem>,
    },
    /// How a hold stands.
    Pending {
        /// How.
        status: PendingStatus,
    },
    /// How the daemon is.
    Status(Box<Status>),
    /// Addition: what would be decided about a command, with the model and without.
    Scored(Box<Opinion>),
    /// What an admin's proof must sign.
    Challenge {
        /// Whether a proof is needed.
        locked: bool,
        /// Random, single use, in hexadecimal.
        nonce: String,
        /// The vault's salt, in hexadecimal.
        salt: String,
        /// How the key is derived from the password.
        params: KdfParameters,
        /// Addition: what the proof binds, when one is needed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        binding: Option<Box<Binding>>,
    },
    /// Addition: who is there.
    Hello {
        /// The version of the wire that the daemon speaks.
        version: u32,
        /// The program, with its version.
        daemon: String,
    },
    /// Addition: a burst is on record.
    Observed {
        /// It is a mass change, and no decision stands behind it.
        alarm: bool,
    },
    /// Addition: a record of the log, durable when this is sent.
    Event {
        /// The line as it stands in the log, its seal included.
        record: serde_json::Value,
    },
    /// The request was refused. It changed nothing.
    Error {
        /// Why, in one line.
        message: String,
        /// Addition: why, for programs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<ErrorCode>,
        /// Addition: when it is worth another try, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
}

/// What a proposal or a record is answered with, as far as a client reads it that leaves the rest to another.
///
/// What has no name here is skipped, so that the program that is started for every command has nothing in it to read it with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Brief")]
pub enum InBrief {
    /// As [`Response::Verdict`].
    Verdict {
        /// What is to be done.
        decision: Decision,
        /// Why, in one line.
        reason: String,
        /// Whether something is to be kept before it runs.
        keeps: bool,
    },
    /// As [`Response::Wanted`].
    Wanted,
    /// As [`Response::Ack`].
    Ack,
    /// As [`Response::Error`].
    Error {
        /// Why, in one line.
        message: String,
    },
}

/// The members of [`InBrief`], flat: a tagged enum would be read twice, through a copy.
#[derive(Deserialize)]
struct Brief {
    kind: BriefKind,
    decision: Option<Decision>,
    reason: Option<String>,
    #[serde(default)]
    capture: Vec<IgnoredAny>,
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum BriefKind {
    Verdict,
    Wanted,
    Ack,
    Error,
}

impl TryFrom<Brief> for InBrief {
    type Error = &'static str;

    fn try_from(brief: Brief) -> Result<Self, &'static str> {
        match (brief.kind, brief.decision, brief.reason) {
            (BriefKind::Verdict, Some(decision), Some(reason)) => Ok(Self::Verdict {
                decision,
                reason,
                keeps: !brief.capture.is_empty(),
            }),
            (BriefKind::Verdict, _, _) => Err("a verdict without `decision` or `reason`"),
            (BriefKind::Wanted, _, _) => Ok(Self::Wanted),
            (BriefKind::Ack, _, _) => Ok(Self::Ack),
            (BriefKind::Error, _, _) => Ok(Self::Error {
                message: brief.message.unwrap_or_default(),
            }),
        }
    }
}

impl Response {
    /// Returns a refusal.
    #[must_use]
    pub const fn error(code: ErrorCode, message: String) -> Self {
        Self::Error {
            message,
            code: Some(code),
            retry_after_ms: None,
        }
    }
}

/// The answer to a proposal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// What the rules say.
    pub class: Class,
    /// What is to be done.
    pub decision: Decision,
    /// Which judgement decided: 1 rules, 2 the risk.
    pub tier: u8,
    /// Why, in one line.
    pub reason: String,
    /// What the command does, in the model's words.
    pub summary: Option<String>,
    /// Estimate for the ambiguous, 0 to 100.
    pub risk: Option<u8>,
    /// Addition: the rule that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Addition: what the command would do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Effect>,
    /// Addition: every rule that applied, with its place in the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Addition: the facts that had a say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grounds: Vec<Ground>,
    /// Addition: a safer command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
    /// Addition: what to keep before running.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capture: Vec<Keep>,
    /// Addition: what an approval is bound to, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_hash: Option<String>,
    /// Addition: how long a hold lasts, in milliseconds from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<u64>,
    /// Addition: a person said yes, who saw what can and cannot be kept before it runs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approved: bool,
    /// Addition: what scored it, where a model is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scored: Option<Scored>,
}

/// One hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PendingItem {
    /// The command, as it was proposed.
    pub command: ProposedCommand,
    /// What the rules say.
    pub class: Class,
    /// Why it is held.
    pub reason: String,
    /// Why to look at it, in a model's words; there a while after it is held, if ever. No decision rests on it.
    pub summary: Option<String>,
    /// When it was held, RFC 3339.
    pub ts: String,
    /// Addition: what it would do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Effect>,
    /// Addition: every rule that applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Addition: a safer command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
    /// Addition: what an approval is bound to, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_hash: Option<String>,
    /// Addition: how long the hold lasts, in milliseconds from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<u64>,
    /// Addition: the record that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// Addition: approvals that were refused, one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<String>,
    /// Addition: what scored it, where a model is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scored: Option<Scored>,
    /// Addition: the model whose words `summary` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary_by: Option<String>,
}

/// How a hold stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PendingStatus {
    /// Nobody has answered.
    Pending,
    /// It may run, once.
    Approved,
    /// It must not; also when its time ran out.
    Denied,
    /// The id was never held here, or has been forgotten.
    Gone,
}

/// What became of one proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownItem {
    /// The proposal.
    pub id: Uuid,
    /// The hold that it waits with, when the same command was held before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<Uuid>,
    /// Whether it is held now.
    pub held: bool,
    /// Whether a person denied it and may take that back.
    pub denied: bool,
    /// What became of it, in words that follow the id.
    pub told: String,
}

/// How the daemon is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// What scores the ambiguous: `heuristic`, `llama:<model file>`.
    pub scorer: String,
    /// Addition: the program's version.
    #[serde(default)]
    pub version: String,
    /// Addition: the version of the wire.
    #[serde(default)]
    pub protocol: u32,
    /// Addition: the daemon's process.
    #[serde(default)]
    pub pid: u32,
    /// Addition: since its start, in milliseconds.
    #[serde(default)]
    pub uptime_ms: u64,
    /// Addition: the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogStatus>,
    /// Addition: commands that wait for a person.
    #[serde(default)]
    pub holds: u64,
    /// Addition: `attended`, `unattended` or `notify`.
    #[serde(default)]
    pub mode: String,
    /// Addition: the admin vault.
    #[serde(default)]
    pub vault: VaultStatus,
    /// Addition: helper processes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<ChildStatus>,
    /// Addition: the model, where one is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Box<ModelStatus>>,
    /// Addition: who asked lately, the last first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<AgentStatus>,
    /// Addition: the user that the daemon runs as.
    #[serde(default)]
    pub uid: u32,
    /// Addition: what a person should look at, one line each: an altered log, a policy that does not parse.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

/// How the log stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogStatus {
    /// Random, made with the log.
    pub id: String,
    /// Number of records.
    pub size: u64,
    /// Seal of the last record.
    pub head: String,
    /// Records that the last signed checkpoint covers.
    #[serde(default)]
    pub checkpoint: u64,
    /// What was altered in it, when that was found; it does not verify then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub altered: Option<String>,
}

/// How a helper process is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildStatus {
    /// What it is called.
    pub name: String,
    /// Whether it runs.
    pub state: ChildState,
    /// Its process, while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// How long it has run, or how long until it is started again, in milliseconds.
    pub for_ms: u64,
    /// How often it ended, since the daemon's start.
    pub restarts: u64,
    /// Its last words on its standard error, and how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// What it says that it is doing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
}

/// Whether a helper process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChildState {
    /// It does.
    Running,
    /// It ended, and is started again after a pause.
    Pausing,
}

/// Who asked lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentStatus {
    /// What it calls itself.
    pub agent: String,
    /// How long ago, in milliseconds.
    pub ago_ms: u64,
}

/// How the admin vault stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VaultStatus {
    /// There is none.
    #[default]
    None,
    /// Privileged operations need the admin.
    Locked,
    /// It ought to be there and is not, or is not whole: privileged operations are refused.
    Degraded,
}

/// How a key is derived from a password (Argon2id, RFC 9106).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KdfParameters {
    /// Memory, in KiB.
    pub m_cost: u32,
    /// Passes.
    pub t_cost: u32,
    /// Lanes.
    pub p_cost: u32,
}

/// What an admin's proof binds beside the operation, signed by the daemon: see [`crate::vault::transcript`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The daemon's host key, in hexadecimal.
    pub daemon: String,
    /// The vault.
    pub vault: Uuid,
    /// Its rotation.
    pub epoch: u64,
    /// When the challenge is over, in milliseconds since 1970.
    pub expires: u64,
    /// Hash of the last record of the log, in hexadecimal.
    pub head: String,
    /// The user of the caller, as the kernel attests it.
    pub uid: u32,
    /// The daemon's signature of all this, the nonce, the salt and the costs, in hexadecimal.
    pub signature: String,
}

/// Why a request was refused, for programs. Codes are permanent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorCode {
    /// Longer than [`crate::limits::FRAME_BYTES_MAX`]; the connection is closed.
    FrameTooLarge,
    /// Not complete within [`crate::limits::FRAME_MS_MAX`]; the connection is closed.
    FrameTimeout,
    /// Not UTF-8, not JSON, or not the members that its kind has.
    BadRequest,
    /// A kind that this version does not know.
    UnknownRequest,
    /// The id was decided for another command.
    IdConflictDecided,
    /// The id is held for another command.
    IdConflictHeld,
    /// The id was approved for another command.
    IdConflictApproved,
    /// The id was denied or has expired for another command.
    IdConflictClosed,
    /// No hold has this id.
    NotHeld,
    /// The hold is not the one the person saw.
    ContentChanged,
    /// A bound is reached; see the message.
    Busy,
    /// The record could not be made durable, so nothing was decided.
    LogUnavailable,
    /// The peer may not ask this.
    Forbidden,
    /// The proof does not verify, or there is no such operation.
    AuthFailed,
    /// It cannot be told whether a person asks: the same request again, with the code that is shown on a person's terminal.
    CodeNeeded,
}

impl PendingItem {
    /// Returns the id of the proposal.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.command.id
    }
}
