//! What is written for tests, and who runs it: a command there is something to refuse, and not one that will run.

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
        | ["bundle", "exec", "rspec", ..] => true,
        ["npx", "-y" | "--yes", name, ..] | ["npx" | "bunx", name, ..] => is_runner(name),
        _ => false,
    }
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
    const STARTS: [&str; 25] = [
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
    !STARTS.iter().any(|start| text.contains(start))
}
