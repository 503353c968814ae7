//! A tool's call → the shell text that does the same, so that one set of rules covers every way to an effect.

use kintsugi_core::shell::Dialect;
use serde_json::Value;

use super::payload::{Payload, optional_text, text};
use super::{PayloadError, unknown};
use kintsugi_core::quote;

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
    /// Reads whichever files its input names, as many as they are.
    Reads,
    /// Calls AWS as its command line does: a service, an operation, and the operation's parameters.
    Aws,
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
    /// What is said when it is allowed.
    pub if_allowed: Allowed,
    /// The directory that the input names for a command, as it names it.
    pub runs_in: Option<String>,
    /// The files that it touches, each with the words that do the same to it.
    pub touches: Vec<Touch>,
}

/// What is said of a call that is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// That it is: the tool is one of the host's.
    Said,
    /// Nothing, so the host decides alone: what the tool reads is known, what else it does is not.
    Silent,
    /// A question to the person: how the tool runs it is not known.
    Asked,
}

/// What is done to a file, as the beginning of a command, and its path.
pub type Touch = (&'static str, String);

impl Text {
    /// What a tool of the host's does that names no directory.
    #[must_use]
    pub const fn bash(text: String) -> Self {
        Self {
            text,
            dialect: Dialect::Bash,
            if_allowed: Allowed::Said,
            runs_in: None,
            touches: Vec::new(),
        }
    }

    /// What a tool of the host's does that touches one file.
    #[must_use]
    pub fn touching(act: &'static str, path: &str) -> Self {
        Self {
            touches: vec![(act, path.to_owned())],
            ..Self::bash(format!("{act} {}", path_word(path)))
        }
    }

    /// The same, in the directory that `input` names for its command.
    fn in_directory_of(self, input: &Payload) -> Result<Self, PayloadError> {
        Ok(match directory(input)? {
            Some(named) => Self {
                runs_in: Some(named.to_owned()),
                ..self
            },
            None => self,
        })
    }
}

/// Returns the directory that a tool's input names for its command.
///
/// # Errors
/// When it is no text.
pub(super) fn directory(input: &Payload) -> Result<Option<&str>, PayloadError> {
    for member in DIRECTORY_MEMBERS {
        if let Some(named) = optional_text(input, member)? {
            return Ok(Some(named));
        }
    }
    Ok(None)
}

/// Members of a tool's input that name the directory of its command, whatever the tool: Codex CLI and OpenCode `workdir`, Gemini
/// CLI `directory` and later `dir_path`, Amp `cwd`, Cursor `working_directory`.
const DIRECTORY_MEMBERS: [&str; 7] = [
    "workdir",
    "cwd",
    "directory",
    "dir_path",
    "working_directory",
    "working_dir",
    "Cwd",
];

/// Returns the path of a file as a word of shell text. Some hosts take `~/` for the home, so it is left to the shell.
#[must_use]
pub(super) fn path_word(path: &str) -> String {
    match path.strip_prefix("~/") {
        Some(rest) => format!("~/{}", quote::quote(rest)),
        None if path == "~" => path.to_owned(),
        None => quote::quote(path),
    }
}

/// Returns what the tool `name` would do with `input`; nothing when that is nothing to decide about.
///
/// # Errors
/// When the input is not what this tool takes.
pub fn as_text(tools: &Tools, name: &str, input: &Payload) -> Result<Option<Text>, PayloadError> {
    let Some((_, tool)) = tools.iter().find(|(known, _)| *known == name) else {
        return unknown::as_text(name, input);
    };
    // Versions of a host call one member by several names: then it is found as with a tool that is not known.
    if let Some(member) = tool.member()
        && !input.contains_key(member)
        && let Some(found) = unknown::as_text(name, input)?
    {
        return Ok(Some(found));
    }
    let path = |member, act| Ok(Some(Text::touching(act, text(input, member)?)));
    let command = |text: String| Text::bash(text).in_directory_of(input);
    match *tool {
        Tool::Shell(member) => command(text(input, member)?.to_owned()).map(Some),
        Tool::PowerShell(member) => Ok(Some(Text {
            dialect: Dialect::PowerShell,
            ..command(text(input, member)?.to_owned())?
        })),
        Tool::Words(member) => match input.get(member) {
            Some(value) => command(words(value, member)?).map(Some),
            None => Err(PayloadError::Member(member, "text")),
        },
        // Nothing typed: the agent looks at what has been printed since.
        Tool::Typing(member) => Ok(optional_text(input, member)?
            .filter(|typed| !typed.is_empty())
            .map(|typed| Text::bash(typed.to_owned()))),
        Tool::Write(member) => path(member, "cat >"),
        Tool::Edit(member) => path(member, "cat >>"),
        Tool::Delete(member) => path(member, "rm --"),
        Tool::Read(member) => path(member, "cat"),
        Tool::Search(member) => match optional_text(input, member)? {
            None | Some("") => Ok(None),
            Some(_) => path(member, "grep -r x"),
        },
        Tool::Patch(member) => patch(text(input, member)?)
            .map(Some)
            .ok_or(PayloadError::Member(member, "a patch")),
        Tool::Reads => unknown::reads(input),
        Tool::Aws => aws(input).map(Some),
        Tool::Nothing => Ok(None),
    }
}

impl Tool {
    /// The member without which it does nothing.
    const fn member(self) -> Option<&'static str> {
        match self {
            Self::Shell(member)
            | Self::PowerShell(member)
            | Self::Words(member)
            | Self::Write(member)
            | Self::Edit(member)
            | Self::Patch(member)
            | Self::Read(member)
            | Self::Delete(member) => Some(member),
            Self::Typing(_) | Self::Search(_) | Self::Reads | Self::Aws | Self::Nothing => None,
        }
    }
}

/// Returns the line by which a shell would make the same call of AWS.
fn aws(input: &Payload) -> Result<Text, PayloadError> {
    let plain = |name| text(input, name).map(str::to_owned);
    let mut words = vec![
        "aws".to_owned(),
        plain("service_name")?,
        plain("operation_name")?,
    ];
    let parameters = input.get("parameters").filter(|value| !value.is_null());
    let parameters = match parameters {
        Some(Value::Object(parameters)) => Some(parameters),
        Some(_) => return Err(PayloadError::Member("parameters", "an object")),
        None => None,
    };
    for (name, value) in parameters.into_iter().flatten() {
        words.push(format!(
            "--{}",
            name.trim_start_matches('-').replace('_', "-")
        ));
        match value {
            Value::String(value) if value.is_empty() => {}
            Value::String(value) => words.push(value.clone()),
            Value::Null | Value::Bool(true) => {}
            other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                words.push(other.to_string());
            }
        }
    }
    Ok(Text::bash(quote::join(&words)))
}

/// Returns text as it is, and words as the line that a shell splits into them.
pub(super) fn words(value: &Value, member: &'static str) -> Result<String, PayloadError> {
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
pub(super) fn patch(patch: &str) -> Option<Text> {
    let mut lines = Vec::new();
    let mut touches: Vec<Touch> = Vec::new();
    let mut last = "";
    for line in patch.lines() {
        let line = line.trim_end();
        let marks = [
            ("*** Add File: ", "cat >"),
            ("*** Update File: ", "cat >>"),
            ("*** Delete File: ", "rm --"),
        ];
        for (mark, act) in marks {
            if let Some(path) = line.strip_prefix(mark) {
                last = path;
                lines.push(format!("{act} {}", path_word(path)));
                touches.push((act, path.to_owned()));
            }
        }
        if let Some(path) = line.strip_prefix("*** Move to: ") {
            lines.push(format!("mv -- {} {}", path_word(last), path_word(path)));
            touches.push(("rm --", last.to_owned()));
            touches.push(("cat >", path.to_owned()));
        }
    }
    (!lines.is_empty()).then(|| Text {
        touches,
        ..Text::bash(lines.join("\n"))
    })
}
