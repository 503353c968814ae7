//! What a runner of tests gives to a test: a directory of its own (`tmp_path`), files in memory (pyfakefs, memfs), and what it compares with.
//!
//! Only where the whole text shows it: a name that is given a value anywhere is not the runner's, and files are in memory only where
//! everything that the text calls stands within a test that has them.
//!
//! Sources: pytest 8.3 ("How to use temporary directories and files in tests"), pyfakefs 5.7, memfs 4.14, Vitest 2.1, Jest 29.

use std::rc::Rc;

use super::analyst::{Analyst, Call};
use super::for_tests::{is_of_tests, is_test_runner};
use super::foreign::language_of;
use super::migrations::{Writing, mask};
use super::schema::Language;

/// Where the runner makes directories (pytest 8.3, `tmp_path_factory`).
const DIRECTORY: &str = "pathlib.Path(\"/tmp/pytest-of-user/pytest-0/test-0\")";

/// Names of directories that pytest gives to a test.
const GIVEN: [&str; 2] = ["tmp_path", "tmpdir"];

/// Parts of a text in which files in memory may not be all that there is.
const LEAKS: [&str; 30] = [
    "stop(",
    "tear_down",
    "tearDown",
    "import *",
    "import fs",
    ", fs\n",
    "pause",
    "Pause",
    "add_real",
    "real_",
    "subprocess",
    "os.system",
    "popen",
    "Popen",
    "exec(",
    "eval(",
    "ctypes",
    "skip_names",
    "additional_",
    "usefixtures",
    "\"fs\"",
    "'fs'",
    "fork",
    "spawn",
    "import_module",
    "__import__",
    "getattr",
    "globals(",
    "def fs(",
    "atexit",
];

/// Parts of a text by which the name, or what lies in the directory, may be something else.
const OTHERWISE: [&str; 13] = [
    "import *",
    "\"tmp",
    "'tmp",
    ",tmp",
    "class pathlib",
    "pathlib =",
    "as pathlib",
    "symlink",
    "resolve(",
    "readlink",
    "hardlink",
    "link_to",
    "indirect",
];

/// The same for memfs.
const LEAKS_OF_SCRIPTS: [&str; 20] = [
    "child_process",
    "exec",
    "spawn",
    "process.",
    "eval",
    "Function(",
    "unmock",
    "doUnmock",
    "importActual",
    "requireActual",
    "rimraf",
    "fs-extra",
    "graceful-fs",
    "del(",
    "Bun.",
    "Deno.",
    "zx",
    "shelljs",
    "execa",
    "worker_threads",
];

impl Analyst<'_> {
    /// The text of a file as a runner of tests would run it; none where all that it does to files is done in memory.
    pub(super) fn as_run(&self, call: &Call<'_>, path: &str, text: Rc<str>) -> Option<Rc<str>> {
        // A fixture is given what a test is.
        let is_fixture = path.rsplit('/').next() == Some("conftest.py");
        let is_test = (is_of_tests(path) || is_fixture) && is_test_runner(call.words);
        let own = self.files.iter().filter(|(_, written)| !written.before);
        let mut others = own.filter(|(other, _)| *other != path);
        if !is_test
            || others
                .clone()
                .any(|(_, written)| gives(written.text.as_deref()))
        {
            return Some(text);
        }
        if others.next().is_none() && has_files_in_memory(path, &text) {
            return None;
        }
        Some(as_given(path, &text).map_or(text, Rc::from))
    }
}

/// Whether another file of the line, a conftest or a module, may give a test something else than the runner would.
pub(super) fn gives(text: Option<&str>) -> bool {
    const MARKS: [&str; 12] = [
        "tmp_",
        "tmpdir",
        "fixture",
        "pytest",
        "__builtins__",
        "builtins",
        "sys.modules",
        "setattr",
        "globals(",
        "pathlib.Path =",
        "exec(",
        "eval(",
    ];
    text.is_none_or(|text| MARKS.iter().any(|mark| text.contains(mark)))
}

/// A module in Python without what runs only where it is the program; none where nothing of the kind stands in it.
pub(super) fn as_imported(path: &str, text: &str) -> Option<String> {
    let is_own = |line: &str| {
        let line = line.trim_end();
        matches!(
            line,
            "if __name__ == \"__main__\":" | "if __name__ == '__main__':"
        )
    };
    if language_of(path) != Language::Python || text.matches("__name__").count() != 1 {
        return None;
    }
    let masked = mask(text, Writing::Python)?;
    let mut is_inside = false;
    let mut kept = String::with_capacity(text.len());
    let mut found = false;
    for (line, plain) in text.split_inclusive('\n').zip(masked.split_inclusive('\n')) {
        is_inside &= plain.trim().is_empty() || plain.starts_with([' ', '\t']);
        // A line that begins in a text in quotes is none of the code.
        if !is_inside && is_own(line) && plain.starts_with("if __name__ ==") {
            is_inside = true;
            found = true;
        }
        if !is_inside {
            kept.push_str(line);
        }
    }
    found.then_some(kept)
}

/// A test in Python with the directory in the place of the name that the runner gives it, and without what it only compares with; none
/// where nothing of the kind stands in it.
pub(super) fn as_given(path: &str, text: &str) -> Option<String> {
    let is_left = OTHERWISE.iter().any(|it| text.contains(it));
    if language_of(path) != Language::Python || is_left {
        return None;
    }
    let mut given = text.to_owned();
    for name in GIVEN {
        if let Some(changed) = in_place(&given, &mask(&given, Writing::Python)?, name) {
            given = changed;
        }
    }
    let kept: String = given
        .split_inclusive('\n')
        .filter(|line| !only_compares(line))
        .collect();
    (kept != text).then_some(kept)
}

/// The text with the directory in the place of a name that only parameters of tests say.
fn in_place(text: &str, masked: &str, name: &str) -> Option<String> {
    let is_of_name = |it: char| it.is_alphanumeric() || it == '_';
    let mut changed = String::with_capacity(text.len());
    let mut found = 0;
    let mut is_fixture = false;
    for (line, plain) in text.split_inclusive('\n').zip(masked.split_inclusive('\n')) {
        let head = plain.trim_start();
        let defined = head.strip_prefix("async ").unwrap_or(head);
        let is_given = is_fixture
            && defined.starts_with("def ")
            && !defined.starts_with(&format!("def {name}"));
        is_fixture = head.starts_with("@pytest.fixture");
        if is_given || head.starts_with("def test") || head.starts_with("async def test") {
            let is_default = [format!("{name}="), format!("{name} =")];
            if is_default.iter().any(|it| plain.contains(it.as_str()))
                || !plain.trim_end().ends_with(':')
            {
                return None;
            }
            changed.push_str(line);
            continue;
        }
        let mut from = 0;
        for (at, _) in plain.match_indices(name) {
            let before = plain.get(..at)?;
            let behind = plain.get(at + name.len()..)?;
            if before.ends_with(is_of_name) || behind.starts_with(is_of_name) {
                continue;
            }
            if is_given_value(before, behind)
                || head.starts_with("def ")
                || head.starts_with("async ")
            {
                return None;
            }
            changed.push_str(line.get(from..at)?);
            changed.push_str(DIRECTORY);
            from = at + name.len();
            found += 1;
        }
        changed.push_str(line.get(from..)?);
    }
    (found > 0).then_some(changed)
}

/// Whether a name between the two parts of a line may be given a value there, or be another one.
fn is_given_value(before: &str, behind: &str) -> bool {
    let (plain, behind) = ([before, behind].concat(), behind.trim_start());
    let open = behind.trim_start_matches([')', ']', '}', ' ']);
    let is_changed = behind.starts_with(['+', '-', '*', '/', '|', '&', '%', '^', '@', ':'])
        && behind
            .get(1..)
            .is_some_and(|rest| rest.trim_start_matches('/').starts_with('='));
    let is_set = open.starts_with('=') && !open.starts_with("==") || is_changed;
    let before = before.trim_end();
    let word = before.rsplit([' ', '\t', '(']).next().unwrap_or_default();
    let is_bound = before.ends_with(['.', '*'])
        || matches!(
            word,
            "as" | "for" | "global" | "nonlocal" | "def" | "del" | "lambda" | "import"
        );
    let is_listed = (behind.starts_with(',') || before.ends_with(','))
        && [" = ", " for ", " as ", "import "]
            .iter()
            .any(|it| plain.contains(it));
    is_set || is_bound || is_listed
}

/// Whether a line compares what a stand-in was called with: `run.assert_called_once_with(["rm", "-rf", "/"])`.
fn only_compares(line: &str) -> bool {
    let line = line.trim();
    let Some((object, behind)) = line.split_once(".assert_") else {
        return false;
    };
    let Some((verb, arguments)) = behind.split_once('(') else {
        return false;
    };
    let is_name = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '.');
    let is_verb = matches!(
        verb,
        "called_with" | "called_once_with" | "any_call" | "has_calls" | "awaited_with"
    );
    object.chars().all(is_name)
        && is_verb
        && line.ends_with(')')
        && !arguments.contains(['(', '`', '{', ';'])
}

/// Whether the files of a text are in memory wherever it takes one away.
pub(super) fn has_files_in_memory(path: &str, text: &str) -> bool {
    let language = language_of(path);
    if language == Language::Python {
        return in_memory_of_python(text).unwrap_or(false);
    }
    language == Language::Javascript && in_memory_of_script(text)
}

/// pyfakefs: every function is a test that is given `fs`, or stands in a class whose `setUp` asks for it.
fn in_memory_of_python(text: &str) -> Option<bool> {
    if LEAKS.iter().any(|leak| text.contains(leak)) {
        return Some(false);
    }
    let masked = mask(text, Writing::Python)?;
    let indent = |line: &str| line.len() - line.trim_start().len();
    let (mut body, mut class, mut depth) = (None, None, 0_i32);
    let (mut is_set_up, mut functions) = (false, 0);
    for plain in masked.lines() {
        let line = plain.trim();
        let is_inner = depth > 0;
        depth += i32::try_from(plain.matches(['(', '[', '{']).count()).ok()?;
        depth -= i32::try_from(plain.matches([')', ']', '}']).count()).ok()?;
        if line.is_empty() {
            continue;
        }
        if body.is_some_and(|outer| is_inner || indent(plain) > outer) {
            is_set_up |= line == "self.setUpPyfakefs()";
            continue;
        }
        body = None;
        let is_member = class.is_some_and(|outer| indent(plain) > outer);
        if !is_member {
            class = None;
        }
        if let Some(head) = line.strip_prefix("def ") {
            let (name, rest) = head.split_once('(')?;
            let (parameters, _) = rest.rsplit_once(')')?;
            let mut names = parameters.split(',').filter_map(|it| it.split(':').next());
            let has = names.any(|it| it.trim() == "fs");
            let is_own = name == "setUp" && is_member
                || name.starts_with("test") && (has || is_member && is_set_up);
            if !is_own || parameters.contains('=') || !line.ends_with(':') || depth != 0 {
                return Some(false);
            }
            functions += 1;
            body = Some(indent(plain));
        } else if line.starts_with("class ") && line.ends_with(':') && !is_member {
            is_set_up = false;
            class = Some(indent(plain));
        } else if !(line.starts_with("import ") || line.starts_with("from "))
            || is_member
            || line.contains(';')
        {
            return Some(false);
        }
    }
    Some(functions > 0 && (!is_set_up || text.contains("from pyfakefs")))
}

/// memfs: `fs` is the one of the library, and no other is brought in.
fn in_memory_of_script(text: &str) -> bool {
    if !text.contains("memfs") || LEAKS_OF_SCRIPTS.iter().any(|leak| text.contains(leak)) {
        return false;
    }
    let is_mock = |line: &str| {
        let is_call = ["vi.mock(", "jest.mock("]
            .iter()
            .any(|it| line.starts_with(it));
        is_call && line.matches(';').count() < 2
    };
    let names_module = |line: &str| {
        ["\"fs", "'fs", "`fs", "node:fs", "import(", "createRequire"]
            .iter()
            .any(|it| line.contains(it))
    };
    let names_own = text.lines().any(|line| {
        let is_import = line.starts_with("import {") || line.starts_with("const {");
        let names = line.split('}').next().unwrap_or_default();
        is_import
            && ["'memfs'", "\"memfs\""].iter().any(|it| line.contains(it))
            && names.split(['{', ',']).any(|name| name.trim() == "fs")
    });
    // What takes away is called on the one that is in memory, and comes from nowhere else.
    let brings_taker = |line: &str| {
        let is_import = line.contains("import ") || line.contains("require(");
        is_import
            && !line.contains("memfs")
            && ["rm", "unlink", "remove", "trash", "clean", "delete"]
                .iter()
                .any(|it| line.contains(it))
    };
    names_own
        && !text
            .lines()
            .any(|line| names_module(line) && !is_mock(line) || brings_taker(line))
}
