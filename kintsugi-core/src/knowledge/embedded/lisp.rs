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
    found.extend(emptied(text));
    found
}

/// `(doseq [f (file-seq d)] (spit f ""))`: each of what is listed is left without anything, or taken away by a method of Java.
fn emptied(text: &str) -> Option<Embedded> {
    let lists = [
        "(file-seq ",
        "(directory-list ",
        "(directory-files",
        "(fs/glob ",
        "(babashka.fs/glob ",
    ];
    let is_empty = |behind: &str| {
        let end = behind.find(')').unwrap_or_default();
        behind.get(..end).is_some_and(|it| it.ends_with(" \"\""))
    };
    let takes = text.contains("(.delete ") || text.split("(spit ").skip(1).any(is_empty);
    (takes && lists.iter().any(|list| text.contains(list))).then(|| Embedded::Effect {
        action: Action::Delete,
        role: Role::Path,
        target: super::value::hole(),
        modifiers: Modifiers::NONE.with(Modifier::Indirect),
        feed: crate::effect::Feed::Text,
    })
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
        "delete-tree" | "fs/delete-tree" | "babashka.fs/delete-tree" => arguments
            .trim_start()
            .starts_with('"')
            .then_some(first)
            .flatten()
            .map(|path| effect(Action::Delete, Role::Path, &path, tree)),
        "delete-directory" => first.map(|path| effect(Action::Delete, Role::Path, &path, tree)),
        "write-region" | "write-file" | "append-to-file" => strings(arguments)
            .last()
            .map(|path| effect(Action::Overwrite, Role::Path, path, Modifiers::NONE)),
        // Clojure 1.12, Racket 8, R7RS: what stands there is gone, or the file is made.
        "spit" | "with-output-to-file" | "call-with-output-file" | "open-output-file"
            if arguments.trim_start().starts_with('"') =>
        {
            first.map(|path| effect(Action::Overwrite, Role::Path, &path, Modifiers::NONE))
        }
        "rename-file" => first.map(|path| effect(Action::Move, Role::Path, &path, Modifiers::NONE)),
        "funcall" | "apply" | "mapc" | "mapcar" | "mapcan" | "run-with-timer" | "run-at-time"
        | "cl-mapc" | "seq-do" | "call-interactively" => {
            return handed(arguments, found);
        }
        "eval" if arguments.trim_start().starts_with(['(', '\'']) => {
            return evaluated(arguments, found);
        }
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
        if runs || name.contains("delete") {
            Embedded::Hidden(what)
        } else {
            Embedded::Unknown(what)
        }
    }));
}

/// Longest form in brackets that is looked through for its end, in bytes.
const FORM_BYTES_MAX: usize = 512;

/// `(funcall (intern "delete-file") x)`, `(mapc #'delete-file (directory-files d))`: a function by its name, or by what a form gives.
fn handed(arguments: &str, found: &mut Vec<Embedded>) {
    let first = arguments.trim_start();
    let quoted = [
        "#'",
        "'",
        "(quote ",
        "(function ",
        "(symbol-function '",
        "(symbol-function #'",
        "(symbol-function (quote ",
    ];
    let plain = quoted.iter().find_map(|mark| first.strip_prefix(mark));
    let made = ["(intern ", "(intern-soft ", "(make-symbol "];
    let made = made.iter().find_map(|mark| first.strip_prefix(mark));
    let (name, rest) = match (plain, made) {
        (Some(name), _) => {
            let end = name.find([' ', ')', '(', '\n', '\t']).unwrap_or(name.len());
            let (name, rest) = name.split_at(end);
            (name.to_owned(), rest.trim_start_matches([')', ' ']))
        }
        (None, Some(text)) => {
            let Some(name) = string(text) else {
                found.push(Embedded::Hidden(
                    "a function whose name is computed".to_owned(),
                ));
                return;
            };
            (name, behind_form(first))
        }
        // `(car (list 'delete-file))`, `(nth 1 fs)`: whatever a form gives; a `lambda` is read where it stands.
        (None, None) if first.starts_with("(read") => {
            found.push(Embedded::Hidden(
                "a function whose name is computed".to_owned(),
            ));
            return;
        }
        (None, None) => return,
    };
    // `(apply 'f (list "x"))`, `(apply 'f '("x"))`.
    let rest = rest.trim_start();
    let inside = ["(list ", "'("]
        .iter()
        .find_map(|mark| rest.strip_prefix(mark));
    call(&name, inside.unwrap_or(rest), found);
}

/// `(eval (read "(shell-command …)"))`: text that is read as Lisp.
fn evaluated(arguments: &str, found: &mut Vec<Embedded>) {
    let form = arguments.trim_start();
    let readers = ["(car (read-from-string ", "(read-from-string ", "(read "];
    let Some(text) = readers.iter().find_map(|mark| form.strip_prefix(mark)) else {
        return;
    };
    match string(text) {
        Some(text) if text.len() <= FORM_BYTES_MAX => found.extend(read(&text)),
        Some(_) | None => found.push(Embedded::Hidden("code that is computed".to_owned())),
    }
}

/// What stands behind the form in brackets that `text` begins with.
fn behind_form(text: &str) -> &str {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for (at, letter) in text.char_indices().take(FORM_BYTES_MAX) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => in_text = !in_text,
            '(' if !in_text => depth += 1,
            ')' if !in_text => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return text.get(at + 1..).unwrap_or_default();
                }
            }
            _ => {}
        }
    }
    ""
}

/// The string that stands first, when nothing but blanks is in front of it.
fn string(arguments: &str) -> Option<String> {
    let arguments = arguments.trim_start();
    if let Some(parts) = arguments.strip_prefix("(concat ") {
        // Every part must be a string that stands there.
        let clipped = parts
            .char_indices()
            .nth(FORM_BYTES_MAX)
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
