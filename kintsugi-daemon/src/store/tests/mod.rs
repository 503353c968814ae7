//! The log on real files: what is staged is found again, and what was altered is not believed.

mod anchors;
mod crashes;
mod full;
mod oddities;
mod reading;
mod removal;
mod tampering;

use std::path::Path;
use std::time::Duration;

use kintsugi_core::audit::record::{Body, Record};
use kintsugi_core::audit::{LOCK_FILE, segment_name};
use kintsugi_core::protocol::Change;

use super::*;

fn options() -> Options {
    Options {
        boot: "boot".into(),
        seed: [9; 32],
        program: "kintsugi test".into(),
        host: None,
        segment_records: kintsugi_core::limits::SEGMENT_RECORDS,
    }
}

fn now() -> Now {
    Now {
        wall: "2026-01-01T00:00:00Z".parse().unwrap(),
        monotonic: Duration::from_secs(1),
    }
}

fn event(number: u64) -> Body {
    Body::Observation {
        change: Change::Created,
        path: format!("/tmp/{number}"),
        seen: None,
    }
}

fn open(path: &Path) -> (Log, Replay) {
    open_and_fold(path, &mut ())
}

fn open_and_fold(path: &Path, fold: &mut dyn Fold) -> (Log, Replay) {
    Log::open(Box::new(Directory::open(path).unwrap()), options(), fold).unwrap()
}

fn write(log: &mut Log, count: u64) {
    for number in 0..count {
        let staged = log.stage(now(), vec![event(number)], &()).unwrap();
        let durable = log.sync().unwrap();
        assert_eq!(durable.confirm(staged).unwrap().records().len(), 1);
    }
}

#[test]
fn a_request_without_a_record_leaves_nothing_to_be_done() {
    let directory = tempfile::tempdir().unwrap();
    let (mut log, _) = open(directory.path());
    write(&mut log, 1);
    let later = Now {
        monotonic: Duration::from_secs(120),
        ..now()
    };
    let _durable = log.tend(later).unwrap();
    assert_eq!(log.due(), None, "all is signed");
    let staged = log.stage(later, Vec::new(), &()).unwrap();
    assert!(log.sync().unwrap().confirm(staged).is_ok());
    assert_eq!(log.due(), None);
}

#[test]
fn what_was_recorded_is_found_at_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let (mut log, replay) = open(directory.path());
    assert_eq!(replay.start, Start::New);
    write(&mut log, 5);
    let status = log.status();
    drop(log);
    let mut records = Vec::new();
    let (log, replay) = open_and_fold(directory.path(), &mut records);
    assert_eq!(log.status(), status);
    assert_eq!(replay.start, Start::Unclean);
    assert_eq!(records.len(), 6);
    assert_eq!(records[5].body, event(4));
}

#[test]
fn a_group_reads_a_log_that_was_made_for_it_and_no_key() {
    use std::os::unix::fs::PermissionsExt as _;
    for (mode, shared) in [
        (0o700, 0o600),
        (0o755, 0o600),
        (0o2750, 0o640),
        (0o2770, 0o600),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(directory.path(), permissions).unwrap();
        let (mut log, _) = open(directory.path());
        write(&mut log, 300);
        for (name, expected) in [
            (segment_name(0).as_str(), shared),
            ("checkpoints", shared),
            ("head", 0o600),
            ("signing-key", 0o600),
            ("first-key-000000000000", 0o600),
        ] {
            let found = std::fs::metadata(directory.path().join(name)).unwrap();
            let found = found.permissions().mode() & 0o777;
            assert_eq!(found, expected, "{name} in a directory {mode:o}");
        }
    }
}

#[test]
fn what_is_staged_is_not_recorded_before_the_sync() {
    let directory = tempfile::tempdir().unwrap();
    let (mut log, _) = open(directory.path());
    write(&mut log, 1);
    let before = log.sync().unwrap();
    let staged = log.stage(now(), vec![event(7)], &()).unwrap();
    let staged = before.confirm(staged).unwrap_err();
    assert!(log.sync_due().is_some());
    assert!(log.sync().unwrap().confirm(staged).is_ok());
    assert_eq!(log.sync_due(), None);
}

#[test]
fn a_second_writer_is_told_who_holds_the_lock() {
    let directory = tempfile::tempdir().unwrap();
    let (_log, _) = open(directory.path());
    let error = Directory::open(directory.path()).unwrap_err().to_string();
    let pid = format!("process {}", std::process::id());
    assert!(error.ends_with(&pid), "{error}");
    assert!(directory.path().join(LOCK_FILE).exists());
}

#[test]
fn two_writers_that_start_at_once_never_both_write() {
    let is_long = std::env::var_os("KINTSUGI_LONG_TESTS").is_some();
    let rounds = if is_long { 1_000 } else { 40 };
    let directory = tempfile::tempdir().unwrap();
    for round in 0..rounds {
        let start = std::sync::Barrier::new(2);
        let run = || {
            start.wait();
            let Ok(storage) = Directory::open(directory.path()) else {
                return 0;
            };
            let (mut log, replay) = Log::open(Box::new(storage), options(), &mut ()).unwrap();
            assert!(!matches!(replay.start, Start::Incident { .. }), "{round}");
            write(&mut log, 1);
            1
        };
        let wrote = std::thread::scope(|scope| {
            let other = scope.spawn(run);
            run() + other.join().unwrap()
        });
        assert!(wrote >= 1, "{round}");
    }
    let storage = Directory::open(directory.path()).unwrap();
    let report = kintsugi_core::audit::verify::verify(
        &Files(&storage),
        kintsugi_core::audit::verify::Options::default(),
    );
    assert_eq!(report.outcome, kintsugi_core::audit::verify::Outcome::Good);
}

#[test]
fn one_changed_byte_is_an_incident_and_stays_one_record_later() {
    let directory = tempfile::tempdir().unwrap();
    let (mut log, _) = open(directory.path());
    write(&mut log, 5);
    drop(log);
    let path = directory.path().join(segment_name(0));
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let mut records = Vec::new();
    let (mut log, replay) = open_and_fold(directory.path(), &mut records);
    assert!(
        matches!(replay.start, Start::Incident { .. }),
        "{:?}",
        replay.start
    );
    assert!(records.is_empty(), "what was altered grants nothing");
    write(&mut log, 1);
    drop(log);
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "evidence is kept");
    let mut records = Vec::new();
    open_and_fold(directory.path(), &mut records);
    let kinds: Vec<_> = records.iter().map(|record| record.body.kind()).collect();
    assert_eq!(kinds, ["open", "incident", "observation"]);
}

#[test]
fn a_full_segment_is_followed_by_one_that_opens_with_the_live_state() {
    struct Held;
    impl LiveState for Held {
        fn live_state(&self) -> Vec<Body> {
            vec![Body::State {
                what: "hold".into(),
                value: serde_json::json!(["x"]),
            }]
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let (mut log, _) = open(directory.path());
    let limit = kintsugi_core::limits::SEGMENT_RECORDS;
    for batch in 0..limit / 4 {
        let events = (0..4).map(|number| event(batch * 4 + number)).collect();
        let staged = log.stage(now(), events, &Held).unwrap();
        assert_eq!(staged.records().len(), 4);
    }
    let _durable = log.sync().unwrap();
    drop(log);
    assert!(directory.path().join(segment_name(limit)).exists());
    let mut records = Vec::new();
    open_and_fold(directory.path(), &mut records);
    let kinds: Vec<_> = records.iter().map(|record| record.body.kind()).collect();
    assert_eq!(kinds[..3], ["open", "state", "observation"]);
}

/// Fills a log with records of nearly the largest size; returns the first records of its segments.
fn fill_with_long_records(disk: &memory::Memory, count: usize, live: &dyn LiveState) -> Vec<u64> {
    let (mut log, _) = Log::open(Box::new(disk.clone()), options(), &mut ()).unwrap();
    for _ in 0..count {
        let body = Body::Observation {
            change: Change::Created,
            path: "x".repeat(60_000),
            seen: None,
        };
        let staged = log.stage(now(), vec![body], live).unwrap();
        assert!(log.sync().unwrap().confirm(staged).is_ok());
    }
    let names = disk.names().unwrap();
    let mut firsts: Vec<u64> = names
        .iter()
        .filter_map(|name| kintsugi_core::audit::segment_first(name))
        .collect();
    firsts.sort_unstable();
    firsts
}

#[test]
fn a_segment_of_long_records_ends_early_so_that_a_start_never_reads_much() {
    use kintsugi_core::audit::verify::{Depth, Options as Checks, Outcome, verify};
    use kintsugi_core::limits::{RECORD_BYTES_MAX, SEGMENT_BYTES};
    let disk = memory::Memory::new();
    let firsts = fill_with_long_records(&disk, 200, &());
    assert!(firsts.len() > 2, "{firsts:?}");
    let most = usize::try_from(SEGMENT_BYTES).unwrap() + 2 * RECORD_BYTES_MAX;
    for first in &firsts {
        let bytes = disk.read(&segment_name(*first)).unwrap().len();
        assert!(bytes < most, "{first}: {bytes}");
    }
    for depth in [
        Depth::Chain,
        Depth::Quick,
        Depth::Records,
        Depth::Everything,
    ] {
        let checks = Checks {
            depth,
            ..Checks::default()
        };
        let report = verify(&Files(&disk), checks);
        assert_eq!(report.outcome, Outcome::Good, "{depth:?}");
    }
    let mut records = Vec::new();
    let (log, replay) = Log::open(Box::new(disk), options(), &mut records).unwrap();
    assert_eq!(Some(&log.segment()), firsts.last());
    assert_eq!(replay.gaps, []);
    assert!(records.len() < 80, "{}", records.len());
}

#[test]
fn a_segment_is_at_least_as_long_as_the_live_state_that_it_opens_with() {
    struct Much;
    impl LiveState for Much {
        fn live_state(&self) -> Vec<Body> {
            let piece = Body::State {
                what: "much".into(),
                value: serde_json::Value::String("x".repeat(60_000)),
            };
            vec![piece; 140]
        }
    }
    let disk = memory::Memory::new();
    let firsts = fill_with_long_records(&disk, 400, &Much);
    // Eight megabytes of state, and as much of news, again and again; also over a start in between.
    let more = fill_with_long_records(&disk, 100, &Much);
    for pair in more.windows(2) {
        assert!(pair[1] - pair[0] > 140 + 130, "{more:?}");
    }
    assert!(firsts.len() > 2 && more.len() > firsts.len(), "{more:?}");
}

#[test]
fn segments_of_an_earlier_version_are_longer_and_nothing_is_missing_between_them() {
    let disk = memory::Memory::new();
    let longer = Options {
        segment_records: 64,
        ..options()
    };
    let short = Options {
        segment_records: 16,
        ..options()
    };
    let fill = |options: &Options, count| {
        let (mut log, replay) =
            Log::open(Box::new(disk.clone()), options.clone(), &mut ()).unwrap();
        write(&mut log, count);
        replay.gaps
    };
    fill(&longer, 200);
    fill(&short, 40);
    assert_eq!(fill(&short, 1), [], "they follow each other");
    disk.remove(&segment_name(64)).unwrap();
    let gaps = fill(&short, 1);
    assert_eq!(
        gaps.as_slice(),
        std::slice::from_ref(&(16..128)),
        "one that is missing is still missed"
    );
}
