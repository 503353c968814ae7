//! Where a script gives names to modules, functions and elements of lists.

use super::calls;
use super::cursor::Cursor;
use super::lex::{Part, Token};
use super::script::Script;
use super::value::Value;
use crate::effect::Span;
use crate::knowledge::schema::Language;
use crate::shell::{Hole, Piece, Word};

impl Script<'_> {
    /// `const { execSync: run } = require('child_process')`.
    pub(super) fn destructuring(&mut self, cursor: &mut Cursor<'_>) {
        let names = cursor.braced_names();
        if names.is_empty() || !cursor.accept("=") {
            return;
        }
        let module = self.expression(cursor).path.unwrap_or_default();
        for (member, name) in names {
            self.names
                .insert(name, Value::named(format!("{module}.{member}")));
        }
    }

    /// `import a.b as c, d`, `from a import b as c`, `import { a } from 'b'`, `import a from 'b'`.
    pub(super) fn import(&mut self, cursor: &mut Cursor<'_>) {
        let first = cursor.at;
        let from = cursor.name() == Some("from");
        cursor.at += 1;
        let braced = cursor.braced_names();
        // `import * as fs from 'fs'`
        if cursor.is("*") && matches!(cursor.ahead(1), Some(Token::Name(name)) if name == "as") {
            cursor.at += 2;
        }
        let module = cursor.dotted();
        if let (Some("from"), false) = (cursor.name(), from) {
            cursor.at += 1;
            if let Some(Token::Text(parts)) = cursor.take() {
                let source = plain(parts);
                let source = source.strip_prefix("node:").unwrap_or(&source);
                for (member, name) in braced {
                    self.names
                        .insert(name, Value::named(format!("{source}.{member}")));
                }
                self.names.insert(module, Value::named(source));
            }
        } else if from {
            self.members(cursor, &module);
        } else if cursor.is("(") {
            cursor.at = first;
            self.expression(cursor);
        } else {
            self.modules(cursor, module);
        }
    }

    /// `import('fs').then(fs => …)` and `import('fs').then(({ rm }) => …)`: a module that comes later.
    pub(super) fn promised(&mut self, tokens: &[Token]) {
        if self.language != Language::Javascript {
            return;
        }
        for (at, seven) in tokens.windows(7).enumerate() {
            let [
                Token::Name(import),
                open,
                Token::Text(parts),
                close,
                dot,
                Token::Name(then),
                call,
            ] = seven
            else {
                continue;
            };
            let marks = [open, close, dot, call].map(Token::mark);
            if import != "import" || then != "then" || marks != ["(", ")", ".", "("] {
                continue;
            }
            let source = plain(parts);
            let source = source.strip_prefix("node:").unwrap_or(&source);
            let mut cursor = Cursor { tokens, at: at + 7 };
            if cursor.name() == Some("async") {
                cursor.at += 1;
            }
            cursor.accept("(");
            for (member, name) in cursor.braced_names() {
                let path = [source, ".", &member].concat();
                self.names.insert(name, Value::named(path));
            }
            if let Some(name) = cursor.name() {
                self.names.insert(name.to_owned(), Value::named(source));
            }
        }
    }

    /// `name = value`; a function that is written with an arrow goes by its name.
    pub(super) fn assigned(&mut self, cursor: &mut Cursor<'_>, name: &str) -> Value {
        cursor.at += 1;
        cursor.skip_lines();
        let is_function = self.arrow(cursor, name);
        let mut value = self.expression(cursor);
        if is_function {
            value = Value::named(name);
        }
        self.bind(name, value.clone());
        value
    }

    /// `name <- value`. What had the name before may still have it.
    pub(super) fn assigned_by_arrow(&mut self, cursor: &mut Cursor<'_>, name: &str) -> Value {
        let before = self
            .names
            .get(name)
            .filter(|it| !it.words.is_empty())
            .cloned();
        cursor.at += 1;
        let mut value = self.assigned(cursor, name);
        if let Some(before) = before {
            value.or(&before);
            self.bind(name, value.clone());
        }
        value
    }

    /// A name that the text does not bind: a builtin, or a member of a module imported whole.
    pub(super) fn free(&self, name: &str) -> Value {
        let star = self
            .names
            .get("*")
            .and_then(|module| module.path.as_deref());
        let path = match star {
            Some(module) if calls::find(self.language, name, false).is_none() => {
                format!("{module}.{name}")
            }
            _ => name.to_owned(),
        };
        let mut value = Value::named(path);
        if name.starts_with(['$', '@']) {
            value.words = vec![Word {
                pieces: vec![Piece::Hole(Hole::Variable(
                    name.trim_start_matches(['$', '@']).to_owned(),
                ))],
                span: Span::default(),
            }];
        }
        value
    }

    /// `with E as name`: what a manager gives is as good as the manager.
    pub(super) fn named_as(&mut self, cursor: &mut Cursor<'_>, value: Value) {
        if cursor.name() != Some("as") {
            return;
        }
        cursor.at += 1;
        if let Some(name) = cursor.name()
            && cursor
                .ahead(1)
                .is_some_and(|it| matches!(it.mark(), ":" | "," | ")"))
        {
            cursor.at += 1;
            self.bind(name, value);
        }
    }

    fn members(&mut self, cursor: &mut Cursor<'_>, module: &str) {
        cursor.at += 1;
        cursor.accept("(");
        if cursor.accept("*") {
            self.names.insert("*".to_owned(), Value::named(module));
        }
        while let Some(member) = cursor.name() {
            cursor.at += 1;
            let mut name = member;
            if cursor.name() == Some("as") {
                cursor.at += 1;
                name = cursor.name().unwrap_or(member);
                cursor.at += 1;
            }
            self.names
                .insert(name.to_owned(), Value::named(format!("{module}.{member}")));
            if !cursor.accept(",") {
                break;
            }
            cursor.skip_lines();
        }
    }

    fn modules(&mut self, cursor: &mut Cursor<'_>, first: String) {
        let mut module = first;
        loop {
            let top = module.split('.').next().unwrap_or_default().to_owned();
            if cursor.name() == Some("as") {
                cursor.at += 1;
                let name = cursor.name().unwrap_or_default().to_owned();
                cursor.at += 1;
                self.names.insert(name, Value::named(module));
            } else {
                self.names.insert(top.clone(), Value::named(top));
            }
            if !cursor.accept(",") {
                return;
            }
            module = cursor.dotted();
        }
    }

    /// `for x in E`, `for (const x of E)`, `foreach my $x (E)`, `foreach (E as $x)`.
    pub(super) fn loop_head(&mut self, cursor: &mut Cursor<'_>) {
        cursor.at += 1;
        // `for (E) { … $_ … }` and `… $_ … for E` (perlsyn(1) 5.38, "Foreach Loops").
        let is_named = matches!(cursor.name(), Some("my" | "our" | "local"))
            || cursor.name().is_some_and(|name| name.starts_with('$'));
        if self.language == Language::Perl && !is_named {
            let list = self.expression(cursor);
            let element = self.element_of("$_", &list);
            self.names.insert("$_".to_owned(), element);
            return;
        }
        cursor.accept("(");
        // PHP names the list first: `foreach (E as $key => $x)`.
        if self.language == Language::Php {
            let list = self.expression(cursor);
            if cursor.name() == Some("as") {
                cursor.at += 1;
                while let Some(name) = cursor.name() {
                    let element = self.element_of(name, &list);
                    self.names.insert(name.to_owned(), element);
                    cursor.at += 1;
                    if !cursor.accept("=>") {
                        break;
                    }
                }
            }
            return;
        }
        let mut names = Vec::new();
        while let Some(token) = cursor.peek() {
            match token {
                Token::Name(name) if matches!(name.as_str(), "const" | "let" | "var" | "my") => {}
                Token::Name(name) if matches!(name.as_str(), "in" | "of") => {
                    cursor.at += 1;
                    break;
                }
                Token::Name(name) => names.push(name.clone()),
                // `for _, d := range all` of Go.
                Token::Mark(":=" | "=") if matches!(cursor.ahead(1), Some(Token::Name(name)) if name == "range") =>
                {
                    // In front stands the place, or the key.
                    if !self.has_maps {
                        names.drain(..names.len().saturating_sub(1));
                    }
                    cursor.at += 2;
                    break;
                }
                // `for (String d : all)` of Java, `for (d <- all)` of Scala.
                Token::Mark(mark @ (":" | "<")) if self.language == Language::Other => {
                    names.drain(..names.len().saturating_sub(1));
                    cursor.at += if *mark == "<" { 2 } else { 1 };
                    break;
                }
                token
                    if matches!(token.mark(), "," | "[" | "]" | "(" | ")" | "...")
                        && self.language != Language::Perl => {}
                Token::Text(_)
                | Token::Shell(_)
                | Token::Words(_)
                | Token::Pattern(_)
                | Token::Change(_)
                | Token::Unclear
                | Token::Number(_)
                | Token::Mark(_)
                | Token::Line => break,
            }
            cursor.at += 1;
        }
        let list = self.expression(cursor);
        self.bind_elements(names, &list);
    }
}

fn plain(parts: &[Part]) -> String {
    parts
        .iter()
        .map(|part| match part {
            Part::Text(text) | Part::Code(text) => text.as_str(),
            Part::Aside(_) => "",
        })
        .collect()
}
