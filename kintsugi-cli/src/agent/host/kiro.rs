//! Kiro's `preToolUse` and `postToolUse`.
//!
//! Source: kiro.dev, "CLI: Hooks" (2026). Its answer is the exit code: 2 blocks and shows standard error to the agent, any other
//! but 0 is a warning. Its event names are Cursor's; Cursor's payload names a conversation besides.

use super::claude_like::{self, Events};
use super::{Answer, Host, Permission};
use crate::agent::tool::Tool;

pub(super) static HOST: Host = Host {
    name: "kiro",
    title: "Kiro",
    asks: false,
    wait_seconds: 25,
    wait_seconds_max: 570,
    sent: |payload| {
        let event = payload
            .get("hook_event_name")
            .and_then(|event| event.as_str());
        matches!(event, Some("preToolUse" | "postToolUse"))
            && !payload.contains_key("conversation_id")
    },
    read: |payload| claude_like::read(payload, EVENTS, &TOOLS),
    answer: |permission, reason| match permission {
        Permission::Allow => Answer::default(),
        Permission::Deny | Permission::Ask => Answer::blocked(reason),
    },
    example: |cwd, command| {
        claude_like::example("preToolUse", "execute_bash", "command", cwd, command)
    },
};

const EVENTS: Events = Events {
    before: "preToolUse",
    after: &["postToolUse"],
};

const TOOLS: [(&str, Tool); 14] = [
    ("execute_bash", Tool::Shell("command")),
    ("execute_cmd", Tool::Shell("command")),
    ("shell", Tool::Shell("command")),
    ("fs_write", Tool::Edit("path")),
    ("write", Tool::Edit("path")),
    ("fs_read", Tool::Reads),
    ("read", Tool::Reads),
    ("grep", Tool::Search("path")),
    ("use_aws", Tool::Aws),
    ("aws", Tool::Aws),
    ("glob", Tool::Nothing),
    ("report_issue", Tool::Nothing),
    ("introspect", Tool::Nothing),
    ("thinking", Tool::Nothing),
];
