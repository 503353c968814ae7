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
//!
//! # What follows when the disk does not answer
//!
//! A `fdatasync` that hangs stops every answer, also those that need no sync: a second thread for the sync would let `status` through,
//! and nothing else, since every verdict waits for its record. So the clients are what keeps the host alive. Each waits ten seconds at
//! most (a shell's relay two, and then not again for thirty), also for room in the queue of the socket; then the core that is built in
//! judges, as without a daemon: the plainly safe passes and is spooled, the rest is held. `kintsugi-hook` tells the full client that it
//! starts that it has waited already. `kintsugi status` ends with 5, names the process, and says that it waits for its disk, or that
//! somebody has stopped it, where the kernel tells. When the disk answers again, so does the daemon; for ten minutes `status` then says how
//! long a record took, when that was more than two seconds. What was spooled meanwhile is taken over by the next start. All of this is tried
//! with a daemon whose disk takes five minutes (`tests/tests/hang.rs`: `a_disk_that_does_not_answer_makes_nobody_wait_for_ever_and_opens_nothing`,
//! `where_a_daemon_that_hangs_has_no_room_for_one_more_nobody_waits_for_ever_either`).
