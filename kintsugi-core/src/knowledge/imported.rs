//! Programs in several files that the line writes: what one imports from another is read as if it stood in it.
//!
//! Not a linker: the text of the other file is put in front, and what names it is taken away, so that `lib.clean(d)` is a call of the
//! `clean` that stands there. Names that two files share become one.

use std::rc::Rc;

use super::analyst::Analyst;
use super::given_to_tests::as_imported;
use super::schema::Language;
use crate::shell::{Piece, Word};

/// Most files that one program is put together of.
const FILES_MAX: usize = 8;

/// Longest text of such files together, in bytes.
const BYTES_MAX: usize = 64 * 1024;

impl Analyst<'_> {
    /// The text with what it imports of the files that the line wrote; none when it imports nothing of them.
    pub(super) fn with_imports(&self, language: Language, word: &Word) -> Option<Word> {
        if self.files.len() > FILES_MAX * 8 {
            return None;
        }
        let files: Vec<(String, &Rc<str>)> = self
            .files
            .iter()
            .filter(|(_, written)| !written.before)
            .filter_map(|(path, written)| {
                let name = path.rsplit('/').next().unwrap_or_default();
                let module = module(language, name)?;
                let text = written.text.as_ref()?;
                let package = path.rsplit('/').nth(1).unwrap_or_default();
                let is_foreign = language == Language::Python && is_foreign(word, &module, package);
                (!is_foreign).then_some((module, text))
            })
            .collect();
        if files.is_empty() {
            return None;
        }
        let mut joined = word.clone();
        let mut taken: Vec<&str> = Vec::new();
        let mut bytes = 0;
        while let Some((module, text)) = files.iter().find(|(module, _)| {
            !taken.contains(&module.as_str()) && imports(language, &joined, module)
        }) {
            bytes += text.len();
            taken.push(module);
            if taken.len() > FILES_MAX || bytes > BYTES_MAX {
                break;
            }
            for piece in &mut joined.pieces {
                if let Piece::Text(text) = piece {
                    *text = unqualified(language, text, module);
                }
            }
            // What stands behind `if __name__ == "__main__":` runs where the module is the program.
            let starts = ["runpy", "exec(", "__name__ ="];
            let is_program = joined.pieces.iter().any(|piece| match piece {
                Piece::Text(text) => starts.iter().any(|it| text.contains(it)),
                Piece::Glob(_) | Piece::Hole(_) => true,
            });
            let text = Some(text)
                .filter(|_| !is_program)
                .and_then(|text| {
                    as_imported(&[module, ".py"].concat(), text)
                        .filter(|_| language == Language::Python)
                })
                .map_or_else(
                    || exported(language, text),
                    |text| exported(language, &text),
                );
            joined.pieces.insert(0, Piece::Text([&text, "\n"].concat()));
        }
        (!taken.is_empty()).then_some(joined)
    }
}

/// The name by which a program of the language imports a file.
fn module(language: Language, name: &str) -> Option<String> {
    let (stem, ending) = name.rsplit_once('.')?;
    let is_of = |endings: &[&str]| endings.contains(&ending);
    let module = match (language, ending) {
        (Language::Python, "py") | (Language::Ruby, "rb") => stem,
        (Language::Javascript, _)
            if is_of(&["js", "mjs", "cjs", "ts", "mts", "cts", "tsx", "jsx"]) =>
        {
            stem
        }
        (Language::Php, "php")
        | (Language::Perl, "pl" | "pm")
        | (Language::Shell, "sh" | "bash" | "zsh") => name,
        _ => return None,
    };
    (!module.is_empty()).then(|| module.to_owned())
}

/// Whether a text imports a module of that name.
fn imports(language: Language, word: &Word, module: &str) -> bool {
    let texts = || {
        word.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(text) | Piece::Glob(text) => Some(text.as_str()),
            Piece::Hole(_) => None,
        })
    };
    let any = |prefixes: &[&str]| {
        let is_end = |text: &str| !text.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        texts().any(|text| {
            prefixes.iter().any(|prefix| {
                let named = [prefix, module].concat();
                text.match_indices(&named)
                    .any(|(at, it)| is_end(text.get(at + it.len()..).unwrap_or_default()))
            })
        })
    };
    match (language, module) {
        (Language::Python, _) => any(&["import ", "from ", ".", ", "]),
        (Language::Javascript, _) => any(&["'./", "\"./", "'../", "\"../"]),
        (Language::Ruby, _) => any(&["relative '", "relative \"", "'./", "\"./"]),
        (Language::Php | Language::Perl, _) => any(&["'", "\"", "/"]),
        (Language::Shell, _) => any(&[". ", ". ./", "source ", "source ./"]),
        _ => false,
    }
}

/// Whether a text in Python only imports something of that name from packages in which the file does not lie: `from django.db import models`
/// beside `app/models.py`.
fn is_foreign(word: &Word, module: &str, package: &str) -> bool {
    let Some(text) = word.known() else {
        return false;
    };
    let mut found = false;
    let mut lines = text.split(['\n', ';']);
    let is_own = lines.any(|line| {
        let line = line.trim();
        if !line.contains(module) || !line.contains("import") {
            return false;
        }
        let from = line
            .strip_prefix("from ")
            .and_then(|it| it.split_once(" import "));
        let Some((path, _)) = from else {
            return true;
        };
        found = true;
        path.starts_with('.')
            || path.split('.').any(|it| it == module)
            || path.rsplit('.').next() == Some(package)
    });
    found && !is_own
}

/// The text without the names by which it speaks of a module.
fn unqualified(language: Language, text: &str, module: &str) -> String {
    match (language, module) {
        (Language::Python, _) => {
            let alias = behind(text, &["import ", module, " as "].concat());
            let mut bare = String::with_capacity(text.len());
            for statement in text.split_inclusive([';', '\n']) {
                bare.push_str(names_of_import(statement, module).unwrap_or(statement));
            }
            members_of(&bare, &[Some(module), alias])
        }
        (Language::Javascript, _) => imported_by_statement(text, module),
        _ => text.to_owned(),
    }
}

/// `clean` of `from pkg.lib import clean`.
fn names_of_import<'t>(statement: &'t str, module: &str) -> Option<&'t str> {
    let (path, names) = statement
        .trim_start()
        .strip_prefix("from ")?
        .split_once(" import ")?;
    (path.rsplit('.').next() == Some(module)).then_some(names)
}

/// The name that stands behind the first place of `before`.
fn behind<'t>(text: &'t str, before: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    let end = rest
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(rest.len());
    rest.get(..end).filter(|name| !name.is_empty())
}

/// `lib.clean(d)` as `clean(d)`.
fn members_of(text: &str, names: &[Option<&str>]) -> String {
    let mut text = text.to_owned();
    for name in names.iter().flatten() {
        let prefix = [name, "."].concat();
        let mut bare = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once(&prefix) {
            bare.push_str(before);
            if before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '/')) {
                bare.push_str(&prefix);
            }
            rest = after;
        }
        bare.push_str(rest);
        text = bare;
    }
    text
}

/// A text of JavaScript without the statement that imports the module, and with the members of what that binds by their own names.
fn imported_by_statement(text: &str, module: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut name = None;
    for statement in text.split_inclusive([';', '\n']) {
        let is_import = ["'./", "\"./", "'../", "\"../"]
            .iter()
            .any(|quote| statement.contains(&[quote, module].concat()))
            && (statement.contains("require(") || statement.contains("import"));
        if !is_import {
            bare.push_str(statement);
            continue;
        }
        let is_name =
            |word: &&str| !matches!(*word, "" | "const" | "let" | "var" | "import" | "*" | "as");
        let bound = statement.trim_start().split([' ', '=']).find(is_name);
        name =
            name.or(bound.filter(|bound| bound.chars().all(|c| c.is_alphanumeric() || c == '_')));
        bare.push('\n');
    }
    members_of(&bare, &[name])
}

/// The text of a module as a part of the program that imports it.
fn exported(language: Language, text: &str) -> String {
    if language == Language::Javascript {
        text.replace("export default ", "")
            .replace("export ", "")
            .replace("module.exports.", "")
            .replace("exports.", "")
    } else {
        text.to_owned()
    }
}
