//! Claude Code's `PreToolUse` hook: its payload in, its answer out.
//!
//! Source: Claude Code's "Hooks reference" (2.1, 2026). The host runs the tool when a hook crashes, says nothing or says
//! something it does not know, so whatever is not understood here is a deny, never silence.

use kintsugi_core::shell::Dialect;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::quote;

/// The name under which this agent proposes.
pub const AGENT: &str = "claude-code";

/// Longest payload that is read, in bytes. A file that is written whole is in it.
pub const PAYLOAD_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Tools that never run text of the payload as a command and never write a file.
///
/// For these a member named like a command is something else: a search, a question, a task in words.
const HARMLESS: [&str; 16] = [
    "Read",
    "Grep",
    "Glob",
    "LS",
    "NotebookRead",
    "WebFetch",
    "WebSearch",
    "TodoWrite",
    "Task",
    "Agent",
    "BashOutput",
    "TaskOutput",
    "KillShell",
    "ExitPlanMode",
    "AskUserQuestion",
    "Skill",
];

/// Members of a tool's input that hold a command, whatever the tool.
const COMMAND_MEMBERS: [&str; 5] = ["command", "cmd", "script", "commands", "code"];

/// What a payload asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Nothing that this guard decides.
    Pass,
    /// Something to propose.
    Propose(Proposed),
}

/// A tool's call as a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// The tool, by the agent's name for it.
    pub tool: String,
    /// The agent's session.
    pub session: Option<String>,
    /// Where it would run.
    pub cwd: String,
    /// The command. A tool that writes a file is proposed as the shell text that does the same.
    pub text: String,
    /// Its language.
    pub dialect: Dialect,
    /// Whether this version knows how the tool runs it; where not, even what looks harmless is the person's to decide.
    pub known_tool: bool,
}

/// Why a payload is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// Longer than [`PAYLOAD_BYTES_MAX`].
    #[error("the payload is longer than {PAYLOAD_BYTES_MAX} bytes")]
    TooLarge,
    /// Not JSON, or not UTF-8.
    #[error("the payload is not JSON: {0}")]
    NotJson(String),
    /// A member is not there, or not what it should be.
    #[error("the member `{0}` is missing or not {1}")]
    Member(&'static str, &'static str),
    /// No place for a command to run in.
    #[error("the member `cwd` is not an absolute path")]
    Directory,
}

/// Reads a payload.
///
/// # Errors
/// Whatever is wrong: the tool must not run.
pub fn read(payload: &[u8]) -> Result<Call, PayloadError> {
    if u64::try_from(payload.len()).unwrap_or(u64::MAX) > PAYLOAD_BYTES_MAX {
        return Err(PayloadError::TooLarge);
    }
    let payload = payload.strip_prefix(b"\xef\xbb\xbf").unwrap_or(payload);
    let payload: Map<String, Value> = serde_json::from_slice(payload)
        .map_err(|error| PayloadError::NotJson(error.to_string()))?;
    if text(&payload, "hook_event_name")? != "PreToolUse" {
        // Other events report; none of them can be answered with a decision about a command.
        return Ok(Call::Pass);
    }
    let tool = text(&payload, "tool_name")?;
    let Some(Value::Object(input)) = payload.get("tool_input") else {
        return Err(PayloadError::Member("tool_input", "an object"));
    };
    let Some((command, dialect, known_tool)) = command(tool, input)? else {
        return Ok(Call::Pass);
    };
    let cwd = text(&payload, "cwd")?;
    if !cwd.starts_with('/') {
        return Err(PayloadError::Directory);
    }
    let session = match payload.get("session_id") {
        None | Some(Value::Null) => None,
        Some(Value::String(session)) => Some(session.clone()),
        Some(_) => return Err(PayloadError::Member("session_id", "a string")),
    };
    Ok(Call::Propose(Proposed {
        tool: tool.to_owned(),
        session,
        cwd: cwd.to_owned(),
        text: command,
        dialect,
        known_tool,
    }))
}

fn text<'a>(object: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, PayloadError> {
    object
        .get(name)
        .and_then(Value::as_str)
        .ok_or(PayloadError::Member(name, "a string"))
}

/// Returns what a tool would run or write, in which language, and whether the tool is known; nothing when it does neither.
fn command(
    tool: &str,
    input: &Map<String, Value>,
) -> Result<Option<(String, Dialect, bool)>, PayloadError> {
    let shell = |dialect| Ok(Some((text(input, "command")?.to_owned(), dialect, true)));
    let write = |member, operator| {
        let path = quote::quote(text(input, member)?);
        Ok(Some((
            format!("cat {operator} {path}"),
            Dialect::Bash,
            true,
        )))
    };
    match tool {
        "Bash" | "Monitor" => shell(Dialect::Bash),
        "PowerShell" => shell(Dialect::PowerShell),
        "Write" => write("file_path", ">"),
        "Edit" | "MultiEdit" => write("file_path", ">>"),
        "NotebookEdit" => write("notebook_path", ">>"),
        _ if HARMLESS.contains(&tool) => Ok(None),
        _ => unknown_tool(input),
    }
}

/// A tool that this version does not know is taken by the members of its input: a command is a command, a path with content is
/// a file that is written.
fn unknown_tool(
    input: &Map<String, Value>,
) -> Result<Option<(String, Dialect, bool)>, PayloadError> {
    for member in COMMAND_MEMBERS {
        let command = match input.get(member) {
            None | Some(Value::Null) => continue,
            Some(Value::String(command)) => command.clone(),
            Some(Value::Array(words)) => {
                let words: Option<Vec<_>> = words.iter().map(Value::as_str).collect();
                let words = words.ok_or(PayloadError::Member(member, "text"))?;
                let words: Vec<_> = words.into_iter().map(str::to_owned).collect();
                quote::join(&words)
            }
            Some(_) => return Err(PayloadError::Member(member, "text")),
        };
        return Ok(Some((command, Dialect::Bash, false)));
    }
    let content = ["content", "new_string", "new_source", "edits"];
    for member in ["file_path", "path", "notebook_path"] {
        if let Some(Value::String(path)) = input.get(member)
            && content.iter().any(|name| input.contains_key(*name))
        {
            let text = format!("cat >> {}", quote::quote(path));
            return Ok(Some((text, Dialect::Bash, false)));
        }
    }
    Ok(None)
}

/// What the host is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    /// The tool runs; the host's own deny and ask rules still hold.
    Allow,
    /// The tool does not run; the agent is told why.
    Deny,
    /// The host asks the person.
    Ask,
}

/// Returns the answer, as the one line of JSON that the host reads from standard output.
#[must_use]
pub fn answer(permission: Permission, reason: &str) -> String {
    let answer = serde_json::json!({
        "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": permission,
            "permissionDecisionReason": format!("Kintsugi: {reason}"),
        }
    });
    format!("{answer}\n")
}

#[cfg(test)]
#[path = "claude_code_tests.rs"]
mod tests;
