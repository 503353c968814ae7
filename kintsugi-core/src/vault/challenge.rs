//! What a client checks about a challenge before it derives anything from a password.

use data_encoding::HEXLOWER;

use super::parameters::{Bounded, ParameterError};
use super::transcript::Transcript;
use super::unhex;
use crate::protocol::{Binding, KdfParameters};

/// Longest that a challenge waits for its proof, in milliseconds.
pub const CHALLENGE_MS_MAX: u64 = 60_000;

/// A challenge as it came over the wire.
#[derive(Debug, Clone)]
pub struct Received {
    /// In hexadecimal.
    pub nonce: String,
    /// In hexadecimal.
    pub salt: String,
    /// Costs that nobody has checked.
    pub params: KdfParameters,
    /// What the proof binds beside the operation.
    pub binding: Binding,
}

/// What the client asked for.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The operation.
    pub op: &'a str,
    /// Hash of its arguments.
    pub arguments: [u8; 32],
    /// The client's own user.
    pub uid: u32,
    /// The host key of the daemon that this client knows, if it has met one.
    pub pinned: Option<[u8; 32]>,
}

/// A challenge that may be answered.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What the proof signs.
    pub transcript: Transcript,
    /// The salt.
    pub salt: Vec<u8>,
    /// The costs.
    pub params: Bounded,
}

/// Why a challenge is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChallengeError {
    /// A member is not the hexadecimal that it ought to be.
    #[error("the challenge's `{0}` is malformed")]
    Malformed(&'static str),
    /// Deriving would be too cheap or too dear.
    #[error("the challenge asks for a derivation that is never done: {0}")]
    Parameters(#[from] ParameterError),
    /// Another daemon than the one that this client knows.
    #[error("the daemon at the socket is not the one that this account knows")]
    OtherDaemon,
    /// The daemon does not stand behind it.
    #[error("the challenge does not carry its daemon's signature")]
    NotVouched,
    /// It is for another caller.
    #[error("the challenge is for user {0}")]
    OtherUser(u32),
}

impl Received {
    /// Checks the challenge against what was wanted.
    ///
    /// # Errors
    /// When nothing must be derived or signed.
    pub fn check(&self, wanted: &Wanted<'_>) -> Result<Checked, ChallengeError> {
        let malformed = ChallengeError::Malformed;
        let salt = HEXLOWER
            .decode(self.salt.as_bytes())
            .map_err(|_| malformed("salt"))?;
        // Before anything else: these bounds hold whoever signed it.
        let params = Bounded::check(self.params, &salt)?;
        let binding = &self.binding;
        if binding.uid != wanted.uid {
            return Err(ChallengeError::OtherUser(binding.uid));
        }
        let transcript = Transcript {
            daemon: unhex(&binding.daemon).ok_or(malformed("daemon"))?,
            vault: binding.vault,
            epoch: binding.epoch,
            op: wanted.op.to_owned(),
            arguments: wanted.arguments,
            nonce: unhex(&self.nonce).ok_or(malformed("nonce"))?,
            expires: binding.expires,
            head: binding.head.clone(),
            uid: binding.uid,
        };
        if wanted
            .pinned
            .is_some_and(|pinned| pinned != transcript.daemon)
        {
            return Err(ChallengeError::OtherDaemon);
        }
        let signature = unhex(&binding.signature).ok_or(malformed("signature"))?;
        if !transcript.is_vouched(&salt, self.params, &signature) {
            return Err(ChallengeError::NotVouched);
        }
        Ok(Checked {
            transcript,
            salt,
            params,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::keys::Prover;
    use super::super::parameters::LEAST;
    use super::super::transcript::tests::transcript;
    use super::*;

    fn received(params: KdfParameters, salt: &[u8]) -> Received {
        let transcript = transcript();
        let signature = transcript.vouch(&Prover::new(&[9; 32]), salt, params);
        Received {
            nonce: HEXLOWER.encode(&transcript.nonce),
            salt: HEXLOWER.encode(salt),
            params,
            binding: Binding {
                daemon: HEXLOWER.encode(&transcript.daemon),
                vault: transcript.vault,
                epoch: transcript.epoch,
                expires: transcript.expires,
                head: transcript.head,
                uid: transcript.uid,
                signature: HEXLOWER.encode(&signature),
            },
        }
    }

    fn wanted(pinned: Option<[u8; 32]>) -> Wanted<'static> {
        Wanted {
            op: "redact",
            arguments: transcript().arguments,
            uid: 1_000,
            pinned,
        }
    }

    #[test]
    fn a_challenge_of_the_known_daemon_is_answered_and_no_other() {
        let good = received(LEAST, &[1; 16]);
        let ours = Some(transcript().daemon);
        assert_eq!(good.check(&wanted(ours)).unwrap().transcript, transcript());
        assert!(good.check(&wanted(None)).is_ok());
        let other = good.check(&wanted(Some([1; 32]))).unwrap_err();
        assert_eq!(other, ChallengeError::OtherDaemon);

        let mut relayed = good.clone();
        relayed.binding.uid = 0;
        assert_eq!(
            relayed.check(&wanted(ours)).unwrap_err(),
            ChallengeError::OtherUser(0)
        );
        let for_another = Wanted {
            op: "shutdown",
            ..wanted(ours)
        };
        assert_eq!(
            good.check(&for_another).unwrap_err(),
            ChallengeError::NotVouched
        );
        let mut salted = good.clone();
        salted.salt = "00".repeat(16);
        assert_eq!(
            salted.check(&wanted(ours)).unwrap_err(),
            ChallengeError::NotVouched
        );
        let mut odd = good;
        odd.nonce.push('0');
        assert_eq!(
            odd.check(&wanted(ours)).unwrap_err(),
            ChallengeError::Malformed("nonce")
        );
    }

    proptest! {
        /// Even the daemon whose key is pinned does not get a derivation outside the bounds.
        #[test]
        fn a_hostile_challenge_never_reaches_a_derivation(
            m_cost in prop_oneof![any::<u32>(), 0..70_000_u32],
            t_cost in prop_oneof![any::<u32>(), 0..13_u32],
            p_cost in prop_oneof![any::<u32>(), 0..11_u32],
            salt in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let params = KdfParameters { m_cost, t_cost, p_cost };
            let checked = received(params, &salt).check(&wanted(Some(transcript().daemon)));
            let inside = Bounded::check(params, &salt).is_ok();
            prop_assert_eq!(checked.is_ok(), inside);
        }

        #[test]
        fn what_is_no_hexadecimal_is_refused(nonce in ".{0,70}", salt in ".{0,70}", head in ".{0,70}") {
            let mut odd = received(LEAST, &[1; 16]);
            odd.nonce = nonce;
            odd.salt = salt;
            odd.binding.head = head;
            prop_assert!(odd.check(&wanted(None)).is_err());
        }
    }
}
