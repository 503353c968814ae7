//! fish, nushell, PowerShell and cmd are written as bash and then read.
//!
//! **Question.** A line for fish, nushell, PowerShell or cmd is proposed, or stands in `fish -c`, `nu -c`, `pwsh -Command` and `cmd /c`. Who reads it?
//!
//! **Considered.** An evaluator for each would be a second and a third copy of what the one for bash knows about variables, functions,
//! pipes, files and directories, with holes of their own. Refusing both holds every line that a fish user types into a block. Reading
//! fish as bash finds what both spell alike, and misreads quotes and lists.
//!
//! **Decided.** A reader for the grammar of each writes the text of bash that would start the same commands, words quoted so that what
//! is text there stays text here, and the one evaluator reads that. fish is read whole: blocks, `and`/`or`/`not`, `set`, lists,
//! `(…)`, `psub`, functions that an event calls.
//!
//! Of PowerShell, commands, pipelines, strings, variables, tables and their splatting, expressions, control flow and functions are read.
//! A method or a type is read when its name says that it only computes (`Trim`, `[math]::Max`); every other call is unreadable, so held:
//! `Delete`, `Start`, `Invoke`, `FromBase64String`, casts to `[wmi]` and `[scriptblock]`, a command whose name is computed and not known.
//! What is computed is not known, and what it was computed from stays in its word, so that a command inside is seen and what it prints
//! is followed. The files that `Get-ChildItem` lists are what `Remove-Item` behind a pipe, `$_` and `foreach` are given.
//! `-EncodedCommand` is decoded.
//!
//! Of nushell, pipelines with strings, interpolation, variables, lists, records, closures, `match`, `with-env` and redirections; what is in
//! a closure, a block or a definition is judged as if it ran once, with the files that `ls` or `glob` in front of it names. A name that
//! is nushell's own (`find`, `move`, `rm -t`) means what nushell does by it. Modules other than `std` and sourced files are held.
//!
//! Of cmd, commands, blocks, `if`, `for`, `set`, `call`, `start`, carets, `%X:~1,2%`, `%X:a=b%` and `!X!`. A path loses its drive. A variable
//! that the line sets is known from there on, whenever cmd would expand it. The protocol names cmd as `cmd`; an agent that does not
//! say so is understood all the same: a single line that begins as only cmd's do (`if exist`, `for %x in (`, `del /q`, `@echo`) and in which
//! no shell of Unix could start anything is read as cmd would, and a line whose commands hold carets or `%…%` is read as both,
//! one behind the other, so that neither reading makes the other less.
//!
//! What only zsh has (bodies without `do` or `then`, `foreach … end`, functions without a name, `always`, qualifiers of patterns) is written
//! by the lexer as what every shell has. A qualifier that only chooses among names is dropped; one that runs code, changes names or
//! adds hidden ones stays.
//!
//! **Price.** A finding in such a line points to the whole line. `string` and `math` of fish are programs whose output is not worked
//! out, so that a command made by them is held. What stands behind an `exit` is judged as if it ran, in every shell: an interactive
//! shell with stopped jobs refuses the first `exit`, and an alias or function of that name is no end at all.
