//! Gemini CLI's `BeforeTool` and `AfterTool`.
//!
//! Source: Gemini CLI, `docs/hooks/reference.md` (2026). Its limit is in milliseconds. It has no `ask`; JSON is read on exit
//! code 0 only, and exit code 2 blocks with standard error as the reason.

use serde_json::json;

use super::claude_like::{self, Events};
use super::{Answer, Host, Permission};
use crate::agent::tool::Tool;

pub(super) static HOST: Host = Host {
    name: "gemini",
    title: "Gemini CLI",
    asks: false,
    wait_seconds: 50,
    wait_seconds_max: 570,
    sent: |payload| {
        let event = payload
            .get("hook_event_name")
            .and_then(|event| event.as_str());
        matches!(event, Some("BeforeTool" | "AfterTool"))
    },
    read: |payload| claude_like::read(payload, EVENTS, &TOOLS),
    answer: |permission, reason| match permission {
        Permission::Allow => Answer::json(&json!({"decision": "allow"})),
        Permission::Deny | Permission::Ask => Answer::json(&json!({
            "decision": "deny",
            "reason": reason,
            "systemMessage": reason,
        })),
    },
    example: |cwd, command| {
        claude_like::example("BeforeTool", "run_shell_command", "command", cwd, command)
    },
};

const EVENTS: Events = Events {
    before: "BeforeTool",
    after: &["AfterTool"],
};

/// The host's tools; Qwen Code began as a copy and has the same.
pub(super) const TOOLS: [(&str, Tool); 17] = [
    ("run_shell_command", Tool::Shell("command")),
    ("write_file", Tool::Write("file_path")),
    ("replace", Tool::Edit("file_path")),
    ("edit", Tool::Edit("file_path")),
    ("read_file", Tool::Read("file_path")),
    ("read_many_files", Tool::Reads),
    ("search_file_content", Tool::Search("path")),
    ("grep_search", Tool::Search("path")),
    ("glob", Tool::Nothing),
    ("list_directory", Tool::Nothing),
    ("google_web_search", Tool::Nothing),
    ("web_search", Tool::Nothing),
    ("web_fetch", Tool::Nothing),
    ("save_memory", Tool::Nothing),
    ("write_todos", Tool::Nothing),
    ("todo_write", Tool::Nothing),
    ("task", Tool::Nothing),
];
