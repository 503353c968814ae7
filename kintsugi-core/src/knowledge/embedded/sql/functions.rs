//! Functions of databases that do more than compute: they read and write files, end sessions, send, run text.
//!
//! Sources: `PostgreSQL` 17 chapter 9 and appendix F (adminpack, dblink, large objects), `SQLite` 3.47 "The CLI", `MySQL` 8.4
//! chapter 14, SQL Server 2022 "system stored procedures", `DuckDB` 1.1, `ClickHouse` 24, Oracle 19 "PL/SQL packages".

use super::super::lex::HOLE;
use super::super::{effect, shell};
use super::client::loaded;
use super::fold::Folder;
use super::tokens::{Kind, Token};
use super::{Reader, is_bounded};
use crate::effect::{Action, Modifier, Modifiers, Role};

/// What a function does.
enum Does {
    /// Acts on the path in the argument at that place.
    Path(Action, usize),
    /// Runs the text in its last argument as SQL.
    Statement,
    /// Runs the text in its first argument as a shell.
    Shell,
    /// Loads machine code.
    Load,
    /// Stops something of the server.
    Stop,
    /// Deletes what the row says.
    Delete,
    /// Speaks to an address.
    Remote(Action),
}

/// What the function of that name does.
fn named(name: &str) -> Option<Does> {
    use Action::{Delete, Fetch, List, Overwrite, Read, Send};
    Some(match name {
        "PG_READ_FILE"
        | "PG_READ_BINARY_FILE"
        | "LO_IMPORT"
        | "LOAD_FILE"
        | "READFILE"
        | "READ_TEXT"
        | "READ_BLOB"
        | "READ_CSV"
        | "READ_CSV_AUTO"
        | "READ_JSON"
        | "READ_JSON_AUTO"
        | "READ_PARQUET"
        | "FILE"
        | "PG_STAT_FILE" => Does::Path(Read, 0),
        "PG_LS_DIR" | "FSDIR" | "GLOB" => Does::Path(List, 0),
        "LO_EXPORT" => Does::Path(Overwrite, 1),
        "WRITEFILE" | "PG_FILE_WRITE" => Does::Path(Overwrite, 0),
        "PG_FILE_UNLINK" => Does::Path(Delete, 0),
        "DBLINK"
        | "DBLINK_EXEC"
        | "DBLINK_SEND_QUERY"
        | "DBLINK_OPEN"
        | "QUERY_TO_XML"
        | "QUERY_TO_XMLSCHEMA"
        | "QUERY_TO_XML_AND_XMLSCHEMA"
        | "OPENQUERY"
        | "OPENROWSET"
        | "PARSE"
        | "SP_EXECUTESQL"
        | "SP_MSFOREACHTABLE"
        | "SP_MSFOREACHDB"
        | "TS_STAT"
        | "RUN_COMMAND_ON_WORKERS"
        | "RUN_COMMAND_ON_SHARDS"
        | "EXEC_SQL" => Does::Statement,
        "XP_CMDSHELL" | "SYS_EXEC" | "SYS_EVAL" => Does::Shell,
        "LOAD_EXTENSION" => Does::Load,
        "PG_TERMINATE_BACKEND"
        | "PG_DROP_REPLICATION_SLOT"
        | "PG_PROMOTE"
        | "PG_WAL_REPLAY_PAUSE" => Does::Stop,
        "LO_UNLINK" | "DROP_CHUNKS" | "LO_TRUNCATE" => Does::Delete,
        "HTTP_POST" | "HTTP_PUT" | "HTTP_DELETE" | "URL" | "S3" | "REMOTE" => Does::Remote(Send),
        "HTTP_GET" | "UTL_HTTP" => Does::Remote(Fetch),
        _ => return None,
    })
}

/// Procedures that are called without brackets: `EXEC xp_cmdshell 'dir'`.
const BARE: [&str; 6] = [
    "XP_CMDSHELL",
    "SYS_EXEC",
    "SP_EXECUTESQL",
    "SP_MSFOREACHTABLE",
    "SP_MSFOREACHDB",
    "EXEC_SQL",
];

impl Reader<'_> {
    /// Notes what the functions of a statement do.
    pub(super) fn functions(&mut self, statement: &[Token]) {
        let first = statement.first().map_or("", |token| token.upper.as_str());
        let is_about = matches!(first, "GRANT" | "REVOKE" | "COMMENT" | "DROP")
            || matches!(first, "CREATE" | "ALTER")
                && statement
                    .iter()
                    .take(5)
                    .any(|token| matches!(token.upper.as_str(), "FUNCTION" | "PROCEDURE"));
        if is_about {
            return;
        }
        for (at, token) in statement.iter().enumerate() {
            if !matches!(token.kind, Kind::Word | Kind::Quoted) {
                continue;
            }
            let Some(does) = named(token.name()) else {
                continue;
            };
            let is_call = statement.get(at + 1).is_some_and(|next| next.is_mark("("));
            if !is_call && !BARE.contains(&token.name()) {
                continue;
            }
            let mut folder = Folder::new(statement, at + 1, &self.variables);
            let arguments = if is_call {
                folder.arguments()
            } else {
                // `EXEC sp_executesql @stmt = N'…'`
                let is_named = statement.get(at + 2).is_some_and(|next| next.is_mark("="));
                folder.at += if is_named { 2 } else { 0 };
                vec![folder.expression()]
            };
            let read = folder.at.saturating_sub(at);
            let looked_at = if matches!(does, Does::Delete) {
                statement.len()
            } else {
                0
            };
            if !self.spend(2 * read + looked_at) {
                return;
            }
            self.function(&does, statement, token.name(), &arguments);
        }
    }

    fn function(&mut self, does: &Does, statement: &[Token], name: &str, arguments: &[String]) {
        let unknown = HOLE.to_string();
        let first = arguments.first().unwrap_or(&unknown);
        match does {
            Does::Path(Action::Read, _) if name == "FILE" || name.starts_with("READ") => {
                // `duckdb` reads a bucket by the same name.
                if first.contains("://") {
                    self.push(Action::Fetch, Role::Remote, first, Modifiers::NONE);
                } else {
                    self.push(Action::Read, Role::Path, first, Modifiers::NONE);
                    self.files.push(first.clone());
                }
            }
            Does::Path(action, at) => {
                let path = arguments.get(*at).unwrap_or(&unknown);
                self.push(*action, Role::Path, path, Modifiers::NONE);
            }
            Does::Statement => {
                // The connection may stand in front, options behind: what reads like a statement is run.
                let known: Vec<&String> = arguments
                    .iter()
                    .filter(|text| text.trim().contains(' '))
                    .collect();
                match known.as_slice() {
                    [] if name.starts_with("SP_") || name.ends_with("EXEC") => {
                        self.hidden(
                            "a statement that is computed and handed to a function that runs it",
                        );
                    }
                    all => {
                        for text in all {
                            self.execute(text);
                        }
                    }
                }
            }
            Does::Shell => self.found.push(shell(first)),
            Does::Load => self.found.push(loaded(first)),
            Does::Stop => self.push(
                Action::StopService,
                Role::Service,
                &name.to_lowercase(),
                Modifiers::NONE,
            ),
            Does::Delete => {
                let is_one = first.bytes().all(|byte| byte.is_ascii_digit());
                let modifiers = if is_one || is_bounded(statement) {
                    Modifiers::NONE
                } else {
                    Modifiers::NONE.with(Modifier::All)
                };
                self.push(Action::Delete, Role::Table, &name.to_lowercase(), modifiers);
            }
            Does::Remote(action) => {
                if first.contains(HOLE) || first.contains("://") {
                    let found = effect(*action, Role::Remote, first, Modifiers::NONE);
                    self.found.push(found);
                }
            }
        }
    }
}
