//! Against whom Kintsugi stands, and against whom it does not.
//!
//! # Who proposes
//!
//! 1. **The careless**: an agent, a script or a person that means well and is about to delete the only copy. The common case, and the
//!    one that the product is measured on: nearly everything they do is harmless and must pass unseen.
//! 2. **The misled**: an agent that read an instruction in a web page or a repository. It writes the command that an attacker wants,
//!    obfuscated as well as a language model can. It speaks to Kintsugi only through its tools.
//! 3. **The determined agent**: it knows Kintsugi, can run programs as the person's user whenever a command of its is allowed, and tries
//!    to approve itself, stop the daemon, alter the log, or reach a shell that has no hook.
//!
//! # What is kept
//!
//! Against 1 and 2: the decision (see [`crate::classify`]) is taken from what the text does, after quoting, expansion, wrappers and embedded
//! languages; what cannot be read is held. Against all: the log shows afterwards what was proposed, decided and answered, and
//! alterations of it are found.
//!
//! # What is not kept
//!
//! - **Commands that never pass a hook.** A hook is a place where a shell or an agent asks; a program that starts another by `execve(2)`
//!   does not ask. `shell-hooks/README.md` says per shell what is gated, recorded and missed.
//! - **The same user.** Everything that runs as the person's uid may connect to the socket, signal the daemon, and write its files. The log
//!   shows it (chain, head), it is not prevented. Approvals of an agent's own holds are refused ([`super::approvals`] says how, and what an
//!   attack on the person's own account can do all the same).
//!   `kintsugi daemon install --system` gives the daemon a user of its own: then nothing that runs as the person can signal it or
//!   touch its log, its key and its policy, and what is left to them is the socket.
//! - **The vault, on one uid.** Whoever runs as the daemon's user can read the vault's file and try passwords against it, as fast as
//!   Argon2id lets them: a weak password is refused when it is set, and nothing else stands in the way. They can replace or remove the file,
//!   which locks and is on record; kill the daemon with `SIGKILL` and start another with other paths (the log of the right one says
//!   `unclean_start`, clients of the admin notice the other host key); read the memory of a client that asks for the password, if they may trace it
//!   (it is not dumpable, so they may not, unless they are root); or show a prompt that looks like ours. They can make the admin wait: wrong guesses without end keep the delay at a minute, during which a right one may
//!   come too early as well. They cannot make the daemon do anything privileged. With the daemon under a user of its own (`--system`; the vault is then made as that user: `sudo -u USER kintsugi admin init`)
//!   file, log, memory and signals are out of reach, and what remains is the prompt and the wait.
//! - **What only a model would see.** A model adds caution where it answers in time. Whoever keeps it busy, or writes what it makes
//!   nothing of, is left with the rules and the heuristic, which do not depend on it.
//! - **What a program does later.** A build script, a test or a server that is started runs as it likes. Its start is decided, its behaviour
//!   is not watched.
//! - **The administrator and the kernel.** Root can do as it pleases.
