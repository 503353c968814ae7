//! How long a client waits for the daemon: alone, and among peers that send nothing or one byte at a time.
//!
//! Prints the median and the 99th percentile beside the floor of a bare prototype and the goal. Times are of the machine
//! that runs it; the ratios are what to compare. `cargo bench -p kintsugi-tests --bench daemon`.

use std::io::Write as _;
use std::time::Instant;

use kintsugi_tests::daemon::TestDaemon;
use kintsugi_tests::wire::{Wire, propose};
use serde_json::json;

/// Samples of each row.
const SAMPLES: usize = 2_000;

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

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:44} {:>8} {:>8}   floor, goal (µs, p50/p99)",
        "", "p50 µs", "p99 µs"
    )?;
    let mut row = |name: &str, times: &Times, goal: &str| {
        let (p50, p99) = (times.percentile(50), times.percentile(99));
        writeln!(out, "{name:44} {p50:>8} {p99:>8}   {goal}")
    };

    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let status = json!({"kind": "status"});
    let ask_status = |client: &mut Wire| drop(client.ask(&status));
    let verdict = Times::of(|| drop(client.ask(&propose("ls -la"))));
    row(
        "propose, durable verdict, one connection",
        &verdict,
        "120/330, 200/600",
    )?;
    let connecting = Times::of(|| drop(daemon.connect().ask(&propose("ls -la"))));
    row("the same, with a new connection each time", &connecting, "")?;
    let quiet = Times::of(|| ask_status(&mut client));
    row("status", &quiet, "22/187, 50/250")?;

    let silent: Vec<Wire> = (0..200).map(|_| daemon.connect()).collect();
    let mut slow: Vec<Wire> = (0..50).map(|_| daemon.connect()).collect();
    let mut turn = 0;
    let disturbed = Times::of(|| {
        // Fifty bytes a second among them would be one in every few hundred requests: this is far more.
        turn += 1;
        if turn % 20 == 0 {
            let count = slow.len();
            if let Some(peer) = slow.get_mut(turn / 20 % count) {
                peer.send(b" ");
            }
        }
        ask_status(&mut client);
    });
    row(
        "status among 200 silent and 50 slow peers",
        &disturbed,
        "p99 at most 2 × undisturbed",
    )?;
    drop((silent, slow));

    let mut clients: Vec<Wire> = (0..32).map(|_| daemon.connect()).collect();
    let started = Instant::now();
    let rounds = 100;
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
    writeln!(
        out,
        "{:44} {rate:>8} verdicts/s",
        "propose, 32 connections at once"
    )?;
    let resident = daemon.resident_bytes() / 1024;
    writeln!(out, "{:44} {resident:>8} KiB resident", "after all of this")
}
