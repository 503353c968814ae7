//! How fast the log is written and verified, beside the floor that the machine allows.

use std::time::Duration;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use kintsugi_core::audit::record::Body;
use kintsugi_core::audit::verify::{Options as Checks, Outcome, verify};
use kintsugi_core::protocol::Change;
use kintsugi_daemon::store::memory::Memory;
use kintsugi_daemon::store::{Directory, Files, Log, Now, Options, Storage};

fn main() {
    divan::main();
}

fn options() -> Options {
    Options {
        boot: "3f0c1d0e-0000-4000-8000-000000000001".into(),
        seed: [1; 32],
        program: "kintsugi bench".into(),
        host: None,
        segment_records: kintsugi_core::limits::SEGMENT_RECORDS,
    }
}

fn now() -> Now {
    Now {
        wall: "2026-01-02T03:04:05Z".parse().unwrap(),
        monotonic: Duration::ZERO,
    }
}

fn events(count: u64) -> Vec<Body> {
    (0..count)
        .map(|number| Body::Observation {
            change: Change::Modified,
            path: format!("/home/u/project/src/module_{number}/file.rs"),
            seen: None,
        })
        .collect()
}

fn log(storage: Box<dyn Storage>) -> Log {
    Log::open(storage, options(), &mut ()).unwrap().0
}

/// Two records and a sync: what a verdict waits for. The goal is a propose of 200 µs p50 (floor 120 µs).
#[divan::bench]
fn append_two_and_sync(bencher: Bencher<'_, '_>) {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut log = log(Box::new(Directory::open(directory.path()).unwrap()));
    bencher.bench_local(|| {
        let staged = log.stage(now(), events(2), &()).unwrap();
        log.sync().unwrap().confirm(staged).unwrap().records().len()
    });
}

/// The floor of the above: the same bytes and the same sync, without a log.
#[divan::bench]
fn floor_write_and_sync(bencher: Bencher<'_, '_>) {
    use std::io::Write as _;
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut file = std::fs::File::create(directory.path().join("floor")).unwrap();
    let bytes = vec![b'x'; 1_000];
    bencher.bench_local(|| {
        file.write_all(&bytes).unwrap();
        file.sync_data().unwrap();
    });
}

/// Thirty-two requests that share a sync.
#[divan::bench]
fn group_commit_of_32(bencher: Bencher<'_, '_>) {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut log = log(Box::new(Directory::open(directory.path()).unwrap()));
    bencher.counter(ItemsCount::new(64_usize)).bench_local(|| {
        let mut staged = Vec::new();
        for _ in 0..32 {
            staged.push(log.stage(now(), events(2), &()).unwrap());
        }
        let durable = log.sync().unwrap();
        for staged in staged {
            black_box(durable.confirm(staged).unwrap().records().len());
        }
    });
}

const RECORDS: u64 = 16_000;

fn big() -> Memory {
    let disk = Memory::new();
    let mut log = log(Box::new(disk.clone()));
    while log.status().size < RECORDS {
        let staged = log.stage(now(), events(100), &()).unwrap();
        assert!(log.sync().unwrap().confirm(staged).is_ok());
    }
    disk
}

/// Chain, MAC and Merkle tree. The goal is 0.35 M records a second (floor 0.40).
#[divan::bench(sample_count = 20)]
fn verify_everything(bencher: Bencher<'_, '_>) {
    let disk = big();
    bencher.counter(ItemsCount::new(RECORDS)).bench_local(|| {
        let report = verify(&Files(&disk), Checks::default());
        assert_eq!(report.outcome, Outcome::Good);
    });
}

/// What a start does with a full segment. The goal for the whole start is 50 ms (floor 14 ms).
#[divan::bench(sample_count = 20)]
fn open_a_full_segment(bencher: Bencher<'_, '_>) {
    let disk = big();
    bencher.bench_local(|| black_box(log(Box::new(disk.clone())).status()));
}
