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
//! - **What a program does later.** A build script, a test or a server that is started runs as it likes. Its start is decided, its behaviour
//!   is not watched.
//! - **The administrator and the kernel.** Root can do as it pleases.
