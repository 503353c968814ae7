//! Lisps: calls that start programs, delete or write files.
//!
//! Sources: GNU Emacs Lisp Reference Manual (Emacs 29), UIOP 3.3, SBCL 2.4, Guile 3, Racket 8, Clojure 1.12 with babashka.fs 0.5.

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

/// Give a text to a shell.
const SHELLS: &[&str] = &[
    "system",
    "run-shell-command",
    "uiop:run-program",
    "shell",
    "shell-command",
    "shell-command-to-string",
    "async-shell-command",
    "compile",
    "call-process-shell-command",
    "eshell-command",
    "os/shell",
    "start-process-shell-command",
];

/// Start a program with words.
const PROGRAMS: &[&str] = &[
    "call-process",
    "process-lines",
    "start-process",
    "make-process",
    "system*",
    "sb-ext:run-program",
    "run-program",
    "sh",
    "shell/sh",
    "clojure.java.shell/sh",
    "babashka.process/shell",
    "p/shell",
    "process/shell",
    "os/execute",
    "os/spawn",
];

fn call(name: &str, arguments: &str, found: &mut Vec<Embedded>) {
    let first = string(arguments);
    let tree = Modifiers::NONE.with(Modifier::Recursive);
    let one = match name {
        // babashka's takes further words behind the text.
        "shell" if first.is_some() => Some(shell(&strings(arguments).join(" "))),
        _ if SHELLS.contains(&name) => first.as_deref().map(shell),
        _ if PROGRAMS.contains(&name) => {
            let words: Vec<String> = strings(arguments);
            (!words.is_empty()).then(|| shell(&words.join(" ")))
        }
        "delete-file" => {
            first.map(|path| effect(Action::Delete, Role::Path, &path, Modifiers::NONE))
        }
        "delete-tree"
        | "fs/delete-tree"
        | "babashka.fs/delete-tree"
        | "delete-directory"
        | "delete-directory/files"
        | "uiop:delete-directory-tree" => {
            first.map(|path| effect(Action::Delete, Role::Path, &path, tree))
        }
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

/// The text that the first argument stands for, when its parts are known.
fn string(arguments: &str) -> Option<String> {
    value(arguments, 0).0
}

/// The texts among the arguments, those of lists too, up to the first form that is computed. Names and keywords are passed over.
fn strings(arguments: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut rest = arguments.trim_start();
    while !rest.is_empty() && !rest.starts_with(')') {
        let list = ["(list ", "'(", "["]
            .iter()
            .find_map(|it| rest.strip_prefix(it));
        let end = rest.find([' ', '\t', '\n', '(', ')', '"']);
        rest = match (list, value(rest, 0)) {
            (Some(inside), _) => inside,
            (None, (Some(text), behind)) => {
                all.push(text);
                behind
            }
            (None, (None, _)) if rest.starts_with('(') => break,
            (None, (None, _)) => rest.get(end.unwrap_or(rest.len())..).unwrap_or_default(),
        }
        .trim_start();
    }
    all
}

/// Most forms inside one another that are worked out.
const FORMS_MAX: u8 = 8;

/// Put texts one behind the other: Emacs Lisp, Scheme, Clojure, Janet.
const APPEND: &[&str] = &["concat", "string-append", "str", "string"];

/// Make a path of a place and what is in it: Racket 8, Clojure with babashka.fs 0.5, UIOP 3.3.
const JOIN: &[&str] = &[
    "build-path",
    "fs/path",
    "fs/file",
    "io/file",
    "file",
    "babashka.fs/path",
    "clojure.java.io/file",
    "uiop:subpathname",
];

/// Make a path of a name and the place that it is looked for in: Emacs Lisp, Common Lisp with UIOP 3.3.
const MERGE: &[&str] = &[
    "expand-file-name",
    "merge-pathnames",
    "uiop:merge-pathnames*",
];

/// Say where the home is: Common Lisp, babashka.fs 0.5.
const HOME: &[&str] = &["user-homedir-pathname", "fs/home", "babashka.fs/home"];

/// What a form stands for, when that is a text whose parts are known, and what follows the form.
fn value(text: &str, depth: u8) -> (Option<String>, &str) {
    let text = text.trim_start();
    let text = text.strip_prefix("#p").unwrap_or(text);
    if let Some(behind) = text.strip_prefix('"') {
        let (text, rest) = literal(behind);
        return (Some(text), rest);
    }
    let Some(inside) = text.strip_prefix('(').filter(|_| depth < FORMS_MAX) else {
        return (None, text);
    };
    let after = behind_form(text);
    let end = inside.find([' ', '\t', '\n', '(', ')', '"']);
    let (name, mut rest) = inside.split_at(end.unwrap_or(inside.len()));
    // Racket's is told by a symbol: `(find-system-path 'home-dir)`.
    if HOME.contains(&name) || name == "find-system-path" && rest.contains("home-dir") {
        return (Some("~".to_owned()), after);
    }
    let mut parts = Vec::new();
    while !rest.trim_start().starts_with(')') {
        let (Some(part), behind) = value(rest, depth + 1) else {
            return (None, after);
        };
        parts.push(part);
        rest = behind;
    }
    let is_getter =
        name.contains("getenv") || name.contains("get-environment") || name == "System/getProperty";
    let text = match parts
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["HOME" | "user.home"] if is_getter => Some("~".to_owned()),
        [name_of, place] if MERGE.contains(&name) => Some([place, "/", name_of].concat()),
        parts if APPEND.contains(&name) && !parts.is_empty() => Some(parts.concat()),
        parts if JOIN.contains(&name) && !parts.is_empty() => Some(parts.join("/")),
        _ => None,
    };
    (text, after)
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
