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
