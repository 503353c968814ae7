//! Whether an effect meets conditions. Used by rules and by the exceptions of a policy.
//!
//! Compares parsed effects with closed words; a `*` in a text is the only wildcard there is. No
//! regular expression decides anything, so every condition costs at most the product of two short
//! lengths.

use super::schema;
use crate::effect::{Action, Effect, Feed, Modifier, Modifiers, Role};
use crate::place::Place;

/// An effect and what facts say about its target.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// What would happen.
    pub effect: &'a Effect,
    /// Whether facts show that it can be taken back: the content is committed and pushed, or
    /// ignored and made again.
    pub recoverable: bool,
}

/// Conditions, ready to be asked: within one any member may apply, all of them together must.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pattern {
    actions: u64,
    roles: u64,
    places: u64,
    feeds: u64,
    with: Modifiers,
    without: Modifiers,
    value: Vec<String>,
    except: Vec<String>,
    program: Vec<String>,
    except_program: Vec<String>,
    recoverable: Option<bool>,
}

impl Pattern {
    /// Prepares conditions.
    #[must_use]
    pub fn new(conditions: &schema::Conditions) -> Self {
        Self {
            actions: mask(conditions.effect.iter().map(|action| *action as u32)),
            roles: mask(conditions.role.iter().map(|role| *role as u32)),
            places: mask(conditions.place.iter().map(|place| *place as u32)),
            feeds: mask(conditions.fed_by.iter().map(|feed| *feed as u32)),
            with: conditions.with.iter().copied().collect(),
            without: conditions.without.iter().copied().collect(),
            value: conditions.value.clone(),
            except: conditions.except.clone(),
            program: conditions.program.clone(),
            except_program: conditions.except_program.clone(),
            recoverable: conditions.recoverable,
        }
    }

    /// Whether `evidence` meets every condition.
    ///
    /// An effect of a dry run happens only for conditions that ask for it; a place inside a
    /// container is a place only for those that ask for a container. An effect that is only assumed
    /// is met by conditions that ask for such, or that name a program or target.
    #[must_use]
    pub fn applies(&self, evidence: Evidence<'_>) -> bool {
        let effect = evidence.effect;
        let modifiers = effect.modifiers;
        if modifiers.contains(Modifier::DryRun) && !self.with.contains(Modifier::DryRun) {
            return false;
        }
        if modifiers.contains(Modifier::Assumed)
            && !self.with.contains(Modifier::Assumed)
            && !self.is_narrow()
        {
            return false;
        }
        let outside =
            !modifiers.contains(Modifier::Contained) || self.with.contains(Modifier::Contained);
        allowed(self.actions, effect.action as u32)
            && allowed(self.roles, effect.role as u32)
            && allowed(self.feeds, effect.feed as u32)
            && modifiers.contains_all(self.with)
            && !modifiers.intersects(self.without)
            && (self.places == 0 || outside && self.place_applies(effect.target.place))
            && self
                .recoverable
                .is_none_or(|asked| asked == evidence.recoverable)
            && (self.program.is_empty() || below_any(&self.program, &effect.program))
            && !below_any(&self.except_program, &effect.program)
            && (self.value.is_empty() || any_like(&self.value, &effect.target.text))
            && !any_like(&self.except, &effect.target.text)
    }

    /// Whether it could apply to `action` at all.
    #[must_use]
    pub fn concerns(&self, action: Action) -> bool {
        allowed(self.actions, action as u32)
    }

    /// Whether it says which program, target or place is meant.
    #[must_use]
    pub const fn is_narrow(&self) -> bool {
        self.places != 0 || !self.value.is_empty() || !self.program.is_empty()
    }

    /// Whether it asks only for a program or a target's text.
    pub(crate) const fn only_names(&self) -> bool {
        self.actions | self.roles | self.places | self.feeds == 0
            && self.recoverable.is_none()
            && (!self.value.is_empty() || !self.program.is_empty())
    }

    pub(crate) fn program(&self) -> &[String] {
        &self.program
    }

    pub(crate) fn value(&self) -> &[String] {
        &self.value
    }

    fn place_applies(&self, place: Option<Place>) -> bool {
        place.is_some_and(|place| allowed(self.places, place as u32))
    }
}

/// Every bit of an enumeration's members; nothing asked for is 0, which stands for all.
fn mask(members: impl Iterator<Item = u32>) -> u64 {
    members.fold(0, |mask, member| {
        mask | 1_u64.checked_shl(member).unwrap_or(0)
    })
}

const _: () = assert!((Action::Spend as u32) < 64 && (Role::Code as u32) < 64);
const _: () = assert!((Place::Unknown as u32) < 64 && (Feed::Network as u32) < 64);

const fn allowed(mask: u64, member: u32) -> bool {
    mask == 0 || mask >> member & 1 == 1
}

/// Whether the command path `program` is `path` or lies below it: `git push` below `git`, never
/// `gitk`.
pub(crate) fn begins(program: &str, path: &str) -> bool {
    program
        .strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

fn below_any(paths: &[String], program: &str) -> bool {
    paths.iter().any(|path| begins(program, path))
}

fn any_like(patterns: &[String], text: &str) -> bool {
    patterns.iter().any(|pattern| like(pattern, text))
}

/// Whether `text` is what `pattern` says, a `*` standing for any characters and `\*` for itself.
/// Letters match in any ASCII case.
#[must_use]
pub fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut position) = (0, 0);
    // Where to go on when the text behind the last `*` turns out to be shorter than assumed.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(position) {
        match pattern.get(at) {
            Some(b'*') => {
                at += 1;
                retry = Some((at, position));
            }
            Some(b'\\') if pattern.get(at + 1) == Some(byte) => {
                at += 2;
                position += 1;
            }
            Some(expected) if expected.eq_ignore_ascii_case(byte) => {
                at += 1;
                position += 1;
            }
            Some(_) | None => {
                let Some((behind_star, consumed)) = retry else {
                    return false;
                };
                at = behind_star;
                position = consumed + 1;
                retry = Some((behind_star, position));
            }
        }
    }
    pattern
        .get(at..)
        .is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "anything"),
            ("*.key", "/home/u/server.key"),
            ("/etc/*/x*", "/etc/a/b/xyz"),
            ("a*b*c", "a-b-b-c"),
            ("MAIN", "main"),
            ("/tmp/\\*", "/tmp/*"),
        ] {
            assert!(like(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("a", ""),
            ("*.key", "server.keys"),
            ("/tmp/\\*", "/tmp/x"),
            ("a*b*c", "a-c-b"),
        ] {
            assert!(!like(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_stay_cheap() {
        let pattern = "*a".repeat(200);
        let text = "a".repeat(199) + &"b".repeat(10_000);
        assert!(!like(&pattern, &text));
    }
}
