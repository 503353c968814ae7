//! The admin vault: for whoever writes another client, keeps a backup, or wants to know what the password is worth.
//!
//! `kintsugi admin init` sets a password. From then on the daemon stops, loosens its policy, resumes after a panic, and takes
//! anything out of the log only for whoever knows it. The daemon keeps a public key; the password, and everything from which
//! that key comes, stays in the client and is wiped there. No program reads a password from an argument, a variable, a file or a
//! pipe: it is typed at the controlling terminal.
//!
//! # From the password to the proof
//!
//! 1. `root = Argon2id(password, salt, m, t, p)`, version 0x13, 32 bytes, on the bytes as they were typed.
//! 2. `seed = blake3::derive_key("kintsugi admin auth ed25519 seed v1", root ‖ vault id)`: an Ed25519 seed.
//! 3. The recovery key (32 random bytes) takes the place of `root` under the context `kintsugi admin recovery ed25519 seed v1`.
//! 4. Keys of the log are sealed with XChaCha20-Poly1305 under `derive_key("kintsugi admin wrap xchacha20poly1305 key v1", …)`, for the
//!    recovery key `kintsugi admin recovery wrap xchacha20poly1305 key v1`; bound to vault id ‖ the record (8 bytes, little-endian).
//!
//! A recovery key is written in Crockford's base 32: the key and a checksum of three bytes, 56 signs in groups of seven.
//!
//! # On the wire
//!
//! `authbegin {op, args_hash?}` → `challenge {locked, nonce, salt, params, binding?}`. Without a vault `locked` is false, there is
//! no `binding`, and the nonce is enough: `shutdown` is done for whoever may connect, everything else for a person at a terminal
//! (see [`super::approvals`]). With one, `binding` is `{daemon, vault, epoch, expires, head, uid, signature}`, and the proof is an Ed25519
//! signature of these fields, each with its length in front (8 bytes, little-endian):
//!
//! | field | bytes |
//! |---|---|
//! | label | `kintsugi admin proof v1` |
//! | daemon | its host key, 32 |
//! | vault | its id, 16 |
//! | epoch | 8, little-endian |
//! | op | as text |
//! | arguments | BLAKE3 of `args`: JSON without spaces, members sorted by the bytes of their names; `null` when there are none |
//! | nonce | 32 |
//! | expires | milliseconds since 1970: 8, little-endian |
//! | head | as text |
//! | uid | of the caller: 4, little-endian |
//!
//! `binding.signature` is the daemon's, over the same under the label `kintsugi admin challenge v1`, with the salt (and its length) and the
//! three costs (4 bytes each) behind. A client checks it against the host key that it met when the vault was made
//! (`daemon-key` beside the policy), and refuses, before it asks for anything, costs outside 64 MiB to 1 GiB, 3 to 10 passes,
//! 1 to 8 lanes ([`crate::vault::parameters`]).
//!
//! A challenge is good once, for 60 s, on its connection; eight wait at most. The answer to whatever is wrong is one and the same:
//! `auth_failed`, with `retry_after_ms` when the next attempt comes too early to be looked at.
//!
//! | `op` | `args` | what is done |
//! |---|---|---|
//! | `shutdown` | none, and as the message `shutdown` | the daemon stops |
//! | `enrol` | `{name}` | `vault.new` becomes the first vault |
//! | `rotate`, `recover` | `{name}` | `vault.new`, of the next epoch, takes the place of the vault; `recover` is proven with the recovery key |
//! | `resume` | none | a panic ends |
//! | `policy` | `{hash}` | the policy files are taken over as they are |
//! | `set` | `{key, value}` | `mode` or `threshold`, over the policy files; `model`: the settings with this hash come into force |
//! | `redact` | `{seqs, reason}` | private parts of records are taken out |
//! | `prune` | `{before, reason}` | older segments are taken away |
//! | `approve` | `{id, content_hash?, reason?, scope?}` | a held command may run, whoever's terminal this is, with a `scope` more than once; a denial is taken back. Not without a vault |
//! | `reanchor` | `{reason}` | what an altered log began ends: see below |
//! | `unhook`, `uninstall` | `{what}` | recorded; `kintsugi setup --undo`, `init --uninstall`, `shim uninstall` and `daemon uninstall` ask for it before they touch a file. Not without a vault |
//!
//! With a vault every grant is the admin's, not only one that is wider than the ceiling of the policy. Settings of a
//! model that differ from those in force loosen, and are not taken over at a start: `status` has their hash as `model.refused`, and `set`
//! of `model` accepts them (`kintsugi model accept`). To put a model in force where there was none needs nobody.
//!
//! # After an altered log
//!
//! A start that finds a log which does not verify begins it anew behind what is there, and says so (`policy`, `what` = `log altered`). From then on
//! the strictest holds, over every restart, until `kintsugi log reanchor --reason TEXT` ends that: with the admin's proof, or without a vault
//! as a person at a terminal. It ends the strictness and nothing else; `kintsugi log verify` goes on naming what was altered.
//!
//! A daemon that finds at its next record that somebody changed the segment it writes refuses that record, and does the same
//! (`a_log_that_is_cut_under_a_living_daemon_makes_it_strict_and_status_says_so`). `kintsugi status` looks at the segment's size itself; it ends with
//! 6 and has `log.altered` until `reanchor`.
//!
//! # Attempts
//!
//! `auth_attempt` is durable before a proof is looked at, `auth_result` before its answer. An attempt without a result counts as
//! wrong, so killing the daemon buys no guess. Five are free; then the next is looked at after 2, 4, 8, … at most 60 seconds. One that comes
//! before is refused unseen: it costs nothing and changes nothing, and the next record says how many there were (`early`). Password and recovery key
//! are counted apart.
//!
//! # The file
//!
//! `vault` in the daemon's directory, mode 0600: one JSON object and a newline, its members those of [`crate::vault::Vault`]. Its name
//! is BLAKE3 of its bytes; `blind`, 32 random bytes, makes that tell nothing. Records name it (`policy`, `what` begins with
//! `vault `), and the daemon takes a file for the vault only when it has the name that was recorded last. Missing, shortened, altered, an older
//! one, a link, another's: the vault is *degraded*. Then nothing privileged is done, exceptions of the policy do not count,
//! what is not plainly safe is held, and an `incident` says so. Putting the right file back ends it; nothing else does, and there is no `--force`. An altered log does
//! not make anybody forget that there was a vault.
//!
//! So **keep a copy of the file** after `init`, `passwd` and `recover`: an older copy is not taken. Whoever has the file can try passwords against it,
//! at the price of one Argon2id each.
//!
//! The client lays a new vault beside the old one (`vault.new`) and proves the operation on its name. The daemon records the name and
//! then moves the file; interrupted in between, it moves it at the next start.
//!
//! `init` seals the log's first key into the vault and takes it away from the log. `kintsugi log verify` then checks everything but
//! the MACs, and ends with 4; `kintsugi log verify --admin` asks for the password and checks them as well.
//!
//! # What is decided without the admin
//!
//! Tightening: `kintsugi panic`, a stricter mode or threshold, more rules. The daemon holds the policy files it reads against what is in
//! force; when they loosen it, it goes on with what is in force and says so in `kintsugi status`, also over a restart.
//! `kintsugi policy accept` takes them over.
//!
//! Taking hooks out needs the admin's word of our own programs alone: these files are yours, and so is what you change them with. `kintsugi doctor`
//! shows a hook that is gone.
//!
//! `SIGTERM` stops a daemon that nobody supervises, with a record of who sent it. Under a supervisor (it was started by one, or one waits for
//! its word) a daemon with a vault refuses and records it. `SIGKILL` cannot be refused: the supervisor starts it again, and the
//! next start records `unclean_start`.
