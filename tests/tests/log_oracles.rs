//! Checkpoints and proofs, asked of tools that nobody here wrote: `signed_note` and `tlog_tiles`.

use std::time::Duration;

use kintsugi_core::audit::record::Body;
use kintsugi_core::audit::{CHECKPOINTS_FILE, checkpoint, proof};
use kintsugi_core::limits::SEGMENT_RECORDS;
use kintsugi_core::protocol::Change;
use kintsugi_daemon::store::memory::Memory;
use kintsugi_daemon::store::{Files, Log, Now, Options};
use kintsugi_tests::oracle::{opened, path_of};
use tlog_tiles::{check_record, check_tree, record_hash};

/// Returns a log of a few hundred records with some checkpoints, and the key that checks them.
fn log() -> (Memory, String) {
    let disk = Memory::new();
    let options = Options {
        boot: "boot".into(),
        seed: [7; 32],
        program: "kintsugi test".into(),
        host: None,
        segment_records: SEGMENT_RECORDS,
    };
    let now = Now {
        wall: "2026-01-02T03:04:05Z".parse().unwrap(),
        monotonic: Duration::ZERO,
    };
    let (mut log, _) = Log::open(Box::new(disk.clone()), options, &mut ()).unwrap();
    for number in 0..600 {
        let event = Body::Observation {
            change: Change::Modified,
            path: format!("/home/u/ünï \"{number}\""),
            seen: None,
        };
        let signed = Body::Policy {
            what: "test".into(),
            hash: None,
            detail: serde_json::Value::Null,
        };
        let body = if number % 37 == 0 { signed } else { event };
        let staged = log.stage(now, vec![body], &()).unwrap();
        assert!(log.sync().unwrap().confirm(staged).is_ok());
    }
    let verifier = log.verifier().unwrap();
    (disk, verifier)
}

fn notes(disk: &Memory) -> Vec<String> {
    let text = String::from_utf8(disk.read(CHECKPOINTS_FILE).unwrap()).unwrap();
    checkpoint::split(&text).collect()
}

#[test]
fn every_checkpoint_is_accepted_and_every_altered_one_refused() {
    let (disk, key) = log();
    let notes = notes(&disk);
    assert!(notes.len() > 15, "{}", notes.len());
    let mut size = 0;
    for note in &notes {
        let checkpoint = opened(note, &key).unwrap();
        assert!(checkpoint.size() > size, "they grow");
        size = checkpoint.size();
    }
    let note = &notes[3];
    for bit in 0..note.len() * 8 {
        let mut bytes = note.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(changed) = String::from_utf8(bytes) {
            assert!(opened(&changed, &key).is_err(), "bit {bit}");
        }
    }
}

#[test]
fn every_inclusion_proof_is_accepted_and_no_other_record_fits_it() {
    let (disk, key) = log();
    let covered = opened(notes(&disk).last().unwrap(), &key).unwrap().size();
    assert!(covered > 590);
    for seq in 0..covered {
        let (line, text) = proof::prove(&Files(&disk), seq).unwrap();
        let (path, note) = path_of(&text);
        let checkpoint = opened(note, &key).unwrap();
        let (size, root) = (checkpoint.size(), *checkpoint.hash());
        check_record(&path, size, root, seq, record_hash(&line)).unwrap();
        let mut other = line.clone();
        other[20] ^= 1;
        assert!(check_record(&path, size, root, seq, record_hash(&other)).is_err());
        assert!(check_record(&path, size, root, seq ^ 1, record_hash(&line)).is_err());
    }
}

#[test]
fn every_proof_that_the_log_has_grown_is_accepted_and_none_for_another_root() {
    let (disk, key) = log();
    let notes = notes(&disk);
    let last = opened(notes.last().unwrap(), &key).unwrap();
    let (origin, verifier) = checkpoint::Verifier::parse(&key).unwrap();
    for note in &notes {
        let text = proof::prove_growth(&Files(&disk), note).unwrap();
        let sizes = proof::check_growth(&text, note, &origin, &verifier).unwrap();
        let old = opened(note, &key).unwrap();
        assert_eq!(sizes, (old.size(), last.size()));
        let (path, _) = path_of(&text);
        let (size, root) = (last.size(), *last.hash());
        check_tree(&path, size, root, old.size(), *old.hash()).unwrap();
        if old.size() < size {
            assert!(check_tree(&path, size, root, old.size(), root).is_err());
            assert!(proof::check_growth(&text, notes.last().unwrap(), &origin, &verifier).is_err());
        }
    }
}
