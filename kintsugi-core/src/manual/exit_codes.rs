//! Exit statuses of `kintsugi`.
//!
//! | status | meaning | may the command run? |
//! |---|---|---|
//! | 0 | allowed; for commands that only ask: done | yes |
//! | 1 | it failed; stderr says at what | no |
//! | 2 | the arguments are wrong | no |
//! | 3 | denied, by a person, a policy or because nobody could be asked | no |
//! | 4 | held: it waits for a person | no |
//! | 5 | there is no daemon and none could be started | no |
//! | 6 | the log does not verify | no |
//! | 7 | the admin vault refused | no |
//!
//! `kintsugi run` ends with the status of the command once it has run, and with one of these when it has not. `kintsugi log verify`
//! has statuses of its own, because scripts must tell a torn tail from tampering: 0 good, 1 tampered, 2 torn tail, 3 a
//! format it does not know, 4 incomplete (a key or an anchor is missing), 5 cannot be read.
