//! No text takes more than its share: what one classification holds at most, and what it asks for in all.
//!
//! Bytes, not time: these are the same in every run. `cargo bench -p kintsugi-tests --bench bounds` tells the time.

use kintsugi_core::classify::{Class, Subject};
use kintsugi_core::judge::{Judge, example_surroundings};
use kintsugi_core::limits::SHELL_BYTES_MAX;
use kintsugi_core::shell::Dialect;
use kintsugi_tests::allocations::{Counting, Taken};
use kintsugi_tests::killers::killers;

#[global_allocator]
static ALLOCATIONS: Counting = Counting::new();

/// The most that one classification may hold, in bytes.
const HELD_MAX: usize = 16 * 1024 * 1024;
/// The most that it may ask for in all, in bytes: what it does besides is about as much.
const ASKED_MAX: usize = 32 * 1024 * 1024;

/// One below the bounds on depth, one below and one near those on length and work.
const COUNTS: [usize; 3] = [40, 3_000, 6_000];

fn taken(judge: &Judge, text: &str, dialect: Dialect) -> (Class, Taken) {
    let surroundings = example_surroundings();
    let mut class = Class::Safe;
    let taken = ALLOCATIONS.of(|| {
        class = judge
            .classify(Subject {
                text,
                dialect,
                cwd: "/home/u/project",
                surroundings: &surroundings,
                facts: None,
                bar: kintsugi_core::classify::Bar::Decision,
            })
            .class;
    });
    (class, taken)
}

/// One test only: the allocator counts for the whole process.
#[test]
fn nothing_that_is_made_to_exhaust_takes_more_than_its_share() {
    let judge = Judge::builtin().unwrap();
    // What is read only when it is first needed is read before anything is counted.
    for killer in killers() {
        taken(&judge, &killer.text(1), killer.dialect);
    }
    let mut over = Vec::new();
    for killer in killers() {
        for count in COUNTS {
            let text = killer.text(count);
            let (_, Taken { most, all }) = taken(&judge, &text, killer.dialect);
            if most > HELD_MAX || all > ASKED_MAX {
                let name = killer.name;
                over.push(format!("{name} × {count}: {most} at once, {all} in all"));
            }
        }
    }
    for (name, text) in [
        (
            "a pile of here-documents",
            "<<a<<a<<a<<a<<a<<a<<a<<".to_owned(),
        ),
        (
            "tests without end",
            format!("[[ {}x ]]", "! ".repeat(5_000)),
        ),
        ("90 substitutions", "$(".repeat(90)),
        ("a megabyte of quotes", "'".repeat(1 << 20)),
        ("a megabyte of backslashes", "\\".repeat(1 << 20)),
        ("a megabyte of braces", "{".repeat(1 << 20)),
        ("as many braces as are read", "{".repeat(SHELL_BYTES_MAX)),
    ] {
        let (class, Taken { most, all }) = taken(&judge, &text, Dialect::Bash);
        if most > HELD_MAX || all > ASKED_MAX {
            over.push(format!("{name}: {most} at once, {all} in all"));
        }
        let harmless = name == "tests without end";
        assert!(harmless || class > Class::Safe, "{name}: {class:?}");
    }
    assert!(over.is_empty(), "{over:#?}");
}
