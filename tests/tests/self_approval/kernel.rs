//! Attempts that turn the kernel's own means against what is asked of it: a number that is given again, and `ptrace(2)`.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use kintsugi_daemon::authority::table::{Proc, Table as _};
use kintsugi_tests::machine::program;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::{Value, json};

use super::stage::{Running, Stage};

/// Where the next number of a process can be chosen (`proc_sys_kernel(5)`), by root alone: without it, it takes a whole round of
/// numbers.
const NEXT_NUMBER: &str = "/proc/sys/kernel/ns_last_pid";

fn pipe(path: &str) {
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(CWD, path, FileType::Fifo, mode, 0).expect("a pipe");
}

#[test]
fn a_connection_whose_process_has_ended_is_nobodys_though_a_person_has_its_number() {
    if std::fs::OpenOptions::new()
        .write(true)
        .open(NEXT_NUMBER)
        .is_err()
    {
        eprintln!("SKIPPED: the number of a process cannot be chosen here");
        return;
    }
    let mut stage = Stage::new();
    // The person's: older than the agent, so that whoever runs in its foreground is believed.
    let mut window = stage.terminal();
    let mut agent = stage.terminal();
    stage.propose(&mut agent);
    let approve = json!({"kind": "approve", "id": stage.id});
    pipe(&stage.path("pipe"));
    let heir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/self_approval/heir.py");
    std::fs::copy(heir, stage.path("heir.py")).expect("the heir");
    // Somebody else on this machine may be given the number first, and keep it.
    let mut was_taken = false;
    for round in 0..5 {
        let go = stage.path(&format!("go{round}"));
        pipe(&go);
        let words = [
            stage.path("heir.py"),
            stage.socket(),
            stage.path("pipe"),
            approve.to_string(),
            go.clone(),
        ];
        let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
        agent.send(&format!("python3 {}\r", quoted.join(" ")));
        agent.expect("number ");
        let number: u32 = agent.expect(".").parse().expect("a number");
        agent.expect("$ ");
        let take = format!(
            "trap 'kill $!; wait $!; exit' INT; for i in $(seq 2000); do echo {} > {NEXT_NUMBER}; sleep 600 & [ $! = {number} ] && echo ta\"\"ken && wait; kill $!; wait $!; done 2>/dev/null; echo lo\"\"st",
            number - 1
        );
        let file = stage.path("take");
        std::fs::write(&file, take).expect("a script");
        window.send(&format!("bash {file}\r"));
        was_taken = window.expect_either("taken", "lost");
        if was_taken {
            std::fs::write(&go, "go").expect("a listener");
            break;
        }
        window.expect("$ ");
    }
    assert!(was_taken, "{}", window.screen());
    let mut answer = String::new();
    let mut reader =
        std::io::BufReader::new(std::fs::File::open(stage.path("pipe")).expect("a pipe"));
    std::io::BufRead::read_line(&mut reader, &mut answer).expect("an answer");
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(answer["code"], "forbidden", "{answer}");
    assert!(stage.is_pending());
    let refused = stage.refused();
    assert_eq!(
        refused.last().expect("a record")["check"],
        "gone",
        "{refused:?}"
    );

    // The very same place, by a process that runs: it is taken, so nothing but the end of the first one was in the way.
    window.send("\u{3}");
    window.expect("$ ");
    window.send(&format!(
        "{} approve {}\r",
        program("kintsugi").display(),
        stage.id
    ));
    window.expect("approved");
    assert!(!stage.is_pending());
}

#[test]
fn a_debugger_that_stays_attached_to_a_persons_shell_answers_for_nobody() {
    let mut stage = Stage::new();
    let mut window = stage.terminal();
    window.send("echo num\"\"ber $$.\r");
    window.expect("number ");
    let shell = window.expect(".");
    let mut agent = stage.terminal();
    stage.propose(&mut agent);
    let said = stage.path("said");
    let line = format!(
        "{} approve {} </dev/tty >{said} 2>&1",
        program("kintsugi").display(),
        stage.id
    );
    let gdb = format!(
        "set confirm off\nset debuginfod enabled off\nattach {shell}\ncall ((int (*)(const char *)) system)(\"{line}\")\ndetach\n"
    );
    std::fs::write(stage.path("gdb"), gdb).expect("a script");
    agent.send(&format!(
        "gdb -nx -batch -x {}; echo $((6 * 7))\r",
        stage.path("gdb")
    ));
    let printed = agent.expect("42\r\n");
    assert!(stage.is_pending(), "{printed}");
    let said = std::fs::read_to_string(&said).unwrap_or_default();
    if printed.contains("ptrace: Operation not permitted") {
        eprintln!("SKIPPED: this kernel lets nobody attach (kernel.yama.ptrace_scope)");
        return;
    }
    assert!(
        said.contains("another process is attached to it"),
        "{said}\n{printed}"
    );
    let refused = stage.refused();
    let refused = refused.last().expect("a record");
    assert_eq!(refused["check"], "traced", "{refused}");
    let by = refused["by"]["exe"].as_str().unwrap_or_default();
    assert!(by.ends_with("/gdb"), "{refused}");

    // Left alone, the same shell is the person's.
    window.send(&format!(
        "{} approve {}\r",
        program("kintsugi").display(),
        stage.id
    ));
    window.expect("approved");
    assert!(!stage.is_pending());
}

/// Enough to meet some fifty forks while they become programs.
const SEARCHES: usize = 500;

#[test]
fn what_an_emulator_is_starting_never_seems_to_be_a_program_that_keeps_its_terminals() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/self_approval/emulator.py");
    let mut python = Command::new("python3");
    let mut emulator = Running(
        python
            .arg(script)
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python"),
    );
    let mut line = String::new();
    let printed = emulator.0.stdout.take().expect("its output");
    BufReader::new(printed)
        .read_line(&mut line)
        .expect("a line");
    let number: u32 = line.trim().parse().expect("a number");
    let own = Proc.stat(number).expect("the emulator");
    let mut forks = 0;
    for _ in 0..SEARCHES {
        let masters = Proc.masters();
        let mut terminals = masters.holders.values();
        let holders = terminals
            .find(|holders| holders.iter().any(|holder| holder.pid == number))
            .expect("its terminal");
        let program = holders.iter().find(|holder| !holder.is_fork_of(&own));
        assert_eq!(program, None);
        forks += holders.len() - 1;
    }
    assert!(forks > 0, "no fork was met");
}
