//! Which database a client's statements are run on, and what its options put into them.
//!
//! What a statement deletes in a database that is kept in memory, or in a file that is made for a test or for the moment, is as
//! little lost as the file would be. `sqlite3(1)` 3.47 and duckdb 1.1: without a name the database is in memory.

use super::analyst::Analyst;
use super::program::Task;
use super::schema::Language;
use crate::effect::Modifier;
use crate::place::Place;
use crate::shell::{Piece, Word};

/// Clients of databases that are one file.
const FILE_CLIENTS: [&str; 4] = ["sqlite3", "sqlite", "duckdb", "litecli"];

impl Analyst<'_> {
    /// Whether what the statements of a task delete is gone with the task, or was made to be deleted.
    pub(super) fn is_scratch_database(&self, task: &Task<'_, '_>) -> bool {
        let program = task.parsed.path.split(' ').next().unwrap_or_default();
        let has = |option: &str| {
            let mut words = task.call.words.iter();
            words.any(|word| {
                word.known()
                    .is_some_and(|text| text.split('=').next() == Some(option))
            })
        };
        // The copy of a database of Cloudflare that is kept for development (wrangler 3, "d1 execute").
        if task.parsed.path == "wrangler d1 execute" {
            return has("--local") && !has("--remote") && !has("--env") && !has("-e");
        }
        // Without a path everything is in a directory for the moment (clickhouse-local, 24.8).
        let first = task.call.words.first().map(Word::display);
        if first.as_deref() == Some("clickhouse-local") {
            return !has("--path") && !has("--config-file") && !has("-C");
        }
        if !FILE_CLIENTS.contains(&program) {
            return false;
        }
        let mut values = task.parsed.values.iter();
        let Some(database) = values.find(|value| value.role == "database") else {
            return true;
        };
        if let Some(name) = database.word.known()
            && is_scratch_name(&name)
        {
            return true;
        }
        let judged = self.judge(&database.word, &task.call.directories, task.call.scope);
        !judged.is_empty()
            && judged
                .iter()
                .all(|it| it.place == Place::Temp && !it.modifiers.contains(Modifier::Unresolved))
    }

    /// The statements of a task with the variables in front that its options set: `psql -v t=users`.
    pub(super) fn with_settings(task: &Task<'_, '_>, language: Language, text: &Word) -> Word {
        // `rm` of R takes variables away, and `unlink` files (R 4.4, "Remove Objects from a Specified Environment").
        if matches!(task.parsed.path.as_str(), "Rscript" | "R" | "littler") {
            return without_variables(text);
        }
        if language != Language::Sql || !task.parsed.path.starts_with("psql") {
            return text.clone();
        }
        let values = task.parsed.values.iter();
        let settings = values.filter(|value| value.role == "setting");
        let mut lines = String::new();
        for setting in settings {
            if let Some(known) = setting.word.known()
                && let Some((name, value)) = known.split_once('=')
                && !value.contains('\n')
            {
                lines.extend(["\\set ", name, " ", value, "\n"]);
            }
        }
        let mut text = text.clone();
        if !lines.is_empty() {
            text.pieces.insert(0, Piece::Text(lines));
        }
        text
    }
}

/// A text of R in which nothing is said of variables that are taken away.
fn without_variables(text: &Word) -> Word {
    let mut text = text.clone();
    for piece in &mut text.pieces {
        if let Piece::Text(code) = piece {
            let mut kept = String::with_capacity(code.len());
            let mut rest = code.as_str();
            while let Some(at) = rest.find("rm(") {
                let (before, behind) = rest.split_at(at);
                let is_name = before.ends_with(|last: char| {
                    last.is_alphanumeric() || matches!(last, '.' | '_' | ':')
                });
                kept.push_str(before);
                kept.push_str(if is_name { "rm(" } else { "c(" });
                rest = behind.get(3..).unwrap_or_default();
            }
            kept.push_str(rest);
            *code = kept;
        }
    }
    text
}

/// Whether a database of that name is kept in memory, or its name says that it is for tests.
pub(super) fn is_scratch_name(name: &str) -> bool {
    if name.is_empty() || name.starts_with("file::memory:") || name.contains(":memory:") {
        return true;
    }
    let last = name.rsplit('/').next().unwrap_or_default();
    let is_file = [".db", ".sqlite", ".sqlite3", ".duckdb"]
        .iter()
        .any(|end| last.ends_with(end));
    let mut words = last.split(|c: char| !c.is_ascii_alphanumeric());
    is_file && words.any(|word| matches!(word, "test" | "tests" | "tmp" | "temp" | "scratch"))
}

/// Whether statements may reach another database than the one that was named.
pub(super) fn reaches_others(text: &Word) -> bool {
    let display = text.display().to_ascii_lowercase();
    text.holes().next().is_some()
        || [
            "attach",
            ".open",
            "remote(",
            "postgresql(",
            "mysql(",
            "s3(",
            "file(",
        ]
        .iter()
        .any(|other| display.contains(other))
}

#[cfg(test)]
mod tests {
    use super::is_scratch_name;

    #[test]
    fn a_database_is_for_the_moment_by_its_name() {
        for name in [":memory:", "", "test.db", "db/test.sqlite3", "tmp-3.duckdb"] {
            assert!(is_scratch_name(name), "{name}");
        }
        for name in [
            "app.db",
            "latest.db",
            "contest.sqlite",
            "test",
            "test/app.db",
        ] {
            assert!(!is_scratch_name(name), "{name}");
        }
    }
}
