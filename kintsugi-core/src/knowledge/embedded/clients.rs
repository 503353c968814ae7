//! Clients of databases and clouds in a script: statements that it hands to them, and methods by which they delete.
//!
//! Sources: DB-API 2.0 (PEP 249), `SQLAlchemy` 2, boto3 1.35, aws-sdk 2 and 3, pg 8, mysql2 3, knex 3, `PyMongo` 4, redis-py 5,
//! Active Record 7.2, PDO of PHP 8.4, database/sql of Go 1.23, JDBC 4.3.

use super::calls::Does;
use super::effects::Call;
use super::lex::HOLE;
use super::script::Script;
use super::value::Value;
use super::{effect, flat, records, redis, soften, sql};
use crate::effect::{Action, Feed, Modifier, Modifiers, Role};
use crate::knowledge::databases::is_scratch_name;
use crate::knowledge::schema::Language;
use crate::shell::{Hole, Piece};

/// Words with which a statement begins that does something.
const VERBS: [&str; 27] = [
    "SELECT", "INSERT", "UPDATE", "DELETE", "DROP", "TRUNCATE", "ALTER", "CREATE", "GRANT",
    "REVOKE", "DO", "EXEC", "EXECUTE", "CALL", "WITH", "SET", "BEGIN", "COPY", "MERGE", "REPLACE",
    "RENAME", "PRAGMA", "ATTACH", "VACUUM", "PREPARE", "DECLARE", "EXPLAIN",
];

/// Parts of names by which a script brings the client of a cloud.
const CLOUDS: [&str; 17] = [
    "boto3",
    "botocore",
    "aws-sdk",
    "aws_sdk",
    "Aws::",
    "google.cloud",
    "@google-cloud",
    "googleapiclient",
    "azure.",
    "@azure/",
    "kubernetes",
    "@pulumi",
    "digitalocean",
    "hcloud",
    "openstack",
    "cloudflare",
    "docker.from_env",
];

/// Parts of names by which it brings the client of a database.
const RECORDS: [&str; 16] = [
    "DB::table",
    "App\\Models",
    "Models\\",
    "::query()",
    "Repo.",
    "knex",
    "sequelize",
    "prisma",
    "typeorm",
    "sqlalchemy",
    "pymongo",
    "mongoose",
    "mongodb",
    "peewee",
    "elasticsearch",
    "cassandra",
];

/// Methods that are given a text and only say, compare or keep it.
const SPEAKING: [&str; 30] = [
    "parametrize",
    "param",
    "each",
    "print",
    "println",
    "printf",
    "puts",
    "log",
    "info",
    "debug",
    "warn",
    "warning",
    "error",
    "write",
    "writeln",
    "format",
    "append",
    "push",
    "includes",
    "contains",
    "indexOf",
    "startsWith",
    "match",
    "test",
    "split",
    "replace",
    "echo",
    "say",
    "find",
    "search",
];

/// Words of a method's name that say that it deletes one thing of many.
const SINGLE: [&str; 14] = [
    "object", "item", "message", "record", "key", "tag", "tags", "row", "document", "one",
    "entity", "blob", "entry", "many",
];

/// Whose methods a script calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Client {
    /// A cloud's or a cluster's: what is deleted is a resource of others.
    Cloud,
    /// A database's; whether a condition stands in the text.
    Records {
        /// `where`, `filter`.
        is_bounded: bool,
    },
}

/// The client that a script uses.
pub(super) fn client_of(text: &str) -> Option<Client> {
    let names = |names: &[&str]| names.iter().any(|name| text.contains(name));
    if names(&CLOUDS) {
        return Some(Client::Cloud);
    }
    names(&RECORDS).then(|| Client::Records {
        is_bounded: names(&["where", "filter", "WHERE"]),
    })
}

impl Script<'_> {
    /// Reads what a call hands to a database.
    pub(super) fn asked(&mut self, does: Does, call: &Call<'_>) -> Value {
        if does == Does::Redis {
            self.redis(call)
        } else {
            self.query(call)
        }
    }

    /// Reads what a call hands to a database as SQL.
    fn query(&mut self, call: &Call<'_>) -> Value {
        let mut is_statement = false;
        let mut is_decoded = false;
        for (_, value) in &call.arguments {
            let fields = value.fields.iter().filter(|(name, _)| {
                matches!(name.as_str(), "text" | "sql" | "query" | "statement")
            });
            for value in std::iter::once(value).chain(fields.map(|(_, value)| value)) {
                for word in value.alternatives() {
                    let text = flat(&word);
                    if begins(&text) {
                        is_statement = true;
                        is_decoded |= value.feed == Feed::Decoded;
                        let found = sql::read(&text, self.budget);
                        self.found.extend(found);
                    }
                }
            }
        }
        if is_decoded {
            self.hidden("a statement that is decoded");
        }
        if !is_statement {
            self.undescribed(call.path);
        }
        match &call.object {
            // Of a pattern of JavaScript.
            Some(object) if call.path.rsplit('.').next() == Some("exec") => object.clone(),
            Some(_) | None => Value::unknown(Feed::Nothing),
        }
    }

    /// Whether a method is given a statement that takes rows or tables away: whatever the library calls the method.
    pub(super) fn hands_statement(call: &Call<'_>) -> bool {
        let last = call.path.rsplit('.').next().unwrap_or_default();
        let only_reads = [
            "parse", "format", "complete", "lint", "valid", "explain", "token", "render", "quote",
            "escape", "assert", "expect", "equal",
        ]
        .iter()
        .any(|kind| last.contains(kind));
        if SPEAKING.contains(&last) || only_reads {
            return false;
        }
        call.positional().take(3).any(|value| {
            let words = value.alternatives();
            words
                .iter()
                .map(flat)
                .any(|text| takes_away(&text) || begins(&text) && text.split(';').any(takes_away))
        })
    }

    /// Reads what a call hands to Redis: `redis.call('FLUSH'..'ALL')`, `r.execute_command("FLUSHALL")`.
    fn redis(&mut self, call: &Call<'_>) -> Value {
        let words = call.positional().flat_map(|value| match &value.items {
            Some(items) => items.clone(),
            None => vec![value.clone()],
        });
        let words: Vec<String> = words
            .map(|value| value.alternatives().first().map(flat).unwrap_or_default())
            .collect();
        if words.first().is_some_and(|name| name.contains(HOLE)) {
            self.hidden("a command of a database that is computed");
        } else {
            self.found
                .extend(redis::read(&words.join(" "), self.budget));
        }
        Value::unknown(Feed::Nothing)
    }

    /// Notes which database a script opens.
    pub(super) fn connects(&mut self, call: &Call<'_>) {
        let last = call.path.rsplit('.').next().unwrap_or_default();
        let is_file = matches!(
            call.path,
            "sqlite3.connect"
                | "duckdb.connect"
                | "duckdb.sql"
                | "duckdb.query"
                | "duckdb.execute"
                | "sqlite3.Database"
                | "better-sqlite3"
                | "Database"
                | "node:sqlite.DatabaseSync"
                | "DatabaseSync"
                | "SQLite3.Database.new"
        );
        let opens = is_file
            || matches!(
                last,
                "connect"
                    | "create_engine"
                    | "createConnection"
                    | "createPool"
                    | "Pool"
                    | "Client"
                    | "MongoClient"
                    | "establish_connection"
                    | "PDO"
                    | "Open"
            );
        if !opens {
            return;
        }
        let name = call.argument(0).known();
        // A name that nothing has yet, and what lies below it.
        let is_new = |word: &crate::shell::Word| match word.pieces.as_slice() {
            [Piece::Hole(Hole::Other(hole)), rest @ ..]
                if *hole == crate::knowledge::holes::TEMPORARY =>
            {
                rest.iter()
                    .all(|piece| matches!(piece, Piece::Text(text) if !text.contains("..")))
            }
            _ => false,
        };
        let words = &call.argument(0).words;
        let name = if is_file && !words.is_empty() && words.iter().all(is_new) {
            Some("/tmp/x".to_owned())
        } else {
            name
        };
        let name = match (is_file, name) {
            (true, _) if call.path.starts_with("duckdb.") && !call.path.ends_with("connect") => {
                String::new()
            }
            (true, None) if call.arguments.is_empty() => String::new(),
            (true, Some(name)) => name,
            (false, Some(name)) => match name.split_once("sqlite://") {
                Some((_, path)) => path.trim_start_matches('/').to_owned(),
                None => "?".to_owned(),
            },
            (_, None) => "?".to_owned(),
        };
        if self.databases.len() < 16 {
            self.databases.push(name);
        }
    }

    /// What is deleted in databases that are gone with the script is not lost.
    pub(super) fn scratch(&mut self) {
        let is_temporary = |name: &String| is_scratch_name(name) || name.starts_with("/tmp/");
        if !self.servers.chosen
            && !self.databases.is_empty()
            && self.databases.iter().all(is_temporary)
        {
            self.found.iter_mut().for_each(soften);
        }
    }

    /// A method of a client that deletes, by its name; false when it is none.
    pub(super) fn remote_method(&mut self, call: &Call<'_>, last: &str) -> bool {
        if let Some(found) = records::by_name(last) {
            self.found.push(found);
            return true;
        }
        if matches!(last, "runCommand" | "adminCommand" | "command")
            && (self.language == Language::Mongo || self.client.is_some())
        {
            return self.document_command(call);
        }
        let Some(client) = self.client else {
            return false;
        };
        let words = words_of(last.strip_prefix("begin_").unwrap_or(last));
        let Some((verb, noun)) = words.split_first() else {
            return false;
        };
        let deletes = matches!(
            verb.as_str(),
            "delete"
                | "del"
                | "terminate"
                | "drop"
                | "destroy"
                | "purge"
                | "truncate"
                | "wipe"
                | "prune"
        ) || verb == "schedule" && noun.iter().any(|word| word == "deletion");
        // A collection is dropped, a frame drops what it is told: `frame.drop(columns=["a"])` of pandas.
        let is_of_frame = verb == "drop" && noun.is_empty() && !call.arguments.is_empty();
        if !deletes || is_of_frame {
            return false;
        }
        let is_one = noun.iter().any(|word| SINGLE.contains(&word.as_str()));
        let target = call.argument(0).known();
        let target = target.as_deref().unwrap_or(last);
        let all = Modifiers::NONE.with(Modifier::All);
        let found = match client {
            _ if is_one && verb != "schedule" => {
                effect(Action::Delete, Role::Table, target, Modifiers::NONE)
            }
            Client::Cloud => effect(Action::Delete, Role::Resource, target, Modifiers::NONE),
            Client::Records { is_bounded: true } => {
                effect(Action::Delete, Role::Table, target, Modifiers::NONE)
            }
            Client::Records { is_bounded: false } => {
                effect(Action::Delete, Role::Table, target, all)
            }
        };
        self.elsewhere.push(found);
        true
    }

    /// `db.runCommand({ drop: "users" })`, whatever the name of the command is made of.
    fn document_command(&mut self, call: &Call<'_>) -> bool {
        let first = call.argument(0);
        let name = match first.fields.first() {
            Some((name, _)) => name.clone(),
            None => match first.known() {
                Some(name) => name,
                None => return false,
            },
        };
        if name.contains(HOLE) {
            self.hidden("a command of a database that is computed");
            return true;
        }
        let all = Modifiers::NONE.with(Modifier::All);
        let found = match name.as_str() {
            "drop" => effect(Action::Delete, Role::Table, "a collection", all),
            "dropDatabase" => effect(Action::Delete, Role::Database, "a database", all),
            "delete" | "findAndModify" => {
                effect(Action::Delete, Role::Table, "documents", Modifiers::NONE)
            }
            "dropUser" | "dropAllUsersFromDatabase" | "dropRole" => {
                effect(Action::Delete, Role::Account, "users", all)
            }
            "shutdown" | "replSetStepDown" | "replSetReconfig" => effect(
                Action::StopService,
                Role::Service,
                "mongod",
                Modifiers::NONE,
            ),
            _ => return false,
        };
        self.found.push(found);
        true
    }
}

/// Whether a statement takes rows or tables away, or changes them.
fn takes_away(statement: &str) -> bool {
    let mut words = statement.split_whitespace().map(str::to_ascii_uppercase);
    let (first, second) = (words.next(), words.next());
    match (first.as_deref(), second.as_deref()) {
        (Some("DELETE"), Some("FROM"))
        | (Some("TRUNCATE"), Some(_))
        | (Some("DROP" | "ALTER"), Some("TABLE" | "DATABASE" | "SCHEMA" | "INDEX" | "VIEW")) => {
            true
        }
        (Some("UPDATE"), Some(_)) => words.any(|word| word == "SET"),
        _ => false,
    }
}

/// Whether a text begins like a statement.
fn begins(text: &str) -> bool {
    let mut words = text
        .trim_start()
        .split(|c: char| !c.is_alphanumeric() && c != HOLE);
    let first = words.next().unwrap_or_default();
    text.trim().contains([' ', '\n']) && VERBS.iter().any(|verb| first.eq_ignore_ascii_case(verb))
}

/// The words of a name, in small letters: `delete_bucket`, `DeleteBucketCommand`.
fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_new = true;
    for c in name.chars().take(80) {
        if !c.is_alphanumeric() {
            is_new = true;
            continue;
        }
        is_new |= c.is_uppercase();
        match words.last_mut() {
            Some(last) if !is_new => last.extend(c.to_lowercase()),
            _ => words.push(c.to_lowercase().collect()),
        }
        is_new = false;
    }
    words.retain(|word| !matches!(word.as_str(), "batch" | "async" | "bulk" | "force"));
    words
}
