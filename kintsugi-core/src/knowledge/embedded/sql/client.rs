//! Commands of the clients, which end with their line and are no SQL: `\! rm x`, `.shell rm x`, `system rm x`.
//!
//! Sources: `psql(1)` 17, `mysql(1)` 8.4, `sqlite3(1)` 3.47, duckdb 1.1.

use std::collections::BTreeMap;

use super::super::{Embedded, effect, shell};
use crate::effect::{Action, Modifier, Modifiers, Role};

/// What the lines of a text are, once the commands of the client are taken out.
pub(super) struct Lines {
    /// The SQL between them; `\gexec` stays in it.
    pub(super) sql: String,
    /// Variables that were set: `\set t users`.
    pub(super) set: BTreeMap<String, String>,
    /// Whether a command of the client stands among the statements.
    pub(super) has_commands: bool,
}

/// Takes the commands of the client out of a text.
pub(super) fn read(text: &str, found: &mut Vec<Embedded>) -> Lines {
    let mut lines = Lines {
        sql: String::new(),
        set: BTreeMap::new(),
        has_commands: false,
    };
    for line in text.lines() {
        let (sql, command) = parted(line);
        lines.sql.push_str(sql);
        if let Some(command) = command {
            lines.has_commands = true;
            set(command, &mut lines.set);
            if !client_command(command, found) {
                lines.sql.push_str(command);
            }
        }
        lines.sql.push('\n');
    }
    if !lines.set.is_empty() {
        lines.sql = filled(&lines.sql, &lines.set);
    }
    lines
}

/// Parts a line in front of a command that stands in it, or behind it: `select 1 \g | sh`.
fn parted(line: &str) -> (&str, Option<&str>) {
    let trimmed = line.trim_start();
    let is_command = trimmed.starts_with(['\\', '.'])
        || ["system ", "source ", "pager ", "tee ", "delimiter "]
            .iter()
            .any(|word| {
                trimmed
                    .get(..word.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(word))
            });
    if is_command {
        return ("", Some(trimmed.trim_end()));
    }
    let mut quote = None;
    let mut last = ' ';
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None, '\\') if last.is_whitespace() || last == ';' => {
                let (sql, command) = line.split_at(at);
                let next = command.chars().nth(1);
                if next.is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, '!' | '.')) {
                    return (sql, Some(command.trim_end()));
                }
            }
            _ => {}
        }
        last = c;
    }
    (line, None)
}

/// Notes `\set name value`.
fn set(command: &str, into: &mut BTreeMap<String, String>) {
    let Some(rest) = command.strip_prefix("\\set ") else {
        return;
    };
    if let Some((name, value)) = rest.trim().split_once(char::is_whitespace) {
        let value = value.trim().trim_matches('\'').to_owned();
        into.insert(name.to_owned(), value);
    }
}

/// Puts values in the place of `:name`, `:'name'` and `:"name"`.
fn filled(sql: &str, values: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    let mut rest = sql;
    while let Some(at) = rest.find(':') {
        let (before, behind) = rest.split_at(at);
        text.push_str(before);
        let behind = behind.get(1..).unwrap_or_default();
        let quote = behind.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let name = quote.map_or(behind, |_| behind.get(1..).unwrap_or_default());
        let end = name
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(name.len());
        let (name, after) = name.split_at(end);
        let after = match quote {
            Some(quote) => after.strip_prefix(quote).unwrap_or(after),
            None => after,
        };
        if let Some(value) = values.get(name) {
            text.extend(quote);
            text.push_str(value);
            text.extend(quote);
            rest = after;
        } else {
            text.push(':');
            rest = behind;
        }
        // Values grow what is read; a text of nothing but variables is not read to its end.
        if text.len() > crate::limits::SCRIPT_BYTES_MAX * 4 {
            break;
        }
    }
    text.push_str(rest);
    text
}

/// The full name of a command of sqlite3, which may be cut short.
fn dotted(word: &str) -> &str {
    const NAMES: [&str; 14] = [
        ".backup", ".clone", ".dump", ".excel", ".import", ".load", ".log", ".once", ".open",
        ".output", ".read", ".restore", ".shell", ".system",
    ];
    let all = NAMES.iter().filter(|name| name.starts_with(word));
    match (word.len() > 2, all.collect::<Vec<_>>().as_slice()) {
        (true, [only]) => only,
        (true, [first, ..]) if word.starts_with(".s") => first,
        _ => word,
    }
}

/// Notes what a command of the client does; false when it belongs to the statement in front of it.
fn client_command(line: &str, found: &mut Vec<Embedded>) -> bool {
    let line = line.trim();
    let none = Modifiers::NONE;
    if let Some(command) = line.strip_prefix("\\!") {
        found.push(shell(command.trim().trim_end_matches(';')));
        return true;
    }
    // An argument of psql between backquotes is what a command says (psql(1), PostgreSQL 17).
    if line.starts_with('\\') {
        found.extend(line.split('`').skip(1).step_by(2).map(shell));
    }
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default();
    // `.once '|cmd -x'`: everything behind the name of the command.
    let rest = line.get(first.len()..).unwrap_or_default().trim();
    let rest = rest.trim_end_matches(';').trim_matches(['"', '\'']);
    let target = words.next().map(|word| word.trim_matches(['"', '\'', ';']));
    let name = dotted(first).to_ascii_lowercase();
    match (name.as_str(), target) {
        ("\\gexec", _) => return false,
        (".system" | ".shell" | "system", Some(_)) => found.push(shell(rest)),
        ("\\setenv", Some(_)) => {
            let value = rest.split_once(char::is_whitespace).map(|(_, value)| value);
            found.extend(value.map(|value| shell(value.trim_matches(['"', '\'']))));
        }
        ("pager" | "\\p", Some(_)) if line.starts_with('p') || line.starts_with("\\P") => {
            piped(rest, found);
        }
        ("\\g" | "\\gx", target) => {
            match target.and_then(|_| rest.strip_prefix('|')) {
                Some(command) => piped(command.trim(), found),
                None if rest.is_empty() || rest.starts_with('(') => {}
                None => written(rest, found),
            }
            return false;
        }
        (
            "\\o" | "\\out" | "\\w" | "\\s" | ".output" | ".once" | ".backup" | ".save" | ".log"
            | "tee" | "\\t",
            Some(target),
        ) if name != "\\t" || line.starts_with("\\T") => match rest.strip_prefix('|') {
            Some(command) => piped(command.trim(), found),
            None if target.starts_with('-') => {}
            None => written(target, found),
        },
        ("\\copy", Some(_)) => copy(line, found),
        (".load", Some(target)) => found.push(loaded(target)),
        (".import" | ".read" | "\\i" | "\\ir" | "\\include" | "source" | "\\.", Some(target)) => {
            match target.strip_prefix('|') {
                // `.read '|cmd'` runs what the command prints.
                Some(_) if name == ".read" => {
                    piped(&format!("{} | sh", &rest.trim_start_matches('|')), found);
                }
                Some(_) => found.push(shell(rest.trim_start_matches('|').trim())),
                None => found.push(effect(Action::Read, Role::Path, target, none)),
            }
        }
        ("\\lo_import" | "\\lo_export" | "\\lo_unlink", Some(target)) => {
            large_object(&name, target, words.next(), found);
        }
        (".dump" | ".clone", _) => {
            found.push(effect(Action::Read, Role::Database, "main", none));
        }
        (".restore", Some(_)) => {
            found.push(effect(Action::Overwrite, Role::Database, "main", none));
        }
        ("delimiter", _) => {}
        (first, _) => {
            return first.starts_with('\\') || first.starts_with('.') && first.len() > 1;
        }
    }
    true
}

/// `\lo_import FILE`, `\lo_export ID FILE`, `\lo_unlink ID`.
fn large_object(name: &str, first: &str, second: Option<&str>, found: &mut Vec<Embedded>) {
    let none = Modifiers::NONE;
    found.push(match name {
        "\\lo_import" => effect(Action::Read, Role::Path, first, none),
        "\\lo_export" => effect(Action::Overwrite, Role::Path, second.unwrap_or("?"), none),
        _ => effect(Action::Delete, Role::Table, first, none),
    });
}

fn written(target: &str, found: &mut Vec<Embedded>) {
    found.push(effect(
        Action::Overwrite,
        Role::Path,
        target,
        Modifiers::NONE,
    ));
}

/// Machine code that the database runs from now on.
pub(super) fn loaded(target: &str) -> Embedded {
    effect(
        Action::Interpret,
        Role::Code,
        target,
        Modifiers::NONE.with(Modifier::Unverified),
    )
}

/// A command that is fed with what the client prints: what a dump of the database would say.
fn piped(command: &str, found: &mut Vec<Embedded>) {
    let program = command
        .rsplit('|')
        .next()
        .and_then(|last| last.split_whitespace().next());
    if matches!(
        program.and_then(|program| program.rsplit('/').next()),
        Some("sh" | "bash" | "zsh" | "dash" | "ksh")
    ) {
        found.push(loaded("what a query prints"));
    }
    found.push(shell(&format!("pg_dump | {command}")));
}

fn copy(line: &str, found: &mut Vec<Embedded>) {
    let lower = line.to_ascii_lowercase();
    if let Some(at) = lower.find(" program ") {
        let command = line.get(at + 9..).unwrap_or_default().trim();
        let command = command.trim_matches('\'');
        if lower
            .get(..at)
            .is_some_and(|before| before.ends_with(" to"))
        {
            piped(command, found);
        } else {
            found.push(shell(command));
        }
    } else if let Some(at) = lower.find(" to ") {
        let target = line.get(at + 4..).unwrap_or_default().trim();
        let target = target.split_whitespace().next().unwrap_or_default();
        written(target.trim_matches('\''), found);
    }
}
