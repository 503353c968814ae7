//! The watcher: what slipped past the gates is seen, and a mass change that no decision explains is told.
//!
//! A gate sees what is proposed. A program that somebody installed, a script of an editor, an agent that found a way around propose
//! nothing; what they do to files shows in the files. In `daemon.toml`, beside the policy:
//!
//! ```toml
//! [watch]
//! places = ["~/work", "/srv/data"]   # absolute or below `~`; without any, nothing is watched
//! removed = 25                       # so many names removed in one burst want an explanation; 0: never
//! overwritten = 200                  # likewise, files written over
//! settle_ms = 1000                   # the pause that ends a burst
//! ignored = ["node_modules"]         # in place of the watcher's own list; `[]`: everything is entered
//! ```
//!
//! The daemon then keeps `kintsugi watch` running; it takes a restart. `kintsugi watch` says what is watched, and so do `kintsugi
//! status` and `kintsugi doctor`. `kintsugi watch PATH…` watches in the foreground and prints; what it sees is recorded, and held
//! against nothing.
//!
//! **Off unless places are named.** A watch costs about 1 KiB of the kernel's memory for each directory and one reading of the
//! tree at each start, the log gets records of what a person edits, and an alarm about a directory of which nobody said that it
//! matters is one that teaches to ignore alarms. To watch every project in which something was proposed would be all of this
//! without asking.
//!
//! # What is seen
//!
//! Created, written, removed and renamed files and directories, by whomever, in the places and everything below. A file
//! that is saved under another name and renamed counts as written; one that is made and removed within a burst does not count;
//! one that is removed and made again counts as written. Changes with less than the pause between them are one burst, told after ten
//! pauses at the latest: one `observation` in the log with counts, up to 24 directories and a few examples. Names that are no UTF-8 stand
//! there with `\xHH`; secrets in names are masked; `kintsugi log redact` takes the whole of it away.
//!
//! A directory that appears is watched first and read afterwards, so nothing that comes into it in between is lost. When the
//! kernel drops events (`max_queued_events`), everything is looked at again and the record says so (`rescans`): what is new is
//! told, what was written since is told by its time, of what is gone the number and the directory, since its name is not kept.
//!
//! While nothing changes the process is not woken: it waits in one `poll(2)` without a time limit. Of a file it keeps 8 bytes (a
//! hash of its name, some 16 with the room that a set keeps free), of a directory some 300 bytes, of a burst what became of 262,144
//! names (some 8 MiB); beyond 2,000,000 names further directories are not entered.
//!
//! # What is missed
//!
//! - What a program writes through a mapping of memory (`mmap(2)`), or into a file that it keeps open: it shows when the file is
//!   closed, and a mapping never does. Modes, owners, times and attributes. Reading.
//! - What happened before the first start. From then on the watcher of the daemon keeps what it knows (`watch.seen` in the data
//!   directory: hashes of names, 8 bytes each, up to 200,000 names; after every burst, with more than 20,000 names 30 s after it), and at
//!   each start tells, as one burst that says so (`rescans`), what was made, written and removed since; of a place that is gone as a
//!   whole, or with other settings, nothing is compared. A mass change of that time is held against the decisions of all of it.
//! - What is in directories that are not entered (`.git`, `node_modules`, `target` and their like:
//!   `IGNORED` in `kintsugi-cli/src/watch/ignored.rs`); that one of them is removed as a whole is seen. Inside of `.git` nothing
//!   is: whoever removes only what is in it is not noticed.
//! - Links are not followed, and a file system that is mounted below a place is not entered: name it as a place of its own. On network
//!   file systems and FUSE the kernel tells only what this machine does.
//! - Beyond `max_user_watches`, and in directories that may not be read: `status` says so, and the rest is watched. A place that is not
//!   there, or goes, is waited for.
//! - Who did it. inotify does not say; see below.
//!
//! # What explains a mass change
//!
//! From `removed` or `overwritten` on, or when a repository's own directory goes, the daemon holds each directory of the burst against
//! what it remembers of the log:
//!
//! - a command that was allowed, or approved, and whose effects delete, move, write over or truncate that
//!   directory, something right in it, or what is above it;
//! - one that runs what nobody foresees (a program, a script, an installation, an unknown command, `git checkout`) in that
//!   directory, above it, or in the same working copy;
//!
//! if it ran at that time: from its decision until 10 s after its reported end; without a reported end 10 minutes, and for
//! a shell that tells of every end as long as that shell lives. What only reads explains nothing, nor does a command below which
//! an agent proposes for itself, nor what was reported without ever being proposed.
//!
//! What git did by itself, for an editor or in a shell without a hook, explains the files that git can bring back, and no others
//! (`tests/tests/watch/git.rs` has each, and what each does not cover):
//!
//! | what git did | by what that is known | what it explains |
//! |---|---|---|
//! | `checkout`, `merge`, `rebase`, `reset`, `pull`, `revert`, `cherry-pick` | an entry of that moment in the history of HEAD | the files in which the two commits differ |
//! | a merge, pick or revert that stops at a conflict, or is given up | `MERGE_HEAD` and its like, now or before the burst | the files of its other side |
//! | `stash` | an entry of that moment in the history of stashes | the files of the stash |
//! | `stash pop`, `stash apply` | a stash that is there, or was before the burst | files that were written in the burst and are as the stash has them; of one that was popped, those that it takes away |
//! | `worktree remove` | the tree's directory in the repository went with it, as it does not when files are only deleted | as many files as its commit has |
//! | `sparse-checkout` | its list was written in the burst | files that git leaves out |
//!
//! The last file of a directory takes the directory along, which counts. Of a stash that was made and popped while no watcher ran nothing
//! is left that would explain it; nor is told what a `worktree remove --force` takes of changes that were in no commit.
//!
//! What is left over, if it is still that much, is an `incident`: in the log, in red in `kintsugi status` for a day, and told as `kintsugi
//! notify` tells. It names processes that stood in the place or had something in it open, the youngest first: looked at once when
//! the threshold is crossed, and once at the end. That is where to look, and no proof.
//!
//! What can still be had is said, and had: files whose names are gone while a process has them open are copied to `rescued`
//! in the data directory (256 files and 256 MiB a burst, the last 16 bursts); of what git's index has, the number is told. Nothing is put
//! back by itself, and what an `rm` has not reached yet is not raced for: a hard link would change with what is written next.
//!
//! Only the watcher that the daemon started is believed so far, as the kernel attests its process; anybody else who sends an `observe` is
//! named in the record, and raises no alarm. With no daemon a watcher keeps up to 1 MiB of bursts in `watch.ndjson`, in which each has an
//! id: the next daemon records each once, and holds none against anything.
//!
//! # Ways around
//!
//! - A little at a time: fewer than the threshold in each burst.
//! - In the shadow of a command that was allowed in the same project, for as long as it runs and 10 s more.
//! - As the same user: to stop the watcher. Its end is in the log, and the daemon starts it again after a second; what happened in
//!   between is told at that start.
//! - Of the decisions before the turn of a segment of the log the newest 256 KiB are remembered by whoever is started behind it. With
//!   more of them within ten minutes the alarm may be a false one.
//! - A directory that a person reaches by a link of their own, neither as the place was named nor as it is: a command that is
//!   recorded with that name explains nothing, unless it says its real directory among the facts. False alarms, too.
