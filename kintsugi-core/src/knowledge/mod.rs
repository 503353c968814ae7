//! Invocations → effects: what programs take and do, from `knowledge/*.toml`, looking through wrappers and embedded code.
//!
//! # Where to look
//!
//! | for | modules |
//! |---|---|
//! | the facts as they are written, read and checked | `schema`, `store`, `grammar`, `check`, `lexicon` |
//! | one command: its options and operands, then what is said of them | `analyst`, `program`, `by_variable`, `arguments`, `targets`, `redirect` |
//! | commands within commands, and wrappers | `wrapped`, `env_split`, `script`, `implicit`, `holes`, `searched`, `filters`, `own_input`, `modules_there` |
//! | program text of other languages | `embedded`, `code`, `languages`, `compiled`, `homeward`, `sentences`, `requests` |
//! | what flows from one command into another | `feeds`, `flow`, `plain_outputs`, `carried`, `shown`, `names_only`, `into_variables`, `pushed` |
//! | files that the line writes and something runs | `settings`, `workflows`, `web_shells`, `recipe`, `manifests`, `foreign`, `dockerfile`, `composed`, `for_tests`, `migrations`, `only_checks`, `codex_patch`, `deferred`, `given_to_tests` |
//! | what the line made itself and may take away, and what it moved away before | `made`, `moved_away`, `own`, `remade`, `trial`, `local`, `disk_images`, `backups`, `lately`, `on_this_machine` |
//! | programs and calls that nobody described | `unfamiliar`, `assumed`, `verbs`, `telling` |

mod aliases;
mod analyst;
mod answered;
mod apple_script;
mod appliances;
mod arguments;
mod assumed;
mod backups;
mod boards;
mod builtin;
mod by_variable;
mod carried;
mod check;
mod cmdlets;
mod code;
mod codex_patch;
mod combined;
mod compiled;
mod composed;
mod data_address;
mod databases;
mod deferred;
mod deferred_scripts;
mod described;
#[cfg(test)]
mod development_tests;
mod disk_images;
mod dockerfile;
mod documents;
mod edited;
pub mod embedded;
mod emptied;
mod env_split;
mod feeds;
mod fetched;
mod filters;
mod flow;
#[cfg(test)]
mod flow_tests;
mod for_tests;
mod foreign;
mod git_around;
mod given_to_tests;
mod grammar;
mod hints;
mod holes;
mod homeward;
mod image;
mod implicit;
mod imported;
mod in_place;
mod into_variables;
mod kept_by_git;
mod languages;
mod lately;
mod lexicon;
mod local;
mod looked_up;
mod made;
mod manifests;
mod migrations;
mod modules_there;
mod moved_away;
mod names_only;
mod on_this_machine;
mod only_checks;
mod only_looks;
mod onto_one;
mod opened;
#[cfg(test)]
mod operations_tests;
mod overlooked;
mod own;
mod own_checks;
mod own_input;
mod own_place;
mod own_texts;
mod plain_options;
mod plain_outputs;
mod program;
mod pushed;
mod qualifiers;
mod reach;
mod recipe;
mod redirect;
mod redone;
mod released;
mod remade;
mod requests;
mod requirements;
mod restored;
pub mod schema;
mod script;
mod searched;
mod sentences;
mod settings;
mod setup;
mod shown;
mod spoken;
mod store;
mod targets;
mod telling;
mod tested_records;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod trial;
mod trial_address;
mod unfamiliar;
mod verbs;
mod web_shells;
mod without_end;
mod workflows;
mod wrapped;

use std::collections::BTreeMap;

use analyst::{Ambient, Analyst, Printed};
use store::{Node, Store};

use crate::capture::{Hint, Keep};
use crate::effect::{Effect, ScriptLine, Span};
use crate::place::Surroundings;
use crate::shell::{Budget, Context, Script};

/// The facts about programs, ready to be asked.
#[derive(Debug, Default)]
pub struct Knowledge {
    store: Store,
}

/// What is known by the name of a program.
#[derive(Debug)]
enum Resolved<'k> {
    /// It is described.
    Known {
        /// Its name in the files.
        name: &'k str,
        /// Its entries.
        node: &'k Node,
    },
    /// It is a file given by its path; a program of the same name may be described.
    Local {
        /// That one.
        known: Option<(&'k str, &'k Node)>,
    },
    /// It is not described.
    Unknown,
}

/// Why a knowledge file was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KnowledgeError {
    /// The file is not TOML, or has a key or value that the schema does not know.
    #[error("{file}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// Line, column and offending text, on one line.
        message: String,
    },
}

/// What a script would do, and what is not known about it.
#[derive(Debug, Clone, Default)]
pub struct Analysis {
    /// Every effect, in the order of the script.
    pub effects: Vec<Effect>,
    /// What stays unknown: each makes the script at least ambiguous.
    pub unknowns: Vec<Unknown>,
    /// Each command that was looked at, wrappers and what they wrap: its path (`git push`) and span. For people and policies.
    pub programs: Vec<(String, Span)>,
    /// What could not be read at all: each makes the script catastrophic.
    pub problems: Vec<crate::shell::Problem>,
    /// Script files that it would run and whose text is not known, by absolute path.
    pub scripts: Vec<String>,
    /// For effects on branches and remotes: their index, and the directory in whose repository that is.
    pub repositories: Vec<(usize, String)>,
    /// What it changes that no effect names, with where that lies: only for what is kept before it runs.
    pub(crate) hints: Vec<(Hint, Keep)>,
    /// Effects that happen only if a word turns out to be a path.
    pub possible: Vec<PossibleEffect>,
}

/// An effect that happens only if a word is a path and no name of the repository: `git checkout X`.
#[derive(Debug, Clone)]
pub struct PossibleEffect {
    /// What would happen.
    pub effect: Effect,
    /// The directory in whose repository the name would be looked up.
    pub directory: String,
    /// The word.
    pub name: String,
}

/// Something that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// What kind.
    pub kind: UnknownKind,
    /// The program, option or word, for people.
    pub text: String,
    /// Where.
    pub span: Span,
    /// The line of a script in which it stands.
    pub script: Option<Box<ScriptLine>>,
}

/// Kinds of things that are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnknownKind {
    /// The program is not described, and is found by its name on `PATH`.
    Program,
    /// The program is a file given by its path: a script of the project, a build result.
    LocalProgram,
    /// The program's name is a hole: whatever a variable or a substitution says.
    Command,
    /// The subcommand is not described.
    Subcommand,
    /// The option is not described.
    Option,
    /// A target is a hole.
    Target,
    /// Embedded code does something that was not understood.
    Code,
    /// Embedded code calls a function that is not described.
    Call,
}

impl Knowledge {
    /// The knowledge that is built in.
    ///
    /// # Errors
    /// Never, in a released build: a test loads it.
    pub fn builtin() -> Result<Self, KnowledgeError> {
        Ok(Self {
            store: Store::index(builtin::FILES)?,
        })
    }

    /// Tells what `script` does. Total: what is not known is in the answer.
    #[must_use]
    pub fn analyse(
        &self,
        script: &Script,
        context: &Context,
        surroundings: &Surroundings,
        budget: &mut Budget,
    ) -> Analysis {
        let mut analyst = Analyst {
            knowledge: self,
            surroundings,
            budget,
            analysis: Analysis::default(),
            files: BTreeMap::new(),
            copies: BTreeMap::new(),
            running: Vec::new(),
            searching: Vec::new(),
            dashed: Vec::new(),
            links: BTreeMap::new(),
            aliases: BTreeMap::new(),
            told: std::collections::BTreeSet::new(),
            descriptors: Vec::new(),
            inherited: Printed::default(),
            is_scratch: false,
            reading: Vec::new(),
            fetched: Vec::new(),
            made: made::Made::default(),
            remotes: Vec::new(),
        };
        analyst.script(script, context, Ambient::default());
        let mut analysis = analyst.analysis;
        let deleted = moved_away::deleted(&analysis.effects);
        analysis.effects.extend(deleted);
        analysis
            .effects
            .extend(web_shells::written(script, &analysis.effects));
        backups::settle(&mut analysis.effects);
        analysis
    }

    /// The program that a word in front of a command means.
    fn resolve(&self, word: &str) -> Resolved<'_> {
        let Some((directory, base)) = word.rsplit_once('/') else {
            return match self.by_name(word) {
                Some((name, node)) => Resolved::Known { name, node },
                None => Resolved::Unknown,
            };
        };
        let known = self.by_name(base);
        let is_installed = matches!(
            directory.rsplit('/').next(),
            Some("bin" | "sbin" | ".bin" | "Scripts" | "libexec")
        );
        match known {
            Some((name, node)) if is_installed => Resolved::Known { name, node },
            known => Resolved::Local { known },
        }
    }

    /// The program of that name, of its name without a version or `.exe`, in small letters at last.
    fn by_name(&self, base: &str) -> Option<(&str, &Node)> {
        if let Some(found) = self.store.program(base) {
            return Some(found);
        }
        let lower = base.to_ascii_lowercase();
        let lower = match lower.split_once('@') {
            Some((name, _)) if !name.is_empty() => name,
            Some(_) | None => &lower,
        };
        let plain = lower.strip_suffix(".exe").unwrap_or(lower);
        let unversioned = plain.trim_end_matches(|last: char| last.is_ascii_digit() || last == '.');
        let undashed = unversioned.strip_suffix('-').unwrap_or(unversioned);
        [plain, unversioned, undashed]
            .into_iter()
            .filter(|name| !name.is_empty())
            .find_map(|name| self.store.program(name))
    }

    /// The node at `path` and the entries on the way to it, outermost first.
    fn walk<'k>(&'k self, path: &[String]) -> Option<(&'k Node, Vec<&'k schema::Command>)> {
        let (first, rest) = path.split_first()?;
        let (_, mut node) = self.store.program(first)?;
        let mut chain: Vec<&schema::Command> = node.entry.as_deref().into_iter().collect();
        for name in rest {
            node = node.child(name)?;
            chain.extend(node.entry.as_deref());
        }
        Some((node, chain))
    }

    /// The environment variables that matter.
    fn variables(&self) -> &[schema::Keyed] {
        self.store.variables()
    }
}
