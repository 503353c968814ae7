//! `kintsugi policy` and `kintsugi replay` as a person types them, and what holds while a policy file is wrong.

use std::fs;
use std::path::PathBuf;

use kintsugi_tests::machine::{Machine, said};
use serde_json::Value;

/// What a person must do, and nothing of it can be read.
const WRONG: [(&str, usize, &str); 5] = [
    ("mod = \"attended\"", 1, "`mod = \"attended\"`"),
    (
        "mode = \"attended\"\nthreshold = \"high\"",
        2,
        "`threshold = \"high\"`",
    ),
    (
        "[[rule]]\nid = \"git.push\"\nclass = \"ambiguous\"\neffect = [\"publish\"]\nreason = \"x\"",
        2,
        "`git.push`",
    ),
    (
        "[[rule]]\nid = \"my.push\"\nclass = \"catastrophic\"\neffect = [\"publish\"]\nreason = \"x\"\nmatches = [\"git status\"]",
        0,
        "`git status`",
    ),
    ("[[raise]]\nrule = [\"git.pus\"]\nrisk = 90", 2, "`git.pus`"),
];

/// Writes the person's policy; returns where it stands.
fn write(machine: &Machine, text: &str) -> PathBuf {
    let directory = machine.home().join(".config/kintsugi");
    fs::create_dir_all(&directory).unwrap();
    let file = directory.join("config.toml");
    fs::write(&file, text).unwrap();
    file
}

/// Runs `kintsugi policy …`, checks how it ended, and returns all that it printed.
fn policy(machine: &Machine, arguments: &[&str], code: i32) -> String {
    let arguments = [&["policy"], arguments].concat();
    let output = machine.run(&arguments);
    let printed = said(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {printed}");
    printed
}

#[test]
fn a_wrong_policy_file_is_refused_with_file_line_and_text() {
    let machine = Machine::new();
    for (text, line, offending) in WRONG {
        let file = write(&machine, text);
        let name = file.to_str().unwrap();
        for arguments in [&["check"][..], &["check", name]] {
            let printed = policy(&machine, arguments, 1);
            let place = if line == 0 {
                format!("{name}:")
            } else {
                format!("{name}:{line}: ")
            };
            assert!(printed.contains(&place), "{arguments:?} {text}: {printed}");
            assert!(
                printed.contains(offending),
                "{arguments:?} {text}: {printed}"
            );
            assert!(printed.contains("kintsugi: hint: "), "{printed}");
        }
        // What is wrong is said where it is shown and explained, too.
        let shown = policy(&machine, &["why", "--", "ls"], 0);
        assert!(shown.contains(offending), "{text}: {shown}");
    }
}

#[test]
fn while_a_policy_file_is_wrong_the_strictest_holds() {
    let machine = Machine::new();
    let decision = || {
        let output = machine.run(&["check", "--json", "--", "npm publish"]);
        let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
        verdict["decision"].as_str().unwrap().to_owned()
    };
    let before = decision();
    write(&machine, "mode = \"notify\"\nthreshold = 100");
    let loose = decision();
    assert_eq!((before.as_str(), loose.as_str()), ("hold", "allow"));
    for (text, ..) in WRONG {
        write(
            &machine,
            &["mode = \"notify\"\nthreshold = 100\n", text].concat(),
        );
        assert_eq!(decision(), "hold", "{text}");
    }
}

#[test]
fn the_policy_is_checked_shown_tested_and_explained() {
    let machine = Machine::new();
    let file = write(&machine, "mode = \"attended\"\nthreshold = 40\n");
    let name = file.to_str().unwrap();
    assert!(policy(&machine, &["check"], 0).contains("1 policy file, nothing is wrong"));
    assert!(policy(&machine, &["check", name], 0).contains("is well formed"));
    let shown = policy(&machine, &["show"], 0);
    assert!(shown.contains(&format!("40 ({name}:2)")), "{shown}");
    let json: Value = serde_json::from_str(&policy(&machine, &["show", "--json"], 0)).unwrap();
    assert_eq!(
        (&json["version"], &json["threshold"]),
        (&1.into(), &40.into())
    );
    let tested = policy(&machine, &["test"], 0);
    assert!(
        tested.contains("examples of built-in rules and 0 of yours"),
        "{tested}"
    );
    let told = policy(&machine, &["why", "--", "cd build && rm -rf ~"], 0);
    for part in [
        "files.destroy-home",
        "commands  ",
        "rm",
        "held from risk 40",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn a_replay_tells_what_would_be_decided_otherwise() {
    let machine = Machine::new();
    let directory = machine.home();
    let ran = machine.run_in(&directory, &["run", "--", "true"]);
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    let replayed = said(&machine.run(&["replay"]));
    assert!(!replayed.contains("true"), "{replayed}");
    write(
        &machine,
        "[[rule]]\nid = \"my.true\"\nclass = \"catastrophic\"\nprogram = [\"true\"]\nreason = \"x\"\n",
    );
    let all = machine.run(&["replay", "--all", "--json"]);
    let text = String::from_utf8(all.stdout).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(
        lines
            .iter()
            .any(|line| line["command"] == "true" && line["was"] == "allow"),
        "{text}"
    );
}
