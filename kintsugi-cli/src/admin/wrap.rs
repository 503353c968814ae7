//! The first keys of the log, sealed with what password and recovery key give (XChaCha20-Poly1305).

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use data_encoding::HEXLOWER;
use kintsugi_core::vault::Wrapped;
use kintsugi_core::vault::keys::Root;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::random;
use crate::exit::{Exit, Failure};

/// Seals the `key` of the log's chain that begins at record `first`, once under each secret.
///
/// # Errors
/// When the system has no randomness to give.
pub fn wrap(
    (first, key): (u64, &[u8; 32]),
    vault: Uuid,
    password: &Root,
    recovery: &Root,
) -> Result<Wrapped, Failure> {
    Ok(Wrapped {
        first,
        by_password: seal(key, first, vault, password)?,
        by_recovery: seal(key, first, vault, recovery)?,
    })
}

/// Seals a key under one secret.
///
/// # Errors
/// When the system has no randomness to give.
pub fn seal(key: &[u8; 32], first: u64, vault: Uuid, root: &Root) -> Result<String, Failure> {
    let nonce = random::<24>()?;
    let cipher = XChaCha20Poly1305::new(root.wrap_key(vault).as_slice().into());
    let bound = bound(first, vault);
    let payload = Payload {
        msg: key,
        aad: &bound,
    };
    let sealed = cipher
        .encrypt(XNonce::from_slice(nonce.as_slice()), payload)
        .map_err(|_| Failure::new(Exit::Failed, "cannot seal the key of the log"))?;
    Ok(HEXLOWER.encode(&[nonce.as_slice(), &sealed].concat()))
}

/// Opens what was sealed under a secret; nothing when it is another one, or was altered.
#[must_use]
pub fn open(sealed: &str, first: u64, vault: Uuid, root: &Root) -> Option<Zeroizing<[u8; 32]>> {
    let bytes = HEXLOWER.decode(sealed.as_bytes()).ok()?;
    let (nonce, sealed) = bytes.split_at_checked(24)?;
    let cipher = XChaCha20Poly1305::new(root.wrap_key(vault).as_slice().into());
    let bound = bound(first, vault);
    let payload = Payload {
        msg: sealed,
        aad: &bound,
    };
    let opened = Zeroizing::new(cipher.decrypt(XNonce::from_slice(nonce), payload).ok()?);
    Some(Zeroizing::new(opened.as_slice().try_into().ok()?))
}

/// What a sealed key is bound to: the vault and the record whose key it is.
fn bound(first: u64, vault: Uuid) -> Vec<u8> {
    [vault.as_bytes().as_slice(), &first.to_le_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_key_opens_for_its_secret_vault_and_place_alone() {
        let vault = Uuid::from_u128(1);
        let root = |byte| Root::of_password(Zeroizing::new([byte; 32]));
        let wrapped = wrap((0, &[9; 32]), vault, &root(1), &root(2)).unwrap();
        assert_eq!(wrapped.by_password.len(), 144);
        let opened = open(&wrapped.by_password, 0, vault, &root(1));
        assert_eq!(*opened.unwrap(), [9; 32]);
        let opened = open(&wrapped.by_recovery, 0, vault, &root(2));
        assert_eq!(*opened.unwrap(), [9; 32]);
        assert!(open(&wrapped.by_password, 0, vault, &root(2)).is_none());
        assert!(open(&wrapped.by_password, 1, vault, &root(1)).is_none());
        assert!(open(&wrapped.by_password, 0, Uuid::from_u128(2), &root(1)).is_none());
        assert!(open("zz", 0, vault, &root(1)).is_none());
    }
}
