//! What the shell hooks promise, cell by cell of the table in `shell-hooks/README.md`.
//!
//! Evidence is a file that a command would make: it is there when it ran, and only then.

use std::path::PathBuf;

use kintsugi_tests::machine::Machine;
use kintsugi_tests::pty::Pty;
use kintsugi_tests::shells::Shell;

const SHELLS: [Shell; 2] = [Shell::Bash, Shell::Zsh];

/// A command that is held wherever it stands. What it would delete does not exist.
const HELD: &str = "rm -rf ~/.ssh";

/// A shell with its hook, in its own machine.
struct Seat {
    machine: Machine,
    shell: Shell,
    pty: Pty,
}

impl Seat {
    fn new(shell: Shell) -> Self {
        Self::with_lines(shell, "")
    }

    fn with_lines(shell: Shell, lines: &str) -> Self {
        let machine = Machine::new();
        let pty = shell.start(&shell.with_lines(&machine, lines));
        Self {
            machine,
            shell,
            pty,
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.machine.home().join(name)
    }

    /// Types a line that runs, and returns what was printed.
    fn run(&mut self, line: &str) -> String {
        self.pty.send(&format!("{line}\r"));
        self.shell.ready(&mut self.pty)
    }

    /// Types a line that is held, answers with `keys`, and waits for the next prompt.
    fn hold(&mut self, line: &str, keys: &str) {
        self.pty.send(&format!("{line}\r"));
        self.pty.expect("run it? [y/N]");
        self.pty.send(keys);
        self.shell.ready(&mut self.pty);
    }

    fn status(&mut self) -> String {
        self.shell.status(&mut self.pty)
    }

    fn ran(&self, name: &str) -> bool {
        self.file(name).exists()
    }
}

/// Runs `test` in every shell.
fn everywhere(test: impl Fn(Seat)) {
    for shell in SHELLS {
        test(Seat::new(shell));
    }
}

#[test]
fn every_key_but_yes_refuses() {
    everywhere(|mut seat| {
        for (name, keys) in [
            ("enter", "\r"),
            ("n", "n"),
            ("escape", "\u{1b}"),
            ("ctrl-c", "\u{3}"),
            ("ctrl-d", "\u{4}"),
            ("ctrl-z", "\u{1a}"),
            ("ctrl-backslash", "\u{1c}"),
            ("x", "x"),
        ] {
            seat.hold(&format!("touch ran; {HELD}"), keys);
            assert_eq!(seat.status(), "130", "{:?} {name}", seat.shell);
            assert!(!seat.ran("ran"), "{:?} {name}", seat.shell);
        }
        seat.hold(&format!("touch ran; {HELD}"), "y");
        assert!(seat.ran("ran"), "{:?}", seat.shell);
    });
}

#[test]
fn keys_typed_ahead_are_no_answer() {
    everywhere(|mut seat| {
        // The `y` is in the terminal before the question is.
        seat.pty.send(&format!("touch ran; {HELD}\ry"));
        seat.pty.expect("run it? [y/N]");
        seat.pty.send("n");
        seat.shell.ready(&mut seat.pty);
        assert!(!seat.ran("ran"), "{:?}", seat.shell);
    });
}

#[test]
fn the_status_of_a_command_is_its_own() {
    everywhere(|mut seat| {
        seat.run("false");
        assert_eq!(seat.status(), "1", "{:?}", seat.shell);
        seat.run("(exit 7)");
        assert_eq!(seat.status(), "7", "{:?}", seat.shell);
        seat.hold(&format!("{HELD}; (exit 9)"), "y");
        assert_eq!(seat.status(), "9", "{:?}", seat.shell);
    });
}

#[test]
fn a_command_of_several_lines_is_one() {
    everywhere(|mut seat| {
        seat.pty.send("for i in 1 2; do\r");
        seat.pty.send("touch loop$i\r");
        seat.run("done");
        assert!(seat.ran("loop1") && seat.ran("loop2"), "{:?}", seat.shell);

        seat.pty.send("for i in 1 2; do\r");
        seat.pty.send("touch denied$i\r");
        seat.hold(&format!("{HELD}; done"), "n");
        assert!(!seat.ran("denied1"), "{:?}", seat.shell);
    });
}

#[test]
fn a_here_document_is_part_of_its_command() {
    everywhere(|mut seat| {
        seat.pty.send("cat > here <<END\r");
        seat.pty.send("two words\r");
        seat.run("END");
        let text = std::fs::read_to_string(seat.file("here")).unwrap();
        assert_eq!(text, "two words\n", "{:?}", seat.shell);

        seat.pty.send("sh <<END; touch after\r");
        seat.pty.send(&format!("{HELD}\r"));
        seat.hold("END", "n");
        assert!(!seat.ran("after"), "{:?}", seat.shell);
    });
}

#[test]
fn nothing_of_a_refused_line_runs() {
    everywhere(|mut seat| {
        for line in [
            format!("(touch ran); {HELD}"),
            format!("touch ran | {HELD}"),
            format!("touch ran & {HELD}"),
            format!("while true; do touch ran; {HELD}; done"),
            format!("{{ touch ran; {HELD}; }}"),
            format!("if touch ran; then {HELD}; fi"),
            format!("  touch ran; {HELD}"),
        ] {
            seat.hold(&line, "n");
            assert!(!seat.ran("ran"), "{:?}: {line}", seat.shell);
        }
    });
}

#[test]
fn history_keeps_what_was_typed() {
    everywhere(|mut seat| {
        let home = seat.run("HISTSIZE=100; echo first");
        drop(home);
        seat.hold(HELD, "n");
        let list = match seat.shell {
            Shell::Bash | Shell::Fish => "history",
            Shell::Zsh => "fc -l 1",
        };
        let listed = seat.run(list);
        let times = |text: &str| listed.matches(text).count();
        assert_eq!(times(HELD), 1, "{:?}: {listed}", seat.shell);
        assert!(!listed.contains("kintsugi"), "{:?}: {listed}", seat.shell);
    });
}

#[test]
fn strict_options_do_not_end_the_shell() {
    everywhere(|mut seat| {
        seat.run("set -eu");
        seat.hold(HELD, "n");
        seat.run("touch alive");
        assert!(seat.ran("alive"), "{:?}", seat.shell);
    });
}

#[test]
fn a_trap_of_the_user_stays_and_does_not_open_the_gate() {
    everywhere(|mut seat| {
        seat.run("trap 'touch trapped' INT");
        seat.hold(&format!("touch ran; {HELD}"), "n");
        assert!(!seat.ran("ran"), "{:?}", seat.shell);
        let traps = seat.run("trap");
        assert!(traps.contains("touch trapped"), "{:?}: {traps}", seat.shell);
    });
}

#[test]
fn an_alias_is_judged_by_what_it_stands_for() {
    for shell in SHELLS {
        let mut seat = Seat::with_lines(shell, &format!("alias tidy='touch ran; {HELD}'"));
        seat.hold("tidy", "n");
        assert!(!seat.ran("ran"), "{shell:?}");
    }
}

#[test]
fn a_shell_inside_a_shell_asks_once() {
    everywhere(|mut seat| {
        let name = seat.shell.name();
        seat.run(&format!("{name} -i"));
        seat.hold(&format!("touch ran; {HELD}"), "n");
        assert!(!seat.ran("ran"), "{name}");
        seat.run("exit");
    });
}

#[test]
fn a_line_longer_than_an_argument_may_be_is_asked_about_whole() {
    everywhere(|mut seat| {
        let long = |seat: &mut Seat, last: &str| {
            seat.pty.send("cat > big <<END\r");
            for number in 0..12 {
                let padding = "p".repeat(3_000);
                seat.pty.send(&format!("{padding} line{number}.\r"));
                seat.pty.expect(&format!("line{number}."));
            }
            seat.pty.send("END\r");
            seat.pty.send(last);
        };
        long(&mut seat, "touch short\r");
        seat.shell.ready(&mut seat.pty);
        seat.shell.ready(&mut seat.pty);
        assert!(seat.ran("big") && seat.ran("short"), "{:?}", seat.shell);
        std::fs::remove_file(seat.file("big")).unwrap();
        seat.pty.send(&format!("{HELD}; "));
        long(&mut seat, "");
        seat.pty.expect("run it? [y/N]");
        seat.pty.send("n");
        seat.shell.ready(&mut seat.pty);
        assert!(!seat.ran("big"), "{:?}", seat.shell);
    });
}

#[test]
fn a_line_that_is_only_a_dash_is_a_line() {
    everywhere(|mut seat| {
        seat.run("-");
        seat.run("touch alive");
        assert!(seat.ran("alive"), "{:?}", seat.shell);
    });
}

#[test]
fn vi_keys_ask_too() {
    for (shell, mode) in [(Shell::Bash, "set -o vi"), (Shell::Zsh, "bindkey -v")] {
        let mut seat = Seat::with_lines(shell, mode);
        seat.hold(&format!("touch ran; {HELD}"), "n");
        assert!(!seat.ran("ran"), "{shell:?}");
    }
}

#[test]
fn a_line_of_the_history_is_asked_about_as_it_will_run() {
    let mut seat = Seat::new(Shell::Bash);
    seat.hold(&format!("touch ran; {HELD}"), "n");
    seat.hold("!!", "n");
    assert!(!seat.ran("ran"));
    seat.run("echo harmless");
    seat.hold("!touch", "n");
    assert!(!seat.ran("ran"));
}

#[test]
fn text_of_the_history_does_not_run_unseen() {
    everywhere(|mut seat| {
        seat.hold(&format!("touch ran; {HELD}"), "n");
        seat.hold("fc -e -", "n");
        seat.hold("fc", "n");
        assert!(!seat.ran("ran"), "{:?}", seat.shell);
        let listed = seat.run("fc -l");
        assert!(listed.contains(HELD), "{:?}: {listed}", seat.shell);
    });
}

#[test]
fn what_r_recalls_is_asked_about() {
    for event in ["r", "r touch", "r -1"] {
        let mut seat = Seat::new(Shell::Zsh);
        seat.hold(&format!("touch ran; {HELD}"), "n");
        // `r` puts the line back to the prompt; Enter proposes it.
        seat.run(event);
        seat.hold("", "n");
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
    seat.hold(&format!("touch ran; {HELD}"), "n");
    assert!(!seat.ran("ran"));
    seat.run(again);
    seat.run("echo fine");
    seat.hold(&format!("touch ran; {HELD}"), "n");
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
fn without_a_daemon_the_plainly_safe_runs_and_the_rest_does_not() {
    everywhere(|mut seat| {
        // No daemon can be started where its lock cannot be made.
        let socket = seat.file("no/such/../file/socket");
        std::fs::write(seat.file("file"), "").unwrap();
        let line = format!("export KINTSUGI_SOCKET={}", socket.display());
        seat.run(&line);
        let printed = seat.run("ls");
        assert!(
            !printed.contains("kintsugi: error"),
            "{:?}: {printed}",
            seat.shell
        );
        let printed = seat.run(&format!("touch ran; {HELD}"));
        assert!(printed.contains("no daemon"), "{:?}: {printed}", seat.shell);
        assert!(!seat.ran("ran"), "{:?}", seat.shell);
        let spool = seat.file(".local/share/kintsugi/spool.ndjson");
        let spooled = std::fs::read_to_string(spool).unwrap();
        assert!(
            spooled.contains(r#""raw":"ls""#),
            "{:?}: {spooled}",
            seat.shell
        );
        std::fs::remove_file(seat.file("file")).unwrap();
    });
}
