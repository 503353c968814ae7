//! Options and names that a user may set: the gate stands all the same, and what is harmless runs.

use kintsugi_tests::seat::{HELD, Seat};
use kintsugi_tests::shells::Shell;
use kintsugi_tests::waiting::until;

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

/// Most lines in which the hook shows itself in a trace for one line of the user's: calls of its functions, and what they do first.
const TRACED_MAX: usize = 8;

#[test]
fn a_trace_shows_what_the_user_runs_and_not_what_the_hook_does() {
    // Into a file, since the trace of what prints the prompt looks like one.
    let mut seat = Seat::with_lines(Shell::Bash, "exec 9>trace; BASH_XTRACEFD=9");
    seat.relayed();
    seat.run("set -x");
    seat.run("touch fine");
    seat.did_run("fine");
    seat.deny(&format!("touch ran; {HELD}"), "n");
    seat.did_not_run("ran");
    // It is still on.
    seat.run("touch more");
    let traced = std::fs::read_to_string(seat.file("trace")).unwrap();
    let own = traced.lines().filter(|line| line.contains("kintsugi"));
    // Of each of four lines its question and its prompt, and the refusal.
    assert!(own.count() <= 4 * TRACED_MAX, "{traced}");
    for line in ["+ touch fine", "+ touch more"] {
        assert!(traced.contains(line), "{traced}");
    }

    let mut seat = Seat::new(Shell::Zsh);
    seat.relayed();
    seat.pty.send("setopt xtrace\r");
    seat.pty.send("touch fine\r");
    until(|| seat.file("fine").exists(), |is_there| *is_there);
    seat.pty.send(&format!("touch ran; {HELD}\r"));
    seat.pty.expect("run it? [y/N]");
    let traced = seat.pty.screen();
    let own = traced.lines().filter(|line| line.contains("+_kintsugi"));
    assert!(own.count() <= 3 * TRACED_MAX, "{traced}");
    seat.pty.send("n");
    seat.pty.expect("denied");
    assert!(!seat.file("ran").exists(), "{}", seat.pty.screen());
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
