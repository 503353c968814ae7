//! No spelling of a dangerous command is better than the command; a join never relaxes.

use kintsugi_core::classify::Class;
use kintsugi_tests::corpus::{Bench, Case, load};
use kintsugi_tests::evasion::{SPELLINGS, WAYS, requoted, respell};

/// Commands of one line that are held as they stand and have no state of their own.
fn base(bench: &Bench) -> Vec<Case> {
    load("dangerous")
        .into_iter()
        .filter(|case| !case.command.contains(['\n', '\\', '`']) && !case.command.ends_with('&'))
        .map(|case| Case {
            rule: None,
            class: Class::Safe,
            ..case
        })
        .filter(|case| bench.problem(case, &case.command).is_none())
        .collect()
}

/// Runs `spellings` and returns how many are let through, after printing them.
fn misses(bench: &Bench, spellings: impl Iterator<Item = (Case, &'static str, String)>) -> usize {
    let mut tried = 0;
    let mut missed = 0;
    for (case, way, spelling) in spellings {
        tried += 1;
        if let Some(problem) = bench.problem(&case, &spelling) {
            missed += 1;
            println!("{way}: {}", problem.line);
        }
    }
    println!("{missed} of {tried} are not held");
    missed
}

#[test]
fn every_way_to_wrap_a_dangerous_command_is_held() {
    let bench = Bench::new();
    let cases = base(&bench);
    // Every command in a few ways, so that every way meets commands of every kind.
    let spellings = cases.iter().enumerate().flat_map(|(index, case)| {
        (0..5).map(move |step| {
            let (name, way) = WAYS[(index * 7 + step * 11) % WAYS.len()];
            (case.clone(), name, way(&case.command))
        })
    });
    // What a secret is printed to is then a variable, and nobody sees it.
    let spellings = spellings
        .filter(|(case, name, _)| *name != "backquotes" || !is_secret_echoed(&case.command));
    assert_eq!(misses(&bench, spellings), 0);
}

fn is_secret_echoed(command: &str) -> bool {
    command.starts_with("echo $") || command.starts_with("echo \"$")
}

#[test]
fn every_way_to_spell_a_program_is_held() {
    let bench = Bench::new();
    let cases = base(&bench);
    let spellings = cases.iter().enumerate().flat_map(|(index, case)| {
        (0..3).filter_map(move |step| {
            let way = SPELLINGS[(index * 4 + step * 7) % SPELLINGS.len()];
            Some((case.clone(), way.0, respell(&case.command, way)?))
        })
    });
    assert_eq!(misses(&bench, spellings), 0);
}

#[test]
fn joining_two_commands_never_lowers_a_class() {
    let bench = Bench::new();
    let mut all = load("dangerous");
    all.extend(load("harmless"));
    all.retain(|case| !case.command.contains(['\n', '#']) && !case.command.contains("exit"));
    // What changes the shell itself, or makes another cluster the one that is meant, changes what the
    // rest of the line means, which is no relaxation.
    let stateful = [
        "cd", "pushd", "export", "set", "alias", "exec", "trap", "unset", "source", ".", "eval",
        "shopt", "read", "f()", "bomb()", "kind",
    ];
    let changes_the_shell = |command: &str| {
        let first = command.split([' ', ';']).next().unwrap_or_default();
        stateful.contains(&first) || first.contains(['=', '(']) || command.contains("&& cd ")
    };
    for (index, case) in all.iter().enumerate().step_by(3) {
        if changes_the_shell(&case.command) {
            continue;
        }
        let other = &all[(index * 31 + 17) % all.len()];
        // What reads a secret from a pipe may show nothing of it.
        let is_shown = case.rule.as_deref() == Some("credentials.read");
        for joint in ["; ", " && ", " || ", " | ", " & ", "\n"] {
            // In a pipe and in the background it changes only a shell of its own.
            let is_apart = matches!(joint, " | " | " & ");
            if is_apart && (changes_the_shell(&other.command) || other.command.contains('=')) {
                continue;
            }
            if joint == " | " && is_shown {
                continue;
            }
            let joined = format!("{}{joint}{}", case.command, other.command);
            let class = bench.classify(&joined).class;
            for part in [case, other] {
                let alone = bench.classify(&part.command).class;
                assert!(class >= alone, "{class:?} < {alone:?}: {joined}");
            }
        }
    }
}

#[test]
fn what_stands_around_a_command_never_lowers_its_class() {
    let bench = Bench::new();
    let mut all = load("dangerous");
    all.extend(load("harmless"));
    all.retain(|case| !case.command.contains(['\n', '#', '\\']));
    let around: [(&str, &str); 8] = [
        ("  ", "  "),
        ("\t", ""),
        ("", " # nothing to see"),
        ("UNRELATED=1; ", ""),
        ("{ ", "; }"),
        ("( ", " )"),
        ("if true; then ", "; fi"),
        ("for unrelated in 1; do ", "; done"),
    ];
    for (index, case) in all.iter().enumerate() {
        let (before, after) = around[index % around.len()];
        let open = case.command.trim_end().ends_with(['&', ';']);
        if open && after.starts_with(';') {
            continue;
        }
        let command = format!("{before}{}{after}", case.command);
        let (alone, class) = (
            bench.classify(&case.command).class,
            bench.classify(&command).class,
        );
        assert!(class >= alone, "{class:?} < {alone:?}: {command}");
    }
}

#[test]
fn quoting_words_otherwise_never_changes_a_class() {
    let bench = Bench::new();
    let mut all = load("dangerous");
    all.extend(load("harmless"));
    let mut tried = 0;
    for (index, case) in all.iter().enumerate() {
        let alone = bench.classify(&case.command).class;
        for seed in 0..3 {
            let Some(command) = requoted(&case.command, index * 3 + seed) else {
                continue;
            };
            tried += 1;
            let class = bench.classify(&command).class;
            assert_eq!(class, alone, "{} as {command}", case.command);
        }
    }
    assert!(tried > 3_000, "{tried} lines are quoted otherwise");
}
