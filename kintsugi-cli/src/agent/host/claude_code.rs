//! Claude Code's `PreToolUse` and `PostToolUse`.
//!
//! Source: Claude Code's "Hooks reference" (2.1, 2026). A hook that crashes, is late or prints something else lets the tool run;
//! exit code 2 always blocks.

use super::{Host, claude_like};
use crate::agent::tool::Tool;

pub(super) static HOST: Host = Host {
    name: "claude-code",
    title: "Claude Code",
    asks: true,
    wait_seconds: 110,
    wait_seconds_max: 570,
    sent: |_| false,
    read: |payload| claude_like::read(payload, claude_like::EVENTS, &TOOLS),
    answer: claude_like::answer,
    example: |cwd, command| claude_like::example("PreToolUse", "Bash", "command", cwd, command),
};

/// The host's tools. `MultiEdit` is gone from the newest list and still called by older versions.
pub(super) const TOOLS: [(&str, Tool); 25] = [
    ("Bash", Tool::Shell("command")),
    ("Monitor", Tool::Shell("command")),
    ("PowerShell", Tool::PowerShell("command")),
    ("Write", Tool::Write("file_path")),
    ("Edit", Tool::Edit("file_path")),
    ("MultiEdit", Tool::Edit("file_path")),
    ("NotebookEdit", Tool::Edit("notebook_path")),
    ("Read", Tool::Read("file_path")),
    ("NotebookRead", Tool::Read("notebook_path")),
    ("Grep", Tool::Search("path")),
    ("Glob", Tool::Nothing),
    ("LS", Tool::Nothing),
    ("LSP", Tool::Nothing),
    ("WebFetch", Tool::Nothing),
    ("WebSearch", Tool::Nothing),
    ("TodoWrite", Tool::Nothing),
    ("Task", Tool::Nothing),
    ("Agent", Tool::Nothing),
    ("BashOutput", Tool::Nothing),
    ("TaskOutput", Tool::Nothing),
    ("KillShell", Tool::Nothing),
    ("TaskStop", Tool::Nothing),
    ("ExitPlanMode", Tool::Nothing),
    ("AskUserQuestion", Tool::Nothing),
    ("Skill", Tool::Nothing),
];
