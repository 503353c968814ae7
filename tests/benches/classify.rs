//! How long it takes to classify a command, in process: `cargo bench -p kintsugi-tests --bench classify`.
//!
//! Judges every command of the harmless corpus, or those of the NDJSON file that `KINTSUGI_COMMANDS` names (members `cmd` or `command`),
//! many times, and prints the percentiles of each command's median. The goal is p50 ≤ 15 µs, p99 ≤ 400 µs, and no
//! single input above 20 ms.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use kintsugi_core::classify::Subject;
use kintsugi_core::judge::Judge;
use kintsugi_core::place::Surroundings;
use kintsugi_core::shell::Dialect;

/// Times that each command is judged.
const ROUNDS: usize = 15;

fn main() -> Result<()> {
    let started = Instant::now();
    let judge = Judge::builtin()?;
    let loaded = started.elapsed();
    let commands = commands()?;
    let surroundings = Surroundings {
        home: Some("/home/u".to_owned()),
        ..Surroundings::default()
    };
    let mut medians: Vec<(Duration, &str)> = commands
        .iter()
        .map(|command| (median(&judge, command, &surroundings), command.as_str()))
        .collect();
    medians.sort_unstable();
    let at = |percent: usize| {
        medians.get((medians.len() * percent / 100).min(medians.len().saturating_sub(1)))
    };
    let micros = |entry: Option<&(Duration, &str)>| entry.map_or(0, |(time, _)| time.as_micros());
    println!("load knowledge and rules: {} ms", loaded.as_millis());
    println!(
        "classify {} commands: p50 {} µs, p90 {} µs, p99 {} µs, slowest {} µs",
        medians.len(),
        micros(at(50)),
        micros(at(90)),
        micros(at(99)),
        micros(medians.last()),
    );
    if let Some((_, command)) = medians.last() {
        println!(
            "slowest: {}",
            command.chars().take(120).collect::<String>().escape_debug()
        );
    }
    Ok(())
}

fn median(judge: &Judge, command: &str, surroundings: &Surroundings) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            black_box(judge.classify(Subject {
                text: black_box(command),
                dialect: Dialect::Bash,
                cwd: "/home/u/project",
                surroundings,
                facts: None,
                bar: kintsugi_core::classify::Bar::Decision,
            }));
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    times.get(ROUNDS / 2).copied().unwrap_or_default()
}

fn commands() -> Result<Vec<String>> {
    match std::env::var_os("KINTSUGI_COMMANDS") {
        Some(path) => std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read `{}`", path.display()))?
            .lines()
            .map(|line| {
                let value: serde_json::Value = serde_json::from_str(line)?;
                let text = value.get("command").or_else(|| value.get("cmd"));
                text.and_then(serde_json::Value::as_str)
                    .map(str::to_owned)
                    .context("a line has neither `command` nor `cmd`")
            })
            .collect(),
        None => Ok(kintsugi_tests::corpus::load("harmless")
            .into_iter()
            .map(|case| case.command)
            .collect()),
    }
}
