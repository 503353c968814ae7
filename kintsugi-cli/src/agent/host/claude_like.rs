//! Payloads and answers in the form that Claude Code introduced and others took over.

use serde_json::{Value, json};

use super::{Answer, Permission};
use crate::agent::payload::{self, Payload, number, object, optional_text, text};
use crate::agent::tool::{self, Tools};
use crate::agent::{Call, PayloadError, Proposed};

/// What a host calls its events.
#[derive(Debug, Clone, Copy)]
pub(super) struct Events {
    /// Before a tool.
    pub(super) before: &'static str,
    /// After a tool, whether it went well or not.
    pub(super) after: &'static [&'static str],
}

/// The names of Claude Code.
pub(super) const EVENTS: Events = Events {
    before: "PreToolUse",
    after: &["PostToolUse", "PostToolUseFailure"],
};

/// Reads a payload with the members `hook_event_name`, `tool_name`, `tool_input`, `cwd` and `session_id`.
pub(super) fn read(payload: &Payload, events: Events, tools: &Tools) -> Result<Call, PayloadError> {
    let event = text(payload, "hook_event_name")?;
    if event == events.before || is_before(event) {
        return Ok(proposed(payload, tools)?.map_or(Call::Pass, Call::Propose));
    }
    if !events.after.contains(&event) {
        // Other events report; none of them can be answered with a decision about a command.
        return Ok(Call::Pass);
    }
    let Some(proposed) = proposed(payload, tools)? else {
        return Ok(Call::Pass);
    };
    let response = object(payload, "tool_response").ok();
    let exit_code = response.and_then(|response| {
        ["exit_code", "exitCode", "exit_status"]
            .iter()
            .find_map(|name| number(response, name))
    });
    Ok(Call::Ran {
        proposed,
        exit_code,
        duration_ms: number(payload, "duration_ms"),
    })
}

/// Whether an event is before a tool, by any host's name for that: they take over each other's names, and change their own.
pub(super) fn is_before(event: &str) -> bool {
    let letters = event.chars().filter(char::is_ascii_alphanumeric);
    let event: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    event.starts_with("pretool") || event.starts_with("beforetool")
}

fn proposed(payload: &Payload, tools: &Tools) -> Result<Option<Proposed>, PayloadError> {
    let name = text(payload, "tool_name")?;
    let input = object(payload, "tool_input")?;
    let Some(call) = tool::as_text(tools, name, input)? else {
        return Ok(None);
    };
    let session = optional_text(payload, "session_id")?;
    let cwd = payload::directory(payload, &["cwd"])?;
    Ok(Some(Proposed::new(name, session, &cwd, call)))
}

/// Returns a call of the shell tool `tool`, whose input has the command as `member`.
pub(super) fn example(event: &str, tool: &str, member: &str, cwd: &str, command: &str) -> Value {
    json!({
        "session_id": "probe", "cwd": cwd, "hook_event_name": event,
        "tool_name": tool, "tool_input": {member: command},
    })
}

/// Adds the member by which a host's payload is told from others.
pub(super) fn marked(mut payload: Value, member: &str) -> Value {
    if let Some(members) = payload.as_object_mut() {
        members.insert(member.to_owned(), "probe".into());
    }
    payload
}

/// Answers with `hookSpecificOutput`.
pub(super) fn answer(permission: Permission, reason: &str) -> Answer {
    Answer::json(&json!({
        "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": permission,
            "permissionDecisionReason": reason,
        }
    }))
}
