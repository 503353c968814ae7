//! `kintsugi notify`: one word about what waits, none about what was answered at once, and no way to answer.

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use kintsugi_tests::machine::Machine;
use serde_json::json;

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn hold(machine: &Machine, command: &str) -> String {
    let payload = json!({
        "session_id": "s", "cwd": machine.home(), "hook_event_name": "PreToolUse",
        "tool_name": "Bash", "tool_input": {"command": command},
    });
    let output = machine.hook(&["claude-code", "--wait=0"], payload.to_string().as_bytes());
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let reason = answer["hookSpecificOutput"]["permissionDecisionReason"]
        .as_str()
        .unwrap();
    let id = reason.split_once("held as ").unwrap().1;
    id.split(':').next().unwrap().to_owned()
}

/// Waits until the file says so; a machine that works needs two seconds.
fn read_until(path: &Path, is_enough: impl Fn(&str) -> bool) -> String {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if is_enough(&text) {
            return text;
        }
        assert!(Instant::now() < deadline, "{text:?}");
        std::thread::yield_now();
    }
}

fn watch(machine: &Machine, told: &Path) -> Running {
    assert!(machine.run(&["daemon", "start"]).status.success());
    let line = format!(
        "printf '%s|%s|%s|%s\\n' \"$KINTSUGI_HELD\" \"$KINTSUGI_ID\" \"$KINTSUGI_AGENT\" \"$KINTSUGI_COMMAND\" >> '{}'",
        told.display()
    );
    let mut notify: Command = machine.kintsugi(&["notify", "--command", &line]);
    Running(notify.spawn().unwrap())
}

#[test]
fn a_hold_is_told_once_and_a_burst_together() {
    let machine = Machine::new();
    let told = machine.home().join("told");
    let first = hold(&machine, "git push --force origin main");
    let _running = watch(&machine, &told);
    let text = read_until(&told, |text| text.ends_with('\n'));
    assert_eq!(
        text,
        format!("1|{first}|claude-code|git push --force origin main\n")
    );

    hold(&machine, "rm -rf ~/");
    let last = hold(&machine, "git push --force origin '\u{1b}[2J'");
    let text = read_until(&told, |text| {
        text.lines().any(|line| line.starts_with("3|"))
    });
    let last_line = text.lines().last().unwrap();
    assert!(last_line.starts_with(&format!("3|{last}|")), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
    assert!(text.lines().count() <= 3, "{text}");
}

#[test]
fn without_a_channel_or_a_daemon_it_says_what_to_do() {
    let machine = Machine::new();
    let output = machine.run(&["notify"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("--command"),
        "{output:?}"
    );
    let output = machine.run(&["notify", "--command", "true"]);
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    assert!(
        machine
            .run(&["notify", "--command", "true", "--test"])
            .status
            .success()
    );
    let output = machine.run(&["notify", "--command", "exit 3", "--test"]);
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("exit 3"),
        "{output:?}"
    );
}
