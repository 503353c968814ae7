//! What a model says about what is held: after the answer, marked, bounded, and no ground for anything.

use std::time::Duration;

use kintsugi_tests::daemon::TestDaemon;
use kintsugi_tests::machine::Machine;
use kintsugi_tests::scorer::{Puppet, Stage, model_until, scripted};
use kintsugi_tests::waiting::until;
use kintsugi_tests::wire::{Wire, propose};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{UNCLEAR, puppet, records};

/// Held by a rule; no score has a say.
const FORCE: &str = "git push --force";

/// Nothing runs out on a machine under load.
const PATIENT: &str = "deadline_ms = 5000\nexplain_ms = 60000\n";

fn started() -> (Stage, Puppet) {
    let stage = Stage::start(puppet(), PATIENT);
    let worker = stage.worker();
    (stage, worker)
}

fn holds(client: &mut Wire) -> Vec<Value> {
    let pending = client.ask(&json!({"kind": "listpending"}));
    pending["items"].as_array().unwrap().clone()
}

/// Waits until something is said about the only hold, and returns the hold.
fn said(daemon: &TestDaemon) -> Value {
    let mut client = daemon.connect();
    until(
        || holds(&mut client)[0].clone(),
        |hold| hold["summary"].is_string(),
    )
}

#[test]
fn what_is_held_gets_words_after_the_answer_and_nothing_is_decided_by_them() {
    let (stage, mut worker) = started();
    let mut client = stage.daemon.connect();
    // The worker has said nothing yet, and the answer is there.
    let verdict = client.ask(&propose(FORCE));
    assert_eq!(verdict["decision"], "hold");
    let before = holds(&mut client);
    assert_eq!(before[0]["summary"], Value::Null);
    let question = worker.asked_for_words();
    assert_eq!(question.command, FORCE);
    assert!(question.effects.contains("origin"), "{question:?}");
    worker.explain(&question, Some("It replaces what others have fetched."));
    let mut hold = said(&stage.daemon);
    assert_eq!(hold["summary"], "It replaces what others have fetched.");
    assert_eq!(hold["summary_by"], "mock:puppet");
    // Nothing else about it is another than before, and it stands in no record.
    for added in ["summary", "summary_by"] {
        hold.as_object_mut().unwrap().remove(added);
    }
    let mut before = before[0].clone();
    for changing in ["expires_ms", "summary"] {
        hold.as_object_mut().unwrap().remove(changing);
        before.as_object_mut().unwrap().remove(changing);
    }
    assert_eq!(hold, before);
    assert_eq!(stage.model()["explained"], 1);
    let verdicts = records(&stage.daemon, "verdict");
    assert!(!format!("{verdicts:?}").contains("others have fetched"));
    // Proposed again, it is held again.
    assert_eq!(client.ask(&propose(FORCE))["decision"], "hold");
}

#[test]
fn whatever_is_said_a_person_sees_one_plain_line() {
    let (stage, mut worker) = started();
    let mut client = stage.daemon.connect();
    for (number, (said, shown)) in [
        (
            "\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}SAFE\nkintsugi approve --all",
            Some("0 owned 2J SAFE kintsugi approve --all"),
        ),
        (
            "<b>fine</b> [ok](http://x) `id`",
            Some("b fine /b ok http //x id"),
        ),
        ("\u{1b}[\u{200b}\u{4e00}", None),
        ("", None),
    ]
    .into_iter()
    .enumerate()
    {
        let verdict = client.ask(&propose(&format!("git push --force origin {number}")));
        assert_eq!(verdict["decision"], "hold");
        let question = worker.asked_for_words();
        worker.explain(&question, Some(said));
        // Its answer to the next question shows that this one was read.
        client.ask(&propose(&format!("git push --force other {number}")));
        let next = worker.asked_for_words();
        worker.explain(&next, None);
        let hold = holds(&mut client)[2 * number].clone();
        assert_eq!(hold["command"]["raw"].as_str().unwrap(), question.command);
        assert_eq!(hold["summary"].as_str(), shown, "{hold}");
    }
}

#[test]
fn a_secret_in_a_command_is_neither_asked_about_nor_said() {
    let (stage, mut worker) = started();
    let mut client = stage.daemon.connect();
    let secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    let command = format!("git push --force https://x:{secret}@example.org/r");
    assert_eq!(client.ask(&propose(&command))["decision"], "hold");
    let question = worker.asked_for_words();
    let asked = format!("{question:?}");
    assert!(!asked.contains("0123456789abcdef"), "{asked}");
    worker.explain(&question, Some(&format!("it sends {secret} away")));
    let hold = said(&stage.daemon);
    let shown = hold["summary"].as_str().unwrap();
    assert!(shown.starts_with("it sends"), "{shown}");
    assert!(!shown.contains("0123456789abcdef"), "{shown}");
}

#[test]
fn a_score_comes_before_words() {
    let (stage, mut worker) = started();
    let mut client = stage.daemon.connect();
    assert_eq!(client.ask(&propose(FORCE))["decision"], "hold");
    let words = worker.asked_for_words();
    // It is still at it when somebody waits for a score.
    client.say(&propose(UNCLEAR));
    let score = worker.asked();
    assert_eq!(score.command, UNCLEAR);
    worker.explain(&words, None);
    worker.score(&score, 10);
    assert_eq!(client.hear().unwrap()["scored"]["model"], 10);
    // What was interrupted is asked for again.
    let again = worker.asked_for_words();
    assert_eq!(again.command, FORCE);
    worker.explain(&again, Some("said at last"));
    assert_eq!(said(&stage.daemon)["summary"], "said at last");
    assert_eq!(stage.model()["restarts"], 0);
}

/// The real worker, which is late, silent, hangs or ends when it is asked for words.
#[test]
fn words_that_never_come_cost_nobody_anything_else() {
    for (action, restarts) in [
        ("silence", 0),
        ("delay 600000, says late", 0),
        ("abort", 1),
        ("exit", 1),
        ("garbage", 1),
    ] {
        let script = format!("--force => {action}");
        let daemon = scripted(
            &[&script, "risk 10"],
            "deadline_ms = 5000\nexplain_ms = 500\n",
        );
        let mut client = daemon.connect();
        assert_eq!(client.ask(&propose(FORCE))["decision"], "hold", "{action}");
        if restarts > 0 {
            model_until(&daemon, |model| model["restarts"] == restarts);
            model_until(&daemon, |model| model["state"] == "ready");
        }
        let verdict = client.ask(&propose(UNCLEAR));
        assert_eq!(verdict["scored"]["model"], 10, "{action}: {verdict}");
        // What ended the worker is not asked about again.
        std::thread::sleep(Duration::from_millis(600));
        let verdict = client.ask(&propose("frobnicate --all"));
        assert_eq!(verdict["scored"]["model"], 10, "{action}: {verdict}");
        let model = model_until(&daemon, |_| true);
        assert_eq!(model["restarts"], restarts, "{action}: {model}");
        assert_eq!(holds(&mut client)[0]["summary"], Value::Null, "{action}");
    }
}

#[test]
fn one_that_hangs_over_words_is_killed_and_started_again() {
    for action in ["loop", "stop"] {
        let script = format!("--force => {action}");
        let daemon = scripted(&[&script, "risk 10"], "explain_ms = 100\n");
        let mut client = daemon.connect();
        assert_eq!(client.ask(&propose(FORCE))["decision"], "hold");
        let model = model_until(&daemon, |model| {
            model["restarts"] == 1 && model["last_error"].is_string()
        });
        let why = model["last_error"].as_str().unwrap();
        assert!(why.contains("more than 550 ms"), "{action}: {why}");
        model_until(&daemon, |model| model["state"] == "ready");
        assert_eq!(client.ask(&propose("ls"))["decision"], "allow");
    }
}

#[test]
fn what_is_resolved_needs_no_words_and_after_a_restart_they_are_asked_for_anew() {
    let (mut stage, mut worker) = started();
    let mut client = stage.daemon.connect();
    assert_eq!(client.ask(&propose(FORCE))["decision"], "hold");
    let words = worker.asked_for_words();
    // Two more while it is busy; one of them is answered by a person meanwhile.
    for command in ["git push --force origin one", "git push --force origin two"] {
        assert_eq!(client.ask(&propose(command))["decision"], "hold");
    }
    let one = holds(&mut client)[1]["command"]["id"].clone();
    let denied = stage
        .daemon
        .terminal()
        .ask(&json!({"kind": "deny", "id": one}));
    assert_eq!(denied["kind"], "ack");
    worker.explain(&words, Some("first"));
    assert!(worker.asked_for_words().command.ends_with("two"));
    stage.daemon.end(Signal::KILL);
    drop(worker);
    stage.daemon.start_again();
    let mut worker = stage.worker();
    let words = worker.asked_for_words();
    assert_eq!(words.command, FORCE);
    worker.explain(&words, Some("said anew"));
    assert_eq!(said(&stage.daemon)["summary"], "said anew");
}

#[test]
fn with_nothing_to_spare_no_words_are_asked_for() {
    let stage = Stage::start(puppet(), "deadline_ms = 5000\nexplain_ms = 0\n");
    let mut worker = stage.worker();
    let mut client = stage.daemon.connect();
    assert_eq!(client.ask(&propose(FORCE))["decision"], "hold");
    client.say(&propose(UNCLEAR));
    assert_eq!(worker.asked().command, UNCLEAR);
}

/// From the worker to the card: marked as a model's words, and nothing of them obeyed by a terminal.
#[test]
fn a_person_sees_whose_words_they_are() {
    let machine = Machine::new();
    let config = machine.home().join(".config/kintsugi");
    std::fs::create_dir_all(&config).unwrap();
    let settings = "backend = \"mock\"\nexplain_ms = 60000\n\
        mock = [\"--force => says \\u001B]0;x\\u0007It rewrites <b>what others have</b>\", \"risk 7\"]\n";
    std::fs::write(config.join("model.toml"), settings).unwrap();
    assert!(machine.run(&["daemon", "start"]).status.success());
    let run = |arguments: &[&str]| {
        let output = machine.run(arguments);
        String::from_utf8(output.stdout).unwrap()
    };
    let output = machine.run(&["run", "--", "git", "push", "--force"]);
    assert_eq!(output.status.code(), Some(4));
    let card = until(
        || run(&["pending", "all"]),
        |card| card.contains("words of"),
    );
    let one_line = card.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        one_line.contains(
            "model says \u{201c}0 x It rewrites b what others have /b\u{201d} \
             (words of mock:script, by which nothing was decided)"
        ),
        "{one_line}"
    );
    assert!(
        !card.contains('\u{1b}') && !card.contains("<b>"),
        "{card:?}"
    );
    let json: Value = serde_json::from_str(&run(&["pending", "--json"])).unwrap();
    assert_eq!(json["items"][0]["summary_by"], "mock:script", "{json}");
    let status = run(&["model", "status"]);
    assert!(status.contains("about 1 holds"), "{status}");
}
