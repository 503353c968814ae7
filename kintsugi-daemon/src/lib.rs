//! The policy daemon: one thread, one place where it blocks.
//!
//! The library exists for the program of the same name, and for tests and measurements of its parts.

pub mod authority;
mod authorize;
pub mod book;
mod carry_out;
pub mod challenge;
mod clip;
pub mod clock;
pub mod connection;
pub mod crowd;
pub mod daemon;
pub mod follow;
mod grants;
pub mod handle;
pub mod homes;
pub mod judge;
pub mod keeper;
mod last_words;
pub mod listener;
mod manage;
mod observe;
mod own_file;
pub mod peer;
pub mod poller;
pub mod port;
pub mod project;
mod proposal;
mod reconcile;
mod resolve;
mod rounds;
pub mod scoring;
pub mod settings;
mod spool;
mod standing_settings;
pub mod start;
pub mod state;
pub mod store;
pub mod stream;
pub mod supervise;
pub mod sys;
mod watcher;
