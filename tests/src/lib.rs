//! Harness of the tests that run the real programs.

pub mod admin;
pub mod agents;
pub mod allocations;
pub mod copies;
pub mod corpus;
pub mod daemon;
pub mod desktop;
pub mod endpoint;
pub mod evasion;
pub mod homes;
pub mod killers;
pub mod logs;
pub mod machine;
pub mod model;
pub mod oracle;
pub mod pty;
pub mod scorer;
pub mod seat;
pub mod shells;
pub mod traced;
pub mod tree;
pub mod volume;
pub mod waiting;
pub mod wire;
