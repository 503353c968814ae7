//! The file: every way in which it can be another one than the log named.

use super::keys::Prover;
use super::*;

fn vault() -> Vault {
    let wrapped = Wrapped {
        first: 0,
        by_password: "ab".repeat(72),
        by_recovery: "cd".repeat(72),
    };
    Vault::new(Parts {
        id: Uuid::from_u128(7),
        epoch: 1,
        salt: vec![3; SALT_BYTES],
        params: parameters::Bounded::check(parameters::DEFAULT, &[3; SALT_BYTES]).unwrap(),
        public: Prover::new(&[1; 32]).public(),
        recovery_public: Prover::new(&[2; 32]).public(),
        wrapped: vec![wrapped],
        blind: [4; 32],
    })
}

fn standing(bytes: Vec<u8>) -> Standing {
    judge(Some(&name(&vault().write().unwrap())), Found::File(bytes))
}

#[test]
fn the_vault_that_the_log_named_is_whole() {
    let bytes = vault().write().unwrap();
    assert_eq!(standing(bytes.clone()), Standing::Whole(Box::new(vault())));
    assert_eq!(Vault::read(&bytes).unwrap(), vault());
    assert_eq!(judge(None, Found::Nothing), Standing::Absent);
}

#[test]
fn every_truncation_and_every_flipped_bit_is_found_out() {
    let bytes = vault().write().unwrap();
    let degraded = |bytes: Vec<u8>| matches!(standing(bytes), Standing::Degraded(_));
    for length in 0..bytes.len() {
        assert!(degraded(bytes[..length].to_vec()), "{length}");
    }
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(degraded(flipped), "{bit}");
    }
    assert!(degraded([bytes.as_slice(), b"\n"].concat()));
}

#[test]
fn no_file_never_means_no_password() {
    let bytes = vault().write().unwrap();
    let named = name(&bytes);
    let older = Vault {
        epoch: 9,
        ..vault()
    }
    .write()
    .unwrap();
    let cases = [
        (Some(named.as_str()), Found::Nothing),
        (Some(named.as_str()), Found::File(older)),
        (
            Some(named.as_str()),
            Found::Unusable("it is a symbolic link".into()),
        ),
        (None, Found::Unusable("it is a symbolic link".into())),
        (None, Found::File(bytes)),
    ];
    for (named, found) in cases {
        let shown = format!("{found:?}");
        let standing = judge(named, found);
        assert!(
            matches!(standing, Standing::Degraded(_)),
            "{shown}: {standing:?}"
        );
    }
}

/// Makes a vault unusable.
type Spoil = fn(&mut Vault);

#[test]
fn a_vault_that_nobody_should_rely_on_is_none() {
    let small_order = format!("01{}", "00".repeat(31));
    let wrong: [(Spoil, &str); 8] = [
        (|vault| vault.version = 2, "format 2"),
        (|vault| vault.epoch = 0, "`epoch`"),
        (|vault| vault.params.m_cost = 1_024, "`params`"),
        (|vault| vault.salt = "00".into(), "`params`"),
        (|vault| vault.public = "zz".into(), "`public`"),
        (
            |vault| vault.recovery_public = vault.public.clone(),
            "`recovery_public`",
        ),
        (|vault| vault.blind.clear(), "`blind`"),
        (
            |vault| vault.wrapped = vec![vault.wrapped[0].clone(); 33],
            "`wrapped`",
        ),
    ];
    let mut weak = vault();
    weak.public = small_order;
    let others = wrong.map(|(spoil, problem)| {
        let mut spoilt = vault();
        spoil(&mut spoilt);
        (spoilt, problem)
    });
    for (vault, problem) in others.into_iter().chain([(weak, "`public`")]) {
        let error = Vault::read(&vault.write().unwrap()).unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
    }
}

#[test]
fn what_has_not_the_form_of_a_vault_is_none() {
    for bytes in [&b""[..], b"{}", b"[]", b"\xff\xfe", b"{\"version\":1}"] {
        assert!(Vault::read(bytes).is_err());
    }
    let long = Vault::read(&vec![b' '; VAULT_BYTES_MAX + 1]).unwrap_err();
    assert!(matches!(long, VaultError::TooLong(_)));
}
