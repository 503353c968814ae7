//! New vaults: the first, one with another password, one by the recovery key.

use data_encoding::HEXLOWER;
use kintsugi_core::vault::keys::{RecoveryKey, Root};
use kintsugi_core::vault::parameters::Bounded;
use kintsugi_core::vault::{Parts, SALT_BYTES, Vault, Wrapped};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{derive, random, random_id, wrap};
use crate::exit::{Exit, Failure};

/// A first key of the log, and the record whose key it is.
pub type FirstKey = (u64, Zeroizing<[u8; 32]>);

/// A vault with a new recovery key, which is nowhere else.
#[derive(Debug)]
pub struct Made {
    /// The vault.
    pub vault: Vault,
    /// To be shown once.
    pub recovery_key: RecoveryKey,
}

/// What a new password comes to.
struct Fresh {
    salt: Vec<u8>,
    params: Bounded,
    root: Root,
}

impl Fresh {
    fn of(password: &[u8]) -> Result<Self, Failure> {
        let salt = random::<SALT_BYTES>()?.to_vec();
        let params = derive::calibrate()?;
        let root = derive::root(password, &salt, params)?;
        Ok(Self { salt, params, root })
    }
}

/// Makes the first vault, with the first keys of the log in it.
///
/// # Errors
/// When there is no memory or no randomness for it.
pub fn first(password: &[u8], keys: &[FirstKey]) -> Result<Made, Failure> {
    make(random_id()?, 1, password, keys)
}

/// Makes a vault with a new password and a new recovery key, for whoever has the present recovery key.
///
/// # Errors
/// When `before` does not open it, or as [`first`].
pub fn recovered(old: &Vault, before: &Root, password: &[u8]) -> Result<Made, Failure> {
    let keys: Option<Vec<FirstKey>> = old
        .wrapped
        .iter()
        .map(|one| {
            Some((
                one.first,
                wrap::open(&one.by_recovery, one.first, old.id, before)?,
            ))
        })
        .collect();
    make(old.id, old.epoch + 1, password, &keys.ok_or_else(damaged)?)
}

fn make(id: Uuid, epoch: u64, password: &[u8], keys: &[FirstKey]) -> Result<Made, Failure> {
    let Fresh { salt, params, root } = Fresh::of(password)?;
    let recovery_key = RecoveryKey::new(random()?);
    let recovery = Root::of_recovery(&recovery_key);
    let wrapped: Result<Vec<Wrapped>, Failure> = keys
        .iter()
        .map(|(first, key)| wrap::wrap((*first, key), id, &root, &recovery))
        .collect();
    let vault = Vault::new(Parts {
        id,
        epoch,
        salt,
        params,
        public: root.prover(id).public(),
        recovery_public: recovery.prover(id).public(),
        wrapped: wrapped?,
        blind: *random()?,
    });
    Ok(Made {
        vault,
        recovery_key,
    })
}

/// Makes a vault with another password and the same recovery key.
///
/// # Errors
/// When `before` does not open it, or as [`first`].
pub fn with_password(old: &Vault, before: &Root, password: &[u8]) -> Result<Vault, Failure> {
    let Fresh { salt, params, root } = Fresh::of(password)?;
    let mut wrapped = Vec::new();
    for one in &old.wrapped {
        let key = wrap::open(&one.by_password, one.first, old.id, before).ok_or_else(damaged)?;
        wrapped.push(Wrapped {
            by_password: wrap::seal(&key, one.first, old.id, &root)?,
            ..one.clone()
        });
    }
    let recovery_public = HEXLOWER.decode(old.recovery_public.as_bytes()).ok();
    let recovery_public = recovery_public.and_then(|key| key.try_into().ok());
    Ok(Vault::new(Parts {
        id: old.id,
        epoch: old.epoch + 1,
        salt,
        params,
        public: root.prover(old.id).public(),
        recovery_public: recovery_public.ok_or_else(damaged)?,
        wrapped,
        blind: *random()?,
    }))
}

/// Whether `root` is the secret whose proofs the vault's key `public` checks.
#[must_use]
pub fn fits(root: &Root, id: Uuid, public: &str) -> bool {
    HEXLOWER.encode(&root.prover(id).public()) == public
}

/// The failure of a vault that its own secret does not open.
#[must_use]
pub fn damaged() -> Failure {
    Failure::new(Exit::VaultRefused, "a key in the vault cannot be opened")
        .hint("put the vault's file back from a backup")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root_of(vault: &Vault, password: &[u8]) -> Root {
        let salt = vault.salt_bytes();
        let params = Bounded::check(vault.params, &salt).unwrap();
        derive::root(password, &salt, params).unwrap()
    }

    #[test]
    fn a_key_of_the_log_survives_a_change_of_password_and_a_recovery() {
        let keys = [(0, Zeroizing::new([7; 32])), (64, Zeroizing::new([8; 32]))];
        let made = first(b"one", &keys).unwrap();
        let one = root_of(&made.vault, b"one");
        assert!(fits(&one, made.vault.id, &made.vault.public));

        let changed = with_password(&made.vault, &one, b"two").unwrap();
        let two = root_of(&changed, b"two");
        assert_eq!((changed.id, changed.epoch), (made.vault.id, 2));
        assert_eq!(changed.recovery_public, made.vault.recovery_public);
        assert!(
            with_password(&made.vault, &two, b"x").is_err(),
            "the old one is needed"
        );

        let recovery = Root::of_recovery(&made.recovery_key);
        let again = recovered(&changed, &recovery, b"three").unwrap();
        let three = root_of(&again.vault, b"three");
        assert_eq!(again.vault.epoch, 3);
        assert_ne!(again.vault.recovery_public, changed.recovery_public);
        let opened = wrap::open(
            &again.vault.wrapped[1].by_password,
            64,
            again.vault.id,
            &three,
        );
        assert_eq!(*opened.unwrap(), [8; 32]);
        assert!(
            recovered(&again.vault, &recovery, b"four").is_err(),
            "it was used up"
        );
        assert!(Vault::read(&again.vault.write().unwrap()).is_ok());
    }
}
