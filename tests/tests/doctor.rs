//! `kintsugi doctor`: a gate that works is found to work, and one that has gone dark is found dark.

use std::os::unix::fs::PermissionsExt as _;

use kintsugi_tests::machine::{Machine, program};
use serde_json::Value;

/// A machine with the programs in a directory of their own, two agents and two shells, all wired.
fn wired() -> (Machine, std::path::PathBuf) {
    let machine = Machine::new();
    let bin = machine.home().join("my bin");
    std::fs::create_dir(&bin).unwrap();
    for name in ["kintsugi", "kintsugi-hook", "kintsugi-daemon"] {
        std::fs::copy(program(name), bin.join(name)).unwrap();
    }
    for directory in [".claude", ".cursor"] {
        std::fs::create_dir(machine.home().join(directory)).unwrap();
    }
    for file in [".bashrc", ".zshrc"] {
        std::fs::write(machine.home().join(file), "").unwrap();
    }
    let kintsugi = bin.join("kintsugi");
    let setup = machine.command(&kintsugi).arg("setup").output().unwrap();
    assert!(setup.status.success(), "{setup:?}");
    (machine, kintsugi)
}

fn doctor(
    machine: &Machine,
    kintsugi: &std::path::Path,
    arguments: &[&str],
) -> (Option<i32>, Vec<Value>) {
    let mut command = machine.command(kintsugi);
    let output = command
        .args(["doctor", "--json"])
        .args(arguments)
        .output()
        .unwrap();
    let checks = String::from_utf8(output.stdout).unwrap();
    let checks = checks
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    (output.status.code(), checks)
}

fn found<'a>(checks: &'a [Value], name: &str) -> (&'a str, &'a str) {
    let check = checks.iter().find(|check| check["name"] == name);
    let check = check.unwrap_or_else(|| panic!("{name}: {checks:?}"));
    (
        check["grade"].as_str().unwrap(),
        check["found"].as_str().unwrap(),
    )
}

#[test]
fn every_gate_that_is_wired_refuses_the_probe_and_nothing_is_left_of_it() {
    let (machine, kintsugi) = wired();
    let (code, checks) = doctor(&machine, &kintsugi, &["--fix"]);
    assert_eq!(code, Some(0), "{checks:?}");
    for name in ["claude-code", "cursor", "bash", "zsh"] {
        let (grade, words) = found(&checks, name);
        assert!(
            grade == "good" && words.contains("refused a probe"),
            "{name}: {words}"
        );
    }
    for name in ["programs", "daemon", "socket", "log", "policy"] {
        assert_eq!(found(&checks, name).0, "good", "{checks:?}");
    }
    let pending = machine.run(&["pending", "--json"]);
    let pending: Value = serde_json::from_slice(&pending.stdout).unwrap();
    assert_eq!(pending["items"], serde_json::json!([]));
}

#[test]
fn a_gate_that_lets_everything_through_is_found() {
    let (machine, kintsugi) = wired();
    let hook = kintsugi.with_file_name("kintsugi-hook");
    std::fs::remove_file(&hook).unwrap();
    std::fs::write(&hook, "#!/bin/sh\nexit 0\n").unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (code, checks) = doctor(&machine, &kintsugi, &["--fix"]);
    assert_eq!(code, Some(1));
    for name in ["claude-code", "cursor"] {
        let (grade, words) = found(&checks, name);
        assert!(
            grade == "bad" && words.contains("came through"),
            "{name}: {words}"
        );
    }
}

#[test]
fn what_is_not_wired_and_no_daemon_are_said_with_what_to_do() {
    let (machine, kintsugi) = wired();
    std::fs::write(machine.home().join(".claude/settings.json"), "{}").unwrap();
    let (code, checks) = doctor(&machine, &kintsugi, &[]);
    assert_eq!(code, Some(1));
    assert_eq!(found(&checks, "daemon").0, "bad");
    let (grade, words) = found(&checks, "claude-code");
    assert!(
        grade == "bad" && words.contains("does not call the hook"),
        "{words}"
    );
    assert_eq!(
        found(&checks, "cursor").1,
        "wired, not tried without a daemon"
    );
}
