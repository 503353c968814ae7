//! A client that shares nothing with this project but the page of the wire: whoever writes one can rely on what stands there.

use std::path::Path;
use std::process::Command;

use kintsugi_tests::daemon::TestDaemon;

/// Has it walk through what it is told to; returns what it went through.
fn walk(daemon: &TestDaemon, arguments: &[&str]) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/wire_1.py");
    let mut client = Command::new("python3");
    let output = client
        .arg(script)
        .arg(daemon.socket())
        .args(arguments)
        .output();
    let output = output.expect("python3 starts: tests/run installs it");
    assert!(output.status.success(), "{output:?}");
    let steps = String::from_utf8(output.stdout).unwrap();
    steps.lines().map(str::to_owned).collect()
}

#[test]
fn a_client_written_from_the_specification_alone_finds_all_of_it_kept() {
    let mut daemon = TestDaemon::start();
    assert_eq!(walk(&daemon, &[]).len(), 10);
    assert_eq!(walk(&daemon, &["shutdown"]), ["shutdown"]);
    assert!(daemon.wait().success());
}
