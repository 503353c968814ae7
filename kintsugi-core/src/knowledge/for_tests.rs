//! What is written for tests, and who runs it: a command there is something to refuse, and not one that will run.

use super::foreign::language_of;
use super::schema::Language;
use super::telling::listed;
use crate::shell::Word;

/// Whether a command runs tests of a project: those of a file are what a person would read in it.
pub(super) fn is_test_runner(words: &[Word]) -> bool {
    let names: Vec<String> = words.iter().take(4).map(Word::display).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let is_runner = |name: &str| {
        matches!(
            name,
            "pytest"
                | "py.test"
                | "unittest"
                | "jest"
                | "vitest"
                | "mocha"
                | "rspec"
                | "phpunit"
                | "ava"
        )
    };
    match names.as_slice() {
        [name, ..] if is_runner(name.rsplit('/').next().unwrap_or_default()) => true,
        ["python" | "python3", "-m", module, ..] => is_runner(module),
        [
            "go" | "cargo" | "dotnet" | "mix" | "deno" | "bun",
            "test",
            ..,
        ]
        | ["cargo", "nextest", ..]
        | ["bundle", "exec", "rspec", ..]
        | ["node" | "tsx", "--test", ..] => true,
        [
            "npm" | "pnpm" | "yarn" | "bun" | "composer",
            "run",
            task,
            ..,
        ]
        | [
            "npm" | "pnpm" | "yarn" | "make" | "rake" | "composer" | "swift" | "mvn" | "gradle"
            | "./gradlew" | "sbt" | "rails" | "bin/rails" | "flutter" | "dart",
            task,
            ..,
        ] => *task == "test" || task.starts_with("test:"),
        ["npx", "-y" | "--yes", name, ..] | ["npx" | "bunx", name, ..] => is_runner(name),
        _ => false,
    }
}

/// Options that a project adds to pytest for what its tests are given, by the last part of their names (pytest 8.3, `pytest_addoption`).
const DATA: &str =
    " cmd command input text line case sample payload data value expr query prompt message string ";

/// The words of a runner of tests without what is only data for the tests: `pytest --cmd='mkfs.ext4 /dev/sda'`.
pub(super) fn without_data(words: &[Word]) -> Option<Vec<Word>> {
    let names: Vec<String> = words.iter().take(3).map(Word::display).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let is_pytest = match names.as_slice() {
        ["python" | "python3", "-m", "pytest"] => true,
        [name, ..] => matches!(name.rsplit('/').next(), Some("pytest" | "py.test")),
        [] => false,
    };
    if !is_pytest {
        return None;
    }
    let is_data = |option: &str| {
        let name = option.strip_prefix("--").unwrap_or_default();
        let mut parts = name.split(['-', '_']);
        let starts = [
            "exec", "run", "pre", "post", "setup", "before", "after", "shell", "hook",
        ];
        let is_started = name.split(['-', '_']).any(|part| starts.contains(&part));
        !is_started && parts.next_back().is_some_and(|last| listed(DATA, last))
    };
    let mut kept = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let text = word.display();
        match text.split_once('=') {
            Some((option, _)) if is_data(option) => {}
            None if is_data(&text) => {
                rest.next();
            }
            _ => kept.push(word.clone()),
        }
    }
    Some(kept)
}

/// A test or what it reads, by its name: `tests/test_guard.py`, `fixtures/evil.json`.
pub(super) fn is_of_tests(path: &str) -> bool {
    let is_test = |part: &str| {
        let mut words = part.split(|letter: char| !letter.is_ascii_alphanumeric());
        words.any(|word| {
            matches!(
                word,
                "test" | "tests" | "spec" | "specs" | "fixture" | "fixtures" | "testdata"
            )
        })
    };
    let last = path.rsplit('/').next().unwrap_or_default();
    // What configures the runner runs with it.
    let is_setting = ["conftest", "config", "setup", "package.json", "rc"];
    path.split('/').any(is_test) && !is_setting.iter().any(|it| last.contains(it))
}

/// Whether a text only holds what stands in it: nothing in it starts a program or evaluates a text, so that `"rm -rf ~"` in a
/// list of what shall be refused stays a text.
pub(super) fn only_holds(text: &str) -> bool {
    const STARTS: [&str; 26] = [
        "runpy",
        "system",
        "exec",
        "spawn",
        "popen",
        "Popen",
        "subprocess",
        "child_process",
        "eval",
        "shell",
        "Process",
        "import_module",
        "process::",
        "importlib",
        "__import__",
        "getattr",
        "globals(",
        "ctypes",
        "fork",
        "Command",
        "run(",
        "call(",
        "check_",
        "compile",
        "require(",
        "$(which",
    ];
    // What a test in Rust starts by that name is the program of the project itself (assert_cmd 2).
    let text = text
        .replace("Command::cargo_bin(", "")
        .replace("assert_cmd::Command;", "");
    let text = without_judges(&text);
    !STARTS.iter().any(|start| text.contains(start))
}

/// A test in Python without the calls by which it gives a guard of the project something to judge:
/// `subprocess.run([sys.executable, "-m", "guard", "check", cmd])`.
///
/// The program stands in the list, and no other reads a text as commands there.
fn without_judges(text: &str) -> String {
    const SHELLS: [&str; 14] = [
        "shell=True",
        "\"-c\"",
        "'-c'",
        "\"-e\"",
        "'-e'",
        "shlex",
        ".split(",
        "executable=",
        "\"sh\"",
        "'sh'",
        "bash",
        "ssh",
        "xargs",
        "Popen",
    ];
    if SHELLS.iter().any(|it| text.contains(it)) {
        return text.to_owned();
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("subprocess.run([") {
        kept.push_str(before);
        let first = behind.trim_start();
        let is_judge = [
            "sys.executable, '-m', '",
            "sys.executable, \"-m\", \"",
            "'./",
            "\"./",
            "'",
            "\"",
        ]
        .iter()
        .find_map(|it| first.strip_prefix(it))
        .and_then(|name| name.split(['\'', '"']).next())
        .is_some_and(super::only_checks::names_judge);
        if !is_judge {
            kept.push_str("subprocess.run([");
        }
        rest = behind;
    }
    kept.push_str(rest);
    kept = kept
        .replace("import subprocess", "")
        .replace("sys.executable", "");
    // A helper that the test calls so.
    if kept.contains("def run(") && !kept.contains("subprocess") {
        kept = kept.replace("run(", "");
    }
    kept
}

/// Modules of Python that start nothing and take nothing away, whatever they are given.
const PLAIN_MODULES: &str = " json re sys math typing dataclasses enum collections datetime itertools functools string textwrap decimal \
    fractions statistics pprint abc __future__ pytest unittest time operator copy hashlib base64 uuid ";

/// Whether a command asks modules of Python that the line wrote, and which only hold what stands in them, by code that only holds as well:
/// `python -c 'from app.rules import denied; assert denied("rm -rf /")'`.
///
/// What else is brought in has to be known as well: a function of somebody else's may run what it is given.
pub(super) fn asks_own(words: &[Word], own: &[(&str, &str)]) -> bool {
    let [first, option, code] = words else {
        return false;
    };
    let (first, code) = (first.display(), code.known());
    let is_python = matches!(first.rsplit('/').next(), Some("python" | "python3"));
    let Some(code) = code.filter(|_| is_python && option.known().as_deref() == Some("-c")) else {
        return false;
    };
    !own.is_empty()
        && only_asks(&code, own)
        && own.iter().all(|(path, text)| {
            language_of(path) == Language::Python && only_asks(text, own) || is_record(path, text)
        })
}

/// Whether a file holds records, of which reading makes nothing but values.
fn is_record(path: &str, text: &str) -> bool {
    let kind = path.rsplit_once('.').map_or("", |(_, kind)| kind);
    matches!(
        kind,
        "json" | "yml" | "yaml" | "toml" | "csv" | "txt" | "md"
    ) && !text.contains("!!")
}

/// Whether a text only holds, and brings in nothing but plain modules and those of the line.
fn only_asks(text: &str, own: &[(&str, &str)]) -> bool {
    let is_known = |name: &str| {
        let name = name.trim();
        let name = name.split([' ', ',']).next().unwrap_or_default();
        let root = name.split('.').next().unwrap_or_default();
        let path = name.replace('.', "/");
        let is_own = |(file, _): &(&str, &str)| {
            [".py", "/__init__.py"]
                .iter()
                .any(|end| file.ends_with(&["/", &path, end].concat()))
        };
        // PyYAML 6: what `load` is given may say which objects it makes.
        let is_safe = |root: &str| {
            matches!(root, "tomllib" | "csv" | "pathlib")
                || root == "yaml" && text.contains("safe_load")
        };
        listed(PLAIN_MODULES, root) || is_safe(root) || own.iter().any(is_own)
    };
    only_holds(text)
        && text.split(['\n', ';']).all(|line| {
            let line = line.trim();
            match line.split_once(' ') {
                Some(("from", rest)) => is_known(rest),
                Some(("import", rest)) => rest.split(',').all(is_known),
                _ => !line.contains("import ") && !line.contains("import\t"),
            }
        })
}
