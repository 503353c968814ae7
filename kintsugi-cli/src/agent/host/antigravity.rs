//! Antigravity's `PreToolUse`.
//!
//! No documentation of its maker was at hand: the form is the one that public guards for it read (2026), and the first to
//! check when it does not fire. They agree that `deny` stops the tool; what it does when a hook fails, they do not.

use serde_json::json;

use super::{Answer, Host, Permission};
use crate::agent::payload::{self, Payload, object, optional_text, text};
use crate::agent::tool::{self, Tool};
use crate::agent::{Call, PayloadError, Proposed};

pub(super) static HOST: Host = Host {
    name: "antigravity",
    title: "Antigravity",
    asks: false,
    wait_seconds: 25,
    wait_seconds_max: 570,
    sent: |payload| payload.contains_key("toolCall"),
    read,
    answer: |permission, reason| match permission {
        Permission::Allow => Answer::json(&json!({"decision": "allow"})),
        Permission::Deny | Permission::Ask => {
            Answer::json(&json!({"decision": "deny", "reason": reason}))
        }
    },
    example: |cwd, command| {
        json!({
            "conversationId": "probe", "workspacePaths": [cwd],
            "toolCall": {"name": "run_command", "args": {"CommandLine": command, "Cwd": cwd}},
        })
    },
};

const TOOLS: [(&str, Tool); 8] = [
    ("run_command", Tool::Shell("CommandLine")),
    ("send_command_input", Tool::Typing("Input")),
    ("write_to_file", Tool::Write("TargetFile")),
    ("replace_file_content", Tool::Edit("TargetFile")),
    ("multi_replace_file_content", Tool::Edit("TargetFile")),
    ("view_file", Tool::Read("AbsolutePath")),
    ("grep_search", Tool::Search("SearchPath")),
    ("list_dir", Tool::Nothing),
];

fn read(payload: &Payload) -> Result<Call, PayloadError> {
    let call = object(payload, "toolCall")?;
    let name = text(call, "name")?;
    let arguments = object(call, "args")?;
    let Some(found) = tool::as_text(&TOOLS, name, arguments)? else {
        return Ok(Call::Pass);
    };
    let cwd = match optional_text(arguments, "Cwd")? {
        Some(_) => payload::directory(arguments, &["Cwd"])?,
        None => payload::directory(payload, &["workspacePaths"])?,
    };
    let session = optional_text(payload, "conversationId")?;
    Ok(Call::Propose(Proposed::new(name, session, &cwd, found)))
}
