//! Every shape that a line can have is asked about whole, before any of it runs.

use kintsugi_tests::seat::{HELD, Seat};
use kintsugi_tests::shells::Shell;

use super::Scenario;

/// The scenarios.
pub(crate) const SCENARIOS: &[Scenario] = &[
    ("a list is refused whole", |seat| {
        denied(seat, &format!("touch ran; {HELD}; touch ran"));
    }),
    ("a conditional list is refused whole", |seat| {
        denied(seat, &format!("touch ran && {HELD} || touch ran"));
    }),
    ("a pipeline is refused whole", |seat| {
        denied(seat, &format!("touch ran | {HELD}"));
    }),
    ("a background command is refused", |seat| {
        denied(seat, &format!("touch ran & {HELD}"));
        denied(seat, &format!("{HELD} &"));
    }),
    ("a group is refused whole", |seat| {
        let (bash, fish) = (
            "{ touch ran; rm -rf ~/.ssh; }",
            "begin; touch ran; rm -rf ~/.ssh; end",
        );
        denied(
            seat,
            if seat.shell == Shell::Fish {
                fish
            } else {
                bash
            },
        );
    }),
    ("a subshell is refused whole", |seat| {
        let (bash, fish) = (
            "(touch ran; rm -rf ~/.ssh)",
            "echo (touch ran; rm -rf ~/.ssh)",
        );
        denied(
            seat,
            if seat.shell == Shell::Fish {
                fish
            } else {
                bash
            },
        );
    }),
    ("a loop is refused before its first turn", |seat| {
        let bash = "while true; do touch ran; rm -rf ~/.ssh; done";
        let fish = "while true; touch ran; rm -rf ~/.ssh; end";
        denied(
            seat,
            if seat.shell == Shell::Fish {
                fish
            } else {
                bash
            },
        );
    }),
    ("a condition is refused before it is tried", |seat| {
        let bash = "if touch ran; then rm -rf ~/.ssh; fi";
        let fish = "if touch ran; rm -rf ~/.ssh; end";
        denied(
            seat,
            if seat.shell == Shell::Fish {
                fish
            } else {
                bash
            },
        );
    }),
    ("a leading space hides nothing", |seat| {
        denied(seat, &format!("  touch ran; {HELD}"));
    }),
    ("a redirection is refused with its command", |seat| {
        denied(seat, &format!("{HELD} > ran"));
    }),
    ("a command in quotes of another is seen", |seat| {
        denied(seat, &format!("sh -c 'touch ran; {HELD}'"));
    }),
    ("quotes and odd characters arrive as typed", |seat| {
        seat.run(r#"printf '%s' 'a"b$c;d&e|f>g' > odd"#);
        let text = std::fs::read_to_string(seat.file("odd")).expect("it ran");
        assert_eq!(text, r#"a"b$c;d&e|f>g"#);
    }),
    ("text that is not ASCII arrives as typed", |seat| {
        seat.run("printf '%s' 'größe 漢字 🦀' > wide");
        let text = std::fs::read_to_string(seat.file("wide")).expect("it ran");
        assert_eq!(text, "größe 漢字 🦀");
    }),
    ("an empty line is no question", |seat| {
        seat.run("");
        seat.run("   ");
        seat.run("touch ran");
        seat.did_run("ran");
        // Not the bare name: fish 4 tells the terminal the directory, which has it.
        for words in ["kintsugi: ", "kintsugi holds"] {
            let screen = seat.pty.screen();
            assert!(!screen.contains(words), "{screen}");
        }
    }),
    ("a comment is no danger", |seat| {
        if seat.shell == Shell::Zsh {
            seat.run("setopt interactive_comments");
        }
        let printed = seat.run("touch ran # rm -rf ~/.ssh");
        seat.did_run("ran");
        assert!(!printed.contains("run it?"), "{printed}");
    }),
    ("several lines are one command", |seat| {
        type_loop(seat, "touch loop$i");
        assert!(
            seat.ran("loop1") && seat.ran("loop2"),
            "{}",
            seat.pty.screen()
        );
    }),
    ("several lines are refused as one", |seat| {
        let lines = loop_lines(seat.shell, &format!("touch ran; {HELD}"));
        for line in &lines[..lines.len() - 1] {
            seat.pty.send(&format!("{line}\r"));
        }
        seat.deny(&lines[lines.len() - 1], "n");
        seat.did_not_run("ran");
    }),
    ("a here-document is part of its command", |seat| {
        if seat.shell == Shell::Fish {
            // fish has none; a quote over two lines is the nearest to it.
            seat.pty.send("echo 'two\r");
            seat.run("words' > here");
            let text = std::fs::read_to_string(seat.file("here")).expect("it ran");
            assert_eq!(text, "two\nwords\n");
            return;
        }
        seat.pty.send("cat > here <<END\r");
        seat.pty.send("two words\r");
        seat.run("END");
        let text = std::fs::read_to_string(seat.file("here")).expect("it ran");
        assert_eq!(text, "two words\n");
    }),
    ("what a here-document says is asked about", |seat| {
        if seat.shell == Shell::Fish {
            seat.pty.send("sh -c 'touch ran\r");
            seat.deny(&format!("{HELD}'"), "n");
        } else {
            seat.pty.send("sh <<END; touch ran\r");
            seat.pty.send(&format!("{HELD}\r"));
            seat.deny("END", "n");
        }
        seat.did_not_run("ran");
    }),
    ("an alias is judged by what it stands for", |seat| {
        seat.again_with(&format!("alias tidy='touch ran; {HELD}'"));
        if seat.shell == Shell::Fish {
            // An alias of fish is a function; what it stands for was in a file, which nobody asked about.
            seat.run("tidy");
            seat.did_run("ran");
        } else {
            seat.deny("tidy", "n");
            seat.did_not_run("ran");
        }
    }),
    (
        "what a function does is asked about at its definition, and its call is not",
        |seat| {
            let body = format!("touch ran; {HELD}");
            let defined = if seat.shell == Shell::Fish {
                format!("function tidy; {body}; end")
            } else {
                format!("tidy() {{ {body}; }}")
            };
            seat.again_with(&defined);
            seat.run("tidy");
            seat.did_run("ran");
        },
    ),
    (
        "a file that is sourced or run is judged by what it says",
        |seat| {
            std::fs::write(seat.file("held"), format!("#!/bin/sh\ntouch ran\n{HELD}\n"))
                .expect("a file");
            std::fs::write(seat.file("fine"), "#!/bin/sh\ntouch ran\n").expect("a file");
            for name in ["held", "fine"] {
                std::fs::set_permissions(
                    seat.file(name),
                    std::os::unix::fs::PermissionsExt::from_mode(0o755),
                )
                .expect("a file of ours");
            }
            for line in ["source ./held", ". ./held", "./held", "sh ./held"] {
                denied(seat, line);
            }
            for line in ["source ./fine", ". ./fine", "./fine", "sh ./fine"] {
                seat.run(line);
                seat.did_run("ran");
            }
        },
    ),
    ("what replaces the shell is asked about", |seat| {
        denied(seat, &format!("exec sh -c 'touch ran; {HELD}'"));
        denied(seat, "exec rm -rf ~/.ssh");
    }),
    ("what a builtin runs is asked about", |seat| {
        denied(seat, &format!("eval 'touch ran; {HELD}'"));
        denied(seat, &format!("builtin eval 'touch ran; {HELD}'"));
        denied(seat, &format!("command {HELD}"));
        if seat.shell != Shell::Fish {
            denied(seat, &format!("trap '{HELD}' EXIT"));
        }
    }),
    (
        "a line that is longer than a pipe is asked about whole",
        |seat| {
            type_long(seat, "echo '");
            seat.run("' > long");
            assert!(std::fs::read(seat.file("long")).expect("it ran").len() > 24_000);
            type_long(seat, &format!("touch ran; {HELD}; echo '"));
            seat.deny("'", "n");
            seat.did_not_run("ran");
        },
    ),
    (
        "bytes that are not UTF-8 are refused, with the reason",
        |seat| {
            seat.run("true");
            seat.pty.send_bytes(b"touch ran; echo \xff\xfe\r");
            let printed = seat.shell.ready(&mut seat.pty);
            // The line editors of zsh and fish make characters of them before anybody sees the line.
            if seat.shell == Shell::Bash {
                assert!(printed.contains("not UTF-8"), "{printed}");
                seat.did_not_run("ran");
            }
            seat.run("touch alive");
            seat.did_run("alive");
        },
    ),
    ("a dash alone is a line", |seat| {
        seat.run("-");
        seat.run("touch ran");
        seat.did_run("ran");
    }),
];

fn denied(seat: &mut Seat, line: &str) {
    seat.deny(line, "n");
    seat.did_not_run("ran");
}

fn loop_lines(shell: Shell, body: &str) -> Vec<String> {
    let (head, end) = match shell {
        Shell::Bash | Shell::Zsh => ("for i in 1 2; do", "done"),
        Shell::Fish => ("for i in 1 2", "end"),
    };
    [head, body, end].map(str::to_owned).to_vec()
}

fn type_loop(seat: &mut Seat, body: &str) {
    let lines = loop_lines(seat.shell, body);
    for line in &lines[..lines.len() - 1] {
        seat.pty.send(&format!("{line}\r"));
    }
    seat.run(&lines[lines.len() - 1]);
}

/// Types a command of many long lines, all but its last.
fn type_long(seat: &mut Seat, head: &str) {
    if seat.shell == Shell::Fish {
        // It draws the whole text again for each key, so it gets a paste.
        let lines = "p".repeat(3_000) + "\n";
        let text = format!("\u{1b}[200~{head}\n{}\u{1b}[201~", lines.repeat(8));
        return seat.pty.send(&text);
    }
    seat.pty.send(&format!("{head}\r"));
    for number in 0..8 {
        // A terminal takes 4 KiB at once; what is shown was taken.
        seat.pty
            .send(&format!("{} line{number}.\r", "p".repeat(3_000)));
        seat.pty.expect(&format!("line{number}."));
    }
}
