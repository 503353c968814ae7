//! Tables that end with the session: `CREATE TEMP TABLE t …; DROP TABLE t`.
//!
//! While such a table is there, its name means it and no other table of that name (PostgreSQL 17, "CREATE TABLE"; MySQL 8.4, 15.1.20.2;
//! SQLite 3.47). So what takes away more than the table that was made, or a table twice, is not about it. Neither is what follows a
//! statement that may fail: most clients go on behind it (psql(1), `ON_ERROR_STOP`), and the name then means a table that stays. A list of
//! plain columns does not fail; a query that makes the table may, and then the name itself has to say that nobody keeps it.

use super::tokens::{Kind, Token};
use super::{Reader, has};

/// Most tables that are kept in mind.
const TABLES_MAX: usize = 32;

impl Reader<'_> {
    /// Whether a statement takes away or empties nothing but tables that end with the session.
    pub(super) fn is_about_temporary(&mut self, statement: &[Token]) -> bool {
        let words: Vec<&str> = statement.iter().map(|token| token.upper.as_str()).collect();
        match words.as_slice() {
            ["CREATE", rest @ ..] => {
                self.remember_temporary(statement, rest);
                false
            }
            ["DROP", "TABLE", ..] | ["DROP", "TEMPORARY", "TABLE", ..] => {
                let names = dropped_names(statement);
                let is_own = |name: &String| self.temporary.contains(name);
                let all = !names.is_empty() && names.iter().all(is_own);
                for name in &names {
                    self.temporary.remove(name);
                }
                all
            }
            ["TRUNCATE", "TABLE", _] => self.is_temporary(statement.get(2)),
            ["TRUNCATE", _] => self.is_temporary(statement.get(1)),
            ["DELETE", "FROM", _, ..] => {
                let is_alone = !statement
                    .iter()
                    .any(|token| token.is_mark("(") || token.is_mark(","));
                is_alone
                    && !has(statement, "RETURNING")
                    && !has(statement, "USING")
                    && self.is_temporary(statement.get(2))
            }
            // What was made may be gone, or another table may have the name from here on.
            ["ROLLBACK" | "DISCARD" | "USE" | "ALTER" | "CALL" | "DO", ..] => {
                self.temporary.clear();
                false
            }
            _ => {
                if has(statement, "SEARCH_PATH") {
                    self.temporary.clear();
                }
                false
            }
        }
    }

    fn is_temporary(&self, token: Option<&Token>) -> bool {
        token.is_some_and(|token| self.temporary.contains(&token.written.to_ascii_lowercase()))
    }

    /// Notes what `CREATE TEMP TABLE name` makes, unless it goes with the transaction.
    fn remember_temporary(&mut self, statement: &[Token], rest: &[&str]) {
        let is_temporary = matches!(
            rest,
            ["TEMP" | "TEMPORARY", "TABLE", ..] | ["LOCAL", "TEMP" | "TEMPORARY", "TABLE", ..]
        );
        let name = if is_temporary {
            let at = rest
                .iter()
                .position(|word| *word == "TABLE")
                .unwrap_or_default()
                + 2;
            statement.get(at)
        } else {
            None
        };
        let Some(name) = name.filter(|it| matches!(it.kind, Kind::Word | Kind::Quoted)) else {
            return;
        };
        let is_kept = !statement
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.upper == "COMMIT" && b.upper == "DROP"));
        let is_plain = !name.written.contains('.') && !matches!(name.upper.as_str(), "IF");
        let is_certain = is_simple(statement) || is_passing(&name.written);
        if is_kept && is_plain && is_certain && self.temporary.len() < TABLES_MAX {
            self.temporary.insert(name.written.to_ascii_lowercase());
        }
    }
}

/// Types of columns that every server has.
const TYPES: [&str; 22] = [
    "INT",
    "INTEGER",
    "BIGINT",
    "SMALLINT",
    "SERIAL",
    "BIGSERIAL",
    "TEXT",
    "VARCHAR",
    "CHAR",
    "DATE",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMPTZ",
    "BOOLEAN",
    "BOOL",
    "NUMERIC",
    "DECIMAL",
    "REAL",
    "FLOAT",
    "UUID",
    "JSON",
    "JSONB",
];

/// Words that may stand between a type and the next comma.
const CONSTRAINTS: [&str; 5] = ["PRIMARY", "KEY", "NOT", "NULL", "UNIQUE"];

/// Whether a table is made of nothing that the server could refuse: columns of types that it has, or a query of numbers and texts.
fn is_simple(statement: &[Token]) -> bool {
    let from = statement.iter().position(|token| token.upper == "TABLE");
    let rest = statement
        .get(from.unwrap_or_default() + 2..)
        .unwrap_or_default();
    match rest {
        [first, select, values @ ..] if first.upper == "AS" && select.upper == "SELECT" => {
            !values.is_empty()
                && values
                    .iter()
                    .enumerate()
                    .all(|(at, token)| match token.kind {
                        Kind::Word => {
                            token.written.bytes().all(|it| it.is_ascii_digit())
                                || token.upper == "AS"
                                || at
                                    .checked_sub(1)
                                    .and_then(|it| values.get(it))
                                    .is_some_and(|it| it.upper == "AS")
                        }
                        Kind::Text => true,
                        Kind::Quoted | Kind::Body | Kind::Mark => token.is_mark(","),
                    })
        }
        [open, columns @ .., close] if open.is_mark("(") && close.is_mark(")") => {
            let columns: Vec<&[Token]> = columns.split(|token| token.is_mark(",")).collect();
            let mut names: Vec<&str> = Vec::new();
            columns.iter().all(|column| {
                let [name, kind, constraints @ ..] = column else {
                    return false;
                };
                let is_new = !names.contains(&name.upper.as_str());
                names.push(&name.upper);
                is_new
                    && matches!(name.kind, Kind::Word | Kind::Quoted)
                    && TYPES.contains(&kind.upper.as_str())
                    && constraints.iter().all(|it| {
                        CONSTRAINTS.contains(&it.upper.as_str())
                            || it.is_mark("(")
                            || it.is_mark(")")
                            || it.written.bytes().all(|digit| digit.is_ascii_digit())
                    })
            })
        }
        _ => false,
    }
}

/// Whether a name says that what has it is passing: `tmp_ids`, `scratch`, or one or two letters.
fn is_passing(name: &str) -> bool {
    name.chars().count() <= 2
        || name.split(|it: char| !it.is_alphanumeric()).any(|part| {
            matches!(
                part.to_ascii_lowercase().as_str(),
                "tmp" | "temp" | "temporary" | "scratch"
            )
        })
}

/// The tables that a statement removes; none when it names one in a way that is not read here.
fn dropped_names(statement: &[Token]) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = statement
        .iter()
        .skip_while(|token| token.upper != "TABLE")
        .skip(1)
        .skip_while(|token| matches!(token.upper.as_str(), "IF" | "EXISTS"));
    while let Some(token) = rest.next() {
        let is_name =
            matches!(token.kind, Kind::Word | Kind::Quoted) && !token.written.contains('.');
        if !is_name {
            return Vec::new();
        }
        names.push(token.written.to_ascii_lowercase());
        match rest.next() {
            None => break,
            Some(mark) if mark.is_mark(",") => {}
            Some(word) if word.upper == "RESTRICT" => break,
            Some(_) => return Vec::new(),
        }
    }
    names
}
