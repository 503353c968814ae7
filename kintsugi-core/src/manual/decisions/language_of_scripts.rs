//! Embedded languages are read by one tolerant reader, not by their parsers.
//!
//! **Question.** `python -c`, `node -e`, `perl -e`, `ruby -e`, `php -r` and their like carry whole programs. How much of them is understood?
//!
//! **Considered.** A real parser for each language would be five large dependencies, each with its own recursion and memory behaviour on
//! hostile input, and would still not say what a call does. Searching the text for names finds `rmtree` in a comment and misses
//! `getattr(os, 'sys' + 'tem')`.
//!
//! **Decided.** One lexer that knows how each language writes strings, comments and embedded expressions, and one evaluator that follows
//! constants through assignments, concatenation, formatting, imports, member look-ups and common decoders to the arguments of calls, of
//! which a table says what they do ([`crate::knowledge::embedded`]). Control flow is not followed: what could run counts. Code whose text is not known is an
//! effect of its own, fed by where it comes from, so that `exec(urlopen(…).read())` is seen as code from the network.
//!
//! What is run and computed, decoded or found by reflection is held (`unknown.command`, `code.from-decoder`), also when its constants
//! were worked out: nobody writes `exec(b64decode(…))` to be read. A decoder whose result is only printed changes nothing. A function that
//! no table has makes the code ambiguous with a small risk (`unknown.call`), so that code is safe only when all of it is known.
//!
//! **Price.** A program that computes what it does from data that only exists when it runs is not understood. It is as unknown as a
//! script file that nobody read.
