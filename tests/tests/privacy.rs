//! No secret of a command reaches the disk: not the log, not what waits for a person, not the spool.

use std::path::Path;

use kintsugi_tests::machine::Machine;

/// Commands as agents write them, and the secret in each. Each is made up, and none is allowed to run.
const COMMANDS: [(&str, &str); 12] = [
    (
        "git push --force https://oauth2:glpat-abcdefghij0123456789@gitlab.example.org/u/r.git",
        "glpat-abcdefghij",
    ),
    (
        "curl -X DELETE -H 'Authorization: Bearer s3cr3tvalue' https://api.example.org/repos/u/r",
        "s3cr3tvalue",
    ),
    ("mysql -u root -phunter2 -e 'drop database prod'", "hunter2"),
    ("PGPASSWORD=hunter2 dropdb -h db prod", "hunter2"),
    ("sshpass -p hunter2 ssh root@host rm -rf /srv", "hunter2"),
    (
        "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG aws s3 rb --force s3://prod",
        "wJalrXUtnFEMI",
    ),
    ("redis-cli -a hunter2 FLUSHALL", "hunter2"),
    (
        "curl -u me:hunter2 -X DELETE 'https://example.org/all?api_key=abc123xyz'",
        "abc123xyz",
    ),
    (
        "psql postgres://u:hunter2@db/prod -c 'drop table users'",
        "hunter2",
    ),
    (
        "docker login -u me -p hunter2 && docker system prune -af --volumes",
        "hunter2",
    ),
    (
        "printf '-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBg\\n-----END PRIVATE KEY-----' > ~/.ssh/id_rsa",
        "MIIEvQIBADANBg",
    ),
    ("echo hunter2 | sudo -S rm -rf /srv/x", "hunter2"),
];

/// Returns the files below `directory` that have `secret` in them.
fn files_with(directory: &Path, secret: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files_with(&path, secret));
        } else if let Ok(bytes) = std::fs::read(&path)
            && bytes
                .windows(secret.len())
                .any(|at| at == secret.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn no_secret_of_a_command_is_on_the_disk_and_its_approval_serves_the_same_secret_alone() {
    let machine = Machine::new();
    for (command, secret) in COMMANDS {
        let (decision, reason) = machine.agent_asks(command, &machine.home());
        assert_eq!(decision, "deny", "{command}: {reason}");
        assert!(!reason.contains(secret), "{command}: {reason}");
        let found = files_with(&machine.home(), secret);
        assert!(found.is_empty(), "{command}: {found:?}");
    }
    let pending = machine.run(&["pending", "--json"]);
    let shown = String::from_utf8_lossy(&pending.stdout).into_owned();
    assert!(shown.contains("mysql -u root -p[redacted]"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    let log = machine.run(&["log", "export", "--format", "jsonl"]);
    let log = String::from_utf8_lossy(&log.stdout).into_owned();
    assert!(log.contains("redis-cli -a [redacted] FLUSHALL"), "{log}");

    // What is held is still the exact text, also for a daemon that has only the log to remember it by.
    let id_of = |command: &str| {
        let (_, reason) = machine.agent_asks(command, &machine.home());
        let (_, rest) = reason.split_once("kintsugi approve ").expect("an id");
        rest.chars()
            .take_while(char::is_ascii_hexdigit)
            .collect::<String>()
    };
    let held = id_of("redis-cli -a hunter2 FLUSHDB");
    let other = id_of("redis-cli -a hunter3 FLUSHDB");
    assert_ne!(held, other, "two secrets are two commands");
    let stopped = machine.run(&["daemon", "stop"]);
    assert!(stopped.status.success(), "{stopped:?}");
    let (code, said) = machine.elsewhere(&["approve", &held]);
    assert_eq!(code, 0, "{said}");
    let ask = |command: &str| machine.agent_asks(command, &machine.home()).0;
    assert_eq!(ask("redis-cli -a hunter3 FLUSHDB"), "deny");
    assert_eq!(ask("redis-cli -a hunter2 FLUSHDB"), "allow");
    assert_eq!(ask("redis-cli -a hunter2 FLUSHDB"), "deny", "once");
    assert!(files_with(&machine.home(), "hunter").is_empty());
}
