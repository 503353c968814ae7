use super::*;
use crate::facts::{TargetFact, TargetKind};

thread_local! {
    static JUDGE: Judge = Judge::builtin().unwrap();
}

#[test]
fn every_example_of_the_built_in_packs_is_as_its_rule_says() {
    let wrong: Vec<String> = JUDGE.with(|judge| {
        let examples = judge.rules().examples();
        let problem = |example: &Example| {
            let problem = judge.problem_of(example)?;
            Some(format!(
                "{}: {} {problem} {}\n",
                example.at, example.rule, example.command
            ))
        };
        examples.filter_map(problem).collect()
    });
    assert!(
        wrong.is_empty(),
        "{} wrong\n{}",
        wrong.len(),
        wrong.concat()
    );
}

#[test]
fn a_policy_with_an_example_that_fails_is_refused_and_the_one_before_stays() {
    let mut judge = JUDGE.with(Judge::clone);
    let policy = |text: &str| {
        let user = File::parse("my.toml", text, crate::policy::Origin::User).unwrap();
        let layers = crate::policy::Layers {
            user: Some(user),
            ..crate::policy::Layers::default()
        };
        layers.combine(judge.rules()).unwrap().0
    };
    let good = policy("threshold = 20");
    let rule = "threshold = 90\n\n[[rule]]\nid = \"my.push\"\nclass = \"catastrophic\"\neffect = [\"publish\"]\nreason = \"x\"\n";
    let wrong = [
        ("matches = [\"git push\", \"git status\"]", "git status"),
        ("ignores = [\"git push\"]", "git push"),
    ]
    .map(|(examples, told)| (policy(&[rule, examples].concat()), told));
    judge.adopt(good).unwrap();
    for (policy, told) in wrong {
        let refused = judge.adopt(policy).unwrap_err().to_string();
        assert!(refused.starts_with("my.toml:"), "{refused}");
        assert!(refused.contains(told), "{refused}");
        assert_eq!(judge.policy().threshold, 20, "{refused}");
    }
}

fn with_facts(text: &str, facts: &Facts) -> Classification {
    let surroundings = example_surroundings();
    JUDGE.with(|judge| {
        judge.classify(Subject {
            text,
            dialect: crate::shell::Dialect::Bash,
            cwd: EXAMPLE_DIRECTORY,
            surroundings: &surroundings,
            facts: Some(facts),
            bar: Bar::Decision,
        })
    })
}

fn target(path: &str) -> TargetFact {
    TargetFact {
        arg: path.to_owned(),
        kind: TargetKind::Directory,
        entries: 3,
        tracked: 3,
        complete: true,
        ..TargetFact::default()
    }
}

fn of(target: TargetFact) -> Facts {
    Facts {
        targets: vec![target],
        ..Facts::default()
    }
}

#[test]
fn what_is_committed_and_pushed_may_be_deleted() {
    let path = "/home/u/project/src";
    let clean = with_facts("rm -rf src", &of(target(path)));
    assert_eq!(clean.class, Class::Safe, "{:?}", clean.findings);
    let dirty = TargetFact {
        dirty: 1,
        ..target(path)
    };
    let unpushed = TargetFact {
        unpushed: 1,
        ..target(path)
    };
    let untracked = TargetFact {
        tracked: 2,
        ..target(path)
    };
    let unfinished = TargetFact {
        complete: false,
        ..target(path)
    };
    let mounted = TargetFact {
        mount: true,
        ..target(path)
    };
    for fact in [dirty, unpushed, untracked, unfinished, mounted] {
        let judged = with_facts("rm -rf src", &of(fact.clone()));
        assert_eq!(
            judged.findings.first().map(|it| it.rule.as_str()),
            Some("files.delete-tree"),
            "{fact:?}"
        );
    }
}

#[test]
fn a_link_is_judged_where_it_leads_too() {
    let link = TargetFact {
        resolved: Some("/home/u/Documents".to_owned()),
        ..target("/home/u/project/build/data")
    };
    let judged = with_facts("rm -rf build/data/", &of(link));
    let rule = judged.findings.first().map(|it| it.rule.as_str());
    assert_eq!(rule, Some("files.delete-home-tree"));
    let link = TargetFact {
        resolved: Some("/etc".to_owned()),
        tracked: 0,
        ..target("/home/u/project/build/data")
    };
    let judged = with_facts("chmod -R 777 build/data", &of(link));
    assert_eq!(judged.class, Class::Catastrophic, "{:?}", judged.findings);
}
