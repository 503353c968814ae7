//! The main job, as a person sees it: real shells in a terminal, a real repository, an agent's hook, and the log.

use std::process::Command;

use kintsugi_tests::machine::{Diverged, Machine, program};
use kintsugi_tests::pty::Pty;
use kintsugi_tests::shells::Shell;

const SHELLS: [Shell; 2] = [Shell::Bash, Shell::Zsh];

/// Types a push that needs force, and returns the id under which it is held.
fn forced_push(pty: &mut Pty) -> String {
    pty.send("git push --force\r");
    let card = held(pty);
    assert!(card.contains("git push --force"), "{card}");
    id_in(&card)
}

/// Waits for the question, and returns the card.
fn held(pty: &mut Pty) -> String {
    pty.expect("run it? [y/N]")
}

fn id_in(card: &str) -> String {
    let (_, rest) = card
        .rsplit_once("kintsugi approve ")
        .expect("how to answer");
    rest.chars().take_while(char::is_ascii_hexdigit).collect()
}

fn in_work(machine: &Machine, work: &Diverged, shell: Shell) -> Pty {
    let mut command = shell.with_hook(machine);
    command.current_dir(&work.work);
    shell.start(&command)
}

#[test]
fn an_approval_from_a_second_terminal_lets_it_run() {
    for shell in SHELLS {
        let machine = Machine::new();
        let repository = machine.diverged();
        let mut pty = in_work(&machine, &repository, shell);
        let id = forced_push(&mut pty);
        let before = machine.head(&repository.remote);
        assert_ne!(before, machine.head(&repository.work), "{shell:?}");

        let (code, printed) = machine.elsewhere(&["approve", &id]);
        assert_eq!(code, 0, "{shell:?}: {printed}");
        pty.expect("approved elsewhere");
        shell.ready(&mut pty);
        assert_eq!(
            machine.head(&repository.remote),
            machine.head(&repository.work),
            "{shell:?}"
        );
    }
}

#[test]
fn a_denial_from_a_second_terminal_stops_it() {
    for shell in SHELLS {
        let machine = Machine::new();
        let repository = machine.diverged();
        let before = machine.head(&repository.remote);
        let mut pty = in_work(&machine, &repository, shell);
        let id = forced_push(&mut pty);
        let (code, printed) = machine.elsewhere(&["deny", &id, "--reason", "not on a Friday"]);
        assert_eq!(code, 0, "{shell:?}: {printed}");
        pty.expect("denied elsewhere");
        shell.ready(&mut pty);
        assert_eq!(shell.status(&mut pty), "130", "{shell:?}");
        assert_eq!(machine.head(&repository.remote), before, "{shell:?}");
    }
}

#[test]
fn an_answer_at_the_prompt_counts() {
    for shell in SHELLS {
        let machine = Machine::new();
        let repository = machine.diverged();
        let before = machine.head(&repository.remote);
        let mut pty = in_work(&machine, &repository, shell);
        forced_push(&mut pty);
        pty.send("n");
        shell.ready(&mut pty);
        assert_eq!(machine.head(&repository.remote), before, "{shell:?}");
        forced_push(&mut pty);
        pty.send("y");
        shell.ready(&mut pty);
        assert_eq!(
            machine.head(&repository.remote),
            machine.head(&repository.work),
            "{shell:?}"
        );
    }
}

#[test]
fn what_is_harmless_never_waits() {
    for shell in SHELLS {
        let machine = Machine::new();
        let mut pty = shell.start(&shell.with_hook(&machine));
        for line in ["ls", "pwd", "git --version", "cd /tmp"] {
            pty.send(&format!("{line}\r"));
            let printed = shell.ready(&mut pty);
            assert!(!printed.contains("run it?"), "{shell:?}: {line}: {printed}");
            assert_eq!(shell.status(&mut pty), "0", "{shell:?}: {line}");
        }
    }
}

fn payload(machine: &Machine, command: &str) -> String {
    serde_json::json!({
        "session_id": "s", "transcript_path": "/dev/null", "permission_mode": "default",
        "cwd": machine.home(), "hook_event_name": "PreToolUse",
        "tool_name": "Bash", "tool_input": {"command": command}, "tool_use_id": "u",
    })
    .to_string()
}

fn permission(machine: &Machine, command: &str) -> (String, String) {
    let arguments = ["claude-code", "--wait=0"];
    let output = machine.agent_hook(&arguments, payload(machine, command).as_bytes());
    assert!(output.status.success(), "{output:?}");
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("an answer");
    let text = |name: &str| {
        let value = &answer["hookSpecificOutput"][name];
        value.as_str().expect("text").to_owned()
    };
    (text("permissionDecision"), text("permissionDecisionReason"))
}

#[test]
fn an_agents_hook_holds_until_a_person_has_answered() {
    let machine = Machine::new();
    assert_eq!(permission(&machine, "ls").0, "allow");
    let (decision, reason) = permission(&machine, "git push --force");
    assert_eq!(decision, "deny", "{reason}");
    let id = id_in(&reason);

    let (code, printed) = machine.elsewhere(&["approve", &id]);
    assert_eq!(code, 0, "{printed}");
    assert_eq!(permission(&machine, "git push --force").0, "allow");
    assert_eq!(
        permission(&machine, "git push --force").0,
        "deny",
        "an approval works once"
    );
}

#[test]
fn an_agents_hook_waits_for_the_answer() {
    let machine = Machine::new();
    let arguments = ["claude-code", "--wait=60"];
    let payload = payload(&machine, "git push --force");
    let waiting = std::thread::scope(|scope| {
        let hook = scope.spawn(|| machine.agent_hook(&arguments, payload.as_bytes()));
        let mut watching = Pty::spawn(&machine.kintsugi(&["pending", "--watch"]), 100);
        watching.expect("claude-code");
        let listed = machine.run(&["pending", "--json"]);
        let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).expect("a list");
        let id = listed["items"][0]["command"]["id"].as_str().expect("an id");
        let (code, printed) = machine.elsewhere(&["approve", id]);
        assert_eq!(code, 0, "{printed}");
        hook.join().expect("the hook")
    });
    let answer = String::from_utf8(waiting.stdout).expect("text");
    assert!(
        answer.contains(r#""permissionDecision":"allow""#),
        "{answer}"
    );
}

#[test]
fn run_ends_as_the_command_does_or_says_why_not() {
    let machine = Machine::new();
    let code = |arguments: &[&str]| {
        let mut command: Command = machine.command(program("kintsugi"));
        let output = command
            .args(["run", "--"])
            .args(arguments)
            .output()
            .expect("it starts");
        output.status.code()
    };
    assert_eq!(code(&["true"]), Some(0));
    assert_eq!(code(&["sh -c 'exit 7'"]), Some(7));
    assert_eq!(code(&["git", "push", "--force"]), Some(4));
}

/// Does everything that puts records of many kinds into the log, and stops the daemon.
fn eventful(machine: &Machine) {
    assert_eq!(permission(machine, "ls -la").0, "allow");
    let (_, reason) = permission(machine, "git push --force");
    assert_eq!(machine.elsewhere(&["approve", &id_in(&reason)]).0, 0);
    assert_eq!(permission(machine, "git push --force").0, "allow");
    let (_, reason) = permission(machine, "rm -rf ~");
    assert_eq!(machine.elsewhere(&["deny", &id_in(&reason)]).0, 0);
    assert_eq!(machine.run(&["daemon", "stop"]).status.code(), Some(0));
}

#[test]
fn the_log_proves_itself_and_names_the_record_that_was_altered() {
    let machine = Machine::new();
    eventful(&machine);
    let verified = machine.run(&["log", "verify", "--deep"]);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");

    let segments: Vec<_> = std::fs::read_dir(machine.log())
        .expect("a log")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "ndjson")
        })
        .collect();
    assert!(!segments.is_empty());
    for segment in segments {
        let bytes = std::fs::read(&segment).expect("a segment");
        // Some hundred places, all over the file and in every kind of record.
        let step = (bytes.len() / 150).max(1);
        for at in (0..bytes.len()).step_by(step) {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            std::fs::write(&segment, &altered).expect("a segment");
            let record = bytes[..at].iter().filter(|byte| **byte == b'\n').count();
            let verified = machine.run(&["log", "verify", "--json"]);
            let report: serde_json::Value =
                serde_json::from_slice(&verified.stdout).expect("a report");
            assert_ne!(verified.status.code(), Some(0), "byte {at}");
            assert_eq!(report["good"], false, "byte {at}");
            // A newline that is gone makes one record of two, so the first of them is to blame, too.
            assert_eq!(
                report["seq"].as_u64(),
                u64::try_from(record).ok(),
                "byte {at}: {report}"
            );
        }
        std::fs::write(&segment, &bytes).expect("a segment");
    }
    let verified = machine.run(&["log", "verify"]);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
    let told = String::from_utf8(verified.stdout).expect("text");
    assert!(told.starts_with("good: "), "{told}");
}

#[test]
fn the_log_shows_what_was_decided() {
    let machine = Machine::new();
    eventful(&machine);
    let lines = |arguments: &[&str]| {
        let output = machine.run(&[&["log", "--json"], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let text = String::from_utf8(output.stdout).expect("text");
        text.lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
            .collect::<Vec<_>>()
    };
    let commands = |arguments: &[&str]| {
        let command = |entry: serde_json::Value| entry["command"].as_str().map(str::to_owned);
        lines(arguments)
            .into_iter()
            .filter_map(command)
            .collect::<Vec<_>>()
    };
    assert_eq!(commands(&["--decision", "approved"]), ["git push --force"]);
    assert_eq!(commands(&["--decision", "denied"]), ["rm -rf ~"]);
    assert_eq!(commands(&["--grep", "ls"]), ["ls -la"]);
    assert_eq!(
        commands(&["--effect", "delete", "--decision", "hold"]),
        ["rm -rf ~"]
    );
    assert!(commands(&["--agent", "nobody"]).is_empty());
    assert!(lines(&["--until", "2020-01-01"]).is_empty());
    assert_eq!(lines(&["-n", "2", "--since", "1h"]).len(), 2);
    let shown = machine.run(&["log", "show", "0", "--json"]);
    assert!(shown.stdout.starts_with(br#"{"v":1,"seq":0,"#), "{shown:?}");
    assert_eq!(machine.run(&["log", "show", "9999"]).status.code(), Some(1));
}
