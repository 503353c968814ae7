//! What the hosts of agents send and hear: sessions of their hook traffic, and how each is told no.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

/// Every host that has a hook.
pub const HOSTS: [&str; 16] = [
    "amp",
    "antigravity",
    "claude-code",
    "cline",
    "codex",
    "copilot",
    "cursor",
    "droid",
    "gemini",
    "goose",
    "kimi",
    "kiro",
    "opencode",
    "qwen",
    "vscode",
    "windsurf",
];

/// What a host takes an answer for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// The tool runs.
    Allow,
    /// It does not.
    Deny,
    /// The host asks the person.
    Ask,
    /// Nothing was said: the host decides alone, and the tool runs.
    Nothing,
    /// Nothing that the host knows: the tool runs.
    Unclear,
}

/// One exchange of a session.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// What the host sends.
    pub payload: Value,
    /// What it must hear: `allow`, `deny`, `ask`, or `pass` for an event that nothing is decided about.
    pub said: String,
}

/// Returns the session of `host`, made from its documentation, with `home` and `work` in the places of theirs.
///
/// # Panics
/// When the file is missing or broken.
#[must_use]
pub fn session(host: &str, home: &Path, work: &Path) -> Vec<Exchange> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("agents/{host}.ndjson"));
    let text = std::fs::read_to_string(path).expect("a session");
    let text = text
        .replace("$HOME", &home.display().to_string())
        .replace("$WORK", &work.display().to_string());
    text.lines()
        .map(|line| {
            let mut exchange: Value = serde_json::from_str(line).expect("an exchange");
            Exchange {
                said: exchange["said"].as_str().expect("what is said").to_owned(),
                payload: exchange["payload"].take(),
            }
        })
        .collect()
}

/// Returns what the host takes `output` for, by its documentation.
#[must_use]
pub fn heard(host: &str, output: &Output) -> Said {
    match output.status.code() {
        // Every host takes 2 for a no.
        Some(2) => return Said::Deny,
        Some(0) => {}
        Some(_) | None => return Said::Unclear,
    }
    if output.stdout.is_empty() {
        return Said::Nothing;
    }
    let Ok(answer) = serde_json::from_slice::<Value>(&output.stdout) else {
        return Said::Unclear;
    };
    let word = match host {
        "cursor" => &answer["permission"],
        "copilot" => &answer["permissionDecision"],
        "gemini" | "goose" | "antigravity" | "amp" | "opencode" => &answer["decision"],
        "cline" => &answer["cancel"],
        "kiro" | "windsurf" => &Value::Null,
        _ => &answer["hookSpecificOutput"]["permissionDecision"],
    };
    match (host, word) {
        ("cline", Value::Bool(true)) => Said::Deny,
        ("cline", Value::Bool(false)) => Said::Allow,
        (_, Value::String(word)) => match word.as_str() {
            "allow" => Said::Allow,
            "deny" | "block" => Said::Deny,
            "ask" => Said::Ask,
            _ => Said::Unclear,
        },
        _ => Said::Unclear,
    }
}
