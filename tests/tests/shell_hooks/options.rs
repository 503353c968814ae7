//! Options and names that a user may set: the gate stands all the same, and what is harmless runs.

use kintsugi_tests::seat::{HELD, Seat};
use kintsugi_tests::shells::Shell;

/// Lines behind the hook, each list in a shell of its own.
const BEHIND: [(Shell, &str); 11] = [
    (
        Shell::Bash,
        "shopt -s extdebug; trap ': \"$BASH_COMMAND\"' DEBUG",
    ),
    (
        Shell::Bash,
        "set -o posix; set -C; set -f; shopt -s nocasematch failglob dotglob xpg_echo",
    ),
    (Shell::Bash, "set -u; set -o pipefail; IFS=:_$'\\n'"),
    (
        Shell::Bash,
        "alias echo='echo ' local=false; read() { :; }; printf() { :; }; kill() { :; }; trap() { :; }",
    ),
    (
        Shell::Bash,
        "PROMPT_COMMAND=(\"${PROMPT_COMMAND[@]}\" 'P=1'); HISTCONTROL=ignorespace:erasedups; HISTIGNORE='*'",
    ),
    (
        Shell::Zsh,
        "setopt ksh_arrays sh_word_split no_unset glob_subst rc_expand_param csh_null_glob ksh_glob",
    ),
    (
        Shell::Zsh,
        "setopt err_return posix_builtins posix_identifiers no_case_match c_bases octal_zeroes noclobber",
    ),
    (
        Shell::Zsh,
        "setopt all_export warn_create_global ignore_braces no_multios no_short_loops bsd_echo sh_file_expansion",
    ),
    (
        Shell::Zsh,
        "alias builtin=false print=false local=false; alias -g text=x; print() { : }",
    ),
    (Shell::Zsh, "emulate ksh"),
    (Shell::Fish, "set -g IFS ''"),
];

#[test]
fn no_option_and_no_name_of_the_user_opens_the_gate_or_shuts_it_for_good() {
    for (shell, lines) in BEHIND {
        let mut seat = Seat::with_lines(shell, lines);
        for _ in 0..2 {
            seat.deny(&format!("touch ran; {HELD}"), "n");
            seat.did_not_run("ran");
            // After a refusal as before it.
            seat.run("touch fine");
            seat.did_run("fine");
        }
        let card = seat.approve(&format!("touch ran; {HELD}"));
        assert!(seat.ran("ran"), "{lines}: {card}");
    }
}

#[test]
fn a_line_keeps_its_blanks_and_its_lines_on_the_way_to_the_question() {
    for shell in Shell::ALL {
        let mut seat = Seat::new(shell);
        seat.run("touch '  a  b'  ");
        assert!(seat.ran("  a  b"), "{shell:?}");
        let card = seat.deny(&format!("touch  'x  y'; {HELD}"), "n");
        assert!(card.contains("'x  y'"), "{shell:?}: {card}");
    }
}
