//! The admin vault over the wire, against the real daemon: who is refused, and what is on record.

use std::time::{Duration, Instant};

use kintsugi_tests::admin::{
    SEEDS, Seeds, at_terminal, authorize, challenge, enrol, guesses_max, lay_ready, message, put,
    vault, vault_path,
};
use kintsugi_tests::daemon::TestDaemon;
use kintsugi_tests::wire::{Wire, members, propose};
use rustix::process::Signal;
use serde_json::{Value, json};

const ACK: &str = "ack";

/// Returns the records of a daemon's log that have this kind.
fn records(daemon: &TestDaemon, kind: &str) -> Vec<Value> {
    let text = log_text(daemon);
    let all = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.filter(|record| record["kind"] == kind).collect()
}

fn log_text(daemon: &TestDaemon) -> String {
    let directory = std::fs::read_dir(daemon.home().join("data/kintsugi/log")).unwrap();
    let mut segments: Vec<_> = directory
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|suffix| suffix == "ndjson"))
        .collect();
    segments.sort();
    let read = |path| std::fs::read_to_string(path).unwrap();
    segments.iter().map(read).collect()
}

/// Whether the numbers of the design are wanted: 1,000 kills, every bit of the file.
fn is_long() -> bool {
    std::env::var_os("KINTSUGI_LONG_TESTS").is_some()
}

fn status(client: &mut Wire) -> Value {
    client.ask(&json!({"kind": "status"}))
}

fn enrolled() -> TestDaemon {
    let daemon = TestDaemon::start();
    enrol(&daemon, SEEDS);
    daemon
}

#[test]
fn stopping_needs_the_proof_and_an_old_client_is_told_so() {
    let mut daemon = enrolled();
    let mut client = daemon.connect();
    let given = client.ask(&json!({"kind": "authbegin", "op": "shutdown"}));
    assert_eq!(given["locked"], true);
    assert_eq!(
        members(&given),
        ["binding", "kind", "locked", "nonce", "params", "salt"]
    );
    // What a client without a proof does, and one with any proof but the right one.
    let plain = json!({"kind": "shutdown", "op": "shutdown", "nonce": given["nonce"]});
    let refused = client.ask(&plain);
    assert_eq!(
        (&refused["kind"], &refused["code"]),
        (&json!("error"), &json!("auth_failed"))
    );
    let guess = authorize(&mut client, "shutdown", &Value::Null, &[1; 32]);
    assert_eq!(guess, refused, "every wrong one is answered alike");
    let recovery = authorize(&mut client, "shutdown", &Value::Null, &SEEDS.recovery);
    assert_eq!(recovery, refused, "the recovery key only recovers");
    assert_eq!(status(&mut client)["vault"], "locked");

    let stopped = authorize(&mut client, "shutdown", &Value::Null, &SEEDS.password);
    assert_eq!(stopped["kind"], ACK);
    assert!(daemon.wait().success());
    let results = records(&daemon, "auth_result");
    let accepted: Vec<_> = results
        .iter()
        .map(|result| result["accepted"] == true)
        .collect();
    assert_eq!(accepted, [true, false, false, false, true]);
    assert_eq!(records(&daemon, "auth_attempt").len(), results.len());
}

#[test]
fn a_proof_is_good_once_here_soon_and_for_its_operation() {
    let daemon = enrolled();
    let (mut client, mut other) = (daemon.connect(), daemon.connect());
    let args = json!({"key": "mode", "value": "notify"});
    let refused = |answer: &Value| answer["code"] == "auth_failed";
    let forged = |client: &mut Wire, forge: fn(&mut Value)| {
        // A right one before each, so that wrong ones are not delayed.
        let right = authorize(
            client,
            "set",
            &json!({"key": "threshold", "value": "40"}),
            &SEEDS.password,
        );
        assert_eq!(right["kind"], ACK, "{right}");
        let args = json!({"key": "mode", "value": "notify"});
        let given = challenge(client, "set", &args);
        let mut message = given.answer("set", &args, &given.proof(&SEEDS.password));
        forge(&mut message);
        client.ask(&message)
    };
    let forgeries: [fn(&mut Value); 8] = [
        |message| message["args"]["value"] = "attended".into(),
        |message| message["args"]["key"] = "threshold".into(),
        |message| message["op"] = "resume".into(),
        |message| message["nonce"] = "00".repeat(32).into(),
        |message| {
            message["nonce"] = Value::from(message["nonce"].as_str().unwrap()[..62].to_owned());
        },
        |message| {
            message["proof"] = Value::from(message["proof"].as_str().unwrap()[..126].to_owned());
        },
        |message| message["proof"] = "00".repeat(64).into(),
        |message| drop(message.as_object_mut().unwrap().remove("proof")),
    ];
    for (at, forge) in forgeries.into_iter().enumerate() {
        let answer = forged(&mut client, forge);
        let bad = answer["code"] == "bad_request" || refused(&answer);
        assert!(bad, "{at}: {answer}");
    }

    let given = challenge(&mut client, "set", &args);
    let right = given.answer("set", &args, &given.proof(&SEEDS.password));
    assert!(refused(&other.ask(&right)), "on another connection");
    assert_eq!(client.ask(&right)["kind"], ACK);
    assert!(refused(&client.ask(&right)), "a second time");
    assert_eq!(status(&mut client)["mode"], "notify");

    // Nothing but what was meant has happened, and all of it is on record.
    let set: Vec<_> = records(&daemon, "policy")
        .iter()
        .filter_map(|record| {
            record["what"]
                .as_str()?
                .strip_prefix("set mode ")
                .map(str::to_owned)
        })
        .collect();
    assert_eq!(set, ["notify"]);
    let wrong = records(&daemon, "auth_result");
    let wrong = wrong.iter().filter(|result| result["accepted"] == false);
    assert!(wrong.count() >= 8);
}

#[test]
fn wrong_guesses_are_delayed_and_a_restart_buys_none() {
    let mut daemon = enrolled();
    let args = json!({"key": "mode", "value": "notify"});
    let guess = |daemon: &TestDaemon, seed: &[u8; 32]| {
        let mut client = daemon.connect();
        authorize(&mut client, "set", &args, seed)
    };
    let mut last = Instant::now();
    for at in 0..5 {
        last = Instant::now();
        let answer = guess(&daemon, &[1; 32]);
        assert_eq!(answer["code"], "auth_failed", "{answer}");
        assert_eq!(answer["retry_after_ms"].is_null(), at < 4, "{at}: {answer}");
    }
    let before = records(&daemon, "auth_attempt").len();
    for _ in 0..3 {
        daemon.end(Signal::KILL);
        daemon.start_again();
        // Also the right one: it comes too early to be looked at.
        let early = guess(&daemon, &SEEDS.password);
        // On a machine so busy that the two seconds are over, it rightly is.
        if last.elapsed() >= Duration::from_secs(2) {
            break;
        }
        assert_eq!(early["code"], "auth_failed", "{early}");
        assert!(
            early["retry_after_ms"].as_u64().unwrap() <= 2_000,
            "{early}"
        );
        let looked_at = records(&daemon, "auth_attempt").len();
        assert!(
            looked_at == before || last.elapsed() >= Duration::from_secs(2),
            "none was looked at"
        );
    }
    // Another secret has a delay of its own.
    let args = lay_ready(
        &daemon,
        &vault(
            Seeds {
                password: [21; 32],
                ..SEEDS
            },
            2,
        ),
    );
    let mut client = daemon.connect();
    assert_eq!(
        authorize(&mut client, "recover", &args, &SEEDS.recovery)["kind"],
        ACK
    );
    // Who recovered knows the new password, and is not delayed by guesses at the old one.
    assert_eq!(guess(&daemon, &[21; 32])["kind"], ACK);
}

#[test]
fn killed_between_any_two_steps_no_guess_is_free() {
    let rounds = if is_long() { 1_000 } else { 12 };
    let mut daemon = enrolled();
    let args = json!({"key": "mode", "value": "notify"});
    let started = Instant::now();
    for round in 0..rounds {
        let mut client = daemon.connect();
        let given = challenge(&mut client, "set", &args);
        client.say(&given.answer("set", &args, &given.proof(&[1; 32])));
        if round % 3 == 0 {
            drop(client.hear());
        }
        daemon.end(Signal::KILL);
        daemon.start_again();
        let attempts = records(&daemon, "auth_attempt");
        let looked_at = attempts
            .iter()
            .filter(|attempt| attempt["op"] == "set")
            .count();
        let most = guesses_max(started.elapsed().as_secs());
        assert!(looked_at <= most, "round {round}: {looked_at} of {most}");
    }
    let results = records(&daemon, "auth_result");
    let accepted = results
        .iter()
        .filter(|result| result["op"] == "set" && result["accepted"] == true);
    assert_eq!(accepted.count(), 0);
    let looked_at = results
        .iter()
        .filter(|result| result["op"] == "set")
        .count();
    println!(
        "{rounds} kills in {} s, {looked_at} guesses looked at",
        started.elapsed().as_secs()
    );
}

#[test]
fn the_vault_is_changed_by_its_secrets_and_by_nothing_else() {
    let mut daemon = enrolled();
    let mut client = daemon.connect();
    let other = Seeds {
        password: [21; 32],
        recovery: [22; 32],
    };
    // A second enrolment, also at a terminal; and one whose file was not laid ready.
    let args = lay_ready(&daemon, &vault(other, 1));
    assert_eq!(at_terminal(&daemon, "enrol", &args)["code"], "auth_failed");
    let refused = authorize(&mut client, "enrol", &args, &SEEDS.password);
    assert_eq!(refused["code"], "forbidden", "{refused}");
    let absent = json!({"name": "00".repeat(32)});
    assert_eq!(
        authorize(&mut client, "rotate", &absent, &SEEDS.password)["code"],
        "bad_request"
    );
    // An epoch that is skipped, or that stays.
    for epoch in [1, 3] {
        let args = lay_ready(&daemon, &vault(other, epoch));
        let refused = authorize(&mut client, "rotate", &args, &SEEDS.password);
        assert_eq!(refused["code"], "forbidden", "{epoch}: {refused}");
    }
    let args = lay_ready(&daemon, &vault(other, 2));
    assert_eq!(
        authorize(&mut client, "rotate", &args, &SEEDS.password)["kind"],
        ACK
    );
    let resume = |client: &mut Wire, seed: &[u8; 32]| {
        authorize(client, "resume", &Value::Null, seed)["kind"].clone()
    };
    assert_eq!(resume(&mut client, &SEEDS.password), "error");
    assert_eq!(resume(&mut client, &other.password), ACK);
    // The old file, put back, is found out; so it is at the next start.
    put(&vault_path(&daemon), &vault(SEEDS, 1));
    let given = client.ask(&json!({"kind": "authbegin", "op": "resume"}));
    assert_eq!(
        (&given["locked"], &given["binding"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(status(&mut client)["vault"], "degraded");
    drop(client);
    daemon.end(Signal::KILL);
    daemon.start_again();
    let mut client = daemon.connect();
    assert_eq!(status(&mut client)["vault"], "degraded");
    assert!(
        status(&mut client)["problems"]
            .to_string()
            .contains("not the one"),
        "{}",
        status(&mut client)
    );
    assert!(!records(&daemon, "incident").is_empty());
    put(&vault_path(&daemon), &vault(other, 2));
    assert_eq!(resume(&mut client, &other.password), ACK);
}

#[test]
fn whatever_happens_to_the_file_locks() {
    let mut daemon = enrolled();
    let path = vault_path(&daemon);
    let whole = std::fs::read(&path).unwrap();
    let step = if is_long() { 1 } else { 97 };
    let mut client = daemon.connect();
    let mut spoilt: Vec<Vec<u8>> = (0..whole.len())
        .step_by(step)
        .map(|at| whole[..at].to_vec())
        .collect();
    spoilt.extend((0..whole.len() * 8).step_by(step).map(|bit| {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    }));
    for bytes in spoilt {
        put(&path, &bytes);
        let given = client.ask(&json!({"kind": "authbegin", "op": "shutdown"}));
        assert_eq!(
            (&given["locked"], &given["binding"]),
            (&json!(true), &Value::Null)
        );
        // What only looks at the start of a request is still refused: no challenge without a binding is answered.
        let nonce = &given["nonce"];
        let refused = client.ask(&message("shutdown", &Value::Null, nonce, None));
        assert_eq!(refused["code"], "auth_failed");
    }
    let incidents = records(&daemon, "incident");
    assert_eq!(incidents.len(), 1, "said once: {incidents:?}");

    // The strictest holds while it is so: what is not plainly safe waits for a person.
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/dev/null", &path).unwrap();
    daemon.end(Signal::KILL);
    daemon.start_again();
    let mut client = daemon.connect();
    assert_eq!(status(&mut client)["vault"], "degraded");
    let ambiguous = propose("some-program-nobody-knows --all");
    assert_eq!(client.ask(&ambiguous)["decision"], "hold");
    assert_eq!(client.ask(&propose("ls"))["decision"], "allow");
    assert!(
        status(&mut client)["problems"]
            .to_string()
            .contains("symbolic link")
    );
}

#[test]
fn an_altered_log_does_not_make_anybody_forget_the_vault() {
    let mut daemon = enrolled();
    daemon.end(Signal::KILL);
    let directory = daemon.home().join("data/kintsugi/log");
    let segment = directory.join("seg-000000000000.ndjson");
    let text = std::fs::read_to_string(&segment).unwrap();
    // The record that names the vault stays readable, one behind it does not verify any more.
    let altered = text.replacen("\"what\":\"paths\"", "\"what\":\"pathz\"", 1);
    assert_ne!(altered, text);
    std::fs::write(&segment, altered).unwrap();
    daemon.start_again();
    let mut client = daemon.connect();
    assert_eq!(status(&mut client)["vault"], "locked");
    assert_eq!(
        authorize(&mut client, "resume", &Value::Null, &SEEDS.password)["kind"],
        ACK
    );
    daemon.end(Signal::KILL);
    daemon.start_again();
    assert_eq!(status(&mut daemon.connect())["vault"], "locked");
}

#[test]
fn a_panic_holds_everything_outlives_restarts_and_ends_with_the_admin() {
    let mut daemon = enrolled();
    let mut client = daemon.connect();
    let before = propose("ls -l");
    assert_eq!(client.ask(&before)["decision"], "allow");
    assert_eq!(
        client.ask(&json!({"kind": "panic", "reason": "it does something odd"}))["kind"],
        ACK
    );
    let safe = propose("ls");
    assert_eq!(client.ask(&safe)["decision"], "hold");
    assert_eq!(
        client.ask(&before)["decision"],
        "deny",
        "also what was allowed before"
    );
    daemon.end(Signal::KILL);
    daemon.start_again();
    let mut client = daemon.connect();
    assert_eq!(client.ask(&propose("pwd"))["decision"], "hold");
    assert!(
        status(&mut client)["problems"]
            .to_string()
            .contains("kintsugi resume")
    );
    assert_eq!(
        at_terminal(&daemon, "resume", &Value::Null)["code"],
        "auth_failed"
    );
    assert_eq!(
        authorize(&mut client, "resume", &Value::Null, &SEEDS.password)["kind"],
        ACK
    );
    assert_eq!(client.ask(&propose("pwd -P"))["decision"], "allow");
    let whats: Vec<_> = records(&daemon, "policy")
        .iter()
        .map(|record| record["what"].clone())
        .collect();
    assert!(whats.contains(&json!("panic")) && whats.contains(&json!("resume")));
}

#[test]
fn without_a_vault_a_panic_ends_at_a_terminal() {
    let daemon = TestDaemon::start();
    let (mut client, mut agent) = (daemon.connect(), daemon.terminal());
    assert_eq!(agent.ask(&propose("ls"))["decision"], "allow");
    assert_eq!(client.ask(&json!({"kind": "panic"}))["kind"], ACK);
    let given = client.ask(&json!({"kind": "authbegin", "op": "resume"}));
    assert_eq!(given["locked"], false);
    let resume = message("resume", &Value::Null, &given["nonce"], None);
    assert_eq!(client.ask(&resume)["code"], "forbidden");
    let given = agent.ask(&json!({"kind": "authbegin", "op": "resume"}));
    let by_agent = message("resume", &Value::Null, &given["nonce"], None);
    assert_eq!(agent.ask(&by_agent)["code"], "forbidden");
    assert_eq!(records(&daemon, "approval_refused").len(), 2);
    assert_eq!(agent.ask(&propose("pwd"))["decision"], "hold");
    assert_eq!(at_terminal(&daemon, "resume", &Value::Null)["kind"], ACK);
    assert_eq!(agent.ask(&propose("ls -a"))["decision"], "allow");
}

#[test]
fn nothing_that_helps_guessing_is_ever_sent_or_recorded() {
    let daemon = enrolled();
    let mut client = daemon.connect();
    let mut heard = String::new();
    for op in ["shutdown", "resume", "redact", "recover"] {
        heard += &client
            .ask(&json!({"kind": "authbegin", "op": op}))
            .to_string();
    }
    heard += &authorize(&mut client, "resume", &Value::Null, &SEEDS.password).to_string();
    heard += &status(&mut client).to_string();
    heard += &log_text(&daemon);
    let file: Value = serde_json::from_slice(&std::fs::read(vault_path(&daemon)).unwrap()).unwrap();
    for secret in ["public", "recovery_public", "blind"] {
        assert!(!heard.contains(file[secret].as_str().unwrap()), "{secret}");
    }
    let seed = |seed: [u8; 32]| data_encoding::HEXLOWER.encode(&seed);
    assert!(!heard.contains(&seed(SEEDS.password)) && !heard.contains(&seed(SEEDS.recovery)));
    let challenge = challenge(&mut client, "shutdown", &Value::Null);
    assert!(!log_text(&daemon).contains(&challenge.proof(&SEEDS.password)));
}

#[test]
fn a_policy_that_loosens_needs_the_admin_also_over_a_restart() {
    let daemon = TestDaemon::prepared();
    let config = daemon.home().join("config/kintsugi");
    std::fs::create_dir_all(&config).unwrap();
    let policy = config.join("config.toml");
    std::fs::write(&policy, "threshold = 60\n").unwrap();
    let mut daemon = daemon;
    daemon.start_again();
    enrol(&daemon, SEEDS);
    let mut client = daemon.connect();
    let mode = |client: &mut Wire| status(client)["mode"].clone();

    std::fs::write(&policy, "mode = \"notify\"\nthreshold = 60\n").unwrap();
    daemon.signal(Signal::HUP);
    assert_eq!(mode(&mut client), "attended");
    let problems = status(&mut client)["problems"].to_string();
    assert!(
        problems.contains("mode `notify` instead of `attended`"),
        "{problems}"
    );
    daemon.end(Signal::KILL);
    daemon.start_again();
    let mut client = daemon.connect();
    assert_eq!(mode(&mut client), "attended");

    let seen = json!({"hash": blake3::hash(&std::fs::read(&policy).unwrap()).to_hex().as_str()});
    assert_eq!(at_terminal(&daemon, "policy", &seen)["code"], "auth_failed");
    let other = json!({"hash": "00".repeat(32)});
    assert_eq!(
        authorize(&mut client, "policy", &other, &SEEDS.password)["code"],
        "content_changed"
    );
    assert_eq!(
        authorize(&mut client, "policy", &seen, &SEEDS.password)["kind"],
        ACK
    );
    assert_eq!(mode(&mut client), "notify");
    drop(client);
    daemon.end(Signal::KILL);
    daemon.start_again();
    let mut client = daemon.connect();
    assert_eq!(mode(&mut client), "notify");

    // Tightening needs nobody; going back from it does.
    std::fs::write(&policy, "mode = \"unattended\"\n").unwrap();
    daemon.signal(Signal::HUP);
    assert_eq!(mode(&mut client), "unattended");
    std::fs::write(&policy, "mode = \"notify\"\nthreshold = 60\n").unwrap();
    daemon.signal(Signal::HUP);
    assert_eq!(mode(&mut client), "unattended");
}

#[test]
fn the_logs_removals_are_the_admins() {
    let daemon = enrolled();
    let mut client = daemon.connect();
    assert_eq!(
        client.ask(&propose("echo a-word-to-take-out"))["kind"],
        "verdict"
    );
    let seq = records(&daemon, "proposal").last().unwrap()["seq"].clone();
    let args = json!({"seqs": [seq], "reason": "a secret"});
    assert_eq!(
        authorize(&mut client, "redact", &args, &[1; 32])["code"],
        "auth_failed"
    );
    assert!(log_text(&daemon).contains("a-word-to-take-out"));
    let done = authorize(&mut client, "redact", &args, &SEEDS.password);
    assert_eq!(done["kind"], ACK, "{done}");
    let proposals = records(&daemon, "proposal");
    assert_eq!(proposals.last().unwrap()["s"], Value::Null);
    assert_eq!(records(&daemon, "redact")[0]["seqs"], args["seqs"]);
    let missing = json!({"seqs": [999_999], "reason": ""});
    let refused = authorize(&mut client, "redact", &missing, &SEEDS.password);
    assert_eq!(refused["code"], "bad_request", "{refused}");
    let prune = json!({"before": 1, "reason": "old"});
    let refused = authorize(&mut client, "prune", &prune, &SEEDS.password);
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("no whole segment"),
        "{refused}"
    );
}

#[test]
fn a_signal_does_not_stop_what_a_supervisor_looks_after() {
    let mut daemon = TestDaemon::start();
    enrol(&daemon, SEEDS);
    // Alone, a signal stops it, and who sent it is on record.
    assert!(daemon.end(Signal::TERM).success());
    let reason = records(&daemon, "shutdown").last().unwrap()["reason"].to_string();
    assert!(
        reason.contains(&format!("process {} ", std::process::id())),
        "{reason}"
    );

    daemon.start_supervised();
    daemon.signal(Signal::TERM);
    let mut client = daemon.connect();
    assert_eq!(client.ask(&propose("ls"))["decision"], "allow");
    let incidents = records(&daemon, "incident");
    let said = incidents.last().unwrap()["what"].as_str().unwrap();
    assert!(said.contains("a signal to stop, from process"), "{said}");
    assert_eq!(
        authorize(&mut client, "shutdown", &Value::Null, &SEEDS.password)["kind"],
        ACK
    );
    assert!(daemon.wait().success());

    // Killed, it is found at the next start.
    daemon.start_supervised();
    daemon.end(Signal::KILL);
    daemon.start_again();
    assert_eq!(records(&daemon, "unclean_start").len(), 1);
}

#[test]
fn an_admin_approves_from_anywhere_and_only_with_a_vault() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let args = json!({"id": "00000000-0000-4000-8000-000000000000"});
    let given = client.ask(&json!({"kind": "authbegin", "op": "approve"}));
    let refused = client.ask(&message("approve", &args, &given["nonce"], None));
    assert_eq!(refused["code"], "forbidden", "{refused}");
    enrol(&daemon, SEEDS);
    let held = propose("git push --force");
    assert_eq!(client.ask(&held)["decision"], "hold");
    // By the very process that proposed: the password is what counts.
    let args = json!({"id": held["id"]});
    let guess = authorize(&mut client, "approve", &args, &[1; 32]);
    assert_eq!(guess["code"], "auth_failed");
    let changed = json!({"id": held["id"], "content_hash": "00"});
    let changed = authorize(&mut client, "approve", &changed, &SEEDS.password);
    assert_eq!(changed["code"], "content_changed", "{changed}");
    let approved = authorize(&mut client, "approve", &args, &SEEDS.password);
    assert_eq!(approved["kind"], ACK, "{approved}");
    assert_eq!(client.ask(&held)["decision"], "allow");
    let again = authorize(&mut client, "approve", &args, &SEEDS.password);
    assert_eq!(again["code"], "not_held", "{again}");
}
