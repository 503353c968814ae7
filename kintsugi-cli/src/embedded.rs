//! The judgement without a daemon: the plainly safe pass and are spooled for the log, the rest is held.

use kintsugi_core::judge::Judge;

use crate::exit::{Exit, Failure};

/// Returns the judge that is built in.
///
/// # Errors
/// Never, in a released build.
pub fn judge() -> Result<Judge, Failure> {
    Judge::builtin().map_err(|error| {
        Failure::new(Exit::Failed, format!("{:#}", anyhow::Error::from(error)))
            .hint("this build is broken: install another, and report this line")
    })
}
