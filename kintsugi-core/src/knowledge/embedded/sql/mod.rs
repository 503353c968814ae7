//! SQL and the commands of its clients.
//!
//! Statement by statement, by its leading keywords: sources are the references of PostgreSQL 17, MySQL 8.4, SQLite 3.47 and
//! SQL Server 2022, and of `psql(1)`, `mysql(1)`, `sqlite3(1)`. A statement that another one puts together and runs is put
//! together here as far as constants tell (`fold.rs`) and read like one that is written; what stays computed is hidden.

mod client;
mod dynamic;
mod fold;
mod functions;
mod mongo;
mod temporary;
mod tokens;

pub(super) use mongo::read_mongo;

use std::collections::BTreeSet;

use super::{Embedded, effect, shell, soften};
use crate::effect::{Action, Modifier, Modifiers, Role};
use crate::shell::Budget;
use client::loaded;
use fold::Variables;
use tokens::{Kind, Token};

/// Deepest nesting of statements that run statements.
const DEPTH_MAX: u32 = 8;

/// The state of one reading.
struct Reader<'a> {
    budget: &'a mut Budget,
    found: Vec<Embedded>,
    variables: Variables,
    /// Names that `PREPARE` gave to statements, which were read there.
    prepared: BTreeSet<String>,
    /// Files that a query reads into its answer.
    files: Vec<String>,
    /// Tables that end with the session, which the statements have made.
    temporary: BTreeSet<String>,
    depth: u32,
}

/// Reads SQL text.
pub(super) fn read(text: &str, budget: &mut Budget) -> Vec<Embedded> {
    let mut reader = Reader {
        budget,
        found: Vec::new(),
        variables: Variables::new(),
        prepared: BTreeSet::new(),
        files: Vec::new(),
        temporary: BTreeSet::new(),
        depth: 0,
    };
    let lines = client::read(text, &mut reader.found);
    reader.script(&lines.sql, lines.has_commands, false);
    // Whether a backslash hides a quote is a setting of the server: both readings count.
    if lines.sql.contains("\\'") && reader.spend(lines.sql.len()) {
        let all = tokens::statements(tokens::tokens(&lines.sql, true), false);
        reader.statements(&all, lines.has_commands, false);
    }
    reader.found
}

impl Reader<'_> {
    fn push(&mut self, action: Action, role: Role, target: &str, modifiers: Modifiers) {
        self.found.push(effect(action, role, target, modifiers));
    }

    fn hidden(&mut self, what: &str) {
        self.found.push(Embedded::Hidden(what.to_owned()));
    }

    /// Pays for looking at so many bytes or tokens; what is not looked at is unknown.
    fn spend(&mut self, read: usize) -> bool {
        let units = u32::try_from(read / 16 + 1).unwrap_or(u32::MAX);
        let can = self.budget.spend(units);
        if !can {
            self.found
                .push(Embedded::Unknown("more code than is read".to_owned()));
        }
        can
    }

    /// Reads statements, among which commands of the client may stand; or the body of a procedure.
    fn script(&mut self, sql: &str, has_commands: bool, is_body: bool) {
        if self.depth >= DEPTH_MAX || !self.spend(sql.len()) {
            self.hidden("statements inside one another, too deep to be read");
            return;
        }
        self.depth += 1;
        let all = tokens::statements(tokens::tokens(sql, false), is_body);
        self.statements(&all, has_commands, is_body);
        self.depth -= 1;
    }

    fn statements(&mut self, all: &[Vec<Token>], has_commands: bool, is_body: bool) {
        let undone = if has_commands || is_body {
            Vec::new()
        } else {
            undone(all)
        };
        for (at, statement) in all.iter().enumerate() {
            let before = self.found.len();
            if !is_body && !has_commands && self.is_about_temporary(statement) {
                continue;
            }
            self.statement(statement, is_body);
            if undone.contains(&at) {
                for found in self.found.iter_mut().skip(before) {
                    soften(found);
                }
            }
        }
    }

    fn statement(&mut self, statement: &[Token], is_body: bool) {
        if is_only_explained(statement) {
            return;
        }
        // `:v table :t`, with nothing in this line that says what `v` is.
        if statement.first().is_some_and(|first| first.is_mark(":"))
            && statement.len() > 2
            && !is_body
        {
            self.hidden("a statement that begins with a variable");
        }
        self.judge(statement);
        self.files.clear();
        self.functions(statement);
        self.sent(statement);
        self.dynamic(statement, is_body);
        self.code_inside(statement);
    }
}

/// Whether a statement has a keyword.
fn has(statement: &[Token], keyword: &str) -> bool {
    statement.iter().any(|token| token.upper == keyword)
}

/// Returns the word behind `keyword`, skipping words that only qualify.
fn behind<'a>(statement: &'a [Token], keyword: &str) -> &'a str {
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
    statement
        .iter()
        .position(|token| token.upper == keyword)
        .and_then(|at| {
            let mut rest = statement.iter().skip(at + 1);
            rest.find(|token| !FILLERS.contains(&token.upper.as_str()))
        })
        .map_or("?", |token| token.written.as_str())
}

/// Statements between `BEGIN` and `ROLLBACK`, as places in the list: what they change is taken back.
///
/// Only when nothing but plain statements about rows stands between: others may commit by themselves.
fn undone(all: &[Vec<Token>]) -> Vec<usize> {
    let mut undone = Vec::new();
    let mut open: Option<Vec<usize>> = None;
    for (at, statement) in all.iter().enumerate() {
        let word = |at: usize| statement.get(at).map_or("", |token| token.upper.as_str());
        match (word(0), word(1)) {
            (
                "BEGIN",
                "" | "TRANSACTION" | "WORK" | "TRAN" | "IMMEDIATE" | "DEFERRED" | "EXCLUSIVE",
            )
            | ("START", "TRANSACTION") => open = Some(Vec::new()),
            ("ROLLBACK", "" | "TRANSACTION" | "WORK" | "TRAN") => {
                undone.extend(open.take().unwrap_or_default());
            }
            ("SAVEPOINT" | "SELECT" | "SHOW" | "VALUES" | "EXPLAIN", _) | ("ROLLBACK", "TO") => {}
            ("DELETE" | "UPDATE" | "INSERT", _) => {
                if let Some(open) = &mut open {
                    open.push(at);
                }
            }
            _ => open = None,
        }
    }
    undone
}

/// `EXPLAIN DELETE …` runs nothing, `EXPLAIN ANALYZE DELETE …` does.
fn is_only_explained(statement: &[Token]) -> bool {
    let mut words = statement.iter().map(|token| token.upper.as_str());
    if words.next() != Some("EXPLAIN") {
        return false;
    }
    let verbs = [
        "SELECT", "DELETE", "UPDATE", "INSERT", "WITH", "MERGE", "REPLACE", "TABLE",
    ];
    for word in words {
        if verbs.contains(&word) {
            return true;
        }
        if matches!(word, "ANALYZE" | "ANALYSE") {
            return false;
        }
    }
    false
}

impl Reader<'_> {
    /// What a statement does by its keywords.
    fn judge(&mut self, statement: &[Token]) {
        if let Some((action, role, keyword)) = verb(statement) {
            let whole = match statement.first().map(|token| token.upper.as_str()) {
                Some("DELETE" | "UPDATE") => !is_bounded(statement),
                Some("ALTER") if has(statement, "DELETE") => !is_bounded(statement),
                Some("ALTER") => has(statement, "SYSTEM") || loses_column(statement),
                Some("MATCH") => !has(statement, "WHERE"),
                _ => matches!(action, Action::Delete | Action::Truncate),
            };
            let modifiers = if whole {
                Modifiers::NONE.with(Modifier::All)
            } else {
                Modifiers::NONE
            };
            self.push(action, role, behind(statement, keyword), modifiers);
        }
        self.lifted(statement);
        for keyword in ["OUTFILE", "DUMPFILE"] {
            if has(statement, keyword) {
                let target = behind(statement, keyword);
                self.push(Action::Overwrite, Role::Path, target, Modifiers::NONE);
            }
        }
        if has(statement, "PROGRAM") {
            let command = behind(statement, "PROGRAM");
            if statement.first().is_some_and(|first| first.upper == "COPY") && has(statement, "TO")
            {
                // What the program is fed, and may send: as from a dump of that table.
                let table = behind(statement, "COPY").to_owned();
                self.push(Action::Read, Role::Table, &table, Modifiers::NONE);
                self.found.push(shell(&format!("pg_dump | {command}")));
            } else {
                self.found.push(shell(command));
            }
        }
        self.inner(statement);
    }

    /// What protects the rows or checks them, turned off.
    fn lifted(&mut self, statement: &[Token]) {
        let word = |at: usize| statement.get(at).map_or("", |token| token.upper.as_str());
        let pair = |first: &str, seconds: &[&str]| {
            statement.windows(2).any(|pair| {
                matches!(pair, [a, b] if a.upper == first && seconds.contains(&b.upper.as_str()))
            })
        };
        let lifts = match word(0) {
            "ALTER" => {
                pair("DISABLE", &["TRIGGER", "ROW", "RULE"])
                    || pair("NO", &["FORCE"])
                    || pair("NOCHECK", &["CONSTRAINT"])
            }
            "DISABLE" => word(1) == "TRIGGER",
            "SET" => has(statement, "SESSION_REPLICATION_ROLE") && !has(statement, "ORIGIN"),
            "PRAGMA" => {
                has(statement, "WRITABLE_SCHEMA")
                    && ["ON", "1", "TRUE"].iter().any(|on| has(statement, on))
            }
            _ => false,
        };
        if lifts {
            let all = Modifiers::NONE.with(Modifier::All);
            let target = if word(0) == "ALTER" {
                behind(statement, "TABLE")
            } else {
                "triggers and checks"
            };
            self.push(Action::Revoke, Role::Table, target, all);
        }
        let configures = statement.iter().any(|token| token.name() == "SP_CONFIGURE");
        let opens = [
            "xp_cmdshell",
            "ole automation procedures",
            "clr enabled",
            "external scripts enabled",
        ];
        let is_open = |token: &Token| opens.contains(&token.written.to_ascii_lowercase().as_str());
        if configures && statement.iter().any(is_open) {
            let all = Modifiers::NONE.with(Modifier::All);
            self.push(Action::Write, Role::Config, "xp_cmdshell", all);
        }
    }

    /// A statement behind `EXPLAIN ANALYZE`, `WITH` or `BEGIN` runs as well; what hides there is found by its own keyword.
    fn inner(&mut self, statement: &[Token]) {
        const OPENS: [&str; 17] = [
            "EXPLAIN", "WITH", "BEGIN", "DO", "EXECUTE", "EXEC", "SELECT", "DECLARE", "SET", "IF",
            "WHILE", "USE", "ELSE", "FOR", "RETURN", "PERFORM", "PRINT",
        ];
        if !statement
            .first()
            .is_some_and(|first| OPENS.contains(&first.upper.as_str()))
        {
            return;
        }
        let starts = statement.windows(2).skip(1).position(|pair| {
            let [first, second] = pair else { return false };
            matches!(
                (first.upper.as_str(), second.upper.as_str()),
                (
                    "DROP",
                    "TABLE" | "DATABASE" | "SCHEMA" | "USER" | "ROLE" | "LOGIN"
                ) | ("DELETE", "FROM")
            ) || first.upper == "TRUNCATE" && second.kind == Kind::Word
        });
        if let Some(rest) = starts.and_then(|at| statement.get(at + 1..)) {
            self.judge(rest);
        }
    }
}

/// What a statement does by its leading keywords, to what, and behind which keyword its target stands.
fn verb(statement: &[Token]) -> Option<(Action, Role, &'static str)> {
    use Action::{Create, Delete, Grant, Overwrite, Read, Revoke, StopService, Truncate, Write};
    let second = statement.get(1).map_or("", |token| token.upper.as_str());
    Some(match statement.first()?.upper.as_str() {
        "DROP" => return Some(dropped(second)),
        "TRUNCATE" => (Truncate, Role::Table, "TRUNCATE"),
        "DELETE" => (Delete, Role::Table, "FROM"),
        // Cypher (Neo4j 5).
        "MATCH" if has(statement, "DELETE") => (Delete, Role::Table, "DELETE"),
        "UPDATE" => (Write, Role::Table, "UPDATE"),
        "ALTER" if has(statement, "DROP") || has(statement, "DELETE") => {
            (Delete, Role::Table, "TABLE")
        }
        "SET" if second == "GLOBAL" || second == "PERSIST" => (Write, Role::Config, "GLOBAL"),
        "ALTER" if second == "SYSTEM" => (Write, Role::Config, "SYSTEM"),
        "ALTER" if has(statement, "PASSWORD") || has(statement, "SUPERUSER") => {
            (Grant, Role::Account, "USER")
        }
        // What stood there under the name is gone (DuckDB 1.1, Snowflake, BigQuery, Databricks).
        "CREATE" | "INSERT" if replaces_table(statement) => (Overwrite, Role::Table, "TABLE"),
        "ALTER" | "RENAME" | "INSERT" | "MERGE" | "IMPORT" | "REPLACE" => {
            (Write, Role::Table, "INTO")
        }
        "CREATE" => (Create, Role::Table, "TABLE"),
        "GRANT" => (Grant, Role::Account, "TO"),
        "REVOKE" => (Revoke, Role::Account, "FROM"),
        "FLUSH" | "PURGE" | "RESET" => (Delete, Role::History, "PURGE"),
        "DETACH" if has(statement, "PERMANENTLY") => (Delete, Role::Table, "TABLE"),
        "VACUUM" if has(statement, "INTO") => (Overwrite, Role::Path, "INTO"),
        // Delta Lake: what older versions of the table need.
        "VACUUM" if has(statement, "RETAIN") => (Delete, Role::History, "VACUUM"),
        "SYSTEM" if second == "DROP" => (Delete, Role::Config, "REPLICA"),
        "SYSTEM" if matches!(second, "SHUTDOWN" | "KILL") => (StopService, Role::Service, "SYSTEM"),
        "RESTORE" if second == "DATABASE" => (Overwrite, Role::Database, "DATABASE"),
        "REMOVE" | "RM" if statement.iter().any(|token| token.written.starts_with('@')) => {
            (Delete, Role::Table, "REMOVE")
        }
        "SHUTDOWN" => (StopService, Role::Service, "SHUTDOWN"),
        "LOAD" => (Read, Role::Path, "INFILE"),
        "ATTACH" => (Read, Role::Path, "DATABASE"),
        "COPY"
            if has(statement, "TO")
                && !has(statement, "STDOUT")
                && !has(statement, "PROGRAM")
                && !behind(statement, "TO").contains("://") =>
        {
            (Overwrite, Role::Path, "TO")
        }
        _ => return None,
    })
}

/// `ALTER TABLE t DROP COLUMN c`: the column of every row; a constraint, an index or a default is made again.
fn loses_column(statement: &[Token]) -> bool {
    let at = statement.iter().position(|token| token.upper == "DROP");
    let Some(kind) = at.and_then(|at| statement.get(at + 1)) else {
        return false;
    };
    let is_rule = matches!(
        kind.upper.as_str(),
        "CONSTRAINT" | "INDEX" | "KEY" | "DEFAULT" | "NOT" | "FOREIGN" | "CHECK" | "EXPRESSION"
    );
    !is_rule && !has(statement, "DEFAULT") && has(statement, "TABLE")
}

/// `CREATE OR REPLACE TABLE t`, `INSERT OVERWRITE TABLE t`: a table, and no view or function, which hold no data.
fn replaces_table(statement: &[Token]) -> bool {
    let mut words = statement.iter().skip(1).map(|token| token.upper.as_str());
    let replaces = match words.next() {
        Some("OR") => words.next() == Some("REPLACE"),
        Some("OVERWRITE") => return true,
        _ => false,
    };
    let mut kinds = words.skip_while(|word| matches!(*word, "TRANSIENT" | "TEMP" | "TEMPORARY"));
    replaces && matches!(kinds.next(), Some("TABLE" | "DATABASE" | "SCHEMA"))
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
        // As with `ALTER TABLE t DROP INDEX i`: it is made again, and no row goes.
        "INDEX" => return (Action::Write, Role::Table, "INDEX"),
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
fn is_bounded(statement: &[Token]) -> bool {
    let condition = statement.iter().position(|token| token.upper == "WHERE");
    let condition = condition.map(|at| {
        statement
            .iter()
            .skip(at + 1)
            .map(|token| token.upper.as_str())
            .collect::<Vec<_>>()
    });
    match condition.as_deref() {
        None => has(statement, "LIMIT"),
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
        | [_, "LIKE", "'%" | "\"%"] => true,
        _ => false,
    }
}
