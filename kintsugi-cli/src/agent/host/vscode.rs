//! The agent of VS Code.
//!
//! Source: microsoft/vscode-docs, `hooks.md` (preview, 2026-02). Claude Code's form with members in camel case; matchers of the
//! configuration are ignored, so every tool comes here.

use serde_json::json;

use super::{Host, claude_like};
use crate::agent::payload::{self, Payload, object, optional_text, text};
use crate::agent::tool::{self, Tool};
use crate::agent::{Call, PayloadError, Proposed};

pub(super) static HOST: Host = Host {
    name: "vscode",
    title: "VS Code",
    asks: true,
    wait_seconds: 25,
    wait_seconds_max: 570,
    sent: |payload| payload.contains_key("hookEventName"),
    read,
    answer: claude_like::answer,
    example: |cwd, command| {
        json!({
            "sessionId": "probe", "hookEventName": "PreToolUse", "cwd": cwd,
            "tool_name": "run_in_terminal", "tool_input": {"command": command},
        })
    },
};

const TOOLS: [(&str, Tool); 16] = [
    ("run_in_terminal", Tool::Shell("command")),
    ("runTerminalCommand", Tool::Shell("command")),
    ("runInTerminal", Tool::Shell("command")),
    ("create_file", Tool::Write("filePath")),
    ("createFile", Tool::Write("filePath")),
    ("replace_string_in_file", Tool::Edit("filePath")),
    ("replaceStringInFile", Tool::Edit("filePath")),
    ("insert_edit_into_file", Tool::Edit("filePath")),
    ("editFiles", Tool::Edit("filePath")),
    ("apply_patch", Tool::Patch("input")),
    ("read_file", Tool::Read("filePath")),
    ("readFile", Tool::Read("filePath")),
    ("grep_search", Tool::Nothing),
    ("file_search", Tool::Nothing),
    ("list_dir", Tool::Nothing),
    ("fetch_webpage", Tool::Nothing),
];

fn read(payload: &Payload) -> Result<Call, PayloadError> {
    let event = text(payload, "hookEventName")?;
    if !claude_like::is_before(event) {
        return Ok(Call::Pass);
    }
    // Both spellings have been seen in one version.
    let name = match optional_text(payload, "toolName")? {
        Some(name) => name,
        None => text(payload, "tool_name")?,
    };
    let input = object(payload, "toolInput").or_else(|_| object(payload, "tool_input"))?;
    let Some(call) = tool::as_text(&TOOLS, name, input)? else {
        return Ok(Call::Pass);
    };
    let session = match optional_text(payload, "sessionId")? {
        Some(session) => Some(session),
        None => optional_text(payload, "session_id")?,
    };
    let cwd = payload::directory(payload, &["cwd", "workspaceRoots"])?;
    Ok(Call::Propose(Proposed::new(name, session, &cwd, call)))
}
