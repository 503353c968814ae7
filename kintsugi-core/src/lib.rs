//! The judgement of Kintsugi: from the text of a command to a decision, and the forms in which both are kept and sent.
//!
//! Pure: bytes, time, entropy and facts come in as arguments. Nothing here reads a clock, the environment or a file,
//! starts a process, or opens a socket; `clippy.toml` of this crate forbids it.

#![forbid(unsafe_code)]

pub mod audit;
pub mod binding;
pub mod capture;
pub mod classify;
pub mod decide;
pub mod display;
pub mod effect;
pub mod facts;
pub mod grant;
pub mod heuristic;
pub mod judge;
pub mod knowledge;
pub mod limits;
pub mod manual;
pub mod own_file;
pub mod paths;
pub mod place;
pub mod policy;
pub mod proposal;
pub mod protocol;
pub mod quote;
pub mod redact;
pub mod rules;
pub mod scorer;
pub mod shell;
pub mod vault;
