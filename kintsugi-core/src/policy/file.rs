//! One policy file: parsed, checked, and ready to be combined with others.

use std::path::Path;

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

    /// Reads the policy file at `path` and the packs that it names beside it; nothing when there is no such file.
    ///
    /// `text_of` returns what stands in a file, or nothing when there is none. It is asked in a fixed order, so that a hash of
    /// what it returned names the whole policy.
    ///
    /// # Errors
    /// As [`File::parse`]; when a pack is not there or is refused, since what it means to forbid is not known then; and
    /// whatever `text_of` returns.
    pub fn with_packs<E: From<PolicyError>>(
        path: &Path,
        origin: Origin,
        mut text_of: impl FnMut(&Path) -> Result<Option<String>, E>,
    ) -> Result<Option<Self>, E> {
        let Some(text) = text_of(path)? else {
            return Ok(None);
        };
        let mut file = Self::parse(&path.display().to_string(), &text, origin)?;
        let directory = path.parent().unwrap_or(Path::new("/"));
        for pack in file.packs.clone() {
            let path = directory.join(&pack.value);
            let name = path.display().to_string();
            let Some(text) = text_of(&path)? else {
                return Err(PolicyError::NoPack { at: pack.at, name }.into());
            };
            file.rules.add(&name, &text).map_err(PolicyError::from)?;
        }
        Ok(Some(file))
    }

    /// Returns the files with more rules that it names.
    pub fn packs(&self) -> impl Iterator<Item = &str> {
        self.packs.iter().map(|pack| pack.value.as_str())
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
