//! The manual: what Kintsugi promises, to whom, and why it is built as it is.
//!
//! | page | for whom |
//! |---|---|
//! | [`promises`] | whoever wants to know what they may rely on, and which test keeps it |
//! | [`threat_model`] | whoever decides whether that is enough |
//! | [`protocol`] | whoever writes a client |
//! | [`approvals`] | whoever wants to know who may say yes |
//! | [`undo`] | whoever wants back what a command destroyed, or wants to know beforehand whether it comes back |
//! | [`watcher`] | whoever wants to know what happens past the gates, and what of it is seen |
//! | [`vault`] | whoever sets, keeps or checks the admin's password |
//! | [`audit_log`] | whoever wants to check a log without us |
//! | [`hooks`] | whoever puts Kintsugi in front of a shell or an agent |
//! | [`model`] | whoever wants a model to add caution, or to know what one is worth |
//! | [`exit_codes`] | whoever calls `kintsugi` from a script |
//! | [`unseen`] | whoever asks how many of the commands that nobody thought of are judged well |
//! | [`bypasses`] | whoever found a way around, or looks for one |
//! | [`decisions`] | whoever is about to change something that was hard to decide |

pub mod approvals;
pub mod audit_log;
pub mod bypasses;
pub mod decisions;
pub mod exit_codes;
pub mod hooks;
pub mod model;
pub mod promises;
pub mod protocol;
pub mod threat_model;
pub mod undo;
pub mod unseen;
pub mod vault;
pub mod watcher;
