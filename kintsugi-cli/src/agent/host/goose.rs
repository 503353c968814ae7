//! Goose's `PreToolUse`.
//!
//! Source: block/goose, pull request 9304 (2026): Claude Code's payload; `decision: block` or exit code 2 is a no.

use serde_json::json;

use super::{Answer, Host, Permission, claude_like};
use crate::agent::tool::Tool;

pub(super) static HOST: Host = Host {
    name: "goose",
    title: "Goose",
    asks: false,
    wait_seconds: 25,
    wait_seconds_max: 570,
    sent: |_| false,
    read: |payload| claude_like::read(payload, claude_like::EVENTS, &TOOLS),
    answer: |permission, reason| match permission {
        Permission::Allow => Answer::default(),
        Permission::Deny | Permission::Ask => Answer {
            output: format!("{}\n", json!({"decision": "block", "reason": reason})),
            ..Answer::blocked(reason)
        },
    },
    example: |cwd, command| {
        claude_like::example("PreToolUse", "developer__shell", "command", cwd, command)
    },
};

const TOOLS: [(&str, Tool); 6] = [
    ("shell", Tool::Shell("command")),
    ("developer__shell", Tool::Shell("command")),
    ("write", Tool::Write("path")),
    ("edit", Tool::Edit("path")),
    ("developer__text_editor", Tool::Edit("path")),
    ("tree", Tool::Nothing),
];
