//! The form of `rules/*.toml`: opinions about effects, with their reasons and examples.

use serde::Deserialize;

use crate::classify::Class;
use crate::effect::{Action, Feed, Modifier, Role};
use crate::place::Place;

/// One pack.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// Its rules.
    #[serde(default)]
    pub rule: Vec<Rule>,
}

/// An opinion about an effect. Within a list any member may apply; all conditions together must.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Permanent, unique over all packs: `field.what`.
    pub id: String,
    /// What an effect becomes by it. A rule only raises.
    pub class: Class,
    /// Conditions: the action.
    #[serde(default)]
    pub effect: Vec<Action>,
    /// … the kind of target.
    #[serde(default)]
    pub role: Vec<Role>,
    /// … where it lies.
    #[serde(default)]
    pub place: Vec<Place>,
    /// … the target's text; a `*` stands for any characters.
    #[serde(default)]
    pub value: Vec<String>,
    /// … the program, as a prefix of the command path: `git push`.
    #[serde(default)]
    pub program: Vec<String>,
    /// … modifiers that must all be there.
    #[serde(default)]
    pub with: Vec<Modifier>,
    /// … modifiers of which none may be there.
    #[serde(default)]
    pub without: Vec<Modifier>,
    /// … where the bytes come from.
    #[serde(default)]
    pub fed_by: Vec<Feed>,
    /// … an effect elsewhere in the same line.
    #[serde(default)]
    pub along: Option<Along>,
    /// For an ambiguous rule: the least risk it gives, 0 to 100. The heuristic adds what else it sees.
    #[serde(default)]
    pub risk: Option<u8>,
    /// Why, for a person: completes the sentence "this …".
    pub reason: String,
    /// A safer command, when there is one; itself tested to be better.
    #[serde(default)]
    pub instead: Option<String>,
    /// Commands to which the rule applies.
    #[serde(default)]
    pub matches: Vec<String>,
    /// Commands to which it does not.
    #[serde(default)]
    pub ignores: Vec<String>,
    /// Commands to which it should apply and does not yet: asserted, so that a fix is noticed.
    #[serde(default)]
    pub misses: Vec<String>,
}

/// Another effect that must be in the line for the rule to apply.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Along {
    /// The action.
    #[serde(default)]
    pub effect: Vec<Action>,
    /// The kind of target.
    #[serde(default)]
    pub role: Vec<Role>,
    /// Where it lies.
    #[serde(default)]
    pub place: Vec<Place>,
}
