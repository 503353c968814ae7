use super::*;

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
