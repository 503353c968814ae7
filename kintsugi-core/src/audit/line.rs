//! One line of the log as bytes: where its parts lie, and how it is put together.
//!
//! Splitting reads a line from both ends at fixed places and never parses JSON, so that a verifier keeps the speed of
//! the hash. Nothing here decides whether a line is genuine.

use std::fmt::Write as _;
use std::ops::Range;

use memchr::memchr;

use super::chain::is_hex;
use crate::limits::RECORD_BYTES_MAX;

/// The version of the format that this crate writes.
pub const VERSION: u64 = 1;

/// Bytes of a seal: `,"h":"` + 64 + `","m":"` + 32 + `"}`.
pub const SEAL_BYTES: usize = 6 + 64 + 7 + 32 + 2;

/// Where the digits of the hash stand in a seal.
const HASH: Range<usize> = 6..6 + 64;

/// Where the digits of the MAC stand in a seal.
const MAC: Range<usize> = HASH.end + 7..HASH.end + 7 + 32;

/// What stands where the private part was, once it is redacted.
pub const REDACTED: &[u8] = b"null";

/// What stands before the private part.
const PRIVATE: &[u8] = b",\"s\":";

/// The members of a line as bytes.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// When it was written.
    pub ts: &'a [u8],
    /// Which start of the machine.
    pub boot: &'a [u8],
    /// Its kind.
    pub kind: &'a [u8],
    /// The members of the kind, without braces.
    pub public: &'a [u8],
    /// The private members, without braces; nothing when they were redacted.
    pub private: &'a [u8],
}

impl Parts<'_> {
    /// Whether the members that every line has are text.
    #[must_use]
    pub fn is_text(&self) -> bool {
        std::str::from_utf8(self.ts).is_ok() && std::str::from_utf8(self.boot).is_ok()
    }
}

/// Why bytes are not a line of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// It is longer than [`RECORD_BYTES_MAX`].
    #[error("longer than {RECORD_BYTES_MAX} bytes")]
    TooLong,
    /// It does not begin with the members that every line begins with.
    #[error("does not begin as a record does")]
    Beginning,
    /// It does not end with a private part, its commitment and a seal.
    #[error("does not end in a seal")]
    Ending,
    /// It is of a version that this program does not know.
    #[error("is of format version {0}, which this program does not know")]
    Version(u64),
}

/// The parts of one line, its newline not included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    bytes: &'a [u8],
    seq: u64,
    durable: u64,
    /// Where the value of `ts` begins.
    ts: usize,
    private: Range<usize>,
    private_bytes: u64,
}

impl<'a> Line<'a> {
    /// Splits `bytes`, one line without its newline.
    ///
    /// # Errors
    /// When it has not the shape of a line; what it says is then worth nothing.
    pub fn split(bytes: &'a [u8]) -> Result<Self, LineError> {
        if bytes.len() >= RECORD_BYTES_MAX {
            return Err(LineError::TooLong);
        }
        let (seq, durable, rest) = beginning(bytes)?;
        let ts = bytes.len().saturating_sub(rest.len());
        let (private, private_bytes) = ending(bytes).ok_or(LineError::Ending)?;
        Ok(Self {
            bytes,
            seq,
            durable,
            ts,
            private,
            private_bytes,
        })
    }

    /// Returns the whole line.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns its place in the log.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// Returns how many records were durable before this line was written, if the line is genuine.
    #[must_use]
    pub const fn durable(&self) -> u64 {
        self.durable
    }

    /// Returns when it was written, as the line says.
    #[must_use]
    pub fn ts(&self) -> &'a [u8] {
        let rest = self.bytes.get(self.ts..).unwrap_or_default();
        value(rest).map_or(&[], |(ts, _)| ts)
    }

    /// Returns its kind.
    #[must_use]
    pub fn kind(&self) -> &'a [u8] {
        self.parts().map_or(&[], |parts| parts.kind)
    }

    /// Returns the members; nothing when they do not stand as they are written here.
    #[must_use]
    pub fn parts(&self) -> Option<Parts<'a>> {
        let rest = self.bytes.get(self.ts..)?;
        let (ts, rest) = value(rest)?;
        let (boot, rest) = value(rest.strip_prefix(b",\"boot\":\"")?)?;
        let (kind, rest) = value(rest.strip_prefix(b",\"kind\":\"")?)?;
        let end = self.private.start.checked_sub(PRIVATE.len())?;
        let length = rest.len().checked_sub(self.bytes.len().checked_sub(end)?)?;
        let public = rest.get(..length)?;
        let private = self.private();
        let private = match private.strip_prefix(b"{") {
            Some(members) => members.strip_suffix(b"}")?,
            None => &[],
        };
        Some(Parts {
            ts,
            boot,
            kind,
            public: public.strip_prefix(b",").unwrap_or(public),
            private,
        })
    }

    /// Returns the bytes before the private part and after it, up to the seal: what the hash covers.
    #[must_use]
    pub fn public(&self) -> (&'a [u8], &'a [u8]) {
        let seal = self.bytes.len().saturating_sub(SEAL_BYTES);
        (
            self.bytes.get(..self.private.start).unwrap_or_default(),
            self.bytes.get(self.private.end..seal).unwrap_or_default(),
        )
    }

    /// Returns the private part; `null` when it was redacted.
    #[must_use]
    pub fn private(&self) -> &'a [u8] {
        self.bytes.get(self.private.clone()).unwrap_or_default()
    }

    /// Returns where the private part lies.
    #[must_use]
    pub fn private_range(&self) -> Range<usize> {
        self.private.clone()
    }

    /// Whether the private part was taken away.
    #[must_use]
    pub fn is_redacted(&self) -> bool {
        self.private() == REDACTED
    }

    /// Returns the length the private part had when it was written, in bytes.
    #[must_use]
    pub const fn private_bytes(&self) -> u64 {
        self.private_bytes
    }

    /// Returns the commitment to the private part, in hexadecimal.
    #[must_use]
    pub fn commitment(&self) -> &'a [u8] {
        let end = self.bytes.len().saturating_sub(SEAL_BYTES + 1);
        self.bytes
            .get(end.saturating_sub(64)..end)
            .unwrap_or_default()
    }

    /// Returns the seal: the last [`SEAL_BYTES`] bytes.
    #[must_use]
    pub fn seal(&self) -> &'a [u8] {
        let start = self.bytes.len().saturating_sub(SEAL_BYTES);
        self.bytes.get(start..).unwrap_or_default()
    }

    /// Returns the hash in the seal, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> &'a [u8] {
        hash_of_seal(self.seal())
    }

    /// Returns the MAC in the seal, in hexadecimal.
    #[must_use]
    pub fn mac(&self) -> &'a [u8] {
        self.seal().get(MAC).unwrap_or_default()
    }

    /// Whether the private part is the one that was written: committed to, and as long as the line says.
    ///
    /// True for a redacted line, about whose private part nothing can be said.
    #[must_use]
    pub fn commitment_holds(&self) -> bool {
        self.is_redacted()
            || (u64::try_from(self.private.len()) == Ok(self.private_bytes)
                && is_hex(self.commitment(), blake3::hash(self.private()).as_bytes()))
    }

    /// Returns the line with its private part taken away: what the Merkle tree is made of.
    #[must_use]
    pub fn redacted_view(&self) -> Vec<u8> {
        let (before, after) = self.public();
        [before, REDACTED, after, self.seal()].concat()
    }
}

/// Returns the hash in a seal as it stands in the file, in hexadecimal.
#[must_use]
pub fn hash_of_seal(seal: &[u8]) -> &[u8] {
    seal.get(HASH).unwrap_or_default()
}

/// Reads `{"v":1,"seq":N,"d":N,"ts":"` and returns both numbers, and what follows.
fn beginning(bytes: &[u8]) -> Result<(u64, u64, &[u8]), LineError> {
    let rest = bytes.strip_prefix(b"{\"v\":").ok_or(LineError::Beginning)?;
    let (version, rest) = number(rest).ok_or(LineError::Beginning)?;
    if version != VERSION {
        return Err(LineError::Version(version));
    }
    let parts = || {
        let (seq, rest) = number(rest.strip_prefix(b",\"seq\":")?)?;
        let (durable, rest) = number(rest.strip_prefix(b",\"d\":")?)?;
        Some((seq, durable, rest.strip_prefix(b",\"ts\":\"")?))
    };
    parts().ok_or(LineError::Beginning)
}

/// Finds the private part from the end: `,"s":…,"sl":N,"c":"…","h":"…","m":"…"}`.
fn ending(bytes: &[u8]) -> Option<(Range<usize>, u64)> {
    let rest = bytes.strip_suffix(b"\"}")?;
    let rest = strip_hex(rest, 32)?.strip_suffix(b"\",\"m\":\"")?;
    let rest = strip_hex(rest, 64)?.strip_suffix(b",\"h\":\"")?;
    let rest = strip_hex(rest.strip_suffix(b"\"")?, 64)?.strip_suffix(b",\"c\":\"")?;
    let digits = rest
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let (rest, length) = rest.split_at_checked(rest.len().checked_sub(digits)?)?;
    let (private_bytes, empty) = number(length)?;
    let end = rest.strip_suffix(b",\"sl\":")?.len();
    let written = usize::try_from(private_bytes).ok()?;
    let starts = [end.checked_sub(written), end.checked_sub(REDACTED.len())];
    let mut found = None;
    for start in starts.into_iter().flatten() {
        let inside = bytes.get(start..end)?;
        let shaped = inside == REDACTED || (inside.starts_with(b"{") && inside.ends_with(b"}"));
        if found.is_none() && shaped && bytes.get(..start)?.ends_with(PRIVATE) {
            found = Some(start..end);
        }
    }
    found
        .filter(|_| empty.is_empty())
        .map(|range| (range, private_bytes))
}

/// Splits a string member's value, behind its first quotation mark, from what follows its last one. Right for the members
/// that every line begins with, which have no escapes.
fn value(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr(b'"', bytes)?;
    let (value, rest) = bytes.split_at_checked(end)?;
    rest.split_first().map(|(_, rest)| (value, rest))
}

/// Reads a number as it is written here: no sign, no leading zero.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let digits = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let (number, rest) = bytes.split_at_checked(digits)?;
    if number.is_empty() || (number.len() > 1 && number.starts_with(b"0")) {
        return None;
    }
    let mut value: u64 = 0;
    for digit in number {
        value = value
            .checked_mul(10)?
            .checked_add(u64::from(digit - b'0'))?;
    }
    Some((value, rest))
}

fn strip_hex(bytes: &[u8], digits: usize) -> Option<&[u8]> {
    let (rest, hex) = bytes.split_at_checked(bytes.len().checked_sub(digits)?)?;
    // Without a way out in the middle, many digits are looked at in one step.
    hex.iter()
        .fold(true, |all, byte| {
            all & (byte.is_ascii_digit() | byte.wrapping_sub(b'a').le(&5))
        })
        .then_some(rest)
}

/// What stands in a line besides the members of its kind.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// Its place in the log.
    pub seq: u64,
    /// How many records are durable now.
    pub durable: u64,
    /// When, RFC 3339, UTC.
    pub ts: &'a str,
    /// Which start of the machine.
    pub boot: &'a str,
}

/// Puts together everything of a line up to its seal.
///
/// `public` and `private` are JSON objects without their braces; `kind` and `boot` need no escaping.
#[must_use]
pub fn unsealed(envelope: Envelope<'_>, kind: &str, public: &str, private: &str) -> String {
    let Envelope {
        seq,
        durable,
        ts,
        boot,
    } = envelope;
    let mut line = String::with_capacity(320 + public.len() + private.len());
    let comma = if public.is_empty() { "" } else { "," };
    let private = format!("{{{private}}}");
    let commitment = blake3::hash(private.as_bytes()).to_hex();
    let length = private.len();
    let written = write!(
        line,
        "{{\"v\":{VERSION},\"seq\":{seq},\"d\":{durable},\"ts\":\"{ts}\",\"boot\":\"{boot}\",\
         \"kind\":\"{kind}\"{comma}{public},\"s\":{private},\"sl\":{length},\"c\":\"{commitment}\""
    );
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEAL: &str = "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f";

    fn sealed(private: &str) -> String {
        let envelope = Envelope {
            seq: 7,
            durable: 5,
            ts: "2026-01-01T00:00:00.000000Z",
            boot: "b",
        };
        let body = unsealed(envelope, "observation", "\"change\":\"created\"", private);
        format!(
            "{body},\"h\":\"{SEAL}\",\"m\":\"{}\"}}",
            SEAL.split_at(32).0
        )
    }

    #[test]
    fn a_line_comes_apart_where_it_was_put_together() {
        let text = sealed("\"n\":\"00\",\"path\":\"/a\"");
        let line = Line::split(text.as_bytes()).unwrap();
        assert_eq!((line.seq(), line.durable()), (7, 5));
        assert_eq!(line.private(), b"{\"n\":\"00\",\"path\":\"/a\"}");
        assert!(line.commitment_holds());
        assert_eq!(line.seal().len(), SEAL_BYTES);
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }

    #[test]
    fn redaction_changes_nothing_that_the_hash_covers() {
        let text = sealed("\"path\":\"/secret\"");
        let line = Line::split(text.as_bytes()).unwrap();
        let view = line.redacted_view();
        let redacted = Line::split(&view).unwrap();
        assert!(redacted.is_redacted());
        assert_eq!(redacted.public(), line.public());
        assert_eq!(redacted.private_bytes(), line.private_bytes());
        assert_eq!(redacted.commitment(), line.commitment());
        assert_eq!(redacted.redacted_view(), view);
    }

    #[test]
    fn a_private_part_that_imitates_the_ending_is_not_taken_for_it() {
        let text = sealed("\"raw\":\"x,\\\"s\\\":null,\\\"sl\\\":2\"");
        assert!(Line::split(text.as_bytes()).unwrap().commitment_holds());
    }

    #[test]
    fn a_newer_version_is_told_from_damage() {
        let text = sealed("").replacen("\"v\":1", "\"v\":2", 1);
        assert_eq!(Line::split(text.as_bytes()), Err(LineError::Version(2)));
        assert_eq!(Line::split(b"{\"v\":01,"), Err(LineError::Beginning));
    }
}
