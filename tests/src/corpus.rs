//! The corpus: commands and what is to be said about them, from `corpus/*.toml`.

use kintsugi_core::classify::{Class, Classification, Subject};
use kintsugi_core::decide::Decision;
use kintsugi_core::judge::{EXAMPLE_DIRECTORY, Judge, example_surroundings};
use kintsugi_core::place::Surroundings;
use kintsugi_core::shell::Dialect;
use serde::Deserialize;

/// One file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    group: Vec<Group>,
}

/// Commands of which the same is expected.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    /// The rule that each must meet; a `*` at the end stands for any rest.
    #[serde(default)]
    rule: Option<String>,
    /// The least class; with it or `rule`, each must be held.
    #[serde(default)]
    class: Option<Class>,
    /// What a person who is there is to see. Default: hold.
    #[serde(default)]
    decision: Option<Decision>,
    /// Commands of one line, one a line.
    #[serde(default)]
    lines: String,
    /// Commands of several lines.
    #[serde(default)]
    commands: Vec<String>,
}

/// A command and what is expected of it.
#[derive(Debug, Clone)]
pub struct Case {
    /// The file it stands in.
    pub file: String,
    /// The command.
    pub command: String,
    /// The rule that it must meet.
    pub rule: Option<String>,
    /// The least class.
    pub class: Class,
    /// The decision in the default mode.
    pub decision: Decision,
}

/// Reads every file whose name starts with `prefix`, in order of the names.
///
/// # Panics
/// When the corpus cannot be read.
#[must_use]
pub fn load(prefix: &str) -> Vec<Case> {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut names: Vec<_> = std::fs::read_dir(&directory)
        .expect("the corpus is there")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .filter(|name| name.starts_with(prefix))
        .collect();
    names.sort();
    names
        .iter()
        .flat_map(|name| {
            let text = std::fs::read_to_string(directory.join(name)).expect("a file of text");
            cases(name, &text)
        })
        .collect()
}

fn cases(name: &str, text: &str) -> Vec<Case> {
    let file: File = toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut cases = Vec::new();
    for group in file.group {
        let lines = group.lines.lines().filter(|line| !line.trim().is_empty());
        for command in lines.map(str::to_owned).chain(group.commands) {
            cases.push(Case {
                file: name.to_owned(),
                command,
                rule: group.rule.clone(),
                class: group.class.unwrap_or_default(),
                decision: group.decision.unwrap_or(Decision::Hold),
            });
        }
    }
    cases
}

/// A judge, and where the commands of the corpus run.
#[derive(Debug)]
pub struct Bench {
    judge: Judge,
    surroundings: Surroundings,
}

impl Bench {
    /// The judge that is built in.
    ///
    /// # Panics
    /// When what is built in does not load.
    #[must_use]
    pub fn new() -> Self {
        Self {
            judge: Judge::builtin().expect("what is built in loads"),
            surroundings: example_surroundings(),
        }
    }

    /// Classifies `command` as bash would read it in the project of the examples.
    #[must_use]
    pub fn classify(&self, command: &str) -> Classification {
        self.judge.classify(Subject {
            text: command,
            dialect: Dialect::Bash,
            cwd: EXAMPLE_DIRECTORY,
            surroundings: &self.surroundings,
            facts: None,
            bar: kintsugi_core::classify::Bar::Decision,
        })
    }

    /// Returns what is wrong with the judgement of `command`, if anything is.
    #[must_use]
    pub fn problem(&self, case: &Case, command: &str) -> Option<Problem> {
        let classification = self.classify(command);
        let ruling = self.judge.decide(&classification, None);
        let met = |rule: &String| {
            let findings = &classification.findings;
            findings.iter().any(|finding| match rule.strip_suffix('*') {
                Some(field) => finding.rule.starts_with(field),
                None => finding.rule == *rule,
            })
        };
        let what = if ruling.decision != case.decision {
            format!("{:?} instead of {:?}", ruling.decision, case.decision)
        } else if classification.class < case.class {
            format!("{:?} instead of {:?}", classification.class, case.class)
        } else if !case.rule.as_ref().is_none_or(met) {
            format!("does not meet {}", case.rule.as_deref().unwrap_or_default())
        } else {
            return None;
        };
        let first = classification.findings.first();
        Some(Problem {
            decided_wrong: ruling.decision != case.decision,
            line: format!(
                "{}: {what} ({} {}): {command}",
                case.file,
                first.map_or("nothing found", |finding| finding.rule.as_str()),
                ruling.risk.unwrap_or_default(),
            ),
        })
    }
}

impl Default for Bench {
    fn default() -> Self {
        Self::new()
    }
}

/// A command that is not judged as expected.
#[derive(Debug)]
pub struct Problem {
    /// Whether the decision itself is wrong, not only what led to it.
    pub decided_wrong: bool,
    /// All about it, on one line.
    pub line: String,
}
