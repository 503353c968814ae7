//! OpenAI Codex CLI's `PreToolUse` and `PostToolUse`.
//!
//! Source: openai/codex, `codex-rs/hooks` and the developers' page "Hooks" (2026-09). Its payload is Claude Code's with a
//! `turn_id`. `ask` is no answer there: the tool runs. `allow` is one only with a changed input, so leave is silence. A hook
//! that was not trusted by its person (`/hooks`) is skipped without a word.

use super::{Answer, Host, Permission, claude_like};
use crate::agent::tool::Tool;

pub(super) static HOST: Host = Host {
    name: "codex",
    title: "Codex CLI",
    asks: false,
    wait_seconds: 110,
    wait_seconds_max: 570,
    sent: |payload| payload.contains_key("turn_id") && payload.contains_key("hook_event_name"),
    read: |payload| claude_like::read(payload, claude_like::EVENTS, &TOOLS),
    answer: |permission, reason| match permission {
        Permission::Allow => Answer::default(),
        Permission::Deny | Permission::Ask => claude_like::answer(Permission::Deny, reason),
    },
    example: |cwd, command| {
        let payload = claude_like::example("PreToolUse", "Bash", "command", cwd, command);
        claude_like::marked(payload, "turn_id")
    },
};

const TOOLS: [(&str, Tool); 14] = [
    ("Bash", Tool::Shell("command")),
    ("shell", Tool::Words("command")),
    ("local_shell", Tool::Words("command")),
    ("shell_command", Tool::Shell("command")),
    ("exec_command", Tool::Shell("cmd")),
    ("write_stdin", Tool::Typing("chars")),
    ("apply_patch", Tool::Patch("command")),
    ("view_image", Tool::Nothing),
    ("update_plan", Tool::Nothing),
    ("web_search", Tool::Nothing),
    ("spawn_agent", Tool::Nothing),
    ("send_input", Tool::Nothing),
    ("wait", Tool::Nothing),
    ("close_agent", Tool::Nothing),
];
