//! Dumps that are put into a database on another machine: `zcat /backups/shop.sql.gz | mysql -h db1 shop`.
//!
//! A dump drops and makes again what it holds (mysqldump(1), 8.4, "--add-drop-table"; `pg_dump(1)`, 17, "--clean"), and what came since
//! then is gone. The schema of a project that goes into a database of this machine says nothing here.

use super::analyst::{Analyst, Call};
use super::code::unpacked_file;
use super::program::Task;
use crate::effect::{Action, Modifier, Role, Target};
use crate::shell::{Input, Word};

/// Programs that take statements for a server from their input.
const CLIENTS: [&str; 5] = ["mysql", "mariadb", "psql", "cockroach", "sqlcmd"];

/// Parts of names of files that hold what a database once held.
const OLD: [&str; 12] = [
    "backup",
    "backups",
    "bak",
    "dump",
    "dumps",
    "snapshot",
    "snapshots",
    "old",
    "restore",
    "archive",
    "nightly",
    "prod",
];

impl Analyst<'_> {
    /// Adds what a dump does to the database that it goes into.
    pub(super) fn restored(&mut self, task: &Task<'_, '_>) {
        let call = &task.call;
        let program = task.parsed.path.split(' ').next().unwrap_or_default();
        if !CLIENTS.contains(&program) || !is_elsewhere(call) {
            return;
        }
        let file = match call.input {
            Input::File(word) => word.known().map(std::borrow::Cow::into_owned),
            Input::Pipe { .. } => unpacked_file(call),
            Input::Inherited | Input::Text(_) => None,
        };
        let Some(file) = file.filter(|file| is_old(file)) else {
            return;
        };
        let target = Target::named(format!("a database elsewhere, by {file}"));
        self.push(call, Action::Overwrite, Role::Database, target)
            .by(&task.parsed.path);
    }
}

/// Whether a name says that the file holds what once was.
fn is_old(file: &str) -> bool {
    let lower = file.to_ascii_lowercase();
    let mut parts = lower.split(|letter: char| !letter.is_ascii_alphanumeric());
    let is_year = |part: &str| {
        part.len() >= 4 && part.starts_with("20") && part.bytes().all(|it| it.is_ascii_digit())
    };
    parts.any(|part| OLD.contains(&part) || is_year(part))
}

/// Whether a client is told a server that is not this machine.
fn is_elsewhere(call: &Call<'_>) -> bool {
    if call.ambient.modifiers.contains(Modifier::Remote) {
        return true;
    }
    let is_here = |host: &str| {
        matches!(
            host,
            "" | "localhost" | "127.0.0.1" | "::1" | "db" | "mysql" | "postgres" | "mariadb"
        ) || host.starts_with(['/', '.'])
    };
    let words: Vec<String> = call.words.iter().skip(1).map(Word::display).collect();
    words.iter().enumerate().any(|(at, word)| {
        let next = words.get(at + 1).map_or("", String::as_str);
        let host = match word.as_str() {
            "-h" | "--host" => Some(next),
            other => other
                .strip_prefix("--host=")
                .or_else(|| {
                    other
                        .strip_prefix("-h")
                        .filter(|host| !host.starts_with('-'))
                })
                .or_else(|| {
                    let (_, behind) = other.split_once("://")?;
                    let server = behind.split(['/', '?']).next()?;
                    let server = server.rsplit('@').next()?;
                    server.split(':').next()
                }),
        };
        host.is_some_and(|host| !is_here(host))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::testing::tells_apart;

    #[test]
    fn names_say_that_a_file_is_a_dump() {
        for file in [
            "/backups/x.sql",
            "shop-2024-11-02.sql",
            "dump.sql",
            "prod.sql",
        ] {
            assert!(is_old(file), "{file}");
        }
        for file in ["db/schema.sql", "seed.sql", "fixtures/users.sql", "v20.sql"] {
            assert!(!is_old(file), "{file}");
        }
    }

    #[test]
    fn a_dump_replaces_what_a_database_elsewhere_holds() {
        tells_apart(
            "overwrite database",
            &[
                "zcat /backups/shop.sql.gz | mysql -h db1 shop",
                "psql postgres://app@db1.example.org/shop < dump.sql",
                "ssh db1 'zcat /backups/shop.sql.gz | mysql shop'",
            ],
            &[
                "zcat dump.sql.gz | mysql -h 127.0.0.1 shop_dev",
                "psql app_dev < dump.sql",
                "mysql -h db1 shop < db/schema.sql",
            ],
        );
    }
}
