//! Harness of the tests that run the real programs.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a harness fails by panicking: that is how a test tells what went wrong"
)]

pub mod corpus;
pub mod daemon;
pub mod evasion;
pub mod machine;
pub mod pty;
pub mod shells;
pub mod wire;
