//! `kintsugi model bench` and `eval`: how long a model takes, and what it catches. In a worker of their own; nothing is run.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use kintsugi_core::classify::Class;
use kintsugi_core::decide::Decision;
use kintsugi_core::display::escape;
use kintsugi_core::judge::Judge;
use kintsugi_core::scorer::settings::ModelSettings;
use kintsugi_core::scorer::{Outcome, command_line, effects_line};
use kintsugi_core::shell::Dialect;
use serde::{Deserialize, Serialize};

use super::{Which, files};
use crate::command::JSON_VERSION;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::scorer::{Worker, program};
use crate::{embedded, proposal};

/// Longest line of a file, in bytes.
const LINE_BYTES_MAX: u64 = 64 * 1024;

/// How often words are asked for: they take many times as long as a score.
const WORDS_ROUNDS_MAX: u32 = 5;

/// Commands of about 20 and about 60 tokens, with a number in them so that none is scored twice.
const SHORT: &str = "mytool deploy --region eu-1 --replicas";
const LONG: &str = "mytool deploy --region eu-1 --config ./deploy/settings.yaml --set image.tag=v2 --set \
                    ingress.enabled=true --wait --timeout 300 --namespace staging --replicas";

#[derive(Debug, Serialize)]
struct Bench {
    version: u32,
    scorer: String,
    start_ms: u64,
    short: Times,
    long: Times,
    /// Of what a model says about what is held.
    words: Times,
    unavailable: usize,
}

/// In microseconds; zero when nothing was measured.
#[derive(Debug, Clone, Copy, Serialize, PartialEq, Eq)]
struct Times {
    p50_us: u64,
    p99_us: u64,
}

#[derive(Debug, Deserialize)]
struct Line {
    command: String,
    harmful: bool,
    #[serde(default)]
    cwd: Option<String>,
    #[serde(default)]
    shell: Option<Dialect>,
}

/// How many of the commands that should be held are, and how many of the others.
#[derive(Debug, Default, Clone, Copy, Serialize)]
struct Rates {
    harmful: u32,
    caught: u32,
    harmless: u32,
    false_alarms: u32,
}

#[derive(Debug, Serialize)]
struct Evaluation {
    version: u32,
    scorer: String,
    threshold: u8,
    /// Decided by rules alone: no model is asked about them.
    rules: Rates,
    /// What is ambiguous, by the heuristic alone.
    heuristic: Rates,
    /// The same by the model alone, where it has a score.
    model: Rates,
    /// The same as it is decided: the higher of both.
    both: Rates,
    unavailable: u32,
    latency: Times,
}

/// Measures how long scores take.
pub(super) fn bench(which: &Which, rounds: u32, console: &mut Console) -> Result<Exit, Failure> {
    let settings = settings(which)?;
    let began = Instant::now();
    let mut worker = start(&settings)?;
    let start_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let mut unavailable = 0;
    let mut measure = |text: &str| -> Result<Times, Failure> {
        let mut times = Vec::new();
        for round in 0..rounds {
            let answer = worker.score(&format!("{text} {round}"), "", settings.deadline_ms)?;
            match answer.outcome {
                Outcome::Risk(_) => times.push(answer.took),
                Outcome::Unavailable(_) => unavailable += 1,
            }
        }
        Ok(Times::of(times))
    };
    let (short, long) = (measure(SHORT)?, measure(LONG)?);
    let mut times = Vec::new();
    for round in 0..rounds.min(WORDS_ROUNDS_MAX) {
        let text = format!("{SHORT} {round}");
        let (words, took) = worker.explain(&text, "", settings.explain_ms.max(10))?;
        times.extend(words.map(|_| took));
    }
    let words = Times::of(times);
    let bench = Bench {
        version: JSON_VERSION,
        scorer: worker.ready().name(),
        start_ms,
        short,
        long,
        words,
        unavailable,
    };
    if which.json {
        console.json(&bench)?;
        return Ok(Exit::Allowed);
    }
    writeln!(console.out, "scorer       {}", escape(&bench.scorer))?;
    writeln!(console.out, "start        {start_ms} ms")?;
    writeln!(console.out, "short        {short}")?;
    writeln!(console.out, "long         {long}")?;
    writeln!(console.out, "words        {words}")?;
    writeln!(console.out, "unavailable  {unavailable} of {}", 2 * rounds)?;
    Ok(Exit::Allowed)
}

/// Measures what is caught, and what is held for nothing.
pub(super) fn eval(file: &Path, which: &Which, console: &mut Console) -> Result<Exit, Failure> {
    let settings = settings(which)?;
    let judge = embedded::judge()?;
    let shown = file.display();
    let lines = File::open(file).with_context(|| format!("`{shown}`"))?;
    let mut worker = start(&settings)?;
    let mut found = Evaluation {
        version: JSON_VERSION,
        scorer: worker.ready().name(),
        threshold: judge.policy().threshold,
        rules: Rates::default(),
        heuristic: Rates::default(),
        model: Rates::default(),
        both: Rates::default(),
        unavailable: 0,
        latency: Times::of(Vec::new()),
    };
    let mut times = Vec::new();
    let mut lines = BufReader::new(lines);
    let mut bytes = Vec::new();
    for number in 1_u64.. {
        bytes.clear();
        let mut bounded = std::io::Read::take(&mut lines, LINE_BYTES_MAX);
        if bounded.read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let line: Line = serde_json::from_slice(&bytes).map_err(|error| {
            Failure::new(Exit::Failed, format!("line {number} of `{shown}`: {error}"))
                .hint("each line is an object like {\"command\":\"make\",\"harmful\":false}")
        })?;
        times.extend(one(line, (&judge, &mut worker, &settings), &mut found)?);
    }
    found.latency = Times::of(times);
    if which.json {
        console.json(&found)?;
    } else {
        tell(&found, console)?;
    }
    Ok(Exit::Allowed)
}

/// Judges one command in every way; returns how long the model took, when it was asked and had a score.
fn one(
    line: Line,
    (judge, worker, settings): (&Judge, &mut Worker, &ModelSettings),
    found: &mut Evaluation,
) -> Result<Option<Duration>, Failure> {
    let cwd = line.cwd.unwrap_or_else(|| "/home/u/project".to_owned());
    let around = proposal::judged_in(&cwd);
    let dialect = line.shell.unwrap_or_default();
    let command = proposal::propose("check", line.command, cwd, dialect);
    let verdict = judge.verdict(&command, &around, None);
    if verdict.class != Class::Ambiguous {
        let held = verdict.decision != Decision::Allow;
        found.rules.count(line.harmful, held);
        return Ok(None);
    }
    let threshold = found.threshold;
    let heuristic = verdict.risk.unwrap_or(100);
    found.heuristic.count(line.harmful, heuristic >= threshold);
    let asked = command_line(&command.raw);
    let answer = asked
        .map(|asked| {
            worker.score(
                &asked,
                &effects_line(&verdict.effects),
                settings.deadline_ms,
            )
        })
        .transpose()?;
    let Some((Outcome::Risk(risk), took)) = answer.map(|answer| (answer.outcome, answer.took))
    else {
        found.unavailable += 1;
        found.both.count(line.harmful, heuristic >= threshold);
        return Ok(None);
    };
    found.model.count(line.harmful, risk >= threshold);
    found
        .both
        .count(line.harmful, risk.max(heuristic) >= threshold);
    Ok(Some(took))
}

fn tell(found: &Evaluation, console: &mut Console) -> Result<(), Failure> {
    let out = &mut console.out;
    writeln!(out, "scorer       {}", escape(&found.scorer))?;
    writeln!(out, "threshold    {}", found.threshold)?;
    writeln!(out, "rules        {}", found.rules)?;
    writeln!(out, "heuristic    {}", found.heuristic)?;
    writeln!(out, "model        {}", found.model)?;
    writeln!(out, "both         {}", found.both)?;
    writeln!(out, "unavailable  {}", found.unavailable)?;
    Ok(writeln!(out, "latency      {}", found.latency)?)
}

fn settings(which: &Which) -> Result<ModelSettings, Failure> {
    let mut settings = files::settings_of(which.model.as_deref())?;
    if let Some(deadline) = which.deadline {
        settings.deadline_ms = deadline.clamp(10, 60_000);
    }
    Ok(settings)
}

fn start(settings: &ModelSettings) -> Result<Worker, Failure> {
    let worker = program().and_then(|program| Worker::start(&program, settings));
    worker.map_err(|error| {
        Failure::new(Exit::Failed, format!("no score: {error:#}"))
            .hint("`kintsugi-scorer --version` says what it is built with")
    })
}

impl Rates {
    fn count(&mut self, harmful: bool, held: bool) {
        let (all, counted) = if harmful {
            (&mut self.harmful, &mut self.caught)
        } else {
            (&mut self.harmless, &mut self.false_alarms)
        };
        *all += 1;
        *counted += u32::from(held);
    }
}

impl std::fmt::Display for Rates {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let percent = |part: u32, all: u32| (100 * part + all / 2).checked_div(all).unwrap_or(0);
        let (caught, harmful) = (self.caught, self.harmful);
        let (alarms, harmless) = (self.false_alarms, self.harmless);
        write!(
            formatter,
            "catches {caught} of {harmful} ({} %), false alarms {alarms} of {harmless} ({} %)",
            percent(caught, harmful),
            percent(alarms, harmless)
        )
    }
}

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |percent: usize| {
            let last = times.len().saturating_sub(1);
            let time = times.get((times.len() * percent / 100).min(last));
            time.map_or(0, |time| {
                u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
            })
        };
        Self {
            p50_us: at(50),
            p99_us: at(99),
        }
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tenths = |us: u64| format!("{}.{} ms", us / 1_000, us % 1_000 / 100);
        write!(
            formatter,
            "p50 {}, p99 {}",
            tenths(self.p50_us),
            tenths(self.p99_us)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_times_are_what_was_counted() {
        let mut rates = Rates::default();
        for (harmful, held) in [(true, true), (true, false), (false, false), (true, true)] {
            rates.count(harmful, held);
        }
        let shown = rates.to_string();
        assert_eq!(shown, "catches 2 of 3 (67 %), false alarms 0 of 1 (0 %)");
        let times = Times::of((1..=100).rev().map(Duration::from_millis).collect());
        assert_eq!(times.to_string(), "p50 51.0 ms, p99 100.0 ms");
        assert_eq!(Times::of(Vec::new()).p99_us, 0);
    }
}
