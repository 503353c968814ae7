//! Which settings are in force, and who may change them.

use kintsugi_tests::admin::{SEEDS, authorize, enrol};
use kintsugi_tests::scorer::{Stage, model_until, scripted, write_settings};
use kintsugi_tests::wire::propose;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{LONG, UNCLEAR, puppet, records, scored};

#[test]
fn settings_or_a_program_that_are_not_there_are_said_in_a_line() {
    let mut stage = Stage::start(puppet(), LONG);
    stage.daemon.end(Signal::TERM);
    stage.remove_program();
    stage.daemon.start_again();
    let mut client = stage.daemon.connect();
    assert_eq!(client.ask(&propose(UNCLEAR))["scored"]["why"], "not_ready");
    let model = stage.until(|model| model["last_error"].is_string());
    assert!(
        model["last_error"]
            .as_str()
            .unwrap()
            .contains("cannot start"),
        "{model}"
    );
    stage.daemon.end(Signal::TERM);
    // The last good settings stay in force, and it is said that they are not those of the file.
    stage.write_settings("backend = \"gpt\"\n");
    stage.daemon.start_again();
    let status = stage.daemon.connect().ask(&json!({"kind": "status"}));
    let problems = status["problems"].to_string();
    assert!(
        problems.contains("the settings of the model are not in force"),
        "{problems}"
    );
    assert_eq!(status["model"]["backends"], json!(["mock"]));
}

#[test]
fn with_a_vault_a_model_is_taken_away_by_the_admin_alone() {
    let mut stage = Stage::start(puppet(), LONG);
    let before = stage.worker();
    enrol(&stage.daemon, SEEDS);
    stage.daemon.end(Signal::KILL);
    drop(before);
    stage.write_settings("backend = \"heuristic\"\n");
    stage.daemon.start_again();
    let mut worker = stage.worker();
    let mut client = stage.daemon.connect();
    let verdict = scored(&mut client, &mut worker, &propose(UNCLEAR), 90);
    assert_eq!(verdict["decision"], "hold", "it is in force still");
    let status = client.ask(&json!({"kind": "status"}));
    assert!(
        status["problems"]
            .to_string()
            .contains("kintsugi model accept"),
        "{status}"
    );
    let refused = status["model"]["refused"].clone();
    assert!(refused.is_string(), "{status}");
    let wrong = json!({"key": "model", "value": "0".repeat(64)});
    let mut admin = stage.daemon.connect();
    let answer = authorize(&mut admin, "set", &wrong, &SEEDS.password);
    assert_eq!(answer["code"], "content_changed", "{answer}");
    let args = json!({"key": "model", "value": refused});
    let answer = authorize(&mut admin, "set", &args, &[1; 32]);
    assert_eq!(answer["code"], "auth_failed", "{answer}");
    let answer = authorize(&mut admin, "set", &args, &SEEDS.password);
    assert_eq!(answer["kind"], "ack", "{answer}");
    worker.wait_until_dropped();
    let status = client.ask(&json!({"kind": "status"}));
    assert_eq!(
        (&status["scorer"], &status["model"]),
        (&json!("heuristic"), &Value::Null)
    );
    // And so it stays.
    stage.daemon.end(Signal::KILL);
    stage.daemon.start_again();
    let status = stage.daemon.connect().ask(&json!({"kind": "status"}));
    assert_eq!(status["model"], Value::Null);
}

#[test]
fn flags_and_the_environment_stand_over_the_file() {
    let mut stage = Stage::start(puppet(), LONG);
    drop(stage.worker());
    stage.daemon.end(Signal::TERM);
    let mut command = stage.daemon.command();
    command
        .env("KINTSUGI_MODEL_DEADLINE_MS", "111")
        .env("KINTSUGI_MODEL_READY_TIMEOUT_MS", "222")
        .args(["--model", "deadline_ms=333"]);
    stage.daemon.start_by(command);
    assert_eq!(stage.model()["deadline_ms"], 333);
    let policies = records(&stage.daemon, "policy");
    let last = policies
        .iter()
        .rfind(|record| record["what"] == "model")
        .unwrap();
    assert_eq!(last["s"]["detail"]["ready_timeout_ms"], 222, "{last}");
}

#[test]
fn on_a_signal_the_settings_are_read_again_and_nothing_is_started_anew() {
    let daemon = scripted(&["risk 10"], "deadline_ms = 5000\n");
    let mut client = daemon.connect();
    let risk = |client: &mut kintsugi_tests::wire::Wire, command: &str| {
        client.ask(&propose(command))["scored"]["model"].clone()
    };
    assert_eq!(risk(&mut client, UNCLEAR), 10);
    let first = model_until(&daemon, |_| true)["pid"].clone();
    // Nothing has changed: the worker stays.
    daemon.signal(Signal::HUP);
    assert_eq!(risk(&mut client, "frobnicate --again"), 10);
    assert_eq!(model_until(&daemon, |_| true)["pid"], first);
    // Another script is another model.
    write_settings(
        &daemon,
        "backend = \"mock\"\nmock = [\"risk 90\"]\ndeadline_ms = 5000\n",
    );
    daemon.signal(Signal::HUP);
    model_until(&daemon, |model| {
        model["state"] == "ready" && model["pid"] != first
    });
    assert_eq!(risk(&mut client, UNCLEAR), 90);
    // A file that cannot be read leaves in force what was, and is told until it can be.
    write_settings(&daemon, "backend = \"gpt\"\n");
    daemon.signal(Signal::HUP);
    let problems = |client: &mut kintsugi_tests::wire::Wire| {
        client.ask(&json!({"kind": "status"}))["problems"].to_string()
    };
    let wrong = "the settings of the model are not in force";
    let mut told = String::new();
    let began = std::time::Instant::now();
    while !told.contains(wrong) {
        assert!(began.elapsed().as_secs() < 60, "{told}");
        told = problems(&mut client);
    }
    assert_eq!(risk(&mut client, "frobnicate --more"), 90);
    write_settings(&daemon, "backend = \"heuristic\"\n");
    daemon.signal(Signal::HUP);
    let began = std::time::Instant::now();
    while !client.ask(&json!({"kind": "status"}))["model"].is_null() {
        assert!(began.elapsed().as_secs() < 60);
    }
    let told = problems(&mut client);
    assert!(!told.contains(wrong), "{told}");
    let verdict = client.ask(&propose("frobnicate --last"));
    assert_eq!(verdict["scored"], Value::Null);
    // Each change is on record, and each once.
    let policies = records(&daemon, "policy");
    let changes = policies.iter().filter(|record| record["what"] == "model");
    assert_eq!(changes.count(), 3, "{policies:?}");
}

#[test]
fn on_a_signal_too_a_model_is_taken_away_by_the_admin_alone() {
    let stage = Stage::start(puppet(), LONG);
    let mut worker = stage.worker();
    enrol(&stage.daemon, SEEDS);
    stage.write_settings("backend = \"heuristic\"\n");
    stage.daemon.signal(Signal::HUP);
    let refused = stage.until(|model| model["refused"].is_string())["refused"].clone();
    let mut client = stage.daemon.connect();
    let verdict = scored(&mut client, &mut worker, &propose(UNCLEAR), 90);
    assert_eq!(verdict["decision"], "hold", "the same worker scores on");
    let args = json!({"key": "model", "value": refused});
    let mut admin = stage.daemon.connect();
    let answer = authorize(&mut admin, "set", &args, &SEEDS.password);
    assert_eq!(answer["kind"], "ack", "{answer}");
    worker.wait_until_dropped();
}
