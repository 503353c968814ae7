//! What a client finds out is a claim, and buys little.
//!
//! **Question.** Whether `git reset --hard` loses anything is known to the working copy, not to the text. Who looks, and what may
//! the answer change, when the one who looks may be lying?
//!
//! **Considered.** The daemon could look itself: then a mount that hangs holds up every shell, and a repository's settings run
//! programs in the one process that must not be taken over. Not looking at all asks a person about every `rm -rf src`; that is
//! switched off within a week.
//!
//! **Decided.** The daemon works out the answer twice: as it is, and as if everything that could be looked at could be taken back.
//! Only where the two differ, or where a script would run, a tree that looks like the output of a build would go, or the rights of a
//! tree that may be a link would change, does it answer `wanted`. Nothing is decided or recorded then. The client looks, on
//! a thread of its own, for 250 ms and 10,000 files at most, and proposes again under the same id, four times at most (a script
//! starts others). What was not found out counts as not recoverable.
//!
//! The specification gives 5 ms. Starting git takes two of them, four times; whoever is asked about would otherwise have been
//! interrupted by a question, so the time is spent where it saves minutes.
//!
//! **What may change.** A fact takes back findings of rules that ask `recoverable = false`, each of them ambiguous: a rule that is
//! catastrophic cannot be written with that condition, and one that a policy has made catastrophic is not taken back. Facts are of
//! the moment before the line: what the line itself moves, writes or mounts at a path is not calmed by what stood there before. A
//! branch counts as kept only when the line changes no other reference. In the other direction facts add: the effects of the
//! script's text, the path that a link leads to, work in what looks like a build, a mount in a tree that goes, settings of agents in a directory or an archive
//! that is put whole where agents look for them.
//!
//! **What lying buys.** Whoever may write to the socket can claim that a working copy is clean, and gets an ambiguous command through
//! that would have been held: deletions and overwrites of files of the project, changes that were never committed, branches. Nothing
//! outside of the project that is catastrophic, no force push, no secret, no device. The claim is in the log beside the command,
//! under the peer that the kernel attests. An agent that can only run commands through a hook cannot lie directly: the hook looks.
//! It can prepare what the hook sees (`git update-ref refs/remotes/origin/main HEAD` makes commits look pushed), with commands that
//! are decided like any other.
//!
//! **A script is read like the line itself**, with two differences. What could not be read in it, a target that it names by a
//! variable, and code that it computes count no more than a script that nobody read: a hole in a long build script is ordinary, and a guard that asks about
//! each is switched off. And it has a budget of its own ([`crate::limits::SCRIPT_WORK_MAX`]); what is longer stays unread.
//!
//! **Looking runs nothing.** `git status` runs filters, hooks and a file system monitor that `.git/config` may name. All of them are
//! switched off, a `git` that lies in the working copy is not found, and nothing is fetched
//! (`tests/tests/facts.rs`: `asking_git_runs_nothing_that_a_repository_names`).
//!
//! **Price.** A clean working copy is believed to be clean between the look and the command. One more round trip and some
//! milliseconds for the commands that are asked about; none for the others.
