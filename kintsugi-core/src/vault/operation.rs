//! The operations that need the admin, with their arguments: what stands as `op` and `args` on the wire, and what a proof binds.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Credential;
use crate::grant::Scope;

/// Most records that one redaction names; they stand in one record.
pub const REDACTED_MAX: usize = 1_000;

/// Longest text among arguments, in bytes.
pub const TEXT_BYTES_MAX: usize = 1_024;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", content = "args", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Operation {
    /// The daemon stops.
    Shutdown,
    /// The first vault is taken over from the file beside its place.
    Enrol(Candidate),
    /// The vault is replaced by one with another password.
    Rotate(Candidate),
    /// The same, by whoever has the recovery key.
    Recover(Candidate),
    /// What `panic` stopped goes on.
    Resume,
    /// The policy files are taken over as they are, although they loosen something.
    Policy(Files),
    /// A setting that the daemon keeps.
    Set(Setting),
    /// Private parts of records are taken out.
    Redact(Redaction),
    /// Segments with older records are taken out.
    Prune(Pruning),
    /// A held command may run, whoever's terminal this is. Only with a vault: else a person does that.
    Approve(Approval),
    /// A log that did not verify is looked into: the strictness that it began ends, and the chain goes on from here.
    Reanchor(Looked),
    /// Hooks are taken out of agents and shells. Only with a vault: who may change these files can do that without asking.
    Unhook(Named),
    /// The daemon's unit is taken away. Only with a vault, likewise.
    Uninstall(Named),
}

/// A vault that lies ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Its name: BLAKE3 of its file.
    pub name: String,
}

/// Policy files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// BLAKE3 of what they say.
    pub hash: String,
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Which.
    pub key: String,
    /// To what.
    pub value: String,
}

/// What is taken out of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redaction {
    /// Of these records.
    pub seqs: Vec<u64>,
    /// Why.
    pub reason: String,
}

/// What is taken away from the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pruning {
    /// Whole segments of records before this one.
    pub before: u64,
    /// Why.
    pub reason: String,
}

/// What is approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The hold.
    pub id: Uuid,
    /// What the admin saw; a hold that differs is not approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_hash: Option<String>,
    /// Why, for the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// For how long beyond this once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}

/// What somebody found who looked into an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Looked {
    /// What it was, for the log.
    pub reason: String,
}

/// What is taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// In the words of the command that does it, for the log.
    pub what: String,
}

/// Why a request names no operation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError {
    /// There is none of this name.
    #[error("there is no such operation")]
    Unknown,
    /// Its arguments are not as they ought to be.
    #[error("the arguments of `{op}` are wrong: {problem}")]
    Arguments {
        /// Which.
        op: &'static str,
        /// What is wrong with them.
        problem: String,
    },
}

/// The names, as they stand on the wire.
const NAMES: [&str; 13] = [
    "shutdown",
    "enrol",
    "rotate",
    "recover",
    "resume",
    "policy",
    "set",
    "redact",
    "prune",
    "approve",
    "reanchor",
    "unhook",
    "uninstall",
];

impl Operation {
    /// Reads an operation from what stands on the wire.
    ///
    /// # Errors
    /// When there is no such operation, or its arguments are wrong.
    pub fn read(op: &str, args: &Value) -> Result<Self, OperationError> {
        let known = NAMES.iter().find(|name| **name == op);
        let name = known.ok_or(OperationError::Unknown)?;
        let wrong = |problem: String| OperationError::Arguments { op: name, problem };
        let operation: Self = serde_json::from_value(json!({"op": op, "args": args}))
            .map_err(|error| wrong(error.to_string()))?;
        match operation.problem() {
            None => Ok(operation),
            Some(problem) => Err(wrong(problem)),
        }
    }

    /// Returns what is wrong with the arguments, beyond their form.
    fn problem(&self) -> Option<String> {
        let texts: &[&String] = match self {
            Self::Shutdown | Self::Resume => &[],
            Self::Enrol(Candidate { name })
            | Self::Rotate(Candidate { name })
            | Self::Recover(Candidate { name })
            | Self::Policy(Files { hash: name }) => {
                return super::unhex::<32>(name)
                    .is_none()
                    .then(|| "a name has 64 hexadecimal digits".to_owned());
            }
            Self::Set(setting) => &[&setting.key, &setting.value],
            Self::Redact(redaction) => {
                if redaction.seqs.is_empty() || redaction.seqs.len() > REDACTED_MAX {
                    return Some(format!("1 to {REDACTED_MAX} records can be named"));
                }
                &[&redaction.reason]
            }
            Self::Prune(pruning) => &[&pruning.reason],
            Self::Approve(approval) => &approval.reason.iter().collect::<Vec<_>>(),
            Self::Reanchor(Looked { reason: text })
            | Self::Unhook(Named { what: text })
            | Self::Uninstall(Named { what: text }) => &[text],
        };
        let long = texts.iter().any(|text| text.len() > TEXT_BYTES_MAX);
        long.then(|| format!("a text is longer than {TEXT_BYTES_MAX} bytes"))
    }

    /// Returns its name on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Shutdown => "shutdown",
            Self::Enrol(_) => "enrol",
            Self::Rotate(_) => "rotate",
            Self::Recover(_) => "recover",
            Self::Resume => "resume",
            Self::Policy(_) => "policy",
            Self::Set(_) => "set",
            Self::Redact(_) => "redact",
            Self::Prune(_) => "prune",
            Self::Approve(_) => "approve",
            Self::Reanchor(_) => "reanchor",
            Self::Unhook(_) => "unhook",
            Self::Uninstall(_) => "uninstall",
        }
    }

    /// Returns its arguments as they stand on the wire; null when it has none.
    #[must_use]
    pub fn arguments(&self) -> Value {
        let mut written = serde_json::to_value(self).unwrap_or_default();
        written.get_mut("args").map(Value::take).unwrap_or_default()
    }

    /// Returns the secret that proves it.
    #[must_use]
    pub const fn credential(&self) -> Credential {
        match self {
            Self::Recover(_) => Credential::Recovery,
            Self::Shutdown
            | Self::Enrol(_)
            | Self::Rotate(_)
            | Self::Resume
            | Self::Policy(_)
            | Self::Set(_)
            | Self::Redact(_)
            | Self::Prune(_)
            | Self::Approve(_)
            | Self::Reanchor(_)
            | Self::Unhook(_)
            | Self::Uninstall(_) => Credential::Password,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Operation> {
        let name = "0a".repeat(32);
        let candidate = || Candidate { name: name.clone() };
        vec![
            Operation::Shutdown,
            Operation::Enrol(candidate()),
            Operation::Rotate(candidate()),
            Operation::Recover(candidate()),
            Operation::Resume,
            Operation::Policy(Files { hash: name.clone() }),
            Operation::Set(Setting {
                key: "mode".into(),
                value: "notify".into(),
            }),
            Operation::Redact(Redaction {
                seqs: vec![3],
                reason: "a key".into(),
            }),
            Operation::Prune(Pruning {
                before: 9,
                reason: "old".into(),
            }),
            Operation::Approve(Approval {
                id: Uuid::from_u128(4),
                content_hash: None,
                reason: Some("ours".into()),
                scope: Some(Scope {
                    uses: Some(3),
                    ..Scope::default()
                }),
            }),
            Operation::Reanchor(Looked {
                reason: "a disk".into(),
            }),
            Operation::Unhook(Named {
                what: "setup".into(),
            }),
            Operation::Uninstall(Named {
                what: "daemon".into(),
            }),
        ]
    }

    #[test]
    fn every_operation_is_read_back_as_it_is_written() {
        assert_eq!(all().len(), NAMES.len());
        for (operation, name) in all().iter().zip(NAMES) {
            assert_eq!(operation.name(), name);
            let read = Operation::read(name, &operation.arguments()).unwrap();
            assert_eq!(&read, operation);
        }
        assert_eq!(Operation::Shutdown.arguments(), Value::Null);
    }

    #[test]
    fn arguments_are_strict() {
        let wrong = [
            ("shutdown", json!({"now": true})),
            ("rotate", json!({"name": "00"})),
            ("rotate", json!({"name": "0A".repeat(32)})),
            ("redact", json!({"seqs": [], "reason": ""})),
            ("redact", json!({"seqs": [1], "reason": "", "all": true})),
            ("prune", json!({"before": -1, "reason": ""})),
            (
                "prune",
                json!({"before": 1, "reason": "x".repeat(TEXT_BYTES_MAX + 1)}),
            ),
            ("set", json!(null)),
        ];
        for (op, args) in wrong {
            let error = Operation::read(op, &args).unwrap_err();
            assert!(
                matches!(error, OperationError::Arguments { .. }),
                "{op} {args}"
            );
        }
        let unknown = Operation::read("dance", &Value::Null).unwrap_err();
        assert!(matches!(unknown, OperationError::Unknown));
    }
}
