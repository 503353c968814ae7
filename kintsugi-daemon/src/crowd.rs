//! Every open connection: who is ready, whose turn it is, and whose time is over.
//!
//! Nothing here looks at all connections to find one: a wait, a turn and a deadline each cost what they concern, so that
//! a thousand silent peers cost nothing. It decides nothing about requests.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use kintsugi_core::limits::CONNECTIONS_MAX;

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
}

/// Every open connection.
#[derive(Debug)]
pub struct Crowd {
    poller: Poller,
    places: BTreeMap<Token, Place>,
    next_token: Token,
    /// Those with a frame that can be answered.
    servable: BTreeSet<Token>,
    /// Those whose answer waits for a hold.
    awaiting: BTreeSet<Token>,
    /// Those that are told of records.
    following: BTreeSet<Token>,
    /// The next moment at which each must be looked at.
    deadlines: BTreeSet<(u64, Token)>,
    /// How many connections each process has.
    per_process: BTreeMap<u32, usize>,
    /// Whose turn it is: the first that is served in this round.
    turn: Token,
    /// Those that something happened to since they were last reviewed.
    touched: BTreeSet<Token>,
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
            servable: BTreeSet::new(),
            awaiting: BTreeSet::new(),
            following: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            per_process: BTreeMap::new(),
            turn: FIRST_TOKEN,
            touched: BTreeSet::new(),
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
        };
        self.places.insert(token, place);
        self.touched.insert(token);
        Ok(())
    }

    /// Closes one connection to make room: of the process that has the most, the one that was idle longest.
    pub fn evict(&mut self) {
        let victim = self.places.iter().max_by_key(|(_, place)| {
            let count = self.per_process.get(&place.connection.process()).copied();
            (count, std::cmp::Reverse(place.connection.active))
        });
        if let Some(token) = victim.map(|(token, _)| *token) {
            self.remove(token);
        }
    }

    fn remove(&mut self, token: Token) {
        self.servable.remove(&token);
        self.awaiting.remove(&token);
        self.following.remove(&token);
        self.touched.remove(&token);
        let Some(place) = self.places.remove(&token) else {
            return;
        };
        if let Some(deadline) = place.deadline {
            self.deadlines.remove(&(deadline, token));
        }
        let process = place.connection.process();
        if let Some(count) = self.per_process.get_mut(&process) {
            *count -= 1;
            if *count == 0 {
                self.per_process.remove(&process);
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
        if connection.is_servable() {
            self.servable.insert(ready.token);
        }
        self.touched.insert(ready.token);
    }

    /// Returns a connection, which is then reviewed at the end of the round.
    pub fn get(&mut self, token: Token) -> Option<&mut Connection> {
        let place = self.places.get_mut(&token)?;
        self.touched.insert(token);
        Some(&mut place.connection)
    }

    /// Returns whom to serve, `most` at most, beginning where the last round ended.
    pub fn next_in_turn(&mut self, most: usize) -> Vec<Token> {
        let first = self.servable.range(self.turn..);
        let later = self.servable.range(..self.turn);
        let mut all = first.chain(later).copied();
        let now: Vec<Token> = all.by_ref().take(most).collect();
        if let Some(next) = all.next() {
            self.turn = next;
        }
        now
    }

    /// Whether somebody can be served without waiting.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.servable.is_empty()
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
        if phase == Phase::Dead {
            self.remove(token);
            return;
        }
        let is_servable = connection.is_servable();
        if deadline != place.deadline {
            if let Some(old) = place.deadline {
                self.deadlines.remove(&(old, token));
            }
            self.deadlines.extend(deadline.map(|new| (new, token)));
            place.deadline = deadline;
        }
        keep(&mut self.servable, token, is_servable);
        let is_awaiting = matches!(phase, Phase::Awaiting { .. });
        keep(&mut self.awaiting, token, is_awaiting);
        keep(&mut self.following, token, phase == Phase::Following);
    }
}

fn keep(set: &mut BTreeSet<Token>, token: Token, belongs: bool) {
    if belongs {
        set.insert(token);
    } else {
        set.remove(&token);
    }
}
