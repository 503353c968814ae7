//! What agents say and want to hear: one file per dialect.
//!
//! Nothing here talks to the daemon or judges; both clients share it.

pub mod claude_code;
