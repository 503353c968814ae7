//! A tool's call → the shell text that does the same, so that one set of rules covers every way to an effect.

use kintsugi_core::shell::Dialect;
use serde_json::Value;

use super::PayloadError;
use super::payload::{Payload, optional_text, text};
use crate::quote;

/// How a host's tool acts, and the member of its input that says on what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// Gives text to a shell.
    Shell(&'static str),
    /// Gives text to PowerShell.
    PowerShell(&'static str),
    /// Starts a program: one word each, or text for a shell.
    Words(&'static str),
    /// Types into a shell that runs.
    Typing(&'static str),
    /// Replaces a file.
    Write(&'static str),
    /// Changes a file.
    Edit(&'static str),
    /// Applies a patch in the format that begins with `*** Begin Patch`.
    Patch(&'static str),
    /// Reads a file.
    Read(&'static str),
    /// Searches below a path; nothing when it names none.
    Search(&'static str),
    /// Removes a file.
    Delete(&'static str),
    /// Neither runs text of its input nor touches a file.
    ///
    /// A member named like a command is something else here: a question, a task in words.
    Nothing,
}

/// A host's tools, by its names for them.
pub type Tools = [(&'static str, Tool)];

/// A tool's call as shell text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The text.
    pub text: String,
    /// Its language.
    pub dialect: Dialect,
    /// Whether the tool is one of the host's.
    pub known: bool,
}

/// Members of a tool's input that hold a command, whatever the tool.
const COMMAND_MEMBERS: [&str; 8] = [
    "command",
    "cmd",
    "script",
    "commands",
    "code",
    "commandLine",
    "CommandLine",
    "command_line",
];

/// Members that name a file, whatever the tool.
const PATH_MEMBERS: [&str; 5] = ["file_path", "path", "notebook_path", "filePath", "filename"];

/// Members by which a tool that names a file shows that it writes.
const CONTENT_MEMBERS: [&str; 8] = [
    "content",
    "contents",
    "new_string",
    "new_source",
    "edits",
    "file_text",
    "new_str",
    "diff",
];

/// Returns what the tool `name` would do with `input`; nothing when that is nothing to decide about.
///
/// # Errors
/// When the input is not what this tool takes.
pub fn as_text(tools: &Tools, name: &str, input: &Payload) -> Result<Option<Text>, PayloadError> {
    let Some((_, tool)) = tools.iter().find(|(known, _)| *known == name) else {
        return unknown(input);
    };
    let path = |member, before: &str| {
        let path = text(input, member)?;
        Ok(Some(bash(format!("{before} {}", quote::quote(path)))))
    };
    match *tool {
        Tool::Shell(member) => Ok(Some(bash(text(input, member)?.to_owned()))),
        Tool::PowerShell(member) => Ok(Some(Text {
            dialect: Dialect::PowerShell,
            ..bash(text(input, member)?.to_owned())
        })),
        Tool::Words(member) => match input.get(member) {
            Some(value) => Ok(Some(bash(words(value, member)?))),
            None => Err(PayloadError::Member(member, "text")),
        },
        // Nothing typed: the agent looks at what has been printed since.
        Tool::Typing(member) => Ok(optional_text(input, member)?
            .filter(|typed| !typed.is_empty())
            .map(|typed| bash(typed.to_owned()))),
        Tool::Write(member) => path(member, "cat >"),
        Tool::Edit(member) => path(member, "cat >>"),
        Tool::Delete(member) => path(member, "rm --"),
        Tool::Read(member) => path(member, "cat"),
        Tool::Search(member) => match optional_text(input, member)? {
            None | Some("") => Ok(None),
            Some(below) => Ok(Some(bash(format!("grep -r x {}", quote::quote(below))))),
        },
        Tool::Patch(member) => patch(text(input, member)?)
            .map(|text| Some(bash(text)))
            .ok_or(PayloadError::Member(member, "a patch")),
        Tool::Nothing => Ok(None),
    }
}

fn bash(text: String) -> Text {
    Text {
        text,
        dialect: Dialect::Bash,
        known: true,
    }
}

/// A tool that this version does not know is taken by the members of its input: a command is a command, a path with content is
/// a file that is written.
fn unknown(input: &Payload) -> Result<Option<Text>, PayloadError> {
    let unknown = |text| Text {
        known: false,
        ..bash(text)
    };
    for member in COMMAND_MEMBERS {
        if let Some(value) = input.get(member).filter(|value| !value.is_null()) {
            return Ok(Some(unknown(words(value, member)?)));
        }
    }
    for member in PATH_MEMBERS {
        if let Some(Value::String(path)) = input.get(member)
            && CONTENT_MEMBERS.iter().any(|name| input.contains_key(*name))
        {
            return Ok(Some(unknown(format!("cat >> {}", quote::quote(path)))));
        }
    }
    Ok(None)
}

/// Returns text as it is, and words as the line that a shell splits into them.
fn words(value: &Value, member: &'static str) -> Result<String, PayloadError> {
    let wrong = || PayloadError::Member(member, "text");
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Array(words) => {
            let words: Option<Vec<_>> = words.iter().map(Value::as_str).collect();
            let words: Vec<_> = words.ok_or_else(wrong)?;
            if words.is_empty() {
                return Err(wrong());
            }
            // `["bash", "-lc", TEXT]` is read as the shell reads it.
            let words: Vec<_> = words.into_iter().map(str::to_owned).collect();
            Ok(quote::join(&words))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Err(wrong()),
    }
}

/// Returns the shell text that touches the files of a patch as the patch does; nothing when it names none.
fn patch(patch: &str) -> Option<String> {
    let mut lines = Vec::new();
    let mut last = "";
    for line in patch.lines() {
        let line = line.trim_end();
        if let Some(path) = line.strip_prefix("*** Add File: ") {
            lines.push(format!("cat > {}", quote::quote(path)));
        } else if let Some(path) = line.strip_prefix("*** Update File: ") {
            last = path;
            lines.push(format!("cat >> {}", quote::quote(path)));
        } else if let Some(path) = line.strip_prefix("*** Delete File: ") {
            lines.push(format!("rm -- {}", quote::quote(path)));
        } else if let Some(path) = line.strip_prefix("*** Move to: ") {
            lines.push(format!(
                "mv -- {} {}",
                quote::quote(last),
                quote::quote(path)
            ));
        }
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}
