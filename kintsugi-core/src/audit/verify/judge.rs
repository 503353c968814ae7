//! What a verification comes to: torn or tampered, and what ought to be there and is not.

use std::io::{self, Read};

use super::report::{Depth, Layer, Outcome, Report};
use super::{Bad, HeadFound, Place, Run, SLOT_BYTES, tampered, unreadable};
use crate::audit::chain::continues;
use crate::audit::line::{Line, hash_of_seal};
use crate::audit::lines::Lines;
use crate::audit::segment_name;
use crate::limits::CHECKPOINT_RECORDS;

impl Run<'_> {
    /// Returns how many records were durable as far as anything beside the segments says.
    pub(super) fn durable_elsewhere(&mut self) -> Result<u64, Outcome> {
        let head = self.head.as_ref().map_or(0, |head| head.chain.next);
        let signed = match &mut self.notes {
            Some(notes) => notes.finish()?,
            None => None,
        };
        let kept = self.anchors.keys().next_back().copied();
        let leaves = signed.max(kept);
        Ok(head.max(leaves.map_or(0, |size| size + self.tree_first)))
    }

    /// Says whether a bad record is a torn tail or tampering.
    pub(super) fn judge(
        &mut self,
        bad: Bad,
        line: &[u8],
        rest: Lines<impl Read>,
        place: Place,
    ) -> Outcome {
        let seq = self.next;
        let reason = match bad {
            Bad::Final(outcome) => return outcome,
            Bad::Version(version) => {
                return Outcome::UnknownFormat {
                    version,
                    segment: place.first,
                };
            }
            Bad::Record(reason) => format!("record {seq} {reason}"),
        };
        // A note that cannot be read is a finding of its own; the record was bad before.
        if !place.is_last || self.durable_elsewhere().is_ok_and(|durable| durable > seq) {
            return tampered(seq, reason);
        }
        match look_beyond(line, rest) {
            Ok((durable, _)) if durable > seq => tampered(seq, reason),
            Ok((_, bytes)) => Outcome::Torn { seq, bytes },
            Err(error) => unreadable(&segment_name(place.first), &error),
        }
    }

    pub(super) fn finish(&mut self) -> Result<(), Outcome> {
        let durable = self.durable_elsewhere()?;
        if durable > self.next {
            let reason = format!("records {} to {} are missing", self.next, durable - 1);
            return Err(tampered(self.next, reason));
        }
        let is_whole = self.options.from.is_none();
        self.look_up_removals()?;
        if self.first > 0 && is_whole && self.pruned_before < self.first {
            let reason = format!("records 0 to {} are missing", self.first - 1);
            return Err(tampered(0, reason));
        }
        let silent = self.redacted.difference(&self.authorised).next();
        if let Some(seq) = silent.filter(|_| is_whole) {
            let reason = format!("record {seq} was redacted and no record says so");
            return Err(tampered(*seq, reason));
        }
        let is_torn = self.head_found == HeadFound::Torn;
        let slot = if is_torn { SLOT_BYTES } else { 0 };
        let torn_note = self.notes.as_ref().map_or(0, super::notes::Notes::torn);
        let torn = torn_note + u64::try_from(slot).unwrap_or_default();
        if torn > 0 {
            return Err(Outcome::Torn {
                seq: self.next,
                bytes: torn,
            });
        }
        self.look_for_what_is_missing()
    }

    fn look_for_what_is_missing(&mut self) -> Result<(), Outcome> {
        let missing = |missing: String| Err(Outcome::Incomplete { missing });
        if let Some((size, _)) = self.anchors.first_key_value() {
            let size = size + self.tree_first;
            return missing(format!(
                "the records of a note kept elsewhere about the first {size}: they are not among those that were read"
            ));
        }
        if !self.options.against.is_empty() {
            return missing("the key that checks notes kept elsewhere".into());
        }
        if self.head_found == HeadFound::Hidden {
            let signed = self.durable_elsewhere()?;
            return missing(format!(
                "the head, which holds a key and is for its owner: from record {signed} on nothing shows whether the end is missing"
            ));
        }
        if self.options.depth == Depth::Chain {
            return Ok(());
        }
        let durable = self.head.as_ref().map_or(0, |head| head.chain.next);
        let signed = match &mut self.notes {
            Some(notes) => notes.finish()?.unwrap_or_default() + self.tree_first,
            None => 0,
        };
        if durable.saturating_sub(signed) >= CHECKPOINT_RECORDS {
            return missing(format!(
                "no signed checkpoint of more than {signed} records"
            ));
        }
        if self.key.is_none() && self.next > 0 && self.options.from.is_none() {
            return missing("the first key, which checks who wrote".into());
        }
        Ok(())
    }

    pub(super) fn report(self, outcome: Outcome) -> Report {
        let records = self.next - self.first;
        let some = |count: u64| {
            if count == 0 {
                Layer::Unchecked
            } else {
                Layer::Checked(count)
            }
        };
        let mut warnings = self.warnings;
        if self.unsaid_warnings > 0 {
            warnings.push(format!("{} more like these", self.unsaid_warnings));
        }
        Report {
            outcome,
            log: self.log,
            records,
            by_file: self.by_hash_records,
            bytes: self.bytes,
            head: String::from_utf8_lossy(hash_of_seal(&self.seal)).into_owned(),
            root: self.tree.root(),
            chain: some(records),
            mac: some(self.vouched),
            merkle: some(self.agreed),
            anchors: some(self.anchored),
            redacted: u64::try_from(self.redacted.len()).unwrap_or_default(),
            warnings,
        }
    }
}

/// Returns the greatest claim of durability in lines that continue the line before them, and the bytes from `line` on.
fn look_beyond(line: &[u8], mut rest: Lines<impl Read>) -> io::Result<(u64, u64)> {
    let seal = |line: &[u8]| {
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        Line::split(bare).ok().map(|line| line.seal().to_vec())
    };
    let mut before = seal(line);
    let mut bytes = u64::try_from(line.len()).unwrap_or_default();
    let mut durable = 0;
    loop {
        let line = rest.next()?;
        if line.is_empty() {
            return Ok((durable, bytes));
        }
        bytes += u64::try_from(line.len()).unwrap_or_default();
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        // INVARIANT: `d` is believed only from a line whose own hash verifies.
        if let (Some(before), Ok(line)) = (&before, Line::split(bare))
            && continues(before, &line)
        {
            durable = durable.max(line.durable());
        }
        before = seal(bare);
    }
}
