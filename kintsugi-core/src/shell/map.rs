//! An ordered map whose copies share what they have in common.
//!
//! Every branch of a text has variables of its own, and branches are joined again. A copy costs nothing, a change costs the
//! depth of the tree, and a join looks only at what differs. Balanced by weight (Adams, "Efficient sets: a balancing act",
//! 1993; the parameters of Hirai and Yamamoto, 2011), so that no choice of names makes it slow.

use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

/// How many times heavier one side may be than the other.
const DELTA: usize = 3;
/// From which ratio on the inner side is turned first.
const GAMMA: usize = 2;

type Link<V> = Option<Rc<Node<V>>>;

#[derive(Debug)]
struct Node<V> {
    key: Rc<str>,
    value: Rc<V>,
    size: usize,
    left: Link<V>,
    right: Link<V>,
}

impl<V> Clone for Node<V> {
    fn clone(&self) -> Self {
        Self {
            key: Rc::clone(&self.key),
            value: Rc::clone(&self.value),
            size: self.size,
            left: self.left.clone(),
            right: self.right.clone(),
        }
    }
}

/// An ordered map by name. Cloning shares.
pub struct Map<V> {
    root: Link<V>,
}

impl<V> Default for Map<V> {
    fn default() -> Self {
        Self { root: None }
    }
}

impl<V> Clone for Map<V> {
    fn clone(&self) -> Self {
        Self {
            root: self.root.clone(),
        }
    }
}

impl<V: fmt::Debug> fmt::Debug for Map<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}

impl<V> Map<V> {
    /// Returns the number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        size(self.root.as_ref())
    }

    /// Whether there is no entry.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Whether both are the same tree; two that are not may still be equal.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        same(self.root.as_ref(), other.root.as_ref())
    }

    /// Returns the value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&V> {
        let mut link = &self.root;
        while let Some(node) = link {
            link = match key.cmp(&node.key) {
                Ordering::Less => &node.left,
                Ordering::Greater => &node.right,
                Ordering::Equal => return Some(&node.value),
            };
        }
        None
    }

    /// Sets the value of `key`.
    pub fn insert(&mut self, key: impl AsRef<str>, value: V) {
        insert(&mut self.root, key.as_ref(), Rc::new(value));
    }

    /// Removes `key`.
    pub fn remove(&mut self, key: &str) {
        if self.get(key).is_some() {
            let (left, _, right) = split(self.root.as_ref(), key);
            self.root = concatenate(left, right.as_ref());
        }
    }

    /// Returns the entries in the order of their names.
    #[must_use]
    pub fn iter(&self) -> Iter<'_, V> {
        let mut iter = Iter { open: Vec::new() };
        iter.descend(self.root.as_ref());
        iter
    }

    /// Takes what `with` makes of every entry that is not shared with `other`: it is given the name and both values, and
    /// returns nothing to keep this one's. Returns how many entries it was asked about.
    pub(super) fn join(
        &mut self,
        other: &Self,
        mut with: impl FnMut(&str, Option<&V>, Option<&V>) -> Option<V>,
    ) -> usize {
        let mut asked = 0;
        self.root = join(
            self.root.as_ref(),
            other.root.as_ref(),
            &mut |key, mine, theirs| {
                asked += 1;
                with(key, mine, theirs)
            },
        );
        asked
    }
}

/// The entries of a map, in order.
#[derive(Debug)]
pub struct Iter<'a, V> {
    open: Vec<&'a Node<V>>,
}

impl<'a, V> Iter<'a, V> {
    fn descend(&mut self, mut tree: Option<&'a Rc<Node<V>>>) {
        while let Some(node) = tree {
            self.open.push(node);
            tree = node.left.as_ref();
        }
    }
}

impl<'a, V> Iterator for Iter<'a, V> {
    type Item = (&'a str, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        let node = self.open.pop()?;
        self.descend(node.right.as_ref());
        Some((&node.key, &node.value))
    }
}

impl<'a, V> IntoIterator for &'a Map<V> {
    type Item = (&'a str, &'a V);
    type IntoIter = Iter<'a, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

fn size<V>(tree: Option<&Rc<Node<V>>>) -> usize {
    tree.map_or(0, |node| node.size)
}

fn same<V>(one: Option<&Rc<Node<V>>>, other: Option<&Rc<Node<V>>>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => Rc::ptr_eq(one, other),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

fn node<V>(key: Rc<str>, value: Rc<V>, left: Link<V>, right: Link<V>) -> Rc<Node<V>> {
    Rc::new(Node {
        size: size(left.as_ref()) + size(right.as_ref()) + 1,
        key,
        value,
        left,
        right,
    })
}

fn insert<V>(link: &mut Link<V>, key: &str, value: Rc<V>) {
    let Some(shared) = link else {
        *link = Some(node(Rc::from(key), value, None, None));
        return;
    };
    let here = Rc::make_mut(shared);
    match key.cmp(&here.key) {
        Ordering::Equal => {
            here.value = value;
            return;
        }
        Ordering::Less => insert(&mut here.left, key, value),
        Ordering::Greater => insert(&mut here.right, key, value),
    }
    let (left, right) = (size(here.left.as_ref()), size(here.right.as_ref()));
    here.size = left + right + 1;
    if heavier(left, right) || heavier(right, left) {
        *link = Some(balance(
            Rc::clone(&here.key),
            Rc::clone(&here.value),
            here.left.take(),
            here.right.take(),
        ));
    }
}

/// Whether the side of size `one` is too heavy for the side of size `other`.
const fn heavier(one: usize, other: usize) -> bool {
    one + other > 1 && one + 1 > DELTA * (other + 1)
}

/// Joins two trees that differ by one turn at most.
fn balance<V>(key: Rc<str>, value: Rc<V>, left: Link<V>, right: Link<V>) -> Rc<Node<V>> {
    let (low, high) = (size(left.as_ref()), size(right.as_ref()));
    match (&left, &right) {
        (_, Some(heavy)) if heavier(high, low) => {
            if size(heavy.left.as_ref()) < GAMMA * size(heavy.right.as_ref()) {
                let inner = node(key, value, left, heavy.left.clone());
                return above(heavy, Some(inner), heavy.right.clone());
            }
            let Some(middle) = heavy.left.as_ref() else {
                return node(key, value, left, right);
            };
            let inner = node(key, value, left, middle.left.clone());
            let outer = above(heavy, middle.right.clone(), heavy.right.clone());
            above(middle, Some(inner), Some(outer))
        }
        (Some(heavy), _) if heavier(low, high) => {
            if size(heavy.right.as_ref()) < GAMMA * size(heavy.left.as_ref()) {
                let inner = node(key, value, heavy.right.clone(), right);
                return above(heavy, heavy.left.clone(), Some(inner));
            }
            let Some(middle) = heavy.right.as_ref() else {
                return node(key, value, left, right);
            };
            let inner = node(key, value, middle.right.clone(), right);
            let outer = above(heavy, heavy.left.clone(), middle.left.clone());
            above(middle, Some(outer), Some(inner))
        }
        (_, _) => node(key, value, left, right),
    }
}

/// The entry of `of` above other trees.
fn above<V>(of: &Node<V>, left: Link<V>, right: Link<V>) -> Rc<Node<V>> {
    node(Rc::clone(&of.key), Rc::clone(&of.value), left, right)
}

/// Joins two trees of any size with an entry between them.
fn link<V>(key: Rc<str>, value: Rc<V>, left: Link<V>, right: Link<V>) -> Rc<Node<V>> {
    let sizes = (size(left.as_ref()), size(right.as_ref()));
    match (&left, &right) {
        (Some(low), _) if heavier(sizes.0, sizes.1) => {
            let joined = link(key, value, low.right.clone(), right);
            let (key, value) = (Rc::clone(&low.key), Rc::clone(&low.value));
            balance(key, value, low.left.clone(), Some(joined))
        }
        (_, Some(high)) if heavier(sizes.1, sizes.0) => {
            let joined = link(key, value, left, high.left.clone());
            let (key, value) = (Rc::clone(&high.key), Rc::clone(&high.value));
            balance(key, value, Some(joined), high.right.clone())
        }
        (_, _) => node(key, value, left, right),
    }
}

/// Joins two trees with nothing between them.
fn concatenate<V>(left: Link<V>, right: Option<&Rc<Node<V>>>) -> Link<V> {
    let Some(high) = right else {
        return left;
    };
    let mut first = high;
    while let Some(lower) = &first.left {
        first = lower;
    }
    let (_, _, rest) = split(right, &first.key);
    let (key, value) = (Rc::clone(&first.key), Rc::clone(&first.value));
    Some(link(key, value, left, rest))
}

/// What lies in front of `key`, its value, and what lies behind it.
fn split<V>(tree: Option<&Rc<Node<V>>>, key: &str) -> (Link<V>, Option<Rc<V>>, Link<V>) {
    let Some(here) = tree else {
        return (None, None, None);
    };
    let (name, value) = (Rc::clone(&here.key), Rc::clone(&here.value));
    match key.cmp(&here.key) {
        Ordering::Equal => (here.left.clone(), Some(value), here.right.clone()),
        Ordering::Less => {
            let (low, found, high) = split(here.left.as_ref(), key);
            let high = link(name, value, high, here.right.clone());
            (low, found, Some(high))
        }
        Ordering::Greater => {
            let (low, found, high) = split(here.right.as_ref(), key);
            let low = link(name, value, here.left.clone(), low);
            (Some(low), found, high)
        }
    }
}

type With<'w, V> = dyn FnMut(&str, Option<&V>, Option<&V>) -> Option<V> + 'w;

fn join<V>(
    mine: Option<&Rc<Node<V>>>,
    theirs: Option<&Rc<Node<V>>>,
    with: &mut With<'_, V>,
) -> Link<V> {
    if same(mine, theirs) {
        return mine.cloned();
    }
    let Some(here) = mine else {
        let there = theirs?;
        let left = join(None, there.left.as_ref(), with);
        let value = with(&there.key, None, Some(&there.value));
        let right = join(None, there.right.as_ref(), with);
        return match value {
            Some(value) => Some(link(Rc::clone(&there.key), Rc::new(value), left, right)),
            None => concatenate(left, right.as_ref()),
        };
    };
    let (low, found, high) = split(theirs, &here.key);
    let left = join(here.left.as_ref(), low.as_ref(), with);
    let shared = found
        .as_ref()
        .is_some_and(|found| Rc::ptr_eq(found, &here.value));
    let value = if shared {
        None
    } else {
        with(&here.key, Some(&here.value), found.as_deref())
    };
    let right = join(here.right.as_ref(), high.as_ref(), with);
    let is_kept = same(left.as_ref(), here.left.as_ref());
    if value.is_none() && is_kept && same(right.as_ref(), here.right.as_ref()) {
        return mine.cloned();
    }
    let value = value.map_or_else(|| Rc::clone(&here.value), Rc::new);
    Some(link(Rc::clone(&here.key), value, left, right))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn balanced<V>(tree: Option<&Rc<Node<V>>>) -> bool {
        tree.is_none_or(|node| {
            let (left, right) = (size(node.left.as_ref()), size(node.right.as_ref()));
            !heavier(left, right)
                && !heavier(right, left)
                && node.size == left + right + 1
                && balanced(node.left.as_ref())
                && balanced(node.right.as_ref())
        })
    }

    proptest::proptest! {
        #[test]
        fn it_holds_what_an_ordinary_map_holds(
            steps in proptest::collection::vec((0_u8..80, proptest::bool::ANY), 0..200),
            cut in 0_usize..200,
        ) {
            let (mut map, mut plain) = (Map::default(), BTreeMap::new());
            let mut then = (map.clone(), plain.clone());
            for (number, (key, set)) in steps.into_iter().enumerate() {
                let key = key.to_string();
                if set {
                    map.insert(&key, number);
                    plain.insert(key, number);
                } else {
                    map.remove(&key);
                    plain.remove(&key);
                }
                if number == cut {
                    then = (map.clone(), plain.clone());
                }
            }
            let entries = |map: &Map<usize>| -> Vec<(String, usize)> {
                map.iter().map(|(key, value)| (key.to_owned(), *value)).collect()
            };
            let all = |plain: &BTreeMap<String, usize>| -> Vec<(String, usize)> {
                plain.iter().map(|(key, value)| (key.clone(), *value)).collect()
            };
            proptest::prop_assert!(balanced(map.root.as_ref()));
            proptest::prop_assert_eq!(entries(&map), all(&plain));
            proptest::prop_assert_eq!(entries(&then.0), all(&then.1));
            let differing = plain.keys().chain(then.1.keys()).filter(|key| plain.get(*key) != then.1.get(*key));
            let differing = differing.collect::<std::collections::BTreeSet<_>>().len();
            let mut joined = map.clone();
            let mut told = 0;
            joined.join(&then.0, |key, mine, theirs| {
                assert_eq!((mine, theirs), (plain.get(key), then.1.get(key)));
                told += usize::from(mine != theirs);
                Some(mine.copied().unwrap_or(0).max(theirs.copied().unwrap_or(0)))
            });
            proptest::prop_assert_eq!(told, differing);
            proptest::prop_assert!(balanced(joined.root.as_ref()));
            let mut expected = plain.clone();
            for (key, value) in &then.1 {
                let mine = expected.entry(key.clone()).or_insert(*value);
                *mine = (*mine).max(*value);
            }
            proptest::prop_assert_eq!(entries(&joined), all(&expected));
        }
    }

    #[test]
    fn names_in_order_leave_it_shallow_and_a_join_looks_at_what_differs() {
        let mut map = Map::default();
        for number in 0..10_000 {
            map.insert(format!("{number:05}"), number);
        }
        assert!(balanced(map.root.as_ref()));
        let mut changed = map.clone();
        changed.insert("05000", 1);
        changed.insert("x", 2);
        assert_eq!(changed.join(&map, |_, mine, _| mine.copied()), 2);
    }
}
