//! What the shell hooks promise, cell by cell of the table in `shell-hooks/README.md`.
//!
//! One list of scenarios, played in every shell; and what only one shell can show. Evidence is a file that a command would make: it
//! is there when it ran, and only then.

mod answers;
mod companions;
mod lines;
mod nu;
mod old_bash;
mod options;
mod own;
mod surroundings;
mod transparency;
mod versions;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use kintsugi_tests::machine::{Machine, program};
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

/// Where scenarios are played.
#[derive(Debug, Clone)]
struct Stage {
    shell: Shell,
    /// Directories of `target/shells` whose programs are found first.
    programs: Vec<PathBuf>,
    /// Lines of the start-up file behind those of the hook.
    lines: String,
}

impl Stage {
    fn new(shell: Shell) -> Self {
        Self {
            shell,
            programs: Vec::new(),
            lines: String::new(),
        }
    }

    fn machine(&self) -> Machine {
        Machine::with_programs(&self.programs)
    }

    /// Returns a seat whose daemon runs: many that start at once on a small machine would not all be ready in the time that a
    /// client gives them. That a line starts one is shown by the tests of one shell (`own.rs`).
    fn seat(&self) -> Seat {
        let machine = self.machine();
        let started = (0..10).any(|_| machine.run(&["daemon", "start"]).status.success());
        assert!(started, "no daemon");
        Seat::on(machine, self.shell, &self.lines)
    }
}

/// Returns a directory that `tests/shells` makes.
fn fetched(name: &str) -> PathBuf {
    let directory = program("kintsugi")
        .with_file_name("../shells")
        .join(name)
        .canonicalize();
    directory.unwrap_or_else(|_| panic!("`{name}` is missing: run `tests/shells`"))
}

/// Whether what takes long, or must be fetched first, is played as well.
fn is_long() -> bool {
    std::env::var_os("KINTSUGI_LONG_TESTS").is_some()
}

/// Plays `scenarios`, each at a seat of its own, and names every one that fails.
///
/// Several at a time: a scenario waits for a person's silence, for a prompt or for a daemon for most of its life.
fn play<'a>(stage: &Stage, scenarios: impl Iterator<Item = &'a Scenario>) {
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
                        let mut seat = stage.seat();
                        scenario(&mut seat);
                    });
                    if outcome.is_err() {
                        eprintln!("{:?}: failed: {name}", stage.shell);
                        failed.lock().expect("no panic here").push(*name);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("no panic here");
    assert!(
        failed.is_empty(),
        "{stage:?}, of {}: {failed:#?}",
        chosen.len()
    );
}

#[test]
fn bash_keeps_every_promise() {
    play(&Stage::new(Shell::Bash), scenarios());
}

#[test]
fn zsh_keeps_every_promise() {
    play(&Stage::new(Shell::Zsh), scenarios());
}

#[test]
fn fish_keeps_every_promise() {
    play(&Stage::new(Shell::Fish), scenarios());
}

#[test]
fn there_are_forty_scenarios_and_none_has_the_name_of_another() {
    let names: Vec<_> = scenarios().map(|(name, _)| *name).collect();
    assert!(names.len() >= 40, "{}", names.len());
    let distinct: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len());
}

#[test]
fn every_row_of_the_truth_table_names_tests_that_exist() {
    let readme = include_str!("../../../shell-hooks/README.md");
    let (_, table) = readme.split_once("## The truth table").expect("the table");
    let (table, _) = table.split_once("\n## ").expect("its end");
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let files = std::fs::read_dir(here.join("shell_hooks")).expect("the tests");
    let files = files.map(|file| file.expect("a file").path());
    let source: String = files
        .chain([here.join("shim.rs")])
        .map(|file| std::fs::read_to_string(file).expect("text"))
        .collect();
    let mut rows = 0;
    // Behind its head and the line below that.
    for row in table.lines().filter(|line| line.starts_with('|')).skip(2) {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").collect();
        let tests = cells.last().expect("cells");
        let mut named = 0;
        for name in tests.split('"').skip(1).step_by(2) {
            let is_there = match name.strip_prefix('…') {
                Some(end) => scenarios().any(|(one, _)| one.ends_with(end)),
                None => scenarios().any(|(one, _)| *one == name),
            };
            assert!(is_there, "`{name}`: {row}");
            named += 1;
        }
        for name in tests.split('`').skip(1).step_by(2) {
            let is_there = match name.strip_suffix(".rs") {
                Some(_) => {
                    let places = [here.join("shell_hooks"), here.join("../..")];
                    places.iter().any(|place| place.join(name).exists())
                }
                None => name == "KINTSUGI_LONG_TESTS=1" || source.contains(&format!("fn {name}()")),
            };
            assert!(is_there, "`{name}`: {row}");
            named += 1;
        }
        assert!(named > 0, "no test: {row}");
        rows += 1;
    }
    assert!(rows > 20, "{rows}");
}
