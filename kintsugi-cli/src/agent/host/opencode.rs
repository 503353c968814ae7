//! OpenCode, by the plugin that `kintsugi setup` writes.
//!
//! Source: opencode.ai/docs, "Plugins" (2026). Plugins run in the host: ours sends Claude Code's form to this hook and throws
//! on anything but leave, so this host alone cannot be made to run a tool by a hook that fails.

use serde_json::json;

use super::{Answer, Host, claude_like};
use crate::agent::tool::Tool;

pub(super) static HOST: Host = Host {
    name: "opencode",
    title: "OpenCode",
    asks: false,
    wait_seconds: 110,
    wait_seconds_max: 570,
    sent: |_| false,
    read: |payload| claude_like::read(payload, claude_like::EVENTS, &TOOLS),
    answer: |permission, reason| Answer::json(&json!({"decision": permission, "reason": reason})),
    example: |cwd, command| claude_like::example("PreToolUse", "bash", "command", cwd, command),
};

const TOOLS: [(&str, Tool); 14] = [
    ("bash", Tool::Shell("command")),
    ("write", Tool::Write("filePath")),
    ("edit", Tool::Edit("filePath")),
    ("multiedit", Tool::Edit("filePath")),
    ("patch", Tool::Patch("patchText")),
    ("apply_patch", Tool::Patch("patchText")),
    ("read", Tool::Read("filePath")),
    ("grep", Tool::Search("path")),
    ("glob", Tool::Nothing),
    ("list", Tool::Nothing),
    ("webfetch", Tool::Nothing),
    ("todowrite", Tool::Nothing),
    ("todoread", Tool::Nothing),
    ("task", Tool::Nothing),
];
