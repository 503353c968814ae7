//! What is said about every command of the corpus. Prints all that is not as expected.

use kintsugi_core::decide::Decision;
use kintsugi_tests::corpus::{Bench, Case, Problem, load};

/// Commands of the corpus that are not yet judged as they should be. These numbers only fall.
const DANGEROUS_MISSES_MAX: usize = 3;
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
    assert!(problems(&cases).len() <= DANGEROUS_MISSES_MAX);
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
