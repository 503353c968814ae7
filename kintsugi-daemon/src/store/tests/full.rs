//! A disk that is full or cannot be written: the last records fit, then nothing is answered, and nothing is lost.

use std::io::ErrorKind;

use kintsugi_core::audit::RESERVE_FILE;
use kintsugi_core::audit::verify::Outcome;

use super::super::faulty::{Fault, Faulty, Took};
use super::super::memory::Memory;
use super::tampering::check;
use super::*;

const EROFS: i32 = 30;
const EDQUOT: i32 = 122;

/// Answers until the log refuses; returns how many and why.
fn fill(log: &mut Log) -> (u64, LogError) {
    for number in 0.. {
        let staged = log.stage(now(), vec![event(number)], &());
        let recorded = staged.and_then(|staged| Ok(log.tend(now())?.confirm(staged)));
        match recorded {
            Ok(recorded) => assert_eq!(recorded.unwrap().records().len(), 1),
            Err(error) => return (number, error),
        }
    }
    panic!("the disk ends")
}

fn cause(error: &LogError) -> Option<ErrorKind> {
    let cause = std::error::Error::source(error)?;
    Some(cause.downcast_ref::<std::io::Error>()?.kind())
}

fn bytes(disk: &Memory) -> usize {
    disk.read(&segment_name(0)).unwrap().len()
}

#[test]
fn on_a_full_disk_the_reserve_holds_the_last_records_and_then_nothing_is_answered() {
    let disk = Memory::new();
    let (mut log, _) = Log::open(Box::new(disk.clone()), options(), &mut ()).unwrap();
    write(&mut log, 3);
    assert!(!log.is_nearly_full());
    let before = bytes(&disk);
    disk.limit(disk.used());
    write(&mut log, 1);
    assert!(log.is_nearly_full());
    let (answered, error) = fill(&mut log);
    let reserve = usize::try_from(RESERVE_BYTES).unwrap();
    assert_eq!(cause(&error), Some(ErrorKind::StorageFull), "{error}");
    assert!(answered > 1_000, "{answered}");
    let used = bytes(&disk) - before;
    assert!(used > reserve * 8 / 10, "{used}");

    // Room again: it goes on by itself, and keeps room again.
    disk.limit(usize::MAX);
    let mut log = match log.stage(now(), vec![event(1)], &()) {
        Ok(_) => log,
        Err(_) => log.reopen(&mut ()).unwrap().0,
    };
    write(&mut log, 1);
    let later = Now {
        monotonic: now().monotonic + Duration::from_millis(CHECKPOINT_MS_MAX),
        ..now()
    };
    let _durable = log.tend(later).unwrap();
    assert!(!log.is_nearly_full());
    assert_eq!(check(&disk).outcome, Outcome::Good);
}

#[test]
fn a_disk_that_is_full_at_any_byte_loses_nothing_that_was_answered() {
    for room in (0..12_000).step_by(97) {
        let disk = Memory::new();
        disk.limit(room);
        let answered = match Log::open(Box::new(disk.clone()), options(), &mut ()) {
            Err(OpenError::Write(error)) => {
                assert_eq!(error.kind(), ErrorKind::StorageFull, "{room}");
                0
            }
            Err(error) => panic!("{room}: {error}"),
            Ok((mut log, _)) => {
                assert!(log.is_nearly_full(), "no reserve fits: {room}");
                let (answered, error) = fill(&mut log);
                assert_eq!(cause(&error), Some(ErrorKind::StorageFull), "{room}");
                answered
            }
        };
        disk.limit(usize::MAX);
        let mut records = Vec::new();
        let (mut log, replay) = Log::open(Box::new(disk.clone()), options(), &mut records).unwrap();
        assert!(!matches!(replay.start, Start::Incident { .. }), "{room}");
        let told = |record: &&Record| record.body.kind() == "observation";
        let found = records.iter().filter(told).count();
        assert!(
            u64::try_from(found).unwrap() >= answered,
            "{room}: {found} of {answered}"
        );
        write(&mut log, 1);
        assert!(disk.read(RESERVE_FILE).is_some());
        drop(log);
        assert_eq!(check(&disk).outcome, Outcome::Good, "{room}");
    }
}

#[test]
fn a_write_that_is_refused_by_the_file_system_names_its_cause() {
    for (errno, kind) in [
        (EROFS, ErrorKind::ReadOnlyFilesystem),
        (EDQUOT, ErrorKind::QuotaExceeded),
    ] {
        let mut refusals = 0;
        for call in 0..200 {
            let fault = Fault {
                call,
                took: Took::No,
                errno,
            };
            let (faulty, watch) = Faulty::new(Box::new(Memory::new()), Some(fault));
            let Ok((mut log, _)) = Log::open(Box::new(faulty), options(), &mut ()) else {
                continue;
            };
            for number in 0..4 {
                let staged = log.stage(now(), vec![event(number)], &());
                let answered = staged.and_then(|staged| Ok(log.sync()?.confirm(staged)));
                if let Err(error) = answered {
                    assert!(watch.fired());
                    assert_eq!(cause(&error), Some(kind), "{call}: {error}");
                    refusals += 1;
                    break;
                }
            }
        }
        assert!(refusals > 3, "{kind}: {refusals}");
    }
}
