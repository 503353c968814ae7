//! What agents say and want to hear: the payloads of their hooks, and the answers that stop a tool.
//!
//! One file per host in [`host`]. Nothing here talks to the daemon or judges; both clients share it. A host runs the tool when
//! a hook crashes, is late or says something it does not know, so whatever is not understood here is an error, never silence.

pub mod call;
pub mod host;
mod links;
mod once;
pub mod payload;
pub mod tool;
mod unknown;

pub use call::{Call, PayloadError, Proposed};
pub use host::{Answer, Host, Permission};

/// Longest payload that is read, in bytes. A file that is written whole is in it.
pub const PAYLOAD_BYTES_MAX: u64 = 8 * 1024 * 1024;

#[cfg(test)]
mod tests;
