//! One queue for everybody: two people who answer at once, an answer that comes too late, and what whoever watches is shown.

use kintsugi_tests::daemon::TestDaemon;
use kintsugi_tests::logs;
use kintsugi_tests::machine::Machine;
use kintsugi_tests::pty::Pty;
use kintsugi_tests::wire::propose;
use serde_json::{Value, json};

const HELD: &str = "git push --force";

/// Proposes as an agent, and returns the id of the hold.
fn held(machine: &Machine, command: &str) -> String {
    let (decision, reason) = machine.agent_asks(command, &machine.home());
    assert_eq!(decision, "deny", "{reason}");
    let (_, rest) = reason.rsplit_once("kintsugi approve ").expect("it is held");
    rest.chars().take_while(char::is_ascii_hexdigit).collect()
}

/// Returns the records of this kind.
fn records(machine: &Machine, kind: &str) -> Vec<Value> {
    let printed = machine.run(&["log", "--json"]).stdout;
    let printed = String::from_utf8(printed).expect("text");
    let all = printed
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    all.filter(|record| record["kind"] == kind).collect()
}

#[test]
fn of_two_people_who_see_the_same_card_the_first_counts_and_the_second_is_told() {
    let machine = Machine::new();
    let first_word = [
        (("y", "approved"), ("d", "was approved already by user ")),
        (
            ("d", "denied"),
            ("y", "is closed: a person denied it (by user "),
        ),
        (("y", "approved"), ("y", "was approved already by user ")),
        (
            ("d", "denied"),
            ("d", "is closed: a person denied it (by user "),
        ),
    ];
    for (number, (first, second)) in first_word.into_iter().enumerate() {
        let command = format!("{HELD} remote{number}");
        let id = held(&machine, &command);
        let mut terminals = [(); 2].map(|()| Pty::spawn(&machine.kintsugi(&["approve"]), 100));
        for terminal in &mut terminals {
            terminal.expect(&format!("{id} is held"));
            terminal.expect("any other key: not now");
        }
        for (terminal, (key, word)) in terminals.iter_mut().zip([first, second]) {
            terminal.send(key);
            terminal.expect(word);
        }
        for terminal in terminals {
            let (status, printed) = terminal.end();
            assert!(status.success(), "{printed}");
        }
        let (decision, reason) = machine.agent_asks(&command, &machine.home());
        let expected = if first.0 == "y" { "allow" } else { "deny" };
        assert_eq!(decision, expected, "{reason}");
        assert!(
            first.0 == "y" || reason.contains(&format!("a person denied that as {id}")),
            "{reason}"
        );
    }
    let answered = records(&machine, "resolution");
    assert_eq!(answered.len(), 4, "one each: {answered:?}");
}

#[test]
fn of_two_commands_that_answer_at_the_same_moment_one_counts() {
    let machine = Machine::new();
    for round in 0..4 {
        let id = held(&machine, &format!("{HELD} remote{round}"));
        let answers = ["approve", "deny"];
        let terminals = answers.map(|word| Pty::spawn(&machine.kintsugi(&[word, &id]), 100));
        let ends = terminals.map(|terminal| {
            let before = terminal.screen();
            let (status, rest) = terminal.end();
            (status.code(), before + &rest)
        });
        let codes: Vec<_> = ends.iter().map(|(code, _)| *code).collect();
        // `kintsugi approve ID` of what is denied already takes that back, which is a second answer and said so.
        let taken_back = ends[0].1.contains("taken back");
        assert!(
            codes == [Some(0), Some(1)] || codes == [Some(1), Some(0)] || taken_back,
            "{ends:?}"
        );
        let (_, told) = &ends[usize::from(codes[0] == Some(0))];
        assert!(
            taken_back
                || told.contains("was approved already")
                || told.contains("a person denied it"),
            "{told}"
        );
    }
}

#[test]
fn who_saw_it_held_does_not_take_back_what_somebody_denied_meanwhile() {
    let daemon = TestDaemon::start();
    let (mut agent, mut one, mut other) = (daemon.terminal(), daemon.terminal(), daemon.terminal());
    let proposal = propose(HELD);
    assert_eq!(agent.ask(&proposal)["decision"], "hold");
    let seen = one.ask(&json!({"kind": "listpending"}))["items"][0]["content_hash"].clone();
    assert!(seen.is_string(), "{seen}");
    let id = &proposal["id"];
    assert_eq!(other.ask(&json!({"kind": "deny", "id": id}))["kind"], "ack");
    let mut command = proposal.clone();
    command.as_object_mut().expect("members").remove("kind");
    let late = [
        json!({"kind": "approve", "id": id, "content_hash": seen}),
        json!({"kind": "resolve", "command": command, "decision": "allow", "remember": false}),
    ];
    for late in late {
        let told = one.ask(&late);
        assert_eq!(told["code"], "not_held", "{late}: {told}");
        let message = told["message"].as_str().expect("words");
        assert!(message.contains("a person denied it"), "{message}");
        assert_eq!(agent.ask(&propose(HELD))["decision"], "deny");
    }
    // Whoever means the denial says so, by its id alone.
    assert_eq!(
        one.ask(&json!({"kind": "approve", "id": id}))["kind"],
        "ack"
    );
    assert_eq!(agent.ask(&propose(HELD))["decision"], "hold");
}

#[test]
fn an_answer_to_what_nobody_answered_in_time_says_so_in_one_line() {
    let machine = Machine::new();
    let proposal = propose(HELD);
    logs::hold_until_long_ago(&machine.log(), &proposal);
    assert!(machine.run(&["daemon", "start"]).status.success());
    let id: String = proposal["id"]
        .as_str()
        .expect("an id")
        .chars()
        .take(8)
        .collect();
    for word in ["approve", "deny"] {
        let (code, printed) = machine.elsewhere(&[word, &id]);
        assert_eq!(code, 1, "{printed}");
        let (error, hint) = printed.split_once("\r\n").expect("two lines");
        assert_eq!(
            error,
            format!("kintsugi: error: `{id}` is closed: nobody answered in time")
        );
        assert!(hint.starts_with("kintsugi: hint: "), "{hint}");
    }
    // Once, by the daemon: nobody's word.
    assert_eq!(records(&machine, "resolution").len(), 1);
    let log =
        std::fs::read_to_string(machine.log().join("seg-000000000000.ndjson")).expect("a log");
    let ended = log
        .lines()
        .find(|line| line.contains("\"kind\":\"resolution\""));
    let ended: Value = serde_json::from_str(ended.expect("a record")).expect("JSON");
    assert_eq!(ended["means"], "expired", "{ended}");
}

#[test]
fn whoever_watches_sees_an_attempt_of_the_agent_to_approve_itself() {
    let machine = Machine::new();
    assert!(machine.run(&["daemon", "start"]).status.success());
    let mut watch = Pty::spawn(&machine.kintsugi(&["pending", "--watch"]), 100);
    watch.expect("nothing is held");
    let id = held(&machine, HELD);
    watch.expect(&id);
    // Without a terminal, as a tool of an agent runs.
    let refused = machine.run(&["approve", &id]);
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
    watch.expect("tried to approve");
    watch.send("\u{3}");
    drop(watch.end());
}

#[test]
fn not_now_and_next_leave_what_is_held_where_it_is_in_the_queue() {
    let machine = Machine::new();
    let ids: Vec<String> = ["one", "two", "three"]
        .iter()
        .map(|remote| held(&machine, &format!("{HELD} {remote}")))
        .collect();
    let mut walk = Pty::spawn(&machine.kintsugi(&["approve"]), 100);
    // `n` and every key that is no answer go on; q ends it. Nothing is decided by any of them.
    for (id, key) in ids.iter().zip(["n", " ", "q"]) {
        walk.expect(&format!("{id} is held"));
        walk.expect("any other key: not now ");
        walk.send(key);
    }
    assert!(walk.end().0.success());
    let listed = machine.run(&["pending", "--json"]).stdout;
    let listed: Value = serde_json::from_slice(&listed).expect("a list");
    let left: Vec<String> = listed["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| item["command"]["id"].as_str().expect("an id")[..8].to_owned())
        .collect();
    assert_eq!(left, ids);
    assert!(records(&machine, "resolution").is_empty());
}
