//! Scores that were given, so that a repeated command waits for nobody.

use std::collections::BTreeMap;

use kintsugi_core::scorer::HASH_BYTES;

/// Most scores that are remembered; beyond, the one that was used longest ago is forgotten.
///
/// A month of one person's distinct ambiguous commands; half a megabyte.
pub(super) const SCORES_MAX: usize = 4_096;

/// All that a score depends on, hashed: [`kintsugi_core::scorer::cache_key`].
pub(super) type Key = [u8; HASH_BYTES];

/// The scores.
#[derive(Debug, Default)]
pub(super) struct Cache {
    /// Each with when it was last used.
    scores: BTreeMap<Key, (u8, u64)>,
    /// The same by when that was.
    order: BTreeMap<u64, Key>,
    /// How often anything was used.
    uses: u64,
}

impl Cache {
    /// Returns a score that was given.
    pub(super) fn find(&mut self, key: &Key) -> Option<u8> {
        let (risk, _) = *self.scores.get(key)?;
        self.keep(*key, risk);
        Some(risk)
    }

    /// Remembers a score.
    pub(super) fn keep(&mut self, key: Key, risk: u8) {
        self.uses += 1;
        if let Some((_, before)) = self.scores.insert(key, (risk, self.uses)) {
            self.order.remove(&before);
        }
        self.order.insert(self.uses, key);
        if self.scores.len() > SCORES_MAX
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.scores.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> Key {
        *blake3::hash(&number.to_le_bytes()).as_bytes()
    }

    #[test]
    fn what_was_used_longest_ago_is_forgotten_first() {
        let mut cache = Cache::default();
        for number in 0..SCORES_MAX {
            cache.keep(key(number), u8::try_from(number % 100).unwrap());
        }
        assert_eq!(cache.find(&key(0)), Some(0), "and so it is used again");
        cache.keep(key(SCORES_MAX), 7);
        assert_eq!(cache.find(&key(1)), None);
        assert_eq!(cache.find(&key(0)), Some(0));
        assert_eq!(cache.find(&key(SCORES_MAX)), Some(7));
        cache.keep(key(0), 9);
        assert_eq!(cache.find(&key(0)), Some(9));
        assert_eq!(
            (cache.scores.len(), cache.order.len()),
            (SCORES_MAX, SCORES_MAX)
        );
    }
}
