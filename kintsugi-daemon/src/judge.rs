//! Judges commands with the rules and the policy that are in force.
//!
//! Reads the administrator's and the person's policy, at the start and on `SIGHUP`. A file that cannot be read or does not
//! parse is said aloud, and what was in force is made stricter, never looser. A repository's policy is not read here, since a
//! path that a client names may lie on a file system that hangs: the client sends its text, which can only tighten.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use kintsugi_core::audit::record::Body;
use kintsugi_core::classify::{Class, Classification};
use kintsugi_core::decide::{Decision, Ruling};
use kintsugi_core::judge::{self, Judge};
use kintsugi_core::place::Surroundings;
use kintsugi_core::policy::{File, Layers, Origin, Policy};
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::Verdict;
use kintsugi_core::rules::RuleError;
use serde_json::json;

use crate::own_file::own_text;
use crate::project::{Project, Projects};

/// Where the policies are.
#[derive(Debug, Clone)]
pub struct PolicyFiles {
    /// The administrator's.
    pub admin: PathBuf,
    /// The person's.
    pub user: PathBuf,
}

/// The judge, and what is known of the machine.
#[derive(Debug)]
pub struct Bench {
    judge: Rc<Judge>,
    home: Option<String>,
    files: PolicyFiles,
    /// What is wrong with the policy, one line each.
    problems: Vec<String>,
    /// What was in force before the last reading.
    before: Option<Policy>,
    projects: Projects,
}

impl Bench {
    /// A bench with what is built in, for a person whose home is `home`. Reads no policy yet.
    ///
    /// # Errors
    ///
    /// When what is built in is refused, which a test of the core rules out.
    pub fn new(home: Option<String>, files: PolicyFiles) -> anyhow::Result<Self> {
        Ok(Self {
            judge: Rc::new(Judge::builtin()?),
            home,
            files,
            problems: Vec::new(),
            before: None,
            projects: Projects::default(),
        })
    }

    /// Returns the mode that is in force, as it is written.
    #[must_use]
    pub fn mode(&self) -> &'static str {
        self.judge.policy().mode.name()
    }

    /// Returns what is wrong with the policy, one line each.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Reads the policy again and returns the record that says so.
    pub fn reload(&mut self) -> Body {
        let mut hasher = blake3::Hasher::new();
        let (policy, mut problems) = self.read(&mut hasher);
        let before = self.judge.policy().clone();
        if let Err(error) = self.adopt(policy) {
            problems.push(error.to_string());
            self.adopt_known(before.strictest());
        }
        self.before = Some(before);
        self.problems = problems;
        Body::Policy {
            what: "read".to_owned(),
            hash: Some(hasher.finalize().to_hex().to_string()),
            detail: json!({ "problems": self.problems }),
        }
    }

    /// Takes the last reading back, because it could not be recorded.
    pub fn restore(&mut self) {
        if let Some(before) = self.before.take() {
            self.adopt_known(before);
        }
    }

    /// Puts in force what was in force before, or what differs from it in strictness alone.
    fn adopt_known(&mut self, policy: Policy) {
        // Its examples were checked when it was first adopted; a refusal would keep what is in force.
        if let Err(error) = self.adopt(policy) {
            self.problems.push(error.to_string());
        }
    }

    fn adopt(&mut self, policy: Policy) -> Result<(), RuleError> {
        self.projects.forget();
        Rc::make_mut(&mut self.judge).adopt(policy)
    }

    fn read(&self, hasher: &mut blake3::Hasher) -> (Policy, Vec<String>) {
        let mut problems = Vec::new();
        let mut file = |path: &Path, origin| match policy_file(path, origin, hasher) {
            Ok(file) => file,
            Err(error) => {
                problems.push(format!("{error:#}"));
                None
            }
        };
        let admin = file(&self.files.admin, Origin::Admin);
        let user = file(&self.files.user, Origin::User);
        let combined = Layers {
            admin,
            user,
            project: None,
        }
        .combine(self.judge.rules());
        let policy = match combined {
            Ok((policy, notices)) if problems.is_empty() => {
                let say = |notice: kintsugi_core::policy::Notice| {
                    format!("{}: {}", notice.at, notice.message)
                };
                problems.extend(notices.into_iter().map(say));
                policy
            }
            // What was refused may have been meant to forbid: the stricter of what was in force and the default.
            Ok(_) => self.judge.policy().strictest(),
            Err(error) => {
                problems.push(error.to_string());
                self.judge.policy().strictest()
            }
        };
        (policy, problems)
    }

    /// Returns who judges `command`: this bench's judge, or a stricter one where a repository asks for it.
    pub fn seat(&mut self, command: &ProposedCommand) -> Seat {
        let facts = command.facts.as_ref();
        let asked = facts.and_then(|facts| facts.project_policy.as_ref());
        let home = self.home.clone();
        match asked {
            None => Seat {
                judge: Rc::clone(&self.judge),
                home,
                problem: None,
            },
            Some(policy) => {
                let Project { judge, problem } = self.projects.judge(&self.judge, policy);
                Seat {
                    judge,
                    home,
                    problem,
                }
            }
        }
    }
}

/// Who judges one proposal.
#[derive(Debug)]
pub struct Seat {
    judge: Rc<Judge>,
    home: Option<String>,
    /// What is wrong with the policy of the repository, in one line.
    problem: Option<String>,
}

impl Seat {
    /// Classifies a proposal.
    #[must_use]
    pub fn classify(&self, command: &ProposedCommand) -> Classification {
        let around = Surroundings {
            home: self.home.clone(),
            ..Surroundings::default()
        };
        self.judge.judge(command, &around)
    }

    /// Decides about a classification; strictly, after the log was altered: then only the safe passes unseen.
    #[must_use]
    pub fn decide(&self, classification: &Classification, strict: bool) -> Ruling {
        let ruling = self.judge.decide(classification, None);
        if strict && classification.class > Class::Safe {
            return Ruling {
                decision: ruling.decision.max(Decision::Hold),
                ..ruling
            };
        }
        ruling
    }

    /// Makes the verdict.
    #[must_use]
    pub fn verdict(
        &self,
        command: &ProposedCommand,
        classification: Classification,
        ruling: Ruling,
    ) -> Verdict {
        let mut verdict = judge::verdict(command, classification, ruling);
        if let Some(problem) = &self.problem {
            verdict.reason = format!("{}; {problem}", verdict.reason);
        }
        verdict
    }
}

/// Reads a policy file and the packs that it names; nothing when there is none.
fn policy_file(
    path: &Path,
    origin: Origin,
    hasher: &mut blake3::Hasher,
) -> anyhow::Result<Option<File>> {
    let Some(text) = own_text(path)? else {
        return Ok(None);
    };
    hasher.update(text.as_bytes());
    let mut file = File::parse(&path.display().to_string(), &text, origin)?;
    let packs: Vec<PathBuf> = file.packs().map(PathBuf::from).collect();
    for pack in packs {
        let pack = path.parent().unwrap_or(Path::new("/")).join(pack);
        let name = pack.display().to_string();
        let Some(text) = own_text(&pack)? else {
            anyhow::bail!(
                "the pack `{name}` that `{}` names is not there",
                path.display()
            );
        };
        hasher.update(text.as_bytes());
        file.add_pack(&name, &text)?;
    }
    Ok(Some(file))
}
