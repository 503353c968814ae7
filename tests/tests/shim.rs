//! Shells that propose what they are started with, and are otherwise the shells they stand for.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Output};

use kintsugi_tests::machine::Machine;
use kintsugi_tests::seat::HELD;

/// A machine whose `PATH` begins with the shims.
fn machine() -> Machine {
    let machine = Machine::new();
    let installed = machine.run(&["shim", "install"]);
    assert!(installed.status.success(), "{installed:?}");
    machine
}

/// Starts a shell by its name, as an agent without a hook does.
fn shell(machine: &Machine, words: &[&str]) -> Command {
    let shims = machine.home().join(".local/share/kintsugi/shims");
    let path = format!(
        "{}:{}",
        shims.display(),
        std::env::var("PATH").expect("a path")
    );
    // `env` looks in the `PATH` that it gives on.
    let mut command = machine.command("/usr/bin/env");
    command.env("PATH", path).args(words);
    command
}

fn output(machine: &Machine, words: &[&str]) -> Output {
    shell(machine, words).output().expect("a shell")
}

#[test]
fn what_may_run_runs_with_its_own_status_name_and_arguments() {
    let machine = machine();
    for name in ["bash", "sh", "zsh"] {
        let done = output(&machine, &[name, "-c", "echo $0 $1; exit 7", "own", "two"]);
        assert_eq!(done.status.code(), Some(7), "{name}: {done:?}");
        assert_eq!(done.stdout, b"own two\n", "{name}");
    }
    let done = output(&machine, &["bash", "-lc", "echo $0"]);
    assert_eq!(done.stdout, b"bash\n", "{done:?}");
}

#[test]
fn what_is_held_does_not_run_and_waits_for_a_person() {
    let machine = machine();
    let text = format!("touch ran; {HELD}");
    let done = output(&machine, &["bash", "-c", &text]);
    assert_eq!(done.status.code(), Some(126), "{done:?}");
    assert!(!machine.home().join("ran").exists());
    let said = String::from_utf8(done.stderr).expect("text");
    assert!(said.contains("kintsugi: error: held: "), "{said}");
    let pending = machine.run(&["pending", "--json"]);
    let pending: serde_json::Value = serde_json::from_slice(&pending.stdout).expect("the holds");
    let raw = pending["items"][0]["command"]["raw"].as_str();
    assert_eq!(raw, Some(format!("bash -c '{text}'").as_str()), "{pending}");
}

#[test]
fn it_is_one_process_all_along_and_ends_as_the_shell_does() {
    let machine = machine();
    let child = shell(&machine, &["bash", "-c", "echo $$; kill -TERM $$"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("a shell");
    let pid = child.id();
    let done = child.wait_with_output().expect("its end");
    assert_eq!(done.status.signal(), Some(15), "{done:?}");
    assert_eq!(done.stdout, format!("{pid}\n").into_bytes());
}

#[test]
fn a_shell_by_its_absolute_path_is_not_seen() {
    let machine = machine();
    let text = format!("touch ran; {HELD}");
    let done = output(&machine, &["/bin/bash", "-c", &text]);
    assert!(done.status.success(), "{done:?}");
    assert!(machine.home().join("ran").exists());
}

#[test]
fn uninstalled_nothing_is_left() {
    let machine = machine();
    let shims = machine.home().join(".local/share/kintsugi/shims");
    assert!(shims.join("bash").exists());
    for _ in 0..2 {
        let done = machine.run(&["shim", "uninstall"]);
        assert!(done.status.success(), "{done:?}");
        assert!(!shims.exists());
    }
}
