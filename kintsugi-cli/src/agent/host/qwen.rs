//! Qwen Code's `PreToolUse` and `PostToolUse`.
//!
//! Source: Qwen Code, `docs/users/features/hooks.md` (2026). Claude Code's form with Gemini CLI's tools; a decision without a
//! reason is none, and without a person at the terminal `ask` is a deny.

use super::{Host, claude_like, gemini};

pub(super) static HOST: Host = Host {
    name: "qwen",
    title: "Qwen Code",
    asks: true,
    wait_seconds: 50,
    wait_seconds_max: 570,
    sent: |_| false,
    read: |payload| claude_like::read(payload, claude_like::EVENTS, &gemini::TOOLS),
    answer: claude_like::answer,
    example: |cwd, command| {
        claude_like::example("PreToolUse", "run_shell_command", "command", cwd, command)
    },
};
