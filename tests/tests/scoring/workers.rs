//! Whatever becomes of the worker: one answer of the heuristic, a line in `status`, and another worker.

use kintsugi_core::scorer::frame::encode;
use kintsugi_core::scorer::{Outcome, Reply};
use kintsugi_tests::daemon::TestDaemon;
use kintsugi_tests::scorer::{Stage, model_until, ready, scripted, write_settings};
use kintsugi_tests::wire::{Wire, propose};
use rustix::process::Signal;
use serde_json::json;

use crate::{HEURISTIC, UNCLEAR, puppet, records, scored, signal, started};

#[test]
fn a_killed_worker_costs_one_answer_and_is_visible() {
    let (stage, mut worker) = started();
    let mut client = stage.daemon.connect();
    client.say(&propose(UNCLEAR));
    worker.asked();
    signal(&stage.model()["pid"], Signal::KILL);
    let verdict = client.hear().unwrap();
    assert_eq!(verdict["decision"], "allow");
    assert_eq!(verdict["scored"]["why"], "not_ready");
    let model = stage.until(|model| model["restarts"] == 1 && model["last_error"].is_string());
    assert!(
        model["last_error"].as_str().unwrap().contains("SIGKILL"),
        "{model}"
    );
    let mut worker = stage.worker();
    let verdict = scored(&mut client, &mut worker, &propose("frobnicate --all"), 80);
    assert_eq!(verdict["decision"], "hold");
    let events = records(&stage.daemon, "child");
    let said: Vec<&str> = events
        .iter()
        .filter_map(|one| one["event"].as_str())
        .collect();
    assert!(
        said.iter().any(|event| event.contains("SIGKILL")),
        "{said:?}"
    );
    assert_eq!(
        said.iter()
            .filter(|event| **event == "mock:puppet scores")
            .count(),
        2
    );
}

#[test]
fn a_stopped_worker_is_killed_and_started_again() {
    let stage = Stage::start(puppet(), "deadline_ms = 20\n");
    let worker = stage.worker();
    signal(&stage.model()["pid"], Signal::STOP);
    let (mut client, mut other) = (stage.daemon.connect(), stage.daemon.connect());
    let verdict = client.ask(&propose(UNCLEAR));
    assert_eq!(verdict["scored"]["why"], "deadline", "{verdict}");
    assert_eq!(other.ask(&propose("ls"))["decision"], "allow");
    let model = stage.until(|model| model["restarts"] == 1);
    let why = model["last_error"].as_str().unwrap();
    assert!(why.contains("more than 470 ms"), "{why}");
    drop(worker);
    drop(stage.worker());
}

/// The real worker, which ends, hangs or talks nonsense by a script.
#[test]
fn a_worker_that_loops_aborts_or_talks_nonsense_blocks_nobody() {
    for (action, why) in [
        ("abort", "not_ready"),
        ("exit", "not_ready"),
        ("garbage", "not_ready"),
        ("huge", "not_ready"),
        ("wrong-id", "not_ready"),
        ("loop", "deadline"),
        ("stop", "deadline"),
        ("silence", "deadline"),
        ("half", "deadline"),
        ("delay 2000, risk 100", "deadline"),
    ] {
        let script = format!("--now => {action}");
        let daemon = scripted(&[&script, "risk 90"], "");
        let (mut client, mut other) = (daemon.connect(), daemon.connect());
        client.say(&propose(UNCLEAR));
        for _ in 0..10 {
            assert_eq!(other.ask(&propose("ls"))["decision"], "allow", "{action}");
        }
        let verdict = client.hear().unwrap();
        let expected = json!({"by": "heuristic", "heuristic": HEURISTIC, "why": why});
        assert_eq!(verdict["scored"], expected, "{action}");
        assert_eq!(verdict["decision"], "allow", "{action}");
        model_until(&daemon, |model| model["restarts"] == 1);
        model_until(&daemon, |model| model["state"] == "ready");
        let verdict = client.ask(&propose("frobnicate --all"));
        assert_eq!(verdict["scored"]["model"], 90, "{action}: {verdict}");
    }
}

#[test]
fn what_cannot_be_loaded_is_a_line_in_status_and_in_the_log() {
    let mut daemon = TestDaemon::prepared();
    write_settings(&daemon, "backend = \"mock\"\nmock = [\"start => fail\"]\n");
    daemon.start_again();
    let model = model_until(&daemon, |model| model["restarts"] == 3);
    let error = model["last_error"].as_str().unwrap();
    assert!(!error.is_empty() && !error.contains('\n'), "{error}");
    assert_eq!(daemon.connect().ask(&propose(UNCLEAR))["decision"], "allow");
    let said = records(&daemon, "child");
    assert_eq!(said.len(), 1, "it is said once: {said:?}");
}

#[test]
fn whatever_a_worker_says_it_is_dropped_and_nothing_else() {
    let huge = [67, 0, 0, 0, 255, 255, 255, 255];
    let unasked = encode(&Reply::Score {
        id: 9,
        outcome: Outcome::Risk(100),
        took_us: 1,
    });
    let twice = encode(&Reply::Ready(ready()));
    let garbage = b"Segmentation fault (core dumped)\n".repeat(1_000);
    let half = unasked[..unasked.len() - 1].repeat(50);
    let failed = encode(&Reply::Failed {
        reason: "no such file".into(),
    });
    let (stage, mut worker) = started();
    let mut client = stage.daemon.connect();
    let mut number = 0;
    for bytes in [&huge[..], &unasked, &twice, &garbage, &half, &failed] {
        number += 1;
        client.say(&propose(&format!("frobnicate {number}")));
        worker.asked();
        worker.send(bytes);
        let verdict = client.hear().unwrap();
        assert_eq!(verdict["scored"]["why"], "not_ready", "{number}: {verdict}");
        worker.wait_until_dropped();
        stage.until(|model| model["restarts"] == number);
        worker = stage.worker();
    }
    let status = client.ask(&json!({"kind": "status"}));
    assert_eq!(status["scorer"], "mock:puppet");
}

#[test]
fn one_that_never_is_ready_or_cannot_be_said_so() {
    let stage = Stage::start(puppet(), "ready_timeout_ms = 100\n");
    let mut silent = stage.silent_worker();
    let mut client = stage.daemon.connect();
    let verdict = client.ask(&propose(UNCLEAR));
    assert_eq!(verdict["scored"]["why"], "not_ready");
    silent.wait_until_dropped();
    let mut worker = stage.silent_worker();
    let reason = "`/m.gguf` is not a model".to_owned();
    worker.say(&Reply::Failed { reason });
    stage.until(|model| model["last_error"] == "`/m.gguf` is not a model");
    let status = client.ask(&json!({"kind": "status"}));
    assert_eq!(status["scorer"], "heuristic");
    let problems = status["problems"].to_string();
    assert!(
        problems.contains("the model does not score (`/m.gguf` is not a model)"),
        "{problems}"
    );
}

#[test]
fn beyond_its_bound_the_queue_is_full_and_the_heuristic_stands() {
    let (stage, mut worker) = started();
    // One with the worker, and eight of one process that wait.
    let mut waiting: Vec<Wire> = (0..9).map(|_| stage.daemon.connect()).collect();
    for (number, client) in waiting.iter_mut().enumerate() {
        client.say(&propose(&format!("frobnicate {number}")));
        let expected = u64::try_from(number).unwrap() + 1;
        stage.until(|model| model["waiting"] == expected);
    }
    let verdict = stage.daemon.connect().ask(&propose("frobnicate more"));
    assert_eq!(verdict["scored"]["why"], "queue_full", "{verdict}");
    for client in &mut waiting {
        let question = worker.asked();
        worker.score(&question, 10);
        assert_eq!(client.hear().unwrap()["scored"]["model"], 10);
    }
}
