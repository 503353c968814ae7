//! `kintsugi admin` as a person meets it: at a terminal, with a password, by the programs as they are.

use kintsugi_tests::machine::{Machine, program};
use kintsugi_tests::pty::Pty;

const PASSWORD: &str = "der Regen fiel am Montag";
const OTHER: &str = "am Dienstag schien die Sonne";

/// Runs `kintsugi` at a terminal of its own, answers each question, and returns its status and everything it printed.
fn at_terminal(machine: &Machine, arguments: &[&str], answers: &[(&str, &str)]) -> (i32, String) {
    let mut terminal = Pty::spawn(&machine.kintsugi(arguments), 120);
    for (question, answer) in answers {
        terminal.expect(question);
        terminal.send(&format!("{answer}\r"));
    }
    let before = terminal.screen();
    let (status, rest) = terminal.end();
    (status.code().unwrap_or(-1), before + &rest)
}

/// Makes a vault, and returns its recovery key.
fn init(machine: &Machine) -> String {
    let mut terminal = Pty::spawn(&machine.kintsugi(&["admin", "init"]), 120);
    terminal.expect("new admin password");
    terminal.send("hunter2\r");
    terminal.expect("not that one: it would be guessed");
    terminal.expect("new admin password");
    terminal.send(&format!("{PASSWORD}\r"));
    terminal.expect("the same again: ");
    terminal.send(&format!("{PASSWORD}\r"));
    let key = recovery_key(&mut terminal);
    let (status, rest) = terminal.end();
    assert!(status.success(), "{rest}");
    key
}

fn recovery_key(terminal: &mut Pty) -> String {
    terminal.expect("it is shown this once:\r\n\r\n    ");
    let key = terminal.expect("\r\n");
    terminal.expect("its last group, to show that you have it: ");
    terminal.send(&format!("{}\r", key.rsplit('-').next().unwrap()));
    key
}

fn vault(machine: &Machine) -> String {
    let printed = machine.run(&["admin", "status", "--json"]).stdout;
    let status: serde_json::Value = serde_json::from_slice(&printed).unwrap();
    status["vault"].as_str().unwrap().to_owned()
}

#[test]
fn a_vault_is_made_used_changed_and_recovered_at_a_terminal() {
    let machine = Machine::new();
    assert!(machine.run(&["daemon", "start"]).status.success());
    assert_eq!(vault(&machine), "none");
    // Without a terminal there is no password: not by a pipe, not by a variable.
    let piped = machine.run(&["admin", "init"]);
    assert_eq!(piped.status.code(), Some(7), "{piped:?}");
    let recovery = init(&machine);
    assert_eq!(vault(&machine), "locked");

    let question = [("admin password: ", PASSWORD)];
    let stopped = machine.run(&["daemon", "stop"]);
    assert_eq!(stopped.status.code(), Some(7), "{stopped:?}");
    let (code, printed) = at_terminal(
        &machine,
        &["daemon", "stop"],
        &[("admin password: ", "guess")],
    );
    assert_eq!(code, 7, "{printed}");
    assert!(
        printed.contains("error: that is not the admin's secret"),
        "{printed}"
    );
    assert!(!printed.contains("guess"), "what is typed is not shown");
    let (code, printed) = at_terminal(&machine, &["admin", "set", "mode", "unattended"], &question);
    assert_eq!(
        (code, printed.contains("mode is now unattended")),
        (0, true),
        "{printed}"
    );
    let (code, printed) = at_terminal(&machine, &["log", "verify", "--admin"], &question);
    assert_eq!(code, 0, "{printed}");
    assert_eq!(
        machine.run(&["log", "verify"]).status.code(),
        Some(4),
        "the first key is in the vault"
    );

    let change = [
        ("admin password: ", PASSWORD),
        ("new admin password", OTHER),
        ("the same again: ", OTHER),
    ];
    let (code, printed) = at_terminal(&machine, &["admin", "passwd"], &change);
    assert_eq!(code, 0, "{printed}");
    let (code, _) = at_terminal(&machine, &["admin", "set", "mode", "file"], &question);
    assert_eq!(code, 7, "the old password");

    let mut terminal = Pty::spawn(&machine.kintsugi(&["admin", "recover"]), 120);
    terminal.expect("recovery key: ");
    terminal.send(&format!("{}\r", recovery.to_lowercase()));
    terminal.expect("new admin password");
    terminal.send("\r");
    terminal.expect("the password is:\r\n\r\n    ");
    let phrase = terminal.expect("\r\n");
    terminal.expect("the same again: ");
    terminal.send(&format!("{phrase}\r"));
    assert_ne!(recovery_key(&mut terminal), recovery);
    let (status, rest) = terminal.end();
    assert!(status.success(), "{rest}");

    let used = [("recovery key: ", recovery.as_str())];
    assert_eq!(
        at_terminal(&machine, &["admin", "recover"], &used).0,
        7,
        "it was used up"
    );
    let (code, printed) = at_terminal(
        &machine,
        &["daemon", "stop"],
        &[("admin password: ", &phrase)],
    );
    assert_eq!(code, 0, "{printed}");
    nothing_secret_is_on_disk(&machine, &[PASSWORD, OTHER, &phrase, &recovery]);
    let log = machine.run(&["admin", "log"]).stdout;
    let log = String::from_utf8(log).unwrap();
    for what in [
        "vault enrolled",
        "vault rotated",
        "vault recovered",
        "shutdown refused",
        "recover refused",
        "shutdown accepted",
    ] {
        assert!(log.contains(what), "{what}: {log}");
    }
}

/// Returns the ids of what is held.
fn held(machine: &Machine) -> Vec<String> {
    let printed = machine.run(&["pending", "--json"]).stdout;
    let listed: serde_json::Value = serde_json::from_slice(&printed).unwrap();
    let items = listed["items"].as_array().unwrap().iter();
    items
        .map(|item| item["command"]["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_password_approves_at_the_very_terminal_that_proposed_and_without_one_nothing_does() {
    let machine = Machine::new();
    assert!(machine.run(&["daemon", "start"]).status.success());
    init(&machine);
    let kintsugi = program("kintsugi").display().to_string();
    let mut shell = machine.command("bash");
    shell.args(["--noprofile", "--norc", "-i"]);
    shell.env("PS1", "$ ").env("CLAUDECODE", "1");
    let mut terminal = Pty::spawn(&shell, 200);
    terminal.expect("$ ");
    terminal.send(&format!("{kintsugi} run -- git push --force\r"));
    terminal.expect("kintsugi approve ");
    terminal.expect("$ ");
    let id = held(&machine).remove(0);

    terminal.send(&format!("{kintsugi} approve {id}\r"));
    terminal.expect("it belongs to the session that proposed");
    let mut answer = |password: &str| {
        terminal.send(&format!("{kintsugi} approve {id} --admin\r"));
        terminal.expect("admin password: ");
        terminal.send(&format!("{password}\r"));
        terminal.expect("$ ")
    };
    let wrong = answer("guess");
    assert!(wrong.contains("that is not the admin's secret"), "{wrong}");
    assert_eq!(held(&machine), [id.as_str()]);
    let right = answer(PASSWORD);
    assert!(right.contains("approved"), "{right}");
    assert!(held(&machine).is_empty());

    // More than once is the admin's alone, also for a person elsewhere.
    let (_, reason) = machine.agent_asks("git stash drop", &machine.home());
    assert!(reason.contains("kintsugi approve "), "{reason}");
    let id = held(&machine).remove(0);
    let (code, printed) = machine.elsewhere(&["approve", &id, "--for", "30m"]);
    assert!(code != 0 && printed.contains("--admin"), "{code} {printed}");
    let scoped = ["approve", &id, "--admin", "--for", "30m"];
    // No pipe is a terminal: nobody is asked, and nothing is approved.
    let piped = machine.run(&scoped);
    assert_eq!(piped.status.code(), Some(7), "{piped:?}");
    assert_eq!(held(&machine), [id.as_str()]);
    let (code, printed) = at_terminal(&machine, &scoped, &[("admin password: ", PASSWORD)]);
    assert_eq!(code, 0, "{printed}");
    assert!(printed.contains("granted as"), "{printed}");
    for _ in 0..2 {
        let (decision, reason) = machine.agent_asks("git stash drop", &machine.home());
        assert_eq!(decision, "allow", "{reason}");
    }
    let question = [("admin password: ", PASSWORD)];
    assert_eq!(at_terminal(&machine, &["daemon", "stop"], &question).0, 0);
}

/// Looks through everything that was written below the home directory.
fn nothing_secret_is_on_disk(machine: &Machine, secrets: &[&str]) {
    let mut directories = vec![machine.home()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let Ok(bytes) = std::fs::read(&path) else {
                continue;
            };
            for secret in secrets {
                let found = bytes
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes());
                assert!(!found, "a secret is in `{}`", path.display());
            }
        }
    }
}

#[test]
fn another_daemon_at_the_socket_gets_no_password() {
    let machine = Machine::new();
    assert!(machine.run(&["daemon", "start"]).status.success());
    init(&machine);
    let pin = machine.home().join(".config/kintsugi/daemon-key");
    std::fs::write(&pin, format!("{}\n", "0a".repeat(32))).unwrap();
    let (code, printed) = at_terminal(&machine, &["resume"], &[]);
    assert_eq!(code, 7, "{printed}");
    assert!(
        printed.contains("is not the one that this account knows"),
        "{printed}"
    );
    assert!(!printed.contains("password:"), "{printed}");
    let file = machine.home().join(".local/share/kintsugi/vault");
    std::fs::remove_file(&file).unwrap();
    let (code, printed) = at_terminal(&machine, &["resume"], &[]);
    assert_eq!(code, 7, "{printed}");
    assert!(
        printed.contains("the admin vault is not usable"),
        "{printed}"
    );
    // Nothing privileged can be done any more, and nobody may stop it: the test ends it from outside.
    let stopped = machine.run(&["daemon", "stop"]);
    assert_eq!(stopped.status.code(), Some(7), "{stopped:?}");
    let status = machine.run(&["status", "--json"]).stdout;
    let status: serde_json::Value = serde_json::from_slice(&status).unwrap();
    let daemon = i32::try_from(status["status"]["pid"].as_i64().unwrap()).unwrap();
    let daemon = rustix::process::Pid::from_raw(daemon).unwrap();
    rustix::process::kill_process(daemon, rustix::process::Signal::KILL).unwrap();
    // Until the kernel has closed its socket, whoever connects is cut off.
    let is_gone = || machine.run(&["status"]).status.code() == Some(5);
    assert!((0..1_000).any(|_| is_gone()));
}
