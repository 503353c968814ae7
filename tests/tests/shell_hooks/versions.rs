//! The whole list in shells of other versions than this system's, which `tests/shells` fetches; with `KINTSUGI_LONG_TESTS` only.

use kintsugi_tests::shells::Shell;

use super::{Stage, fetched, is_long, play, scenarios};

fn keeps_every_promise(shell: Shell, versions: &[&str]) {
    if !is_long() {
        return;
    }
    for version in versions {
        println!("{version}");
        let stage = Stage {
            programs: vec![fetched(version)],
            ..Stage::new(shell)
        };
        play(&stage, scenarios());
    }
}

#[test]
fn other_versions_of_bash_keep_every_promise() {
    keeps_every_promise(Shell::Bash, &["bash-5.1", "bash-5.2", "bash-5.3"]);
}

#[test]
fn another_version_of_zsh_keeps_every_promise() {
    keeps_every_promise(Shell::Zsh, &["zsh-5.8"]);
}

#[test]
fn fish_4_keeps_every_promise() {
    keeps_every_promise(Shell::Fish, &["fish-4.0", "fish-4"]);
}
