//! What tells one proposal from another.

use kintsugi_core::audit::chain::{hex, unhex};
use kintsugi_core::audit::record::Command;
use kintsugi_core::proposal::ProposedCommand;

/// A proposal's fingerprint. A day's worth of them is remembered, so it is kept as its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Takes the bytes of one.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the fingerprint of a command as it was proposed.
    #[must_use]
    pub fn of_proposed(command: &ProposedCommand) -> Self {
        Self(command.fingerprint())
    }

    /// Returns the fingerprint of a command as it was proposed, from what a record keeps of it.
    #[must_use]
    pub fn of_kept(command: &Command) -> Self {
        let cut = command.cut.as_ref().map(|cut| &cut.fingerprint);
        let exact = command.exact.as_ref().map(|exact| &exact.fingerprint);
        match cut.or(exact) {
            Some(text) => Self::read(text),
            None => Self(command.fingerprint()),
        }
    }

    /// Reads one as it stands in a record.
    #[must_use]
    pub fn read(text: &str) -> Self {
        // What is none is like no other: it is a name all the same, and no command has it.
        Self(unhex(text.as_bytes()).unwrap_or_else(|| *blake3::hash(text.as_bytes()).as_bytes()))
    }

    /// Returns it as it stands in a record, in hexadecimal.
    #[must_use]
    pub fn text(&self) -> String {
        hex(&self.0)
    }
}
