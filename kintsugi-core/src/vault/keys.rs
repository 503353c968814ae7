//! From the password or the recovery key to the keys that are used. Nothing here prints, and all of it is wiped.
//!
//! Both derivations name the vault, so that the same password gives other keys in another vault.

use std::fmt;

use data_encoding::{Encoding, Specification};
use ed25519_dalek::{Signer as _, SigningKey};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::Credential;

const AUTH: &str = "kintsugi admin auth ed25519 seed v1";
const WRAP: &str = "kintsugi admin wrap xchacha20poly1305 key v1";
const RECOVERY_AUTH: &str = "kintsugi admin recovery ed25519 seed v1";
const RECOVERY_WRAP: &str = "kintsugi admin recovery wrap xchacha20poly1305 key v1";

/// Bytes of the checksum behind a recovery key.
const CHECK_BYTES: usize = 3;

/// Symbols of a recovery key as it is written: 35 bytes, five bits each.
const SYMBOLS: usize = (32 + CHECK_BYTES) * 8 / 5;

/// Symbols in a group.
const GROUP: usize = 7;

/// A secret from which the keys of one vault come: what Argon2id gives for the password, or the recovery key.
pub struct Root {
    bytes: Zeroizing<[u8; 32]>,
    credential: Credential,
}

impl fmt::Debug for Root {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Root(…)")
    }
}

impl Root {
    /// Takes what Argon2id gave for a password.
    #[must_use]
    pub const fn of_password(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self {
            bytes,
            credential: Credential::Password,
        }
    }

    /// Takes a recovery key: it is random, so that nothing needs to slow guessing down.
    #[must_use]
    pub fn of_recovery(key: &RecoveryKey) -> Self {
        Self {
            bytes: key.0.clone(),
            credential: Credential::Recovery,
        }
    }

    /// Returns the key that signs proofs for the vault `id`.
    #[must_use]
    pub fn prover(&self, id: Uuid) -> Prover {
        let seed = self.derive(
            match self.credential {
                Credential::Password => AUTH,
                Credential::Recovery => RECOVERY_AUTH,
            },
            id,
        );
        Prover(SigningKey::from_bytes(&seed))
    }

    /// Returns the key that seals the first keys of the log for the vault `id`.
    #[must_use]
    pub fn wrap_key(&self, id: Uuid) -> Zeroizing<[u8; 32]> {
        let context = match self.credential {
            Credential::Password => WRAP,
            Credential::Recovery => RECOVERY_WRAP,
        };
        self.derive(context, id)
    }

    fn derive(&self, context: &'static str, id: Uuid) -> Zeroizing<[u8; 32]> {
        let mut material = Zeroizing::new([0; 48]);
        let (root, name) = material.split_at_mut(32);
        root.copy_from_slice(self.bytes.as_ref());
        name.copy_from_slice(id.as_bytes());
        Zeroizing::new(blake3::derive_key(context, material.as_ref()))
    }
}

/// Signs proofs.
pub struct Prover(SigningKey);

impl fmt::Debug for Prover {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Prover(…)")
    }
}

impl Prover {
    /// Takes a seed.
    #[must_use]
    pub fn new(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Returns the key that checks what this one signs. It goes into the vault and nowhere else.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs `message`.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// 256 random bits that stand in for a forgotten password.
pub struct RecoveryKey(Zeroizing<[u8; 32]>);

impl fmt::Debug for RecoveryKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RecoveryKey(…)")
    }
}

/// Why text is no recovery key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecoveryKeyError {
    /// Part of it is missing, or there is too much.
    #[error("a recovery key has {SYMBOLS} letters and digits, this has {0}")]
    Length(usize),
    /// A sign that is in no key.
    #[error("`{0}` is in no recovery key")]
    Symbol(char),
    /// It was mistyped.
    #[error("the recovery key is mistyped: its checksum does not fit")]
    Checksum,
}

impl RecoveryKey {
    /// Takes 32 random bytes.
    #[must_use]
    pub const fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// Returns it as it is written down: groups of letters and digits that are not mistaken for each other.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0; 32 + CHECK_BYTES]);
        let (key, check) = bytes.split_at_mut(32);
        key.copy_from_slice(self.0.as_ref());
        check.copy_from_slice(&self.checksum());
        let mut written = Zeroizing::new(String::with_capacity(2 * SYMBOLS));
        let symbols = Zeroizing::new(alphabet().map(|alphabet| alphabet.encode(bytes.as_ref())));
        for (at, symbol) in symbols.iter().flat_map(|text| text.chars()).enumerate() {
            if at > 0 && at % GROUP == 0 {
                written.push('-');
            }
            written.push(symbol);
        }
        written
    }

    /// Reads it as somebody types it: any case, with or without the signs between the groups.
    ///
    /// # Errors
    /// When it is none, or is mistyped.
    pub fn parse(text: &str) -> Result<Self, RecoveryKeyError> {
        let mut symbols = Zeroizing::new(String::with_capacity(2 * SYMBOLS));
        for symbol in text.chars().filter(|symbol| !matches!(symbol, '-' | ' ')) {
            let symbol = match symbol.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                symbol if ALPHABET.contains(symbol) => symbol,
                _ => return Err(RecoveryKeyError::Symbol(symbol)),
            };
            symbols.push(symbol);
        }
        if symbols.len() != SYMBOLS {
            return Err(RecoveryKeyError::Length(symbols.len()));
        }
        let bytes = alphabet().and_then(|alphabet| alphabet.decode(symbols.as_bytes()).ok());
        let bytes = Zeroizing::new(bytes.unwrap_or_default());
        let (key, check) = bytes
            .split_first_chunk::<32>()
            .ok_or(RecoveryKeyError::Checksum)?;
        let key = Self(Zeroizing::new(*key));
        if key.checksum().as_slice() == check {
            Ok(key)
        } else {
            Err(RecoveryKeyError::Checksum)
        }
    }

    fn checksum(&self) -> [u8; CHECK_BYTES] {
        let key = blake3::derive_key("kintsugi admin recovery key checksum v1", self.0.as_ref());
        let [first, second, third, ..] = key;
        [first, second, third]
    }
}

/// Crockford's base 32: no `I`, `L`, `O`, `U`.
const ALPHABET: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn alphabet() -> Option<Encoding> {
    let mut specification = Specification::new();
    specification.symbols.push_str(ALPHABET);
    specification.encoding().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> RecoveryKey {
        RecoveryKey::new(Zeroizing::new([byte; 32]))
    }

    #[test]
    fn a_recovery_key_is_read_back_however_it_is_typed() {
        let text = key(0xa7).text();
        assert_eq!(text.len(), SYMBOLS + SYMBOLS / GROUP - 1, "{text:?}");
        for typed in [
            text.to_string(),
            text.to_lowercase(),
            text.replace('-', " "),
            text.replace('-', ""),
            text.replace('1', "l").replace('0', "o"),
        ] {
            assert_eq!(*RecoveryKey::parse(&typed).unwrap().0, [0xa7; 32]);
        }
    }

    #[test]
    fn every_mistyped_sign_of_a_recovery_key_is_noticed() {
        let text = key(0x5c).text();
        let mut missed = 0;
        for (at, symbol) in text.char_indices().filter(|(_, symbol)| *symbol != '-') {
            for other in ALPHABET.chars().filter(|other| *other != symbol) {
                let mut typed = text.to_string();
                typed.replace_range(at..=at, &other.to_string());
                missed += usize::from(RecoveryKey::parse(&typed).is_ok());
            }
        }
        assert_eq!(missed, 0);
        let short = text.strip_suffix(|_: char| true).unwrap();
        assert_eq!(
            RecoveryKey::parse(short).unwrap_err(),
            RecoveryKeyError::Length(SYMBOLS - 1)
        );
        assert_eq!(
            RecoveryKey::parse("U").unwrap_err(),
            RecoveryKeyError::Symbol('U')
        );
    }

    #[test]
    fn keys_differ_by_vault_and_by_use_and_print_nothing() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let root = Root::of_password(Zeroizing::new([7; 32]));
        let recovery = Root::of_recovery(&key(7));
        let publics = [
            root.prover(one).public(),
            root.prover(two).public(),
            recovery.prover(one).public(),
            *root.wrap_key(one),
            *recovery.wrap_key(one),
        ];
        for (at, public) in publics.iter().enumerate() {
            assert!(!publics[..at].contains(public), "{at}");
        }
        let shown = format!("{root:?} {:?} {:?}", root.prover(one), key(7));
        assert_eq!(shown, "Root(…) Prover(…) RecoveryKey(…)");
    }
}
