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
