//! What others make of a log: the independent verifier in Python, and `signed_note` and `tlog_tiles`, which nobody here wrote.
//!
//! Every daemon of a test is asked about its log at its end: [`agree_on`].

use std::path::Path;
use std::process::Command;

use data_encoding::BASE64;
use kintsugi_core::audit::record::{Body, Record};
use kintsugi_core::audit::verify::{Options, Outcome, Report, verify};
use kintsugi_core::audit::{CHECKPOINTS_FILE, Source, checkpoint, proof, segment_first};
use kintsugi_daemon::store::{Directory, Files};
use signed_note::{Note, StandardVerifier, VerifierList};
use tlog_tiles::{Checkpoint, Hash, check_record, check_tree, record_hash};

/// Most bytes of a log that is looked at after each test; the tests of the log itself look at larger ones.
const BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Returns what the independent verifier says of the log in `path`.
///
/// # Panics
/// When it cannot be run, or complains.
#[must_use]
pub fn independent(path: &Path) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("verify_log.py");
    let run = Command::new("python3").arg(script).arg(path).output();
    let run = run.expect("python3 starts");
    let complaint = String::from_utf8_lossy(&run.stderr);
    assert!(complaint.is_empty(), "{}: {complaint}", path.display());
    String::from_utf8_lossy(&run.stdout).trim().to_owned()
}

/// Returns what our verifier says, in the words of the independent one.
#[must_use]
pub fn in_words(report: &Report) -> String {
    match &report.outcome {
        Outcome::Good | Outcome::Incomplete { .. } => format!("good {}", report.records),
        Outcome::Tampered { seq: Some(seq), .. } => format!("tampered {seq}"),
        Outcome::Tampered { seq: None, .. } => "tampered head".into(),
        Outcome::Torn { seq, .. } => format!("torn {seq}"),
        Outcome::UnknownFormat { .. } | Outcome::Unreadable { .. } | _ => {
            format!("{:?}", report.outcome)
        }
    }
}

/// Returns what both tools make of a note: who signed it, and the size and root it states.
///
/// # Errors
/// What either of them has against it.
///
/// # Panics
/// When they disagree about who signed it.
pub fn opened(note: &str, key: &str) -> Result<Checkpoint, String> {
    let verifier = StandardVerifier::new(key).map_err(|error| error.to_string())?;
    let known = VerifierList::new(vec![Box::new(verifier)]);
    let note = Note::from_bytes(note.as_bytes()).map_err(|error| error.to_string())?;
    let (by, _) = note.verify(&known).map_err(|error| error.to_string())?;
    assert_eq!(by.len(), 1);
    let checkpoint = Checkpoint::from_bytes(note.text()).map_err(|error| error.to_string())?;
    assert_eq!(checkpoint.origin(), by[0].name());
    Ok(checkpoint)
}

/// Returns the hashes of a proof, and its note.
///
/// # Panics
/// When it has not the form of one.
#[must_use]
pub fn path_of(proof: &str) -> (Vec<Hash>, &str) {
    let (hashes, note) = proof.split_once("\n\n").expect("hashes and a note");
    let hash = |line: &str| {
        let hash = BASE64.decode(line.as_bytes()).expect("base64");
        Hash(hash.try_into().expect("a hash"))
    };
    (hashes.lines().skip(2).map(hash).collect(), note)
}

/// Asserts that everybody agrees about the log in `path`, if there is one that a daemon has let go: our verifier and the
/// independent one about the records; ours, `signed_note` and `tlog_tiles` about every note, about the first and the last record
/// under one, and about its growth.
///
/// # Panics
/// When they do not.
pub fn agree_on(path: &Path) {
    let Ok(directory) = Directory::open(path) else {
        return;
    };
    let source = Files(&directory);
    let names = source.names().unwrap_or_default();
    let bytes = names
        .iter()
        .filter_map(|name| std::fs::metadata(path.join(name)).ok());
    let bytes: u64 = bytes.map(|file| file.len()).sum();
    if !names.iter().any(|name| segment_first(name).is_some()) || bytes > BYTES_MAX {
        return;
    }
    let report = verify(&source, Options::default());
    if matches!(
        report.outcome,
        Outcome::UnknownFormat { .. } | Outcome::Unreadable { .. }
    ) {
        return;
    }
    let (ours, theirs) = (in_words(&report), independent(path));
    assert_eq!(ours, theirs, "{}: {:?}", path.display(), report.outcome);
    if ours.starts_with("good") {
        tools_agree_on(&source, path);
    }
}

/// The part of [`agree_on`] about notes and proofs, of a log that is good.
fn tools_agree_on(source: &dyn Source, path: &Path) {
    let Ok(text) = std::fs::read_to_string(path.join(CHECKPOINTS_FILE)) else {
        return;
    };
    let Some((first, key)) = key_of(source, path) else {
        return;
    };
    let (origin, verifier) = checkpoint::Verifier::parse(&key).expect("a key");
    let of_this = |note: &String| note.lines().next() == Some(origin.as_str());
    let notes: Vec<String> = checkpoint::split(&text).filter(of_this).collect();
    let (Some(oldest), Some(newest)) = (notes.first(), notes.last()) else {
        return;
    };
    let mut size = 0;
    for note in &notes {
        let found = opened(note, &key).expect("a note that both accept");
        assert!(found.size() >= size, "they grow");
        size = found.size();
    }
    for index in [0, size / 2, size - 1] {
        // Records that were pruned are proved by nobody.
        let Ok((line, proof)) = proof::prove(source, first + index) else {
            continue;
        };
        let (hashes, note) = path_of(&proof);
        let found = opened(note, &key).expect("a note that both accept");
        let (size, root) = (found.size(), *found.hash());
        check_record(&hashes, size, root, index, record_hash(&line)).expect("a proof");
        assert_eq!(
            proof::check(&proof, &line, &origin, &verifier).ok(),
            Some(first + index)
        );
    }
    if let Ok(proof) = proof::prove_growth(source, oldest) {
        let (hashes, _) = path_of(&proof);
        let old = opened(oldest, &key).expect("a note");
        let new = opened(newest, &key).expect("a note");
        check_tree(&hashes, new.size(), *new.hash(), old.size(), *old.hash()).expect("a proof");
        assert!(proof::check_growth(&proof, oldest, &origin, &verifier).is_ok());
    }
}

/// Returns the record that is leaf 0, and the key that the last segment names.
fn key_of(source: &dyn Source, path: &Path) -> Option<(u64, String)> {
    let names = source.names().ok()?;
    let last = names.iter().filter_map(|name| segment_first(name)).max()?;
    let text = std::fs::read(path.join(kintsugi_core::audit::segment_name(last))).ok()?;
    let line = text.split(|byte| *byte == b'\n').next()?;
    let Body::Open { tree, verifier, .. } = Record::read(line).ok()?.body else {
        panic!("a segment opens with another record");
    };
    Some((tree.first, verifier?))
}
