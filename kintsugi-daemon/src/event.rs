//! What the log keeps about the daemon's work, and what its state is folded from.
//!
//! An event becomes one record: its kind, its members, and apart from them those that may hold something private, so
//! that they can be redacted alone (audit format, member `s`).

use kintsugi_core::classify::Class;
use kintsugi_core::decide::Decision;
use kintsugi_core::effect::Effect;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::{Change, Verdict};
use kintsugi_core::rules::Finding;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::peer::Peer;

/// Members that may hold something private, of any kind of event.
const PRIVATE: [&str; 11] = [
    "facts", "raw", "argv", "cwd", "reason", "effects", "findings", "instead", "capture", "path",
    "manifest",
];

/// Longest text of a command that a record keeps whole, in bytes of JSON; of a longer one the beginning and the hash.
///
/// Leaves room for the other members within [`kintsugi_core::limits::RECORD_BYTES_MAX`].
pub const COMMAND_BYTES_MAX: usize = 44 * 1024;

/// Most bytes of JSON that effects and findings may take in a record, each.
const JUDGEMENT_BYTES_MAX: usize = 16 * 1024;

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// The daemon began to serve.
    UncleanStart {},
    /// A command was proposed.
    Proposal(Box<Proposed>),
    /// It was decided at once.
    Verdict(Box<Decided>),
    /// It waits for a person.
    Hold(Box<Held>),
    /// A hold, or the use of an approval, came to its end.
    Resolution(Box<Resolved>),
    /// A command had already run.
    Recorded(Box<Ran>),
    /// The file system changed.
    Observation {
        /// How.
        change: Change,
        /// Where.
        path: String,
    },
    /// A copy was kept of what a command would destroy.
    Capture {
        /// The proposal.
        id: Uuid,
        /// What was kept, as the client says.
        manifest: Value,
    },
    /// Somebody asked for what only the admin may do.
    AuthAttempt {
        /// What.
        op: String,
        /// Who.
        peer: Box<Peer>,
    },
    /// What came of it.
    AuthResult {
        /// What.
        op: String,
        /// Whether it was granted.
        granted: bool,
    },
    /// The policy was read.
    Policy {
        /// What was wrong with it, one line each.
        problems: Vec<String>,
    },
    /// The daemon stopped cleanly.
    Shutdown {
        /// Why.
        by: String,
    },
}

/// A proposal, as it came, with who the kernel says it came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposed {
    /// The command.
    #[serde(flatten)]
    pub command: ProposedCommand,
    /// Its fingerprint, in hexadecimal.
    pub fingerprint: String,
    /// Bytes of the whole text, when only its beginning is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_bytes: Option<u64>,
    /// Who proposed.
    pub peer: Peer,
}

impl Proposed {
    /// Whether the whole text is kept.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.raw_bytes.is_none()
    }
}

/// A decision without a hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    /// The proposal.
    pub id: Uuid,
    /// The answer.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The approved hold that this decision used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<Uuid>,
}

/// A hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// The proposal.
    pub id: Uuid,
    /// The answer.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// When it ends unresolved, in milliseconds since 1970.
    pub until: u64,
    /// When it was held, RFC 3339.
    pub since: String,
    /// The same command that is held already, under the id by which it is resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<Uuid>,
}

/// The end of a hold or of an approval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resolved {
    /// The proposal.
    pub id: Uuid,
    /// Allow or deny.
    pub decision: Decision,
    /// Who or what resolved it.
    pub by: Resolver,
    /// Why, in the person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<Peer>,
    /// When the approval ends unused, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// The person asked that it holds for the next time too. Kept; no grant follows from it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub remember: bool,
}

/// Who or what resolved a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolver {
    /// A person, from elsewhere.
    Person,
    /// A person, at the prompt where it was proposed.
    Prompt,
    /// Time.
    Expiry,
    /// A client that reported the command as run.
    Use,
}

/// A command that had already run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ran {
    /// The command.
    #[serde(flatten)]
    pub proposed: Proposed,
    /// Its exit status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// How long it ran, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// It was let pass while no daemon ran, and kept by the client until one did.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub spooled: bool,
}

/// An event cut into the parts of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// The kind of the record.
    pub kind: String,
    /// Members that stay for ever.
    pub members: Map<String, Value>,
    /// Members that can be redacted.
    pub private: Map<String, Value>,
}

impl Event {
    /// Cuts the event into the parts of its record.
    ///
    /// # Errors
    ///
    /// When it cannot be written as JSON, which no event should bring about.
    pub fn parts(&self) -> Result<Parts, serde_json::Error> {
        let Value::Object(mut members) = serde_json::to_value(self)? else {
            return Err(serde::ser::Error::custom("an event is an object"));
        };
        let kind = match members.remove("kind") {
            Some(Value::String(kind)) => kind,
            _ => return Err(serde::ser::Error::custom("an event has a kind")),
        };
        let private = PRIVATE
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), members.remove(name)?)))
            .collect();
        Ok(Parts {
            kind,
            members,
            private,
        })
    }

    /// Puts an event together again; nothing for a record that is no event, or of which too much was redacted.
    #[must_use]
    pub fn from_parts(parts: Parts) -> Option<Self> {
        let mut members = parts.members;
        members.extend(parts.private);
        members.insert("kind".to_owned(), Value::String(parts.kind));
        serde_json::from_value(Value::Object(members)).ok()
    }
}

/// Most bytes of JSON that the facts of a proposal may take in its record; larger ones are left out of it.
const FACTS_BYTES_MAX: usize = 12 * 1024;

/// Cuts a command to what a record keeps; returns how many bytes its text had when it was cut.
pub fn clip_command(command: &mut ProposedCommand) -> Option<u64> {
    let facts = |command: &ProposedCommand| {
        serde_json::to_vec(&command.facts).map_or(usize::MAX, |json| json.len())
    };
    if command.facts.is_some() && facts(command) > FACTS_BYTES_MAX {
        command.facts = None;
    }
    let size = |text: &str| serde_json::to_string(text).map_or(usize::MAX, |json| json.len());
    let argv: usize = command.argv.iter().map(|word| size(word)).sum();
    if size(&command.raw) + argv + size(&command.cwd) <= COMMAND_BYTES_MAX {
        return None;
    }
    let whole = u64::try_from(command.raw.len()).unwrap_or(u64::MAX);
    // A byte of text has at most six of JSON (`\u0000`).
    clip(&mut command.raw, COMMAND_BYTES_MAX / 12);
    clip(&mut command.cwd, COMMAND_BYTES_MAX / 24);
    command.argv.clear();
    Some(whole)
}

/// Cuts `text` after at most `bytes_max` bytes, between two characters.
pub fn clip(text: &mut String, bytes_max: usize) {
    let cut = text.floor_char_boundary(bytes_max);
    text.truncate(cut);
}

/// Leaves of what a judgement found as much as a record keeps, the first first.
pub fn clip_judgement(effects: &mut Vec<Effect>, findings: &mut Vec<Finding>) {
    clip_list(effects);
    clip_list(findings);
}

fn clip_list<T: Serialize>(list: &mut Vec<T>) {
    let mut bytes = 0_usize;
    let kept = list.iter().take_while(|item| {
        bytes =
            bytes.saturating_add(serde_json::to_vec(item).map_or(usize::MAX, |json| json.len()));
        bytes <= JUDGEMENT_BYTES_MAX
    });
    let kept = kept.count();
    list.truncate(kept);
}

/// Returns whether a class may be answered with anything but a deny when its command was cut.
#[must_use]
pub fn may_stand_cut(class: Class) -> bool {
    class == Class::Safe
}
