//! SQL and the commands of its clients; the collection methods of MongoDB's shell.
//!
//! Statement by statement, by its leading keywords: sources are the references of PostgreSQL 17, MySQL 8.4, SQLite 3.47 and
//! SQL Server 2022, and of `psql(1)`, `mysql(1)`, `sqlite3(1)`.

use super::{Embedded, effect, shell};
use crate::effect::{Action, Modifier, Modifiers, Role};

/// A statement as words in upper case beside the words as written; strings are one word.
struct Statement {
    upper: Vec<String>,
    words: Vec<String>,
}

impl Statement {
    fn has(&self, keyword: &str) -> bool {
        self.upper.iter().any(|word| word == keyword)
    }

    /// Returns the word behind `keyword`, skipping words that only qualify.
    fn behind(&self, keyword: &str) -> &str {
        const FILLERS: &[&str] = &[
            "IF",
            "EXISTS",
            "NOT",
            "ONLY",
            "TABLE",
            "CONCURRENTLY",
            "TO",
            "(",
        ];
        self.upper
            .iter()
            .position(|word| word == keyword)
            .and_then(|at| {
                let rest = self.upper.iter().zip(&self.words).skip(at + 1);
                rest.filter(|(upper, _)| !FILLERS.contains(&upper.as_str()))
                    .map(|(_, word)| word)
                    .next()
            })
            .map_or("?", String::as_str)
    }
}

/// Reads SQL text.
pub(super) fn read(text: &str) -> Vec<Embedded> {
    let mut found = Vec::new();
    let mut sql = String::new();
    for line in text.lines() {
        if !client_command(line.trim(), &mut found) {
            sql.push_str(line);
            sql.push('\n');
        }
    }
    for statement in statements(&sql) {
        judge(&statement, &mut found);
    }
    found
}

/// Commands of the clients, which end with their line: `\! rm x`, `.shell rm x`, `system rm x`.
fn client_command(line: &str, found: &mut Vec<Embedded>) -> bool {
    const SHELLS: &[&str] = &["\\!", ".shell ", ".system ", "system ", ".sh "];
    if let Some(command) = SHELLS.iter().find_map(|prefix| line.strip_prefix(prefix)) {
        found.push(shell(command.trim().trim_end_matches(';')));
        return true;
    }
    let mut words = line.split_whitespace();
    match (words.next(), words.next()) {
        (
            Some("\\o" | "\\w" | ".output" | ".once" | ".backup" | ".save" | "\\copy"),
            Some(target),
        ) => {
            // `.once '|cmd -x'`: everything behind the name of the command.
            let rest = line
                .split_once(char::is_whitespace)
                .map(|(_, rest)| rest.trim());
            let rest = rest.unwrap_or_default().trim_matches(['"', '\'']);
            match rest.strip_prefix('|') {
                Some(command) => piped(command, found),
                None if line.starts_with("\\copy") => copy(line, found),
                None => found.push(effect(
                    Action::Overwrite,
                    Role::Path,
                    target,
                    Modifiers::NONE,
                )),
            }
            true
        }
        (Some(".load" | ".import" | ".read" | "\\i" | "\\ir" | "source" | "\\."), Some(target)) => {
            match target.trim_matches(['"', '\'']).strip_prefix('|') {
                Some(command) => found.push(shell(command)),
                None if line.starts_with(".load") => {
                    found.push(effect(
                        Action::Interpret,
                        Role::Code,
                        target,
                        Modifiers::NONE,
                    ));
                }
                None => found.push(effect(Action::Read, Role::Path, target, Modifiers::NONE)),
            }
            true
        }
        (Some(".dump" | ".clone"), _) => {
            found.push(effect(
                Action::Read,
                Role::Database,
                "main",
                Modifiers::NONE,
            ));
            true
        }
        (Some(".restore"), Some(_)) => {
            let database = effect(Action::Overwrite, Role::Database, "main", Modifiers::NONE);
            found.push(database);
            true
        }
        (Some(first), _) => first.starts_with('\\') || first.starts_with('.') && first.len() > 1,
        (None, _) => false,
    }
}

/// A command that is fed with what the client prints.
fn piped(command: &str, found: &mut Vec<Embedded>) {
    let program = command.split_whitespace().next().unwrap_or_default();
    if matches!(
        program.rsplit('/').next(),
        Some("sh" | "bash" | "zsh" | "dash" | "ksh")
    ) {
        let text = "what a query prints";
        found.push(effect(
            Action::Interpret,
            Role::Code,
            text,
            Modifiers::NONE.with(Modifier::Unverified),
        ));
    }
    found.push(shell(command));
}

fn copy(line: &str, found: &mut Vec<Embedded>) {
    let lower = line.to_ascii_lowercase();
    if let Some(at) = lower.find(" program ") {
        let command = line.get(at + 9..).unwrap_or_default().trim();
        found.push(shell(command.trim_matches('\'')));
    } else if let Some(at) = lower.find(" to ") {
        let target = line.get(at + 4..).unwrap_or_default().trim();
        let target = target
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .trim_matches('\'');
        found.push(effect(
            Action::Overwrite,
            Role::Path,
            target,
            Modifiers::NONE,
        ));
    }
}

fn judge(statement: &Statement, found: &mut Vec<Embedded>) {
    if let Some((action, role, keyword)) = verb(statement) {
        let whole = match statement.upper.first().map(String::as_str) {
            Some("DELETE" | "UPDATE") => !is_bounded(statement),
            Some("ALTER") if statement.has("DELETE") => !is_bounded(statement),
            Some("ALTER") => statement.has("SYSTEM") || loses_column(statement),
            _ => matches!(action, Action::Delete | Action::Truncate),
        };
        let modifiers = if whole {
            Modifiers::NONE.with(Modifier::All)
        } else {
            Modifiers::NONE
        };
        found.push(effect(action, role, statement.behind(keyword), modifiers));
    }
    for keyword in ["OUTFILE", "DUMPFILE"] {
        if statement.has(keyword) {
            let target = statement.behind(keyword);
            found.push(effect(
                Action::Overwrite,
                Role::Path,
                target,
                Modifiers::NONE,
            ));
        }
    }
    if statement.has("PROGRAM") || statement.has("XP_CMDSHELL") || statement.has("SYS_EXEC") {
        let keyword = if statement.has("PROGRAM") {
            "PROGRAM"
        } else {
            "XP_CMDSHELL"
        };
        if statement.upper.first().is_some_and(|first| first == "COPY") && statement.has("TO") {
            // What the program is fed, and may send: as from a dump of that table.
            let table = statement.behind("COPY");
            found.push(effect(Action::Read, Role::Table, table, Modifiers::NONE));
            found.push(shell(&format!("pg_dump | {}", statement.behind(keyword))));
        } else {
            found.push(shell(statement.behind(keyword)));
        }
    }
    hidden(statement, found);
}

/// What a statement does by its leading keywords, to what, and behind which keyword its target stands.
fn verb(statement: &Statement) -> Option<(Action, Role, &'static str)> {
    use Action::{Create, Delete, Grant, Overwrite, Read, Revoke, StopService, Truncate, Write};
    let second = statement.upper.get(1).map_or("", String::as_str);
    Some(match statement.upper.first()?.as_str() {
        "DROP" => return Some(dropped(second)),
        "TRUNCATE" => (Truncate, Role::Table, "TRUNCATE"),
        "DELETE" => (Delete, Role::Table, "FROM"),
        "UPDATE" => (Write, Role::Table, "UPDATE"),
        "ALTER" if statement.has("DROP") || statement.has("DELETE") => {
            (Delete, Role::Table, "TABLE")
        }
        "SET" if second == "GLOBAL" || second == "PERSIST" => (Write, Role::Config, "GLOBAL"),
        "ALTER" if second == "SYSTEM" => (Write, Role::Config, "SYSTEM"),
        "ALTER" if statement.has("PASSWORD") || statement.has("SUPERUSER") => {
            (Grant, Role::Account, "USER")
        }
        "ALTER" | "RENAME" | "INSERT" | "MERGE" | "IMPORT" | "REPLACE" => {
            (Write, Role::Table, "INTO")
        }
        "CREATE" => (Create, Role::Table, "TABLE"),
        "GRANT" => (Grant, Role::Account, "TO"),
        "REVOKE" => (Revoke, Role::Account, "FROM"),
        "FLUSH" | "PURGE" | "RESET" => (Delete, Role::History, "PURGE"),
        "DETACH" if statement.has("PERMANENTLY") => (Delete, Role::Table, "TABLE"),
        "SHUTDOWN" => (StopService, Role::Service, "SHUTDOWN"),
        "LOAD" => (Read, Role::Path, "INFILE"),
        "ATTACH" => (Read, Role::Path, "DATABASE"),
        "COPY" if statement.has("TO") && !statement.has("STDOUT") && !statement.has("PROGRAM") => {
            (Overwrite, Role::Path, "TO")
        }
        _ => return None,
    })
}

/// `ALTER TABLE t DROP COLUMN c`: the column of every row; a constraint, an index or a default is made again.
fn loses_column(statement: &Statement) -> bool {
    let at = statement.upper.iter().position(|word| word == "DROP");
    let Some(kind) = at.and_then(|at| statement.upper.get(at + 1)) else {
        return false;
    };
    let is_rule = matches!(
        kind.as_str(),
        "CONSTRAINT" | "INDEX" | "KEY" | "DEFAULT" | "NOT" | "FOREIGN" | "CHECK" | "EXPRESSION"
    );
    !is_rule && !statement.has("DEFAULT") && statement.has("TABLE")
}

/// What `DROP` removes.
fn dropped(kind: &str) -> (Action, Role, &'static str) {
    let (role, keyword) = match kind {
        "DATABASE" => (Role::Database, "DATABASE"),
        "SCHEMA" => (Role::Database, "SCHEMA"),
        "TABLESPACE" => (Role::Database, "TABLESPACE"),
        "KEYSPACE" => (Role::Database, "KEYSPACE"),
        "USER" => (Role::Account, "USER"),
        "ROLE" => (Role::Account, "ROLE"),
        "LOGIN" => (Role::Account, "LOGIN"),
        "INDEX" => (Role::Config, "INDEX"),
        "VIEW" => (Role::Config, "VIEW"),
        "TRIGGER" => (Role::Config, "TRIGGER"),
        "FUNCTION" => (Role::Config, "FUNCTION"),
        "PROCEDURE" => (Role::Config, "PROCEDURE"),
        "POLICY" => (Role::Config, "POLICY"),
        "COLLECTION" => (Role::Table, "COLLECTION"),
        _ => (Role::Table, "TABLE"),
    };
    (Action::Delete, role, keyword)
}

/// `DELETE` and `UPDATE` with a condition that is not always true.
fn is_bounded(statement: &Statement) -> bool {
    let condition = statement.upper.iter().position(|word| word == "WHERE");
    let condition = condition.map(|at| {
        statement
            .upper
            .iter()
            .skip(at + 1)
            .map(String::as_str)
            .collect::<Vec<_>>()
    });
    match condition.as_deref() {
        None => statement.has("LIMIT"),
        Some(condition) => !condition
            .split(|word| *word == "OR")
            .any(|alternative| alternative.split(|word| *word == "AND").all(is_always_true)),
    }
}

/// Whether a condition holds for every row, as far as its form tells: `1 = 1`, `id > 0`, `name LIKE '%'`.
fn is_always_true(condition: &[&str]) -> bool {
    match condition {
        [left, "=", right] => left == right,
        []
        | ["TRUE" | "1" | "NOT"]
        | ["NOT", "FALSE" | "0"]
        | [_, ">", "0" | "1"]
        | [_, ">", "=", "0" | "1"]
        | [_, ">", "-", "1"]
        | [_, "IS", "NOT", "NULL"]
        | [_, "LIKE", "%"] => true,
        _ => false,
    }
}

/// A statement behind `EXPLAIN ANALYZE`, `WITH` or `BEGIN` runs as well; what hides there is found by its own keyword.
fn hidden(statement: &Statement, found: &mut Vec<Embedded>) {
    let opens = [
        "EXPLAIN", "WITH", "BEGIN", "DO", "EXECUTE", "EXEC", "SELECT",
    ];
    if !statement
        .upper
        .first()
        .is_some_and(|first| opens.contains(&first.as_str()))
    {
        return;
    }
    for (at, word) in statement.upper.iter().enumerate().skip(1) {
        let next = statement.upper.get(at + 1).map_or("", String::as_str);
        let starts = matches!(
            (word.as_str(), next),
            ("DROP", "TABLE" | "DATABASE" | "SCHEMA" | "USER" | "ROLE")
                | ("DELETE", "FROM")
                | ("TRUNCATE", _)
        );
        if starts {
            let rest = Statement {
                upper: statement.upper.iter().skip(at).cloned().collect(),
                words: statement.words.iter().skip(at).cloned().collect(),
            };
            judge(&rest, found);
            return;
        }
    }
    for name in [
        "PG_TERMINATE_BACKEND",
        "PG_DROP_REPLICATION_SLOT",
        "PG_PROMOTE",
        "PG_RELOAD_CONF",
        "PG_WAL_REPLAY_PAUSE",
    ] {
        if statement.has(name) {
            found.push(effect(
                Action::StopService,
                Role::Service,
                name,
                Modifiers::NONE,
            ));
        }
    }
    for (name, action) in [
        ("PG_READ_FILE", Action::Read),
        ("LO_EXPORT", Action::Overwrite),
        ("LOAD_FILE", Action::Read),
    ] {
        if statement.has(name) {
            found.push(effect(
                action,
                Role::Path,
                statement.behind(name),
                Modifiers::NONE,
            ));
        }
    }
}

/// Splits SQL at semicolons, comments dropped.
fn statements(sql: &str) -> Vec<Statement> {
    let mut all = Vec::new();
    let mut current = Statement {
        upper: Vec::new(),
        words: Vec::new(),
    };
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let (word, used) = match first {
            ';' => {
                all.push(std::mem::replace(
                    &mut current,
                    Statement {
                        upper: Vec::new(),
                        words: Vec::new(),
                    },
                ));
                ("", 1)
            }
            '-' if rest.starts_with("--") => ("", rest.find('\n').unwrap_or(rest.len())),
            // MySQL runs what stands in `/*! … */`.
            '/' if rest.starts_with("/*!") => {
                let skip = rest
                    .char_indices()
                    .skip(3)
                    .find(|(_, c)| !c.is_ascii_digit());
                ("", skip.map_or(rest.len(), |(at, _)| at))
            }
            '/' if rest.starts_with("/*") => ("", rest.find("*/").map_or(rest.len(), |at| at + 2)),
            '\'' | '"' | '`' => {
                let body = rest.get(1..).unwrap_or_default();
                let end = body.find(first).unwrap_or(body.len());
                (
                    body.get(..end).unwrap_or_default(),
                    (end + 2).min(rest.len()),
                )
            }
            c if c.is_alphanumeric()
                || matches!(c, '_' | '.' | '$' | '@' | '[' | ']' | super::lex::HOLE) =>
            {
                let member = |c: char| {
                    c.is_alphanumeric()
                        || matches!(c, '_' | '.' | '$' | '@' | '[' | ']' | super::lex::HOLE)
                };
                let end = rest.find(|c: char| !member(c)).unwrap_or(rest.len());
                (rest.get(..end).unwrap_or_default(), end)
            }
            c if c.is_whitespace() => ("", c.len_utf8()),
            c => (rest.get(..c.len_utf8()).unwrap_or_default(), c.len_utf8()),
        };
        if !word.is_empty() {
            current.upper.push(word.to_uppercase());
            current.words.push(word.to_owned());
        }
        rest = rest.get(used..).unwrap_or_default();
    }
    all.push(current);
    all
}

/// Reads the collection methods of MongoDB's shell, which are no functions of JavaScript.
pub(super) fn read_mongo(text: &str) -> Vec<Embedded> {
    const METHODS: &[(&str, Action, Role)] = &[
        (".dropDatabase(", Action::Delete, Role::Database),
        (".drop(", Action::Delete, Role::Table),
        (".deleteMany(", Action::Delete, Role::Table),
        (".deleteOne(", Action::Delete, Role::Table),
        (".remove(", Action::Delete, Role::Table),
        (".updateMany(", Action::Write, Role::Table),
        (".updateOne(", Action::Write, Role::Table),
        (".insertOne(", Action::Write, Role::Table),
        (".insertMany(", Action::Write, Role::Table),
        (".dropUser(", Action::Delete, Role::Account),
        (".createUser(", Action::Grant, Role::Account),
        (".shutdownServer(", Action::StopService, Role::Service),
        (".dropIndexes(", Action::Delete, Role::Config),
        (".dropAllUsers(", Action::Delete, Role::Account),
        (".dropAllRoles(", Action::Delete, Role::Account),
        (".renameCollection(", Action::Write, Role::Table),
        ("rs.remove(", Action::StopService, Role::Service),
        ("rs.reconfig(", Action::StopService, Role::Service),
        ("rs.stepDown(", Action::StopService, Role::Service),
        ("sh.removeShard(", Action::StopService, Role::Service),
        ("Command({shutdown", Action::StopService, Role::Service),
        ("Command({ shutdown", Action::StopService, Role::Service),
        ("Command({dropDatabase", Action::Delete, Role::Database),
        ("Command({ dropDatabase", Action::Delete, Role::Database),
        ("Command({drop", Action::Delete, Role::Table),
        ("Command({ drop", Action::Delete, Role::Table),
    ];
    let mut found = Vec::new();
    for (method, action, role) in METHODS {
        for (at, _) in text.match_indices(method) {
            let before = text.get(..at).unwrap_or_default();
            let target = before
                .rsplit(|c: char| c.is_whitespace() || c == ';')
                .next()
                .unwrap_or_default();
            let argument = text
                .get(at + method.len()..)
                .unwrap_or_default()
                .trim_start();
            let whole = argument.starts_with("{}") || argument.starts_with(')');
            let modifiers = if whole {
                Modifiers::NONE.with(Modifier::All)
            } else {
                Modifiers::NONE
            };
            found.push(effect(*action, *role, target, modifiers));
        }
    }
    found
}
