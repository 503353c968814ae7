//! What the log says about the admin: which vault it last named, attempts to prove to be the admin, what they have set, and panic.

use kintsugi_core::audit::record::{Body, Record};
use kintsugi_core::scorer::settings::ModelSettings;
use kintsugi_core::vault::Credential;
use kintsugi_core::vault::throttle::Attempts;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::judge::READ;
use crate::scoring::settings::MODEL;
use crate::scoring::settings_of;

/// Names the piece of the live state.
pub(super) const ADMIN: &str = "admin";

/// Begins `what` of every record that names a vault.
pub const VAULT: &str = "vault ";

/// `what` of the record that everything is held.
pub const PANIC: &str = "panic";

/// `what` of the record that it goes on.
pub const RESUME: &str = "resume";

/// `what` of the record that a start found a log that does not verify.
pub const ALTERED: &str = "log altered";

/// `what` of the record that somebody who may has looked into that.
pub const REANCHORED: &str = "log reanchored";

/// `what` of the record that policy files were taken over as they are.
pub const ACCEPTED: &str = "accepted";

/// Begins `what` of a record of a setting: `set mode attended`.
pub const SET: &str = "set ";

/// The name of a vault that no file has: of one that a record named which cannot be read any more.
const LOST: &str = "lost";

/// The fold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Admin {
    vault: Option<String>,
    by_password: Attempts,
    by_recovery: Attempts,
    is_panic: bool,
    accepted: Option<String>,
    mode: Option<String>,
    threshold: Option<String>,
    /// The settings of the model that are in force.
    #[serde(default)]
    model: Option<Value>,
    /// What a start found that did not verify, until somebody who may has looked into it.
    #[serde(default)]
    altered: Option<String>,
}

impl Admin {
    /// Applies a record that was written at `at`, in milliseconds since 1970.
    pub(super) fn apply(&mut self, at: u64, body: &Body) {
        if let Body::AuthAttempt { op, .. } = body {
            // Without a vault there is nothing to guess.
            if self.vault.is_some() {
                self.attempts_mut(op).begin(at);
            }
        } else if let Body::AuthResult { op, accepted, .. } = body {
            if *accepted {
                self.attempts_mut(op).accept();
            }
        } else if let Body::Policy { what, hash, detail } = body {
            if what == MODEL {
                self.model = Some(detail.clone());
            }
            if what == ALTERED {
                let found = detail.get("found").and_then(Value::as_str);
                self.altered = Some(found.unwrap_or_default().to_owned());
            }
            self.apply_policy(what, hash.as_deref());
        }
    }

    fn apply_policy(&mut self, what: &str, hash: Option<&str>) {
        if what.starts_with(VAULT) {
            self.vault = Some(hash.unwrap_or(LOST).to_owned());
            self.by_password.accept();
            self.by_recovery.accept();
        } else if let Some(setting) = what.strip_prefix(SET) {
            match setting.split_once(' ') {
                Some(("mode", value)) => self.mode = Some(value.to_owned()),
                Some(("threshold", value)) => self.threshold = Some(value.to_owned()),
                Some(_) | None => {}
            }
        } else {
            match what {
                PANIC => self.is_panic = true,
                RESUME => self.is_panic = false,
                REANCHORED => self.altered = None,
                ACCEPTED | READ => self.accepted = hash.map(str::to_owned),
                _ => {}
            }
        }
    }

    fn attempts_mut(&mut self, op: &str) -> &mut Attempts {
        match credential(op) {
            Credential::Password => &mut self.by_password,
            Credential::Recovery => &mut self.by_recovery,
        }
    }

    /// Returns the attempts with the secret that `op` needs.
    #[must_use]
    pub fn attempts(&self, op: &str) -> Attempts {
        match credential(op) {
            Credential::Password => self.by_password,
            Credential::Recovery => self.by_recovery,
        }
    }

    /// Returns the name of the vault that the log last named.
    #[must_use]
    pub fn vault(&self) -> Option<&str> {
        self.vault.as_deref()
    }

    /// Returns the vault that `records` named last: for a log that was altered, whose fold is forgotten. That a vault was named
    /// is not.
    pub fn last_named(records: impl Iterator<Item = Record>) -> Option<String> {
        let mut admin = Self::default();
        for record in records {
            if let Body::State { what, value } = &record.body {
                if what == ADMIN {
                    admin.restore(value);
                }
            } else {
                admin.apply(0, &record.body);
            }
        }
        admin.vault
    }

    /// Whether everything is held.
    #[must_use]
    pub const fn is_panic(&self) -> bool {
        self.is_panic
    }

    /// Returns what did not verify about the log, while nobody who may has looked into it.
    #[must_use]
    pub fn altered(&self) -> Option<&str> {
        self.altered.as_deref()
    }

    /// Returns what the policy files said when they were last taken over, as a hash: by the admin, or because they
    /// loosened nothing.
    #[must_use]
    pub fn accepted(&self) -> Option<&str> {
        self.accepted.as_deref()
    }

    /// Returns the settings of the model that were in force last; nothing when there never was one, or they were taken out of the
    /// log.
    #[must_use]
    pub fn model(&self) -> Option<ModelSettings> {
        self.model.as_ref().and_then(settings_of)
    }

    /// Returns the admin's settings, as they are written: mode and threshold.
    #[must_use]
    pub fn settings(&self) -> (Option<&str>, Option<&str>) {
        (self.mode.as_deref(), self.threshold.as_deref())
    }

    /// Takes over a piece of the live state. One that cannot be read may have named a vault: then there is one, and it is lost.
    pub(super) fn restore(&mut self, value: &Value) {
        *self = Self::deserialize(value).unwrap_or_else(|_| Self {
            vault: Some(LOST.to_owned()),
            ..Self::default()
        });
    }

    /// Whether there is nothing to keep.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Returns the secret that proves `op`. What is no operation counts as a guess at the password.
fn credential(op: &str) -> Credential {
    if op == "recover" {
        Credential::Recovery
    } else {
        Credential::Password
    }
}

#[cfg(test)]
mod tests {
    use kintsugi_core::audit::record::Peer;
    use kintsugi_core::proposal::PeerCredentials;
    use serde_json::json;

    use super::*;

    fn peer() -> Peer {
        Peer::from(PeerCredentials {
            uid: 1,
            gid: 1,
            pid: 1,
        })
    }

    fn policy(what: &str, hash: Option<&str>) -> Body {
        Body::Policy {
            what: what.to_owned(),
            hash: hash.map(str::to_owned),
            detail: Value::Null,
        }
    }

    fn attempt(op: &str) -> Body {
        Body::AuthAttempt {
            op: op.to_owned(),
            peer: peer(),
            early: 0,
        }
    }

    fn result(op: &str, accepted: bool) -> Body {
        Body::AuthResult {
            op: op.to_owned(),
            accepted,
            peer: peer(),
        }
    }

    #[test]
    fn attempts_count_before_their_result_and_per_secret() {
        let mut admin = Admin::default();
        admin.apply(0, &attempt("shutdown"));
        assert_eq!(admin.attempts("shutdown").count(), 0, "there is no vault");
        admin.apply(0, &policy("vault enrolled", Some("aa")));
        // One whose result the process did not live to write is a wrong one.
        admin.apply(1, &attempt("shutdown"));
        admin.apply(2, &attempt("redact"));
        admin.apply(3, &result("redact", false));
        admin.apply(4, &attempt("dance"));
        admin.apply(5, &attempt("recover"));
        assert_eq!(admin.attempts("prune").count(), 3);
        assert_eq!(admin.attempts("recover").count(), 1);
        admin.apply(6, &result("redact", true));
        assert_eq!(admin.attempts("prune").count(), 0);
        assert_eq!(admin.attempts("recover").count(), 1);
    }

    #[test]
    fn what_is_kept_is_restored_and_what_was_taken_out_means_a_lost_vault() {
        let mut admin = Admin::default();
        assert!(admin.is_empty());
        for body in [
            policy("vault enrolled", Some("aa")),
            policy("vault rotated", Some("bb")),
            policy("set mode unattended", None),
            policy("set threshold 40", None),
            policy("accepted", Some("cc")),
            policy("panic", None),
            attempt("shutdown"),
        ] {
            admin.apply(7, &body);
        }
        let mut restored = Admin::default();
        restored.restore(&json!(admin));
        assert_eq!(restored, admin);
        assert_eq!(restored.vault(), Some("bb"));
        assert_eq!(restored.settings(), (Some("unattended"), Some("40")));
        assert!(restored.is_panic());
        restored.apply(8, &policy("resume", None));
        assert!(!restored.is_panic());

        restored.restore(&Value::Null);
        assert_eq!(restored.vault(), Some(LOST));
        admin.apply(9, &policy("vault rotated", None));
        assert_eq!(admin.vault(), Some(LOST));
    }
}
