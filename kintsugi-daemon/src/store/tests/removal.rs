//! What is taken out of a log is said to be; what is taken out in silence is noticed.

use std::collections::BTreeSet;

use kintsugi_core::audit::checkpoint::Verifier;
use kintsugi_core::audit::line::Line;
use kintsugi_core::audit::record::Peer;
use kintsugi_core::audit::verify::{Depth, Layer, Options as Checks, Outcome, verify};
use kintsugi_core::audit::{proof, segment_name};
use kintsugi_core::proposal::PeerCredentials;

use super::super::faulty::{Fault, Faulty, Took};
use super::super::memory::{Memory, Seeded};
use super::tampering::{check, log_of};
use super::*;

fn request() -> RemovalRequest {
    RemovalRequest {
        peer: Peer::from(PeerCredentials {
            uid: 1,
            gid: 1,
            pid: 1,
        }),
        reason: "a password".into(),
    }
}

fn reopened(disk: &Memory) -> Log {
    Log::open(Box::new(disk.clone()), options(), &mut ())
        .unwrap()
        .0
}

#[test]
fn a_redacted_record_is_gone_and_the_log_is_still_good() {
    let disk = log_of(300);
    let mut log = reopened(&disk);
    let recorded = log
        .redact(now(), &BTreeSet::from([5, 7]), request(), &())
        .unwrap();
    assert_eq!(recorded.records()[0].body.kind(), "redact");
    let text = String::from_utf8(disk.read(&segment_name(0)).unwrap()).unwrap();
    assert!(!text.contains("\"/tmp/4\"") && text.contains("\"/tmp/5\""));
    let report = check(&disk);
    assert_eq!((report.outcome, report.redacted), (Outcome::Good, 2));
    write(&mut log, 3);
    drop(log);
    write(&mut reopened(&disk), 1);
    assert_eq!(check(&disk).outcome, Outcome::Good);
}

/// Whether a redaction is on record, and whether the text of record 5 is still in any segment.
fn told_and_kept(disk: &Memory) -> (bool, bool) {
    let names = disk.names().unwrap();
    let segments = names.iter().filter(|name| name.starts_with("seg-"));
    let text: String = segments
        .map(|name| String::from_utf8(disk.read(name).unwrap()).unwrap())
        .collect();
    let told = text.contains("\"kind\":\"redact\"") && text.contains("\"seqs\":[5]");
    (told, text.contains("\"/tmp/4\""))
}

#[test]
fn a_redaction_that_fails_or_is_cut_off_anywhere_is_finished_by_the_next_start() {
    let mut chance = Seeded(0x7265_6461);
    let (mut interrupted, mut done) = (0, 0);
    for took in [Took::No, Took::Effect, Took::Half] {
        for power in [false, true] {
            for call in 0.. {
                let disk = log_of(40);
                let fault = Fault {
                    call,
                    took,
                    errno: 5,
                };
                let (faulty, watch) = Faulty::new(Box::new(disk.clone()), Some(fault));
                if let Ok((mut log, _)) = Log::open(Box::new(faulty), options(), &mut ()) {
                    drop(log.redact(now(), &BTreeSet::from([5]), request(), &()));
                }
                if !watch.fired() {
                    break;
                }
                let left = if power { disk.crash(&mut chance) } else { disk };
                interrupted += u64::from(told_and_kept(&left) == (true, true));
                let mut log = reopened(&left);
                let (told, kept) = told_and_kept(&left);
                assert_eq!(told, !kept, "{fault:?}, power {power}");
                done += u64::from(told);
                write(&mut log, 1);
                drop(log);
                assert_eq!(
                    check(&left).outcome,
                    Outcome::Good,
                    "{fault:?}, power {power}"
                );
            }
        }
    }
    assert!(
        interrupted > 10 && done > interrupted,
        "{interrupted} {done}"
    );
}

#[test]
fn a_redaction_that_failed_is_finished_when_the_log_is_opened_again() {
    for call in 0..200 {
        let disk = log_of(40);
        let fault = Fault {
            call,
            took: Took::No,
            errno: 28,
        };
        let (faulty, _) = Faulty::new(Box::new(disk.clone()), Some(fault));
        let Ok((mut log, _)) = Log::open(Box::new(faulty), options(), &mut ()) else {
            continue;
        };
        let mut told = true;
        let done = log.redact(now(), &BTreeSet::from([5]), request(), &());
        if done.is_err() {
            let mut records = Vec::new();
            let (again, _) = log.reopen(&mut records).unwrap();
            // A redaction that never became durable counts for nothing, and nothing is taken out.
            let says = |record: &Record| record.body.kind() == "redact";
            told = records.iter().any(says);
            log = again;
            write(&mut log, 1);
        }
        drop((done, log));
        assert_eq!(told, !told_and_kept(&disk).1, "{call}");
        assert_eq!(check(&disk).outcome, Outcome::Good, "{call}");
    }
}

#[test]
fn a_redaction_in_a_closed_segment_is_found_by_the_quick_look_too() {
    let short = Options {
        segment_records: 16,
        ..options()
    };
    let disk = Memory::new();
    let (mut log, _) = Log::open(Box::new(disk.clone()), short, &mut ()).unwrap();
    write(&mut log, 70);
    let seqs = BTreeSet::from([5, 20]);
    let recorded = log.redact(now(), &seqs, request(), &()).unwrap();
    assert_eq!(recorded.records().len(), 1);
    write(&mut log, 70);
    let checked = |disk: &Memory, depth| {
        let checks = Checks {
            depth,
            ..Checks::default()
        };
        verify(&Files(disk), checks)
    };
    for depth in [
        Depth::Quick,
        Depth::Chain,
        Depth::Records,
        Depth::Everything,
    ] {
        let report = checked(&disk, depth);
        assert_eq!(report.outcome, Outcome::Good, "{depth:?}");
        assert_eq!(report.redacted, 2, "{depth:?}");
        assert_eq!(report.by_file > 0, depth == Depth::Quick);
    }
    // The same by another hand, which leaves no record.
    let name = segment_name(32);
    let bytes = String::from_utf8(disk.read(&name).unwrap()).unwrap();
    let lines = bytes.split_inclusive('\n').map(|text| {
        let line = Line::split(text.trim_end().as_bytes()).unwrap();
        if line.seq() == 40 {
            String::from_utf8(line.redacted_view()).unwrap() + "\n"
        } else {
            text.to_owned()
        }
    });
    disk.put(&name, lines.collect::<String>().into_bytes());
    for depth in [Depth::Quick, Depth::Records] {
        let outcome = checked(&disk, depth).outcome;
        assert!(
            matches!(outcome, Outcome::Tampered { seq: Some(40), .. }),
            "{depth:?}: {outcome:?}"
        );
    }
}

#[test]
fn a_record_redacted_in_silence_is_named() {
    let disk = log_of(12);
    let bytes = disk.read(&segment_name(0)).unwrap();
    let mut lines: Vec<Vec<u8>> = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    let bare = lines[6][..lines[6].len() - 1].to_vec();
    lines[6] = Line::split(&bare).unwrap().redacted_view();
    lines[6].push(b'\n');
    disk.put(&segment_name(0), lines.concat());
    let outcome = check(&disk).outcome;
    assert!(
        matches!(outcome, Outcome::Tampered { seq: Some(6), .. }),
        "{outcome:?}"
    );
}

#[test]
fn a_note_kept_elsewhere_tells_a_log_that_was_made_again_from_one_that_grew() {
    let disk = log_of(300);
    let notes = String::from_utf8(disk.read("checkpoints").unwrap()).unwrap();
    let note = kintsugi_core::audit::checkpoint::split(&notes)
        .next()
        .unwrap();
    let against = |disk: &Memory| {
        let checks = Checks {
            against: vec![note.clone()],
            ..Checks::default()
        };
        verify(&Files(disk), checks)
    };
    let report = against(&disk);
    assert_eq!(
        (report.outcome, report.anchors),
        (Outcome::Good, Layer::Checked(1))
    );
    // The same keys and log id, since the seed is the same: only the records are fewer.
    let shorter = against(&log_of(30)).outcome;
    assert!(matches!(shorter, Outcome::Tampered { .. }), "{shorter:?}");
}

#[test]
fn every_record_under_a_checkpoint_is_proved_and_no_other_line_is() {
    let disk = log_of(40);
    let report = check(&disk);
    let mut log = reopened(&disk);
    let (origin, verifier) = Verifier::parse(&log.verifier().unwrap()).unwrap();
    write(&mut log, 1);
    for seq in 0..report.records {
        let (line, text) = proof::prove(&Files(&disk), seq).unwrap();
        assert_eq!(proof::check(&text, &line, &origin, &verifier).unwrap(), seq);
        let other = proof::prove(&Files(&disk), (seq + 1) % 40).unwrap().0;
        assert!(
            proof::check(&text, &other, &origin, &verifier).is_err(),
            "{seq}"
        );
    }
    assert!(proof::prove(&Files(&disk), 40).is_err());
}

#[test]
fn pruned_segments_are_said_to_be_and_missing_ones_are_noticed() {
    let disk = Memory::new();
    let mut log = reopened(&disk);
    let limit = kintsugi_core::limits::SEGMENT_RECORDS;
    while log.status().size < limit {
        let events = (0..1_000).map(event).collect();
        let _staged = log.stage(now(), events, &()).unwrap();
        let _durable = log.sync().unwrap();
    }
    assert_eq!(check(&disk).outcome, Outcome::Good);
    let silent = disk.snapshot();
    silent.remove(&segment_name(0)).unwrap();
    let outcome = check(&silent).outcome;
    assert!(
        matches!(outcome, Outcome::Tampered { seq: Some(0), .. }),
        "{outcome:?}"
    );
    let recorded = log.prune(now(), limit + 5, request(), &()).unwrap();
    assert_eq!(recorded.records()[0].body.kind(), "prune");
    assert_eq!(disk.read(&segment_name(0)), None);
    assert_eq!(check(&disk).outcome, Outcome::Good);
}
