//! Text of builders: the `RUN` lines of a Dockerfile, and the programs that a file of terraform names.
//!
//! Sources: Dockerfile reference (Docker 28), terraform 1.11 "external data source", "local-exec".

use super::{Embedded, shell};
use crate::effect::Span;
use crate::shell::Word;

/// Reads a Dockerfile: what it runs, it runs in a container.
pub(super) fn read_docker(text: &str) -> Vec<Embedded> {
    let mut found = Vec::new();
    let joined = text.replace("\\\n", " ");
    let mut lines = joined.lines();
    while let Some(line) = lines.next() {
        let Some(mut command) = instruction(line, "RUN") else {
            continue;
        };
        // `RUN --mount=type=bind,source=.,target=/s cmd`
        while let Some(option) = command.strip_prefix("--") {
            command = option
                .split_once(' ')
                .map_or("", |(_, rest)| rest.trim_start());
        }
        if let Some(end) = command.strip_prefix("<<") {
            let end = end.split_whitespace().next().unwrap_or_default();
            let end = end.trim_matches(['"', '\'', '-']);
            let body: Vec<&str> = lines
                .by_ref()
                .take_while(|line| line.trim() != end)
                .collect();
            found.push(contained(&body.join("\n")));
        } else {
            match words(command) {
                Some(words) => found.push(contained(&words.join(" "))),
                None => found.push(contained(command)),
            }
        }
    }
    found
}

fn instruction<'t>(line: &'t str, name: &str) -> Option<&'t str> {
    let line = line.trim_start();
    let rest = line.get(name.len()..)?;
    let is_it = line.get(..name.len())?.eq_ignore_ascii_case(name) && rest.starts_with([' ', '\t']);
    is_it.then(|| rest.trim_start())
}

/// A shell text in a container that is thrown away.
fn contained(text: &str) -> Embedded {
    let words = ["docker", "run", "--rm", "base", "sh", "-c", text];
    Embedded::Command(
        words
            .iter()
            .map(|word| Word::text(*word, Span::default()))
            .collect(),
    )
}

/// `["sh", "-c", "ls"]`.
fn words(text: &str) -> Option<Vec<String>> {
    let end = text
        .trim_start()
        .starts_with('[')
        .then(|| text.rfind(']'))??;
    serde_json::from_str(text.get(..=end)?.trim_start()).ok()
}

/// Reads a file of terraform: the programs that a plan or an apply starts on this machine.
pub(super) fn read_terraform(text: &str) -> Vec<Embedded> {
    let mut found = Vec::new();
    for (name, is_list) in [("program", true), ("command", false), ("interpreter", true)] {
        for (at, _) in text.match_indices(name).take(64) {
            let rest = text.get(at + name.len()..).unwrap_or_default().trim_start();
            let Some(value) = rest.strip_prefix('=') else {
                continue;
            };
            let value = value.trim_start();
            if is_list {
                let close = value.find(']').map_or(value.len(), |end| end + 1);
                // A bracket inside a text ends nothing: the longest list that reads counts.
                let ends = value.match_indices(']').take(16).map(|(at, _)| at + 1);
                let list = ends.chain([close]).find_map(|end| words(value.get(..end)?));
                if let Some(list) = list.filter(|_| name == "program") {
                    let words = list.iter().map(|word| Word::text(word, Span::default()));
                    found.push(Embedded::Command(words.collect()));
                }
            } else if let Some(heredoc) = value.strip_prefix("<<") {
                let heredoc = heredoc.trim_start_matches('-');
                let (end, body) = heredoc.split_once('\n').unwrap_or((heredoc, ""));
                let lines = body.lines().take_while(|line| line.trim() != end.trim());
                found.push(shell(&lines.collect::<Vec<_>>().join("\n")));
            } else if value.starts_with('"') {
                let mut values = serde_json::Deserializer::from_str(value).into_iter::<String>();
                if let Some(Ok(command)) = values.next() {
                    found.push(shell(&command));
                }
            }
        }
    }
    found
}
