//! Signed checkpoints: how large a log was and what its root was, in the notes that transparency-log tools read.
//!
//! C2SP `signed-note` and `tlog-checkpoint`, Ed25519 (key type 1). The origin is also the name of the key.

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::merkle::Hash;

/// The byte that says Ed25519 in a key (C2SP `signed-note`).
const ED25519: u8 = 1;

/// How large a log is, and its root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Leaves.
    pub size: u64,
    /// RFC 6962 root.
    pub root: Hash,
}

/// Why a note says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// It is not a note with a checkpoint.
    #[error("not a signed checkpoint")]
    Shape,
    /// It is of another log.
    #[error("a checkpoint of `{0}`, not of this log")]
    Origin(String),
    /// No signature in it is by the key.
    #[error("not signed by the key of this log")]
    Signature,
}

/// Returns the name that checkpoints of `log` go by; `first` is the record that is leaf 0.
#[must_use]
pub fn origin(log: Uuid, first: u64) -> String {
    if first == 0 {
        format!("kintsugi/{log}")
    } else {
        format!("kintsugi/{log}/{first}")
    }
}

/// Returns the log that an origin names, and the record that is leaf 0 of its tree.
#[must_use]
pub fn parts(origin: &str) -> Option<(&str, u64)> {
    let rest = origin.strip_prefix("kintsugi/")?;
    match rest.split_once('/') {
        Some((id, first)) => Some((id, first.parse().ok()?)),
        None => Some((rest, 0)),
    }
}

/// Returns the text that is signed.
fn body(origin: &str, checkpoint: Checkpoint) -> String {
    let Checkpoint { size, root } = checkpoint;
    format!("{origin}\n{size}\n{}\n", BASE64.encode(&root))
}

/// Returns the four bytes by which a note names a key.
fn key_id(name: &str, key: &VerifyingKey) -> [u8; 4] {
    let mut hasher = Sha256::new();
    hasher.update(name.as_bytes());
    hasher.update([b'\n', ED25519]);
    hasher.update(key.as_bytes());
    let digest: Hash = hasher.finalize().into();
    let [first, second, third, fourth, ..] = digest;
    [first, second, third, fourth]
}

/// Signs checkpoints. It does not print.
pub struct Signer(SigningKey);

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Signer(…)")
    }
}

impl Signer {
    /// Takes 32 random bytes as a key.
    #[must_use]
    pub fn new(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Returns the key that checks what this one signs.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        Verifier(self.0.verifying_key())
    }

    /// Returns the note, with its newline.
    #[must_use]
    pub fn sign(&self, origin: &str, checkpoint: Checkpoint) -> String {
        let body = body(origin, checkpoint);
        let signature = self.0.sign(body.as_bytes()).to_bytes();
        let id = key_id(origin, &self.0.verifying_key());
        let line = BASE64.encode(&[id.as_slice(), signature.as_slice()].concat());
        format!("{body}\n— {origin} {line}\n")
    }
}

/// Checks checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier(VerifyingKey);

impl Verifier {
    /// Returns the key as tools take it: name, id and key.
    #[must_use]
    pub fn text(&self, origin: &str) -> String {
        let id = HEXLOWER.encode(&key_id(origin, &self.0));
        let key = [[ED25519].as_slice(), self.0.as_bytes()].concat();
        format!("{origin}+{id}+{}", BASE64.encode(&key))
    }

    /// Reads a key as [`Verifier::text`] writes it; returns its name too.
    #[must_use]
    pub fn parse(text: &str) -> Option<(String, Self)> {
        let mut parts = text.trim().splitn(3, '+');
        let (name, id, key) = (parts.next()?, parts.next()?, parts.next()?);
        let key = BASE64.decode(key.as_bytes()).ok()?;
        let (kind, key) = key.split_first()?;
        let key = VerifyingKey::from_bytes(&key.try_into().ok()?).ok()?;
        let right = *kind == ED25519 && HEXLOWER.encode(&key_id(name, &key)) == id;
        right.then(|| (name.to_owned(), Self(key)))
    }

    /// Returns what the note says, when this key has signed it for `origin`.
    ///
    /// # Errors
    /// When it says nothing about this log.
    pub fn check(&self, origin: &str, note: &str) -> Result<Checkpoint, NoteError> {
        let (named, checkpoint) = read(note)?;
        if named != origin {
            return Err(NoteError::Origin(named));
        }
        let text = body(origin, checkpoint);
        let signatures = note
            .strip_prefix(&text)
            .and_then(|rest| rest.strip_prefix('\n'));
        let signed = signatures.ok_or(NoteError::Shape)?.lines().any(|line| {
            line.strip_prefix("— ")
                .and_then(|line| line.strip_prefix(origin)?.strip_prefix(' '))
                .and_then(|text| BASE64.decode(text.as_bytes()).ok())
                .is_some_and(|bytes| self.signed(origin, &text, &bytes))
        });
        signed.then_some(checkpoint).ok_or(NoteError::Signature)
    }

    fn signed(&self, origin: &str, text: &str, bytes: &[u8]) -> bool {
        bytes
            .split_first_chunk::<4>()
            .is_some_and(|(id, signature)| {
                *id == key_id(origin, &self.0)
                    && Signature::from_slice(signature).is_ok_and(|signature| {
                        self.0.verify_strict(text.as_bytes(), &signature).is_ok()
                    })
            })
    }
}

/// Reads a note's origin and checkpoint without believing them.
///
/// # Errors
/// When the text is not a checkpoint as it is written here.
pub fn read(note: &str) -> Result<(String, Checkpoint), NoteError> {
    let mut lines = note.split('\n');
    let mut line = || lines.next().ok_or(NoteError::Shape);
    let (name, size, root, empty) = (line()?, line()?, line()?, line()?);
    let size: u64 = size.parse().map_err(|_| NoteError::Shape)?;
    let root = BASE64
        .decode(root.as_bytes())
        .ok()
        .and_then(|root| root.try_into().ok())
        .ok_or(NoteError::Shape)?;
    let checkpoint = Checkpoint { size, root };
    // One spelling: no sign, no leading zero, no missing padding.
    if !empty.is_empty() || name.is_empty() || !note.starts_with(&body(name, checkpoint)) {
        return Err(NoteError::Shape);
    }
    Ok((name.to_owned(), checkpoint))
}

/// Splits a file of notes, one after the other with an empty line between, into single notes.
pub fn split(file: &str) -> impl Iterator<Item = String> + '_ {
    // A note has an empty line inside; one begins where a line names an origin and is not a signature.
    let mut lines = file.split_inclusive('\n').peekable();
    std::iter::from_fn(move || {
        let mut note = String::new();
        while let Some(line) = lines.next() {
            note.push_str(line);
            let next = lines.peek();
            let ends = line.starts_with("— ") && next.is_none_or(|next| !next.starts_with("— "));
            if ends {
                break;
            }
        }
        (!note.is_empty()).then_some(note)
    })
}

/// What begins a note that is written as one line.
const LINE: &str = "checkpoint ";

/// Returns a note as one line, for places that keep lines: `checkpoint`, origin, size, root and signature.
///
/// Nothing when it is not a checkpoint with one signature.
#[must_use]
pub fn one_line(note: &str) -> Option<String> {
    let (name, Checkpoint { size, root }) = read(note).ok()?;
    let (_, signatures) = note.split_once("\n\n")?;
    let signature = signatures.strip_prefix("— ")?.strip_prefix(&name)?.trim();
    let root = BASE64.encode(&root);
    Some(format!("{LINE}{name} {size} {root} {signature}")).filter(|_| !signature.contains('\n'))
}

/// Returns every note in `text`: whole ones, and ones written as one line wherever they stand in theirs.
#[must_use]
pub fn notes_in(text: &str) -> Vec<String> {
    let mut notes = Vec::new();
    let mut rest = String::new();
    for line in text.split_inclusive('\n') {
        match line
            .find(LINE)
            .and_then(|start| from_line(line.get(start..)?))
        {
            Some(note) => notes.push(note),
            None => rest.push_str(line),
        }
    }
    notes.extend(split(&rest).filter_map(|piece| {
        // Lines of something else may stand in front of it.
        let mut starts = piece.split_inclusive('\n').scan(0, |at, line| {
            let start = *at;
            *at += line.len();
            Some(start)
        });
        starts.find_map(|start| {
            let note = piece.get(start..).unwrap_or_default();
            read(note).is_ok().then(|| note.to_owned())
        })
    }));
    notes
}

/// Reads a note that was written as one line.
fn from_line(line: &str) -> Option<String> {
    let mut words = line.strip_prefix(LINE)?.split_whitespace();
    let (name, size, root) = (words.next()?, words.next()?, words.next()?);
    let signature = words.next()?;
    let note = format!("{name}\n{size}\n{root}\n\n— {name} {signature}\n");
    read(&note).ok().map(|_| note)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint(size: u64) -> Checkpoint {
        Checkpoint {
            size,
            root: [7; 32],
        }
    }

    #[test]
    fn every_changed_byte_of_a_note_is_noticed() {
        let signer = Signer::new(&[3; 32]);
        let note = signer.sign("kintsugi/x", checkpoint(12));
        let verifier = signer.verifier();
        assert_eq!(verifier.check("kintsugi/x", &note), Ok(checkpoint(12)));
        for bit in 0..note.len() * 8 {
            let mut bytes = note.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let changed = String::from_utf8_lossy(&bytes);
            assert!(verifier.check("kintsugi/x", &changed).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_key_is_read_back_and_another_is_refused() {
        let signer = Signer::new(&[3; 32]);
        let text = signer.verifier().text("kintsugi/x");
        let (name, verifier) = Verifier::parse(&text).unwrap();
        assert_eq!(
            (name.as_str(), &verifier),
            ("kintsugi/x", &signer.verifier())
        );
        let note = Signer::new(&[4; 32]).sign("kintsugi/x", checkpoint(1));
        assert_eq!(
            verifier.check("kintsugi/x", &note),
            Err(NoteError::Signature)
        );
        assert_eq!(
            Verifier::parse(&text.replacen("kintsugi/x", "kintsugi/y", 1)),
            None
        );
    }

    #[test]
    fn a_note_goes_through_a_journal_as_one_line() {
        let signer = Signer::new(&[3; 32]);
        let notes: Vec<_> = (1..4)
            .map(|size| signer.sign("kintsugi/x", checkpoint(size)))
            .collect();
        let lines: Vec<_> = notes.iter().map(|note| one_line(note).unwrap()).collect();
        let journal = format!(
            "Jan 02 host kintsugi[7]: {}\nJan 02 host sshd[1]: checkpoint of nothing\n{}\n{}",
            lines[0], lines[1], notes[2]
        );
        let found = notes_in(&journal);
        assert_eq!(found, notes);
        assert_eq!(notes_in(&notes.concat()), notes);
        assert_eq!(notes_in(&lines.join("\n")), notes);
        assert_eq!(one_line("nothing"), None);
    }

    #[test]
    fn notes_in_a_file_are_told_apart() {
        let signer = Signer::new(&[3; 32]);
        let notes: Vec<_> = (1..4)
            .map(|size| signer.sign("kintsugi/x", checkpoint(size)))
            .collect();
        assert_eq!(split(&notes.concat()).collect::<Vec<_>>(), notes);
    }
}
