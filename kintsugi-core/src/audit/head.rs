//! The head: how far the log was when somebody was last answered.
//!
//! Two slots written in turn, so that a torn write leaves the other. It is written after the log's sync without a sync of
//! its own: after a power loss it may be old, which only makes it claim less.

use super::chain::{Chain, Key, Seal};

/// Bytes of one slot.
pub const SLOT_BYTES: usize = 256;

/// Bytes of the file: both slots.
pub const HEAD_BYTES: usize = 2 * SLOT_BYTES;

const MAGIC: &[u8; 8] = b"kintsug1";
const HASHED_BYTES: usize = SLOT_BYTES - 32;

/// How far the log was.
#[derive(Debug, Clone)]
pub struct Head {
    /// Random name of the log.
    pub log_id: [u8; 16],
    /// Place, seal and key of the next record; every record before it was durable.
    pub chain: Chain,
    /// First record of the segment that is being written.
    pub segment: u64,
    /// Bytes of that segment that were durable.
    pub offset: u64,
}

impl Head {
    /// Returns the slot that says this.
    #[must_use]
    pub fn encode(&self) -> [u8; SLOT_BYTES] {
        let mut bytes = Vec::with_capacity(SLOT_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.log_id);
        for number in [self.chain.next, self.segment, self.offset] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&self.chain.seal.hash);
        bytes.extend_from_slice(&self.chain.seal.mac);
        bytes.extend_from_slice(self.chain.key.expose());
        bytes.resize(HASHED_BYTES, 0);
        let hash = blake3::hash(&bytes);
        bytes.extend_from_slice(hash.as_bytes());
        let mut slot = [0; SLOT_BYTES];
        for (to, from) in slot.iter_mut().zip(bytes) {
            *to = from;
        }
        slot
    }

    /// Reads one slot; nothing when it is not whole.
    #[must_use]
    pub fn decode(slot: &[u8]) -> Option<Self> {
        let (hashed, hash) = slot.split_at_checked(HASHED_BYTES)?;
        if blake3::hash(hashed).as_bytes() != hash {
            return None;
        }
        let rest = hashed.strip_prefix(MAGIC)?;
        let (log_id, rest) = rest.split_first_chunk::<16>()?;
        let (next, rest) = rest.split_first_chunk::<8>()?;
        let (segment, rest) = rest.split_first_chunk::<8>()?;
        let (offset, rest) = rest.split_first_chunk::<8>()?;
        let (hash, rest) = rest.split_first_chunk::<32>()?;
        let (mac, rest) = rest.split_first_chunk::<16>()?;
        let (key, padding) = rest.split_first_chunk::<32>()?;
        padding.iter().all(|byte| *byte == 0).then_some(())?;
        Some(Self {
            log_id: *log_id,
            chain: Chain {
                next: u64::from_le_bytes(*next),
                seal: Seal {
                    hash: *hash,
                    mac: *mac,
                },
                key: Key::new(*key),
            },
            segment: u64::from_le_bytes(*segment),
            offset: u64::from_le_bytes(*offset),
        })
    }

    /// Reads the file with both slots and returns the later one that is whole.
    #[must_use]
    pub fn latest(file: &[u8]) -> Option<Self> {
        let (first, second) = file.split_at_checked(SLOT_BYTES)?;
        [Self::decode(first), Self::decode(second)]
            .into_iter()
            .flatten()
            .max_by_key(|head| head.chain.next)
    }
}

/// Returns the byte of the file at which the `writes`-th slot lies.
#[must_use]
pub const fn slot_offset(writes: u64) -> u64 {
    if writes.is_multiple_of(2) { 0 } else { 256 }
}
