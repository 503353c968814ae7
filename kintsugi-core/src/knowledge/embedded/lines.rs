//! Languages of one command a line, of which a few start programs: gdb (GDB 14), expect and Tcl (`expect(1)`, 5.45).

use super::{Embedded, script, shell};
use crate::knowledge::schema::Language;
use crate::shell::Budget;

/// Reads commands of gdb.
pub(super) fn read_gdb(text: &str, budget: &mut Budget) -> Vec<Embedded> {
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        // lldb(1), 18: `platform shell`, `script` (Python), `command source`.
        let line = line.strip_prefix("platform ").unwrap_or(line);
        if let Some(command) = line.strip_prefix('!') {
            found.push(shell(command));
            continue;
        }
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match name {
            "shell" | "she" | "make" => found.push(shell(rest)),
            "python" | "py" | "python-interactive" | "pi" | "script" => {
                found.extend(script::read(Language::Python, rest, budget));
            }
            "pipe" | "|" => {
                let command = rest.rsplit('|').next().unwrap_or_default();
                found.push(shell(command));
            }
            "call" | "print" | "p" | "expr" | "expression" | "compile"
                if rest.contains("system") =>
            {
                let command = rest.split('"').nth(1).unwrap_or_default();
                found.push(shell(command));
            }
            "source" => found.push(Embedded::Unknown(format!("the gdb script `{rest}`"))),
            _ => {}
        }
    }
    found
}

/// Reads commands of Tcl and expect.
pub(super) fn read_tcl(text: &str) -> Vec<Embedded> {
    text.split(['\n', ';', '[', '{'])
        .filter_map(|command| {
            let command = command.trim().trim_end_matches([']', '}']);
            let (name, rest) = command.split_once(char::is_whitespace)?;
            let rest = rest.trim();
            let words = match name {
                "spawn" | "exec" | "system" => rest.trim_start_matches("-noecho").trim_start(),
                _ => return None,
            };
            Some(shell(words))
        })
        .collect()
}
