//! Lines that are no Python but `IPython`'s: `!cmd`, `%sx cmd`, `%%bash`; and the cells of a notebook file.
//!
//! Sources: `IPython` 8 "magics", `nbformat` 4.5.

use super::{Embedded, shell};

/// Takes the cells of a notebook out of its file; none when the text is no notebook.
pub(super) fn cells(text: &str) -> Option<String> {
    if !text.trim_start().starts_with('{') || !text.contains("\"cells\"") {
        return None;
    }
    let file: serde_json::Value = serde_json::from_str(text).ok()?;
    let cells = file.get("cells")?.as_array()?;
    let mut all = String::new();
    for cell in cells {
        if cell.get("cell_type").and_then(serde_json::Value::as_str) != Some("code") {
            continue;
        }
        let source = cell.get("source");
        let lines = source.and_then(serde_json::Value::as_array);
        all.extend(
            lines
                .into_iter()
                .flatten()
                .filter_map(serde_json::Value::as_str),
        );
        all.extend(source.and_then(serde_json::Value::as_str));
        all.push('\n');
    }
    Some(all)
}

/// Takes the lines for a shell out of a text, and returns the Python that is left.
pub(super) fn magics(text: &str, found: &mut Vec<Embedded>) -> String {
    let mut python = String::new();
    let mut rest = text;
    while let Some(line) = rest.lines().next() {
        rest = rest.get(line.len()..).unwrap_or_default();
        rest = rest.trim_start_matches('\r');
        rest = rest.strip_prefix('\n').unwrap_or(rest);
        let plain = line.trim_start();
        let is_cell = [
            "%%bash",
            "%%sh",
            "%%script bash",
            "%%script sh",
            "%%system",
            "%%sx",
        ]
        .iter()
        .any(|magic| plain.starts_with(magic));
        if is_cell {
            found.push(shell(rest));
            break;
        }
        // `files = !ls`
        let behind = plain.split_once("= !").map(|(_, command)| command);
        let is_name = |name: &str| name.chars().all(|c| c.is_alphanumeric() || c == '_');
        let assigned = behind.filter(|_| {
            plain
                .split_once("= !")
                .is_some_and(|(name, _)| is_name(name.trim()))
        });
        let command = plain
            .strip_prefix('!')
            .or_else(|| plain.strip_prefix("%sx "))
            .or_else(|| plain.strip_prefix("%system "))
            .or(assigned);
        if let Some(command) = command {
            found.push(shell(command.trim_start_matches('!')));
        } else {
            python.push_str(line);
            python.push('\n');
        }
    }
    python
}
