//! The Merkle tree over the records (RFC 6962, section 2.1): what a checkpoint commits to and a proof leads to.
//!
//! A leaf is the redacted view of a line, so that a redaction changes no root. Only the right edge is kept; a proof is
//! built from the leaves.

use std::ops::Range;

use sha2::{Digest, Sha256};

use super::line::Line;

/// A node of the tree.
pub type Hash = [u8; 32];

/// Returns the leaf for `line`.
#[must_use]
pub fn leaf(line: &Line<'_>) -> Hash {
    let (before, after) = line.public();
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(before);
    hasher.update(super::line::REDACTED);
    hasher.update(after);
    hasher.update(line.seal());
    hasher.finalize().into()
}

/// Returns the node above `left` and `right`.
#[must_use]
pub fn node(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([1]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

/// The right edge of a tree: the roots of its perfect subtrees, largest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

impl Frontier {
    /// Takes the edge of a tree of `size` leaves.
    ///
    /// Nothing when a tree of that size has another number of perfect subtrees.
    #[must_use]
    pub fn new(size: u64, roots: Vec<Hash>) -> Option<Self> {
        (u32::try_from(roots.len()) == Ok(size.count_ones())).then_some(Self { size, roots })
    }

    /// Returns the number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Returns the roots of the perfect subtrees, largest first.
    #[must_use]
    pub fn roots(&self) -> &[Hash] {
        &self.roots
    }

    /// Returns the edge of the tree over the leaves from `start` on alone; nothing when a perfect subtree spans that place.
    #[must_use]
    pub fn behind(&self, start: u64) -> Option<Self> {
        let (mut place, mut passed) = (0, 0);
        while place < start {
            place += 1 << (self.size - place).checked_ilog2()?;
            passed += 1;
        }
        let roots = self.roots.get(passed..)?.to_vec();
        (place == start).then_some(Self {
            size: self.size - start,
            roots,
        })
    }

    /// Returns the root over a range of leaves, when that is one of the perfect subtrees.
    #[must_use]
    pub fn subtree(&self, range: &Range<u64>) -> Option<Hash> {
        let mut start = 0;
        for root in &self.roots {
            // The largest that fits into what is left.
            let end = start + (1 << (self.size - start).checked_ilog2()?);
            if (start..end) == *range {
                return Some(*root);
            }
            start = end;
        }
        None
    }

    /// Adds a leaf at the right.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                hash = node(&left, &hash);
            }
        }
        self.roots.push(hash);
        self.size += 1;
    }

    /// Returns the root of the whole tree; SHA-256 of nothing for the empty one.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.roots
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| node(&left, &right))
            .unwrap_or_else(|| Sha256::digest([]).into())
    }
}

/// Returns the largest power of two below `size`, which must be above 1.
const fn split(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}

/// Returns the root over `leaves`.
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.push(*leaf);
    }
    frontier.root()
}

/// Returns the audit path of the leaf `index` in a tree of `size` leaves, nearest first (RFC 6962, section 2.1.1).
///
/// `over` gives the node over a range of leaves.
///
/// # Errors
/// Those of `over`.
pub fn inclusion<E>(
    index: u64,
    size: u64,
    mut over: impl FnMut(Range<u64>) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let mut path = Vec::new();
    let mut rest = 0..size;
    while rest.end - rest.start > 1 {
        let middle = rest.start + split(rest.end - rest.start);
        if index < middle {
            path.push(over(middle..rest.end)?);
            rest.end = middle;
        } else {
            path.push(over(rest.start..middle)?);
            rest.start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Returns the proof that a tree of `size` leaves extends the one over its first `old`, of which there is one at least
/// (RFC 6962, section 2.1.2).
///
/// `over` gives the node over a range of leaves.
///
/// # Errors
/// Those of `over`.
pub fn consistency<E>(
    old: u64,
    size: u64,
    mut over: impl FnMut(Range<u64>) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let mut path = Vec::new();
    let mut rest = 0..size;
    while old < rest.end {
        let middle = rest.start + split(rest.end - rest.start);
        if old <= middle {
            path.push(over(middle..rest.end)?);
            rest.end = middle;
        } else {
            path.push(over(rest.start..middle)?);
            rest.start = middle;
        }
    }
    // The old root itself is known to whoever checks.
    if rest.start > 0 {
        path.push(over(rest)?);
    }
    path.reverse();
    Ok(path)
}

/// Returns the root that `path` leads to from the leaf `index` of a tree of `size` leaves (RFC 9162, section 2.1.3.2).
///
/// Nothing when the path has not the length that it must have.
#[must_use]
pub fn root_from_path(index: u64, size: u64, leaf: Hash, path: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in path {
        if last == 0 {
            return None;
        }
        if at % 2 == 1 || at == last {
            hash = node(sibling, &hash);
            while at != 0 && at.is_multiple_of(2) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(hash)
}

/// Whether `path` shows that a tree of `new.0` leaves with the root `new.1` extends one of `old.0` leaves with the root `old.1`
/// (RFC 9162, section 2.1.4.2).
#[must_use]
pub fn extends(old: (u64, Hash), new: (u64, Hash), path: &[Hash]) -> bool {
    let ((old, old_root), (new, new_root)) = (old, new);
    if old == new {
        return path.is_empty() && old_root == new_root;
    }
    if old == 0 || old > new {
        return false;
    }
    let mut hashes = path.iter().copied();
    let first = if old.is_power_of_two() {
        Some(old_root)
    } else {
        hashes.next()
    };
    let Some(first) = first else {
        return false;
    };
    let shift = (old - 1).trailing_ones();
    let (mut at, mut last) = ((old - 1) >> shift, (new - 1) >> shift);
    let (mut from_old, mut from_new) = (first, first);
    for sibling in hashes {
        if last == 0 {
            return false;
        }
        if at % 2 == 1 || at == last {
            from_old = node(&sibling, &from_old);
            from_new = node(&sibling, &from_new);
            while at != 0 && at.is_multiple_of(2) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            from_new = node(&from_new, &sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && from_old == old_root && from_new == new_root
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::chain::unhex;

    fn leaves(count: u8) -> Vec<Hash> {
        (0..count).map(|number| [number; 32]).collect()
    }

    /// What gives the nodes of the tree over `leaves`.
    fn over(leaves: &[Hash]) -> impl FnMut(Range<u64>) -> Result<Hash, std::num::TryFromIntError> {
        |range| {
            let (start, end) = (range.start.try_into()?, range.end.try_into()?);
            let inside: Range<usize> = start..end;
            Ok(root(&leaves[inside]))
        }
    }

    #[test]
    fn an_edge_goes_on_behind_any_of_its_perfect_subtrees() {
        let leaves = leaves(45);
        let mut whole = Frontier::default();
        for leaf in &leaves {
            whole.push(*leaf);
        }
        // 45 = 32 + 8 + 4 + 1
        for start in 0..=45 {
            let mut expected = Frontier::default();
            for leaf in &leaves[start..] {
                expected.push(*leaf);
            }
            let is_between = [0, 32, 40, 44, 45].contains(&start);
            let found = whole.behind(u64::try_from(start).unwrap());
            assert_eq!(found, is_between.then_some(expected), "{start}");
        }
        assert_eq!(whole.behind(46), None);
    }

    #[test]
    fn the_empty_tree_has_the_root_of_the_standard() {
        let expected = b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Frontier::default().root(), unhex(expected).unwrap());
    }

    #[test]
    fn every_leaf_of_every_small_tree_leads_to_its_root() {
        for count in 1..70 {
            let leaves = leaves(count);
            for (index, leaf) in leaves.iter().enumerate() {
                let at = u64::try_from(index).unwrap();
                let path = inclusion(at, u64::from(count), over(&leaves)).unwrap();
                let led = root_from_path(at, u64::from(count), *leaf, &path);
                assert_eq!(led, Some(root(&leaves)), "{index} of {count}");
                let elsewhere = root_from_path(at, u64::from(count), [255; 32], &path);
                assert_ne!(elsewhere, Some(root(&leaves)), "{index} of {count}");
            }
        }
    }

    #[test]
    fn every_small_tree_is_shown_to_extend_every_smaller_one_and_no_other() {
        for count in 1..40 {
            let new = leaves(count);
            let whole = (u64::from(count), root(&new));
            for before in 1..=count {
                let size = usize::from(before);
                let path = consistency(u64::from(before), whole.0, over(&new)).unwrap();
                let old = (u64::from(before), root(&new[..size]));
                assert!(extends(old, whole, &path), "{before} of {count}");
                let mut other = new[..size].to_vec();
                other[size - 1] = [254; 32];
                let rewritten = (u64::from(before), root(&other));
                assert!(!extends(rewritten, whole, &path), "{before} of {count}");
                for index in 0..path.len() {
                    let mut broken = path.clone();
                    broken[index][0] ^= 1;
                    assert!(!extends(old, whole, &broken), "{before} of {count}");
                }
                assert!(!extends(old, whole, &[path, vec![[0; 32]]].concat()));
            }
        }
    }

    #[test]
    fn a_frontier_goes_on_where_it_was_kept() {
        let leaves = leaves(37);
        let mut first = Frontier::default();
        leaves[..21].iter().for_each(|leaf| first.push(*leaf));
        let mut second = Frontier::new(first.size(), first.roots().to_vec()).unwrap();
        leaves[21..].iter().for_each(|leaf| second.push(*leaf));
        assert_eq!(second.root(), root(&leaves));
        assert_eq!(Frontier::new(21, Vec::new()), None);
    }
}
