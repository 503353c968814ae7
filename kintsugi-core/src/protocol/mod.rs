//! The wire, version 1: one JSON object a line.
//!
//! The shapes are those of the existing clients, which must work unchanged. Members marked *addition* are optional on the way in.

mod burst;
pub mod frame;
mod request;
mod response;
mod scored;

pub use burst::{Burst, Directory, Example, Moved, Suspect};
pub use request::{Change, Request, Resolution};
pub use response::{
    AgentStatus, Binding, ChildState, ChildStatus, ErrorCode, InBrief, KdfParameters, KnownItem,
    LogStatus, PendingItem, PendingStatus, Response, Status, VaultStatus, Verdict,
};
pub use scored::{HEURISTIC, ModelState, ModelStatus, Opinion, Scored};

/// The version of the wire that this crate speaks.
pub const VERSION: u32 = 1;
