//! How fast a log is verified, read and opened, and in how much memory: `cargo bench -p kintsugi-tests --bench verify_log`.
//!
//! Makes a log of a million records on disk (`KINTSUGI_BENCH_RECORDS` says another number) and prints each row beside the
//! floor and the goal. A row runs in a process of its own, so that its memory is its own. Rates are records for a second
//! of processor time, since the clock on the wall belongs to the whole machine; both are printed. The programs must be
//! built beside it: `cargo build --release` first.

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use kintsugi_core::audit::record::{Body, Command as Proposed, Peer, Verdict};
use kintsugi_core::audit::verify::{Depth, Options as Checks, Outcome, verify};
use kintsugi_core::audit::{Source, segment_first, segment_name};
use kintsugi_core::limits::{IDS_MAX, SEGMENT_BYTES, SEGMENT_RECORDS};
use kintsugi_core::proposal::{PeerCredentials, ProposedCommand};
use kintsugi_daemon::store::{Directory, Log, Now, Options};
use kintsugi_tests::daemon::TestDaemon;
use kintsugi_tests::machine::program;
use kintsugi_tests::wire::propose;
use rustix::time::{ClockId, clock_gettime};

const RECORDS: u64 = 1_000_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, row, path] = arguments.as_slice()
        && !row.starts_with("--")
    {
        return child(row, Path::new(path));
    }
    let records = std::env::var("KINTSUGI_BENCH_RECORDS").ok();
    let records = records.map_or(RECORDS, |text| text.parse().expect("a number of records"));
    let mut daemon = TestDaemon::prepared();
    let directory = daemon.home().join("data/kintsugi/log");
    let started = Instant::now();
    make(&directory, records);
    println!(
        "made a log of {records} records in {:.1?}",
        started.elapsed()
    );
    println!(
        "{:34} {:>10} {:>10} {:>9} {:>9}   goal",
        "", "k/s (cpu)", "k/s (wall)", "MiB", "% floor"
    );
    let rows = [
        ("floor", "the floor: one hash for each line and no more"),
        (
            "chain",
            "≥ 78 % (1,000 k/s where the floor is 1,290), ≤ 16 MiB",
        ),
        ("records", ""),
        ("everything", "≥ 27 % (350 k/s, likewise), ≤ 16 MiB"),
        ("quick", "at the speed of memory, ≤ 16 MiB"),
    ];
    let mut floor = 0;
    for (row, goal) in rows {
        let told = run(row, &directory);
        let [cpu, wall, kib] = told.as_slice() else {
            panic!("{told:?}")
        };
        let rate = |micros: u64| records * 1_000 / micros.max(1);
        let (cpu, wall, mib) = (rate(*cpu), rate(*wall), kib / 1024);
        floor = floor.max(cpu);
        let percent = cpu * 100 / floor;
        println!("{row:34} {cpu:>10} {wall:>10} {mib:>9} {percent:>9}   {goal}");
    }
    commands(&daemon, records);
    daemon_ready(&mut daemon);
}

/// Runs a row in a process of its own; returns processor and wall time in microseconds, and resident KiB.
fn run(row: &str, directory: &Path) -> Vec<u64> {
    let this = std::env::current_exe().expect("this program");
    let output = Command::new(this).arg(row).arg(directory).output();
    let output = output.expect("it starts");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    text.split_whitespace()
        .map(|number| number.parse().expect("a number"))
        .collect()
}

fn child(row: &str, directory: &Path) {
    let files = Reading(directory.to_owned());
    let started = Instant::now();
    let before = processor_time();
    let depth = match row {
        "chain" => Some(Depth::Chain),
        "records" => Some(Depth::Records),
        "everything" => Some(Depth::Everything),
        "quick" => Some(Depth::Quick),
        _ => None,
    };
    match depth {
        Some(depth) => {
            let options = Checks {
                depth,
                ..Checks::default()
            };
            assert_eq!(verify(&files, options).outcome, Outcome::Good);
        }
        None => floor(&files),
    }
    let used = processor_time().saturating_sub(before).as_micros();
    let wall = started.elapsed().as_micros();
    println!("{used} {wall} {}", resident_kib("self", "VmHWM:"));
}

/// Reads every line and hashes it with the one before: less than any verifier must do.
fn floor(files: &Reading) {
    let mut names = files.names().expect("names");
    names.retain(|name| name.starts_with("seg-"));
    names.sort_unstable();
    let mut before = [0; 32];
    for name in names {
        let mut reader = BufReader::with_capacity(1 << 16, files.reader(&name, 0).expect("a file"));
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).expect("a line") > 0 {
            let mut hasher = blake3::Hasher::new();
            hasher.update(&before).update(&line);
            before = *hasher.finalize().as_bytes();
            line.clear();
        }
    }
    std::hint::black_box(before);
}

/// What a person waits for: the command line on this log.
fn commands(daemon: &TestDaemon, records: u64) {
    let last_minute = ["log", "--since", "2026-01-02T04:00:00Z", "-n", "5"];
    let middle = (records * 2 / 5).to_string();
    let rows: [(&str, &[&str]); 6] = [
        ("kintsugi log verify", &["log", "verify"]),
        (
            "kintsugi log show (in the middle)",
            &["log", "show", &middle],
        ),
        (
            "kintsugi log prove (in the middle)",
            &["log", "prove", &middle],
        ),
        ("kintsugi log -n 5", &["log", "-n", "5"]),
        ("kintsugi log --since (the end)", &last_minute),
        (
            "kintsugi log --grep",
            &["log", "--grep", "nothing has this"],
        ),
    ];
    println!("{:34} {:>10}", "", "ms (wall)");
    for (name, arguments) in rows {
        let mut command = Command::new(program("kintsugi"));
        command.env_clear().env("HOME", daemon.home());
        command.env("XDG_DATA_HOME", daemon.home().join("data"));
        command.env("XDG_STATE_HOME", daemon.home().join("state"));
        command.env("XDG_RUNTIME_DIR", daemon.home().join("run"));
        let started = Instant::now();
        let output = command.args(arguments).output().expect("it starts");
        let took = started.elapsed().as_millis();
        assert!(output.status.success(), "{name}: {output:?}");
        println!("{name:34} {took:>10}");
    }
}

/// From its start to its first accept, after `kill -9`: the goal is 50 ms, whatever the last segment holds.
fn daemon_ready(daemon: &mut TestDaemon) {
    println!(
        "{:46} {:>8} {:>8} {:>8}   goal: 50 ms (floor 14 ms)",
        "daemon ready after kill -9, ms", "p50", "p99", "most"
    );
    daemon.start_again();
    starts(daemon, "the log as it was made");
    let log = daemon.home().join("data/kintsugi/log");
    fill(daemon, "ls -la", || {
        last_segment(&log).0 >= SEGMENT_RECORDS - 32
    });
    starts(daemon, "a last segment with nearly all its records");
    let echo = format!("echo {}", "x".repeat(20_000));
    fill(daemon, &echo, || {
        last_segment(&log).1 >= SEGMENT_BYTES - 100_000
    });
    starts(daemon, "a last segment with nearly all its bytes");
    let mut asked = 0;
    fill(daemon, "ls -la", || {
        asked += 16;
        asked > IDS_MAX
    });
    starts(daemon, "65,536 ids that are remembered");
    let mut again = 0;
    fill(daemon, "ls -la", || {
        again += 1;
        again > 100 && last_segment(&log).0 >= SEGMENT_RECORDS - 32
    });
    starts(daemon, "and nearly all its records");
}

/// Returns how many records the last segment has, and how many bytes.
fn last_segment(log: &Path) -> (u64, u64) {
    let names = Reading(log.to_owned()).names().expect("names");
    let firsts = names.iter().filter_map(|name| segment_first(name));
    let first = firsts.max().expect("a segment");
    let bytes = std::fs::read(log.join(segment_name(first))).expect("a segment");
    let records = bytes.split(|byte| *byte == b'\n').count() - 1;
    let records = u64::try_from(records).expect("few");
    (records, u64::try_from(bytes.len()).expect("few"))
}

/// Proposes until it is enough, which is looked at after every sixteenth proposal.
fn fill(daemon: &TestDaemon, command: &str, mut is_enough: impl FnMut() -> bool) {
    let mut client = daemon.connect();
    let mut count = 0_u32;
    while !count.is_multiple_of(if command.len() > 100 { 4 } else { 16 }) || !is_enough() {
        drop(client.ask(&propose(command)));
        count += 1;
    }
}

/// Kills the daemon and starts it again, a hundred times; it ends running.
fn starts(daemon: &mut TestDaemon, name: &str) {
    let mut times = Vec::new();
    for _ in 0..100 {
        daemon.end(rustix::process::Signal::KILL);
        let started = Instant::now();
        daemon.start_again();
        times.push(started.elapsed());
    }
    times.sort_unstable();
    let ms = |index: usize| {
        let micros = times[index].as_micros();
        format!("{}.{}", micros / 1_000, micros / 100 % 10)
    };
    println!("  {name:44} {:>8} {:>8} {:>8}", ms(50), ms(98), ms(99));
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

fn resident_kib(process: &str, what: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// The files of a log, to be read.
struct Reading(PathBuf);

impl Source for Reading {
    fn names(&self) -> std::io::Result<Vec<String>> {
        let entries = std::fs::read_dir(&self.0)?;
        entries
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect()
    }

    fn reader(&self, name: &str, offset: u64) -> std::io::Result<Box<dyn Read + '_>> {
        use std::io::Seek as _;
        let mut file = std::fs::File::open(self.0.join(name))?;
        file.seek(std::io::SeekFrom::Start(offset))?;
        Ok(Box::new(file))
    }
}

/// Fills a log with what an agent does: every command with its verdict.
fn make(directory: &Path, records: u64) {
    std::fs::create_dir_all(directory).expect("a directory");
    let options = Options {
        boot: "3f0c1d0e-0000-4000-8000-000000000001".into(),
        seed: [1; 32],
        program: "kintsugi bench".into(),
        segment_records: SEGMENT_RECORDS,
        host: None,
    };
    let storage = Directory::open(directory).expect("a directory");
    let (mut log, _) = Log::open(Box::new(storage), options, &mut ()).expect("a log");
    let start: jiff::Timestamp = "2026-01-02T03:04:05Z".parse().expect("a time");
    while log.status().size < records {
        let size = log.status().size;
        let seconds = i64::try_from(size * 3_600 / records.max(1)).unwrap_or_default();
        let now = Now {
            wall: start + Duration::from_secs(u64::try_from(seconds).unwrap_or_default()),
            monotonic: Duration::ZERO,
        };
        let bodies = (0..500).flat_map(|number| pair(size + number)).collect();
        let staged = log.stage(now, bodies, &()).expect("room");
        assert!(log.sync().expect("a sync").confirm(staged).is_ok());
    }
    assert!(directory.join(segment_name(0)).exists());
}

fn pair(number: u64) -> [Body; 2] {
    let id = uuid::Uuid::from_u128(u128::from(number));
    let raw = format!("cargo test -p module-{number} --all-features -- --nocapture");
    let command: ProposedCommand = serde_json::from_value(serde_json::json!({
        "id": id, "ts": "2026-01-02T03:04:05Z", "agent": "claude-code",
        "cwd": "/home/u/project", "raw": raw, "session": "0b6f5ab2",
    }))
    .expect("a command");
    let verdict: Verdict = serde_json::from_value(serde_json::json!({
        "id": id, "class": "safe", "decision": "allow", "tier": 1,
        "reason": "runs the project's tests", "content_hash": "0123456789abcdef0123456789abcdef",
    }))
    .expect("a verdict");
    let peer = Peer::from(PeerCredentials {
        uid: 1000,
        gid: 1000,
        pid: 4711,
    });
    let command = Proposed::from(command);
    [Body::Proposal { command, peer }, Body::Verdict(verdict)]
}
