//! The policy daemon: one thread, one place where it blocks.

pub mod store;
