//! Tests of the engine: the grammar of options, wrappers, flows, and that every entry loads.

use super::testing::{all_effects, assert_effects, effects};
use super::*;

#[test]
fn every_builtin_file_is_read() {
    check::check(builtin::FILES).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn every_program_that_is_indexed_has_an_entry() {
    let knowledge = Knowledge::builtin().unwrap();
    for name in knowledge.store.names() {
        let (_, node) = knowledge.store.program(name).unwrap();
        assert!(
            node.entry.is_some() || node.has_children(),
            "`{name}` has none"
        );
    }
}

#[test]
fn show() {
    for text in std::env::var("SHOW").unwrap_or_default().lines() {
        println!("{text}");
        for effect in all_effects(text) {
            println!("    {effect}");
        }
    }
}
