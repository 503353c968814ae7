//! What a hand does to the files of a log: all of it is noticed, at the right record.

use kintsugi_core::audit::verify::{Layer, Options as Checks, Outcome, Report, verify};
use kintsugi_core::audit::{CHECKPOINTS_FILE, HEAD_FILE, segment_name};

use super::super::memory::Memory;
use super::*;

/// Returns a log in memory with `count` records and a checkpoint over all of them.
pub(super) fn log_of(count: u64) -> Memory {
    let disk = Memory::new();
    let (mut log, _) = Log::open(Box::new(disk.clone()), options(), &mut ()).unwrap();
    write(&mut log, count - 2);
    let shutdown = Body::Shutdown {
        reason: "test".into(),
    };
    let staged = log.stage(now(), vec![shutdown], &()).unwrap();
    assert!(log.sync().unwrap().confirm(staged).is_ok());
    assert_eq!(log.status().size, count);
    disk
}

pub(super) fn check(disk: &Memory) -> Report {
    verify(&Files(disk), Checks::default())
}

fn lines(disk: &Memory) -> Vec<Vec<u8>> {
    let bytes = disk.read(&segment_name(0)).unwrap();
    bytes
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect()
}

/// Returns the first record that a verification blames after the segment was replaced by `lines`.
fn blamed(disk: &Memory, lines: &[Vec<u8>]) -> u64 {
    let changed = disk.snapshot();
    changed.put(&segment_name(0), lines.concat());
    let outcome = check(&changed).outcome;
    let Outcome::Tampered { seq: Some(seq), .. } = outcome else {
        panic!("{outcome:?}");
    };
    seq
}

#[test]
fn a_good_log_is_good_in_every_layer() {
    let disk = log_of(600);
    let report = check(&disk);
    assert_eq!(report.outcome, Outcome::Good);
    assert_eq!(
        (report.chain, report.mac),
        (Layer::Checked(600), Layer::Checked(600))
    );
    assert_eq!(report.merkle, Layer::Checked(3));
    assert_eq!(report.warnings, Vec::<String>::new());
}

#[test]
fn every_flipped_bit_of_a_small_log_its_head_and_its_checkpoints_is_noticed() {
    let disk = log_of(5);
    for name in [segment_name(0), HEAD_FILE.into(), CHECKPOINTS_FILE.into()] {
        let good = disk.read(&name).unwrap();
        for bit in 0..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let changed = disk.snapshot();
            changed.put(&name, bytes);
            let outcome = check(&changed).outcome;
            assert_ne!(outcome, Outcome::Good, "bit {bit} of {name}");
        }
    }
}

/// Every eleventh bit, so that each place in a byte comes by; every bit in the long run.
#[test]
fn every_flipped_bit_of_a_thousand_records_breaks_its_line() {
    use kintsugi_core::audit::chain::{Key, Seal, continues, unhex};
    use kintsugi_core::audit::line::Line;
    let disk = log_of(1_000);
    let first_key = disk.read(&kintsugi_core::audit::first_key_name(0)).unwrap();
    let mut key = Key::new(unhex(first_key.trim_ascii()).unwrap());
    let step = if std::env::var_os("KINTSUGI_LONG_TESTS").is_some() {
        1
    } else {
        11
    };
    let lines = lines(&disk);
    for pair in lines.windows(2) {
        key = key.next();
        let before = Line::split(&pair[0][..pair[0].len() - 1]).unwrap();
        let is_good = |line: &[u8]| {
            Line::split(line).is_ok_and(|line| {
                let seal = Seal::parse(line.seal()).unwrap();
                continues(before.seal(), &line)
                    && line.commitment_holds()
                    && !line.is_redacted()
                    && key.mac(&seal.hash) == seal.mac
            })
        };
        let mut line = pair[1][..pair[1].len() - 1].to_vec();
        assert!(is_good(&line));
        for bit in (0..line.len() * 8).step_by(step) {
            line[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_good(&line), "bit {bit} of {}", before.seq() + 1);
            line[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn a_flipped_bit_is_blamed_on_its_record() {
    let disk = log_of(12);
    let lines = lines(&disk);
    for (index, line) in lines.iter().enumerate() {
        for bit in (0..line.len() * 8).step_by(13) {
            let mut changed = lines.clone();
            changed[index][bit / 8] ^= 1 << (bit % 8);
            // A changed first version reads as a newer format; a changed head of the log, as another log.
            if index > 0 {
                assert_eq!(
                    blamed(&disk, &changed),
                    u64::try_from(index).unwrap(),
                    "bit {bit}"
                );
            }
        }
    }
}

#[test]
fn records_that_are_deleted_duplicated_inserted_or_swapped_are_named() {
    let disk = log_of(100);
    let good = lines(&disk);
    let other = lines(&log_of(100));
    for index in 1..good.len() {
        let at = u64::try_from(index).unwrap();
        let mut changed = good.clone();
        changed.remove(index);
        assert_eq!(blamed(&disk, &changed), at, "deleted");
        let mut changed = good.clone();
        changed.insert(index, good[index - 1].clone());
        assert_eq!(blamed(&disk, &changed), at, "duplicated");
        let mut changed = good.clone();
        changed.insert(index, other[99 - index].clone());
        if 99 - index != index {
            assert_eq!(blamed(&disk, &changed), at, "inserted");
        }
        for with in index + 1..good.len() {
            let mut changed = good.clone();
            changed.swap(index, with);
            assert_eq!(blamed(&disk, &changed), at, "swapped with {with}");
        }
    }
}

#[test]
fn a_log_cut_at_any_byte_is_tampered_with_below_what_was_durable() {
    let disk = log_of(12);
    let name = segment_name(0);
    let good = disk.read(&name).unwrap();
    for length in 0..good.len() {
        let cut = disk.snapshot();
        cut.put(&name, good[..length].to_vec());
        let outcome = check(&cut).outcome;
        assert!(
            matches!(outcome, Outcome::Tampered { .. }),
            "{length}: {outcome:?}"
        );
        let (_, replay) = Log::open(Box::new(cut), options(), &mut ()).unwrap();
        assert!(matches!(replay.start, Start::Incident { .. }), "{length}");
    }
}

#[test]
fn a_write_cut_at_any_byte_is_a_torn_tail_and_costs_nothing_acknowledged() {
    let disk = log_of(6);
    let name = segment_name(0);
    let durable = disk.read(&name).unwrap();
    let (mut log, _) = Log::open(Box::new(disk.clone()), options(), &mut ()).unwrap();
    let staged = log.stage(now(), vec![event(1), event(2)], &()).unwrap();
    drop((staged, log));
    let good = disk.read(&name).unwrap();
    let mut ends = Vec::new();
    for line in good.split_inclusive(|byte| *byte == b'\n') {
        ends.push(ends.last().copied().unwrap_or_default() + line.len());
    }
    for length in durable.len()..good.len() {
        let cut = disk.snapshot();
        cut.put(&name, good[..length].to_vec());
        let whole = ends.contains(&length);
        let outcome = check(&cut).outcome;
        assert_eq!(
            matches!(outcome, Outcome::Torn { .. }),
            !whole,
            "{length}: {outcome:?}"
        );
        assert_eq!(outcome == Outcome::Good, whole, "{length}: {outcome:?}");
        let mut records = Vec::new();
        let (mut log, replay) = Log::open(Box::new(cut.clone()), options(), &mut records).unwrap();
        assert_eq!(
            matches!(replay.start, Start::Torn { .. }),
            !whole,
            "{length}"
        );
        assert!(records.len() >= 6, "{length}");
        write(&mut log, 1);
        assert_eq!(check(&cut).outcome, Outcome::Good, "{length}");
    }
}

#[test]
fn a_log_that_lost_its_head_or_all_segments_is_not_a_fresh_start() {
    for name in [HEAD_FILE.to_owned(), segment_name(0)] {
        let disk = log_of(12);
        Storage::remove(&disk, &name).unwrap();
        assert!(
            matches!(check(&disk).outcome, Outcome::Tampered { .. }),
            "{name}"
        );
        let (mut log, replay) = Log::open(Box::new(disk.clone()), options(), &mut ()).unwrap();
        assert!(matches!(replay.start, Start::Incident { .. }), "{name}");
        write(&mut log, 1);
        assert!(
            matches!(check(&disk).outcome, Outcome::Tampered { .. }),
            "{name}"
        );
    }
}

#[test]
fn a_file_changed_while_the_log_is_open_is_noticed_before_the_next_answer() {
    let changes: [fn(&Memory); 4] = [
        |disk| disk.open(&segment_name(0)).unwrap().cut(100).unwrap(),
        |disk| {
            let bytes = disk.read(&segment_name(0)).unwrap();
            let file = disk.open(&segment_name(0)).unwrap();
            file.write_at(u64::try_from(bytes.len()).unwrap(), b"x")
                .unwrap();
        },
        |disk| disk.remove(&segment_name(0)).unwrap(),
        |disk| disk.put(&segment_name(0), disk.read(&segment_name(0)).unwrap()),
    ];
    for (number, change) in changes.iter().enumerate() {
        let disk = log_of(6);
        let (mut log, _) = Log::open(Box::new(disk.clone()), options(), &mut ()).unwrap();
        change(&disk);
        let error = log.stage(now(), vec![event(1)], &()).unwrap_err();
        assert!(
            matches!(error, LogError::Changed { .. }),
            "{number}: {error}"
        );
        let refused = log.stage(now(), vec![event(1)], &()).unwrap_err();
        assert!(matches!(refused, LogError::Refused), "{number}: {refused}");
    }
}

#[test]
fn the_key_of_today_does_not_forge_yesterday() {
    let disk = log_of(24);
    let good = lines(&disk);
    // Whoever takes the machine when `stolen` records are written rewrites an earlier one and everything behind it.
    for stolen in 2..24 {
        let before = &good[..stolen];
        for altered in 1..stolen {
            let forged = forge(before, altered);
            let changed = disk.snapshot();
            changed.put(&segment_name(0), forged.concat());
            let outcome = check(&changed).outcome;
            let Outcome::Tampered { seq: Some(seq), .. } = outcome else {
                panic!("{stolen} {altered}: {outcome:?}");
            };
            assert_eq!(seq, u64::try_from(altered).unwrap());
        }
    }
}

/// Rewrites record `altered` and chains everything behind it again, with the MACs that are there.
fn forge(lines: &[Vec<u8>], altered: usize) -> Vec<Vec<u8>> {
    use kintsugi_core::audit::chain::{Chain, Key, Seal};
    use kintsugi_core::audit::line::{Line, SEAL_BYTES};
    let mut forged: Vec<Vec<u8>> = lines[..altered].to_vec();
    let last = &lines[altered - 1];
    let line = Line::split(&last[..last.len() - 1]).unwrap();
    let mut chain = Chain {
        next: 0,
        seal: Seal::parse(line.seal()).unwrap(),
        key: Key::new([0; 32]),
    };
    for line in &lines[altered..] {
        let text = String::from_utf8(line[..line.len() - 1 - SEAL_BYTES].to_vec()).unwrap();
        let text = text.replacen("\"ts\":\"2026", "\"ts\":\"2025", 1);
        let mut sealed = chain.seal(&text).into_bytes();
        // The MAC of the record that stood here: the best that somebody without its key can do.
        let (mac, end) = (line.len() - 35, line.len() - 3);
        let at = sealed.len() - 35;
        sealed[at..at + 32].copy_from_slice(&line[mac..end]);
        let bare = Line::split(&sealed[..sealed.len() - 1]).unwrap();
        chain.seal = Seal::parse(bare.seal()).unwrap();
        forged.push(sealed);
    }
    forged
}
