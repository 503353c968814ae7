//! Names that a text lists and takes away in a way of its own: what it lists is known by what it calls, and what it takes away is not.
//!
//! `Dir["src/*"].each { |f| File.write(f, "") }`, `RecursiveDirectoryIterator`, `find(sub { unlink }, "src")`. Nobody sees which files these are.

use super::Embedded;
use super::lex::{Part, Token};
use super::script::Script;
use crate::effect::{Action, Feed, Modifier, Modifiers, Role};
use crate::knowledge::schema::Language;
use crate::shell::{Hole, Piece, Word};

/// Names of what lists files, in one language or another.
const LISTERS: &[&str] = &[
    "Dir",
    "Find",
    "Pathname",
    "RecursiveDirectoryIterator",
    "DirectoryIterator",
    "FilesystemIterator",
    "GlobIterator",
    "readdir",
    "opendir",
    "scandir",
    "glob",
    "iglob",
    "rglob",
    "globSync",
    "walk",
    "walkdir",
    "WalkDir",
    "listdir",
    "iterdir",
    "readdirSync",
    "readDir",
    "readDirSync",
    "ReadDir",
    "read_dir",
    "Walk",
    "finddepth",
    "dir_ls",
    "lfs",
    "listFiles",
    "newDirectoryStream",
    "eachFile",
    "eachFileRecurse",
    "walkTopDown",
    "file-seq",
    "directory-list",
    "directory_list",
    "ls",
    "wildcard",
    "list_dir",
    "walkDir",
    "walkDirRec",
    "walkFiles",
    "contentsOfDirectory",
    "enumerator",
    "Glob",
    "fdir",
    "globby",
    "fast-glob",
    "tinyglobby",
    "klaw",
];

/// Endings and names of what is made again; a text that speaks of one picks these.
const MADE_AGAIN: &[&str] = &[
    ".pyc",
    "__pycache__",
    ".log",
    ".tmp",
    ".o",
    ".bak",
    ".cache",
    "cache",
    "node_modules",
    "dist",
    "build",
    "target",
    ".class",
    ".orig",
    ".swp",
    ".map",
    "/tmp",
    "tmp",
    "out",
    "coverage",
    ".egg-info",
    ".DS_Store",
    ".obj",
    ".pid",
    "logs",
];

/// Methods and functions by which each of a list is gone, handed on by name or called without saying on what.
const REMOVERS: &[&str] = &[
    "unlink",
    "rmdir",
    "rmtree",
    "delete",
    "rm_rf",
    "rm_r",
    "rm",
    "remove",
    "remove_tree",
    "deleteRecursively",
    "deleteDir",
    "truncate",
];

impl Script<'_> {
    /// Marks what is taken away of what the text lists.
    pub(super) fn listed(&mut self, tokens: &[Token]) {
        let is_lister = |name: &str| {
            let last = name.rsplit('.').next().unwrap_or_default();
            LISTERS.contains(&last) || self.language == Language::Perl && last == "find"
        };
        let is_module = |parts: &[Part]| matches!(parts, [Part::Text(text)] if matches!(text.as_str(), "glob" | "globby" | "fast-glob" | "lfs"));
        let lists = tokens.iter().any(|token| {
            matches!(token, Token::Name(name) if is_lister(name))
                || matches!(token, Token::Text(parts) if is_module(parts))
        });
        if !lists || speaks_of_made(tokens) {
            return;
        }
        let mut takes = false;
        for found in &mut self.found {
            if let Embedded::Effect {
                action: Action::Delete | Action::Truncate,
                role: Role::Path,
                target,
                modifiers,
                ..
            } = found
            {
                takes = true;
                open_end(target);
                if target
                    .pieces
                    .iter()
                    .all(|piece| matches!(piece, Piece::Hole(_)))
                {
                    modifiers.insert(Modifier::Indirect);
                }
            }
        }
        if !takes && takes_each(tokens, self.language) {
            self.found.push(Embedded::Effect {
                action: Action::Delete,
                role: Role::Path,
                target: super::value::hole(),
                modifiers: Modifiers::NONE.with(Modifier::Indirect),
                feed: Feed::Text,
            });
        }
    }
}

/// `"src/" + f`, where `f` is one of what is listed, stands for all of them.
fn open_end(target: &mut Word) {
    let is_value =
        |piece: &Piece| matches!(piece, Piece::Hole(Hole::Other("a value of the script")));
    if let [Piece::Text(before), .., last] = target.pieces.as_mut_slice()
        && before.contains('/')
        && is_value(last)
    {
        *last = Piece::Glob("*".to_owned());
    }
}

/// Whether a text among the tokens names what is made again.
fn speaks_of_made(tokens: &[Token]) -> bool {
    tokens.iter().any(|token| {
        let Token::Text(parts) = token else {
            return false;
        };
        parts.iter().any(|part| match part {
            Part::Text(text) => MADE_AGAIN.iter().any(|name| {
                text == name
                    || text.ends_with(name) && name.starts_with('.')
                    || text.ends_with(&["/", name].concat())
            }),
            Part::Code(_) => false,
        })
    })
}

/// `each(&:rmtree)` of Ruby, `find(sub { unlink }, …)` of Perl, `_.delete` of Scala, `{ it.delete() }` of Groovy.
fn takes_each(tokens: &[Token], language: Language) -> bool {
    // A symbol of Ruby is a text: `each(&:rmtree)`.
    let by_symbol = tokens.windows(2).any(|pair| match pair {
        [before, Token::Text(parts)] => {
            before.mark() == "&"
                && matches!(parts.as_slice(), [Part::Text(text)] if REMOVERS.contains(&text.as_str()))
        }
        _ => false,
    });
    if language == Language::Ruby && by_symbol {
        return true;
    }
    tokens.windows(3).any(|three| {
        let [before, Token::Name(name), behind] = three else {
            return false;
        };
        let last = name.rsplit('.').next().unwrap_or_default();
        if !REMOVERS.contains(&last) {
            return false;
        }
        let by_name = language == Language::Ruby && matches!(before.mark(), ":" | "&:");
        let by_default = language == Language::Perl
            && matches!(last, "unlink" | "rmdir")
            && matches!(behind.mark(), "}" | ";" | ":" | ")");
        let of_each = language == Language::Other
            && before.mark() == "."
            && matches!(behind.mark(), ")" | "(" | "}");
        by_name || by_default || of_each
    })
}
