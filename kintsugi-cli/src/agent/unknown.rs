//! A tool that this version does not know → shell text: what its input may run, write, move, remove or read, at any depth.
//!
//! Servers of tools name theirs as they like, and hosts rename theirs, wrap several calls into one, or hand a call on as JSON in
//! text. What is missed here runs unseen, so a member is taken by its name wherever it stands, and a tool by the words in its name.

use kintsugi_core::quote::quote;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::PayloadError;
use super::once::Once;
use super::payload::Payload;
use super::tool::{Allowed, Text, patch, path_word, words};

/// How often text in a payload may be JSON with text in it that is JSON.
const NESTED_MAX: u8 = 8;

/// Longest path (`limits.h`: `PATH_MAX`).
const PATH_BYTES_MAX: usize = 4096;

/// Members that hold a command, without `_` and `-` and in small letters.
const COMMANDS: [&str; 12] = [
    "command",
    "cmd",
    "script",
    "commands",
    "code",
    "commandline",
    "shellcommand",
    "bashcommand",
    "scripts",
    "cmds",
    "cmdline",
    "shellscript",
];

/// Members that hold a program whose words stand in another.
const PROGRAMS: [&str; 4] = ["program", "executable", "binary", "exe"];

/// Members that hold the words behind a program.
const ARGUMENTS: [&str; 4] = ["args", "arguments", "argv", "parameters"];

/// Members that hold statements for a database, in any dialect of SQL.
const STATEMENTS: [&str; 5] = [
    "sql",
    "sqlquery",
    "sqlqueries",
    "sqlstatement",
    "statements",
];

/// Words in a tool's name by which its `query` is one.
const DATABASES: [&str; 13] = [
    "sql",
    "postgres",
    "postgresql",
    "pg",
    "mysql",
    "mariadb",
    "sqlite",
    "database",
    "db",
    "duckdb",
    "supabase",
    "mssql",
    "redshift",
];

/// Members that name files.
const PATHS: [&str; 23] = [
    "filepath",
    "targetnotebook",
    "path",
    "notebookpath",
    "filename",
    "file",
    "targetfile",
    "absolutepath",
    "relativepath",
    "relativeworkspacepath",
    "targetpath",
    "outputpath",
    "newpath",
    "uri",
    "paths",
    "files",
    "filepaths",
    "filenames",
    "uris",
    "destination",
    "destinationpath",
    "destpath",
    "include",
];

/// Members by which a tool that names a file shows that it writes.
const CONTENTS: [&str; 19] = [
    "content",
    "contents",
    "newstring",
    "newsource",
    "edits",
    "filetext",
    "newstr",
    "diff",
    "text",
    "newtext",
    "data",
    "body",
    "codeedit",
    "replacement",
    "replacements",
    "codecontent",
    "filecontent",
    "newcontent",
    "inserttext",
];

/// Members that name what is moved, copied or linked, and where to.
const FROM: [&str; 8] = [
    "source",
    "src",
    "from",
    "oldpath",
    "sourcepath",
    "frompath",
    "oldname",
    "target",
];
const TO: [&str; 10] = [
    "destination",
    "dest",
    "to",
    "newpath",
    "destinationpath",
    "destpath",
    "topath",
    "newname",
    "linkpath",
    "linkname",
];

/// Ends of members' names that are about a call and never what it runs.
const ABOUT: [&str; 12] = [
    "id",
    "description",
    "cwd",
    "directory",
    "dir",
    "path",
    "title",
    "name",
    "language",
    "explanation",
    "reason",
    "lang",
];

/// Words in a tool's name by which it gives text of its input to something that runs it.
const RUNS: [&str; 22] = [
    "shell",
    "bash",
    "sh",
    "zsh",
    "exec",
    "execute",
    "terminal",
    "console",
    "command",
    "commands",
    "cmd",
    "powershell",
    "pwsh",
    "stdin",
    "pty",
    "tty",
    "tmux",
    "repl",
    "eval",
    "python",
    "script",
    "spawn",
];

/// Words by which it only tells of what runs, or ends it.
const TELLS: [&str; 14] = [
    "list",
    "get",
    "kill",
    "stop",
    "output",
    "status",
    "read",
    "wait",
    "close",
    "describe",
    "search",
    "find",
    "help",
    "selection",
];

const REMOVES: [&str; 9] = [
    "delete", "remove", "rm", "unlink", "trash", "erase", "purge", "wipe", "destroy",
];

const WRITES: [&str; 19] = [
    "write",
    "create",
    "edit",
    "append",
    "insert",
    "replace",
    "update",
    "save",
    "modify",
    "overwrite",
    "put",
    "patch",
    "touch",
    "chmod",
    "download",
    "set",
    "store",
    "add",
    "apply",
];

/// What a tool does with two paths, by a word in its name.
const PAIRS: [(&str, &str); 8] = [
    ("move", "mv --"),
    ("mv", "mv --"),
    ("rename", "mv --"),
    ("copy", "cp -r --"),
    ("cp", "cp -r --"),
    ("symlink", "ln -s --"),
    ("link", "ln --"),
    ("hardlink", "ln --"),
];

/// Returns what the tool `name` may do with `input`; nothing when that is nothing to decide about.
///
/// # Errors
/// When a member that holds a command holds something else.
pub(super) fn as_text(name: &str, input: &Payload) -> Result<Option<Text>, PayloadError> {
    let name = name_words(name);
    let is = |words: &[&str]| name.iter().any(|word| words.contains(&word.as_str()));
    let mut found = Found {
        act: match (is(&REMOVES), is(&WRITES)) {
            (true, _) => Some("rm -r --"),
            (false, true) => Some("cat >>"),
            (false, false) => None,
        },
        has_statements: is(&DATABASES),
        pair: PAIRS
            .iter()
            .find(|(word, _)| is(&[word]))
            .map(|(_, act)| *act),
        ..Found::default()
    };
    found.object(input, NESTED_MAX)?;
    if found.commands == 0 && !found.told_statements && is(&RUNS) && !is(&TELLS) {
        // It runs something, and which member that is in nobody said.
        found.every_text(input);
    }
    Ok(found.text())
}

/// Returns which files a tool reads that names them as it likes.
///
/// # Errors
/// As [`as_text`].
pub(super) fn reads(input: &Payload) -> Result<Option<Text>, PayloadError> {
    as_text("read", input)
}

/// What was found so far.
#[derive(Debug, Default)]
struct Found {
    /// What the tool does to a file, by its name; reads it, when that says nothing.
    act: Option<&'static str>,
    /// What it does with two files, by its name.
    pair: Option<&'static str>,
    /// Whether a `query` is for a database.
    has_statements: bool,
    /// Whether one was found.
    told_statements: bool,
    lines: Vec<String>,
    touches: Vec<(&'static str, String)>,
    /// How many of the lines are commands.
    commands: usize,
    runs_in: Option<String>,
}

impl Found {
    fn text(self) -> Option<Text> {
        let if_allowed = if self.commands > 0 {
            Allowed::Asked
        } else {
            Allowed::Silent
        };
        (!self.lines.is_empty()).then(|| Text {
            if_allowed,
            runs_in: self.runs_in,
            touches: self.touches,
            ..Text::bash(self.lines.join("\n"))
        })
    }

    fn object(&mut self, object: &Payload, nested: u8) -> Result<(), PayloadError> {
        let member = |names: &[&str]| {
            let mut all = object.iter();
            all.find(|(name, value)| names.contains(&plain(name).as_str()) && !value.is_null())
                .map(|(_, value)| value)
        };
        let commands = self.commands;
        let arguments = member(&ARGUMENTS);
        for (name, value) in object {
            let name = plain(name);
            if let Some(known) = COMMANDS.iter().find(|known| **known == name) {
                self.command(value, arguments, known, nested)?;
            } else if PROGRAMS.contains(&name.as_str()) && arguments.is_some() {
                self.command(value, arguments, "program", nested)?;
            } else if STATEMENTS.contains(&name.as_str())
                || (self.has_statements && name == "query")
            {
                self.statements(value, nested)?;
            } else {
                self.any(value, nested)?;
            }
        }
        if self.commands > commands && self.runs_in.is_none() {
            self.runs_in = super::tool::directory(object)?.map(str::to_owned);
        }
        let writes = member(&CONTENTS).is_some();
        if let (Some(act), Some(from), Some(to)) = (self.pair, member(&FROM), member(&TO))
            && let (Some(from), Some(to)) = (from.as_str(), to.as_str())
        {
            let line = format!("{act} {} {}", path_word(from), path_word(to));
            self.lines.push(line);
            self.touches.push(("cat", from.to_owned()));
            self.touches.push(("cat >>", to.to_owned()));
        }
        let acts = writes || self.act.is_some();
        for (name, value) in object {
            let is_path = |text: &str| acts && looks_like_a_path(text);
            let name = plain(name);
            let name = name.as_str();
            let is_unknown = !CONTENTS.contains(&name) && !COMMANDS.contains(&name);
            if PATHS.contains(&name) || is_unknown && value.as_str().is_some_and(is_path) {
                let one = std::slice::from_ref(value);
                let all = value.as_array().map_or(one, Vec::as_slice);
                for path in all.iter().filter_map(Value::as_str) {
                    self.file(path, writes);
                }
            }
        }
        Ok(())
    }

    fn command(
        &mut self,
        value: &Value,
        arguments: Option<&Value>,
        name: &'static str,
        nested: u8,
    ) -> Result<(), PayloadError> {
        let line = match value {
            Value::Null => return Ok(()),
            Value::Object(inside) => return self.object(inside, nested),
            Value::Array(all) if !all.is_empty() && !all.iter().all(Value::is_string) => {
                for one in all {
                    self.command(one, None, name, nested)?;
                }
                return Ok(());
            }
            Value::String(_) | Value::Array(_) | Value::Bool(_) | Value::Number(_) => {
                words(value, name)?
            }
        };
        let behind = match arguments {
            Some(Value::String(text)) => format!(" {text}"),
            Some(more @ Value::Array(all)) if !all.is_empty() => {
                format!(" {}", words(more, "args")?)
            }
            _ => String::new(),
        };
        self.lines.push(format!("{line}{behind}"));
        self.commands += 1;
        Ok(())
    }

    /// Statements are proposed as those that a client of the command line is given.
    fn statements(&mut self, value: &Value, nested: u8) -> Result<(), PayloadError> {
        match value {
            Value::String(text) => {
                self.lines.push(format!("psql -c {}", quote(text)));
                self.told_statements = true;
            }
            Value::Array(all) => {
                for one in all {
                    self.statements(one, nested)?;
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
                self.any(value, nested)?;
            }
        }
        Ok(())
    }

    /// A member whose name says nothing.
    fn any(&mut self, value: &Value, nested: u8) -> Result<(), PayloadError> {
        match value {
            Value::Object(inside) => self.object(inside, nested),
            Value::Array(all) => all.iter().try_for_each(|one| self.any(one, nested)),
            Value::String(text) => self.in_text(text, nested),
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        }
    }

    /// A patch, or a call that is handed on as JSON in text.
    fn in_text(&mut self, text: &str, nested: u8) -> Result<(), PayloadError> {
        if let Some(found) = patch(text) {
            self.lines.push(found.text);
            self.touches.extend(found.touches);
            return Ok(());
        }
        if !text.trim_start().starts_with(['{', '[']) {
            return Ok(());
        }
        match (serde_json::from_str(text), nested.checked_sub(1)) {
            (Ok(Once(inside)), Some(nested)) => self.any(&inside, nested),
            (Ok(_), None) => Err(PayloadError::Member("tool_input", "so deep")),
            // JSON that has a member twice is JSON to others.
            (Err(_), _) if serde_json::from_str::<IgnoredAny>(text).is_ok() => {
                Err(PayloadError::Member("tool_input", "without a member twice"))
            }
            (Err(_), _) => Ok(()),
        }
    }

    fn file(&mut self, path: &str, writes: bool) {
        let path = path.strip_prefix("file://").unwrap_or(path);
        if path.is_empty() {
            return;
        }
        let act = match self.act {
            Some(act) => act,
            None if writes => "cat >>",
            None => "cat",
        };
        if !self.touches.iter().any(|(_, touched)| touched == path) {
            self.lines.push(format!("{act} {}", path_word(path)));
            self.touches.push((act, path.to_owned()));
        }
    }

    /// Every text that is not about the call, as a command.
    fn every_text(&mut self, object: &Payload) {
        for (name, value) in object {
            let name = plain(name);
            if ABOUT.iter().any(|about| name.ends_with(about)) {
                continue;
            }
            match value {
                Value::String(text) if !text.trim().is_empty() => {
                    self.lines.push(text.clone());
                    self.commands += 1;
                }
                Value::Object(inside) => self.every_text(inside),
                Value::Array(all) => {
                    if let Ok(line) = words(value, "args") {
                        self.lines.push(line);
                        self.commands += 1;
                    }
                    all.iter()
                        .filter_map(Value::as_object)
                        .for_each(|inside| self.every_text(inside));
                }
                Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
            }
        }
    }
}

/// Whether a text can only be a path of this machine, whatever its member is called.
fn looks_like_a_path(text: &str) -> bool {
    let home = std::env::var("HOME").unwrap_or_default();
    let is_home = !home.is_empty()
        && text
            .strip_prefix(&home)
            .is_some_and(|rest| rest.starts_with('/'));
    let is_hidden = text.starts_with('.') && text.contains('/');
    text.len() <= PATH_BYTES_MAX
        && !text.contains(char::is_whitespace)
        && (is_home || is_hidden || text.starts_with("~/") || text.starts_with("file:///"))
}

/// Returns a member's name as the lists above have it.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|letter| !matches!(letter, '_' | '-'));
    letters.flat_map(char::to_lowercase).collect()
}

/// Returns the words of a tool's name: `mcp__files__readFile` has four.
fn name_words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for letter in name.chars() {
        if !letter.is_alphabetic() || (letter.is_uppercase() && was_small) {
            words.push(String::new());
        }
        was_small = letter.is_lowercase();
        if let Some(word) = words.last_mut()
            && letter.is_alphabetic()
        {
            word.extend(letter.to_lowercase());
        }
    }
    words
}
