//! The hosts: the programs that run agents and call our hook before a tool.
//!
//! Each file says what its host sends, what it takes for a no, and where that is written. `asks` is what a host was seen or is
//! documented to do with an answer that wants its own prompt: where that is in doubt, it is false, and a hold ends in a deny.

mod amp;
mod antigravity;
mod claude_code;
mod claude_like;
mod cline;
mod codex;
mod copilot;
mod cursor;
mod droid;
mod gemini;
mod goose;
mod kimi;
mod kiro;
mod opencode;
mod qwen;
mod vscode;
mod windsurf;

use serde::Serialize;
use serde_json::Value;

use super::payload::{self, Payload};
use super::{Call, PayloadError};
use crate::fail_closed;

/// One host's dialect.
#[derive(Debug)]
pub struct Host {
    /// The name under which its agent proposes, and the argument of `kintsugi hook`.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Whether an answer that wants the host's own prompt surely gets one.
    pub asks: bool,
    /// How long its hook waits for a person when nothing else is said, in seconds.
    pub wait_seconds: u64,
    /// Longest wait that still ends before the host's own limit, in seconds, when that limit is configured as we write it.
    pub wait_seconds_max: u64,
    /// Whether a payload can only be this host's.
    pub sent: fn(&Payload) -> bool,
    /// Reads a payload of this host.
    pub read: fn(&Payload) -> Result<Call, PayloadError>,
    /// Says an answer in its words.
    pub answer: fn(Permission, &str) -> Answer,
    /// Returns a payload by which its shell tool would run a command in a directory.
    pub example: fn(&str, &str) -> Value,
}

/// What the host is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    /// The tool runs; the host's own deny and ask rules still hold.
    Allow,
    /// The tool does not run; the agent is told why.
    Deny,
    /// The host asks the person. Only for a host that surely does.
    Ask,
}

/// An answer as a process gives it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// For standard output.
    pub output: String,
    /// For standard error.
    pub error: String,
    /// The exit code.
    pub exit: u8,
}

impl Answer {
    /// One line of JSON, read from standard output.
    fn json(answer: &Value) -> Self {
        Self {
            output: format!("{answer}\n"),
            ..Self::default()
        }
    }

    /// A no that is the exit code, with the reason on standard error.
    fn blocked(reason: &str) -> Self {
        Self {
            error: format!("{reason}\n"),
            exit: fail_closed::BLOCK,
            ..Self::default()
        }
    }
}

/// Every host. Those that only their own payload gives away stand before those that look like others.
pub static HOSTS: [&Host; 16] = [
    &cursor::HOST,
    &windsurf::HOST,
    &antigravity::HOST,
    &cline::HOST,
    &gemini::HOST,
    &vscode::HOST,
    &copilot::HOST,
    &kiro::HOST,
    &codex::HOST,
    &kimi::HOST,
    &claude_code::HOST,
    &qwen::HOST,
    &droid::HOST,
    &goose::HOST,
    &amp::HOST,
    &opencode::HOST,
];

impl Host {
    /// Returns the host of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        HOSTS.into_iter().find(|host| host.name == name)
    }

    /// Reads a payload: its host, which is `self` unless the payload can only be another's, and what it asks.
    ///
    /// Several hosts read each other's configuration, and then call a hook that was meant for another.
    ///
    /// # Errors
    /// Whatever is wrong: the tool must not run. The host is the one to be answered.
    pub fn hear(
        &'static self,
        bytes: &[u8],
    ) -> Result<(&'static Self, Call), (&'static Self, PayloadError)> {
        let payload = payload::parse(bytes).map_err(|error| (self, error))?;
        let host = HOSTS
            .into_iter()
            .find(|host| (host.sent)(&payload))
            .unwrap_or(self);
        match (host.read)(&payload) {
            Ok(call) => Ok((host, call)),
            Err(error) => Err((host, error)),
        }
    }

    /// Says `permission` in the words of this host; what it cannot be asked, it is denied.
    #[must_use]
    pub fn say(&self, permission: Permission, reason: &str) -> Answer {
        let permission = match permission {
            Permission::Ask if !self.asks => Permission::Deny,
            Permission::Allow | Permission::Deny | Permission::Ask => permission,
        };
        (self.answer)(permission, &format!("Kintsugi: {reason}"))
    }

    /// Whether the host takes an answer for a no: whatever the reason given.
    #[must_use]
    pub fn is_refused(&self, exit: Option<i32>, output: &[u8]) -> bool {
        if exit == Some(i32::from(fail_closed::BLOCK)) {
            return true;
        }
        let no = self.say(Permission::Deny, "");
        let words = |output: &[u8]| serde_json::from_slice(output).ok().map(without_reasons);
        exit == Some(i32::from(no.exit))
            && words(output).is_some_and(|said| Some(said) == words(no.output.as_bytes()))
    }

    /// Says no to a payload that was not understood: it may be another host's, so in every way of saying no.
    #[must_use]
    pub fn refuse(&self, reason: &str) -> Answer {
        Answer {
            error: format!("kintsugi: error: {reason}\n"),
            exit: fail_closed::BLOCK,
            ..self.say(Permission::Deny, reason)
        }
    }
}

/// Returns an answer without what it says to people and agents.
fn without_reasons(answer: Value) -> Value {
    match answer {
        Value::Object(members) => {
            let is_word = |name: &str| {
                let name = name.to_lowercase();
                !name.ends_with("reason") && !name.ends_with("message")
            };
            let kept = members.into_iter().filter(|(name, _)| is_word(name));
            Value::Object(
                kept.map(|(name, value)| (name, without_reasons(value)))
                    .collect(),
            )
        }
        other @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)) => other,
    }
}
