//! Cursor's `beforeShellExecution`, `beforeMCPExecution`, `beforeReadFile` and `preToolUse`, and what follows them.
//!
//! Source: cursor.com/docs, "Hooks" (2026-09). Only a deny is kept in every mode (its auto-review ran what a hook had answered
//! with `ask`), so it is the only no that is said. A hook that fails lets the tool run unless `failClosed` is set.

use serde_json::json;

use super::{Answer, Host, Permission, claude_like};
use crate::agent::payload::{self, Payload, number, object_or_text, optional_text, text};
use crate::agent::tool::{self, Text, Tool};
use crate::agent::{Call, PayloadError, Proposed};

pub(super) static HOST: Host = Host {
    name: "cursor",
    title: "Cursor",
    asks: false,
    wait_seconds: 25,
    wait_seconds_max: 570,
    sent: |payload| {
        payload.contains_key("cursor_version")
            || (payload.contains_key("conversation_id") && payload.contains_key("generation_id"))
    },
    read,
    answer: |permission, reason| match permission {
        Permission::Allow => Answer::json(&json!({"permission": "allow"})),
        Permission::Deny | Permission::Ask => Answer::json(&json!({
            "permission": "deny",
            "user_message": reason,
            "agent_message": reason,
        })),
    },
    example: |cwd, command| {
        json!({
            "conversation_id": "probe", "generation_id": "probe", "hook_event_name": "beforeShellExecution",
            "workspace_roots": [cwd], "cwd": cwd, "command": command,
        })
    },
};

const TOOLS: [(&str, Tool); 14] = [
    ("Shell", Tool::Shell("command")),
    ("run_terminal_cmd", Tool::Shell("command")),
    ("Write", Tool::Write("file_path")),
    ("TabWrite", Tool::Write("file_path")),
    ("Edit", Tool::Edit("file_path")),
    ("StrReplace", Tool::Edit("path")),
    ("ApplyPatch", Tool::Patch("patch")),
    ("Delete", Tool::Delete("path")),
    ("Read", Tool::Read("file_path")),
    ("TabRead", Tool::Read("file_path")),
    ("Grep", Tool::Search("path")),
    ("Glob", Tool::Nothing),
    ("Task", Tool::Nothing),
    ("WebSearch", Tool::Nothing),
];

fn read(payload: &Payload) -> Result<Call, PayloadError> {
    let event = text(payload, "hook_event_name")?;
    let (name, call) = match event {
        "beforeShellExecution" | "afterShellExecution" => ("Shell", shell(payload)?),
        "beforeReadFile" | "beforeTabFileRead" => {
            let path = text(payload, "file_path")?;
            ("Read", Text::touching("cat", path))
        }
        event if event == "beforeMCPExecution" || claude_like::is_before(event) => {
            let name = text(payload, "tool_name")?;
            let input = object_or_text(payload, "tool_input")?;
            match tool::as_text(&TOOLS, name, &input)? {
                Some(call) => (name, call),
                None => return Ok(Call::Pass),
            }
        }
        _ => return Ok(Call::Pass),
    };
    let session = optional_text(payload, "conversation_id")?;
    let proposed = Proposed::new(name, session, &directory(payload)?, call);
    Ok(if event == "afterShellExecution" {
        Call::Ran {
            proposed,
            exit_code: number(payload, "exit_code"),
            duration_ms: number(payload, "duration"),
        }
    } else {
        Call::Propose(proposed)
    })
}

fn shell(payload: &Payload) -> Result<Text, PayloadError> {
    Ok(Text::bash(text(payload, "command")?.to_owned()))
}

/// The directory of a command may be empty: the first root of the workspace, then.
fn directory(payload: &Payload) -> Result<String, PayloadError> {
    match optional_text(payload, "cwd")? {
        None | Some("") => payload::directory(payload, &["workspace_roots"]),
        Some(_) => payload::directory(payload, &["cwd"]),
    }
}
