//! Tables that end with the session: `CREATE TEMP TABLE t …; DROP TABLE t`.
//!
//! While such a table is there, its name means it and no other table of that name (PostgreSQL 17, "CREATE TABLE"; MySQL 8.4, 15.1.20.2;
//! SQLite 3.47). So what takes away more than the table that was made, or a table twice, is not about it.

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
        if is_kept && is_plain && self.temporary.len() < TABLES_MAX {
            self.temporary.insert(name.written.to_ascii_lowercase());
        }
    }
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
