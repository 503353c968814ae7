//! Emacs Lisp: calls that start programs, delete or write files (GNU Emacs Lisp Reference Manual, Emacs 29).

use super::{Embedded, effect, shell};
use crate::effect::{Action, Modifier, Modifiers, Role};

/// Reads Lisp text.
pub(super) fn read(text: &str) -> Vec<Embedded> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['(', '"']) {
        let (token, behind) = rest.get(at..).unwrap_or_default().split_at(1);
        if token == "\"" {
            rest = literal(behind).1;
            continue;
        }
        let behind = behind.trim_start();
        let end = behind
            .find([' ', '\t', '\n', '(', ')', '"'])
            .unwrap_or(behind.len());
        let (name, arguments) = behind.split_at(end);
        call(name, arguments, &mut found);
        rest = arguments;
    }
    found
}

fn call(name: &str, arguments: &str, found: &mut Vec<Embedded>) {
    let first = string(arguments);
    let tree = Modifiers::NONE.with(Modifier::Recursive);
    let one = match name {
        "system"
        | "system*"
        | "run-shell-command"
        | "shell"
        | "shell-command"
        | "shell-command-to-string"
        | "async-shell-command"
        | "compile"
        | "call-process-shell-command"
        | "eshell-command"
        | "start-process-shell-command" => first.as_deref().map(shell),
        "call-process" | "process-lines" | "start-process" | "make-process" => {
            let words: Vec<String> = strings(arguments);
            let text = words.join(" ");
            (!words.is_empty()).then(|| shell(&text))
        }
        "delete-file" => {
            first.map(|path| effect(Action::Delete, Role::Path, &path, Modifiers::NONE))
        }
        "delete-directory" => first.map(|path| effect(Action::Delete, Role::Path, &path, tree)),
        "write-region" | "write-file" | "append-to-file" => strings(arguments)
            .last()
            .map(|path| effect(Action::Overwrite, Role::Path, path, Modifiers::NONE)),
        "rename-file" => first.map(|path| effect(Action::Move, Role::Path, &path, Modifiers::NONE)),
        "load" | "load-file" | "eval-buffer" => {
            first.map(|path| effect(Action::Interpret, Role::Code, &path, Modifiers::NONE))
        }
        "url-retrieve" | "url-retrieve-synchronously" | "url-copy-file" => {
            first.map(|url| effect(Action::Fetch, Role::Remote, &url, Modifiers::NONE))
        }
        _ => return,
    };
    let runs = name.contains("command") || name.contains("process") || name.contains("system");
    found.push(one.unwrap_or_else(|| {
        let what = format!("`{name}` on what is computed");
        if runs || name.starts_with("delete") {
            Embedded::Hidden(what)
        } else {
            Embedded::Unknown(what)
        }
    }));
}

/// The string that stands first, when nothing but blanks is in front of it.
fn string(arguments: &str) -> Option<String> {
    let arguments = arguments.trim_start();
    if let Some(parts) = arguments.strip_prefix("(concat ") {
        // Every part must be a string that stands there.
        let clipped = parts
            .char_indices()
            .nth(2_048)
            .map_or(parts.len(), |(at, _)| at);
        let parts = parts.get(..clipped).unwrap_or_default();
        let end = parts.find(')').unwrap_or(parts.len());
        let all = strings(parts);
        let written: usize = all.iter().map(|part| part.len() + 2).sum();
        let bare = parts.get(..end).unwrap_or_default();
        let is_plain = bare.split('"').step_by(2).all(|it| it.trim().is_empty());
        return (is_plain && written > 0).then(|| all.concat());
    }
    arguments
        .starts_with('"')
        .then(|| strings(arguments).into_iter().next())?
}

/// The strings up to the end of the call.
fn strings(arguments: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut rest = arguments;
    while let Some(at) = rest.find(['"', '(', ')']) {
        let behind = rest.get(at + 1..).unwrap_or_default();
        if !rest.get(at..).unwrap_or_default().starts_with('"') {
            break;
        }
        let (text, after) = literal(behind);
        all.push(text);
        rest = after;
    }
    all
}

/// Reads a string behind its quote; returns its text and what follows.
fn literal(behind: &str) -> (String, &str) {
    let mut text = String::new();
    let mut escaped = false;
    for (at, c) in behind.char_indices() {
        match c {
            '"' if !escaped => return (text, behind.get(at + 1..).unwrap_or_default()),
            '\\' if !escaped => escaped = true,
            _ => {
                text.push(c);
                escaped = false;
            }
        }
    }
    (text, "")
}
