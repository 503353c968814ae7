//! Ways around that were found, each with the test that keeps it closed.
//!
//! A bypass is a command that does what a rule forbids and is not seen to do it. Report one as `SECURITY.md` says; it becomes a row here and a
//! case of `tests/corpus/evasive*.toml`, first failing, then held.
//!
//! | how | example | kept closed by |
//! |---|---|---|
