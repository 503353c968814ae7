//! The policies of repositories, as clients send them with a command: each makes a stricter judge.
//!
//! Nothing is read here, and nothing is believed: a forged policy can only tighten, and one that cannot be read is taken
//! for as strict as may be. Bounded, since anybody can send one.

use std::collections::VecDeque;
use std::rc::Rc;

use kintsugi_core::facts::PolicyFact;
use kintsugi_core::judge::Judge;
use kintsugi_core::limits::PROJECT_POLICY_BYTES_MAX;
use kintsugi_core::policy::{File, Origin};

/// Repositories whose judge is kept; a person works in a few at a time.
const PROJECTS_MAX: usize = 8;

/// The judge for one repository.
#[derive(Debug, Clone)]
pub struct Project {
    /// Never looser than the one it was made from.
    pub judge: Rc<Judge>,
    /// What is wrong with its policy, in one line.
    pub problem: Option<String>,
}

/// Judges that were made lately, oldest first.
#[derive(Debug, Default)]
pub struct Projects {
    made: VecDeque<(PolicyFact, Project)>,
}

impl Projects {
    /// Returns the judge that `asked` makes of `judge`.
    pub fn judge(&mut self, judge: &Rc<Judge>, asked: &PolicyFact) -> Project {
        if let Some((_, project)) = self.made.iter().find(|(made, _)| made == asked) {
            return project.clone();
        }
        let project = tighten(judge, asked);
        if asked
            .text
            .as_ref()
            .is_none_or(|text| text.len() <= PROJECT_POLICY_BYTES_MAX)
        {
            if self.made.len() == PROJECTS_MAX {
                self.made.pop_front();
            }
            self.made.push_back((asked.clone(), project.clone()));
        }
        project
    }

    /// Forgets all of them, since the judge they were made from is another now.
    pub fn forget(&mut self) {
        self.made.clear();
    }
}

fn tighten(judge: &Rc<Judge>, asked: &PolicyFact) -> Project {
    match tightened(judge, asked) {
        Ok(judge) => Project {
            judge: Rc::new(judge),
            problem: None,
        },
        Err(problem) => Project {
            judge: Rc::new(judge.strictest()),
            problem: Some(format!(
                "the policy of the repository is not in force: {problem}"
            )),
        },
    }
}

fn tightened(judge: &Judge, asked: &PolicyFact) -> Result<Judge, String> {
    let shown = &asked.path;
    let Some(text) = &asked.text else {
        return Err(format!("`{shown}` cannot be read"));
    };
    if text.len() > PROJECT_POLICY_BYTES_MAX {
        return Err(format!(
            "`{shown}` has more than {PROJECT_POLICY_BYTES_MAX} bytes"
        ));
    }
    let file = File::parse(shown, text, Origin::Project).map_err(|error| error.to_string())?;
    if file.packs().next().is_some() {
        return Err(format!(
            "`{shown}` names packs: put their rules into the file itself"
        ));
    }
    let (judge, _ignored) = judge
        .tightened_by(&file)
        .map_err(|error| error.to_string())?;
    Ok(judge)
}

#[cfg(test)]
mod tests {
    use kintsugi_core::decide::Decision;
    use kintsugi_core::proposal::ProposedCommand;

    use super::*;

    fn asked(text: &str) -> PolicyFact {
        PolicyFact {
            path: "/home/u/project/.kintsugi.toml".into(),
            text: Some(text.into()),
            blake3: None,
        }
    }

    fn decide(project: &Project, raw: &str) -> Decision {
        let command: ProposedCommand = serde_json::from_value(serde_json::json!({
            "id": uuid::Uuid::nil(), "ts": "", "agent": "codex", "cwd": "/home/u/project", "raw": raw,
        }))
        .unwrap();
        project
            .judge
            .verdict(
                &command,
                &kintsugi_core::judge::example_surroundings(),
                None,
            )
            .decision
    }

    #[test]
    fn a_repository_tightens_and_never_loosens() {
        let judge = Rc::new(Judge::builtin().unwrap());
        let mut projects = Projects::default();
        let strict = projects.judge(&judge, &asked("mode = \"unattended\"\n"));
        assert_eq!(strict.problem, None);
        assert_eq!(decide(&strict, "git push --force"), Decision::Deny);
        assert_eq!(decide(&strict, "ls"), Decision::Allow);
        let loose = "mode = \"notify\"\nthreshold = 100\n[[exception]]\nrule = [\"git.*\"]\n\
                     when = { program = [\"git\"] }\nreason = \"we trust it\"\n";
        let loose = projects.judge(&judge, &asked(loose));
        assert_eq!(loose.problem, None, "what would loosen is ignored");
        assert_eq!(decide(&loose, "git push --force"), Decision::Hold);
        assert_eq!(loose.judge.policy().threshold, judge.policy().threshold);
        assert_eq!(loose.judge.policy().mode, judge.policy().mode);
    }

    #[test]
    fn a_policy_that_cannot_be_read_says_so_and_loosens_nothing() {
        let judge = Rc::new(Judge::builtin().unwrap());
        let mut projects = Projects::default();
        let long = "#".repeat(PROJECT_POLICY_BYTES_MAX + 1);
        let absent = PolicyFact {
            text: None,
            ..asked("")
        };
        for bad in [
            asked("mood = 1"),
            asked("packs = [\"x.toml\"]"),
            asked(&long),
            absent,
        ] {
            let project = projects.judge(&judge, &bad);
            let problem = project.problem.clone().unwrap();
            assert!(problem.contains(".kintsugi.toml"), "{problem}");
            assert_eq!(decide(&project, "git push --force"), Decision::Hold);
        }
    }

    #[test]
    fn many_repositories_are_not_kept() {
        let judge = Rc::new(Judge::builtin().unwrap());
        let mut projects = Projects::default();
        for number in 0..3 * PROJECTS_MAX {
            projects.judge(&judge, &asked(&format!("threshold = {number}\n")));
        }
        assert_eq!(projects.made.len(), PROJECTS_MAX);
    }
}
