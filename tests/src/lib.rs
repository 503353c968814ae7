//! Harness of the tests that run the real programs.

pub mod agents;
pub mod corpus;
pub mod daemon;
pub mod evasion;
pub mod machine;
pub mod pty;
pub mod shells;
pub mod wire;
