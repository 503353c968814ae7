//! Other programs that live in the same shell: none is broken, none breaks the gate, whichever comes first.

use kintsugi_tests::seat::{HELD, Seat};
use kintsugi_tests::shells::Shell;

use super::{play, scenarios};

/// A program that hooks into shells: its name and the start-up lines for each shell; nothing where it has none.
struct Companion {
    name: &'static str,
    lines: fn(Shell) -> Option<&'static str>,
}

const COMPANIONS: &[Companion] = &[
    Companion {
        name: "direnv",
        lines: |shell| {
            Some(match shell {
                Shell::Bash => "eval \"$(direnv hook bash)\"",
                Shell::Zsh => "eval \"$(direnv hook zsh)\"",
                Shell::Fish => "direnv hook fish | source",
            })
        },
    },
    Companion {
        name: "zoxide",
        lines: |shell| {
            Some(match shell {
                Shell::Bash => "eval \"$(zoxide init bash)\"",
                Shell::Zsh => "eval \"$(zoxide init zsh)\"",
                Shell::Fish => "zoxide init fish | source",
            })
        },
    },
    Companion {
        name: "fzf",
        lines: |shell| {
            Some(match shell {
                Shell::Bash => ". /usr/share/doc/fzf/examples/key-bindings.bash",
                Shell::Zsh => ". /usr/share/doc/fzf/examples/key-bindings.zsh",
                Shell::Fish => {
                    "source /usr/share/doc/fzf/examples/key-bindings.fish; fzf_key_bindings"
                }
            })
        },
    },
    Companion {
        name: "zsh-syntax-highlighting and zsh-autosuggestions",
        lines: |shell| match shell {
            Shell::Zsh => Some(
                ". /usr/share/zsh-autosuggestions/zsh-autosuggestions.zsh\n\
                 . /usr/share/zsh-syntax-highlighting/zsh-syntax-highlighting.zsh",
            ),
            Shell::Bash | Shell::Fish => None,
        },
    },
    Companion {
        name: "a prompt that keeps time by DEBUG and PS0, as starship and bash-preexec do",
        lines: |shell| match shell {
            Shell::Bash => Some(
                "began() { :; }; trap 'began \"$_\"' DEBUG\n\
                 PS0='${began[0]:0:0}'\"${PS0-}\"\n\
                 drawn() { local s=$?; return $s; }; PROMPT_COMMAND=\"drawn;${PROMPT_COMMAND-}\"",
            ),
            Shell::Zsh | Shell::Fish => None,
        },
    },
    Companion {
        name: "POSIX mode",
        lines: |shell| match shell {
            Shell::Bash => Some("set -o posix"),
            Shell::Zsh | Shell::Fish => None,
        },
    },
];

/// Scenarios that are played beside every companion; all of them with `KINTSUGI_LONG_TESTS`.
const BESIDE: [&str; 8] = [
    "harmless: runs at once, nothing is shown",
    "yes runs it, once",
    "Ctrl-C denies",
    "the status of a command is its own",
    "several lines are refused as one",
    "history keeps what was typed",
    "Ctrl-C ends a command and not the hook",
    "jobs are the user's alone",
];

fn beside(shell: Shell) {
    let long = std::env::var_os("KINTSUGI_LONG_TESTS").is_some();
    for companion in COMPANIONS {
        let Some(lines) = (companion.lines)(shell) else {
            continue;
        };
        println!("{shell:?} beside {}", companion.name);
        let chosen = scenarios().filter(|(name, _)| long || BESIDE.contains(name));
        play(shell, lines, chosen);
        before(shell, lines);
    }
}

/// The companion is there before the hook.
fn before(shell: Shell, lines: &str) {
    let mut seat = Seat::with_lines_before(shell, lines);
    seat.run("touch ran");
    seat.did_run("ran");
    seat.deny(&format!("touch ran; {HELD}"), "n");
    seat.did_not_run("ran");
    seat.run("sh -c 'exit 6'");
    assert_eq!(seat.status(), "6");
}

#[test]
fn bash_keeps_its_promises_beside_others() {
    beside(Shell::Bash);
}

#[test]
fn zsh_keeps_its_promises_beside_others() {
    beside(Shell::Zsh);
}

#[test]
fn fish_keeps_its_promises_beside_others() {
    beside(Shell::Fish);
}

#[test]
fn direnv_still_sets_what_a_directory_says() {
    for shell in Shell::ALL {
        let mut seat = Seat::with_lines(shell, (COMPANIONS[0].lines)(shell).expect("its lines"));
        std::fs::create_dir(seat.file("project")).expect("a directory");
        std::fs::write(seat.file("project/.envrc"), "export FROM_ENVRC=yes\n").expect("a file");
        let allowed = seat
            .machine
            .command("direnv")
            .args(["allow", "project"])
            .output();
        assert!(allowed.expect("direnv").status.success());
        seat.run("cd project");
        seat.run("echo $FROM_ENVRC > seen");
        let seen = std::fs::read_to_string(seat.file("project/seen")).expect("it ran");
        assert_eq!(seen, "yes\n", "{shell:?}");
    }
}
