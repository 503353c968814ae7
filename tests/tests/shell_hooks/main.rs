//! What the shell hooks promise, cell by cell of the table in `shell-hooks/README.md`.
//!
//! One list of scenarios, played in every shell; and what only one shell can show. Evidence is a file that a command would make: it
//! is there when it ran, and only then.

mod answers;
mod companions;
mod lines;
mod own;
mod surroundings;
mod transparency;

use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use kintsugi_tests::seat::Seat;
use kintsugi_tests::shells::Shell;

/// What happens at a seat, and what must come of it.
type Scenario = (&'static str, fn(&mut Seat));

/// Scenarios of one list that are played at the same time.
const AT_A_TIME: usize = 4;

/// Every scenario, in the order of the table.
fn scenarios() -> impl Iterator<Item = &'static Scenario> {
    answers::SCENARIOS
        .iter()
        .chain(lines::SCENARIOS)
        .chain(transparency::SCENARIOS)
        .chain(surroundings::SCENARIOS)
}

/// Plays `scenarios` in `shell`, each at a seat of its own, and names every one that fails.
///
/// Several at a time: a scenario waits for a person's silence, for a prompt or for a daemon for most of its life.
fn play<'a>(shell: Shell, lines: &str, scenarios: impl Iterator<Item = &'a Scenario>) {
    // For whoever looks for the reason of one: only those with these words in their name.
    let wanted = std::env::var("KINTSUGI_SCENARIO").unwrap_or_default();
    let chosen: Vec<_> = scenarios
        .filter(|(name, _)| name.contains(&wanted))
        .collect();
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|threads| {
        for _ in 0..AT_A_TIME {
            threads.spawn(|| {
                while let Some((name, scenario)) = chosen.get(next.fetch_add(1, Relaxed)) {
                    let outcome = std::panic::catch_unwind(|| {
                        let mut seat = Seat::with_lines(shell, lines);
                        scenario(&mut seat);
                    });
                    if outcome.is_err() {
                        eprintln!("{shell:?}: failed: {name}");
                        failed.lock().expect("no panic here").push(*name);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("no panic here");
    assert!(
        failed.is_empty(),
        "{shell:?}, of {}: {failed:#?}",
        chosen.len()
    );
}

#[test]
fn bash_keeps_every_promise() {
    play(Shell::Bash, "", scenarios());
}

#[test]
fn zsh_keeps_every_promise() {
    play(Shell::Zsh, "", scenarios());
}

#[test]
fn fish_keeps_every_promise() {
    play(Shell::Fish, "", scenarios());
}

#[test]
fn there_are_forty_scenarios_and_none_has_the_name_of_another() {
    let names: Vec<_> = scenarios().map(|(name, _)| *name).collect();
    assert!(names.len() >= 40, "{}", names.len());
    let distinct: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len());
}
