//! fish, nushell and PowerShell are written as bash and then read.
//!
//! **Question.** A line for fish, nushell or PowerShell is proposed, or stands in `fish -c`, `nu -c` and `pwsh -Command`. Who reads it?
//!
//! **Considered.** An evaluator for each would be a second and a third copy of what the one for bash knows about variables, functions,
//! pipes, files and directories, with holes of their own. Refusing both holds every line that a fish user types into a block. Reading
//! fish as bash finds what both spell alike, and misreads quotes and lists.
//!
//! **Decided.** A reader for the grammar of each writes the text of bash that would start the same commands, words quoted so that what
//! is text there stays text here, and the one evaluator reads that. fish is read whole: blocks, `and`/`or`/`not`, `set`, lists,
//! `(…)`, `psub`, functions that an event calls. Of PowerShell only pipelines of commands with strings, variables, script blocks and
//! assignments are read; types, methods, operators and control flow are unreadable, so held. `-EncodedCommand` is decoded. Of nushell, pipelines
//! with strings, variables, lists, closures and redirections; what is in a closure, a block or a definition is judged as if it ran
//! once, and a name that is nushell's own (`find`, `move`, `rm -t`) means what nushell does by it.
//!
//! **Price.** A finding in such a line points to the whole line. `string` and `math` of fish are programs whose output is not worked
//! out, so that a command made by them is held. What stands behind an `exit` is judged as if it ran, in every shell: an interactive
//! shell with stopped jobs refuses the first `exit`, and an alias or function of that name is no end at all.
