//! Names that a text lists and takes away in a way of its own: what it lists is known by what it calls, and what it takes away is not.
//!
//! `Dir["src/*"].each { |f| File.write(f, "") }`, `RecursiveDirectoryIterator`, `find(sub { unlink }, "src")`. Nobody sees which files these are.

use super::Embedded;
use super::calls::SELF;
use super::effects::{Call, star};
use super::lex::{Part, Token};
use super::script::Script;
use super::value::{Value, pattern};
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

/// Methods and functions that leave nothing in a file when they are given the empty text.
const EMPTIERS: &[&str] = &[
    "writeText",
    "setText",
    "text",
    "spit",
    "spurt",
    "write_text",
];

/// Most tokens between the brackets of a lister that are looked at.
const TOLD_MAX: usize = 32;

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
                || matches!(token, Token::Change(parts) if lists_in_code(parts))
                || matches!(token, Token::Text(parts) if is_module(parts) || lists_by_command(parts))
        });
        // `(file-seq d)` of Clojure: a hyphen joins no name to this reader.
        let lists = lists
            || tokens.windows(3).any(|three| {
                matches!(three, [Token::Name(first), Token::Mark("-"), Token::Name(last)] if matches!((first.as_str(), last.as_str()), ("file", "seq") | ("list", "dir") | ("directory", "list")))
            });
        if !lists || lists_made(tokens, is_lister) {
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

/// The field of what a walk gives back: the top of the tree.
const WALKED: &str = "the top of a tree";

impl Script<'_> {
    /// `os.walk(d)`, `Path(d).walk()`: what is below the directory, of which a loop names the directory first (Python 3.13, os).
    pub(super) fn walked(call: &Call<'_>) -> Value {
        let is_of_self = !call.path.starts_with("os.");
        if is_of_self && call.path != ".walk" {
            // Of something else: `ast.walk(tree)`.
            return Value::unknown(Feed::Nothing);
        }
        let top = call.argument(if is_of_self { SELF } else { 0 });
        Value {
            words: vec![pattern("*")],
            fields: vec![(WALKED.to_owned(), top.clone())],
            feed: top.feed,
            ..Value::default()
        }
    }

    /// Names what a loop goes through: each name may be any element, but of a walk the first is a directory.
    pub(super) fn bind_elements(&mut self, names: Vec<String>, list: &Value) {
        let mut elements = list.elements();
        elements.fields.retain(|(name, _)| name != WALKED);
        let is_apart = names.len() > 1;
        if is_apart && self.bind_apart(&names, list) {
            return;
        }
        for (at, name) in names.into_iter().enumerate() {
            let top = list.fields.iter().find(|(name, _)| name == WALKED);
            let value = match top {
                Some((_, top)) if at == 0 && is_apart => top.clone(),
                None if !is_apart => self.element_of(&name, list),
                Some(_) | None => elements.clone(),
            };
            self.names.insert(name, value);
        }
    }

    /// The names in a directory; the paths, where that is what is listed: `Path(d).iterdir()`, `list.files(d, full.names = TRUE)`.
    pub(super) fn in_directory(call: &Call<'_>) -> Value {
        // Pathname of Ruby 3.4 lists itself.
        let is_pathname = matches!(call.path, ".each_child" | ".children");
        let is_of_self = is_pathname || call.path.ends_with(".iterdir");
        let below = call
            .argument(if is_of_self { SELF } else { 0 })
            .then("/", &star());
        let is_asked = |(keyword, value): &(Option<String>, Value)| {
            matches!(keyword.as_deref(), Some("full.names" | "join"))
                && value
                    .path
                    .as_deref()
                    .is_some_and(|path| path.starts_with(['T', 't']))
        };
        let is_told =
            |word: &Word| !matches!(word.pieces.first(), Some(Piece::Hole(Hole::Other(_))));
        // A name with a dot in it is no keyword to the reader.
        let is_named = |value: &Value| value.path.as_deref() == Some("full.names");
        let gives_paths =
            is_of_self || call.arguments.iter().any(is_asked) || call.positional().any(is_named);
        if gives_paths && below.words.iter().all(is_told) {
            return below;
        }
        if is_pathname {
            return Value::unknown(Feed::Nothing);
        }
        Value {
            words: vec![pattern("*")],
            ..below
        }
    }
}

/// `s/x/unlink glob "y*"/e`: code in a substitution.
fn lists_in_code(parts: &[Part]) -> bool {
    let lists = |part: &Part| matches!(part, Part::Code(code) if code.contains("glob") || code.contains("readdir"));
    parts.iter().any(lists)
}

/// `io.popen("ls /srv/*")`: a command that lists.
fn lists_by_command(parts: &[Part]) -> bool {
    matches!(parts, [Part::Text(text), ..] if text.starts_with("ls ") || text.starts_with("find "))
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

/// Whether everything that the tokens list is made again, by what the lister itself is told: `Dir["tmp/*.log"]`, `rglob("*.pyc")`,
/// `Path("build").iterdir()`. What the text says anywhere else picks nothing.
fn lists_made(tokens: &[Token], is_lister: impl Fn(&str) -> bool) -> bool {
    let mut calls = 0;
    for (at, token) in tokens.iter().enumerate() {
        if !matches!(token, Token::Name(name) if is_lister(name)) {
            continue;
        }
        let mark = |at: usize| tokens.get(at).map_or("", Token::mark);
        let is_named_only = matches!(at.checked_sub(1).and_then(|it| tokens.get(it)), Some(Token::Name(word))
            if matches!(word.as_str(), "import" | "from" | "require" | "use"));
        // `Dir.glob(…)`, `glob.glob(…)`: the last of the names lists.
        let leads = mark(at + 1) == "."
            && matches!(tokens.get(at + 2), Some(Token::Name(name)) if is_lister(name));
        if is_named_only || leads {
            continue;
        }
        calls += 1;
        let told = match mark(at + 1) {
            open @ ("(" | "[") => inside(tokens.get(at + 2..).unwrap_or_default(), open),
            _ => tokens.get(at + 1..at + 2).unwrap_or_default(),
        };
        let of = receiver(tokens.get(..at).unwrap_or_default());
        if !told.iter().chain(of).any(names_made) {
            return false;
        }
    }
    calls > 0
}

/// What stands in front of the bracket that closes the one that is open.
fn inside<'a>(tokens: &'a [Token], open: &str) -> &'a [Token] {
    let close = if open == "(" { ")" } else { "]" };
    let mut depth = 1_u32;
    let end = tokens.iter().take(TOLD_MAX).position(|token| {
        depth += u32::from(token.mark() == open);
        depth -= u32::from(token.mark() == close);
        depth == 0
    });
    tokens.get(..end.unwrap_or_default()).unwrap_or_default()
}

/// The arguments of the call whose result the name behind the tokens is a method of: `Path("build")` of `Path("build").iterdir`.
fn receiver(tokens: &[Token]) -> &[Token] {
    let [before @ .., close, dot] = tokens else {
        return &[];
    };
    if dot.mark() != "." || close.mark() != ")" {
        return &[];
    }
    let mut depth = 1_u32;
    let start = before.iter().rev().take(TOLD_MAX).position(|token| {
        depth += u32::from(token.mark() == ")");
        depth -= u32::from(token.mark() == "(");
        depth == 0
    });
    start
        .and_then(|by| before.get(before.len() - by..))
        .unwrap_or_default()
}

/// Whether a text names what is made again.
fn names_made(token: &Token) -> bool {
    // With `{a,b}` or a part that is computed the end does not say it all.
    let Some(text) = token.text() else {
        return false;
    };
    MADE_AGAIN.iter().any(|name| {
        text == *name
            || text.ends_with(name) && name.starts_with('.')
            || text.ends_with(&["/", name].concat())
            || text.split('/').any(|part| part == *name) && !text.contains("..")
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
    if language == Language::Other && empties_each(tokens) {
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
            && (matches!(behind.mark(), "}" | ";" | ":" | ")")
                || matches!(behind, Token::Name(word) if matches!(word.as_str(), "if" | "unless" | "and" | "or")));
        let of_each = language == Language::Other
            && before.mark() == "."
            && (matches!(behind.mark(), ")" | "(" | "}" | "%") || matches!(behind, Token::Name(_)));
        by_name || by_default || of_each
    })
}

/// `it.writeText("")` of Kotlin, `it.text = ""` of Groovy, `(spit f "")` of Clojure.
fn empties_each(tokens: &[Token]) -> bool {
    let is_empty = |token: Option<&Token>| match token {
        Some(Token::Text(parts)) => parts
            .iter()
            .all(|part| matches!(part, Part::Text(text) if text.is_empty())),
        _ => false,
    };
    tokens.iter().enumerate().any(|(at, token)| {
        let Token::Name(name) = token else {
            return false;
        };
        let last = name.rsplit('.').next().unwrap_or_default();
        EMPTIERS.contains(&last)
            && (is_empty(tokens.get(at + 2)) || is_empty(tokens.get(at + 3)))
            && matches!(
                tokens.get(at + 1),
                Some(Token::Mark("(" | "=") | Token::Name(_))
            )
    })
}
