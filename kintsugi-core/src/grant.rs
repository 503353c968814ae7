//! Grants: what a person allowed beyond one time, and for how long; and what they denied, however it is spelled.
//!
//! Pure. A grant never covers what is catastrophic; who may make one is the daemon's to say.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::classify::Class;
use crate::effect::{Action, Effect, Feed, Modifier, Modifiers, Role};
use crate::place::Place;
use crate::proposal::ProposedCommand;
use crate::rules::Finding;

/// Longest command that a grant is made for, in bytes: what is longer cannot be listed and understood.
pub const GRANT_BYTES_MAX: usize = 2 * 1024;

/// Most characters of a denied command that are remembered: enough to know it again.
pub const DENIED_CHARS_MAX: usize = 200;

/// Most effects that a grant or a denial names.
pub const SIGNATURES_MAX: usize = 8;

/// For how long a person allows, as they say it with an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Scope {
    /// For this long, in milliseconds; without it until it is revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub for_ms: Option<u64>,
    /// For this often, beyond the approval that it comes with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
    /// For this session of this agent alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub session: bool,
    /// For the whole project, and not for this directory alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub project: bool,
    /// For whatever has the same effects, and not for these bytes alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub effect: bool,
}

/// What an effect is told by: the target itself, or for a path where it lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The program that does it.
    pub program: String,
    /// What happens.
    pub action: Action,
    /// To what kind of thing.
    pub role: Role,
    /// For a path: where it lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// To which one.
    pub target: String,
    /// Under which circumstances.
    #[serde(default)]
    pub modifiers: Modifiers,
    /// Where the bytes come from.
    #[serde(default)]
    pub feed: Feed,
}

impl Signature {
    fn of(effect: &Effect) -> Self {
        Self {
            program: effect.program.clone(),
            action: effect.action,
            role: effect.role,
            place: effect.target.place,
            target: effect.target.text.clone(),
            modifiers: effect.modifiers,
            feed: effect.feed,
        }
    }

    /// Whether `effect` is no more than this.
    fn covers(&self, effect: &Effect) -> bool {
        let same_target = if effect.role == Role::Path {
            self.place == effect.target.place && self.place.is_some()
        } else {
            self.target == effect.target.text
        };
        let is_known = !effect.modifiers.contains(Modifier::Unresolved);
        self.program == effect.program
            && self.action == effect.action
            && self.role == effect.role
            && same_target
            && is_known
            && self.modifiers.contains_all(effect.modifiers)
            && effect.feed <= self.feed
    }

    /// Whether `effect` does the same to the same target, by whatever program.
    fn is_intent_of(&self, effect: &Effect) -> bool {
        self.action == effect.action
            && self.role == effect.role
            && self.target == effect.target.text
    }
}

/// A loosening that a person made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Names it.
    pub id: Uuid,
    /// The hold that it was made with.
    pub from: Uuid,
    /// The command as it was held, its secrets masked.
    pub raw: String,
    /// BLAKE3 of the text, in hexadecimal, where secrets in it were masked: only the same ones are allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact: Option<String>,
    /// Whose.
    pub agent: String,
    /// In which session; with [`Scope::session`] in no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The directory.
    pub cwd: String,
    /// The root of the project, when it lies in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_root: Option<String>,
    /// How far it reaches.
    pub scope: Scope,
    /// What it allows, when it reaches beyond the bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Signature>,
    /// When it ends, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// How often it can still be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses_left: Option<u32>,
}

/// Why no grant is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrantError {
    /// The class forbids it.
    #[error("what is catastrophic is approved once at a time")]
    Catastrophic,
    /// It is too long to be listed.
    #[error("the command is too long for more than one time")]
    TooLong,
    /// Its effects are not known well enough to say what else would be allowed.
    #[error("its effects are not known well enough: leave `--effect` out")]
    Vague,
    /// It lies in no project.
    #[error("it was not proposed in a project: leave `--project` out")]
    NoProject,
    /// It has no session.
    #[error("it was proposed without a session: leave `--session` out")]
    NoSession,
}

impl Grant {
    /// Makes a grant of what is held.
    ///
    /// # Errors
    /// When it may not be, or cannot be said precisely.
    pub fn new(
        id: Uuid,
        command: &ProposedCommand,
        (class, effects): (Class, &[Effect]),
        (scope, now): (Scope, u64),
    ) -> Result<Self, GrantError> {
        let project_root = command
            .facts
            .as_ref()
            .and_then(|facts| facts.project_root.clone());
        if class == Class::Catastrophic {
            return Err(GrantError::Catastrophic);
        }
        if command.raw.len() > GRANT_BYTES_MAX {
            return Err(GrantError::TooLong);
        }
        if scope.project && project_root.is_none() {
            return Err(GrantError::NoProject);
        }
        if scope.session && command.session.is_none() {
            return Err(GrantError::NoSession);
        }
        let is_vague = |effect: &Effect| effect.modifiers.contains(Modifier::Unresolved);
        let too_many = effects.is_empty() || effects.len() > SIGNATURES_MAX;
        if scope.effect && (too_many || effects.iter().any(is_vague)) {
            return Err(GrantError::Vague);
        }
        let named = if scope.effect { effects } else { &[] };
        Ok(Self {
            id,
            from: command.id,
            raw: command.raw.clone(),
            exact: None,
            agent: command.agent.clone(),
            session: command.session.clone(),
            cwd: command.cwd.clone(),
            project_root,
            scope,
            effects: named.iter().map(Signature::of).collect(),
            until: scope.for_ms.map(|span| now.saturating_add(span)),
            uses_left: scope.uses,
        })
    }

    /// Whether it is over at `now`, in milliseconds since 1970.
    #[must_use]
    pub fn is_over(&self, now: u64) -> bool {
        self.until.is_some_and(|until| until <= now) || self.uses_left == Some(0)
    }

    /// Whether it allows `command`, judged to be of `class` with `effects`. Time and uses are not looked at.
    #[must_use]
    pub fn covers(&self, command: &ProposedCommand, class: Class, effects: &[Effect]) -> bool {
        let root = command
            .facts
            .as_ref()
            .and_then(|facts| facts.project_root.as_ref());
        let is_here = if self.scope.project {
            root.is_some() && root == self.project_root.as_ref()
        } else {
            command.cwd == self.cwd
        };
        let is_theirs =
            command.agent == self.agent && (!self.scope.session || command.session == self.session);
        let is_this = if self.scope.effect {
            !effects.is_empty()
                && effects
                    .iter()
                    .all(|effect| self.effects.iter().any(|known| known.covers(effect)))
        } else {
            match &self.exact {
                Some(exact) => text_hash(&command.raw) == *exact,
                None => command.raw == self.raw,
            }
        };
        class < Class::Catastrophic && is_here && is_theirs && is_this
    }
}

/// Returns the hash by which a text is told from others whose secrets were masked alike, in hexadecimal.
#[must_use]
pub fn text_hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// What a person denied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denied {
    /// The hold that was denied.
    pub id: Uuid,
    /// The command, as it was held; only its beginning when it is long.
    #[serde(default)]
    pub raw: String,
    /// What it would have done.
    pub effects: Vec<Signature>,
}

impl Denied {
    /// Remembers what the findings of a denied hold are about; all of its effects when no finding says.
    ///
    /// Where it would have taken something away, that is what was denied: the connection that a forced push needs is also that
    /// of every other push.
    #[must_use]
    pub fn new((id, raw): (Uuid, &str), findings: &[Finding], effects: &[Effect]) -> Self {
        let concerns = |effect: &&Effect| {
            findings.iter().any(|finding| {
                finding.span.start < effect.span.end && effect.span.start < finding.span.end
            })
        };
        let mut named: Vec<&Effect> = effects.iter().filter(concerns).collect();
        if named.is_empty() {
            named = effects.iter().collect();
        }
        let is_known = |effect: &&Effect| !effect.modifiers.contains(Modifier::Unresolved);
        named.retain(is_known);
        if named.iter().any(|effect| effect.action.takes_away()) {
            named.retain(|effect| effect.action.takes_away());
        }
        let signatures = named.into_iter().map(Signature::of);
        Self {
            id,
            raw: raw.chars().take(DENIED_CHARS_MAX).collect(),
            effects: signatures.take(SIGNATURES_MAX).collect(),
        }
    }

    /// Whether this is what was denied, in whatever spelling: one of `effects` is, or the text itself, where effects say little.
    /// What is judged safe is that only when it takes something away: to look at a file is not to ask again for what was denied
    /// about it.
    #[must_use]
    pub fn is_asked_again(&self, raw: &str, class: Class, effects: &[Effect]) -> bool {
        let counts = |effect: &&Effect| class > Class::Safe || effect.action.takes_away();
        let mut effects = effects.iter().filter(counts);
        self.is_text(raw)
            || effects.any(|effect| self.effects.iter().any(|known| known.is_intent_of(effect)))
    }

    /// Whether it is the same text, which is remembered whole.
    fn is_text(&self, raw: &str) -> bool {
        self.raw == raw && raw.chars().count() < DENIED_CHARS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::{Span, Target};

    fn command(raw: &str) -> ProposedCommand {
        let json = serde_json::json!({
            "id": Uuid::nil(), "ts": "", "agent": "codex", "cwd": "/w", "raw": raw, "session": "s",
            "facts": {"project_root": "/w"},
        });
        serde_json::from_value(json).unwrap()
    }

    fn effect(program: &str, target: &str, place: Place) -> Effect {
        Effect {
            action: Action::Delete,
            role: Role::Path,
            target: Target {
                text: target.into(),
                place: Some(place),
            },
            modifiers: Modifiers::NONE,
            feed: Feed::Nothing,
            program: program.into(),
            span: Span::default(),
            script: None,
        }
    }

    fn grant(scope: Scope) -> Grant {
        let effects = [effect("rm", "/w/a", Place::Project)];
        let judged = (Class::Ambiguous, effects.as_slice());
        Grant::new(Uuid::nil(), &command("rm a"), judged, (scope, 1_000)).unwrap()
    }

    #[test]
    fn an_exact_grant_covers_these_bytes_here_and_no_more() {
        let grant = grant(Scope::default());
        let covers = |command: &ProposedCommand, class| grant.covers(command, class, &[]);
        assert!(covers(&command("rm a"), Class::Ambiguous));
        assert!(!covers(&command("rm  a"), Class::Ambiguous));
        assert!(!covers(&command("rm a"), Class::Catastrophic));
        let elsewhere = ProposedCommand {
            cwd: "/w/sub".into(),
            ..command("rm a")
        };
        assert!(!covers(&elsewhere, Class::Ambiguous));
        let other = ProposedCommand {
            agent: "other".into(),
            ..command("rm a")
        };
        assert!(!covers(&other, Class::Ambiguous));
    }

    #[test]
    fn a_grant_of_effects_covers_what_does_no_more_in_the_same_place() {
        let grant = grant(Scope {
            effect: true,
            project: true,
            session: true,
            ..Scope::default()
        });
        let covers = |command: &ProposedCommand, effects: &[Effect]| {
            grant.covers(command, Class::Ambiguous, effects)
        };
        let sub = ProposedCommand {
            cwd: "/w/sub".into(),
            ..command("rm b")
        };
        assert!(covers(&sub, &[effect("rm", "/w/sub/b", Place::Project)]));
        assert!(!covers(&sub, &[effect("rm", "/h/b", Place::Home)]));
        assert!(!covers(&sub, &[effect("shred", "/w/b", Place::Project)]));
        assert!(!covers(&sub, &[]));
        let mut forced = effect("rm", "/w/b", Place::Project);
        forced.modifiers.insert(Modifier::Recursive);
        assert!(!covers(&sub, &[forced]));
        let later = ProposedCommand {
            session: Some("t".into()),
            ..sub
        };
        assert!(!covers(&later, &[effect("rm", "/w/b", Place::Project)]));
    }

    #[test]
    fn grants_end_in_time_and_by_use_and_are_never_catastrophic() {
        let mut grant = grant(Scope {
            for_ms: Some(500),
            uses: Some(1),
            ..Scope::default()
        });
        assert!(!grant.is_over(1_499) && grant.is_over(1_500));
        grant.uses_left = Some(0);
        assert!(grant.is_over(1_000));
        let judged = (Class::Catastrophic, [].as_slice());
        let made = Grant::new(Uuid::nil(), &command("x"), judged, (Scope::default(), 0));
        assert_eq!(made, Err(GrantError::Catastrophic));
    }

    #[test]
    fn what_was_denied_is_known_again_in_another_spelling() {
        let id = (Uuid::nil(), "rm /w/a");
        let denied = Denied::new(id, &[], &[effect("rm", "/w/a", Place::Project)]);
        let again = |effect: Effect| denied.is_asked_again("x", Class::Safe, &[effect]);
        assert!(again(effect("find", "/w/a", Place::Project)));
        assert!(!again(effect("rm", "/w/b", Place::Project)));
        // Where effects say nothing, the text does.
        let unknown = Denied::new((Uuid::nil(), "x --all"), &[], &[]);
        assert!(unknown.is_asked_again("x --all", Class::Ambiguous, &[]));
        assert!(!unknown.is_asked_again("x --some", Class::Ambiguous, &[]));
    }

    #[test]
    fn what_a_denied_command_has_in_common_with_harmless_ones_is_not_what_was_denied() {
        let acts = |action| Effect {
            action,
            ..effect("git", "origin", Place::Project)
        };
        let id = (Uuid::nil(), "git push --force");
        let denied = Denied::new(id, &[], &[acts(Action::Publish), acts(Action::Rewrite)]);
        assert!(!denied.is_asked_again("x", Class::Ambiguous, &[acts(Action::Publish)]));
        assert!(denied.is_asked_again("x", Class::Ambiguous, &[acts(Action::Rewrite)]));
        let read = Denied::new(id, &[], &[acts(Action::Read)]);
        assert!(read.is_asked_again("x", Class::Ambiguous, &[acts(Action::Read)]));
        assert!(!read.is_asked_again("x", Class::Safe, &[acts(Action::Read)]));
    }
}
