//! Who proposed what, and what was answered: the parts of records that are about a command.
//!
//! As they stand in the log; how they become members of a line is [`super::record`].

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::record::Body;
use crate::binding::Bound;
use crate::capture::Keep;
use crate::classify::Class;
use crate::decide::Decision;
use crate::effect::Effect;
use crate::facts::Facts;
use crate::proposal::{Identity, PeerCredentials, ProposedCommand};
use crate::protocol;
use crate::rules::Finding;
use crate::shell::Dialect;

impl Body {
    /// Returns the proposal that it is about, when it is about one.
    #[must_use]
    pub const fn proposal(&self) -> Option<Uuid> {
        match self {
            Self::Proposal { command, .. } | Self::Recorded { command, .. } => Some(command.id),
            Self::Verdict(verdict) => Some(verdict.id),
            Self::Hold { id, .. }
            | Self::Resolution { id, .. }
            | Self::Capture { id, .. }
            | Self::Undo { id, .. }
            | Self::ApprovalRefused { id, .. } => Some(*id),
            Self::Open { .. }
            | Self::State { .. }
            | Self::Grant { .. }
            | Self::Observation { .. }
            | Self::AuthAttempt { .. }
            | Self::AuthResult { .. }
            | Self::Policy { .. }
            | Self::Child { .. }
            | Self::Checkpoint { .. }
            | Self::Redact { .. }
            | Self::Prune { .. }
            | Self::Recovery { .. }
            | Self::Incident { .. }
            | Self::Shutdown { .. }
            | Self::UncleanStart { .. } => None,
        }
    }
}

/// A process, as the kernel attests it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its id; 0 where the kernel does not tell.
    pub pid: u32,
    /// When it started, in clock ticks since the machine did: tells it from a later process with the same id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<u64>,
    /// Its program, when it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exe: Option<String>,
}

/// Who asked, as the kernel attests it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "PeerMembers")]
pub struct Peer {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// The process at the other end.
    #[serde(flatten)]
    pub process: Process,
    /// Its parents, nearest first, up to the leader of its session; where that leader only wraps it, up to the leader
    /// of the session that started it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ancestry: Vec<Process>,
    /// The leader of its session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_leader: Option<u32>,
    /// When that leader started, as [`Process::start`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_start: Option<u64>,
    /// The device number of its controlling terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<u32>,
    /// Nothing but forks of the leader of its session, a shell, stands between that leader and this program of ours: a
    /// person typed it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub direct: bool,
    /// It can gain no more rights (`NoNewPrivs`), and no descendant of it can.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_new_privs: bool,
    /// Filters on its system calls (`Seccomp`), which every descendant has, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub seccomp: bool,
}

impl From<PeerCredentials> for Peer {
    fn from(peer: PeerCredentials) -> Self {
        Self {
            uid: peer.uid,
            gid: peer.gid,
            process: Process {
                pid: peer.pid,
                start: None,
                exe: None,
            },
            ancestry: Vec::new(),
            session_leader: None,
            session_start: None,
            tty: None,
            direct: false,
            no_new_privs: false,
            seccomp: false,
        }
    }
}

/// What is kept of a command that is too long for a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// Bytes of its whole text.
    pub bytes: u64,
    /// Fingerprint of the whole command, in hexadecimal.
    pub fingerprint: String,
}

/// What tells a command from others whose secrets were masked alike.
///
/// Private: whoever has it and the rest of the command can try guesses at a short secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exact {
    /// Fingerprint of the command as it was proposed, in hexadecimal.
    pub fingerprint: String,
    /// BLAKE3 of its text alone, in hexadecimal.
    pub text: String,
}

/// A command as it was proposed or recorded, its secrets masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The proposal.
    pub id: Uuid,
    /// Who claims to propose.
    pub agent: String,
    /// The client's clock; a claim.
    pub client_ts: String,
    /// The language of `raw`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shell: Option<Dialect>,
    /// What the agent called the tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// A person was at the prompt.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interactive: bool,
    /// The command is longer than a record keeps: `raw` is its beginning, and `argv` is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
    /// Private: the agent's session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Private: the directory.
    #[serde(default)]
    pub cwd: String,
    /// Private: the words, when the client had them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub argv: Vec<String>,
    /// Private: the text, its secrets masked.
    #[serde(default)]
    pub raw: String,
    /// Private: what the client found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Box<Facts>>,
    /// Private: secrets were masked in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact: Option<Box<Exact>>,
}

impl Command {
    /// Returns the same as [`ProposedCommand::fingerprint`] of what stands here.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        let identity = Identity {
            agent: &self.agent,
            session: self.session.as_deref(),
            cwd: &self.cwd,
            shell: self.shell,
            raw: &self.raw,
            argv: &self.argv,
        };
        identity.fingerprint()
    }
}

impl From<ProposedCommand> for Command {
    fn from(command: ProposedCommand) -> Self {
        Self {
            id: command.id,
            agent: command.agent,
            client_ts: command.ts,
            shell: command.shell,
            tool: command.tool,
            interactive: command.interactive,
            cut: None,
            session: command.session,
            cwd: command.cwd,
            argv: command.argv,
            raw: command.raw,
            facts: command.facts,
            exact: None,
        }
    }
}

impl From<Command> for ProposedCommand {
    fn from(command: Command) -> Self {
        Self {
            id: command.id,
            ts: command.client_ts,
            agent: command.agent,
            cwd: command.cwd,
            argv: command.argv,
            raw: command.raw,
            facts: command.facts,
            can: Vec::new(),
            session: command.session,
            shell: command.shell,
            tool: command.tool,
            interactive: command.interactive,
        }
    }
}

/// The members of `proposal` and `recorded` side by side, as they stand in a line.
///
/// Serde keeps every member of a flattened struct aside before it is read; here none is.
#[derive(Deserialize)]
pub(super) struct Asked {
    id: Uuid,
    agent: String,
    client_ts: String,
    #[serde(default)]
    shell: Option<Dialect>,
    #[serde(default)]
    tool: Option<String>,
    #[serde(default)]
    interactive: bool,
    #[serde(default)]
    cut: Option<Cut>,
    #[serde(default)]
    session: Option<String>,
    #[serde(default)]
    cwd: String,
    #[serde(default)]
    argv: Vec<String>,
    #[serde(default)]
    raw: String,
    #[serde(default)]
    facts: Option<Box<Facts>>,
    #[serde(default)]
    exact: Option<Box<Exact>>,
    peer: Peer,
    #[serde(default)]
    exit_code: Option<i32>,
    #[serde(default)]
    duration_ms: Option<u64>,
    #[serde(default)]
    spooled: bool,
}

impl Asked {
    /// Returns the command and who asked, then how it ended, how long it ran, and whether it was spooled.
    pub(super) fn into_parts(self) -> (Command, Peer, Option<i32>, Option<u64>, bool) {
        let command = Command {
            id: self.id,
            agent: self.agent,
            client_ts: self.client_ts,
            shell: self.shell,
            tool: self.tool,
            interactive: self.interactive,
            cut: self.cut,
            session: self.session,
            cwd: self.cwd,
            argv: self.argv,
            raw: self.raw,
            facts: self.facts,
            exact: self.exact,
        };
        let Self {
            peer,
            exit_code,
            duration_ms,
            spooled,
            ..
        } = self;
        (command, peer, exit_code, duration_ms, spooled)
    }
}

/// The members of [`Peer`] side by side, for the same reason.
#[derive(Deserialize)]
struct PeerMembers {
    uid: u32,
    gid: u32,
    pid: u32,
    #[serde(default)]
    start: Option<u64>,
    #[serde(default)]
    exe: Option<String>,
    #[serde(default)]
    ancestry: Vec<Process>,
    #[serde(default)]
    session_leader: Option<u32>,
    #[serde(default)]
    session_start: Option<u64>,
    #[serde(default)]
    tty: Option<u32>,
    #[serde(default)]
    direct: bool,
    #[serde(default)]
    no_new_privs: bool,
    #[serde(default)]
    seccomp: bool,
}

impl From<PeerMembers> for Peer {
    fn from(members: PeerMembers) -> Self {
        let PeerMembers {
            uid,
            gid,
            pid,
            start,
            exe,
            ancestry,
            session_leader,
            session_start,
            tty,
            direct,
            no_new_privs,
            seccomp,
        } = members;
        Self {
            uid,
            gid,
            process: Process { pid, start, exe },
            ancestry,
            session_leader,
            session_start,
            tty,
            direct,
            no_new_privs,
            seccomp,
        }
    }
}

/// How a hold ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// A person answered from another place.
    Person,
    /// A person answered where it was proposed.
    Prompt,
    /// Its time ran out.
    Expired,
    /// The daemon could not keep it.
    Daemon,
    /// The admin proved who they are.
    Admin,
    /// What it would touch is not what was approved.
    Changed,
    /// The prompt at which a person was asked went away.
    Gone,
}

/// What was answered to a proposal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The proposal.
    pub id: Uuid,
    /// What the rules said.
    pub class: Class,
    /// What is to be done.
    pub decision: Decision,
    /// Which judgement decided: 1 rules, 2 the risk.
    pub tier: u8,
    /// The rule that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Estimate for the ambiguous.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<u8>,
    /// What scored it, where a model was in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scored: Option<protocol::Scored>,
    /// How long a hold lasts, in milliseconds from the record's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<u64>,
    /// The approved proposal that this answer used up; it may be another one, of the same command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<Uuid>,
    /// Private: why, in one line.
    #[serde(default)]
    pub reason: String,
    /// Private: what the command does, in the model's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Private: what it would do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Effect>,
    /// Private: every rule that applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Private: a safer command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
    /// Private: what to keep before it runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capture: Vec<Keep>,
    /// Private, since a short command can be guessed from it: what an approval is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_hash: Option<String>,
    /// Private: the things that it is bound to, when it is held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bound: Vec<Bound>,
}

impl Verdict {
    /// Takes the verdict on the proposal `id`.
    #[must_use]
    pub fn new(id: Uuid, verdict: protocol::Verdict) -> Self {
        Self {
            id,
            class: verdict.class,
            decision: verdict.decision,
            tier: verdict.tier,
            rule: verdict.rule,
            risk: verdict.risk,
            expires_ms: verdict.expires_ms,
            uses: None,
            reason: verdict.reason,
            summary: verdict.summary,
            effects: verdict.effects,
            findings: verdict.findings,
            instead: verdict.instead,
            capture: verdict.capture.into_iter().map(Keep::masked).collect(),
            content_hash: verdict.content_hash,
            bound: Vec::new(),
            scored: verdict.scored,
        }
    }
}

impl From<Verdict> for protocol::Verdict {
    fn from(verdict: Verdict) -> Self {
        Self {
            class: verdict.class,
            decision: verdict.decision,
            tier: verdict.tier,
            reason: verdict.reason,
            summary: verdict.summary,
            risk: verdict.risk,
            rule: verdict.rule,
            effects: verdict.effects,
            findings: verdict.findings,
            grounds: Vec::new(),
            instead: verdict.instead,
            capture: verdict.capture,
            content_hash: verdict.content_hash,
            expires_ms: verdict.expires_ms,
            approved: false,
            scored: verdict.scored,
        }
    }
}
