//! Undo where people and agents are: at a prompt with its hook, in a shim, and through the server of the model context protocol.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kintsugi_tests::machine::{Machine, program};
use kintsugi_tests::seat::Seat;
use kintsugi_tests::shells::Shell;
use kintsugi_tests::tree::work;

/// What `diff -r` says of two directories.
fn diff(one: &Path, other: &Path) -> String {
    let mut diff = Command::new("diff");
    let said = diff
        .args(["-r", "--no-dereference"])
        .args([one, other])
        .output();
    let said = said.unwrap();
    String::from_utf8([said.stdout, said.stderr].concat()).unwrap()
}

/// A working copy with work that is in no commit, and a copy of it beside.
fn uncommitted(machine: &Machine, work: &Path) -> PathBuf {
    let script = "set -e; git init -q; mkdir -p src/deep; echo one > src/a.c; git add -A; git commit -qm one; \
                  echo changed > src/a.c; echo new > src/deep/b.c; ln -s a.c src/link; cp -a src ../saved";
    let mut shell = machine.command("bash");
    let made = shell
        .args(["-c", script])
        .current_dir(work)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    work.parent().unwrap().join("saved")
}

#[test]
fn at_a_prompt_uncommitted_work_is_removed_approved_and_undone() {
    let (_directory, work) = work();
    let mut seat = Seat::new(Shell::Bash);
    let saved = uncommitted(&seat.machine, &work);
    seat.run(&format!("cd {}", work.display()));
    seat.approve("rm -rf src");
    assert!(!work.join("src").exists(), "{}", seat.pty.screen());
    assert_ne!(diff(&saved, &work.join("src")), "");
    let kintsugi = program("kintsugi").display().to_string();
    // Who types it at their own prompt is not asked again: a question would never be answered here.
    let shown = seat.run(&format!("{kintsugi} undo --dry-run"));
    assert!(shown.contains("src"), "{shown}");
    let said = seat.run(&format!("{kintsugi} undo"));
    assert!(said.contains("undone"), "{said}");
    assert_eq!(diff(&saved, &work.join("src")), "");
    let silent = seat.run("diff -r --no-dereference ../saved src; echo \"[$?]\"");
    assert!(silent.contains("\n[0]"), "{silent}");
}

#[test]
fn an_agent_asks_before_it_undoes_and_may_look() {
    let machine = Machine::new();
    let (_directory, work) = work();
    for (line, answer) in [
        ("kintsugi undo --list", "allow"),
        ("kintsugi undo --dry-run", "allow"),
        ("kintsugi trash list", "allow"),
        ("kintsugi undo", "ask"),
        ("kintsugi undo --overwrite 1a2b", "ask"),
        ("bash -ic 'kintsugi undo'", "ask"),
        ("kintsugi trash prune --all", "ask"),
    ] {
        let (said, why) = machine.agent_asks(line, &work);
        let is_held = said != "allow";
        assert_eq!(is_held, answer == "ask", "{line}: {said}: {why}");
    }
}

#[test]
fn what_a_shim_lets_run_is_kept_first() {
    let machine = Machine::new();
    let (_directory, work) = work();
    let installed = machine.run(&["shim", "install"]);
    assert!(installed.status.success(), "{installed:?}");
    std::fs::write(work.join("f"), "only here").unwrap();
    let shims = machine.home().join(".local/share/kintsugi/shims");
    let path = format!("{}:{}", shims.display(), std::env::var("PATH").unwrap());
    let mut shell = machine.command("/usr/bin/env");
    shell.env("PATH", path).args(["bash", "-c", "rm f"]);
    let done = shell.current_dir(&work).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    assert!(!work.join("f").exists());
    is_undone(&machine, &work);
}

#[test]
fn what_the_server_of_tools_runs_is_kept_first() {
    let machine = Machine::new();
    let (_directory, work) = work();
    std::fs::write(work.join("f"), "only here").unwrap();
    let mut server = machine.kintsugi(&["mcp"]);
    server
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .current_dir(&work);
    let mut server = server.spawn().unwrap();
    let call = serde_json::json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "run_command", "arguments": {"command": "rm f", "cwd": work}},
    });
    writeln!(server.stdin.as_mut().unwrap(), "{call}").unwrap();
    let output = server.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("\"exit_code\":0"), "{said}");
    assert!(!work.join("f").exists());
    is_undone(&machine, &work);
}

fn is_undone(machine: &Machine, work: &Path) {
    let undone = machine
        .kintsugi(&["undo"])
        .current_dir(work)
        .output()
        .unwrap();
    assert!(undone.status.success(), "{undone:?}");
    assert_eq!(
        std::fs::read_to_string(work.join("f")).unwrap(),
        "only here"
    );
}
