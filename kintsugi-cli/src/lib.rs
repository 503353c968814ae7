//! The clients of Kintsugi: `kintsugi` for people, `kintsugi-hook` for hooks.
//!
//! They propose, show and carry answers; they decide nothing themselves, except when there is no daemon: then the embedded
//! core lets the plainly safe pass and holds the rest.

#![forbid(unsafe_code)]

pub mod card;
pub mod client;
pub mod console;
pub mod exit;
pub mod snippet;
pub mod start;
pub mod surroundings;
