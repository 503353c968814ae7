//! A mass change is held against the decisions by the daemon, which believes its own watcher alone.
//!
//! **Question.** The watcher sees that files go, and the log knows what was allowed. Who puts the two together?
//!
//! **Considered.** The watcher could read the log, or ask for it: then a client of the same user says what is an incident, and reads the
//! log from the disk at every burst. The daemon could search its log backwards: a burst on a busy machine would delay every
//! verdict by the reading of thousands of records. It could watch by itself: reading a tree of a million files, or a mount that hangs,
//! is nothing for the one thread that answers.
//!
//! **Decided.** The watcher counts, names directories and looks at processes and at git; the daemon holds the directories against the
//! last 512 commands that may change something, which it remembers as it remembers holds: a fold over the log. That is a comparison of
//! paths, and looks at no file. What the watcher that it started says is believed, as the kernel attests its process; else whoever may connect
//! could raise alarms until nobody reads them, or claim that git did it. A command explains what its effects name, or, where it
//! runs what nobody foresees, its directory and its project: an alarm after every build would be worse than none.
//!
//! **Price.** In the shadow of an allowed command in the same project something else passes unseen. After a restart the memory begins with what
//! the segment of the log opens with. Git's word is taken for files in which two commits differ: whoever removes exactly those, at that moment, is
//! taken for git, and git has them.
