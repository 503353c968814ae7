//! Goose's `PreToolUse`.
//!
//! Source: block/goose, `documentation/docs/guides/context-engineering/hooks.md` (2026): Claude Code's payload, but for the names
//! of the event and of the directory, which the first version (pull request 9304) had as Claude Code has them. `decision: block` or
//! exit code 2 is a no, silence with exit code 0 a yes, and everything else is ignored unless `on_failure` says `block`.

use serde_json::json;

use super::{Answer, Host, Permission, claude_like};
use crate::agent::payload::Payload;
use crate::agent::tool::Tool;
use crate::agent::{Call, PayloadError};

pub(super) static HOST: Host = Host {
    name: "goose",
    title: "Goose",
    asks: false,
    wait_seconds: 25,
    wait_seconds_max: 570,
    sent: |payload| payload.contains_key("matcher_context"),
    read,
    answer: |permission, reason| match permission {
        Permission::Allow => Answer::default(),
        Permission::Deny | Permission::Ask => Answer {
            output: format!("{}\n", json!({"decision": "block", "reason": reason})),
            ..Answer::blocked(reason)
        },
    },
    example: |cwd, command| {
        json!({
            "event": "PreToolUse", "session_id": "probe", "matcher_context": "developer__shell", "working_dir": cwd,
            "tool_name": "developer__shell", "tool_input": {"command": command},
        })
    },
};

const TOOLS: [(&str, Tool); 10] = [
    ("shell", Tool::Shell("command")),
    ("developer__shell", Tool::Shell("command")),
    ("write", Tool::Write("path")),
    ("developer__write", Tool::Write("path")),
    ("edit", Tool::Edit("path")),
    ("developer__edit", Tool::Edit("path")),
    ("developer__text_editor", Tool::Edit("path")),
    ("tree", Tool::Nothing),
    ("developer__tree", Tool::Nothing),
    ("developer__read_image", Tool::Read("source")),
];

fn read(payload: &Payload) -> Result<Call, PayloadError> {
    let mut payload = payload.clone();
    for (own, common) in [("event", "hook_event_name"), ("working_dir", "cwd")] {
        if let Some(value) = payload.remove(own) {
            payload.insert(common.to_owned(), value);
        }
    }
    claude_like::read(&payload, claude_like::EVENTS, &TOOLS)
}
