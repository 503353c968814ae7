//! Every id that is remembered, and which of them are forgotten first.

use std::collections::{BTreeMap, VecDeque};

use kintsugi_core::limits::{IDS_MAX, IDS_MS_MAX};
use uuid::Uuid;

use super::past::{CHUNK, Chunk, Fate, Past, Row};
use super::{Answered, Known, Standing};
use crate::store::Spot;

/// Rows that are restored at once, in one piece of the live state.
pub(super) const PIECE_ROWS: usize = CHUNK;

/// Closed ids of which the words are remembered, too, and who closed them: whoever answers the same hold as another does so soon. Every
/// segment of the log opens with these. Of the others the words are read in the record that closed them.
const REASONS_MAX: usize = 256;

/// The ids of a day.
#[derive(Debug, Default)]
pub(super) struct Ids {
    /// Most of them: decided at once, or held as another one.
    past: Past,
    /// Holds, approvals, and what became of them.
    others: BTreeMap<Uuid, Known>,
    /// Those in the order in which they came, oldest first, and when that was or when they were last passed over.
    order: VecDeque<(Uuid, u64)>,
    /// Those among `others` that are closed, in the order in which they were.
    closed: VecDeque<Uuid>,
}

impl Ids {
    /// Returns how many are remembered.
    pub(super) fn len(&self) -> usize {
        self.past.len() + self.others.len()
    }

    /// Returns what is known about `id`.
    pub(super) fn get(&self, id: Uuid) -> Option<Known> {
        let past = self.past.get(id).and_then(known);
        past.or_else(|| self.others.get(&id).cloned())
    }

    /// Returns what is known about `id`, if it is or was held, or approved.
    pub(super) fn other(&self, id: Uuid) -> Option<&Known> {
        self.others.get(&id)
    }

    /// Remembers how an id stands, and returns how it stood.
    pub(super) fn put(&mut self, id: Uuid, new: Known) -> Option<Known> {
        let fate = match new.standing {
            Standing::Decided(decided) => Fate::Decided(decided),
            Standing::With(first) => Fate::With(first),
            Standing::Held(_) | Standing::Approved { .. } | Standing::Closed(_) => {
                return self.put_other(id, new);
            }
        };
        let (fingerprint, at) = (new.fingerprint, new.at);
        let row = Row {
            id,
            fingerprint,
            at,
            fate,
        };
        let moved = self.others.remove(&id);
        let before = self.past.put(row).as_ref().and_then(known);
        moved.or(before)
    }

    fn put_other(&mut self, id: Uuid, new: Known) -> Option<Known> {
        let moved = self.past.take(id).as_ref().and_then(known);
        let (at, is_closed) = (new.at, matches!(new.standing, Standing::Closed(_)));
        let before = self.others.insert(id, new);
        if before.is_none() {
            self.order.push_back((id, at));
        }
        let was_closed = |before: &Known| matches!(before.standing, Standing::Closed(_));
        if is_closed && !before.as_ref().is_some_and(was_closed) {
            self.closed.push_back(id);
        }
        if self.closed.len() > REASONS_MAX
            && let Some(oldest) = self.closed.pop_front()
        {
            self.shorten(oldest);
        }
        moved.or(before)
    }

    /// Forgets the words of a closed id, but not where they stand.
    fn shorten(&mut self, id: Uuid) {
        let Some(known) = self.others.get(&id) else {
            return;
        };
        let Standing::Closed(answered) = &known.standing else {
            return;
        };
        let row = Row {
            id,
            fingerprint: known.fingerprint,
            at: known.at,
            fate: Fate::Closed(answered.kept()),
        };
        self.others.remove(&id);
        // Few are in between: those that wait, and the closed ones that keep their reason.
        self.order.retain(|(other, _)| *other != id);
        self.past.put(row);
    }

    /// Returns what is remembered of the most, as it lies together.
    pub(super) fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        self.past.chunks()
    }

    /// Says where a chunk stands in the log.
    pub(super) fn keep(&mut self, index: usize, spot: Spot) {
        self.past.keep(index, Some(spot));
    }

    /// Says that none of them stands in the log, where a later segment could name it.
    pub(super) fn keep_none(&mut self) {
        self.past.keep_none();
    }

    /// Remembers the ids of a chunk that stands in the log. Returns when the last of them was.
    pub(super) fn restore_chunk(
        &mut self,
        rows: impl Iterator<Item = Row>,
        spot: Option<Spot>,
    ) -> Option<u64> {
        let index = self.past.begin_chunk();
        let last = self.restore(rows);
        self.past.keep(index, spot);
        last
    }

    /// Remembers ids that were remembered before a start, and nothing newer about them. Returns when the last of them was.
    fn restore(&mut self, rows: impl Iterator<Item = Row>) -> Option<u64> {
        let before = self.past.len();
        let mut last = None;
        for row in rows {
            last = Some(row.at);
            if !self.others.contains_key(&row.id) {
                self.past.put(row);
            }
        }
        // Where one piece is full, there may be many.
        if before == 0 && self.past.len() >= PIECE_ROWS {
            self.past.reserve(IDS_MAX);
        }
        last
    }

    /// Forgets the oldest, beyond their number and their time at `now`. What still waits is not forgotten; there are `waiting` of
    /// those.
    pub(super) fn forget(&mut self, now: u64, waiting: usize, waits: impl Fn(Uuid) -> bool) {
        // One that waits goes to the end; with those alone, a whole turn is enough.
        for _ in 0..=PIECE_ROWS + waiting {
            let too_many = self.len() > IDS_MAX;
            let too_old = |at: u64| at.saturating_add(IDS_MS_MAX) < now;
            let past = self.past.oldest();
            let other = self.order.front().copied();
            match (past, other) {
                (Some(row), other) if other.is_none_or(|(_, since)| row.at <= since) => {
                    if !too_many && !too_old(row.at) {
                        return;
                    }
                    self.past.forget(row.id);
                }
                (_, Some((id, since))) => {
                    let at = self.others.get(&id).map(|known| known.at);
                    if at.is_some() && !too_many && !(too_old(since) && at.is_none_or(too_old)) {
                        return;
                    }
                    self.order.pop_front();
                    if waits(id) {
                        self.order.push_back((id, now));
                    } else {
                        self.others.remove(&id);
                        self.closed.retain(|other| *other != id);
                    }
                }
                (Some(_) | None, None) => return,
            }
        }
    }

    /// Returns those that are or were held, or approved, oldest first.
    pub(super) fn others(&self) -> impl Iterator<Item = (Uuid, &Known)> {
        let known = |(id, _): &(Uuid, u64)| Some((*id, self.others.get(id)?));
        self.order.iter().filter_map(known)
    }

    /// Returns all of them.
    pub(super) fn all(&self) -> impl Iterator<Item = Uuid> {
        let past = self.past.rows().map(|row| row.id);
        past.chain(self.others.keys().copied())
    }
}

/// Returns what a row says.
fn known(row: &Row) -> Option<Known> {
    let standing = match row.fate {
        Fate::Decided(decided) => Standing::Decided(decided),
        Fate::With(first) => Standing::With(first),
        Fate::Closed(closed) => Standing::Closed(Box::new(Answered::shortened(closed))),
        Fate::Moved => return None,
    };
    Some(Known {
        fingerprint: row.fingerprint,
        at: row.at,
        standing,
    })
}
