//! The admin vault: what proves that somebody knows the admin's password, without the password.
//!
//! Pure, like all of this crate: entropy, files and time come in as arguments. Argon2 is not here but in the client, so that the
//! daemon cannot run it. The format and the protocol for others are in [`crate::manual::vault`].

pub mod challenge;
pub mod keys;
pub mod operation;
pub mod parameters;
pub mod throttle;
pub mod transcript;

use data_encoding::HEXLOWER;
use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::protocol::KdfParameters;

/// Largest file that can be a vault, in bytes. One is about a kibibyte, and grows by 230 bytes with each wrapped key.
pub const VAULT_BYTES_MAX: usize = 16 * 1024;

/// Most keys of the log that a vault wraps: one, and one more after each incident.
pub const WRAPPED_MAX: usize = 32;

/// Bytes of a salt that this program makes (RFC 9106, section 3.1, recommends 16).
pub const SALT_BYTES: usize = 16;

/// The version of the format.
const VERSION: u32 = 1;

/// Why bytes are no vault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// Longer than any vault.
    #[error("it has {0} bytes, a vault has {VAULT_BYTES_MAX} at most")]
    TooLong(usize),
    /// Not the members of a vault.
    #[error("it is not a vault")]
    Members(#[source] serde_json::Error),
    /// Written by a newer program.
    #[error("it is of format {0}, which this version does not know")]
    Version(u32),
    /// A member has a value that no vault has.
    #[error("its `{0}` is not usable")]
    Member(&'static str),
}

/// What the daemon keeps of the admin's password: enough to recognise a proof, not enough to make one.
///
/// It does hold an oracle: whoever reads the file can try passwords against `public`, at the price of one Argon2 each. That is
/// why nothing of it but salt and parameters goes over the socket, and nothing but its name into the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vault {
    /// The version of the format.
    version: u32,
    /// Random, made at enrolment and kept through every rotation.
    pub id: Uuid,
    /// Counts rotations, from 1; a proof for an earlier one is worth nothing.
    pub epoch: u64,
    /// The salt of Argon2id, in hexadecimal.
    pub salt: String,
    /// Its costs.
    pub params: KdfParameters,
    /// The Ed25519 key that checks proofs made with the password, in hexadecimal.
    pub public: String,
    /// The Ed25519 key that checks proofs made with the recovery key, in hexadecimal.
    pub recovery_public: String,
    /// First keys of the log, each under the password and under the recovery key.
    pub wrapped: Vec<Wrapped>,
    /// Random bytes that make the name of the vault tell nothing about the rest of it, in hexadecimal.
    pub blind: String,
}

/// The first key of a chain of the log, which checks every MAC after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrapped {
    /// The record whose key it is.
    pub first: u64,
    /// Sealed with the key that the password gives: 24 bytes of nonce, 32 of key, 16 of tag, in hexadecimal.
    pub by_password: String,
    /// The same, sealed with the key that the recovery key gives.
    pub by_recovery: String,
}

/// What a new vault is made of.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Kept through every rotation.
    pub id: Uuid,
    /// One more than that of the vault before; 1 for the first.
    pub epoch: u64,
    /// Fresh.
    pub salt: Vec<u8>,
    /// Checked costs.
    pub params: parameters::Bounded,
    /// Checks proofs made with the password.
    pub public: [u8; 32],
    /// Checks proofs made with the recovery key.
    pub recovery_public: [u8; 32],
    /// First keys of the log.
    pub wrapped: Vec<Wrapped>,
    /// Fresh.
    pub blind: [u8; 32],
}

/// Which secret a proof is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// The password.
    Password,
    /// The recovery key.
    Recovery,
}

impl Vault {
    /// Puts a vault together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            version: VERSION,
            id: parts.id,
            epoch: parts.epoch,
            salt: HEXLOWER.encode(&parts.salt),
            params: parts.params.get(),
            public: HEXLOWER.encode(&parts.public),
            recovery_public: HEXLOWER.encode(&parts.recovery_public),
            wrapped: parts.wrapped,
            blind: HEXLOWER.encode(&parts.blind),
        }
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// When they are no vault that this program may rely on.
    pub fn read(bytes: &[u8]) -> Result<Self, VaultError> {
        if bytes.len() > VAULT_BYTES_MAX {
            return Err(VaultError::TooLong(bytes.len()));
        }
        let vault: Self = serde_json::from_slice(bytes).map_err(VaultError::Members)?;
        if vault.version != VERSION {
            return Err(VaultError::Version(vault.version));
        }
        vault.check()?;
        Ok(vault)
    }

    fn check(&self) -> Result<(), VaultError> {
        let problem = |member| Err(VaultError::Member(member));
        if self.epoch == 0 {
            return problem("epoch");
        }
        if parameters::Bounded::check(self.params, &self.salt_bytes()).is_err() {
            return problem("params");
        }
        if self.key(Credential::Password).is_none() {
            return problem("public");
        }
        if self.key(Credential::Recovery).is_none() || self.public == self.recovery_public {
            return problem("recovery_public");
        }
        if unhex::<32>(&self.blind).is_none() {
            return problem("blind");
        }
        let sealed = |wrapped: &Wrapped| {
            let both = [&wrapped.by_password, &wrapped.by_recovery];
            both.iter().all(|sealed| unhex::<72>(sealed).is_some())
        };
        if self.wrapped.len() > WRAPPED_MAX || !self.wrapped.iter().all(sealed) {
            return problem("wrapped");
        }
        Ok(())
    }

    /// Returns the bytes of the file.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which text and numbers always can.
    pub fn write(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Returns the salt.
    #[must_use]
    pub fn salt_bytes(&self) -> Vec<u8> {
        HEXLOWER.decode(self.salt.as_bytes()).unwrap_or_default()
    }

    /// Returns the key that checks proofs made with `credential`; nothing when it is none.
    #[must_use]
    pub fn key(&self, credential: Credential) -> Option<VerifyingKey> {
        let text = match credential {
            Credential::Password => &self.public,
            Credential::Recovery => &self.recovery_public,
        };
        let key = VerifyingKey::from_bytes(&unhex::<32>(text)?).ok()?;
        // Under a key of small order everybody's signature would verify.
        (!key.is_weak()).then_some(key)
    }
}

/// Returns the name of a vault: what records call it, and by which another file is found out.
#[must_use]
pub fn name(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// How the vault stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The log has never named one, and there is none.
    Absent,
    /// It is the one that the log last named.
    Whole(Box<Vault>),
    /// Anything else. Nothing privileged is done.
    Degraded(String),
}

/// What was found where the vault ought to be.
#[derive(Debug)]
pub enum Found {
    /// No file.
    Nothing,
    /// A file that only its owner can have written, with these bytes.
    File(Vec<u8>),
    /// Something else: a link, another owner, an error; the reason in a few words.
    Unusable(String),
}

/// Judges what was found by what the log `named` last. No vault file never means no password.
#[must_use]
pub fn judge(named: Option<&str>, found: Found) -> Standing {
    let degraded = |why: &str| Standing::Degraded(why.to_owned());
    match (named, found) {
        (None, Found::Nothing) => Standing::Absent,
        (Some(_), Found::Nothing) => degraded("it is missing"),
        (_, Found::Unusable(why)) => Standing::Degraded(why),
        (None, Found::File(_)) => degraded("the log has never named one"),
        (Some(named), Found::File(bytes)) => {
            if name(&bytes) != named {
                return degraded("it is not the one that the log last named");
            }
            match Vault::read(&bytes) {
                Ok(vault) => Standing::Whole(Box::new(vault)),
                Err(error) => Standing::Degraded(error.to_string()),
            }
        }
    }
}

/// Reads exactly `N` bytes of lower-case hexadecimal.
pub(crate) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests;
