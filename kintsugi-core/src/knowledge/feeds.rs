//! What flows: where the bytes come from that a command prints, runs, writes or sends.

use crate::effect::{Action, Feed};

/// A set of [`Feed`]s, since a stream can carry a secret and a download at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Feeds(u8);

impl Feeds {
    /// Nothing flows.
    pub(super) const NONE: Self = Self(0);

    /// One feed.
    pub(super) const fn of(feed: Feed) -> Self {
        match feed {
            Feed::Nothing => Self(0),
            Feed::Text => Self(1),
            Feed::File => Self(2),
            Feed::Program => Self(4),
            Feed::Decoded => Self(8),
            Feed::Secret => Self(16),
            Feed::Network => Self(32),
        }
    }

    /// Everything that is in either.
    pub(super) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The set without `feed`.
    pub(super) const fn without(self, feed: Feed) -> Self {
        Self(self.0 & !Self::of(feed).0)
    }

    /// Whether `feed` is in it.
    pub(super) const fn contains(self, feed: Feed) -> bool {
        self.0 & Self::of(feed).0 != 0
    }

    /// The most alarming of them.
    pub(super) fn worst(self) -> Feed {
        [
            Feed::Network,
            Feed::Secret,
            Feed::Decoded,
            Feed::Program,
            Feed::File,
            Feed::Text,
        ]
        .into_iter()
        .find(|feed| self.contains(*feed))
        .unwrap_or_default()
    }

    /// The most alarming for an effect that does `action`: what goes out is judged by the secret in it first.
    pub(super) fn worst_for(self, action: Action) -> Feed {
        if is_outward(action) && self.contains(Feed::Secret) {
            return Feed::Secret;
        }
        // What runs is judged by where it was made: a secret beside it makes no decoded text better.
        let runs = matches!(action, Action::Execute | Action::Interpret);
        if runs && self.contains(Feed::Decoded) {
            return self.without(Feed::Secret).worst();
        }
        self.worst()
    }
}

/// Whether bytes leave the machine by it.
pub(super) const fn is_outward(action: Action) -> bool {
    matches!(
        action,
        Action::Send | Action::Fetch | Action::Connect | Action::Publish
    )
}

/// Whether a variable of this name is expected to hold a secret.
pub(super) fn is_secret_variable(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    // What somebody types, passwords included (bash(1), 5.2).
    let is_typed = matches!(name, "BASH_COMMAND" | "READLINE_LINE" | "HISTCMD");
    (is_typed
        || [
            "TOKEN",
            "SECRET",
            "PASSWORD",
            "PASSWD",
            "PASSPHRASE",
            "API_KEY",
            "APIKEY",
            "ACCESS_KEY",
            "PRIVATE_KEY",
            "CREDENTIAL",
            "PGPASS",
            "_KEY",
            "AUTH_KEY",
            "SESSION_KEY",
            "DATABASE_URL",
            "DB_URL",
        ]
        .iter()
        .any(|part| upper.contains(part))
        || upper.ends_with("_PASS")
        || upper.ends_with("_PAT"))
        && !upper.ends_with("_KEY_ID")
        && !upper.contains("PUBLIC_KEY")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_a_stream_that_goes_out_is_its_secret() {
        let both = Feeds::of(Feed::Network).union(Feeds::of(Feed::Secret));
        assert_eq!(both.worst(), Feed::Network);
        assert_eq!(both.worst_for(Action::Send), Feed::Secret);
        assert_eq!(both.worst_for(Action::Interpret), Feed::Network);
        let made = Feeds::of(Feed::Decoded).union(Feeds::of(Feed::Secret));
        assert_eq!(made.worst_for(Action::Interpret), Feed::Decoded);
        assert_eq!(Feeds::NONE.worst(), Feed::Nothing);
        assert_eq!(both.without(Feed::Network).worst(), Feed::Secret);
    }

    #[test]
    fn a_variable_is_secret_by_its_name() {
        for name in [
            "GITHUB_TOKEN",
            "DB_PASSWORD",
            "AWS_SECRET_ACCESS_KEY",
            "npm_token",
        ] {
            assert!(is_secret_variable(name), "{name}");
        }
        for name in [
            "AWS_ACCESS_KEY_ID",
            "SSH_PUBLIC_KEY",
            "PATH",
            "KEYBOARD",
            "GO_PATH",
        ] {
            assert!(!is_secret_variable(name), "{name}");
        }
    }
}
