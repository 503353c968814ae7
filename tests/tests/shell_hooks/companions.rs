//! Other programs that live in the same shell: none is broken, none breaks the gate, whichever comes first.

use kintsugi_tests::seat::{HELD, Seat};
use kintsugi_tests::shells::Shell;

use super::{Stage, fetched, is_long, play, scenarios};

/// A program that hooks into shells: its name and the start-up lines for each shell; nothing where it has none.
struct Companion {
    name: &'static str,
    /// What `tests/shells` fetches for it; nothing when this system's release has it.
    fetched: Option<&'static str>,
    /// `@` stands for the directory that was fetched.
    lines: fn(Shell) -> Option<&'static str>,
    /// Shells that it ends by itself where `set -eu` is, at Ctrl-C at the prompt at the latest: seen without our hook.
    ends_strict: &'static [Shell],
    /// What is otherwise beside it, and why.
    not_played: &'static [(&'static str, &'static str)],
}

const COMPANIONS: &[Companion] = &[
    Companion {
        name: "starship",
        fetched: Some("starship"),
        ends_strict: &[Shell::Bash, Shell::Zsh],
        not_played: &[],
        lines: |shell| {
            Some(match shell {
                Shell::Bash => "eval \"$(starship init bash)\"",
                Shell::Zsh => "eval \"$(starship init zsh)\"",
                Shell::Fish => "starship init fish | source",
            })
        },
    },
    // It brings bash-preexec along for bash.
    Companion {
        name: "atuin, with bash-preexec in bash",
        fetched: Some("atuin"),
        ends_strict: &[Shell::Bash],
        not_played: &[],
        lines: |shell| {
            Some(match shell {
                Shell::Bash => "eval \"$(atuin init bash)\"",
                Shell::Zsh => "eval \"$(atuin init zsh)\"",
                Shell::Fish => "atuin init fish | source",
            })
        },
    },
    Companion {
        name: "mise",
        fetched: Some("mise"),
        ends_strict: &[Shell::Bash],
        not_played: &[],
        lines: |shell| {
            Some(match shell {
                Shell::Bash => "eval \"$(mise activate bash)\"",
                Shell::Zsh => "eval \"$(mise activate zsh)\"",
                Shell::Fish => "mise activate fish | source",
            })
        },
    },
    Companion {
        name: "direnv",
        fetched: None,
        ends_strict: &[],
        not_played: &[],
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
        fetched: None,
        ends_strict: &[],
        not_played: &[],
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
        fetched: None,
        ends_strict: &[],
        not_played: &[],
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
        fetched: None,
        ends_strict: &[],
        not_played: &[],
        lines: |shell| match shell {
            Shell::Zsh => Some(
                ". /usr/share/zsh-autosuggestions/zsh-autosuggestions.zsh\n\
                 . /usr/share/zsh-syntax-highlighting/zsh-syntax-highlighting.zsh",
            ),
            Shell::Bash | Shell::Fish => None,
        },
    },
    Companion {
        name: "the integration of kitty",
        fetched: None,
        ends_strict: &[],
        not_played: &[],
        lines: |shell| {
            Some(match shell {
                Shell::Bash => {
                    "KITTY_SHELL_INTEGRATION=enabled; . /usr/lib/kitty/shell-integration/bash/kitty.bash"
                }
                Shell::Zsh => {
                    "KITTY_SHELL_INTEGRATION=enabled\n\
                     autoload -Uz -- /usr/lib/kitty/shell-integration/zsh/kitty-integration; kitty-integration"
                }
                Shell::Fish => {
                    "set -gx KITTY_SHELL_INTEGRATION enabled\n\
                     source /usr/lib/kitty/shell-integration/fish/vendor_conf.d/kitty-shell-integration.fish"
                }
            })
        },
    },
    Companion {
        name: "the integration of VS Code",
        fetched: Some("vscode"),
        ends_strict: &[],
        not_played: &[],
        lines: |shell| {
            Some(match shell {
                Shell::Bash => ". @/shellIntegration-bash.sh",
                Shell::Zsh => "USER_ZDOTDIR=$HOME; . @/shellIntegration-rc.zsh",
                Shell::Fish => "set -gx TERM_PROGRAM vscode; source @/shellIntegration.fish",
            })
        },
    },
    Companion {
        name: "ble.sh",
        fetched: Some("blesh"),
        ends_strict: &[Shell::Bash],
        not_played: &[
            (
                "e gives the line back to be changed",
                "ble.sh keeps its own editor",
            ),
            (
                "bytes that are not UTF-8 are refused, with the reason",
                "its editor makes characters of them",
            ),
            (
                "several lines are one command",
                "lines typed faster than it draws are one text to it, and Enter makes a new line: so without the hook",
            ),
            ("several lines are refused as one", "the same"),
            ("a here-document is part of its command", "the same"),
            ("what a here-document says is asked about", "the same"),
            (
                "a line that is longer than a pipe is asked about whole",
                "the same",
            ),
            (
                "the statuses of a pipeline are kept",
                "it keeps the last: so without the hook",
            ),
            (
                "Ctrl-C ends a command and not the hook",
                "it runs what stands behind that command: so without the hook",
            ),
        ],
        lines: |shell| match shell {
            // It asks the terminal where the cursor is, and this one does not tell.
            Shell::Bash => Some("source @/ble.sh; bleopt char_width_mode=west"),
            Shell::Zsh | Shell::Fish => None,
        },
    },
    Companion {
        name: "powerlevel9k",
        fetched: Some("powerlevel9k"),
        ends_strict: &[],
        not_played: &[],
        lines: |shell| match shell {
            Shell::Zsh => Some("source @/powerlevel9k.zsh-theme"),
            Shell::Bash | Shell::Fish => None,
        },
    },
    Companion {
        name: "liquidprompt",
        fetched: Some("liquidprompt"),
        ends_strict: &[],
        not_played: &[],
        lines: |shell| match shell {
            Shell::Bash | Shell::Zsh => Some("source @/liquidprompt --no-activate; lp_activate"),
            Shell::Fish => None,
        },
    },
    Companion {
        name: "a prompt that keeps time by DEBUG and PS0, as starship and bash-preexec do",
        fetched: None,
        ends_strict: &[],
        not_played: &[],
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
        fetched: None,
        ends_strict: &[],
        not_played: &[],
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

/// Not played beside others: some start a program for each prompt.
const ALONE: &str = "a harmless line starts no process";

/// Not played beside what ends such a shell by itself; a refusal is a Ctrl-C.
const ENDED_BY_THEM: &str = "strict options do not end the shell";

fn beside(shell: Shell) {
    let wanted = std::env::var("KINTSUGI_COMPANION").unwrap_or_default();
    for companion in COMPANIONS {
        let Some(lines) = (companion.lines)(shell) else {
            continue;
        };
        if companion.fetched.is_some() && !is_long() || !companion.name.contains(&wanted) {
            continue;
        }
        println!("{shell:?} beside {}", companion.name);
        let place = companion.fetched.map(fetched);
        let at = place.as_ref().map(|place| place.display().to_string());
        let stage = Stage {
            lines: match at {
                Some(at) => lines.replace('@', &at),
                None => lines.to_owned(),
            },
            programs: place.into_iter().collect(),
            ..Stage::new(shell)
        };
        let is_strict = !companion.ends_strict.contains(&shell);
        let chosen = scenarios().filter(|(name, _)| {
            *name != ALONE
                && (is_strict || *name != ENDED_BY_THEM)
                && companion.not_played.iter().all(|(other, _)| name != other)
                && (is_long() || BESIDE.contains(name))
        });
        play(&stage, chosen);
        before(&stage);
    }
}

/// The companion is there before the hook.
fn before(stage: &Stage) {
    let mut seat = Seat::with_lines_before(stage.machine(), stage.shell, &stage.lines);
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
        let direnv = COMPANIONS.iter().find(|one| one.name == "direnv");
        let lines = direnv.and_then(|direnv| (direnv.lines)(shell));
        let mut seat = Seat::with_lines(shell, lines.expect("its lines"));
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
