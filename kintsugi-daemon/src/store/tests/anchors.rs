//! What somebody with all the files and no key can do to a log of several segments, and what a note kept elsewhere adds.

use kintsugi_core::audit::chain::{Chain, Key, Seal, hex};
use kintsugi_core::audit::line::{Line, SEAL_BYTES};
use kintsugi_core::audit::verify::{Depth, Layer, Options as Checks, Outcome, Report, verify};
use kintsugi_core::audit::{CHECKPOINTS_FILE, HEAD_FILE, checkpoint, segment_first, segment_name};

use super::super::memory::Memory;
use super::*;

/// Records of a segment here.
const SHORT: u64 = 16;

pub(super) fn short() -> Options {
    Options {
        segment_records: SHORT,
        ..options()
    }
}

fn check(disk: &Memory, depth: Depth, against: &[String]) -> Report {
    let checks = Checks {
        depth,
        against: against.to_vec(),
        ..Checks::default()
    };
    verify(&Files(disk), checks)
}

fn is_tampered(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Tampered { .. })
}

const DEPTHS: [Depth; 3] = [Depth::Quick, Depth::Records, Depth::Everything];

/// Returns a log of four segments and a bit, with the directory as it was at each size.
fn history() -> (Memory, Vec<(u64, Memory)>) {
    let disk = Memory::new();
    let (mut log, _) = Log::open(Box::new(disk.clone()), short(), &mut ()).unwrap();
    let mut history = Vec::new();
    for number in 0..60 {
        let signed = Body::Policy {
            what: "test".into(),
            hash: None,
            detail: serde_json::Value::Null,
        };
        let body = if number % 10 == 9 {
            signed
        } else {
            event(number)
        };
        let staged = log.stage(now(), vec![body], &()).unwrap();
        assert!(log.sync().unwrap().confirm(staged).is_ok());
        history.push((log.status().size, disk.snapshot()));
    }
    let shutdown = Body::Shutdown {
        reason: "test".into(),
    };
    let staged = log.stage(now(), vec![shutdown], &()).unwrap();
    assert!(log.sync().unwrap().confirm(staged).is_ok());
    (disk, history)
}

fn last_note(disk: &Memory) -> String {
    let notes = String::from_utf8(disk.read(CHECKPOINTS_FILE).unwrap()).unwrap();
    checkpoint::split(&notes).last().unwrap()
}

fn segments(disk: &Memory) -> Vec<u64> {
    let names = disk.names().unwrap();
    let mut firsts: Vec<u64> = names
        .iter()
        .filter_map(|name| segment_first(name))
        .collect();
    firsts.sort_unstable();
    firsts
}

fn put(disk: &Memory, from: &Memory, name: &str) {
    disk.put(name, from.read(name).unwrap());
}

/// Cuts every record from `size` on out of the segments.
fn cut(disk: &Memory, size: u64) {
    for first in segments(disk) {
        let name = segment_name(first);
        let bytes = disk.read(&name).unwrap();
        let kept = usize::try_from(size.saturating_sub(first)).unwrap();
        let lines = bytes.split_inclusive(|byte| *byte == b'\n').take(kept);
        let bytes: Vec<u8> = lines.flatten().copied().collect();
        if bytes.is_empty() {
            disk.remove(&name).unwrap();
        } else {
            disk.put(&name, bytes);
        }
    }
}

#[test]
fn a_log_of_several_segments_is_good_at_every_depth() {
    let (disk, _) = history();
    assert_eq!(segments(&disk).len(), 5);
    for depth in DEPTHS {
        let report = check(&disk, depth, &[last_note(&disk)]);
        assert_eq!(report.outcome, Outcome::Good, "{depth:?}");
        let size = report.records;
        assert_eq!(report.chain, Layer::Checked(size));
        assert_eq!(report.anchors, Layer::Checked(1));
        assert_eq!(report.by_file > 0, depth == Depth::Quick, "{depth:?}");
    }
}

#[test]
fn a_tail_cut_off_at_any_record_is_found_out() {
    let (disk, history) = history();
    let note = last_note(&disk);
    for (size, then) in &history {
        // The records alone.
        let left = disk.snapshot();
        cut(&left, *size);
        for depth in DEPTHS {
            let outcome = check(&left, depth, &[]).outcome;
            assert!(is_tampered(&outcome), "{size} {depth:?}: {outcome:?}");
        }
        // With the head of that time: the checkpoints still tell.
        put(&left, then, HEAD_FILE);
        for depth in DEPTHS {
            let outcome = check(&left, depth, &[]).outcome;
            assert!(is_tampered(&outcome), "{size} {depth:?}: {outcome:?}");
        }
        // With everything of that time nothing inside can tell, and a note kept elsewhere does.
        for depth in DEPTHS {
            let outcome = check(then, depth, &[]).outcome;
            assert_eq!(outcome, Outcome::Good, "{size} {depth:?}");
            let outcome = check(then, depth, std::slice::from_ref(&note)).outcome;
            assert!(is_tampered(&outcome), "{size} {depth:?}: {outcome:?}");
        }
    }
}

#[test]
fn a_whole_segment_that_is_missing_is_named() {
    let (disk, _) = history();
    let firsts = segments(&disk);
    for first in &firsts {
        let left = disk.snapshot();
        left.remove(&segment_name(*first)).unwrap();
        for depth in DEPTHS {
            let outcome = check(&left, depth, &[]).outcome;
            let Outcome::Tampered { seq, reason } = outcome else {
                panic!("{first} {depth:?}: {outcome:?}")
            };
            assert_eq!(seq, Some(*first), "{depth:?}: {reason}");
            let last = (first + SHORT - 1).min(check(&disk, depth, &[]).records - 1);
            let missing = format!("records {first} to {last} are missing");
            assert!(reason.contains(&missing), "{reason}");
        }
    }
}

#[test]
fn the_quick_look_names_the_record_that_was_altered() {
    let (disk, _) = history();
    for first in segments(&disk) {
        let name = segment_name(first);
        let bytes = disk.read(&name).unwrap();
        let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        for (index, line) in lines.iter().enumerate() {
            let seq = first + u64::try_from(index).unwrap();
            let mut altered = line.to_vec();
            altered[line.len() / 3] ^= 1;
            let mut changed = lines.clone();
            changed[index] = &altered;
            let left = disk.snapshot();
            left.put(&name, changed.concat());
            let quick = check(&left, Depth::Quick, &[]).outcome;
            assert_eq!(quick, check(&left, Depth::Records, &[]).outcome);
            // A first record that cannot be read opens nothing: the segment before ends in the open.
            let Outcome::Tampered { seq: found, .. } = quick else {
                panic!("{seq}: {quick:?}")
            };
            assert_eq!(found, Some(seq));
        }
        let left = disk.snapshot();
        left.put(&name, [bytes.as_slice(), b"x"].concat());
        let is_last = first == *segments(&disk).last().unwrap();
        let outcome = check(&left, Depth::Quick, &[]).outcome;
        assert_eq!(is_tampered(&outcome), !is_last, "{first}: {outcome:?}");
    }
}

/// Returns the segments with `altered` rewritten and everything behind it chained and hashed again, as whoever has no key can.
fn forge(disk: &Memory, altered: u64) -> Memory {
    let forged = disk.snapshot();
    let mut chain: Option<Chain> = None;
    let mut before: Option<(u64, Vec<u8>)> = None;
    for first in segments(disk) {
        let name = segment_name(first);
        let bytes = disk.read(&name).unwrap();
        let mut written = Vec::new();
        for bytes in bytes.split_inclusive(|byte| *byte == b'\n') {
            let line = Line::split(&bytes[..bytes.len() - 1]).unwrap();
            let seal = Seal::parse(line.seal()).unwrap();
            let Some(chain) = chain.as_mut().filter(|_| line.seq() >= altered) else {
                written.extend_from_slice(bytes);
                chain = Some(Chain {
                    next: line.seq() + 1,
                    seal,
                    key: Key::new([0; 32]),
                });
                continue;
            };
            let mut text =
                String::from_utf8(bytes[..bytes.len() - 1 - SEAL_BYTES].to_vec()).unwrap();
            if line.seq() == altered {
                text = text.replacen("\"ts\":\"2026", "\"ts\":\"2025", 1);
            }
            if line.kind() == b"open"
                && let Some((segment, file)) = &before
            {
                text = opening(&text, *segment, file, &chain.seal);
            }
            written.extend_from_slice(chain.seal(&text).as_bytes());
        }
        forged.put(&name, written.clone());
        before = Some((first, written));
    }
    forged
}

/// Makes an opening name the segment before as it is now.
fn opening(text: &str, segment: u64, file: &[u8], seal: &Seal) -> String {
    let (start, rest) = text.split_once("\"previous\":{").unwrap();
    let (_, rest) = rest.split_once('}').unwrap();
    let hash = blake3::hash(file).to_hex();
    let (bytes, h, m) = (file.len(), hex(&seal.hash), hex(&seal.mac));
    format!(
        "{start}\"previous\":{{\"segment\":{segment},\"file\":\"{hash}\",\"bytes\":{bytes},\
         \"h\":\"{h}\",\"m\":\"{m}\"}}{rest}"
    )
}

#[test]
fn whoever_has_no_key_rewrites_nothing_unseen() {
    let (disk, _) = history();
    // As long as nothing is altered, rewriting comes to the same bytes up to the codes.
    for altered in 1..60 {
        let forged = forge(&disk, altered);
        for depth in DEPTHS {
            let outcome = check(&forged, depth, &[]).outcome;
            assert!(is_tampered(&outcome), "{altered} {depth:?}: {outcome:?}");
        }
        let outcome = check(&forged, Depth::Records, &[]).outcome;
        assert!(
            matches!(outcome, Outcome::Tampered { seq: Some(seq), .. } if seq == altered),
            "{altered}: {outcome:?}"
        );
        // Chained as it ought to be: only the codes and the head tell.
        let chain = check(&forged, Depth::Chain, &[]).outcome;
        let Outcome::Tampered { reason, .. } = &chain else {
            panic!("{altered}: {chain:?}")
        };
        assert!(
            reason.contains("that the head names"),
            "{altered}: {reason}"
        );
    }
}
