//! GitHub Copilot CLI's `preToolUse` and `postToolUse`.
//!
//! Source: docs.github.com, "GitHub Copilot CLI hooks reference" (2026-10). `toolArgs` is JSON as text. A hook that fails stops
//! the tool; one that is late (30 s unless configured) does not. In the cloud, `ask` is a deny.

use serde_json::json;

use super::{Answer, Host};
use crate::agent::payload::{self, Payload, number, object, object_or_text, optional_text, text};
use crate::agent::tool::{self, Tool};
use crate::agent::{Call, PayloadError, Proposed};

pub(super) static HOST: Host = Host {
    name: "copilot",
    title: "GitHub Copilot CLI",
    asks: true,
    wait_seconds: 25,
    wait_seconds_max: 570,
    sent: |payload| payload.contains_key("toolArgs"),
    read,
    answer: |permission, reason| {
        Answer::json(&json!({
            "permissionDecision": permission,
            "permissionDecisionReason": reason,
        }))
    },
    example: |cwd, command| {
        json!({
            "sessionId": "probe", "cwd": cwd, "toolName": "bash", "toolArgs": json!({"command": command}).to_string(),
        })
    },
};

const TOOLS: [(&str, Tool); 20] = [
    ("bash", Tool::Shell("command")),
    ("shell", Tool::Shell("command")),
    ("powershell", Tool::PowerShell("command")),
    ("write_bash", Tool::Typing("input")),
    ("write_powershell", Tool::Typing("input")),
    ("read_bash", Tool::Nothing),
    ("stop_bash", Tool::Nothing),
    ("list_bash", Tool::Nothing),
    ("create", Tool::Write("path")),
    ("edit", Tool::Edit("path")),
    ("str_replace_editor", Tool::Edit("path")),
    ("apply_patch", Tool::Patch("input")),
    ("view", Tool::Read("path")),
    ("grep", Tool::Search("path")),
    ("rg", Tool::Search("path")),
    ("glob", Tool::Nothing),
    ("web_fetch", Tool::Nothing),
    ("web_search", Tool::Nothing),
    ("task", Tool::Nothing),
    ("report_intent", Tool::Nothing),
];

fn read(payload: &Payload) -> Result<Call, PayloadError> {
    let name = text(payload, "toolName")?;
    let input = object_or_text(payload, "toolArgs")?;
    let Some(call) = tool::as_text(&TOOLS, name, &input)? else {
        return Ok(Call::Pass);
    };
    let session = optional_text(payload, "sessionId")?;
    let cwd = payload::directory(payload, &["cwd"])?;
    let proposed = Proposed::new(name, session, &cwd, call);
    let Ok(result) = object(payload, "toolResult") else {
        return Ok(Call::Propose(proposed));
    };
    Ok(Call::Ran {
        proposed,
        exit_code: number(result, "exitCode"),
        duration_ms: number(payload, "durationMs"),
    })
}
