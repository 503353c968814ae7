//! What is remembered of one answer, and of a command that waits for a person.

use kintsugi_core::audit::record::{self, Command, Peer};
use kintsugi_core::classify::Class;
use kintsugi_core::decide::Decision;
use kintsugi_core::protocol::{PendingItem, Verdict};
use serde::{Deserialize, Serialize};

use super::ending::{Closed, Ending, Why};
use crate::clock::rfc3339;

/// A verdict, as far as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    pub(super) class: Class,
    pub(super) decision: Decision,
    pub(super) tier: u8,
    pub(super) risk: Option<u8>,
    pub(super) rule: Option<Box<str>>,
    pub(super) reason: Box<str>,
    /// The record with all of it.
    #[serde(default)]
    pub(super) seq: Option<u64>,
    /// The record that closed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) end: Option<u64>,
    /// Why it is closed, where only that is remembered and not the very words.
    #[serde(skip)]
    pub(super) shortened: Option<Why>,
    /// Who ended the hold, as it is told to the next who answers; empty when nobody did.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub(super) by: Box<str>,
}

impl Answered {
    pub(super) fn of(seq: Option<u64>, verdict: &record::Verdict) -> Self {
        Self {
            class: verdict.class,
            decision: verdict.decision,
            tier: verdict.tier,
            risk: verdict.risk,
            rule: verdict.rule.as_deref().map(Box::from),
            reason: Box::from(verdict.reason.as_str()),
            seq,
            end: None,
            shortened: None,
            by: Box::default(),
        }
    }

    pub(super) fn closed(hold: &Hold, end: u64, (reason, by): (String, &str)) -> Self {
        let reason = reason.into_boxed_str();
        Self {
            decision: Decision::Deny,
            reason,
            end: Some(end),
            by: Box::from(by),
            // A hold is written behind its verdict, in one write.
            ..Self::of(hold.seq.checked_sub(1), &hold.verdict)
        }
    }

    /// Returns what is remembered when the words are not.
    pub(super) fn kept(&self) -> Closed {
        let behind = self.seq.zip(self.end);
        let behind = behind.and_then(|(seq, end)| u32::try_from(end.checked_sub(seq)?).ok());
        Closed {
            verdict: Decided {
                class: self.class,
                decision: self.decision,
                tier: self.tier,
                seq: self.seq.unwrap_or(u64::MAX),
            },
            why: Why::of(&self.reason),
            behind: behind.unwrap_or_default(),
        }
    }

    /// Returns what is left of one whose words are not remembered.
    pub(super) fn shortened(closed: Closed) -> Self {
        let Closed {
            verdict,
            why,
            behind,
        } = closed;
        let seq = Some(verdict.seq).filter(|seq| *seq != u64::MAX);
        Self {
            class: verdict.class,
            decision: verdict.decision,
            tier: verdict.tier,
            risk: None,
            rule: None,
            reason: Box::from(why.words()),
            seq,
            end: seq
                .filter(|_| behind > 0)
                .map(|seq| seq + u64::from(behind)),
            shortened: Some(why),
            by: Box::default(),
        }
    }

    /// Returns where the words stand, when they are not remembered.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        let why = self.shortened?;
        Some(Ending {
            seq: self.end?,
            was_approved: why.ends_approval(),
        })
    }

    /// Returns the record that has the details, where it is known.
    #[must_use]
    pub const fn seq(&self) -> Option<u64> {
        self.seq
    }

    /// Returns why it is closed, and who did that.
    #[must_use]
    pub fn told(&self) -> String {
        match &*self.by {
            "" => self.reason.to_string(),
            by => format!("{} ({by})", self.reason),
        }
    }

    /// Returns the reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Returns the verdict, without the details that only its record keeps.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        Verdict {
            risk: self.risk,
            rule: self.rule.as_deref().map(str::to_owned),
            ..bare(self.class, self.decision, self.tier, self.reason())
        }
    }
}

/// A proposal that was decided at once: a day's worth of them is remembered, so only where its verdict stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decided {
    pub(super) class: Class,
    pub(super) decision: Decision,
    pub(super) tier: u8,
    /// The record with all of it.
    pub(super) seq: u64,
}

impl Decided {
    /// Returns the record that has the details.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// Returns the verdict without what only its record tells.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let why = "it was decided before; why, stands in the log no more";
        bare(self.class, self.decision, self.tier, why)
    }
}

/// Returns a verdict without the details that only its record keeps.
fn bare(class: Class, decision: Decision, tier: u8, reason: &str) -> Verdict {
    Verdict {
        class,
        decision,
        tier,
        reason: reason.to_owned(),
        summary: None,
        risk: None,
        rule: None,
        effects: Vec::new(),
        findings: Vec::new(),
        grounds: Vec::new(),
        instead: None,
        capture: Vec::new(),
        content_hash: None,
        expires_ms: None,
        approved: false,
        scored: None,
    }
}

/// A command that waits for a person, or has been approved by one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hold {
    /// What was proposed.
    pub command: Command,
    /// Who proposed it, as the kernel attests.
    pub peer: Peer,
    /// What was answered.
    pub verdict: record::Verdict,
    /// When it ends unresolved, in milliseconds since 1970.
    pub until: u64,
    /// When it was held, in milliseconds since 1970.
    pub since: u64,
    /// The record that holds it.
    pub seq: u64,
}

impl Hold {
    /// Returns how many bytes it has about, in the log: each segment opens with it.
    pub(super) fn bytes(&self) -> usize {
        let Command { raw, cwd, argv, .. } = &self.command;
        let words: usize = argv.iter().map(String::len).sum();
        let mut counted = Counted(0);
        // Into a number nothing fails to be written.
        drop(serde_json::to_writer(
            &mut counted,
            &(&self.peer, &self.verdict),
        ));
        raw.len() + cwd.len() + words + counted.0
    }

    /// Returns the hold as it is listed at `now`, in milliseconds since 1970.
    #[must_use]
    pub fn item(&self, now: u64) -> PendingItem {
        let verdict = self.verdict.clone();
        PendingItem {
            command: self.command.clone().into(),
            class: verdict.class,
            reason: verdict.reason,
            summary: verdict.summary,
            ts: rfc3339(self.since),
            effects: verdict.effects,
            findings: verdict.findings,
            instead: verdict.instead,
            content_hash: verdict.content_hash,
            expires_ms: Some(self.until.saturating_sub(now)),
            seq: Some(self.seq),
            attempts: Vec::new(),
            scored: verdict.scored,
            summary_by: None,
        }
    }

    /// Returns the hold as it is answered at `now`.
    #[must_use]
    pub fn answer(&self, now: u64) -> Verdict {
        let left = self.until.saturating_sub(now);
        Verdict {
            expires_ms: Some(left),
            ..self.verdict.clone().into()
        }
    }
}

/// Counts bytes that nobody keeps.
struct Counted(usize);

impl std::io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
