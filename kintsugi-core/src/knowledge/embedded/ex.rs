//! Commands of vi and its kin given on the command line: `vim -c '!rm x'`, `+w! /etc/hosts` (Vim 9.1, `:help ex-cmd-index`).

use super::{Embedded, effect, script, shell};
use crate::effect::{Action, Modifiers, Role};
use crate::knowledge::schema::Language;
use crate::shell::Budget;

/// Reads ex commands, separated by `|` and lines.
pub(super) fn read(text: &str, budget: &mut Budget) -> Vec<Embedded> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut next = Some(line);
        while let Some(command) = next {
            if !budget.spend(1) {
                found.push(Embedded::Unknown("more code than is read".to_owned()));
                return found;
            }
            next = one(command, budget, &mut found);
        }
    }
    found
}

/// Reads one command; returns what is left to be read as the next one.
fn one<'t>(line: &'t str, budget: &mut Budget, found: &mut Vec<Embedded>) -> Option<&'t str> {
    let command = line.trim().trim_start_matches(':').trim_start();
    let range =
        command.find(|c: char| !matches!(c, '%' | ',' | '.' | '$' | '0'..='9' | '\'' | ';'));
    let command = command
        .get(range.unwrap_or(command.len())..)
        .unwrap_or_default();
    if let Some(text) = command.strip_prefix('!') {
        found.push(shell(text));
        return None;
    }
    let end = command
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(command.len());
    let (name, rest) = command.split_at(end);
    let argument = rest.trim_start_matches('!').trim();
    match name {
        "r" | "re" | "read" | "w" | "write" | "wq" | "x" | "sav" | "saveas" => {
            found.extend(file(name, argument, rest));
        }
        "silent" | "sil" => return Some(argument),
        "s" | "d" | "delete" | "g" | "v" | "normal" | "norm" => return behind_bar(argument),
        "py" | "python" | "py3" | "python3" | "pyx" | "pyf" => {
            found.extend(script::read(Language::Python, argument, budget));
        }
        "perl" => found.extend(script::read(Language::Perl, argument, budget)),
        "ruby" => found.extend(script::read(Language::Ruby, argument, budget)),
        "lua" | "call" | "echo" | "let" | "exe" | "exec" | "execute" => {
            // What an editor is told to start is plain, unless somebody hides it.
            // A dot joins texts (`:help expr-.`, Vim 9.1).
            let argument = close_dots(argument);
            let argument = argument.replace("\".\"", "\"..\"").replace("'.'", "'..'");
            found.extend(called_by_name(&argument));
            if name.starts_with("exe") {
                // `exe "!r"."m x"` runs what the texts say together.
                let joined = argument.replace("\"..\"", "").replace("'..'", "");
                let command = joined.trim_matches(['"', '\'']);
                if let Some(text) = command.trim_start().strip_prefix('!') {
                    found.push(shell(text));
                    return None;
                }
            }
            let started = script::read(Language::Other, &argument, budget);
            found.extend(started.into_iter().map(|part| {
                let is_hidden =
                    matches!(&part, Embedded::Shell(word) if word.known_prefix().is_empty());
                if is_hidden {
                    Embedded::Hidden("a command that an editor puts together".to_owned())
                } else {
                    part
                }
            }));
        }
        "te" | "ter" | "term" | "terminal" => found.push(shell(argument)),
        "so" | "source" | "luafile" => found.push(effect(
            Action::Interpret,
            Role::Code,
            argument,
            Modifiers::NONE,
        )),
        "q" | "qa" | "quit" | "set" | "se" | "e" | "edit" | "wa" | "wqa" | "xa" | "syntax"
        | "syn" | "colorscheme" | "retab" | "noh" | "bd" | "bn" | "help" | "version" | "" => {
            return behind_bar(argument);
        }
        _ => found.push(Embedded::Unknown(format!("the editor command `{name}`"))),
    }
    None
}

/// `"a" . "b"` as `"a"."b"`.
fn close_dots(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\'']) {
        let (before, behind) = rest.split_at(at + 1);
        let joins = before
            .get(..at)
            .is_some_and(|between| between.trim() == "." && !out.is_empty());
        out.push_str(if joins {
            "."
        } else {
            before.get(..at).unwrap_or_default()
        });
        out.push_str(before.get(at..).unwrap_or_default());
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Functions of Vim by which something is run or gone (`:help functions`, Vim 9.1).
const REGRETTED: [&str; 8] = [
    "delete",
    "system",
    "systemlist",
    "writefile",
    "rename",
    "job_start",
    "jobstart",
    "termopen",
];

/// `call("del" .. "ete", […])`, `function('delete')`: a function by its name, which only running it tells when it is put together.
fn called_by_name(argument: &str) -> Option<Embedded> {
    let makers = ["call(", "function(", "funcref("];
    makers.iter().find_map(|maker| {
        let (before, behind) = argument.split_once(maker)?;
        if before.ends_with(|last: char| last.is_alphanumeric() || last == '_') {
            return None;
        }
        let name = behind.trim_start().strip_prefix(['"', '\''])?;
        let (name, after) = name.split_once(['"', '\''])?;
        let is_whole = after.trim_start().starts_with([',', ')']);
        (!is_whole || REGRETTED.contains(&name))
            .then(|| Embedded::Hidden("a function that an editor calls by its name".to_owned()))
    })
}

/// What stands behind a `|` that separates two commands.
fn behind_bar(argument: &str) -> Option<&str> {
    argument.split_once('|').map(|(_, rest)| rest)
}

fn file(name: &str, argument: &str, rest: &str) -> Vec<Embedded> {
    if let Some(command) = rest
        .trim_start()
        .strip_prefix('!')
        .filter(|_| rest.starts_with(' ') || name.starts_with('r'))
    {
        return vec![shell(command)];
    }
    if argument.is_empty() {
        return Vec::new();
    }
    let action = if name.starts_with('r') {
        Action::Read
    } else {
        Action::Overwrite
    };
    vec![effect(action, Role::Path, argument, Modifiers::NONE)]
}
