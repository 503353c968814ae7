//! The whole list in shells of other versions than this system's, which `tests/shells` fetches; with `KINTSUGI_LONG_TESTS` only.

use kintsugi_tests::shells::Shell;

use super::{Stage, fetched, is_long, play, scenarios};

fn keeps_every_promise(shell: Shell, version: &str) {
    if !is_long() {
        return;
    }
    let stage = Stage {
        programs: vec![fetched(version)],
        ..Stage::new(shell)
    };
    play(&stage, scenarios());
}

#[test]
fn bash_5_1_keeps_every_promise() {
    keeps_every_promise(Shell::Bash, "bash-5.1");
}

#[test]
fn the_last_bash_5_2_keeps_every_promise() {
    keeps_every_promise(Shell::Bash, "bash-5.2");
}

#[test]
fn bash_5_3_keeps_every_promise() {
    keeps_every_promise(Shell::Bash, "bash-5.3");
}

#[test]
fn zsh_5_8_keeps_every_promise() {
    keeps_every_promise(Shell::Zsh, "zsh-5.8");
}

#[test]
fn fish_4_0_keeps_every_promise() {
    keeps_every_promise(Shell::Fish, "fish-4.0");
}

#[test]
fn the_newest_fish_keeps_every_promise() {
    keeps_every_promise(Shell::Fish, "fish-4");
}
