//! Stands in for the audit log until it is there: one line a record, synced, not chained.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;

use serde_json::{Value, json};

use crate::event::{Event, Parts};

/// What is in the log up to a point, and durable.
#[derive(Debug)]
pub struct Durable {
    size: u64,
}

/// Records that are written and not yet durable.
#[must_use]
#[derive(Debug)]
pub struct Staged {
    /// The last of them.
    pub last: u64,
}

/// Proof that records are durable.
#[must_use]
#[derive(Debug)]
pub struct Recorded {
    _last: u64,
}

impl Durable {
    /// Exchanges the claim for the proof.
    pub fn confirm(&self, staged: Staged) -> Option<Recorded> {
        (staged.last < self.size).then_some(Recorded { _last: staged.last })
    }
}

/// The log.
#[derive(Debug)]
pub struct Log {
    file: File,
    size: u64,
    dirty: bool,
}

impl Log {
    /// Opens the log and returns its events.
    ///
    /// # Errors
    ///
    /// When the directory cannot be used.
    pub fn open(directory: &Path) -> anyhow::Result<(Self, Vec<(u64, Event)>)> {
        std::fs::create_dir_all(directory)?;
        let path = directory.join("stub.ndjson");
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)?;
        let mut events = Vec::new();
        let mut size = 0;
        for line in BufReader::new(&file).lines() {
            let Ok(value) = serde_json::from_str::<Value>(&line?) else {
                continue;
            };
            let object = |name: &str| value.get(name).and_then(Value::as_object).cloned();
            let parts = Parts {
                kind: value
                    .get("kind")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned(),
                members: object("members").unwrap_or_default(),
                private: object("s").unwrap_or_default(),
            };
            if let Some(event) = Event::from_parts(parts) {
                events.push((size, event));
            }
            size += 1;
        }
        Ok((
            Self {
                file,
                size,
                dirty: false,
            },
            events,
        ))
    }

    /// Writes records; they are not durable yet. Returns the first one's number too.
    ///
    /// # Errors
    ///
    /// When they cannot be written.
    pub fn stage(&mut self, ts: &str, events: &[Event]) -> anyhow::Result<(u64, Staged)> {
        let first = self.size;
        let mut bytes = Vec::new();
        for (seq, event) in (first..).zip(events) {
            let Parts {
                kind,
                members,
                private,
            } = event.parts()?;
            let line =
                json!({"seq": seq, "ts": ts, "kind": kind, "members": members, "s": private});
            serde_json::to_writer(&mut bytes, &line)?;
            bytes.push(b'\n');
            self.size = seq + 1;
        }
        self.file.write_all(&bytes)?;
        self.dirty = true;
        Ok((
            first,
            Staged {
                last: self.size - 1,
            },
        ))
    }

    /// Returns the claim to a record that was staged before.
    pub fn again(&self, seq: u64) -> Staged {
        Staged { last: seq }
    }

    /// Makes everything durable that was staged.
    ///
    /// # Errors
    ///
    /// When it could not be made durable.
    pub fn sync(&mut self) -> anyhow::Result<Durable> {
        if self.dirty {
            self.file.sync_data()?;
            self.dirty = false;
        }
        Ok(Durable { size: self.size })
    }

    /// Returns the number of records.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }
}
