//! Every open connection: who is ready, whose turn it is, and whose time is over.
//!
//! Nothing here looks at all connections to find one: a wait, a turn and a deadline each cost what they concern, so that
//! a thousand silent peers cost nothing. It decides nothing about requests.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Bound;

use kintsugi_core::limits::{CONNECTIONS_BYTES_MAX, CONNECTIONS_MAX, SMALL_FRAME_BYTES};

use uuid::Uuid;

use crate::connection::{Connection, Phase};
use crate::follow::Follower;
use crate::poller::{Interest, Poller, Readiness};

/// Names a connection; never used twice.
pub type Token = u64;

/// The first token of a connection; what is below names what the loop itself waits for.
pub const FIRST_TOKEN: Token = 1_024;

/// A connection, and what the indexes say about it.
#[derive(Debug)]
struct Place {
    connection: Connection,
    interest: Interest,
    deadline: Option<u64>,
    /// Bytes of memory that it takes.
    bytes: usize,
}

/// Every open connection.
#[derive(Debug)]
pub struct Crowd {
    poller: Poller,
    places: BTreeMap<Token, Place>,
    next_token: Token,
    /// Those with a small frame that can be answered.
    small: Queue,
    /// Those with a larger one.
    large: Queue,
    /// Those whose answer waits for a hold.
    awaiting: BTreeSet<Token>,
    /// Those that are told of records.
    following: BTreeSet<Token>,
    /// The next moment at which each must be looked at.
    deadlines: BTreeSet<(u64, Token)>,
    /// How many connections each process has.
    per_process: BTreeMap<u32, usize>,
    /// Bytes of memory that all of them take.
    bytes: usize,
    /// Those that something happened to since they were last reviewed.
    touched: BTreeSet<Token>,
    /// Holds whose prompts went away with their connections.
    abandoned: Vec<Uuid>,
    scratch: Vec<u8>,
}

impl Crowd {
    /// Nobody yet.
    #[must_use]
    pub fn new(poller: Poller) -> Self {
        Self {
            poller,
            places: BTreeMap::new(),
            next_token: FIRST_TOKEN,
            small: Queue::default(),
            large: Queue::default(),
            awaiting: BTreeSet::new(),
            following: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            per_process: BTreeMap::new(),
            bytes: 0,
            touched: BTreeSet::new(),
            abandoned: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Returns what waits.
    #[must_use]
    pub const fn poller(&self) -> &Poller {
        &self.poller
    }

    /// Takes a connection in; beyond the bound another has to leave.
    ///
    /// # Errors
    ///
    /// When the system cannot wait for it; it is closed then.
    pub fn admit(&mut self, connection: Connection) -> io::Result<()> {
        if self.places.len() >= CONNECTIONS_MAX {
            self.evict();
        }
        let token = self.next_token;
        let interest = connection.interest();
        self.poller.add(connection.stream(), token, interest)?;
        self.next_token += 1;
        *self.per_process.entry(connection.process()).or_default() += 1;
        let place = Place {
            connection,
            interest,
            deadline: None,
            bytes: 0,
        };
        self.places.insert(token, place);
        self.touched.insert(token);
        Ok(())
    }

    /// Closes one connection to make room: of the process that has the most, the one that was idle longest.
    pub fn evict(&mut self) {
        let most = self.per_process.values().max().copied();
        let busiest = self
            .per_process
            .iter()
            .filter(|(_, has)| Some(**has) == most);
        let busiest: Vec<u32> = busiest.map(|(process, _)| *process).collect();
        let is_of_them = |place: &Place| busiest.binary_search(&place.connection.process()).is_ok();
        let theirs = self.places.iter().filter(|(_, place)| is_of_them(place));
        let victim = theirs.min_by_key(|(_, place)| place.connection.active);
        if let Some(token) = victim.map(|(token, _)| *token) {
            self.remove(token);
        }
    }

    /// Closes connections until what the others keep fits: of the process that keeps the most, the one that keeps the most.
    fn evict_the_heaviest(&mut self) {
        if self.bytes <= CONNECTIONS_BYTES_MAX {
            return;
        }
        let mut per_process: BTreeMap<u32, usize> = BTreeMap::new();
        for place in self.places.values() {
            *per_process.entry(place.connection.process()).or_default() += place.bytes;
        }
        while self.bytes > CONNECTIONS_BYTES_MAX {
            let heaviest = per_process.iter_mut().max_by_key(|(_, bytes)| **bytes);
            let Some((process, kept)) = heaviest else {
                return;
            };
            let is_theirs = |place: &Place| place.connection.process() == *process;
            let theirs = self.places.iter().filter(|(_, place)| is_theirs(place));
            let Some((token, place)) = theirs.max_by_key(|(_, place)| place.bytes) else {
                return;
            };
            *kept -= place.bytes;
            let token = *token;
            self.remove(token);
        }
    }

    fn remove(&mut self, token: Token) {
        self.awaiting.remove(&token);
        self.following.remove(&token);
        self.touched.remove(&token);
        let Some(place) = self.places.remove(&token) else {
            return;
        };
        self.bytes -= place.bytes;
        if let Some(deadline) = place.deadline {
            self.deadlines.remove(&(deadline, token));
        }
        self.abandoned.extend(place.connection.peer.asking);
        let process = place.connection.process();
        self.small.remove(process, token);
        self.large.remove(process, token);
        if let Some(count) = self.per_process.get_mut(&process) {
            *count -= 1;
            if *count == 0 {
                self.per_process.remove(&process);
                self.small.forget(process);
                self.large.forget(process);
            }
        }
    }

    /// Reads and writes what is possible on a connection.
    pub fn touch(&mut self, ready: Readiness, now: u64) {
        let Some(place) = self.places.get_mut(&ready.token) else {
            return;
        };
        let connection = &mut place.connection;
        if ready.write {
            connection.flush(now);
        }
        if ready.read {
            connection.fill(&mut self.scratch, now);
        } else if ready.over && !connection.is_servable() {
            connection.phase = Phase::Dead;
        }
        let (process, bytes) = (connection.process(), connection.servable_bytes());
        self.line_up(process, ready.token, bytes);
        self.touched.insert(ready.token);
    }

    /// Sees to it that a connection waits for its turn where the next frame that can be answered belongs, `bytes` long, if there
    /// is one.
    fn line_up(&mut self, process: u32, token: Token, bytes: Option<usize>) {
        let is_small = |bytes| bytes <= SMALL_FRAME_BYTES;
        self.small.keep(process, token, bytes.is_some_and(is_small));
        let is_large = |bytes| !is_small(bytes);
        self.large.keep(process, token, bytes.is_some_and(is_large));
    }

    /// Returns the holds whose prompts went away since this was asked last.
    pub fn take_abandoned(&mut self) -> Vec<Uuid> {
        std::mem::take(&mut self.abandoned)
    }

    /// Returns a connection, which is then reviewed at the end of the round.
    pub fn get(&mut self, token: Token) -> Option<&mut Connection> {
        let place = self.places.get_mut(&token)?;
        self.touched.insert(token);
        Some(&mut place.connection)
    }

    /// Returns whom to serve next of those with a small frame, who is then reviewed at the end of the round: the processes take
    /// turns, and so do the connections of each, so that a process with a thousand of them delays another no more than with one.
    pub fn next_in_turn(&mut self) -> Option<Token> {
        let token = self.small.next()?;
        self.touched.insert(token);
        Some(token)
    }

    /// Returns whom to serve next of those with a larger frame, likewise.
    pub fn next_large_in_turn(&mut self) -> Option<Token> {
        let token = self.large.next()?;
        self.touched.insert(token);
        Some(token)
    }

    /// Whether somebody with a larger frame waits.
    #[must_use]
    pub fn has_large(&self) -> bool {
        !self.large.is_empty()
    }

    /// Whether somebody can be served without waiting.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.small.is_empty() || self.has_large()
    }

    /// Returns those whose answer waits for a hold.
    #[must_use]
    pub fn awaiting(&self) -> Vec<Token> {
        self.awaiting.iter().copied().collect()
    }

    /// Returns those that are told of records, beginning behind `last`.
    #[must_use]
    pub fn following(&self, last: Token) -> Vec<Token> {
        let first = self.following.range(last + 1..);
        let later = self.following.range(..=last);
        first.chain(later).copied().collect()
    }

    /// Returns how many are told of records.
    #[must_use]
    pub fn following_len(&self) -> usize {
        self.following.len()
    }

    /// Begins to tell a connection of records.
    pub fn follow(&mut self, token: Token, follower: Box<Follower>) {
        if let Some(connection) = self.get(token) {
            connection.phase = Phase::Following;
            connection.follower = Some(follower);
            self.following.insert(token);
        }
    }

    /// Returns a follower that has taken everything it was told.
    pub fn hungry(&mut self, token: Token) -> Option<&mut Follower> {
        let connection = &mut self.places.get_mut(&token)?.connection;
        if connection.has_output() {
            return None;
        }
        connection.follower.as_deref_mut()
    }

    /// Tells a follower of records; without any that can be read, it is let go.
    pub fn tell(&mut self, token: Token, told: Option<&[u8]>, now: u64) {
        let Some(connection) = self.get(token) else {
            return;
        };
        match told {
            Some(frames) => connection.tell(frames, now),
            None => connection.phase = Phase::Dead,
        }
    }

    /// Returns the next moment at which a connection must be looked at, on the monotonic clock.
    #[must_use]
    pub fn deadline(&self) -> Option<u64> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Gives back what only a burst of requests needs.
    pub fn give_memory_back(&mut self) {
        self.scratch = Vec::new();
    }

    /// Judges those whose time has come at `now`, and those that something happened to; lets go of who is done.
    pub fn review(&mut self, now: u64) {
        let over = self.deadlines.range(..=(now, Token::MAX));
        self.touched.extend(over.map(|(_, token)| *token));
        for token in std::mem::take(&mut self.touched) {
            self.review_one(token, now);
        }
        self.evict_the_heaviest();
    }

    fn review_one(&mut self, token: Token, now: u64) {
        let Some(place) = self.places.get_mut(&token) else {
            return;
        };
        let connection = &mut place.connection;
        connection.review(now);
        let interest = connection.interest();
        if connection.phase != Phase::Dead && interest != place.interest {
            let changed = self.poller.change(connection.stream(), token, interest);
            if changed.is_err() {
                connection.phase = Phase::Dead;
            }
            place.interest = interest;
        }
        let (phase, deadline) = (connection.phase, connection.deadline());
        let process = connection.process();
        if phase == Phase::Dead {
            self.remove(token);
            return;
        }
        let servable = connection.servable_bytes();
        let bytes = connection.kept_bytes();
        self.bytes = self.bytes - place.bytes + bytes;
        place.bytes = bytes;
        if deadline != place.deadline {
            if let Some(old) = place.deadline {
                self.deadlines.remove(&(old, token));
            }
            self.deadlines.extend(deadline.map(|new| (new, token)));
            place.deadline = deadline;
        }
        self.line_up(process, token, servable);
        let is_awaiting = matches!(phase, Phase::Awaiting { .. });
        keep(&mut self.awaiting, token, is_awaiting);
        keep(&mut self.following, token, phase == Phase::Following);
    }
}

/// Whose turn it is: a ring of processes, and in each a ring of its connections.
#[derive(Debug, Default)]
struct Queue {
    /// What waits, by process. No set is empty.
    waiting: BTreeMap<u32, BTreeSet<Token>>,
    /// Who was served last.
    process: u32,
    /// Which connection of a process was served last.
    tokens: BTreeMap<u32, Token>,
}

impl Queue {
    fn keep(&mut self, process: u32, token: Token, belongs: bool) {
        if belongs {
            self.insert(process, token);
        } else {
            self.remove(process, token);
        }
    }

    fn insert(&mut self, process: u32, token: Token) {
        self.waiting.entry(process).or_default().insert(token);
    }

    fn remove(&mut self, process: u32, token: Token) {
        if let Some(tokens) = self.waiting.get_mut(&process) {
            tokens.remove(&token);
            if tokens.is_empty() {
                self.waiting.remove(&process);
            }
        }
    }

    /// The process has no connection any more.
    fn forget(&mut self, process: u32) {
        self.tokens.remove(&process);
    }

    fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes whose turn it is out of the queue.
    fn next(&mut self) -> Option<Token> {
        let after = (Bound::Excluded(self.process), Bound::Unbounded);
        let (process, tokens) = self
            .waiting
            .range(after)
            .next()
            .or_else(|| self.waiting.first_key_value())?;
        let process = *process;
        let last = self.tokens.get(&process).copied().unwrap_or_default();
        let token = *tokens.range(last + 1..).next().or_else(|| tokens.first())?;
        self.process = process;
        self.tokens.insert(process, token);
        self.remove(process, token);
        Some(token)
    }
}

fn keep(set: &mut BTreeSet<Token>, token: Token, belongs: bool) {
    if belongs {
        set.insert(token);
    } else {
        set.remove(&token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_many_connections_has_one_turn_like_any_other() {
        let mut queue = Queue::default();
        (0..100).for_each(|token| queue.insert(7, token));
        queue.insert(3, 200);
        queue.insert(9, 300);
        let first: Vec<Token> = std::iter::from_fn(|| queue.next()).take(4).collect();
        assert_eq!(
            first.iter().filter(|token| **token < 100).count(),
            2,
            "{first:?}"
        );
        assert!(first.contains(&200) && first.contains(&300), "{first:?}");
        assert_eq!(
            std::iter::from_fn(|| queue.next()).count(),
            98,
            "nobody is lost"
        );
        assert!(queue.is_empty());
    }

    #[test]
    fn connections_of_a_process_take_turns_also_when_each_asks_again_at_once() {
        let mut queue = Queue::default();
        let mut served = Vec::new();
        for _ in 0..6 {
            (10..13).for_each(|token| queue.insert(7, token));
            served.extend(queue.next());
        }
        assert_eq!(served, [10, 11, 12, 10, 11, 12]);
        queue.remove(7, 10);
        queue.remove(7, 11);
        queue.remove(7, 12);
        assert!(queue.is_empty() && queue.next().is_none());
    }
}
