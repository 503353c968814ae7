//! What `kintsugi log` says on a terminal while it takes longer than a second.

use std::io::Write as _;
use std::time::Duration;

use kintsugi_core::limits::SEGMENT_RECORDS;
use kintsugi_tests::logs;
use kintsugi_tests::machine::{Machine, printed, program};
use kintsugi_tests::pty::Pty;

/// Fills the log of a machine with segments as long as a daemon's.
fn filled_as_written(machine: &Machine, count: u64) {
    let start = "2026-01-02T00:00:00Z".parse().expect("a time");
    logs::fill(&machine.log(), (count, SEGMENT_RECORDS), start);
}

/// Runs a command on a terminal whose checkpoints come after more than a second, as from a slow disk.
fn on_a_slow_disk(machine: &Machine, arguments: &[&str]) -> String {
    let notes = machine.log().join("checkpoints");
    let kept = std::fs::read(&notes).expect("checkpoints");
    std::fs::remove_file(&notes).expect("a directory of ours");
    let made = std::process::Command::new("mkfifo").arg(&notes).status();
    assert!(made.expect("mkfifo").success());
    let terminal = Pty::spawn(&machine.kintsugi(arguments), 100);
    // Whoever opens it for writing waits for whoever reads it.
    let mut pipe = std::fs::OpenOptions::new()
        .write(true)
        .open(&notes)
        .expect("a pipe");
    std::thread::sleep(Duration::from_millis(1_200));
    pipe.write_all(&kept).expect("a reader");
    // Whoever reads the pipe reads on until it is closed, and finds the file itself the next time.
    std::fs::remove_file(&notes).expect("a directory of ours");
    std::fs::write(&notes, &kept).expect("room");
    drop(pipe);
    let (status, screen) = terminal.end();
    assert!(status.success(), "{screen}");
    screen
}

/// Says that a bar for `what` was drawn and taken away again, and returns what stands behind it.
fn behind_the_bar<'a>(screen: &'a str, what: &str) -> &'a str {
    assert!(screen.contains(&format!("{what} [")), "{screen:?}");
    let (bar, rest) = screen.rsplit_once("\r\u{1b}[K").expect("taken away");
    assert!(bar.contains(" % of ") || bar.contains(" %, "), "{screen:?}");
    rest
}

#[test]
fn what_takes_longer_than_a_second_says_how_far_it_is() {
    // A stop has signed a checkpoint over what was decided.
    let machine = Machine::new();
    assert_eq!(printed(&machine.run(&["run", "--", "echo", "a"])), "a\n");
    drop(printed(&machine.run(&["daemon", "stop"])));
    let proved = on_a_slow_disk(&machine, &["log", "prove", "3"]);
    assert!(proved.contains("hashes"), "{proved:?}");
    let proof = behind_the_bar(&proved, "proving");
    assert!(proof.starts_with("c2sp.org/tlog-proof@v1"), "{proved:?}");
    // Nobody is told who does not look at a terminal, or does not wait.
    let quick = machine.run(&["log", "prove", "3"]);
    assert!(quick.stderr.is_empty() && printed(&quick).starts_with("c2sp.org"));

    let machine = Machine::new();
    filled_as_written(&machine, 2_100);
    let verified = on_a_slow_disk(&machine, &["log", "verify"]);
    assert!(verified.contains("MiB"), "{verified:?}");
    assert!(
        behind_the_bar(&verified, "verifying").contains("good"),
        "{verified:?}"
    );
}

/// The records go into a pipe that is read late; the bar goes to the terminal, and is no part of them.
#[test]
fn an_export_that_takes_longer_than_a_second_says_how_far_it_is() {
    let machine = Machine::new();
    filled_as_written(&machine, 2_100);
    let into = machine.home().join("exported");
    let mut late = machine.command("sh");
    let line = "\"$0\" log export --format csv | (sleep 1.3; cat) > \"$1\"";
    late.args(["-c", line]).arg(program("kintsugi")).arg(&into);
    let (status, screen) = Pty::spawn(&late, 100).end();
    assert!(status.success(), "{screen}");
    assert_eq!(behind_the_bar(&screen, "exporting"), "");
    let exported = std::fs::read_to_string(&into).expect("an export");
    let whole = machine.run(&["log", "export", "--format", "csv"]);
    assert_eq!(exported, printed(&whole));
}
