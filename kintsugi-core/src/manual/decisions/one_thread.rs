//! The daemon has one thread, and waits in one place.
//!
//! **Question.** Many clients, a disk that syncs, people who take hours to answer. Why no threads and no async runtime?
//!
//! **Considered.** A thread a client is simple until state is shared; then a lock that is held over a sync stalls
//! everybody. An async runtime brings a hundred packages into the program that must be trusted most, and one blocking call
//! in it stalls as well. What is slow here is one thing, the sync, and it is better shared than overlapped: requests that
//! are ready together share one.
//!
//! **Decided.** One `epoll(7)` over the listener, the connections, the signals and the helpers: each descriptor is registered once,
//! so that a round costs what is ready and not what is connected; deadlines and turns stand in order. A round answers at most one frame of
//! each connection, in turn, makes all their records durable with one sync, and only then answers. Whoever waits for a
//! person is a line in a table, not a stack. Every wait has a deadline: half a frame, an unread answer, an `await`.
//!
//! **Price.** One command that is expensive to judge delays the round; so judging is bounded in units of work. Nothing
//! in a round may touch a file that a client names: a hung mount would hang every shell.
//!
//! # What follows for whoever follows the log
//!
//! `subscribe` has no queue: the log is one. A follower is a place in it, and is told more when it has taken what it was told,
//! at most 128 KiB a round for all of them. So one that lags costs no memory and delays nobody, one that does not read is dropped
//! like any connection, and after a reconnect it goes on where it was (`from_seq`), without a gap.
//!
//! # What follows for an idle daemon
//!
//! A start reads all names of the knowledge, and a burst of requests leaves free memory behind. Five seconds after something last
//! happened the daemon gives both back to the system, once (`malloc_trim(3)`, and `madvise(2)` over what of its programs is only
//! read, which comes back from the page cache when it is needed), and then waits without a time limit. Generating tables instead
//! of reading the knowledge would need a build script; that was not worth it.
//!
//! # What follows for the policy of a repository
//!
//! `.kintsugi.toml` lies in a directory that a client names, so the daemon does not open it. The client that proposes
//! reads it, like every other fact about the file system. That loses nothing: a repository's policy can only tighten, and
//! a client that wanted to leave it out could as well leave out the proposal.
