//! Tcl and expect: commands that start programs, delete files or read text again (Tcl 8.6, `expect(1)` 5.45).

use super::{Embedded, effect, shell};
use crate::effect::{Action, Modifier, Modifiers, Role};
use crate::shell::Budget;

/// Reads a script of Tcl.
pub(super) fn read(text: &str, budget: &mut Budget) -> Vec<Embedded> {
    let mut found = Vec::new();
    for (at, before) in starts(text) {
        let command = text.get(at..).unwrap_or_default().trim_start();
        let end = end(command);
        if !budget.spend(u32::try_from(end / 64 + 1).unwrap_or(u32::MAX)) {
            found.push(Embedded::Hidden("more code than is read".to_owned()));
            return found;
        }
        let (command, _) = command.split_at(end);
        // A pattern in braces and a text in quotes begin with brackets too.
        if matches!(before, '\n' | ';') && command.trim_start().starts_with(['[', '{']) {
            computed_name(command.trim(), &mut found);
        }
        one(command.trim(), &mut found);
    }
    if text.contains("[glob ") {
        for it in &mut found {
            if let Embedded::Effect {
                action: Action::Truncate,
                modifiers,
                ..
            } = it
            {
                modifiers.insert(Modifier::Indirect);
            }
        }
    }
    found
}

/// Where commands begin: the text, its lines, and what stands in brackets and braces.
fn starts(text: &str) -> impl Iterator<Item = (usize, char)> {
    let inner = text
        .char_indices()
        .filter(|(_, letter)| matches!(letter, '\n' | ';' | '[' | '{' | '"'))
        .map(|(at, letter)| (at + letter.len_utf8(), letter));
    std::iter::once((0, '\n')).chain(inner)
}

/// Where the command ends that begins here.
fn end(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '[' | '{' => depth += 1,
            ']' | '}' | '\n' | ';' if depth == 0 => return at,
            ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

fn one(command: &str, found: &mut Vec<Embedded>) {
    let (name, rest) = command
        .split_once(char::is_whitespace)
        .unwrap_or((command, ""));
    let rest = rest.trim();
    // A variable or a command inside is known only when it runs.
    let computed = rest.contains('[') || rest.contains('$') || rest.contains('\\');
    match name.trim_start_matches("::") {
        "spawn" | "exec" | "system" => {
            let words = rest.trim_start_matches("-noecho").trim_start();
            let words = words
                .trim_start_matches("-ignorestderr")
                .trim_start_matches("--");
            found.push(shell(&words.replace(['{', '}'], "'")));
            let first = words.split_whitespace().next().unwrap_or_default();
            if first.contains(['[', '$', '\\']) {
                found.push(Embedded::Hidden(format!("`{name}` of what is computed")));
            }
        }
        "open" => {
            let words = rest.trim_matches(['"', '{', '}']);
            if let Some(pipe) = words.strip_prefix('|') {
                found.push(shell(pipe));
            } else if let Some((path, mode)) = words.rsplit_once(' ')
                && mode.starts_with('w')
            {
                let path = path.trim().trim_matches(['"', '{', '}']);
                found.push(if computed {
                    of_each(Action::Truncate)
                } else {
                    effect(Action::Overwrite, Role::Path, path, Modifiers::NONE)
                });
            }
        }
        "file" => file(rest, found),
        // What is typed to whoever answers: a switch, a router.
        "send" | "exp_send" => {
            let text = rest.trim_start_matches("-- ").trim_matches(['"', '{', '}']);
            let text = text.replace("\\r", "\n").replace("\\n", "\n");
            if text.lines().any(crate::knowledge::appliances::is_regretted) {
                let with = Modifiers::NONE.with(Modifier::Remote);
                found.push(effect(
                    Action::Write,
                    Role::Config,
                    "a network device",
                    with,
                ));
            }
        }
        "eval" | "uplevel" | "subst" | "source" | "interp" | "apply" | "expr" if computed => {
            let known = name == "expr" || name == "subst" && !rest.contains('[');
            if !known {
                found.push(Embedded::Hidden(format!("`{name}` of what is computed")));
            }
        }
        "load" => found.push(Embedded::Hidden("machine code by way of load".to_owned())),
        name if name.starts_with('$') => {
            found.push(Embedded::Hidden(
                "a command whose name is computed".to_owned(),
            ));
        }
        _ => {}
    }
}

/// What a variable names: one file after the other, when a loop goes through what is listed.
fn of_each(action: Action) -> Embedded {
    Embedded::Effect {
        action,
        role: Role::Path,
        target: super::value::hole(),
        modifiers: Modifiers::NONE,
        feed: crate::effect::Feed::Text,
    }
}

/// `[string reverse cexe] rm x`, `{*}[list file delete x]`: which command it is only running it tells.
fn computed_name(command: &str, found: &mut Vec<Embedded>) {
    let expands = command
        .strip_prefix("{*}")
        .is_some_and(|rest| rest.starts_with(['[', '$']));
    let is_given_words = command.starts_with('[') && !command.ends_with(']');
    if expands || is_given_words {
        found.push(Embedded::Hidden(
            "a command whose name is computed".to_owned(),
        ));
    }
}

/// `file delete -force X`, `file rename A B`, `file copy -force A B`.
fn file(rest: &str, found: &mut Vec<Embedded>) {
    let mut words = rest.split_whitespace();
    let verb = words.next().unwrap_or_default();
    let paths: Vec<&str> = words
        .filter(|word| !word.starts_with('-'))
        .map(|word| word.trim_matches(['"', '{', '}']))
        .collect();
    let tree = Modifiers::NONE.with(Modifier::Recursive);
    match verb {
        "delete" | "del" | "de" => {
            let all = paths
                .iter()
                .map(|path| effect(Action::Delete, Role::Path, path, tree));
            found.extend(all);
        }
        "rename" => {
            let first = paths.first().copied().unwrap_or_default();
            found.push(effect(Action::Move, Role::Path, first, Modifiers::NONE));
        }
        "copy" => {
            let last = paths.last().copied().unwrap_or_default();
            found.push(effect(Action::Overwrite, Role::Path, last, Modifiers::NONE));
        }
        verb if verb.starts_with(['$', '[']) => {
            found.push(Embedded::Hidden(
                "`file` with a verb that is computed".to_owned(),
            ));
        }
        _ => {}
    }
}
