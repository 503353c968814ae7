//! How long a client waits for the daemon: alone, and among peers that send nothing or one byte at a time.
//!
//! Prints the median and the 99th percentile beside the floor of a bare prototype and the goal. Times are of the machine
//! that runs it; the ratios are what to compare. `cargo bench -p kintsugi-tests --bench daemon`.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use kintsugi_core::audit::{segment_first, segment_name};
use kintsugi_core::limits::{IDS_MAX, SEGMENT_RECORDS};
use kintsugi_tests::admin::{SEEDS, authorize, challenge, enrol};
use kintsugi_tests::daemon::TestDaemon;
use kintsugi_tests::wire::{Wire, propose};
use rustix::process::Signal;
use serde_json::{Value, json};

/// Samples of each row.
const SAMPLES: usize = 2_000;

/// Starts that are timed.
const STARTS: usize = 20;

/// Wrong guesses at the admin's password.
const GUESSES: usize = 10_000;

/// Times in microseconds, sorted.
struct Times(Vec<u128>);

impl Times {
    fn of(mut one: impl FnMut()) -> Self {
        (0..SAMPLES / 10).for_each(|_| one());
        let mut times: Vec<u128> = (0..SAMPLES)
            .map(|_| {
                let started = Instant::now();
                one();
                started.elapsed().as_micros()
            })
            .collect();
        times.sort_unstable();
        Self(times)
    }

    fn percentile(&self, percent: usize) -> u128 {
        self.0
            .get(self.0.len() * percent / 100)
            .copied()
            .unwrap_or_default()
    }
}

/// Prints one row after the other.
struct Table(std::io::StdoutLock<'static>);

impl Table {
    fn times(&mut self, name: &str, times: &Times, goal: &str) -> std::io::Result<()> {
        let (p50, p99) = (times.percentile(50), times.percentile(99));
        writeln!(self.0, "{name:46} {p50:>8} {p99:>8}   {goal}")
    }

    fn number(&mut self, name: &str, number: u128, unit: &str) -> std::io::Result<()> {
        writeln!(self.0, "{name:46} {number:>8} {unit}")
    }
}

fn main() -> std::io::Result<()> {
    let mut table = Table(std::io::stdout().lock());
    writeln!(
        table.0,
        "{:46} {:>8} {:>8}   floor, goal",
        "", "p50 µs", "p99 µs"
    )?;
    let mut daemon = TestDaemon::start();
    disk(&daemon, &mut table)?;
    alone_and_disturbed(&daemon, &mut table)?;
    beside_the_greedy(&daemon, &mut table)?;
    at_once(&daemon, &mut table)?;
    table.number("resident after all of this", kib(&daemon), "KiB")?;
    started(&mut daemon, &mut table)?;
    started_with_ids(&mut table)?;
    authenticated(&mut table)?;
    idle(&mut table)
}

/// What an attempt to be the admin costs, and what wrong ones cost whoever proposes meanwhile.
fn authenticated(table: &mut Table) -> std::io::Result<()> {
    let (none, guess) = (Value::Null, [1; 32]);
    let daemon = TestDaemon::start();
    enrol(&daemon, SEEDS);
    let (mut admin, mut client) = (daemon.connect(), daemon.connect());
    let asked = Times::of(|| drop(challenge(&mut admin, "resume", &none)));
    table.times("authentication, the challenge alone", &asked, "")?;
    let proven = Times::of(|| drop(authorize(&mut admin, "resume", &none, &SEEDS.password)));
    let goal = "39, 300 (p99) without the client's part";
    table.times("authentication, challenge to answer", &proven, goal)?;
    // In turns, so that both see the same machine. After the first guesses all come before the delay is over, and are refused unseen.
    let (mut alone, mut among) = (Vec::new(), Vec::new());
    for _ in 0..GUESSES {
        let started = Instant::now();
        drop(client.ask(&propose("ls -la")));
        alone.push(started.elapsed().as_micros());
        let given = challenge(&mut admin, "resume", &none);
        admin.say(&given.answer("resume", &none, &given.proof(&guess)));
        let started = Instant::now();
        drop(client.ask(&propose("ls -la")));
        among.push(started.elapsed().as_micros());
        drop(admin.hear());
    }
    alone.sort_unstable();
    among.sort_unstable();
    table.times("propose, between wrong guesses", &Times(alone), "")?;
    table.times(
        "propose, a wrong guess beside each of 10,000",
        &Times(among),
        "p99 at most 1.2 × between them",
    )
}

/// What one client waits for, and what it waits for among silent and trickling peers, in turns within the same run.
fn alone_and_disturbed(daemon: &TestDaemon, table: &mut Table) -> std::io::Result<()> {
    let mut client = daemon.connect();
    let connecting = Times::of(|| drop(daemon.connect().ask(&propose("ls -la"))));
    let verdict = Times::of(|| drop(client.ask(&propose("ls -la"))));
    let status = json!({"kind": "status"});
    let quiet = Times::of(|| drop(client.ask(&status)));
    let answer = client.ask(&status).to_string().len();
    let echoed = echoed(daemon, &status, answer)?;

    let silent: Vec<Wire> = (0..200).map(|_| daemon.connect()).collect();
    let mut slow: Vec<Wire> = (0..50).map(|_| daemon.connect()).collect();
    let mut turn = 0;
    let mut trickle = || {
        // Fifty bytes a second among them would be one in every few hundred requests: this is far more.
        turn += 1;
        if turn % 20 == 0 {
            let count = slow.len();
            if let Some(peer) = slow.get_mut(turn / 20 % count) {
                peer.send(b" ");
            }
        }
    };
    let disturbed_status = Times::of(|| {
        trickle();
        drop(client.ask(&status));
    });
    let disturbed_verdict = Times::of(|| {
        trickle();
        drop(client.ask(&propose("ls -la")));
    });
    drop(silent);
    table.times(
        "propose, durable verdict, one connection",
        &verdict,
        "120/330, 200/600",
    )?;
    table.times(
        "  among 200 silent and 50 slow peers",
        &disturbed_verdict,
        "p99 at most 2 × alone",
    )?;
    table.times("  with a new connection each time", &connecting, "")?;
    table.times(
        "an echo of the same bytes",
        &echoed,
        "the floor of a status",
    )?;
    let ratio = quiet.percentile(50) * 100 / echoed.percentile(50).max(1);
    table.times("status", &quiet, "22/187, 50/250")?;
    table.number("  p50 of that to the echo's", ratio, "%")?;
    table.times(
        "  among 200 silent and 50 slow peers",
        &disturbed_status,
        "p99 at most 2 × alone",
    )
}

/// What a client waits for that asks as much and is answered as much, by a thread that does nothing else: two messages over a socket
/// of the same kind, and two that are woken.
fn echoed(daemon: &TestDaemon, asked: &Value, answer_bytes: usize) -> std::io::Result<Times> {
    let path = daemon.home().join("run/echo.sock");
    let listener = UnixListener::bind(&path)?;
    let answer = json!("x".repeat(answer_bytes.saturating_sub(2))).to_string() + "\n";
    let mut client = Wire::connect(&path);
    let echo = std::thread::spawn(move || -> std::io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        let mut room = [0; 4_096];
        while stream.read(&mut room)? > 0 {
            stream.write_all(answer.as_bytes())?;
        }
        Ok(())
    });
    let times = Times::of(|| drop(client.ask(asked)));
    drop(client);
    let ended = echo.join().ok();
    ended.transpose().map(|_| times)
}

/// What one durable append costs on the disk of the log, without anything else: the floor of every verdict.
fn disk(daemon: &TestDaemon, table: &mut Table) -> std::io::Result<()> {
    let mut file = std::fs::File::create(daemon.home().join("floor"))?;
    let record = [b'x'; 1_300];
    let mut failed = None;
    let floor = Times::of(|| {
        let appended = file.write_all(&record).and_then(|()| file.sync_data());
        failed = appended.err().or(failed.take());
    });
    table.times(
        "one append and fdatasync on this disk",
        &floor,
        "the floor of a verdict",
    )?;
    failed.map_or(Ok(()), Err)
}

/// What a client waits for beside one other process with a hundred connections, all of which propose what costs the most.
fn beside_the_greedy(daemon: &TestDaemon, table: &mut Table) -> std::io::Result<()> {
    let mut honest = daemon.terminal();
    let status = json!({"kind": "status"});
    let alone = Times::of(|| drop(honest.ask(&status)));
    table.times("status, through a second process", &alone, "")?;
    for (name, line) in [
        (
            "  beside 100 costly proposals at a time",
            "ls -la a; ".repeat(6_000),
        ),
        (
            "  beside 100 frames of 1 MiB at a time",
            "x ".repeat(500_000),
        ),
    ] {
        let mut greedy: Vec<Wire> = (0..100).map(|_| daemon.connect()).collect();
        let mut times = Vec::new();
        for _ in 0..3 {
            for peer in &mut greedy {
                peer.say(&propose(&line));
            }
            for _ in 0..30 {
                let started = Instant::now();
                drop(honest.ask(&status));
                times.push(started.elapsed().as_micros());
            }
            for peer in &mut greedy {
                drop(peer.hear());
            }
        }
        times.sort_unstable();
        table.times(name, &Times(times), "one request of theirs in between")?;
    }
    Ok(())
}

/// What many clients get at once.
fn at_once(daemon: &TestDaemon, table: &mut Table) -> std::io::Result<()> {
    let mut clients: Vec<Wire> = (0..32).map(|_| daemon.connect()).collect();
    let rounds = 200;
    let started = Instant::now();
    for _ in 0..rounds {
        for client in &mut clients {
            client.say(&propose("ls -la"));
        }
        for client in &mut clients {
            drop(client.hear());
        }
    }
    let verdicts = rounds * clients.len();
    let rate = verdicts as u128 * 1_000_000 / started.elapsed().as_micros().max(1);
    table.number(
        "propose, 32 connections at once",
        rate,
        "verdicts/s, two records each",
    )?;
    let mut client = daemon.connect();
    let started = Instant::now();
    (0..2_000).for_each(|_| drop(client.ask(&propose("ls -la"))));
    let rate = 2_000_u128 * 1_000_000 / started.elapsed().as_micros().max(1);
    table.number("propose, one connection", rate, "verdicts/s, likewise")
}

/// How long a start takes with what all of this has left in the log.
fn started(daemon: &mut TestDaemon, table: &mut Table) -> std::io::Result<()> {
    let mut times: Vec<u128> = (0..20)
        .map(|_| {
            daemon.end(Signal::TERM);
            let started = Instant::now();
            daemon.start_again();
            started.elapsed().as_micros()
        })
        .collect();
    times.sort_unstable();
    let size = daemon.connect().ask(&json!({"kind": "status"}))["log"]["size"].clone();
    let name = format!("start to ready, {size} records in the log");
    table.times(&name, &Times(times), "at most 50,000")
}

/// How long a start takes that must remember as many ids as there can be, behind as many records as a segment can have.
fn started_with_ids(table: &mut Table) -> std::io::Result<()> {
    let mut daemon = TestDaemon::start();
    let log = daemon.home().join("data/kintsugi/log");
    let mut clients: Vec<Wire> = (0..64).map(|_| daemon.connect()).collect();
    let mut ids = 0;
    // The last segment but one opens with all of them; a closed segment is followed at once by the next.
    while ids < IDS_MAX || records_of_last(&log)? < SEGMENT_RECORDS - 256 {
        for client in &mut clients {
            client.say(&propose("ls -la"));
        }
        for client in &mut clients {
            drop(client.hear());
        }
        ids += clients.len();
    }
    drop(clients);
    let (mut ready, mut busy, mut answered) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STARTS {
        daemon.end(Signal::KILL);
        let started = Instant::now();
        daemon.start_again();
        ready.push(started.elapsed().as_micros());
        busy.push(daemon.processor_time().as_micros());
        drop(daemon.connect().ask(&propose("ls -la")));
        answered.push(started.elapsed().as_micros());
    }
    let records = records_of_last(&log)?;
    writeln!(
        table.0,
        "start behind kill -9: {ids} ids, {records} records in the last segment; p50 and slowest of {STARTS}"
    )?;
    for (name, mut times, goal) in [
        ("  to ready", ready, "at most 50,000"),
        ("  of that, time on a processor", busy, ""),
        ("  to the first verdict", answered, ""),
    ] {
        times.sort_unstable();
        table.times(name, &Times(times), goal)?;
    }
    Ok(())
}

/// Returns how many records the last segment of a log has.
fn records_of_last(log: &Path) -> std::io::Result<u64> {
    let names =
        std::fs::read_dir(log)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let last = names.filter_map(|name| segment_first(&name)).max();
    let bytes = std::fs::read(log.join(segment_name(last.unwrap_or_default())))?;
    let records = bytes.iter().filter(|byte| **byte == b'\n').count();
    Ok(u64::try_from(records).unwrap_or_default())
}

/// What a daemon costs that was asked a little and then nothing for a minute.
fn idle(table: &mut Table) -> std::io::Result<()> {
    let daemon = TestDaemon::start();
    for line in [
        "ls -la",
        "git push --force",
        "rm -rf build",
        "make && make test",
    ] {
        drop(daemon.connect().ask(&propose(line)));
    }
    // The last checkpoint is signed within 60 s, and memory is given back 5 s after that.
    std::thread::sleep(Duration::from_secs(70));
    let before = daemon.waits();
    std::thread::sleep(Duration::from_secs(60));
    let woken = u128::from(daemon.waits() - before);
    table.number("idle: wake-ups in a minute", woken, "(goal: 0)")?;
    table.number("idle: resident", kib(&daemon), "KiB (goal: 4096)")
}

fn kib(daemon: &TestDaemon) -> u128 {
    u128::from(daemon.resident_bytes() / 1024)
}
