//! What is durable is read back from any place, across segments, and nothing else is.

use super::*;

/// A log of segments of sixteen records.
fn small(path: &Path) -> Log {
    let options = Options {
        segment_records: 16,
        ..options()
    };
    let storage = Directory::open(path).unwrap();
    Log::open(Box::new(storage), options, &mut ()).unwrap().0
}

fn seqs(lines: &[u8]) -> Vec<u64> {
    let lines = lines.split_inclusive(|byte| *byte == b'\n');
    let read = lines.map(|line| Record::read(line.strip_suffix(b"\n").unwrap()).unwrap().seq);
    read.collect()
}

/// Reads everything from `place` on.
fn rest(log: &Log, mut place: Place) -> Vec<u64> {
    let mut found = Vec::new();
    loop {
        let lines = log.read_on(&mut place).unwrap();
        if lines.is_empty() {
            return found;
        }
        found.extend(seqs(&lines));
    }
}

#[test]
fn every_record_is_found_from_every_place() {
    let directory = tempfile::tempdir().unwrap();
    let mut log = small(directory.path());
    write(&mut log, 40);
    let end = log.end().next();
    assert!(end > 40, "three segments with what opens and closes them");
    for first in 0..=end {
        let expected: Vec<u64> = (first..end).collect();
        assert_eq!(rest(&log, log.place_of(first).unwrap()), expected);
        let found = log.find(first).unwrap().map(|record| record.seq);
        assert_eq!(found, (first < end).then_some(first));
    }
}

#[test]
fn a_long_segment_is_searched_and_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let (mut log, _) = open(directory.path());
    let observed = |number: usize| Body::Observation {
        change: Change::Created,
        path: "x".repeat(number * 97 % 40_000),
        seen: None,
    };
    let staged = log
        .stage(now(), (0..200).map(observed).collect(), &())
        .unwrap();
    assert!(log.sync().unwrap().confirm(staged).is_ok());
    for seq in 0..log.end().next() {
        assert_eq!(log.find(seq).unwrap().unwrap().seq, seq);
    }
}

#[test]
fn what_is_not_durable_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let (mut log, _) = open(directory.path());
    write(&mut log, 2);
    let mut place = log.end();
    let staged = log.stage(now(), vec![event(7)], &()).unwrap();
    assert_eq!(log.read_on(&mut place).unwrap(), b"");
    assert!(log.sync().unwrap().confirm(staged).is_ok());
    assert_eq!(seqs(&log.read_on(&mut place).unwrap()), [3]);
    assert_eq!(log.read_on(&mut place).unwrap(), b"");
}

#[test]
fn segments_that_were_taken_away_are_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    let mut log = small(directory.path());
    write(&mut log, 40);
    std::fs::remove_file(directory.path().join(segment_name(0))).unwrap();
    let end = log.end().next();
    let expected: Vec<u64> = (16..end).collect();
    assert_eq!(rest(&log, log.place_of(3).unwrap()), expected);
    assert_eq!(log.find(3).unwrap(), None);
}
