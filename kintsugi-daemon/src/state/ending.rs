//! Why what was held is closed. Of most only the kind is remembered; the words stand in the record that closed it.

use kintsugi_core::audit::record::{Body, Means, Record};
use uuid::Uuid;

use super::Decided;

/// Why a used approval is closed.
pub(super) const USED: &str = "the approval of this command was used";

/// Why a hold is closed that a person denied; more may follow.
const BY_PERSON: &str = "a person denied it";

/// Why one is that the admin denied; more may follow.
const BY_ADMIN: &str = "the admin denied it";

/// Why an approval is that somebody took back; more may follow.
const TAKEN_BACK: &str = "a person took the approval back";

/// Why an approval is that nobody used.
const UNUSED: &str = "the approval was not used in time";

/// Why one is closed of which the words are not to be found.
const DENIED: &str = "it was denied";

/// Why an id is closed, when that is all that is remembered of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// Somebody denied it.
    Denied,
    /// Its time was over, or what it was about has changed.
    Over,
    /// The approval was used.
    Used,
    /// Somebody took the approval back.
    TakenBack,
    /// The approval was not used.
    Unused,
}

impl Why {
    /// Returns which kind of reason [`words`] gave, or [`Why::words`].
    pub(super) fn of(reason: &str) -> Self {
        match reason {
            USED => Self::Used,
            UNUSED => Self::Unused,
            reason if reason.starts_with(TAKEN_BACK) => Self::TakenBack,
            reason if reason.starts_with(BY_PERSON) || reason.starts_with(BY_ADMIN) => Self::Denied,
            DENIED => Self::Denied,
            _ => Self::Over,
        }
    }

    /// Returns what is said where the record that says more is not to be found.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Denied => DENIED,
            Self::Over => "nobody answered in time, or what it would touch has changed",
            Self::Used => USED,
            Self::TakenBack => TAKEN_BACK,
            Self::Unused => UNUSED,
        }
    }

    /// Whether an approval ended by it, and no hold.
    pub(super) const fn ends_approval(self) -> bool {
        matches!(self, Self::Used | Self::TakenBack | Self::Unused)
    }
}

/// Returns why a resolution closed a hold, or where there was one an approval.
pub(super) fn words(means: Means, reason: Option<&str>, was_approved: bool) -> String {
    let why = reason.map_or(String::new(), |reason| format!(": {reason}"));
    match (means, was_approved) {
        (Means::Changed, _) => format!("what it would touch has changed{why}"),
        (Means::Person | Means::Prompt, false) => format!("{BY_PERSON}{why}"),
        (Means::Admin, false) => format!("{BY_ADMIN}{why}"),
        (Means::Person | Means::Prompt | Means::Admin, true) => format!("{TAKEN_BACK}{why}"),
        (Means::Expired, false) => "nobody answered in time".to_owned(),
        (Means::Gone, false) => "the terminal went away at the prompt".to_owned(),
        (Means::Daemon, false) => format!("the daemon could not keep it{why}"),
        (Means::Expired | Means::Daemon | Means::Gone, true) => UNUSED.to_owned(),
    }
}

/// What is remembered of a hold that was closed long ago; of its verdict stands the decision that is left, which is a denial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Closed {
    pub(super) verdict: Decided,
    pub(super) why: Why,
    /// How many records behind the verdict's stands the one that closed it; 0 where that is not known.
    pub(super) behind: u32,
}

/// Where the words stand that are not remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    pub(super) seq: u64,
    pub(super) was_approved: bool,
}

impl Ending {
    /// Returns the number of the record.
    #[must_use]
    pub const fn seq(self) -> u64 {
        self.seq
    }

    /// Returns why `id` is closed, as that record says it; nothing when it does not, or not any more.
    #[must_use]
    pub fn words(self, id: Uuid, record: &Record) -> Option<String> {
        let Body::Resolution {
            id: closed,
            means,
            reason,
            ..
        } = &record.body
        else {
            return None;
        };
        let is_it = *closed == id && !record.redacted;
        is_it.then(|| words(*means, reason.as_deref(), self.was_approved))
    }
}
