//! An admin who needs no password: a vault whose keys a test knows, and the proofs that they make.
//!
//! What is sent is written out here once more, so that a mistake of the client's own code would show.

use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use kintsugi_core::protocol::{Binding, KdfParameters};
use kintsugi_core::vault::keys::Prover;
use kintsugi_core::vault::parameters::{Bounded, LEAST};
use kintsugi_core::vault::transcript::{Transcript, arguments_hash};
use kintsugi_core::vault::{Parts, Vault, name};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::daemon::TestDaemon;
use crate::machine::program;
use crate::pty::Pty;
use crate::wire::Wire;

/// The seeds of an admin's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeds {
    /// Stands for the password.
    pub password: [u8; 32],
    /// Stands for the recovery key.
    pub recovery: [u8; 32],
}

/// Seeds that are used where nothing depends on which.
pub const SEEDS: Seeds = Seeds {
    password: [11; 32],
    recovery: [12; 32],
};

/// A challenge, and how it is answered.
#[derive(Debug, Clone)]
pub struct Challenge {
    /// As it came.
    pub message: Value,
    /// What a proof of it signs.
    pub transcript: Transcript,
}

/// Returns a vault of this epoch.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn vault(seeds: Seeds, epoch: u64) -> Vec<u8> {
    let vault = Vault::new(Parts {
        id: Uuid::from_u128(77),
        epoch,
        salt: vec![3; 16],
        params: Bounded::check(LEAST, &[3; 16]).expect("the least costs"),
        public: Prover::new(&seeds.password).public(),
        recovery_public: Prover::new(&seeds.recovery).public(),
        wrapped: Vec::new(),
        blind: [u8::try_from(epoch).expect("few epochs"); 32],
    });
    vault.write().expect("a vault")
}

/// Returns where a daemon's vault is.
#[must_use]
pub fn vault_path(daemon: &TestDaemon) -> PathBuf {
    daemon.home().join("data/kintsugi/vault")
}

/// Writes a file as a vault must be.
///
/// # Panics
/// When it cannot be written.
pub fn put(path: &Path, bytes: &[u8]) {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .expect("a file");
    std::io::Write::write_all(&mut file, bytes).expect("room");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
}

/// Lays a vault ready, and returns the arguments that name it.
#[must_use]
pub fn lay_ready(daemon: &TestDaemon, bytes: &[u8]) -> Value {
    put(&vault_path(daemon).with_extension("new"), bytes);
    json!({ "name": name(bytes) })
}

/// Asks for a challenge.
///
/// # Panics
/// When it is none of a vault.
#[must_use]
pub fn challenge(client: &mut Wire, op: &str, args: &Value) -> Challenge {
    let arguments = arguments_hash(args);
    let message = client.ask(&json!({
        "kind": "authbegin", "op": op, "args_hash": HEXLOWER.encode(&arguments),
    }));
    let binding: Binding = serde_json::from_value(message["binding"].clone()).expect("a vault's");
    let bytes = |text: &str| -> [u8; 32] {
        let bytes = HEXLOWER.decode(text.as_bytes()).expect("hexadecimal");
        bytes.try_into().expect("32 bytes")
    };
    let transcript = Transcript {
        daemon: bytes(&binding.daemon),
        vault: binding.vault,
        epoch: binding.epoch,
        op: op.to_owned(),
        arguments,
        nonce: bytes(message["nonce"].as_str().expect("a nonce")),
        expires: binding.expires,
        head: binding.head,
        uid: rustix::process::geteuid().as_raw(),
    };
    let params: KdfParameters = serde_json::from_value(message["params"].clone()).expect("costs");
    let salt = HEXLOWER
        .decode(message["salt"].as_str().expect("a salt").as_bytes())
        .expect("hexadecimal");
    let signature = HEXLOWER
        .decode(binding.signature.as_bytes())
        .expect("hexadecimal");
    let signature = signature.try_into().expect("64 bytes");
    assert!(
        transcript.is_vouched(&salt, params, &signature),
        "{message}"
    );
    Challenge {
        message,
        transcript,
    }
}

impl Challenge {
    /// Returns the proof of this challenge.
    #[must_use]
    pub fn proof(&self, seed: &[u8; 32]) -> String {
        HEXLOWER.encode(&self.transcript.prove(&Prover::new(seed)))
    }

    /// Returns the message that answers it.
    #[must_use]
    pub fn answer(&self, op: &str, args: &Value, proof: &str) -> Value {
        message(op, args, &self.message["nonce"], Some(proof))
    }
}

/// Returns the message that asks for an operation.
#[must_use]
pub fn message(op: &str, args: &Value, nonce: &Value, proof: Option<&str>) -> Value {
    let kind = if op == "shutdown" { op } else { "authorize" };
    let mut message = json!({"kind": kind, "op": op, "nonce": nonce});
    if op != "shutdown" {
        message["args"] = args.clone();
    }
    if let Some(proof) = proof {
        message["proof"] = proof.into();
    }
    message
}

/// Asks for an operation as whoever has this seed.
#[must_use]
pub fn authorize(client: &mut Wire, op: &str, args: &Value, seed: &[u8; 32]) -> Value {
    let challenge = challenge(client, op, args);
    let proof = challenge.proof(seed);
    client.ask(&challenge.answer(op, args, &proof))
}

/// Gives a daemon its first vault, by a process at a terminal, as the first must be.
///
/// # Panics
/// When it does not take it.
pub fn enrol(daemon: &TestDaemon, seeds: Seeds) {
    let args = lay_ready(daemon, &vault(seeds, 1));
    let answer = at_terminal(daemon, "enrol", &args);
    assert_eq!(answer["kind"], "ack", "{answer}");
    assert_eq!(
        daemon.connect().ask(&json!({"kind": "status"}))["vault"],
        "locked"
    );
}

/// Asks for an operation without any proof, in a process at a terminal of its own.
///
/// # Panics
/// When it cannot speak.
#[must_use]
pub fn at_terminal(daemon: &TestDaemon, op: &str, args: &Value) -> Value {
    let mut speak = std::process::Command::new(program("speak"));
    speak.env_clear().arg(daemon.socket());
    speak.arg(json!({"kind": "authbegin", "op": op}).to_string());
    speak.arg(message(op, args, &json!("$nonce"), None).to_string());
    speak.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let mut terminal = Pty::spawn(&speak, 4_000);
    terminal.expect(" end");
    terminal.expect("answer ");
    let answer = terminal.expect(" end");
    serde_json::from_str(&answer).expect("JSON")
}

/// Returns how many guesses are looked at in so many seconds, at most: five at once, then after 2, 4, 8, 16 and 32 seconds, then
/// one a minute. One more for what began before somebody looked at the clock.
#[must_use]
pub fn guesses_max(seconds: u64) -> usize {
    let delayed = [2, 6, 14, 30, 62]
        .iter()
        .filter(|over| seconds >= **over)
        .count();
    let minutes = usize::try_from(seconds.saturating_sub(62) / 60).expect("not for ever");
    5 + delayed + minutes + 1
}
