//! The daemon checks a signature; it keeps nothing that is worth a password.
//!
//! **Question.** Somebody types a password into a client, and a daemon that an agent can also talk to must recognise it. What does the
//! daemon keep?
//!
//! **Considered.** A hash that the daemon checks itself: then the password crosses the socket, the daemon runs half a second of Argon2 on its
//! only thread, and any process can have it do so. A shared secret with HMAC: whoever reads the file is the admin. SCRAM: the same from the file
//! and one recorded exchange. A PAKE: no oracle on the wire at all, at the price of a protocol that is harder to review than to attack here.
//!
//! **Decided.** Argon2id on the client, Ed25519 from its result, and a vault with the public key. The daemon's part of an attempt is
//! two records and one signature check. What is signed names everything that a proof could be carried over: operation, arguments, challenge, connection,
//! daemon, vault, epoch, head of the log, user. The file is an oracle for guessing, so it stays in the daemon's directory, and nothing but a blinded hash
//! of it is recorded.
//!
//! **And replacing the file?** The log names the vault. A file that it did not name is none, so that deleting, restoring or exchanging it
//! locks instead of opening. The price is that losing it locks for good: a backup is part of `init`'s last words.
//!
//! **Price.** On one user id the agent can read the file and guess offline, and can stop the daemon with `SIGKILL`: see
//! [`crate::manual::threat_model`].
