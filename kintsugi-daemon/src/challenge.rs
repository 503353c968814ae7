//! Challenges: what a proof must answer, once, soon, and on the connection on which it was given.
//!
//! Without a vault a challenge says `locked: false`, looks like any other, and its nonce alone is the answer.

use std::collections::{BTreeMap, VecDeque};

use data_encoding::HEXLOWER;
use kintsugi_core::protocol::{Binding, KdfParameters, Response};
use kintsugi_core::vault::challenge::CHALLENGE_MS_MAX;
use kintsugi_core::vault::parameters;
use kintsugi_core::vault::transcript::Transcript;
use kintsugi_core::vault::{Standing, Vault};

use crate::clip;
use crate::keeper::Keeper;

/// Most challenges that wait at once; one more drops the oldest of the process that has the most.
const CHALLENGES_MAX: usize = 8;

/// Longest name of an operation that is kept, in bytes.
const OP_BYTES_MAX: usize = 128;

/// What a challenge is asked for, and by whom.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The operation.
    pub op: String,
    /// Hash of its arguments, when the client says which they will be; else they are bound by the proof alone.
    pub arguments: Option<[u8; 32]>,
    /// The connection on which it is asked.
    pub connection: u64,
    /// The process at its other end.
    pub pid: u32,
    /// Its user.
    pub uid: u32,
}

/// What a challenge depends on beside who asks.
#[derive(Debug)]
pub struct Moment<'a> {
    /// The vault, and the key that signs.
    pub keeper: &'a Keeper,
    /// Hash of the last record, in hexadecimal.
    pub head: String,
    /// The monotonic clock.
    pub now: u64,
    /// The wall clock.
    pub wall: u64,
}

/// Challenges that wait for a proof.
#[derive(Debug, Default)]
pub struct Challenges {
    waiting: VecDeque<Waiting>,
}

/// A challenge that was given.
#[derive(Debug)]
pub struct Waiting {
    asked: Asked,
    nonce: [u8; 32],
    /// When it is over, on the monotonic clock.
    until: u64,
    /// What its proof signs, less the arguments; nothing when there was no vault to prove anything with.
    transcript: Option<Transcript>,
}

impl Waiting {
    /// Returns what the proof of an operation with these arguments signs.
    #[must_use]
    pub fn transcript(self, arguments: [u8; 32]) -> Option<Transcript> {
        Some(Transcript {
            arguments,
            ..self.transcript?
        })
    }
}

impl Challenges {
    /// Makes a challenge.
    ///
    /// # Errors
    ///
    /// When the system gives no randomness.
    pub fn issue(&mut self, mut asked: Asked, moment: &Moment<'_>) -> std::io::Result<Response> {
        clip::text(&mut asked.op, OP_BYTES_MAX);
        let nonce = crate::store::seed()?;
        let Moment { keeper, now, .. } = *moment;
        self.waiting.retain(|waiting| now < waiting.until);
        self.make_room();
        let (response, transcript) = match keeper.standing() {
            Standing::Whole(vault) => {
                let transcript = transcript(&asked, nonce, moment, vault);
                (bound(&transcript, vault, keeper), Some(transcript))
            }
            Standing::Absent => (unbound(false, &nonce)?, None),
            // Nothing can be proven, and nothing goes without a proof.
            Standing::Degraded(_) => (unbound(true, &nonce)?, None),
        };
        self.waiting.push_back(Waiting {
            asked,
            nonce,
            until: now + CHALLENGE_MS_MAX,
            transcript,
        });
        Ok(response)
    }

    fn make_room(&mut self) {
        if self.waiting.len() < CHALLENGES_MAX {
            return;
        }
        let mut per_process: BTreeMap<u32, usize> = BTreeMap::new();
        for waiting in &self.waiting {
            *per_process.entry(waiting.asked.pid).or_default() += 1;
        }
        let most = per_process.values().max().copied();
        let of_most = |waiting: &Waiting| per_process.get(&waiting.asked.pid).copied() == most;
        if let Some(oldest) = self.waiting.iter().position(of_most) {
            self.waiting.remove(oldest);
        }
    }

    /// Takes the challenge with this nonce, when it was given on this connection for this operation.
    ///
    /// A challenge that is named here is used up, whatever comes of it.
    pub fn redeem(
        &mut self,
        nonce: &str,
        asked: &Asked,
        arguments: [u8; 32],
        now: u64,
    ) -> Option<Waiting> {
        self.waiting.retain(|waiting| now < waiting.until);
        let nonce = HEXLOWER.decode(nonce.as_bytes()).ok()?;
        let nonce = blake3::Hash::from_bytes(nonce.try_into().ok()?);
        // `blake3::Hash` compares in constant time.
        let at = self.waiting.iter().position(|waiting| {
            waiting.asked.connection == asked.connection
                && blake3::Hash::from_bytes(waiting.nonce) == nonce
        })?;
        let waiting = self.waiting.remove(at)?;
        let promised = waiting
            .asked
            .arguments
            .is_none_or(|promised| promised == arguments);
        let same = waiting.asked.op == asked.op && waiting.asked.uid == asked.uid;
        (same && promised).then_some(waiting)
    }
}

fn transcript(asked: &Asked, nonce: [u8; 32], moment: &Moment<'_>, vault: &Vault) -> Transcript {
    let no_arguments =
        || kintsugi_core::vault::transcript::arguments_hash(&serde_json::Value::Null);
    Transcript {
        daemon: moment.keeper.host().public(),
        vault: vault.id,
        epoch: vault.epoch,
        op: asked.op.clone(),
        arguments: asked.arguments.unwrap_or_else(no_arguments),
        nonce,
        expires: moment.wall.saturating_add(CHALLENGE_MS_MAX),
        head: moment.head.clone(),
        uid: asked.uid,
    }
}

/// Returns the challenge of a vault, signed.
fn bound(transcript: &Transcript, vault: &Vault, keeper: &Keeper) -> Response {
    let signature = transcript.vouch(keeper.host(), &vault.salt_bytes(), vault.params);
    Response::Challenge {
        locked: true,
        nonce: HEXLOWER.encode(&transcript.nonce),
        salt: vault.salt.clone(),
        params: vault.params,
        binding: Some(Box::new(Binding {
            daemon: HEXLOWER.encode(&transcript.daemon),
            vault: transcript.vault,
            epoch: transcript.epoch,
            expires: transcript.expires,
            head: transcript.head.clone(),
            uid: transcript.uid,
            signature: HEXLOWER.encode(&signature),
        })),
    }
}

/// Returns a challenge where there is no vault to prove anything with.
fn unbound(locked: bool, nonce: &[u8; 32]) -> std::io::Result<Response> {
    const PARAMETERS: KdfParameters = parameters::DEFAULT;
    let salt = crate::store::seed()?;
    let salt = salt.first_chunk::<16>().copied().unwrap_or_default();
    Ok(Response::Challenge {
        locked,
        nonce: HEXLOWER.encode(nonce),
        salt: HEXLOWER.encode(&salt),
        params: PARAMETERS,
        binding: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bench {
        keeper: Keeper,
        challenges: Challenges,
        _home: tempfile::TempDir,
    }

    fn asked(connection: u64) -> Asked {
        Asked {
            op: "shutdown".into(),
            arguments: None,
            connection,
            pid: u32::try_from(connection).unwrap(),
            uid: 1_000,
        }
    }

    impl Bench {
        fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            Self {
                keeper: Keeper::open(home.path(), None).unwrap(),
                challenges: Challenges::default(),
                _home: home,
            }
        }

        fn issue(&mut self, asked: Asked, now: u64) -> String {
            let moment = Moment {
                keeper: &self.keeper,
                head: String::new(),
                now,
                wall: now,
            };
            let Response::Challenge { nonce, .. } = self.challenges.issue(asked, &moment).unwrap()
            else {
                panic!("no challenge")
            };
            nonce
        }

        fn redeem(&mut self, nonce: &str, asked: &Asked, now: u64) -> bool {
            self.challenges.redeem(nonce, asked, [0; 32], now).is_some()
        }
    }

    #[test]
    fn a_challenge_is_answered_once_for_its_operation_and_in_time() {
        let mut bench = Bench::new();
        let first = bench.issue(asked(1), 0);
        assert_eq!(first.len(), 64);
        assert!(bench.redeem(&first, &asked(1), 1));
        assert!(!bench.redeem(&first, &asked(1), 1));
        let other = Asked {
            op: "prune".into(),
            ..asked(1)
        };
        let named = bench.issue(asked(1), 0);
        assert!(!bench.redeem(&named, &other, 1));
        assert!(!bench.redeem(&named, &asked(1), 1), "it is used up");
        let late = bench.issue(asked(1), 0);
        assert!(!bench.redeem(&late, &asked(1), CHALLENGE_MS_MAX));
        for odd in ["", "00", "zz", &"0".repeat(63), &"A".repeat(64)] {
            assert!(!bench.redeem(odd, &asked(1), 1));
        }
    }

    #[test]
    fn a_challenge_is_of_no_use_on_another_connection_and_not_spoilt_by_it() {
        let mut bench = Bench::new();
        let nonce = bench.issue(asked(1), 0);
        assert!(!bench.redeem(&nonce, &asked(2), 1));
        assert!(bench.redeem(&nonce, &asked(1), 1));
        let promised = Asked {
            arguments: Some([1; 32]),
            ..asked(1)
        };
        let nonce = bench.issue(promised.clone(), 0);
        assert!(!bench.redeem(&nonce, &promised, 1), "other arguments");
    }

    #[test]
    fn asking_for_ever_keeps_eight_and_drops_nobody_elses() {
        let mut bench = Bench::new();
        let of_a_person = bench.issue(asked(2), 0);
        let first = bench.issue(asked(1), 0);
        for _ in 0..CHALLENGES_MAX {
            drop(bench.issue(asked(1), 0));
        }
        assert_eq!(bench.challenges.waiting.len(), CHALLENGES_MAX);
        assert!(!bench.redeem(&first, &asked(1), 0));
        assert!(bench.redeem(&of_a_person, &asked(2), 0));
    }
}
