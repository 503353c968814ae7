//! Redaction and pruning: what may be taken out of the log, checked before the log says that it was.
//!
//! Whether the one who asks may is decided before: nothing here asks for an authority.

use std::collections::BTreeSet;

use kintsugi_core::audit::record::Body;
use kintsugi_core::vault::operation::REDACTED_MAX;
use uuid::Uuid;

use super::{Book, now};
use crate::clock::Clock;
use crate::state::Standing;
use crate::store::{Durable, LogError, Recorded, RemovalRequest, Staged};

/// Why nothing was taken out. The log is as before, but for [`RemovalError::Log`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemovalError {
    /// Nothing is named, or too much.
    #[error("name one record at least, and {REDACTED_MAX} at most")]
    Count,
    /// There is no such record.
    #[error("there is no record {0}")]
    Missing(u64),
    /// It belongs to a command that waits for a person, or was approved and has not run.
    #[error("record {seq} is about the hold `{id}`: answer that first")]
    Live {
        /// The record.
        seq: u64,
        /// The hold.
        id: Uuid,
    },
    /// A start reads it: the copy of the live state that this segment opened with.
    #[error("record {0} is read at the next start: it can be redacted once its segment has ended")]
    State(u64),
    /// No whole segment is before that record.
    #[error("no whole segment is before record {0}: nothing can be pruned")]
    NothingBefore(u64),
    /// The log cannot be written or read.
    #[error("{0:#}")]
    Log(anyhow::Error),
}

impl Book {
    /// Takes the private parts out of the records `seqs`, after recording that they are.
    ///
    /// It is done when this returns. What is returned is a claim for an answer, as from [`Book::stage`].
    ///
    /// # Errors
    /// When one of them must stay. After [`RemovalError::Log`] it may be recorded and half done: then the next start
    /// does the rest.
    pub fn redact(
        &mut self,
        clock: &dyn Clock,
        seqs: &BTreeSet<u64>,
        request: RemovalRequest,
    ) -> Result<Staged, RemovalError> {
        if seqs.is_empty() || seqs.len() > REDACTED_MAX {
            return Err(RemovalError::Count);
        }
        let _everything: Durable = self.sync(clock).map_err(RemovalError::Log)?;
        self.check_redactable(seqs)?;
        let log = super::sound(&mut self.log, self.broken, &self.trouble);
        let log = log.map_err(RemovalError::Log)?;
        let done = log.redact(now(clock), seqs, request, &self.state);
        self.removed(clock, done)
    }

    /// Takes every segment out that holds only records before `before`, after recording that they are.
    ///
    /// # Errors
    /// As [`Book::redact`].
    pub fn prune(
        &mut self,
        clock: &dyn Clock,
        before: u64,
        request: RemovalRequest,
    ) -> Result<Staged, RemovalError> {
        let _everything: Durable = self.sync(clock).map_err(RemovalError::Log)?;
        let log = super::sound(&mut self.log, self.broken, &self.trouble);
        let log = log.map_err(RemovalError::Log)?;
        let kept = log.prunable(before);
        let first = log.prunable(0);
        match (kept, first) {
            (Ok(kept), Ok(first)) if kept == first => {
                return Err(RemovalError::NothingBefore(before));
            }
            (Ok(_), Ok(_)) => {}
            (Err(error), _) | (_, Err(error)) => return Err(RemovalError::Log(error.into())),
        }
        let done = log.prune(now(clock), before, request, &self.state);
        self.removed(clock, done)
    }

    /// Checks that each of the records is there and that nothing live depends on it.
    fn check_redactable(&mut self, seqs: &BTreeSet<u64>) -> Result<(), RemovalError> {
        let log = super::sound(&mut self.log, self.broken, &self.trouble);
        let log = log.map_err(RemovalError::Log)?;
        let segment = log.segment();
        let found = log.read(seqs);
        let found = found.map_err(|error| RemovalError::Log(error.into()))?;
        let there: BTreeSet<u64> = found.iter().map(|record| record.seq).collect();
        if let Some(missing) = seqs.difference(&there).next() {
            return Err(RemovalError::Missing(*missing));
        }
        for record in &found {
            if matches!(record.body, Body::State { .. }) && record.seq >= segment {
                return Err(RemovalError::State(record.seq));
            }
            if let Some(id) = record.body.proposal()
                && self.is_live(id)
            {
                let seq = record.seq;
                return Err(RemovalError::Live { seq, id });
            }
        }
        Ok(())
    }

    fn is_live(&self, id: Uuid) -> bool {
        // Not by what a client is told: what was allowed at once is `approved` to it, too.
        let standing = self.state.known(id).map(|known| known.standing);
        matches!(
            standing,
            Some(Standing::Held(_) | Standing::Approved { .. })
        )
    }

    fn removed(
        &mut self,
        clock: &dyn Clock,
        done: Result<Recorded, LogError>,
    ) -> Result<Staged, RemovalError> {
        match done {
            Ok(recorded) => {
                for record in recorded.records() {
                    self.state.apply(record);
                }
                self.stage(clock, Vec::new()).map_err(RemovalError::Log)
            }
            Err(error) => Err(RemovalError::Log(self.refused(error))),
        }
    }
}
