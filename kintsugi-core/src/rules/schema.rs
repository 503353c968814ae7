//! The form of `rules/*.toml`: opinions about effects, with their reasons and examples.

use serde::Deserialize;
use toml::Spanned;

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

/// An opinion about an effect. The conditions are those of [`Conditions`], written in the rule
/// itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Permanent, unique over all packs: `field.what`.
    pub id: Spanned<String>,
    /// What an effect becomes by it. A rule only raises.
    pub class: Class,
    /// See [`Conditions::effect`].
    #[serde(default)]
    pub effect: Vec<Action>,
    /// See [`Conditions::role`].
    #[serde(default)]
    pub role: Vec<Role>,
    /// See [`Conditions::place`].
    #[serde(default)]
    pub place: Vec<Place>,
    /// See [`Conditions::value`].
    #[serde(default)]
    pub value: Vec<String>,
    /// See [`Conditions::except`].
    #[serde(default)]
    pub except: Vec<String>,
    /// See [`Conditions::program`].
    #[serde(default)]
    pub program: Vec<String>,
    /// See [`Conditions::except_program`].
    #[serde(default)]
    pub except_program: Vec<String>,
    /// See [`Conditions::with`].
    #[serde(default)]
    pub with: Vec<Modifier>,
    /// See [`Conditions::without`].
    #[serde(default)]
    pub without: Vec<Modifier>,
    /// See [`Conditions::fed_by`].
    #[serde(default)]
    pub fed_by: Vec<Feed>,
    /// See [`Conditions::recoverable`].
    #[serde(default)]
    pub recoverable: Option<bool>,
    /// Another effect that must be in the line for the rule to apply.
    #[serde(default)]
    pub along: Option<Conditions>,
    /// For an ambiguous rule: the least risk it gives, 0 to 100. The heuristic adds what else it
    /// sees.
    #[serde(default)]
    pub risk: Option<u8>,
    /// Why, for a person: completes the sentence "this …".
    pub reason: String,
    /// A safer command, when there is one; itself tested to be better.
    #[serde(default)]
    pub instead: Option<String>,
    /// Commands to which the rule applies.
    #[serde(default)]
    pub matches: Vec<Spanned<String>>,
    /// Commands to which it does not.
    #[serde(default)]
    pub ignores: Vec<Spanned<String>>,
    /// Commands to which it should apply and does not yet: asserted, so that a fix is noticed.
    #[serde(default)]
    pub misses: Vec<Spanned<String>>,
}

/// Conditions on one effect. Within a list any member may apply; all conditions together must.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conditions {
    /// The action.
    #[serde(default)]
    pub effect: Vec<Action>,
    /// The kind of target.
    #[serde(default)]
    pub role: Vec<Role>,
    /// Where it lies. Not for effects inside a container, unless `with` names `contained`.
    #[serde(default)]
    pub place: Vec<Place>,
    /// The target's text; a `*` stands for any characters.
    #[serde(default)]
    pub value: Vec<String>,
    /// Texts of targets that are not meant.
    #[serde(default)]
    pub except: Vec<String>,
    /// The program, as a prefix of the command path: `git push`.
    #[serde(default)]
    pub program: Vec<String>,
    /// Programs that are not meant, as such prefixes.
    #[serde(default)]
    pub except_program: Vec<String>,
    /// Modifiers that must all be there. An effect of a dry run is met only by conditions with
    /// `dry-run`.
    #[serde(default)]
    pub with: Vec<Modifier>,
    /// Modifiers of which none may be there.
    #[serde(default)]
    pub without: Vec<Modifier>,
    /// Where the bytes come from.
    #[serde(default)]
    pub fed_by: Vec<Feed>,
    /// Whether facts show that it can be taken back. Without facts nothing can.
    #[serde(default)]
    pub recoverable: Option<bool>,
}

impl Rule {
    /// Returns the conditions.
    #[must_use]
    pub fn conditions(&self) -> Conditions {
        Conditions {
            effect: self.effect.clone(),
            role: self.role.clone(),
            place: self.place.clone(),
            value: self.value.clone(),
            except: self.except.clone(),
            program: self.program.clone(),
            except_program: self.except_program.clone(),
            with: self.with.clone(),
            without: self.without.clone(),
            fed_by: self.fed_by.clone(),
            recoverable: self.recoverable,
        }
    }
}
