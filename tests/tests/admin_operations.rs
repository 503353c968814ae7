//! What only the admin does, once there is a vault: grants, an end to what an altered log began, and taking the guard away.

use kintsugi_tests::admin::{SEEDS, at_terminal, authorize, enrol, message};
use kintsugi_tests::daemon::TestDaemon;
use kintsugi_tests::wire::{Wire, propose};
use rustix::process::Signal;
use serde_json::{Value, json};

const ACK: &str = "ack";

/// A command that is ambiguous and held.
const HELD: &str = "git stash drop";

fn decision(client: &mut Wire, raw: &str) -> Value {
    client.ask(&propose(raw))["decision"].clone()
}

#[test]
fn more_than_once_is_the_admins_word_and_counts_down() {
    let daemon = TestDaemon::start();
    enrol(&daemon, SEEDS);
    let mut client = daemon.connect();
    let held = propose(HELD);
    assert_eq!(client.ask(&held)["decision"], "hold");
    let scope = json!({"uses": 2});
    let plain = json!({"kind": "approve", "id": held["id"], "scope": scope});
    let refused = client.ask(&plain);
    assert_eq!(refused["code"], "auth_failed", "{refused}");
    assert!(refused["message"].as_str().unwrap().contains("--admin"));

    let args = json!({"id": held["id"], "scope": scope});
    let guess = authorize(&mut client, "approve", &args, &[1; 32]);
    assert_eq!(guess["code"], "auth_failed", "{guess}");
    let made = authorize(&mut client, "approve", &args, &SEEDS.password);
    assert_eq!(made["kind"], ACK, "{made}");
    // Once by the approval, twice by the grant.
    for _ in 0..3 {
        assert_eq!(decision(&mut client, HELD), "allow");
    }
    assert_eq!(decision(&mut client, HELD), "hold");
    let left = client.ask(&json!({"kind": "listgrants"}));
    assert_eq!(left["items"], json!([]));

    // What is catastrophic is the admin's once, as it is everybody's.
    let worse = propose("git push --force");
    assert_eq!(client.ask(&worse)["decision"], "hold");
    let args = json!({"id": worse["id"], "scope": scope});
    let refused = authorize(&mut client, "approve", &args, &SEEDS.password);
    assert_eq!(refused["code"], "bad_request", "{refused}");
}

#[test]
fn what_a_person_denied_the_admin_takes_back() {
    let daemon = TestDaemon::start();
    enrol(&daemon, SEEDS);
    let mut client = daemon.connect();
    let held = propose("git push --force");
    assert_eq!(client.ask(&held)["decision"], "hold");
    let deny = json!({"kind": "deny", "id": held["id"]});
    assert_eq!(client.ask(&deny)["kind"], ACK);
    assert_eq!(decision(&mut client, "git push -f"), "deny");
    let args = json!({"id": held["id"]});
    let done = authorize(&mut client, "approve", &args, &SEEDS.password);
    assert_eq!(done["kind"], ACK, "{done}");
    assert_eq!(decision(&mut client, "git push -f"), "hold");
}

/// Alters a record that does not matter otherwise.
fn alter_log(daemon: &TestDaemon) {
    let log = daemon.home().join("data/kintsugi/log");
    let segment = log.join("seg-000000000000.ndjson");
    let text = std::fs::read_to_string(&segment).unwrap();
    let altered = text.replacen("\"what\":\"paths\"", "\"what\":\"pathz\"", 1);
    assert_ne!(altered, text);
    std::fs::write(&segment, altered).unwrap();
}

#[test]
fn an_altered_log_stays_strict_over_restarts_until_it_is_reanchored() {
    const AMBIGUOUS: &str = "some-program-nobody-knows --all";
    for with_vault in [false, true] {
        let mut daemon = TestDaemon::start();
        if with_vault {
            enrol(&daemon, SEEDS);
        }
        let reason = json!({"reason": "a disk that forgets"});
        let reanchor = |daemon: &TestDaemon| {
            if with_vault {
                let mut client = daemon.connect();
                return authorize(&mut client, "reanchor", &reason, &SEEDS.password);
            }
            at_terminal(daemon, "reanchor", &reason)
        };
        let early = reanchor(&daemon);
        assert_eq!(early["code"], "bad_request", "{early}");
        daemon.end(Signal::KILL);
        alter_log(&daemon);
        for _ in 0..3 {
            daemon.start_again();
            let mut agent = daemon.terminal();
            assert_eq!(agent.ask(&propose(AMBIGUOUS))["decision"], "hold");
            assert_eq!(agent.ask(&propose("ls"))["decision"], "allow");
            let problems = daemon.connect().ask(&json!({"kind": "status"}))["problems"].to_string();
            assert!(problems.contains("kintsugi log reanchor"), "{problems}");
            drop(agent);
            daemon.end(Signal::KILL);
        }
        daemon.start_again();
        let mut agent = daemon.terminal();
        // Whoever proposed, or has not the password, does not end it.
        assert_eq!(agent.ask(&propose(AMBIGUOUS))["decision"], "hold");
        let given = agent.ask(&json!({"kind": "authbegin", "op": "reanchor"}));
        let by_agent = message("reanchor", &reason, &given["nonce"], None);
        assert_eq!(agent.ask(&by_agent)["kind"], "error");
        assert_eq!(agent.ask(&propose(AMBIGUOUS))["decision"], "hold");
        let done = reanchor(&daemon);
        assert_eq!(done["kind"], ACK, "{with_vault}: {done}");
        let others = format!("{AMBIGUOUS} --now");
        assert_eq!(agent.ask(&propose(&others))["decision"], "allow");
        drop(agent);
        daemon.end(Signal::KILL);
        daemon.start_again();
        let after = format!("{AMBIGUOUS} --later");
        assert_eq!(daemon.terminal().ask(&propose(&after))["decision"], "allow");
    }
}

#[test]
fn hooks_and_the_service_go_with_the_admins_word_on_record() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let args = json!({"what": "kintsugi setup --undo"});
    for op in ["unhook", "uninstall"] {
        let refused = at_terminal(&daemon, op, &args);
        assert_eq!(refused["code"], "forbidden", "{refused}");
    }
    enrol(&daemon, SEEDS);
    for op in ["unhook", "uninstall"] {
        let guess = authorize(&mut client, op, &args, &[1; 32]);
        assert_eq!(guess["code"], "auth_failed", "{guess}");
        let done = authorize(&mut client, op, &args, &SEEDS.password);
        assert_eq!(done["kind"], ACK, "{done}");
    }
    let log = daemon
        .home()
        .join("data/kintsugi/log/seg-000000000000.ndjson");
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("\"what\":\"hooks removed\""));
    assert!(log.contains("\"what\":\"daemon uninstalled\""));
}

/// The password stays in the client: what turns it into a key is in no program but that.
#[test]
fn the_daemon_has_nothing_that_derives_a_key_from_a_password() {
    let manifest = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let lock = std::fs::read_to_string(manifest.join("../Cargo.lock")).unwrap();
    let lock: toml::Table = lock.parse().unwrap();
    let packages = lock["package"].as_array().unwrap();
    let depends = |name: &str| -> Vec<String> {
        let of_name = |package: &&toml::Value| package["name"].as_str() == Some(name);
        let lists = packages.iter().filter(of_name);
        let lists = lists.filter_map(|package| package.get("dependencies")?.as_array());
        let names = lists.flatten().filter_map(toml::Value::as_str);
        // `name version` where there are several versions.
        names
            .filter_map(|entry| entry.split(' ').next())
            .map(str::to_owned)
            .collect()
    };
    let tree = |root: &str| {
        let mut found = std::collections::BTreeSet::from([root.to_owned()]);
        let mut open = vec![root.to_owned()];
        while let Some(name) = open.pop() {
            for name in depends(&name) {
                if found.insert(name.clone()) {
                    open.push(name);
                }
            }
        }
        found
    };
    assert!(tree("kintsugi-cli").contains("argon2"));
    let daemon = tree("kintsugi-daemon");
    assert!(daemon.contains("ed25519-dalek") && daemon.len() > 20);
    for derives in ["argon2", "scrypt", "pbkdf2", "bcrypt"] {
        assert!(!daemon.contains(derives), "{derives}");
    }
}

#[test]
fn a_log_that_is_emptied_under_a_living_daemon_does_not_make_it_forget_the_vault() {
    let mut daemon = TestDaemon::start();
    enrol(&daemon, SEEDS);
    let mut client = daemon.connect();
    let segment = daemon
        .home()
        .join("data/kintsugi/log/seg-000000000000.ndjson");
    let file = std::fs::OpenOptions::new().write(true).open(segment);
    file.unwrap().set_len(0).unwrap();
    // The first is refused, since it cannot be recorded; then the log is begun anew.
    assert_eq!(client.ask(&propose("ls -l"))["kind"], "error");
    assert_eq!(client.ask(&propose("ls"))["decision"], "allow");
    let told = client.ask(&json!({"kind": "status"}));
    assert_eq!(told["vault"], "locked", "{told}");
    assert!(told["log"]["altered"].is_string(), "{told}");
    assert_eq!(
        at_terminal(&daemon, "resume", &Value::Null)["code"],
        "auth_failed"
    );
    daemon.end(Signal::KILL);
    daemon.start_again();
    assert_eq!(
        daemon.connect().ask(&json!({"kind": "status"}))["vault"],
        "locked"
    );
}
