//! The log as others see it: an independent verifier agrees with ours, and logs of every released format verify for ever.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use kintsugi_core::audit::record::{Body, Command as Proposed, Peer};
use kintsugi_core::audit::segment_name;
use kintsugi_core::audit::verify::{Options as Checks, Outcome, Report, verify};
use kintsugi_core::proposal::PeerCredentials;
use kintsugi_core::protocol::Change;
use kintsugi_daemon::store::{Directory, Files, Log, Now, Options};

fn log_in(path: &Path) -> Log {
    let options = Options {
        boot: "3f0c1d0e-0000-4000-8000-000000000001".into(),
        seed: [42; 32],
        program: "kintsugi 0.1.0".into(),
        host: None,
        segment_records: kintsugi_core::limits::SEGMENT_RECORDS,
    };
    let directory = Directory::open(path).unwrap();
    Log::open(Box::new(directory), options).unwrap().0
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
        };
        let imitation = r#"echo ',"s":null,"sl":4,"c":"","h":"","m":""}'"#;
        let staged = log
            .stage(now(), vec![event, proposal(imitation)], &())
            .unwrap();
        assert!(log.sync().unwrap().confirm(staged).is_ok());
    }
}

fn ours(path: &Path) -> Report {
    let directory = Directory::open(path).unwrap();
    verify(&Files(&directory), Checks::default())
}

/// Returns what both verifiers say, in the words of the independent one.
fn both(path: &Path) -> (String, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("verify_log.py");
    let run = Command::new("python3")
        .arg(script)
        .arg(path)
        .output()
        .unwrap();
    let report = ours(path);
    let ours = match report.outcome {
        Outcome::Good | Outcome::Incomplete { .. } => format!("good {}", report.records),
        Outcome::Tampered { seq: Some(seq), .. } => format!("tampered {seq}"),
        Outcome::Tampered { seq: None, .. } => "tampered head".into(),
        Outcome::Torn { seq, .. } => format!("torn {seq}"),
        Outcome::UnknownFormat { .. } | Outcome::Unreadable { .. } | _ => {
            format!("{:?}", report.outcome)
        }
    };
    let theirs = String::from_utf8_lossy(&run.stdout).trim().to_owned();
    let complaint = String::from_utf8_lossy(&run.stderr);
    assert!(complaint.is_empty(), "{complaint}");
    (ours, theirs)
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
