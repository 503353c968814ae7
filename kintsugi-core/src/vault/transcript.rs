//! What a proof signs: everything that makes it good for one operation, once, here, soon, and for one caller.

use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::Value;
use uuid::Uuid;

use super::keys::Prover;
use crate::protocol::KdfParameters;

const PROOF: &[u8] = b"kintsugi admin proof v1";
const CHALLENGE: &[u8] = b"kintsugi admin challenge v1";

/// What a proof is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcript {
    /// The daemon's host key: no other daemon takes the proof.
    pub daemon: [u8; 32],
    /// The vault.
    pub vault: Uuid,
    /// Its rotation.
    pub epoch: u64,
    /// The operation.
    pub op: String,
    /// Hash of its arguments: see [`arguments_hash`].
    pub arguments: [u8; 32],
    /// The challenge: single use, bound to the connection on which it was given.
    pub nonce: [u8; 32],
    /// When the challenge is over, in milliseconds since 1970.
    pub expires: u64,
    /// Hash of the last record of the log when the challenge was given, in hexadecimal.
    pub head: String,
    /// The user of the caller, as the kernel attests it to the daemon.
    pub uid: u32,
}

impl Transcript {
    fn encode(&self, label: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(512);
        let mut field = |value: &[u8]| {
            let length = u64::try_from(value.len()).unwrap_or(u64::MAX);
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(value);
        };
        field(label);
        field(&self.daemon);
        field(self.vault.as_bytes());
        field(&self.epoch.to_le_bytes());
        field(self.op.as_bytes());
        field(&self.arguments);
        field(&self.nonce);
        field(&self.expires.to_le_bytes());
        field(self.head.as_bytes());
        field(&self.uid.to_le_bytes());
        bytes
    }

    /// Makes the proof.
    #[must_use]
    pub fn prove(&self, prover: &Prover) -> [u8; 64] {
        prover.sign(&self.encode(PROOF))
    }

    /// Whether `proof` is that of this transcript. Ed25519 with strict checks (RFC 8032, section 8.4); no secret is compared.
    #[must_use]
    pub fn is_proven(&self, key: &VerifyingKey, proof: &[u8; 64]) -> bool {
        let signature = Signature::from_bytes(proof);
        key.verify_strict(&self.encode(PROOF), &signature).is_ok()
    }

    /// Signs the challenge, as the daemon, together with what the client is to derive its key with.
    #[must_use]
    pub fn vouch(&self, host: &Prover, salt: &[u8], params: KdfParameters) -> [u8; 64] {
        host.sign(&self.challenge(salt, params))
    }

    /// Whether the daemon whose key is named in it gave this challenge.
    #[must_use]
    pub fn is_vouched(&self, salt: &[u8], params: KdfParameters, signature: &[u8; 64]) -> bool {
        let Ok(key) = VerifyingKey::from_bytes(&self.daemon) else {
            return false;
        };
        let signature = Signature::from_bytes(signature);
        key.verify_strict(&self.challenge(salt, params), &signature)
            .is_ok()
    }

    fn challenge(&self, salt: &[u8], params: KdfParameters) -> Vec<u8> {
        let mut bytes = self.encode(CHALLENGE);
        let length = u64::try_from(salt.len()).unwrap_or(u64::MAX);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(salt);
        for cost in [params.m_cost, params.t_cost, params.p_cost] {
            bytes.extend_from_slice(&cost.to_le_bytes());
        }
        bytes
    }
}

/// Returns the hash of an operation's arguments: BLAKE3 of their JSON without spaces, members sorted by the bytes of their
/// names. Arguments hold no fractions, so that there is one way to write each.
#[must_use]
pub fn arguments_hash(arguments: &Value) -> [u8; 32] {
    let mut text = String::new();
    write_canonical(arguments, &mut text);
    *blake3::hash(text.as_bytes()).as_bytes()
}

/// Writes a value in its one form. As deep as the value, which the reader of frames bounds at 128.
fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| *name);
            text.push('{');
            for (at, (name, member)) in sorted.into_iter().enumerate() {
                text.push_str(if at > 0 { "," } else { "" });
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write_canonical(member, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at > 0 { "," } else { "" });
                write_canonical(item, text);
            }
            text.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    pub(crate) fn transcript() -> Transcript {
        Transcript {
            daemon: Prover::new(&[9; 32]).public(),
            vault: Uuid::from_u128(5),
            epoch: 3,
            op: "redact".to_owned(),
            arguments: arguments_hash(&json!({"seqs": [1, 2], "reason": "x"})),
            nonce: [8; 32],
            expires: 1_767_225_600_000,
            head: "ab".repeat(32),
            uid: 1_000,
        }
    }

    fn key(prover: &Prover) -> VerifyingKey {
        VerifyingKey::from_bytes(&prover.public()).unwrap()
    }

    #[test]
    fn arguments_have_one_form() {
        let one: Value =
            serde_json::from_str(r#"{"b": [1, {"z": null, "a": "ü\""}], "a": 1}"#).unwrap();
        let two: Value =
            serde_json::from_str(r#"{"a":1,"b":[1,{"a":"\u00fc\"","z":null}]}"#).unwrap();
        assert_eq!(arguments_hash(&one), arguments_hash(&two));
        let mut text = String::new();
        write_canonical(&one, &mut text);
        assert_eq!(text, r#"{"a":1,"b":[1,{"a":"ü\"","z":null}]}"#);
        assert_ne!(arguments_hash(&one), arguments_hash(&Value::Null));
    }

    #[test]
    fn a_proof_is_good_for_its_transcript_and_for_no_other() {
        let (admin, other) = (Prover::new(&[1; 32]), Prover::new(&[2; 32]));
        let right = transcript();
        let proof = right.prove(&admin);
        assert!(right.is_proven(&key(&admin), &proof));
        assert!(!right.is_proven(&key(&other), &proof));
        let wrong = [
            Transcript {
                daemon: [0; 32],
                ..right.clone()
            },
            Transcript {
                vault: Uuid::from_u128(6),
                ..right.clone()
            },
            Transcript {
                epoch: 2,
                ..right.clone()
            },
            Transcript {
                op: "prune".to_owned(),
                ..right.clone()
            },
            Transcript {
                arguments: arguments_hash(&json!({"seqs": [1, 2, 3], "reason": "x"})),
                ..right.clone()
            },
            Transcript {
                nonce: [7; 32],
                ..right.clone()
            },
            Transcript {
                expires: right.expires + 1,
                ..right.clone()
            },
            Transcript {
                head: "ac".repeat(32),
                ..right.clone()
            },
            Transcript {
                uid: 0,
                ..right.clone()
            },
            // What belongs to one field does not slip into the next.
            Transcript {
                op: format!("redact{}", "ab"),
                head: "ab".repeat(31),
                ..right.clone()
            },
        ];
        for wrong in wrong {
            assert!(!wrong.is_proven(&key(&admin), &proof), "{wrong:?}");
        }
        // Nor is a challenge taken for a proof.
        let params = crate::vault::parameters::LEAST;
        let vouched = right.vouch(&admin, &[1; 16], params);
        assert!(!right.is_proven(&key(&admin), &vouched));
    }

    /// Every bit, also those of lengths and labels, which no client can send; what one can send is tried at the daemon, more often
    /// (`tests/tests/forged_proofs.rs`).
    #[test]
    fn no_flipped_bit_of_transcript_or_proof_is_accepted() {
        let rounds: u8 = if cfg!(debug_assertions) { 8 } else { 24 };
        let (mut tried, mut accepted) = (0_u32, 0_u32);
        for round in 0..rounds {
            let admin = Prover::new(&[round; 32]);
            let public = key(&admin);
            let right = Transcript {
                nonce: [round; 32],
                ..transcript()
            };
            let message = right.encode(PROOF);
            let proof = right.prove(&admin);
            let mut check = |message: &[u8], proof: &[u8; 64]| {
                tried += 1;
                let good = public.verify_strict(message, &Signature::from_bytes(proof));
                accepted += u32::from(good.is_ok());
            };
            for bit in 0..message.len() * 8 {
                let mut flipped = message.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                check(&flipped, &proof);
            }
            for bit in 0..proof.len() * 8 {
                let mut flipped = proof;
                flipped[bit / 8] ^= 1 << (bit % 8);
                check(&message, &flipped);
            }
        }
        assert_eq!(accepted, 0, "of {tried}");
        assert!(tried > u32::from(rounds) * 2_500, "{tried}");
    }

    proptest! {
        #[test]
        fn two_transcripts_are_never_encoded_alike(
            op in "[a-z]{0,9}", head in "[a-f0-9]{0,9}", other_op in "[a-z]{0,9}", other_head in "[a-f0-9]{0,9}",
        ) {
            let one = Transcript { op: op.clone(), head: head.clone(), ..transcript() };
            let two = Transcript { op: other_op.clone(), head: other_head.clone(), ..transcript() };
            let alike = op == other_op && head == other_head;
            prop_assert_eq!(one.encode(PROOF) == two.encode(PROOF), alike);
        }

        #[test]
        fn a_challenge_is_vouched_for_as_a_whole(salt in proptest::collection::vec(any::<u8>(), 16..64), m_cost: u32) {
            let host = Prover::new(&[9; 32]);
            let params = KdfParameters { m_cost, t_cost: 3, p_cost: 4 };
            let signature = transcript().vouch(&host, &salt, params);
            prop_assert!(transcript().is_vouched(&salt, params, &signature));
            let cheaper = KdfParameters { t_cost: 2, ..params };
            prop_assert!(!transcript().is_vouched(&salt, cheaper, &signature));
            prop_assert!(!transcript().is_vouched(&salt[1..], params, &signature));
            let later = Transcript { expires: 0, ..transcript() };
            prop_assert!(!later.is_vouched(&salt, params, &signature));
        }
    }
}
