//! What `kintsugi` says about itself: help, usage errors, and that every subcommand has a page.
//!
//! `SNAPSHOTS=overwrite cargo test -p kintsugi-tests --test help` writes the expected texts anew.

use kintsugi_tests::machine::{Machine, fed};
use snapbox::{assert_data_eq, file};

fn help(machine: &Machine, arguments: &[&str]) -> String {
    let output = machine
        .kintsugi(arguments)
        .env("COLUMNS", "100")
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn the_help_is_what_it_was() {
    let machine = Machine::new();
    assert_data_eq!(
        help(&machine, &["--help"]),
        file!["golden/help/kintsugi.txt"].raw()
    );
    assert_data_eq!(
        help(&machine, &["run", "--help"]),
        file!["golden/help/run.txt"].raw()
    );
    assert_data_eq!(
        help(&machine, &["check", "--help"]),
        file!["golden/help/check.txt"].raw()
    );
    assert_data_eq!(
        help(&machine, &["hook", "claude-code", "--help"]),
        file!["golden/help/hook-claude-code.txt"].raw()
    );
    assert_data_eq!(
        help(&machine, &["log", "--help"]),
        file!["golden/help/log.txt"].raw()
    );
    assert_data_eq!(
        help(&machine, &["daemon", "--help"]),
        file!["golden/help/daemon.txt"].raw()
    );
}

#[test]
fn an_explanation_shows_the_part_that_matters() {
    let machine = Machine::new();
    let explained = |command: &str| {
        let output = machine.run(&["check", "--cwd", "/home/ada/project", "--", command]);
        assert_eq!(output.status.code(), Some(4), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    let card = explained("cd build && rm -rf ../src");
    let start = "hold: it would wait for a person (";
    assert!(card.starts_with(start), "{card}");
    let underlined = "\n  cd build && rm -rf ../src\n              ^^^^^^^^^^^^^\n";
    assert!(card.contains(underlined), "{card}");
    assert!(
        card.contains("\n  does     deletes `/home/ada/project/src`"),
        "{card}"
    );
    assert!(card.contains("\n  because  `rm -rf ../src` "), "{card}");

    let card = explained("echo \u{1b}[2Kok; git push --force");
    assert!(
        card.contains("\n  echo \\x1b[2Kok; git push --force\n"),
        "{card}"
    );
    assert!(!card.contains('\u{1b}'), "{card:?}");
}

#[test]
fn a_wrong_argument_is_said_in_one_voice() {
    let machine = Machine::new();
    for arguments in [
        &["bogus"][..],
        &["deny"],
        &["check", "--shell", "tcsh", "--", "x"],
        &["log", "show", "x"],
    ] {
        let output = machine.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = String::from_utf8(output.stderr).expect("text");
        assert!(said.starts_with("kintsugi: error: "), "{said}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn completions_and_manual_pages_are_there() {
    let machine = Machine::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            help(&machine, &["completions", shell]).contains("approve"),
            "{shell}"
        );
    }
    assert!(help(&machine, &["man"]).contains(".TH"));
    assert!(help(&machine, &["man", "log", "verify"]).contains("verify"));
    let pages = machine.home().join("man1");
    let shown = pages.to_str().expect("text");
    let nowhere = machine.run(&["man", "--all", shown]);
    assert_eq!(nowhere.status.code(), Some(1), "{nowhere:?}");
    let said = String::from_utf8(nowhere.stderr).expect("text");
    assert!(said.contains("cannot write manual pages into"), "{said}");
    std::fs::create_dir(&pages).expect("a directory of ours");
    assert_eq!(help(&machine, &["man", "--all", shown]), "");
    for page in ["kintsugi.1", "kintsugi-approve.1", "kintsugi-log-verify.1"] {
        let text = std::fs::read_to_string(pages.join(page)).expect(page);
        assert!(text.contains(".SH SYNOPSIS"), "{page}: {text}");
    }
}

#[test]
fn a_batch_answers_line_by_line() {
    let machine = Machine::new();
    let questions = "{\"command\":\"ls\"}\n{\"command\":\"ls\",\"shell\":\"tcsh\"}\nls\n\
                     {\"command\":\"rm -rf ~\",\"cwd\":\"/tmp\",\"shell\":\"zsh\"}\n";
    let output = fed(
        machine.kintsugi(&["check", "--batch"]),
        questions.as_bytes(),
    );
    assert_eq!(output.status.code(), Some(1), "two lines are no questions");
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(
        said.contains("line 2 of the batch: unknown variant `tcsh`"),
        "{said}"
    );
    assert!(said.contains("line 3 of the batch: "), "{said}");
    let answers: Vec<serde_json::Value> = String::from_utf8(output.stdout)
        .expect("text")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let members = [
        "command", "class", "decision", "risk", "rule", "reason", "effects", "findings", "micros",
    ];
    for answer in &answers {
        let object = answer.as_object().expect("an object");
        assert!(
            members.iter().all(|name| object.contains_key(*name)),
            "{answer}"
        );
        assert_eq!(object.len(), members.len(), "{answer}");
    }
    let decisions: Vec<_> = answers.iter().map(|answer| &answer["decision"]).collect();
    assert_eq!(decisions, ["allow", "hold", "hold", "hold"]);
}
