//! Statements that other statements put together and run: `EXECUTE`, `PREPARE`, `DO`, `\gexec`, the bodies of functions.

use super::super::lex::HOLE;
use super::fold::Folder;
use super::tokens::{Kind, Token};
use super::{Reader, loaded};
use crate::effect::{Action, Modifiers, Role, Span};
use crate::knowledge::schema::Language;
use crate::shell::Word;

/// Most values of one variable that are kept.
const VALUES_MAX: usize = 8;

/// Most words between the name of a prepared statement and what it says.
const PREPARED_MAX: usize = 16;

/// Languages of stored functions that can do what any program can.
const LANGUAGES: [(&str, Language); 7] = [
    ("PLPYTHON3U", Language::Python),
    ("PLPYTHONU", Language::Python),
    ("PLPERLU", Language::Perl),
    ("PLPERL", Language::Perl),
    ("PLSH", Language::Shell),
    ("PLTCLU", Language::Tcl),
    ("PLRUBY", Language::Ruby),
];

impl Reader<'_> {
    /// Reads a text that is run as SQL; one that does not say what it begins with is hidden.
    pub(super) fn execute(&mut self, text: &str) {
        let mut words = text
            .trim_start()
            .split(|c: char| c.is_whitespace() || c == '(');
        let verb = words.next().unwrap_or_default();
        if verb.contains(HOLE) {
            self.hidden("a statement that is computed");
        } else if !verb.is_empty() {
            self.script(text, true, true);
        }
    }

    /// Notes what a statement runs that it puts together.
    pub(super) fn dynamic(&mut self, statement: &[Token], is_body: bool) {
        self.assigned(statement);
        let word = |at: usize| statement.get(at).map_or("", |token| token.upper.as_str());
        match word(0) {
            "GRANT" | "REVOKE" | "COMMENT" => return,
            "DO" => {
                for token in statement.iter().filter(|token| token.is_text()) {
                    self.script(&token.written, true, true);
                }
                return;
            }
            _ => {}
        }
        if let [query @ .., slash, end] = statement
            && slash.is_mark("\\")
            && end.upper == "GEXEC"
        {
            self.printed(query);
        }
        for (at, token) in statement.iter().enumerate() {
            if token.kind != Kind::Word {
                continue;
            }
            match token.upper.as_str() {
                "PREPARE" => self.prepare(statement, at),
                "EXECUTE" | "EXEC" => self.execution(statement, at, is_body),
                _ => {}
            }
        }
    }

    /// `PREPARE p FROM @s`, `PREPARE p AS DELETE …`.
    fn prepare(&mut self, statement: &[Token], at: usize) {
        let Some(name) = statement.get(at + 1) else {
            return;
        };
        self.prepared.insert(name.name().to_owned());
        let mut rest = statement.iter().enumerate().skip(at + 2).take(PREPARED_MAX);
        let found = rest.find(|(_, token)| matches!(token.upper.as_str(), "FROM" | "AS"));
        match found.map(|(at, token)| (at, token.upper.as_str())) {
            Some((from, "AS")) => {
                let inner = statement.get(from + 1..).unwrap_or_default();
                self.judge(inner);
                self.functions(inner);
            }
            Some((from, _)) => self.run_expression(statement, from + 1),
            None => {}
        }
    }

    /// What stands behind `EXECUTE` or `EXEC`.
    fn execution(&mut self, statement: &[Token], at: usize, is_body: bool) {
        let mut at = at + 1;
        if statement
            .get(at)
            .is_some_and(|next| next.upper == "IMMEDIATE")
        {
            at += 1;
            self.run_expression(statement, at);
            return;
        }
        let Some(next) = statement.get(at) else {
            return;
        };
        match next.kind {
            Kind::Text | Kind::Body => self.run_expression(statement, at),
            Kind::Mark if next.is_mark("(") => self.run_expression(statement, at),
            Kind::Mark => {}
            Kind::Word | Kind::Quoted => {
                let is_name = matches!(
                    next.upper.as_str(),
                    "ON" | "FUNCTION" | "PROCEDURE" | "AS" | "PRIVILEGE" | "TO"
                ) || self.prepared.contains(next.name());
                let is_joined = statement
                    .get(at + 1)
                    .is_some_and(|behind| behind.is_mark("|") || behind.is_mark("("));
                let is_variable = self.variables.contains_key(next.name());
                if !is_name
                    && (is_variable
                        || is_joined && is_body
                        || is_body && next.kind == Kind::Word && !next.name().starts_with("SP_"))
                {
                    self.run_expression(statement, at);
                }
            }
        }
    }

    /// Runs what an expression says, and every value that its one variable was ever given.
    fn run_expression(&mut self, statement: &[Token], at: usize) {
        let mut folder = Folder::new(statement, at, &self.variables);
        let text = folder.expression();
        let read = folder.at.saturating_sub(at);
        if !self.spend(read + text.len()) {
            return;
        }
        let values = statement
            .get(at)
            .filter(|_| read == 1)
            .and_then(|token| self.variables.get(token.name()).cloned());
        match values {
            Some(values) => {
                for value in values {
                    self.execute(&value);
                }
            }
            None => self.execute(&text),
        }
    }

    /// `select … \gexec`: every column of every row is a statement.
    fn printed(&mut self, query: &[Token]) {
        let Some(at) = query.iter().position(|token| token.upper == "SELECT") else {
            self.hidden("statements that a query prints");
            return;
        };
        let mut at = at + 1;
        loop {
            let mut folder = Folder::new(query, at, &self.variables);
            let text = folder.expression();
            let end = folder.at;
            if !self.spend(end.saturating_sub(at)) {
                return;
            }
            self.execute(&text);
            match query.get(end) {
                Some(comma) if comma.is_mark(",") => at = end + 1,
                _ => return,
            }
        }
    }

    /// Notes the values that variables are given.
    fn assigned(&mut self, statement: &[Token]) {
        let first = statement.first().map_or("", |token| token.upper.as_str());
        let sets = matches!(first, "SET" | "DECLARE" | "SELECT");
        for (at, token) in statement.iter().enumerate().skip(1) {
            let before = statement.get(at - 1);
            let next_is = |mark: &str| statement.get(at + 1).is_some_and(|it| it.is_mark(mark));
            let declared = || {
                let skipped = usize::from(matches!(first, "DECLARE" | "SET"));
                statement.get(skipped)
            };
            let (names, from) = if token.is_mark(":") && next_is("=") {
                ([before, declared()], at + 2)
            } else if token.is_mark("+") && next_is("=") && sets {
                // The sum says no less than what is added.
                ([before, None], at + 2)
            } else if token.is_mark("=") && sets && !before.is_some_and(|it| it.is_mark(":")) {
                let is_variable =
                    before.is_some_and(|it| it.upper.starts_with('@')) || first != "SELECT";
                if !is_variable {
                    continue;
                }
                ([before, declared()], at + 1)
            } else if token.upper == "DEFAULT" && first == "DECLARE" {
                ([declared(), None], at + 1)
            } else if token.upper == "INTO" && first == "SELECT" {
                ([statement.get(at + 1), None], 1)
            } else {
                continue;
            };
            let mut folder = Folder::new(statement, from, &self.variables);
            let mut value = folder.expression();
            let read = folder.at.saturating_sub(from);
            if !self.spend(read + value.len()) {
                return;
            }
            let adds = token.is_mark("+");
            for name in names.into_iter().flatten() {
                if !matches!(name.kind, Kind::Word | Kind::Quoted) {
                    continue;
                }
                let values = self.variables.entry(name.name().to_owned()).or_default();
                if adds && let Some(last) = values.last() {
                    value = format!("{last}{value}");
                }
                if values.len() < VALUES_MAX {
                    values.push(value.clone());
                } else if let Some(last) = values.last_mut() {
                    last.clone_from(&value);
                }
            }
        }
    }

    /// Program text in other languages: the body of a function, a library that is loaded.
    pub(super) fn code_inside(&mut self, statement: &[Token]) {
        let word = |at: usize| statement.get(at).map_or("", |token| token.upper.as_str());
        let text = |keyword: &str| {
            let at = statement.iter().position(|token| token.upper == keyword)?;
            statement.get(at + 1).filter(|next| next.is_text())
        };
        match word(0) {
            "LOAD" => {
                if let Some(library) = statement.get(1).filter(|next| next.is_text()) {
                    self.found.push(loaded(&library.written));
                }
            }
            "INSTALL" | "CREATE" if text("SONAME").is_some() => {
                self.found
                    .extend(text("SONAME").map(|library| loaded(&library.written)));
            }
            "CREATE" | "DO" => {
                let language = statement.iter().position(|token| token.upper == "LANGUAGE");
                let name = language.and_then(|at| statement.get(at + 1));
                let name = name.map_or("", |token| token.upper.trim_start_matches(['\'', '"']));
                let known = LANGUAGES.iter().find(|(known, _)| *known == name);
                let bodies = statement.iter().filter(|token| token.is_text());
                if name == "C" {
                    self.found
                        .extend(text("AS").map(|library| loaded(&library.written)));
                } else if let Some((_, language)) = known {
                    for body in bodies {
                        let text = Word::text(&*body.written, Span::default());
                        let inside = super::super::read(*language, &text, self.budget);
                        self.found.extend(inside);
                    }
                } else if matches!(word(0), "CREATE") {
                    // A body that is kept and runs when it is called.
                    for body in bodies.filter(|body| body.kind == Kind::Body) {
                        self.script(&body.written, true, true);
                    }
                }
            }
            _ => {}
        }
    }

    /// What a statement sends out of the database: `COPY … TO 's3://…'`, `EXPORT DATA`, `UNLOAD`.
    pub(super) fn sent(&mut self, statement: &[Token]) {
        let first = statement.first().map_or("", |token| token.upper.as_str());
        if !matches!(first, "COPY" | "EXPORT" | "UNLOAD" | "BACKUP" | "INSERT") {
            return;
        }
        let is_address = |token: &&Token| token.is_text() && token.written.contains("://");
        let Some(to) = statement.iter().rfind(is_address) else {
            return;
        };
        for file in std::mem::take(&mut self.files) {
            // What the file says goes where the answer goes.
            let quoted = file.replace('\'', "'\\''");
            let address = to.written.replace('\'', "'\\''");
            self.found.push(super::shell(&format!(
                "cat '{quoted}' | curl -T - '{address}'"
            )));
        }
        let address = to.written.clone();
        self.push(Action::Send, Role::Remote, &address, Modifiers::NONE);
    }
}
