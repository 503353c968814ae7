//! What runs, runs as without the hook.

use kintsugi_tests::seat::HELD;
use kintsugi_tests::shells::Shell;

use super::Scenario;

/// The scenarios.
pub(crate) const SCENARIOS: &[Scenario] = &[
    ("the status of a command is its own", |seat| {
        seat.run("false");
        assert_eq!(seat.status(), "1");
        seat.run("sh -c 'exit 7'");
        assert_eq!(seat.status(), "7");
        seat.approve(&format!("{HELD}; sh -c 'exit 9'"));
        assert_eq!(seat.status(), "9");
        seat.run("true");
        assert_eq!(seat.status(), "0");
    }),
    ("the last argument of a command is kept", |seat| {
        if seat.shell == Shell::Fish {
            // fish has no `$_` for it; Alt-. takes it from the history.
            seat.run("echo one two");
            seat.pty.send("echo \u{1b}.");
            seat.run(" > last");
        } else {
            seat.run("echo one two");
            seat.run("echo $_ > last");
        }
        let text = std::fs::read_to_string(seat.file("last")).expect("it ran");
        assert_eq!(text, "two\n");
    }),
    ("the statuses of a pipeline are kept", |seat| {
        let variable = match seat.shell {
            Shell::Bash => "${PIPESTATUS[@]}",
            Shell::Zsh | Shell::Fish => "$pipestatus",
        };
        seat.run("false | true | sh -c 'exit 3'");
        seat.run(&format!("echo {variable} > statuses"));
        let text = std::fs::read_to_string(seat.file("statuses")).expect("it ran");
        assert_eq!(text, "1 0 3\n");
    }),
    ("history keeps what was typed", |seat| {
        seat.run("echo first");
        seat.deny(HELD, "n");
        let listed = seat.run(match seat.shell {
            Shell::Bash => "history",
            Shell::Fish => "history | cat",
            Shell::Zsh => "fc -l 1",
        });
        assert!(listed.contains("echo first"), "{listed}");
        assert!(!listed.contains("_kintsugi"), "{listed}");
        if seat.shell != Shell::Fish {
            // In fish a refused line never leaves the editor, so it is not in the history.
            assert_eq!(listed.matches(HELD).count(), 1, "{listed}");
        }
    }),
    ("strict options do not end the shell", |seat| {
        if seat.shell == Shell::Fish {
            return;
        }
        seat.run("set -eu");
        seat.deny(HELD, "n");
        seat.run("touch one");
        seat.run("touch two");
        assert!(seat.ran("one") && seat.ran("two"), "{}", seat.pty.screen());
        if seat.shell == Shell::Bash {
            seat.run("set -o pipefail");
            seat.deny(HELD, "n");
            seat.run("touch three");
            seat.did_run("three");
        }
    }),
    ("a trap on SIGINT stays and opens nothing", |seat| {
        seat.run("trap 'touch trapped' INT");
        seat.deny(&format!("touch ran; {HELD}"), "n");
        seat.did_not_run("ran");
        let traps = seat.run(match seat.shell {
            Shell::Bash | Shell::Zsh => "trap",
            Shell::Fish => "trap -p",
        });
        assert!(traps.contains("touch trapped"), "{traps}");
    }),
    ("a trap on EXIT runs at the end", |seat| {
        seat.run("trap 'touch bye' EXIT");
        seat.deny(HELD, "n");
        seat.pty.send("exit\r");
        seat.pty.close();
        seat.did_run("bye");
    }),
    (
        "what the user runs before each command still runs",
        |seat| {
            let lines = match seat.shell {
                Shell::Bash => "trap ': > debugged' DEBUG",
                Shell::Zsh => {
                    "autoload -Uz add-zsh-hook; mine() { : > debugged }; add-zsh-hook preexec mine"
                }
                Shell::Fish => "function mine --on-event fish_preexec; touch debugged; end",
            };
            seat.again_with(lines);
            if seat.ran("debugged") {
                std::fs::remove_file(seat.file("debugged")).expect("a file");
            }
            seat.run("true");
            seat.did_run("debugged");
            seat.deny(&format!("touch ran; {HELD}"), "n");
            seat.did_not_run("ran");
            seat.run("true");
            seat.did_run("debugged");
        },
    ),
    ("what the user runs before each prompt still runs", |seat| {
        let lines = match seat.shell {
            Shell::Bash => "PROMPT_COMMAND=\"touch prompted; $PROMPT_COMMAND\"",
            Shell::Zsh => {
                "autoload -Uz add-zsh-hook; mine() { touch prompted }; add-zsh-hook precmd mine"
            }
            Shell::Fish => "function mine --on-event fish_prompt; touch prompted; end",
        };
        seat.again_with(lines);
        seat.run("sh -c 'exit 5'");
        assert_eq!(seat.status(), "5");
        seat.did_run("prompted");
        seat.deny(&format!("touch ran; {HELD}"), "n");
        seat.did_not_run("ran");
    }),
    ("jobs are the user's alone", |seat| {
        let listed = seat.run("jobs");
        assert!(!seat.names_the_guard(&listed), "{listed}");
        seat.run("sleep 1000 &");
        let listed = seat.run("jobs");
        assert!(listed.contains("sleep 1000"), "{listed}");
        seat.run("kill %1");
        seat.run("wait");
        let listed = seat.run("jobs");
        assert!(!listed.contains("Running"), "{listed}");
    }),
    ("a command is stopped and goes on", |seat| {
        seat.pty.send("sh -c 'echo be\"\"gun; exec tee typed'\r");
        seat.pty.expect("begun");
        seat.pty.send("one\r");
        seat.pty.expect("one\r\none");
        seat.pty.send("\u{1a}");
        seat.shell.ready(&mut seat.pty);
        seat.pty.send("fg\r");
        seat.pty.expect("tee typed");
        seat.pty.expect("\n");
        seat.pty.lines();
        seat.pty.send("two\r");
        // Once by the terminal and once by the job; fish 4 writes the title of its window between the two.
        seat.pty.expect("two");
        seat.pty.expect("two");
        seat.pty.send("\u{4}");
        seat.shell.ready(&mut seat.pty);
        let text = std::fs::read_to_string(seat.file("typed")).expect("it ran");
        assert_eq!(text, "one\ntwo\n");
    }),
    ("Ctrl-C ends a command and not the hook", |seat| {
        seat.pty.send("sh -c 'echo be\"\"gun; cat'; touch ran\r");
        seat.pty.expect("begun");
        seat.pty.send("x\r");
        seat.pty.expect("x\r\nx");
        seat.pty.send("\u{3}");
        seat.shell.ready(&mut seat.pty);
        seat.did_not_run("ran");
        seat.deny(&format!("touch ran; {HELD}"), "n");
        seat.did_not_run("ran");
        seat.run("touch ran");
        seat.did_run("ran");
    }),
    ("a command reads what is typed for it", |seat| {
        seat.pty.send(match seat.shell {
            Shell::Bash | Shell::Zsh => "echo be\"\"gun; read answer; echo \"<$answer>\"\r",
            Shell::Fish => "sh -c 'echo be\"\"gun; read answer; echo \"<$answer>\"'\r",
        });
        seat.pty.expect("begun");
        seat.pty.send("rm -rf ~\r");
        seat.pty.expect("<rm -rf ~>");
        seat.shell.ready(&mut seat.pty);
    }),
    ("a command can be timed", |seat| {
        let printed = seat.run("time sleep 0");
        let lower = printed.to_lowercase();
        assert!(
            lower.contains("real") || lower.contains("cpu") || lower.contains("executed"),
            "{printed}"
        );
    }),
    ("a function can be defined and called", |seat| {
        match seat.shell {
            Shell::Bash | Shell::Zsh => seat.run("greet() { touch greeted; }"),
            Shell::Fish => seat.run("function greet; touch greeted; end"),
        };
        seat.run("greet");
        seat.did_run("greeted");
    }),
    ("vi keys ask too", |seat| {
        seat.again_with(match seat.shell {
            Shell::Bash => "set -o vi",
            Shell::Zsh => "bindkey -v",
            Shell::Fish => "fish_vi_key_bindings; bind -M insert \\cg 'commandline \"\"'",
        });
        seat.deny(&format!("touch ran; {HELD}"), "n");
        seat.did_not_run("ran");
        seat.run("touch ran");
        seat.did_run("ran");
    }),
];
