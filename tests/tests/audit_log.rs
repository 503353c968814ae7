//! The log as others see it: an independent verifier agrees with ours, and logs of every released format verify for ever.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kintsugi_core::audit::line::Line;
use kintsugi_core::audit::record::{Body, Command as Proposed, Peer};
use kintsugi_core::audit::segment_name;
use kintsugi_core::audit::verify::{Depth, Options as Checks, Outcome, Report, verify};
use kintsugi_core::proposal::PeerCredentials;
use kintsugi_core::protocol::Change;
use kintsugi_daemon::store::faulty::{Fault, Faulty, Took};
use kintsugi_daemon::store::{
    Directory, DirectoryError, Files, Log, Now, Options, RemovalRequest, Storage,
};
use kintsugi_tests::oracle::{in_words, independent};

fn log_in(path: &Path) -> Log {
    let options = Options {
        boot: "3f0c1d0e-0000-4000-8000-000000000001".into(),
        seed: [42; 32],
        program: "kintsugi 0.1.0".into(),
        host: None,
        segment_records: kintsugi_core::limits::SEGMENT_RECORDS,
    };
    let directory = opened(path);
    Log::open(Box::new(directory), options, &mut ()).unwrap().0
}

fn now() -> Now {
    Now {
        wall: "2026-01-02T03:04:05.678901Z".parse().unwrap(),
        monotonic: Duration::from_secs(1),
    }
}

/// A proposal whose text imitates the end of a record.
fn proposal(raw: &str) -> Body {
    Body::Proposal {
        command: Proposed {
            id: uuid::Uuid::from_u128(7),
            raw: raw.into(),
            agent: "claude-code".into(),
            cwd: "/home/u/p".into(),
            ..Proposed::from(proposed())
        },
        peer: Peer::from(PeerCredentials {
            uid: 1000,
            gid: 1000,
            pid: 4711,
        }),
    }
}

fn proposed() -> kintsugi_core::proposal::ProposedCommand {
    let text =
        r#"{"id":"00000000-0000-0000-0000-000000000007","ts":"","agent":"","cwd":"/","raw":""}"#;
    serde_json::from_str(text).unwrap()
}

fn fill(log: &mut Log, count: usize) {
    for number in 0..count {
        let event = Body::Observation {
            change: Change::Modified,
            path: format!("/home/u/p/ünï \"{number}\""),
            seen: None,
        };
        let imitation = r#"echo ',"s":null,"sl":4,"c":"","h":"","m":""}'"#;
        let staged = log
            .stage(now(), vec![event, proposal(imitation)], &())
            .unwrap();
        assert!(log.sync().unwrap().confirm(staged).is_ok());
    }
}

fn ours(path: &Path) -> Report {
    let directory = opened(path);
    verify(&Files(&directory), Checks::default())
}

/// Returns what both verifiers say, in the words of the independent one.
fn both(path: &Path) -> (String, String) {
    (in_words(&ours(path)), independent(path))
}

#[test]
fn the_independent_verifier_is_short() {
    let script = include_str!("../verify_log.py");
    assert!(script.lines().count() <= 60);
}

#[test]
fn the_independent_verifier_agrees_on_good_torn_and_altered_logs() {
    let directory = tempfile::tempdir().unwrap();
    let mut log = log_in(directory.path());
    fill(&mut log, 6);
    drop(log);
    let segment = directory.path().join(segment_name(0));
    let head = directory.path().join("head");
    let (good, good_head) = (
        std::fs::read(&segment).unwrap(),
        std::fs::read(&head).unwrap(),
    );
    let agreed = |expected: &str| {
        let (ours, theirs) = both(directory.path());
        assert_eq!(ours, theirs);
        assert!(ours.starts_with(expected), "{ours}");
    };
    agreed("good 13");
    let lines: Vec<&[u8]> = good.split_inclusive(|byte| *byte == b'\n').collect();
    for index in (1..lines.len()).step_by(4) {
        let mut changed = lines.clone();
        changed.remove(index);
        std::fs::write(&segment, changed.concat()).unwrap();
        agreed("tampered");
        let mut changed = lines.clone();
        changed.swap(index, index - 1);
        std::fs::write(&segment, changed.concat()).unwrap();
        agreed("tampered");
    }
    for at in (lines[0].len()..good.len()).step_by(1_009) {
        let mut changed = good.clone();
        changed[at] ^= 4;
        std::fs::write(&segment, &changed).unwrap();
        agreed("tampered");
        std::fs::write(&segment, &good[..at]).unwrap();
        agreed("tampered");
    }
    let mut torn = good.clone();
    torn.extend_from_slice(&lines[5][..40]);
    std::fs::write(&segment, &torn).unwrap();
    agreed("torn 13");
    std::fs::write(&segment, &good).unwrap();
    std::fs::write(&head, vec![0; good_head.len()]).unwrap();
    agreed("tampered head");
}

/// Opens a log whose segments have sixteen records.
fn short_log(storage: Box<dyn Storage>) -> Log {
    try_short_log(storage).unwrap()
}

fn try_short_log(storage: Box<dyn Storage>) -> Option<Log> {
    let options = Options {
        boot: "3f0c1d0e-0000-4000-8000-000000000001".into(),
        seed: [43; 32],
        program: "kintsugi 0.1.0".into(),
        segment_records: SHORT,
        host: None,
    };
    Some(Log::open(storage, options, &mut ()).ok()?.0)
}

/// Records of a segment in some logs here.
const SHORT: u64 = 16;

fn request() -> RemovalRequest {
    RemovalRequest {
        peer: Peer::from(PeerCredentials {
            uid: 1000,
            gid: 1000,
            pid: 4711,
        }),
        reason: "a password".into(),
    }
}

/// Opens a log. Another test may be starting a program just now, which has a copy of every descriptor, locks included, until it runs.
fn opened(path: &Path) -> Directory {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        match Directory::open(path) {
            Err(DirectoryError::Locked(..)) if Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(10));
            }
            opened => return opened.unwrap(),
        }
    }
}

/// Asserts that both verifiers say the same of a log with short segments, and returns it.
fn agreed(path: &Path) -> String {
    let directory = opened(path);
    let mut words = Vec::new();
    for depth in [Depth::Quick, Depth::Records, Depth::Everything] {
        let checks = Checks {
            depth,
            ..Checks::default()
        };
        words.push(in_words(&verify(&Files(&directory), checks)));
    }
    drop(directory);
    let theirs = independent(path);
    assert!(
        words.iter().all(|word| *word == theirs),
        "{words:?} {theirs}"
    );
    theirs
}

#[test]
fn the_independent_verifier_agrees_on_segments_that_end_are_redacted_missing_and_pruned() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let mut log = short_log(Box::new(opened(path)));
    fill(&mut log, 24);
    assert_eq!(agreed_beside(log, path), "good 55");
    let mut log = short_log(Box::new(opened(path)));
    let seqs = BTreeSet::from([5, 6, 20]);
    drop(log.redact(now(), &seqs, request(), &()).unwrap());
    fill(&mut log, 1);
    assert!(agreed_beside(log, path).starts_with("good"));

    let second = path.join(segment_name(SHORT));
    let good = std::fs::read(&second).unwrap();
    let lines: Vec<&[u8]> = good.split_inclusive(|byte| *byte == b'\n').collect();
    let bare = lines[9].strip_suffix(b"\n").unwrap();
    let silent = [Line::split(bare).unwrap().redacted_view().as_slice(), b"\n"].concat();
    let mut changed = lines.clone();
    changed[9] = &silent;
    std::fs::write(&second, changed.concat()).unwrap();
    assert_eq!(agreed(path), format!("tampered {}", SHORT + 9));
    std::fs::write(&second, [good.as_slice(), b"x\n"].concat()).unwrap();
    assert_eq!(agreed(path), format!("tampered {}", 2 * SHORT));
    std::fs::remove_file(&second).unwrap();
    assert_eq!(agreed(path), format!("tampered {SHORT}"));
    std::fs::write(&second, good).unwrap();

    let first = std::fs::read(path.join(segment_name(0))).unwrap();
    std::fs::remove_file(path.join(segment_name(0))).unwrap();
    assert_eq!(agreed(path), "tampered 0");
    std::fs::write(path.join(segment_name(0)), first).unwrap();
    let mut log = short_log(Box::new(opened(path)));
    drop(log.prune(now(), SHORT + 3, request(), &()).unwrap());
    assert!(!path.join(segment_name(0)).exists());
    assert!(agreed_beside(log, path).starts_with("good"));
}

/// Lets the log go, whose lock keeps others out, and verifies.
fn agreed_beside(log: Log, path: &Path) -> String {
    drop(log);
    agreed(path)
}

#[test]
fn the_independent_verifier_agrees_on_failed_syncs_and_incidents() {
    let mut seen = 0;
    for call in 12..60 {
        let directory = tempfile::tempdir().unwrap();
        let fault = Fault {
            call,
            took: Took::Effect,
            errno: 5,
        };
        let storage = Box::new(opened(directory.path()));
        let (faulty, _) = Faulty::new(storage, Some(fault));
        let Some(mut log) = try_short_log(Box::new(faulty)) else {
            continue;
        };
        for _ in 0..4 {
            let event = Body::Observation {
                change: Change::Modified,
                path: "/home/u/p".into(),
                seen: None,
            };
            let staged = log.stage(now(), vec![event], &());
            let recorded = staged.and_then(|staged| Ok(log.sync()?.confirm(staged)));
            if recorded.is_err() {
                log = log.reopen(&mut ()).unwrap().0;
            }
        }
        drop(log);
        let names = std::fs::read_dir(directory.path()).unwrap();
        let segments = names.filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_string_lossy().starts_with("seg-")
        });
        if segments.count() > 1 && seen < 3 {
            seen += 1;
            assert!(agreed(directory.path()).starts_with("good"), "{call}");
        }
    }
    assert!(seen > 0, "no sync failed");

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let mut log = short_log(Box::new(opened(path)));
    fill(&mut log, 3);
    drop(log);
    let segment = path.join(segment_name(0));
    let good = std::fs::read(&segment).unwrap();
    std::fs::write(&segment, &good[..good.len() / 2]).unwrap();
    let before = agreed(path);
    assert!(before.starts_with("tampered"), "{before}");
    let mut log = short_log(Box::new(opened(path)));
    fill(&mut log, 1);
    assert_eq!(agreed_beside(log, path), before, "it stays so");
}

/// Copies a golden log, since opening one takes a lock.
fn golden(version: &str) -> (tempfile::TempDir, PathBuf) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("golden")
        .join(version);
    let directory = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), directory.path().join(entry.file_name())).unwrap();
    }
    let path = directory.path().to_owned();
    (directory, path)
}

#[test]
fn the_log_of_format_1_verifies_for_ever() {
    let (_directory, path) = golden("v1");
    let report = ours(&path);
    assert_eq!(report.outcome, Outcome::Good);
    assert_eq!(report.records, 302);
    assert_eq!(both(&path).1, "good 302");
    let mut log = log_in(&path);
    fill(&mut log, 1);
    drop(log);
    assert_eq!(ours(&path).outcome, Outcome::Good);
}
