//! What is said about every command of the corpus. Prints all that is not as expected.

use kintsugi_core::decide::Decision;
use kintsugi_tests::corpus::{Bench, Case, Problem, load};

/// Spellings that are held, and not yet by the class that they are of. This number only falls.
const EVASIVE_MISSES_MAX: usize = 2;

/// Judges `cases` and prints what is wrong.
fn problems(cases: &[Case]) -> Vec<Problem> {
    let bench = Bench::new();
    let problems: Vec<_> = cases
        .iter()
        .filter_map(|case| bench.problem(case, &case.command))
        .collect();
    for problem in &problems {
        println!("{}", problem.line);
    }
    println!(
        "{} of {} as expected",
        cases.len() - problems.len(),
        cases.len()
    );
    problems
}

#[test]
fn every_dangerous_command_is_held_by_its_rule() {
    let cases = load("dangerous");
    assert!(cases.len() > 2_400, "{}", cases.len());
    assert!(problems(&cases).is_empty());
}

#[test]
fn every_evasive_spelling_is_held_by_its_rule() {
    let cases = load("evasive");
    assert!(cases.len() > 1_400, "{}", cases.len());
    assert!(problems(&cases).len() <= EVASIVE_MISSES_MAX);
}

#[test]
fn every_command_of_a_class_is_held_by_its_rule() {
    let cases = load("classes");
    assert!(cases.len() > 480, "{}", cases.len());
    assert!(problems(&cases).is_empty());
}

#[test]
fn of_a_hundred_harmless_commands_at_most_one_is_held() {
    let cases = load("harmless");
    assert!(cases.len() > 900, "{}", cases.len());
    assert!(cases.iter().all(|case| case.decision == Decision::Allow));
    let held = problems(&cases).len();
    assert!(held * 100 <= cases.len(), "{held} of {}", cases.len());
}

/// What is longer than may be read is held, and programs of this length are what agents write.
#[test]
fn a_program_of_eighteen_kilobytes_is_read_to_its_end() {
    let part = |number: usize| {
        format!(
            "def above_{number}(items, limit={number}):\n    \"\"\"Return those of `items` that are above `limit`, with their names.\"\"\"\n    \
             found = []\n    for item in items:\n        if item.value > limit and item.name != \"total\":\n            \
             found.append({{\"name\": item.name, \"value\": f\"{{item.value * {number}}} €\"}})\n    return found\n\n\n"
        )
    };
    let program: String = (0..60).map(part).collect();
    assert!(program.len() > 18_000, "{}", program.len());
    let line = |end: &str| {
        format!("cat > report.py <<'EOF'\nimport shutil\n{program}{end}\nEOF\npython3 report.py")
    };
    let bench = Bench::new();
    let of = |end: &str| {
        bench
            .classify(&line(end))
            .findings
            .into_iter()
            .map(|finding| finding.rule)
    };
    assert_eq!(
        of("print(above_1([]))").find(|rule| rule == "shell.unreadable"),
        None
    );
    let rules: Vec<String> = of("shutil.rmtree('/home/u/work')").collect();
    assert!(
        rules.iter().any(|rule| rule.starts_with("files.")),
        "{rules:?}"
    );
}
