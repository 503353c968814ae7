//! What a directory holds or misses that a start does not stop at, and proofs over a log that is not whole any more.

use std::ops::Range;

use kintsugi_core::audit::{CHECKPOINTS_FILE, HEAD_FILE, checkpoint, proof, segment_first};

use super::super::memory::Memory;
use super::anchors::short;
use super::*;

#[test]
fn a_start_names_segments_that_are_missing_in_the_middle_and_files_that_are_not_of_the_log() {
    let disk = Memory::new();
    let start = |disk: &Memory| Log::open(Box::new(disk.clone()), short(), &mut ()).unwrap();
    let (mut log, _) = start(&disk);
    while log.status().size < 70 {
        write(&mut log, 3);
    }
    drop(log);
    disk.put("notes.txt", b"mine".to_vec());
    let whole = disk.snapshot();
    disk.remove(&segment_name(16)).unwrap();
    disk.remove(&segment_name(32)).unwrap();
    let (mut log, replay) = start(&disk);
    assert_eq!(replay.gaps, vec![Range { start: 16, end: 48 }]);
    assert_eq!(replay.foreign, ["notes.txt"]);
    // Nothing is made up for them, and nothing that is there is touched.
    write(&mut log, 1);
    drop(log);
    assert_eq!(disk.read(&segment_name(16)), None);
    assert_eq!(disk.read("notes.txt"), Some(b"mine".to_vec()));
    assert_eq!(disk.read(&segment_name(0)), whole.read(&segment_name(0)));
    assert!(start(&whole).1.gaps.is_empty());
    // An incident leaves places free that no record ever had: they are not missing.
    whole.put(HEAD_FILE, vec![0; 512]);
    let (mut log, replay) = start(&whole);
    assert!(matches!(replay.start, Start::Incident { .. }));
    write(&mut log, 1);
    drop(log);
    assert!(start(&whole).1.gaps.is_empty());
}

/// The log of a daemon after an incident in its second segment, with records on both sides of it.
fn after_incident() -> Memory {
    let disk = Memory::new();
    let (mut log, _) = Log::open(Box::new(disk.clone()), short(), &mut ()).unwrap();
    write(&mut log, 20);
    drop(log);
    disk.put(HEAD_FILE, vec![0; 512]);
    let (mut log, _) = Log::open(Box::new(disk.clone()), short(), &mut ()).unwrap();
    let end = log.status().size + 120;
    while log.status().size < end {
        write(&mut log, 3);
    }
    disk
}

#[test]
fn records_are_proved_behind_what_was_pruned_and_on_both_sides_of_an_incident() {
    let disk = after_incident();
    let prove = |disk: &Memory, seq: u64| {
        let (line, text) = proof::prove(&Files(disk), seq)?;
        let (_, note) = text.split_once("\n\n").unwrap();
        let (origin, _) = checkpoint::read(note).unwrap();
        let (log, _) = Log::open(Box::new(disk.snapshot()), short(), &mut ()).unwrap();
        let key = log.verifier().unwrap();
        let (_, verifier) = checkpoint::Verifier::parse(&key).unwrap();
        let proved = proof::check(&text, &line, &origin, &verifier).unwrap();
        assert_eq!(proved, seq);
        Ok::<_, proof::ProofError>(origin)
    };
    let incident = disk.names().unwrap();
    let firsts = incident.iter().filter_map(|name| segment_first(name));
    let first = firsts.filter(|first| *first > 16).min().unwrap();
    let old = prove(&disk, 3).unwrap();
    let new = prove(&disk, first + 40).unwrap();
    assert_eq!(new, format!("{old}/{first}"));

    let notes = String::from_utf8(disk.read(CHECKPOINTS_FILE).unwrap()).unwrap();
    let notes: Vec<_> = checkpoint::split(&notes).collect();
    let of_new = |note: &&String| note.starts_with(&new);
    let oldest = notes.iter().find(of_new).unwrap();
    assert!(proof::prove_growth(&Files(&disk), oldest).is_ok());

    // Without the segments in front, what is left is proved as before.
    let before = proof::prove(&Files(&disk), first + 40).unwrap();
    for name in disk.names().unwrap() {
        if segment_first(&name).is_some_and(|at| at < first + 16) {
            disk.remove(&name).unwrap();
        }
    }
    assert_eq!(proof::prove(&Files(&disk), first + 40).unwrap(), before);
    let gone = proof::prove(&Files(&disk), 3).unwrap_err().to_string();
    assert_eq!(gone, "record 3 is not in the log any more");
    let newest = notes.iter().rev().find(of_new).unwrap();
    assert!(proof::prove_growth(&Files(&disk), newest).is_ok());
    let gone = proof::prove_growth(&Files(&disk), oldest);
    assert!(gone.is_err() || oldest == newest, "{gone:?}");
}
