//! Ways around that were found, each with the test that keeps it closed.
//!
//! A bypass is a command that does what a rule forbids and is not seen to do it. Report one as `SECURITY.md` says; it becomes a row here and a
//! case of `tests/corpus/evasive*.toml`, first failing, then held.
//!
//! | how | example | kept closed by |
//! |---|---|---|
//! | an option that is not described takes the subcommand for its value | `aws --x s3 rb s3://b --force` | `tests/corpus/evasive.toml`, `every_evasive_spelling_is_held_by_its_rule` |
//! | the dynamic loader is given the program | `/lib64/ld-linux-x86-64.so.2 /bin/rm -rf ~` | `tests/corpus/evasive.toml`, `every_evasive_spelling_is_held_by_its_rule` |
//! | an option names the program that is started instead | `scp -S ./x a b:` | `tests/corpus/evasive.toml`, `every_evasive_spelling_is_held_by_its_rule` |
//! | a variable names the program that another one starts | `GIT_SSH=./x git fetch` | `tests/corpus/evasive.toml`, `every_evasive_spelling_is_held_by_its_rule` |
//! | the program text comes as a makefile on the standard input | `make -f - <<< 'all:;rm -rf ~'` | `tests/corpus/evasive.toml`, `every_evasive_spelling_is_held_by_its_rule` |
//! | a terminal or multiplexer starts it | `xterm -e 'rm -rf ~'` | `tests/corpus/evasive.toml`, `every_evasive_spelling_is_held_by_its_rule` |
//! | a builtin keeps it for later | `complete -C 'rm -rf ~' ls` | `tests/corpus/evasive.toml`, `every_evasive_spelling_is_held_by_its_rule` |
