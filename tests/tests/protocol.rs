//! The wire as an existing client knows it: shapes, bad frames, and what an id means.

use kintsugi_tests::daemon::TestDaemon;
use kintsugi_tests::logs;
use kintsugi_tests::wire::{Wire, members, propose};
use serde_json::{Value, json};

const HELD: &str = "git push --force";

#[test]
fn every_request_has_the_answer_of_the_specification() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();

    let verdict = client.ask(&propose("ls"));
    assert_eq!(verdict["kind"], "verdict");
    for member in ["class", "decision", "tier", "reason", "summary", "risk"] {
        assert!(members(&verdict).contains(&member), "{member}: {verdict}");
    }
    assert_eq!(
        (&verdict["class"], &verdict["decision"]),
        (&json!("safe"), &json!("allow"))
    );

    let held = propose(HELD);
    let verdict = client.ask(&held);
    assert_eq!(verdict["decision"], "hold", "{verdict}");
    assert_eq!(verdict["class"], "catastrophic");
    assert_eq!(verdict["expires_ms"], 8 * 60 * 60 * 1000);

    let list = client.ask(&json!({"kind": "listpending"}));
    assert_eq!(list["kind"], "pendinglist");
    let item = &list["items"][0];
    for member in ["command", "class", "reason", "summary", "ts"] {
        assert!(members(item).contains(&member), "{member}: {item}");
    }
    for member in ["id", "ts", "agent", "cwd", "argv", "raw", "session"] {
        assert_eq!(item["command"][member], held[member], "{member}");
    }

    let pending = client.ask(&json!({"kind": "pendingstatus", "id": held["id"]}));
    assert_eq!(pending, json!({"kind": "pending", "status": "pending"}));
    let ack = json!({"kind": "ack"});
    assert_eq!(client.ask(&json!({"kind": "deny", "id": held["id"]})), ack);
    let pending = client.ask(&json!({"kind": "pendingstatus", "id": held["id"]}));
    assert_eq!(pending, json!({"kind": "pending", "status": "denied"}));
    let unknown = json!({"kind": "pendingstatus", "id": "00000000-0000-4000-8000-000000000000"});
    assert_eq!(
        client.ask(&unknown),
        json!({"kind": "pending", "status": "gone"})
    );

    let id = held["id"].as_str().unwrap();
    let known = client.ask(&json!({"kind": "lookup", "prefix": &id[..9]}));
    assert_eq!(known["items"][0]["id"], held["id"], "{known}");
    assert_eq!(known["items"][0]["denied"], true, "{known}");
    let unknown = client.ask(&json!({"kind": "lookup", "prefix": "00000000"}));
    assert_eq!(unknown, json!({"kind": "known", "items": []}));

    let observed = json!({"kind": "observe", "change": "removed", "path": "/home/ada/x"});
    assert_eq!(client.ask(&observed), ack);
    let mut ran = propose("make");
    ran["kind"] = "record".into();
    assert_eq!(client.ask(&ran), ack);

    let mut asked = propose(HELD);
    asked["raw"] = "git push --force elsewhere".into();
    assert_eq!(client.ask(&asked)["decision"], "hold");
    let resolved = json!({
        "kind": "resolve", "command": asked, "decision": "deny", "remember": false,
    });
    assert_eq!(client.ask(&resolved), ack);

    let status = client.ask(&json!({"kind": "status"}));
    assert_eq!(status["scorer"], "heuristic");
    assert_eq!(status["pid"], daemon.pid());
    assert_eq!(status["holds"], 0);
    let hello = client.ask(&json!({"kind": "hello", "version": 1, "client": "test"}));
    assert_eq!(hello["version"], 1);
}

#[test]
fn words_that_say_something_else_than_the_text_are_judged_and_shown_too() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    for (raw, shown) in [("", "rm -rf /"), ("ls", "ls\nrm -rf /")] {
        let mut proposal = propose(raw);
        proposal["argv"] = json!(["rm", "-rf", "/"]);
        let verdict = client.ask(&proposal);
        assert_eq!(verdict["decision"], "hold", "{raw:?}: {verdict}");
        let list = client.ask(&json!({"kind": "listpending"}));
        let items = list["items"].as_array().unwrap();
        assert!(
            items.iter().any(|item| item["command"]["raw"] == shown),
            "{list}"
        );
    }
    let mut same = propose("ls -l && git status");
    same["argv"] = json!(["ls", "-l", "&&", "git", "status"]);
    assert_eq!(client.ask(&same)["decision"], "allow");
}

#[test]
fn a_shutdown_needs_a_challenge_that_was_given() {
    let mut daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let challenge = client.ask(&json!({"kind": "authbegin", "op": "shutdown"}));
    assert_eq!(
        members(&challenge),
        ["kind", "locked", "nonce", "params", "salt"]
    );
    assert_eq!(
        members(&challenge["params"]),
        ["m_cost", "p_cost", "t_cost"]
    );

    let stop = |nonce: &Value| json!({"kind": "shutdown", "op": "shutdown", "nonce": nonce});
    assert_eq!(client.ask(&stop(&json!("00")))["code"], "auth_failed");
    assert_eq!(
        client.ask(&stop(&challenge["nonce"])),
        json!({"kind": "ack"})
    );
    assert!(daemon.wait().success());
    assert!(!daemon.socket().exists());
}

#[test]
fn a_bad_frame_is_told_so_and_the_connection_goes_on() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let bad: [(&[u8], &str); 7] = [
        (b"\n", "bad_request"),
        (b"rm -rf /\n", "bad_request"),
        (b"\xff\xfe\x00\n", "bad_request"),
        (b"{\"kind\":\"propose\"}\n", "bad_request"),
        (b"{\"kind\":\"approve\",\"id\":7}\n", "bad_request"),
        (b"[]\n", "bad_request"),
        (b"{\"kind\":\"dance\"}\n", "unknown_request"),
    ];
    for (bytes, code) in bad {
        client.send(bytes);
        let answer = client.hear().unwrap();
        assert_eq!(
            (&answer["kind"], &answer["code"]),
            (&json!("error"), &json!(code))
        );
        assert!(!answer["message"].as_str().unwrap().contains('\n'));
    }
    let mut relative = propose("ls");
    relative["cwd"] = "project".into();
    assert_eq!(client.ask(&relative)["code"], "bad_request");
    assert_eq!(client.ask(&propose("ls"))["decision"], "allow");
}

#[test]
fn a_frame_that_is_too_long_is_told_so_and_closed() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let mut long = propose(&"x".repeat(1024 * 1024)).to_string();
    long.push('\n');
    client.send(long.as_bytes());
    assert_eq!(client.hear().unwrap()["code"], "frame_too_large");
    assert_eq!(client.hear(), None);
    assert_eq!(daemon.connect().ask(&propose("ls"))["decision"], "allow");
}

#[test]
fn half_a_frame_and_silence_is_told_so_and_closed() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    client.send(b"{\"kind\":\"sta");
    assert_eq!(client.hear().unwrap()["code"], "frame_timeout");
    assert_eq!(client.hear(), None);
}

#[test]
fn requests_in_one_write_are_answered_in_order() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let frames = format!(
        "{}\n{{\"kind\":\"status\"}}\n{}\n",
        propose("ls"),
        propose(HELD)
    );
    client.send(frames.as_bytes());
    let kinds: Vec<_> = (0..3)
        .map(|_| client.hear().unwrap()["kind"].clone())
        .collect();
    assert_eq!(kinds, ["verdict", "status", "verdict"]);
}

/// Returns another command under the id of `proposal`.
fn other(proposal: &Value) -> Value {
    let mut other = proposal.clone();
    other["raw"] = "pwd".into();
    other
}

/// Every row of the table of idempotence: how an id stands, what the same command is answered, and what another.
#[test]
fn the_table_of_idempotence() {
    let mut daemon = TestDaemon::prepared();
    let expired = propose("git push --force origin expired");
    logs::hold_until_long_ago(&daemon.home().join("data/kintsugi/log"), &expired);
    daemon.start_again();
    let (mut client, mut person) = (daemon.terminal(), daemon.terminal());
    let records = |client: &mut Wire| client.ask(&json!({"kind": "status"}))["log"]["size"].clone();

    // Unknown: accepted and recorded. Decided: the same verdict again, and no new record.
    let allowed = propose("ls");
    let first = client.ask(&allowed);
    assert_eq!(first["decision"], "allow");
    let size = records(&mut client);
    assert_eq!(client.ask(&allowed), first);
    assert_eq!(client.ask(&other(&allowed))["code"], "id_conflict_decided");
    assert_eq!(records(&mut client), size);

    // Held: the same hold again.
    let (held, denied) = (propose(HELD), propose("git push --force origin denied"));
    let answered = client.ask(&held);
    assert_eq!(answered["decision"], "hold");
    let again = client.ask(&held);
    assert_eq!(
        (&again["decision"], &again["content_hash"]),
        (&answered["decision"], &answered["content_hash"])
    );
    assert_eq!(client.ask(&json!({"kind": "status"}))["holds"], 1);
    assert_eq!(client.ask(&other(&held))["code"], "id_conflict_held");

    // Approved, not yet run: the approval, and it works once.
    let approve = json!({"kind": "approve", "id": held["id"]});
    assert_eq!(person.ask(&approve)["kind"], "ack");
    assert_eq!(client.ask(&other(&held))["code"], "id_conflict_approved");
    assert_eq!(client.ask(&held)["decision"], "allow");
    assert_eq!(
        client.ask(&held)["decision"],
        "deny",
        "an approval works once"
    );
    assert_eq!(client.ask(&other(&held))["code"], "id_conflict_closed");

    // Denied and expired: the same answer, and never reopened.
    assert_eq!(client.ask(&denied)["decision"], "hold");
    let deny = json!({"kind": "deny", "id": denied["id"]});
    assert_eq!(person.ask(&deny)["kind"], "ack");
    for (closed, why) in [(&denied, "denied"), (&expired, "nobody answered in time")] {
        let answer = client.ask(closed);
        assert_eq!(answer["decision"], "deny", "{answer}");
        assert!(answer["reason"].as_str().unwrap().contains(why), "{answer}");
        assert_eq!(client.ask(closed), answer);
        assert_eq!(client.ask(&other(closed))["code"], "id_conflict_closed");
        // Whatever a late approval comes to (it may lift what was denied): this id is not reopened.
        drop(person.ask(&json!({"kind": "approve", "id": closed["id"]})));
        assert_eq!(client.ask(closed), answer);
    }

    // A frame that is rejected consumes no id; one that is not remembered is gone.
    let mut bad = propose("ls");
    bad["cwd"] = "nowhere".into();
    assert_eq!(client.ask(&bad)["code"], "bad_request");
    bad["cwd"] = "/".into();
    assert_eq!(client.ask(&bad)["decision"], "allow");
    let unknown = json!({"kind": "pendingstatus", "id": propose("ls")["id"]});
    assert_eq!(client.ask(&unknown)["status"], "gone");
}

#[test]
fn an_approval_serves_one_retry_under_a_new_id_and_nothing_else() {
    let daemon = TestDaemon::start();
    let (mut client, mut person) = (daemon.terminal(), daemon.terminal());
    let held = propose(HELD);
    assert_eq!(client.ask(&held)["decision"], "hold");
    assert_eq!(
        client.ask(&propose(HELD))["decision"],
        "hold",
        "a retry joins the hold"
    );
    assert_eq!(client.ask(&json!({"kind": "status"}))["holds"], 1);

    let seen = json!({"kind": "approve", "id": held["id"], "content_hash": "00"});
    assert_eq!(person.ask(&seen)["code"], "content_changed");
    assert_eq!(
        person.ask(&json!({"kind": "approve", "id": held["id"]}))["kind"],
        "ack"
    );
    let twice = person.ask(&json!({"kind": "approve", "id": held["id"]}));
    assert_eq!(twice["code"], "not_held", "the second who answers is told");

    let mut elsewhere = propose(HELD);
    elsewhere["cwd"] = "/home/ada/other".into();
    assert_eq!(client.ask(&elsewhere)["decision"], "hold");
    assert_eq!(client.ask(&propose(HELD))["decision"], "allow");
    assert_eq!(client.ask(&propose(HELD))["decision"], "hold");
}

#[test]
fn whoever_awaits_is_told_and_delays_nobody() {
    let daemon = TestDaemon::start();
    let (mut agent, mut person) = (daemon.terminal(), daemon.terminal());
    let held = propose(HELD);
    assert_eq!(agent.ask(&held)["decision"], "hold");
    agent.say(&json!({"kind": "await", "id": held["id"], "timeout_ms": 30_000}));
    assert_eq!(daemon.terminal().ask(&propose("ls"))["decision"], "allow");
    assert_eq!(
        person.ask(&json!({"kind": "approve", "id": held["id"]}))["kind"],
        "ack"
    );
    assert_eq!(
        agent.hear().unwrap(),
        json!({"kind": "pending", "status": "approved"})
    );
    assert_eq!(agent.ask(&held)["decision"], "allow");

    let other = propose("git push --force origin x");
    assert_eq!(agent.ask(&other)["decision"], "hold");
    let over = agent.ask(&json!({"kind": "await", "id": other["id"], "timeout_ms": 0}));
    assert_eq!(over, json!({"kind": "pending", "status": "pending"}));
}

#[test]
fn an_allow_at_the_prompt_serves_that_prompt_alone() {
    let daemon = TestDaemon::start();
    let (mut shell, mut person) = (daemon.terminal(), daemon.terminal());
    let held = propose(HELD);
    let allow = json!({"kind": "resolve", "command": held, "decision": "allow", "remember": false});
    assert_eq!(
        person.ask(&allow)["code"],
        "not_held",
        "what was never proposed"
    );
    assert_eq!(shell.ask(&held)["decision"], "hold");
    assert_eq!(shell.ask(&allow)["code"], "forbidden", "the proposer");
    assert_eq!(person.ask(&allow)["kind"], "ack");
    assert_eq!(shell.ask(&propose(HELD))["decision"], "hold");
    assert_eq!(shell.ask(&held)["decision"], "allow");
}

#[test]
fn a_verdict_that_is_asked_for_again_has_all_its_parts() {
    let mut daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let (allowed, held) = (propose("touch notes.txt"), propose(HELD));
    let first = client.ask(&allowed);
    assert_eq!(first["decision"], "allow");
    assert!(first["effects"].is_array(), "{first}");
    let first_hold = client.ask(&held);
    client.ask(&json!({"kind": "deny", "id": held["id"]}));
    let closed = client.ask(&held);
    assert_eq!(closed["decision"], "deny");
    assert_eq!(closed["findings"], first_hold["findings"]);
    for number in 0..50 {
        client.ask(&propose(&format!("echo {number}")));
    }
    for restart in [false, true] {
        if restart {
            daemon.end(rustix::process::Signal::KILL);
            daemon.start_again();
        }
        let mut client = daemon.connect();
        assert_eq!(client.ask(&allowed), first, "after a restart: {restart}");
        assert_eq!(client.ask(&held), closed, "after a restart: {restart}");
    }
}

/// Of most closed holds only where their words stand is remembered.
#[test]
fn what_was_denied_long_ago_is_answered_in_the_same_words() {
    let mut daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let held = propose("git push --force first");
    assert_eq!(client.ask(&held)["decision"], "hold");
    client.ask(&json!({"kind": "deny", "id": held["id"], "reason": "not before the review"}));
    let closed = client.ask(&held);
    assert_eq!(
        closed["reason"],
        "a person denied it: not before the review"
    );
    for number in 0..260 {
        let other = propose(&format!("git push --force other{number}"));
        assert_eq!(client.ask(&other)["decision"], "hold", "{number}");
        let denied = client.ask(&json!({"kind": "deny", "id": other["id"]}));
        assert_eq!(denied["kind"], "ack");
    }
    assert_eq!(client.ask(&held), closed);
    daemon.end(rustix::process::Signal::KILL);
    daemon.start_again();
    let mut client = daemon.connect();
    assert_eq!(client.ask(&held), closed, "behind a start");
    let mut other = held.clone();
    other["raw"] = "pwd".into();
    assert_eq!(client.ask(&other)["code"], "id_conflict_closed");
}

/// Returns the next record that a follower is told of.
fn told(follower: &mut Wire) -> Value {
    let event = follower.hear().expect("an event");
    assert_eq!(event["kind"], "event");
    event["record"].clone()
}

#[test]
fn whoever_subscribes_is_told_of_every_record_once_it_is_durable() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let mut all = daemon.connect();
    all.say(&json!({"kind": "subscribe", "from_seq": 0}));
    let opening = told(&mut all);
    assert_eq!(
        (&opening["seq"], &opening["kind"]),
        (&json!(0), &json!("open"))
    );
    let mut holds = daemon.connect();
    holds.say(&json!({"kind": "subscribe", "kinds": ["hold"]}));
    // One who was answered after the subscription was read; on another connection there is no order.
    client.ask(&propose("ls"));
    let held = propose(HELD);
    client.ask(&held);
    assert_eq!(told(&mut holds)["id"], held["id"]);

    let mut seq = 0;
    loop {
        let record = told(&mut all);
        seq += 1;
        assert_eq!(record["seq"], seq, "none is missing, none comes twice");
        assert!(record["h"].is_string(), "with its seal: {record}");
        if record["kind"] == "hold" {
            assert_eq!(record["id"], held["id"]);
            break;
        }
    }
    let mut late = daemon.connect();
    late.say(&json!({"kind": "subscribe", "from_seq": seq}));
    assert_eq!(told(&mut late)["id"], held["id"]);
}

#[test]
fn more_than_a_few_subscribers_are_told_so() {
    let daemon = TestDaemon::start();
    let mut all: Vec<_> = (0..17).map(|_| daemon.connect()).collect();
    for one in &mut all {
        one.say(&json!({"kind": "subscribe", "from_seq": 0}));
    }
    let kinds: Vec<Value> = all.iter_mut().map(|one| one.hear().unwrap()).collect();
    let refused = kinds.iter().filter(|answer| answer["code"] == "busy");
    assert_eq!(refused.count(), 1);
    assert_eq!(daemon.connect().ask(&propose("ls"))["decision"], "allow");
}

/// Starts a daemon with these settings.
fn started_with(settings: &str) -> TestDaemon {
    let mut daemon = TestDaemon::prepared();
    let config = daemon.home().join("config/kintsugi");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("daemon.toml"), settings).unwrap();
    daemon.start_again();
    daemon
}

#[test]
fn the_port_on_loopback_wants_the_key_first() {
    // The system gives a free port, and gives it to nobody else in this moment.
    let Ok(free) = std::net::TcpListener::bind(("127.0.0.1", 0)) else {
        println!("skipped: this machine has no loopback");
        return;
    };
    let port = free.local_addr().unwrap().port();
    drop(free);
    let daemon = started_with(&format!("port = {port}\n"));
    let path = daemon.home().join("data/kintsugi/port-key");
    let key = std::fs::read_to_string(&path).unwrap();
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&path).unwrap());
    assert_eq!(mode & 0o777, 0o600);
    let connect = || Wire::connect_to_port(port);

    let mut client = connect();
    let auth = json!({"kind": "auth", "key": key.trim()});
    assert_eq!(client.ask(&auth), json!({"kind": "ack"}));
    assert_eq!(client.ask(&propose("ls"))["decision"], "allow");
    assert_eq!(client.ask(&json!({"kind": "status"}))["kind"], "status");

    let wrong = "0".repeat(64);
    for first in [
        json!({"kind": "auth", "key": wrong}),
        json!({"kind": "auth", "key": key.trim().to_uppercase() + "0"}),
        json!({"kind": "auth"}),
        json!({"kind": "status"}),
        propose("ls"),
    ] {
        let mut stranger = connect();
        let answer = stranger.ask(&first);
        assert_eq!(answer["code"], "auth_failed", "{first}: {answer}");
        assert_eq!(stranger.hear(), None, "and closed: {first}");
    }
    let mut browser = connect();
    browser.send(b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(browser.hear().unwrap()["code"], "auth_failed");
    // One that says nothing has as long as a frame may take, and no longer.
    let mut silent = connect();
    assert_eq!(silent.hear().unwrap()["code"], "frame_timeout");
    assert_eq!(silent.hear(), None);
}

#[test]
fn a_key_over_the_socket_is_not_needed_and_does_no_harm() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let auth = json!({"kind": "auth", "key": "whatever"});
    assert_eq!(client.ask(&auth), json!({"kind": "ack"}));
    assert_eq!(client.ask(&propose("ls"))["decision"], "allow");
}

#[test]
fn settings_that_are_not_understood_open_nothing_and_say_so() {
    let daemon = started_with("port = 1\ndoor = true\n");
    let status = daemon.connect().ask(&json!({"kind": "status"}));
    let problem = status["problems"][0].as_str().unwrap();
    assert!(
        problem.contains("daemon.toml") && problem.contains("door"),
        "{problem}"
    );
    assert!(!daemon.home().join("data/kintsugi/port-key").exists());
}
