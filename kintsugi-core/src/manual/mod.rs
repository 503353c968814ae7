//! The manual: what Kintsugi promises, to whom, and why it is built as it is.
//!
//! | page | for whom |
//! |---|---|
//! | [`promises`] | whoever wants to know what they may rely on, and which test keeps it |
//! | [`threat_model`] | whoever decides whether that is enough |
//! | [`exit_codes`] | whoever calls `kintsugi` from a script |
//! | [`bypasses`] | whoever found a way around, or looks for one |
//! | [`decisions`] | whoever is about to change something that was hard to decide |

pub mod bypasses;
pub mod decisions;
pub mod exit_codes;
pub mod promises;
pub mod threat_model;
