//! Records joined to what a person wants to see: a proposal with its verdict, a resolution with its command.

use std::collections::BTreeMap;

use kintsugi_core::audit::record::{Body, Command, Means, Peer, Record, Seen, Verdict};
use kintsugi_core::classify::Class;
use kintsugi_core::decide::Decision;
use kintsugi_core::effect::Effect;
use kintsugi_core::protocol::Resolution;
use serde::{Deserialize as _, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::exit::Failure;
use crate::records::Records;

/// Most proposals that wait for their verdict or resolution in memory; the oldest id gives way.
const OPEN_MAX: usize = kintsugi_core::limits::IDS_MAX;

/// One line of `kintsugi log`.
#[derive(Debug, Default, Serialize)]
pub(super) struct Entry {
    pub(super) version: u32,
    pub(super) seq: u64,
    pub(super) ts: String,
    pub(super) kind: &'static str,
    pub(super) id: Option<Uuid>,
    pub(super) decision: Option<&'static str>,
    pub(super) class: Option<Class>,
    pub(super) risk: Option<u8>,
    pub(super) rule: Option<String>,
    pub(super) agent: Option<String>,
    pub(super) session: Option<String>,
    pub(super) cwd: Option<String>,
    pub(super) command: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) effects: Vec<Effect>,
    /// Who asked, as the kernel attested it.
    #[serde(skip)]
    pub(super) peer: Option<Peer>,
}

impl Entry {
    /// Whether it would do `action`, by the word for it.
    pub(super) fn does(&self, action: &str) -> bool {
        self.effects.iter().any(|effect| {
            serde_json::to_value(effect.action).is_ok_and(|name| name.as_str() == Some(action))
        })
    }

    /// Whether it would touch a target with `text` in it.
    pub(super) fn touches(&self, text: &str) -> bool {
        self.effects
            .iter()
            .any(|effect| effect.target.text.contains(text))
    }

    fn of(record: &Record) -> Self {
        Self {
            version: super::super::JSON_VERSION,
            seq: record.seq,
            ts: record.ts.clone(),
            kind: record.body.kind(),
            ..Self::default()
        }
    }

    fn with_command(mut self, (command, peer): Asked) -> Self {
        self.peer = peer;
        self.id = Some(command.id);
        self.agent = Some(command.agent);
        self.session = command.session;
        self.cwd = Some(command.cwd);
        self.command = Some(command.raw);
        self
    }

    fn with_verdict(mut self, verdict: Verdict) -> Self {
        self.id = Some(verdict.id);
        self.decision = Some(match verdict.decision {
            Decision::Allow => "allow",
            Decision::Hold => "hold",
            Decision::Deny => "deny",
        });
        self.class = Some(verdict.class);
        self.risk = verdict.risk;
        self.rule = verdict.rule;
        self.reason = Some(verdict.reason);
        self.effects = verdict.effects;
        self
    }
}

/// A command that was proposed, and by whom where that is known.
type Asked = (Command, Option<Peer>);

/// Entries in the order of the log.
#[derive(Debug)]
pub(super) struct Entries {
    records: Records,
    open: BTreeMap<Uuid, Asked>,
}

impl Entries {
    pub(super) const fn new(records: Records) -> Self {
        Self {
            records,
            open: BTreeMap::new(),
        }
    }

    /// Returns the next entry; nothing at the end, for now.
    pub(super) fn next_entry(&mut self) -> Result<Option<Entry>, Failure> {
        while let Some(stored) = self.records.next_record()? {
            if let Some(entry) = self.entry(stored.record) {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// Returns how many bytes of the log were read.
    pub(super) const fn bytes(&self) -> u64 {
        self.records.bytes()
    }

    /// Goes on behind the only segment, see [`Records::of_segment`].
    pub(super) const fn go_on(&mut self) {
        self.records.go_on();
    }

    fn remember(&mut self, (command, peer): Asked) {
        if self.open.len() >= OPEN_MAX {
            self.open.pop_first();
        }
        self.open.insert(command.id, (command, peer));
    }

    fn entry(&mut self, record: Record) -> Option<Entry> {
        let entry = Entry::of(&record);
        match record.body {
            Body::Proposal { command, peer } => {
                self.remember((command, Some(peer)));
                None
            }
            Body::Verdict(verdict) => {
                let id = verdict.id;
                let held = verdict.decision == Decision::Hold;
                let entry = entry.with_verdict(verdict);
                let command = if held {
                    self.open.get(&id).cloned()
                } else {
                    self.open.remove(&id)
                };
                Some(match command {
                    Some(command) => entry.with_command(command),
                    None => entry,
                })
            }
            Body::Resolution {
                id,
                decision,
                means,
                reason,
                ..
            } => {
                let command = self.open.remove(&id);
                let mut entry = Entry {
                    id: Some(id),
                    decision: Some(resolution(decision, means)),
                    reason,
                    ..entry
                };
                if let Some(command) = command {
                    entry = entry.with_command(command);
                }
                Some(entry)
            }
            Body::Recorded { command, peer, .. } => Some(entry.with_command((command, Some(peer)))),
            Body::Observation { path, seen, .. } => Some(told(entry, observed(path, seen))),
            Body::Policy { what, .. } | Body::Incident { what, .. } => Some(told(entry, what)),
            Body::Shutdown { reason }
            | Body::Redact { reason, .. }
            | Body::Prune { reason, .. } => Some(told(entry, reason)),
            Body::Child { name, event } => Some(told(entry, format!("{name}: {event}"))),
            Body::AuthAttempt { op, .. } | Body::AuthResult { op, .. } => Some(told(entry, op)),
            Body::Recovery { bytes, .. } => Some(told(
                entry,
                format!("{bytes} bytes of a write that was cut short"),
            )),
            // A hold that began in an earlier segment: its resolution may be in this one.
            Body::State { value, .. } => {
                let command = value.get("hold").and_then(|hold| hold.get("command"));
                if let Some(command) = command.and_then(|it| Command::deserialize(it).ok()) {
                    self.remember((command, None));
                }
                None
            }
            // What only carries the log itself.
            Body::Open { .. } | Body::Hold { .. } | Body::Checkpoint { .. } => None,
            Body::Grant { id, change, grant } => {
                let raw = grant.get("raw").and_then(Value::as_str);
                let raw = raw.map_or(String::new(), |raw| format!(": {raw}"));
                let short = super::super::pending::short(&id);
                Some(told(entry, format!("{change} {short}{raw}")))
            }
            Body::Capture { .. } | Body::Undo { .. } | Body::UncleanStart { .. } | _ => Some(entry),
        }
    }
}

/// Returns what was seen in a place, or of one path.
fn observed(path: String, seen: Option<Box<Seen>>) -> String {
    let Some(seen) = seen else { return path };
    let why = seen.why.map(|why| format!(": {why}"));
    let counts = seen.burst.counts();
    format!("{path}: {counts}{}", why.unwrap_or_default())
}

fn told(entry: Entry, what: String) -> Entry {
    Entry {
        reason: Some(what),
        ..entry
    }
}

const fn resolution(decision: Resolution, means: Means) -> &'static str {
    match (decision, means) {
        (_, Means::Expired) => "expired",
        (Resolution::Allow, _) => "approved",
        (Resolution::Deny, _) => "denied",
    }
}
