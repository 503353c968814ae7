//! Whoever is told of records: a place in the log, and which kinds are wanted.
//!
//! The log is the queue: a follower reads on from its place when it has taken what it was given, so that one that lags
//! costs no memory and one that does not read is dropped like anybody else. Only durable records are told.

use std::io;

use kintsugi_core::limits::FRAME_BYTES_MAX;
use serde::Deserialize;

use crate::book::Book;
use crate::store::Place;

/// Most kinds that one follower may name; there are not as many.
const KINDS_MAX: usize = 64;

/// A follower.
#[derive(Debug)]
pub struct Follower {
    place: Place,
    /// Empty: all.
    kinds: Vec<String>,
}

impl Follower {
    /// A follower who reads from `place` on.
    #[must_use]
    pub fn new(place: Place, mut kinds: Vec<String>) -> Self {
        kinds.truncate(KINDS_MAX);
        Self { place, kinds }
    }

    /// Whether there is more to tell than was told.
    #[must_use]
    pub fn is_behind(&self, book: &Book) -> bool {
        book.end().is_some_and(|end| self.place.next() < end.next())
    }

    /// Returns what is to be told next, as frames, and how many bytes of the log were read for it; there may be no
    /// frame, when none of it is of a wanted kind.
    ///
    /// # Errors
    ///
    /// When the log cannot be read.
    pub fn read_on(&mut self, book: &Book) -> io::Result<(Vec<u8>, usize)> {
        let lines = book.read_on(&mut self.place)?;
        let mut frames = Vec::with_capacity(lines.len());
        for line in lines.split(|byte| *byte == b'\n') {
            if !line.is_empty() && self.wants(line) {
                frames.extend_from_slice(b"{\"kind\":\"event\",\"record\":");
                frames.extend_from_slice(line);
                frames.extend_from_slice(b"}\n");
            }
        }
        debug_assert!(frames.len() < FRAME_BYTES_MAX);
        Ok((frames, lines.len()))
    }

    fn wants(&self, line: &[u8]) -> bool {
        #[derive(Deserialize)]
        struct Kind<'a> {
            kind: &'a str,
        }
        // What is no JSON would break the frame around it.
        serde_json::from_slice::<Kind<'_>>(line).is_ok_and(|line| {
            self.kinds.is_empty() || self.kinds.iter().any(|kind| kind == line.kind)
        })
    }
}
