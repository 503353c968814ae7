//! What nobody described is judged by the words of its line.
//!
//! **Question.** A few hundred programs are described; there are a hundred thousand. A program without an entry is ambiguous, at 25 of
//! 100, and passes: to hold each would ask about every tool of every project. But `frobctl cluster destroy prod --force` says in
//! plain English what it does. May a guess count in a judgement that is otherwise made of facts?
//!
//! **Considered.** Holding every unknown program: whoever is asked about every tool of every project reads nothing. Letting each
//! pass: then whatever nobody thought of passes, however plainly it says what it does. Patterns over the text of the line: they find `destroy` in a commit
//! message, a path and a search as well, which is what the whole design is against.
//!
//! **Decided.** Words are read where a command line has its verbs: the first words that are no options and no values, the options
//! that force and sweep, the queries and addresses that a program is given, the name of a file of statements that nobody could
//! read (`kintsugi-core/src/knowledge/verbs.rs`, `assumed.rs`, `sentences.rs`; what words say is in `lexicon.rs`). What comes of it is an
//! effect like any other with the mark `assumed`, for which there are rules of its own (`kintsugi-core/rules/assumed.toml`). Bounds that
//! keep a guess a guess:
//!
//! - it only adds: no word makes anything calmer, and an entry that says what is lost is never overruled;
//! - it is ambiguous at most, so that a grant, a mode and a threshold apply to it, and a person is told that it was assumed;
//! - it is asked only where an entry is missing or leaves its words open, so that describing a program takes its guesses away.
//!
//! **Price.** `frobctl delete-draft` is held although nobody would mind, and a program that calls it `tidy` passes. Words in other
//! languages than English say nothing. Of the 29,598 examples of the tldr pages one in seven is held, and a fifth of these by such a
//! rule (`kintsugi check --batch`); whoever uses such a program every day grants it, or writes its entry.
//!
//! **What would change it.** Entries: each that is added makes this matter less.
