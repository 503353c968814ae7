//! Challenges: what a proof must answer, once and soon.
//!
//! There is no vault yet. A challenge then says `locked: false`, looks like any other, and its nonce alone is the answer.

use std::collections::VecDeque;

use kintsugi_core::protocol::{KdfParameters, Response};

use crate::clip;

/// Most challenges that wait at once; one more drops the oldest.
const CHALLENGES_MAX: usize = 8;

/// Longest name of an operation that is kept, in bytes.
const OP_BYTES_MAX: usize = 128;

/// Longest that a challenge waits for its proof, in milliseconds.
const CHALLENGE_MS_MAX: u64 = 60_000;

/// What the client would derive a key with (RFC 9106, and the floor of the vault).
const PARAMETERS: KdfParameters = KdfParameters {
    m_cost: 256 * 1024,
    t_cost: 3,
    p_cost: 4,
};

/// Challenges that wait for a proof.
#[derive(Debug, Default)]
pub struct Challenges {
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    op: String,
    nonce: String,
    /// When it is over, on the monotonic clock.
    until: u64,
}

impl Challenges {
    /// Makes a challenge for `op` at `now`, on the monotonic clock.
    ///
    /// # Errors
    ///
    /// When the system gives no randomness.
    pub fn issue(&mut self, mut op: String, now: u64) -> Result<Response, rustix::io::Errno> {
        clip::text(&mut op, OP_BYTES_MAX);
        let nonce = random_hex::<32>()?;
        let salt = random_hex::<16>()?;
        self.waiting.retain(|waiting| now < waiting.until);
        if self.waiting.len() >= CHALLENGES_MAX {
            self.waiting.pop_front();
        }
        let until = now + CHALLENGE_MS_MAX;
        self.waiting.push_back(Waiting {
            op,
            nonce: nonce.clone(),
            until,
        });
        Ok(Response::Challenge {
            locked: false,
            nonce,
            salt,
            params: PARAMETERS,
        })
    }

    /// Takes the challenge for `op` with this nonce; false when there is none.
    pub fn redeem(&mut self, op: &str, nonce: &str, now: u64) -> bool {
        self.waiting.retain(|waiting| now < waiting.until);
        let found = self
            .waiting
            .iter()
            .position(|waiting| waiting.op == op && waiting.nonce == nonce);
        found.and_then(|at| self.waiting.remove(at)).is_some()
    }
}

/// Returns `N` random bytes in hexadecimal.
fn random_hex<const N: usize>() -> Result<String, rustix::io::Errno> {
    let mut bytes = [0_u8; N];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        filled += rustix::rand::getrandom(rest, rustix::rand::GetRandomFlags::empty())?;
    }
    Ok(kintsugi_core::audit::chain::hex(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nonce(response: Response) -> String {
        let Response::Challenge { nonce, .. } = response else {
            panic!("{response:?}")
        };
        nonce
    }

    #[test]
    fn a_challenge_is_answered_once_for_its_operation_and_in_time() {
        let mut challenges = Challenges::default();
        let first = nonce(challenges.issue("shutdown".into(), 0).unwrap());
        assert_eq!(first.len(), 64);
        assert!(!challenges.redeem("other", &first, 1));
        assert!(challenges.redeem("shutdown", &first, 1));
        assert!(!challenges.redeem("shutdown", &first, 1));
        let late = nonce(challenges.issue("shutdown".into(), 0).unwrap());
        assert!(!challenges.redeem("shutdown", &late, CHALLENGE_MS_MAX));
    }

    #[test]
    fn asking_for_ever_keeps_eight() {
        let mut challenges = Challenges::default();
        let first = nonce(challenges.issue("shutdown".into(), 0).unwrap());
        for _ in 0..CHALLENGES_MAX {
            drop(challenges.issue("shutdown".into(), 0).unwrap());
        }
        assert_eq!(challenges.waiting.len(), CHALLENGES_MAX);
        assert!(!challenges.redeem("shutdown", &first, 0));
    }
}
