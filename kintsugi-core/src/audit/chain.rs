//! The chain: each seal continues the one before it, and a key that is forgotten as it goes vouches for it.
//!
//! The hash alone shows accidents and clumsy edits: anyone can compute it. The ratcheted key makes a record of yesterday
//! impossible to forge for whoever takes the machine today.

use std::fmt;

use data_encoding::HEXLOWER;

use super::line::{Line, SEAL_BYTES};

const GENESIS: &[u8] = b"kintsugi audit genesis v1:";
const RATCHET: &[u8] = b"kintsugi audit ratchet v1";

/// The key of one record's MAC. It does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(…)")
    }
}

impl Key {
    /// Takes random bytes as a key.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns its bytes, for the head and for whoever keeps the first key.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the key of the next record.
    #[must_use]
    pub fn next(&self) -> Self {
        Self(*blake3::keyed_hash(&self.0, RATCHET).as_bytes())
    }

    /// Returns the key `steps` records on.
    #[must_use]
    pub fn after(&self, steps: u64) -> Self {
        (0..steps).fold(self.clone(), |key, _| key.next())
    }

    /// Returns the MAC of a record whose hash is `hash`.
    #[must_use]
    pub fn mac(&self, hash: &[u8; 32]) -> [u8; 16] {
        let mut message = [0; 33];
        let (label, rest) = message.split_at_mut(1);
        label.copy_from_slice(b"m");
        rest.copy_from_slice(hash);
        let mut mac = [0; 16];
        for (to, from) in mac
            .iter_mut()
            .zip(blake3::keyed_hash(&self.0, &message).as_bytes())
        {
            *to = *from;
        }
        mac
    }
}

/// The end of a line: the hash that continues the chain, and its MAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    /// BLAKE3 of the seal before and the body.
    pub hash: [u8; 32],
    /// BLAKE3 of the hash under the record's key, cut to 16 bytes.
    pub mac: [u8; 16],
}

impl Seal {
    /// Returns the seal that record 0 of the log `log_id` continues. Its MAC is sixteen zero bytes: no key vouches for it.
    #[must_use]
    pub fn genesis(log_id: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(GENESIS).update(log_id.as_bytes());
        Self {
            hash: *hasher.finalize().as_bytes(),
            mac: [0; 16],
        }
    }

    /// Returns the seal that record `first` continues when the log `log_id` before it does not verify.
    #[must_use]
    pub fn incident(log_id: &str, first: u64) -> Self {
        Self::genesis(&format!("{log_id}:{first}"))
    }

    /// Returns the seal as it stands at the end of a line.
    #[must_use]
    pub fn text(&self) -> String {
        let text = format!(
            ",\"h\":\"{}\",\"m\":\"{}\"}}",
            hex(&self.hash),
            hex(&self.mac)
        );
        debug_assert_eq!(text.len(), SEAL_BYTES, "a seal has a fixed length");
        text
    }

    /// Reads a seal from the end of a line.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let rest = text.strip_prefix(b",\"h\":\"")?;
        let (hash, rest) = rest.split_at_checked(64)?;
        let (mac, rest) = rest.strip_prefix(b"\",\"m\":\"")?.split_at_checked(32)?;
        (rest == b"\"}").then_some(())?;
        Some(Self {
            hash: unhex(hash)?,
            mac: unhex(mac)?,
        })
    }
}

/// Returns the hash of a body that continues `previous`, a seal as it stands in the file.
#[must_use]
pub fn link(previous: &[u8], before_private: &[u8], after_private: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(previous)
        .update(before_private)
        .update(after_private);
    *hasher.finalize().as_bytes()
}

/// Whether the hash of `line` continues `previous`, a seal as it stands in the file.
#[must_use]
pub fn continues(previous: &[u8], line: &Line<'_>) -> bool {
    let (before, after) = line.public();
    is_hex(line.hash(), &link(previous, before, after))
}

/// Where a log stands: everything that its next record depends on.
#[derive(Debug, Clone)]
pub struct Chain {
    /// The next record's place.
    pub next: u64,
    /// The seal it continues.
    pub seal: Seal,
    /// The key of its MAC.
    pub key: Key,
}

impl Chain {
    /// Seals `unsealed`, a line up to its seal, and returns the whole line with its newline. The chain moves on and
    /// forgets the key.
    #[must_use]
    pub fn seal(&mut self, unsealed: &str) -> String {
        let whole = format!("{unsealed}{}", self.seal.text());
        // The parts before and after the private one are found as a reader will find them.
        let hash = match Line::split(whole.as_bytes()) {
            Ok(line) => {
                let (before, after) = line.public();
                link(self.seal.text().as_bytes(), before, after)
            }
            Err(_) => link(self.seal.text().as_bytes(), unsealed.as_bytes(), b""),
        };
        let seal = Seal {
            hash,
            mac: self.key.mac(&hash),
        };
        self.seal = seal;
        self.key = self.key.next();
        self.next += 1;
        let mut line = whole;
        line.truncate(unsealed.len());
        line.push_str(&seal.text());
        line.push('\n');
        line
    }
}

/// Returns `bytes` in lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// Whether `text` is `hash`, of 32 bytes at most, in lower-case hexadecimal. Writing digits is faster than reading them.
#[must_use]
pub fn is_hex(text: &[u8], hash: &[u8]) -> bool {
    let mut digits = [0; 64];
    let Some(digits) = digits.get_mut(..2 * hash.len()) else {
        return false;
    };
    HEXLOWER.encode_mut(hash, digits);
    text == digits
}

/// Reads exactly `N` bytes of lower-case hexadecimal.
#[must_use]
pub fn unhex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    // Anything else would be a mistake of ours to `decode_mut`.
    if text.len() != 2 * N {
        return None;
    }
    HEXLOWER.decode_mut(text, &mut bytes).ok()?;
    Some(bytes)
}
