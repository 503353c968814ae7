//! A model that can only add caution, played by the test: whatever it does, it raises or changes nothing, and nobody else waits.

mod bad_input;
mod people;
mod settings;
mod verdicts;
mod words;
mod workers;

use std::path::Path;

use kintsugi_tests::daemon::TestDaemon;
use kintsugi_tests::scorer::{Puppet, Stage};
use kintsugi_tests::wire::Wire;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// The stand-in for the worker.
fn puppet() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_puppet"))
}

/// A deadline that no machine is too slow for.
const LONG: &str = "deadline_ms = 5000\n";

/// Ambiguous, below the threshold, so that a score could change the answer. Nobody knows the program.
const UNCLEAR: &str = "frobnicate --now";

/// Its risk by the heuristic.
const HEURISTIC: u64 = 25;

/// Ambiguous, and held by the heuristic.
const HELD: &str = "$frobnicate now";

fn started() -> (Stage, Puppet) {
    let stage = Stage::start(puppet(), LONG);
    let worker = stage.worker();
    (stage, worker)
}

/// Proposes a command and answers the question about it.
fn scored(client: &mut Wire, worker: &mut Puppet, command: &Value, risk: u8) -> Value {
    client.say(command);
    let question = worker.asked();
    worker.score(&question, risk);
    client.hear().expect("a verdict")
}

fn signal(pid: &Value, signal: Signal) {
    let pid = i32::try_from(pid.as_i64().expect("a process")).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), signal).expect("it is there");
}

/// Returns the records of the log.
fn records(daemon: &TestDaemon, kind: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let log = daemon.home().join("data/kintsugi/log");
    for file in std::fs::read_dir(log).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|end| end == "ndjson") {
            let text = std::fs::read_to_string(path).unwrap();
            let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
            found.extend(lines.filter(|record: &Value| record["kind"] == kind));
        }
    }
    found
}
