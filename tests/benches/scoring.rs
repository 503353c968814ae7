//! What a model costs those whom it is not about, and what a command costs that it has seen before.
//!
//! Each row is of one run, in turns: proposals with nothing to score, and the same while another client's is being scored. Times are
//! of the machine that runs it; the ratio is what to compare. `TMPDIR` on a RAM disk leaves the disk out.
//! `cargo bench -p kintsugi-tests --bench scoring`.

use std::io::Write as _;
use std::time::Instant;

use kintsugi_tests::daemon::TestDaemon;
use kintsugi_tests::scorer::{model, model_until, scripted};
use kintsugi_tests::wire::propose;
use serde_json::json;

/// Turns of each row, and samples of each turn.
const TURNS: usize = 40;
const SAMPLES: usize = 50;

/// Commands that are held, each another.
const HOLDS: usize = 500;

/// What stands in front of a number, and is ambiguous below the threshold.
const UNCLEAR: &str = "frobnicate --now";

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:38} {:>8} {:>8} | {:>8} {:>8} {:>6}",
        "proposals of others, µs", "p50", "p99", "p50 then", "p99 then", "ratio"
    )?;
    for (name, action) in [
        ("while it scores for 100 ms", "delay 100, risk 10"),
        ("while it is silent", "silence"),
        ("while it is stopped", "stop"),
        ("while it loops", "loop"),
        ("while it aborts", "abort"),
    ] {
        row(&mut out, name, action)?;
    }
    held(&mut out)?;
    repeated(&mut out)?;
    deadline(&mut out)?;
    idle(&mut out)
}

fn percentile(times: &[u128], percent: usize) -> u128 {
    let at = times.len() * percent / 100;
    times.get(at).copied().unwrap_or_default()
}

/// Others' proposals, alone and while the worker has a question.
fn row(out: &mut impl std::io::Write, name: &str, action: &str) -> std::io::Result<()> {
    let script = format!("{UNCLEAR} => {action}");
    let daemon = scripted(&[&script, "risk 10"], "");
    let (mut scored, mut other) = (daemon.connect(), daemon.connect());
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let mut sample = |times: &mut Vec<u128>| {
        let started = Instant::now();
        drop(other.ask(&propose("ls -la")));
        times.push(started.elapsed().as_micros());
    };
    (0..SAMPLES).for_each(|_| sample(&mut Vec::new()));
    for turn in 0..TURNS {
        (0..SAMPLES).for_each(|_| sample(&mut alone));
        // One that ended is there again before the next turn, unless that takes seconds by now.
        if turn < 4 {
            model_until(&daemon, |model| model["state"] == "ready");
        }
        scored.say(&propose(&format!("{UNCLEAR} {turn}")));
        (0..SAMPLES).for_each(|_| sample(&mut beside));
        drop(scored.hear());
    }
    alone.sort_unstable();
    beside.sort_unstable();
    let [one, many, then_one, then_many] = [
        percentile(&alone, 50),
        percentile(&alone, 99),
        percentile(&beside, 50),
        percentile(&beside, 99),
    ];
    let hundredths = then_many * 100 / many.max(1);
    let restarts = model(&mut daemon.connect())["restarts"].clone();
    writeln!(
        out,
        "{name:38} {one:>8} {many:>8} | {then_one:>8} {then_many:>8} {:>3}.{:02}   (goal: 2; {restarts} restarts)",
        hundredths / 100,
        hundredths % 100
    )
}

/// What is held, while the worker is asked for words about what was held before and never finds any.
fn held(out: &mut impl std::io::Write) -> std::io::Result<()> {
    let alone = scripted(&["risk 10"], "explain_ms = 0\n");
    let beside = scripted(&["silence"], "explain_ms = 60000\n");
    let mut times = [Vec::new(), Vec::new()];
    for turn in 0..HOLDS {
        for (daemon, times) in [&alone, &beside].into_iter().zip(&mut times) {
            let mut client = daemon.connect();
            let command = propose(&format!("git push --force origin {turn}"));
            let started = Instant::now();
            assert_eq!(client.ask(&command)["decision"], "hold");
            times.push(started.elapsed().as_micros());
        }
    }
    let [mut one, mut other] = times;
    one.sort_unstable();
    other.sort_unstable();
    let [one, many] = [percentile(&one, 50), percentile(&one, 99)];
    let [then_one, then_many] = [percentile(&other, 50), percentile(&other, 99)];
    let hundredths = then_many * 100 / many.max(1);
    writeln!(
        out,
        "{:38} {one:>8} {many:>8} | {then_one:>8} {then_many:>8} {:>3}.{:02}   (no words asked for | asked for)",
        "what is held, \u{b5}s",
        hundredths / 100,
        hundredths % 100
    )
}

/// What a daemon takes that has no model, and one that has, once nothing happens.
fn idle(out: &mut impl std::io::Write) -> std::io::Result<()> {
    let without = TestDaemon::start();
    let with = scripted(&["risk 10"], "");
    for daemon in [&without, &with] {
        drop(daemon.connect().ask(&propose(UNCLEAR)));
    }
    // It gives memory back after five seconds.
    std::thread::sleep(std::time::Duration::from_secs(8));
    writeln!(
        out,
        "{:38} {:>8} {:>8}   (without a model, with one beside it; goal: 4,096)",
        "resident when idle, KiB",
        without.resident_bytes() / 1_024,
        with.resident_bytes() / 1_024
    )
}

/// A command that was scored before.
fn repeated(out: &mut impl std::io::Write) -> std::io::Result<()> {
    let daemon = scripted(&["risk 10"], "");
    let mut client = daemon.connect();
    let mut ask = || {
        let started = Instant::now();
        drop(client.ask(&propose(UNCLEAR)));
        started.elapsed().as_micros()
    };
    let first = ask();
    let mut times: Vec<u128> = (0..TURNS * SAMPLES).map(|_| ask()).collect();
    times.sort_unstable();
    let cached = model(&mut daemon.connect())["cached"].clone();
    assert_eq!(cached, json!(TURNS * SAMPLES), "all but the first");
    writeln!(
        out,
        "{:38} {:>8} {:>8}   (goal: 1,000; the first time {first})",
        "a repeated command, from the cache, µs",
        percentile(&times, 50),
        percentile(&times, 99)
    )
}

/// How long whoever is scored waits for a worker that says nothing, beyond its deadline.
fn deadline(out: &mut impl std::io::Write) -> std::io::Result<()> {
    let mut beyond = Vec::new();
    for turn in 0..5 {
        let daemon = scripted(&["silence"], "");
        let mut client = daemon.connect();
        let started = Instant::now();
        let verdict = client.ask(&propose(&format!("{UNCLEAR} {turn}")));
        assert_eq!(verdict["scored"]["why"], "deadline", "{verdict}");
        beyond.push(started.elapsed().as_micros().saturating_sub(300_000));
    }
    beyond.sort_unstable();
    writeln!(
        out,
        "{:38} {:>8} {:>8}   (median, slowest of five)",
        "beyond the deadline of 300 ms, µs",
        percentile(&beyond, 50),
        percentile(&beyond, 100 - 1)
    )
}
