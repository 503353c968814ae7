//! Effects → findings: opinions about effects, from `rules/*.toml`.
//!
//! A rule can only raise a class, and joins commute, so the order of packs, rules and effects never
//! matters.

mod builtin;
pub mod pattern;
pub mod schema;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::classify::Class;
use crate::effect::{Effect, Span};
use pattern::{Evidence, Pattern};

/// A rule that applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule.
    pub rule: String,
    /// The class it asks for.
    pub class: Class,
    /// Why.
    pub reason: String,
    /// Where in the proposed text.
    pub span: Span,
    /// For an ambiguous finding: the least risk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<u8>,
    /// A safer command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
}

/// A rule, ready to be asked.
#[derive(Debug, Clone)]
struct Rule {
    id: String,
    class: Class,
    pattern: Pattern,
    along: Option<Pattern>,
    risk: Option<u8>,
    reason: String,
    instead: Option<String>,
    examples: Vec<Example>,
}

/// A command that a rule says it applies to, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The rule.
    pub rule: String,
    /// The command.
    pub command: String,
    /// What is said about it.
    pub claim: Claim,
    /// Where: `file:line`.
    pub at: String,
}

/// What a rule says about an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The rule applies.
    Matches,
    /// It does not.
    Ignores,
    /// It ought to, and does not yet.
    Misses,
    /// It is a safer command: neither the rule applies, nor is its class or risk as high.
    Instead,
}

/// Rules of any number of packs.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    rules: Vec<Rule>,
    /// Where each id was defined, as `file:line`.
    ids: BTreeMap<String, String>,
}

/// Why a pack was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// The file is not TOML, or has a key or a value that the schema does not know.
    #[error("{at}: {message}: `{text}`")]
    Syntax {
        /// The file and line, as `file:line`.
        at: String,
        /// What is wrong, on one line.
        message: String,
        /// The offending line.
        text: String,
    },
    /// Two rules have the same id.
    #[error("{at}: the rule id `{id}` is already used at {first}")]
    DuplicateId {
        /// Where, as `file:line`.
        at: String,
        /// The id.
        id: String,
        /// Where it was first.
        first: String,
    },
    /// An id is not two or more lower-case words with a dot between them, or belongs to what is
    /// built in.
    #[error("{at}: `{id}` is not a rule id: write `field.what`, in lower case")]
    BadId {
        /// Where, as `file:line`.
        at: String,
        /// The id.
        id: String,
    },
    /// A rule would apply to every effect, or say nothing.
    #[error("{at}: the rule `{id}` {problem}")]
    Senseless {
        /// Where, as `file:line`.
        at: String,
        /// The id.
        id: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// An example does not do what the rule says.
    #[error("{at}: the rule `{rule}` {problem} `{command}`")]
    Example {
        /// Where, as `file:line`.
        at: String,
        /// The rule.
        rule: String,
        /// What happened instead.
        problem: &'static str,
        /// The example.
        command: String,
    },
}

impl Rules {
    /// The rules that are built in.
    ///
    /// # Errors
    /// Never, in a released build: a test loads them.
    pub fn builtin() -> Result<Self, RuleError> {
        let mut rules = Self::default();
        for (file, text) in builtin::PACKS {
            rules.add(file, text)?;
        }
        Ok(rules)
    }

    /// Adds the pack `text`, which stands in `file`. Nothing is added when it is refused.
    ///
    /// # Errors
    /// When it is not a pack, or an id is already used: show the error, and keep what was in force.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), RuleError> {
        let pack: schema::Pack =
            toml::from_str(text).map_err(|error| RuleError::syntax(file, text, &error))?;
        let mut added = Self::default();
        for rule in &pack.rule {
            added.insert(file, text, rule)?;
        }
        self.check_ids(&added)?;
        self.ids.extend(added.ids);
        self.rules.extend(added.rules);
        Ok(())
    }

    /// Adds one rule, which stands in `file`.
    ///
    /// # Errors
    /// As [`Rules::add`].
    pub fn insert(&mut self, file: &str, text: &str, rule: &schema::Rule) -> Result<(), RuleError> {
        let start = rule.id.span().start;
        let line = line_of(text, start);
        let at = format!("{file}:{line}");
        let id = rule.id.get_ref().clone();
        if !is_id(&id) || RESERVED.iter().any(|field| id.starts_with(field)) {
            return Err(RuleError::BadId { at, id });
        }
        if let Some(first) = self.ids.get(&id) {
            let first = first.clone();
            return Err(RuleError::DuplicateId { at, id, first });
        }
        if let Some(problem) = senseless(rule) {
            return Err(RuleError::Senseless { at, id, problem });
        }
        self.ids.insert(id.clone(), at);
        self.rules.push(Rule {
            class: rule.class,
            pattern: Pattern::new(&rule.conditions()),
            along: rule.along.as_ref().map(Pattern::new),
            risk: rule.risk,
            reason: rule.reason.clone(),
            instead: rule.instead.clone(),
            examples: examples(file, text, rule, line),
            id,
        });
        Ok(())
    }

    /// Returns the findings of all rules about `evidence`: for each the index of the effect it is
    /// about.
    #[must_use]
    pub fn examine(&self, evidence: &[Evidence<'_>]) -> Vec<(usize, Finding)> {
        let mut findings = Vec::new();
        for rule in &self.rules {
            let mut company: Option<Vec<usize>> = None;
            for (index, item) in evidence.iter().enumerate() {
                if !rule.pattern.applies(*item) {
                    continue;
                }
                let company = company.get_or_insert_with(|| rule.company(evidence));
                if rule.along.is_none() || company.iter().any(|other| *other != index) {
                    findings.push((index, rule.finding(item.effect)));
                }
            }
        }
        findings
    }

    /// Returns the examples of all rules.
    pub fn examples(&self) -> impl Iterator<Item = &Example> {
        self.rules.iter().flat_map(|rule| &rule.examples)
    }

    /// Whether a rule has this id.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.ids.contains_key(id)
    }

    /// Returns the ids and where each is defined, as `file:line`, in order of the ids.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.ids.iter().map(|(id, at)| (id.as_str(), at.as_str()))
    }

    /// Returns where the rule `id` is defined, as `file:line`.
    #[must_use]
    pub fn source(&self, id: &str) -> Option<&str> {
        self.ids.get(id).map(String::as_str)
    }

    /// Adds the rules of `other`. Nothing is added when it is refused.
    ///
    /// # Errors
    /// When an id is used in both.
    pub fn merge(&mut self, other: &Self) -> Result<(), RuleError> {
        self.check_ids(other)?;
        self.ids.extend(other.ids.clone());
        self.rules.extend(other.rules.iter().cloned());
        Ok(())
    }

    fn check_ids(&self, other: &Self) -> Result<(), RuleError> {
        let twice = other
            .sources()
            .find_map(|(id, at)| Some((id, at, self.source(id)?)));
        if let Some((id, at, first)) = twice {
            let (at, id, first) = (at.to_owned(), id.to_owned(), first.to_owned());
            return Err(RuleError::DuplicateId { at, id, first });
        }
        Ok(())
    }

    /// Returns a rule of `before` that is not here, or says less here; nothing when there is none.
    #[must_use]
    pub fn lost<'a>(&self, before: &'a Self) -> Option<&'a str> {
        let kept = |rule: &&Rule| {
            self.rules.iter().any(|other| {
                other.id == rule.id
                    && other.pattern == rule.pattern
                    && other.along == rule.along
                    && other.class >= rule.class
                    && other.risk >= rule.risk
            })
        };
        let lost = before.rules.iter().find(|rule| !kept(rule));
        lost.map(|rule| rule.id.as_str())
    }

    /// Returns the ids, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.ids.keys().map(String::as_str)
    }
}

impl Rule {
    /// Two effects that it wants beside its own, if there are: one of them is always another.
    fn company(&self, evidence: &[Evidence<'_>]) -> Vec<usize> {
        let along = self.along.as_ref();
        evidence
            .iter()
            .enumerate()
            .filter(|(_, item)| along.is_some_and(|along| along.applies(**item)))
            .map(|(index, _)| index)
            .take(2)
            .collect()
    }

    fn finding(&self, effect: &Effect) -> Finding {
        Finding {
            rule: self.id.clone(),
            class: self.class,
            reason: self.reason.clone(),
            span: effect.span,
            risk: self.risk,
            instead: self.instead.clone(),
        }
    }
}

impl RuleError {
    /// Turns what the TOML reader says into one line with the place and the offending text.
    pub(crate) fn syntax(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let start = error.span().map_or(0, |span| span.start);
        Self::Syntax {
            at: location(file, text, start),
            message: error.message().trim().replace('\n', ", "),
            text: line_at(text, start).trim().to_owned(),
        }
    }
}

/// Fields of ids that are no rule's: what is found without one.
const RESERVED: [&str; 4] = ["shell.", "unknown.", "policy.", "facts."];

/// Returns `file:line` for the byte `offset` of `text`.
pub(crate) fn location(file: &str, text: &str, offset: usize) -> String {
    format!("{file}:{}", line_of(text, offset))
}

/// Returns the line, from 1, in which the byte `offset` of `text` stands.
fn line_of(text: &str, offset: usize) -> usize {
    newlines(text.get(..offset).unwrap_or(text)) + 1
}

/// Returns how many newlines `text` has. In bytes that cannot overflow, many are counted in one step.
fn newlines(text: &str) -> usize {
    let newline = |sum: u8, byte: &u8| sum.wrapping_add(u8::from(*byte == b'\n'));
    let counted = |chunk: &[u8]| chunk.iter().fold(0, newline);
    let chunks = text.as_bytes().chunks(usize::from(u8::MAX));
    chunks.map(counted).map(usize::from).sum()
}

fn line_at(text: &str, offset: usize) -> &str {
    let start = text
        .get(..offset)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |end| end + 1);
    text.get(start..)
        .and_then(|rest| rest.lines().next())
        .unwrap_or("")
}

fn is_id(id: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    id.contains('.') && id.split('.').all(word)
}

fn senseless(rule: &schema::Rule) -> Option<&'static str> {
    if rule.effect.is_empty()
        && rule.role.is_empty()
        && rule.program.is_empty()
        && rule.place.is_empty()
    {
        return Some("needs at least one of `effect`, `role`, `place` and `program`");
    }
    match (rule.class, rule.risk) {
        (Class::Safe, _) => Some("raises nothing: its class is `ambiguous` or `catastrophic`"),
        (Class::Catastrophic, Some(_)) => Some("has a risk, which only an ambiguous rule can have"),
        (Class::Catastrophic, None) if rule.recoverable.is_some() => {
            Some("is catastrophic, and nothing that a client claims takes that back")
        }
        (Class::Ambiguous, None) => Some("needs a `risk`, because it is ambiguous"),
        (Class::Ambiguous, Some(risk)) if risk > 100 => Some("has a risk above 100"),
        (Class::Ambiguous | Class::Catastrophic, _) => None,
    }
}

/// Returns the examples of `rule`, whose id stands in `line`: theirs are counted from there, since all are asked for at each start.
fn examples(file: &str, text: &str, rule: &schema::Rule, line: usize) -> Vec<Example> {
    let start = rule.id.span().start;
    let at = |offset: usize| match text.get(start..offset) {
        Some(between) => format!("{file}:{}", line + newlines(between)),
        None => location(file, text, offset),
    };
    let lists = [
        (&rule.matches, Claim::Matches),
        (&rule.ignores, Claim::Ignores),
        (&rule.misses, Claim::Misses),
    ];
    let listed = lists.into_iter().flat_map(|(list, claim)| {
        list.iter().map(move |command| Example {
            rule: rule.id.get_ref().clone(),
            command: command.get_ref().clone(),
            claim,
            at: at(command.span().start),
        })
    });
    let instead = rule.instead.iter().map(|command| Example {
        rule: rule.id.get_ref().clone(),
        command: command.clone(),
        claim: Claim::Instead,
        at: at(start),
    });
    listed.chain(instead).collect()
}

#[cfg(test)]
mod tests;
