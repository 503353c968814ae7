//! What an approval is bound to beside the words of the command: the very files, commits and scripts that it would touch.
//!
//! A name stays and what it stands for changes: another file in the place of the one that was seen, another commit at the head of the
//! branch, other lines in the script. What was looked at when the command was held is looked at again when it is about to run.

use serde::{Deserialize, Serialize};

use crate::effect::{Action, Effect, Modifier, Role};
use crate::facts::{Facts, Scope, TargetFact, TargetKind, Wanted, WantedTarget};
use crate::proposal::ProposedCommand;

/// Most things that one approval is bound to.
const BOUND_MAX: usize = 24;

/// A thing as it was when the command was held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// What kind of thing.
    pub what: Thing,
    /// Its name.
    pub name: String,
    /// What tells it from another under the same name.
    pub is: String,
}

/// What an approval can be bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thing {
    /// A file or directory: its file system and its number there.
    Target,
    /// The commit that a working copy stands at.
    Head,
    /// The bytes of a script.
    Script,
    /// The rules and the policy that judged.
    Policy,
}

/// Returns what must still be found out about the targets of `effects` before `command` can be bound to them.
#[must_use]
pub fn unknown(effects: &[Effect], command: &ProposedCommand) -> Wanted {
    let nothing = Facts::default();
    let facts = command.facts.as_deref().unwrap_or(&nothing);
    let mut wanted = Wanted::default();
    for effect in effects.iter().filter(|effect| changes(effect.action)) {
        let text = effect.target.text.as_str();
        match effect.role {
            Role::Path if text.starts_with('/') && !is_vague(effect) => {
                let is_known = facts.targets.iter().any(|fact| {
                    let was_asked = fact.scope == Scope::Link || identity(fact).is_some();
                    fact.arg == text && was_asked
                });
                if !is_known && wanted.targets.len() < BOUND_MAX {
                    wanted.target(WantedTarget {
                        arg: text.to_owned(),
                        glob: false,
                        scope: Scope::Link,
                    });
                }
            }
            Role::Branch | Role::History | Role::Remote if effect.program.starts_with("git") => {
                let is_known = facts
                    .repositories
                    .iter()
                    .any(|fact| fact.path == command.cwd);
                if !is_known {
                    wanted.repository(&command.cwd, None);
                }
            }
            Role::Path
            | Role::Branch
            | Role::History
            | Role::Remote
            | Role::Device
            | Role::Database
            | Role::Table
            | Role::Resource
            | Role::Package
            | Role::Service
            | Role::Process
            | Role::Account
            | Role::Secret
            | Role::Config
            | Role::Image
            | Role::Volume
            | Role::Code => {}
        }
    }
    wanted
}

fn is_vague(effect: &Effect) -> bool {
    effect.modifiers.contains(Modifier::Unresolved) || effect.modifiers.contains(Modifier::Glob)
}

/// Whether an action leaves its target another than it was.
const fn changes(action: Action) -> bool {
    matches!(
        action,
        Action::Write
            | Action::Delete
            | Action::Overwrite
            | Action::Truncate
            | Action::Move
            | Action::Chmod
            | Action::Chown
            | Action::Publish
            | Action::Rewrite
    )
}

/// Returns what an approval of `command` is bound to, as its facts tell it; `policy` names the rules that judge.
#[must_use]
pub fn bound(command: &ProposedCommand, policy: &str) -> Vec<Bound> {
    let thing = |what, name: &str, is: String| Bound {
        what,
        name: name.to_owned(),
        is,
    };
    let mut all = vec![thing(Thing::Policy, "", policy.to_owned())];
    let Some(facts) = command.facts.as_deref() else {
        return all;
    };
    let targets = facts
        .targets
        .iter()
        .filter_map(|fact| Some(thing(Thing::Target, &fact.arg, identity(fact)?)));
    let heads = facts
        .repositories
        .iter()
        .filter_map(|fact| Some(thing(Thing::Head, &fact.path, fact.head.clone()?)));
    let scripts = facts.script.iter().filter_map(|fact| {
        let text = fact.text.as_ref()?;
        let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
        Some(thing(Thing::Script, &fact.path, hash))
    });
    for found in targets.chain(heads).chain(scripts) {
        let is_named = all
            .iter()
            .any(|other| other.what == found.what && other.name == found.name);
        if all.len() < BOUND_MAX && !is_named {
            all.push(found);
        }
    }
    all
}

/// Returns what tells a target from another of its name; nothing when it was not found out.
fn identity(fact: &TargetFact) -> Option<String> {
    match (fact.kind, fact.device, fact.inode) {
        (TargetKind::Unknown, ..) => None,
        (TargetKind::Missing, ..) => Some("missing".to_owned()),
        (_, Some(device), Some(inode)) => Some(format!("{device}:{inode}")),
        (_, _, _) => None,
    }
}

/// Returns the first thing that is not as it was when `held` was made, in words; nothing when all of it is.
#[must_use]
pub fn changed(held: &[Bound], now: &[Bound]) -> Option<String> {
    let is_other = |old: &&Bound| {
        let new = now
            .iter()
            .find(|new| new.what == old.what && new.name == old.name);
        new.is_none_or(|new| new.is != old.is)
    };
    held.iter().find(is_other).map(|old| match old.what {
        Thing::Target => format!("`{}` is another file than the one that was seen", old.name),
        Thing::Head => format!("another commit is checked out in `{}`", old.name),
        Thing::Script => format!("`{}` was changed", old.name),
        Thing::Policy => "the policy is another".to_owned(),
    })
}

/// Returns the hash of everything that an approval is bound to, in hexadecimal: `content`, that of the words, and the things.
#[must_use]
pub fn hash(content: &str, bound: &[Bound]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"kintsugi binding 1");
    let mut part = |text: &str| {
        hasher.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    part(content);
    for thing in bound {
        part(match thing.what {
            Thing::Target => "target",
            Thing::Head => "head",
            Thing::Script => "script",
            Thing::Policy => "policy",
        });
        part(&thing.name);
        part(&thing.is);
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{RepositoryFact, ScriptFact};

    fn command(facts: Facts) -> ProposedCommand {
        let json = serde_json::json!({
            "id": uuid::Uuid::nil(), "ts": "", "agent": "codex", "cwd": "/w", "raw": "rm -rf /w/x",
        });
        let command: ProposedCommand = serde_json::from_value(json).unwrap();
        ProposedCommand {
            facts: Some(Box::new(facts)),
            ..command
        }
    }

    fn facts(inode: u64, head: &str, script: &str) -> Facts {
        Facts {
            targets: vec![TargetFact {
                arg: "/w/x".into(),
                kind: TargetKind::File,
                device: Some(1),
                inode: Some(inode),
                ..TargetFact::default()
            }],
            repositories: vec![RepositoryFact {
                path: "/w".into(),
                head: Some(head.into()),
                ..RepositoryFact::default()
            }],
            script: vec![ScriptFact {
                path: "/w/s".into(),
                text: Some(script.into()),
                ..ScriptFact::default()
            }],
            ..Facts::default()
        }
    }

    #[test]
    fn another_file_commit_script_or_policy_is_told_by_name() {
        let held = bound(&command(facts(7, "a", "ls")), "p");
        assert_eq!(held.len(), 4);
        assert_eq!(changed(&held, &held), None);
        for (now, word) in [
            (bound(&command(facts(8, "a", "ls")), "p"), "`/w/x`"),
            (bound(&command(facts(7, "b", "ls")), "p"), "`/w`"),
            (bound(&command(facts(7, "a", "rm")), "p"), "`/w/s`"),
            (bound(&command(facts(7, "a", "ls")), "q"), "policy"),
            (bound(&command(Facts::default()), "p"), "`/w/x`"),
        ] {
            let why = changed(&held, &now).unwrap();
            assert!(why.contains(word), "{why}");
            assert_ne!(hash("c", &held), hash("c", &now));
        }
    }

    #[test]
    fn what_was_not_found_out_binds_nothing() {
        let mut unknown = facts(7, "a", "ls");
        unknown.targets[0].kind = TargetKind::Unknown;
        unknown.repositories[0].head = None;
        unknown.script[0].text = None;
        let held = bound(&command(unknown), "p");
        assert_eq!(held.len(), 1);
        assert_eq!(
            changed(&held, &bound(&command(facts(8, "b", "rm")), "p")),
            None
        );
    }
}
