//! `kintsugi notify`: one word about what waits, none about what was answered at once, and no way to answer.

use std::path::Path;
use std::process::{Child, Command};

use kintsugi_tests::desktop::{Desktop, Told};
use kintsugi_tests::machine::{Machine, program};
use kintsugi_tests::pty::Pty;
use kintsugi_tests::waiting::until;
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
    until(
        || std::fs::read_to_string(path).unwrap_or_default(),
        |text| is_enough(text),
    )
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

#[test]
fn the_command_of_the_settings_is_kept_running_and_told() {
    let machine = Machine::new();
    let told = machine.home().join("told");
    let settings = machine.home().join(".config/kintsugi/daemon.toml");
    std::fs::create_dir_all(settings.parent().unwrap()).unwrap();
    let set = |command: &str| {
        let command = serde_json::to_string(command).unwrap();
        std::fs::write(&settings, format!("[notify]\ncommand = {command}\n")).unwrap();
    };
    let row = || {
        let output = machine.run(&["doctor", "--no-probe", "--json"]);
        let rows = String::from_utf8(output.stdout).unwrap();
        let rows = rows.lines().map(|row| serde_json::from_str(row).unwrap());
        let mut rows = rows.filter(|row: &serde_json::Value| row["name"] == "notify");
        rows.next().expect("a row")
    };
    assert_eq!(row()["grade"], "good", "{}", row());

    // Tried by hand, without a daemon; a channel that is named stands alone.
    let line = format!(
        "printf '%s|%s\\n' \"$KINTSUGI_HELD\" \"$KINTSUGI_COMMAND\" >> '{}'",
        told.display()
    );
    set(&line);
    assert!(machine.run(&["notify", "--test"]).status.success());
    let text = std::fs::read_to_string(&told).unwrap();
    assert_eq!(text, "1|git push --force\n");
    assert!(
        machine
            .run(&["notify", "--command", "true", "--test"])
            .status
            .success()
    );
    assert_eq!(std::fs::read_to_string(&told).unwrap(), text);
    std::fs::remove_file(&told).unwrap();

    assert!(machine.run(&["daemon", "start"]).status.success());
    hold(&machine, "git push --force origin main");
    let text = read_until(&told, |text| text.ends_with('\n'));
    assert_eq!(text, "1|git push --force origin main\n");
    let found = row();
    assert_eq!(found["grade"], "good", "{found}");
    assert!(
        found["found"].as_str().unwrap().contains("printf"),
        "{found}"
    );

    // What is not understood is said, by whoever reads it, and tells nobody.
    for wrong in [
        "[notify]\ncommand = 7\n",
        "[notify]\ncomand = \"x\"\n",
        "[notify]\ncommand = \"\"\n",
    ] {
        std::fs::write(&settings, wrong).unwrap();
        assert_eq!(row()["grade"], "bad", "{wrong}");
        let output = machine.run(&["notify", "--test"]);
        assert_eq!(output.status.code(), Some(1), "{wrong}: {output:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("daemon.toml"), "{wrong}: {said}");
    }
}

/// A command whose text is full of what the channels could take for something else than text.
const NASTY: &str = "git push --force origin '#(touch pwned)' '%H#{pid}' '<b>&amp;' '\u{1b}]0;x\u{7}' \"$(touch pwned)\"";

/// Programs of this test alone, in front of the others.
fn own_programs(machine: &Machine, programs: &[(&str, &str)]) -> std::ffi::OsString {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = machine.home().join("own");
    std::fs::create_dir(&directory).unwrap();
    for (name, text) in programs {
        let path = directory.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = std::env::var_os("PATH").unwrap();
    let all = std::iter::once(directory).chain(std::env::split_paths(&path));
    std::env::join_paths(all).unwrap()
}

#[test]
fn the_desktop_shows_text_and_a_click_opens_a_terminal_that_asks() {
    let machine = Machine::new();
    let desktop = Desktop::start(&machine.home());
    let opened = machine.home().join("opened");
    let terminal = format!("#!/bin/sh\necho \"$@\" >> '{}'\n", opened.display());
    let path = own_programs(&machine, &[("xdg-terminal-exec", &terminal)]);
    assert!(machine.run(&["daemon", "start"]).status.success());
    let first = hold(&machine, NASTY);
    let mut notify = machine.kintsugi(&["notify", "--desktop"]);
    notify.env("DBUS_SESSION_BUS_ADDRESS", &desktop.address);
    let _running = Running(notify.env("PATH", path).spawn().unwrap());
    let Told::Notify {
        replaces,
        title,
        body,
        actions,
    } = desktop.next()
    else {
        panic!("nothing was shown")
    };
    assert_eq!((replaces, title.as_str()), (0, "Kintsugi holds a command"));
    assert!(
        body.contains("&lt;b&gt;&amp;amp;") && !body.contains(['<', '\u{1b}', '\u{7}']),
        "{body}"
    );
    assert!(
        body.ends_with(&format!("(kintsugi approve {first})")),
        "{body}"
    );
    assert_eq!(
        actions,
        [
            "default",
            "Answer in a terminal",
            "open",
            "Answer in a terminal"
        ]
    );

    // What is clicked before it is shown, what is no action of ours, and a second click do nothing.
    for (number, action) in [(9, "open"), (1, "approve"), (1, "open"), (1, "open")] {
        desktop.click_next(number, action);
    }
    let second = hold(&machine, "rm -rf ~/");
    let Told::Notify {
        replaces, title, ..
    } = desktop.next()
    else {
        panic!("nothing was shown")
    };
    assert_eq!((replaces, title.as_str()), (1, "Kintsugi holds 2 commands"));
    let asked = read_until(&opened, |text| text.ends_with('\n'));
    let own = program("kintsugi");
    assert_eq!(asked, format!("{} approve {first}\n", own.display()));

    // A click approved nothing; once everything is answered, nothing is shown any more.
    for id in [first, second] {
        assert!(machine.run(&["deny", &id]).status.success());
    }
    assert_eq!(desktop.next(), Told::Close(1));
    assert_eq!(std::fs::read_to_string(&opened).unwrap(), asked);
    assert!(!machine.home().join("pwned").exists());
}

#[test]
fn tmux_shows_text_and_counts() {
    let machine = Machine::new();
    let sockets = machine.home();
    let tmux = |arguments: &[&str]| {
        let mut tmux = machine.command("tmux");
        tmux.env("TMUX_TMPDIR", &sockets).env("TERM", "xterm");
        tmux.args(arguments);
        tmux
    };
    let mut client = Pty::spawn(
        &tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "exec sh -c 'echo ready; exec cat'",
        ]),
        240,
    );
    client.expect("ready");
    assert!(machine.run(&["daemon", "start"]).status.success());
    let id = hold(&machine, NASTY);
    let mut notify = machine.kintsugi(&["notify", "--tmux"]);
    let _running = Running(notify.env("TMUX_TMPDIR", &sockets).spawn().unwrap());
    let shown = client.expect(&format!("(kintsugi approve {id})"));
    for part in ["'#(touch pwned)'", "'%H#{pid}'", "\\x1b]0;x\\x07"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let count = || {
        let told = tmux(&["show-options", "-gv", "@kintsugi_held"]).output();
        String::from_utf8(told.unwrap().stdout).unwrap()
    };
    assert_eq!(count(), "1\n");
    assert!(machine.run(&["deny", &id]).status.success());
    until(count, |count| count == "0\n");
    assert!(tmux(&["kill-server"]).status().unwrap().success());
    assert!(!machine.home().join("pwned").exists());
}

#[test]
fn a_terminal_is_rung_and_shows_text() {
    let machine = Machine::new();
    assert!(machine.run(&["daemon", "start"]).status.success());
    let id = hold(&machine, NASTY);
    let mut terminal = Pty::spawn(&machine.kintsugi(&["notify", "--terminal"]), 240);
    terminal.expect("\u{7}\u{1b}]9;");
    let nine = terminal.expect("\u{7}");
    terminal.expect("\u{1b}]777;notify;Kintsugi holds a command;");
    let seven = terminal.expect("\u{7}");
    assert_eq!(nine, seven);
    assert!(
        nine.contains("\\x1b]0,x\\x07") && nine.contains(&id),
        "{nine:?}"
    );
    assert!(!nine.contains(['\u{1b}', ';']), "{nine:?}");
}
