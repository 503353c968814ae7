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
use kintsugi_core::policy::{File, Layers, Mode, Notice, Origin, Policy};
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::Verdict;
use serde_json::json;

use crate::homes::Homes;
use crate::own_file::own_text;
use crate::project::{Project, Projects};

/// Where the policies are.
#[derive(Debug, Clone)]
pub struct PolicyFiles {
    /// The administrator's.
    pub admin: PathBuf,
    /// The person's; nothing where the daemon is everybody's.
    pub user: Option<PathBuf>,
}

/// What the admin allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seal {
    /// There is a vault: what loosens needs the admin.
    pub is_locked: bool,
    /// There ought to be one, and it is not usable: the strictest holds.
    pub is_degraded: bool,
    /// What the policy files said when they were last taken over, as a hash.
    pub accepted: Option<String>,
    /// The mode that the admin set, in place of the files'.
    pub mode: Option<Mode>,
    /// The threshold, likewise.
    pub threshold: Option<u8>,
}

/// The judge, and what is known of the machine.
#[derive(Debug)]
pub struct Bench {
    /// What is in force.
    policy: Policy,
    /// Who judges by it. Reading what is built in takes longer than most of a start, so that is done when the socket accepts.
    judge: Option<Rc<Judge>>,
    homes: Homes,
    files: PolicyFiles,
    /// What is wrong with the policy, one line each.
    problems: Vec<String>,
    /// What was in force before the last reading, and its name.
    before: Option<(Policy, String)>,
    /// Names what is in force: the program and the files that were read.
    version: String,
    seal: Seal,
    projects: Projects,
}

impl Bench {
    /// A bench for people whose homes are `homes`. Reads no policy yet, and nothing of what is built in.
    #[must_use]
    pub fn new(homes: Homes, files: PolicyFiles) -> Self {
        Self {
            policy: Policy::default(),
            judge: None,
            homes,
            files,
            problems: Vec::new(),
            before: None,
            seal: Seal::default(),
            version: String::new(),
            projects: Projects::default(),
        }
    }

    /// Reads what is built in, unless that was done, and returns who judges.
    ///
    /// # Errors
    ///
    /// When it is refused, which a test of the core rules out: then nothing can be judged.
    pub fn judge(&mut self) -> anyhow::Result<&Rc<Judge>> {
        if self.judge.is_none() {
            let mut judge = Judge::builtin()?;
            judge.adopt(self.policy.clone())?;
            self.judge = Some(Rc::new(judge));
        }
        self.judge
            .as_ref()
            .ok_or_else(|| anyhow::anyhow!("there is no judge"))
    }

    /// Returns the mode that is in force, as it is written.
    #[must_use]
    pub fn mode(&self) -> &'static str {
        self.policy.mode.name()
    }

    /// Names the rules and the policy that judge `command`.
    #[must_use]
    pub fn version_for(&self, command: &ProposedCommand) -> String {
        let facts = command.facts.as_ref();
        let project = facts.and_then(|facts| facts.project_policy.as_ref());
        let project = project.map(|policy| {
            let text = policy.text.as_deref().unwrap_or_default();
            blake3::hash(text.as_bytes()).to_hex().to_string()
        });
        format!("{} {}", self.version, project.unwrap_or_default())
    }

    /// Returns what is wrong with the policy, one line each.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Sets what the admin allows, for the next reading.
    pub fn set_seal(&mut self, seal: Seal) {
        self.seal = seal;
    }

    /// Returns the hash of what the policy files say now.
    #[must_use]
    pub fn hash_of_files(&mut self) -> String {
        let mut hasher = blake3::Hasher::new();
        drop(self.read(&mut hasher));
        hasher.finalize().to_hex().to_string()
    }

    /// Reads the policy again and returns the record that says so.
    pub fn reload(&mut self) -> Body {
        let mut hasher = blake3::Hasher::new();
        let reading = self.read(&mut hasher);
        let hash = hasher.finalize().to_hex().to_string();
        let before = self.policy.clone();
        let (mut what, policy, mut problems) = self.sealed(reading, &hash);
        if let Err(error) = self.adopt(policy) {
            problems.push(error.to_string());
            self.adopt_known(before.strictest());
            what = BROKEN;
        }
        let hash = hasher.finalize().to_hex().to_string();
        let version = format!("{} {hash}", env!("CARGO_PKG_VERSION"));
        self.before = Some((before, std::mem::replace(&mut self.version, version)));
        self.problems = problems;
        Body::Policy {
            what: what.to_owned(),
            hash: Some(hash),
            detail: json!({ "problems": self.problems }),
        }
    }

    /// Holds what was read against what the admin allows: what is looser than what is in force counts only when the admin
    /// took over these very files.
    fn sealed(&self, reading: Reading, hash: &str) -> (&'static str, Policy, Vec<String>) {
        let Reading {
            mut policy,
            mut problems,
            is_whole,
        } = reading;
        let seal = &self.seal;
        if !is_whole {
            return (BROKEN, policy, problems);
        }
        policy.mode = seal.mode.unwrap_or(policy.mode);
        policy.threshold = seal.threshold.unwrap_or(policy.threshold);
        if seal.is_degraded {
            return (KEPT, policy.strictest(), problems);
        }
        if !seal.is_locked || seal.accepted.as_deref() == Some(hash) {
            return (READ, policy, problems);
        }
        let mut in_force = self.policy.clone();
        in_force.mode = seal.mode.unwrap_or(in_force.mode);
        in_force.threshold = seal.threshold.unwrap_or(in_force.threshold);
        match policy.loosens(&in_force) {
            None => (READ, policy, problems),
            Some(looser) => {
                problems.push(format!(
                    "the policy files loosen what is in force ({looser}) and are not taken over: \
                     `kintsugi policy accept` does, with the admin's password"
                ));
                (KEPT, in_force, problems)
            }
        }
    }

    /// Takes the last reading back, because it could not be recorded.
    pub fn restore(&mut self) {
        if let Some((before, version)) = self.before.take() {
            self.version = version;
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

    fn adopt(&mut self, policy: Policy) -> anyhow::Result<()> {
        self.projects.forget();
        if policy.rules.ids().next().is_some() {
            // Its examples are run.
            self.judge()?;
        }
        if let Some(judge) = &mut self.judge {
            Rc::make_mut(judge).adopt(policy.clone())?;
        }
        self.policy = policy;
        Ok(())
    }

    fn read(&mut self, hasher: &mut blake3::Hasher) -> Reading {
        let mut problems = Vec::new();
        let mut file = |path: &Path, origin| match policy_file(path, origin, hasher) {
            Ok(file) => file,
            Err(error) => {
                problems.push(format!("{error:#}"));
                None
            }
        };
        let admin = file(&self.files.admin, Origin::Admin);
        let user = self.files.user.as_deref();
        let user = user.and_then(|path| file(path, Origin::User));
        let layers = Layers {
            admin,
            user,
            project: None,
        };
        let combined = self.combine(&layers);
        let mut is_whole = false;
        let policy = match combined {
            Ok((policy, notices)) if problems.is_empty() => {
                is_whole = true;
                let say = |notice: Notice| format!("{}: {}", notice.at, notice.message);
                problems.extend(notices.into_iter().map(say));
                policy
            }
            // What was refused may have been meant to forbid: the stricter of what was in force and the default.
            Ok(_) => self.policy.strictest(),
            Err(error) => {
                problems.push(error.to_string());
                self.policy.strictest()
            }
        };
        Reading {
            policy,
            problems,
            is_whole,
        }
    }

    /// Puts the files together. Where there are none, that needs nothing of what is built in.
    fn combine(&mut self, layers: &Layers) -> anyhow::Result<(Policy, Vec<Notice>)> {
        if layers.admin.is_none() && layers.user.is_none() {
            return Ok((Policy::default(), Vec::new()));
        }
        Ok(layers.combine(self.judge()?.rules())?)
    }

    /// Returns who judges `command` of user `uid`: this bench's judge, or a stricter one where a repository asks for it.
    ///
    /// # Errors
    ///
    /// As [`Self::judge`].
    pub fn seat(&mut self, command: &ProposedCommand, uid: u32) -> anyhow::Result<Seat> {
        let own = Rc::clone(self.judge()?);
        let facts = command.facts.as_ref();
        let asked = facts.and_then(|facts| facts.project_policy.as_ref());
        let home = self.homes.of(uid).map(str::to_owned);
        match asked {
            None => Ok(Seat {
                judge: own,
                home,
                problem: None,
            }),
            Some(policy) => {
                let Project { judge, problem } = self.projects.judge(&own, policy);
                Ok(Seat {
                    judge,
                    home,
                    problem,
                })
            }
        }
    }
}

/// What the files come to.
struct Reading {
    policy: Policy,
    /// One line each.
    problems: Vec<String>,
    /// Every file could be read; else `policy` is the strictest.
    is_whole: bool,
}

/// Says in a record that what was read is in force.
pub const READ: &str = "read";

/// Says that it is not, because it is looser.
pub const KEPT: &str = "kept";

/// Says that it is not, because it cannot be read.
pub const BROKEN: &str = "broken";

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

    /// Decides about a classification, with the model's `score` where there is one; strictly, after the log was altered: then only
    /// the safe passes unseen.
    #[must_use]
    pub fn decide(
        &self,
        classification: &Classification,
        strict: bool,
        score: Option<u8>,
    ) -> Ruling {
        let ruling = self.judge.decide(classification, score);
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

/// Reads a policy file and the packs that it names; nothing when there is none. The hash is of all of their text.
fn policy_file(
    path: &Path,
    origin: Origin,
    hasher: &mut blake3::Hasher,
) -> anyhow::Result<Option<File>> {
    File::with_packs(path, origin, |path| {
        let text = own_text(path)?;
        hasher.update(text.as_deref().unwrap_or_default().as_bytes());
        Ok(text)
    })
}
