//! One policy file: parsed, checked, and ready to be combined with others.

use super::schema::{Ceiling, Document};
use super::{Adjustment, Change, Mode, Origin, PolicyError};
use crate::rules::pattern::Pattern;
use crate::rules::{RuleError, Rules, location};

/// A policy file that is well formed.
#[derive(Debug, Clone)]
pub struct File {
    /// Its name, for people.
    pub name: String,
    /// Whose it is.
    pub origin: Origin,
    pub(super) mode: Option<Set<Mode>>,
    pub(super) threshold: Option<Set<u8>>,
    pub(super) packs: Vec<Set<String>>,
    pub(super) rules: Rules,
    pub(super) raises: Vec<Adjustment>,
    pub(super) exceptions: Vec<Adjustment>,
    pub(super) ceiling: Option<Set<Ceiling>>,
}

/// A value and the place that sets it, as `file:line`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set<T> {
    /// The value.
    pub value: T,
    /// Where.
    pub at: String,
}

/// Findings of which nobody makes an exception: what cannot be read, and what protects the guard.
const NEVER_EXCEPTED: [&str; 2] = ["shell.", "guard."];

impl File {
    /// Reads the policy file `name` of `origin`.
    ///
    /// # Errors
    /// When it is not TOML, has a key or value that the schema does not know, a rule that is none,
    /// or an exception that nobody may make: show the error, keep what was in force, and use
    /// [`super::Policy::strictest`] meanwhile.
    pub fn parse(name: &str, text: &str, origin: Origin) -> Result<Self, PolicyError> {
        let document: Document =
            toml::from_str(text).map_err(|error| RuleError::syntax(name, text, &error))?;
        let at = |offset: usize| location(name, text, offset);
        let set = |value: &toml::Spanned<u8>| Set {
            value: *value.get_ref(),
            at: at(value.span().start),
        };
        if let Some(threshold) = document
            .threshold
            .as_ref()
            .map(set)
            .filter(|set| set.value > 100)
        {
            return Err(PolicyError::Threshold { at: threshold.at });
        }
        let mut rules = Rules::default();
        for rule in &document.rule {
            rules.insert(name, text, rule)?;
        }
        Ok(Self {
            mode: document.mode.as_ref().map(|mode| Set {
                value: *mode.get_ref(),
                at: at(mode.span().start),
            }),
            threshold: document.threshold.as_ref().map(set),
            packs: document
                .packs
                .iter()
                .map(|pack| Set {
                    value: pack.get_ref().clone(),
                    at: at(pack.span().start),
                })
                .collect(),
            raises: raises(&document, &at)?,
            exceptions: exceptions(&document, &at)?,
            ceiling: document.ceiling.as_ref().map(|ceiling| Set {
                value: ceiling.get_ref().clone(),
                at: at(ceiling.span().start),
            }),
            name: name.to_owned(),
            origin,
            rules,
        })
    }

    /// Returns the files with more rules that it names; who reads them gives their texts to
    /// [`File::add_pack`].
    pub fn packs(&self) -> impl Iterator<Item = &str> {
        self.packs.iter().map(|pack| pack.value.as_str())
    }

    /// Adds the rules of the pack `text`, which stands in `name`.
    ///
    /// # Errors
    /// As [`Rules::add`]; then the whole policy file is refused, since what it means to forbid is
    /// not known.
    pub fn add_pack(&mut self, name: &str, text: &str) -> Result<(), PolicyError> {
        Ok(self.rules.add(name, text)?)
    }

    /// Returns the rules of the file and its packs.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }
}

fn raises(
    document: &Document,
    at: &dyn Fn(usize) -> String,
) -> Result<Vec<Adjustment>, PolicyError> {
    let mut raises = Vec::new();
    for raise in &document.raise {
        let start = raise.rule.first().map_or(0, |rule| rule.span().start);
        let at = at(start);
        if raise.rule.is_empty() {
            return Err(PolicyError::NoRule { at });
        }
        if raise.class.is_none() && raise.risk.is_none() {
            return Err(PolicyError::RaisesNothing { at });
        }
        if raise.risk.is_some_and(|risk| risk > 100) {
            return Err(PolicyError::Threshold { at });
        }
        raises.push(Adjustment {
            rules: raise
                .rule
                .iter()
                .map(|rule| rule.get_ref().clone())
                .collect(),
            when: raise.when.as_ref().map(Pattern::new),
            change: Change::Raise {
                class: raise.class,
                risk: raise.risk,
            },
            at,
        });
    }
    Ok(raises)
}

fn exceptions(
    document: &Document,
    at: &dyn Fn(usize) -> String,
) -> Result<Vec<Adjustment>, PolicyError> {
    let mut exceptions = Vec::new();
    for exception in &document.exception {
        for rule in &exception.rule {
            let id = rule.get_ref();
            if id == "*" || NEVER_EXCEPTED.iter().any(|field| id.starts_with(field)) {
                let (at, id) = (at(rule.span().start), id.clone());
                return Err(PolicyError::NeverExcepted { at, id });
            }
        }
        let start = exception.rule.first().map_or(0, |rule| rule.span().start);
        let at = at(start);
        if exception.rule.is_empty() {
            return Err(PolicyError::NoRule { at });
        }
        let when = Pattern::new(&exception.when);
        if !when.is_narrow() {
            return Err(PolicyError::TooWide { at });
        }
        exceptions.push(Adjustment {
            rules: exception
                .rule
                .iter()
                .map(|rule| rule.get_ref().clone())
                .collect(),
            when: Some(when),
            change: Change::Except {
                reason: exception.reason.clone(),
            },
            at,
        });
    }
    Ok(exceptions)
}
