//! `kintsugi log prove`, `check-proof`, `stats` and `export`, on the log of a daemon that runs.

use std::process::Output;

use kintsugi_tests::machine::Machine;
use serde_json::Value;

/// Returns what a command printed, which must have gone well.
fn printed(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// Returns a machine on which two commands were decided, and a stop has signed a checkpoint over both.
fn used() -> Machine {
    let machine = Machine::new();
    assert_eq!(
        printed(&machine.run(&["run", "--", "echo", "a,b"])),
        "a,b\n"
    );
    let held = machine.run(&["run", "--", "git", "push", "--force"]);
    assert_eq!(held.status.code(), Some(4), "{held:?}");
    printed(&machine.run(&["daemon", "stop"]));
    machine
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn a_proof_convinces_whoever_has_the_key_and_nobody_after_a_change() {
    let machine = used();
    let home = machine.home();
    let lines = printed(&machine.run(&["log", "export", "--format", "jsonl"]));
    let verdict = lines
        .lines()
        .find(|line| json(line)["kind"] == "verdict")
        .expect("a verdict");
    let seq = json(verdict)["seq"].to_string();
    let proof = printed(&machine.run(&["log", "prove", &seq]));
    assert!(
        proof.starts_with(&format!("c2sp.org/tlog-proof@v1\nindex {seq}\n")),
        "{proof}"
    );
    let record = printed(&machine.run(&["log", "show", &seq, "--json"]));
    std::fs::write(home.join("proof"), &proof).expect("room");
    std::fs::write(home.join("record"), &record).expect("room");
    let stats = json(&printed(&machine.run(&["log", "stats", "--json"])));
    let key = stats["key"].as_str().expect("a key").to_owned();

    // Elsewhere there is no log: only the three.
    let elsewhere = Machine::new();
    let paths = ["proof", "record"].map(|name| home.join(name).display().to_string());
    let check =
        |key: &str| elsewhere.run(&["log", "check-proof", &paths[0], &paths[1], "--key", key]);
    let said = printed(&check(&key));
    assert!(
        said.starts_with(&format!("good: record {seq} is in the log")),
        "{said}"
    );
    let own = machine.run(&["log", "check-proof", &paths[0], &paths[1]]);
    assert!(printed(&own).starts_with("good"));

    let other = key.replacen("kintsugi/", "kintsugi/x", 1);
    assert_eq!(check(&other).status.code(), Some(2), "not a key");
    std::fs::write(
        home.join("record"),
        record
            .replacen("claude", "claudf", 1)
            .replacen("\"d\":", "\"d\":1", 1),
    )
    .expect("room");
    let refused = check(&key);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let missing = machine.run(&["log", "prove", "4711"]);
    assert_eq!(missing.status.code(), Some(1), "{missing:?}");
    let complaint = String::from_utf8_lossy(&missing.stderr);
    assert!(
        complaint.contains("no signed checkpoint covers record 4711"),
        "{complaint}"
    );
}

#[test]
fn the_statistics_count_what_was_decided() {
    let machine = used();
    let stats = json(&printed(&machine.run(&["log", "stats", "--json"])));
    assert_eq!(stats["decisions"]["allow"], 1, "{stats}");
    assert_eq!(stats["decisions"]["hold"], 1);
    assert_eq!(stats["kinds"]["proposal"], 2);
    let lines = printed(&machine.run(&["log", "export", "--format", "jsonl"]));
    assert_eq!(stats["records"], lines.lines().count());
    assert_eq!(stats["bytes"], lines.len());
    let shown = printed(&machine.run(&["log", "stats"]));
    assert!(
        shown.contains("\ndecisions\n        1  allow\n        1  hold\n"),
        "{shown}"
    );
}

#[test]
fn what_is_exported_is_the_log_and_nothing_that_was_not_asked_for() {
    let machine = used();
    let export = |format: &str, more: &[&str]| {
        let arguments = [&["log", "export", "--format", format], more].concat();
        printed(&machine.run(&arguments))
    };
    let stored = std::fs::read_to_string(machine.log().join("seg-000000000000.ndjson"));
    assert_eq!(export("jsonl", &[]), stored.expect("a segment"));

    let table = export("csv", &[]);
    let allowed = table
        .lines()
        .find(|line| line.contains(",allow,"))
        .expect("one");
    assert!(allowed.contains(",\"echo a,b\","), "{allowed}");
    assert!(table.starts_with("seq,ts,kind,id,decision,"), "{table}");

    let events: Vec<Value> = export("ocsf", &[]).lines().map(json).collect();
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            (
                event["process"]["cmd_line"].as_str(),
                event["disposition"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (Some("echo a,b"), Some("Allowed")),
            (Some("git push --force"), Some("Held")),
        ]
    );
    assert_eq!(export("jsonl", &["--until", "2020-01-01"]), "");
    let wrong = machine.run(&["log", "export", "--format", "xml"]);
    assert_eq!(wrong.status.code(), Some(2), "{wrong:?}");
}
