//! The files of an administrator, a person and a repository → what is in force.

use super::{Adjustment, File, Mode, Origin, Policy, PolicyError, names};
use crate::rules::{RuleError, Rules};

/// The files that were found.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// The administrator's.
    pub admin: Option<File>,
    /// The person's.
    pub user: Option<File>,
    /// The repository's.
    pub project: Option<File>,
}

/// Something that a file says and that does not count, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Where, as `file:line`.
    pub at: String,
    /// What is ignored and why, in one line.
    pub message: String,
}

impl Layers {
    /// Returns the policy that is in force, and what was ignored on the way.
    ///
    /// The strictest counts. An administrator and a person may loosen what is built in, a person
    /// only within what the administrator allows, a repository never.
    ///
    /// # Errors
    /// When two files define the same rule, or a file speaks of a rule that does not exist.
    pub fn combine(&self, builtin: &Rules) -> Result<(Policy, Vec<Notice>), PolicyError> {
        let mut combined = Combined::default();
        for file in [&self.admin, &self.user, &self.project]
            .into_iter()
            .flatten()
        {
            combined.rules(file, builtin)?;
        }
        for file in [&self.admin, &self.user, &self.project]
            .into_iter()
            .flatten()
        {
            combined.check_ids(file, builtin)?;
            combined.mode(file, self.admin.as_ref());
            combined.threshold(file, self.admin.as_ref());
            combined.policy.raises.extend(file.raises.iter().cloned());
            combined.exceptions(file, self.admin.as_ref());
            combined.misplaced(file);
        }
        Ok((combined.policy, combined.notices))
    }
}

impl Policy {
    /// Returns this policy with what a repository's `file` adds to it, and what of the file does not count.
    ///
    /// Whatever `file` says it is, it is taken for a repository's: it can only tighten.
    ///
    /// # Errors
    /// As [`Layers::combine`]; then the stricter of this policy and the default holds.
    pub fn tightened_by(
        &self,
        file: &File,
        builtin: &Rules,
    ) -> Result<(Self, Vec<Notice>), PolicyError> {
        let file = File {
            origin: Origin::Project,
            ..file.clone()
        };
        let mut combined = Combined {
            policy: self.clone(),
            notices: Vec::new(),
        };
        combined.rules(&file, builtin)?;
        combined.check_ids(&file, builtin)?;
        combined.mode(&file, None);
        combined.threshold(&file, None);
        combined.policy.raises.extend(file.raises.iter().cloned());
        combined.exceptions(&file, None);
        combined.misplaced(&file);
        Ok((combined.policy, combined.notices))
    }
}

#[derive(Debug, Default)]
struct Combined {
    policy: Policy,
    notices: Vec<Notice>,
}

impl Combined {
    fn ignore(&mut self, at: &str, message: impl Into<String>) {
        self.notices.push(Notice {
            at: at.to_owned(),
            message: message.into(),
        });
    }

    fn rules(&mut self, file: &File, builtin: &Rules) -> Result<(), PolicyError> {
        if let Some((id, at)) = file.rules.sources().find(|(id, _)| builtin.has(id)) {
            let first = builtin
                .source(id)
                .unwrap_or("the built-in rules")
                .to_owned();
            let (at, id) = (at.to_owned(), id.to_owned());
            return Err(RuleError::DuplicateId { at, id, first }.into());
        }
        Ok(self.policy.rules.merge(&file.rules)?)
    }

    fn check_ids(&self, file: &File, builtin: &Rules) -> Result<(), PolicyError> {
        let known = |pattern: &str| {
            let floors = ["unknown.", "shell."];
            floors.iter().any(|field| pattern.starts_with(field))
                || builtin
                    .ids()
                    .chain(self.policy.rules.ids())
                    .any(|id| names(pattern, id))
        };
        for adjustment in file.raises.iter().chain(&file.exceptions) {
            if let Some(id) = adjustment.rules.iter().find(|id| !known(id)) {
                let (at, id) = (adjustment.at.clone(), id.clone());
                return Err(PolicyError::UnknownRule { at, id });
            }
        }
        Ok(())
    }

    fn mode(&mut self, file: &File, admin: Option<&File>) {
        let Some(set) = &file.mode else { return };
        let floor = match file.origin {
            Origin::Admin => Mode::Notify,
            Origin::User => admin.map_or(Mode::Notify, loosest_mode),
            Origin::Project => self.policy.mode,
        };
        if set.value < floor {
            let message = format!(
                "mode `{}` is ignored: `{}` is as loose as it may be here",
                set.value.name(),
                floor.name()
            );
            self.ignore(&set.at, message);
            return;
        }
        self.policy.mode = set.value;
        self.policy.sources.mode = Some(set.at.clone());
    }

    fn threshold(&mut self, file: &File, admin: Option<&File>) {
        let Some(set) = &file.threshold else { return };
        let most = match file.origin {
            Origin::Admin => 100,
            Origin::User => admin.map_or(100, highest_threshold),
            Origin::Project => self.policy.threshold,
        };
        if set.value > most {
            let message = format!(
                "threshold {} is ignored: {most} is as high as it may be here",
                set.value
            );
            self.ignore(&set.at, message);
            return;
        }
        self.policy.threshold = set.value;
        self.policy.sources.threshold = Some(set.at.clone());
    }

    fn exceptions(&mut self, file: &File, admin: Option<&File>) {
        for exception in &file.exceptions {
            let refused = match file.origin {
                Origin::Admin => None,
                Origin::User => admin.and_then(|admin| beyond(exception, admin)),
                Origin::Project => Some("a repository can only tighten".to_owned()),
            };
            match refused {
                Some(why) => self.ignore(&exception.at, format!("an exception is ignored: {why}")),
                None => self.policy.exceptions.push(exception.clone()),
            }
        }
    }

    /// What only another file may say.
    fn misplaced(&mut self, file: &File) {
        match file.origin {
            Origin::Admin => {}
            Origin::User | Origin::Project => {
                if let Some(ceiling) = &file.ceiling {
                    self.ignore(
                        &ceiling.at,
                        "a ceiling is ignored: only the administrator sets one",
                    );
                }
            }
        }
    }
}

/// The loosest mode that `admin` lets a person choose.
fn loosest_mode(admin: &File) -> Mode {
    let ceiling = admin
        .ceiling
        .as_ref()
        .and_then(|ceiling| ceiling.value.mode);
    let own = admin.mode.as_ref().map(|mode| mode.value);
    ceiling.or(own).unwrap_or(Mode::Notify)
}

/// The highest threshold that `admin` lets a person choose.
fn highest_threshold(admin: &File) -> u8 {
    let ceiling = admin
        .ceiling
        .as_ref()
        .and_then(|ceiling| ceiling.value.threshold);
    let own = admin.threshold.as_ref().map(|threshold| threshold.value);
    ceiling.or(own).unwrap_or(100)
}

/// Why `admin` does not let a person make this exception.
fn beyond(exception: &Adjustment, admin: &File) -> Option<String> {
    let unknown = ["unknown.*".to_owned()];
    let ceiling = admin.ceiling.as_ref()?;
    let allowed = ceiling.value.exception.as_deref().unwrap_or(&unknown);
    let id = exception.rules.iter().find(|id| {
        // `git.*` is within `git.*`, not within `git.push`.
        !allowed.iter().any(|pattern| names(pattern, id))
    })?;
    Some(format!(
        "the administrator allows none of `{id}` ({})",
        ceiling.at
    ))
}
