//! Kimi Code's `PreToolUse`.
//!
//! Its documentation was not at hand: the form is Claude Code's with a `tool_call_id`, as a public guard for it has it (2026).

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

const TOOLS: [(&str, Tool); 11] = [
    ("Shell", Tool::Shell("command")),
    ("Bash", Tool::Shell("command")),
    ("WriteFile", Tool::Write("path")),
    ("StrReplaceFile", Tool::Edit("path")),
    ("ReadFile", Tool::Read("path")),
    ("Grep", Tool::Search("path")),
    ("Glob", Tool::Nothing),
    ("SearchWeb", Tool::Nothing),
    ("FetchURL", Tool::Nothing),
    ("Think", Tool::Nothing),
    ("Task", Tool::Nothing),
];
