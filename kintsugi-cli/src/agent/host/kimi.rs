//! Kimi Code's `PreToolUse`.
//!
//! Source: moonshotai.github.io, "Hooks" of kimi-cli and of kimi-code, and "Built-in tools" (2026): Claude Code's form with a
//! `tool_call_id`. A `deny` or exit code 2 is a no; a hook that fails or is late (30 s unless configured) lets the tool run.

use super::{Answer, Host, Permission, claude_like};
use crate::agent::tool::Tool;

pub(super) static HOST: Host = Host {
    name: "kimi",
    title: "Kimi Code",
    asks: false,
    wait_seconds: 25,
    wait_seconds_max: 570,
    sent: |payload| payload.contains_key("tool_call_id") && payload.contains_key("hook_event_name"),
    read: |payload| claude_like::read(payload, claude_like::EVENTS, &TOOLS),
    answer: |permission, reason| match permission {
        Permission::Allow => Answer::default(),
        Permission::Deny | Permission::Ask => claude_like::answer(Permission::Deny, reason),
    },
    example: |cwd, command| {
        let payload = claude_like::example("PreToolUse", "Shell", "command", cwd, command);
        claude_like::marked(payload, "tool_call_id")
    },
};

/// Both the tools of kimi-cli and those of kimi-code, which followed it.
const TOOLS: [(&str, Tool); 17] = [
    ("Shell", Tool::Shell("command")),
    ("Bash", Tool::Shell("command")),
    ("WriteFile", Tool::Write("path")),
    ("Write", Tool::Write("path")),
    ("StrReplaceFile", Tool::Edit("path")),
    ("Edit", Tool::Edit("path")),
    ("ReadFile", Tool::Read("path")),
    ("Read", Tool::Read("path")),
    ("ReadMediaFile", Tool::Read("path")),
    ("Grep", Tool::Search("path")),
    ("WebSearch", Tool::Nothing),
    ("TaskStop", Tool::Nothing),
    ("Glob", Tool::Nothing),
    ("SearchWeb", Tool::Nothing),
    ("FetchURL", Tool::Nothing),
    ("Think", Tool::Nothing),
    ("Task", Tool::Nothing),
];
