//! Power that fails at any call, and calls that fail: nothing acknowledged is lost, and no failure is an answer.

use kintsugi_core::audit::verify::{Options as Checks, Outcome, verify};

use super::super::faulty::{Fault, Faulty, Took};
use super::super::memory::{Chance as _, Memory, Seeded};
use super::*;

const EIO: i32 = 5;
const EINTR: i32 = 4;
const ENOSPC: i32 = 28;

/// A daemon's day in short: opens, answers some, and says how many records it has acknowledged.
fn work(storage: Box<dyn Storage>, rounds: u64, options: &Options) -> u64 {
    let mut acknowledged = 0;
    let Ok((mut log, _)) = Log::open(storage, options.clone(), &mut ()) else {
        return acknowledged;
    };
    for round in 0..rounds {
        let signed = Body::Policy {
            what: "test".into(),
            hash: None,
            detail: serde_json::Value::Null,
        };
        let bodies = if round % 4 == 3 {
            vec![signed]
        } else {
            vec![event(round), event(round)]
        };
        let Ok(staged) = log.stage(now(), bodies, &()) else {
            return acknowledged;
        };
        if round % 3 == 1 {
            continue;
        }
        let Ok(recorded) = log.sync().map(|durable| durable.confirm(staged)) else {
            return acknowledged;
        };
        let last = recorded.unwrap().records().last().map(|record| record.seq);
        acknowledged = last.unwrap() + 1;
    }
    acknowledged
}

/// Opens what a crash has left and says that nothing is lost, nothing is accused, and a second recovery is the same.
fn recovers(disk: &Memory, acknowledged: u64, options: &Options, seed: &str) {
    let check = |disk: &Memory| verify(&Files(disk), Checks::default());
    let before = check(disk).outcome;
    let fresh = matches!(before, Outcome::Unreadable { .. });
    let torn = matches!(before, Outcome::Good | Outcome::Torn { .. });
    assert!(torn || (fresh && acknowledged == 0), "{seed}: {before:?}");
    let (mut log, replay) = Log::open(Box::new(disk.clone()), options.clone(), &mut ()).unwrap();
    assert!(
        !matches!(replay.start, Start::Incident { .. }),
        "{seed}: {:?}",
        replay.start
    );
    let size = log.status().size;
    assert!(size >= acknowledged, "{seed}: {size} of {acknowledged}");
    write(&mut log, 1);
    drop(log);
    assert_eq!(check(disk).outcome, Outcome::Good, "{seed}");
}

#[test]
fn power_that_fails_anywhere_loses_nothing_acknowledged_and_accuses_nobody() {
    fail_power(&options(), Seeded(0x6b69_6e74), (9, 130), 3_000);
}

/// Segments of eight records: most of the crashes are while one ends and the next begins, or soon after.
#[test]
fn power_that_fails_between_two_segments_loses_nothing_either() {
    let short = Options {
        host: None,
        segment_records: 8,
        ..options()
    };
    fail_power(&short, Seeded(0x726f_6c6c), (14, 220), 2_000);
}

/// Lets the power fail at `crashes` places of up to `rounds` requests and `calls` calls; the long run at a million.
fn fail_power(
    options: &Options,
    mut chance: Seeded,
    (rounds_max, calls_max): (usize, usize),
    crashes: u64,
) {
    let long = std::env::var_os("KINTSUGI_LONG_TESTS").is_some();
    let crashes = if long { 1_000_000 } else { crashes };
    for number in 0..crashes {
        let seed = format!("crash {number}, state {:#x}", chance.0);
        let disk = Memory::new();
        let rounds = u64::try_from(chance.below(rounds_max)).unwrap();
        // Every call from some point on fails: that is where the power was lost.
        let stop = chance.below(calls_max);
        let fault = Fault {
            call: stop,
            took: if chance.below(2) == 0 {
                Took::No
            } else {
                Took::Effect
            },
            errno: EIO,
        };
        let (faulty, _) = Faulty::new(Box::new(disk.clone()), Some(fault));
        let acknowledged = work(Box::new(faulty), rounds, options);
        let mut left = disk.crash(&mut chance);
        // And again, during the recovery.
        if chance.below(2) == 0 {
            let fault = Fault {
                call: chance.below(40),
                ..fault
            };
            let (faulty, _) = Faulty::new(Box::new(left.clone()), Some(fault));
            let more = work(Box::new(faulty), 1, options);
            left = left.crash(&mut chance);
            recovers(&left, acknowledged.max(more), options, &seed);
        } else {
            recovers(&left, acknowledged, options, &seed);
        }
    }
}

#[test]
fn a_failed_call_is_never_an_acknowledgement() {
    for errno in [EIO, ENOSPC, EINTR] {
        for took in [Took::No, Took::Effect, Took::Half] {
            for call in 0.. {
                let disk = Memory::new();
                let fault = Fault { call, took, errno };
                let (faulty, watch) = Faulty::new(Box::new(disk.clone()), Some(fault));
                let acknowledged = work(Box::new(faulty), 9, &options());
                if !watch.fired() {
                    break;
                }
                // The process dies, the machine does not: what was written stays.
                recovers(&disk, acknowledged, &options(), &format!("{fault:?}"));
            }
        }
    }
}

#[test]
fn after_a_failed_sync_everything_is_refused_until_a_new_segment_is_begun() {
    for call in 0..200 {
        let disk = Memory::new();
        let fault = Fault {
            call,
            took: Took::No,
            errno: EIO,
        };
        let (faulty, watch) = Faulty::new(Box::new(disk.clone()), Some(fault));
        let Ok((mut log, _)) = Log::open(Box::new(faulty), options(), &mut ()) else {
            continue;
        };
        let mut size = 0;
        let mut refused = false;
        for round in 0..6 {
            let staged = log.stage(now(), vec![event(round)], &());
            let recorded = staged.and_then(|staged| Ok(log.sync()?.confirm(staged).unwrap()));
            if let Ok(recorded) = recorded {
                size = recorded.records()[0].seq + 1;
            } else {
                refused = true;
                let (again, replay) = log.reopen(&mut ()).unwrap();
                assert!(!matches!(replay.start, Start::Incident { .. }), "{call}");
                log = again;
            }
        }
        assert_eq!(refused, watch.fired(), "{call}");
        drop(log);
        recovers(&disk, size, &options(), &format!("call {call}"));
    }
}
