//! What only one shell has: its own keys, its own way to its history, its own start of a command.

use std::path::PathBuf;
use std::time::Duration;

use kintsugi_tests::seat::{HELD, Seat};
use kintsugi_tests::shells::Shell;

#[test]
fn a_line_of_the_history_is_asked_about_as_it_will_run() {
    let mut seat = Seat::new(Shell::Bash);
    seat.deny(&format!("touch ran; {HELD}"), "n");
    seat.deny("!!", "n");
    assert!(!seat.ran("ran"));
    seat.run("echo harmless");
    seat.deny("!touch", "n");
    assert!(!seat.ran("ran"));
}

#[test]
fn text_of_the_history_does_not_run_unseen() {
    for shell in [Shell::Bash, Shell::Zsh] {
        let mut seat = Seat::new(shell);
        seat.deny(&format!("touch ran; {HELD}"), "n");
        seat.deny("fc -e -", "n");
        seat.deny("fc", "n");
        assert!(!seat.ran("ran"), "{shell:?}");
        let listed = seat.run("fc -l");
        assert!(listed.contains(HELD), "{shell:?}: {listed}");
    }
}

#[test]
fn what_r_recalls_is_asked_about() {
    for event in ["r", "r touch", "r -1"] {
        let mut seat = Seat::new(Shell::Zsh);
        seat.deny(&format!("touch ran; {HELD}"), "n");
        // `r` puts the line back to the prompt; Enter proposes it.
        seat.run(event);
        seat.deny("", "n");
        assert!(!seat.ran("ran"), "{event}");
        seat.run("echo one");
        seat.run("r one=two");
        let printed = seat.run("");
        assert!(printed.contains("two"), "{event}: {printed}");
    }
}

#[test]
fn a_key_that_hides_its_text_is_refused_in_bash() {
    let mut seat = Seat::with_lines(Shell::Bash, "HISTCONTROL=ignoreboth");
    // C-o accepts a line without Enter.
    seat.pty.send(&format!("touch ran; {HELD}\u{f}"));
    seat.pty.expect("press Enter instead");
    seat.shell.ready(&mut seat.pty);
    assert!(!seat.ran("ran"));
}

#[test]
fn a_line_accepted_by_another_key_is_asked_about() {
    let mut seat = Seat::with_lines(Shell::Bash, "HISTCONTROL=");
    seat.pty.send(&format!("touch ran; {HELD}\u{f}"));
    seat.pty.expect("run it? [y/N]");
    seat.pty.send("n");
    seat.shell.ready(&mut seat.pty);
    assert!(!seat.ran("ran"));
}

#[test]
fn the_gate_stays_shut_when_the_user_takes_its_prompt_command_away() {
    let mut seat = Seat::new(Shell::Bash);
    let again = "PROMPT_COMMAND='echo \"<ready>\"'";
    seat.run(again);
    seat.deny(&format!("touch ran; {HELD}"), "n");
    assert!(!seat.ran("ran"));
    seat.run(again);
    seat.run("echo fine");
    seat.deny(&format!("touch ran; {HELD}"), "n");
    assert!(!seat.ran("ran"));
}

#[test]
fn a_pasted_text_is_asked_about_once() {
    let mut seat = Seat::with_lines(Shell::Bash, "bind 'set enable-bracketed-paste on'");
    let paste = format!("\u{1b}[200~touch one\ntouch two; {HELD}\u{1b}[201~\r");
    seat.pty.send(&paste);
    seat.pty.expect("run it? [y/N]");
    seat.pty.send("n");
    seat.shell.ready(&mut seat.pty);
    assert!(!seat.ran("one") && !seat.ran("two"));
}

#[test]
fn a_number_sign_that_begins_no_comment_hides_nothing() {
    for (shell, off) in [
        (Shell::Zsh, "unsetopt interactive_comments"),
        (Shell::Bash, "shopt -u interactive_comments"),
    ] {
        let mut seat = Seat::with_lines(shell, off);
        seat.deny(&format!("touch ran #; {HELD}"), "n");
        seat.deny(&format!("#; touch ran; {HELD}"), "n");
        assert!(!seat.ran("ran"), "{shell:?}");
    }
}

#[test]
fn an_abbreviation_is_asked_about_as_what_it_stands_for() {
    let lines = format!(
        "abbr --add tidy 'touch ran; {HELD}'\n\
         abbr --add anywhere --position anywhere -- '; {HELD}'\n\
         abbr --add pattern --regex 'tidy[0-9]+' 'touch ran; {HELD}'"
    );
    let mut seat = Seat::with_lines(Shell::Fish, &lines);
    for line in ["tidy", "touch ran anywhere", "tidy42", "true; and tidy"] {
        // The first Enter expands in fish 3, and nothing is asked about yet; in fish 4 it does both.
        seat.pty.send(&format!("{line}\r\r"));
        seat.denied("n");
        seat.did_not_run("ran");
    }
    // Where it does not expand, its name is a word as any other.
    let printed = seat.run("echo tidy");
    assert!(printed.contains("tidy"), "{printed}");
}

#[test]
fn lines_of_a_word_are_no_abbreviation() {
    let mut seat = Seat::with_lines(Shell::Fish, "");
    // The word's first line is like its last: one Enter for each line, and the last one runs it.
    seat.pty.send("echo '\r");
    seat.pty.send("'; touch ran; echo '\r");
    seat.run("'");
    seat.did_run("ran");
}

#[test]
fn a_line_of_a_megabyte_is_refused_with_the_reason_and_the_shell_goes_on() {
    // A shell that reads a megabyte from its terminal, byte by byte, takes a minute on a busy machine.
    if !super::is_long() {
        return;
    }
    let text = "p".repeat(1_100_000);
    let paste = format!("\u{1b}[200~touch ran; echo {text}\u{1b}[201~\r");
    // fish draws each part of a paste anew, for minutes; a key of the user's puts the text there at once.
    let key = "bind \\cg \"commandline -r 'touch ran; echo '(string repeat -n 1100000 p)\"";
    for (shell, lines, typed) in [
        (
            Shell::Bash,
            "bind 'set enable-bracketed-paste on'",
            paste.as_str(),
        ),
        (Shell::Zsh, "", &paste),
        (Shell::Fish, key, "\u{7}\r"),
    ] {
        let mut seat = Seat::with_lines(shell, lines);
        seat.relayed();
        seat.pty.send(typed);
        // By its length alone, or, where the terminal lost some of it, since nobody could read all of it.
        seat.pty.expect("kintsugi: error: denied: ");
        seat.next_prompt();
        seat.did_not_run("ran");
        seat.run("touch ran");
        seat.did_run("ran");
    }
}

#[test]
fn an_alias_is_told_when_another_begins_with_it_and_when_its_name_is_no_word() {
    let lines = format!("alias tidy=clean clean='touch ran; {HELD}' %=tidy");
    let mut seat = Seat::with_lines(Shell::Bash, &lines);
    for line in ["tidy", "%"] {
        seat.deny(line, "n");
        seat.did_not_run("ran");
    }
    seat.run("alias fine='touch ran'");
    seat.run("fine");
    seat.did_run("ran");
}

/// The editor of lines of zsh takes a NUL, and zsh runs what stands behind it. Those of bash and fish drop it.
#[test]
fn a_nul_hides_nothing() {
    let widget = format!(
        "nul() {{ BUFFER=$'true \\0; touch ran; '{HELD:?} }}\n\
         zle -N nul\n\
         bindkey '^T' nul"
    );
    let mut seat = Seat::with_lines(Shell::Zsh, &widget);
    for _ in 0..2 {
        seat.pty.send("\u{14}\r");
        seat.pty.expect("holds a NUL");
        seat.next_prompt();
        seat.did_not_run("ran");
        seat.relayed();
    }
    for shell in [Shell::Bash, Shell::Fish] {
        let mut seat = Seat::new(shell);
        let line = format!("true \u{16}\0; touch ran; {HELD}\r");
        seat.pty.send_bytes(line.as_bytes());
        seat.denied("n");
        seat.did_not_run("ran");
    }
}

#[test]
fn what_zsh_starts_has_no_pipe_of_the_hook() {
    let lines = "taken() {\n\
                 for at in /proc/$$/fd/*(N); do\n\
                 [[ ${at:A} == *kintsugi-shells* ]] && at=${at:t} && exec {at}>&-\n\
                 done\n\
                 exec {one}>mine {two}>mine {three}>mine\n\
                 }";
    let mut seat = Seat::with_lines(Shell::Zsh, lines);
    seat.relayed();
    let opened = |pid: &str| -> Vec<PathBuf> {
        let files = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("its files");
        let names = files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
        names
            .filter(|name| name.to_string_lossy().contains("kintsugi-shells"))
            .collect()
    };
    let shell = seat.pid();
    // At a prompt one is open for a moment by its path, to tell how the line ended.
    let settles = |count: usize| {
        let settled = (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            opened(&shell).len() == count
        });
        assert!(settled, "{:?}", opened(&shell));
    };
    settles(2);
    let printed = seat.run("ls -l /proc/self/fd; (ls -l /proc/self/fd)");
    assert!(
        printed.contains("->") && !printed.contains("kintsugi-shells"),
        "{printed}"
    );
    // Whoever closes them loses nothing, and what is opened under their number is not written to.
    seat.run("taken");
    settles(0);
    seat.run("touch ran");
    seat.did_run("ran");
    seat.deny(&format!("touch denied; {HELD}"), "n");
    seat.did_not_run("denied");
    assert_eq!(std::fs::read(seat.file("mine")).expect("a file"), b"");
}
