//! The watcher: what slips past the gates is seen, and a mass change that no decision explains is told.
//!
//! Everything that is removed here lies in a directory of the test's own, and is removed by the test or by a program that is given
//! its absolute path.

mod foreground;
mod git;
mod incidents;

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use kintsugi_tests::machine::Machine;
use kintsugi_tests::waiting::until;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A machine whose daemon watches `~/work`, with a project of `files` files in it.
fn watched(files: usize, more: &str) -> (Machine, PathBuf) {
    let machine = Machine::new();
    let project = machine.home().join("work/shop");
    fill(&project.join("src"), files);
    start(&machine, &format!("settle_ms = 200\n{more}"));
    (machine, project)
}

/// Starts the daemon of `machine`, which watches `~/work` with these settings.
fn start(machine: &Machine, watch: &str) {
    let settings = machine.home().join(".config/kintsugi");
    fs::create_dir_all(&settings).unwrap();
    let text = format!("[watch]\nplaces = [\"~/work\"]\n{watch}");
    fs::write(settings.join("daemon.toml"), text).unwrap();
    assert!(machine.run(&["daemon", "start"]).status.success());
    until(|| watching(machine), |watch| watch["says"].is_string());
}

fn fill(directory: &Path, files: usize) {
    fs::create_dir_all(directory).unwrap();
    for number in 0..files {
        fs::write(directory.join(format!("f{number}.c")), "int x;\n").unwrap();
    }
}

/// How the watcher is.
fn watching(machine: &Machine) -> Value {
    let output = machine.run(&["watch", "--json"]);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

fn status(machine: &Machine) -> Value {
    let output = machine.run(&["status", "--json"]);
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    status["status"].clone()
}

fn watcher_pid(machine: &Machine) -> Option<Pid> {
    let status = status(machine);
    let children = status["children"].as_array().unwrap();
    let watch = children
        .iter()
        .find(|child| child["name"] == "watch")
        .unwrap();
    Pid::from_raw(i32::try_from(watch["pid"].as_i64()?).unwrap())
}

/// What stands in the log of one kind, as `log --json` tells it.
fn told(machine: &Machine, kind: &str) -> Vec<Value> {
    let log = machine.run(&["log", "--json"]);
    let log = String::from_utf8(log.stdout).unwrap();
    let entries = log.lines().map(|line| serde_json::from_str(line).unwrap());
    entries
        .filter(|entry: &Value| entry["kind"] == kind)
        .collect()
}

fn words(entries: &[Value]) -> Vec<String> {
    let words = entries
        .iter()
        .map(|entry| entry["reason"].as_str().unwrap().to_owned());
    words.collect()
}

/// The records of bursts, whole.
fn bursts(machine: &Machine) -> Vec<Value> {
    let mut found = Vec::new();
    let mut segments: Vec<_> = fs::read_dir(machine.log()).unwrap().flatten().collect();
    segments.sort_by_key(std::fs::DirEntry::file_name);
    for segment in segments {
        let name = segment.file_name();
        if !name.to_string_lossy().starts_with("seg-") {
            continue;
        }
        let text = fs::read_to_string(segment.path()).unwrap();
        for line in text.lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            if record["kind"] == "observation" {
                found.push(record["s"]["seen"].clone());
            }
        }
    }
    found
}

fn sum(bursts: &[Value], member: &str) -> u64 {
    let counts = bursts
        .iter()
        .map(|seen| seen["burst"][member].as_u64().unwrap_or_default());
    counts.sum()
}

#[test]
fn a_burst_is_one_record_and_what_makes_up_for_itself_is_none() {
    let (machine, project) = watched(40, "");
    // An editor's way of saving, a build's of leaving nothing behind, and what is not looked at.
    fs::write(project.join("src/.f1.c.swp"), "int y;\n").unwrap();
    fs::rename(project.join("src/.f1.c.swp"), project.join("src/f1.c")).unwrap();
    fs::write(project.join("src/lock"), "").unwrap();
    fs::remove_file(project.join("src/lock")).unwrap();
    fs::create_dir_all(project.join("node_modules/x")).unwrap();
    fs::write(project.join("node_modules/x/y"), "").unwrap();
    let odd = std::ffi::OsStr::from_bytes(b"odd\xff.c");
    fs::write(project.join("src").join(odd), "").unwrap();
    fs::rename(project.join("src/f2.c"), project.join("src/g2.c")).unwrap();
    let seen = until(|| bursts(&machine), |seen| sum(seen, "renamed") == 1);
    let of = |member| sum(&seen, member);
    // A machine that is busy may need two bursts for it; then the lock may have been seen.
    if seen.len() == 1 {
        assert_eq!(
            (of("created"), of("modified"), of("removed")),
            (2, 1, 0),
            "{seen:?}"
        );
    }
    let examples = seen
        .iter()
        .flat_map(|one| one["burst"]["examples"].as_array().unwrap());
    let paths: Vec<&str> = examples.map(|one| one["path"].as_str().unwrap()).collect();
    assert!(paths.contains(&"shop/src/odd\\xff.c"), "{paths:?}");
    assert!(
        !paths.iter().any(|path| path.contains("node_modules/")),
        "{paths:?}"
    );
    assert!(
        seen[0]["own"] == true
            && seen[0]["burst"]["place"]
                .as_str()
                .unwrap()
                .ends_with("/work")
    );
}

#[test]
fn a_watcher_that_is_killed_is_started_again_and_sees_what_comes() {
    let (machine, project) = watched(3, "");
    let first = watcher_pid(&machine).unwrap();
    kill_process(first, Signal::KILL).unwrap();
    until(
        || watcher_pid(&machine),
        |pid| pid.is_some_and(|pid| pid != first),
    );
    until(|| watching(&machine), |watch| watch["says"].is_string());
    assert_eq!(watching(&machine)["restarts"], 1);
    let child = words(&told(&machine, "child"));
    assert!(
        child
            .iter()
            .any(|one| one.contains("watch: ended: signal: 9")),
        "{child:?}"
    );
    fs::write(project.join("src/new.c"), "").unwrap();
    until(|| bursts(&machine), |seen| sum(seen, "created") == 1);
}

#[test]
fn status_doctor_and_the_command_say_what_is_watched() {
    let (machine, _) = watched(0, "");
    let place = machine.home().join("work").display().to_string();
    let said = |arguments: &[&str]| String::from_utf8(machine.run(arguments).stdout).unwrap();
    assert!(said(&["watch"]).starts_with(&place), "{}", said(&["watch"]));
    let status = said(&["status"]);
    let line = status.lines().find(|line| line.starts_with("watches"));
    assert!(line.is_some_and(|line| line.contains(&place)), "{status}");
    let doctor = said(&["doctor", "--no-probe"]);
    assert!(
        doctor
            .lines()
            .any(|line| line.contains("watch") && line.contains(&place)),
        "{doctor}"
    );
}
