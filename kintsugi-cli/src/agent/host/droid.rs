//! Factory Droid's `PreToolUse` and `PostToolUse`.
//!
//! Source: docs.factory.ai, "Hooks" and "Hooks reference" (2026): Claude Code's form with tool names of its own.

use super::{Host, claude_like};
use crate::agent::tool::Tool;

pub(super) static HOST: Host = Host {
    name: "droid",
    title: "Factory Droid",
    asks: false,
    wait_seconds: 50,
    wait_seconds_max: 570,
    sent: |_| false,
    read: |payload| claude_like::read(payload, claude_like::EVENTS, &TOOLS),
    answer: claude_like::answer,
    example: |cwd, command| claude_like::example("PreToolUse", "Execute", "command", cwd, command),
};

const TOOLS: [(&str, Tool); 14] = [
    ("Execute", Tool::Shell("command")),
    ("Create", Tool::Write("file_path")),
    ("Edit", Tool::Edit("file_path")),
    ("MultiEdit", Tool::Edit("file_path")),
    ("ApplyPatch", Tool::Patch("input")),
    ("Read", Tool::Read("file_path")),
    ("Grep", Tool::Search("path")),
    ("Glob", Tool::Nothing),
    ("LS", Tool::Nothing),
    ("WebSearch", Tool::Nothing),
    ("FetchUrl", Tool::Nothing),
    ("TodoWrite", Tool::Nothing),
    ("Task", Tool::Nothing),
    ("ExitSpecMode", Tool::Nothing),
];
