//! Decisions that were hard, each with what was considered and what would change it.

pub mod assumed_words;
pub mod facts_are_claims;
pub mod hook_by_musl;
pub mod knowledge_and_rules;
pub mod language_of_scripts;
pub mod mass_changes;
pub mod model_adds_caution;
pub mod one_thread;
pub mod other_shells;
pub mod own_work;
pub mod public_key_vault;
pub mod single_use;
pub mod worker_of_its_own;
