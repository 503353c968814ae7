//! Amp, by the plugin that `kintsugi setup` writes.
//!
//! Source: ampcode.com/manual, "Plugins" (2026). Amp runs tools without asking. Our plugin sends Claude Code's form to this hook
//! and answers `reject-and-continue` on anything but leave.

use serde_json::json;

use super::{Answer, Host, claude_like};
use crate::agent::tool::Tool;

pub(super) static HOST: Host = Host {
    name: "amp",
    title: "Amp",
    asks: false,
    wait_seconds: 110,
    wait_seconds_max: 570,
    sent: |_| false,
    read: |payload| claude_like::read(payload, claude_like::EVENTS, &TOOLS),
    answer: |permission, reason| Answer::json(&json!({"decision": permission, "reason": reason})),
    example: |cwd, command| claude_like::example("PreToolUse", "Bash", "cmd", cwd, command),
};

const TOOLS: [(&str, Tool); 15] = [
    ("Bash", Tool::Shell("cmd")),
    ("shell_command", Tool::Shell("command")),
    ("create_file", Tool::Write("path")),
    ("edit_file", Tool::Edit("path")),
    ("apply_patch", Tool::Patch("patchText")),
    ("undo_edit", Tool::Edit("path")),
    ("Read", Tool::Read("path")),
    ("Grep", Tool::Search("path")),
    ("glob", Tool::Nothing),
    ("finder", Tool::Nothing),
    ("web_search", Tool::Nothing),
    ("read_web_page", Tool::Nothing),
    ("Task", Tool::Nothing),
    ("oracle", Tool::Nothing),
    ("todo_write", Tool::Nothing),
];
