//! Commands of vi and its kin given on the command line: `vim -c '!rm x'`, `+w! /etc/hosts` (Vim 9.1, `:help ex-cmd-index`).

use super::{Embedded, effect, script, shell};
use crate::effect::{Action, Modifiers, Role};
use crate::knowledge::schema::Language;
use crate::shell::Budget;

/// Reads ex commands, separated by `|` and lines.
pub(super) fn read(text: &str, budget: &mut Budget) -> Vec<Embedded> {
    text.lines()
        .flat_map(|line| commands(line, budget))
        .collect()
}

fn commands(line: &str, budget: &mut Budget) -> Vec<Embedded> {
    let command = line.trim().trim_start_matches(':').trim_start();
    let range =
        command.find(|c: char| !matches!(c, '%' | ',' | '.' | '$' | '0'..='9' | '\'' | ';'));
    let command = command
        .get(range.unwrap_or(command.len())..)
        .unwrap_or_default();
    if let Some(text) = command.strip_prefix('!') {
        return vec![shell(text)];
    }
    let end = command
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(command.len());
    let (name, rest) = command.split_at(end);
    let argument = rest.trim_start_matches('!').trim();
    match name {
        "r" | "re" | "read" | "w" | "write" | "wq" | "x" | "sav" | "saveas" => {
            file(name, argument, rest)
        }
        "s" | "d" | "delete" | "g" | "v" | "normal" | "norm" => next(argument, budget),
        "py" | "python" | "py3" | "python3" | "pyx" | "pyf" => {
            script::read(Language::Python, argument, budget)
        }
        "perl" => script::read(Language::Perl, argument, budget),
        "ruby" => script::read(Language::Ruby, argument, budget),
        "lua" | "call" | "echo" | "let" | "silent" | "sil" | "exe" | "exec" | "execute" => {
            let mut found = if name.starts_with("si") {
                commands(argument, budget)
            } else {
                Vec::new()
            };
            found.extend(script::read(Language::Other, argument, budget));
            found
        }
        "te" | "ter" | "term" | "terminal" => vec![shell(argument)],
        "so" | "source" | "luafile" => {
            vec![effect(
                Action::Interpret,
                Role::Code,
                argument,
                Modifiers::NONE,
            )]
        }
        "q" | "qa" | "quit" | "set" | "se" | "e" | "edit" | "wa" | "wqa" | "xa" | "syntax"
        | "syn" | "colorscheme" | "retab" | "noh" | "bd" | "bn" | "help" | "version" | "" => {
            next(argument, budget)
        }
        _ => vec![Embedded::Unknown(format!("the editor command `{name}`"))],
    }
}

/// Reads what stands behind a `|` that separates two commands.
fn next(argument: &str, budget: &mut Budget) -> Vec<Embedded> {
    match argument.split_once('|') {
        Some((_, rest)) if budget.spend(1) => commands(rest, budget),
        _ => Vec::new(),
    }
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
