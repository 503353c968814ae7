//! Cline's `PreToolUse` and `PostToolUse`.
//!
//! Source: docs.cline.bot, "Hook reference" (2026). The call is in a member named after the event. A hook that fails stops the
//! tool; one that prints no JSON does not.

use serde_json::json;

use super::{Answer, Host, Permission};
use crate::agent::payload::{self, Payload, number, object, optional_text, text};
use crate::agent::tool::{self, Tool};
use crate::agent::{Call, PayloadError, Proposed};

pub(super) static HOST: Host = Host {
    name: "cline",
    title: "Cline",
    asks: false,
    wait_seconds: 25,
    wait_seconds_max: 25,
    sent: |payload| payload.contains_key("clineVersion") || payload.contains_key("hookName"),
    read,
    answer: |permission, reason| match permission {
        Permission::Allow => Answer::json(&json!({"cancel": false})),
        Permission::Deny | Permission::Ask => Answer::json(&json!({
            "cancel": true,
            "errorMessage": reason,
        })),
    },
    example: |cwd, command| {
        json!({
            "hookName": "PreToolUse", "taskId": "probe", "workspaceRoots": [cwd],
            "preToolUse": {"toolName": "execute_command", "parameters": {"command": command}},
        })
    },
};

const TOOLS: [(&str, Tool); 17] = [
    ("execute_command", Tool::Shell("command")),
    ("write_to_file", Tool::Write("path")),
    ("replace_in_file", Tool::Edit("path")),
    ("apply_patch", Tool::Patch("input")),
    ("read_file", Tool::Read("path")),
    ("search_files", Tool::Search("path")),
    ("list_files", Tool::Nothing),
    ("list_code_definition_names", Tool::Nothing),
    ("browser_action", Tool::Nothing),
    ("web_fetch", Tool::Nothing),
    ("web_search", Tool::Nothing),
    ("access_mcp_resource", Tool::Nothing),
    ("ask_followup_question", Tool::Nothing),
    ("attempt_completion", Tool::Nothing),
    ("new_task", Tool::Nothing),
    ("plan_mode_respond", Tool::Nothing),
    ("focus_chain", Tool::Nothing),
];

fn read(payload: &Payload) -> Result<Call, PayloadError> {
    let (call, ran) = match text(payload, "hookName")? {
        "PreToolUse" => (object(payload, "preToolUse")?, false),
        "PostToolUse" => (object(payload, "postToolUse")?, true),
        _ => return Ok(Call::Pass),
    };
    let name = match optional_text(call, "toolName")? {
        Some(name) => name,
        None => text(call, "tool")?,
    };
    let Some(text) = tool::as_text(&TOOLS, name, object(call, "parameters")?)? else {
        return Ok(Call::Pass);
    };
    let session = optional_text(payload, "taskId")?;
    let cwd = payload::directory(payload, &["workspaceRoots"])?;
    let proposed = Proposed::new(name, session, &cwd, text);
    Ok(if ran {
        Call::Ran {
            proposed,
            exit_code: None,
            duration_ms: number(call, "executionTimeMs"),
        }
    } else {
        Call::Propose(proposed)
    })
}
