//! What each program is linked with, where that is promised.

use std::process::Command;

/// Whether `package` needs `dependency`, as cargo resolves it for this machine.
fn needs(package: &str, dependency: &str) -> bool {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let tree = Command::new(cargo)
        .args(["tree", "--offline", "--edges", "normal", "--prefix", "none"])
        .args(["--package", package])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{tree:?}");
    let tree = String::from_utf8(tree.stdout).unwrap();
    assert!(tree.lines().count() > 10, "{tree}");
    tree.lines()
        .any(|line| line.split(' ').next() == Some(dependency))
}

#[test]
fn the_daemon_has_nothing_that_takes_half_a_second_or_waits_for_a_network() {
    // A password is turned into a key by the client, in its own time.
    assert!(needs("kintsugi-cli", "argon2"), "so the test can fail");
    for dependency in ["argon2", "tokio", "async-std", "ureq", "reqwest", "hyper"] {
        assert!(!needs("kintsugi-daemon", dependency), "{dependency}");
    }
}

/// Whether a symbol of `program` has `word` in its name (nm(1); the programs of a test are not stripped).
fn links(program: &str, word: &str) -> bool {
    let listed = Command::new("nm")
        .arg(kintsugi_tests::machine::program(program))
        .output()
        .unwrap();
    assert!(listed.status.success(), "{listed:?}");
    String::from_utf8_lossy(&listed.stdout).contains(word)
}

#[test]
fn what_every_hook_starts_links_neither_the_judgement_nor_what_reads_settings_or_copies() {
    // A release of it is at most 1 MiB: `cargo bench -p kintsugi-tests --bench hooks` fails when it is not.
    for word in [
        "toml_parser",
        "clap_builder",
        "jsonc_parser",
        "argon2",
        "blake3",
        "brush_parser",
        "kintsugi_cli7capture",
    ] {
        assert!(links("kintsugi", word), "{word}: so the test can fail");
        assert!(!links("kintsugi-hook", word), "{word}");
    }
}
