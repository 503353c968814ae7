//! Facts and opinions are two kinds of files.
//!
//! **Question.** A list of patterns for dangerous commands is short and easy to review. Why two layers of data and an engine?
//!
//! **Considered.** Patterns over text miss every other spelling (`git -C x push -f`, `bash -c '…'`, `$'\x72m'`) and stop what only mentions
//! a command (`grep 'rm -rf'`, a commit message). A list of allowed programs stops everything it has not heard of. Both were
//! measured by others on the same commands: the cautious kind interrupts 84 of 100 that an agent runs, the quiet kind catches half of what
//! is dangerous.
//!
//! **Decided.** `knowledge/*.toml` states what options take and what running a program does, true or false, with its source;
//! `rules/*.toml` states which effects a person would regret. A new program needs only facts, a new opinion holds for every program at once. The
//! vocabulary between them is closed ([`crate::effect`]), so neither can drift.
//!
//! **Price.** Coverage is work: a program without an entry is unknown, therefore ambiguous. It stays below the threshold by itself, so that a
//! project's own tools do not interrupt.
