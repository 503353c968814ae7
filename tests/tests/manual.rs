//! What the manual says of the code is there: every file, every test, every command that it names.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use kintsugi_tests::machine::Machine;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Returns every file below `directory` with one of `extensions`.
fn files(directory: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extensions));
        } else if path
            .extension()
            .is_some_and(|is| extensions.iter().any(|wanted| is == *wanted))
        {
            found.push(path);
        }
    }
    found
}

/// Returns the manual's pages, and the pages for people at the top.
fn pages() -> Vec<PathBuf> {
    let mut pages = files(&root().join("kintsugi-core/src/manual"), &["rs"]);
    for page in [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "shell-hooks/README.md",
    ] {
        pages.push(root().join(page));
    }
    pages
}

/// Returns what stands between backticks in `page`, one line at a time.
fn quoted(page: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(page).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("    "));
    lines
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect()
}

/// Whether `name` may be the name of a test: five words and more, all of them small.
fn may_be_a_test(name: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    name.split('_').count() >= 5 && name.split('_').all(is_word)
}

#[test]
fn every_file_that_the_manual_names_is_there() {
    let mut named = 0;
    let mut missing = Vec::new();
    let places = ["tests/", "kintsugi-", "shell-hooks/", ".ci/"];
    for page in pages() {
        for name in quoted(&page) {
            let is_path = places.iter().any(|place| name.starts_with(place))
                && name.contains('/')
                && !name.contains([' ', '<', '$']);
            if !is_path {
                continue;
            }
            named += 1;
            // Of a pattern, the directory.
            let fixed = name.split('*').next().unwrap();
            let end = if fixed == name {
                name.len()
            } else {
                fixed.rfind('/').unwrap()
            };
            if !root().join(&name[..end]).exists() {
                missing.push(format!("{}: {name}", page.display()));
            }
        }
    }
    assert!(named > 50, "only {named} names were found");
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_test_that_the_manual_names_is_there() {
    let mut functions = BTreeSet::new();
    for crate_name in ["kintsugi-core", "kintsugi-daemon", "kintsugi-cli", "tests"] {
        for source in ["src", "tests", "benches"] {
            let directory = root().join(crate_name).join(source);
            if !directory.is_dir() {
                continue;
            }
            for file in files(&directory, &["rs"]) {
                let text = std::fs::read_to_string(file).unwrap();
                for line in text.lines() {
                    let name = line.split_once("fn ").map(|(_, name)| name);
                    let name = name.and_then(|name| name.split(['(', '<']).next());
                    functions.extend(name.map(str::to_owned));
                }
            }
        }
    }
    let mut named = 0;
    let mut missing = Vec::new();
    for page in pages() {
        for name in quoted(&page) {
            if may_be_a_test(&name) {
                named += 1;
                if !functions.contains(&name) {
                    missing.push(format!("{}: {name}", page.display()));
                }
            }
        }
    }
    assert!(named > 30, "only {named} names were found");
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_command_that_the_manual_names_is_there() {
    let machine = Machine::new();
    let is_word = |word: &&str| {
        word.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            && !word.starts_with('-')
    };
    let mut commands = BTreeSet::new();
    for page in pages() {
        for name in quoted(&page) {
            let Some(line) = name.strip_prefix("kintsugi ") else {
                continue;
            };
            // The domains of hashes and proofs are called so, too.
            if line.contains(" v1") {
                continue;
            }
            // `grants list\|show\|revoke` in a table names three.
            let mut words: Vec<_> = line.split(' ').take_while(is_word).take(2).collect();
            let next = line.split(' ').nth(words.len()).unwrap_or_default();
            match words.as_mut_slice() {
                [first] if next.contains('|') => {
                    for last in next.split('|') {
                        commands.insert(format!("{first} {}", last.trim_end_matches('\\')));
                    }
                }
                [] => {}
                words => drop(commands.insert(words.join(" "))),
            }
        }
    }
    assert!(commands.len() > 20, "{commands:?}");
    let is_there = |words: &[&str]| {
        let arguments = [words, &["--help"]].concat();
        machine.run(&arguments).status.success()
    };
    let missing: Vec<_> = commands
        .iter()
        .filter(|command| {
            let words: Vec<_> = command.split(' ').collect();
            !is_there(&words)
        })
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
