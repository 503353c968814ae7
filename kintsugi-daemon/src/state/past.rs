//! Ids to which nothing of their own will happen: decided at once, or held as another one. There may be a day's worth of them.
//!
//! A start takes all of them over, and memory that is new to a process costs it more than anything that is done with it. So each
//! is a row of a fixed size, and the table that finds them holds their numbers only.

use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use uuid::Uuid;

use super::ending::Closed;
use super::{Decided, Fingerprint};
use crate::store::Spot;

/// Rows that are made room for together, and kept in one piece of the live state.
pub(super) const CHUNK: usize = 512;

/// Below so many, the table is not made smaller.
const TABLE_MIN: usize = 4_096;

/// What became of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was decided at once.
    Decided(Decided),
    /// It was held, and is closed for good.
    Closed(Closed),
    /// The same command is held under this id.
    With(Uuid),
    /// It is remembered elsewhere: something happened to it after all.
    Moved,
}

/// One id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) fingerprint: Fingerprint,
    /// In milliseconds since 1970.
    pub(super) at: u64,
    pub(super) fate: Fate,
}

/// Rows that are made room for together.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    rows: Vec<Row>,
    /// Where they stand in the log, unless one of them was put here or changed since.
    kept: Option<Spot>,
}

impl Chunk {
    fn new() -> Self {
        Self {
            rows: Vec::with_capacity(CHUNK),
            kept: None,
        }
    }

    /// Returns the rows.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.fate != Fate::Moved)
    }

    /// Returns where they stand in the log, if they do.
    pub(super) const fn kept(&self) -> Option<&Spot> {
        self.kept.as_ref()
    }
}

/// The rows in the order in which they came, oldest first.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// All but the last are full; of the first, some are forgotten.
    chunks: VecDeque<Chunk>,
    /// The number of the first row of the first chunk; numbers begin anew after the last.
    first: u32,
    /// Rows of the first chunk that are forgotten.
    forgotten: usize,
    /// The numbers of the rows that are not moved, by their ids.
    table: HashTable<u32>,
    /// A key of this process: nobody can choose ids that are slow to find.
    key: RandomState,
}

impl Past {
    /// Returns how many ids are remembered here.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Returns what is remembered of `id`.
    pub(super) fn get(&self, id: Uuid) -> Option<&Row> {
        let is = |number: &u32| self.row(*number).is_some_and(|row| row.id == id);
        let number = self.table.find(self.key.hash_one(id), is)?;
        self.row(*number)
    }

    /// Makes room for so many more.
    pub(super) fn reserve(&mut self, rows: usize) {
        let (chunks, first, key) = (&self.chunks, self.first, &self.key);
        let hash = |number: &u32| key.hash_one(id_of(chunks, first, *number));
        self.table.reserve(rows, hash);
    }

    /// Remembers an id, and returns what was remembered of it before: its place in the order stays.
    pub(super) fn put(&mut self, row: Row) -> Option<Row> {
        let (chunks, first, key) = (&self.chunks, self.first, &self.key);
        let is = |number: &u32| id_of(chunks, first, *number) == row.id;
        let hash = |number: &u32| key.hash_one(id_of(chunks, first, *number));
        let full = chunks.len().saturating_sub(1) * CHUNK;
        let number = number_of(
            first,
            full + chunks.back().map_or(0, |chunk| chunk.rows.len()),
        );
        match self.table.entry(key.hash_one(row.id), is, hash) {
            Entry::Occupied(entry) => {
                let offset = offset_of(first, *entry.get());
                let chunk = self.chunks.get_mut(offset / CHUNK)?;
                let known = chunk.rows.get_mut(offset % CHUNK)?;
                if *known != row {
                    chunk.kept = None;
                }
                Some(std::mem::replace(known, row))
            }
            Entry::Vacant(entry) => {
                entry.insert(number);
                if is_full(self.chunks.back()) {
                    self.chunks.push_back(Chunk::new());
                }
                let chunk = self.chunks.back_mut()?;
                chunk.kept = None;
                chunk.rows.push(row);
                None
            }
        }
    }

    /// Forgets an id, because it is remembered elsewhere from now on.
    pub(super) fn take(&mut self, id: Uuid) -> Option<Row> {
        let row = *self.get(id)?;
        if let Some((chunk, _)) = self.chunk_mut(id) {
            chunk.kept = None;
        }
        self.remove(id);
        Some(row)
    }

    /// Returns the oldest row.
    pub(super) fn oldest(&mut self) -> Option<Row> {
        loop {
            let row = *self.chunks.front()?.rows.get(self.forgotten)?;
            if row.fate != Fate::Moved {
                return Some(row);
            }
            self.pass();
        }
    }

    /// Forgets the oldest row, which [`Past::oldest`] returned.
    pub(super) fn forget(&mut self, oldest: Uuid) {
        self.remove(oldest);
        self.pass();
        if self.table.capacity() > TABLE_MIN.max(self.table.len() * 8) {
            let (chunks, first, key) = (&self.chunks, self.first, &self.key);
            let hash = |number: &u32| key.hash_one(id_of(chunks, first, *number));
            self.table.shrink_to(self.table.len() * 2, hash);
        }
    }

    /// Returns the rows, oldest first.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        let rows = self.chunks.iter().flat_map(|chunk| &chunk.rows);
        let rows = rows.skip(self.forgotten);
        rows.filter(|row| row.fate != Fate::Moved)
    }

    /// Returns the rows as they lie together, oldest first; of the first some may be forgotten.
    pub(super) fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        self.chunks.iter()
    }

    /// Says where the chunk at `index` stands in the log.
    pub(super) fn keep(&mut self, index: usize, spot: Option<Spot>) {
        if let Some(chunk) = self.chunks.get_mut(index) {
            chunk.kept = spot;
        }
    }

    /// Says that none of them stands in the log.
    pub(super) fn keep_none(&mut self) {
        for chunk in &mut self.chunks {
            chunk.kept = None;
        }
    }

    /// Lets the next row begin a chunk, and returns the index of that one: so a piece that is read is a chunk again, whatever of the
    /// one before is no more.
    pub(super) fn begin_chunk(&mut self) -> usize {
        if let Some(last) = self.chunks.back_mut().filter(|last| !last.rows.is_empty()) {
            let nobody = Row {
                id: Uuid::nil(),
                fingerprint: Fingerprint::new([0; 32]),
                at: 0,
                fate: Fate::Moved,
            };
            last.rows.resize(CHUNK, nobody);
            return self.chunks.len();
        }
        self.chunks.len().saturating_sub(1)
    }

    fn row(&self, number: u32) -> Option<&Row> {
        row_of(&self.chunks, self.first, number)
    }

    fn chunk_mut(&mut self, id: Uuid) -> Option<(&mut Chunk, usize)> {
        let (chunks, first) = (&self.chunks, self.first);
        let is = |number: &u32| id_of(chunks, first, *number) == id;
        let number = *self.table.find(self.key.hash_one(id), is)?;
        let offset = offset_of(first, number);
        Some((self.chunks.get_mut(offset / CHUNK)?, offset % CHUNK))
    }

    /// Leaves a row that nothing finds any more.
    fn remove(&mut self, id: Uuid) {
        if let Some((chunk, at)) = self.chunk_mut(id)
            && let Some(row) = chunk.rows.get_mut(at)
        {
            row.fate = Fate::Moved;
        }
        let (chunks, first) = (&self.chunks, self.first);
        let is = |number: &u32| id_of(chunks, first, *number) == id;
        if let Ok(entry) = self.table.find_entry(self.key.hash_one(id), is) {
            entry.remove();
        }
    }

    /// Leaves the first row of the first chunk behind.
    fn pass(&mut self) {
        self.forgotten += 1;
        if self.forgotten >= CHUNK {
            self.chunks.pop_front();
            self.first = number_of(self.first, CHUNK);
            self.forgotten = 0;
        }
    }
}

/// Returns the number of the row that stands `offset` rows behind the first.
fn number_of(first: u32, offset: usize) -> u32 {
    first.wrapping_add(u32::try_from(offset).unwrap_or_default())
}

/// Returns how many rows stand before the one with this number.
fn offset_of(first: u32, number: u32) -> usize {
    usize::try_from(number.wrapping_sub(first)).unwrap_or(usize::MAX)
}

fn is_full(chunk: Option<&Chunk>) -> bool {
    chunk.is_none_or(|chunk| chunk.rows.len() >= CHUNK)
}

fn row_of(chunks: &VecDeque<Chunk>, first: u32, number: u32) -> Option<&Row> {
    let offset = offset_of(first, number);
    chunks.get(offset / CHUNK)?.rows.get(offset % CHUNK)
}

fn id_of(chunks: &VecDeque<Chunk>, first: u32, number: u32) -> Uuid {
    row_of(chunks, first, number).map_or(Uuid::nil(), |row| row.id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn row(id: u128, at: u64) -> Row {
        Row {
            id: Uuid::from_u128(id),
            fingerprint: Fingerprint::new([7; 32]),
            at,
            fate: Fate::With(Uuid::from_u128(id + 1)),
        }
    }

    #[test]
    fn what_is_put_is_found_until_it_is_taken_or_forgotten() {
        let mut past = Past {
            // The numbers begin anew in the middle.
            first: u32::MAX - 3_000,
            ..Past::default()
        };
        let mut model: BTreeMap<Uuid, Row> = BTreeMap::new();
        let mut order = VecDeque::new();
        for step in 0..20_000_u64 {
            let new = row(u128::from(step * 7 % 5_000), step);
            let before = past.put(new);
            assert_eq!(before, model.insert(new.id, new), "{step}");
            if before.is_none() {
                order.push_back(new.id);
            }
            if step % 5 == 0 {
                let id = Uuid::from_u128(u128::from(step * 3 % 5_000));
                assert_eq!(past.take(id), model.remove(&id), "{step}");
                order.retain(|known| *known != id);
            }
            if step % 3 == 0 {
                let oldest = past.oldest().map(|row| row.id);
                assert_eq!(oldest, order.front().copied(), "{step}");
                if let Some(oldest) = oldest {
                    past.forget(oldest);
                    model.remove(&oldest);
                    order.pop_front();
                }
            }
            assert_eq!(past.len(), model.len(), "{step}");
        }
        assert!(past.len() > 1_000, "{}", past.len());
        let rows: Vec<Uuid> = past.rows().map(|row| row.id).collect();
        assert_eq!(rows, order.into_iter().collect::<Vec<_>>());
        for id in (0..5_000).map(Uuid::from_u128) {
            assert_eq!(past.get(id), model.get(&id), "{id}");
        }
        while let Some(oldest) = past.oldest() {
            past.forget(oldest.id);
        }
        assert_eq!((past.len(), past.rows().count()), (0, 0));
        assert!(
            past.table.capacity() <= 2 * TABLE_MIN,
            "{}",
            past.table.capacity()
        );
    }
}
